"""Serializers of lists of flat rows: CSV for spreadsheets, NDJSON and Parquet."""

from __future__ import annotations

import csv
import importlib
import io
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Json = dict[str, Any]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(rows: Sequence[Json]) -> str:
    """Return rows as CSV with a header. A cell that a spreadsheet would run as a formula begins with an apostrophe."""
    names = _names(rows)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return buffer.getvalue()


def _names(rows: Iterable[Json]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _flat(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


def _cell(value: Any) -> object:
    value = _flat(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def to_ndjson(rows: Iterable[Json]) -> str:
    """Return rows as NDJSON, one JSON object a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def to_parquet(rows: Sequence[Json]) -> bytes:
    """Return rows as a Parquet file: instants as timestamps, lists and objects as JSON text.

    Raises BadInput if pyarrow, an optional extra, is not installed.
    """
    try:
        arrow, parquet = (importlib.import_module(name) for name in ("pyarrow", "pyarrow.parquet"))
    except ImportError as error:
        raise BadInput("Parquet needs pyarrow on the server: pip install 'wirecopy[parquet]'") from error
    columns = {name: [_typed(name, row.get(name)) for row in rows] for name in _names(rows)}
    buffer = io.BytesIO()
    parquet.write_table(arrow.table(columns), buffer)
    return buffer.getvalue()


def _typed(name: str, value: Any) -> Any:
    """Return an instant as a datetime, other values flat. The name decides, so a column has one type."""
    is_instant = isinstance(value, str) and (name == "at" or name.endswith("_at"))
    return datetime.fromisoformat(value) if is_instant else _flat(value)


TABLES: Mapping[str, Callable[[Sequence[Json]], str | bytes]] = {
    "csv": to_csv,
    "ndjson": to_ndjson,
    "parquet": to_parquet,
}
"""Serializers by the ending of the path."""
