"""The eight core nouns, in the order in which an article passes through them. Read this file first.

A ``Source`` is watched. A ``Visit`` asks for it; the ``Outcome`` is what the network answered; the ``Capture`` is its
lasting record, a fact. From captures are derived, and can be derived again: an ``Extraction`` (what one payload says),
a ``Text`` (stored once), a ``Version`` (a text of a source, from when to when) and a ``Link`` (two versions of which
one may copy the other).

Times end in ``_at`` and are aware UTC. Digests are lower-case hexadecimal sha256.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from db.records.enums import PageForm, Reason, SeedKind

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.copies import Passage, VersionRef
    from db.records.derive import Fact, RemovedSpan
    from db.records.enums import Cause, Kind, Relation, Verdict
    from db.records.gather import Exchange, Hop


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One watched resource. ``same_as`` is the source whose history it belongs to (after a permanent redirect)."""

    id: int
    url: str
    url_key: str
    kind: SeedKind = SeedKind.ARTICLE
    seed_key: str | None = None
    found_at: datetime
    found_in: int | None = None
    retired_at: datetime | None = None
    same_as: int | None = None
    hinted_at: datetime | None = None
    """The newest instant at which a list says this page was updated, or None if no list says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One planned attempt on one source, and the reason. Without ``etag`` and ``last_modified`` it is unconditional.

    The validators are sent to ``validators_url`` alone (None: to ``url``), never to another address of a redirect
    chain, and only with the Accept-Encoding ``validators_coding`` (None: with any). ``replays``: the request goes to a
    web archive, whose answer is the recorded one, also if it is a redirect or a 304. ``due_at``: since when it is due.
    ``render``: a browser is to render the page.
    """

    source_id: int
    url: str
    kind: SeedKind = SeedKind.ARTICLE
    because: str = ""
    etag: str | None = None
    last_modified: str | None = None
    validators_url: str | None = None
    validators_coding: str | None = None
    language: str | None = None
    allow_private: bool = False
    replays: bool = False
    due_at: datetime | None = None
    render: bool = False

    def unconditional(self) -> Visit:
        """Return this visit without validators, so that the answer is a whole page."""
        return replace(self, etag=None, last_modified=None, validators_url=None, validators_coding=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The answer of the network. ``reason`` None: a whole page arrived. Otherwise it says why not.

    ``payload`` is the body after transfer and content decoding, charset untouched. Error pages have one too. A body
    that could not be decoded is kept as received.
    """

    requested_url: str
    final_url: str
    started_at: datetime
    finished_at: datetime
    reason: Reason | None = None
    detail: str = ""
    status: int | None = None
    reason_phrase: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    hops: tuple[Hop, ...] = ()
    payload: bytes | None = None
    wire_sha256: str | None = None
    wire_length: int | None = None
    content_type: str = ""
    charset: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    retry_at: datetime | None = None
    ip: str | None = None
    flags: tuple[str, ...] = ()
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """The stored record of a visit, immutable. ``revisit`` is True if the payload was stored already, or for a 304.

    The natural key is (``url_key`` of the source, ``captured_at``, ``payload_sha256``). ``reason`` None: a whole page.
    ``provenance`` is ``live``, ``import:FILE`` or the archive it came from. The further pages of a multi-page article
    are captures of the same source and visit: ``part`` 2, 3 ... of the capture ``part_of``. So are its other forms.
    """

    source_id: int
    url: str
    final_url: str
    captured_at: datetime
    finished_at: datetime | None = None
    reason: Reason | None = None
    detail: str = ""
    status: int | None = None
    reason_phrase: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    hops: tuple[Hop, ...] = ()
    payload_sha256: str | None = None
    payload_length: int | None = None
    wire_sha256: str | None = None
    wire_length: int | None = None
    content_type: str = ""
    charset: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    retry_at: datetime | None = None
    ip: str | None = None
    flags: tuple[str, ...] = ()
    exchange: Exchange | None = None
    revisit: bool = False
    provenance: str = "live"
    part: int = 1
    part_of: int | None = None
    id: int | None = None

    @property
    def form(self) -> PageForm | None:
        """The form of the page that this capture has. None for the page itself and for the further parts of it."""
        return next((form for form in PageForm if self.part > 1 and form.flag in self.flags), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """The extraction of one payload under one recipe. ``text`` is the best body found, whatever the verdict.

    ``title`` is the headline: the one that two of h1, og:title, JSON-LD agree on, else h1. ``published_at`` is declared
    by the page, never guessed. ``removed`` lists the boilerplate removed, in text order, ``origin`` the agency or
    credit lines. ``claims`` are the other addresses the page gives for itself, as written: pairs of canonical, amp or
    og, and a link. ``facts`` have the source of each of these, and the guesses. ``headline_from`` names those of h1,
    og:title, json-ld and the title tag that agree on ``title``; empty if only the tag has it.
    """

    verdict: Verdict
    detail: str = ""
    title: str = ""
    text: str = ""
    byline: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    language: str | None = None
    site: str | None = None
    canonical_url: str | None = None
    removed: tuple[RemovedSpan, ...] = ()
    origin: tuple[str, ...] = ()
    claims: tuple[tuple[str, str], ...] = ()
    facts: tuple[Fact, ...] = ()
    headline_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A distinct normalised text, stored once. ``sha256`` is the digest of headline, blank line, body.

    ``residue`` has the removed spans whose reason is in ``SCRAPER_MARKS``.
    """

    sha256: str
    title: str
    body: str
    language: str | None = None
    published_at: datetime | None = None
    byline: str | None = None
    origin: tuple[str, ...] = ()
    residue: tuple[str, ...] = ()
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A maximal run of captures of one source with the same normalised text.

    ``number`` counts from 1 in today's history and may shift. ``kinds`` and ``score`` compare with the version before.
    ``dated_at`` is the earliest trustworthy date of this text: the declared date of a first version if it is before the
    first sight, else the first sight.
    """

    url: str
    number: int
    text_sha256: str
    title: str
    cause: Cause
    first_seen_at: datetime
    last_seen_at: datetime
    captures: int
    kinds: tuple[Kind, ...] = ()
    score: float = 0.0
    byline: str | None = None
    published_at: datetime | None = None
    language: str | None = None
    dated_at: datetime | None = None
    first_capture_id: int = 0
    last_capture_id: int = 0
    recorded_at: datetime | None = None
    superseded_at: datetime | None = None
    recipe_id: str = ""
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A relation between two versions. ``a`` is the earlier one as far as the archive knows, ``b`` the other.

    ``translated``, ``languages`` and ``broken`` are those of ``Judgement``.
    """

    a: VersionRef
    b: VersionRef
    relation: Relation
    score: float
    coverage: tuple[float, float]
    passages: tuple[Passage, ...] = ()
    because: str = ""
    longest_run: int = 0
    residue: tuple[str, ...] = ()
    method: str = ""
    translated: bool = False
    languages: tuple[str | None, str | None] = (None, None)
    broken: tuple[tuple[str, str], ...] = ()
