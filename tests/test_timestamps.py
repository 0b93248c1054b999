from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.timestamps import format_duration, in_words, iso, parse_duration, parse_instant, parse_past, parse_stamp
from db.errors import BadInput

NOW = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)

INSTANTS = st.datetimes(timezones=st.just(UTC))
SPANS = st.integers(1, 10**8).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021", "2021-01-01T00:00:00Z"),
        ("2021-10", "2021-10-01T00:00:00Z"),
        ("2021-10-08", "2021-10-08T00:00:00Z"),
        ("20211008", "2021-10-08T00:00:00Z"),
        ("2021-10-08T12:00", "2021-10-08T12:00:00Z"),
        ("2021-10-08 12:00:30", "2021-10-08T12:00:30Z"),
        ("2021-10-08T12:00:30.25Z", "2021-10-08T12:00:30.250000Z"),
        ("2021-10-08T12:00:30,123456789Z", "2021-10-08T12:00:30.123456Z"),
        ("2021-10-08T12:00z", "2021-10-08T12:00:00Z"),
        ("2021-10-08T12:00+02:00", "2021-10-08T10:00:00Z"),
        ("2021-10-08 12:00 -0530", "2021-10-08T17:30:00Z"),
        ("2021-10-08T12:00+02", "2021-10-08T10:00:00Z"),
        ("20211008120030", "2021-10-08T12:00:30Z"),
        ("202110081200", "2021-10-08T12:00:00Z"),
        ("now", "2026-01-05T08:30:00Z"),
        (" Today ", "2026-01-05T00:00:00Z"),
        ("yesterday", "2026-01-04T00:00:00Z"),
        ("3d", "2026-01-02T08:30:00Z"),
        ("3d ago", "2026-01-02T08:30:00Z"),
        ("90 minutes ago", "2026-01-05T07:00:00Z"),
        ("2 weeks  ago", "2025-12-22T08:30:00Z"),
    ],
)
def test_parse_instant_accepts_what_people_type(text: str, expected: str):
    assert iso(parse_instant(text, now=NOW)) == expected


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-01-05 09:00", "2026-01-05T08:00:00Z", "2026-01-05T08:00:00Z"),
        ("2026-07-05 09:00", "2026-07-05T07:00:00Z", "2026-07-05T07:00:00Z"),
        ("2026-01-05 09:00Z", "2026-01-05T09:00:00Z", "2026-01-05T09:00:00Z"),
        ("202601050900", "2026-01-05T09:00:00Z", "2026-01-05T09:00:00Z"),
        ("2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999999Z"),
        ("2026-10", "2026-09-30T22:00:00Z", "2026-10-31T22:59:59.999999Z"),
        ("today", "2026-01-05T23:00:00Z", "2026-01-06T22:59:59.999999Z"),
        ("yesterday", "2026-01-04T23:00:00Z", "2026-01-05T22:59:59.999999Z"),
        ("2h ago", "2026-01-05T21:30:00Z", "2026-01-05T21:30:00Z"),
    ],
)
def test_times_without_a_zone_are_in_that_of_the_person_who_asks(text: str, start: str, end: str):
    now = datetime(2026, 1, 6, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert iso(parse_instant(text, now=now)) == start
    assert iso(parse_instant(text, now=now, end=True)) == end
    assert parse_instant(text, now=now).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021", "2021-12-31T23:59:59.999999Z"),
        ("2021-12", "2021-12-31T23:59:59.999999Z"),
        ("2024-02", "2024-02-29T23:59:59.999999Z"),
        ("2021-10-08", "2021-10-08T23:59:59.999999Z"),
        ("yesterday", "2026-01-04T23:59:59.999999Z"),
        ("2021-10-08T12:00", "2021-10-08T12:00:00Z"),
        ("now", "2026-01-05T08:30:00Z"),
    ],
)
def test_with_end_a_period_means_its_last_moment_and_an_instant_stays(text: str, expected: str):
    assert iso(parse_instant(text, now=NOW, end=True)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2021-13-01",
        "2021-02-30",
        "2021-10-08T25:00",
        "2021-10-08T24:00",
        "2021-10-08T12:60",
        "2021-10-08T12:00+99:00",
        "08/10/2021",
        "2021-W40-5",
        "0000-01-01",
        "0001-01-01T00:00+01:00",
        "20211308120000",
        "1633694400",
        "0d ago",
        "-3d",
        "3 fortnights ago",
        "999999999w ago",
        "9999w52",
        "\u0662\u0660\u0662\u0661-10-08",
        "2021-10-08T12:00Z\x00",
    ],
)
def test_anything_else_is_bad_input_with_examples(text: str):
    with pytest.raises(BadInput, match="for example"):
        parse_instant(text, now=NOW)


