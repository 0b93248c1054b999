"""Real page histories in archives of their own, for the benches of the store: made once, asked by all."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from db.store import Store, payloads
from tests.pagehistories import TOGETHER, VERSIONS, Seen, captures_of, histories, payload_bytes

SETS = ("ota", "news") if VERSIONS.is_dir() else ()


@dataclass(frozen=True)
class Stored:
    """One set in an archive, what it took there (bytes a version), and CPU to pack it (milliseconds a version)."""

    folder: TemporaryDirectory[str]
    seen: list[Seen]
    taken: float
    packing: float

    @property
    def db(self) -> Path:
        return Path(self.folder.name) / "archive.db"


@cache
def stored(name: str) -> Stored:
    """The set, kept as a run keeps it: batches of 50 in the order of time, packed before they are kept."""
    folder = TemporaryDirectory()
    seen = histories(name)
    packing = 0.0
    with Store(Path(folder.name) / "archive.db") as store:
        found = captures_of(store, seen)
        for start in range(0, len(found), TOGETHER):
            batch = found[start : start + TOGETHER]
            began = process_time()
            with store.reading() as ask:  # the part of record that packs
                ready = payloads.pack_all(ask, batch)
            packing += process_time() - began
            store.record(ready)
        taken = payload_bytes(store.ask) / len(seen)
    return Stored(folder, seen, taken, 1000 * packing / len(seen))
