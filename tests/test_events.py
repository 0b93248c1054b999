"""Events: everything worth telling, derived from the record, the same from every door."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from archive.api import Archive, serialize_events
from archive.api.event_wording import LABELS, describe
from archive.api.list_events import broken_lists, failed_runs, shrunk_lists, silences
from archive.api.version_ref import Ref
from archive.cli import wirecopy
from archive.serve import paths
from archive.versions.absences import current_absence, find_absences
from builders import DAY, HOUR, T0, a_sighting
from db.errors import BadInput
from db.queries.events import ListCheck, Place, RunRow
from db.records import EventFilter, EventKind, Reason, Report, Verdict
from db.store import Store
from newsroom import COPY, TALKS, answer, derive, fill, gather, page
from serving import application, client

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from pathlib import Path

    from click.testing import Result

    from db.records import Sighting

PLACE = Place(source_id=1, url="https://daily.example/feed", group="daily", seed_key="daily/feed")
GONE, PAYWALL = Reason.GONE_410, Verdict.PAYWALL


def checks(*states: Reason | Verdict | None, every: timedelta = HOUR) -> list[Sighting]:
    """Sightings one after the other: of a text (None), of a failure, or of a page without a text."""
    return [
        a_sighting(at=T0 + number * every)
        if state is None
        else a_sighting(None, at=T0 + number * every, **{"reason" if isinstance(state, Reason) else "verdict": state})
        for number, state in enumerate(states)
    ]


# --- absences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "every", "absences"),
    [
        ((None, GONE), HOUR, [("gone", 1, 1, None)]),
        ((None, Reason.MISSING_404, Reason.MISSING_404), HOUR, [("gone", 1, None, None)]),
        ((None, Reason.MISSING_404, Reason.MISSING_404), DAY, [("gone", 1, 2, None)]),
        ((None, Verdict.SOFT_404, Verdict.SOFT_404), DAY, [("gone", 1, 2, None)]),
        ((None, Reason.MISSING_404, None), DAY, [("gone", 1, None, 2)]),
        ((None, Reason.MISSING_404, Reason.TIMEOUT, Reason.MISSING_404), DAY, [("gone", 1, 3, None)]),
        ((None, PAYWALL), DAY, [("paywalled", 1, None, None)]),
        ((None, PAYWALL, PAYWALL, None), HOUR, [("paywalled", 1, 2, 3)]),
        ((None, Reason.FORBIDDEN, Verdict.CHALLENGE), HOUR, [("blocked", 1, 2, None)]),
        ((None, Reason.MISSING_404, PAYWALL, PAYWALL), HOUR, [("paywalled", 2, 3, None)]),
        ((None, PAYWALL, PAYWALL, GONE), HOUR, [("paywalled", 1, 2, None), ("gone", 3, 3, None)]),
        ((PAYWALL, PAYWALL, None), HOUR, []),
        ((GONE, GONE), HOUR, []),
        ((None, Reason.SERVER_ERROR, Reason.TIMEOUT), DAY, []),
    ],
)
def test_an_absence_counts_once_it_is_confirmed(
    states: Sequence[Reason | Verdict | None], every: timedelta, absences: list[tuple[str, int, int | None, int | None]]
) -> None:
    def number(moment: Any) -> int | None:
        return None if moment is None else round((moment - T0) / every)

    sightings = checks(*states, every=every)
    assert [
        (row.kind, number(row.since), number(row.confirmed_at), number(row.back_at)) for row in find_absences(sightings)
    ] == absences
    lasts = bool(absences) and absences[-1][2] is not None and absences[-1][3] is None
    assert (current_absence(sightings) is not None) is lasts


# --- lists and runs --------------------------------------------------------------------------------------------------


def reads(*lengths: int | str, every: timedelta = HOUR) -> list[ListCheck]:
    """Checks of a list: a page of that many bytes, a reason, or a flag."""
    return [
        ListCheck(
            at=T0 + number * every,
            reason=length if isinstance(length, str) and not length.startswith("list-") else None,
            detail="",
            flags=(length,) if isinstance(length, str) and length.startswith("list-") else (),
            length=length if isinstance(length, int) else None,
        )
        for number, length in enumerate(lengths)
    ]


@pytest.mark.parametrize(
    ("states", "numbers"),
    [
        ((900, "timeout", 900), []),
        ((900, "missing_404", "missing_404", "missing_404"), [(2, 1)]),
        ((900, "list-damaged", "not_modified", "list-damaged"), []),
        ((900, "list-empty", "list-empty", 900, "tls", "tls"), [(2, 1), (5, 4)]),
        ((900, "list-cut", "list-cut"), []),
    ],
)
def test_a_list_is_broken_if_two_checks_in_a_row_cannot_read_it(
    states: Sequence[int | str], numbers: list[tuple[int, int]]
) -> None:
    events = list(broken_lists(PLACE, reads(*states)))
    assert [(round((row.at - T0) / HOUR), round((row.since - T0) / HOUR)) for row in events] == numbers


@pytest.mark.parametrize(
    ("lengths", "shrunk"),
    [
        ((1000, 1000, 1000, 300, 300), [4]),
        ((1000, 1000, 1000, 300, 1000, 300), []),
        ((1000, 1000, 300, 300), []),
        ((1000, 900, 1100, 500, 500), []),
        ((1000, 1000, 1000, 300, "timeout", 300, 300), [5]),
    ],
)
def test_a_list_has_shrunk_if_two_pages_in_a_row_are_far_smaller_than_usual(
    lengths: Sequence[int | str], shrunk: list[int]
) -> None:
    assert [round((row.at - T0) / HOUR) for row in shrunk_lists(PLACE, reads(*lengths))] == shrunk


def test_a_list_is_silent_for_longer_than_its_longest_gap() -> None:
    finds = [T0 + number * DAY for number in (0, 1, 2, 4, 5, 6)]
    daily = reads(*[900] * 20, every=DAY)
    (event,) = silences(PLACE, finds, daily)
    assert (event.at, event.since) == (T0 + 10 * DAY, T0 + 6 * DAY)  # twice the gap of two days
    assert "nothing new for 4.0 days" in event.detail
    assert not list(silences(PLACE, finds, reads(*[900] * 7, *["timeout"] * 13, every=DAY))), "nobody could know"
    assert not list(silences(PLACE, finds[:5], daily)), "too few finds to know what is usual"


def test_a_run_that_was_refused_cut_off_or_met_no_network_failed() -> None:
    def a_run(number: int, counts: dict[str, int], *, finished: bool = True) -> RunRow:
        start = T0 + number * HOUR
        ends = {"finished_at": start + HOUR / 2 if finished else None, "next_at": start + HOUR}
        return RunRow(id=number, kind="refresh", started_at=start, counts=counts, **ends)

    runs = [
        a_run(1, {"visits": 9, "failed": 2}),
        a_run(2, {"refused": 1}),
        a_run(3, {"visits": 9, "failed": 9}),
        a_run(4, {}, finished=False),
        a_run(5, {"visits": 1, "failed": 1}),
    ]
    assert [event.title for event in failed_runs(runs)] == [f"Run {number} (refresh) failed" for number in (2, 3, 4)]


# --- a whole archive -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three versions of an article and a copy of it; then the article is gone for two days and comes back."""
    path = tmp_path_factory.mktemp("events") / "archive.db"
    fill(path, T0)
    with Store(path) as store:
        outcomes = [answer(T0 + 60 * HOUR, reason=Reason.MISSING_404, status=404), answer(T0 + 80 * HOUR, page())]
        gather(store, outcomes, 1)
        gather(store, [answer(T0 + 81 * HOUR, page(title="Strait to reopen"), url=COPY)], 2)
        derive(store, T0 + 81 * HOUR)
    return path


