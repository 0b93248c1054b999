"""The share of this run in the work of all runs: sites to fetch from, captures to derive, texts to compare.

Its leases are in the archive (``db.store.work_leases``), so they hold across processes and hosts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from archive.urls import RefusedUrl, site_of
from db.lease_owner import owner_is_alive
from db.store.leases import LeaseTerm
from db.store.work_leases import FETCH

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from typing import Protocol

    from archive.settings import Settings
    from db.store import Store

    class SiteMemory(Protocol):
        """The part of the fetcher that ``release_sites`` uses."""

        async def forget(self, site: str) -> bool:
            """Forget what was learned of a site. False, and nothing happens, while it is in use."""


_PATIENCE = 30.0
"""Seconds that a redirect waits for a site of another run. After them the visit is postponed: two runs may wait for
each other."""

_POLL_SECONDS = 0.5


def lease_term(owner: str, settings: Settings) -> LeaseTerm:
    """Return the term of leases that ``owner`` takes or renews now."""
    now = settings.wall()
    return LeaseTerm(owner=owner, now=now, until=now + settings.lease, is_alive=owner_is_alive)


def fetched_site(url: str) -> str:
    """Return the site of ``url``, empty for an address that an older version stored and this one refuses."""
    try:
        return site_of(url)
    except RefusedUrl:
        return ""


class LeasedWork:
    """The leased work of one run, whose leases have this ``owner``."""

    def __init__(self, store: Store, owner: str, settings: Settings) -> None:
        self._store, self._owner, self._settings = store, owner, settings
        self._sites: set[str] = set()
        self._users: Counter[str] = Counter()
        self._lock = asyncio.Lock()

    def _term(self) -> LeaseTerm:
        return lease_term(self._owner, self._settings)

    # --- sites ---

    async def lease_urls(self, urls: Iterable[str]) -> set[str]:
        """Lease the sites of these URLs, and return the URLs of those that no other run has."""
        sites = {url: fetched_site(url) for url in urls}
        await self._lease_sites(sites.values())
        return {url for url, site in sites.items() if site in self._sites}

    async def _lease_sites(self, sites: Iterable[str]) -> None:
        async with self._lock:
            if wanted := set(sites) - self._sites:
                self._sites |= await asyncio.to_thread(self._store.lease_sites, sorted(wanted), self._term())

    @asynccontextmanager
    async def permit(self, url: str) -> AsyncIterator[bool]:
        """Keep the site of ``url`` leased during a request. Yields False if another run has it for half a minute."""
        site = fetched_site(url)
        self._users[site] += 1
        try:
            clock = asyncio.get_running_loop().time
            deadline = clock() + _PATIENCE
            await self._lease_sites([site])
            while site not in self._sites and clock() < deadline:
                await asyncio.sleep(_POLL_SECONDS)
                await self._lease_sites([site])
            yield site in self._sites
        finally:
            self._users[site] -= 1

    async def release_sites(self, memory: SiteMemory) -> None:
        """Release the sites that are not in use, and let the fetcher forget them.

        Record the side captures before: whoever leases a site next reads from the archive how fast it may be asked.
        """
        async with self._lock:
            released = {site for site in sorted(self._sites) if not self._users[site] and await memory.forget(site)}
            if released:
                self._sites -= released
                await asyncio.to_thread(self._store.release_work, FETCH, self._owner, sorted(released))

    # --- queues ---

    def captures(self, most: int) -> list[int]:
        """Lease about this number of captures of the ledger, in place of those leased before."""
        return self._store.lease_captures(most, self._term())

    def texts(self, most: int) -> list[int]:
        """Lease at most this number of texts of the link queue, in place of those leased before."""
        return self._store.lease_texts(most, self._term())

    def texts_in_hand(self, text_ids: Sequence[int]) -> set[int]:
        """Return those of these texts that need not be compared again. Ask in the transaction that records them."""
        return self._store.texts_in_hand(text_ids, self._owner)
