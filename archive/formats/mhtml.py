"""MHTML, the saved page of browsers in one file (RFC 2557): the main part of a ``multipart/related`` message.

Its address is ``Snapshot-Content-Location`` (Chromium), else the ``Content-Location`` of the part or of the message.
Its date is that of the message. Pictures and frames are left out. The payload has the bytes that the part encodes.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, replace
from email.parser import BytesParser
from itertools import islice
from typing import TYPE_CHECKING, Final

from archive.formats.imported import BadLine, read_file, read_or_reject
from archive.formats.media_type import is_html_type
from archive.formats.saved_page import SavedPage, mail_date, saved_outcome
from db.errors import BadInput
from db.records import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from email.message import Message
    from pathlib import Path

    from db.records import Outcome

_END: Final = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_LINE_BREAK: Final = re.compile(rb"\A\r?\n")
_LEAD: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:From [^\n]{0,500}\n)?")  # a line of mailboxes
_MAX_HEAD: Final = 256 * 1024
_MAX_DEPTH: Final = 8
_MAX_PARTS: Final = 10_000
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")
_BASE64_UNIT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part of a message: its head, its encoded body, and whether a delimiter follows it."""

    head: Message
    body: bytes
    is_closed: bool = True

    def value(self, name: str) -> str:
        """Return a field without the blanks at which writers fold an address."""
        return "".join(str(self.head.get(name) or "").split())


def read_mhtml(path: Path, now: datetime, url: str | None = None) -> Iterator[Outcome | BadLine]:
    """Yield the one outcome of an ``.mht`` or ``.mhtml`` file, and a problem if the file was cut off.

    ``url`` is its address, if the file does not name it.
    """
    problems: list[str] = []
    yield read_or_reject(lambda: _read(path, now, url, problems), file=str(path), line=1)
    yield from (BadLine(str(path), 1, problem) for problem in problems)


def _read(path: Path, now: datetime, url: str | None, problems: list[str]) -> Outcome:
    content = read_file(path)
    if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":  # a page under the name of another format
        return saved_outcome(path, SavedPage(payload=content), now, url)
    whole = _split(content[_LEAD.match(content).end() :])  # type: ignore[union-attr]  # matches the empty string
    if "Content-Type" not in whole.head:
        raise BadInput("the file is no MHTML; expected Content-Type: multipart/related in its head")
    part, is_complete = _main_part(whole)
    names = ("Content-Location", "Content-Base")
    page = SavedPage(
        payload=_decoded(part),
        content_type=" ".join(str(part.head.get("Content-Type") or "text/html").split()),
        urls=(
            whole.value("Snapshot-Content-Location"),
            *(holder.value(name) for holder in (part, whole) for name in names),
        ),
        saved_at=mail_date(str(whole.head.get("Date") or "")),
    )
    outcome = saved_outcome(path, page, now, url)
    if not part.is_closed:
        problems.append("the file is cut off inside its page; the beginning of the page was read")
        return replace(outcome, reason=Reason.TRUNCATED, detail="cut when it was saved")
    if not is_complete:
        problems.append("the file is cut off behind its page; the page was read")
    return outcome


def _split(content: bytes, *, is_closed: bool = True) -> _Part:
    """Return a part with its head read. Raises `BadInput` if there is none."""
    end = _END.search(content, 0, _MAX_HEAD)
    if end is None:
        raise BadInput("the file is no MHTML, or is cut off in a head; expected header lines and a page below")
    head = BytesParser().parsebytes(content[: end.end()], headersonly=True)
    return _Part(head=head, body=content[end.end() :], is_closed=is_closed)


def _main_part(whole: _Part, depth: int = 0) -> tuple[_Part, bool]:
    """Return the page, and whether the file has the end of all parts around it.

    The page is the part that ``start`` names, the first of HTML, or the first of all.
    """
    if whole.head.get_content_maintype() != "multipart" or depth == _MAX_DEPTH:
        return whole, True
    parts, is_complete = _parts(whole)
    if not parts:
        raise BadInput("the file is cut off before its page, or its parts have another boundary than its head says")
    start = "".join(str(whole.head.get_param("start") or "").split()).strip("<>")
    named = next((part for part in parts if start and part.value("Content-ID").strip("<>") == start), None)
    html = next((part for part in parts if is_html_type(part.head.get_content_type())), None)
    part, is_inner_complete = _main_part(named or html or parts[0], depth + 1)
    return part, is_complete and is_inner_complete


def _parts(whole: _Part) -> tuple[list[_Part], bool]:
    """Return the parts of a multipart body, and whether it has its last delimiter."""
    boundary = (whole.head.get_boundary() or "").encode("ascii", "surrogateescape")
    if not boundary:
        raise BadInput("the file does not say what divides its parts; expected a boundary in its Content-Type")
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    parts: list[_Part] = []
    begin = None
    for match in islice(delimiter.finditer(whole.body), _MAX_PARTS):
        if begin is not None:
            parts.append(_split(_LINE_BREAK.sub(b"", whole.body[begin : match.start()], 1)))
        if match[1]:
            return parts, whole.is_closed
        begin = match.end()
    rest = b"" if begin is None else _LINE_BREAK.sub(b"", whole.body[begin:], 1)
    if _END.search(rest, 0, _MAX_HEAD):
        parts.append(_split(rest, is_closed=False))
    return parts, False


def _decoded(part: _Part) -> bytes:
    """Return the body of a part as its transfer encoding says. What is missing of base64 at the end is left out."""
    encoding = part.value("Content-Transfer-Encoding").lower()
    if encoding == "quoted-printable":
        return binascii.a2b_qp(part.body)
    if encoding == "base64":
        letters = _NOT_BASE64.sub(b"", part.body)
        rest = len(letters) % _BASE64_UNIT
        padded = letters[:-1] if rest == 1 else letters + b"=" * (-rest % _BASE64_UNIT)
        return binascii.a2b_base64(padded)
    return part.body
