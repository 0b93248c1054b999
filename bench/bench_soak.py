"""A week of hourly runs with a fault in every hour: what is lost, what is doubled, and how much memory and files grow.

::

    python bench/run.py soak           168 hours
    python bench/bench_soak.py 48      as many hours as named

One process makes all runs, as ``wirecopy up`` lets them be made, with a clock that is an hour later for each. Two sites
on loopback have articles that change every 21 hours, so each text is there for many checks, and the archive must have
each that a finished run received, exactly once and in order. The faults take turns: one of the sites answers 500,
closes connections, cuts bodies off or is silent, ``kill -9`` at a chance moment, a full disk (a small tmpfs, where
this user may mount one), and a clock that is wrong by two days or a year. An hour is not tried again, as ``up`` would
not. Texts that nobody asked for while they were there are counted apart: a site that fails is left alone for a while.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
if TYPE_CHECKING:
    from collections.abc import Iterator

UNIT = "of it"
HOURS, ARTICLES, LASTS = 168, 6, 21
START = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
FAULTS = ("none", "errors", "reset", "cut", "silent", "kill", "disk", "days", "year")
DISK = 64 << 20
CHANCE = 5
NIGHT = 3
INDEX = "# Seeds\n\n## Desk\n\nevery: 1h\n\n| name | url | kind |\n| --- | --- | --- |\n"


# --- the sites -------------------------------------------------------------------------------------------------------


def text(article: int, hour: int) -> list[str]:
    """The paragraphs of an article in an hour."""
    cost = 100 + 17 * ((hour + article) // LASTS)
    return [
        f"The council of ward {article} met on Monday and spoke for {3 + article} hours about the old bridge.",
        f"It will cost {cost} million crowns, the treasurer of ward {article} told the members after a long vote.",
        f"Work begins in spring, and boats will take people across the river until then from pier {article}.",
    ]


def page(article: int, hour: int) -> bytes:
    """An article's page in an hour."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in text(article, hour))
    head = f"<title>Bridge of ward {article}</title>"
    return f"<!doctype html>{head}<article><h1>Bridge of ward {article}</h1>{body}</article>".encode()


