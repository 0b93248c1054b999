"""A child process that ends when this process ends, even by ``kill -9``, and writes a log."""

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

TAIL_LINES = 15
"""Lines of a log quoted by `RunFailed`: enough for a Python traceback of Prefect's usual depth."""


MAX_LOG_BYTES = 8 * 2**20
"""Size of a log from which the next start begins a new file. The previous log is kept beside it."""


class Child:
    """A running command with all its child processes. A context manager: leaving it ends them all.

    ``name`` is for messages, by default that of the log. Standard error goes to ``log``, which is renamed to ``log.1``
    once it exceeds `MAX_LOG_BYTES`. `ask` writes a line to standard input and reads a line from standard output.
    """

    def __init__(
        self, command: Sequence[str | Path], *, environ: Mapping[str, str], cwd: Path, log: Path, name: str = ""
    ) -> None:
        self.log = log
        self._name = name or log.stem
        _rotate(log)
        lifeline, self._lifeline = os.pipe()
        try:
            with log.open("ab") as errors:
                self._process = subprocess.Popen(  # noqa: S603 - our own scripts and Prefect, never a shell
                    [sys.executable, "-I", "-S", supervisor.__file__, str(lifeline), *map(str, command)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    pass_fds=[lifeline],
                    start_new_session=True,  # Ctrl-C reaches only this process, which ends the children in order
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
        """True until the command ends."""
        return self._process.poll() is None

    def ask(self, line: str = "") -> str:
        """Send ``line`` (nothing if empty) and return the line it answers. Raises `RunFailed` if the child ended."""
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
        """Wait until the command ends by itself and return its exit code."""
        return self._process.wait()

    def stop(self) -> None:
        """End the command and its children within `supervisor.GRACE` seconds. Does nothing if it has ended already."""
        if self._lifeline < 0:
            return
        os.close(self._lifeline)
        self._lifeline = -1
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                pipe.close()  # type: ignore[union-attr]

    def failure(self, event: str) -> RunFailed:
        """Return an error that names what happened to the child (``event``) and quotes the end of its log."""
        return RunFailed(f"{self._name} {event}; {self.log} ends with:\n{read_tail(self.log)}")


def _rotate(log: Path) -> None:
    """Rename a log that is too large to ``log.1``, replacing an earlier one."""
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))


def read_tail(log: Path) -> str:
    """Return the last `TAIL_LINES` lines of a log file, or a note that it is unreadable."""
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            return "".join(deque(lines, maxlen=TAIL_LINES)).rstrip() or "(empty)"
    except OSError as error:
        return f"(unreadable: {error.strerror})"
