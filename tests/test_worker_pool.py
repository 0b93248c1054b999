"""The worker pool: order of results, a page that hangs, a page that kills its worker, and no process left behind."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive.extract import Extractors, extract, ipc
from archive.extract.worker import READY
from archive.extract.worker_pool import MEMORY, Lost
from db.errors import RunFailed
from db.records import Extraction, Page, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
NOW = datetime(2024, 3, 10, tzinfo=UTC)

# A start tag is compared attribute by attribute inside the parser; brackets in the values hide its size from the gates.
HANGS = "<html><body><a " + " ".join(f"a{n}='<'" for n in range(70_000)) + ">x</a></body></html>"


def page(html: str) -> Page:
    return Page(payload=html.encode(), url="https://daily.example/news/a", captured_at=NOW)


def story(number: int) -> Page:
    lines = (
        f"<p>The council of town {number} agreed to mend bridge {n}, the mayor said on Tuesday.</p>" for n in range(6)
    )
    return page(f"<html><body><article><h1>Story {number}</h1>{''.join(lines)}</article></body></html>")


@pytest.fixture(scope="module")
def pool() -> Iterator[Extractors]:
    with Extractors(2, wall=2.0) as extractors:
        yield extractors


def test_answers_come_in_the_order_of_the_pages_and_are_those_of_this_process(pool: Extractors) -> None:
    pages = [story(number) for number in range(20)]
    assert list(pool.map(pages)) == [extract(story_page) for story_page in pages]


def test_no_workers_means_this_process() -> None:
    with Extractors(0) as here:
        assert list(here.map([story(1)])) == [extract(story(1))]


@pytest.mark.slow
def test_call_without_a_result_costs_no_other_call(pool: Extractors) -> None:
    assert list(pool.run(math.sqrt, [4, 9])) == [2, 3]
    assert list(pool.run(time.sleep, [0, 60, 0])) == [None, Lost.TIMEOUT, None]
    assert list(pool.run(os._exit, [1])) == [Lost.CRASH]
    assert list(pool.run(math.sqrt, [16])) == [4]


@pytest.mark.slow
def test_page_over_its_wall_limit_costs_no_neighbour(pool: Extractors) -> None:
    pages = [story(0), page(HANGS), story(1), story(2), page(HANGS), story(3)]
    verdicts = [extraction.verdict for extraction in pool.map(pages)]
    assert verdicts == [Verdict.OK, Verdict.TIMEOUT, Verdict.OK, Verdict.OK, Verdict.TIMEOUT, Verdict.OK]


def test_pages_are_read_only_a_little_ahead(pool: Extractors) -> None:
    read = []
    pages = (read.append(number) or story(number) for number in range(100))  # type: ignore[func-returns-value]
    answers = pool.map(pages)
    assert next(answers).title == "Story 0"
    assert len(read) <= 10
    answers.close()


@pytest.mark.slow
def test_worker_that_dies_is_replaced_and_its_page_tried_again(pool: Extractors) -> None:
    list(pool.map([story(0), story(1)]))
    for child in children_of(os.getpid()):
        os.kill(child, signal.SIGKILL)
    assert [extraction.verdict for extraction in pool.map([story(2), story(3)])] == [Verdict.OK, Verdict.OK]


def test_workers_end_with_their_pool() -> None:
    before = children_of(os.getpid())
    with Extractors(1) as extractors:
        list(extractors.map([story(0)]))
        (child,) = children_of(os.getpid()) - before
        assert is_alive(child)
    assert not is_alive(child)


def test_pool_left_by_an_error_does_not_wait_for_a_slow_page() -> None:
    def interrupted() -> None:
        with Extractors(1, wall=60) as extractors:
            next(extractors.map([story(0), page(HANGS), story(1), story(2), story(3), story(4)]))
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - started < 15


def test_thread_that_still_extracts_when_the_pool_is_left_blames_no_page_for_it() -> None:
    """Ctrl-C leaves the pool in the main thread while another derives: its pages are to be extracted next time."""
    verdicts: list[Verdict] = []

    def extract_all(extractors: Extractors) -> None:
        verdicts.extend(extraction.verdict for extraction in extractors.map(map(story, range(1_000))))

    with ThreadPoolExecutor(1) as threads:

        def interrupted() -> None:
            with Extractors(1, wall=60) as extractors:
                extracting = threads.submit(extract_all, extractors)
                began = time.monotonic()
                while not verdicts and time.monotonic() - began < 100:
                    time.sleep(0.005)
                running.append(extracting)
                raise KeyboardInterrupt

        running: list[Future[None]] = []
        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert isinstance(running[0].exception(), RunFailed)
    assert set(verdicts) == {Verdict.OK}


def test_pool_that_was_left_takes_no_more_pages() -> None:
    extractors = Extractors(1)
    with pytest.raises(KeyboardInterrupt), extractors:
        raise KeyboardInterrupt
    with pytest.raises(RunFailed):
        next(extractors.map([story(0)]))


def test_worker_ends_when_its_parent_is_killed() -> None:
    script = (
        "import sys, os, signal; sys.path.insert(0, 'tests')\n"
        "from test_worker_pool import Extractors, story, children_of\n"
        "with Extractors(1) as pool:\n"
        "    list(pool.map([story(0)]))\n"
        "    print(*children_of(os.getpid()), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    (child,) = map(int, result.stdout.split())
    assert result.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(child)


@pytest.mark.slow
def test_worker_short_of_memory_answers_and_lives_on() -> None:
    """The limit is little more than a worker needs to start. The page needs more."""
    child = subprocess.Popen(
        [sys.executable, "-m", "archive.extract.worker", "30", str(MEMORY // 3)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        cwd=ROOT,
    )
    assert child.stdin
    assert child.stdout
    assert ipc.receive(child.stdout.fileno(), within=60) == READY
    ipc.send(child.stdin.fileno(), (extract, page("<html><body>" + f"<p>{'x' * 20_000} y</p>" * 900)))
    assert isinstance(ipc.receive(child.stdout.fileno(), within=60)[0], Extraction)
    ipc.send(child.stdin.fileno(), (extract, story(1)))
    assert ipc.receive(child.stdout.fileno(), within=60) == (extract(story(1)), True)
    child.stdin.close()
    child.stdout.close()
    assert child.wait(10) == 0


@pytest.mark.slow
def test_importing_the_pool_imports_no_extractor() -> None:
    script = "import sys, archive.extract as e; e.extract_facts(); print({'trafilatura', 'lxml'} & {*sys.modules})"
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def children_of(parent: int) -> set[int]:
    """The process ids of living children, from /proc."""
    children = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[1]) == parent and after_name[0] != "Z":
            children.add(int(entry.parent.name))
    return children


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