NEWS = EventFilter(kinds=tuple(kind for kind in EventKind if kind is not EventKind.RUN_FAILED))
"""Every kind but one: the builders of the tests end no run."""


def test_everything_that_happened_is_one_event_each(newsroom: Path) -> None:
    with Archive(newsroom) as archive:
        events = archive.events(NEWS, limit=99).rows
    assert sorted((round((row.at - T0) / HOUR), str(row.kind), row.url) for row in events) == [
        (0, "new", TALKS),
        (1, "copied", COPY),
        (1, "new", COPY),
        (4, "edited", TALKS),
        (30, "edited", TALKS),
        (60, "gone", TALKS),
        (80, "back", TALKS),
        (81, "stale_copy", COPY),
    ]
    assert [row.at for row in events] == sorted((row.at for row in events), reverse=True)


def test_an_event_says_the_words(newsroom: Path) -> None:
    with Archive(newsroom) as archive:
        rows = {
            (str(row.kind), round((row.at - T0) / HOUR)): row for row in archive.events(EventFilter(), limit=99).rows
        }
    number, headline = rows["edited", 4], rows["edited", 30]
    assert (number.before, number.after, number.edits[0]) == ("300", "30", "number")
    assert "[300 \u2192 30] inspection posts" in number.detail
    assert headline.after == "Ministers consider reopening the strait"
    assert describe(rows["gone", 60]) == "gone since 6 Jan 2026 15:00 UTC: page not found (404)"
    assert describe(rows["copied", 1]).startswith("copied from daily.example, 1 h later: ")


