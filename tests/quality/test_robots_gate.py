"""The gate on manners: real robots.txt files, and what Google's own matcher says they allow.

The files are other people's work and stay outside the repository; without them the gate is skipped. About 2 s of CPU.
"""

from __future__ import annotations

import base64
import json
import lzma
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from archive.crawl.fetch.robots import Robots, read_robots
from db.records import Outcome

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "robots" / "robots.jsonl.xz"
ADDRESS = "https://example.com/robots.txt"
ASKED_AT = datetime(2026, 11, 22, tzinfo=UTC)

LEAST_AGREEMENT = 0.9995
"""Least share of questions answered as Google's matcher does; measured 0.99985, 1 of 6,674 (protego alone: 10)."""

MOST_FALSE_ALLOWS = 0.0005
"""Most questions answered yes where Google's matcher says no; measured 1, the address of robots.txt itself."""

pytestmark = [pytest.mark.gate, pytest.mark.skipif(not DATA.is_file(), reason="skipped: no data")]


@dataclass(frozen=True, slots=True)
class Answer:
    """One question: may ``agent`` fetch ``url`` of ``site``? What Google's matcher says, and what we say."""

    site: str
    agent: str
    url: str
    theirs: bool
    ours: bool


def read(body: bytes, agent: str) -> Robots:
    """What we make of a robots.txt that came with status 200 and these bytes."""
    outcome = Outcome(
        requested_url=ADDRESS, final_url=ADDRESS, started_at=ASKED_AT, finished_at=ASKED_AT, status=200, payload=body
    )
    return read_robots(outcome, body, agent)


@cache
def answers() -> list[Answer]:
    found: list[Answer] = []
    with lzma.open(DATA, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            body = base64.b64decode(row["robots_b64"])
            robots = {agent: read(body, agent) for agent in {agent for agent, _, _ in row["questions"]}}
            found += [
                Answer(row["id"], agent, url, theirs, robots[agent].refusal(url) is None)
                for agent, url, theirs in row["questions"]
            ]
    return found


def test_robots_are_read_as_googles_matcher_reads_them(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [one for one in answers() if one.ours != one.theirs]
    with capsys.disabled():
        print(f"\nrobots.txt: {len(wrong)} of {len(answers())} answers differ", *wrong, sep="\n")  # noqa: T201
    assert len(answers()) - len(wrong) >= LEAST_AGREEMENT * len(answers())


def test_hardly_anything_forbidden_is_fetched() -> None:
    wrong = [one for one in answers() if one.ours and not one.theirs]
    assert len(wrong) <= MOST_FALSE_ALLOWS * len(answers())
