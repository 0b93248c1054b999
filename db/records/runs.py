"""Nouns of work: what a run did, and what a check found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.derive import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a run's table: what happened to one source."""

    url: str
    outcome: str
    versions: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one run did. ``counts`` maps words of the vocabulary (visits, captures, versions, links ...) to numbers."""

    run_id: int
    kind: str
    started_at: datetime
    finished_at: datetime
    counts: dict[str, int] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    changes: tuple[Version, ...] = ()

    @property
    def failed(self) -> int:
        """Sources that could not be fetched this time."""
        return self.counts.get("failed", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something verify or doctor found: what, where, and what to do next."""

    what: str
    where: str
    todo: str
