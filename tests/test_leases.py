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
from db.microseconds import micros
from db.queries import captures as capture_queries
from db.queries import statistics
from db.store.leases import Fence, LeaseTerm
from db.store.lsh_index import queue_moved_texts
from tests.builders import T0, add_source, make_history, record_text
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


# --- shares ----------------------------------------------------------------------------------------------------------


def share(store: Store, owner: str, word: str = "recipe-1", *, seconds: int = 0) -> Fence:
    now = T0 + seconds * SECOND
    return store.take_lease("run", owner, now, now + 90 * SECOND, yes, share=word)


def test_owners_with_the_same_word_share_a_lease_and_nobody_takes_it_alone(store: Store) -> None:
    share(store, "one@elsewhere:1")
    share(store, "two@elsewhere:1", seconds=1)
    assert sorted(held(store)) == ["one@elsewhere:1", "two@elsewhere:1"]
    with pytest.raises(StoreBusy, match="one@elsewhere:1"):
        take(store, "alone@elsewhere:1", seconds=2)
    store.release_leases("one")
    with pytest.raises(StoreBusy, match="two@elsewhere:1"):
        take(store, "alone@elsewhere:1", seconds=2)
    store.release_leases("two")
    take(store, "alone@elsewhere:1", seconds=2)
    with pytest.raises(StoreBusy, match="alone@elsewhere:1"):
        share(store, "one@elsewhere:1", seconds=3)


def test_owners_with_different_words_do_not_share(store: Store) -> None:
    share(store, "one@elsewhere:1")
    with pytest.raises(StoreBusy, match="one@elsewhere:1"):
        share(store, "two@elsewhere:1", "recipe-12")
    with pytest.raises(StoreBusy, match="one@elsewhere:1"):
        share(store, "two@elsewhere:1", "recipe")


def test_while_a_run_waits_for_its_turn_nobody_takes_a_share(store: Store) -> None:
    first, upkeep = share(store, "one@elsewhere:1"), "upkeep@elsewhere:1"
    store.reserve_turn("run", term(upkeep, seconds=1))
    store.reserve_turn("run", term("backfill@elsewhere:1", seconds=11))
    with pytest.raises(StoreBusy, match=re.escape("waits for the archive alone since 2026-01-05 08:00:01 UTC")):
        share(store, "two@elsewhere:1", seconds=20)
    assert share(store, "one@elsewhere:1", seconds=30) == first  # who is at work goes on
    store.fence_in(first)
    assert store.renew_leases(term("one@elsewhere:1", seconds=30)) == 1
    store.fence_in(None)
    assert held(store) == ["one@elsewhere:1"]
    store.release_leases("one")
    take(store, upkeep, seconds=40)
    store.release_leases(upkeep)
    share(store, "two@elsewhere:1", seconds=50)


def test_a_turn_lapses_when_its_owner_no_longer_waits(store: Store) -> None:
    store.reserve_turn("run", term("upkeep@elsewhere:1"))
    with pytest.raises(StoreBusy, match="waits for the archive alone"):
        share(store, "one@elsewhere:1", seconds=89)
    share(store, "one@elsewhere:1", seconds=91)
    store.reserve_turn("run", term(dead(), seconds=92))
    with pytest.raises(StoreBusy, match="waits for the archive alone"):
        share(store, "two@elsewhere:1", seconds=93)
    store.take_lease("run", "two@elsewhere:1", T0 + 93 * SECOND, T0 + 183 * SECOND, owner_is_alive, share="recipe-1")


def term(owner: str, *, seconds: int = 0) -> LeaseTerm:
    now = T0 + seconds * SECOND
    return LeaseTerm(owner=owner, now=now, until=now + 90 * SECOND, is_alive=yes)


def test_a_run_whose_leases_lapsed_writes_nothing_once_another_has_taken_some(store: Store) -> None:
    """All its leases are gone, not only the one that the other took. Until then it may go on."""
    slow, other = "slow@elsewhere:1", "other@elsewhere:1"
    store.fence_in(share(store, slow))
    assert store.lease_sites(["example,daily,)", "example,wire,)"], term(slow)) == {"example,daily,)", "example,wire,)"}
    source = add_source(store)  # at any time before another run comes
    store.fence_in(share(store, other, seconds=91))
    assert store.lease_sites(["example,daily,)"], term(other, seconds=91)) == {"example,daily,)"}
    fence = Fence(name=f"run:recipe-1#{slow}", owner=slow, number=micros(T0))
    store.fence_in(fence)
    for write in (
        lambda: record_text(store, source, "The harbour opens.", T0),
        lambda: store.lease_sites(["example,wire,)"], term(slow, seconds=92)),
        lambda: store.renew_leases(term(slow, seconds=92)),
    ):
        with pytest.raises(StoreBusy, match="lost its lease"):
            write()
    store.fence_in(None)
    assert capture_queries.newest_id(store.ask) == 0
    assert {row["owner"] for row in store.ask("SELECT owner FROM lease")} == {other}