def test_a_run_has_the_events_of_its_time_and_the_edits_that_it_brought_from_earlier(newsroom: Path) -> None:
    with Archive(newsroom) as archive:
        every = archive.events(EventFilter(), limit=99).rows
        old = next(event for event in every if event.kind is EventKind.EDITED and event.at < T0 + 10 * HOUR)
        brought = archive.version(Ref(url=old.url, number=old.version))
        report = Report(run_id=9, kind="backfill", started_at=T0 + 50 * HOUR, finished_at=T0 + 70 * HOUR)
        during = [event for event in every if report.started_at <= event.at <= report.finished_at]
        assert {event.id for event in archive.events_of_run(report, most=20)} == {event.id for event in during}
        events = archive.events_of_run(replace(report, changes=(brought,)), most=20)
        assert {event.id for event in events} == {event.id for event in (*during, old)}
        assert old in events
        assert [event.weight for event in events] == sorted((event.weight for event in events), reverse=True)
        assert len(archive.events_of_run(replace(report, changes=(brought,)), most=1)) == 1


def test_pages_of_events_follow_each_other_and_repeat_none(newsroom: Path) -> None:
    with Archive(newsroom) as archive:
        whole = [row.id for row in archive.events(EventFilter(), limit=99).rows]
        paged: list[str] = []
        after = None
        while True:
            listing = archive.events(EventFilter(), after=after, limit=2)
            paged += [row.id for row in listing.rows]
            after = listing.next_key
            if after is None:
                break
        gone = archive.events(EventFilter(kinds=(EventKind.GONE,), since=T0 + 50 * HOUR, until=T0 + 70 * HOUR)).rows
    assert paged == whole
    assert len(set(whole)) == len(whole)
    assert [row.kind for row in gone] == [EventKind.GONE]


def test_every_door_gives_the_same_events(newsroom: Path) -> None:
    ask = client(application(newsroom))
    rows = ask.get("/events.json?limit=99").json()["events"]
    with Archive(newsroom) as archive:
        assert rows == [serialize_events.event(row) for row in archive.events(EventFilter(), limit=99).rows]
    assert ask.get("/api/v1/events?limit=99").json()["events"] == rows
    entries = ET.fromstring(ask.get("/events.atom?limit=99").text).findall("{*}entry")  # noqa: S314 (our own)
    assert [entry.findtext("{*}id") for entry in entries] == [f"tag:wirecopy,2026:event/{row['id']}" for row in rows]
    assert all(ask.get(row["path"]).status_code == 200 for row in rows)
    assert {row["path"] for row in rows} >= {paths.change(1, 1, 2), paths.copies(1, 2), paths.article(1)}
    assert "no such kind of event" in ask.get("/events.json?kind=shouting").text
    assert set(LABELS) == set(EventKind)


