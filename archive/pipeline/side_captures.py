"""What is gathered along the way, and what it tells: robots.txt files, manners, and pages that cannot exist."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive.crawl import soft404
from archive.crawl.capture import make_capture
from archive.timestamps import iso
from archive.urls import url_key
from db.queries import origins as origin_queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Protocol

    from db.reader import Ask
    from db.records import Capture, HostState, Outcome, Visit
    from db.store import Store

    class SideCaptures(Protocol):
        """What a fetcher hands over (``archive.crawl.fetch.fetcher.Asides``)."""

        @property
        def pages(self) -> tuple[tuple[Visit, Outcome], ...]:
            """Visits nobody planned, and what came of them."""

        @property
        def manners(self) -> tuple[HostState, ...]:
            """What is to be remembered of origins."""

    Probe = tuple[datetime, str, str]


def record_side_captures(store: Store, asides: SideCaptures, *, run_id: int | None, now: datetime) -> None:
    """Keep what came along the way, in one transaction; to be called before the outcomes it decided are kept."""
    found = [
        (visit.kind, url_key(visit.url), make_capture(0, outcome), outcome.payload) for visit, outcome in asides.pages
    ]
    if found or asides.manners:
        store.record_side_captures(found, asides.manners, now, run_id)


# --- what probes tell ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Soft404Probes:
    """What sites say of pages that cannot exist; asked of the store once a site."""

    ask: Ask
    known: dict[str, list[Probe]] = field(default_factory=dict)

    def near(self, capture: Capture) -> list[Probe]:
        """The probes that speak about ``capture``: of the origin that gave the page, within eight days of it.

        A page that came from another host than it was asked of is left out, and so is a probe itself.
        """
        if soft404.is_probe(capture.url):
            return []
        root = _root(capture.final_url)
        if root not in self.known:
            self.known[root] = [
                one for one in origin_queries.soft404_probes(self.ask, _host_keys(root)) if _root(one[1]) == root
            ]
        near = [one for one in self.known[root] if abs(one[0] - capture.captured_at) <= soft404.REACH]
        return near if near and _host_keys(capture.url) == _host_keys(root) else []


def matches_probe(near: Sequence[Probe], body: str) -> str:
    """In words, which of the probes says the same as a page with this text; empty when none does."""
    same = next((one for one in near if soft404.agree(one[2], body)), None)
    return "" if same is None else f"says what {same[1]} said, which cannot exist (asked {iso(same[0])})"


def hold_against(store: Store, capture: Capture) -> None:
    """Have every page that a probe's ``capture`` speaks about judged again; nothing happens for any other capture.

    So a history is the same whichever came first, the page or the probe.
    """
    if soft404.is_probe(capture.url):
        at = capture.captured_at
        store.requeue_host(_host_keys(capture.url), at - soft404.REACH, at + soft404.REACH)


def _host_keys(url: str) -> tuple[str, str]:
    """The range of url_keys of the pages of a host, its end left out."""
    low = f"{url_key(url).partition(')')[0]})/"
    return low, f"{low[:-1]}0"  # the character after the slash


def _root(url: str) -> str:
    """The front page of the site of ``url``, which is spelled as ``fetchable_url`` spells."""
    return "/".join(url.split("/", 3)[:3]) + "/"
