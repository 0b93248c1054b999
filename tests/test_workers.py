"""The pool of workers: order, a page that hangs, a page that kills, and nobody left behind."""

from __future__ import annotations

import os
import signal
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

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
NOW = datetime(2024, 3, 10, tzinfo=UTC)

# A start tag is compared attribute by attribute inside the parser; brackets in the values hide its size from the gates.
HANGS = "<html><body><a " + " ".join(f"a{n}='<'" for n in range(150_000)) + ">x</a></body></html>"


def page(html: str) -> Page:
    return Page(payload=html.encode(), url="https://daily.example/news/a", captured_at=NOW)


def story(number: int) -> Page:
    lines = (
        f"<p>The council of town {number} agreed to mend bridge {n}, the mayor said on Tuesday.</p>" for n in range(6)
    )
    return page(f"<html><body><article><h1>Story {number}</h1>{''.join(lines)}</article></body></html>")


@pytest.fixture(scope="module")
def pool() -> Iterator[Extractors]:
    with Extractors(2, wall=60) as extractors:
        yield extractors


def test_answers_come_in_the_order_of_the_pages_and_are_those_of_this_process(pool: Extractors) -> None:
    pages = [story(number) for number in range(20)]
    assert list(pool.map(pages)) == [extract(one) for one in pages]


def test_no_workers_means_this_process() -> None:
    with Extractors(0) as here:
        assert list(here.map([story(1)])) == [extract(story(1))]


@pytest.mark.slow
def test_page_over_its_wall_limit_costs_no_neighbour() -> None:
    pages = [story(0), page(HANGS), story(1), story(2), page(HANGS), story(3)]
    with Extractors(2, wall=5) as pool:
        verdicts = [one.verdict for one in pool.map(pages)]
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
    assert [one.verdict for one in pool.map([story(2), story(3)])] == [Verdict.OK, Verdict.OK]


def test_workers_end_with_their_pool() -> None:
    before = children_of(os.getpid())
    with Extractors(1) as extractors:
        list(extractors.map([story(0)]))
        (child,) = children_of(os.getpid()) - before
        assert is_alive(child)
    assert not is_alive(child)


def test_pool_left_by_an_error_does_not_wait_for_a_slow_page() -> None:
    def interrupted() -> None:
        with Extractors(1, wall=500) as extractors:
            next(extractors.map([story(0), page(HANGS), story(1), story(2), story(3), story(4)]))
            raise KeyboardInterrupt

    started = os.times().children_user
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.times().children_user - started < 10  # the page alone takes 40


def test_worker_ends_when_its_parent_is_killed() -> None:
    script = (
        "from archive.extract import Extractors\n"
        "from db.records import Page\n"
        "from datetime import UTC, datetime\n"
        "page = Page(payload=b'', url='https://daily.example/', captured_at=datetime.now(UTC))\n"
        "with Extractors(1) as pool:\n"
        "    list(pool.map([page]))\n"
        "    print('at work', flush=True)\n"
        "    input()\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdin=pipe, stdout=pipe) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"at work\n"
        (child,) = children_of(parent.pid)
        parent.kill()
    deadline = time.monotonic() + 100
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(child)


@pytest.mark.slow
def test_worker_short_of_memory_answers_and_lives_on() -> None:
    """The limit here is little more than a worker needs to start; the page needs more than that."""
    child = subprocess.Popen(
        [sys.executable, "-m", "archive.extract.worker", "30", str(MEMORY // 3), "whole"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        cwd=ROOT,
    )
    assert child.stdin
    assert child.stdout
    assert ipc.receive(child.stdout.fileno(), within=60) == READY
    ipc.send(child.stdin.fileno(), page("<html><body>" + f"<p>{'x' * 20_000} y</p>" * 900))
    assert isinstance(ipc.receive(child.stdout.fileno(), within=60), Extraction)
    ipc.send(child.stdin.fileno(), story(1))
    assert ipc.receive(child.stdout.fileno(), within=60) == extract(story(1))
    child.stdin.close()
    child.stdout.close()
    assert child.wait(100) == 0


@pytest.mark.slow
def test_importing_the_pool_imports_no_extractor() -> None:
    script = "import sys, archive.extract as e; e.extract_facts(); print({'trafilatura', 'lxml'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def children_of(parent: int) -> set[int]:
    """Process ids of the living children, from /proc."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[1]) == parent and after_name[0] != "Z":
            found.add(int(entry.parent.name))
    return found


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