# --- where an absence is shown ---------------------------------------------------------------------------------------


def test_a_page_that_was_gone_says_so_as_of_then(newsroom: Path) -> None:
    ask = client(application(newsroom))
    states = {}
    for hour in (20, 61, 81):
        moment = (T0 + hour * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")
        rows = ask.get(f"/as-of/{moment}.json").json()["articles"]
        states[hour] = {row["url"]: (row["absent"], row["absent_from"]) for row in rows}[TALKS]
    assert states == {20: (None, None), 61: ("gone", "2026-01-06T15:00:00Z"), 81: (None, None)}
    page_then = ask.get("/as-of/2026-01-07T21:00:00Z").text
    assert "gone</span>" in page_then


def test_an_instant_still_to_come_is_refused_and_today_means_now(newsroom: Path) -> None:
    ask = client(application(newsroom))  # its clock is 30 days after the first capture
    refused = ask.get("/as-of/2027-01-01")
    assert (refused.status_code, "is still to come" in refused.text) == (400, True)
    assert ask.get("/as-of/2026-02-04.json").json()["at"] == "2026-02-04T08:00:00Z"


def test_the_page_of_an_article_says_since_when_it_is_not_there(newsroom: Path, tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    path.write_bytes(newsroom.read_bytes())
    with Store(path) as store:
        gather(store, [answer(T0 + 90 * HOUR, reason=Reason.GONE_410, status=410)], 1)
        derive(store, T0 + 90 * HOUR)
    ask = client(application(path))
    assert "gone: page gone (410) (1 check)" in ask.get("/articles/1").text
    absence = {"kind": "gone", "since": "2026-01-09T02:00:00Z", "said": "gone: page gone (410)", "checks": 1}
    assert ask.get("/articles/1.json").json()["absence"] == absence
    assert ask.get("/articles/2.json").json()["absence"] is None


def test_list_as_of_says_what_was_gone(newsroom: Path) -> None:
    def listed(*options: str) -> Result:
        return CliRunner().invoke(wirecopy, ["--db", str(newsroom), "list", *options])

    assert "gone since 2026-01-06 15:00" in listed("--as-of", "2026-01-07T21:00Z").output
    (row,) = (
        row
        for row in json.loads(listed("--as-of", "2026-01-07T21:00Z", "--json").stdout)["articles"]
        if row["url"] == TALKS
    )
    assert (row["absent"], row["absent_from"]) == ("gone", "2026-01-06T15:00:00Z")


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--as-of", "2999"],
        ["show", TALKS, "--as-of", "2999"],
        ["show", f"{TALKS}@2999"],
        ["search", "strait", "--as-of", "2999"],
        ["export", "jsonl", "out.jsonl", "--as-of", "2999"],
    ],
)
def test_an_instant_still_to_come_is_refused_in_the_same_words(newsroom: Path, arguments: list[str]) -> None:
    with pytest.raises(
        BadInput, match="2999 is still to come, and the archive only knows what was; for today write: now"
    ):
        CliRunner().invoke(wirecopy, ["--db", str(newsroom), *arguments], catch_exceptions=False)


def test_an_error_keeps_the_case_of_an_address(newsroom: Path) -> None:
    text = client(application(newsroom)).get("/find?url=https://daily.example/Nowhere").text
    assert "https://daily.example/Nowhere is not in this archive" in text


def test_a_check_that_is_not_read_yet_is_drawn_as_no_absence(newsroom: Path, tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    path.write_bytes(newsroom.read_bytes())
    with Store(path) as store:
        gather(store, [answer(T0 + 90 * HOUR, page())], 2)
    ask = client(application(path))
    checks = ask.get("/articles/2.json").json()["timeline"]["checks"]
    assert (checks[-1]["state"], checks[-1]["health"]) == ("underived", "unread")
    drawing = ask.get("/articles/2").text
    assert ('class="tick unread"' in drawing, 'class="band' in drawing) == (True, False)
