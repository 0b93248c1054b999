"""Records of change rates, from which the frontier decides when to visit, and of the budgets of groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedHistory:
    """The observed history of one article: ``seen`` has the first and last sight of each version, in order."""

    found_at: datetime
    published_at: datetime | None = None
    seen: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRate:
    """The change rate of the articles of a seed by age, learned from ``articles`` articles.

    ``hazard`` has the edits an hour in each bin of age; ``archive.seeds.frontier.change_rate.EDGES`` are the bins.
    """

    seed_key: str
    articles: int
    hazard: tuple[float, ...]
    learned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The effect of a group's budget of ``visits`` a day: its articles are visited when ``tau`` edits are expected.

    ``expected`` is the number of visits in the next day if nothing changes, ``spent`` that of the last day.
    """

    group: str
    visits: int
    tau: float
    expected: int
    spent: int
