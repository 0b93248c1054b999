"""Changing rows of the index: one row differs, every other byte stays; what a program cannot change is left alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from archive.api.seed_index import RowChange, add_found, change_one, read_page
from archive.seeds import read_index
from archive.seeds.edit_row import change_row, move_row, pause_row, retire_row
from archive.seeds.index_file import IndexChanged
from db.errors import BadInput, SeedError
from db.records import PROGRAM, SeedKind
from db.store import Store
from tests.builders import T0

if TYPE_CHECKING:
    from pathlib import Path

INDEX = """\
# Seeds

<!-- a comment that stays -->
## energy
every: 4h

Ana looks after these. *Do not* remove the grid.

| name       | url                                  | kind    | every | note            |
|:-----------|--------------------------------------|:-------:|------:|-----------------|
| grid       | https://daily.example/grid           | article |       | first \\| report |
| feed       | <https://daily.example/feed?a=1|2>   | feed    | 30m   | its `articles`  |

## harbour
- https://daily.example/harbour
- [Quay](https://daily.example/quay) the quay

## plain
kind: feed

| url |
| --- |
| https://daily.example/rss |
"""
INDEX = INDEX.replace("a=1|2", "a=1\\|2")


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that only one of two texts has."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return [line for line in old if line not in new], [line for line in new if line not in old]


def test_a_cell_changes_and_keeps_the_columns_aligned() -> None:
    after = change_row(INDEX, "energy/grid", every="1h", kind=SeedKind.SECTION)
    old, new = changed_lines(INDEX, after)
    assert old == ["| grid       | https://daily.example/grid           | article |       | first \\| report |\n"]
    assert new == ["| grid       | https://daily.example/grid           | section | 1h    | first \\| report |\n"]


def test_a_note_is_text_whatever_it_holds() -> None:
    note = "a | b\n`c` *d* <e> [f](g) \\ | rest"
    after = change_row(INDEX, "energy/grid", note=note)
    seed = next(seed for seed in read_index(after, file="").seeds if seed.key == "energy/grid")
    assert seed.note == " ".join(note.split())
    assert len(changed_lines(INDEX, after)[1]) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_pause_keeps_the_interval_for_later(end: str) -> None:
    text = INDEX.replace("\n", end)
    paused = pause_row(text, "energy/feed", paused=True)
    assert "| paused 30m |" in paused
    seeds = {seed.key: seed.every for seed in read_index(paused, file="").seeds}
    assert (seeds["energy/feed"], len(seeds)) == ("paused", 5)
    resumed = pause_row(paused, "energy/feed", paused=False)
    assert re.sub(" +", " ", resumed) == re.sub(" +", " ", text)
    assert read_index(resumed, file="") == read_index(text, file="")


def test_a_table_without_the_column_and_an_item_of_a_list_get_a_row_of_their_own() -> None:
    after = pause_row(
        pause_row(INDEX, "plain/daily-example-rss", paused=True), "harbour/daily-example-quay", paused=True
    )
    seeds = {seed.key: seed for seed in read_index(after, file="").seeds}
    assert (seeds["plain/daily-example-rss"].every, seeds["plain/daily-example-rss"].kind) == ("paused", SeedKind.FEED)
    quay = seeds["harbour/daily-example-quay"]
    assert (quay.every, quay.note) == ("paused", "Quay the quay"), "as the item was read"
    assert len(seeds) == 5
    assert read_index(after, file="").complaints == ()


def test_a_row_moves_with_what_is_its_own() -> None:
    paused = pause_row(INDEX, "energy/feed", paused=True)
    after = move_row(paused, "energy/feed", "New Group")
    row = next(row for row in read_index(after, file="").seeds if row.name == "feed")
    assert (row.key, row.kind, row.every, row.note) == ("new-group/feed", SeedKind.FEED, "paused", "its articles")
    assert "| paused 30m |" in after
    assert len(read_index(after, file="").seeds) == 5
    inherited = move_row(INDEX, "plain/daily-example-rss", "energy")
    (moved,) = (seed for seed in read_index(inherited, file="").seeds if seed.name == "daily-example-rss")
    assert moved.kind is SeedKind.FEED, "its old group said so"
    with pytest.raises(BadInput, match="in group energy already"):
        move_row(INDEX, "energy/feed", "Energy")


def test_a_retired_row_leaves_and_nothing_else() -> None:
    for key in ("energy/grid", "energy/feed", "harbour/daily-example-harbour", "plain/daily-example-rss"):
        after = retire_row(INDEX, key)
        assert len(after.splitlines()) == len(INDEX.splitlines()) - 1
        assert {seed.key for seed in read_index(INDEX, file="").seeds} - {
            seed.key for seed in read_index(after, file="").seeds
        } == {key}


def test_what_shares_its_line_with_another_seed_is_left_to_an_editor() -> None:
    text = "## g\n\n- [one](https://a.example/one) and [two](https://a.example/two)\n"
    keys = [seed.key for seed in read_index(text, file="").seeds]
    for key in keys:
        with pytest.raises(SeedError, match="with an editor"):
            retire_row(text, key)


def change_in(path: Path, change: RowChange, digest: str | None = None) -> str:
    """Change one row of an index beside an archive, and return the key of the row from now on."""
    digest = digest or read_page(path).digest
    return change_one(archive_beside(path), path, change, digest=digest, actor=PROGRAM, now=T0)


def archive_beside(path: Path) -> Path:
    db = path.with_name("archive.db")
    Store(db).close()
    return db


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (RowChange(key="energy/grid", action="save", kind="article", every="often"), "expected auto, once, paused"),
        (RowChange(key="energy/grid", action="save", kind="novel"), "no kind"),
        (RowChange(key="energy/grid", action="burn"), "can be changed by"),
        (RowChange(key="energy/none", action="pause"), "no row energy/none"),
        (RowChange(key="energy/grid", action="move", group="--"), "cannot be a group"),
    ],
)
def test_a_wrong_change_is_refused_and_writes_nothing(tmp_path: Path, change: RowChange, message: str) -> None:
    path = tmp_path / "INDEX.md"
    path.write_text(INDEX, encoding="utf-8")
    with pytest.raises(BadInput, match=message):
        change_in(path, change)
    assert path.read_text(encoding="utf-8") == INDEX


def test_a_change_of_somebody_else_is_noticed_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "INDEX.md"
    path.write_text(INDEX, encoding="utf-8")
    digest = read_page(path).digest
    path.write_text(INDEX + "\nA line of Ben.\n", encoding="utf-8")
    with pytest.raises(IndexChanged, match="by somebody else"):
        change_in(path, RowChange(key="energy/grid", action="retire"), digest)
    assert path.read_text(encoding="utf-8") == INDEX + "\nA line of Ben.\n"
    assert change_in(path, RowChange(key="energy/grid", action="move", group="x"))
    assert "A line of Ben." in path.read_text(encoding="utf-8")


def test_saving_what_a_form_shows_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "INDEX.md"
    path.write_bytes(b"\xef\xbb\xbf" + INDEX.replace("\n", "\r\n").encode())
    before = path.read_bytes()
    for row in read_page(path).rows:
        change = RowChange(key=row.key, action="save", kind=row.kind, every=row.every, note=row.note)
        assert change_in(path, change) == row.key
    assert path.read_bytes() == before


def test_what_was_found_is_added_once(tmp_path: Path) -> None:
    path = tmp_path / "INDEX.md"
    path.write_text(INDEX, encoding="utf-8")
    rows = [("https://new.example/a", "article", "A | b"), ("https://daily.example/grid", "article", "")]
    db = archive_beside(path)
    for every, added in (("2h", ["https://new.example/a"]), ("", [])):
        assert add_found(db, path, rows, group="Added", every=every, actor=PROGRAM, now=T0) == added
    assert path.read_text(encoding="utf-8").startswith(INDEX)
    (row,) = (row for row in read_page(path).rows if row.group == "added")
    assert (row.every, row.note) == ("2h", "A | b")
