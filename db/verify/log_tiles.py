"""Checks of the transparency log: numbers without gaps, the roots of tiles, and entries that are no captures."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from db.chain import CORRECTION
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
    SELECT e.number, e.kind, CAST(e.facts AS BLOB) AS facts, c.facts AS digest
    FROM entry e LEFT JOIN chain c ON c.capture_id = e.number ORDER BY e.number"""


def log(reader: Reader) -> Iterator[Problem]:
    """Check that the tree of the log can be computed, and that each stored root is that of its entries."""
    (counts,) = reader.ask(_GAPS)
    if counts["links"] != counts["newest"]:
        what = f"{counts['newest'] - counts['links']} numbers of the chain are missing, so that no proof of it holds"
        yield Problem(what=what, where="the log", todo=RESTORE)
        return
    yield from _tile_problems(reader, counts["newest"])
    for row in reader.ask(_ENTRIES):
        content, where = bytes(row["facts"]), f"entry {row['number']} of the log"
        is_correction = CORRECTION in {row["kind"], _kind(content)}
        if row["digest"] != hashlib.sha256(content).digest():
            yield Problem(what=_CHANGED_CORRECTION if is_correction else _CHANGED, where=where, todo=RESTORE)
        elif row["kind"] != _kind(content):
            what = (
                f"its kind is not that of its facts; {_DATES}" if is_correction else "its kind is not that of its facts"
            )
            yield Problem(what=what, where=where, todo=RESTORE)


_CHANGED = "it is not what the chain recorded"
_DATES = "it corrects the dates of a run (wirecopy repair-clock), whose captures do not fit their links without it"
_CHANGED_CORRECTION = f"{_CHANGED}; {_DATES}"


def _kind(facts: bytes) -> object:
    """Return the kind in the facts of an entry, None if they cannot be read."""
    try:
        values = json.loads(facts)
    except (ValueError, RecursionError):
        return None
    return values.get("kind") if isinstance(values, dict) else None


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
            break
        level, full = level + 1, full // TILE
    for row in reader.ask("SELECT DISTINCT level FROM tile WHERE level < 1 OR level > :level", level=level):
        yield Problem(what="the log has no such level", where=f"level {row['level']} of the log", todo=RESTORE)
