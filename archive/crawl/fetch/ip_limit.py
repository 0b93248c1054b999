"""One address, few requests: many hosts may share a server, and it is the server that gets tired.

A name is looked up once for some minutes. Its first address, the one the guard connects to first, is the gate that a
request to it passes: so many at a time through one gate, and so many in all.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from archive.crawl.fetch.ssrf_guard import LOOKUP_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from archive.crawl.fetch.policy import FetchPolicy
    from archive.crawl.fetch.ssrf_guard import Lookup

_KNOWN_SECONDS = 300.0  # a name keeps its address that long here; names of the web rarely promise less
_FAILED_SECONDS = 10.0  # long enough for the request that follows to hear it too, short enough to try again in a run


class IpLimiter:
    """Looks names up, remembers the answers for a while, and lets requests through to where they lead.

    At most ``policy.per_address`` requests at a time go to one address, and ``policy.lanes`` in all.
    """

    def __init__(self, policy: FetchPolicy, lookup: Lookup) -> None:
        self._policy = policy
        self._lookup = lookup
        self._answers: dict[str, tuple[float, asyncio.Future[tuple[str, ...]]]] = {}
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._slots = asyncio.Semaphore(policy.lanes)

    async def look_up(self, host: str, port: int) -> tuple[str, ...]:
        """Every address of ``host``, asked for at most once in five minutes. Raises ``OSError`` as the lookup does."""
        now = asyncio.get_running_loop().time()
        until, answer = self._answers.get(host, (0.0, None))
        if answer is None or (answer.done() and now >= until):
            answer = asyncio.ensure_future(self._ask(host, port))
            answer.add_done_callback(_noted)
            self._answers[host] = now + _KNOWN_SECONDS, answer
        return answer.result() if answer.done() else await asyncio.shield(answer)

    async def _ask(self, host: str, port: int) -> tuple[str, ...]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                return await self._lookup(host, port)
        except OSError:  # of which TimeoutError is one
            _, answer = self._answers[host]
            self._answers[host] = loop.time() + _FAILED_SECONDS, answer
            raise

    @asynccontextmanager
    async def passing(self, host: str, port: int) -> AsyncIterator[None]:
        """Wait until one more request may go to the server of ``host``, and hold the right to it.

        The gate comes before the slot: a crowd at one address stands in front of its gate and keeps nobody else from a
        slot. Who is through the gate waits only for requests under way, so the two can never wait for each other.
        """
        async with self._gate(await self._address(host, port)), self._slots:
            yield

    def _gate(self, address: str) -> asyncio.Semaphore:
        if address not in self._gates:
            self._gates[address] = asyncio.Semaphore(self._policy.per_address)
        return self._gates[address]

    async def _address(self, host: str, port: int) -> str:
        """The address that stands for the server; the name itself where it has none, which the guard then reports."""
        mapped = self._policy.mapped(host)
        if mapped:
            return mapped[0]
        if host[-1:].isdigit() or ":" in host:  # an address already: no name of the web ends in a digit
            return host
        try:
            return next(iter(await self.look_up(host, port)), host)
        except (OSError, UnicodeError):
            return host

    def close(self) -> None:
        """Stop waiting for lookups."""
        for _, answer in self._answers.values():
            answer.cancel()


def _noted(answer: asyncio.Future[tuple[str, ...]]) -> None:
    """A lookup that failed when nobody waited any more is not worth a warning."""
    if not answer.cancelled():
        answer.exception()
