"""Every state the checks of a page met: from when to when, how often, and what of it is sure."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.api import Archive
from archive.versions import history as versions
from db.queries import check_runs
from db.records import History, Reason, Stretch, Verdict
from db.store import Store
from tests.builders import (
    DAY,
    HOUR,
    T0,
    URL,
    a_sighting,
    add_source,
    an_edit,
    build_once,
    derive_all,
    failed,
    record_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from pathlib import Path

    from db.records import Sighting

GONE, TIMEOUT, PAYWALL = Reason.MISSING_404, Reason.TIMEOUT, Verdict.PAYWALL


def seen(*met: Reason | Verdict | str, gap: timedelta = HOUR) -> list[Sighting]:
    """Sightings ``gap`` apart: a failure, a page that is no article, or a text."""
    return [_one(state, T0 + n * gap) for n, state in enumerate(met)]


def _one(met: Reason | Verdict | str, instant: object) -> Sighting:
    if isinstance(met, Reason):
        return a_sighting(None, at=instant, reason=met)
    return a_sighting(None, at=instant, verdict=met) if isinstance(met, Verdict) else a_sighting(met, at=instant)


def told(sightings: Sequence[Sighting]) -> History:
    return versions.settle(sightings, url=URL, compare=an_edit)


def test_each_change_of_state_begins_a_run() -> None:
    runs = check_runs.runs(seen("one", "one", "two", TIMEOUT, GONE, GONE, PAYWALL, "two"))
    assert [(run.state, run.seen) for run in runs] == [
        ("ok", 3),
        ("timeout", 1),
        ("missing_404", 2),
        ("paywall", 1),
        ("ok", 1),
    ]
    assert (runs[0].first_seen_at, runs[0].last_seen_at) == (T0, T0 + 2 * HOUR)


@given(st.lists(st.sampled_from(["one", "two", GONE, TIMEOUT, PAYWALL, Reason.GONE_410]), max_size=12))
def test_every_check_belongs_to_one_run_and_neighbours_differ(met: list[Reason | Verdict | str]) -> None:
    runs = check_runs.runs(seen(*met))
    assert sum(run.seen for run in runs) == len(met)
    assert all(run.state != following.state for run, following in itertools.pairwise(runs))


def test_a_304_and_the_same_bytes_again_go_on_unchanged(tmp_path: Path) -> None:
    with Store(tmp_path / "archive.db") as store:
        source = add_source(store)
        record_text(store, source, "one", T0)
        store.record([(failed(Reason.NOT_MODIFIED, T0 + HOUR, source, status=304), None)])
        record_text(store, source, "one", T0 + 2 * HOUR)
        record_text(store, source, "two", T0 + 3 * HOUR)
        store.record([(failed(TIMEOUT, T0 + 4 * HOUR, source), None)])
        store.record([(failed(Reason.NOT_MODIFIED, T0 + 5 * HOUR, source, status=304), None)])
        derive_all(store)
        first, timeout, last = check_runs.of_source(store.ask, source)
    assert (first.state, first.seen, first.unchanged) == ("ok", 4, 2)
    assert (timeout.state, timeout.seen, timeout.unchanged) == ("timeout", 1, 0)
    assert (last.state, last.seen, last.unchanged) == ("ok", 1, 1)


def test_a_304_without_the_page_it_speaks_of_is_known_as_nothing_else(tmp_path: Path) -> None:
    with Store(tmp_path / "archive.db") as store:
        source = add_source(store)
        store.record([(failed(Reason.NOT_MODIFIED, T0, source, status=304), None)])
        (only,) = check_runs.of_source(store.ask, source)
    assert (only.state, only.seen) == ("not_modified", 1)


def gone_at(*met: Reason | Verdict | str, gap: timedelta = HOUR) -> object:
    return told(seen(*met, gap=gap)).gone_at


def test_one_404_is_no_absence_and_neither_are_many_within_a_day() -> None:
    assert gone_at("one", GONE) is None
    assert gone_at("one", *[GONE] * 24) is None


def test_404s_a_day_apart_are_an_absence_since_the_first_of_them() -> None:
    assert gone_at("one", GONE, GONE, gap=DAY) == T0 + DAY
    assert gone_at("one", *[GONE] * 25) == T0 + HOUR


def test_weather_in_between_does_not_matter_but_a_page_does() -> None:
    assert gone_at("one", GONE, TIMEOUT, GONE, gap=DAY / 2) == T0 + DAY / 2
    assert gone_at("one", GONE, "one", GONE, gap=DAY / 2) is None
    assert gone_at("one", GONE, PAYWALL, GONE, gap=DAY / 2) is None


@pytest.mark.parametrize("reason", [Reason.GONE_410, Reason.LEGAL_451])
def test_a_410_and_a_451_are_an_absence_at_once(reason: Reason) -> None:
    assert gone_at("one", reason) == T0 + HOUR


def test_a_page_that_came_back_is_not_gone() -> None:
    assert gone_at("one", Reason.GONE_410, "one") is None


def test_a_page_that_was_never_there_can_be_gone() -> None:
    assert gone_at(GONE, GONE, gap=DAY) == T0


def test_the_runs_of_a_confirmed_absence_are_marked() -> None:
    checks = seen("one", GONE, TIMEOUT, GONE, "one", GONE, gap=DAY)
    runs = versions.confirm(check_runs.runs(checks), told(checks).stretches)
    assert [(run.state, run.confirmed) for run in runs] == [
        ("ok", False),
        ("missing_404", True),
        ("timeout", False),
        ("missing_404", True),
        ("ok", False),
        ("missing_404", False),
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_archive(tmp_path / "archive.db")


@build_once
def make_archive(path: Path) -> None:
    with Store(path) as store:
        source = add_source(store)
        record_text(store, source, "one", T0)
        for days in (1, 2):
            store.record([(failed(GONE, T0 + days * DAY, source, status=404), None)])
        derive_all(store)


def test_a_history_tells_its_states(path: Path) -> None:
    with Archive(path) as archive:
        _, history = archive.history(URL)
        _, then = archive.history(URL, recorded=T0 + DAY)
    ok = Stretch(state="ok", first_seen_at=T0, last_seen_at=T0, seen=1)
    absence = Stretch(state="missing_404", first_seen_at=T0 + DAY, last_seen_at=T0 + 2 * DAY, seen=2, confirmed=True)
    assert history.states == (ok, absence)
    assert history.gone_at == T0 + DAY
    assert [run.confirmed for run in then.states] == [False, False]