class Sites:
    """Both sites at one port, in an hour, with a fault or without."""

    def __init__(self) -> None:
        self.hour, self.fault = 0, "none"
        self.sent: set[tuple[int, int]] = set()
        sites = self

        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                sites.answer(self)

            def date_time_string(self, timestamp: float | None = None) -> str:
                del timestamp
                return format_datetime(START + timedelta(hours=sites.hour), usegmt=True)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        is_first = request.headers.get("Host", "").startswith("daily.")
        fault = self.fault if is_first == bool(self.hour // len(FAULTS) % 2) else "none"
        if fault == "reset":
            request.close_connection = True
            return
        if fault == "silent":
            time.sleep(1)
        name = request.path.rpartition("/")[2]
        status = 500 if fault == "errors" else 200 if name.isdigit() else 404
        number = int(name) if name.isdigit() else 0
        body = page(number, self.hour) if status == 200 else b"none"
        tag = f'"{number}-{(self.hour + number) // LASTS}"'
        if status == 200 and request.headers.get("If-None-Match") == tag:
            status, body = 304, b""
        request.send_response(status)
        request.send_header("Content-Type", "text/html; charset=utf-8")
        request.send_header("ETag", tag)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        with suppress(OSError):
            request.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
            if status == 200 and fault == "none":
                self.sent.add((number, (self.hour + number) // LASTS))
        request.close_connection = fault == "cut"


# --- the process that makes the runs ---------------------------------------------------------------------------------


def work(folder: Path) -> None:
    """Make the run that each line names, ``KIND TIME``, and say how it ended."""
    from archive.pipeline.refresh import refresh
    from archive.pipeline.upkeep import upkeep
    from archive.settings import Settings, load_settings

    class Later(Settings):
        """Settings of a machine whose clock is another: no fixed clock, which would turn off the look at servers."""

        ahead = timedelta()

        def now(self) -> datetime:
            return datetime.now(UTC) + self.ahead

        wall = now

    here = load_settings(os.environ, start=folder)
    values = {name: getattr(here, name) for name in Settings.__dataclass_fields__}
    settings = Later(**values | {"workers": 0})  # in this process, whose memory is looked at
    for line in sys.stdin:
        kind, clock = line.split()
        Later.ahead = datetime.fromisoformat(clock) - datetime.now(UTC)
        try:
            report = asyncio.run(refresh(settings) if kind == "refresh" else upkeep(settings))
            answer = {"end": "done", "counts": {name: number for name, number in report.counts.items() if number}}
        except Exception as error:  # noqa: BLE001  the bench counts every end
            answer = {"end": type(error).__name__, "why": str(error)[:200]}
        print(json.dumps(answer | {"memory": resident()}, default=str), flush=True)


def resident() -> float:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


class Worker:
    """The process that makes the runs, started again when it was killed."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port
        self._process: subprocess.Popen[str] | None = None

    def run(self, kind: str, clock: datetime, *, kill_after: float | None = None) -> dict[str, object]:
        if self._process is None:
            self._process = self._start()
        process = self._process
        process.stdin.write(f"{kind} {clock.isoformat()}\n")
        process.stdin.flush()
        if kill_after is not None:
            time.sleep(kill_after)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self._process = None
            return {"end": "killed"}
        return json.loads(process.stdout.readline())

    def _start(self) -> subprocess.Popen[str]:
        own = {"RESOLVE": f"*.example=127.0.0.1:{self._port}", "CONTACT": "desk@wire.example", "MIN_GAP": "0"}
        own |= {"DEADLINE": "0.5", "PROBE": "no"}
        return subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), "--worker", str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ) | {f"WIRECOPY_{name}": value for name, value in own.items()},
            start_new_session=True,
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait()


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A small file system in ``folder``, if this user may mount one."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    try:
        is_mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        is_mounted = False
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)  # noqa: S607


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """No free byte on a disk."""
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as stream:
        while stream.write(bytes(1 << 16)):
            pass
    try:
        yield
    finally:
        filler.unlink()


# --- the week --------------------------------------------------------------------------------------------------------


def figures(hours: int = HOURS) -> Iterator[tuple[str, float]]:
    with TemporaryDirectory() as place:
        folder = Path(place)
        disk = folder / "data"
        disk.mkdir()
        with small_disk(disk) as is_small:
            yield from _week(folder, hours, is_small=is_small)


def _week(folder: Path, hours: int, *, is_small: bool) -> Iterator[tuple[str, float]]:
    (folder / "seeds").mkdir()
    rows = [f"| {n} | http://{'daily' if n % 2 else 'wire'}.example/news/{n} | article |" for n in range(ARTICLES)]
    (folder / "seeds" / "INDEX.md").write_text(INDEX + "\n".join(rows) + "\n")
    sites, chance, ends = Sites(), random.Random(CHANCE), Counter[str]()
    worker, db = Worker(folder, sites.port), folder / "data" / "archive.db"
    memory: dict[int, float] = {}
    sizes: dict[int, int] = {}
    received: set[tuple[int, int]] = set()
    started = time.monotonic()
    for hour in range(hours):
        fault = FAULTS[hour % len(FAULTS)]
        fault = "none" if hour == 0 or (fault == "disk" and not is_small) else fault
        sites.hour, sites.fault = hour, fault
        clock = START + timedelta(hours=hour) + timedelta(days={"days": 2, "year": -365}.get(fault, 0))
        kind = "upkeep" if hour % 24 == NIGHT else "refresh"
        if fault == "disk":
            with filled(db.parent):
                answer = worker.run(kind, clock)
                ends["reads of a full disk that fail"] += not _can_read(db)
        else:
            answer = worker.run(kind, clock, kill_after=chance.uniform(0.05, 2) if fault == "kill" else None)
        ends[f"{fault}: {answer['end']}"] += 1
        received |= sites.sent if answer["end"] == "done" else set()
        sites.sent.clear()
        if "memory" in answer:
            memory[hour // 24] = max(memory.get(hour // 24, 0.0), float(str(answer["memory"])))
        if db.exists():
            sizes[hour // 24] = sum(
                path.stat().st_size for path in db.parent.glob("archive.db*") if "-" not in path.name[10:]
            )
        print(f"  {hour:>3} {fault:<6} {answer}"[:160], file=sys.stderr, flush=True)
    for extra in range(2):  # two quiet hours, in which everything that waits is done
        sites.hour, sites.fault = hours + extra, "none"
        worker.run("refresh", START + timedelta(hours=hours + extra))
    worker.stop()
    yield "hours", hours
    yield "seconds", time.monotonic() - started
    for name, number in sorted(ends.items()):
        yield f"runs, {name}" if ":" in name else name, number
    yield from _found(db, hours, received)
    for name, values in (("memory in MB", memory), ("files in MB", {day: size / 2**20 for day, size in sizes.items()})):
        for day in sorted({0, 1, len(values) // 2, max(values)} & values.keys()):
            yield f"{name}, day {day + 1}", values[day]


def _can_read(db: Path) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", "from archive.cli import main; main()", "--db", str(db), "status", "--json"],
        capture_output=True,
        check=False,
        env=dict(os.environ) | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
    )
    return done.returncode == 0


def _found(db: Path, hours: int, received: set[tuple[int, int]]) -> Iterator[tuple[str, float]]:
    """Compare the archive with the truth, and verify it."""
    from archive.api import Archive
    from archive.pipeline.recheck import open_recheck

    lost = doubled = unasked = 0
    with closing(sqlite3.connect(db)) as connection:
        for number in range(ARTICLES):
            bodies = [row[0] for row in connection.execute(_TEXTS, (f"%/news/{number}",))]
            shown = list(dict.fromkeys(text(number, hour)[1] for hour in range(hours + 2)))
            sent = {text(number, edition * LASTS - number)[1] for article, edition in received if article == number}
            costs = [next((line for line in body.splitlines() if "crowns" in line), "") for body in bodies]
            lost += len(sent - set(costs))
            unasked += len(set(shown) - set(costs) - sent)
            doubled += len(costs) - len(set(costs))
            doubled += [cost for cost in costs if cost in shown] != [
                sentence for sentence in shown if sentence in costs
            ]
        twice = connection.execute(_TWICE).fetchone()[0]
        captures, links = connection.execute(
            "SELECT (SELECT count(*) FROM capture), (SELECT count(*) FROM chain)"
        ).fetchone()
    yield "texts that sites showed", sum(len({text(n, hour)[1] for hour in range(hours + 2)}) for n in range(ARTICLES))
    yield "texts that nobody asked for", unasked
    yield "texts received and lost", lost
    yield "texts doubled or in another order", doubled
    yield "captures", captures
    yield "captures of one address at one instant", twice
    yield "links of the chain without a capture", links - captures
    with Archive(db) as archive:
        problems = list(archive.verify(deep=True))
    with open_recheck(db, fast=False) as recheck:
        problems += list(recheck.everything())
    for problem in problems[:10]:
        print(f"  {problem}", file=sys.stderr)
    yield "problems that verify finds", len(problems)


_TEXTS = """
    SELECT t.body FROM version v JOIN text t ON t.id = v.text_id JOIN source s ON s.id = v.source_id
    WHERE s.url LIKE ? AND v.superseded_at IS NULL ORDER BY v.number"""
_TWICE = """
    SELECT count(*) FROM (SELECT 1 FROM capture GROUP BY source_id, captured_at, part HAVING count(*) > 1)"""


def main() -> None:
    if sys.argv[1:2] == ["--worker"]:
        work(Path(sys.argv[2]))
        return
    for name, value in figures(int(sys.argv[1]) if len(sys.argv) > 1 else HOURS):
        print(f"{name:<44} {value:>10.1f}")


if __name__ == "__main__":
    main()