def test_an_owner_that_comes_back_after_it_was_taken_over_has_another_fence(store: Store) -> None:
    first = share(store, "slow@elsewhere:1")
    share(store, "other@elsewhere:1", seconds=91)
    again = share(store, "slow@elsewhere:1", seconds=91)
    assert again.number > first.number
    store.fence_in(first)
    with pytest.raises(StoreBusy, match="lost its lease"):
        store.lease_texts(1, term("slow@elsewhere:1", seconds=92))
    store.fence_in(None)


def test_renewed_leases_of_a_run_last_all_together(store: Store) -> None:
    me = "me@elsewhere:1"
    share(store, me)
    store.lease_sites(["example,daily,)"], term(me))
    assert store.renew_leases(term(me, seconds=60)) == 2
    assert store.lease_sites(["example,daily,)"], term("other@elsewhere:1", seconds=149)) == set()
    assert store.lease_sites(["example,daily,)"], term("other@elsewhere:1", seconds=151)) == {"example,daily,)"}


# --- work ------------------------------------------------------------------------------------------------------------


def test_a_site_has_one_run_that_fetches_and_one_that_derives(store: Store) -> None:
    for url in ("https://daily.example/1", "https://www.daily.example/2", "https://wire.example/1"):
        record_text(store, add_source(store, url), url, T0)
    one, other = "one@elsewhere:1", "other@elsewhere:1"
    assert store.lease_sites(["example,daily,)"], term(one)) == {"example,daily,)"}
    assert store.lease_sites(["example,daily,)", "example,wire,)"], term(other)) == {"example,wire,)"}
    assert store.lease_captures(1, term(other)) == [1]
    assert store.lease_captures(100, term(one)) == [3]
    store.release_work("derive ", other)
    assert store.lease_captures(100, term(one)) == [1, 2, 3]
    store.release_work("fetch ", one, ["example,daily,)"])
    assert store.lease_sites(["example,daily,)"], term(other)) == {"example,daily,)"}


def test_a_history_with_captures_at_the_site_of_another_run_waits(store: Store) -> None:
    daily, wire = (add_source(store, url) for url in ("https://daily.example/1", "https://wire.example/1"))
    with store.begin() as connection:
        connection.exec_driver_sql(f"UPDATE source SET same_as = {daily} WHERE id = {wire}")
    for source_id in (wire, daily, add_source(store, "https://wire.example/2")):
        record_text(store, source_id, "The harbour opens.", T0)
    with store.begin() as connection:
        connection.exec_driver_sql("DELETE FROM underived WHERE capture_id = 1")
    assert store.lease_captures(1, term("one@elsewhere:1")) == [2]
    with store.begin() as connection:
        connection.exec_driver_sql("INSERT INTO underived VALUES (1)")
    assert store.lease_captures(100, term("other@elsewhere:1")) == [3]


def test_a_text_that_has_to_be_compared_again_is_no_longer_in_hand(store: Store) -> None:
    history = (("One text of the harbour.", T0), ("Another of the town hall.", T0 + 60 * SECOND))
    make_history(store, add_source(store), history)
    me, other = "me@elsewhere:1", "other@elsewhere:1"
    first, second = store.lease_texts(2, term(me))
    assert store.lease_texts(2, term(other)) == []
    assert store.texts_in_hand([first, second], me) == {first, second}
    with store.begin() as connection:
        queue_moved_texts(connection, {first: 1}, {first: 2})
    assert store.texts_in_hand([first, second], me) == {second}
    assert store.lease_texts(2, term(other)) == [first]


# --- whole runs ------------------------------------------------------------------------------------------------------

REFRESH = [sys.executable, "-c", "from archive.cli import main; main()", "refresh"]


@pytest.mark.slow
def test_runs_started_together_all_end_well_and_no_page_is_fetched_twice(tmp_path: Path) -> None:
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
    assert [run.returncode for run in runs] == [0, 0, 0], errors
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
