"""The seed index as the web pages show and change it: its rows, its mistakes, and changes of one row at a time.

The Markdown file stays the truth. Whoever changes a row sends the digest of the file that they saw, so that nothing
somebody else wrote meanwhile is overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from archive.api.index_changes import IndexEdit, change_index
from archive.seeds import read_index
from archive.seeds.cell_values import parse_every
from archive.seeds.edit_row import PAUSED, change_row, move_row, pause_row, retire_row, written_rows
from archive.seeds.index_file import read_index_file, write_problem
from archive.seeds.markdown import sections
from archive.seeds.parse import slug
from archive.seeds.write import NewRow, add_unwatched_rows
from db.errors import BadInput, NotArchived
from db.records import SeedKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from archive.seeds.edit_row import WrittenRow
    from db.records import Actor, Complaint, Every

ACTIONS: Final = ("save", "pause", "resume", "move", "retire")
"""Changes of a row."""

AUDITED_AS: Final = {
    "save": "changed a row",
    "pause": "paused a row",
    "resume": "ended a pause",
    "move": "moved a row",
    "retire": "retired a row",
}
"""The changes as the audit names them."""

_LONGEST_NOTE: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRow:
    """A row as people edit it. ``every`` is its own interval, empty: that of its group."""

    key: str
    group: str
    name: str
    url: str
    kind: str
    every: str
    note: str
    line: int
    is_paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPage:
    """The index: its rows and mistakes, and the ``digest`` of the file. ``problem``: why it cannot be written."""

    rows: tuple[IndexRow, ...]
    complaints: tuple[Complaint, ...]
    groups: tuple[str, ...]
    digest: str
    problem: str

    def row(self, key: str) -> IndexRow:
        """Return the row with a key. Raises NotArchived."""
        row = next((row for row in self.rows if row.key == key), None)
        if row is None:
            raise NotArchived(f"there is no row {key[:80]} in the seed index")
        return row


def read_page(path: Path) -> IndexPage:
    """Return the index in a file. Raises SeedError."""
    file = read_index_file(path)
    seeds = read_index(file.text, file=path.name)
    rows = tuple(_row(row) for row in written_rows(file.text, seeds))
    return IndexPage(
        rows=rows,
        complaints=seeds.complaints,
        groups=tuple(dict.fromkeys(slug(part.title or "") for part in sections(file.text) if slug(part.title or ""))),
        digest=file.digest,
        problem=write_problem(path),
    )


def _row(row: WrittenRow) -> IndexRow:
    every = row.cells.get("every", "")
    return IndexRow(
        key=row.seed.key,
        group=row.seed.group,
        name=row.seed.name,
        url=row.seed.url,
        kind=str(row.seed.kind),
        every=every.partition(" ")[2].strip() if row.is_paused else every,
        note=row.seed.note,
        line=row.seed.line,
        is_paused=row.is_paused or row.seed.every == "paused",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """A change of one row: ``action`` is one of `ACTIONS`, the rest are the fields of its form."""

    key: str
    action: str
    kind: str = ""
    every: str = ""
    note: str = ""
    group: str = ""

    def apply(self, text: str) -> str:
        """Return the index with this change. Raises BadInput, SeedError."""
        match self.action:
            case "save":
                return self._save(text)
            case "pause" | "resume":
                return pause_row(text, self.key, paused=self.action == "pause")
            case "move":
                return move_row(text, self.key, self.group)
            case "retire":
                return retire_row(text, self.key)
        raise BadInput(f"a row can be changed by: {', '.join(ACTIONS)}")

    def _save(self, text: str) -> str:
        rows = written_rows(text, read_index(text, file="the index"))
        row = next((row for row in rows if row.seed.key == self.key), None)
        if row is None:
            raise BadInput(f"there is no row {self.key[:80]} in the seed index any more")
        every = self.every.strip()
        every = f"{PAUSED} {every}".strip() if row.is_paused else every
        new_values = {"kind": _kind(self.kind), "every": every, "note": self.note.strip()[:_LONGEST_NOTE]}
        usual = {"kind": row.seed.kind, "every": row.cells.get("every", ""), "note": row.seed.note}
        changes = {name: value for name, value in new_values.items() if value != usual[name]}
        return change_row(text, self.key, **changes) if changes else text  # type: ignore[arg-type]


def change_one(db: Path, path: Path, change: RowChange, *, digest: str, actor: Actor, now: datetime) -> str:
    """Change one row of the file that has this digest, and return the key of the row from now on.

    Raises BadInput, SeedError, StoreError, and IndexChanged if somebody else changed the file meanwhile.
    """
    key = f"{slug(change.group)}/{change.key.partition('/')[2]}" if change.action == "move" else change.key
    detail = key if key != change.key else ""
    action = AUDITED_AS.get(change.action, change.action)
    edit = IndexEdit(actor, action, detail, now, lambda _old, _new: [change.key])
    change_index(db, path, change.apply, edit, digest=digest)
    return key


def add_found(
    db: Path, path: Path, rows: Sequence[tuple[str, str, str]], *, group: str, every: str, actor: Actor, now: datetime
) -> list[str]:
    """Add rows of address, kind and note to a group, and return the addresses that were not watched yet.

    They are what `wirecopy add` found. Raises BadInput, SeedError, StoreError.
    """
    interval = parse_interval(every)
    new = [NewRow(url, _kind(kind), group, every=interval, note=note[:_LONGEST_NOTE]) for url, kind, note in rows]
    before = read_index_file(path).text
    add_rows_audited(db, path, new, group=group, actor=actor, now=now)
    return added_urls(before, read_index_file(path).text)


def add_rows_audited(
    db: Path | None, path: Path, rows: Sequence[NewRow], *, group: str, actor: Actor, now: datetime
) -> None:
    """Add the rows that are not watched yet, and note their addresses in the audit. Raises SeedError, StoreError."""
    edit = IndexEdit(actor, "added a row", group, now, added_urls)
    change_index(db, path, lambda text: add_unwatched_rows(text, rows), edit)


def added_urls(before: str, after: str) -> list[str]:
    """Return the addresses that an index has and an earlier one had not, in order."""
    known = {seed.url for seed in read_index(before, file="the index").seeds}
    return [seed.url for seed in read_index(after, file="the index").seeds if seed.url not in known]


def parse_interval(text: str) -> Every | None:
    """Return an interval, None for an empty text: that of the group. Raises BadInput."""
    if not text.strip():
        return None
    try:
        return parse_every(text.strip())
    except BadInput as error:
        raise BadInput(f"every {text[:40]!r}: expected {error}") from None


def _kind(text: str) -> SeedKind:
    kinds = {str(kind): kind for kind in SeedKind if kind.is_listable}
    if text not in kinds:
        raise BadInput(f"{text[:40]!r} is no kind; choose from: {', '.join(kinds)}")
    return kinds[text]


def kinds() -> list[str]:
    """Return the kinds that a row may have."""
    return [str(kind) for kind in SeedKind if kind.is_listable]
