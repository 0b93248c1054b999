"""Pages that hang, swell or empty an extractor: each gets the right verdict in time and harms no other page."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive.extract import Extractors, extract, ipc
from archive.extract.worker import READY
from archive.extract.worker_pool import MEMORY
from db.records import Extraction, Page, Verdict
from tests.hostile import ARTICLE, HOSTILE, LAST, Hostile
from tests.hostile import page as html

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
NOW = datetime(2024, 3, 10, tzinfo=UTC)
IN_TIME = 5.0  # seconds of CPU, which on an idle machine are the same by the clock
NEIGHBOUR = html(f"<article><h1>A neighbour</h1>{ARTICLE}</article>")


def page(payload: bytes, charset: str | None = None) -> Page:
    return Page(payload=payload, url="https://daily.example/news/a", charset=charset, captured_at=NOW)


def check(case: Hostile, got: Extraction) -> None:
    assert (got.verdict, got.detail) == (case.verdict, got.detail)
    assert case.holds in got.text
    assert case.degraded == any(fact.name == "degraded" for fact in got.facts)


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_page_is_answered_rightly_and_in_time(name: str) -> None:
    case = HOSTILE[name]
    hostile_page = page(case.make(), case.charset)
    started = time.process_time()
    got = extract(hostile_page)
    assert time.process_time() - started < IN_TIME
    check(case, got)


@pytest.mark.slow
def test_hostile_pages_cost_no_neighbour_and_stay_within_their_memory() -> None:
    """All of them through one pool, an article between every two of them; no child is ever larger than its limit.

    In a process of its own: of all its children the kernel tells the largest, and a test run has had a browser.
    """
    script = "from tests.test_extract_hostile import one_pool; one_pool()"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def one_pool() -> None:
    cases = list(HOSTILE.values())
    pages = [case_page for case in cases for case_page in (page(case.make(), case.charset), page(NEIGHBOUR))]
    with Extractors(2) as pool:
        answers = list(pool.map(pages))
    for case, got in zip(cases, answers[::2], strict=True):
        check(case, got)
    assert set(answers[1::2]) == {extract(page(NEIGHBOUR))}
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert largest <= MEMORY


@pytest.fixture
def starved() -> Iterator[subprocess.Popen[bytes]]:
    """A worker with little more address space than it needs to start."""
    command = [sys.executable, "-m", "archive.extract.worker", "30", str(MEMORY // 3)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, cwd=ROOT)
    assert child.stdin
    assert child.stdout
    assert ipc.receive(child.stdout.fileno(), within=60) == READY
    yield child
    child.stdin.close()
    child.stdout.close()
    assert child.wait(100) == 0


@pytest.mark.slow
def test_shortage_of_memory_gives_a_verdict_and_never_a_part_of_the_text(starved: subprocess.Popen[bytes]) -> None:
    assert starved.stdin
    assert starved.stdout
    sizes = (1, 10, 100, 400, 900)
    for size in sizes:
        large_page = page(html(f"<p>{'x' * 20_000} y</p>" * size + ARTICLE))
        ipc.send(starved.stdin.fileno(), (extract, large_page))
        got, is_sound = ipc.receive(starved.stdout.fileno(), within=60)
        assert is_sound == (got.verdict is not Verdict.ERROR)
        if got.verdict is Verdict.ERROR:
            assert (got.detail, got.text) == ("not enough memory", "")
        else:
            assert got == extract(large_page)
            assert LAST in got.text
    assert got.verdict is Verdict.ERROR
    ipc.send(starved.stdin.fileno(), (extract, page(NEIGHBOUR)))
    assert ipc.receive(starved.stdout.fileno(), within=60) == (extract(page(NEIGHBOUR)), True)
