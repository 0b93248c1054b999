"""The words for what was left out of a list, and what the readers of lists share."""

from __future__ import annotations

import codecs
import re
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from archive.urls import fetchable_url
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

CUT: Final = "list-cut"
REFUSED: Final = "list-refused"
DAMAGED: Final = "list-damaged"

Notes: TypeAlias = dict[str, str]
"""What was left out, by flag, in words. A reader adds to it as it goes."""

MIB: Final = 1 << 20
_GZIP_MAGIC, _GZIP_WBITS = b"\x1f\x8b", 31
_PIECE = 64 * 1024
_LONGEST_TITLE = 500
_NOTHING = b"\0 \t\r\n"
_HEAD = 2_048  # bytes in which a document shows what it is
_DECLARED = re.compile(rb"""^[^<]{0,20}<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]+)["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_PLAIN = re.compile(
    r"utf-?(?:8|16|32)|ascii|iso8859|latin|koi8|mac|shift|euc|gb|big5|tis|johab|kz1048|ptcp|hp|cp(?:11|12|437|7|85|86|874|9|13)"
)
_EBCDIC = b"\x4c\x6f\xa7\x94"  # <?xm


def absolute_url(url: str, base: str) -> str | None:
    """The address to fetch that ``url`` means on the page ``base``; None if it is none."""
    try:
        return fetchable_url(url.strip(), base)
    except BadInput:
        return None


def clean_title(text: str) -> str:
    """A title on one line, no longer than a title is."""
    return " ".join(text.split())[:_LONGEST_TITLE]


def parse_w3c_time(text: str) -> datetime | None:
    """The instant of a date as sitemaps and JSON write it (ISO 8601); a day means its beginning, no zone means UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def read_chunks(data: bytes, limit: int, notes: Notes, mark: bytes = b">") -> Iterator[bytes]:
    """The document in pieces, gzip undone by its magic; ends after ``limit`` bytes. Takes the memory of one piece.

    Each piece ends with ``mark``, for half an address would become a source.
    """
    given, held = 0, b""
    for piece in _unpacked(data, notes):
        given += len(piece)
        if given > limit:
            notes[CUT] = f"only the first {limit // MIB} MiB were read"
            return
        if len(held) > MIB:
            notes[DAMAGED] = f"there is no {mark.decode()!r} for a mebibyte"
            return
        whole, found, held = (held + piece).rpartition(mark)
        if found:
            yield whole + found
    if held and (mark.isspace() or not held.strip(_NOTHING)):  # a last line needs no end, UTF-16 its last zero
        yield held


def leading_bytes(data: bytes) -> bytes:
    """The first bytes of a document, unpacked, without the zeros of UTF-16."""
    return next(_unpacked(data, {}), b"")[:_HEAD].replace(b"\0", b"")


def _unpacked(data: bytes, notes: Notes) -> Iterator[bytes]:
    parts = (data[at : at + _PIECE] for at in range(0, len(data), _PIECE))
    if not data.startswith(_GZIP_MAGIC):
        yield from parts
        return
    inflate = zlib.decompressobj(_GZIP_WBITS)
    try:
        for part in parts:
            left = part
            while left and not inflate.eof:
                yield inflate.decompress(left, _PIECE)
                left = inflate.unconsumed_tail
    except zlib.error:
        notes[DAMAGED] = "the packed list is damaged"
    else:
        if not inflate.eof:
            notes[DAMAGED] = "the packed list breaks off"


def entity_problem(data: bytes, content_type: str) -> str:
    """Why the document may make its parser expand entities; empty if it declares none, in whichever encoding.

    Expanding them makes gigabytes of a kilobyte. UTF-16 and UTF-32 write the same letters with zeros between; in an
    encoding that has other bytes for ASCII, or several for one letter (EBCDIC, UTF-7, ISO-2022), nobody can tell.
    """
    if b"<!ENTITY" in data.replace(b"\0", b"").upper():
        return "it declares entities"
    named = [each.decode("ascii") for each in _DECLARED.findall(data[:_HEAD].replace(b"\0", b""))]
    odd = next((name for name in (*named, *_CHARSET.findall(content_type)) if _is_odd(name)), None)
    if odd is None and data.startswith(_EBCDIC):
        odd = "EBCDIC"
    return "" if odd is None else f"it is written in {odd}"


def _is_odd(encoding: str) -> bool:
    try:
        return _PLAIN.match(codecs.lookup(encoding).name) is None
    except (LookupError, ValueError):
        return False  # no parser knows it either
