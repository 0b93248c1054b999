"""A warmed interpreter that calls verbs of the command line, each in a fork of its own, and kills it at a step.

::

    with VerbForks() as forks:
        forks.call(folder, environ, "import", "pages.jsonl")              # to its end
        forks.call(folder, environ, "import", "pages.jsonl", kill_at=7)   # killed before its seventh step

A step is what can leave a trace in ``folder``: a file that is opened for writing, renamed, linked or removed, a folder
made or removed, and a statement of SQL that writes, begins or ends a transaction. A call starts its worker processes
as always.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parent.parent
KILLED = -signal.SIGKILL
_NEEDED = (
    "archive.cli.import_extract",
    "archive.cli.maintenance",
    "archive.cli.evidence",
    "archive.cli.export",
    "archive.cli.log",
    "archive.cli.offload",
    "archive.cli.run",
    "archive.api.packs",
    "archive.export",
    "archive.extract.page",
    "archive.pipeline.import_files",
    "archive.pipeline.repair_clock",
    "archive.pipeline.second_captures",
    "alembic.command",
    "sqlalchemy.dialects.sqlite",
)
_FILE_EVENTS = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
_READS = ("SELECT", "PRAGMA", "EXPLAIN", "--")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended: its exit code (negative for a signal), what it printed, and how many steps it made."""

    code: int
    text: str
    steps: int


class VerbForks:
    """The warmed process, from the side of the test."""

    def __enter__(self) -> Self:
        pipe = subprocess.PIPE
        self._child = subprocess.Popen([sys.executable, __file__], cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._child.communicate()

    def call(self, folder: Path, environ: dict[str, str], *arguments: str, kill_at: int = 0) -> Ended:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        order = {"folder": str(folder), "environ": environ, "arguments": arguments, "kill_at": kill_at}
        self._child.stdin.write(f"{json.dumps(order)}\n")
        self._child.stdin.flush()
        return Ended(**json.loads(self._child.stdout.readline()))


# --- the warmed process ----------------------------------------------------------------------------------------------


def serve() -> None:
    for name in _NEEDED:
        importlib.import_module(name)
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(_call(json.loads(line)))}\n")
        sys.stdout.flush()


def _call(order: dict[str, Any]) -> dict[str, Any]:
    printed, steps = os.memfd_create("printed"), os.memfd_create("steps")
    child = os.fork()
    if child == 0:
        os._exit(_run(order, printed, steps))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    answer = {"code": code, "text": _content(printed), "steps": len(_content(steps))}
    os.close(printed)
    os.close(steps)
    return answer


def _content(descriptor: int) -> str:
    return os.pread(descriptor, 1 << 20, 0).decode()


def _run(order: dict[str, Any], printed: int, steps: int) -> int:
    from archive.cli import main

    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    os.chdir(order["folder"])
    os.environ.update(order["environ"])
    _count_steps(order["folder"], steps, order["kill_at"])
    try:
        main(order["arguments"])
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        return int(end.code or 0)
    except BaseException:  # noqa: BLE001  # a fork must not fall through into its parent's loop
        traceback.print_exc()
        sys.stderr.flush()
        return 99
    return 98  # main always exits


def _count_steps(folder: str, steps: int, kill_at: int) -> None:
    """Write a byte for each step from now on, and end this process before the one of that number."""
    made = 0

    def step() -> None:
        nonlocal made
        made += 1
        if made == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(steps, b".")

    def on_event(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
        if (writes or event in _FILE_EVENTS) and folder in str(Path(str(arguments[0])).absolute()):
            step()

    def on_statement(statement: str) -> None:
        if not statement.lstrip().upper().startswith(_READS):
            step()

    connect = sqlite3.connect

    def traced(*arguments: Any, **more: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **more)
        connection.set_trace_callback(on_statement)
        return connection

    sqlite3.connect = sqlite3.dbapi2.connect = traced
    sys.addaudithook(on_event)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    serve()
