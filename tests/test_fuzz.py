"""Fuzzing: every parser of a stranger's bytes gets mutated documents, and only documented exceptions may leave it.

A row of `TARGETS` is a parser, the exceptions its docstring names, and well-formed documents that are mutated. Run
longer by ``make test-slow`` (ten times the examples), or by hand:
``pytest tests/test_fuzz.py --hypothesis-profile thorough``.
"""

from __future__ import annotations

import gzip
import io
import json
import plistlib
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.crawl.discover import discover
from archive.crawl.fetch.meta_refresh import refresh_target
from archive.crawl.fetch.response_head import repair_head
from archive.crawl.fetch.robots import read_robots
from archive.export.evidence import _write_zip
from archive.formats.cdx import next_query, parse_cdx
from archive.formats.evidence import corrections, recorded_pages, verifier, windows
from archive.formats.evidence.canonical_zip import Refused
from archive.formats.import_file import read_import
from archive.formats.timemap import further_timemaps, parse_timemap
from archive.seeds.parse import read_index
from archive.serve.agent_wire import repair
from archive.serve.memento.cdx_query import parse_cdx_query
from db.errors import BadInput
from db.records import Outcome, Page, SeedKind
from tests import saved_files
from tests.builders import T0

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://news.example/world/report.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A parser of bytes, its documented exceptions, and documents it accepts."""

    parse: Callable[[bytes], object]
    samples: tuple[bytes, ...]
    escapes: tuple[type[Exception], ...] = ()


def record(kind: str, body: bytes, *more: str) -> bytes:
    head = ("WARC/1.1", f"WARC-Type: {kind}", f"WARC-Record-ID: <urn:uuid:{kind}>", f"WARC-Target-URI: {URL}")
    fields = (*head, "WARC-Date: 2026-01-05T08:00:00Z", *more, f"Content-Length: {len(body)}")
    return "\r\n".join(fields).encode() + b"\r\n\r\n" + body + b"\r\n\r\n"


HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 20\r\n\r\n<p>The harbour opens"
WARC = (
    record("warcinfo", b"software: test\r\n", "Content-Type: application/warc-fields")
    + record("request", b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n", "Content-Type: application/http")
    + record("response", HTTP, "Content-Type: application/http;msgtype=response", "WARC-Concurrent-To: <urn:uuid:1>")
    + record("revisit", HTTP[:60], "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/server-not-modified")
    + record("response", HTTP[:70], "WARC-Segment-Number: 1")
    + record("continuation", HTTP[70:], "WARC-Segment-Number: 2", "WARC-Segment-Total-Length: 99")
    + record("resource", b"%PDF-1.7", "Content-Type: application/pdf")
    + record("metadata", b'wirecopy: {"outcome": {"status": 200}}\r\n', "WARC-Refers-To: <urn:uuid:response>")
)
CDXJ = b'com,example,news)/ 20260105080000 {"url": "https://news.example/", "filename": "a.warc", "offset": "0"}\n'
CDX = b" CDX N b a m s k r M S V g\ncom,example)/ 20260105080000 https://news.example/ text/html 200 AAAA - - 9 0 a\n"
CDX_TABLE = b'[["urlkey","timestamp","original"],["com,example)/","20260105","https://news.example/"],[],["com+1"]]'
TIMEMAP = (
    b'<https://news.example/>;rel="original",\n'
    b'<https://wb.example/timemap/link/https://news.example/>;rel="self timemap";type="application/link-format",\n'
    b'<https://wb.example/web/20260105080000/https://news.example/>;rel="first memento";'
    b'datetime="Mon, 05 Jan 2026 08:00:00 GMT"\n'
)
FEED = (
    b'<?xml version="1.0" encoding="utf-8"?><!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"><channel><item>'
    b'<title><![CDATA[Harbour &amp; <b>]]></title><link>https://news.example/a</link><guid isPermaLink="true">x</guid>'
    b"<pubDate>Mon, 05 Jan 2026 08:00:00 +0100</pubDate></item></channel></rss>"
)
ATOM = (
    b'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://news.example/"><entry><id>tag:x</id>'
    b'<link rel="alternate" href="b&#38;c"/><updated>2026-01-05T08:00:00Z</updated></entry></feed>'
)
JSON_FEED = (
    b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "https://a.example/a", "title": "\\ud83d"}]}'
)
SITEMAP = (
    b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://news.example/a?b=1&amp;c</loc>'
    b"<lastmod>2026-01-05</lastmod><news:title>T</news:title></url></urlset>"
)
SECTION = (
    b'<html><head><base href="/x/"><link rel="alternate" type="application/rss+xml" href="f">'
    b'<body><a href="/2026/01/a-b">T</a>'
)
ROBOTS = (
    b"\xef\xbb\xbfUser-agent: *\nDisallow: /a*$\nAllow: /\nCrawl-delay: 10s\n\n"
    b"User-agent: wirecopy\nDisallow: %E2\nSitemap: x\n"
)
INDEX = (
    b"---\nversion: 1\n---\n# Seeds\n\n## Daily\nnotify: headline, number\nevery: 15 min\n\n"
    b"| name | url | kind |\n| --- | --- | --- |\n"
    b"| daily | https://news.example/feed.xml | feed |\n| [x](https://a.example) | `https://b.example` | page |\n"
)
SAVED = b"<!-- saved from url=(0022)https://news.example/ -->\n<html><title>T</title><body><p>The harbour opens."
TEXT = b"URL: https://news.example/\nDate: 2026-01-05\n\nThe harbour opens."
JSONL = b'{"url": "https://news.example/", "captured_at": "2026-01-05T08:00:00Z", "html": "<p>x", "headers": [["a"]]}\n'
REFRESH = b'<html><head><meta http-equiv="refresh" content="0; url=\'/next?a=b\'"></head></html>'
CALL = (
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"words":"\\ud83d\\ude00"}}}'
)
QUERY = (
    b"url=*.news.example/&matchType=domain&from=2026&to=2027&filter=!status:4..&collapse=timestamp:8&fl=url&limit=-5"
)


