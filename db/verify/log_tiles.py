"""Checks of the transparency log: numbers without gaps, the roots of tiles, and entries that are no captures."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from db.errors import Corrupt
from db.merkle_tree import TILE, fold
from db.queries import log_tiles
from db.records import Problem
from db.verify.common import RESTORE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.reader import Reader

_GAPS = "SELECT count(*) AS links, coalesce(max(capture_id), 0) AS newest FROM chain"
_TILES = "SELECT number, root FROM tile WHERE level = :level ORDER BY number"
_ENTRIES = """
    SELECT e.number, e.facts, c.facts AS digest FROM entry e LEFT JOIN chain c ON c.capture_id = e.number
    ORDER BY e.number"""


def log(reader: Reader) -> Iterator[Problem]:
    """Check that the tree of the log can be computed, and that each stored root is that of its entries."""
    (counts,) = reader.ask(_GAPS)
    if counts["links"] != counts["newest"]:
        what = f"{counts['newest'] - counts['links']} numbers of the chain are missing, so that no proof of it holds"
        yield Problem(what=what, where="the log", todo=RESTORE)
        return
    yield from _tile_problems(reader, counts["newest"])
    for row in reader.ask(_ENTRIES):
        if row["digest"] != hashlib.sha256(row["facts"].encode()).digest():
            where = f"entry {row['number']} of the log"
            yield Problem(what="it is not what the chain recorded", where=where, todo=RESTORE)


def _tile_problems(reader: Reader, size: int) -> Iterator[Problem]:
    level, full = 1, size // TILE
    while True:
        roots = {row["number"]: row["root"] for row in reader.ask(_TILES, level=level)}
        for number in range(full):
            try:
                hashes = log_tiles.hashes(reader.ask, level - 1, number * TILE, (number + 1) * TILE)
            except Corrupt:  # reported at the level below
                continue
            if roots.get(number) != fold(hashes):
                what = "its root is missing" if number not in roots else "its root is not that of its entries"
                yield Problem(what=what, where=f"tile {number} of level {level}", todo=RESTORE)
        if surplus := len(roots.keys() - range(full)):
            what = f"{surplus} roots are more than the log has entries for"
            yield Problem(what=what, where=f"level {level} of the log", todo=RESTORE)
        if not full:
            return
        level, full = level + 1, full // TILE
