"""What is stored of pages is worked out again from their bytes: a single changed row is found, named, and mended."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive
from archive.extract.worker_pool import Extractors
from archive.pipeline.recheck import NIGHTS, Recheck
from archive.pipeline.recipe import current_recipe
from archive.pipeline.reprocess import reextract, rematch
from archive.pipeline.upkeep import upkeep
from archive.settings import load_settings
from db.chain import CAPTURES, START, digest, facts
from db.chain import link as chain_link
from db.reader import Reader
from db.schema import metadata
from db.verify import verify
from db.verify.column_values import bad_values
from tests.builders import DAY, T0
from tests.commands import call_main
from tests.contents import contents
from tests.forged import change, make_archive, work_out_again
from tests.forgeries import DERIVED, FACTS, LINKS, TEXTS, VERSIONS

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Column

    from archive.settings import Settings

ONE_OF_EACH = {
    "the copier becomes the original": VERSIONS["first seen"],
    "a word with its digest": TEXTS["a word, with its digest"],
    "a line of the template": TEXTS["a line of a site template"],
    "an address joined": TEXTS["an address joined"],
    "a reworded copy called exact": LINKS["relation"],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive that the real pipeline made."""
    return make_archive(tmp_path / "archive.db")


def settings_of(path: Path) -> Settings:
    environ = {"WIRECOPY_DB": str(path), "WIRECOPY_CLOCK": (T0 + 3 * DAY).isoformat()}
    return load_settings(environ, start=path.parent)


def test_a_sound_archive_gives_the_same_again(path: Path) -> None:
    problems, counts = work_out_again(path)
    assert problems == []
    assert counts["pages"] == 10
    assert min(counts["histories"], counts["texts"], counts["links"]) > 5
    assert counts["waiting"] == counts["older"] == counts["unclear"] == 0


@pytest.mark.parametrize("statement", ONE_OF_EACH.values(), ids=ONE_OF_EACH.keys())
def test_a_changed_row_is_found_where_it_was_changed(path: Path, statement: str) -> None:
    assert change(path, statement)
    problems, _ = work_out_again(path)
    assert problems
    assert {problem.todo for problem in problems} <= {"wirecopy reextract", "wirecopy rematch"}


def test_a_text_of_an_older_recipe_counts_as_such_and_not_as_wrong(path: Path) -> None:
    with Reader(path) as reader, Extractors(workers=0) as extractors:
        recheck = Recheck(reader, extractors, current_recipe(fast=True))
        assert list(recheck.histories(recheck.sample(99, "seed"))) == []
    assert recheck.counts["older"] == 10


def test_samples_differ_by_seed_and_have_the_size_asked_for(path: Path) -> None:
    with Reader(path) as reader, Extractors(workers=0) as extractors:
        recheck = Recheck(reader, extractors, current_recipe())
        samples = {tuple(recheck.sample(3, f"seed {number}")) for number in range(9)}
    assert {len(sample) for sample in samples} == {3}
    assert len(samples) > 1


@pytest.mark.slow
def test_a_month_of_nights_covers_the_archive_and_doctor_names_what_it_found(path: Path) -> None:
    change(path, VERSIONS["score of an edit"])
    counts = [asyncio.run(upkeep(settings_of(path))).counts for _ in range(7)]
    assert sum(count["rechecked"] for count in counts) == 7  # of seven histories, where a thirtieth is less than one
    assert sum(count["recheck_faults"] for count in counts) == 1
    assert NIGHTS == 30
    assert "1 row of texts, versions or matches" in call_main("--db", path, "doctor", cwd=path.parent).out


@pytest.mark.slow
def test_the_verb_says_what_was_worked_out(path: Path) -> None:
    answer = call_main("--db", path, "verify", "--again", "2", "--json", cwd=path.parent)
    assert answer.code == 0
    assert json.loads(answer.out)["again"]["histories"] == 2
    assert call_main("--db", path, "verify", "--again", "none", cwd=path.parent).code == 2


# --- every kind of forgery -------------------------------------------------------------------------------------------

EVERY = VERSIONS | TEXTS | LINKS | FACTS


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_every_single_change_is_found(path: Path, name: str) -> None:
    assert change(path, EVERY[name])  # rows, or -1 for a change of the schema
    assert work_out_again(path)[0]


@pytest.mark.slow
@pytest.mark.parametrize("start", range(8))
def test_reextract_and_rematch_mend_what_was_derived(path: Path, start: int) -> None:
    before = contents(path)
    for statement, _ in list(DERIVED.values())[start::8]:
        change(path, statement)
    asyncio.run(reextract(settings_of(path)))
    asyncio.run(rematch(settings_of(path)))
    assert work_out_again(path)[0] == []
    assert contents(path) == before


# --- values that cannot be read --------------------------------------------------------------------------------------

