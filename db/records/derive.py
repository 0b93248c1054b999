"""Nouns of the text half: pages, extractions, texts, versions, histories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.enums import Cause, Kind, Reason, Verdict

TEXT_MEDIA_TYPE = "application/vnd.wirecopy.text+json"
"""Content type of a payload that came as finished text: JSON {text, title, byline, published_at, language}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What extraction is given: one payload and the facts of the capture it came with."""

    payload: bytes
    url: str
    requested_url: str = ""
    content_type: str = ""
    charset: str | None = None
    status: int | None = 200
    captured_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that turns bytes into text. ``facts`` are sorted (name, value) pairs; ``id`` is a digest of them."""

    id: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A span taken out of the extracted text: put ``text`` back at offset ``at`` of the cleaned text to undo it."""

    at: int
    text: str
    because: str


SCRAPER_MARKS = frozenset({"shortcode", "source link", "comment form"})
"""Reasons of removal that mark a text as taken from elsewhere; a copyright line or a byline stands on originals too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateLines:
    """Lines of text that are a site's own, each as its words in one case, sorted.

    Those in ``anywhere`` are no part of an article wherever they stand, those in ``edge`` only at its head or tail.
    """

    edge: tuple[str, ...] = ()
    anywhere: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.edge or self.anywhere)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTemplate:
    """What was learned of a site's own lines: one revision of it, which never changes. Revisions count from 1."""

    site: str
    revision: int
    blocks: TemplateLines
    adopted_at: datetime | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something known of an article: ``value`` normalised, ``raw`` as written where that differs, and where it is said.

    Names: published, modified, byline, language, site, canonical, section, tag (several), access (free, partial, not
    free), flag, degraded. A date is an instant in UTC, or a day where no more was said. ``guess``: inferred, not said.
    """

    name: str
    value: str
    source: str
    raw: str = ""
    guess: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What one payload says under one recipe. ``text`` is the best body there is, whatever the verdict.

    ``title`` is the headline: what two of h1, og:title, JSON-LD agree on, else h1. ``published_at`` holds only what the
    page declares. ``removed`` lists the residue taken out, in text order; ``origin`` the agency or credit lines found.
    ``claims`` are the other addresses the page gives for itself, as written: pairs of canonical, amp or og, and a link.
    ``facts`` say where each of these comes from, and hold what is only guessed. ``headline_from`` says which of h1,
    og:title and json-ld agree on ``title``.
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
    removed: tuple[Removed, ...] = ()
    origin: tuple[str, ...] = ()
    claims: tuple[tuple[str, str], ...] = ()
    facts: tuple[Fact, ...] = ()
    headline_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """The text of a capture where more decides it than one payload: its site's furniture, the parts of the article.

    ``recipe`` covers the furniture too. ``parts`` is a digest of the further payloads in their order, empty for none;
    ``removed`` holds what was taken out of all of them, residue of the extraction included.
    """

    recipe: Recipe
    sha256: str
    title: str
    text: str
    removed: tuple[Removed, ...] = ()
    parts: str = ""
    furniture_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLength:
    """How much was read of a page at one capture: characters and paragraphs of its text, characters removed.

    ``host`` is the part of its key that names the host.
    """

    host: str
    page: str
    at: datetime
    length: int
    paragraphs: int
    removed: int


@dataclass(frozen=True, slots=True)
class DeclaredUrl:
    """An address as it was declared once: its kind, the link as written, what it is relative to, and when."""

    kind: str
    href: str
    base: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasClaim:
    """An address that a source's own pages (``canonical``, ``amp``, ``og``) or its server (``moved``) give for it.

    It is kept as what it is, said by somebody, from the first sight of it to the last; ``url`` is absolute.
    """

    kind: str
    url: str
    url_key: str
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasEdge:
    """What two known sources have in common by a claim of one about the other, of which there is proof.

    For ``moved`` the proof is the redirect itself, for the other kinds a text that both were seen with. ``at`` is when
    the claim was first seen.
    """

    kind: str
    at: datetime
    source_id: int
    url: str
    url_key: str
    target_id: int
    target_url: str
    target_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A distinct normalised text, stored once. ``sha256`` is taken over headline, blank line, body.

    ``residue`` holds the removed spans that are ``SCRAPER_MARKS``.
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
class Sighting:
    """One capture of a source as derive sees it: when, in which state, with which text (None: none of its own).

    ``capture_id`` is the capture whose payload shows the text: for a 304 that of the page it speaks of. ``body`` is a
    digest of the text without its headline and ``length`` that body's characters; ``headline_sure`` says that at least
    two of the page's own headlines agree on ``title``. ``source_id`` is the address asked, which may have been joined
    to the history. ``unchanged``: a 304, or the same bytes with the same text as at the check before.
    """

    capture_id: int
    at: datetime
    reason: Reason | None = None
    verdict: Verdict | None = None
    text_sha256: str | None = None
    title: str = ""
    byline: str | None = None
    published_at: datetime | None = None
    language: str | None = None
    url: str = ""
    moved_to: str | None = None
    recipe_id: str = ""
    body: str = ""
    length: int = 0
    headline_sure: bool = True
    given: bool = False
    modified_at: datetime | None = None
    source_id: int = 0
    unchanged: bool = False

    @property
    def state(self) -> str:
        """The capture's reason, else its verdict, else ``underived``."""
        return str(self.reason or self.verdict or "underived")

    @property
    def shows_text(self) -> bool:
        """True when this sighting may open or extend a version."""
        return self.text_sha256 is not None and self.verdict is not None and self.verdict.opens_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A maximal run of captures of one source with the same normalised text.

    ``number`` counts from 1 in today's history and may shift. ``kinds`` and ``score`` compare with the version before.
    ``dated_at`` is the earliest instant there is trustworthy word of this text: a declared date of the first version
    if it lies before the first sight of it, else the first sight.
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
class Stretch:
    """A run of checks that found one state: how long, how often, and whether an absence is confirmed.

    A 410 is confirmed at once; a 404 when two checks at least a day apart agree. ``unchanged`` of the checks said that
    nothing had changed since the one before.
    """

    state: str
    first_seen_at: datetime
    last_seen_at: datetime
    seen: int
    confirmed: bool = False
    detail: str = ""
    unchanged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A text that was seen, but is not believed to be what the article said until another capture agrees.

    ``because`` says what speaks against it. ``waiting`` is true while the next check may still confirm it; otherwise
    the page was back to what it had said before.
    """

    text_sha256: str
    title: str
    because: str
    seen_at: datetime
    capture_id: int
    waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What one source said, what it was seen saying without being believed, and what else its checks met.

    ``stretches`` are the states without a text, uninterrupted by passing failures; ``states`` is every run of one
    state, whichever, in the order they began; ``claims`` what its pages say their address is; ``found_in`` the lists
    that named it, and when each did first.
    """

    versions: tuple[Version, ...]
    suspects: tuple[Suspect, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    moves: tuple[tuple[datetime, str, str], ...] = ()
    captures: int = 0
    states: tuple[Stretch, ...] = ()
    claims: tuple[AliasClaim, ...] = ()
    found_in: tuple[tuple[str, datetime], ...] = ()

    @property
    def gone_at(self) -> datetime | None:
        """Since when the page is known to be gone, if it is: its absence is confirmed, and no text was seen after it.

        One 404 is no more than that; a second at least a day later, a 410 or a 451 is an absence.
        """
        last = max((each.last_seen_at for each in self.versions), default=None)
        absences = (run for run in self.stretches if run.confirmed and (last is None or run.first_seen_at > last))
        return next((run.first_seen_at for run in absences), None)
