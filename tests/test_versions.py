"""The rules of what opens a version, first as a pure function, then through the store in any order."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.versions.history import CONFIRMED_AFTER, settle, stretches
from db.queries import captures as capture_queries
from db.queries import statistics
from db.queries import versions as version_queries
from db.records import Cause, Kind, Reason, Verdict
from db.store import Store
from tests.builders import (
    DAY,
    HOUR,
    T0,
    URL,
    a_capture,
    a_sighting,
    add_source,
    an_edit,
    derive_all,
    digest_of,
    failed,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import timedelta

    from db.records import History, Sighting, Version

Observation = str | Reason | Verdict | None


def history_of(*observations: Observation, gap: timedelta = HOUR) -> History:
    """Return the history of observations ``gap`` apart.

    An observation is a text, a failure, a page that is no article, or None for no visit.
    """
    sightings = [
        sighting(observation, number, gap)
        for number, observation in enumerate(observations, 1)
        if observation is not None
    ]
    return settle(sightings, url=URL, compare=an_edit)


def sighting(observation: Observation, number: int, gap: timedelta) -> Sighting:
    instant = T0 + (number - 1) * gap
    if isinstance(observation, Reason):
        return a_sighting(None, at=instant, reason=observation, capture_id=number)
    if isinstance(observation, Verdict):
        return a_sighting(None, at=instant, verdict=observation, text_sha256=digest_of("", "a wall"), capture_id=number)
    return a_sighting(observation, at=instant, capture_id=number)


def causes(history: History) -> list[Cause]:
    return [version.cause for version in history.versions]


GONE = Reason.MISSING_404

# --- what opens a version --------------------------------------------------------------------------------------------


def test_no_sighting_is_no_history() -> None:
    assert history_of() == settle([], url=URL, compare=an_edit)
    assert history_of().versions == ()


def test_unchanged_text_adds_no_version() -> None:
    (only,) = history_of("one", "one", "one").versions
    assert (only.cause, only.captures, only.number) == (Cause.FIRST, 3, 1)
    assert (only.first_seen_at, only.last_seen_at) == (T0, T0 + 2 * HOUR)
    assert (only.first_capture_id, only.last_capture_id) == (1, 3)


def test_another_text_opens_a_version_with_what_changed() -> None:
    history = history_of("one", "two")
    assert causes(history) == [Cause.FIRST, Cause.CHANGED]
    assert [(version.kinds, version.score) for version in history.versions] == [((), 0.0), ((Kind.WORDING,), 0.5)]


def test_an_older_text_is_a_reversal() -> None:
    assert causes(history_of("one", "two", "one", "one")) == [Cause.FIRST, Cause.CHANGED, Cause.REVERTED]


def test_each_change_is_compared_with_the_version_before() -> None:
    compared = []

    def compare(before: str, after: str) -> tuple[tuple[Kind, ...], float]:
        compared.append((before, after))
        return (), 0.0

    settle(
        [sighting(text, n, HOUR) for n, text in enumerate(("one", "one", "two", "three"), 1)], url=URL, compare=compare
    )
    digests = [digest_of("", text) for text in ("one", "two", "three")]
    assert compared == list(pairwise(digests))


@pytest.mark.parametrize("failure", [Reason.TIMEOUT, Reason.SERVER_ERROR, Reason.DNS, Reason.FORBIDDEN, GONE])
def test_one_failure_in_between_ends_nothing(failure: Reason) -> None:
    (only,) = history_of("one", failure, "one", gap=DAY).versions
    assert only.captures == 2


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if not verdict.opens_version])
def test_a_page_that_is_no_article_neither_opens_nor_ends_a_version(verdict: Verdict) -> None:
    (only,) = history_of("one", verdict, verdict, "one", gap=DAY).versions
    assert only.captures == 2


def test_a_live_blog_is_an_article() -> None:
    history = settle([a_sighting("one", verdict=Verdict.LIVE_BLOG)], url=URL, compare=an_edit)
    assert len(history.versions) == 1


def test_a_capture_that_is_not_derived_yet_says_nothing() -> None:
    underived = a_sighting(None, at=T0 + HOUR)
    history = settle([a_sighting(), underived, a_sighting(at=T0 + 2 * HOUR)], url=URL, compare=an_edit)
    assert (len(history.versions), history.stretches) == (1, ())


# --- absence and return ----------------------------------------------------------------------------------------------


def test_a_page_that_was_gone_for_a_day_returns_in_a_new_version() -> None:
    assert causes(history_of("one", GONE, GONE, "one", gap=DAY)) == [Cause.FIRST, Cause.RETURNED]


def test_a_page_that_returns_with_another_text_has_returned_too() -> None:
    assert causes(history_of("one", GONE, GONE, "two", gap=DAY)) == [Cause.FIRST, Cause.RETURNED]


def test_a_404_of_a_few_hours_does_not_count() -> None:
    assert causes(history_of("one", GONE, GONE, "one", gap=HOUR)) == [Cause.FIRST]


@pytest.mark.parametrize("reason", [Reason.GONE_410, Reason.LEGAL_451])
def test_a_410_and_a_451_count_at_once(reason: Reason) -> None:
    assert causes(history_of("one", reason, "one")) == [Cause.FIRST, Cause.RETURNED]


@pytest.mark.parametrize("failure", [Reason.TIMEOUT, Reason.SERVER_ERROR, Reason.RATE_LIMITED])
def test_a_failure_between_two_404s_does_not_matter(failure: Reason) -> None:
    assert causes(history_of("one", GONE, failure, GONE, "one", gap=DAY / 2)) == [Cause.FIRST, Cause.RETURNED]


def test_a_page_shown_between_two_404s_does_matter() -> None:
    assert causes(history_of("one", GONE, "one", GONE, "one", gap=DAY)) == [Cause.FIRST]


def test_an_absence_before_the_first_sight_is_no_return() -> None:
    assert causes(history_of(GONE, GONE, "one", gap=DAY)) == [Cause.FIRST]


def test_stretches_have_a_length_and_whether_they_are_confirmed() -> None:
    first, second = history_of(GONE, GONE, "one", Verdict.PAYWALL, gap=CONFIRMED_AFTER).stretches
    assert (first.state, first.seen, first.confirmed) == ("missing_404", 2, True)
    assert (first.first_seen_at, first.last_seen_at) == (T0, T0 + DAY)
    assert (second.state, second.seen, second.confirmed) == ("paywall", 1, False)


# --- moves and dates -------------------------------------------------------------------------------------------------


def test_a_move_is_reported_once_and_explains_a_change() -> None:
    moved = {"moved_to": "https://daily.example/new"}
    sightings = [a_sighting("one"), *(a_sighting("two", at=T0 + hours * HOUR, **moved) for hours in (1, 2))]
    history = settle(sightings, url=URL, compare=an_edit)
    assert causes(history) == [Cause.FIRST, Cause.MOVED]
    assert history.moves == ((T0 + HOUR, URL, "https://daily.example/new"),)


def test_a_declared_date_dates_the_first_version_alone() -> None:
    declared = {"published_at": T0 - 9 * DAY}
    sightings = [a_sighting("one", **declared), a_sighting("two", at=T0 + HOUR, **declared)]
    first, second = settle(sightings, url=URL, compare=an_edit).versions
    assert (first.dated_at, second.dated_at) == (T0 - 9 * DAY, T0 + HOUR)


def test_a_date_in_the_future_is_not_believed() -> None:
    (only,) = settle([a_sighting("one", published_at=T0 + DAY)], url=URL, compare=an_edit).versions
    assert only.dated_at == T0


# --- properties ------------------------------------------------------------------------------------------------------

steps = st.lists(
    st.sampled_from(["one", "two", "three", GONE, Reason.GONE_410, Reason.TIMEOUT, Reason.FORBIDDEN, Verdict.PAYWALL]),
    max_size=14,
)


@given(steps, st.sampled_from([HOUR, DAY / 2, DAY]))
def test_versions_are_maximal_runs_in_order(observations: list[Observation], gap: timedelta) -> None:
    history = history_of(*observations, gap=gap)
    assert [version.number for version in history.versions] == list(range(1, len(history.versions) + 1))
    assert sum(version.captures for version in history.versions) + len(history.suspects) == sum(
        isinstance(observation, str) and not isinstance(observation, (Reason, Verdict)) for observation in observations
    )
    for before, after in pairwise(history.versions):
        assert before.last_seen_at < after.first_seen_at
        assert before.text_sha256 != after.text_sha256 or after.cause is Cause.RETURNED


@given(steps)
def test_passing_failures_can_be_left_out(observations: list[Observation]) -> None:
    calm: list[Observation] = [
        None if isinstance(observation, Reason) and observation.is_retryable else observation
        for observation in observations
    ]
    assert history_of(*observations, gap=DAY / 2).versions == history_of(*calm, gap=DAY / 2).versions


@given(steps)
def test_another_sighting_never_changes_earlier_versions(observations: list[Observation]) -> None:
    for length in range(len(observations)):
        older, newer = history_of(*observations[:length], gap=DAY), history_of(*observations[: length + 1], gap=DAY)
        assert newer.versions[: len(older.versions) - 1] == older.versions[:-1]


@given(steps)
def test_stretches_count_every_check_without_a_text(observations: list[Observation]) -> None:
    sightings = [sighting(observation, number, DAY) for number, observation in enumerate(observations, 1)]
    assert sum(stretch.seen for stretch in stretches(sightings)) == sum(
        not sighting.shows_text for sighting in sightings
    )


# --- the same through the store, in any order ------------------------------------------------------------------------

pages = st.lists(
    st.sampled_from(["one", "two", "three", GONE, Reason.GONE_410, Reason.TIMEOUT, Reason.FORBIDDEN]),
    min_size=1,
    max_size=7,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One archive for all examples, because creating one is slow. Each example has a page of its own."""
    with Store(tmp_path_factory.mktemp("histories") / "archive.db") as opened:
        yield opened


