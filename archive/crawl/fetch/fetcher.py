"""One visit in, one outcome out, whatever the network does in between.

A visit is a trip of hops. Before each hop the address, the contact, robots.txt and the origin's lane are asked; the
reply is read raw, within one total deadline; then it is either another hop or the end. Everything that goes wrong is
``FetchError`` on the way and a ``Reason`` in the outcome. What is learned of origins along the way, manners and pages
nobody visits for their own sake, is handed out by ``asides`` to be remembered.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import httpx

from archive.crawl import soft404
from archive.crawl.fetch.error_reasons import fetch_error_from
from archive.crawl.fetch.exchange import ACCEPT_ENCODING, Request, Response, exchange
from archive.crawl.fetch.fetch_error import FetchError
from archive.crawl.fetch.host_queue import HostQueue
from archive.crawl.fetch.ip_limit import IpLimiter
from archive.crawl.fetch.politeness import RememberedHost, recall_nothing, second_chance
from archive.crawl.fetch.redirects import RedirectChain, outcome_from_error, outcome_from_response
from archive.crawl.fetch.robots import READ_BYTES, robots_from_outcome, robots_visit
from archive.crawl.fetch.ssrf_guard import Lookup, Resolver
from archive.urls import fetchable_url, host_of, origin_of
from db.records import Outcome, Reason, SeedKind, Visit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import datetime
    from types import TracebackType

    from archive.crawl.fetch.policy import FetchPolicy
    from db.records import HostState

_MOST_HOPS = 10
_MOST_ROBOTS_HOPS = 5  # RFC 9309, section 2.3.1.2
_PROBE_SECONDS = 10.0  # a visit that comes while its origin is probed waits that long at most
_PATIENCE = 20.0  # seconds a run waits for its probes; an origin whose gap is longer is probed while texts are derived


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCaptures:
    """What came along the way: pages asked for as evidence, and what is to be remembered of their origins."""

    pages: tuple[tuple[Visit, Outcome], ...] = ()
    manners: tuple[HostState, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errand:
    """What differs between asking for a page, for robots.txt, and for a page that cannot exist."""

    deadline: float
    max_wire: int
    most_hops: int = _MOST_HOPS
    obeys_robots: bool = True
    keeps_start: bool = False  # of a body that is too large
    insists: bool = True  # asks once more when chance may have been against it


class Fetcher:
    """Fetches visits politely; an async context manager that owns every connection it opens.

    ``now`` and ``sleep`` are the clock of politeness and of the times recorded. ``recall`` tells what is remembered of
    an origin (``scheme://host:port``) from earlier runs. ``lookup`` stands in for the system's resolver,
    ``ssl_context`` for the usual one with Mozilla's certificate authorities.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        recall: Callable[[str], RememberedHost] = recall_nothing,
        lookup: Lookup | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._agent = policy.user_agent
        self._now = now
        self._sleep = sleep
        self._recall = recall
        self._resolver = Resolver()
        self._addresses = IpLimiter(policy, lookup or self._resolver)
        self._lanes: dict[str, HostQueue] = {}
        self._ssl_context = ssl_context
        self._pages: list[tuple[Visit, Outcome]] = []
        self._learned: set[HostQueue] = set()
        self._probes: set[asyncio.Task[None]] = set()
        plain = _Errand(deadline=policy.deadline, max_wire=policy.max_wire)
        self._for_page = plain
        self._for_robots = replace(
            plain, max_wire=READ_BYTES, most_hops=_MOST_ROBOTS_HOPS, obeys_robots=False, keeps_start=True
        )
        self._for_probe = replace(plain, deadline=min(policy.deadline, _PROBE_SECONDS), insists=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._probes:
            task.cancel()
        await asyncio.gather(*self._probes, return_exceptions=True)
        self._addresses.close()
        self._resolver.close()
        for lane in self._lanes.values():
            await lane.aclose()

    async def fetch(self, visit: Visit) -> Outcome:
        """Visit a source. Never raises for weather; cancellation passes.

        What broke off or failed for the moment is asked for again, within the same deadline (``second_chance``).
        """
        outcome = await self._run(visit, self._for_page)
        if self._policy.probe and visit.kind is SeedKind.ARTICLE and outcome.reason is None:
            self._probe_soon(self._lane(outcome.final_url), allow_private=visit.allow_private)
        return outcome

    def asides(self) -> SideCaptures:
        """Hand over what came along the way since the last call, to be kept before or with the outcomes it decided."""
        pages, self._pages = self._pages, []
        learned, self._learned = self._learned, set()
        return SideCaptures(pages=tuple(pages), manners=tuple(lane.manners for lane in learned))

    def take_up(self, pages: Iterable[tuple[str, bool]]) -> None:
        """Ask what should have been asked after these articles came, had the run that fetched them not been cut off.

        Each is the address it came from, and whether it may be a private one.
        """
        for url, allow_private in pages:
            if self._policy.probe:
                self._probe_soon(self._lane(url), allow_private=allow_private)

    async def rest(self) -> None:
        """Let what is still being asked along the way come to its end; for 20 seconds at most."""
        if self._probes:
            await asyncio.wait(self._probes, timeout=_PATIENCE)

    # --- one errand ---

    async def _run(self, visit: Visit, errand: _Errand) -> Outcome:
        trip = RedirectChain(visit, self._now(), seconds_left=errand.deadline)
        outcome = await self._travel(trip, errand)
        tries = 0
        while errand.insists and (wait := self._wait_for_another(outcome, tries, errand)) is not None:
            if wait >= trip.seconds_left:
                break
            trip.seconds_left -= wait
            if wait > 0:
                await self._sleep(wait)
            trip = trip.again()
            outcome = await self._travel(trip, errand)
            tries += 1
        return outcome

    def _wait_for_another(self, outcome: Outcome, tries: int, errand: _Errand) -> float | None:
        """Seconds until the same is tried again; None: it is not."""
        if outcome.reason is None or outcome.reason is Reason.NOT_MODIFIED or _is_of_then(outcome):
            return None
        lane = self._lanes.get(_origin(outcome.final_url))
        if errand.obeys_robots and lane is not None and lane.robots is not None and lane.robots.closed is not None:
            return None  # whoever asked for robots.txt has tried
        return second_chance(outcome, tries, lane.gap if lane else self._policy.min_gap)

    async def _travel(self, trip: RedirectChain, errand: _Errand) -> Outcome:
        try:
            trip.url = fetchable_url(trip.visit.url)
            reply = await self._follow(trip, errand)
            outcome = outcome_from_response(trip, reply, self._now(), max_payload=self._policy.max_payload)
        except Exception as error:  # noqa: BLE001 (the one place where whatever a page provokes becomes a value)
            return outcome_from_error(trip, fetch_error_from(error), self._now())
        if errand.keeps_start and outcome.reason is Reason.TOO_LARGE and outcome.payload is None:
            return replace(outcome, payload=reply.body)
        return outcome

    async def _follow(self, trip: RedirectChain, errand: _Errand) -> Response:
        while True:
            if not self._policy.may_ask(host_of(trip.url)):
                raise FetchError(Reason.REFUSED_URL, f"{host_of(trip.url)} is on the open web and no contact is set")
            lane = self._lane(trip.url)
            if errand.obeys_robots:
                await self._obey_robots(lane, trip)
            reply = await self._ask(lane, trip, errand)
            if trip.visit.replays:
                return reply
            if trip.ask_past_caches(reply):
                continue
            if reply.location is None:
                return reply
            trip.hop(reply, errand.most_hops)

    async def _ask(self, lane: HostQueue, trip: RedirectChain, errand: _Errand) -> Response:
        async with lane.turn():
            transport = lane.transport(allow_private=trip.visit.allow_private)
            if trip.retried:
                transport.renew()
            ask = self._words(trip)
            left = trip.seconds_left
            try:
                with trip.running(ask.at):
                    async with asyncio.timeout(left):
                        reply = await exchange(transport, ask, max_wire=errand.max_wire)
            except TimeoutError:
                raise FetchError(Reason.TIMEOUT, f"no whole reply within {errand.deadline:g} s") from None
            of_then = trip.visit.replays and reply.header("memento-datetime")  # a 429 of then slows nobody now
            now_says = (200, None) if of_then else (reply.status, reply.header("retry-after"))
            lane.answered(*now_says, left - trip.seconds_left)
            self._learned.add(lane)
        return reply

    def _words(self, trip: RedirectChain) -> Request:
        """The request for the next hop; with the validators only where, and as, they were given out."""
        visit = trip.visit
        there = trip.url == visit.validators_url if visit.validators_url else not trip.hops
        so = visit.validators_coding in {None, ACCEPT_ENCODING}
        believed = there and so and not trip.past_caches
        return Request(
            url=trip.url,
            agent=self._agent,
            at=self._now(),
            language=visit.language,
            etag=visit.etag if believed else None,
            last_modified=visit.last_modified if believed else None,
            past_caches=trip.past_caches,
        )

    # --- origins ---

    def _lane(self, url: str) -> HostQueue:
        origin = origin_of(url)
        if origin not in self._lanes:
            tls = self._tls(host_of(url)) if origin.startswith("https:") else None
            known = self._recall(origin)
            self._lanes[origin] = HostQueue(
                url, known, self._policy, self._addresses, tls, now=self._now, sleep=self._sleep
            )
        return self._lanes[origin]

    def _tls(self, host: str) -> ssl.SSLContext:
        if not self._policy.verifies(host):
            return httpx.create_ssl_context(verify=False, trust_env=False)
        if self._ssl_context is None:  # reading the certificate bundle takes tens of milliseconds: once is enough
            self._ssl_context = httpx.create_ssl_context(trust_env=False)
        return self._ssl_context

    async def _obey_robots(self, lane: HostQueue, trip: RedirectChain) -> None:
        lane.refuse_if_paused()
        async with lane.robots_lock:
            if lane.robots is None or lane.robots.is_stale(self._now()):
                await self._ask_robots(lane, allow_private=trip.visit.allow_private)
        refusal = lane.robots.refusal(trip.url) if lane.robots else None
        if refusal is not None:
            raise refusal

    async def _ask_robots(self, lane: HostQueue, *, allow_private: bool) -> None:
        visit = robots_visit(lane.root, lane.robots, allow_private=allow_private)
        outcome = await self._run(visit, self._for_robots)
        if outcome.reason is Reason.RATE_LIMITED and outcome.status is None:
            raise FetchError(
                Reason.RATE_LIMITED, outcome.detail, outcome.retry_at
            )  # nothing was asked: it says nothing
        self._pages.append((visit, outcome))
        lane.told_robots(robots_from_outcome(outcome, lane.robots, lane.manners.robots_failing_since_at))
        self._learned.add(lane)

    # --- probes ---

    def _probe_soon(self, lane: HostQueue, *, allow_private: bool) -> None:
        """Have an idle origin asked for a page that cannot exist, if that was not done for a week."""
        if lane.probing or not lane.idle or not soft404.is_probe_due(lane.manners.probed_at, self._now()):
            return
        lane.probing = True
        task = asyncio.create_task(self._probe(lane, allow_private=allow_private))
        self._probes.add(task)
        task.add_done_callback(self._probes.discard)

    async def _probe(self, lane: HostQueue, *, allow_private: bool) -> None:
        try:
            await lane.gap_over()
            if lane.idle:  # else a visit came meanwhile; the next moment of quiet will do
                await self._ask_probe(lane, allow_private=allow_private)
        finally:
            lane.probing = False

    async def _ask_probe(self, lane: HostQueue, *, allow_private: bool) -> None:
        visit = Visit(
            source_id=0,
            url=soft404.probe_url(lane.root, self._now()),
            kind=SeedKind.PROBE,
            because="what does a page look like that cannot exist?",
            allow_private=allow_private,
        )
        outcome = await self._run(visit, self._for_probe)
        if outcome.reason is Reason.RATE_LIMITED and outcome.status is None:
            return
        if outcome.reason is not Reason.ROBOTS_DENIED:
            self._pages.append((visit, outcome))
        lane.probed()
        self._learned.add(lane)


def _is_of_then(outcome: Outcome) -> bool:
    """True for what a web archive recorded (RFC 7089, section 2.1.1): asked again it says the same."""
    return any(name.lower() == "memento-datetime" for name, _ in outcome.headers)


def _origin(url: str) -> str:
    try:
        return origin_of(url)
    except ValueError:  # it was no address to begin with
        return ""
