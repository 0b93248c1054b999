"""Flags for what was left out of a list, and helpers that all list readers share."""

from __future__ import annotations

import codecs
import re
import zlib
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Final, ParamSpec, TypeAlias

from archive.crawl.discover.lenient_xml import Shape, is_html
from archive.urls import fetchable_url, host_of
from db.errors import BadInput
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from db.records import DiscoveredUrl

_Arguments = ParamSpec("_Arguments")
CUT: Final = "list-cut"
REFUSED: Final = "list-refused"
DAMAGED: Final = "list-damaged"
REPAIRED: Final = "list-repaired"
SKIPPED: Final = "list-skipped"
EMPTY: Final = "list-empty"

Notes: TypeAlias = dict[str, str]
"""Sentences about what was left out, by flag. The readers add to it."""

MIB: Final = 1 << 20
_GZIP_MAGIC, _GZIP_WBITS = b"\x1f\x8b", 31
CHUNK: Final = 64 * 1024
_MAX_LEVELS = 3
_LARGEST_GZIP = 50 * MIB  # the limit of the sitemap protocol for the list itself
_LONGEST_TITLE = 500
_PADDING = b"\0 \t\r\n"
_AROUND_ADDRESS = " \t\n\r\f\v\x85\xa0\u3000\u200b\u200e\u200f\u2060\ufeff"
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


def stated_url(text: str, base: str) -> str | None:
    """Return the address that a list states, or None if it is not valid or some of its bytes are no text.

    A list that escaped its addresses twice still has ``&amp;`` in them, which no address has.
    """
    return None if "\ufffd" in text else absolute_url(text.replace("&amp;", "&"), base)


def bare_address(text: str) -> str:
    """Return the text of an address without white space and invisible characters around it."""
    return text.strip(_AROUND_ADDRESS)


def with_own_host(reference: str, base: str) -> str:
    """Return the reference, with slashes in front if it begins with the host of the list and has no scheme."""
    first = reference.partition("/")[0].lower()
    return f"//{reference}" if first.removeprefix("www.") == host_of(base).removeprefix("www.") else reference


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


def leading_bytes(data: bytes, size: int = _LEADING) -> bytes:
    """Return the first 2,048 bytes of a document (64 KiB at most), uncompressed, without the zeros of UTF-16."""
    return next(_decompress(data, {}), b"")[:size].replace(b"\0", b"")


def _decompress(data: bytes, notes: Notes) -> Iterator[bytes]:
    """Yield the document in chunks. Gzip in gzip is read three levels deep."""
    chunks: Iterator[bytes] = (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))
    for _ in range(_MAX_LEVELS):
        first = next(chunks, b"")
        chunks = chain((first,), chunks)
        if not first.startswith(_GZIP_MAGIC):
            break
        chunks = _gunzip(chunks, notes)
    yield from chunks


def _gunzip(chunks: Iterable[bytes], notes: Notes) -> Iterator[bytes]:
    """Yield the contents of the members of a gzip file, one after another (RFC 1952, 2.2)."""
    inflate, size, compressed = zlib.decompressobj(_GZIP_WBITS), 0, b""
    before_chunk = inflate
    try:
        for chunk in chunks:
            compressed = chunk
            size += len(chunk)
            if size > _LARGEST_GZIP:
                notes[CUT] = f"only the first {_LARGEST_GZIP // MIB} MiB of compressed data were read"
                return
            while compressed:
                if inflate.eof:  # the next member, or padding
                    compressed = compressed.lstrip(b"\0")
                    inflate = zlib.decompressobj(_GZIP_WBITS) if compressed else inflate
                    continue
                before_chunk = inflate.copy()
                yield inflate.decompress(compressed, CHUNK)
                compressed = inflate.unconsumed_tail or inflate.unused_data
    except zlib.error:
        notes[DAMAGED] = "the compressed list is damaged"
        yield from _before_damage(before_chunk, compressed)
    else:
        if not inflate.eof:
            notes[DAMAGED] = "the compressed list ends too early"


def _before_damage(inflate: zlib._Decompress, compressed: bytes) -> Iterator[bytes]:
    """Yield what precedes the damage in a chunk. It is read byte by byte, because a failing call returns nothing."""
    text = bytearray()
    try:
        for position in range(len(compressed)):
            text += inflate.decompress(compressed[position : position + 1])
            if len(text) >= CHUNK:
                yield bytes(text)
                text.clear()
    except zlib.error:
        pass
    yield bytes(text)


def note_shape(shape: Shape, noun: str, entries: int, notes: Notes) -> None:
    """Add the observations about a document of which ``entries`` were read to ``notes``.

    A note of the same flag that is there already says more, and stays.
    """
    if shape.is_cut:
        notes.setdefault(CUT, "only its first tags were read, it has more than two million")
    elif not shape.root:
        if not entries:
            notes.setdefault(DAMAGED, f"it is not a {noun}{', but an HTML page' * is_html(shape.names)}")
    elif not shape.is_closed and CUT not in notes:
        notes.setdefault(DAMAGED, f"the {noun} breaks off after {_count(entries, 'entry', 'entries')}")
    repairs = []
    if shape.root and shape.before:
        repairs.append(f"something else stands before the {noun} ({_count(shape.before, 'character', 'characters')})")
    elif shape.root and shape.is_late:
        repairs.append("white space stands before its XML declaration")
    if shape.unclosed and shape.is_closed:
        repairs.append(f"{_count(shape.unclosed, 'entry has', 'entries have')} no end tag")
    if repairs:
        notes[REPAIRED] = ", ".join(repairs)


def note_skipped(reasons: Mapping[str, int], entries: int, notes: Notes) -> None:
    """Add the number of entries passed over to ``notes``, with the reasons. ``entries`` is the number of all."""
    skipped = sum(reasons.values())
    if skipped:
        parts = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items()))
        notes[SKIPPED] = f"{skipped} of {_count(entries, 'entry', 'entries')} passed over: {parts}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


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
