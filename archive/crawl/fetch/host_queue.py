"""One lane an origin: one request at a time, with a gap between two, over connections of its own."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from archive.crawl.fetch import politeness
from archive.crawl.fetch.exchange import OriginTransport
from archive.crawl.fetch.fetch_error import FetchError
from archive.crawl.fetch.robots import restore_robots
from archive.crawl.fetch.ssrf_guard import GuardedBackend
from archive.urls import fetchable_url, host_of, origin_of
from db.records import HostState, Reason

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from archive.crawl.fetch.ip_limit import IpLimiter
    from archive.crawl.fetch.policy import FetchPolicy
    from archive.crawl.fetch.politeness import RememberedHost
    from archive.crawl.fetch.robots import Robots


class HostQueue:
    """The manners towards the origin of ``url``, begun with what is ``known`` of it from earlier runs.

    ``turn`` gives out the right to make one request. ``robots`` holds what the origin's robots.txt said, under
    ``robots_lock`` while it is being asked for; ``manners`` what is to be remembered of it all. ``root`` is the
    address of its front page, ``probing`` true while it is being asked for a page that cannot exist.
    """

    def __init__(
        self,
        url: str,
        known: RememberedHost,
        policy: FetchPolicy,
        addresses: IpLimiter,
        ssl_context: ssl.SSLContext | None,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        origin = origin_of(url)
        self.root = fetchable_url("/", url)
        self.manners = known.manners or HostState(origin=origin)
        self.robots: Robots | None = known.robots and restore_robots(*known.robots, self.manners)
        self.robots_lock = asyncio.Lock()
        self.probing = False
        self._host, self._port = host_of(url), int(origin.rpartition(":")[2])
        self._policy = policy
        self._addresses = addresses
        self._ssl_context = ssl_context
        self._now = now
        self._sleep = sleep
        self._one_at_a_time = asyncio.Lock()
        self._wanted = 0
        self._last_at = self.manners.answered_at
        self._transports: dict[bool, OriginTransport] = {}

    def transport(self, *, allow_private: bool) -> OriginTransport:
        """Give the connections for visits with, or without, the permission to reach private addresses."""
        if allow_private not in self._transports:
            backend = GuardedBackend(self._policy, self._addresses.look_up, allow_private=allow_private)
            self._transports[allow_private] = OriginTransport(backend, self._ssl_context)
        return self._transports[allow_private]

    # --- turns ---

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until the origin may be asked again, then for room at its server, and hold both for one request.

        The wait for this origin comes first, so that a queue at one origin never keeps another from its turn. Raises
        ``FetchError`` while the origin is paused.
        """
        self._wanted += 1
        try:
            async with self._one_at_a_time:
                self.refuse_if_paused()
                wait = max(self._pause_left(), self._gap_left())
                if wait > 0:
                    await self._sleep(wait)
                async with self._addresses.passing(self._host, self._port):
                    try:
                        yield
                    finally:
                        self._last_at = self._now()
        finally:
            self._wanted -= 1

    @property
    def idle(self) -> bool:
        """True when nobody has, or waits for, a turn."""
        return self._wanted == 0

    async def gap_over(self) -> None:
        """Wait until the origin may be asked again, without keeping anybody from it."""
        wait = self._gap_left()
        if wait > 0:
            await self._sleep(wait)

    def refuse_if_paused(self) -> None:
        """Raise ``FetchError`` while a pause is on that is too long to be waited out."""
        until = self.manners.paused_until_at
        if until is not None and self._pause_left() > politeness.SHORT_PAUSE:
            raise FetchError(Reason.RATE_LIMITED, "its origin asked for a pause", until)

    def _pause_left(self) -> float:
        until = self.manners.paused_until_at
        return 0.0 if until is None else (until - self._now()).total_seconds()

    def _gap_left(self) -> float:
        if self._last_at is None:
            return 0.0
        since = (self._now() - self._last_at).total_seconds()
        return self.gap - max(since, 0.0)  # a clock that was put back costs one gap, not the hours it went back

    @property
    def gap(self) -> float:
        """Seconds to leave between two requests."""
        asked = self.robots.delay if self.robots else 0.0
        return politeness.gap(self.manners, min_gap=self._policy.min_gap, crawl_delay=asked)

    # --- learning ---

    def answered(self, status: int, retry_after: str | None, seconds: float) -> None:
        """Learn from a reply that took so many ``seconds``."""
        until = politeness.pause_after(status, retry_after, self._now())
        learned = politeness.after_reply(self.manners, status, seconds, gap=self.gap, until=until)
        self.manners = replace(learned, answered_at=self._now())

    def told_robots(self, robots: Robots) -> None:
        """Learn what robots.txt said, or that it could not be had."""
        self.robots = robots
        self.manners = replace(self.manners, robots_failing_since_at=robots.failing_since)

    def probed(self) -> None:
        """Note that the origin was asked for a page that cannot exist."""
        self.manners = replace(self.manners, probed_at=self._now())

    async def aclose(self) -> None:
        """Close this origin's connections."""
        for transport in self._transports.values():
            await transport.aclose()
