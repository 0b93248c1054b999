"""Memory that import and derive of a WARC hold: for a file, and for one twice as large.

::

    python bench/run.py import_memory                  files of 96 and 192 MB
    python bench/bench_import_memory.py 64 1024        as large as named, in MB

The cache of the pages that others are packed against (``db.store.payloads``) takes up to 64 MB. So a file below some
80 MB holds less than a larger one, and growth is measured between files that both fill it.

Pages have 500 kB, most of it scripts that no two share, and a text of their own. Each file is read in a process of its
own, whose workers are looked at five times a second. A file of fewer than 20 MB needs none.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_extract_soak import resident

from tests.memory import peak

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

UNIT = "MB"
SMALL, LARGE = 96, 192
PAGE = 500_000
MOST_GROWTH = 1.25


def write_warc(path: Path, megabytes: int) -> int:
    """Write a WARC of about this size, and return its number of pages."""
    chance, pages = random.Random(1), megabytes * 2**20 // PAGE
    with path.open("wb") as out:
        for number in range(pages):
            words = [f"{chance.choice(_WORDS)}{chance.randrange(1000)}" for _ in range(300)]
            body = "".join(f"<p>{' '.join(words[at : at + 30])}.</p>" for at in range(0, 300, 30))
            script = f"<script>const data = '{chance.randbytes(PAGE // 2 - 2_000).hex()}'</script>"
            page = (
                f"<!doctype html><title>Story {number}</title>{script}<article><h1>Story {number}</h1>{body}</article>"
            )
            block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page.encode()
            head = (
                "WARC/1.1\r\nWARC-Type: response\r\n"
                f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012d}>\r\n"
                f"WARC-Date: 2026-01-{1 + number % 28:02d}T08:00:00Z\r\n"
                f"WARC-Target-URI: https://daily{number % 40}.example/story/{number}\r\n"
                f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
            )
            out.write(head.encode() + block + b"\r\n\r\n")
    return pages


_WORDS = ("harbour", "council", "bridge", "minister", "harvest", "library", "railway", "hospital", "valley", "orchard")


def descendants(process: str) -> Iterator[str]:
    """Ids of the child processes of a process, and of theirs."""
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield child
                yield from descendants(child)


def read(folder: Path, warc: Path) -> None:
    """Import and derive a file, and print what was held: this is the process that is measured."""
    from archive.pipeline.import_files import import_files
    from archive.settings import load_settings

    workers, is_over = [0.0], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.2):
            workers[0] = max([workers[0], *map(resident, descendants("self"))])

    watcher = threading.Thread(target=watch)
    watcher.start()
    result = import_files(load_settings(os.environ, start=folder), [warc])
    is_over.set()
    watcher.join()
    print(json.dumps({"versions": result.versions, "process": peak() / 2**20, "worker": workers[0]}))


def figures(sizes: Sequence[int] = (SMALL, LARGE)) -> Iterator[tuple[str, float]]:
    for megabytes in sizes:
        with TemporaryDirectory() as place:
            folder, warc = Path(place), Path(place) / "stories.warc"
            pages = write_warc(warc, megabytes)
            command = [sys.executable, str(Path(__file__).resolve()), "--read", str(folder), str(warc)]
            environ = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
            done = subprocess.run(command, capture_output=True, check=True, env=environ)
            held = json.loads(done.stdout.splitlines()[-1])
            if held["versions"] != pages:
                raise SystemExit(f"{held['versions']} of {pages} pages became versions")
            yield f"a WARC of {megabytes} MB, the process", held["process"]
            yield f"a WARC of {megabytes} MB, its largest worker", held["worker"]


def findings(found: Mapping[str, float]) -> Iterator[str]:
    first, _, last, _ = found.values()
    yield f"the process grows by {last / first:.2f}, wanted: at most {MOST_GROWTH}"


def main() -> None:
    if sys.argv[1:2] == ["--read"]:
        read(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    for name, value in figures([int(size) for size in sys.argv[1:]] or (SMALL, LARGE)):
        print(f"{name:<44} {value:>8.1f} {UNIT}", flush=True)


if __name__ == "__main__":
    main()
