"""From the wire to the entity: content codings undone within bounds, and only if they end where they should.

Ready-made clients hand on a page cut in the middle of its gzip or brotli stream without a word, lose every gzip member
but the first, and inflate a whole network chunk before anyone can say stop. An archive would record the first two as
edits.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from typing import TypeAlias

import brotli

from db.records import Reason

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MOST_CODINGS = 5  # nobody honest stacks more than two
_PIECE = 256 * 1024  # bytes decoded between two looks at the limits
_RATIO = 200  # gzip's own bound is about 1,030; real pages stay under 30
_RATIO_FROM = 1 << 20  # small bodies may shrink to nothing and harm nobody
_ZSTD_WINDOW_LOG = 23  # 8 MiB, the largest window RFC 9659 lets a server use
_MOST_JUNK = 1024  # bytes behind the end of a brotli stream that are looked through
_GZIP_MAGIC = (b"\x1f\x8b",)
_ZSTD_MAGIC = (b"\x28\xb5\x2f\xfd", *(bytes([0x50 + n, 0x2A, 0x4D, 0x18]) for n in range(16)))  # and skippable frames
_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's wbits for the three framings
_IDENTITY = frozenset({"", "identity", "none"})
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?[\s\0]*<[!?a-zA-Z]")
_NEVER_IN_TEXT = bytes(range(9)) + bytes(range(14, 27))
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")

Pieces: TypeAlias = Iterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedBody:
    """The entity, or why there is none: ``reason`` None means ``payload`` is whole."""

    payload: bytes
    reason: Reason | None = None
    detail: str = ""
    flags: tuple[str, ...] = ()


class _Cut(Exception):
    """The coded stream ends before its own end mark."""


class _TooLarge(Exception):
    """The entity grows beyond what is allowed."""


_ERRORS = (zlib.error, brotli.error, zstd.ZstdError)


def decode_body(wire: bytes, codings: tuple[str, ...], *, max_payload: int) -> DecodedBody:
    """Undo the content ``codings`` (header values, in header order) of a whole ``wire`` body.

    Knows gzip and x-gzip (all members), deflate (zlib and raw), br and zstd (all frames). Flags: ``unknown-coding`` and
    ``not-as-coded`` (a coding nobody knows, or one claimed for what has it not, counts as identity), ``trailing-junk``.
    On failure ``payload`` is ``wire`` untouched. Holds at most ``max_payload`` bytes more than the body itself at each
    layer, and never more than 200 times the body.
    """
    named = [name.strip().lower() for value in codings for name in value.split(",")]
    if len(named) > _MOST_CODINGS:
        return DecodedBody(payload=wire, reason=Reason.PROTOCOL, detail=f"{len(named)} content codings")
    flags: list[str] = []
    limit = min(max_payload, max(_RATIO_FROM, _RATIO * len(wire)))

    def failed(reason: Reason, detail: str) -> DecodedBody:
        return DecodedBody(payload=wire, reason=reason, detail=detail, flags=tuple(flags))

    payload = wire
    try:
        for name in reversed(named):
            payload = _undo(name, payload, limit, flags)
    except _Cut:
        return failed(Reason.TRUNCATED, "the compressed body ends before its end mark")
    except _TooLarge:
        return failed(Reason.TOO_LARGE, f"decodes to over {limit} bytes")
    except _ERRORS as error:
        return failed(Reason.DECODE, str(error))
    return DecodedBody(payload=payload, flags=tuple(flags))


def looks_gzipped(data: bytes) -> bool:
    """Tell whether ``data`` begins like gzip."""
    return data.startswith(_GZIP_MAGIC)


def unchunk(wire: bytes) -> DecodedBody:
    """Undo the chunks of a stored ``wire`` body (RFC 9112, section 7.1), as far as they go.

    Recorders often keep the header and undo the chunks: a body that does not begin with one is flagged
    ``not-as-chunked``. One that ends before its last chunk is ``truncated``, and ``payload`` is ``wire`` untouched.
    """
    if not _CHUNK.match(wire):
        return DecodedBody(payload=wire, flags=("not-as-chunked",))
    body, at = BytesIO(), 0
    while size := _CHUNK.match(wire, at):
        length, start = int(size[1], 16), size.end()
        if length == 0:
            return DecodedBody(payload=body.getvalue())
        body.write(memoryview(wire)[start : start + length])
        at = min(start + length, len(wire))
        at += 2 if wire.startswith(b"\r\n", at) else wire.startswith(b"\n", at)
    return DecodedBody(payload=wire, reason=Reason.TRUNCATED, detail=f"the last chunk is missing at byte {at}")


def _undo(name: str, data: bytes, limit: int, flags: list[str]) -> bytes:
    if name in _IDENTITY or not data:
        return data
    pieces = _CODINGS.get(name)
    if pieces is None:
        flags.append("unknown-coding")
        return data
    magic = _MAGIC.get(name)
    if magic and not any(data.startswith(each[: len(data)]) for each in magic):
        flags.append("not-as-coded")
        return data
    try:
        return _join(pieces(data, flags), limit)
    except _ERRORS:
        if magic:
            raise
    return _undo_without_magic(name, data, limit, flags)


def _undo_without_magic(name: str, data: bytes, limit: int, flags: list[str]) -> bytes:
    """Look again at deflate or br that does not decode: it may be plain markup, or brotli with a comment behind it."""
    if _MARKUP.match(data) and _is_plain(data):
        flags.append("not-as-coded")
        return data
    return _join((_brotli_then_junk if name == "br" else _deflate)(data, flags), limit)


def _is_plain(data: bytes) -> bool:
    """Tell text from coded bytes: no coded stream of any length is free of control characters."""
    return len(data.translate(None, _NEVER_IN_TEXT)) == len(data)


def _join(pieces: Pieces, limit: int) -> bytes:
    out = BytesIO()  # gives its buffer away without a copy, which a list or bytearray does not
    for piece in pieces:
        if out.tell() + len(piece) > limit:
            raise _TooLarge
        out.write(piece)
    return out.getvalue()


def _gzip(data: bytes, flags: list[str]) -> Pieces:
    at = 0
    while data.startswith(_GZIP_MAGIC, at):
        at = yield from _inflate(zlib.decompressobj(_GZIP), data, at)
    _check_rest(data[at:], _GZIP_MAGIC, flags)


def _deflate(data: bytes, flags: list[str]) -> Pieces:
    stream = zlib.decompressobj(_ZLIB if _has_zlib_header(data) else _RAW)
    at = yield from _inflate(stream, data, 0)
    _check_rest(data[at:], (), flags)


def _inflate(stream: zlib._Decompress, data: bytes, at: int) -> Generator[bytes, None, int]:
    """Feed ``data`` from ``at`` on to the end mark, and give the place behind it.

    Fed in pieces, for zlib copies what it could not yet take, each time.
    """
    rest = b""
    while not stream.eof:
        if not rest:
            rest = data[at : at + _PIECE]
            at += len(rest)
        piece = stream.decompress(rest, _PIECE)
        if not piece and not rest:
            raise _Cut
        rest = stream.unconsumed_tail
        yield piece
    return at - len(stream.unused_data)


def _has_zlib_header(data: bytes) -> bool:
    """RFC 1950: method 8 in the low nibble, and the first two bytes a multiple of 31."""
    return len(data) > 1 and data[0] & 15 == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0


def _brotli(data: bytes, _flags: list[str]) -> Pieces:
    yield from _unbrotli(iter((data,)))


def _brotli_then_junk(data: bytes, flags: list[str]) -> Pieces:
    """Feed the last KiB byte by byte: brotli calls the whole stream broken when anything follows its end."""
    sure = max(len(data) - _MOST_JUNK, 0)
    rest = iter(range(sure, len(data)))
    yield from _unbrotli(chain((data[:sure],), (data[at : at + 1] for at in rest)))
    junk = data[next(rest, len(data)) :]
    if junk.strip(b"\0") and not _is_plain(junk):
        raise brotli.error("the brotli body is damaged")
    flags.append("trailing-junk")


def _unbrotli(parts: Pieces) -> Pieces:
    stream = brotli.Decompressor()
    for part in parts:
        yield stream.process(part, output_buffer_limit=_PIECE)
        while not (stream.is_finished() or stream.can_accept_more_data()):
            yield stream.process(b"", output_buffer_limit=_PIECE)
        if stream.is_finished():
            return
    raise _Cut


def _zstd(data: bytes, flags: list[str]) -> Pieces:
    while data.startswith(_ZSTD_MAGIC):
        frame = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
        while not frame.eof:
            yield frame.decompress(data, _PIECE)
            data = b""
            if frame.needs_input and not frame.eof:
                raise _Cut
        data = frame.unused_data
    _check_rest(data, _ZSTD_MAGIC, flags)


def _check_rest(data: bytes, magic: tuple[bytes, ...], flags: list[str]) -> None:
    """What follows the last whole member: the beginning of another is a cut; zeros are the padding of a tape block."""
    if data and any(each.startswith(data) for each in magic):
        raise _Cut
    if data.strip(b"\0"):
        flags.append("trailing-junk")


_CODINGS: dict[str, Callable[[bytes, list[str]], Pieces]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
_MAGIC = {"gzip": _GZIP_MAGIC, "x-gzip": _GZIP_MAGIC, "zstd": _ZSTD_MAGIC}
