"""Lists of mementos: build the URL of an archive's list of a page, and read the list to its end."""

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

_MAX_PAGES = 100  # pages of one list: more than any real list has, fewer than a loop would make
_ARROW = "->"
_LINK_FORMAT = "application/link-format"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The URL of a list and, for a CDX server, the prefix of the URLs of its mementos."""

    url: str
    replay_root: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeMapPage:
    """The mementos of a list dated in the window, and the number of its pages that could not be fetched or read.

    ``reason`` and ``detail`` are those of the first such page.
    """

    mementos: tuple[Memento, ...]
    failures: int
    reason: str = ""
    detail: str = ""


def listing_of(setting: str, url: str) -> Listing:
    """Return the list of mementos of ``url`` in the archive that ``setting`` names.

    A setting that ends in a query (``.../cdx?url=``) or in ``/cdx`` names a CDX server. Any other is the prefix of the
    archive's TimeMap URLs. The prefix of memento URLs may follow after ``->``. Raises ConfigError for a CDX server
    with an unknown prefix.
    """
    prefix, _, replay_root = setting.partition(_ARROW)
    if not cdx.is_query(prefix) and urlsplit(prefix).path.rstrip("/").endswith("/cdx"):
        prefix += "?url="
    if not cdx.is_query(prefix):
        return Listing(url=prefix + url)
    root = replay_root or cdx.replay_root(prefix)
    if root is None:
        raise ConfigError(
            f"archives: the replay address of the CDX server {prefix} is unknown; write it behind an arrow, like "
            f"{prefix}{_ARROW}https://archive.example/web/"
        )
    return Listing(url=cdx.query_url(prefix, url), replay_root=root)


def listing_at(url: str) -> Listing:
    """Return the list at ``url``, as a seed of kind timemap names it."""
    return Listing(url=url, replay_root=cdx.replay_root(url))


async def read_list(fetch: Fetch, source_id: int, listing: Listing, window: Window) -> TimeMapPage:
    """Read every page of a list, in whichever format it is answered, and return its mementos in the window."""
    first_url = cdx.first_query(listing.url, window) if cdx.is_query(listing.url) else listing.url
    reader = _ListReader(listing)
    queue, requested_urls = [first_url], {first_url}
    while queue and len(requested_urls) <= _MAX_PAGES:
        url = queue.pop(0)
        visit = Visit(source_id=source_id, url=url, kind=SeedKind.TIMEMAP, because="a list of mementos")
        further_urls = reader.read_page(url, await fetch(visit))
        next_urls = [further_url for further_url in further_urls if further_url not in requested_urls]
        queue += next_urls
        requested_urls.update(next_urls)
    return TimeMapPage(
        mementos=tuple(_in_window(reader.mementos, window)),
        failures=reader.failures,
        reason=reader.reason,
        detail=reader.detail,
    )


class _ListReader:
    """The state of reading one list: the mementos so far, the number of failed pages, and why the first one failed."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._rows: set[cdx.Row] = set()
        self.mementos: dict[Memento, None] = {}
        self.failures = 0
        self.reason = self.detail = ""

    def read_page(self, url: str, outcome: Outcome) -> tuple[str, ...]:
        """Read one page of the list and return the URLs of further pages."""
        if outcome.reason is not None:
            if not _is_end_of_list(url, outcome):
                self._fail(str(outcome.reason), outcome.detail)
            return ()
        text = (outcome.payload or b"").decode(outcome.charset or "utf-8", errors="replace")
        if outcome.content_type.lower().startswith(_LINK_FORMAT) or is_timemap(text):
            self.mementos.update(dict.fromkeys(parse_timemap(text, base=outcome.final_url)))
            return further_timemaps(text, base=outcome.final_url)
        page = cdx.parse_cdx(text)
        if page is None or (page.rows and self._listing.replay_root is None):
            return self._linked_timemaps(outcome)
        return self._read_rows(url, page)

    def _read_rows(self, url: str, page: cdx.Page) -> tuple[str, ...]:
        new_rows = [row for row in page.rows if row not in self._rows]
        self._rows.update(new_rows)
        self.mementos.update(dict.fromkeys(_memento(row, self._listing.replay_root or "") for row in new_rows))
        next_url = cdx.next_query(url, page, new_rows)
        return () if next_url is None else (next_url,)

    def _linked_timemaps(self, outcome: Outcome) -> tuple[str, ...]:
        """Return the TimeMaps in the Link headers of a response that is no list, such as a memento or a TimeGate."""
        links = ", ".join(value for name, value in outcome.headers if name.lower() == "link")
        urls = further_timemaps(links, base=outcome.final_url)
        if not urls:
            self._fail("not_a_list", f"the answer of {outcome.final_url} is no list of captures")
        return urls

    def _fail(self, reason: str, detail: str) -> None:
        if not self.failures:
            self.reason, self.detail = reason, detail
        self.failures += 1


def _is_end_of_list(url: str, outcome: Outcome) -> bool:
    """True for the 404 of an archive without the page, and for the 400 of some CDX servers past the last page."""
    return outcome.reason is Reason.MISSING_404 or (outcome.status == 400 and cdx.is_later_page(url))  # noqa: PLR2004


def _memento(row: cdx.Row, replay_root: str) -> Memento:
    return Memento(
        url=f"{replay_root}{row.captured_at:%Y%m%d%H%M%S}/{row.original}",
        original=row.original,
        captured_at=row.captured_at,
        status=row.status,
        digest=row.digest,
    )


def _in_window(mementos: Iterable[Memento], window: Window) -> list[Memento]:
    since, until = window
    return [
        memento
        for memento in mementos
        if (since is None or memento.captured_at >= since) and (until is None or memento.captured_at < until)
    ]
