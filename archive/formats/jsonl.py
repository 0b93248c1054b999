"""JSON lines: ``{"url": ..., "fetched_at": ..., "html": ...}``, or ``"text"`` in place of ``"html"``.

``status`` defaults to 200. ``content_type`` may accompany html. ``title``, ``byline``, ``published_at`` and
``language`` may accompany text. If a line has both html and text, the html is used, because it is the original. Other
keys are ignored.
"""

from __future__ import annotations

import gzip
import json
import zlib
from typing import IO, TYPE_CHECKING, Any, Final, cast

from archive.formats.imported import (
    MAX_BYTES,
    TEXT_FIELDS,
    BadLine,
    page_outcome,
    parse_capture_time,
    read_or_reject,
    text_outcome,
    utf8,
)
from db.errors import BadInput
from db.records import reason_of_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from db.records import Outcome

_EXAMPLE: Final = '{"url": "https://...", "fetched_at": "2021-10-08T12:00:00Z", "html": "..."}'
_HTML: Final = "text/html; charset=utf-8"
_STATUSES: Final = range(100, 600)
_BOM: Final = b"\xef\xbb\xbf"


def read_jsonl(path: Path, now: datetime) -> Iterator[Outcome | BadLine]:
    """Yield the outcome of each line of a ``.jsonl`` or ``.jsonl.gz`` file. Empty lines are skipped."""
    number = 0
    try:
        with _open(path) as stream:
            for number, line in _numbered_lines(stream):
                if line.strip():
                    yield _parse_line(path, number, line, now)
    except (OSError, EOFError, zlib.error) as error:
        yield BadLine(str(path), number + 1, f"the file is damaged from here on ({error}); the lines before were read")


def _open(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def _numbered_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (number, line). A line over the limit is cut to one byte more than the limit, so that it is rejected."""
    number = 0
    while line := stream.readline(MAX_BYTES + 1):
        number += 1
        rest = line
        while len(rest) > MAX_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_BYTES + 1)
        yield number, line.removeprefix(_BOM) if number == 1 else line


def _parse_line(path: Path, number: int, line: bytes, now: datetime) -> Outcome | BadLine:
    return read_or_reject(lambda: _make_outcome(_parse_fields(line), now), file=str(path), line=number)


def _parse_fields(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_BYTES:
        raise BadInput(f"the line is longer than {MAX_BYTES // 2**20} MiB; expected one page a line")
    try:
        fields = json.loads(line)
    except UnicodeDecodeError as error:
        raise BadInput(f"not UTF-8 at byte {error.start}; expected JSON in UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"not JSON ({error}); expected {_EXAMPLE}") from error
    if not isinstance(fields, dict):
        raise BadInput(f"not a JSON object; expected {_EXAMPLE}")
    return fields


def _make_outcome(fields: dict[str, Any], now: datetime) -> Outcome:
    url, captured_at = _required(fields, "url"), parse_capture_time(_required(fields, "fetched_at"), now=now)
    status = _status(fields.get("status"))
    html, text = _text(fields, "html"), _text(fields, "text")
    if html is None and text is not None:
        text_fields = {name: _text(fields, name) for name in TEXT_FIELDS}
        return text_outcome(url=url, captured_at=captured_at, fields=text_fields, status=status)
    if html is None and reason_of_status(status) is None:
        raise BadInput(f"neither html nor text; expected {_EXAMPLE}")
    return page_outcome(
        url=url,
        captured_at=captured_at,
        payload=None if html is None else utf8(html),
        content_type=_text(fields, "content_type") or _HTML,
        charset="utf-8",
        status=status,
    )


def _text(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    raise BadInput(f"{name} is {_type_name(value)}; expected text")


def _required(fields: dict[str, Any], name: str) -> str:
    value = _text(fields, name)
    if not value:
        raise BadInput(f"{name} is missing; expected {_EXAMPLE}")
    return value


def _status(value: object) -> int:
    if value is None:
        return 200
    if isinstance(value, int) and not isinstance(value, bool) and value in _STATUSES:
        return value
    raise BadInput(f"status is {value!r}; expected a whole number from 100 to 599, such as 200 or 404")


def _type_name(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names[type(value)]
