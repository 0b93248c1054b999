"""Parse an index into seeds, with a complaint for each mistake. A bad row never hides a good one."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from archive.seeds.cell_values import (
    WRITTEN_KINDS,
    parse_budget,
    parse_every,
    parse_kind,
    parse_language,
    parse_yes_no,
)
from archive.seeds.example_rows import as_row, whole_address, with_cell
from archive.seeds.loose_rows import ListedRow, rows_of_group, rows_outside
from archive.seeds.markdown import Cell, Row, Table, sections
from archive.seeds.notify_rules import RULE_EXAMPLES, read_rule
from archive.urls import canonical_url, url_key
from db.errors import BadInput, SeedError
from db.records import NO_NOTICES, Complaint, Every, NotifyRule, Seed, SeedKind, Seeds
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archive.seeds.markdown import Line, Section

_Value = TypeVar("_Value")

COLUMNS: Final = ("name", "url", "kind", "every", "note")
"""The usual columns of a table of seeds, in the order we write them. Only ``url`` is required."""

ALL_COLUMNS: Final = (*COLUMNS, "render")
"""The columns that a table of seeds may have."""

KEYS: Final = ("every", "kind", "language", "budget", *RULE_EXAMPLES, "allow-private", "render")
"""The keys of ``key: value`` lines under a heading, which apply to all rows of the group."""

_SETTING: Final = re.compile(r"([A-Za-z][A-Za-z_-]*):\s+(\S.*)")
_SEPARATORS: Final = re.compile(r"[\W_]+")
_LONGEST_NAME: Final = 80  # fits one line of a terminal together with its group
_DIGEST: Final = 7


def read_index(text: str, *, file: str) -> Seeds:
    """Return every good row of the index ``text`` in order, and a `Complaint` for each mistake.

    ``file`` is only the name that complaints carry. Never raises because of the text.
    """
    return _Reader(file).read(text)


def load_index(path: Path) -> Seeds:
    """Read the index in a file. Raises `SeedError` if there is no such file or it is not UTF-8."""
    try:
        return read_index(path.read_bytes().decode("utf-8-sig"), file=str(path))
    except FileNotFoundError as error:
        raise SeedError(f"{path}: there is no seed index; `wirecopy init` creates one") from error
    except OSError as error:
        raise SeedError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SeedError(f"{path}:{line}: not UTF-8; save the file with that encoding") from error


def slug(text: str) -> str:
    """Return ``text`` as used in a seed's key: lower case, runs of other than letters and digits as one dash."""
    return _SEPARATORS.sub("-", text.casefold()).strip("-")


def name_from(url: str) -> str:
    """Return the name of a seed whose row has none: a slug of its address, a long one cut and completed by a digest."""
    name = slug(re.sub(r"^\w+://(www\.)?", "", url))
    if 0 < len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(url.encode()).hexdigest()[:_DIGEST]
    return f"{name[: _LONGEST_NAME - _DIGEST - 1]}-{digest}".strip("-")


def identity(url: str, kind: SeedKind) -> str:
    """Return what must be unique in an index: the url_key, or for kind ``file`` the path as written."""
    return url if kind is SeedKind.FILE else url_key(url)


@dataclass(frozen=True, slots=True)
class _Defaults:
    """The settings of a group, which apply to its rows."""

    every: Every = "auto"
    kind: SeedKind = SeedKind.ARTICLE
    language: str | None = None
    budget: int | None = None
    notify: NotifyRule = NO_NOTICES
    allow_private: bool = False
    render: bool = False


