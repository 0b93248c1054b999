"""What a scripted first hour needs: a small web on loopback whose pages change, and a terminal with a shell in it."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.newsroom import PARAGRAPHS, page
from tests.replies import page as reply
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 240.0  # seconds for one command on a busy machine
COLUMNS = 80

TALKS, COPY = "http://daily.example/border-talks", "http://mirror.example/strait-pact"
CORRECTED = [text.replace("300", "30") for text in PARAGRAPHS]
FEED = (
    b'<rss version="2.0"><channel><title>Daily</title><item><title>Ministers promise to reopen the strait</title>'
    b"<link>http://daily.example/border-talks</link></item></channel></rss>"
)
_MARKS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][0-9A-Z]|\r")


@contextmanager
def small_web() -> Iterator[Site]:
    """A site for every host: an article, a copy of it, a feed, and nothing else."""
    with Site() as site:
        site.pages["/border-talks"] = reply(page())
        site.pages["/strait-pact"] = reply(page(title="Pact on boats in the strait"))
        site.pages["/feed.xml"] = reply(FEED, Content_Type="application/rss+xml")
        yield site


def settings_for(site: Site) -> str:
    """Return the lines that a person writes into wirecopy.toml; names lead to the small web."""
    return f'contact = "ana@daily.example"\nmin_gap = 0\nresolve = {{"*.example" = "127.0.0.1:{site.port}"}}\n'


def correct(site: Site) -> None:
    """Change a figure of the article: 300 becomes 30."""
    site.pages["/border-talks"] = reply(page(*CORRECTED))


class Terminal:
    """A shell in a terminal of 80 columns, in an empty folder. ``wirecopy`` is on its path, as installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = folder.parent / f"{folder.name}-bin"
        programs.mkdir()
        program = programs / "wirecopy"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -c "from archive.cli import main; main()" "$@"\n')
        program.chmod(0o755)
        environ = {
            **os.environ,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PS1": "",
            "PS2": "",
            "TERM": "xterm",
            "HOME": str(folder),
        }
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.execve("/bin/sh", ["/bin/sh"], environ)  # noqa: S606 - the shell is the point
        self._typed = 0
        self.type(f"stty -echo cols {COLUMNS} rows 40")
        self.run("true")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(os.getpgid(self._pid), signal.SIGHUP)
        os.close(self._terminal)
        os.waitpid(self._pid, 0)

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._terminal, line.encode() + b"\n")

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C."""
        os.write(self._terminal, b"\x03")

    def until(self, pattern: str) -> str:
        """Return what the terminal shows up to a match of ``pattern``."""
        output, deadline = "", time.monotonic() + PATIENCE
        while not re.search(pattern, output):
            if time.monotonic() > deadline or not select.select([self._terminal], [], [], PATIENCE)[0]:
                raise AssertionError(f"no {pattern!r} in:\n{output}")
            output += _MARKS.sub("", os.read(self._terminal, 65_536).decode("utf-8", "replace"))
        return output

    def run(self, command: str, *, code: int = 0) -> str:
        """Type a command, and return what it printed in one line of words; it must end with ``code``."""
        self._typed += 1
        self.type(f"{command}; echo \"[{self._typed}:\"$?']'")
        output = self.until(rf"\[{self._typed}:\d+\]")
        printed, _, end = output.rpartition(f"[{self._typed}:")
        assert end.startswith(f"{code}]"), f"{command} ended with {end}\n{printed}"
        wide = [line for line in printed.splitlines() if len(line) > COLUMNS and not _has_long_word(line)]
        assert wide == []
        return " ".join(printed.split())


def _has_long_word(line: str) -> bool:
    """True for a line with a path or a digest, which is never broken."""
    return max(map(len, line.split())) > COLUMNS // 2
