"""The Merkle tree of RFC 6962 over entries of a log: roots, proofs and their checks. Pure functions.

::

    leaf = sha256(0x00, entry)        node = sha256(0x01, left, right)

Only ranges of leaves are computed here. ``db.queries.log_tiles`` reads their hashes, of which it stores one in 256.
The checks are the algorithms of RFC 9162, 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    ReadHashes = Callable[[int, int, int], list[bytes]]
    """Returns the hashes of a level from one number to before another. See ``range_root``."""

TILE: Final = 256
"""Hashes in a full tile (C2SP tlog-tiles). The root of a full tile is one hash of the level above."""

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""

Range = tuple[int, int]
"""Leaves from the first number to before the second."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf. The entries of our log are links of the chain: 32 bytes."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node with two children."""
    return hashlib.sha256(b"\1" + left + right).digest()


def fold(hashes: Iterable[bytes]) -> bytes:
    """Return the root over hashes of subtrees of one size, of which the last may be smaller. None: EMPTY_ROOT."""
    level = list(hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def range_root(read: ReadHashes, first: int, end: int) -> bytes:
    """Return the root over leaves, from hashes of leaves (level 0) and roots of full tiles (levels 1, 2 and so on).

    ``first`` is 0, or a multiple of a power of two that is not less than the number of leaves.
    """
    size = end - first
    if size == 0:
        return EMPTY_ROOT
    level, unit = 0, 1
    while size >= unit * TILE:
        level, unit = level + 1, unit * TILE
    whole = size // unit
    subtrees = read(level, first // unit, first // unit + whole)
    rest = [range_root(read, first + whole * unit, end)] if size % unit else []
    return fold([*subtrees, *rest])


def inclusion_ranges(leaf: int, size: int) -> list[Range]:
    """Return the ranges whose roots prove that a leaf is in the tree of ``size`` leaves, from the leaf upwards."""
    ranges: list[Range] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if leaf < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Return the ranges whose roots prove that a tree of ``new`` leaves begins with that of ``old`` (1 to ``new``)."""
    ranges: list[Range] = []
    first, end, is_whole = 0, new, True
    while old != end:
        middle = first + _split(end - first)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first, is_whole = middle, False
    return ranges[::-1] if is_whole else [(first, end), *ranges[::-1]]


def _split(size: int) -> int:
    """Return the largest power of two below ``size``, which is more than 1."""
    return 1 << ((size - 1).bit_length() - 1)


def is_included(entry_hash: bytes, leaf: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """True if ``path`` proves that the leaf with this hash is number ``leaf`` of the tree with this size and root."""
    if not 0 <= leaf < size:
        return False
    number, last, computed = leaf, size - 1, entry_hash
    for sibling in path:
        if last == 0:
            return False
        if number & 1 or number == last:
            computed = node_hash(sibling, computed)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and computed == root


def is_consistent(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """True if ``path`` proves that the tree of ``new`` leaves with ``new_root`` begins with the old one."""
    if old in {0, new}:
        return not path and old_root == (new_root if old == new else EMPTY_ROOT)
    if not path or not 0 < old < new:
        return False
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
