"""Records of the seed index, as people write it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from db.records.enums import SeedKind

if TYPE_CHECKING:
    from datetime import timedelta

Every: TypeAlias = "timedelta | Literal['auto', 'once', 'paused']"
"""The interval between checks of a source: fixed, ``auto`` (by its change rate), ``once``, or ``paused``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyRule:
    """The events of a group that notices are sent of. A rule without kinds, words and least weight selects none.

    ``kinds`` are kinds of event, kinds of edit, or ``all``. Empty: all. ``words``: one of them must be in the headline
    or the words that changed. ``least``: the least weight, from 0 to 1.
    """

    kinds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    least: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.kinds or self.words or self.least)


NO_NOTICES = NotifyRule()
"""The rule of a group that names no events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One row of the seed index. ``key`` is ``group/name`` and identifies the seed across edits of its row.

    ``budget`` is the number of visits a day that the whole group may cost. None: no limit.
    ``notify`` selects the events for which notices are sent. ``render``: a browser renders its pages.
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
    notify: NotifyRule = NO_NOTICES
    render: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A mistake in the seed index: its place, what was expected, and a corrected example."""

    file: str
    line: int
    problem: str
    expected: str
    example: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem}; expected {self.expected}, for example: {self.example}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """The parsed index: every good row, and a complaint for each bad one."""

    seeds: tuple[Seed, ...]
    complaints: tuple[Complaint, ...] = ()
