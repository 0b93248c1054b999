"""A fetcher for the test server, which serves every host under ``.example``."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import TYPE_CHECKING, Any, TypeVar

from archive.crawl.fetch import Fetcher, FetchPolicy
from db.records import Outcome, Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.site import Site

T = TypeVar("T")
HOST = "http://daily.example"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def policy_for(site: Site, **changes: Any) -> FetchPolicy:
    policy = FetchPolicy(
        contact="mailto:desk@wire.example", resolve=(("*.example", f"127.0.0.1:{site.port}"),), min_gap=0, deadline=60
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


class SteppedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only when it is told to, from any thread: a busy machine makes nothing late."""

    def __init__(self) -> None:
        self._seconds = 0.0
        super().__init__()

    def time(self) -> float:
        return self._seconds

    def pass_time(self, seconds: float) -> None:
        self.call_soon_threadsafe(self._pass, seconds)

    def _pass(self, seconds: float) -> None:
        self._seconds += seconds

    async def has_read(self) -> None:
        """Wait, in another loop, until this one has read what was sent to it."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(turns(10), self))


async def turns(number: int) -> None:
    """Let everybody else in this loop go on, ``number`` times."""
    for _ in range(number):
        await asyncio.sleep(0)


def run_stepped(work: Callable[[SteppedLoop], Coroutine[Any, Any, T]]) -> T:
    """Run ``work``, which is given its loop."""
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, SteppedLoop)
        return runner.run(work(loop))


def fetch_until_late(site: Site, target: Visit, *, waits_for: str = "", deadline: float = 5) -> Outcome:
    """Fetch what never ends: the deadline passes once the site was asked for it, or for the path ``waits_for``."""

    async def run(loop: SteppedLoop) -> Outcome:
        path = waits_for or target.url.removeprefix(HOST)
        async with Fetcher(policy_for(site, deadline=deadline), now=lambda: NOON) as fetcher:
            fetching = asyncio.ensure_future(fetcher.fetch(target))
            while path not in [asked.target for asked in list(site.asked)] and not fetching.done():
                await asyncio.to_thread(sleep, 0.005)
            await turns(10)
            loop.pass_time(deadline + 1)
            return await fetching

    return run_stepped(run)


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
