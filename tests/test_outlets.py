"""What outlets do: figures by outlet and month, intervals, who copies whom, and the picture of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from archive.api import Archive
from archive.api.event_wording import outlet as outlet_of
from archive.api.outlets import wilson
from archive.cli import wirecopy
from archive.serve.charts.copy_flows import MOST_FLOWS, copy_flows
from builders import DAY, HOUR, T0, a_judgement, add_source, failed, make_history
from db.errors import NotArchived
from db.records import Reason, Relation
from db.store import Store
from serving import application, client, settle_as_compared

if TYPE_CHECKING:
    from pathlib import Path

    from archive.api.outlets import OutletFigures

LATER = T0 + 40 * DAY  # the month after T0
STORY = "The harbour opens on Monday.\n\nThree hundred boats wait outside, the minister said.\n\nIt had been closed."
CORRECTED = STORY.replace("Three hundred", "Thirty")
NOTED = f"{CORRECTED}\n\nCorrection: an earlier version of this report said three hundred boats."
ADDRESSES = (
    "https://www.daily.example/a",
    "https://daily.example:8443/a://b",
    "http://www.www.example/www.x",
    "http://10.0.0.1/a",
    "http://[2001:db8::1]:8020/a",
    "http://xn--bcher-kva.example/?u=http://www.other.example/",
)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three outlets: a paper that corrects in silence and with a note, a copier, and one that tests headlines."""
    path = tmp_path_factory.mktemp("outlets") / "archive.db"
    with Store(path) as store:
        silent = add_source(store, "https://www.daily.example/silent")
        make_history(store, silent, [(STORY, T0), (CORRECTED, T0 + 2 * HOUR)], title="Harbour opens")
        noted = add_source(store, "https://daily.example/noted")
        make_history(store, noted, [(f"{STORY} Again.", T0), (f"{NOTED} Again.", T0 + 6 * HOUR)], title="Once more")
        gone = add_source(store, "https://daily.example/gone")
        make_history(store, gone, [("A text that is taken down after a day or so.", LATER)], title="Taken down")
        copy = add_source(store, "https://copier.example/1")
        make_history(store, copy, [(f"{STORY} Says a paper.", T0 + 3 * HOUR)], title="Harbour opens soon")
        tested = add_source(store, "https://tests.example/1")
        for days, title in enumerate(("Calm at sea", "Terror at sea", "Calm at sea")):
            body = f"The sea was calm, all day long and all night long, said {('a', 'the', 'its')[days]} crew."
            make_history(store, tested, [(body, T0 + days * DAY)], title=title)
        for source_id in (silent, noted, tested):
            settle_as_compared(store, source_id, [])
        store.record([(failed(Reason.GONE_410, LATER + DAY, gone, status=410), None)])
        store.record_links(1, [(6, a_judgement(Relation.NEAR, coverage=(0.9, 0.9)))], "of the tests", T0)
    return path


def totals(db: Path) -> dict[str, OutletFigures]:
    with Archive(db) as archive:
        return {row.outlet: row for row in archive.outlets().totals}


def test_a_correction_is_silent_unless_a_note_declares_it(db: Path) -> None:
    daily = totals(db)["daily.example"]
    assert (daily.articles, daily.edited, daily.silent, daily.declared) == (3, 2, 1, 1)
    assert daily.first_edit == 4 * 3600


def test_a_headline_that_comes_back_was_a_test(db: Path) -> None:
    tests = totals(db)["tests.example"]
    assert (tests.headlines, tests.headline_tests, tests.silent) == (1, 1, 0)


def test_a_copy_of_another_outlet_counts_for_both_and_is_stale_if_it_is_not_corrected(db: Path) -> None:
    with Archive(db) as archive:
        report = archive.outlets()
    rows = {row.outlet: row for row in report.totals}
    assert (rows["copier.example"].copied, rows["daily.example"].originals, rows["daily.example"].copied) == (1, 1, 0)
    assert [(flow.copier, flow.original, flow.articles, flow.lag) for flow in report.flows] == [
        ("copier.example", "daily.example", 1, 3 * 3600)
    ]
    assert rows["copier.example"].stale == 1


def test_months_are_those_of_the_first_sight_and_add_up(db: Path) -> None:
    with Archive(db) as archive:
        report, later = archive.outlets("www.Daily.example"), archive.outlets(since=T0 + DAY)
    assert [(row.month, row.articles, row.gone) for row in report.months] == [("2026-01", 2, 0), ("2026-02", 1, 1)]
    assert [(row.month, row.articles, row.gone) for row in report.totals] == [(None, 3, 1)]
    assert [(row.outlet, row.articles, row.copied) for row in later.totals] == [("daily.example", 1, 0)]


