"""JSON lines: ``{"url": ..., "fetched_at": ..., "html": ...}`` or ``"text"`` in place of ``"html"``.

``status`` is 200 unless given; ``content_type`` may be given with html; ``title``, ``byline``, ``published_at`` and
``language`` with text. A line with both html and text is taken by its html, which is the fact. Other keys are ignored.
"""

from __future__ import annotations

import gzip
import json
import zlib
from typing import IO, TYPE_CHECKING, Any, Final, cast

from archive.formats.imported import MOST_BYTES, TEXT_FIELDS, BadLine, captured_at, page_outcome, text_outcome, utf8
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


def read_lines(path: Path, now: datetime) -> Iterator[Outcome | BadLine]:
    """The outcome of each line of a ``.jsonl`` or ``.jsonl.gz`` file; empty lines are passed over."""
    number = 0
    try:
        with _opened(path) as stream:
            for number, line in _numbered(stream):
                if line.strip():
                    yield _outcome_or_bad(path, number, line, now)
    except (OSError, EOFError, zlib.error) as error:
        yield BadLine(str(path), number + 1, f"the file is damaged from here on ({error}); the lines before were read")


def _opened(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def _numbered(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers. Of a line over the limit only its beginning, one byte too long to be taken."""
    number = 0
    while line := stream.readline(MOST_BYTES + 1):
        number += 1
        rest = line
        while len(rest) > MOST_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(MOST_BYTES + 1)
        yield number, line.removeprefix(_BOM) if number == 1 else line


def _outcome_or_bad(path: Path, number: int, line: bytes, now: datetime) -> Outcome | BadLine:
    try:
        return _outcome(_fields(line), now)
    except BadInput as error:
        return BadLine(str(path), number, str(error))


def _fields(line: bytes) -> dict[str, Any]:
    if len(line) > MOST_BYTES:
        raise BadInput(f"the line is longer than {MOST_BYTES // 2**20} MiB; expected one page a line")
    try:
        fields = json.loads(line)
    except UnicodeDecodeError as error:
        raise BadInput(f"not UTF-8 at byte {error.start}; expected JSON in UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"not JSON ({error}); expected {_EXAMPLE}") from error
    if not isinstance(fields, dict):
        raise BadInput(f"not a JSON object; expected {_EXAMPLE}")
    return fields


def _outcome(fields: dict[str, Any], now: datetime) -> Outcome:
    url, at = _required(fields, "url"), captured_at(_required(fields, "fetched_at"), now=now)
    status = _status(fields.get("status"))
    html, text = _text(fields, "html"), _text(fields, "text")
    if html is None and text is not None:
        return text_outcome(url=url, at=at, fields={name: _text(fields, name) for name in TEXT_FIELDS}, status=status)
    if html is None and reason_of_status(status) is None:
        raise BadInput(f"neither html nor text; expected {_EXAMPLE}")
    return page_outcome(
        url=url,
        at=at,
        payload=None if html is None else utf8(html),
        content_type=_text(fields, "content_type") or _HTML,
        charset="utf-8",
        status=status,
    )


def _text(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    raise BadInput(f"{name} is {_kind(value)}; expected text")


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


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names[type(value)]
