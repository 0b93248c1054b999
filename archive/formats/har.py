"""HAR, the record of a browser's requests as JSON (HTTP Archive 1.2): its answered requests for pages.

A body that is written as text has lost its own encoding: it is kept in UTF-8. One in base64 is kept byte for byte. A
request by a script of a page is no page.
"""

from __future__ import annotations

import binascii
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from archive.formats.charset import charset_of
from archive.formats.imported import (
    BadLine,
    SkippedRecords,
    page_outcome,
    parse_capture_time,
    read_file,
    read_or_reject,
    utf8,
)
from archive.formats.media_type import declared_type, media_type
from archive.formats.page_type import is_page, may_be_page
from archive.formats.saved_page import is_web_address
from db.errors import BadInput
from db.records import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.formats.imported import ImportItem
    from db.records import Outcome

_ENTRIES: Final = re.compile(r'"entries"\s*:\s*\[')
_BETWEEN: Final = re.compile(r"[\s,]*")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_VERSION: Final = re.compile(r"(?:http/|h)(\d(?:\.\d)?)", re.IGNORECASE | re.ASCII)
_STATUS: Final = re.compile(r"\d{3}", re.ASCII)
_STATUSES: Final = range(100, 600)
_PAGE_KINDS: Final = frozenset({"", "document", "navigation", "other"})
_NO_BODY: Final = "its page has no body; export the session with its contents (HAR with content)"


def read_har(path: Path, now: datetime) -> Iterator[ImportItem]:
    """Yield the outcome of each page in a ``.har`` file, its problems, and the number of other entries."""
    skipped = 0
    for number, entry in enumerate(_entries(path), 1):
        if isinstance(entry, BadInput):
            yield BadLine(str(path), number, str(entry))
        elif not _answers_page(entry):
            skipped += 1
        else:
            item = read_or_reject(lambda entry=entry: _outcome(entry, now), file=str(path), line=number)  # type: ignore[misc]
            if isinstance(item, BadLine) or is_page(item):
                yield item
            else:
                skipped += 1
    if skipped:
        yield SkippedRecords(skipped)


def _entries(path: Path) -> Iterator[dict[str, Any] | BadInput]:
    """Yield the entries of a file. Of a file that was cut off, those before the cut, and then a problem."""
    try:
        text = read_file(path).decode("utf-8-sig", "replace")
    except BadInput as error:
        yield error
        return
    try:
        entries = json.loads(text)["log"]["entries"]
    except (ValueError, RecursionError):
        yield from _entries_before_cut(text)
        return
    except (TypeError, KeyError):
        entries = None
    if not isinstance(entries, list):
        yield BadInput("the file is no HAR; expected JSON with log and its entries")
        return
    yield from (entry if isinstance(entry, dict) else BadInput("is no object") for entry in entries)


def _entries_before_cut(text: str) -> Iterator[dict[str, Any] | BadInput]:
    start = _ENTRIES.search(text)
    position = len(text) if start is None else start.end()
    decoder, count = json.JSONDecoder(), 0
    while text.startswith("{", position := _BETWEEN.match(text, position).end()):  # type: ignore[union-attr]  # matches the empty string
        try:
            entry, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        count += 1
        yield entry
    if start is None:
        yield BadInput("the file is no HAR; expected JSON with log and its entries")
    else:
        yield BadInput(f"the file is cut off or damaged from here on; entries before it that were read: {count}")


def _answers_page(entry: dict[str, Any]) -> bool:
    """True for the response of a server to a request of a browser for what may be a page."""
    request, response = _part(entry, "request"), _part(entry, "response")
    status = _status(response)
    is_get = str(request.get("method", "GET")).upper() == "GET"
    is_request = is_get and is_web_address(str(request.get("url"))) and _has_page_kind(entry)
    return status in _STATUSES and is_request and may_be_page(status, _content_type(response))


def _status(response: dict[str, Any]) -> int:
    """Return the status of a response, which some programs write as text. 0 if there is none."""
    status = str(response.get("status"))
    return int(status) if _STATUS.fullmatch(status) else 0


def _has_page_kind(entry: dict[str, Any]) -> bool:
    return str(entry.get("_resourceType") or "").lower() in _PAGE_KINDS


def _outcome(entry: dict[str, Any], now: datetime) -> Outcome:
    """Return the outcome of an entry. Raises `BadInput`."""
    request, response = _part(entry, "request"), _part(entry, "response")
    payload, content_type, charset, flags = _body(response)
    captured_at = parse_capture_time(str(entry.get("startedDateTime") or ""), now=now, name="startedDateTime")
    outcome = page_outcome(
        url=str(request.get("url") or ""),
        captured_at=captured_at,
        payload=payload,
        content_type=content_type,
        charset=charset,
        status=_status(response),
    )
    headers = _pairs(response)
    values = {name.lower(): value for name, value in reversed(headers)}
    return replace(
        outcome,
        reason_phrase=_one_line(str(response.get("statusText") or "")),
        headers=headers,
        etag=values.get("etag") or None,
        last_modified=values.get("last-modified") or None,
        ip=_one_line(str(entry.get("serverIPAddress") or "")).strip("[]") or None,
        exchange=Exchange(http_version=_http_version(response), request=_pairs(request)),
        flags=(*outcome.flags, *flags),
    )


def _body(response: dict[str, Any]) -> tuple[bytes | None, str, str | None, tuple[str, ...]]:
    """Return payload, content type, charset and flags of a response. Raises `BadInput` if its body was not recorded."""
    content, content_type = _part(response, "content"), _content_type(response)
    text = content.get("text")
    if not isinstance(text, str):
        if not content.get("size") and _status(response) >= 300:  # noqa: PLR2004  (only a success needs a body)
            return None, content_type, None, ()
        raise BadInput(_NO_BODY)
    if str(content.get("encoding") or "").lower() != "base64":
        return utf8(text), f"{media_type(content_type) or 'text/html'}; charset=utf-8", "utf-8", ()
    try:
        payload = binascii.a2b_base64(text)
    except ValueError as error:
        raise BadInput(f"its body is no base64 ({error})") from error
    charset, flags = charset_of(content_type, payload)
    return payload, content_type, charset, flags


def _content_type(response: dict[str, Any]) -> str:
    declared = declared_type(value for name, value in _pairs(response) if name.lower() == "content-type")
    mime_type = str(_part(response, "content").get("mimeType") or "")
    return declared or ("" if mime_type == "x-unknown" else mime_type)


def _part(holder: dict[str, Any], name: str) -> dict[str, Any]:
    part = holder.get(name)
    return part if isinstance(part, dict) else {}


def _pairs(message: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the headers of a request or response, without the fields of HTTP/2 that are none (``:status``).

    Browsers write the values of a repeated header on lines of one value. Each byte becomes one character.
    """
    headers = message.get("headers")
    rows = (row for row in headers if isinstance(row, dict)) if isinstance(headers, list) else ()
    pairs = ((str(row.get("name") or "").strip(), str(row.get("value") or "")) for row in rows)
    lines = ((name, line) for name, value in pairs if _NAME.fullmatch(name) for line in value.split("\n"))
    return tuple((name, _one_line(line)) for name, line in lines)


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip().encode("utf-8", "replace").decode("latin-1")


def _http_version(message: dict[str, Any]) -> str:
    """Return the version in the words of HTTP: browsers write ``h2`` or ``http/2.0``."""
    match = _VERSION.match(str(message.get("httpVersion") or ""))
    return f"HTTP/{match[1]}" if match else "HTTP/1.1"
