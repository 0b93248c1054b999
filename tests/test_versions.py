"""Histories: what opens a version and what does not, first as a pure function, then through the store in any order."""

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

Seen = str | Reason | Verdict | None


def history(*seen: Seen, gap: timedelta = HOUR) -> History:
    """The history of sightings ``gap`` apart: a text, a failure, a page that is no article, or None for not looked."""
    found = [sighting(one, number, gap) for number, one in enumerate(seen, 1) if one is not None]
    return settle(found, url=URL, compare=an_edit)


def sighting(seen: Seen, number: int, gap: timedelta) -> Sighting:
    at = T0 + (number - 1) * gap
    if isinstance(seen, Reason):
        return a_sighting(None, at=at, reason=seen, capture_id=number)
    if isinstance(seen, Verdict):
        return a_sighting(None, at=at, verdict=seen, text_sha256=digest_of("", "a wall"), capture_id=number)
    return a_sighting(seen, at=at, capture_id=number)


def causes(found: History) -> list[Cause]:
    return [version.cause for version in found.versions]


GONE = Reason.MISSING_404

# --- what opens a version --------------------------------------------------------------------------------------------


def test_nothing_seen_is_no_history() -> None:
    assert history() == settle([], url=URL, compare=an_edit)
    assert history().versions == ()


def test_unchanged_text_adds_no_version() -> None:
    (only,) = history("one", "one", "one").versions
    assert (only.cause, only.captures, only.number) == (Cause.FIRST, 3, 1)
    assert (only.first_seen_at, only.last_seen_at) == (T0, T0 + 2 * HOUR)
    assert (only.first_capture_id, only.last_capture_id) == (1, 3)


def test_another_text_opens_a_version_with_what_changed() -> None:
    found = history("one", "two")
    assert causes(found) == [Cause.FIRST, Cause.CHANGED]
    assert [(each.kinds, each.score) for each in found.versions] == [((), 0.0), ((Kind.WORDING,), 0.5)]


def test_an_older_text_is_a_reversal() -> None:
    assert causes(history("one", "two", "one", "one")) == [Cause.FIRST, Cause.CHANGED, Cause.REVERTED]


def test_each_change_is_compared_with_the_version_before() -> None:
    asked = []

    def compare(before: str, after: str) -> tuple[tuple[Kind, ...], float]:
        asked.append((before, after))
        return (), 0.0

    settle(
        [sighting(text, n, HOUR) for n, text in enumerate(("one", "one", "two", "three"), 1)], url=URL, compare=compare
    )
    digests = [digest_of("", text) for text in ("one", "two", "three")]
    assert asked == list(pairwise(digests))


@pytest.mark.parametrize("weather", [Reason.TIMEOUT, Reason.SERVER_ERROR, Reason.DNS, Reason.FORBIDDEN, GONE])
def test_one_failure_in_between_ends_nothing(weather: Reason) -> None:
    (only,) = history("one", weather, "one", gap=DAY).versions
    assert only.captures == 2


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if not verdict.opens_version])
def test_a_page_that_is_no_article_neither_opens_nor_ends_a_version(verdict: Verdict) -> None:
    (only,) = history("one", verdict, verdict, "one", gap=DAY).versions
    assert only.captures == 2


def test_a_live_blog_is_an_article() -> None:
    found = settle([a_sighting("one", verdict=Verdict.LIVE_BLOG)], url=URL, compare=an_edit)
    assert len(found.versions) == 1


def test_a_capture_that_is_not_derived_yet_says_nothing() -> None:
    waiting = a_sighting(None, at=T0 + HOUR)
    found = settle([a_sighting(), waiting, a_sighting(at=T0 + 2 * HOUR)], url=URL, compare=an_edit)
    assert (len(found.versions), found.stretches) == (1, ())


# --- gone and back ---------------------------------------------------------------------------------------------------


def test_a_page_that_was_gone_for_a_day_returns_in_a_new_version() -> None:
    assert causes(history("one", GONE, GONE, "one", gap=DAY)) == [Cause.FIRST, Cause.RETURNED]


def test_a_page_that_returns_with_another_text_has_returned_too() -> None:
    assert causes(history("one", GONE, GONE, "two", gap=DAY)) == [Cause.FIRST, Cause.RETURNED]


def test_a_404_of_a_few_hours_is_a_hiccup() -> None:
    assert causes(history("one", GONE, GONE, "one", gap=HOUR)) == [Cause.FIRST]


@pytest.mark.parametrize("reason", [Reason.GONE_410, Reason.LEGAL_451])
def test_a_410_and_a_451_count_at_once(reason: Reason) -> None:
    assert causes(history("one", reason, "one")) == [Cause.FIRST, Cause.RETURNED]


@pytest.mark.parametrize("weather", [Reason.TIMEOUT, Reason.SERVER_ERROR, Reason.RATE_LIMITED])
def test_weather_between_two_404s_does_not_matter(weather: Reason) -> None:
    assert causes(history("one", GONE, weather, GONE, "one", gap=DAY / 2)) == [Cause.FIRST, Cause.RETURNED]


def test_a_page_shown_between_two_404s_does_matter() -> None:
    assert causes(history("one", GONE, "one", GONE, "one", gap=DAY)) == [Cause.FIRST]


def test_an_absence_before_the_first_sight_is_no_return() -> None:
    assert causes(history(GONE, GONE, "one", gap=DAY)) == [Cause.FIRST]


