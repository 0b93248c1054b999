"""The flip guard: a text that looks like a broken page is held until another capture agrees."""

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


def seen(text: str, hour: int, *, length: int = LONG, body: str = "", **more: object) -> Sighting:
    at = T0 + hour * HOUR
    return a_sighting(text, at=at, capture_id=hour + 1, length=length, body=body or text, **more)


def history(*sightings: Sighting) -> History:
    return settle(sightings, url=URL, compare=an_edit)


def told(found: History) -> list[tuple[Cause, datetime, int]]:
    return [(version.cause, version.first_seen_at, version.captures) for version in found.versions]


def held(found: History) -> list[tuple[str, bool]]:
    return [(each.because, each.waiting) for each in found.suspects]


def after(hours: int) -> datetime:
    return T0 + hours * HOUR


def test_an_edit_of_about_the_same_length_is_believed_at_once() -> None:
    found = history(seen("one", 0), seen("two", 1, length=LONG - 300))
    assert told(found) == [(Cause.FIRST, T0, 1), (Cause.CHANGED, after(1), 1)]
    assert found.suspects == ()


@pytest.mark.parametrize(
    ("length", "because"), [(HALF, "shrank by more than half"), (STUB, "fell under 200 characters")]
)
def test_a_text_that_shrank_waits_for_another_capture(length: int, because: str) -> None:
    found = history(seen("one", 0), seen("cut", 1, length=length))
    assert told(found) == [(Cause.FIRST, T0, 1)]
    assert held(found) == [(because, True)]


def test_a_page_that_is_whole_again_was_never_edited() -> None:
    found = history(seen("one", 0), seen("cut", 1, length=HALF), seen("one", 2))
    assert told(found) == [(Cause.FIRST, T0, 2)]
    assert held(found) == [("shrank by more than half", False)]


def test_a_text_confirmed_is_a_version_from_its_first_sighting() -> None:
    found = history(seen("one", 0), seen("cut", 1, length=HALF), seen("cut", 2, length=HALF))
    assert told(found) == [(Cause.FIRST, T0, 1), (Cause.CHANGED, after(1), 2)]
    assert found.suspects == ()


def test_a_return_to_an_older_text_waits_too() -> None:
    found = history(seen("one", 0), seen("two", 1), seen("one", 2))
    assert told(found) == [(Cause.FIRST, T0, 1), (Cause.CHANGED, after(1), 1)]
    assert held(found) == [("went back to an older text", True)]
    found = history(seen("one", 0), seen("two", 1), seen("one", 2), seen("one", 3))
    assert told(found)[2] == (Cause.REVERTED, after(2), 2)


def test_a_page_that_flaps_between_two_texts_is_one_pair_of_versions() -> None:
    found = history(*(seen("one" if hour % 2 == 0 else "two", hour) for hour in range(8)))
    assert [version.cause for version in found.versions] == [Cause.FIRST, Cause.CHANGED]
    assert found.versions[1].last_seen_at == after(7)
    assert [waiting for _, waiting in held(found)] == [False, False, False]


def test_three_captures_in_a_row_without_the_old_text_are_a_change_whatever_they_show() -> None:
    found = history(seen("one", 0), *(seen(f"cut {hour}", hour, length=HALF) for hour in (1, 2, 3)))
    assert [version.first_seen_at for version in found.versions] == [after(hour) for hour in range(4)]
    assert found.suspects == ()


def test_two_broken_pages_that_differ_confirm_nothing() -> None:
    found = history(seen("one", 0), seen("cut", 1, length=HALF), seen("cut more", 2, length=STUB), seen("one", 3))
    assert told(found) == [(Cause.FIRST, T0, 2)]
    assert len(found.suspects) == 2


def test_an_edit_after_a_broken_page_is_compared_with_what_is_believed() -> None:
    found = history(seen("one", 0), seen("cut", 1, length=HALF), seen("two", 2, length=LONG + 50))
    assert told(found) == [(Cause.FIRST, T0, 1), (Cause.CHANGED, after(2), 1)]
    assert held(found) == [("shrank by more than half", False)]


def test_a_headline_only_one_place_shows_waits_for_one_more_capture() -> None:
    one = seen("one", 0, body="same")
    unsure = seen("new headline", 1, body="same", headline_sure=False)
    assert held(history(one, unsure)) == [("only one of the page's headlines changed", True)]
    assert told(history(one, unsure, replace(unsure, at=after(2)))) == [
        (Cause.FIRST, T0, 1),
        (Cause.CHANGED, after(1), 2),
    ]
    assert len(history(one, replace(unsure, headline_sure=True)).versions) == 2


def test_a_modification_the_page_declares_explains_a_shorter_text() -> None:
    one = seen("one", 0, modified_at=T0 - DAY)
    cut = seen("cut", 5, length=HALF, modified_at=after(3))
    assert len(history(one, cut).versions) == 2
    assert suspect_reason(one, cut, set()) is None


@pytest.mark.parametrize("modified", [-DAY, -2 * DAY, 5 * HOUR, 9 * HOUR])
def test_a_declaration_that_says_nothing_of_this_edit_explains_nothing(modified: timedelta) -> None:
    one = seen("one", 0, modified_at=T0 - DAY)
    cut = seen("cut", 5, length=HALF, modified_at=T0 + modified)
    assert suspect_reason(one, cut, set()) == "shrank by more than half"


def test_while_not_everything_is_derived_anew_a_difference_is_the_recipes() -> None:
    found = history(seen("one", 0), seen("cleaner", 1, recipe_id="recipe-two"))
    assert [version.cause for version in found.versions] == [Cause.FIRST, Cause.RECIPE]


def test_the_first_text_is_believed_however_short() -> None:
    assert len(history(seen("stub", 0, length=STUB)).versions) == 1


steps = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([LONG, HALF, STUB])), max_size=9)


@given(steps)
def test_every_sighting_is_believed_or_held(shown: list[tuple[str, int]]) -> None:
    lengths: dict[str, int] = {}
    sightings = [seen(text, n, length=lengths.setdefault(text, length)) for n, (text, length) in enumerate(shown)]
    found = history(*sightings)
    assert sum(version.captures for version in found.versions) + len(found.suspects) == len(sightings)
    assert [version.number for version in found.versions] == list(range(1, len(found.versions) + 1))
    pairs = zip(found.versions, found.versions[1:], strict=False)
    assert all(one.text_sha256 != two.text_sha256 and one.last_seen_at < two.first_seen_at for one, two in pairs)
    assert [each.seen_at for each in found.suspects] == sorted(each.seen_at for each in found.suspects)


def test_the_order_of_arrival_cannot_show() -> None:
    sightings = [seen("one", 0), seen("cut", 1, length=HALF), seen("one", 2), seen("two", 3)]
    wanted = history(*sightings)
    for order in permutations(sightings):
        assert history(*sorted(order, key=lambda one: one.at)) == wanted
