"""The flip guard: a text that looks like a broken page is held back until another capture agrees."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.versions.history import settle, suspect_reason
from db.records import Cause
from tests.builders import DAY, HOUR, T0, URL, a_sighting, an_edit

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from db.records import History, Sighting

LONG, HALF, STUB = 2_000, 900, 120


def sighting_of(text: str, hour: int, *, length: int = LONG, body: str = "", **more: object) -> Sighting:
    instant = T0 + hour * HOUR
    return a_sighting(text, at=instant, capture_id=hour + 1, length=length, body=body or text, **more)


def history_of(*sightings: Sighting) -> History:
    return settle(sightings, url=URL, compare=an_edit)


def openings(history: History) -> list[tuple[Cause, datetime, int]]:
    return [(version.cause, version.first_seen_at, version.captures) for version in history.versions]


def suspects_of(history: History) -> list[tuple[str, bool]]:
    return [(suspect.because, suspect.waiting) for suspect in history.suspects]


def hours_later(hours: int) -> datetime:
    return T0 + hours * HOUR


def test_an_edit_of_about_the_same_length_is_accepted_at_once() -> None:
    history = history_of(sighting_of("one", 0), sighting_of("two", 1, length=LONG - 300))
    assert openings(history) == [(Cause.FIRST, T0, 1), (Cause.CHANGED, hours_later(1), 1)]
    assert history.suspects == ()


@pytest.mark.parametrize(
    ("length", "because"), [(HALF, "shrank by more than half"), (STUB, "fell under 200 characters")]
)
def test_a_text_that_shrank_waits_for_another_capture(length: int, because: str) -> None:
    history = history_of(sighting_of("one", 0), sighting_of("cut", 1, length=length))
    assert openings(history) == [(Cause.FIRST, T0, 1)]
    assert suspects_of(history) == [(because, True)]


def test_a_page_that_is_whole_again_was_never_edited() -> None:
    history = history_of(sighting_of("one", 0), sighting_of("cut", 1, length=HALF), sighting_of("one", 2))
    assert openings(history) == [(Cause.FIRST, T0, 2)]
    assert suspects_of(history) == [("shrank by more than half", False)]


def test_a_text_confirmed_is_a_version_from_its_first_sighting() -> None:
    history = history_of(sighting_of("one", 0), sighting_of("cut", 1, length=HALF), sighting_of("cut", 2, length=HALF))
    assert openings(history) == [(Cause.FIRST, T0, 1), (Cause.CHANGED, hours_later(1), 2)]
    assert history.suspects == ()


def test_a_return_to_an_older_text_waits_too() -> None:
    history = history_of(sighting_of("one", 0), sighting_of("two", 1), sighting_of("one", 2))
    assert openings(history) == [(Cause.FIRST, T0, 1), (Cause.CHANGED, hours_later(1), 1)]
    assert suspects_of(history) == [("went back to an older text", True)]
    history = history_of(sighting_of("one", 0), sighting_of("two", 1), sighting_of("one", 2), sighting_of("one", 3))
    assert openings(history)[2] == (Cause.REVERTED, hours_later(2), 2)


def test_a_page_that_flaps_between_two_texts_is_one_pair_of_versions() -> None:
    history = history_of(*(sighting_of("one" if hour % 2 == 0 else "two", hour) for hour in range(8)))
    assert [version.cause for version in history.versions] == [Cause.FIRST, Cause.CHANGED]
    assert history.versions[1].last_seen_at == hours_later(7)
    assert [waiting for _, waiting in suspects_of(history)] == [False, False, False]


def test_three_captures_in_a_row_without_the_old_text_are_a_change_whatever_they_show() -> None:
    history = history_of(sighting_of("one", 0), *(sighting_of(f"cut {hour}", hour, length=HALF) for hour in (1, 2, 3)))
    assert [version.first_seen_at for version in history.versions] == [hours_later(hour) for hour in range(4)]
    assert history.suspects == ()


def test_two_broken_pages_that_differ_confirm_nothing() -> None:
    history = history_of(
        sighting_of("one", 0),
        sighting_of("cut", 1, length=HALF),
        sighting_of("cut more", 2, length=STUB),
        sighting_of("one", 3),
    )
    assert openings(history) == [(Cause.FIRST, T0, 2)]
    assert len(history.suspects) == 2


def test_an_edit_after_a_broken_page_is_compared_with_the_accepted_text() -> None:
    history = history_of(
        sighting_of("one", 0), sighting_of("cut", 1, length=HALF), sighting_of("two", 2, length=LONG + 50)
    )
    assert openings(history) == [(Cause.FIRST, T0, 1), (Cause.CHANGED, hours_later(2), 1)]
    assert suspects_of(history) == [("shrank by more than half", False)]


def test_a_headline_that_only_one_place_shows_waits_for_another_capture() -> None:
    whole = sighting_of("one", 0, body="same")
    unsure = sighting_of("new headline", 1, body="same", headline_sure=False)
    assert suspects_of(history_of(whole, unsure)) == [("only one of the page's headlines changed", True)]
    assert openings(history_of(whole, unsure, replace(unsure, at=hours_later(2)))) == [
        (Cause.FIRST, T0, 1),
        (Cause.CHANGED, hours_later(1), 2),
    ]
    assert len(history_of(whole, replace(unsure, headline_sure=True)).versions) == 2


def test_a_modification_the_page_declares_explains_a_shorter_text() -> None:
    whole = sighting_of("one", 0, modified_at=T0 - DAY)
    cut = sighting_of("cut", 5, length=HALF, modified_at=hours_later(3))
    assert len(history_of(whole, cut).versions) == 2
    assert suspect_reason(whole, cut, set()) is None


@pytest.mark.parametrize("modified", [-DAY, -2 * DAY, 5 * HOUR, 9 * HOUR])
def test_a_declaration_about_another_time_explains_nothing(modified: timedelta) -> None:
    whole = sighting_of("one", 0, modified_at=T0 - DAY)
    cut = sighting_of("cut", 5, length=HALF, modified_at=T0 + modified)
    assert suspect_reason(whole, cut, set()) == "shrank by more than half"


def test_a_difference_between_recipes_has_the_cause_recipe() -> None:
    history = history_of(sighting_of("one", 0), sighting_of("cleaner", 1, recipe_id="recipe-two"))
    assert [version.cause for version in history.versions] == [Cause.FIRST, Cause.RECIPE]


def test_the_first_text_is_accepted_however_short() -> None:
    assert len(history_of(sighting_of("stub", 0, length=STUB)).versions) == 1


steps = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([LONG, HALF, STUB])), max_size=9)


@given(steps)
def test_every_sighting_is_accepted_or_held_back(texts: list[tuple[str, int]]) -> None:
    lengths: dict[str, int] = {}
    sightings = [
        sighting_of(text, n, length=lengths.setdefault(text, length)) for n, (text, length) in enumerate(texts)
    ]
    history = history_of(*sightings)
    assert sum(version.captures for version in history.versions) + len(history.suspects) == len(sightings)
    assert [version.number for version in history.versions] == list(range(1, len(history.versions) + 1))
    pairs = zip(history.versions, history.versions[1:], strict=False)
    for older, newer in pairs:
        assert older.text_sha256 != newer.text_sha256
        assert older.last_seen_at < newer.first_seen_at
    seen_at = [suspect.seen_at for suspect in history.suspects]
    assert seen_at == sorted(seen_at)


def test_the_order_of_arrival_changes_nothing() -> None:
    sightings = [
        sighting_of("one", 0),
        sighting_of("cut", 1, length=HALF),
        sighting_of("one", 2),
        sighting_of("two", 3),
    ]
    expected = history_of(*sightings)
    for order in permutations(sightings):
        assert history_of(*sorted(order, key=lambda sighting: sighting.at)) == expected
