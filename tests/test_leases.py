"""Leases decide who works. A holder that died is not waited for."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from db.errors import StoreBusy
from db.lease_owner import lease_owner, owner_is_alive
from db.queries import statistics
from tests.builders import T0
from tests.newsroom import PARAGRAPHS
from tests.newsroom import page as article
from tests.replies import page as reply
from tests.site import Site

if TYPE_CHECKING:
    from pathlib import Path

    from db.store import Store

SECOND = timedelta(seconds=1)
UNTIL = T0 + 90 * SECOND


def yes(_: str) -> bool:
    return True


def take(store: Store, owner: str, *, seconds: int = 0, name: str = "run") -> None:
    now = T0 + seconds * SECOND
    store.take_lease(name, owner, now, now + 90 * SECOND, owner_is_alive)


def held(store: Store, *, seconds: int = 0) -> list[str]:
    return [lease["owner"] for lease in statistics.leases(store.ask, T0 + seconds * SECOND)]


def dead() -> str:
    """The holder that a process which has ended would have been."""
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    return f"refresh@{socket.gethostname()}:{int(ended.stdout)}:12345#abcdef"


def test_a_held_lease_is_refused_and_says_by_whom_and_since_when(store: Store) -> None:
    store.take_lease("run", "refresh@elsewhere:1", T0, UNTIL, yes)
    with pytest.raises(StoreBusy, match=re.escape("2026-01-05 08:00:00 UTC (refresh@elsewhere:1)")):
        take(store, lease_owner("import"), seconds=1)
    assert held(store) == ["refresh@elsewhere:1"]


def test_its_owner_renews_a_lease_and_it_is_still_held_since_the_start(store: Store) -> None:
    me = lease_owner("refresh")
    take(store, me)
    take(store, me, seconds=60)
    assert held(store, seconds=120) == [me]
    with pytest.raises(StoreBusy, match="08:00:00"):
        store.take_lease("run", "other@elsewhere:1", T0 + 120 * SECOND, UNTIL, yes)


def test_a_lease_that_ran_out_is_free(store: Store) -> None:
    store.take_lease("run", "refresh@elsewhere:1", T0, UNTIL, yes)
    me = lease_owner("refresh")
    take(store, me, seconds=91)
    assert held(store, seconds=92) == [me]


def test_the_lease_of_a_dead_process_is_taken_over_at_once(store: Store) -> None:
    store.take_lease("run", dead(), T0, UNTIL, owner_is_alive)
    me = lease_owner("refresh")
    take(store, me, seconds=1)
    assert held(store) == [me]


def test_leases_of_different_names_do_not_meet(store: Store) -> None:
    store.take_lease("run", "one@elsewhere:1", T0, UNTIL, yes)
    store.take_lease("serve", "two@elsewhere:1", T0, UNTIL, yes)
    assert held(store) == ["one@elsewhere:1", "two@elsewhere:1"]


def test_leases_are_given_back_by_name_whatever_process_held_them(store: Store) -> None:
    store.take_lease("a", "flow-1@host:1:2#abc", T0, UNTIL, yes)
    store.take_lease("b", "flow-1@host:9:9#def", T0, UNTIL, yes)
    store.take_lease("c", "flow-10@host:1:2#abc", T0, UNTIL, yes)
    store.take_lease("d", "flow_1@host:1:2#abc", T0, UNTIL, yes)
    assert store.release_leases("flow-1") == 2
    assert held(store) == ["flow-10@host:1:2#abc", "flow_1@host:1:2#abc"]


def test_a_name_with_wild_cards_gives_back_only_its_own(store: Store) -> None:
    store.take_lease("a", "flow%@host:1", T0, UNTIL, yes)
    store.take_lease("b", "flowers@host:1", T0, UNTIL, yes)
    assert store.release_leases("flow%") == 1
    assert held(store) == ["flowers@host:1"]


def test_giving_back_twice_is_no_error(store: Store) -> None:
    me = lease_owner("refresh")
    take(store, me)
    assert (store.release_leases(me), store.release_leases(me)) == (1, 0)


# --- whole runs ------------------------------------------------------------------------------------------------------

REFRESH = [sys.executable, "-c", "from archive.cli import main; main()", "refresh"]


@pytest.mark.slow
def test_of_runs_started_together_one_works_and_no_page_is_fetched_twice(tmp_path: Path) -> None:
    """The others report the active run. A late one finds nothing due."""
    urls = [f"http://paper{number}.example/{number}" for number in range(12)]
    rows = "".join(f"| {url} |\n" for url in urls)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "INDEX.md").write_text(f"## press\n\nevery: 1h\n\n| url |\n| --- |\n{rows}", encoding="utf-8")
    with Site() as site:
        for number in range(12):
            site.pages[f"/{number}"] = reply(article(*PARAGRAPHS, title=f"Report {number}"))
        settings = {"RESOLVE": f"*.example=127.0.0.1:{site.port}", "MIN_GAP": "0.2", "CONTACT": "desk@wire.example"}
        environ = os.environ | {f"WIRECOPY_{name}": value for name, value in settings.items()}
        runs = [subprocess.Popen(REFRESH, cwd=tmp_path, env=environ, stdout=-1, stderr=-1, text=True) for _ in range(3)]
        errors = [run.communicate(timeout=120)[1] for run in runs]
    codes = [run.returncode for run in runs]
    assert 0 in codes
    assert {code for code, words in zip(codes, errors, strict=True) if "another run is at work" not in words} == {0}
    assert sorted(site.targets()) == sorted(f"/{number}" for number in range(12))


# --- who is alive ----------------------------------------------------------------------------------------------------


def test_this_process_is_alive() -> None:
    assert owner_is_alive(lease_owner("refresh"))


def test_an_ended_process_is_not() -> None:
    assert not owner_is_alive(dead())


def test_another_process_under_the_same_number_is_not_the_holder() -> None:
    assert not owner_is_alive(f"refresh@{socket.gethostname()}:{os.getpid()}:1#abcdef")


@pytest.mark.parametrize("owner", ["refresh@elsewhere:1:2#a", "refresh", "", f"x@{socket.gethostname()}:notanumber"])
def test_who_cannot_be_looked_up_counts_as_alive(owner: str) -> None:
    assert owner_is_alive(owner)


def test_two_runs_of_one_process_are_two_holders() -> None:
    assert lease_owner("refresh") != lease_owner("refresh")


# --- runs ------------------------------------------------------------------------------------------------------------


def test_a_run_is_noted_with_what_it_did(store: Store) -> None:
    run_id = store.begin_run("refresh", "{}", "me", T0)
    (begun,) = statistics.runs(store.ask, limit=5)
    assert begun["finished_at"] is None
    store.end_run(run_id, {"visits": 3}, UNTIL)
    (ended,) = statistics.runs(store.ask, limit=5)
    assert (ended["counts"], ended["started_at"], ended["finished_at"]) == ({"visits": 3}, T0, UNTIL)


def test_only_the_same_unfinished_run_is_taken_up_again(store: Store) -> None:
    first = store.begin_run("backfill", '{"since": "2021"}', "me", T0)
    other = store.begin_run("backfill", '{"since": "2022"}', "me", T0, resume=True)
    assert other != first
    assert store.begin_run("backfill", '{"since": "2021"}', "me", UNTIL, resume=True) == first
    store.end_run(first, {}, UNTIL)
    assert store.begin_run("backfill", '{"since": "2021"}', "me", UNTIL, resume=True) not in {first, other}
