"""A wrong clock: noticed by the servers' time before anything is recorded, and named and ignored where it was not."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from archive.api import Archive
from archive.cli import wirecopy
from archive.crawl.server_dates import ServerDates, confirms, stated_time
from archive.pipeline.gather import gather
from archive.pipeline.refresh import refresh
from archive.seeds import read_index
from archive.seeds.frontier.plan import plan_visits
from archive.settings import Settings
from archive.urls import url_key
from db.errors import ConfigError
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.records import SeedKind, Visit
from db.store import Store
from fakes import ScriptedFetcher
from newsroom import answer, page
from tests.builders import a_capture, add_source

if TYPE_CHECKING:
    from pathlib import Path

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
YEAR = 365 * DAY
HOSTS = ("daily", "wire", "post", "herald")
WRONG = [YEAR, -YEAR, 2 * DAY, -2 * DAY]
INDEX = "# Seeds\n\n## Daily\n\n| name | url | kind | every |\n| --- | --- | --- | --- |\n"


def dated(at: datetime) -> tuple[tuple[str, str], ...]:
    return (("Date", format_datetime(at.astimezone(UTC), usegmt=True)),)


def visited(store: Store, now: datetime, ahead: dict[str, timedelta | None]) -> None:
    """Visit hosts whose time is ahead of this clock by so much; None: they tell none."""
    urls = {host: f"https://{host}.example/a" for host in ahead}
    script = {
        urls[host]: [answer(now, page(), url=urls[host], headers=() if offset is None else dated(now + offset))]
        for host, offset in ahead.items()
    }
    visits = [Visit(source_id=add_source(store, url), url=url, kind=SeedKind.ARTICLE) for url in urls.values()]
    run = store.begin_run("refresh", "{}", "test", now)
    asyncio.run(gather(store, ScriptedFetcher(script, at=now), visits, run_id=run, now=now, dates=ServerDates()))


@pytest.mark.parametrize("offset", [*WRONG, 90 * timedelta(minutes=1), -14 * HOUR])
def test_nothing_is_recorded_by_a_clock_that_the_servers_contradict(
    store: Store, now: datetime, offset: timedelta
) -> None:
    with pytest.raises(ConfigError, match="Set the clock"):
        visited(store, now, dict.fromkeys(HOSTS, offset))
    assert store.ask("SELECT count(*) AS n FROM capture")[0]["n"] == 0


AGREE = [
    dict.fromkeys(HOSTS, timedelta(minutes=20)),
    dict.fromkeys(HOSTS),
    {"daily": YEAR, "wire": timedelta(), "post": timedelta()},  # one server is wrong itself
    {"daily": -YEAR, "wire": -YEAR, "post": timedelta()},  # two caches that state no age
    {"daily": YEAR},  # a server alone may be wrong
    {"daily": None, "wire": None, "post": -YEAR},
    {},
]


@pytest.mark.parametrize("ahead", AGREE, ids=range(len(AGREE)))
def test_everything_is_recorded_by_a_clock_that_the_servers_do_not_contradict(
    store: Store, now: datetime, ahead: dict[str, timedelta | None]
) -> None:
    visited(store, now, ahead)
    assert store.ask("SELECT count(*) AS n FROM capture")[0]["n"] == len(ahead)


@pytest.mark.parametrize("offset", WRONG)
def test_a_server_alone_raises_a_doubt(now: datetime, offset: timedelta) -> None:
    dates = ServerDates()
    dates.add("https://daily.example/a", dated(now + offset), now)
    assert dates.doubt() == offset
    dates.add("https://wire.example/a", dated(now + offset), now)
    assert dates.doubt() is None
    assert dates.offset() == offset


def test_the_time_of_an_answer_from_a_cache_is_its_date_and_its_age(now: datetime) -> None:
    assert stated_time((*dated(now - DAY), ("AGE", "86400"))) == now
    assert stated_time((*dated(now), ("Age", "-5"))) == now
    assert stated_time((("Date", "yesterday"),)) is None
    assert stated_time((("date", "Fri, 31 Dec 9999 23:59:59 GMT"), ("age", "999999999"))) is not None


# --- what a wrong run left --------------------------------------------------------------------------------------------


def seeded(path: Path, now: datetime, off: timedelta, *, served_at: datetime) -> Settings:
    """An archive with a source checked an hour ago, and by a run whose clock was off."""
    settings = Settings(root=path, db=path / "archive.db", index=path / "INDEX.md", contact="desk@news.example")
    url = "https://daily.example/a"
    settings.index.write_text(f"{INDEX}| a | {url} | article | 30 min |\n")
    with Store(settings.db) as store:
        store.sync_seeds(read_index(settings.index.read_text(), file="x").seeds, {url: url_key(url)}, now - DAY)
        source = source_queries.by_url_key(store.ask, url_key(url))
        assert source is not None
        for at, headers in ((now - HOUR, dated(now - HOUR)), (now + off, dated(served_at))):
            run = store.begin_run("refresh", "{}", "test", at)
            store.record([(a_capture(source.id, at=at, url=url, headers=headers), f"At {at}".encode())], run)
            store.end_run(run, {}, at)
    return settings


@pytest.mark.parametrize("off", [YEAR, 2 * DAY])
def test_checks_dated_in_the_future_delay_no_visit(tmp_path: Path, now: datetime, off: timedelta) -> None:
    settings = seeded(tmp_path, now, off, served_at=now)
    with Archive(settings.db) as archive:
        (due,) = archive.plan(now).visits
        assert due.url == "https://daily.example/a"
        blind = plan_visits(source_queries.states(archive.ask), now=now)
        assert blind.visits == ()


@pytest.mark.parametrize("off", [YEAR, 2 * DAY])
def test_checks_dated_in_the_future_are_named(tmp_path: Path, off: timedelta) -> None:
    now = datetime.now(UTC)
    settings = seeded(tmp_path, now, off, served_at=now)
    for verb in ("doctor", "status", "verify"):
        result = CliRunner().invoke(wirecopy, ["--db", str(settings.db), verb])
        assert "1 check of run 2 (refresh) is dated in the future" in " ".join(result.output.split()), verb
    status = json.loads(CliRunner().invoke(wirecopy, ["--db", str(settings.db), "status", "--json"]).output)
    assert len(status["future"]) == 1
    with Archive(settings.db) as archive:
        assert archive.future_runs(now + off) == []


def test_a_clock_that_is_behind_the_archive_and_its_servers_makes_no_run(tmp_path: Path) -> None:
    """The clock of a test cannot be set, so the archive is of next year, as its servers were."""
    later = datetime.now(UTC) + YEAR
    settings = seeded(tmp_path, later, timedelta(), served_at=later)
    with pytest.raises(ConfigError, match="whose servers told the same time"):
        asyncio.run(refresh(settings, force=True))
    with Store(settings.db) as store:
        assert store.ask("SELECT count(*) AS n FROM capture")[0]["n"] == 2
        assert capture_queries.underived(store.ask, 9)


def test_servers_of_a_run_whose_clock_was_ahead_do_not_confirm_it(now: datetime) -> None:
    headers = json.dumps(dated(now))
    assert confirms([(now, headers), (now + timedelta(minutes=5), headers)])
    assert not confirms([(now + YEAR, headers), (now, headers)])
    assert not confirms([(now + YEAR, "[]")])
    assert not confirms([])
