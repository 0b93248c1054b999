"""Questions about what is watched: how the sources are doing, and when each is visited next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.api.questions import Listing, Questions
from db.queries import change_rate as change_rate_queries
from db.queries import source_health as health_queries
from db.queries import sources as source_queries

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from db.records import ChangeRate, LastState, Plan, Source, SourceHealth, SourceState


class SourceQuestions(Questions):
    """Questions about sources."""

    def sources(self) -> list[Source]:
        """Return every source, by address."""
        return source_queries.all_sources(self._ask)

    def groups(self) -> list[str]:
        """Return the groups of the seed index."""
        return health_queries.seed_groups(self._ask)

    def is_watched(self, name: str) -> bool:
        """True if a group, a seed or a source has this name, key or address."""
        return bool(source_queries.ids_matching(self._ask, [name]))

    # --- health ---

    def health(self, *, after: str = "", limit: int = 50, group: str | None = None) -> Listing[SourceHealth, str]:
        """Return how the sources are doing, by address; the key is a url_key. ``group``: or the key of a seed."""
        health = health_queries.list_health(self._ask, after=after, limit=limit, group=group)
        return Listing(tuple(health), health[-1].source.url_key if len(health) == limit else None)

    def source_health(self, source_id: int) -> SourceHealth:
        """Return how one source is doing; it must exist."""
        return health_queries.of_source(self._ask, source_id)

    def last_states(self, *, after: str = "", limit: int = 500, group: str | None = None) -> Listing[LastState, str]:
        """Return what the last check of each source met, by address: a tenth of the work of ``health``."""
        states = health_queries.last_states(self._ask, after=after, limit=limit, group=group)
        return Listing(tuple(states), states[-1].url_key if len(states) == limit else None)

    # --- the plan ---

    def plan(self, now: datetime, *, source_ids: Collection[int] | None = None) -> Plan:
        """Return which watched sources are due at ``now``, and when and why the others are visited later.

        ``source_ids``: only what decides about these sources: themselves, and the groups of theirs that have a budget.
        """
        from archive.seeds.frontier.plan import plan_visits

        states = source_queries.states(self._ask, source_ids)
        # Counting the visits of a day costs more than a page of sources.
        spent = self.spent(now) if any(state.budget is not None for state in states) else {}
        return plan_visits(states, now=now, change_rates=self.rhythms(), spent=spent)

    def states(self) -> list[SourceState]:
        """Return what the plan knows of every watched source."""
        return source_queries.states(self._ask)

    def rhythms(self) -> list[ChangeRate]:
        """Return what was learned of when the articles of each seed are edited."""
        return change_rate_queries.change_rates(self._ask)

    def spent(self, now: datetime) -> dict[str, int]:
        """Return how many visits each group with a budget had in the day before ``now``."""
        return change_rate_queries.visits_spent(self._ask, now)
