"""Nouns of when to look again: how articles of a seed are edited, and what a group's budget comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedHistory:
    """One article as it was followed: ``seen`` holds the first and last sight of each of its versions, in order."""

    found_at: datetime
    published_at: datetime | None = None
    seen: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRate:
    """How often the articles of a seed are edited at which age, learned from so many ``articles``.

    ``hazard`` holds edits an hour in each of the bins of age that ``archive.crawl.frontier.change_rate.EDGES`` begins.
    """

    seed_key: str
    articles: int
    hazard: tuple[float, ...]
    learned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a group's budget of ``visits`` a day comes to: its articles are looked at when ``tau`` edits are expected.

    ``expected`` visits then fall into the next day if nothing changes; ``spent`` were made in the last one.
    """

    group: str
    visits: int
    tau: float
    expected: int
    spent: int
