"""The time stamps of an evidence file: by when an entry was in the log, and after when it entered it.

A stamped checkpoint is the beginning of the log, so every entry in it existed by the time of the stamp. The digest of
the stamp is an entry of the log itself, so every later entry came after that time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from .canonical_zip import Refused, parse_json
from .note_signature import decode_base64
from .time_stamp import MOST_REPLY, check
from .tree_proof import is_consistent, is_in_tree

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from .canonical_zip import Package

ANCHORS: Final = "evidence/anchors.jsonl"
"""The member with one line for each time stamp."""

_MOST_ANCHORS: Final = 100


@dataclass
class Windows:
    """The time stamps that hold, the number of those that do not, and sentences about what is false or unknown."""

    stamps: list[tuple[datetime, int, int | None]] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def until(self, number: int) -> datetime | None:
        """Return the earliest proven time by which an entry was in the log."""
        return min((moment for moment, size, _ in self.stamps if number <= size), default=None)

    def since(self, number: int) -> datetime | None:
        """Return the latest proven time after which an entry came into the log."""
        return max((moment for moment, _, entry in self.stamps if entry is not None and entry < number), default=None)


def read_windows(package: Package, size: int, root: bytes, roots: Path | None) -> Windows:
    """Check every time stamp of a file whose log has this size and root. ``roots``: trusted certificates (PEM)."""
    windows = Windows()
    lines = package.read(ANCHORS).splitlines()
    if len(lines) > _MOST_ANCHORS:
        raise Refused(f"{ANCHORS} has more than {_MOST_ANCHORS} time stamps")
    for line in lines:
        _read(parse_json(line, ANCHORS), package, size, root, roots, windows)
    return windows


def _read(
    anchor: dict[str, Any], package: Package, size: int, root: bytes, roots: Path | None, windows: Windows
) -> None:
    note, digest, entry = str(anchor["checkpoint"]), str(anchor["reply"]), anchor.get("entry")
    _, count, encoded, *_ = [*note.split("\n"), "", "", ""]
    stamped = int(count) if count.isascii() and count.isdecimal() and len(count) < 19 else 0  # noqa: PLR2004
    member = f"evidence/anchors/{digest[:64]}.tsr"
    reply = package.read(member)[: MOST_REPLY + 1]
    if not is_consistent(stamped, size, anchor["consistency"], decode_base64(encoded), root):
        windows.false.append(f"the stamped checkpoint of {stamped} entries is the beginning of this log")
        return
    if not reply or hashlib.sha256(reply).hexdigest() != digest:
        windows.false.append(f"{member} is the time stamp that {ANCHORS} names")
        return
    number = None
    if entry is not None:
        facts = parse_json(str(entry["facts"]).encode("utf-8", "replace"), ANCHORS)
        is_right = facts.get("kind") == "anchor" and facts.get("reply_sha256") == digest
        if not is_right or not is_in_tree(entry, size, root):
            windows.false.append(f"the time stamp {digest[:16]} is an entry of this log")
            return
        number = entry["number"]
    if roots is None:
        why = "name the root certificate of its authority with --root, from elsewhere than this file"
        windows.unknown.append(f"the time stamp of the first {stamped} entries: {why}")
        return
    stated_at, problem = check(reply, note.encode(), roots)
    if stated_at is None:
        windows.unknown.append(f"the time stamp of the first {stamped} entries: {problem}")
    else:
        windows.stamps.append((stated_at, stamped, number))
