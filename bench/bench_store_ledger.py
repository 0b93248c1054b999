"""How fast captures are kept: through the store, in batches, with their links in the chain, each reaching the disk.

Revisits, and pages that were packed before: what keeping costs beside packing.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from db.store import Store, payloads
from tests.builders import T0, a_capture, add_source, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNIT = "captures/s"
BATCHES = 20
SOURCES = 100
HEADERS = tuple((f"X-Header-{number}", "a value as servers send them") for number in range(12))
WANTED = 1_000


def figures() -> Iterator[tuple[str, float]]:
    with TemporaryDirectory() as folder, Store(Path(folder) / "archive.db") as store:
        urls = [f"https://daily.example/{number}" for number in range(SOURCES)]
        ids = [add_source(store, url) for url in urls]

        def visits(turn: int, size: int, data: bytes | None) -> list[tuple[object, bytes]]:
            at = T0 + timedelta(minutes=turn)
            pairs = list(zip(ids, urls, strict=True))[:size]
            own = data or bytes.fromhex("".join(digest_of(str(turn), str(part)) for part in range(40)))
            return [
                (a_capture(each, at=at, url=url, headers=HEADERS), own if data else own + url.encode())
                for each, url in pairs
            ]

        page = b"a page that does not change " * 100
        store.record(visits(0, SOURCES, page))
        turn = 1
        for size in (1, 50, 100):
            made = [visits(turn + each, size, page) for each in range(BATCHES)]
            turn += BATCHES
            yield f"revisits, {size} at once", per_second(store, made)
        made = [visits(turn + each, SOURCES, None) for each in range(BATCHES)]
        with store.reading() as ask:  # the part of record that packs
            ready = [payloads.pack_all(ask, batch) for batch in made]
        yield f"new pages packed before, {SOURCES} at once", per_second(store, ready)


def per_second(store: Store, batches: list[list[tuple[object, object]]]) -> float:
    began = perf_counter()
    kept = sum(len(store.record(batch)) for batch in batches)
    return kept / (perf_counter() - began)


def findings(found: Mapping[str, float]) -> Iterator[str]:
    slowest = min(value for name, value in found.items() if "100 at once" in name)
    yield f"{slowest:,.0f} captures a second in batches of 100, wanted at least {WANTED:,}"
