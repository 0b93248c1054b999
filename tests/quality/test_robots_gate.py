"""The gate on robots.txt: real files, and the verdicts of Google's own matcher.

The files belong to other people and are not in the repository. Without them the gate is skipped. About 2 s of CPU.
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

MIN_AGREEMENT = 0.9995
"""The least share of answers equal to those of Google's matcher. Measured 0.99985, 1 of 6,674 (protego alone: 10)."""

MAX_FALSE_ALLOWS = 0.0005
"""The largest share of URLs we allow and Google's matcher does not. Measured 1 URL, that of robots.txt itself."""

pytestmark = [pytest.mark.gate, pytest.mark.skipif(not DATA.is_file(), reason="skipped: no data")]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answers to one question, may ``agent`` fetch ``url`` of ``site``: of Google's matcher and our own."""

    site: str
    agent: str
    url: str
    google_allows: bool
    we_allow: bool


def read(body: bytes, agent: str) -> Robots:
    """Return our reading of a robots.txt with status 200 and these bytes."""
    outcome = Outcome(
        requested_url=ADDRESS, final_url=ADDRESS, started_at=ASKED_AT, finished_at=ASKED_AT, status=200, payload=body
    )
    return read_robots(outcome, body, agent)


@cache
def answers() -> list[Answer]:
    results: list[Answer] = []
    with lzma.open(DATA, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            body = base64.b64decode(row["robots_b64"])
            robots = {agent: read(body, agent) for agent in {agent for agent, _, _ in row["questions"]}}
            results += [
                Answer(row["id"], agent, url, is_allowed, robots[agent].refusal(url) is None)
                for agent, url, is_allowed in row["questions"]
            ]
    return results


def test_answers_agree_with_googles_matcher(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [answer for answer in answers() if answer.we_allow != answer.google_allows]
    with capsys.disabled():
        print(f"\nrobots.txt: {len(wrong)} of {len(answers())} answers differ", *wrong, sep="\n")  # noqa: T201
    assert len(answers()) - len(wrong) >= MIN_AGREEMENT * len(answers())


def test_hardly_any_forbidden_url_is_allowed() -> None:
    wrong = [answer for answer in answers() if answer.we_allow and not answer.google_allows]
    assert len(wrong) <= MAX_FALSE_ALLOWS * len(answers())
