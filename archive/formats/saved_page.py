"""Single articles in files: a saved HTML page, or plain text below a header.

A saved page contains its own address. These are tried in order, and the first absolute address is used: the comment of
SingleFile (``url:``, with its ``saved date:``), of monolith or of HTTrack with their dates, the comment of browsers
(``saved from url=``), the ``savepage-url`` of Save Page WE, the link ``rel=canonical``, the property ``og:url``.
A text file begins with header lines, then an empty line, then the text::

    url: https://news.example/grid-story
    fetched_at: 2021-10-08T12:00:00Z
    title: Grid to be mended

Only ``url`` is required, and its key may be omitted. ``byline``, ``published_at`` and ``language`` are known too. The
capture time of a file without a date is its modification time in the file system, to the second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

from archive.formats.charset import charset_of, decode_text
from archive.formats.imported import (
    TEXT_FIELDS,
    modified_at,
    page_outcome,
    parse_capture_time,
    read_file,
    read_or_reject,
    text_outcome,
)
from archive.formats.media_type import is_never_html, media_type, pdf_start
from archive.formats.saved_pdf import pdf_outcome
from archive.timestamps import iso
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive.formats.imported import BadLine
    from db.records import Outcome

_HTML: Final = "text/html"
_HEAD_BYTES: Final = 2**18  # searched for an address; heads with inlined styles reach 200 kB
_SINGLEFILE: Final = re.compile(
    r"<!--\s*(?:Page saved with|Archive processed by) SingleFile\s+url:\s*(\S+)\s+(?:saved date:\s*([^\n]+))?"
)
_SAVED_FROM: Final = re.compile(r"<!--\s*saved from url=\(\d+\)\s*(\S+)\s*-->", re.IGNORECASE)
_MONOLITH: Final = re.compile(r"<!--\s*Saved from (https?://\S+) at (\d{4}-\d\d-\d\dT[\d:]{5,8}Z) using monolith")
_HTTRACK: Final = re.compile(r"<!--\s*Mirrored from (\S+) by HTTrack[^,<>]{0,200}, ([^<>]{10,40} GMT)\s*-->")
_JS_DATE: Final = re.compile(r"\w{3} (\w{3} \d{1,2} \d{4} \d\d:\d\d:\d\d) GMT([+-]\d{4})", re.ASCII)
_HEADER: Final = re.compile(r"(\w+):\s*(.*)")
_HEADER_KEYS: Final = ("url", "fetched_at", *TEXT_FIELDS[1:])


def read_saved_page(path: Path, now: datetime, url: str | None = None) -> Iterator[Outcome | BadLine]:
    """Yield the one outcome of an ``.html`` file. The payload is the file's bytes, unchanged.

    ``url`` is its address, if the page does not name it. Bytes of a PDF are read as a PDF.
    """
    yield read_or_reject(lambda: _page_outcome(path, now, url), file=str(path), line=1)


def _page_outcome(path: Path, now: datetime, url: str | None) -> Outcome:
    return saved_outcome(path, SavedPage(payload=read_file(path)), now, url)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """A page without HTTP, and what its container says about it: addresses in order of trust, and a date."""

    payload: bytes
    content_type: str = _HTML
    urls: tuple[str, ...] = ()
    saved_at: str | None = None


def saved_outcome(path: Path, page: SavedPage, now: datetime, url: str | None) -> Outcome:
    """Return the outcome of a saved page or PDF. ``url`` is its address, before all others.

    Its date is that of its container or of the tool that saved it, or else that of the file. Raises `BadInput` if
    nothing names its address, or if it is no page.
    """
    known_url = url or next(filter(is_web_address, page.urls), None)
    if pdf_start(page.payload, page.content_type) is not None:
        return pdf_outcome(path, page.payload, now, known_url, saved_at=page.saved_at)
    head = decode_text(page.payload[:_HEAD_BYTES], page.content_type)
    if is_never_html(page.content_type):
        raise BadInput(f"it holds {media_type(page.content_type)}; expected a page or a PDF")
    own_url, saved_at = _find_origin(head, known_url)
    captured_at = parse_capture_time(page.saved_at or saved_at or modified_at(path), now=now, name="the saved date")
    charset, flags = charset_of(page.content_type, page.payload)
    outcome = page_outcome(
        url=own_url,
        captured_at=captured_at,
        payload=page.payload,
        content_type=page.content_type,
        charset=charset,
        status=None,
    )
    return replace(outcome, flags=(*outcome.flags, *flags))


def is_web_address(text: str) -> bool:
    """True for what begins like an absolute address of the web."""
    return text.lower().startswith(("http://", "https://"))


def read_text_file(path: Path, now: datetime) -> Iterator[Outcome | BadLine]:
    """Yield the one outcome of a ``.txt`` file: its text and the fields of its header."""
    yield read_or_reject(lambda: _text_outcome(path, now), file=str(path), line=1)


def _text_outcome(path: Path, now: datetime) -> Outcome:
    head, _, text = _decode_text(read_file(path)).partition("\n\n")
    fields: dict[str, str | None] = dict(_parse_header(line) for line in head.strip("\n").split("\n"))
    captured_at = parse_capture_time(fields.get("fetched_at") or modified_at(path), now=now)
    fields["text"] = text
    return text_outcome(url=_require_url(fields), captured_at=captured_at, fields=fields, status=None)


def split_header(text: str) -> tuple[dict[str, str], str]:
    """Return the fields of a text's header, and the text below it. A text without one has no fields.

    A first paragraph of one's own words is no header, nor is one with a line that begins with any other word.
    """
    head, _, below = text.partition("\n\n")
    try:
        return dict(_parse_header(line) for line in head.strip("\n").split("\n")), below
    except BadInput:
        return {}, text


# --- saved pages -----------------------------------------------------------------------------------------------------


def _find_origin(head: str, url: str | None) -> tuple[str, str | None]:
    """Return the address, ``url`` if it is given, and the date if the tool that saved the page wrote it."""
    saved_url, saved_at = _tool_comment(head)
    if url is not None:
        return url, saved_at
    declared = _DeclaredUrls()
    declared.feed(head)
    for own_url in (saved_url, declared.saved_url, declared.canonical, declared.og_url):
        if own_url and is_web_address(own_url):
            return own_url, saved_at
    raise BadInput(
        "the page does not say where it comes from; expected <!-- saved from url=(0020)https://... -->, a link "
        "rel=canonical or an og:url; or give its address: wirecopy import --url https://... FILE"
    )


def _tool_comment(head: str) -> tuple[str, str | None]:
    """Return the address and the date in the comment of the tool that saved a page, an empty address without one."""
    if match := _SINGLEFILE.search(head):
        return match[1], _js_date(match[2] or "")
    if match := _MONOLITH.search(head):
        return match[1], match[2]
    if match := _HTTRACK.search(head):
        return f"http://{match[1]}", mail_date(match[2])
    saved_from = _SAVED_FROM.search(head)
    return (saved_from[1], None) if saved_from else ("", None)


def mail_date(text: str) -> str | None:
    """Return a date of RFC 5322 in ISO 8601, None for anything else. A date of an unknown zone is UTC."""
    try:
        instant = parsedate_to_datetime(text)
        return iso(instant if instant.tzinfo else instant.replace(tzinfo=UTC))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _js_date(text: str) -> str | None:
    """Parse a date as JavaScript writes it: ``Fri Oct 08 2021 14:00:00 GMT+0200 (CEST)``. None for anything else."""
    match = _JS_DATE.match(text)
    if match is None:
        return None
    return iso(datetime.strptime(f"{match[1]} {match[2]}", "%b %d %Y %H:%M:%S %z"))


class _DeclaredUrls(HTMLParser):
    """The addresses that a page declares for itself."""

    def __init__(self) -> None:
        super().__init__()
        self.saved_url: str | None = None
        self.canonical: str | None = None
        self.og_url: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read one tag. The first declaration of each kind counts."""
        attributes = {name: value or "" for name, value in attrs}
        if tag == "link" and "canonical" in attributes.get("rel", "").lower().split():
            self.canonical = self.canonical or attributes.get("href", "").strip()
        elif tag == "meta" and attributes.get("name", "").lower() == "savepage-url":
            self.saved_url = self.saved_url or attributes.get("content", "").strip()
        elif tag == "meta" and attributes.get("property", attributes.get("name", "")).lower() == "og:url":
            self.og_url = self.og_url or attributes.get("content", "").strip()


# --- text files ------------------------------------------------------------------------------------------------------


def _decode_text(payload: bytes) -> str:
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"not UTF-8 at byte {error.start}; save the file with that encoding") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _require_url(fields: dict[str, str | None]) -> str:
    address = fields.get("url")
    if address:
        return address
    raise BadInput("the header names no address; expected a line such as url: https://news.example/article")


def _parse_header(line: str) -> tuple[str, str]:
    """Return key and value of a header line. An address alone is a ``url``."""
    if line.startswith(("http://", "https://")):
        return "url", line.strip()
    match = _HEADER.fullmatch(line.strip())
    if match is None or match[1].lower() not in _HEADER_KEYS:
        known = ", ".join(_HEADER_KEYS)
        raise BadInput(f"{line[:60]!r} is no header line; expected {known}, each as key: value, then an empty line")
    return match[1].lower(), match[2]
