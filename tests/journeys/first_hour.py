"""What a scripted first hour needs: a small web on loopback whose pages change, and a terminal (tmux) with a shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

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
    """A shell in a terminal of 80 columns, in an empty folder. ``wirecopy`` is on its path, as installed.

    The terminal is tmux: what is read is the screen that a person sees, with what was printed over.
    """

    def __init__(self, folder: Path) -> None:
        if shutil.which("tmux") is None:
            pytest.skip("there is no tmux here; apt-get install tmux")
        self.folder = folder
        programs = folder.parent / f"{folder.name}-bin"
        programs.mkdir()
        program = programs / "wirecopy"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -c "from archive.cli import main; main()" "$@"\n')
        program.chmod(0o755)
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TMUX")},
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PS1": "",
            "PS2": "",
            "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
            "HOME": str(folder),
        }
        self._socket = programs / "tmux"
        self._typed, self._read = 0, ""
        size = ("-x", str(COLUMNS), "-y", "40")
        settings = ("set", "-g", "history-limit", "20000", ";", "set", "-g", "status", "off", ";")
        self._tmux("-f", os.devnull, *settings, "new-session", "-d", *size, "-c", str(folder), "/bin/sh")
        self.type("stty -echo; clear")
        self.run("true")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self._socket), *arguments]
        return subprocess.run(command, env=self._environ, check=True, stdout=subprocess.PIPE, text=True).stdout

    def type(self, line: str) -> None:
        """Type a line."""
        self._tmux("send-keys", "-l", line)
        self._tmux("send-keys", "Enter")

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C."""
        self._tmux("send-keys", "C-c")

    def until(self, pattern: str) -> str:
        """Return what the terminal shows up to a match of ``pattern``, after what was read before."""
        deadline = time.monotonic() + PATIENCE
        while True:
            screen = self._tmux("capture-pane", "-p", "-J", "-S", "-").rstrip()
            shown = screen.removeprefix(self._read)
            if re.search(pattern, shown):
                self._read = screen
                return shown
            if time.monotonic() > deadline:
                raise AssertionError(f"no {pattern!r} in:\n{shown}")
            time.sleep(0.05)

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
