"""Hostile pages by name: the ways in which servers misbehave, all of which the fetcher has to survive."""

from __future__ import annotations

import asyncio
import gzip
import struct
import zlib
from functools import cache
from typing import TYPE_CHECKING

import brotli

from tests.replies import HTML, Asked, Behaviour, Say, page, raw, redirect

try:
    from compression import zstd
except ImportError:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LONG = HTML + b"".join(b"<p>Line %d of a page that is long enough to be cut in the middle.</p>" % n for n in range(400))
OK = "HTTP/1.1 200 OK\nContent-Type: text/html"
CHUNKED = f"{OK}\nTransfer-Encoding: chunked"
BOMB_BYTES = 400_000_000
SLOW = 0.1


def coded(body: bytes, coding: str, content_type: str = "text/html; charset=utf-8") -> Say:
    """Return a page with ``body`` unchanged, declared to be in content ``coding``."""
    return page(body, Content_Type=content_type, Content_Encoding=coding)


def chunked(body: bytes) -> bytes:
    """Return ``body`` as one chunk."""
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


@cache
def gzip_bomb() -> bytes:
    """400 MB of zeros in about 390 kB: one stream whose block of ten million is written once and repeated."""
    zeros = bytes(10_000_000)
    times = BOMB_BYTES // len(zeros)
    squeeze = zlib.compressobj(9, wbits=-15)
    block = squeeze.compress(zeros) + squeeze.flush(zlib.Z_FULL_FLUSH)
    check = 0
    for _ in range(times):
        check = zlib.crc32(zeros, check)
    trailer = struct.pack("<II", check, BOMB_BYTES)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + block * times + squeeze.flush() + trailer


