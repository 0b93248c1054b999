"""Content codings, undone within limits and only if the stream ends where it should.

Ready-made clients pass on a page cut in the middle of its gzip or brotli stream without an error, lose every gzip
member but the first, and inflate a whole network chunk before a limit can apply. An archive would record the first two
as edits.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import chain
from typing import TypeAlias

import brotli

from archive.formats.media_type import is_generic_type, is_text
from db.records import Reason

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MAX_CODINGS = 5  # honest servers stack at most two
_PIECE_SIZE = 256 * 1024  # bytes decoded between two checks of the limits
_MAX_RATIO = 200  # gzip's own bound is about 1,030; real pages stay under 30
_RATIO_MIN_SIZE = 1 << 20  # the ratio does not apply below this size: small bodies are harmless
_ZSTD_WINDOW_LOG = 23  # 8 MiB, the largest window RFC 9659 lets a server use
_MAX_JUNK = 1024  # bytes searched behind the end of a brotli stream
_GZIP_MAGIC = (b"\x1f\x8b",)
_ZSTD_MAGIC = (b"\x28\xb5\x2f\xfd", *(bytes([0x50 + n, 0x2A, 0x4D, 0x18]) for n in range(16)))  # and skippable frames
_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's wbits for the three framings
_IDENTITY = frozenset({"", "identity", "none"})
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?[\s\0]*<[!?a-zA-Z]")
_CONTROL_BYTES = bytes(range(9)) + bytes(range(14, 27))
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")

Pieces: TypeAlias = Iterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedBody:
    """The decoded body, or the reason why there is none. ``reason`` None means that ``payload`` is complete."""

    payload: bytes
    reason: Reason | None = None
    detail: str = ""
    flags: tuple[str, ...] = ()


class _Truncated(Exception):
    """The coded stream ends before its end mark."""


class _TooLarge(Exception):
    """The decoded body exceeds the limit."""


_ERRORS = (zlib.error, brotli.error, zstd.ZstdError)


def decode_body(wire: bytes, codings: tuple[str, ...], *, max_payload: int) -> DecodedBody:
    """Undo the content ``codings`` (header values, in header order) of a complete ``wire`` body.

    Supports gzip and x-gzip (all members), deflate (zlib and raw), br and zstd (all frames). Flags: ``unknown-coding``
    (an unsupported coding) and ``not-as-coded`` (the body does not have the declared coding), which are treated as
    identity, and ``trailing-junk``. On failure ``payload`` is ``wire``, unchanged. Each layer holds at most
    ``max_payload`` bytes more than the body itself, and never more than 200 times the body.
    """
    names = [name.strip().lower() for value in codings for name in value.split(",")]
    if len(names) > _MAX_CODINGS:
        return DecodedBody(payload=wire, reason=Reason.PROTOCOL, detail=f"{len(names)} content codings")
    flags: list[str] = []
    limit = min(max_payload, max(_RATIO_MIN_SIZE, _MAX_RATIO * len(wire)))

    def failure(reason: Reason, detail: str) -> DecodedBody:
        return DecodedBody(payload=wire, reason=reason, detail=detail, flags=tuple(flags))

    payload = wire
    try:
        for name in reversed(names):
            payload = _decode(name, payload, limit, flags)
    except _Truncated:
        return failure(Reason.TRUNCATED, "the compressed body ends before its end mark")
    except _TooLarge:
        return failure(Reason.TOO_LARGE, f"decodes to over {limit} bytes")
    except _ERRORS as error:
        return failure(Reason.DECODE, str(error))
    return DecodedBody(payload=payload, flags=tuple(flags))


def looks_gzipped(data: bytes) -> bool:
    """True if ``data`` begins like gzip."""
    return data.startswith(_GZIP_MAGIC)


def decode_entity(wire: bytes, codings: tuple[str, ...], content_type: str, *, max_payload: int) -> DecodedBody:
    """Undo the content ``codings`` as `decode_body` does, and gzip that is not declared.

    Text that is still gzip after all declared codings was compressed once more than declared.
    """
    decoded = decode_body(wire, codings, max_payload=max_payload)
    may_be_text = is_generic_type(content_type) or is_text(content_type, decoded.payload)
    if decoded.reason is not None or not looks_gzipped(decoded.payload) or not may_be_text:
        return decoded
    inner = decode_body(decoded.payload, ("gzip",), max_payload=max_payload)
    if inner.reason is not None:
        return decoded  # then it is not text, and the readers of lists unpack gzip themselves
    return replace(inner, flags=(*decoded.flags, "sniffed-gzip", *inner.flags))


def unchunk(wire: bytes) -> DecodedBody:
    """Undo the chunked transfer coding of a stored ``wire`` body (RFC 9112, section 7.1).

    Recorders often keep the header although they undo the chunks: a body that does not begin with a chunk is flagged
    ``not-as-chunked``. A body that ends before its last chunk is ``truncated``, and ``payload`` is ``wire``, unchanged.
    """
    if not _CHUNK.match(wire):
        return DecodedBody(payload=wire, flags=("not-as-chunked",))
    body, position = BytesIO(), 0
    while size := _CHUNK.match(wire, position):
        length, start = int(size[1], 16), size.end()
        if length == 0:
            return DecodedBody(payload=body.getvalue())
        body.write(memoryview(wire)[start : start + length])
        position = min(start + length, len(wire))
        position += 2 if wire.startswith(b"\r\n", position) else wire.startswith(b"\n", position)
    return DecodedBody(payload=wire, reason=Reason.TRUNCATED, detail=f"the last chunk is missing at byte {position}")


def _decode(name: str, data: bytes, limit: int, flags: list[str]) -> bytes:
    if name in _IDENTITY or not data:
        return data
    pieces = _CODINGS.get(name)
    if pieces is None:
        flags.append("unknown-coding")
        return data
    magic = _MAGIC.get(name)
    if magic and not any(data.startswith(prefix[: len(data)]) for prefix in magic):
        flags.append("not-as-coded")
        return data
    try:
        return _join_limited(pieces(data, flags), limit)
    except _ERRORS:
        if magic:
            raise
    return _decode_damaged(name, data, limit, flags)


def _decode_damaged(name: str, data: bytes, limit: int, flags: list[str]) -> bytes:
    """Retry deflate or br that does not decode: it may be plain markup, or brotli with a comment behind it."""
    if _MARKUP.match(data) and _is_plain(data):
        flags.append("not-as-coded")
        return data
    return _join_limited((_brotli_then_junk if name == "br" else _pieces_of_deflate)(data, flags), limit)


def _is_plain(data: bytes) -> bool:
    """True for text. No coded stream of any length is free of control characters."""
    return len(data.translate(None, _CONTROL_BYTES)) == len(data)


def _join_limited(pieces: Pieces, limit: int) -> bytes:
    out = BytesIO()  # returns its buffer without a copy, unlike a list or bytearray
    for piece in pieces:
        if out.tell() + len(piece) > limit:
            raise _TooLarge
        out.write(piece)
    return out.getvalue()


def _pieces_of_gzip(data: bytes, flags: list[str]) -> Pieces:
    position = 0
    while data.startswith(_GZIP_MAGIC, position):
        position = yield from _inflate(zlib.decompressobj(_GZIP), data, position)
    _check_trailing(data[position:], _GZIP_MAGIC, flags)


def _pieces_of_deflate(data: bytes, flags: list[str]) -> Pieces:
    stream = zlib.decompressobj(_ZLIB if _has_zlib_header(data) else _RAW)
    position = yield from _inflate(stream, data, 0)
    _check_trailing(data[position:], (), flags)


def _inflate(stream: zlib._Decompress, data: bytes, position: int) -> Generator[bytes, None, int]:
    """Yield decompressed pieces of ``data`` from ``position`` to the end mark, and return the position behind it.

    Data is fed in pieces, because zlib copies all input it could not yet consume, each time.
    """
    rest = b""
    while not stream.eof:
        if not rest:
            rest = data[position : position + _PIECE_SIZE]
            position += len(rest)
        piece = stream.decompress(rest, _PIECE_SIZE)
        if not piece and not rest:
            raise _Truncated
        rest = stream.unconsumed_tail
        yield piece
    return position - len(stream.unused_data)


def _has_zlib_header(data: bytes) -> bool:
    """True for RFC 1950: method 8 in the low nibble, and the first two bytes a multiple of 31."""
    return len(data) > 1 and data[0] & 15 == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0


def _pieces_of_brotli(data: bytes, _flags: list[str]) -> Pieces:
    yield from _decode_brotli(iter((data,)))


def _brotli_then_junk(data: bytes, flags: list[str]) -> Pieces:
    """Decode brotli with trailing bytes, for which brotli reports the whole stream as broken.

    The last KiB is fed byte by byte, to find the end of the stream.
    """
    safe_length = max(len(data) - _MAX_JUNK, 0)
    rest = iter(range(safe_length, len(data)))
    yield from _decode_brotli(chain((data[:safe_length],), (data[position : position + 1] for position in rest)))
    junk = data[next(rest, len(data)) :]
    if junk.strip(b"\0") and not _is_plain(junk):
        raise brotli.error("the brotli body is damaged")
    flags.append("trailing-junk")


def _decode_brotli(parts: Pieces) -> Pieces:
    stream = brotli.Decompressor()
    for part in parts:
        yield stream.process(part, output_buffer_limit=_PIECE_SIZE)
        while not (stream.is_finished() or stream.can_accept_more_data()):
            yield stream.process(b"", output_buffer_limit=_PIECE_SIZE)
        if stream.is_finished():
            return
    raise _Truncated


def _pieces_of_zstd(data: bytes, flags: list[str]) -> Pieces:
    while data.startswith(_ZSTD_MAGIC):
        frame = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
        while not frame.eof:
            yield frame.decompress(data, _PIECE_SIZE)
            data = b""
            if frame.needs_input and not frame.eof:
                raise _Truncated
        data = frame.unused_data
    _check_trailing(data, _ZSTD_MAGIC, flags)


def _check_trailing(data: bytes, magic: tuple[bytes, ...], flags: list[str]) -> None:
    """Check the bytes behind the last complete member. The beginning of another one means that the body is truncated.

    Zeros are ignored: they are the padding of a tape block.
    """
    if data and any(prefix.startswith(data) for prefix in magic):
        raise _Truncated
    if data.strip(b"\0"):
        flags.append("trailing-junk")


_CODINGS: dict[str, Callable[[bytes, list[str]], Pieces]] = {
    "gzip": _pieces_of_gzip,
    "x-gzip": _pieces_of_gzip,
    "deflate": _pieces_of_deflate,
    "br": _pieces_of_brotli,
    "zstd": _pieces_of_zstd,
}
_MAGIC = {"gzip": _GZIP_MAGIC, "x-gzip": _GZIP_MAGIC, "zstd": _ZSTD_MAGIC}
