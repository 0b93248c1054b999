"""Tests of packs: pages outside the database read as before, and no step of moving them can lose one."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from db import delta_codec, logical_dump, maintenance
from db.errors import Corrupt, StoreError
from db.object_store import open_place
from db.pack_format import build_pack, read_index
from db.queries import captures as capture_queries
from db.queries import packs as pack_queries
from db.reader import Reader
from db.records import PacksResult
from db.store import Store
from db.verify import verify
from tests.buckets import bucket
from tests.builders import DAY, HOUR, LATER, T0, URL, a_capture, add_source
from tests.commands import call_main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection

OTHER = "https://daily.example/other"
SECRET = b"zanzibarquill"


WORDS = random.Random(0).randbytes(6000).hex(" ", 4).encode()


def page(*words: bytes) -> bytes:
    """A page of 1,500 words that all pages have, and these."""
    return b" ".join([WORDS, *words])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An article with a secret in three states, packed as differences, and another one packed against its pages."""
    where = tmp_path / "archive.db"
    with Store(where) as store:
        for url, words in ((URL, SECRET), (OTHER, b"calm")):
            source = add_source(store, url)
            for number in range(3):
                store.record([(a_capture(source, at=T0 + number * DAY, url=url), page(words, b"%d" % number))])
    return where


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(path) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "other disk" / "pages"


def move(store: Store, folder: Path, **options: object) -> PacksResult:
    return sum(store.move_to_packs(folder.as_uri(), LATER, **{"before": None, "least": 1, **options}), PacksResult())


def dump(path: Path) -> dict[str, tuple[int, str]]:
    with Reader(path) as reader:
        return logical_dump.digests(reader.ask)


def problems(path: Path) -> list[str]:
    with Reader(path) as reader:
        return [problem.what for problem in verify(reader, deep=True)]


def bytes_inside(store: Store) -> int:
    return int(store.ask("SELECT sum(length(data)) AS n FROM payload")[0]["n"])


# --- there and back --------------------------------------------------------------------------------------------------


def test_pages_in_packs_read_as_before_and_come_back_byte_by_byte(store: Store, path: Path, folder: Path) -> None:
    before, rows = dump(path), store.ask("SELECT * FROM payload ORDER BY id")
    moved = move(store, folder)
    assert (moved.payloads, moved.written, bytes_inside(store)) == (6, 1, 0)
    assert moved.bytes == sum(len(row["data"]) for row in rows)
    assert (dump(path), problems(path)) == (before, [])
    assert len(list(folder.iterdir())) == 1
    returned = sum(store.move_back(LATER), PacksResult())
    assert returned.payloads == 6
    shutil.rmtree(folder)
    assert store.ask("SELECT * FROM payload ORDER BY id") == rows
    assert (dump(path), problems(path)) == (before, [])


def test_a_new_page_is_packed_against_a_page_in_a_pack(store: Store, path: Path, folder: Path) -> None:
    move(store, folder)
    store.record([(a_capture(1, at=T0 + 4 * DAY), page(SECRET, b"4"))])
    newest = store.ask("SELECT codec, length, length(data) AS size FROM payload ORDER BY id DESC LIMIT 1")[0]
    assert newest["codec"] == "delta"
    assert newest["size"] * 20 < newest["length"]
    assert problems(path) == []


def test_pages_that_are_shown_now_and_small_rests_stay(store: Store, folder: Path) -> None:
    assert move(store, folder, before=T0 + HOUR).payloads == 2  # the first pages of both
    assert move(store, folder, before=T0 + DAY + HOUR, least=2**20) == PacksResult()


