"""One queue per origin: one request at a time, with a gap between two, over connections of its own."""

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
    """The queue of the origin of ``url``. It starts from what earlier runs remembered of the origin.

    ``turn`` grants the right to make one request. ``root`` is the URL of the front page. ``robots`` is the parsed
    robots.txt. Hold ``robots_lock`` while fetching it. ``state`` is what is stored for later runs. ``is_probing`` is
    true during a soft-404 probe.
    """

    def __init__(
        self,
        url: str,
        remembered: RememberedHost,
        policy: FetchPolicy,
        ip_limiter: IpLimiter,
        ssl_context: ssl.SSLContext | None,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        origin = origin_of(url)
        self.root = fetchable_url("/", url)
        self.state = remembered.state or HostState(origin=origin)
        self.robots: Robots | None = remembered.robots and restore_robots(*remembered.robots, self.state)
        self.robots_lock = asyncio.Lock()
        self.is_probing = False
        self._host, self._port = host_of(url), int(origin.rpartition(":")[2])
        self._policy = policy
        self._ip_limiter = ip_limiter
        self._ssl_context = ssl_context
        self._now = now
        self._sleep = sleep
        self._turn_lock = asyncio.Lock()
        self._pending = 0
        self._last_at = self.state.answered_at
        self._transports: dict[bool, OriginTransport] = {}

    def transport(self, *, allow_private: bool) -> OriginTransport:
        """Return the transport for visits that may, or may not, connect to private addresses."""
        if allow_private not in self._transports:
            backend = GuardedBackend(self._policy, self._ip_limiter.look_up, allow_private=allow_private)
            self._transports[allow_private] = OriginTransport(backend, self._ssl_context)
        return self._transports[allow_private]

    # --- turns ---

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the gap of this origin, then for a free slot at its server, and hold both for one request.

        The wait for this origin comes first, so a long queue at one origin never blocks another one. Raises
        ``FetchError`` while the origin is paused.
        """
        self._pending += 1
        try:
            async with self._turn_lock:
                self.raise_if_paused()
                wait = max(self._pause_left(), self._gap_left())
                if wait > 0:
                    await self._sleep(wait)
                async with self._ip_limiter.slot(self._host, self._port):
                    try:
                        yield
                    finally:
                        self._last_at = self._now()
        finally:
            self._pending -= 1

    @property
    def is_idle(self) -> bool:
        """True if no request has a turn or waits for one."""
        return self._pending == 0

    async def wait_for_gap(self) -> None:
        """Wait until the gap since the last request is over, without taking a turn."""
        wait = self._gap_left()
        if wait > 0:
            await self._sleep(wait)

    def raise_if_paused(self) -> None:
        """Raise ``FetchError`` during a pause that is too long to wait for."""
        until = self.state.paused_until_at
        if until is not None and self._pause_left() > politeness.SHORT_PAUSE:
            raise FetchError(Reason.RATE_LIMITED, "its origin asked for a pause", until)

    def _pause_left(self) -> float:
        until = self.state.paused_until_at
        return 0.0 if until is None else (until - self._now()).total_seconds()

    def _gap_left(self) -> float:
        if self._last_at is None:
            return 0.0
        elapsed = (self._now() - self._last_at).total_seconds()
        return self.gap - max(elapsed, 0.0)  # a clock that was put back costs one gap, not the hours it went back

    @property
    def gap(self) -> float:
        """Seconds between two requests."""
        crawl_delay = self.robots.delay if self.robots else 0.0
        return politeness.request_gap(self.state, min_gap=self._policy.min_gap, crawl_delay=crawl_delay)

    # --- learning ---

    def record_response(self, status: int, retry_after: str | None, seconds: float) -> None:
        """Update the state after a response that took ``seconds``."""
        until = politeness.pause_until(status, retry_after, self._now())
        state = politeness.state_after_response(self.state, status, seconds, gap=self.gap, paused_until=until)
        self.state = replace(state, answered_at=self._now())

    def record_robots(self, robots: Robots) -> None:
        """Update the state after a fetch of robots.txt, whether it succeeded or failed."""
        self.robots = robots
        self.state = replace(self.state, robots_failing_since_at=robots.failing_since)

    def record_probe(self) -> None:
        """Update the state after a soft-404 probe."""
        self.state = replace(self.state, probed_at=self._now())

    async def aclose(self) -> None:
        """Close the connections of this origin."""
        for transport in self._transports.values():
            await transport.aclose()
