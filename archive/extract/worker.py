"""The child that extracts: ``python -m archive.extract.worker WALL MEMORY MODE``, pages in, extractions out.

It bounds its own memory, warms up, says that it is ready, and answers frame by frame until its input ends, which
also happens when the parent is killed. An alarm with its default action ends it even in the middle of a page that
keeps libxml2 busy for ever while no parent is left to kill it.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from datetime import UTC, datetime

from archive.extract import ipc
from archive.extract.page import extract
from db.records import Page

READY = "ready"
"""The first frame a worker sends."""

GRACE = 5.0
"""Seconds after the wall limit at which a worker ends itself, should the parent not have done so."""


def main(arguments: list[str]) -> None:
    """Serve pages from standard input to standard output until the input ends.

    The arguments are the seconds a page may take, the bytes of address space, and ``whole`` or ``fast``.
    """
    wall, memory, fast = float(arguments[0]), int(arguments[1]), arguments[2] == "fast"
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not end up between two frames
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it closes the pipe
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _bound_memory(memory)
    extract(_warm_up())
    try:
        ipc.send(answers, READY)
        while True:
            page = ipc.receive(sys.stdin.fileno())
            signal.setitimer(signal.ITIMER_REAL, wall + GRACE)
            answer = extract(page, fast=fast)
            signal.setitimer(signal.ITIMER_REAL, 0)
            ipc.send(answers, answer)
    except ipc.Ended:
        return


def _bound_memory(limit: int) -> None:
    """Let an allocation beyond ``limit`` bytes fail here rather than take the machine down."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    except (OSError, ValueError):  # macOS refuses; the wall limit still holds
        return


def _warm_up() -> Page:
    """A small page that makes trafilatura load its tables and word lists before the first page is timed."""
    line = "<p>The council met on Tuesday and agreed to mend the bridge, the mayor said, before the winter comes.</p>"
    payload = f"<html><body><article><h1>Bridge</h1>{line}<div>{line}</div></article></body></html>".encode()
    return Page(payload=payload, url="https://warm-up.example/", captured_at=datetime(2024, 1, 1, tzinfo=UTC))


if __name__ == "__main__":
    main(sys.argv[1:])