@dataclass(slots=True)
class _Reader:
    """Reads one index: collects seeds and complaints, and remembers what must be unique."""

    file: str
    seeds: list[Seed] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    groups: dict[str, int] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    addresses: dict[str, int] = field(default_factory=dict)

    def read(self, text: str) -> Seeds:
        parts = list(sections(text))
        has_groups = any(section.title is not None for section in parts)
        for section in parts:
            if section.title is None:
                self._outside(section, has_groups=has_groups)
            else:
                self._group(section, slug(section.title))
        return Seeds(
            seeds=tuple(sorted(self.seeds, key=lambda seed: seed.line)),
            complaints=tuple(sorted(self.complaints, key=lambda complaint: complaint.line)),
        )

    def complain(self, line: int, problem: str, expected: str, example: str) -> None:
        self.complaints.append(
            Complaint(file=self.file, line=line, problem=problem, expected=expected, example=example)
        )

    # --- groups ---

    def _outside(self, section: Section, *, has_groups: bool) -> None:
        """Complain of tables and lists outside of any group if they have seeds. Others are prose there."""
        for mistake in rows_outside(section.loose, has_groups=has_groups):
            self.complain(mistake.line, mistake.problem, mistake.expected, mistake.example)
        for table in section.tables:
            if table.rows and ("url" in table.columns or any(row.has_address for row in table.rows)):
                problem = f"{len(table.rows)} rows stand outside of any group"
                self.complain(table.line, problem, "a group heading above the table", "## my-group")

    def _group(self, section: Section, group: str) -> None:
        if not group:
            self.complain(section.line, "the heading has no name", "a name for the group", "## my-group")
            return
        if group in self.groups:
            problem = f"group {group} has a heading in line {self.groups[group]} already"
            self.complain(section.line, problem, "one heading for each group", f"## {group}-2")
        self.groups.setdefault(group, section.line)
        defaults = self._defaults(section)
        missed = self._missed_tables(section)
        for table in section.tables:
            if self._accepts(table):
                self._rows(group, defaults, table)
        for entry in rows_of_group(line for line in section.loose if line.number not in missed):
            if isinstance(entry, ListedRow):
                self._rows(group, defaults, _table_of(entry))
            else:
                self.complain(entry.line, entry.problem, entry.expected, entry.example)

    def _rows(self, group: str, defaults: _Defaults, table: Table) -> None:
        for row in table.rows:
            try:
                self._row(group, defaults, table, row)
            except Exception as error:
                if not is_own_fault(error):
                    raise
                problem = f"the row could not be read: {cause_of(error)}"
                self.complain(row.line, problem, "a plain row", as_row(table.columns))

    def _missed_tables(self, section: Section) -> set[int]:
        """Complain of rows that Markdown does not read as a table. Return the numbers of their lines."""
        missed: set[int] = set()
        for paragraph in section.paragraphs:
            row = next((line for line in paragraph if line.text.startswith("|")), None)
            if row is not None:
                problem = "Markdown does not read these rows as a table"
                expected = "a header, a line of dashes with as many cells, and no blank line within the table"
                self.complain(row.number, problem, expected, "| url | note | followed by | --- | --- |")
                missed.update(line.number for line in paragraph)
        return missed

    def _accepts(self, table: Table) -> bool:
        """Check the header of a table. False if its rows cannot be read."""
        header = as_row(COLUMNS)
        if table.quoted:
            self.complain(table.line, "the table stands inside a quotation or list", "a table of its own", header)
            return False
        if "url" not in table.columns:
            self.complain(table.line, "the table has no column url", "at least a column named url", header)
            return False
        for index, column in enumerate(table.columns):
            if column not in ALL_COLUMNS:
                expected = f"only these columns: {', '.join(ALL_COLUMNS)}"
                fixed = as_row(c for c in table.columns if c in ALL_COLUMNS)
                self.complain(table.line, f"unknown column {column!r}{_nearest(column, ALL_COLUMNS)}", expected, fixed)
            elif column in table.columns[:index]:
                self.complain(table.line, f"column {column} comes twice", "each column once", header)
                return False
        return True

    # --- key: value lines ---

    def _defaults(self, section: Section) -> _Defaults:
        defaults = _Defaults()
        keys: set[str] = set()
        loose = {line.number for line in section.loose}  # "feed: https://..." names an address, not a setting
        for paragraph in section.paragraphs:
            for line in paragraph:
                key, value = _setting(line)
                if key in keys:
                    self.complain(line.number, f"{key} is set twice", "each key once in a group", f"{key}: {value}")
                elif key in KEYS:
                    keys.add(key)
                    defaults = self._with_setting(defaults, line.number, key, value)
                elif key and line.number not in loose and _all_settings(paragraph):
                    problem = f"unknown key {key!r}{_nearest(key, KEYS)}"
                    self.complain(line.number, problem, f"one of {', '.join(KEYS)}", "every: 4h")
        return defaults

    def _with_setting(self, defaults: _Defaults, line: int, key: str, value: str) -> _Defaults:
        match key:
            case "every":
                every = self._checked(parse_every, value, line, f"every: {value}", "every: 4h")
                return defaults if every is None else replace(defaults, every=every)
            case "kind":
                kind = self._checked(parse_kind, value, line, f"kind: {value}", "kind: feed")
                return defaults if kind is None else replace(defaults, kind=kind)
            case "language":
                language = self._checked(parse_language, value, line, f"language: {value}", "language: es")
                return defaults if language is None else replace(defaults, language=language)
            case "budget":
                budget = self._checked(parse_budget, value, line, f"budget: {value}", "budget: 200/day")
                return defaults if budget is None else replace(defaults, budget=budget)
            case "notify" | "notify-words" | "notify-min-score":
                read = partial(read_rule, defaults.notify, key)
                rule = self._checked(read, value, line, f"{key}: {value}", RULE_EXAMPLES[key])
                return defaults if rule is None else replace(defaults, notify=rule)
            case _:
                is_on = self._checked(parse_yes_no, value, line, f"{key}: {value}", f"{key}: no")
                is_render = key == "render"
                private = bool(is_on) if not is_render else defaults.allow_private
                render = bool(is_on) if is_render else defaults.render
                return defaults if is_on is None else replace(defaults, allow_private=private, render=render)

    def _checked(
        self, read: Callable[[str], _Value], value: str, line: int, setting: str, example: str
    ) -> _Value | None:
        """Return ``value`` as ``read`` parses it, or None after a complaint. Its error says what was expected."""
        try:
            return read(value)
        except BadInput as error:
            self.complain(line, f"cannot use {setting}", str(error), example)
            return None

    # --- rows ---

    def _row(self, group: str, defaults: _Defaults, table: Table, row: Row) -> None:
        if row.count != len(table.columns):
            problem = f"the row has {row.count} cells, the table {len(table.columns)} columns"
            expected = "a cell for each column (| inside a cell is written \\|, and a blank line ends a table)"
            self.complain(row.line, problem, expected, with_cell(table, row))
            return
        cells = {column: cell.text for column, cell in zip(table.columns, row.cells, strict=True) if cell.text}
        kind, every, render = self._own_settings(cells, defaults, table, row)
        url = self._url(kind or defaults.kind, table, row)
        if url is None or kind is None or every is None or render is None:
            return
        seed = Seed(
            key="",
            group=group,
            name=slug(cells.get("name", "")) or name_from(url),
            url=url,
            kind=kind,
            every=every,
            note=cells.get("note", ""),
            language=defaults.language,
            allow_private=defaults.allow_private,
            budget=defaults.budget,
            notify=defaults.notify,
            render=render,
            line=row.line,
        )
        self._add(replace(seed, key=f"{group}/{seed.name}"), table, row)

    def _own_settings(
        self, cells: dict[str, str], defaults: _Defaults, table: Table, row: Row
    ) -> tuple[SeedKind | None, Every | None, bool | None]:
        kind: SeedKind | None = defaults.kind
        every: Every | None = defaults.every
        render: bool | None = defaults.render
        if "kind" in cells:
            example = with_cell(table, row, kind="article")
            kind = self._checked(parse_kind, cells["kind"], row.line, f"kind {cells['kind']!r}", example)
        if "every" in cells:
            example = with_cell(table, row, every="4h")
            every = self._checked(parse_every, cells["every"], row.line, f"every {cells['every']!r}", example)
        if "render" in cells:
            example = with_cell(table, row, render="yes")
            render = self._checked(parse_yes_no, cells["render"], row.line, f"render {cells['render']!r}", example)
        return kind, every, render

    def _url(self, kind: SeedKind, table: Table, row: Row) -> str | None:
        cell = row.cells[table.columns.index("url")]
        example = with_cell(table, row, url="https://news.example/article")
        if cell.address is None:
            problem = "the cell url holds more than one address" if cell.text else "the cell url is empty"
            self.complain(row.line, problem, "exactly one address", example)
            return None
        if kind is SeedKind.FILE:
            return cell.address
        try:
            return canonical_url(cell.address)
        except BadInput as error:
            example = with_cell(table, row, url=whole_address(cell.address))
            self.complain(row.line, str(error), "an http or https address", example)
            return None

    def _add(self, seed: Seed, table: Table, row: Row) -> None:
        """Add ``seed``, or complain if its name or its address is in the index already."""
        address = identity(seed.url, seed.kind)
        if address in self.addresses:
            problem = f"{seed.url} stands in line {self.addresses[address]} already"
            self.complain(row.line, problem, "each address once", "(remove one of the two rows)")
        elif seed.key in self.keys:
            problem = f"the name {seed.key} stands in line {self.keys[seed.key]} already"
            example = with_cell(table, row, name=f"{seed.name}-2")
            self.complain(row.line, problem, "each name once in a group", example)
        else:
            self.addresses[address] = self.keys[seed.key] = row.line
            self.seeds.append(seed)


