"""Lists of flat rows as CSV, which people open in spreadsheets, and as one JSON object a line."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Json = dict[str, Any]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(rows: Sequence[Json]) -> str:
    """The rows under a line of names. A cell that a spreadsheet would run as a formula begins with an apostrophe."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    told = io.StringIO()
    writer = csv.writer(told)
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return told.getvalue()


def _cell(value: Any) -> object:
    if isinstance(value, (dict, list)):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def to_ndjson(rows: Iterable[Json]) -> str:
    """Each row on a line of its own."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
