"""A command of wirecopy in a process of its own, for the jobs of the web interface."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import IO, TYPE_CHECKING

from archive.serve.jobs import JobResult
from archive.settings import to_environ

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.settings import Settings

_MOST_OUTPUT = 2_000_000  # bytes: 200 additions with their sentences have some 100,000


class BackgroundCommand:
    """A running command. It has the settings of this process, and ``typed`` as its standard input."""

    def __init__(self, settings: Settings, arguments: Sequence[str], *, typed: str = "") -> None:
        program = [sys.executable, "-c", "from archive.cli import main; main()"]
        self._output, self._errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end
        self._result: JobResult | None = None
        with tempfile.TemporaryFile() as standard_input:
            standard_input.write(typed.encode())
            standard_input.seek(0)
            self._process = subprocess.Popen(  # noqa: S603 - our own command, never a shell
                [*program, *arguments],
                cwd=settings.root,
                env={**os.environ, **to_environ(settings)},  # not as arguments: an address may contain a password
                stdin=standard_input,
                stdout=self._output,
                stderr=self._errors,
                start_new_session=True,
            )

    def result(self) -> JobResult | None:
        """Return the end of the command, None while it runs."""
        if self._result is None and self._process.poll() is not None:
            output, errors = (_content(file) for file in (self._output, self._errors))
            self._result = JobResult(self._process.returncode, output, errors)
        return self._result


def _content(file: IO[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read(_MOST_OUTPUT).decode("utf-8", "replace")