def test_an_unknown_outlet_is_refused_with_the_nearest(db: Path) -> None:
    with Archive(db) as archive, pytest.raises(NotArchived, match=r"Did you mean daily\.example"):
        archive.outlets("news.daily.example")
    outcome = CliRunner().invoke(wirecopy, ["--db", str(db), "outlets", "nobody.example"])
    assert isinstance(outcome.exception, NotArchived)


def test_the_view_counts_what_the_command_counts(db: Path) -> None:
    names = ("outlet", "month", "articles", "edited", "edits", "declared", "silent", "headlines", "headline_tests")
    with Archive(db) as archive:
        months = [
            (*(getattr(row, name) for name in names), row.first_edit)
            for row in sorted(archive.outlets().months, key=lambda row: (row.outlet, row.month or ""))
        ]
        rows = archive.ask("SELECT * FROM v_outlets ORDER BY outlet, month")
    assert [(*(row[name] for name in names), row["median_seconds_to_first_edit"]) for row in rows] == months


def test_an_outlet_has_one_name_in_sql_and_in_python(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Store(path) as store:
        for number, address in enumerate(ADDRESSES):
            make_history(store, add_source(store, address), [(f"Text number {number}, and no more.", T0)])
    with Archive(path) as archive:
        rows = archive.ask("SELECT url, outlet FROM v_article_edits")
    assert len(rows) == len(ADDRESSES)
    assert {row["url"]: row["outlet"] for row in rows} == {row["url"]: outlet_of(row["url"]) for row in rows}


def test_figures_that_take_too_long_are_left_out_and_said(db: Path) -> None:
    with Archive(db) as archive:
        report = archive.outlets(most=1)
    assert not report.whole
    assert (report.flows, {row.copied for row in report.totals}) == ((), {None})
    assert sum(row.edited for row in report.totals) == sum(row.edited for row in totals(db).values())


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662), (0, 0, 0.0, 1.0)],
)
def test_an_interval_is_that_of_wilson(count: int, total: int, low: float, high: float) -> None:
    """81 of 263 is the example of Newcombe (1998), who gives 0.2553 to 0.3662 for this method."""
    assert wilson(count, total) == pytest.approx((low, high), abs=5e-5)


def test_the_page_of_an_outlet_and_its_data_are_the_same(db: Path) -> None:
    ask = client(application(db))
    page, data = ask.get("/outlets/daily.example"), ask.get("/outlets/daily.example.json").json()
    assert page.status_code == 200
    assert [row["month"] for row in data["months"]] == ["2026-01", "2026-02"]
    assert ask.get("/api/v1/outlets/daily.example").json() == data
    assert ask.get("/outlets.csv").text.count("\r\n") == 5  # a header and four months of outlets
    assert "50% (9\u201391)" in page.text  # one of the two corrections of January is silent
    assert 'class="flows"' in page.text
    assert ask.get("/outlets?since=2026-02-01&until=2026-01-01").status_code == 400
    assert ask.get("/outlets?since=2031-01-01").status_code == 200


def test_the_command_prints_tables_csv_and_json(db: Path) -> None:
    def said(*options: str) -> str:
        return CliRunner().invoke(wirecopy, ["--db", str(db), "outlets", *options], catch_exceptions=False).stdout

    assert "67 % (21-94)" in said()
    assert [line.split(",")[:3] for line in said("--csv").splitlines()][1:] == [
        ["copier.example", "2026-01", "1"],
        ["daily.example", "2026-01", "2"],
        ["daily.example", "2026-02", "1"],
        ["tests.example", "2026-01", "1"],
    ]
    assert json.loads(said("daily.example", "--json"))["flows"][0]["lag_seconds"] == 3 * 3600


def test_the_picture_has_a_ribbon_for_each_flow_and_strangers_names_as_text() -> None:
    flows = [{"copier": f"<b>{n}", "original": "a" * 40, "articles": MOST_FLOWS + 3 - n} for n in range(MOST_FLOWS + 2)]
    drawing = str(copy_flows(flows, 'a "summary"'))
    assert drawing.count('<path class="flow"') == MOST_FLOWS
    assert "<b>" not in drawing
    assert "&lt;b&gt;0" in drawing
    assert copy_flows([], "") == ""
