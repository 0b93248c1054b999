"""Single articles in files: a saved HTML page, or plain text below a header.

A saved page says in itself where it comes from. Asked in this order, the first absolute address wins: the comment that
SingleFile writes (``url:``, with its ``saved date:``), the comment browsers write (``saved from url=``), the link
``rel=canonical``, the property ``og:url``. A text file begins with such lines, then an empty line, then the text::

    url: https://news.example/grid-story
    fetched_at: 2021-10-08T12:00:00Z
    title: Grid to be mended

Only ``url`` is required, and may stand there without its key; ``byline``, ``published_at`` and ``language`` are known
too. A file that names no date was captured when it was last written to, as the file system has it, to the second.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

from archive.formats.imported import MOST_BYTES, TEXT_FIELDS, BadLine, captured_at, page_outcome, text_outcome
from archive.timestamps import iso
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from db.records import Outcome

_HEAD: Final = 2**18  # bytes searched for an address; heads with inlined styles reach 200 kB
_SINGLEFILE: Final = re.compile(r"<!--\s*Page saved with SingleFile\s+url:\s*(\S+)\s+(?:saved date:\s*([^\n]+))?")
_SAVED_FROM: Final = re.compile(r"<!--\s*saved from url=\(\d+\)\s*(\S+)\s*-->", re.IGNORECASE)
_JS_DATE: Final = re.compile(r"\w{3} (\w{3} \d{1,2} \d{4} \d\d:\d\d:\d\d) GMT([+-]\d{4})", re.ASCII)
_HEADER: Final = re.compile(r"(\w+):\s*(.*)")
_HEADER_KEYS: Final = ("url", "fetched_at", *TEXT_FIELDS[1:])


def read_saved_page(path: Path, now: datetime) -> Iterator[Outcome | BadLine]:
    """The one outcome of an ``.html`` file; its bytes are the payload, untouched."""
    try:
        payload = _bytes(path)
        head = payload[:_HEAD].decode("utf-8", errors="replace")
        url, saved_at = _origin(head)
        at = captured_at(saved_at or _written_at(path), now=now, name="the saved date")
        yield page_outcome(url=url, at=at, payload=payload, content_type="text/html", charset=None, status=None)
    except BadInput as error:
        yield BadLine(str(path), 1, str(error))


def read_text_file(path: Path, now: datetime) -> Iterator[Outcome | BadLine]:
    """The one outcome of a ``.txt`` file: its text, and what its header says. A complaint quotes the line it means."""
    try:
        head, _, text = _decoded(_bytes(path)).partition("\n\n")
        fields: dict[str, str | None] = dict(_header(line) for line in head.strip("\n").split("\n"))
        at = captured_at(fields.get("fetched_at") or _written_at(path), now=now)
        yield text_outcome(url=_address(fields), at=at, fields={**fields, "text": text}, status=None)
    except BadInput as error:
        yield BadLine(str(path), 1, str(error))


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"the file is larger than {MOST_BYTES // 2**20} MiB; expected one page")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})") from error


def _written_at(path: Path) -> str:
    return iso(datetime.fromtimestamp(int(path.stat().st_mtime), UTC))


# --- saved pages -----------------------------------------------------------------------------------------------------


def _origin(head: str) -> tuple[str, str | None]:
    """Address and, where the tool that saved the page wrote it, date."""
    singlefile = _SINGLEFILE.search(head)
    if singlefile:
        return singlefile[1], _js_date(singlefile[2] or "")
    saved_from = _SAVED_FROM.search(head)
    if saved_from:
        return saved_from[1], None
    claims = _Claims()
    claims.feed(head)
    for url in (claims.canonical, claims.og_url):
        if url and url.startswith(("http://", "https://")):
            return url, None
    raise BadInput(
        "the page does not say where it comes from; expected <!-- saved from url=(0020)https://... -->, a link "
        "rel=canonical or an og:url"
    )


def _js_date(text: str) -> str | None:
    """``Fri Oct 08 2021 14:00:00 GMT+0200 (CEST)``, as scripts write a date; None for anything else."""
    match = _JS_DATE.match(text)
    if match is None:
        return None
    return iso(datetime.strptime(f"{match[1]} {match[2]}", "%b %d %Y %H:%M:%S %z"))


class _Claims(HTMLParser):
    """What a page says its own address is."""

    def __init__(self) -> None:
        super().__init__()
        self.canonical: str | None = None
        self.og_url: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See each tag; the first claim of a kind counts."""
        said = {name: value or "" for name, value in attrs}
        if tag == "link" and "canonical" in said.get("rel", "").lower().split():
            self.canonical = self.canonical or said.get("href", "").strip()
        elif tag == "meta" and said.get("property", said.get("name", "")).lower() == "og:url":
            self.og_url = self.og_url or said.get("content", "").strip()


# --- text files ------------------------------------------------------------------------------------------------------


def _decoded(payload: bytes) -> str:
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"not UTF-8 at byte {error.start}; save the file with that encoding") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _address(fields: dict[str, str | None]) -> str:
    address = fields.get("url")
    if address:
        return address
    raise BadInput("the header names no address; expected a line such as url: https://news.example/article")


def _header(line: str) -> tuple[str, str]:
    """Key and value of a header line; an address alone is a ``url``."""
    if line.startswith(("http://", "https://")):
        return "url", line.strip()
    match = _HEADER.fullmatch(line.strip())
    if match is None or match[1].lower() not in _HEADER_KEYS:
        known = ", ".join(_HEADER_KEYS)
        raise BadInput(f"{line[:60]!r} is no header line; expected {known}, each as key: value, then an empty line")
    return match[1].lower(), match[2]
