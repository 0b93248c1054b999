"""The drift alarm: many pages of one host that shrink in the same days are a new design, not many edits."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from archive.api import Archive
from archive.api.drift import LOOK_BACK, Drift, alarms
from db.queries import captures as capture_queries
from db.queries import drift as drift_queries
from db.queries import versions as version_queries
from db.records import ReadLength
from db.store import Store
from tests.builders import (
    DAY,
    HOUR,
    LATER,
    OTHER_RECIPE,
    T0,
    add_source,
    an_extraction,
    derive_all,
    digest_of,
    judged,
    record_text,
    settle,
)

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

HOST = "example,daily,"
LONG, SHORT = "\n".join(["A paragraph of some forty characters here."] * 12), "Only this is left."


def a_reading(page: str, at: datetime, length: int = 3000, paragraphs: int = 12, removed: int = 0) -> ReadLength:
    return ReadLength(host=HOST, page=page, at=at, length=length, paragraphs=paragraphs, removed=removed)


def seen(pages: int, at: datetime, **sizes: int) -> list[ReadLength]:
    """One reading each of so many pages, an hour apart."""
    return [a_reading(f"{HOST})/{n}", at + n * HOUR, **sizes) for n in range(pages)]


def test_pages_that_shrink_together_are_an_alarm() -> None:
    (alarm,) = alarms([*seen(6, T0), *seen(4, T0 + 5 * DAY, length=300)])
    assert (alarm.host, alarm.since, alarm.pages, alarm.of) == (HOST, T0 + 5 * DAY, 4, 4)
    assert alarm.because == "4 of 4 pages of daily.example shrank since 2026-01-10"


def test_lost_paragraphs_and_a_lot_removed_count_as_well() -> None:
    assert alarms([*seen(3, T0), *seen(3, T0 + DAY, paragraphs=1)])
    assert alarms([*seen(3, T0), *seen(3, T0 + DAY, length=2000, removed=1500)])


def test_one_article_that_shrinks_is_none() -> None:
    assert alarms([*seen(6, T0), *seen(2, T0 + DAY, length=300)]) == ()


def test_a_few_among_many_that_stay_are_none() -> None:
    stay = [each for each in seen(10, T0 + DAY) if int(each.page.rpartition("/")[2]) > 2]
    assert alarms([*seen(10, T0), *seen(3, T0 + DAY, length=300), *stay]) == ()


def test_pages_that_shrink_weeks_apart_are_none() -> None:
    apart = [a_reading(f"{HOST})/{n}", T0 + (7 * n + 1) * DAY, length=300) for n in range(3)]
    assert alarms([*seen(3, T0), *apart]) == ()


def test_pages_that_recovered_are_none() -> None:
    assert alarms([*seen(5, T0), *seen(5, T0 + DAY, length=300), *seen(5, T0 + 2 * DAY)]) == ()


def test_new_pages_far_below_what_is_usual_count_too() -> None:
    new = [a_reading(f"{HOST})/new/{n}", T0 + 5 * DAY, length=200) for n in range(4)]
    (alarm,) = alarms([*seen(6, T0), *new])
    assert alarm.since == T0 + 5 * DAY
    brief = [a_reading(f"{HOST})/new/{n}", T0 + 5 * DAY, length=1200) for n in range(4)]
    assert alarms([*seen(6, T0), *brief]) == ()


@given(st.permutations([*seen(5, T0), *seen(4, T0 + 5 * DAY, length=300)]))
def test_the_order_of_readings_does_not_show(readings: list[ReadLength]) -> None:
    assert alarms(readings) == alarms(sorted(readings, key=lambda one: (one.at, one.page)))


def test_an_alarm_changes_no_history_and_ends_when_a_better_recipe_has_read_the_pages(tmp_path: Path) -> None:
    """Each page's versions are its own, whatever becomes of the others of its site."""

    def said(store: Store, source: int) -> list[tuple[str, datetime]]:
        return [(str(each.cause), each.first_seen_at) for each in version_queries.of_source(store.ask, source)]

    def settled(name: str, pages: int) -> list[tuple[str, datetime]]:
        with Store(tmp_path / name) as store:
            sources = [add_source(store, f"https://daily.example/{n}") for n in range(pages)]
            for source in sources:
                record_text(store, source, LONG, T0)
                for day in (2, 3):
                    record_text(store, source, f"{SHORT} {source}", T0 + day * DAY)
            derive_all(store)
            assert bool(alarms(drift_queries.read_lengths(store.ask, T0))) == (pages > 1)
            told = said(store, sources[0])
            mend(store)
            assert alarms(drift_queries.read_lengths(store.ask, T0)) == ()
            assert said(store, sources[0]) == [("first", T0)]
            return told

    assert settled("many.db", 4) == settled("one.db", 1) == [("first", T0), ("changed", T0 + 2 * DAY)]


def mend(store: Store) -> None:
    """Read every page again, as whole as it is."""
    store.use_recipe(OTHER_RECIPE, LATER)
    whole = an_extraction(LONG, title="")
    ids = capture_queries.underived(store.ask, 100)
    for capture in (capture_queries.by_id(store.ask, each) for each in ids):
        store.record_extraction(capture, whole, digest_of("", LONG), OTHER_RECIPE)
        store.record_derivation(capture, OTHER_RECIPE.id, judged, LATER)
    for source_id in sorted({capture_queries.by_id(store.ask, each).source_id for each in ids}):
        settle(store, source_id, done=ids)


def test_status_tells_of_it_until_the_pages_are_read_better(tmp_path: Path) -> None:
    now = T0 + 3 * DAY
    with Store(tmp_path / "archive.db") as store:
        sources = [add_source(store, f"https://daily.example/{n}") for n in range(4)]
        for source in sources:
            record_text(store, source, LONG, T0)
            record_text(store, source, f"{SHORT} {source}", T0 + 2 * DAY)
        derive_all(store)
        with Archive(store.path) as archive:
            (alarm,) = archive.status(now)["drift"]
        assert (alarm.pages, alarm.of) == (len(sources), len(sources))
        assert alarms(drift_queries.read_lengths(store.ask, now - LOOK_BACK, host="example,other,")) == ()
        for source in sources:
            record_text(store, source, LONG, now + timedelta(hours=source))
        derive_all(store)
        assert alarms(drift_queries.read_lengths(store.ask, now - LOOK_BACK, host=HOST)) == ()


def test_a_host_that_is_not_looked_at_has_no_alarm(tmp_path: Path) -> None:
    """The query that spares reading a host must never pass over one whose readings give an alarm."""
    dice = random.Random(5)
    alarmed = 0
    for number in range(3):
        with Store(tmp_path / f"{number}.db") as store:
            words = " ".join(["word"] * 400)
            for page in range(dice.randrange(2, 5)):
                source_id = add_source(store, f"https://daily.example/{page}")
                for day in range(4):
                    text = words[: 60 + day] if day > 1 and dice.random() < 0.7 else f"{words} {day}"
                    record_text(store, source_id, text, T0 + day * DAY + page * HOUR)
            derive_all(store)
            for day in range(1, 6):
                end = T0 + day * DAY
                expected = alarms(drift_queries.read_lengths(store.ask, end - LOOK_BACK, until=end))
                assert Drift(store.ask).before(end) == expected
                alarmed += len(expected)
    assert alarmed