def packed(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as pack:
        for name, content in files.items():
            pack.writestr(name.replace("__", "/").replace("_", "."), content)
    return stream.getvalue()


WACZ = packed(
    archive__data_warc=WARC,
    indexes__index_cdxj=CDXJ,
    pages__pages_jsonl=b'{"format": "json-pages-1.0"}\n{"url": "https://a.example/", "ts": "2026-01-05T08:00:00Z"}\n',
    datapackage_json=b'{"wacz_version": "1.1.1", "resources": [{"path": "archive/data.warc", "hash": "sha256:00"}]}',
)


def imported(suffix: str) -> Callable[[bytes], object]:
    """Return a parser that imports bytes as a file with a suffix."""

    def parse(content: bytes) -> object:
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"stranger{suffix}"
            path.write_bytes(content)
            return list(read_import(path, now=T0))

    return parse


def listed(kind: SeedKind, content_type: str) -> Callable[[bytes], object]:
    def parse(content: bytes) -> object:
        page = Page(payload=content, url=URL, content_type=content_type, captured_at=T0)
        return discover(page, kind)

    return parse


def answered(content: bytes) -> Outcome:
    return Outcome(
        requested_url=URL, final_url=URL, started_at=T0, finished_at=T0, status=200, payload=content,
        content_type="text/html", headers=(("Refresh", content[:200].decode("latin-1")),),
    )  # fmt: skip


def memento_list(content: bytes) -> object:
    text = content.decode("utf-8", "replace")
    return parse_timemap(text, base=URL), further_timemaps(text, base=URL)


def index_rows(content: bytes) -> object:
    page = parse_cdx(content.decode("utf-8", "replace"))
    return page and next_query("https://wb.example/cdx?url=x", page, page.rows)


def cdx_query(content: bytes) -> object:
    return parse_cdx_query(content.decode("latin-1"))


def seed_index(content: bytes) -> object:
    return read_index(content.decode("utf-8", "replace"), file="INDEX.md")


ENTRY, CLAIMS, CHECKPOINT, MEMBERS = (
    b'{"number":1,"before":"00","facts":"{\\"captured_at\\":1,\\"kind\\":\\"clock\\",\\"run\\":1}","path":["00","ff"]}\n',
    b'{"format":"wirecopy-evidence/1","versions":[{"name":"A","capture":1}],"addresses":["https://a.example/"]}',
    "a.example/log\n7\nAAAA\n\n\u2014 a.example/log AAAA\n".encode(),
    b'{"resources":[{"path":"evidence/claims.json","hash":"sha256:00","bytes":2}],"note":"x","checkpoint":"a\n1\nAA=="}',
)


def evidence(content: bytes) -> None:
    """An evidence file with this in the place of each of its members, one after the other."""
    usual = {
        recorded_pages.WARC: gzip.compress(WARC),
        verifier.ENTRIES: ENTRY,
        verifier.CHECKPOINT: CHECKPOINT,
        verifier.CLAIMS: CLAIMS,
        windows.ANCHORS: b"",
        corrections.CORRECTIONS: b"",
        "evidence/texts/A.txt": b"A text.",
    }
    last = {verifier.LIST: MEMBERS, verifier.LIST_DIGEST: MEMBERS}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file.wacz"
        for member in (*usual, *last):
            _write_zip(path, {**usual, **last, member: content})
            with suppress(Refused):
                verifier.verify(path)
        path.write_bytes(content)
        with suppress(Refused):
            verifier.verify(path)


ARC = b"".join(saved_files.arc_records(HTTP, version=2))


def as_webarchive(form: plistlib.PlistFormat) -> bytes:
    return saved_files.webarchive(SAVED, form=form)


TARGETS = {
    "WARC": Target(parse=imported(".warc"), samples=(WARC,)),
    "WARC, gzipped": Target(parse=imported(".warc.gz"), samples=(WARC, b"\x1f\x8b\x08\0\0\0\0\0\0\x03")),
    "WACZ": Target(parse=imported(".wacz"), samples=(WACZ,), escapes=(BadInput,)),
    "ARC": Target(parse=imported(".arc"), samples=(ARC,)),
    "MHTML": Target(parse=imported(".mht"), samples=(saved_files.mhtml(SAVED, coding="quoted-printable"),)),
    "web archive": Target(parse=imported(".webarchive"), samples=tuple(map(as_webarchive, plistlib.PlistFormat))),
    "HAR": Target(parse=imported(".har"), samples=(saved_files.har(SAVED),)),
    "saved page": Target(parse=imported(".html"), samples=(SAVED,)),
    "JSON lines": Target(parse=imported(".jsonl"), samples=(JSONL,)),
    "text file": Target(parse=imported(".txt"), samples=(TEXT,)),
    "CDX": Target(parse=index_rows, samples=(CDX, CDXJ, CDX_TABLE)),
    "CDX query": Target(parse=cdx_query, samples=(QUERY,), escapes=(BadInput,)),
    "TimeMap": Target(parse=memento_list, samples=(TIMEMAP,)),
    "feed": Target(parse=listed(SeedKind.FEED, "application/rss+xml"), samples=(FEED, ATOM, JSON_FEED)),
    "sitemap": Target(parse=listed(SeedKind.SITEMAP, "application/xml"), samples=(SITEMAP, ATOM, URL.encode())),
    "section": Target(parse=listed(SeedKind.SECTION, "text/html"), samples=(SECTION,)),
    "robots": Target(parse=lambda content: read_robots(answered(content), content), samples=(ROBOTS,)),
    "INDEX.md": Target(parse=seed_index, samples=(INDEX,)),
    "refresh": Target(parse=lambda content: refresh_target(answered(content)), samples=(REFRESH, b"5; URL=/next")),
    "head": Target(parse=repair_head, samples=(HTTP[:80],)),
    "evidence": Target(parse=evidence, samples=(ENTRY, CLAIMS, CHECKPOINT, MEMBERS)),
    "agent's request": Target(parse=lambda content: repair(content, is_json), samples=(CALL,)),
}  # fmt: skip


def is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


PIECES = (
    b"\0", b"\xff", b"\r\n", b"\n\n", b"<", b">", b"&", b"&#x110000;", b'"', b"|", b"]]>", b"<!--", b"{", b"[", b"]",
    b"%00", b"\xed\xa0\x80", b"\\ud800", b"-1", b"99999999999999999999", b"http://[", b"http://./", b"//",
    b"0000-00-00", b"9999-12-31", b"WARC/1.0\r\n", b"Content-Length: -5\r\n", b"PK\x01\x02", b"PK\x05\x06",
    b"\x1f\x8b\x08", "\u202e\u0661".encode(), b"null", b"1e999", b"NaN", b"<![CDATA[", b"<!DOCTYPE x [", b"\xfe\xff",
    b"\xff\xfe", b"+00:99", b"24:61:61", b"#", b"*", b"..",
)  # fmt: skip


@st.composite
def documents(draw: st.DrawFn, samples: tuple[bytes, ...]) -> bytes:
    """A document after up to eight edits: pieces put in or in place of others, cut out, doubled, moved, cut off."""
    content = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 40)))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)))
        edit = draw(st.sampled_from(("put", "replace", "cut", "double", "end")))
        middle = {"put": piece + content[start:end], "replace": piece, "cut": b"", "double": content[start:end] * 3}
        content = content[:start] if edit == "end" else content[:start] + middle[edit] + content[end:]
    return content


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=settings().max_examples // 4)  # there are more than twenty parsers
@given(data=st.data())
def test_only_documented_exceptions_leave_a_parser(name: str, data: st.DataObject) -> None:
    target = TARGETS[name]
    content = data.draw(documents(target.samples))
    with suppress(*target.escapes):
        target.parse(content)


@pytest.mark.parametrize("name", TARGETS)
def test_the_documents_that_are_mutated_are_accepted(name: str) -> None:
    for sample in TARGETS[name].samples:
        TARGETS[name].parse(sample)
