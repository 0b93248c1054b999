"""Records of deriving: pages, extractions, texts, versions, histories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.core import Version
    from db.records.enums import Reason, Verdict

TEXT_MEDIA_TYPE = "application/vnd.wirecopy.text+json"
"""Content type of a payload imported as finished text: JSON {text, title, byline, published_at, language}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The input of extraction: one payload and the facts of its capture."""

    payload: bytes
    url: str
    requested_url: str = ""
    content_type: str = ""
    charset: str | None = None
    status: int | None = 200
    captured_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that turns bytes into text. ``facts`` are sorted (name, value) pairs, ``id`` is a digest of them."""

    id: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedSpan:
    """A span removed from the extracted text. Inserting ``text`` at offset ``at`` of the cleaned text restores it."""

    at: int
    text: str
    because: str


SCRAPER_MARKS = frozenset({"shortcode", "source link", "comment form"})
"""Reasons of removal that show that a text was scraped. A copyright line or a byline is on originals too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateLines:
    """The template lines of a site: each as its words in one case, sorted.

    Lines in ``anywhere`` are removed wherever they are, lines in ``edge`` only at the head or tail of an article.
    """

    edge: tuple[str, ...] = ()
    anywhere: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.edge or self.anywhere)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTemplate:
    """One revision of a site's template lines, which never changes. Revisions count from 1."""

    site: str
    revision: int
    blocks: TemplateLines
    adopted_at: datetime | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact about an article: ``value`` normalised, ``raw`` as written where that differs, and its source.

    Names: published, modified, byline, language, site, canonical, section, tag (several), access (free, partial, not
    free), pages (of a PDF), text (that the page does not show), note, update (several: an entry in the page's own log
    of updates, its note is ``raw``), flag, degraded. A date is an instant in UTC, or a day if no more is declared.
    ``guess``: inferred, not declared.
    """

    name: str
    value: str
    source: str
    raw: str = ""
    guess: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedText:
    """The text of a capture that depends on more than one payload: on its site's template, or on further parts.

    ``recipe`` covers the template too. ``parts`` is a digest of the further payloads in their order, empty for none.
    ``removed`` has the spans removed from all of them, those of the extraction included.
    """

    recipe: Recipe
    sha256: str
    title: str
    text: str
    removed: tuple[RemovedSpan, ...] = ()
    parts: str = ""
    furniture_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLength:
    """The length of the text in one capture: characters, paragraphs, and characters removed.

    ``host`` is the host part of the url_key.
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

    It is a claim, not a fact, with its first and last sight. ``url`` is absolute.
    """

    kind: str
    url: str
    url_key: str
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasEdge:
    """A connection of two known sources: a claim of one about the other, with proof.

    For ``moved`` the proof is the redirect itself, for the other kinds a text that both had. ``at`` is the first sight
    of the claim.
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
class Sighting:
    """One visit of a source as derive sees it: its instant, its state, and its text (None: it shows none).

    ``capture_id`` is the capture whose payload shows the text: for a 304 that of the page it confirms. ``body`` is a
    digest of the text without its headline, and ``length`` the characters of that body. ``headline_sure``: at least two
    of the page's headlines agree on ``title``. ``is_finished_text``: the payload was imported as finished text.
    ``source_id`` is the address requested, which may be an alias. ``unchanged``: a 304, or the same bytes with the same
    text as before.
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
    is_finished_text: bool = False
    modified_at: datetime | None = None
    source_id: int = 0
    unchanged: bool = False

    @property
    def state(self) -> str:
        """The capture's reason, else its verdict, else ``underived``."""
        return str(self.reason or self.verdict or "underived")

    @property
    def shows_text(self) -> bool:
        """True if this sighting may open or extend a version."""
        return self.text_sha256 is not None and self.verdict is not None and self.verdict.opens_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A run of checks that met one state: its period, its number of checks, and if an absence is confirmed.

    A 410 is confirmed at once, a 404 when two checks at least a day apart agree. ``unchanged`` counts the checks that
    found no change since the one before.
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
    """A text that was seen, but does not count as the article's before another capture confirms it.

    ``because`` is the reason for doubt. ``waiting`` is True while the next check may still confirm it. Otherwise the
    page returned to its text before.
    """

    text_sha256: str
    title: str
    because: str
    seen_at: datetime
    capture_id: int
    waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The history of one source: its versions, its suspect texts, and the other states its checks met.

    ``believed`` are shortenings that count although no second capture showed the same text, with the reason.
    ``stretches`` are the states without a text. Passing failures do not interrupt them. ``states`` are all runs of one
    state, by start. ``claims`` are the alias claims. ``found_in`` are the lists that named the source, and when each
    first did.
    """

    versions: tuple[Version, ...]
    suspects: tuple[Suspect, ...] = ()
    believed: tuple[Suspect, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    moves: tuple[tuple[datetime, str, str], ...] = ()
    captures: int = 0
    states: tuple[Stretch, ...] = ()
    claims: tuple[AliasClaim, ...] = ()
    found_in: tuple[tuple[str, datetime], ...] = ()

    @property
    def gone_at(self) -> datetime | None:
        """The start of the page's confirmed absence, if no text was seen after it, or None if the page is not gone.

        One 404 is no absence. A second one at least a day later, a 410 or a 451 is.
        """
        last = max((version.last_seen_at for version in self.versions), default=None)
        absences = (run for run in self.stretches if run.confirmed and (last is None or run.first_seen_at > last))
        return next((run.first_seen_at for run in absences), None)
