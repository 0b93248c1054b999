"""Flags for what was left out of a list, and helpers that all list readers share."""

from __future__ import annotations

import codecs
import re
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, ParamSpec, TypeAlias

from archive.urls import fetchable_url
from db.errors import BadInput
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from db.records import DiscoveredUrl

_Arguments = ParamSpec("_Arguments")
CUT: Final = "list-cut"
REFUSED: Final = "list-refused"
DAMAGED: Final = "list-damaged"

Notes: TypeAlias = dict[str, str]
"""Sentences about what was left out, by flag. The readers add to it."""

MIB: Final = 1 << 20
_GZIP_MAGIC, _GZIP_WBITS = b"\x1f\x8b", 31
_CHUNK = 64 * 1024
_LONGEST_TITLE = 500
_PADDING = b"\0 \t\r\n"
_LEADING = 2_048  # bytes that suffice to recognize a format
_DECLARED = re.compile(rb"""^[^<]{0,20}<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]+)["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_ASCII_COMPATIBLE = re.compile(
    r"utf-?(?:8|16|32)|ascii|iso8859|latin|koi8|mac|shift|euc|gb|big5|tis|johab|kz1048|ptcp|hp|cp(?:11|12|437|7|85|86|874|9|13)"
)
_EBCDIC = b"\x4c\x6f\xa7\x94"  # <?xm


def absolute_url(url: str, base: str) -> str | None:
    """Return ``url`` as an absolute, fetchable URL, resolved against ``base``, or None if it is not valid."""
    try:
        return fetchable_url(url.strip(), base)
    except BadInput:
        return None


def entry_or_note(
    read: Callable[_Arguments, DiscoveredUrl | None], notes: Notes, *args: _Arguments.args, **kwargs: _Arguments.kwargs
) -> DiscoveredUrl | None:
    """Return what ``read`` makes of one entry of a list. If that raises, it costs this entry alone and is noted."""
    try:
        return read(*args, **kwargs)
    except Exception as error:
        if not is_own_fault(error):
            raise
        notes[DAMAGED] = f"an entry could not be read: {cause_of(error)}"
        return None


def clean_title(text: str) -> str:
    """Return a title on one line, at most 500 characters."""
    return " ".join(text.split())[:_LONGEST_TITLE]


def parse_w3c_time(text: str) -> datetime | None:
    """Parse a date as sitemaps and JSON write it (ISO 8601). A day means its beginning, no zone means UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def read_chunks(data: bytes, limit: int, notes: Notes, mark: bytes = b">") -> Iterator[bytes]:
    """Yield the document in chunks, uncompressed if it begins like gzip. Takes the memory of one chunk.

    Stops after ``limit`` bytes. Each chunk ends with ``mark``, because half a URL would become a source.
    """
    size, rest = 0, b""
    for chunk in _decompress(data, notes):
        size += len(chunk)
        if size > limit:
            notes[CUT] = f"only the first {limit // MIB} MiB were read"
            return
        if len(rest) > MIB:
            notes[DAMAGED] = f"there is no {mark.decode()!r} within a mebibyte"
            return
        complete, separator, rest = (rest + chunk).rpartition(mark)
        if separator:
            yield complete + separator
    if rest and (mark.isspace() or not rest.strip(_PADDING)):  # a last line needs no end, UTF-16 its last zero
        yield rest


def leading_bytes(data: bytes) -> bytes:
    """Return the first 2,048 bytes of a document, uncompressed, without the zeros of UTF-16."""
    return next(_decompress(data, {}), b"")[:_LEADING].replace(b"\0", b"")


def _decompress(data: bytes, notes: Notes) -> Iterator[bytes]:
    chunks = (data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK))
    if not data.startswith(_GZIP_MAGIC):
        yield from chunks
        return
    inflate = zlib.decompressobj(_GZIP_WBITS)
    try:
        for chunk in chunks:
            compressed = chunk
            while compressed and not inflate.eof:
                yield inflate.decompress(compressed, _CHUNK)
                compressed = inflate.unconsumed_tail
    except zlib.error:
        notes[DAMAGED] = "the compressed list is damaged"
    else:
        if not inflate.eof:
            notes[DAMAGED] = "the compressed list ends too early"


def entity_problem(data: bytes, content_type: str) -> str:
    """Return why the document may make its parser expand entities, or an empty string if it may not.

    Expansion turns a kilobyte into gigabytes. UTF-16 and UTF-32 write the same letters with zeros between them, so the
    zeros are dropped first. Encodings that use other bytes for ASCII, or several bytes for one letter (EBCDIC, UTF-7,
    ISO-2022), could hide a declaration, so they are a problem themselves.
    """
    if b"<!ENTITY" in data.replace(b"\0", b"").upper():
        return "it declares entities"
    declared = [name.decode("ascii") for name in _DECLARED.findall(data[:_LEADING].replace(b"\0", b""))]
    unsafe = next((name for name in (*declared, *_CHARSET.findall(content_type)) if _is_unsafe(name)), None)
    if unsafe is None and data.startswith(_EBCDIC):
        unsafe = "EBCDIC"
    return "" if unsafe is None else f"it is written in {unsafe}"


def _is_unsafe(encoding: str) -> bool:
    try:
        return _ASCII_COMPATIBLE.match(codecs.lookup(encoding).name) is None
    except (LookupError, ValueError):
        return False  # no parser knows it either
