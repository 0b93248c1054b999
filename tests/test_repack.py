"""Tests of packing and repacking: pages are stored as differences, and reading them back never changes."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import delta_codec
from db.queries import captures as capture_queries
from db.reader import Reader
from db.records import Reason, RepackResult
from db.store import Store
from db.verify import verify
from tests.builders import DAY, HOUR, T0, a_capture, add_source, failed

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
SITE = "https://daily.example"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


def words(count: int, seed: int) -> list[str]:
    dice = random.Random(seed)
    return ["".join(dice.choices("abcdefghij", k=6)) for _ in range(count)]


FRAME = words(3000, 0)
"""What all pages of the site have in common."""


def page(seed: int, count: int = 200) -> bytes:
    """A page of the site: its frame, and words of its own."""
    return " ".join([*FRAME, *words(count, seed + 1)]).encode()


def edited(page: bytes, seed: int) -> bytes:
    """The page with one of its words changed."""
    parts = page.split()
    parts[random.Random(seed).randrange(len(parts))] = f"edit{seed}".encode()
    return b" ".join(parts)


def keep(store: Store, source: int, pages: Sequence[bytes], *, first: int = 0, url: str = f"{SITE}/a") -> None:
    store.record(
        [(a_capture(source, at=T0 + (first + number) * HOUR, url=url), data) for number, data in enumerate(pages)]
    )


def packed(store: Store) -> list[dict[str, object]]:
    return store.ask("SELECT id, codec, base_id, depth, anchor, length, length(data) AS size FROM payload ORDER BY id")


def pages_of(store: Store, source: int) -> list[bytes]:
    captures = capture_queries.of_source(store.ask, source)
    digests = [capture.payload_sha256 for capture in captures if capture.payload_sha256]
    return [capture_queries.payload(store.ask, digest) for digest in digests]


def problems(path: Path) -> list[object]:
    with Reader(path) as reader:
        return list(verify(reader, deep=True))


def run(store: Store, *, everything: bool = False) -> RepackResult:
    return sum(store.repack_payloads(everything=everything), start=RepackResult())


def forget_how(path: Path) -> None:
    """Make the archive one of before: every payload whole."""
    with Reader(path) as reader:
        payloads = [(row["id"], row["sha256"].hex()) for row in reader.ask("SELECT id, sha256 FROM payload")]
        data = {number: capture_queries.payload(reader.ask, digest) for number, digest in payloads}
    with closing(sqlite3.connect(path)) as connection, connection:
        for number, whole in data.items():
            row = (*delta_codec.pack(whole), number)
            sql = "UPDATE payload SET codec = ?, data = ?, base_id = NULL, depth = 0, packing = 0, anchor = NULL"
            connection.execute(f"{sql} WHERE id = ?", row)


# --- as they arrive --------------------------------------------------------------------------------------------------


def test_a_page_that_was_edited_takes_as_little_room_as_the_edit(store: Store) -> None:
    source = add_source(store)
    keep(store, source, [page(1)])
    keep(store, source, [edited(page(1), 1)], first=1)
    whole, edit = packed(store)
    assert (whole["codec"], edit["codec"], edit["base_id"]) == ("zstd", "delta", whole["id"])
    assert edit["size"] * 50 < whole["size"]


def test_captures_that_come_together_are_packed_against_each_other(store: Store) -> None:
    """An import brings them in one batch, in any order."""
    pages = [page(1)]
    for turn in range(8):
        pages.append(edited(pages[-1], turn))
    source = add_source(store)
    pairs = [(a_capture(source, at=T0 + turn * HOUR), data) for turn, data in enumerate(pages)]
    store.record(random.Random(7).sample(pairs, len(pairs)))
    assert pages_of(store, source) == pages
    assert [row["codec"] for row in packed(store)].count("zstd") == 1


def test_a_capture_from_the_past_is_packed_against_its_neighbours(store: Store) -> None:
    source = add_source(store)
    keep(store, source, [page(1)], first=1)
    keep(store, source, [page(2, count=9000)], first=9)
    keep(store, source, [edited(page(2, count=9000), 1)], first=8)
    assert packed(store)[-1]["base_id"] == 2


def test_no_payload_is_further_than_allowed_from_a_whole_one(store: Store, path: Path) -> None:
    source = add_source(store)
    pages = [page(1)]
    for turn in range(40):
        pages.append(edited(pages[-1], turn))
        keep(store, source, pages[-1:], first=turn)
    assert max(int(str(row["depth"])) for row in packed(store)) <= delta_codec.MAX_DEPTH
    assert pages_of(store, source) == pages[1:]
    assert problems(path) == []


def test_a_new_page_of_a_known_site_is_packed_against_another_of_it(store: Store) -> None:
    for number in range(3):
        url = f"{SITE}/{number}"
        keep(store, add_source(store, url), [page(number)], url=url)
    first, *others = packed(store)
    assert first["anchor"] == "daily.example"
    assert {(row["base_id"], row["anchor"]) for row in others} == {(first["id"], None)}


def test_a_page_of_another_site_is_not_looked_at(store: Store) -> None:
    keep(store, add_source(store), [page(1)])
    url = "https://other.example/a"
    keep(store, add_source(store, url), [page(1) + b" "], url=url)
    assert [row["codec"] for row in packed(store)] == ["zstd", "zstd"]


def test_a_page_like_no_other_stands_alone_and_serves_the_next(store: Store) -> None:
    source = add_source(store)
    other = b" ".join(word.encode() for word in words(3000, 99))
    keep(store, source, [page(1), other, edited(other, 1)])
    assert [(row["codec"], row["base_id"]) for row in packed(store)] == [("zstd", None), ("zstd", None), ("delta", 2)]


def test_an_error_page_is_compared_with_error_pages(store: Store) -> None:
    source = add_source(store)
    sorry = b" ".join(word.encode() for word in words(3000, 50))
    keep(store, source, [page(1)])
    store.record([(failed(Reason.MISSING_404, T0 + DAY, source, status=404), sorry)])
    keep(store, source, [edited(page(1), 1)], first=48)
    store.record([(failed(Reason.MISSING_404, T0 + 3 * DAY, source, status=404), edited(sorry, 1))])
    assert [row["base_id"] for row in packed(store)] == [None, None, 1, 2]


def test_a_base_that_was_forgotten_meanwhile_costs_room_and_nothing_else(store: Store, path: Path) -> None:
    """Between packing and writing, another process may delete it."""
    from db.store import captures, payloads
    from db.writer import ask_on

    source = add_source(store)
    keep(store, source, [page(1)])
    with store.reading() as ask:
        ready = payloads.pack_all(ask, [(a_capture(source, at=T0 + DAY), edited(page(1), 1))])
    assert ready[0][1] is not None
    assert ready[0][1].base is not None
    store.forget_source(source, T0)
    store.lift_tombstone("example,daily,)/harbour", T0)
    again = add_source(store)
    with store.begin() as connection:
        assert ask_on(connection)("SELECT 1 FROM payload") == []
        captures.add_captures(connection, [(a_capture(again, at=T0 + DAY), ready[0][1])], None)
    assert pages_of(store, again) == [edited(page(1), 1)]
    assert problems(path) == []


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60), st.integers(0, 5)), max_size=12))
@settings(max_examples=6)
def test_whatever_comes_in_whatever_order_is_read_as_it_came(
    tmp_path_factory: pytest.TempPathFactory, visits: list[tuple[int, int, int]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "archive.db"
    with Store(path) as store:
        sources = [add_source(store, f"{SITE}/{number}") for number in range(3)]
        expected: dict[int, dict[int, bytes]] = {source: {} for source in sources}
        for which, hour, edit in visits:
            data = edited(page(which), edit)
            expected[sources[which]].setdefault(hour, data)
            if expected[sources[which]][hour] == data:
                keep(store, sources[which], [data], first=hour, url=f"{SITE}/{which}")
        for source, by_hour in expected.items():
            assert pages_of(store, source) == [by_hour[hour] for hour in sorted(by_hour)]
        list(store.repack_payloads(everything=True))
        for source, by_hour in expected.items():
            assert pages_of(store, source) == [by_hour[hour] for hour in sorted(by_hour)]
    assert problems(path) == []


# --- again -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def history(path: Path) -> list[bytes]:
    """Ten edits of one page, stored as by an older release: every one whole."""
    pages = [page(1)]
    for turn in range(9):
        pages.append(edited(pages[-1], turn))
    with Store(path) as store:
        keep(store, add_source(store), pages)
    forget_how(path)
    return pages


def test_an_archive_of_before_shrinks_and_reads_the_same(path: Path, history: list[bytes]) -> None:
    with Store(path) as store:
        before = sum(int(str(row["size"])) for row in packed(store))
        total = run(store)
        after = sum(int(str(row["size"])) for row in packed(store))
        assert (total.examined, total.before, total.after) == (10, before, after)
        assert after * 5 < before
        assert pages_of(store, 1) == history
    assert problems(path) == []


def test_repacking_again_finds_nothing_to_do(path: Path, history: list[bytes]) -> None:
    del history
    with Store(path) as store:
        run(store)
        assert run(store) == RepackResult()
        assert run(store, everything=True).examined == 10


def test_a_payload_that_no_capture_shows_is_dropped(store: Store, path: Path) -> None:
    keep(store, add_source(store), [page(1), edited(page(1), 1)])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM underived")
        connection.execute("UPDATE capture SET payload_id = NULL WHERE id = 1")
    total = run(store)
    assert total.dropped == 1
    (left,) = packed(store)
    assert (left["base_id"], left["depth"]) == (None, 0)
    assert pages_of(store, 1) == [edited(page(1), 1)]


REPACK = """
import sys
from pathlib import Path
from db.store import Store
from db.store import repack
with Store(Path(sys.argv[1])) as store:
    print("open", flush=True)
    for step in store.repack_payloads():
        print(step.examined, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("milliseconds", [5, 40, 120, 250])
def test_killed_at_any_moment_it_goes_on_where_it_was(path: Path, milliseconds: int) -> None:
    pages = [page(seed) for seed in range(3)]
    for turn in range(117):
        pages.append(edited(pages[-3], turn))
    with Store(path) as store:
        keep(store, add_source(store), pages)
    forget_how(path)
    process = subprocess.Popen([sys.executable, "-c", REPACK, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(milliseconds / 1000)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert problems(path) == []
    with Store(path) as store:
        run(store)
        assert pages_of(store, 1) == pages
        assert run(store).examined == 0
    assert problems(path) == []


def test_captures_may_be_kept_while_it_runs(path: Path, history: list[bytes]) -> None:
    with Store(path) as store, Store(path) as other:
        steps = store.repack_payloads()
        next(steps)
        keep(other, 1, [edited(history[-1], 77)], first=10)
        for _ in steps:
            pass
        assert pages_of(store, 1) == [*history, edited(history[-1], 77)]
    assert problems(path) == []