def test_stretches_say_how_long_and_whether_it_is_sure() -> None:
    first, second = history(GONE, GONE, "one", Verdict.PAYWALL, gap=CONFIRMED_AFTER).stretches
    assert (first.state, first.seen, first.confirmed) == ("missing_404", 2, True)
    assert (first.first_seen_at, first.last_seen_at) == (T0, T0 + DAY)
    assert (second.state, second.seen, second.confirmed) == ("paywall", 1, False)


# --- moves and dates -------------------------------------------------------------------------------------------------


def test_a_move_is_told_once_and_explains_a_change() -> None:
    moved = {"moved_to": "https://daily.example/new"}
    seen = [a_sighting("one"), *(a_sighting("two", at=T0 + hours * HOUR, **moved) for hours in (1, 2))]
    found = settle(seen, url=URL, compare=an_edit)
    assert causes(found) == [Cause.FIRST, Cause.MOVED]
    assert found.moves == ((T0 + HOUR, URL, "https://daily.example/new"),)


def test_a_declared_date_dates_the_first_version_alone() -> None:
    declared = {"published_at": T0 - 9 * DAY}
    seen = [a_sighting("one", **declared), a_sighting("two", at=T0 + HOUR, **declared)]
    first, second = settle(seen, url=URL, compare=an_edit).versions
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
def test_versions_are_maximal_runs_in_order(seen: list[Seen], gap: timedelta) -> None:
    found = history(*seen, gap=gap)
    assert [each.number for each in found.versions] == list(range(1, len(found.versions) + 1))
    assert sum(each.captures for each in found.versions) + len(found.suspects) == sum(
        isinstance(one, str) and not isinstance(one, (Reason, Verdict)) for one in seen
    )
    for before, after in pairwise(found.versions):
        assert before.last_seen_at < after.first_seen_at
        assert before.text_sha256 != after.text_sha256 or after.cause is Cause.RETURNED


@given(steps)
def test_passing_failures_can_be_left_out(seen: list[Seen]) -> None:
    calm: list[Seen] = [None if isinstance(one, Reason) and one.retryable else one for one in seen]
    assert history(*seen, gap=DAY / 2).versions == history(*calm, gap=DAY / 2).versions


@given(steps)
def test_seeing_more_of_a_page_never_changes_what_was_said_before(seen: list[Seen]) -> None:
    for length in range(len(seen)):
        older, newer = history(*seen[:length], gap=DAY), history(*seen[: length + 1], gap=DAY)
        assert newer.versions[: len(older.versions) - 1] == older.versions[:-1]


@given(steps)
def test_stretches_count_every_check_that_met_no_text(seen: list[Seen]) -> None:
    found = [sighting(one, number, DAY) for number, one in enumerate(seen, 1)]
    assert sum(stretch.seen for stretch in stretches(found)) == sum(not one.shows_text for one in found)


# --- the same through the store, in any order ------------------------------------------------------------------------

pages = st.lists(
    st.sampled_from(["one", "two", "three", GONE, Reason.GONE_410, Reason.TIMEOUT, Reason.FORBIDDEN]),
    min_size=1,
    max_size=7,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One archive for all examples, each of which has a page of its own: making one takes longer than asking it."""
    with Store(tmp_path_factory.mktemp("histories") / "archive.db") as opened:
        yield opened


def arrive(store: Store, seen: Sequence[tuple[int, Seen]], batches: Collection[int]) -> list[Version]:
    """The stored history of a new page after these captures arrived so, derived after each of ``batches``."""
    source = add_source(store, f"{URL}/{statistics.counts(store.ask)['sources']}")
    for count, (day, one) in enumerate(seen):
        at = T0 + day * DAY
        if isinstance(one, Reason):
            store.record([(failed(one, at, source), None)])
        else:
            store.record([(a_capture(source, at=at), str(one).encode())])
        if count in batches:
            derive_all(store)
    derive_all(store)
    return [replace(each, url=URL) for each in plain(version_queries.of_source(store.ask, source))]


@pytest.mark.slow
@settings(max_examples=15)
@given(st.data(), pages)
def test_any_order_of_arrival_gives_the_same_history(store: Store, data: st.DataObject, seen: list[Seen]) -> None:
    ordered = list(enumerate(seen))
    shuffled = data.draw(st.permutations(ordered))
    batches = data.draw(st.sets(st.integers(0, len(seen))))
    found = arrive(store, shuffled, batches)
    assert found == arrive(store, ordered, range(len(seen)))
    assert found == plain(history(*seen, gap=DAY).versions)


def test_304s_extend_the_version_they_confirm(store: Store) -> None:
    source = add_source(store, f"{URL}/unmodified")
    store.record([(a_capture(source), b"one")])
    for days in (1, 2):
        store.record([(failed(Reason.NOT_MODIFIED, T0 + days * DAY, source, status=304), None)])
    derive_all(store)
    (only,) = version_queries.of_source(store.ask, source)
    assert (only.captures, only.last_seen_at) == (3, T0 + 2 * DAY)
    assert [one.state for one in capture_queries.sightings(store.ask, source)] == ["ok", "ok", "ok"]


def test_a_304_after_a_change_and_back_confirms_the_latest_text(store: Store) -> None:
    source = add_source(store, f"{URL}/changed")
    for days, text in enumerate(("one", "two")):
        store.record([(a_capture(source, at=T0 + days * DAY), text.encode())])
    store.record([(failed(Reason.NOT_MODIFIED, T0 + 2 * DAY, source, status=304), None)])
    derive_all(store)
    assert [each.captures for each in version_queries.of_source(store.ask, source)] == [1, 2]