def test_every_pack_is_closed_when_it_is_full(store: Store, folder: Path, path: Path) -> None:
    noise = random.Random(1)
    for number in range(5):
        store.record([(a_capture(1, at=T0 + (10 + number) * DAY), noise.randbytes(90_000))])
    assert move(store, folder, most=300_000, least=1).written == 2
    assert [row["length"] // 90_000 for row in pack_queries.all_packs(store.ask)] == [4, 1]
    assert problems(path) == []


# --- what may happen in between --------------------------------------------------------------------------------------


class Cut(Exception):
    """The end of a process."""


class CutOff(Store):
    """A store whose process ends when it begins its n-th transaction."""

    remaining = 0

    def begin(self, *, durable: bool = True) -> AbstractContextManager[Connection]:
        self.remaining -= 1
        if self.remaining == 0:
            raise Cut
        return super().begin(durable=durable)


@pytest.mark.parametrize("transaction", [1, 2, 3])
def test_moving_may_be_cut_off_before_any_of_its_transactions(path: Path, folder: Path, transaction: int) -> None:
    before = dump(path)
    with CutOff(path) as store:
        store.remaining = transaction
        if transaction == 3:  # there are only two: the row of the pack, and the places of its payloads
            assert move(store, folder).payloads == 6
        else:
            with pytest.raises(Cut):
                move(store, folder)
            assert bytes_inside(store) > 0
        assert (dump(path), problems(path)) == (before, [])
        store.remaining = 0
        assert move(store, folder).payloads == (0 if transaction == 3 else 6)
        assert (dump(path), problems(path)) == (before, [])
        # The object that no row needs is deleted a day later, and no other one.
        assert sum(store.move_to_packs(folder.as_uri(), LATER + 2 * DAY, before=None), PacksResult()).payloads == 0
        assert {file.name for file in folder.iterdir()} == {
            row["location"].rpartition("/")[2] for row in pack_queries.all_packs(store.ask)
        }
        assert len(list(folder.iterdir())) == 1


def test_a_place_that_cannot_be_written_costs_nothing(store: Store, path: Path, folder: Path) -> None:
    before = dump(path)
    folder.parent.mkdir()
    folder.write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="cannot be used"):
        move(store, folder)
    assert (dump(path), problems(path)) == (before, [])


def test_a_page_that_was_deleted_while_it_was_moved_leaves_the_pack_too(path: Path, folder: Path) -> None:
    class Meanwhile(Store):
        remaining = 0

        def begin(self, *, durable: bool = True) -> AbstractContextManager[Connection]:
            self.remaining -= 1
            if self.remaining == 0:
                with Store(path) as other:
                    assert other.forget_source(1, LATER)
            return super().begin(durable=durable)

    with Meanwhile(path) as store:
        store.remaining = 2
        moved = move(store, folder)
    assert (moved.written, moved.deleted) == (2, 1)
    assert problems(path) == []
    assert not any(SECRET in unpacked(file) for file in folder.iterdir())


# --- forgetting ------------------------------------------------------------------------------------------------------


def unpacked(file: Path) -> bytes:
    """What the whole pages of a pack say, without their bases those that stand alone."""
    place, data = open_place(file.parent.as_uri()), b""
    for entry in read_index(place, file.name):
        (packed,) = place.ranges(file.name, [(entry.start, entry.start + entry.size)])
        if entry.base is None:
            data += delta_codec.unpack(entry.codec, packed, length=entry.length)
    return data


def test_forgetting_takes_the_bytes_out_of_the_packs(store: Store, path: Path, folder: Path) -> None:
    move(store, folder)
    (old,) = folder.iterdir()
    assert SECRET in unpacked(old)
    assert store.forget_source(1, LATER)
    assert [row["has_deleted"] for row in pack_queries.all_packs(store.ask)] == [1]
    sum(store.purge_packs(LATER), PacksResult())
    assert not old.exists()
    assert not any(SECRET in unpacked(file) for file in folder.iterdir())
    assert problems(path) == []
    digests = [row["sha256"] for row in store.ask("SELECT sha256 FROM payload")]
    assert sorted(capture_queries.payload(store.ask, digest.hex()) for digest in digests) == [
        page(b"calm", b"%d" % number) for number in range(3)
    ]


