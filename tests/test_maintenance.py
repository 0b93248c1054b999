"""Tests of db.maintenance: the file is created, checked, backed up and restored, and every error has a message."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from db import maintenance
from db.backups import BACKUPS_KEPT, backup_path, prune_backups
from db.errors import BadInput, Corrupt, SchemaMismatch, StoreBusy, StoreError
from db.queries import captures as capture_queries
from db.queries import statistics
from db.queries import versions as version_queries
from db.reader import HEAD, Reader, check_revision, store_error_from
from db.store import Store
from db.verify import verify
from tests.builders import DAY, HOUR, PAGE, T0, a_capture, add_source, build_once, derive_all, make_history
from tests.contents import contents

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive with one article in two versions."""
    return filled(tmp_path / "archive.db", "one", "two")


@build_once
def filled(path: Path, *texts: str) -> None:
    with Store(path) as store:
        make_history(store, add_source(store), [(text, T0 + days * DAY) for days, text in enumerate(texts)])


def texts(path: Path) -> list[str]:
    with Reader(path) as reader:
        return [
            version_queries.text(reader.ask, version.text_sha256).body
            for version in version_queries.all_versions(reader.ask)
        ]


def set_revision(path: Path, revision: str) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
    return path


def foreign(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE recipes (id INTEGER)")
    return path


def garbage(path: Path) -> Path:
    path.write_bytes(b"This is a letter, not a database. " * 200)
    return path


def damaged(path: Path) -> Path:
    """The archive with a page in the middle overwritten."""
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(bytes(data))
    return path


# --- reading ---------------------------------------------------------------------------------------------------------


def test_a_reader_sees_what_was_written_while_it_is_open(path: Path) -> None:
    with Store(path) as store, Reader(path) as reader:
        before = statistics.counts(reader.ask)["captures"]
        store.record([(a_capture(1, at=T0 + 9 * DAY), PAGE)])
        assert statistics.counts(reader.ask)["captures"] == before + 1


def test_a_reader_is_not_held_up_by_a_writer_in_the_middle(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as writer, Reader(path) as reader:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM underived")
        assert statistics.counts(reader.ask)["versions"] == 2


def test_a_reader_cannot_write(path: Path) -> None:
    with Reader(path) as reader, pytest.raises(StoreError, match="cannot be written"):
        reader.ask("DELETE FROM version")


def test_a_missing_archive_is_not_made_and_the_command_that_makes_it_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.db"
    with pytest.raises(StoreError, match="wirecopy init"):
        Reader(missing)
    assert not missing.exists()


def test_an_older_archive_names_the_command_and_is_not_migrated(path: Path) -> None:
    set_revision(path, "0000")
    with pytest.raises(SchemaMismatch, match="Run: wirecopy upgrade"):
        Reader(path)
    assert maintenance.revision(path) == "0000"


@pytest.mark.parametrize("opens", [Reader, Store])
def test_a_newer_archive_is_left_alone(path: Path, opens: type[Reader | Store]) -> None:
    set_revision(path, "9999")
    before = path.read_bytes()
    with pytest.raises(SchemaMismatch, match="Install a newer wirecopy"):
        opens(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("opens", [Reader, Store])
def test_a_database_of_something_else_is_left_alone(tmp_path: Path, opens: type[Reader | Store]) -> None:
    path = foreign(tmp_path / "cookbook.db")
    before = path.read_bytes()
    with pytest.raises(SchemaMismatch, match="not a wirecopy archive; name another with --db"):
        opens(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("opens", [Reader, Store])
@pytest.mark.parametrize("revision", ["ae1027a6acf", "0000abcd1234"])
def test_a_database_that_another_program_migrates_is_not_ours(
    path: Path, opens: type[Reader | Store], revision: str
) -> None:
    set_revision(path, revision)
    with pytest.raises(SchemaMismatch, match="not a wirecopy archive"):
        opens(path)


@pytest.mark.parametrize("opens", [Reader, Store])
def test_a_file_that_is_no_database_is_corrupt(tmp_path: Path, opens: type[Reader | Store]) -> None:
    with pytest.raises(Corrupt, match="wirecopy restore BACKUP"):
        opens(garbage(tmp_path / "letter.db"))


def test_a_folder_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no archive"):
        Reader(tmp_path)
    with pytest.raises(StoreError, match="is a folder"):
        Store(tmp_path)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be created"):
        Store(tmp_path / "file" / "archive.db")


def test_words_a_person_searched_for_are_never_taken_for_an_error(path: Path) -> None:
    with Reader(path) as reader, pytest.raises(StoreError) as raised:
        reader.ask("SELECT * FROM text_fts WHERE text_fts MATCH 'locked : malformed'")
    assert type(raised.value) is StoreError


def test_a_locked_file_is_busy(path: Path) -> None:
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as first,
        closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as two,
    ):
        first.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as raised:
            two.execute("BEGIN IMMEDIATE")
    assert isinstance(store_error_from(raised.value, path), StoreBusy)


# --- upgrading -------------------------------------------------------------------------------------------------------


def test_a_new_file_needs_no_backup(tmp_path: Path) -> None:
    assert maintenance.upgrade(tmp_path / "new.db") == maintenance.Upgrade(before=None, after=HEAD)


def test_an_empty_file_becomes_an_archive(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    assert maintenance.upgrade(tmp_path / "empty.db").after == HEAD
    check_revision(maintenance.revision(tmp_path / "empty.db"), tmp_path)


def test_a_current_archive_is_left_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    assert maintenance.upgrade(path) == maintenance.Upgrade(before=HEAD, after=HEAD)
    assert path.read_bytes() == before


# --- checking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deep", [False, True])
def test_a_sound_file_passes(path: Path, deep: bool) -> None:
    maintenance.check_file(path, deep=deep)


def test_a_damaged_file_is_corrupt(path: Path) -> None:
    with pytest.raises(Corrupt):
        maintenance.check_file(damaged(path))


def test_a_row_that_points_nowhere_is_corrupt(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM text")
    with pytest.raises(Corrupt, match="refers to a row of text that is missing"):
        maintenance.check_file(path)


# --- backup ----------------------------------------------------------------------------------------------------------


def test_a_backup_is_one_whole_file_that_can_be_read(path: Path, tmp_path: Path) -> None:
    copy = maintenance.backup(path, tmp_path / "backups" / "copy.db")
    assert texts(copy) == ["one", "two"]
    assert [entry.name for entry in copy.parent.iterdir()] == ["copy.db"]


def test_a_backup_is_of_one_moment_while_others_write(path: Path, tmp_path: Path) -> None:
    """Each write is a capture and its ledger row: a copy that has one of them has the other."""
    stop, errors = threading.Event(), list[Exception]()

    def write() -> None:
        try:
            with Store(path) as store:
                for turn in range(10_000):
                    store.record([(a_capture(1, at=T0 + turn * HOUR), f"page {turn}".encode() * 200)])
                    if stop.is_set():
                        return
        except Exception as error:  # noqa: BLE001 (a thread's error would otherwise be lost)
            errors.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    copies = [maintenance.backup(path, tmp_path / f"copy{number}.db") for number in range(4)]
    stop.set()
    thread.join()
    assert errors == []
    for copy in copies:
        maintenance.check_file(copy, deep=True)
        with Reader(copy) as reader:
            counts = statistics.counts(reader.ask)
        assert counts["captures"] == counts["underived"] + 2


def test_a_compact_backup_says_the_same_in_less_room(path: Path, tmp_path: Path) -> None:
    with Store(path) as store:
        source = add_source(store, "https://daily.example/long")
        store.record([(a_capture(source, at=T0 + n * HOUR), os.urandom(9000)) for n in range(9)])
        store.forget_source(source, T0)
    copy, small = (
        maintenance.backup(path, tmp_path / "copy.db"),
        maintenance.backup(path, tmp_path / "small.db", compact=True),
    )
    assert small.stat().st_size + 80_000 < copy.stat().st_size
    assert contents(small) == contents(copy) == contents(path)
    assert texts(small) == ["one", "two"]


def test_a_compact_backup_to_an_impossible_place_is_said(path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="name another place"):
        maintenance.backup(path, tmp_path / "file" / "copy.db", compact=True)


def test_no_compact_backup_is_made_of_a_broken_archive(path: Path, tmp_path: Path) -> None:
    """The rows are read one by one. A damaged index alone is rebuilt."""
    with closing(sqlite3.connect(path)) as connection:
        ((root,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'text'").fetchall()
    data = path.read_bytes()
    path.write_bytes(data[: (root - 1) * 4096] + b"\xff" * 4096 + data[root * 4096 :])
    with pytest.raises(Corrupt, match=r"archive\.db (is damaged|is not a readable archive)"):
        maintenance.backup(path, tmp_path / "copy.db", compact=True)
    assert not list(tmp_path.glob("copy*"))


def test_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no archive at"):
        maintenance.backup(tmp_path / "none.db", tmp_path / "copy.db")


def test_a_backup_onto_the_archive_itself_is_refused(path: Path) -> None:
    with pytest.raises(BadInput):
        maintenance.backup(path, path.parent / "." / path.name)


def test_a_backup_to_an_impossible_place_is_said(path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="name another place"):
        maintenance.backup(path, tmp_path / "file" / "copy.db")


def test_no_backup_is_made_of_a_broken_archive_and_the_old_one_stays(path: Path, tmp_path: Path) -> None:
    copy = maintenance.backup(path, tmp_path / "copy.db")
    with pytest.raises(Corrupt, match=r"archive\.db (is damaged|is not a readable archive)"):
        maintenance.backup(damaged(path), copy)
    assert texts(copy) == ["one", "two"]
    assert sorted(entry.name for entry in tmp_path.glob("copy*")) == ["copy.db"]


# --- restore ---------------------------------------------------------------------------------------------------------


def test_restoring_swaps_the_backup_in_and_keeps_what_was_there(path: Path, tmp_path: Path) -> None:
    copy = maintenance.backup(path, tmp_path / "copy.db")
    filled(path, "one", "two", "three")
    replaced = maintenance.restore(path, copy)
    assert texts(path) == ["one", "two"]
    assert replaced is not None
    assert texts(replaced) == ["one", "two", "three"]
    assert texts(copy) == ["one", "two"]


def test_restoring_twice_keeps_both_files_that_were_there(path: Path, tmp_path: Path) -> None:
    wrong = filled(tmp_path / "wrong.db", "other")
    right = filled(tmp_path / "right.db", "right")
    replaced = [maintenance.restore(path, wrong), maintenance.restore(path, right)]
    assert [texts(copy_path) for copy_path in replaced if copy_path] == [["one", "two"], ["other"]]
    assert texts(path) == ["right"]


def test_restoring_where_nothing_was_keeps_nothing(path: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "elsewhere" / "archive.db"
    assert maintenance.restore(fresh, path) is None
    assert texts(fresh) == ["one", "two"]


def test_restoring_through_a_symbolic_link_keeps_the_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(path)
    replaced = maintenance.restore(link, filled(tmp_path / "other.db", "other"))
    assert link.is_symlink()
    assert texts(path) == texts(link) == ["other"]
    assert replaced is not None
    assert replaced.parent == path.parent
    assert texts(replaced) == ["one", "two"]


def test_a_restored_archive_can_be_written(path: Path, tmp_path: Path) -> None:
    maintenance.restore(path, maintenance.backup(path, tmp_path / "copy.db"))
    filled(path, "one", "two", "three")
    assert texts(path) == ["one", "two", "three"]


def test_restoring_from_an_archive_in_use_brings_its_last_writes(path: Path, tmp_path: Path) -> None:
    """Its newest pages are in the log beside it. A copy of the file alone misses them."""
    fresh = tmp_path / "fresh.db"
    with Store(path) as store, Reader(path) as reader:
        assert reader.ask("SELECT 1 AS one")
        store.record([(a_capture(1, at=T0 + 9 * DAY), PAGE)])
        maintenance.restore(fresh, path)
    with Reader(fresh) as reader:
        assert len(capture_queries.of_source(reader.ask, 1)) == 3


def test_a_broken_archive_is_replaced_and_kept_as_it_is(path: Path, tmp_path: Path) -> None:
    copy = maintenance.backup(path, tmp_path / "copy.db")
    garbage(path)
    before = path.read_bytes()
    replaced = maintenance.restore(path, copy)
    assert replaced is not None
    assert replaced.read_bytes() == before
    assert texts(path) == ["one", "two"]


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (garbage, Corrupt),
        (damaged, Corrupt),
        (foreign, SchemaMismatch),
        (lambda path: set_revision(path, "9999"), SchemaMismatch),
        (lambda path: path.write_bytes(b""), SchemaMismatch),
        (lambda path: path.unlink(), StoreError),
    ],
    ids=["garbage", "damaged", "foreign", "newer", "empty", "missing"],
)
def test_what_is_no_backup_is_refused_and_the_archive_untouched(
    path: Path, tmp_path: Path, spoil: object, error: type[StoreError]
) -> None:
    backup = tmp_path / "backup.db"
    if spoil is not foreign:
        shutil.copyfile(path, backup)
    spoil(backup)  # type: ignore[operator]
    before = path.read_bytes()
    with pytest.raises(error):
        maintenance.restore(path, backup)
    assert path.read_bytes() == before
    assert not [entry for entry in tmp_path.iterdir() if entry.name.startswith("archive.db.")]


def test_restoring_the_archive_onto_itself_is_refused(path: Path) -> None:
    with pytest.raises(BadInput, match="the archive itself"):
        maintenance.restore(path, path)


def test_a_backup_that_was_left_half_done_is_not_in_the_way(path: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db.half").write_bytes(b"cut off")
    assert texts(maintenance.backup(path, tmp_path / "copy.db")) == ["one", "two"]


# --- room ------------------------------------------------------------------------------------------------------------


def test_the_room_of_each_table_is_told_and_adds_up(path: Path) -> None:
    with Reader(path) as reader:
        sizes = statistics.table_sizes(reader.ask)
        assert sum(sizes.values()) == statistics.file_size(reader.ask)
        assert {"payload", "capture", "chain", "text", "text_fts", "version"} <= sizes.keys()
        assert list(sizes.values()) == sorted(sizes.values(), reverse=True)


def test_where_it_cannot_be_counted_it_is_estimated(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Store(path) as store:
        source = add_source(store)
        store.record([(a_capture(source, at=T0 + n * HOUR), os.urandom(9000)) for n in range(40)])
    with Reader(path) as reader:
        guessed, counted = statistics._estimated(reader.ask)["payload"], statistics.table_sizes(reader.ask)["payload"]
    assert 0.5 < guessed / counted < 2


def test_growth_is_what_the_runs_of_the_last_week_brought(path: Path) -> None:
    with Store(path) as store:
        for day in (-30, 0, 2):
            run_id = store.begin_run("refresh", "{}", "tests", T0 + day * DAY)
            page = os.urandom(9000)
            store.record([(a_capture(1, at=T0 + day * DAY + HOUR), page)], run_id)
    with Reader(path) as reader:
        grown = statistics.growth(reader.ask, statistics.table_sizes(reader.ask), T0 + 4 * DAY)
        none = statistics.growth(reader.ask, statistics.table_sizes(reader.ask), T0 + 99 * DAY)
    assert (grown["days"], grown["captures_per_day"]) == (4.0, 0.5)
    assert grown["bytes_per_day"] > 2 * 9000 / 4
    assert none["days"] == 0


# --- a clock that goes backwards -------------------------------------------------------------------------------------


def test_a_clock_that_went_backwards_loses_nothing_and_history_stays_in_the_order_of_time(path: Path) -> None:
    with Store(path) as store:
        make_history(store, 1, [("three", T0 + 2 * DAY)])
        before = [(row["capture_id"], row["link"]) for row in store.ask("SELECT * FROM chain")]
        run_id = store.begin_run("refresh", "{}", "tests", T0 - 9 * DAY)
        store.record([(a_capture(1, at=T0 - 9 * DAY), b"zero")], run_id)
        derive_all(store, now=T0 - 9 * DAY)
        store.end_run(run_id, {}, T0 - 10 * DAY)
        assert [(row["capture_id"], row["link"]) for row in store.ask("SELECT * FROM chain")][:-1] == before
    assert texts(path) == ["zero", "one", "two", "three"]
    with Reader(path) as reader:
        assert list(verify(reader, deep=True)) == []


# --- spares ----------------------------------------------------------------------------------------------------------


def test_the_newest_spares_stay_and_other_files_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    (tmp_path / "backups").mkdir()
    spares = [backup_path(path, T0 + days * DAY) for days in range(BACKUPS_KEPT + 3)]
    for spare in spares:
        spare.touch()
    others = [tmp_path / "backups" / name for name in ("archive-before-the-move.db", "other-20260101T000000Z.db")]
    for other in others:
        other.touch()
    assert prune_backups(path) == 3
    assert sorted((tmp_path / "backups").iterdir()) == sorted([*spares[3:], *others])
    assert prune_backups(path) == 0


def test_thinning_out_needs_no_folder(tmp_path: Path) -> None:
    assert prune_backups(tmp_path / "archive.db") == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
def test_a_read_only_file_says_so(path: Path) -> None:
    path.chmod(0o444)
    with pytest.raises(StoreError, match="cannot be written"):
        Store(path).record([(a_capture(1, at=T0 + 9 * DAY), PAGE)])


def test_a_log_without_its_file_is_never_written_into_the_restored_one(tmp_path: Path) -> None:
    """A restore that was cut off between its renames leaves the log of a broken archive behind."""
    path, copy = tmp_path / "archive.db", tmp_path / "copy.db"
    with Store(path) as store:
        make_history(store, add_source(store), [("one", T0)])
    maintenance.backup(path, copy)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE text SET body = 'another'")
        connection.commit()
        log = path.with_name("archive.db-wal").read_bytes()
    path.unlink()
    path.with_name("archive.db-wal").write_bytes(log)
    maintenance.restore(path, copy)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT body FROM text").fetchall() == [("one",)]
    assert path.with_name("archive.db.replaced-wal").read_bytes() == log
