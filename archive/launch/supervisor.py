"""Run a command that never outlives its parent process: ``python supervisor.py LIFELINE COMMAND...``.

LIFELINE is the read end of a pipe. The other end closes when the parent closes it or dies, even by ``kill -9``. Then
the command's whole process group gets SIGTERM, and SIGKILL after `GRACE` seconds. When the command ends by itself, its
remaining children are killed too. Exits with the command's exit code.

This is a script because it needs only the standard library and so costs some 20 ms and 10 MB. It uses a pipe because
``prctl(PR_SET_PDEATHSIG)`` exists only on Linux and reaches the child but not the grandchildren.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

GRACE = 8.0
"""Seconds between SIGTERM and SIGKILL. A Prefect server with a live runner took up to 3 s to end."""


def main(lifeline: int, command: list[str]) -> int:
    """Run ``command`` in a process group of its own and return its exit code."""
    child = subprocess.Popen(command, process_group=0)  # noqa: S603 - the caller chooses the command
    threading.Thread(target=_end_when_cut, args=(lifeline, child), daemon=True).start()
    code = child.wait()
    _signal_group(child.pid, signal.SIGKILL)
    return code


def _end_when_cut(lifeline: int, child: subprocess.Popen[bytes]) -> None:
    while os.read(lifeline, 1):
        pass
    _signal_group(child.pid, signal.SIGTERM)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        _signal_group(child.pid, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS answers "not permitted" for a group of zombies
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
