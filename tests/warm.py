"""A warmed interpreter that makes runs for a test, each in a fork of its own, and kills it after so many seconds.

::

    with Warm() as warm:
        warm.run("refresh", folder, environ)                 # to the end; raises if it fails
        warm.run("refresh", folder, environ, kill_after=0.3)  # False if it was over by then
        warm.begin("refresh", folder, environ, [{"shard": [1, 2]}, {"shard": [2, 2]}])  # two at once
        warm.end()                                           # their exit codes

Importing all that a run needs takes a second of CPU; a hundred killed runs would spend most of their time on that. A
fork of a process that has it all, and neither threads nor open files, begins at once, and is otherwise the real thing.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parent.parent
KILLED = -signal.SIGKILL
_LONGEST = 500.0  # seconds a run may take on a busy machine before something is wrong with it
_NEEDED = (
    "archive.pipeline.refresh",
    "archive.pipeline.backfill",
    "archive.extract.page",
    "archive.settings",
    "alembic.command",
    "sqlalchemy.dialects.sqlite",
)


def why_no_hosts() -> str | None:
    """The reason why no process can be given another host name here, None if one can."""
    if shutil.which("unshare") is None:
        return "unshare is missing"
    tried = subprocess.run(["unshare", "--uts", "hostname", "other"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"no other host name is permitted: {tried.stderr.strip()}"


class Warm:
    """The warmed process, from the side of the test. ``host``: the name of the host that it believes to be on."""

    def __init__(self, host: str = "") -> None:
        self._host = host

    def __enter__(self) -> Self:
        pipe = subprocess.PIPE
        command = [sys.executable, __file__]
        if self._host:
            command = ["unshare", "--uts", "sh", "-c", f'hostname {self._host}; exec "$0" "$@"', *command]
        self._child = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._child.communicate()

    def run(
        self, verb: str, folder: Path, environ: dict[str, str], *, kill_after: float | None = None, **how: Any
    ) -> bool:
        """Make a run in ``folder``; True if it was killed, False if it came to its end. Raises if it failed."""
        self.begin(verb, folder, environ, [how], kill_after=kill_after)
        (ended,) = self.end()
        if ended not in {0, KILLED} or (ended == KILLED and kill_after is None):
            raise AssertionError(f"{verb} in {folder} ended with {ended}: {(folder / 'said-0').read_text()}")
        return bool(ended == KILLED)

    def begin(
        self,
        verb: str,
        folder: Path,
        environ: dict[str, str],
        hows: list[dict[str, Any]],
        *,
        kill_after: float | str | None = None,
    ) -> None:
        """Begin so many runs at once. The first of them is killed after so many seconds, or when that file appears."""
        assert self._child.stdin is not None
        order = {"verb": verb, "folder": str(folder), "environ": environ, "kill_after": kill_after, "hows": hows}
        self._child.stdin.write(f"{json.dumps(order)}\n")
        self._child.stdin.flush()

    def end(self) -> list[int]:
        """Wait for the runs that were begun, and return their exit codes."""
        assert self._child.stdout is not None
        codes: list[int] = json.loads(self._child.stdout.readline())
        return codes


# --- the warmed process ----------------------------------------------------------------------------------------------


def serve() -> None:
    for name in _NEEDED:
        importlib.import_module(name)
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(_make(json.loads(line)))}\n")
        sys.stdout.flush()


def _make(order: dict[str, Any]) -> list[int]:
    """The exit codes of the runs, negative for a signal."""
    children = [_fork(order, number) for number in range(len(order["hows"]))]
    codes = [_code(children[0], _LONGEST if order["kill_after"] is None else order["kill_after"])]
    return codes + [_code(child, _LONGEST) for child in children[1:]]


def _fork(order: dict[str, Any], number: int) -> int:
    child = os.fork()
    if child == 0:
        os._exit(_run(order, number))
    return child


def _code(child: int, until: float | str) -> int:
    ends = time.monotonic() + (_LONGEST if isinstance(until, str) else until)
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= ends or (isinstance(until, str) and Path(until).exists()):
            os.kill(child, signal.SIGKILL)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        time.sleep(0.001)


def _run(order: dict[str, Any], number: int) -> int:
    from archive.pipeline.refresh import Shard
    from archive.settings import load_settings

    said = Path(order["folder"]) / f"said-{number}"
    with said.open("w") as out:
        os.dup2(out.fileno(), 2)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(2, 1)
        try:
            settings = load_settings(order["environ"], start=Path(order["folder"]))
            how = {
                name: date.fromisoformat(value) if name in {"since", "until"} else value
                for name, value in order["hows"][number].items()
            }
            if "workers" in how:  # 0: it extracts and compares by itself, which the settings do not offer
                settings = replace(settings, workers=how.pop("workers"))
            if "lease" in how:  # seconds: shorter than any that a person would wait for
                settings = replace(settings, lease=timedelta(seconds=how.pop("lease")))
            if "shard" in how:
                how["shard"] = Shard(number=how["shard"][0], of=how["shard"][1])
            verb = order["verb"]
            module = importlib.import_module(f"archive.pipeline.{verb}")
            asyncio.run(getattr(module, verb)(settings, **how))
        except BaseException:  # noqa: BLE001  # a fork must not fall through into its parent's loop
            traceback.print_exc(file=out)
            return 1
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    serve()
