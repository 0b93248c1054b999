"""Proofs of the log's Merkle tree (RFC 9162, 2.1.3.2 and 2.1.4.2), and of the chain that its leaves come from."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_PATH: Final = 64
"""Most hashes of a proof."""

_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


def is_in_tree(entry: dict[str, Any], size: int, root: bytes) -> bool:
    """True if the facts of an entry, with the link before it, are the leaf of its number (RFC 9162, 2.1.3.2)."""
    facts, before, path = entry.get("facts"), entry.get("before"), entry.get("path")
    if not (isinstance(facts, str) and isinstance(path, list) and len(path) <= MOST_PATH and before is not None):
        return False
    if not all(isinstance(text, str) and _HEX.fullmatch(text) for text in (before, *path)):
        return False
    link = hashlib.sha256(bytes.fromhex(before) + hashlib.sha256(facts.encode("utf-8", "replace")).digest()).digest()
    computed = hashlib.sha256(b"\0" + link).digest()
    number, last = entry["number"] - 1, size - 1
    if not 0 <= number <= last:
        return False
    for sibling in map(bytes.fromhex, path):
        if last == 0:
            return False
        if number & 1 or number == last:
            computed = hashlib.sha256(b"\1" + sibling + computed).digest()
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            computed = hashlib.sha256(b"\1" + computed + sibling).digest()
        number, last = number >> 1, last >> 1
    return last == 0 and computed == root


def is_consistent(old: int, new: int, path: Sequence[str], old_root: bytes, new_root: bytes) -> bool:
    """True if ``path`` (hexadecimal) proves that the tree of ``new`` leaves begins with that of ``old``."""
    if old == new:
        return not path and old_root == new_root
    if not path or not 0 < old < new or len(path) > MOST_PATH or not all(map(_HEX.fullmatch, path)):
        return False
    hashes = [*([old_root] if old & (old - 1) == 0 else []), *map(bytes.fromhex, path)]
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before = hashlib.sha256(b"\1" + sibling + before).digest()
            after = hashlib.sha256(b"\1" + sibling + after).digest()
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            after = hashlib.sha256(b"\1" + after + sibling).digest()
        number, last = number >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