@pytest.mark.parametrize("text", ["9999", "9999-12", "9999-12-31"])
def test_the_end_of_the_last_year_does_not_exist(text: str):
    with pytest.raises(BadInput):
        parse_instant(text, now=NOW, end=True)


def test_the_past_ends_now_and_a_day_that_has_begun_ends_now():
    assert parse_past("today", now=NOW) == parse_past("now", now=NOW) == NOW
    assert parse_past("yesterday", now=NOW) == parse_instant("yesterday", now=NOW, end=True)
    with pytest.raises(BadInput, match="is still to come"):
        parse_past(f"{NOW.year + 1}", now=NOW)


def test_a_date_in_a_file_cannot_be_relative():
    with pytest.raises(BadInput):
        parse_stamp("yesterday")


@given(INSTANTS)
def test_an_instant_written_is_the_instant_read(instant: datetime):
    assert parse_stamp(iso(instant)) == instant


@given(st.text(max_size=30))
def test_no_text_breaks_the_parser(text: str):
    with suppress(BadInput):
        assert parse_instant(text, now=NOW).tzinfo is UTC


def test_iso_converts_to_utc_and_shows_microseconds_only_where_there_are_some():
    east = timezone(timedelta(hours=2))
    assert iso(datetime(2026, 1, 5, 10, tzinfo=east)) == "2026-01-05T08:00:00Z"
    assert iso(datetime(2026, 1, 5, 8, 0, 0, 5, tzinfo=UTC)) == "2026-01-05T08:00:00.000005Z"


def test_iso_refuses_a_time_without_a_zone():
    with pytest.raises(ValueError, match="no zone"):
        iso(datetime(2026, 1, 5))  # noqa: DTZ001  (a naive datetime is the subject)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30m", 1800),
        ("4h", 14_400),
        ("2d", 172_800),
        ("1w", 604_800),
        ("90 s", 90),
        ("2 Days", 172_800),
        ("1 hour", 3600),
    ],
)
def test_durations_are_a_number_and_a_unit(text: str, seconds: int):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "4", "h", "0h", "-4h", "1.5h", "4 moons", "1h30m", "999999999w"])
def test_other_durations_are_bad_input(text: str):
    with pytest.raises(BadInput, match="30m, 4h, 2d, 1w"):
        parse_duration(text)


@given(SPANS)
def test_a_duration_written_is_the_duration_read(span: timedelta):
    assert parse_duration(format_duration(span)) == span


def test_durations_are_written_in_their_largest_whole_unit():
    assert [format_duration(timedelta(hours=hours)) for hours in (1, 24, 36, 168)] == ["1h", "1d", "36h", "1w"]
    assert format_duration(timedelta(milliseconds=3)) == "1s"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (20, "20 s"),
        (89, "89 s"),
        (90, "2 min"),
        (1200, "20 min"),
        (5400, "2 h"),
        (10_800, "3 h"),
        (172_800, "2 days"),
    ],
)
def test_in_words_rounds_a_span(seconds: int, words: str):
    assert in_words(timedelta(seconds=seconds)) == words