# --- helpers ---------------------------------------------------------------------------------------------------------


def _setting(line: Line) -> tuple[str, str]:
    """Return key and value of a ``key: value`` line, or two empty strings. Marks for bold and code are ignored."""
    match = _SETTING.fullmatch(line.text.replace("*", "").replace("`", ""))
    return (match[1].lower().replace("_", "-"), match[2].strip()) if match else ("", "")


def _all_settings(paragraph: tuple[Line, ...]) -> bool:
    """True if every line of a paragraph above the table is ``key: value`` in lower case.

    So a mistyped key is found, and a sentence such as "Note: ..." stays prose.
    """
    return all(line.ahead and _setting(line)[0] and line.text.lstrip("*`")[0].islower() for line in paragraph)


def _nearest(word: str, choices: tuple[str, ...]) -> str:
    matches = get_close_matches(word, choices, n=1)
    return f", did you mean {matches[0]}?" if matches else ""


def _table_of(entry: ListedRow) -> Table:
    """Return an item of a list as a table of one row. A note that is the word for a kind gives the kind."""
    column = "kind" if entry.note.lower() in WRITTEN_KINDS else "note"
    cells = (Cell(entry.address, entry.address), Cell(entry.note, None))
    return Table(entry.line, ("url", column), (Row(entry.line, cells, len(cells)),), end=entry.line, listed=True)
