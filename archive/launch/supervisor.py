"""Run a command that never outlives whoever asked for it: ``python keeper.py LIFELINE COMMAND...``.

LIFELINE is the reading end of a pipe. When its other end closes, because the parent let go or because it died in
whatever way, ``kill -9`` included, the command's whole process group is asked to end, and after `GRACE` seconds made
to. Nothing the command started stays behind when it ends by itself either. Exits with the command's own code.

A script on purpose: it imports the standard library alone and costs some 20 ms and 10 MB. A pipe rather than
``prctl(PR_SET_PDEATHSIG)`` because that is Linux only and reaches the child but not the grandchildren.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

GRACE = 8.0
"""Seconds between asking and making: a Prefect server with a live runner took up to 3 s to end by itself."""


def main(lifeline: int, command: list[str]) -> int:
    """Start ``command`` in a process group of its own, wait for it, and return its exit code."""
    child = subprocess.Popen(command, process_group=0)  # noqa: S603 - what to run is the caller's business
    threading.Thread(target=_when_cut, args=(lifeline, child), daemon=True).start()
    code = child.wait()
    _signal_group(child.pid, signal.SIGKILL)
    return code


def _when_cut(lifeline: int, child: subprocess.Popen[bytes]) -> None:
    while os.read(lifeline, 1):
        pass
    _signal_group(child.pid, signal.SIGTERM)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        _signal_group(child.pid, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS says "not permitted" of a group of zombies
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
