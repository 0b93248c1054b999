"""The child process that works on pages: ``python -m archive.extract.worker WALL MEMORY``. Calls in, results out.

It limits its own memory, warms up, reports that it is ready, and answers call by call until its input ends, which also
happens when the parent is killed. If libxml2 hangs on a page and no parent is left to kill the process, a SIGALRM with
its default action ends it.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from datetime import UTC, datetime

from archive.extract import ipc
from archive.extract.page import extract
from db.records import Page, Verdict

READY = "ready"
"""The first value a worker sends."""

GRACE = 5.0
"""Seconds after the wall limit at which a worker ends itself if the parent has not done so."""


def main(arguments: list[str]) -> None:
    """Serve calls from standard input to standard output until the input ends.

    The arguments are the seconds a call may take, and the bytes of address space. A call is a function and its
    argument. Its answer is the result, and whether this process is as sound as before: after an error, such as a failed
    allocation, its state is unknown.
    """
    wall, memory = float(arguments[0]), int(arguments[1])
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # output of a library must not end up between two values
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and closes the pipe
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _limit_memory(memory)
    extract(_warm_up_page())
    try:
        ipc.send(output, READY)
        while True:
            function, argument = ipc.receive(sys.stdin.fileno())
            signal.setitimer(signal.ITIMER_REAL, wall + GRACE)
            result = function(argument)
            signal.setitimer(signal.ITIMER_REAL, 0)
            ipc.send(output, (result, getattr(result, "verdict", None) is not Verdict.ERROR))
    except ipc.PipeClosed:
        return


def _limit_memory(limit: int) -> None:
    """Make an allocation beyond ``limit`` bytes fail in this process instead of exhausting the machine."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    except (OSError, ValueError):  # macOS does not support it; the wall limit still applies
        return


def _warm_up_page() -> Page:
    """Return a small page that makes trafilatura load its tables and word lists before the first page is timed."""
    line = "<p>The council met on Tuesday and agreed to mend the bridge, the mayor said, before the winter comes.</p>"
    payload = f"<html><body><article><h1>Bridge</h1>{line}<div>{line}</div></article></body></html>".encode()
    return Page(payload=payload, url="https://warm-up.example/", captured_at=datetime(2024, 1, 1, tzinfo=UTC))


if __name__ == "__main__":
    main(sys.argv[1:])
