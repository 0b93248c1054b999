"""Queries about sources: their health, and their next visits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.api.questions import Listing, Questions
from db.queries import change_rate as change_rate_queries
from db.queries import empty_sources
from db.queries import source_health as health_queries
from db.queries import sources as source_queries

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from db.records import ChangeRate, EmptySource, LastState, Plan, Source, SourceHealth, SourceState


class SourceQuestions(Questions):
    """Queries about sources."""

    def sources(self) -> list[Source]:
        """Return every source, by address."""
        return source_queries.all_sources(self._ask)

    def has_sources(self) -> bool:
        """True if any address is known, watched or imported."""
        return source_queries.any_source(self._ask)

    def ids_of_keys(self, url_keys: Collection[str]) -> dict[str, int]:
        """Map those of these url_keys that are a source's to the source."""
        return source_queries.ids_of_keys(self._ask, url_keys)

    def groups(self) -> list[str]:
        """Return the groups of the seed index."""
        return health_queries.seed_groups(self._ask)

    def is_watched(self, name: str) -> bool:
        """True if a group, a seed or a source has this name, key or address."""
        return bool(source_queries.ids_matching(self._ask, [name]))

    # --- health ---

    def health(self, *, after: str = "", limit: int = 50, group: str | None = None) -> Listing[SourceHealth, str]:
        """Return the health of sources by address. The key is a url_key. ``group``: a group or the key of a seed."""
        health = health_queries.list_health(self._ask, after=after, limit=limit, group=group)
        return Listing(tuple(health), health[-1].source.url_key if len(health) == limit else None)

    def source_health(self, source_id: int) -> SourceHealth:
        """Return the health of one source, which must exist."""
        return health_queries.of_source(self._ask, source_id)

    def last_states(self, *, after: str = "", limit: int = 500, group: str | None = None) -> Listing[LastState, str]:
        """Return the state of the last check of each source, by address, at a tenth of the cost of ``health``."""
        states = health_queries.last_states(self._ask, after=after, limit=limit, group=group)
        return Listing(tuple(states), states[-1].url_key if len(states) == limit else None)

    def empty_sources(self) -> list[EmptySource]:
        """Return the sources of the seed index that were checked and of which nothing came, by address."""
        return empty_sources.empty_sources(self._ask)

    def unvisited(self) -> int:
        """Return the number of watched sources that no check has visited yet."""
        return empty_sources.count_unvisited(self._ask)

    # --- the plan ---

    def plan(self, now: datetime, *, source_ids: Collection[int] | None = None) -> Plan:
        """Return the watched sources due at ``now``, and the due times of the others with reasons.

        ``source_ids``: plan only these sources, together with their groups that have a budget.
        """
        from archive.seeds.frontier.plan import plan_visits

        states = source_queries.states(self._ask, source_ids, now=now)
        # Skip this if possible: counting a day's visits costs more than a page of sources.
        spent = self.spent(now) if any(state.budget is not None for state in states) else {}
        return plan_visits(states, now=now, change_rates=self.rhythms(), spent=spent)

    def states(self) -> list[SourceState]:
        """Return the planner's state of every watched source."""
        return source_queries.states(self._ask)

    def rhythms(self) -> list[ChangeRate]:
        """Return the learned change rates of the articles of each seed."""
        return change_rate_queries.change_rates(self._ask)

    def spent(self, now: datetime) -> dict[str, int]:
        """Return the number of visits of each group with a budget in the day before ``now``."""
        return change_rate_queries.visits_spent(self._ask, now)
