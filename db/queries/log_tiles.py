"""Queries of the transparency log: the Merkle tree over the links of the chain (``db.merkle_tree``).

The leaf of number n (from 0) is the link of capture id n + 1. Level 0 has the hashes of leaves, computed from the
chain. Level 1 has the roots of full tiles of 256 leaves, level 2 those of 256 such roots, and so on: these are stored.
"""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from db.chain import CORRECTION
from db.errors import BadInput, Corrupt
from db.merkle_tree import consistency_ranges, inclusion_ranges, leaf_hash, range_root

if TYPE_CHECKING:
    from db.reader import Ask, Row

_LEAVES = "SELECT link FROM chain WHERE capture_id > :first AND capture_id <= :end ORDER BY capture_id"
_ROOTS = "SELECT root FROM tile WHERE level = :level AND number >= :first AND number < :end ORDER BY number"


def log_size(ask: Ask) -> int:
    """Return the number of entries in the log: the newest number of the chain."""
    return int(ask("SELECT coalesce(max(capture_id), 0) AS size FROM chain")[0]["size"])


def hashes(ask: Ask, level: int, first: int, end: int) -> list[bytes]:
    """Return the hashes of a level from number ``first`` to before ``end``. Raises Corrupt if some are missing."""
    if level == 0:
        read = [leaf_hash(row["link"]) for row in ask(_LEAVES, first=first, end=end)]
    else:
        read = [row["root"] for row in ask(_ROOTS, level=level, first=first, end=end)]
    if len(read) != end - first:
        what = f"{end - first - len(read)} hashes of level {level} from number {first} on are missing"
        raise Corrupt(f"the log is damaged: {what}. See: wirecopy verify")
    return read


def links(ask: Ask, first: int, end: int) -> list[bytes]:
    """Return the entries of the log from number ``first`` to before ``end``: links, 32 bytes each."""
    return [row["link"] for row in ask(_LEAVES, first=first, end=end)]


def tree_root(ask: Ask, size: int) -> bytes:
    """Return the root of the tree over the first ``size`` entries."""
    return range_root(partial(hashes, ask), 0, size)


def inclusion_proof(ask: Ask, number: int, size: int) -> list[bytes]:
    """Return the hashes that prove that the entry of a capture id is in the log of ``size``. Raises BadInput."""
    if not 0 < number <= size:
        raise BadInput(f"number {number} is not in the log of {size} entries; choose one from 1 to {size}")
    return [range_root(partial(hashes, ask), first, end) for first, end in inclusion_ranges(number - 1, size)]


def consistency_proof(ask: Ask, old: int, new: int) -> list[bytes]:
    """Return the hashes that prove that the log of ``new`` entries begins with that of ``old``. Raises BadInput."""
    if not 0 <= old <= new:
        raise BadInput(f"a log of {new} entries cannot begin with one of {old}; the older size comes first")
    return [range_root(partial(hashes, ask), first, end) for first, end in consistency_ranges(old, new)] if old else []


def entries_of_kind(ask: Ask, kind: str) -> list[Row]:
    """Return number and facts (JSON) of the entries of a kind, in their order."""
    return ask("SELECT number, facts FROM entry WHERE kind = :kind ORDER BY number", kind=kind)


def cut_off_correction(ask: Ask, run_id: int) -> timedelta | None:
    """Return by how much a run was re-dated by a repair that never finished, None if there is no such repair."""
    entries = [json.loads(row["facts"]) for row in entries_of_kind(ask, CORRECTION)]
    newest: dict[str, Any] = next((facts for facts in reversed(entries) if facts["run"] == run_id), {})
    if not ask("SELECT id FROM run WHERE id = :id AND finished_at IS NULL", id=newest.get("repair")):
        return None
    return timedelta(microseconds=newest["offset"])
