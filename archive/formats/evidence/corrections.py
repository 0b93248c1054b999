"""The corrections of dates: entries of the log that say by how much the clock of a run was wrong.

The facts of a capture have its dates as they were recorded. A correction of its run that came into the log later gives
the corrected dates. Both are statements of the archive: the log proves that it made them, and in which order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from .canonical_zip import Refused, parse_json
from .tree_proof import is_in_tree

if TYPE_CHECKING:
    from .canonical_zip import Package

CORRECTIONS: Final = "evidence/corrections.jsonl"
"""The member with one entry of the log for each correction."""

_MOST: Final = 100


@dataclass
class Corrections:
    """The corrections that are in the log, as (number, run, microseconds to add), and sentences that are false."""

    rows: list[tuple[int, int, int]] = field(default_factory=list)
    false: list[str] = field(default_factory=list)

    def of(self, number: int, facts: dict[str, Any]) -> list[tuple[int, int]]:
        """Return the corrections (number, microseconds) of the capture with this number and these facts."""
        if "provenance" in facts:  # it came from another archive or a file, and has that one's dates
            return []
        run = facts.get("run_id")
        return [(entry, offset) for entry, of_run, offset in self.rows if of_run == run and entry > number]


def read_corrections(package: Package, size: int, root: bytes) -> Corrections:
    """Read every correction of a file whose log has this size and root."""
    corrections = Corrections()
    lines = package.read(CORRECTIONS).splitlines()
    if len(lines) > _MOST:
        raise Refused(f"{CORRECTIONS} has more than {_MOST} corrections")
    for line in lines:
        entry = parse_json(line, CORRECTIONS)
        facts = parse_json(str(entry["facts"]).encode("utf-8", "replace"), CORRECTIONS)
        number, run, offset = entry["number"], facts.get("run"), facts.get("offset")
        if not all(isinstance(value, int) for value in (number, run, offset)):
            raise Refused(f"{CORRECTIONS} has an entry that corrects no run")
        if facts.get("kind") != "clock" or not is_in_tree(entry, size, root):
            corrections.false.append(f"the correction with number {number} is an entry of this log")
        elif number not in {known for known, _, _ in corrections.rows}:
            corrections.rows.append((number, run, offset))
    return corrections
