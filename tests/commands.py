"""The command line, called in this process: what a child would print and how it would end, in a tenth of its time."""

from __future__ import annotations

import contextlib
import io
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.cli import main


@dataclass(frozen=True)
class Ran:
    """What one call of the command line printed and how it ended."""

    code: int
    out: str
    err: str


def call_main(*arguments: str | Path, cwd: Path | None = None, together: bool = False, **environ: str) -> Ran:
    """Call ``wirecopy``; ``together``: errors among the output, as a terminal shows them. A bug is raised."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    at_termination = signal.getsignal(signal.SIGTERM)
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out if together else err),
            contextlib.chdir(cwd or Path.cwd()),
            pytest.MonkeyPatch.context() as patch,
        ):
            for name, value in environ.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main([str(each) for each in arguments])
    finally:
        signal.signal(signal.SIGTERM, at_termination)
    printed = [stream.buffer.getvalue().decode() for stream in (out, err)]
    return Ran(int(ended.value.code or 0), *printed)