def arrive(store: Store, observations: Sequence[tuple[int, Observation]], batches: Collection[int]) -> list[Version]:
    """Return the stored history of a new page after these captures, derived after each of ``batches``."""
    source = add_source(store, f"{URL}/{statistics.counts(store.ask)['sources']}")
    for count, (day, observation) in enumerate(observations):
        instant = T0 + day * DAY
        if isinstance(observation, Reason):
            store.record([(failed(observation, instant, source), None)])
        else:
            store.record([(a_capture(source, at=instant), str(observation).encode())])
        if count in batches:
            derive_all(store)
    derive_all(store)
    return [replace(version, url=URL) for version in plain(version_queries.of_source(store.ask, source))]


@pytest.mark.slow
@settings(max_examples=15)
@given(st.data(), pages)
def test_any_order_of_arrival_gives_the_same_history(
    store: Store, data: st.DataObject, observations: list[Observation]
) -> None:
    ordered = list(enumerate(observations))
    shuffled = data.draw(st.permutations(ordered))
    batches = data.draw(st.sets(st.integers(0, len(observations))))
    versions = arrive(store, shuffled, batches)
    assert versions == arrive(store, ordered, range(len(observations)))
    assert versions == plain(history_of(*observations, gap=DAY).versions)


def test_304s_extend_the_version_they_confirm(store: Store) -> None:
    source = add_source(store, f"{URL}/unmodified")
    store.record([(a_capture(source), b"one")])
    for days in (1, 2):
        store.record([(failed(Reason.NOT_MODIFIED, T0 + days * DAY, source, status=304), None)])
    derive_all(store)
    (only,) = version_queries.of_source(store.ask, source)
    assert (only.captures, only.last_seen_at) == (3, T0 + 2 * DAY)
    assert [row.state for row in capture_queries.sightings(store.ask, source)] == ["ok", "ok", "ok"]


def test_a_304_after_a_change_and_back_confirms_the_latest_text(store: Store) -> None:
    source = add_source(store, f"{URL}/changed")
    for days, text in enumerate(("one", "two")):
        store.record([(a_capture(source, at=T0 + days * DAY), text.encode())])
    store.record([(failed(Reason.NOT_MODIFIED, T0 + 2 * DAY, source, status=304), None)])
    derive_all(store)
    assert [version.captures for version in version_queries.of_source(store.ask, source)] == [1, 2]
