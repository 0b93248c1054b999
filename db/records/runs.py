"""Records of work: the report of a run, and the problems a check found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from db.records.core import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a run's table: the outcome for one source.

    ``verdict`` is empty unless a page came that shows no article. Then ``reason`` says why.
    """

    url: str
    outcome: str
    versions: int = 0
    reason: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveAnswer:
    """The answers of one web archive in a backfill, or of the TimeMap that a seed names, together.

    ``name`` is its host. ``listed`` counts the captures it lists in the window, ``recorded`` those saved from it,
    ``failures`` the lists and captures that it did not deliver. ``reason`` is that of the first failed list, with
    ``detail``.
    """

    name: str
    pages: int = 0
    listed: int = 0
    recorded: int = 0
    failures: int = 0
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The report of one run. ``counts`` has the numbers of visits, captures, versions, links and so on.

    ``archives`` has the answers of the web archives that a backfill asked.
    """

    run_id: int
    kind: str
    started_at: datetime
    finished_at: datetime
    counts: dict[str, int] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    changes: tuple[Version, ...] = ()
    archives: tuple[ArchiveAnswer, ...] = ()

    @property
    def failed(self) -> int:
        """The number of sources, and of answers of web archives, that could not be fetched in this run."""
        return self.counts.get("failed", 0) + self.counts.get("archive_failures", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as the archive recorded it; ``finished_at`` is None for one at work or cut off."""

    id: int
    kind: str
    owner: str
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to do something alone: its name, who holds it, and until when."""

    name: str
    owner: str
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRun:
    """When the last refresh began, how often they come, and when the next is to be expected; None where unknown.

    ``next_at`` is None where a run is overdue by more than a whole turn: then nobody runs them.
    """

    last_at: datetime | None = None
    every: timedelta | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureRun:
    """The checks of one run that are dated in the future, because its clock was wrong."""

    run_id: int | None
    kind: str
    checks: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCheck:
    """One check of a run: when its answer came by this machine's clock, and the headers of the answer (JSON)."""

    kind: str
    url: str
    received_at: datetime
    headers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem that verify or doctor found: what it is, where, and what to do next."""

    what: str
    where: str
    todo: str
