"""Nouns of what is watched, as people write it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from db.records.enums import SeedKind

if TYPE_CHECKING:
    from datetime import timedelta

Every: TypeAlias = "timedelta | Literal['auto', 'once']"
"""How often a source is checked: a fixed gap, ``auto`` (by how it changes), or ``once``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One row of the seed index. ``key`` is ``group/name`` and identifies the seed across edits of its row.

    ``budget`` is the visits a day that the whole group may cost; None: as many as the rule asks for.
    ``notify`` are the kinds of edits of which others are told; empty: of none.
    """

    key: str
    group: str
    name: str
    url: str
    kind: SeedKind = SeedKind.ARTICLE
    every: Every = "auto"
    note: str = ""
    language: str | None = None
    allow_private: bool = False
    budget: int | None = None
    notify: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Something wrong in the seed index: where, what was expected, and a corrected example."""

    file: str
    line: int
    problem: str
    expected: str
    example: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem}; expected {self.expected}, for example: {self.example}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """The index as read: every good row, and a complaint for each bad one."""

    seeds: tuple[Seed, ...]
    complaints: tuple[Complaint, ...] = ()
