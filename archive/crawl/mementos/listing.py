"""What archives hold of a page: which ones are asked, how, and their lists read to the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.formats import cdx
from archive.formats.timemap import Memento, further_timemaps, is_timemap, parse_timemap
from db.errors import ConfigError
from db.records import Reason, SeedKind, Visit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import datetime

    from db.records import Outcome

    Window = tuple[datetime | None, datetime | None]
    Fetch = Callable[[Visit], Awaitable[Outcome]]

_MOST_LISTS = 100  # pages of one list: more than any real one, fewer than a loop would make
_ARROW = "->"
_LINK_FORMAT = "application/link-format"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Where a list is asked for, and, for an index, what the addresses of its mementos begin with."""

    address: str
    replay: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeMapPage:
    """The mementos of a list dated in the window, and how many pages of it could not be had or read."""

    mementos: tuple[Memento, ...]
    failures: int


def listing_of(setting: str, url: str) -> Listing:
    """Where the archive named in the settings lists what it holds of ``url``.

    A name that ends in a query (``.../cdx?url=``) or in ``/cdx`` is a CDX server's, any other is the beginning of its
    TimeMaps' addresses. Behind ``->`` may stand what the addresses of its mementos begin with. Raises ConfigError for
    an index that does not show where it replays.
    """
    prefix, _, replay = setting.partition(_ARROW)
    if not cdx.is_query(prefix) and urlsplit(prefix).path.rstrip("/").endswith("/cdx"):
        prefix += "?url="
    if not cdx.is_query(prefix):
        return Listing(address=prefix + url)
    root = replay or cdx.replay_root(prefix)
    if root is None:
        raise ConfigError(
            f"archives: {prefix} does not show where it replays what it lists; write it behind an arrow, like "
            f"{prefix}{_ARROW}https://archive.example/web/"
        )
    return Listing(address=cdx.query_url(prefix, url), replay=root)


def listing_at(address: str) -> Listing:
    """A list that is named itself, in a seed of kind timemap."""
    return Listing(address=address, replay=cdx.replay_root(address))


async def read_list(fetch: Fetch, source_id: int, listing: Listing, window: Window) -> TimeMapPage:
    """Every page of a list, of whichever form the answers turn out to be, and what they hold in the window."""
    first = cdx.first_query(listing.address, window) if cdx.is_query(listing.address) else listing.address
    reading = _Reading(listing)
    waiting, asked = [first], {first}
    while waiting and len(asked) <= _MOST_LISTS:
        url = waiting.pop(0)
        visit = Visit(source_id=source_id, url=url, kind=SeedKind.TIMEMAP, because="a list of mementos")
        further = [each for each in reading.take(url, await fetch(visit)) if each not in asked]
        waiting += further
        asked.update(further)
    return TimeMapPage(mementos=tuple(_inside(reading.found, window)), failures=reading.failures)


class _Reading:
    """A list as far as it is read."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._rows: set[cdx.Row] = set()
        self.found: dict[Memento, None] = {}
        self.failures = 0

    def take(self, question: str, outcome: Outcome) -> tuple[str, ...]:
        """Read one answer; the addresses where the list goes on."""
        if outcome.reason is not None:
            if not _says_nothing_more(question, outcome):
                self.failures += 1
            return ()
        text = (outcome.payload or b"").decode(outcome.charset or "utf-8", errors="replace")
        if outcome.content_type.lower().startswith(_LINK_FORMAT) or is_timemap(text):
            self.found.update(dict.fromkeys(parse_timemap(text, base=outcome.final_url)))
            return further_timemaps(text, base=outcome.final_url)
        page = cdx.parse_cdx(text)
        if page is None or (page.rows and self._listing.replay is None):
            return self._elsewhere(outcome)
        return self._take_rows(question, page)

    def _take_rows(self, question: str, page: cdx.Page) -> tuple[str, ...]:
        new = [row for row in page.rows if row not in self._rows]
        self._rows.update(new)
        self.found.update(dict.fromkeys(_memento(row, self._listing.replay or "") for row in new))
        following = cdx.next_query(question, page, new)
        return () if following is None else (following,)

    def _elsewhere(self, outcome: Outcome) -> tuple[str, ...]:
        """The TimeMaps that an answer which is none names in its head, as mementos and TimeGates do."""
        links = ", ".join(value for name, value in outcome.headers if name.lower() == "link")
        named = further_timemaps(links, base=outcome.final_url)
        self.failures += not named
        return named


def _says_nothing_more(question: str, outcome: Outcome) -> bool:
    """An archive that never saw a page says 404; past the last page of an index, some say 400."""
    return outcome.reason is Reason.MISSING_404 or (outcome.status == 400 and cdx.is_later_page(question))  # noqa: PLR2004


def _memento(row: cdx.Row, replay: str) -> Memento:
    return Memento(
        url=f"{replay}{row.captured_at:%Y%m%d%H%M%S}/{row.original}",
        original=row.original,
        captured_at=row.captured_at,
        status=row.status,
        digest=row.digest,
    )


def _inside(mementos: Iterable[Memento], window: Window) -> list[Memento]:
    since, until = window
    return [
        each
        for each in mementos
        if (since is None or each.captured_at >= since) and (until is None or each.captured_at < until)
    ]
