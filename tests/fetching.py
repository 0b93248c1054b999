"""A fetcher for the test server, which serves every host under ``.example``."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from archive.crawl.fetch import Fetcher, FetchPolicy
from db.records import Outcome, Visit

if TYPE_CHECKING:
    from tests.site import Site

HOST = "http://daily.example"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def policy_for(site: Site, **changes: Any) -> FetchPolicy:
    policy = FetchPolicy(
        contact="mailto:desk@wire.example", resolve=(("*.example", f"127.0.0.1:{site.port}"),), min_gap=0, deadline=2
    )
    return replace(policy, **changes)


def visit(path: str, **facts: Any) -> Visit:
    return Visit(source_id=1, url=path if path.startswith("http") else f"{HOST}{path}", **facts)


def fetch_all(site: Site, *visits: Visit, **changes: Any) -> list[Outcome]:
    """Fetch one visit after the other with one fetcher, its policy with ``changes``. The time is always ``NOON``."""

    async def run() -> list[Outcome]:
        async with Fetcher(policy_for(site, **changes), now=lambda: NOON) as fetcher:
            return [await fetcher.fetch(planned_visit) for planned_visit in visits]

    return asyncio.run(run())


def fetch(site: Site, path: str, **facts: Any) -> Outcome:
    return fetch_all(site, visit(path, **facts))[0]


class Clock:
    """A clock that only ``sleep`` moves. ``sleeps`` records the seconds of each call."""

    def __init__(self) -> None:
        self.current = NOON
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return self.current

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.current += timedelta(seconds=seconds)
