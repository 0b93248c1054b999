"""A run under a wrong clock is named, re-dated with an entry in the log, and then as if the clock had been right."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from archive.api import Archive, signed_log
from archive.api.version_ref import Ref
from archive.cli import wirecopy
from archive.export import export_evidence
from archive.extract.worker_pool import Extractors
from archive.formats.evidence import verifier
from archive.pipeline.derive import derive as derive_captures
from archive.pipeline.recipe import current_recipe
from archive.pipeline.repair_clock import repair_clock
from archive.pipeline.run_clocks import out_of_order, run_clock, wrong_clocks
from archive.seeds import read_index
from archive.settings import Settings
from archive.timestamps import format_offset, parse_offset
from archive.urls import url_key
from db.errors import BadInput
from db.queries import captures
from db.store import Store
from newsroom import PARAGRAPHS, derive, page
from tests.builders import a_capture, add_source, build_once, failed
from tests.contents import contents
from tests.test_clock import DAY, HOUR, INDEX, WRONG, YEAR, dated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from db.records import Version

TALKS, COPY, LATE = "https://daily.example/talks", "https://wire.example/copy", "https://daily.example/late"
FIRST = "The ministers of Velmora and Oskany met on Monday to end the long quarrel over the river Tal."
SECOND = "Talks on the river Tal failed on Tuesday, and both ministers left the border town of Arven early."
THIRD = "The border at the river Tal opens again after all, said both governments on Wednesday evening."
ROWS = f"{INDEX}| talks | {TALKS} | article | 1 day |\n| copy | {COPY} | article | 1 day |\n"
FORMS = [pytest.param(off, marks=pytest.mark.slow) if off in {-YEAR, 2 * DAY} else off for off in WRONG]
SEED = bytes(range(32))
TODAY = datetime.now(UTC).replace(microsecond=0)
"""The clock of a command cannot be set by these tests, so what commands read is of these days."""


def settings_for(folder: Path, now: datetime) -> Settings:
    folder.mkdir()
    index = folder / "INDEX.md"
    index.write_text(ROWS)
    return Settings(root=folder, db=folder / "archive.db", index=index, contact="desk@news.example", clock=now)


def live_run(store: Store, at: datetime, off: timedelta, pages: dict[str, str], *, told: bool = True) -> int:
    """One run by a clock that is ``off``, with all that it derives. ``told``: its servers tell the right time."""
    clock = at + off
    run = store.begin_run("refresh", "{}", "test", clock)
    for second, (url, text) in enumerate(pages.items()):
        source = add_source(store, url, at=clock)
        moment = clock + timedelta(seconds=second)
        headers = dated(at + timedelta(seconds=second)) if told else ()
        capture = a_capture(source, at=moment, url=url, headers=headers, finished_at=moment)
        store.record([(capture, page(*PARAGRAPHS, text))] if text else [(failed_like(capture), None)], run)
    store.end_run(run, {}, clock + timedelta(minutes=1))
    derive(store, clock + timedelta(seconds=30))
    return run


def failed_like(capture):
    asked = failed("rate_limited", capture.captured_at, capture.source_id, url=capture.url, status=429)
    return replace(asked, headers=capture.headers, retry_at=capture.captured_at + HOUR, finished_at=capture.finished_at)


@build_once
def filled(db: Path, now: datetime, off: timedelta, told: bool) -> None:
    """Four runs, of which the third has a clock that is ``off``."""
    with Store(db) as store:
        keys = {url: url_key(url) for url in (TALKS, COPY)}
        store.sync_seeds(read_index(ROWS, file="x").seeds, keys, now - 6 * DAY)
        live_run(store, now - 5 * DAY, timedelta(), {COPY: FIRST})
        live_run(store, now - 4 * DAY, timedelta(), {TALKS: FIRST, COPY: FIRST})
        live_run(store, now - 3 * DAY, off, {TALKS: SECOND, COPY: SECOND, LATE: FIRST}, told=told)
        live_run(store, now - HOUR, timedelta(), {TALKS: THIRD, COPY: ""})


def newsroom(folder: Path, now: datetime, off: timedelta, *, told: bool = True) -> Settings:
    """A new folder with the archive of ``filled``."""
    settings = settings_for(folder, now)
    filled(settings.db, now, off, told)
    return settings


def repair(settings: Settings, now: datetime, by: timedelta | None = None) -> None:
    """What repair_clock does with run 3, in this process."""
    with Store(settings.db) as store, Extractors(workers=0) as extractors:
        clock = run_clock(store.ask, 3)
        offset = by or (clock and clock.offset)
        assert offset
        assert store.redate_run(3, offset, "a test", now) == 3
        ids = captures.underived(store.ask, 100)
        derived = derive_captures(store, extractors, ids, recipe=current_recipe(), now=now, again=True)
        assert derived.versions == ()


def answers(settings: Settings, now: datetime) -> list[object]:
    """What an archive says about order, time and due-ness."""
    with Archive(settings.db) as archive:
        plan = archive.plan(now)
        at = [now - 5 * DAY + hours * HOUR for hours in range(0, 24 * 6, 7)]
        return [
            contents(settings.db),
            plan.visits,
            plan.waiting,
            [[plain(version) for version in archive.history(url)[1].versions] for url in (TALKS, COPY, LATE)],
            [[digest_at(archive, url, moment) for moment in at] for url in (TALKS, COPY)],
            [[capture.captured_at for capture, _ in archive.captures(url)] for url in (TALKS, COPY, LATE)],
            [(run.id, run.started_at) for run in archive.runs().rows][-4:],
        ]


def plain(version: Version) -> Version:
    return replace(version, id=None, recorded_at=None)


def digest_at(archive: Archive, url: str, moment: datetime) -> str | None:
    versions = [row for row in archive.history(url)[1].versions if row.first_seen_at <= moment]
    return versions[-1].text_sha256 if versions else None


def called(settings: Settings, *arguments: str) -> str:
    """The output of a command, in one line of single blanks."""
    result = CliRunner().invoke(wirecopy, ["--db", str(settings.db), *arguments], env={"COLUMNS": "500"})
    return " ".join(f"{result.output} {result.exception or ''}".split())


def links(settings: Settings) -> Sequence[bytes]:
    with Store(settings.db) as store:
        return [row["link"] for row in store.ask("SELECT link FROM chain ORDER BY capture_id")]


@pytest.mark.parametrize("off", FORMS)
def test_a_repaired_run_is_as_if_its_clock_had_been_right(tmp_path: Path, now: datetime, off: timedelta) -> None:
    right, wrong = newsroom(tmp_path / "right", now, timedelta()), newsroom(tmp_path / "wrong", now, off)
    assert answers(wrong, now) != answers(right, now)
    with Archive(right.db) as archive:
        assert [len(archive.history(url)[1].versions) for url in (TALKS, COPY, LATE)] == [3, 2, 1]
    before = links(wrong)
    repair(wrong, now)
    assert answers(wrong, now) == answers(right, now)
    assert links(wrong)[: len(before)] == before
    assert len(links(wrong)) == len(before) + 1
    with Archive(wrong.db) as archive:
        assert [problem.what for problem in archive.verify(deep=True)] == []
        assert wrong_clocks(archive.ask, now) == []
    with pytest.raises(BadInput, match="so its dates are right"):
        asyncio.run(repair_clock(wrong, 3))


@pytest.mark.parametrize("off", FORMS)
def test_doctor_names_a_run_with_a_wrong_clock(tmp_path: Path, off: timedelta) -> None:
    settings = newsroom(tmp_path / "wrong", TODAY, off)
    answer = called(settings, "doctor")
    assert "run 3 (refresh)" in answer
    assert "wirecopy repair-clock 3" in answer
    assert not any(f"run {other} " in answer for other in (1, 2, 4))


def test_servers_that_do_not_tell_the_time_leave_it_to_a_person(tmp_path: Path, now: datetime) -> None:
    settings = newsroom(tmp_path / "mute", now, -YEAR, told=False)
    with Archive(settings.db) as archive:
        (clock,) = wrong_clocks(archive.ask, now)
    assert (clock.run_id, clock.offset, clock.doubt) == (3, None, None)
    with pytest.raises(BadInput, match="--by"):
        asyncio.run(repair_clock(settings, 3))
    with pytest.raises(BadInput, match="in the future"):
        asyncio.run(repair_clock(settings, 3, by=2 * YEAR))
    repair(settings, now, parse_offset(format_offset(YEAR)))
    assert answers(settings, now) == answers(newsroom(tmp_path / "right", now, timedelta(), told=False), now)
    with pytest.raises(BadInput, match="nothing to re-date"):
        asyncio.run(repair_clock(settings, 9))


def test_an_edited_date_is_found_in_a_re_dated_run_too(tmp_path: Path, now: datetime) -> None:
    settings = newsroom(tmp_path / "wrong", now, YEAR)
    repair(settings, now)
    for forgery in (
        "UPDATE capture SET captured_at = captured_at + 1 WHERE run_id = 3",
        "UPDATE entry SET facts = replace(facts, '\"offset\":-', '\"offset\":') WHERE kind = 'clock'",
        "DELETE FROM entry WHERE kind = 'clock'",
        "UPDATE capture SET run_id = 3 WHERE run_id = 1",
    ):
        copy = tmp_path / "forged.db"
        copy.write_bytes(settings.db.read_bytes())
        with Store(copy) as store, store.begin() as connection:
            connection.exec_driver_sql(forgery)
        with Archive(copy) as archive:
            assert list(archive.verify()), forgery


@pytest.mark.parametrize(
    "damage",
    [
        "facts = substr(facts, 1, 20)",
        "facts = replace(facts, '\"run\"', '\"rum\"')",
        'facts = replace(facts, \'"offset":-\', \'"offset":"x\')',
        "facts = '[1,2]'",
        "facts = x'ff00ff'",
        "kind = 'clonk'",
    ],
)
def test_a_damaged_correction_is_named_and_nothing_is_cited_by_it(tmp_path: Path, now: datetime, damage: str) -> None:
    settings = newsroom(tmp_path / "wrong", now, YEAR)
    repair(settings, now)
    assert "payload_sha256" in called(settings, "cite", f"{TALKS}@2", "--json")
    with Store(settings.db) as store, store.begin() as connection:
        connection.exec_driver_sql(f"UPDATE entry SET {damage} WHERE kind = 'clock'")
    assert "cannot be cited: it was changed after it was recorded" in called(settings, "cite", f"{TALKS}@2")
    assert "it corrects the dates of a run (wirecopy repair-clock), whose captures" in called(settings, "verify")
    assert "wirecopy verify" in called(settings, "evidence", f"{TALKS}@2", str(tmp_path / "talks.wacz"))
    assert not (tmp_path / "talks.wacz").exists()


def test_evidence_has_both_dates(tmp_path: Path, now: datetime) -> None:
    settings = newsroom(tmp_path / "wrong", now, YEAR)
    key = signed_log.create_key(settings.db, "daily.example/archive", seed=SEED, now=now).verifier()
    repair(settings, now)
    path = tmp_path / "talks.wacz"
    export_evidence(settings.db, path, [Ref(url=TALKS, number=2)])
    claims = verifier.verify(path, key)
    assert verifier.exit_code(claims) == 0
    text = "\n".join(map(str, claims))
    assert f"says {now - 3 * DAY + YEAR:%Y-%m-%d %H:%M:%S} UTC, which the archive corrected later to" in text
    assert f"corrected later to {now - 3 * DAY:%Y-%m-%d %H:%M:%S} UTC" in text
    assert "corrects the clock of run 3 by -31,536,000 s" in text


def test_a_run_during_which_the_clock_was_set_stays_as_it_is(tmp_path: Path, now: datetime) -> None:
    settings = settings_for(tmp_path / "set", now)
    with Store(settings.db) as store:
        run = store.begin_run("refresh", "{}", "test", now - DAY - YEAR)
        for number, off in enumerate((-YEAR, -YEAR, timedelta(), timedelta())):
            url = f"https://host{number}.example/a"
            moment = now - DAY + off
            capture = a_capture(add_source(store, url), at=moment, url=url, headers=dated(now - DAY))
            store.record([(capture, page(FIRST))], run)
        store.end_run(run, {}, now - DAY)
        clock = run_clock(store.ask, run)
        assert clock is not None
        assert clock.was_set
    with pytest.raises(BadInput, match="was set during"):
        asyncio.run(repair_clock(settings, run))


def test_only_the_runs_that_break_the_order_are_strays() -> None:
    assert out_of_order([]) == []
    assert out_of_order([1, 2, 2, 3]) == []
    assert out_of_order([1, 2, 99, 3, 4]) == [2]
    assert out_of_order([5, 6, 0, 7]) == [2]
    assert out_of_order([9, 1, 2]) == [0]


def test_the_command_re_dates_and_says_so(tmp_path: Path) -> None:
    settings, right = newsroom(tmp_path / "wrong", TODAY, 2 * DAY), newsroom(tmp_path / "right", TODAY, timedelta())
    signed_log.create_key(settings.db, "daily.example/archive", seed=SEED, now=TODAY)
    assert "Re-dated 3 checks" in called(settings, "repair-clock", "3")
    signed = signed_log.last_checkpoint(settings.db)
    assert signed is not None
    assert signed.checkpoint.size == len(links(settings))
    assert answers(settings, TODAY) == answers(right, TODAY)
    assert json.loads(called(settings, "status", "--json"))["future"] == []
    assert "so its dates are right" in called(settings, "repair-clock", "3")
    assert "has no sign" in called(settings, "repair-clock", "3", "--by", "2d")
