"""The transparency log at a million entries: CPU of appending, of a root and of proofs.

The tree alone, as the store keeps it: links in ``chain``, and roots of full tiles in ``tile``.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from db.merkle_tree import is_included, leaf_hash
from db.queries import log_tiles
from db.store.log_tiles import grow
from db.writer import open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from db.reader import Ask

UNIT = "ms"
ENTRIES, BATCH, PROOFS = 1_000_000, 50, 200
BYTES = "bytes of tiles an entry"
WANTED = {"append one entry": 0.03, "inclusion proof": 5.0, "consistency proof": 5.0, BYTES: 1.0}


def figures() -> Iterator[tuple[str, float]]:
    links = [hashlib.sha256(number.to_bytes(8, "big")).digest() for number in range(ENTRIES)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        engine = open_engine(path)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE chain (capture_id INTEGER PRIMARY KEY, link BLOB)")
            columns = "level INTEGER, number INTEGER, root BLOB, PRIMARY KEY (level, number)"
            connection.exec_driver_sql(f"CREATE TABLE tile ({columns})")
            connection.exec_driver_sql("INSERT INTO chain VALUES (?, ?)", [*enumerate(links, 1)])
        before, started = size_of(path), process_time()
        with engine.begin() as connection:
            for first in range(0, ENTRIES, BATCH):
                grow(connection, first, first + BATCH)
        yield "append one entry", (process_time() - started) / ENTRIES * 1e3
        engine.dispose()
        yield BYTES, (size_of(path) - before) / ENTRIES
        with closing(sqlite3.connect(path)) as connection:
            yield from proofs(ask_of(connection), links)


def proofs(ask: Ask, links: list[bytes]) -> Iterator[tuple[str, float]]:
    started = process_time()
    root = log_tiles.tree_root(ask, ENTRIES)
    yield "root", (process_time() - started) * 1e3
    dice = random.Random(1)
    numbers = [dice.randrange(1, ENTRIES + 1) for _ in range(PROOFS)]
    started = process_time()
    paths = [log_tiles.inclusion_proof(ask, number, ENTRIES) for number in numbers]
    yield "inclusion proof", (process_time() - started) / PROOFS * 1e3
    started = process_time()
    for number in numbers:
        log_tiles.consistency_proof(ask, number, ENTRIES)
    yield "consistency proof", (process_time() - started) / PROOFS * 1e3
    started = process_time()
    for number, path in zip(numbers, paths, strict=True):
        assert is_included(leaf_hash(links[number - 1]), number - 1, ENTRIES, path, root)
    yield "check of a proof", (process_time() - started) / PROOFS * 1e3


def findings(measured: Mapping[str, float]) -> Iterator[str]:
    for name, most in WANTED.items():
        yield f"{name}: {measured[name]:.3f}, at most {most:g} wanted"


def size_of(path: Path) -> int:
    """Return the bytes of the file after all of its log was moved into it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def ask_of(connection: sqlite3.Connection) -> Ask:
    """Return an ``ask`` that builds its rows as ``db.reader.Reader`` does."""

    def ask(sql: str, /, **values: object) -> list[dict[str, object]]:
        cursor = connection.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    return ask