def test_forgetting_deletes_retired_packs(store: Store, folder: Path) -> None:
    move(store, folder)
    sum(store.move_back(LATER), PacksResult())
    assert len(list(folder.iterdir())) == 1  # for backups
    assert store.forget_source(1, LATER)
    sum(store.purge_packs(LATER), PacksResult())
    assert list(folder.iterdir()) == []


def test_a_retired_pack_goes_after_the_last_backup_that_may_name_it(store: Store, folder: Path) -> None:
    move(store, folder)
    sum(store.move_back(LATER), PacksResult())
    for days, packs in ((30, 1), (40, 0)):
        sum(store.move_to_packs(folder.as_uri(), LATER + days * DAY, before=T0), PacksResult())
        assert len(list(folder.iterdir())) == packs


def test_a_backup_finds_its_pages_in_the_pack_that_was_written_again(
    store: Store, path: Path, folder: Path, tmp_path: Path
) -> None:
    move(store, folder)
    backup = maintenance.backup(path, tmp_path / "backup.db")
    assert store.forget_source(2, LATER)  # nothing is packed against the other article
    sum(store.purge_packs(LATER), PacksResult())
    with Store(backup) as restored:
        assert len(problems(backup)) == 7  # the pack, and its six pages
        assert sum(restored.find_lost_payloads(LATER), PacksResult()).payloads == 3
        (digest,) = {row["sha256"] for row in restored.ask("SELECT sha256 FROM payload WHERE id = 1")}
        assert capture_queries.payload(restored.ask, digest.hex()) == page(SECRET, b"0")
        assert len(problems(backup)) == 4  # those that were forgotten
        assert sum(restored.find_lost_payloads(LATER), PacksResult()).payloads == 0


# --- damage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["missing", "cut", "flipped"])
def test_a_damaged_pack_is_named_and_never_read_as_something_else(
    store: Store, path: Path, folder: Path, damage: str
) -> None:
    move(store, folder)
    (file,) = folder.iterdir()
    data = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(data[:50] if damage == "cut" else data[:100] + bytes([data[100] ^ 1]) + data[101:])
    digest = store.ask("SELECT sha256 FROM payload ORDER BY id LIMIT 1")[0]["sha256"]
    with pytest.raises(Corrupt, match=r"missing|shorter|damaged|decode"):
        capture_queries.payload(store.ask, digest.hex())
    assert problems(path)
    assert bool(quick_problems(path)) == (damage != "flipped")


def quick_problems(path: Path) -> list[str]:
    with Reader(path) as reader:
        return [problem.what for problem in verify(reader, deep=False)]


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("DELETE FROM pack_entry WHERE payload_id = 1", "neither in the database nor in a pack"),
        ("UPDATE payload SET data = 'x' WHERE id = 2", "in the database and in a pack"),
        ("UPDATE pack_entry SET start = 1000000 WHERE payload_id = 3", "its place is not in its pack"),
    ],
)
def test_verify_names_a_payload_that_is_not_in_its_place(
    store: Store, path: Path, folder: Path, sql: str, what: str
) -> None:
    move(store, folder)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)
    assert any(what in problem for problem in quick_problems(path))


@pytest.mark.parametrize("cut", [0, 10, 40, -1])
def test_a_file_that_is_no_whole_pack_has_no_index(folder: Path, cut: int) -> None:
    data, entries = build_pack([(b"a" * 32, "raw", 3, None, b"abc"), (b"b" * 32, "delta", 9, b"a" * 32, b"de")])
    place = open_place(folder.as_uri())
    place.put("whole.pack", data)
    place.put("cut.pack", data[:cut])
    assert read_index(place, "whole.pack") == entries
    with pytest.raises(Corrupt, match="no pack of an archive"):
        read_index(place, "cut.pack")


# --- the verb --------------------------------------------------------------------------------------------------------


