"""The limit on requests per server. Many hosts may share one server, and load counts per server.

A name is looked up once and its answer is remembered for some minutes. The first IP address of the answer, the one
connected to first, identifies the server. There is a limit of requests at a time per address, and one for all.
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

_ANSWER_SECONDS = 300.0  # lifetime of an answer here; DNS records of websites rarely promise less
_FAILURE_SECONDS = 10.0  # long enough for the request that follows to share it, short enough to try again in a run


class IpLimiter:
    """Looks up names, remembers the answers for a while, and grants slots for requests to their servers.

    At most ``policy.per_address`` requests at a time go to one IP address, and ``policy.lanes`` in all.
    """

    def __init__(self, policy: FetchPolicy, lookup: Lookup) -> None:
        self._policy = policy
        self._lookup = lookup
        self._answers: dict[str, tuple[float, asyncio.Future[tuple[str, ...]]]] = {}
        self._address_slots: dict[str, asyncio.Semaphore] = {}
        self._all_slots = asyncio.Semaphore(policy.lanes)

    async def look_up(self, host: str, port: int) -> tuple[str, ...]:
        """Return every IP address of ``host``, with at most one lookup in five minutes. Raises ``OSError``."""
        now = asyncio.get_running_loop().time()
        expires_at, answer = self._answers.get(host, (0.0, None))
        if answer is None or (answer.done() and now >= expires_at):
            answer = asyncio.ensure_future(self._ask(host, port))
            answer.add_done_callback(_retrieve_error)
            self._answers[host] = now + _ANSWER_SECONDS, answer
        return answer.result() if answer.done() else await asyncio.shield(answer)

    async def _ask(self, host: str, port: int) -> tuple[str, ...]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                return await self._lookup(host, port)
        except OSError:  # TimeoutError is one
            _, answer = self._answers[host]
            self._answers[host] = loop.time() + _FAILURE_SECONDS, answer
            raise

    @asynccontextmanager
    async def slot(self, host: str, port: int) -> AsyncIterator[None]:
        """Wait until one more request may go to the server of ``host``, and hold that slot.

        The slot of the address is taken before the overall slot, so requests waiting for a busy address hold no
        overall slot. A request that has its address slot waits only for requests under way, so there is no deadlock.
        """
        async with self._slots_of(await self._address(host, port)), self._all_slots:
            yield

    def _slots_of(self, address: str) -> asyncio.Semaphore:
        if address not in self._address_slots:
            self._address_slots[address] = asyncio.Semaphore(self._policy.per_address)
        return self._address_slots[address]

    async def _address(self, host: str, port: int) -> str:
        """Return the IP address that identifies the server, or the name if it has none. The SSRF guard reports that."""
        mapping = self._policy.mapped_address(host)
        if mapping:
            return mapping[0]
        if host[-1:].isdigit() or ":" in host:  # an IP address already: no host name of the web ends in a digit
            return host
        try:
            return next(iter(await self.look_up(host, port)), host)
        except (OSError, UnicodeError):
            return host

    def close(self) -> None:
        """Cancel pending lookups."""
        for _, answer in self._answers.values():
            answer.cancel()


def _retrieve_error(answer: asyncio.Future[tuple[str, ...]]) -> None:
    """Retrieve the exception of a lookup that nobody awaits any more, to prevent asyncio's warning."""
    if not answer.cancelled():
        answer.exception()
