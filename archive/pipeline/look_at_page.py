"""Visit an address once, outside of any run, and say what it is. Nothing is recorded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from archive.crawl.capture import page_of
from archive.crawl.discover import discover
from archive.crawl.fetch import Fetcher, RememberedHost, policy_from, recall_nothing
from archive.crawl.page_nature import Nature, PageNature, identify
from archive.urls import fetchable_url, url_key
from db.queries import origins as origin_queries
from db.reader import Reader
from db.records import Reason, SeedKind, Visit
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from archive.settings import Settings
    from db.reader import Ask
    from db.records import DiscoveredUrl, Outcome

_SECONDS: Final = 60.0  # a person waits for the answer


@dataclass(frozen=True, slots=True)
class Look:
    """The answer of an address: its outcome, what the page is, and what a list names.

    ``nature`` is None if no page came. ``entries`` are the articles and further lists, ``detail`` what was left out.
    """

    outcome: Outcome
    nature: PageNature | None = None
    entries: tuple[DiscoveredUrl, ...] = ()
    detail: str = ""

    @property
    def articles(self) -> tuple[DiscoveredUrl, ...]:
        """The articles that a list names."""
        return tuple(entry for entry in self.entries if not entry.kind.is_list)

    @property
    def lists(self) -> tuple[DiscoveredUrl, ...]:
        """The feeds and sitemaps that a list names."""
        return tuple(entry for entry in self.entries if entry.kind.is_list)


async def look_at(settings: Settings, urls: Collection[str], *, allow_private: bool = False) -> dict[str, Look]:
    """Visit each of the canonical ``urls`` once, under the same rules as a run, and return the answers by address.

    Raises ConfigError for a setting that is wrong. A failure of the network is an answer.
    """
    policy = policy_from(settings)
    policy = replace(policy, probe=False, deadline=min(policy.deadline, _SECONDS))
    reader = Reader(settings.db) if settings.db.exists() else None
    try:
        recall = _recall_from(reader.ask) if reader else recall_nothing
        async with Fetcher(policy, now=settings.now, recall=recall) as fetcher:
            visits = [Visit(source_id=0, url=url, kind=SeedKind.SECTION, allow_private=allow_private) for url in urls]
            outcomes = await asyncio.gather(*(fetcher.fetch(visit) for visit in visits))
    finally:
        if reader:
            reader.close()
    return {visit.url: await asyncio.to_thread(_look, outcome) for visit, outcome in zip(visits, outcomes, strict=True)}


def _look(outcome: Outcome) -> Look:
    try:
        return _identified(outcome)
    except Exception as error:
        if not is_own_fault(error):
            raise
        return Look(replace(outcome, reason=Reason.ERROR, detail=cause_of(error)))


def _identified(outcome: Outcome) -> Look:
    if outcome.reason is not None or outcome.payload is None:
        return Look(outcome)
    page = page_of(outcome)
    nature = identify(page)
    if nature.nature is Nature.ARTICLE:  # the feeds that its page declares
        feeds = tuple(entry for entry in discover(page, SeedKind.SECTION).entries if entry.kind.is_list)
        return Look(outcome, nature, feeds)
    kind = nature.nature.seed_kind
    if kind is None:
        return Look(outcome, nature)
    listing = discover(page, kind)
    return Look(outcome, nature, listing.entries, listing.detail)


def _recall_from(ask: Ask) -> Callable[[str], RememberedHost]:
    """Return a function that gives the fetcher what the archive remembers of an origin, such as a pause."""

    def recall(origin: str) -> RememberedHost:
        url = fetchable_url(f"{origin}/robots.txt")
        return RememberedHost(
            state=origin_queries.host_state(ask, origin), robots=origin_queries.robots_txt(ask, url, url_key(url))
        )

    return recall
