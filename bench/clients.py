"""One HTTP client at work, in a process of its own; prints what it cost as JSON.

    python bench/clients.py ours 200 3000 PORT      3,000 pages of 200 origins, all origins at once

``cpu``: seconds of CPU of this process, user and system, from the moment every origin has been visited once: start-up,
robots.txt and connecting are not counted. ``pages``: how many came whole after that moment, ``lost``: how many did not
come at all. ``rss``: the most memory the process ever held, in MB (of 1,000,000 bytes).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from origins import PAGE_BYTES, Origins, more_files

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    Get = Callable[[str], Awaitable[int]]

AGENT = "bench/1 (+mailto:bench@example.org)"


@dataclass(slots=True)
class Meter:
    """Counts pages, and the CPU from the ``warm``-th on."""

    warm: int
    seen: int = 0
    lost: int = 0
    began: float = field(default=0.0)

    def page(self, size: int) -> None:
        """Count a page of ``size`` bytes as whole or lost."""
        self.seen += 1
        self.lost += size != PAGE_BYTES
        if self.seen == self.warm:
            self.began = cpu()

    def report(self) -> dict[str, float]:
        pages = self.seen - self.warm
        return {"cpu": cpu() - self.began, "pages": pages, "lost": self.lost, "rss": rss()}


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def rss() -> float:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


async def in_turns(get: Get, urls: Sequence[str], origins: int, meter: Meter) -> None:
    """Get every page: all origins at once, the pages of one after another. First one of each, then the rest."""

    async def visit(some: Sequence[str]) -> None:
        for url in some:
            meter.page(await get(url))

    for part in (urls[:origins], urls[origins:]):  # none at all, to see what a client is at rest
        await asyncio.gather(*(visit(part[number::origins]) for number in range(origins)))


# --- the clients -----------------------------------------------------------------------------------------------------


def ours(urls: Sequence[str], origins: int, meter: Meter, held: list[object]) -> None:
    """Our own: lanes, guard, robots.txt, raw bytes, bounded decoding, digests, the outcome; no database."""
    from archive.crawl.fetch import Fetcher, FetchPolicy
    from db.records import Visit

    policy = FetchPolicy(contact="mailto:bench@example.org", allow_private=True, min_gap=0, lanes=origins)

    async def run() -> None:
        async with Fetcher(policy, now=lambda: datetime.now(UTC)) as fetcher:

            async def get(url: str) -> int:
                outcome = await fetcher.fetch(Visit(source_id=1, url=url))
                held.append(outcome)
                return len(outcome.payload or b"") if outcome.reason is None else 0

            await in_turns(get, urls, origins, meter)

    asyncio.run(run())


def plain_aiohttp(urls: Sequence[str], origins: int, meter: Meter, held: list[object]) -> None:
    """One session; ``read`` undoes the gzip."""
    import aiohttp

    async def run() -> None:
        connector = aiohttp.TCPConnector(limit=origins)
        async with aiohttp.ClientSession(connector=connector, headers={"User-Agent": AGENT}) as session:

            async def get(url: str) -> int:
                try:
                    async with session.get(url) as response:
                        body = await response.read()
                except aiohttp.ClientError:
                    return 0
                held.append(body)
                return len(body)

            await in_turns(get, urls, origins, meter)

    asyncio.run(run())


def plain_httpx(urls: Sequence[str], origins: int, meter: Meter, held: list[object]) -> None:
    """One client, one pool, as its documentation shows it."""
    import httpx

    async def run() -> None:
        limits = httpx.Limits(max_connections=origins, max_keepalive_connections=origins)
        async with httpx.AsyncClient(limits=limits, trust_env=False, headers={"User-Agent": AGENT}) as client:

            async def get(url: str) -> int:
                try:
                    response = await client.get(url)
                except httpx.HTTPError:
                    return 0
                held.append(response.content)
                return len(response.content)

            await in_turns(get, urls, origins, meter)

    asyncio.run(run())


def plain_scrapy(urls: Sequence[str], origins: int, meter: Meter, held: list[object]) -> None:
    """A whole crawler: scheduler, middlewares, downloader, spider; its log is off."""
    import scrapy
    from scrapy.crawler import CrawlerProcess

    class Pages(scrapy.Spider):
        name = "pages"

        async def start(self) -> AsyncIterator[scrapy.Request]:
            for url in urls:
                yield scrapy.Request(url, callback=self.parse, errback=self.fail)

        def parse(self, response: scrapy.http.Response) -> None:
            held.append(response.body)
            meter.page(len(response.body))

        def fail(self, _failure: object) -> None:
            meter.page(0)

    settings = {
        "CONCURRENT_REQUESTS": origins,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": 0,
        "LOG_ENABLED": False,
        "ROBOTSTXT_OBEY": False,
        "TELNETCONSOLE_ENABLED": False,
        "USER_AGENT": AGENT,
    }
    process = CrawlerProcess(settings)
    process.crawl(Pages)
    process.start()


CLIENTS = {"ours": ours, "aiohttp": plain_aiohttp, "httpx": plain_httpx, "scrapy": plain_scrapy}


class Nowhere(list[object]):
    """A list that keeps nothing."""

    def append(self, _each: object) -> None:
        """Drop it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("origins", type=int)
    parser.add_argument("pages", type=int)
    parser.add_argument("port", type=int)
    parser.add_argument("--hold", action="store_true", help="keep every page until the end")
    chosen = parser.parse_args()
    more_files()
    served_by = Origins(chosen.origins, port=chosen.port)
    meter = Meter(warm=chosen.origins)
    held: list[object] = [] if chosen.hold else Nowhere()
    CLIENTS[chosen.client](served_by.urls(chosen.pages), chosen.origins, meter, held)
    print(json.dumps(meter.report()))


if __name__ == "__main__":
    main()
