"""Side captures: robots.txt files, soft-404 probes and host state, recorded although nobody planned them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive.crawl import soft404
from archive.crawl.capture import make_capture
from archive.timestamps import iso
from archive.urls import url_key
from db.queries import origins as origin_queries
from db.wall import is_own_fault, suppress_own_faults

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from typing import Protocol

    from db.reader import Ask
    from db.records import Capture, HostState, Outcome, Visit
    from db.store import Store

    class SideCaptures(Protocol):
        """The side captures that a fetcher returns."""

        @property
        def pages(self) -> tuple[tuple[Visit, Outcome], ...]:
            """Visits nobody planned, and their outcomes."""

        @property
        def host_states(self) -> tuple[HostState, ...]:
            """The host states to remember."""

    Probe = tuple[datetime, str, str]


def record_side_captures(store: Store, side: SideCaptures, *, run_id: int | None, now: datetime) -> None:
    """Record side captures in one transaction.

    Call it before recording the outcomes that they decided.
    """
    captures = [
        (visit.kind, url_key(visit.url), make_capture(0, outcome), outcome.payload) for visit, outcome in side.pages
    ]
    if not (captures or side.host_states):
        return
    try:
        store.record_side_captures(captures, side.host_states, now, run_id)
    except Exception as error:
        if not is_own_fault(error):
            raise
        for capture in captures:  # one by one: evidence that cannot be stored must not cost the visits it came with
            with suppress_own_faults():
                store.record_side_captures([capture], (), now, run_id)
        for state in side.host_states:
            with suppress_own_faults():
                store.record_side_captures([], [state], now, run_id)


# --- soft-404 probes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Soft404Probes:
    """The texts that sites show for pages that cannot exist, read once for each site."""

    ask: Ask
    by_site: dict[str, list[Probe]] = field(default_factory=dict)

    def probes_for(self, capture: Capture) -> list[Probe]:
        """Return the probes that apply to ``capture``: of the origin that served the page, within eight days of it.

        A page served by another host than it was requested from has none, and neither has a probe itself.
        """
        if soft404.is_probe(capture.url):
            return []
        root = _root(capture.final_url)
        if root not in self.by_site:
            self._read([root])
        near = [probe for probe in self.by_site[root] if abs(probe[0] - capture.captured_at) <= soft404.PROBE_VALIDITY]
        return near if near and _host_keys(capture.url) == _host_keys(root) else []

    def read_for(self, captures: Iterable[Capture]) -> None:
        """Read the probes of the sites of all these captures, by one query."""
        roots = {_root(capture.final_url) for capture in captures if not soft404.is_probe(capture.url)}
        self._read(root for root in sorted(roots) if root not in self.by_site)

    def _read(self, roots: Iterable[str]) -> None:
        hosts = {root: _host_keys(root)[0] for root in roots}
        probes = origin_queries.soft404_probes(self.ask, set(hosts.values()))
        for root, host in hosts.items():
            self.by_site[root] = [probe for probe in probes[host] if _root(probe[1]) == root]


def matches_probe(probes: Sequence[Probe], body: str) -> str:
    """Return a sentence naming the probe that shows the same text as this page.

    Empty if there is none.
    """
    same = next((probe for probe in probes if soft404.texts_match(probe[2], body)), None)
    return "" if same is None else f"says what {same[1]} said, which cannot exist (asked {iso(same[0])})"


def requeue_probed_captures(store: Store, capture: Capture) -> None:
    """Queue every page that a probe's ``capture`` applies to, so that it is judged again.

    Nothing happens for any other capture. This makes a history independent of which came first, page or probe.
    """
    if soft404.is_probe(capture.url):
        instant = capture.captured_at
        store.requeue_host(_host_keys(capture.url), instant - soft404.PROBE_VALIDITY, instant + soft404.PROBE_VALIDITY)


def _host_keys(url: str) -> tuple[str, str]:
    """Return the range of url_keys of a host's pages, its end excluded."""
    low = f"{url_key(url).partition(')')[0]})/"
    return low, f"{low[:-1]}0"  # the character after the slash


def _root(url: str) -> str:
    """Return the front page of the site of ``url``, which is spelled as ``fetchable_url`` spells."""
    return "/".join(url.split("/", 3)[:3]) + "/"
