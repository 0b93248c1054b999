"""One lane an origin: one request at a time, with a pause between two, over connections of its own."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from archive.fetch.exchange import OriginTransport
from archive.fetch.guard import GuardedBackend

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from archive.fetch.guard import Lookup
    from archive.fetch.policy import FetchPolicy
    from archive.fetch.robots import Robots


class Lane:
    """The manners towards one origin, kept for as long as the fetcher lives.

    ``turn`` gives out the right to make one request. ``robots`` holds what the origin's robots.txt said, under
    ``robots_lock`` while it is being asked for; ``paused_until`` is set when the origin says it is asked too often.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        lookup: Lookup,
        ssl_context: ssl.SSLContext | None,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._policy = policy
        self._lookup = lookup
        self._ssl_context = ssl_context
        self._now = now
        self._sleep = sleep
        self._one_at_a_time = asyncio.Lock()
        self._last_at: datetime | None = None
        self._transports: dict[bool, OriginTransport] = {}
        self.robots: Robots | None = None
        self.robots_lock = asyncio.Lock()
        self.paused_until: datetime | None = None

    def transport(self, *, allow_private: bool) -> OriginTransport:
        """Give the connections for visits with, or without, the permission to reach private addresses."""
        if allow_private not in self._transports:
            backend = GuardedBackend(self._policy, self._lookup, allow_private=allow_private)
            self._transports[allow_private] = OriginTransport(backend, self._ssl_context)
        return self._transports[allow_private]

    @asynccontextmanager
    async def turn(self, slots: asyncio.Semaphore) -> AsyncIterator[None]:
        """Wait until the origin may be asked again, then for one of ``slots``, and hold both for one request.

        The wait for this origin comes first, so that a queue at one origin never keeps another from its slot.
        """
        async with self._one_at_a_time:
            await self._keep_gap()
            async with slots:
                try:
                    yield
                finally:
                    self._last_at = self._now()

    async def _keep_gap(self) -> None:
        if self._last_at is None:
            return
        gap = max(self._policy.min_gap, self.robots.delay if self.robots else 0.0)
        wait = gap - (self._now() - self._last_at).total_seconds()
        if wait > 0:
            await self._sleep(wait)

    async def aclose(self) -> None:
        """Close this origin's connections."""
        for transport in self._transports.values():
            await transport.aclose()
