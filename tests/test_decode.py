"""From the wire to the entity: whole or not at all, and never more than allowed."""

from __future__ import annotations

import gzip
import subprocess
import sys
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.fetch.charset import charset_of, is_text
from archive.fetch.decode import decode_body, unzip
from db.records import Reason
from tests.misbehaviour import LONG, brotli_bomb, gzip_bomb, zstd, zstd_bomb

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
def test_every_coding_gives_back_the_page(coding: str) -> None:
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


def test_codings_are_undone_from_the_last_to_the_first() -> None:
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
def test_bombs_are_refused(coding: str, bomb: object) -> None:
    assert callable(bomb)
    wire = bomb()
    decoded = decode_body(wire, (coding,), max_payload=LIMIT)
    assert decoded.reason is Reason.TOO_LARGE
    assert decoded.payload == wire


@pytest.mark.parametrize(("coding", "bomb"), [("gzip", gzip_bomb), ("br", brotli_bomb), ("zstd", zstd_bomb)])
def test_bombs_take_less_than_30_mib(coding: str, bomb: object) -> None:
    assert callable(bomb)
    child = (
        "import resource, sys; from archive.fetch.decode import decode_body; wire = sys.stdin.buffer.read();"
        "decode_body(wire[:0], (sys.argv[1],), max_payload=1);"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "decode_body(wire, (sys.argv[1],), max_payload=20 << 20);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    grown = subprocess.run([sys.executable, "-c", child, coding], input=bomb(), capture_output=True, check=True)
    assert int(grown.stdout) < 30 * 1024  # ru_maxrss counts KiB


@given(st.binary(max_size=400), st.lists(st.sampled_from([*CODERS, "identity", "compress", ""]), max_size=6))
def test_any_bytes_in_any_coding_give_a_value(wire: bytes, codings: list[str]) -> None:
    decoded = decode_body(wire, tuple(codings), max_payload=4096)
    assert decoded.reason is None or decoded.payload == wire


def test_unzip_wants_a_whole_gzip() -> None:
    assert unzip(gzip.compress(LONG), limit=LIMIT) == LONG
    assert unzip(gzip.compress(LONG)[:-1], limit=LIMIT) is None
    assert unzip(LONG, limit=LIMIT) is None


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
    assert charset_of(content_type, body) == (name, flags)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30), st.binary(max_size=200))
def test_the_encoding_found_can_always_be_used(name: str, body: bytes) -> None:
    used, _ = charset_of(f"text/html; charset={name}", body)
    assert isinstance(body.decode(used, "replace"), str)


def test_only_text_has_an_encoding() -> None:
    assert is_text("text/html; charset=utf-8", b"")
    assert is_text("application/rss+xml", b"")
    assert is_text("", b"  <html>")
    assert not is_text("", b"\x89PNG")
    assert not is_text("application/pdf", b"<html>")
    assert not is_text("application/octet-stream", b"<html>")
