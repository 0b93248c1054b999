"""Many origins at once: every request ends with its page, however many may be under way at the same time.

httpx with one pool of 200 connections loses a few of 3,000 requests to 200 healthy servers: it hands out a connection
that another request has just been given. That is why each origin has a pool of its own, and what is tried here.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from archive.crawl.fetch import Fetcher, FetchPolicy
from bench.origins import Origins, host, page
from db.records import Outcome, Visit


def one_machine_has_many_addresses() -> bool:
    """Tell whether all of 127.0.0.0/8 is here, as on Linux."""
    with closing(socket.socket()) as probe:
        try:
            probe.bind((host(1), 0))
        except OSError:
            return False
    return True


pytestmark = pytest.mark.skipif(not one_machine_has_many_addresses(), reason="127.0.1.2 is no address of this machine")


@dataclass(frozen=True, slots=True)
class Crowd:
    """What became of ``asked`` visits started at the same time, and how many pages the server gave out."""

    asked: list[str]
    outcomes: list[Outcome]
    served: int

    @property
    def reasons(self) -> Counter[str]:
        return Counter(str(outcome.reason or "page") for outcome in self.outcomes)

    @property
    def wrong(self) -> list[str]:
        """The addresses that were answered with less than their page, or with another one's."""
        return [each.requested_url for number, each in enumerate(self.outcomes) if each.payload != page(number)]


def visit_all(*, requests: int, origins: int, lanes: int) -> Crowd:
    """Start every visit at once, ``lanes`` of them on the network at a time, over ``origins`` loopback addresses."""
    policy = FetchPolicy(contact="mailto:desk@wire.example", allow_private=True, min_gap=0, lanes=lanes)

    async def run(urls: list[str]) -> list[Outcome]:
        async with Fetcher(policy, now=lambda: datetime.now(UTC)) as fetcher:
            return await asyncio.gather(*(fetcher.fetch(Visit(source_id=1, url=url)) for url in urls))

    with Origins(origins) as served_by:
        asked = served_by.urls(requests)
        outcomes = asyncio.run(run(asked))
    return Crowd(asked, outcomes, served_by.served)


def check_that_nothing_was_lost(crowd: Crowd) -> None:
    """Each visit has its own page, whole and at the first try; and the server gave out none that nobody has."""
    assert crowd.reasons == {"page": len(crowd.asked)}
    assert crowd.wrong == []
    assert crowd.served == len(crowd.asked)
    assert not [outcome for outcome in crowd.outcomes if outcome.flags]


@pytest.mark.parametrize("lanes", [10, 40])
def test_no_request_to_forty_origins_is_lost(lanes: int) -> None:
    check_that_nothing_was_lost(visit_all(requests=200, origins=40, lanes=lanes))


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [50, 100, 199, 200, 300])
def test_no_request_of_3000_to_200_origins_is_lost(lanes: int) -> None:
    check_that_nothing_was_lost(visit_all(requests=3_000, origins=200, lanes=lanes))
