"""One visit in, one outcome out, whatever the network does in between.

A visit is a trip of hops. Before each hop the address, the contact, robots.txt and the origin's lane are asked; the
reply is read raw, within one total deadline; then it is either another hop or the end. Everything that goes wrong is
``Weather`` on the way and a ``Reason`` in the outcome.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import httpx

from archive.fetch.exchange import Ask, Reply, exchange
from archive.fetch.guard import Lookup, Resolver
from archive.fetch.lane import Lane
from archive.fetch.outcome import Trip, arrived, failed
from archive.fetch.robots import Robots, read_robots, unread_robots
from archive.fetch.weather import Weather, retry_at, weather_of
from archive.urls import fetchable_url, host_of, origin_of
from db.records import Outcome, Reason, Visit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from types import TracebackType

    from archive.fetch.policy import FetchPolicy

_MOST_HOPS = 10
_MOST_ROBOTS_HOPS = 5  # RFC 9309, section 2.3.1.2
_PAUSE = timedelta(seconds=60)  # for a 429 that names no time
_ONCE_MORE = frozenset({Reason.RESET, Reason.TRUNCATED})  # a connection may die idle, or in the middle; once is chance
_TOO_MANY_REQUESTS = 429


class Fetcher:
    """Fetches visits politely; an async context manager that owns every connection it opens.

    ``now`` and ``sleep`` are the clock of politeness and of the times recorded. ``lookup`` stands in for the system's
    resolver, ``ssl_context`` for the usual one with Mozilla's certificate authorities.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        lookup: Lookup | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._agent = policy.user_agent
        self._now = now
        self._sleep = sleep
        self._resolver = Resolver()
        self._lookup = lookup or self._resolver
        self._slots = asyncio.Semaphore(policy.lanes)
        self._lanes: dict[str, Lane] = {}
        self._ssl_context = ssl_context

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resolver.close()
        for lane in self._lanes.values():
            await lane.aclose()

    async def fetch(self, visit: Visit) -> Outcome:
        """Visit a source. Never raises for weather; cancellation passes.

        A reply that broke off is asked for once more, for an idle connection may have died of age.
        """
        trip = Trip(visit, self._now(), seconds_left=self._policy.deadline)
        outcome = await self._travel(trip)
        if outcome.reason in _ONCE_MORE:
            outcome = await self._travel(trip.again())
        return outcome

    async def _travel(self, trip: Trip) -> Outcome:
        try:
            trip.url = fetchable_url(trip.visit.url)
            reply = await self._follow(trip, most_hops=_MOST_HOPS, obeys_robots=True)
            return arrived(trip, reply, self._now(), max_payload=self._policy.max_payload)
        except Exception as error:  # noqa: BLE001 (the one place where whatever a page provokes becomes a value)
            return failed(trip, weather_of(error), self._now())

    async def _follow(self, trip: Trip, *, most_hops: int, obeys_robots: bool) -> Reply:
        while True:
            if not self._policy.may_ask(host_of(trip.url)):
                raise Weather(Reason.REFUSED_URL, f"{host_of(trip.url)} is on the open web and no contact is set")
            lane = self._lane(trip.url)
            if obeys_robots:
                await self._obey_robots(lane, trip)
            reply = await self._ask(lane, trip)
            if reply.location is None:
                return reply
            trip.hop(reply, most_hops)

    async def _ask(self, lane: Lane, trip: Trip) -> Reply:
        ask = Ask(
            url=trip.url,
            agent=self._agent,
            language=trip.visit.language,
            etag=trip.visit.etag,
            last_modified=trip.visit.last_modified,
        )
        async with lane.turn(self._slots):
            if lane.paused_until is not None and self._now() < lane.paused_until:
                raise Weather(Reason.RATE_LIMITED, "its origin asked for a pause", lane.paused_until)
            transport = lane.transport(allow_private=trip.visit.allow_private)
            if trip.retried:
                transport.renew()
            try:
                with trip.running():
                    async with asyncio.timeout(trip.seconds_left):
                        reply = await exchange(transport, ask, max_wire=self._policy.max_wire)
            except TimeoutError:
                raise Weather(Reason.TIMEOUT, f"no whole reply within {self._policy.deadline:g} s") from None
            if reply.status == _TOO_MANY_REQUESTS:
                now = self._now()
                lane.paused_until = retry_at(reply.status, reply.header("retry-after"), now) or now + _PAUSE
        return reply

    def _lane(self, url: str) -> Lane:
        origin = origin_of(url)
        if origin not in self._lanes:
            tls = self._tls() if origin.startswith("https:") else None
            self._lanes[origin] = Lane(self._policy, self._lookup, tls, now=self._now, sleep=self._sleep)
        return self._lanes[origin]

    def _tls(self) -> ssl.SSLContext:
        if self._ssl_context is None:  # reading the certificate bundle takes tens of milliseconds: once is enough
            self._ssl_context = httpx.create_ssl_context(trust_env=False)
        return self._ssl_context

    async def _obey_robots(self, lane: Lane, trip: Trip) -> None:
        async with lane.robots_lock:
            if lane.robots is None or self._is_stale(lane.robots):
                lane.robots = await self._read_robots(trip)
        refusal = lane.robots.refusal(trip.url)
        if refusal is not None:
            raise refusal

    def _is_stale(self, robots: Robots) -> bool:
        return self._now() - robots.read_at >= robots.kept

    async def _read_robots(self, trip: Trip) -> Robots:
        address = fetchable_url("/robots.txt", trip.url)
        visit = Visit(source_id=0, url=address, because="robots.txt", allow_private=trip.visit.allow_private)
        inner = Trip(visit, self._now(), seconds_left=self._policy.deadline)
        inner.url = address
        try:
            reply = await self._follow(inner, most_hops=_MOST_ROBOTS_HOPS, obeys_robots=False)
            return read_robots(arrived(inner, reply, self._now(), max_payload=self._policy.max_payload), reply.body)
        except Exception as error:  # noqa: BLE001 (as in _travel)
            return unread_robots(weather_of(error), self._now(), redirected=bool(inner.hops))
