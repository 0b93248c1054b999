"""Records of work: the report of a run, and the problems a check found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.core import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a run's table: the outcome for one source."""

    url: str
    outcome: str
    versions: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The report of one run. ``counts`` has the numbers of visits, captures, versions, links and so on."""

    run_id: int
    kind: str
    started_at: datetime
    finished_at: datetime
    counts: dict[str, int] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    changes: tuple[Version, ...] = ()

    @property
    def failed(self) -> int:
        """The number of sources that could not be fetched in this run."""
        return self.counts.get("failed", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem that verify or doctor found: what it is, where, and what to do next."""

    what: str
    where: str
    todo: str
