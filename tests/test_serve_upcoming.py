"""What a page says of the time to come: when a source is due, as the plan has it, and when the next run is expected."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from archive.api import Archive
from archive.api.runs import expect_run
from archive.cli import wirecopy
from archive.serve.pages.sources import row
from archive.timestamps import iso
from archive.urls import url_key
from builders import DAY, HOUR, T0, a_capture, a_seed, failed
from db.records import DiscoveredUrl, ExpectedRun, Reason, Run, SeedKind
from db.store import Store
from serving import NOW, application, client

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

MINUTE = timedelta(minutes=1)
SEEDS = [
    a_seed("fixed", every=timedelta(hours=6)),
    a_seed("once", every="once"),
    a_seed("fails", every=timedelta(hours=1)),
    a_seed("waits", every=timedelta(hours=6)),
    a_seed("auto"),
    a_seed("unseen"),
    a_seed("retired"),
    a_seed("list", group="wide", kind=SeedKind.FEED, budget=6),
]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of seeds with every kind of rhythm, and one group with a budget that its 120 articles exceed."""
    path = tmp_path_factory.mktemp("watched") / "archive.db"
    with Store(path) as store:
        keys = {seed.url: url_key(seed.url) for seed in SEEDS}
        store.sync_seeds(SEEDS, keys, T0)
        with Archive(path) as archive:
            ids = {source.seed_key: source.id for source in archive.sources()}
        entries = [(DiscoveredUrl(url=url), url_key(url)) for url in (f"https://wide.example/{n}" for n in range(120))]
        store.add_discovered(entries, ids["wide/list"], NOW - DAY)
        with Archive(path) as archive:
            articles = [source.id for source in archive.sources() if source.found_in]
        visit = NOW - HOUR
        store.record([(a_capture(ids[f"daily/{name}"], at=visit), b"page") for name in ("fixed", "once", "auto")])
        store.record([(failed(Reason.TIMEOUT, visit - n * HOUR, ids["daily/fails"]), None) for n in (2, 1, 0)])
        busy = failed(Reason.RATE_LIMITED, visit, ids["daily/waits"])
        store.record([(replace(busy, retry_at=NOW + DAY), None)])
        store.record([(a_capture(ids["wide/list"], at=visit), b"list")])
        store.record([(a_capture(each, at=NOW - place * 10 * MINUTE), b"page") for place, each in enumerate(articles)])
        store.sync_seeds([seed for seed in SEEDS if seed.name != "retired"], keys, NOW - DAY)
    return path


@pytest.fixture(scope="module")
def ask(watched: Path) -> TestClient:
    return client(application(watched), accept="application/json")


def _environ(path: Path) -> dict[str, str]:
    """The settings of an archive whose seeds stand in no index."""
    return {"WIRECOPY_CLOCK": iso(NOW), "WIRECOPY_INDEX": str(path.with_name("INDEX.md"))}


def planned(path: Path) -> dict[str, tuple[str | None, bool]]:
    """By address when the verb says that a source is due, and whether it is."""
    answer = CliRunner().invoke(wirecopy, ["--db", str(path), "plan", "--json"], env=_environ(path))
    plan = json.loads(answer.stdout)
    with Archive(path) as archive:
        since = {visit.url: visit.due_at for visit in archive.plan(NOW).visits}
    found = {visit["url"]: (stamp(iso(since[visit["url"]])), True) for visit in plan["due"]}
    return found | {wait["url"]: (stamp(wait["due_at"]), False) for wait in plan["waiting"]}


def stamp(instant: str | None) -> str | None:
    """To the second, as the page says it."""
    return None if instant is None else f"{instant[:19]}Z"


def test_a_page_says_of_every_source_what_the_plan_says(watched: Path, ask: TestClient) -> None:
    plan = planned(watched)
    shown = ask.get("/sources?limit=500").json()
    rows = {each["url"]: (each["due_at"], each["due"]) for each in shown["sources"]}
    assert shown["planned"]
    assert rows == plan
    assert len({due for due, _ in plan.values()}) > 5
    assert {due for _, due in plan.values()} == {True, False}


def test_what_a_budget_leaves_for_a_source_is_said_though_only_that_source_is_asked_of(
    watched: Path, ask: TestClient
) -> None:
    plan = planned(watched)
    with Archive(watched) as archive:
        assert archive.plan(NOW).budgets[0].tau > 0.2
        for source in archive.sources():
            shown = ask.get(f"/api/v1/sources/{source.id}").json()
            assert (shown["due_at"], shown["due"]) == plan[source.url]
            alone = archive.plan(NOW, source_ids=[source.id])
            decided = len((*alone.visits, *alone.waiting))
            assert decided == (121 if (source.seed_key or "").startswith("wide/") else 1)


def test_a_source_that_nobody_watches_is_never_due(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Store(path) as store:
        store.add_source("https://x.example/", url_key("https://x.example/"), T0)
    (shown,) = client(application(path)).get("/sources.json").json()["sources"]
    assert (shown["due_at"], shown["due"]) == (None, False)


def test_where_a_plan_takes_too_long_nothing_is_said_of_it(watched: Path) -> None:
    with Archive(watched) as archive:
        (health,) = archive.health(limit=1).rows
    shown = row(health, NOW, None)
    assert (shown["due_at"], shown["due"], shown["checks"]) == (None, False, health.count)


# --- runs ------------------------------------------------------------------------------------------------------------


def runs(*hours: float, kind: str = "refresh") -> list[Run]:
    """Runs that began so many hours ago."""
    facts: dict[str, Any] = {"kind": kind, "owner": "tests", "finished_at": None, "counts": {}}
    return [Run(id=place, started_at=NOW - hour * HOUR, **facts) for place, hour in enumerate(hours)]


def test_the_next_run_is_expected_as_the_last_ones_came() -> None:
    expected = ExpectedRun(last_at=NOW - 15 * MINUTE, every=30 * MINUTE, next_at=NOW + 15 * MINUTE)
    assert expect_run(runs(0.25, 0.75, 1.25, 1.75), NOW) == expected


def test_a_run_that_is_a_little_late_is_expected_now_and_one_long_overdue_not_at_all() -> None:
    assert expect_run(runs(1.5, 2.5, 3.5), NOW).next_at == NOW
    late = expect_run(runs(2.5, 3.5, 4.5), NOW)
    assert (late.next_at, late.every) == (None, HOUR)


def test_two_runs_are_no_habit_and_a_backfill_is_none_either() -> None:
    assert expect_run(runs(1, 2), NOW) == ExpectedRun(last_at=NOW - HOUR)
    assert expect_run(runs(1, 2, 3, kind="backfill"), NOW) == ExpectedRun()