def test_offload_says_what_it_moved_and_where(path: Path, folder: Path) -> None:
    path.with_name("wirecopy.toml").write_text(f'objects = "{folder.as_uri()}"\n')

    def run(*arguments: str) -> str:
        return call_main(*arguments, "--db", path, cwd=path.parent, together=True).out

    assert "Moved nothing: pages older than a week do not fill a pack" in " ".join(run("offload").split())
    moved = " ".join(run("offload", "--all").split())
    assert "Moved 6 pages" in moved
    assert f"into 1 pack at {folder.as_uri()}." in moved
    assert "in packs outside" in run("status")
    assert "wirecopy offload" not in run("doctor")
    (file,) = folder.iterdir()
    file.rename(file.with_suffix(".away"))
    assert f"{file.name} is missing" in run("doctor").replace("\n", "")
    file.with_suffix(".away").rename(file)
    assert "back into the archive" in " ".join(run("offload", "--back").split())
    assert "contradict each other" in run("offload", "--back", "--all")


def test_offload_without_a_place_says_how_to_set_one(path: Path) -> None:
    result = call_main("offload", "--db", path, cwd=path.parent)
    assert result.code == 2
    assert 'objects = "s3://bucket/folder"' in result.err


def test_forget_takes_the_page_out_of_its_pack_or_names_what_prevents_it(path: Path, folder: Path) -> None:
    path.with_name("wirecopy.toml").write_text(f'objects = "{folder.as_uri()}"\n')
    call_main("offload", "--all", "--db", path, cwd=path.parent)
    (file,) = folder.iterdir()
    folder.rename(folder.with_name("away"))
    folder.write_text("not mounted")
    # Pages of the other article are packed against these: they have to be read first.
    refused = call_main("forget", URL, "--yes", "--db", path, cwd=path.parent)
    assert (refused.code, "cannot be used" in refused.err) == (5, True)
    left = call_main("forget", OTHER, "--yes", "--db", path, cwd=path.parent)
    assert (left.code, "still have the deleted bytes" in " ".join(left.err.split())) == (0, True)
    folder.unlink()
    folder.with_name("away").rename(folder)
    assert "Deleted 1 pack of no use" in call_main("offload", "--db", path, cwd=path.parent, together=True).out
    assert not file.exists()
    assert [len(read_index(open_place(folder.as_uri()), rest.name)) for rest in folder.iterdir()] == [3]
    assert problems(path) == []


# --- a bucket --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_bucket_of_a_real_store_has_the_pages_and_its_death_is_named(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(path)
    with bucket(tmp_path / "store", "newsroom") as environ:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        address = "s3://newsroom/the pages"
        with Store(path) as store:
            assert sum(store.move_to_packs(address, LATER, before=None, least=1), PacksResult()).payloads == 6
            assert bytes_inside(store) == 0
        assert (dump(path), problems(path)) == (before, [])
        place = open_place(address)
        (name,) = place.names()
        assert place.size(name) == sum(row["length"] for row in packs_of(path))
        assert len(read_index(place, name)) == 6
        assert place.size("other.pack") is None
        with pytest.raises(Corrupt, match="missing"):
            place.ranges("other.pack", [(0, 1)])
        with pytest.raises(Corrupt, match="shorter"):
            place.ranges(name, [(0, 10**9)])
        with Store(path) as store:
            assert store.forget_source(2, LATER)
            sum(store.purge_packs(LATER), PacksResult())
            assert place.names() != [name]
            place.delete(name)  # no error, though it is gone
            assert problems(path) == []
            digest = store.ask("SELECT sha256 FROM payload ORDER BY id LIMIT 1")[0]["sha256"]
    with Reader(path) as reader, pytest.raises(StoreError, match=r"s3://newsroom/the pages/.* cannot be used"):
        capture_queries.payload(reader.ask, digest.hex())


def packs_of(path: Path) -> list[dict[str, Any]]:
    with Reader(path) as reader:
        return pack_queries.all_packs(reader.ask)
