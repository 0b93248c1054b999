"""Content decoding and charsets: complete or an error, and never more than the limit."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.formats.charset import detect_charset
from archive.formats.content_coding import decode_body, unchunk
from archive.formats.media_type import is_text
from db.records import Reason
from tests.misbehaviour import LONG, brotli_bomb, gzip_bomb, zstd, zstd_bomb

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 1 << 20
LIMIT = 20 * MIB
CODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("coding", CODERS)
def test_every_coding_decodes_to_the_page(coding: str) -> None:
    decoded = decode_body(CODERS[coding](LONG), (coding.upper(),), max_payload=LIMIT)
    assert decoded.payload == LONG
    assert decoded.reason is None
    assert decoded.flags == ()


@pytest.mark.parametrize("coding", CODERS)
def test_a_cut_at_any_place_is_never_taken_for_a_page(coding: str) -> None:
    wire = CODERS[coding](LONG)
    for length in range(4, len(wire), 7):
        decoded = decode_body(wire[:length], (coding,), max_payload=LIMIT)
        assert decoded.reason in {Reason.TRUNCATED, Reason.DECODE}, length
        assert decoded.payload == wire[:length]


def test_the_last_byte_counts() -> None:
    for coding, coder in CODERS.items():
        decoded = decode_body(coder(LONG)[:-1], (coding,), max_payload=LIMIT)
        assert decoded.reason is Reason.TRUNCATED, coding


def test_codings_are_decoded_from_the_last_to_the_first() -> None:
    wire = brotli.compress(gzip.compress(LONG))
    assert decode_body(wire, ("gzip", "br"), max_payload=LIMIT).payload == LONG
    assert decode_body(wire, ("gzip, br",), max_payload=LIMIT).payload == LONG


def test_six_codings_are_too_many() -> None:
    assert decode_body(LONG, ("identity," * 5 + "gzip",), max_payload=LIMIT).reason is Reason.PROTOCOL


def test_padding_after_the_end_is_no_junk() -> None:
    assert decode_body(gzip.compress(LONG) + bytes(512), ("gzip",), max_payload=LIMIT).flags == ()


def test_a_page_of_exactly_the_limit_is_allowed() -> None:
    wire = gzip.compress(bytes(range(256)) * 40)
    assert decode_body(wire, ("gzip",), max_payload=10_240).reason is None
    assert decode_body(wire, ("gzip",), max_payload=10_239).reason is Reason.TOO_LARGE


@pytest.mark.parametrize(("coding", "bomb"), [("gzip", gzip_bomb), ("br", brotli_bomb), ("zstd", zstd_bomb)])
def test_bombs_are_refused(coding: str, bomb: Callable[[], bytes]) -> None:
    decoded = decode_body(bomb(), (coding,), max_payload=LIMIT)
    assert decoded.reason is Reason.TOO_LARGE
    assert decoded.payload == bomb()


def test_no_body_becomes_two_hundred_times_itself() -> None:
    wire = gzip.compress(bytes(8 * MIB))
    decoded = decode_body(wire, ("gzip",), max_payload=LIMIT)
    assert len(wire) * 200 < 8 * MIB
    assert decoded.reason is Reason.TOO_LARGE


def test_decoding_the_largest_page_takes_little_more_memory() -> None:
    page = random.Random(7).randbytes(10 * MIB)
    wire = gzip.compress(page, 1)
    tracemalloc.start()
    decoded = decode_body(wire, ("gzip",), max_payload=LIMIT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert decoded.payload == page
    assert peak < 13 * MIB


@given(st.binary(max_size=400), st.lists(st.sampled_from([*CODERS, "identity", "compress", ""]), max_size=6))
def test_any_bytes_in_any_coding_give_a_value(wire: bytes, codings: list[str]) -> None:
    decoded = decode_body(wire, tuple(codings), max_payload=4096)
    assert decoded.reason is None or decoded.payload == wire


# --- any chain, cut anywhere -----------------------------------------------------------------------------------------


def _raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


def _padded_zstd(data: bytes) -> bytes:
    skippable_frame = b"\x50\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"pad"
    return skippable_frame + zstd.compress(data) + skippable_frame


ONE_PIECE = {**CODERS, "raw deflate": _raw_deflate, "padded zstd": _padded_zstd}
NAMES = {"raw deflate": "deflate", "padded zstd": "zstd"}
MAY_REPEAT = frozenset({"gzip", "x-gzip", "zstd", "padded zstd"})  # members and frames


def encoded(data: bytes, coding: str, cuts: list[int]) -> bytes:
    """Encode ``data``, split at ``cuts`` into several members or frames if the coding allows."""
    positions = sorted({cut % (len(data) + 1) for cut in cuts}) if coding in MAY_REPEAT else []
    pieces = (data[start:end] for start, end in pairwise([0, *positions, len(data)]))
    return b"".join(map(ONE_PIECE[coding], pieces))


pages = st.binary(max_size=300) | st.text(max_size=200).map(str.encode) | st.just(LONG)
chains = st.lists(
    st.tuples(st.sampled_from(list(ONE_PIECE)), st.lists(st.integers(0, 1 << 20), max_size=3)), min_size=1, max_size=5
)


def travel(data: bytes, chain: list[tuple[str, list[int]]]) -> tuple[bytes, tuple[str, ...]]:
    for coding, cuts in chain:
        data = encoded(data, coding, cuts)
    return data, (", ".join(NAMES.get(coding, coding) for coding, _ in chain),)


@given(pages, chains)
def test_any_chain_of_codings_in_any_pieces_decodes_to_the_page(
    data: bytes, chain: list[tuple[str, list[int]]]
) -> None:
    wire, header = travel(data, chain)
    decoded = decode_body(wire, header, max_payload=LIMIT)
    assert (decoded.payload, decoded.reason, decoded.flags) == (data, None, ())


@given(pages, chains.map(lambda chain: [(coding, []) for coding, _ in chain]), st.integers(1, 1 << 30))
def test_no_cut_is_ever_a_whole_page(data: bytes, chain: list[tuple[str, list[int]]], position: int) -> None:
    wire, header = travel(data, chain)
    cut = wire[: 1 + position % (len(wire) - 1)] if len(wire) > 1 else wire
    decoded = decode_body(cut, header, max_payload=LIMIT)
    if cut == wire or (chain[-1][0] == "padded zstd" and decoded.reason is None):
        return  # a cut between two frames is a shorter valid stream, only the framing could tell
    assert decoded.reason in {Reason.TRUNCATED, Reason.DECODE}
    assert decoded.payload == cut


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5), st.data())
def test_chunks_are_decoded_whole_or_not_at_all(chunks: list[bytes], data: st.DataObject) -> None:
    wire = b"".join(b"%X;x=1\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    assert unchunk(wire).payload == b"".join(chunks)
    assert unchunk(wire).reason is None
    cut = wire[: data.draw(st.integers(1, len(wire)))]
    decoded = unchunk(cut)
    assert decoded.payload in {b"".join(chunks), cut}
    assert decoded.reason in {None, Reason.TRUNCATED}
    assert decoded.reason is None or decoded.payload == cut


def test_a_body_that_is_not_chunked_is_unchanged() -> None:
    assert unchunk(LONG).flags == ("not-as-chunked",)
    assert unchunk(LONG).payload == LONG


@pytest.mark.parametrize("junk", [b"<!-- cached -->", b"\r\n", b"x" * 900])
@pytest.mark.parametrize("coding", CODERS)
def test_text_behind_the_end_is_flagged(coding: str, junk: bytes) -> None:
    decoded = decode_body(CODERS[coding](LONG) + junk, (coding,), max_payload=LIMIT)
    assert (decoded.payload, decoded.reason, decoded.flags) == (LONG, None, ("trailing-junk",))


@pytest.mark.parametrize("coding", CODERS)
def test_plain_markup_under_any_coding_is_flagged(coding: str) -> None:
    decoded = decode_body(LONG, (coding,), max_payload=LIMIT)
    assert (decoded.payload, decoded.reason, decoded.flags) == (LONG, None, ("not-as-coded",))


def test_an_incomplete_further_frame_is_truncated() -> None:
    for coding, start in (("gzip", b"\x1f"), ("zstd", b"\x28\xb5\x2f")):
        assert decode_body(CODERS[coding](LONG) + start, (coding,), max_payload=LIMIT).reason is Reason.TRUNCATED


# --- character encodings ---------------------------------------------------------------------------------------------


CHARSETS = [
    ("text/html", "<p>Zürich".encode(), "utf-8", ()),
    ("text/html", "<p>Zürich".encode("cp1252"), "cp1252", ()),
    ("text/html; charset=latin-1", "<p>Zürich".encode("cp1252"), "cp1252", ()),
    ("text/html; charset=iso-8859-1", "<p>Zürich".encode(), "utf-8", ("charset-lie",)),
    ("text/html; charset=utf-8", "<p>Zürich, Köln".encode("cp1252"), "cp1252", ("charset-lie",)),
    ("text/html; charset=utf-8", "<p>Zürich, Köln, Düren".encode() + b"\xff", "utf-8", ("charset-broken",)),
    ("text/html; charset=gbk", "港口星期一开放".encode("gbk"), "gb18030", ()),
    ("text/html; charset=windows-1251", "Москва".encode("cp1251"), "cp1251", ()),
    ("text/html; charset=koi8-r", b"\xef\xbb\xbf" + "Москва".encode(), "utf-8", ()),
    ("text/html", b"<meta charset=windows-1251>" + "Москва".encode("cp1251"), "cp1251", ()),
    ("text/html", b"<meta charset=utf-16><p>x", "utf-8", ()),
    ("text/html; charset=utf-16", "<p>x</p>".encode("utf-16-le"), "utf-16-le", ()),
    ("text/html; charset=utf-16", "<p>x</p>".encode("utf-16"), "utf-16-le", ()),
    *(
        (f"text/html; charset={name}", "<p>Zürich".encode(), "utf-8", ("charset-unknown",))
        for name in ("zlib", "rot13", "hex", "undefined", "unicode_escape", "idna", "punycode", "nonsense")
    ),
]


@pytest.mark.parametrize(("content_type", "body", "name", "flags"), CHARSETS)
def test_the_encoding_is_the_one_the_bytes_are_in(content_type: str, body: bytes, name: str, flags: object) -> None:
    assert detect_charset(content_type, body) == (name, flags)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30), st.binary(max_size=200))
def test_the_detected_charset_is_always_known_to_python(name: str, body: bytes) -> None:
    charset, _ = detect_charset(f"text/html; charset={name}", body)
    assert isinstance(body.decode(charset, "replace"), str)


def test_only_text_has_an_encoding() -> None:
    assert is_text("text/html; charset=utf-8", b"")
    assert is_text("application/rss+xml", b"")
    assert is_text("", b"  <html>")
    assert not is_text("", b"\x89PNG")
    assert not is_text("application/pdf", b"<html>")
    assert is_text("application/octet-stream", b"<html>")
    assert not is_text("application/octet-stream", b"PK")