@cache
def brotli_bomb() -> bytes:
    """400 MB of zeros in about 300 B."""
    squeeze = brotli.Compressor(quality=5)
    zeros = bytes(10_000_000)
    return b"".join(squeeze.process(zeros) for _ in range(BOMB_BYTES // len(zeros))) + squeeze.finish()


@cache
def zstd_bomb() -> bytes:
    """400 MB of zeros in about 13 kB."""
    squeeze = zstd.ZstdCompressor()
    zeros = bytes(10_000_000)
    return b"".join(squeeze.compress(zeros) for _ in range(BOMB_BYTES // len(zeros))) + squeeze.flush()


def _raw_deflate(body: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(body) + squeeze.flush()


async def _drip_body(_request: Asked) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    while True:
        await asyncio.sleep(SLOW)
        yield b"x"


async def _drip_headers(_request: Asked) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        await asyncio.sleep(SLOW)
        yield b"X-More: yes\r\n"


async def _early_hints(_request: Asked) -> AsyncIterator[bytes]:
    while True:
        await asyncio.sleep(0.001)
        yield b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"


async def _hints_flood(_request: Asked) -> AsyncIterator[bytes]:
    while True:
        yield b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" * 1000


async def _endless_body(_request: Asked) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    while True:
        yield b"<p>and another</p>" * 4000


async def _endless_headers(_request: Asked) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"X-More: yes\r\n" * 1000


def _hop(request: Asked) -> Say:
    left = int(request.target.partition("?")[2])
    return redirect(f"/hop?{left - 1}") if left else page()


def _validated(request: Asked) -> Say:
    if request.headers.get("if-none-match") == '"v1"':
        return raw('HTTP/1.1 304 Not Modified\nETag: "v1"', then="keep")
    return page(ETag='"v1"', Last_Modified="Mon, 02 Nov 2026 10:00:00 GMT")


def _not_modified_with_length(request: Asked) -> Say:
    return (
        raw("HTTP/1.1 304 Not Modified\nContent-Length: 500", then="keep")
        if "if-none-match" in request.headers
        else page()
    )


def _not_modified_once(request: Asked) -> Say:
    """Answer like a cache that mixes up its clients, until a request bypasses it."""
    if request.headers.get("cache-control") == "no-cache":
        return page()
    return raw("HTTP/1.1 304 Not Modified", then="keep")


def _edited_under_one_etag(request: Asked) -> Say:
    if "if-none-match" in request.headers:
        return raw('HTTP/1.1 304 Not Modified\nETag: "same"', then="keep")
    return page(HTML.replace(b"Monday", b"Friday"), ETag='"same"')


def _gzip_bomb(_request: Asked) -> Say:
    return coded(gzip_bomb(), "gzip")


def _double_bomb(_request: Asked) -> Say:
    return coded(gzip.compress(gzip_bomb()), "gzip, gzip")


def _brotli_bomb(_request: Asked) -> Say:
    return coded(brotli_bomb(), "br")


def _zstd_bomb(_request: Asked) -> Say:
    return coded(zstd_bomb(), "zstd")


GZIPPED = gzip.compress(LONG)
UMLAUT = "<p>Die Brücke über den Fluß ist gesperrt, sagte die Behörde.</p>"

FRAMING: dict[str, Behaviour] = {
    "/page": page(),
    "/validated": _validated,
    "/length-too-long": raw(f"{OK}\nContent-Length: 9999", HTML),
    "/length-too-short": raw(f"{OK}\nContent-Length: 20", HTML, then="keep"),
    "/length-twice": raw(f"{OK}\nContent-Length: {len(HTML)}\nContent-Length: {len(HTML)}", HTML),
    "/length-two-minds": raw(f"{OK}\nContent-Length: {len(HTML)}\nContent-Length: 7", HTML),
    "/length-negative": raw(f"{OK}\nContent-Length: -5", HTML),
    "/length-and-chunked": raw(f"{CHUNKED}\nContent-Length: 3", b"5\r\nhello\r\n0\r\n\r\n"),
    "/length-none": raw(OK, HTML),
    "/chunk-missing-last": raw(CHUNKED, b"5\r\nhello\r\n"),
    "/chunk-too-short": raw(CHUNKED, b"50\r\nhello\r\n0\r\n\r\n"),
    "/chunk-not-hex": raw(CHUNKED, b"zz\r\nhello\r\n0\r\n\r\n", then="hang"),
    "/chunk-enormous": raw(CHUNKED, b"ffffffffffffffff\r\nhello"),
    "/transfer-gzip": raw(f"{OK}\nTransfer-Encoding: gzip, chunked", chunked(gzip.compress(HTML))),
    "/body-endless": _endless_body,
    "/headers-endless": _endless_headers,
    "/header-huge": page(X_Huge="y" * 1_000_000),
    "/headers-many": page(**{f"X-{n}": "y" for n in range(5000)}),
    "/cookies-many": raw("\n".join([OK, *(f"Set-Cookie: c{n}={n}; Path=/" for n in range(2000))]), HTML),
    "/headers-drip": _drip_headers,
    "/hints-endless": _early_hints,
    "/hints-flood": _hints_flood,
    "/body-drip": _drip_body,
    "/silent": Say(b"", then="hang"),
    "/reset-at-once": Say(b"", then="reset"),
    "/reset-in-body": raw(f"{OK}\nContent-Length: 9999", HTML, then="reset"),
    "/empty-reply": Say(b""),
    "/header-cut": Say(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "/tls-bytes": Say(b"\x15\x03\x01\x00\x02\x02\x28"),
    "/http-0-9": Say(HTML),
    "/icy": Say(b"ICY 200 OK\r\n\r\n" + HTML),
    "/http-2-line": Say(b"HTTP/2 200\r\n\r\n" + HTML),
    "/status-000": Say(b"HTTP/1.1 000 Nothing\r\n\r\n"),
    "/status-20": Say(b"HTTP/1.1 20 Short\r\n\r\n"),
    "/status-999": page(status="999 Request denied"),
    "/no-reason": page(status="200"),
    "/bare-lf": Say(b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n" + HTML),
    "/folded-header": raw(f"{OK}\nX-Long: one\n  two", HTML),
    "/space-before-colon": raw(f"{OK}\nX-Odd : yes", HTML),
    "/no-colon": raw(f"{OK}\nnonsense", HTML),
    "/nul-in-header": raw(f"{OK}\nX-Odd: a\0b", HTML),
    "/latin-1-header": raw(f"{OK}\nX-Odd: caf\xe9\nContent-Length: {len(HTML)}", HTML),
    "/utf-8-header": raw(f"{OK}\nX-Odd: caf\xc3\xa9\nContent-Length: {len(HTML)}", HTML, then="keep"),
    "/no-content": raw("HTTP/1.1 204 No Content", b"ghost"),
    "/reset-content": raw("HTTP/1.1 205 Reset Content\nContent-Length: 0", then="keep"),
    "/partial": page(status="206 Partial Content"),
    "/switching": raw("HTTP/1.1 101 Switching Protocols\nUpgrade: dance"),
    "/not-modified-unasked": raw("HTTP/1.1 304 Not Modified", then="keep"),
    "/not-modified-once": _not_modified_once,
    "/not-modified-with-length": _not_modified_with_length,
    "/edited-under-one-etag": _edited_under_one_etag,
}

CODINGS: dict[str, Behaviour] = {
    "/gzip": coded(GZIPPED, "gzip"),
    "/x-gzip": coded(GZIPPED, "X-GZip"),
    "/gzip-cut": coded(GZIPPED[: len(GZIPPED) // 2], "gzip"),
    "/gzip-cut-trailer": coded(GZIPPED[:-4], "gzip"),
    "/gzip-crc": coded(GZIPPED[:-8] + b"\0\0\0\0" + GZIPPED[-4:], "gzip"),
    "/gzip-junk": coded(GZIPPED + b"<!-- cached -->", "gzip"),
    "/gzip-members": coded(gzip.compress(LONG[:1000]) + gzip.compress(LONG[1000:]), "gzip"),
    "/gzip-plain": coded(LONG, "gzip"),
    "/gzip-empty": coded(b"", "gzip"),
    "/gzip-twice": coded(gzip.compress(GZIPPED), "gzip, gzip"),
    "/gzip-twice-undeclared": coded(gzip.compress(GZIPPED), "gzip"),
    "/gzip-thrice-undeclared": coded(gzip.compress(gzip.compress(GZIPPED)), "gzip"),
    "/gzip-undeclared-cut": page(GZIPPED[:-4]),
    "/coding-unknown": coded(LONG, "UTF-8"),
    "/deflate-zlib": coded(zlib.compress(LONG), "deflate"),
    "/deflate-raw": coded(_raw_deflate(LONG), "deflate"),
    "/deflate-cut": coded(zlib.compress(LONG)[:-9], "deflate"),
    "/brotli": coded(brotli.compress(LONG), "br"),
    "/brotli-junk": coded(brotli.compress(LONG) + b"<!-- cached -->", "br"),
    "/brotli-plain": coded(LONG, "br"),
    "/deflate-plain": coded(LONG, "deflate"),
    "/brotli-cut": coded(brotli.compress(LONG)[:-20], "br"),
    "/zstd": coded(zstd.compress(LONG), "zstd"),
    "/zstd-frames": coded(zstd.compress(LONG[:1000]) + zstd.compress(LONG[1000:]), "zstd"),
    "/zstd-cut": coded(zstd.compress(LONG)[:-20], "zstd"),
    "/bomb-gzip": _gzip_bomb,
    "/bomb-gzip-twice": _double_bomb,
    "/bomb-brotli": _brotli_bomb,
    "/bomb-zstd": _zstd_bomb,
    "/codings-many": coded(LONG, ", ".join(["gzip"] * 1000)),
}

TEXTS: dict[str, Behaviour] = {
    "/charset-utf-8": page(UMLAUT.encode()),
    "/charset-lie": page(UMLAUT.encode(), Content_Type="text/html; charset=iso-8859-1"),
    "/charset-lie-western": page(UMLAUT.encode("cp1252"), Content_Type="text/html; charset=utf-8"),
    "/charset-meta": page(b"<meta charset=koi8-r>" + "Москва".encode("koi8-r"), Content_Type="text/html"),
    "/charset-none": page(UMLAUT.encode("cp1252"), Content_Type="text/html"),
    "/charset-bom": page(b"\xef\xbb\xbf" + UMLAUT.encode(), Content_Type="text/html; charset=koi8-r"),
    **{
        f"/charset-{codec}": page(UMLAUT.encode(), Content_Type=f"text/html; charset={codec}")
        for codec in ("zlib", "rot13", "hex", "idna", "undefined", "unicode_escape")
    },
    "/image": page(b"\x89PNG\r\n\x1a\n", Content_Type="image/png"),
    "/untyped": page(UMLAUT.encode(), Content_Type=""),
    "/octets": page(UMLAUT.encode(), Content_Type="application/octet-stream"),
    "/pdf-as-html": page(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3"),
    "/image-as-html": page(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    "/json-as-html": page(b'{"headline": "Harbour opens", "body": ["The harbour of Velmora opens on Monday."]}'),
}

REDIRECTS: dict[str, Behaviour] = {
    "/moved": redirect("/page", "301 Moved Permanently"),
    "/hop": _hop,
    "/loop": redirect("/loop"),
    "/ping": redirect("/pong"),
    "/pong": redirect("/ping"),
    "/to-nowhere": redirect(" "),
    "/no-location": page(status="302 Found"),
    "/two-locations": raw("HTTP/1.1 302 Found\nLocation: /page\nLocation: /gzip\nContent-Length: 0"),
    "/to-file": redirect("file:///etc/passwd"),
    "/to-ftp": redirect("ftp://ftp.example/pub"),
    "/to-gopher": redirect("gopher://gopher.example/1"),
    "/to-data": redirect("data:text/html,hello"),
    "/to-javascript": redirect("javascript:alert(1)"),
    "/to-user": redirect("http://user:secret@127.0.0.1/"),
    "/to-backslashes": redirect("http:\\\\daily.example\\page"),
    "/to-port": redirect("http://127.0.0.1:99999/"),
    "/to-empty-host": redirect("http:///page"),
    "/to-dots": redirect("http://a..b/"),
    "/to-punycode": redirect("http://xn--a/"),
    "/to-snowman": redirect("http://\u2603.example/page"),
    "/to-label": redirect(f"http://{'a' * 64}.example/"),
    "/to-long": redirect("/" + "a" * 100_000),
    "/to-utf-8": redirect("/caf\u00e9"),
    "/caf%C3%A9": page(),
    "/to-hexadecimal": redirect("http://0x7f000001/"),
    "/to-decimal": redirect("http://2130706433/"),
    "/to-short": redirect("http://127.1/"),
    "/to-mapped": redirect("http://[::ffff:127.0.0.1]/"),
    "/to-metadata": redirect("http://169.254.169.254/latest/meta-data/"),
    "/to-private": redirect("http://10.0.0.1/"),
    "/to-unique-local": redirect("http://[fd00::1]/"),
    "/to-6to4": redirect("http://[2002:7f00:1::1]/"),
    "/to-multicast": redirect("http://224.0.0.1/"),
    "/to-nat64": redirect("http://[64:ff9b::7f00:1]/"),
}

_ERRORS = (400, 401, 403, 404, 410, 418, 451, 500)
STATUSES: dict[str, Behaviour] = {f"/status-{code}": page(b"<h1>No</h1>", status=f"{code} No") for code in _ERRORS}
STATUSES["/busy"] = page(b"<h1>Later</h1>", status="503 Service Unavailable", Retry_After="120")
STATUSES["/too-many"] = page(b"<h1>Slow down</h1>", status="429 Too Many Requests", Retry_After="120")

BEHAVIOURS: dict[str, Behaviour] = FRAMING | CODINGS | TEXTS | REDIRECTS | STATUSES
