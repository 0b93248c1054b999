"""What a page says of the time to come: when a source is due, when the next run is expected, or that nobody knows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from archive.serve.next_visits import due_about, next_run
from builders import DAY, HOUR, T0
from db.queries.source_health import Check, SourceHealth
from db.records import SeedKind, Source

NOW = T0 + 10 * DAY


def health(*states: str, every: Any = "auto", kind: SeedKind = SeedKind.ARTICLE, **more: Any) -> SourceHealth:
    """A source with a check an hour before now that met the last of these states, and so on backwards."""
    source: dict[str, Any] = {
        "id": 1,
        "url": "https://x.example/",
        "url_key": "example,x)/",
        "kind": kind,
        "found_at": T0,
    }
    held = {name: more.pop(name) for name in ("same_as", "retired_at") if name in more}
    checks = [
        Check(at=NOW - place * HOUR, state=state, length=9) for place, state in enumerate(reversed(states), start=1)
    ]
    known: dict[str, Any] = {"group": "g", "count": len(checks), "versions": 1, "changed_at": None, "waits_until": None}
    return SourceHealth(
        source=Source(**source, seed_key="s", **held), every=every, checks=tuple(reversed(checks)), **(known | more)
    )


@pytest.mark.parametrize(
    ("each", "due"),
    [
        (health("ok", every=timedelta(hours=6)), NOW + 5 * HOUR),
        (health("ok", every="once"), None),
        (health("ok", every=None), None),
        (health("ok", every=timedelta(hours=6), same_as=2), None),
        (health("ok", every=timedelta(hours=6), retired_at=NOW), None),
        (health("ok", every=timedelta(hours=6), waits_until=NOW + DAY), NOW + DAY),
        (health("not_modified", kind=SeedKind.FEED), None),
        (health("timeout", kind=SeedKind.FEED, every=timedelta(hours=1)), NOW + HOUR),
        (health("ok", "timeout", "dns", every=timedelta(hours=1)), NOW + 3 * HOUR),
        (health("paywall", every=timedelta(hours=6)), NOW + 5 * HOUR),
        (health(every=timedelta(hours=6)), T0),
    ],
)
def test_a_source_is_due_by_its_own_rhythm_as_far_as_its_page_knows_it(each: SourceHealth, due: object) -> None:
    assert due_about(each, {}) == due


def test_an_article_without_a_rhythm_of_its_own_is_due_some_time_after_its_last_check() -> None:
    due = due_about(health("ok"), {})
    assert due is not None
    assert NOW - HOUR < due < NOW + 30 * DAY


def runs(*hours: float, kind: str = "refresh") -> list[dict[str, Any]]:
    return [{"kind": kind, "started_at": NOW - hour * HOUR} for hour in hours]


def test_the_next_run_is_expected_as_the_last_ones_came() -> None:
    told = next_run(runs(0.25, 0.75, 1.25, 1.75), NOW)
    assert told == {"last_at": "2026-01-15T07:45:00Z", "every_seconds": 1800, "at": "2026-01-15T08:15:00Z"}


def test_a_run_that_is_a_little_late_is_expected_now_and_one_long_overdue_not_at_all() -> None:
    assert next_run(runs(1.5, 2.5, 3.5), NOW)["at"] == "2026-01-15T08:00:00Z"
    late = next_run(runs(2.5, 3.5, 4.5), NOW)
    assert (late["at"], late["every_seconds"]) == (None, 3600)


def test_two_runs_are_no_habit_and_a_backfill_is_none_either() -> None:
    assert next_run(runs(1, 2), NOW)["every_seconds"] is None
    assert next_run(runs(1, 2, 3, kind="backfill"), NOW) == {"last_at": None, "every_seconds": None, "at": None}
