"""Derived data as tables: Parquet for columns and joins, JSON lines for pipes."""

from __future__ import annotations

import gzip
import importlib
import json
from contextlib import contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Final, cast

from archive.export.atomic_file import atomic_write, check_file_ending
from archive.export.selection import EVERYTHING, Selection
from archive.export.sound_rows import check_capture, check_text
from archive.timestamps import iso
from db.errors import BadInput
from db.microseconds import instant
from db.queries import tables
from db.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from db.reader import Ask, Row

_ROW_GROUP: Final = 5_000
"""Rows of a row group. 5,000 articles are about 20 MB of text, which a reader loads at once."""

_TEXT, _NUMBER, _SHARE, _TIME, _FLAG, _WORDS = "text", "number", "share", "time", "flag", "words"

COLUMNS: Final = {
    "versions": {
        "id": _NUMBER, "url": _TEXT, "seed_group": _TEXT, "version": _NUMBER, "first_seen_at": _TIME,
        "last_seen_at": _TIME, "captures": _NUMBER, "title": _TEXT, "text": _TEXT, "byline": _TEXT,
        "published_at": _TIME, "language": _TEXT, "cause": _TEXT, "kinds": _WORDS, "score": _SHARE,
        "text_sha256": _TEXT, "recipe": _TEXT, "recorded_at": _TIME,
    },
    "captures": {
        "id": _NUMBER, "source_url": _TEXT, "kind": _TEXT, "url": _TEXT, "final_url": _TEXT, "captured_at": _TIME,
        "finished_at": _TIME, "status": _NUMBER, "state": _TEXT, "content_type": _TEXT, "charset": _TEXT,
        "payload_sha256": _TEXT, "payload_length": _NUMBER, "wire_length": _NUMBER, "revisit": _FLAG,
        "provenance": _TEXT, "part": _NUMBER, "part_of": _NUMBER,
    },
    "copies": {
        "of_url": _TEXT, "of_version": _NUMBER, "copy_url": _TEXT, "copy_version": _NUMBER, "relation": _TEXT,
        "score": _SHARE, "of_coverage": _SHARE, "copy_coverage": _SHARE, "because": _TEXT, "method": _TEXT,
    },
}  # fmt: skip
"""The tables of a Parquet export, one file each: column names and types. Times are UTC."""


def export_parquet(db: Path, folder: Path, selection: Selection = EVERYTHING) -> dict[str, int]:
    """Write the tables in `COLUMNS` as Parquet files to ``folder``. Return the number of rows of each.

    The folder is created if needed. Rows are written in groups, so that no table has to fit in memory. Raises BadInput
    without pyarrow or if nothing can be written, and StoreError.
    """
    arrow = _Arrow()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{folder}: cannot be made ({error.strerror})") from error
    with Reader(db) as reader:
        _check_rows(reader.ask, selection)
        rows = {
            "versions": _versions(reader.ask, selection),
            "captures": _captures(reader.ask, selection),
            "copies": _copies(reader.ask, selection),
        }
        return {name: arrow.write(folder / f"{name}.parquet", COLUMNS[name], part) for name, part in rows.items()}


def export_jsonl(db: Path, path: Path, selection: Selection = EVERYTHING) -> int:
    """Write every selected version with its text, one JSON object per line. Return the number of versions.

    ``fetched_at`` is when it was first seen, so that ``wirecopy import`` can read the file as finished texts. The name
    must end in ``.jsonl`` or ``.jsonl.gz``. Raises BadInput, StoreError.
    """
    check_file_ending(path, ".jsonl", ".jsonl.gz")
    with (
        atomic_write(path) as part,
        Reader(db) as reader,
        _open_output(part, packed=path.name.lower().endswith(".gz")) as out,
    ):
        written = 0
        for row in _versions(reader.ask, selection):
            check_text(row["title"], row["text"], row["text_sha256"].hex(), row["url"])
            fields = {name: _json_value(row[name], kind) for name, kind in COLUMNS["versions"].items() if name != "id"}
            line = json.dumps(fields | {"fetched_at": fields["first_seen_at"]}, ensure_ascii=False)
            out.write(f"{line}\n".encode())
            written += 1
    return written


