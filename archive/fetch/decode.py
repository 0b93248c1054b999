"""From the wire to the entity: content codings undone within bounds, and only if they end where they should.

Ready-made clients hand on a page cut in the middle of its gzip or brotli stream without a word, lose every gzip member
but the first, and inflate a whole network chunk before anyone can say stop. An archive would record the first two as
edits.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's wbits for the three framings
_IDENTITY = frozenset({"", "identity", "none"})

Pieces: TypeAlias = Iterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The entity, or why there is none: ``reason`` None means ``payload`` is whole."""

    payload: bytes
    reason: Reason | None = None
    detail: str = ""
    flags: tuple[str, ...] = ()


class _Cut(Exception):
    """The coded stream ends before its own end mark."""


class _TooLarge(Exception):
    """The entity grows beyond what is allowed."""


def decode_body(wire: bytes, codings: tuple[str, ...], *, max_payload: int) -> Decoded:
    """Undo the content ``codings`` (header values, in header order) of a whole ``wire`` body.

    Knows gzip and x-gzip (all members), deflate (zlib and raw), br and zstd (all frames). A coding nobody knows, and
    gzip or zstd claimed for what is not, count as identity with a flag. On failure ``payload`` is ``wire`` untouched.
    Holds at most ``max_payload`` bytes more than the body itself at each layer.
    """
    named = [name.strip().lower() for value in codings for name in value.split(",")]
    if len(named) > _MOST_CODINGS:
        return Decoded(payload=wire, reason=Reason.PROTOCOL, detail=f"{len(named)} content codings")
    flags: list[str] = []
    limit = min(max_payload, max(_RATIO_FROM, _RATIO * len(wire)))
    try:
        payload = wire
        for name in reversed(named):
            payload = _undo(name, payload, limit, flags)
    except _Cut as error:
        return Decoded(payload=wire, reason=Reason.TRUNCATED, detail=str(error), flags=tuple(flags))
    except _TooLarge:
        return Decoded(
            payload=wire, reason=Reason.TOO_LARGE, detail=f"decodes to over {limit} bytes", flags=tuple(flags)
        )
    except (zlib.error, brotli.error, zstd.ZstdError) as error:
        return Decoded(payload=wire, reason=Reason.DECODE, detail=str(error), flags=tuple(flags))
    return Decoded(payload=payload, flags=tuple(flags))


def unzip(data: bytes, *, limit: int) -> bytes | None:
    """Undo gzip around ``data`` if there is one and it is whole and within ``limit`` bytes; None otherwise."""
    decoded = decode_body(data, ("gzip",), max_payload=limit) if data.startswith(_GZIP_MAGIC) else None
    return decoded.payload if decoded and decoded.reason is None else None


def _undo(name: str, data: bytes, limit: int, flags: list[str]) -> bytes:
    if name in _IDENTITY or not data:
        return data
    pieces = _CODINGS.get(name)
    if pieces is None:
        flags.append("unknown-coding")
        return data
    if name in _MAGIC and not data.startswith(_MAGIC[name][: len(data)]):
        flags.append("not-as-coded")
        return data
    out = bytearray()
    for piece in pieces(data, flags):
        out += piece
        if len(out) > limit:
            raise _TooLarge
    return bytes(out)


def _gzip(data: bytes, flags: list[str]) -> Pieces:
    while data.startswith(_GZIP_MAGIC):
        member = zlib.decompressobj(_GZIP)
        yield from _inflate(member, data)
        data = member.unused_data
    if data.strip(b"\0"):  # zeros pad the last block of a tape, and some servers still do
        flags.append("trailing-junk")


def _deflate(data: bytes, flags: list[str]) -> Pieces:
    stream = zlib.decompressobj(_ZLIB if _has_zlib_header(data) else _RAW)
    yield from _inflate(stream, data)
    if stream.unused_data:
        flags.append("trailing-junk")


def _inflate(stream: zlib._Decompress, data: bytes) -> Pieces:
    while not stream.eof:
        piece = stream.decompress(data, _PIECE)
        data = stream.unconsumed_tail
        yield piece
        if not piece and not data and not stream.eof:
            raise _Cut("the compressed body ends before its end mark")


def _has_zlib_header(data: bytes) -> bool:
    """RFC 1950: method 8 in the low nibble, and the first two bytes a multiple of 31."""
    return len(data) > 1 and data[0] & 15 == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0


def _brotli(data: bytes, flags: list[str]) -> Pieces:
    stream = brotli.Decompressor()
    yield stream.process(data, output_buffer_limit=_PIECE)
    while not stream.is_finished():
        if stream.can_accept_more_data():
            raise _Cut("the brotli body ends before its end mark")
        yield stream.process(b"", output_buffer_limit=_PIECE)
    del flags  # brotli keeps what follows its end to itself


def _zstd(data: bytes, flags: list[str]) -> Pieces:
    while data.startswith(_ZSTD_MAGIC):
        frame = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
        while not frame.eof:
            yield frame.decompress(data, _PIECE)
            data = b""
            if frame.needs_input and not frame.eof:
                raise _Cut("the zstd body ends before its end mark")
        data = frame.unused_data
    if data:
        flags.append("trailing-junk")


_CODINGS: dict[str, Callable[[bytes, list[str]], Pieces]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
_MAGIC = {"gzip": _GZIP_MAGIC, "x-gzip": _GZIP_MAGIC, "zstd": _ZSTD_MAGIC}
