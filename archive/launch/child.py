"""A child process that ends with us, however we end, and that leaves a log behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from archive.launch import supervisor
from archive.resources import code_environ
from db.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TAIL = 15
"""Lines of a log that a `RunFailed` shows: a Python traceback of Prefect's usual depth ends within them."""


LARGEST_LOG = 8 * 2**20
"""Bytes of a log from which the next start begins a new one; the one before is kept beside it."""


class Child:
    """A running command and everything it starts; a context manager, and leaving it ends them all.

    Its standard error goes to ``log``, which from `LARGEST_LOG` on becomes ``log.1``; `ask` writes a line to its
    standard input and reads one back from its output.
    """

    def __init__(self, command: Sequence[str | Path], *, environ: Mapping[str, str], cwd: Path, log: Path) -> None:
        self.log = log
        _begin_anew(log)
        lifeline, self._lifeline = os.pipe()
        try:
            with log.open("ab") as errors:
                self._process = subprocess.Popen(  # noqa: S603 - our own scripts and Prefect, never a shell
                    [sys.executable, "-I", "-S", supervisor.__file__, str(lifeline), *map(str, command)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    pass_fds=[lifeline],
                    start_new_session=True,  # a Ctrl-C reaches us alone, and we end the children in order
                    cwd=cwd,
                    env=code_environ(environ),
                    encoding="utf-8",
                    errors="replace",
                )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(lifeline)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the command has not ended yet."""
        return self._process.poll() is None

    def ask(self, line: str = "") -> str:
        """Send ``line`` (none when empty) and wait for a line in answer. Raises `RunFailed` if the child has ended."""
        try:
            if line:
                self._process.stdin.write(line + "\n")  # type: ignore[union-attr]
                self._process.stdin.flush()  # type: ignore[union-attr]
            answer = self._process.stdout.readline()  # type: ignore[union-attr]
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise self.failure("ended without an answer")
        return answer

    def wait(self) -> int:
        """Wait until the command ends by itself; its exit code."""
        return self._process.wait()

    def stop(self) -> None:
        """End the command and all it started, within `keeper.GRACE` seconds. Harmless when it has ended already."""
        if self._lifeline < 0:
            return
        os.close(self._lifeline)
        self._lifeline = -1
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                pipe.close()  # type: ignore[union-attr]

    def failure(self, what: str) -> RunFailed:
        """An error that says ``what`` happened to the child, and how its log ends."""
        return RunFailed(f"{self.log.stem} {what}; {self.log} ends with:\n{tail(self.log)}")


def _begin_anew(log: Path) -> None:
    """Move a log that has grown large out of the way, over the one that was moved before."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_name(f"{log.name}.1"))


def tail(log: Path) -> str:
    """The last `TAIL` lines of a log file, as far as it can be read."""
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            return "".join(deque(lines, maxlen=TAIL)).rstrip() or "(nothing)"
    except OSError as error:
        return f"(unreadable: {error.strerror})"