UNREADABLE = {
    "text that is not UTF-8": ("UPDATE link SET because = CAST(x'80ff' AS TEXT) WHERE rowid = 1", "table link"),
    "no relation": ("UPDATE link SET relation = 'exacu' WHERE rowid = 1", "table link"),
    "broken JSON": ("UPDATE extraction SET removed = '[[0' WHERE id = 1", "table extraction"),
    "an instant out of all time": ("UPDATE version SET first_seen_at = 1 << 62 WHERE id = 1", "table version"),
    "a number that is text": ("UPDATE link SET score = 'high' WHERE rowid = 1", "table link"),
    "no kind of edit": ("UPDATE version SET kinds = '[\"tipo\"]' WHERE number = 2", "table version"),
}


@pytest.mark.parametrize(("statement", "where"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_value_that_cannot_be_read_is_named_and_no_verb_ends_in_a_traceback(
    path: Path, statement: str, where: str
) -> None:
    change(path, statement)
    with Reader(path) as reader:
        problems = [problem for problem in verify(reader, deep=False) if where in problem.where]
    assert problems
    assert problems[0].todo in {"wirecopy reextract", "wirecopy rematch"}
    for verb in ("copies", "list", "status"):
        answer = call_main("--db", path, verb, cwd=path.parent)
        assert answer.code in {0, 5}
        assert answer.code == 0 or "wirecopy verify" in answer.err


def test_every_column_of_every_table_is_read(path: Path) -> None:
    """From the last column to the first, a value of each is replaced by bytes that are neither text nor a number."""
    damaged = 0
    with Reader(path) as reader, closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for table in metadata.tables.values():
            rows = reader.ask("SELECT name FROM pragma_table_info(:table)", table=table.name)
            for column in [table.c[row["name"]] for row in reversed(rows)]:
                if table.name == "near_key" or column.primary_key or column.computed or _is_seen_elsewhere(column):
                    continue
                first = f'WHERE rowid = (SELECT min(rowid) FROM "{table.name}")'
                sql = f'UPDATE OR IGNORE "{table.name}" SET "{column.name}" = CAST(? AS TEXT) {first}'
                if connection.execute(sql, [b"\xff"]).rowcount:
                    damaged += 1
                    (_, problem), *_ = bad_values(reader, table.name)
                    assert f"column {column.name} " in problem, (table.name, column.name)
    assert damaged > 100


def _is_seen_elsewhere(column: Column[object]) -> bool:
    """True for a column that another check reads: for the digests of payloads and texts."""
    return f"{column.table.name}.{column.name}" in {"payload.data", "text.title", "text.body"}


# --- exports ----------------------------------------------------------------------------------------------------------

DAMAGED = {
    "a word of a text": (TEXTS["a word of a text"], ("jsonl", "x.jsonl")),
    "a header": (FACTS["headers of a capture"], ("warc", "x.warc.gz")),
    "a link of the chain": (FACTS["a link of the chain"], ("wacz", "x.wacz")),
    "the bytes of a page": (FACTS["bytes of a page"], ("warc", "x.warc")),
    "a status": (FACTS["status of a capture"], ("parquet", "folder")),
}


@pytest.mark.parametrize(("statement", "form"), DAMAGED.values(), ids=DAMAGED.keys())
def test_nothing_damaged_is_exported_and_no_file_is_left(path: Path, statement: str, form: tuple[str, str]) -> None:
    change(path, statement)
    answer = call_main("--db", path, "export", form[0], path.parent / form[1], cwd=path.parent)
    assert answer.code == 5, answer
    assert "wirecopy verify" in answer.err
    assert not [left for left in path.parent.rglob("*") if left.is_file() and "archive.db" not in left.name]


# --- only a checkpoint helps, or nothing -----------------------------------------------------------------------------


def test_a_chain_written_again_or_cut_needs_a_checkpoint(path: Path) -> None:
    """The file alone is consistent. The end that was noted elsewhere is another."""
    head = chain_end(path)
    cut = path.with_name("cut.db")
    shutil.copy(path, cut)
    newest = "(SELECT max(capture_id) FROM chain)"
    change(
        cut,
        *(f"DELETE FROM {table} WHERE capture_id = {newest}" for table in ("derivation", "underived")),
        f"UPDATE version SET superseded_at = recorded_at WHERE first_capture_id = {newest}",
        f"DELETE FROM version WHERE first_capture_id = {newest}",
        f"DELETE FROM capture WHERE id = {newest}",
        f"DELETE FROM chain WHERE capture_id = {newest}",
    )
    with Reader(cut) as reader:
        assert [problem for problem in verify(reader, deep=False) if "chain" in problem.what] == []
    assert chain_end(cut) != head
    change(path, FACTS["status of a capture"])
    write_chain_again(path)
    with Reader(path) as reader:
        assert [problem for problem in verify(reader, deep=False) if "recorded" in problem.what] == []
    assert chain_end(path) != head


def chain_end(path: Path) -> tuple[int, str] | None:
    with Archive(path) as archive:
        return archive.chain_head()


def write_chain_again(path: Path) -> None:
    """Do as somebody would who has the file and this program."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.row_factory = lambda cursor, row: dict(
            zip([name for name, *_ in cursor.description], row, strict=True)
        )
        before = START
        for row in connection.execute(f"{CAPTURES} ORDER BY c.id").fetchall():
            before = chain_link(before, digest(facts(row)))
            connection.execute("UPDATE chain SET link = ? WHERE capture_id = ?", [before, row["id"]])
