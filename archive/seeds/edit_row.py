"""Change one row of the index that people edit, or take it out. Every other line stays as it was, byte for byte."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from archive.seeds.cell_values import parse_every
from archive.seeds.markdown import sections
from archive.seeds.parse import read_index, slug
from archive.seeds.write import NewRow, add_rows, escape_cell
from db.errors import BadInput, SeedError
from db.records import SeedKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.seeds.markdown import Row, Table
    from db.records import Seed, Seeds

PAUSED: Final = "paused"
"""The word in the column ``every`` of a row that is not visited for now. The interval for later may follow it."""

_PIPE: Final = re.compile(r"(?<!\\)\|")  # as GFM counts cells
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+\Z")


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row as written: its seed, its cells by column, and True for an item of a list, which has no cells."""

    seed: Seed
    cells: Mapping[str, str]
    listed: bool

    @property
    def is_paused(self) -> bool:
        """True if the row itself is paused."""
        return self.cells.get("every", "").lower().partition(" ")[0] == PAUSED


def written_rows(text: str, seeds: Seeds) -> list[WrittenRow]:
    """Return the good rows of the index ``text``, which was parsed to ``seeds``, in order."""
    by_line = {row.line: (table, row) for table, row in _table_rows(text)}
    rows = []
    for seed in seeds.seeds:
        table, row = by_line.get(seed.line, (None, None))
        cells = {} if table is None or row is None else _cells(table, row)
        rows.append(WrittenRow(seed, cells, listed=table is None))
    return rows


def change_row(
    text: str, key: str, *, kind: SeedKind | None = None, every: str | None = None, note: str | None = None
) -> str:
    """Return the index with other cells in the row of a seed. None keeps a cell; ``every`` empty: as its group.

    A table without the column, and an item of a list, make the row move to the end of its group. Raises BadInput for a
    value that cannot be used, and SeedError if the row cannot be changed by a program.
    """
    row = _written(text, key)
    if every:
        _check_every(every)
    changes = {"kind": None if kind is None else str(kind), "every": every, "note": note}
    cells_to_set = {column: value for column, value in changes.items() if value is not None}
    if row.listed or not cells_to_set.keys() <= row.cells.keys():
        return _rewritten(text, row, row.seed.group, cells_to_set)
    return _checked(text, _with_cells(text, row.seed.line, cells_to_set), key)


def pause_row(text: str, key: str, *, paused: bool) -> str:
    """Return the index with a row paused, or visited again in the interval that it had before."""
    row = _written(text, key)
    usual = row.cells.get("every", "")
    usual = usual.partition(" ")[2].strip() if row.is_paused else usual
    return change_row(text, key, every=f"{PAUSED} {usual}".strip() if paused else usual)


def move_row(text: str, key: str, group: str) -> str:
    """Return the index with a row at the end of another group, which is added if it is new. Raises as change_row."""
    row = _written(text, key)
    if slug(group) == row.seed.group:
        raise BadInput(f"{key} is in group {row.seed.group} already")
    return _rewritten(text, row, group, {})


def retire_row(text: str, key: str) -> str:
    """Return the index without a row. Raises SeedError if its line holds more than the row."""
    row = _written(text, key)
    lines = _LINE.findall(text)
    return _checked(text, "".join(lines[: row.seed.line - 1] + lines[row.seed.line :]), key, is_removed=True)


# --- parts -----------------------------------------------------------------------------------------------------------


def _written(text: str, key: str) -> WrittenRow:
    rows = written_rows(text, read_index(text, file="the index"))
    row = next((row for row in rows if row.seed.key == key), None)
    if row is None:
        raise BadInput(f"there is no row {key} in the seed index any more; reload the page")
    return row


def _table_rows(text: str) -> list[tuple[Table, Row]]:
    return [(table, row) for section in sections(text) for table in section.tables for row in table.rows]


def _cells(table: Table, row: Row) -> dict[str, str]:
    return {column: cell.text for column, cell in zip(table.columns, row.cells, strict=False)}


def _check_every(text: str) -> None:
    try:
        parse_every(text)
    except BadInput as error:
        raise BadInput(f"every {text[:40]!r}: expected {error}") from None


def _rewritten(text: str, row: WrittenRow, group: str, cells_to_set: Mapping[str, str]) -> str:
    """Return the index with the row written anew at the end of a group. What its old group gave it is not taken along.

    Its kind is written out, as the new group may give another.
    """
    key = f"{slug(group)}/{row.seed.name}"
    cells = {**row.cells, **cells_to_set}
    kind = SeedKind(cells_to_set.get("kind", row.seed.kind))
    every, note = cells.get("every", ""), " ".join(cells.get("note", row.seed.note).split())
    interval, render = parse_every(every) if every else None, cells.get("render", "")
    new = NewRow(row.seed.url, kind, group, row.seed.name, interval, note, render)
    text = add_rows(retire_row(text, row.seed.key), [new])
    return change_row(text, key, every=every) if every.lower().startswith(f"{PAUSED} ") else text


def _with_cells(text: str, line: int, cells_to_set: Mapping[str, str]) -> str:
    """Return the text with other cells in one row. A cell keeps its width if the new value fits."""
    lines = _LINE.findall(text)
    table = next(table for table, row in _table_rows(text) if row.line == line)
    body = lines[line - 1].rstrip("\r\n")
    end = lines[line - 1][len(body) :]
    parts = _PIPE.split(body)
    first = 0 if parts[0].strip() else 1  # the pipe before the first cell may be left out
    for column, value in cells_to_set.items():
        place = table.columns.index(column) + first
        content = escape_cell(" ".join(value.split()))
        parts[place] = (f" {content} " if content else " ").ljust(len(parts[place]))
    lines[line - 1] = "|".join(parts) + end
    return "".join(lines)


def _checked(before: str, after: str, key: str, *, is_removed: bool = False) -> str:
    """Return the new index if nothing but the one row differs. Raises SeedError."""
    old, new = read_index(before, file=""), read_index(after, file="")
    rows, rows_after = ({seed.key: _without_line(seed) for seed in seeds.seeds} for seeds in (old, new))
    others_equal = {**rows, key: None} == {**rows_after, key: None}
    problems, problems_after = (Counter(mistake.problem for mistake in seeds.complaints) for seeds in (old, new))
    if not others_equal or (key in rows_after) is is_removed or problems_after - problems:
        line = next(seed.line for seed in old.seeds if seed.key == key)
        raise SeedError(f"line {line} of the seed index ({key}) holds more than this row; change it with an editor")
    return after


def _without_line(seed: Seed) -> tuple[object, ...]:
    names = ("group", "name", "url", "kind", "every", "note", "language", "budget", "notify", "render")
    return tuple(getattr(seed, name) for name in names)
