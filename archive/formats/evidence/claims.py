"""The lines of an answer about an evidence file, and what was read of the file so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from .canonical_zip import Refused, parse_json
from .corrections import Corrections
from .windows import Windows

if TYPE_CHECKING:
    from .canonical_zip import Package

PROVEN, NOT_PROVEN, FALSE, REPEATABLE = "proven", "not proven", "false", "repeatable"

ENTRIES: Final = "evidence/entries.jsonl"
"""The member with one line for each capture: its number, its facts, and its place in the log."""


@dataclass(frozen=True)
class Claim:
    """One line of the answer."""

    status: str
    sentence: str

    def __str__(self) -> str:
        """Return the line without control characters, which a hostile file may contain."""
        text = "".join(sign if sign.isprintable() else "?" for sign in self.sentence)
        return f"{self.status:11} {text[:1000]}"


@dataclass
class Evidence:
    """A package with what was read of it so far. ``log_problem``: why the log is not proven, empty if it is."""

    package: Package
    claims: dict[str, Any]
    entries: dict[int, dict[str, Any]] = field(default_factory=dict)
    log_problem: str = "the log was not read"
    origin: str = ""
    size: int = 0
    root: bytes = b""
    windows: Windows = field(default_factory=Windows)
    corrections: Corrections = field(default_factory=Corrections)

    def facts(self, number: int) -> dict[str, Any]:
        """Return the facts of a capture, with the member ``corrected_at`` added: its time after all corrections."""
        row = parse_json(str(self.entries[number]["facts"]).encode("utf-8", "replace"), ENTRIES)
        if not isinstance(row, dict):
            raise Refused("the facts of an entry are no JSON object")
        return row | {"corrected_at": row["captured_at"] + sum(by for _, by in self.corrections.of(number, row))}

    def say(self, sentence: str) -> Claim:
        """Return a claim that holds if the log does."""
        if self.log_problem:
            return Claim(NOT_PROVEN, f"that {sentence}: {self.log_problem}")
        return Claim(PROVEN, sentence)