@contextmanager
def _open_output(path: Path, *, packed: bool) -> Iterator[IO[bytes]]:
    with path.open("wb") as plain:
        if not packed:
            yield plain
            return
        # No name and time in the gzip header, so that the same lines give the same file.
        with gzip.GzipFile(filename="", fileobj=plain, mode="wb", mtime=0) as stream:
            yield cast("IO[bytes]", stream)


def _json_value(value: Any, kind: str) -> Any:
    if value is None:
        return None
    match kind:
        case "time":
            return iso(instant(value))
        case "words":
            return json.loads(value)
        case _:
            return value.hex() if isinstance(value, bytes) else value


# --- rows ------------------------------------------------------------------------------------------------------------


def _versions(ask: Ask, selection: Selection) -> Iterator[Row]:
    for row in tables.versions(ask):
        if selection.includes_version(row["id"], row["source_id"], instant(row["first_seen_at"])):
            yield row


def _check_rows(ask: Ask, selection: Selection) -> None:
    """Raise Corrupt if a selected row is damaged, before the first of several files is written."""
    for row in _versions(ask, selection):
        check_text(row["title"], row["text"], row["text_sha256"].hex(), row["url"])
    for row in _captures(ask, selection):
        check_capture(ask, row["id"], row["url"])


def _captures(ask: Ask, selection: Selection) -> Iterator[Row]:
    for row in tables.captures(ask):
        if selection.includes_capture(row["id"], row["source_id"], instant(row["captured_at"])):
            yield row


def _copies(ask: Ask, selection: Selection) -> Iterator[Row]:
    """Yield the links between versions that are both selected."""
    version_ids = None if selection == EVERYTHING else {row["id"] for row in _versions(ask, selection)}
    for row in tables.copies(ask):
        if version_ids is None or {row["a_id"], row["b_id"]} <= version_ids:
            yield row


# --- Parquet ---------------------------------------------------------------------------------------------------------


class _Arrow:
    """pyarrow, an optional extra. Raises BadInput if it is not installed."""

    def __init__(self) -> None:
        try:
            self._arrow: Any = importlib.import_module("pyarrow")
            self._parquet: Any = importlib.import_module("pyarrow.parquet")
        except ImportError as error:
            raise BadInput("Parquet files need pyarrow: pip install 'wirecopy[parquet]'") from error
        arrow = self._arrow
        self._types = {
            _TEXT: arrow.string(),
            _NUMBER: arrow.int64(),
            _SHARE: arrow.float64(),
            _TIME: arrow.timestamp("us", tz="UTC"),
            _FLAG: arrow.bool_(),
            _WORDS: arrow.list_(arrow.string()),
        }

    def write(self, path: Path, columns: dict[str, str], rows: Iterable[Row]) -> int:
        """Write a table. Return its number of rows."""
        arrow = self._arrow
        schema = arrow.schema([(name, self._types[kind]) for name, kind in columns.items()])
        written = 0
        remaining = iter(rows)
        with atomic_write(path) as part, self._parquet.ParquetWriter(part, schema, compression="zstd") as out:
            while batch := list(islice(remaining, _ROW_GROUP)):
                arrays = [
                    arrow.array([_cell(row[name], kind) for row in batch], type=self._types[kind])
                    for name, kind in columns.items()
                ]
                out.write_table(arrow.Table.from_arrays(arrays, schema=schema))
                written += len(batch)
        return written


def _cell(value: Any, kind: str) -> Any:
    """Return a value as pyarrow needs it. Instants stay microseconds."""
    if value is None or kind == _TIME:
        return value
    return bool(value) if kind == _FLAG else _json_value(value, kind)
