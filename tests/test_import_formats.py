from __future__ import annotations

import base64
import gc
import gzip
import hashlib
import json
import os
import re
import zipfile
from datetime import UTC, datetime
from io import FileIO
from typing import IO, TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.formats.import_file import SUFFIXES, read_import
from archive.formats.imported import BadLine, SkippedRecords, text_payload
from archive.formats.warc.captures import WarcReader
from archive.formats.warc.reader import read_records, warcio_loader
from archive.pipeline.import_files import ImportResult, import_files
from archive.settings import Settings
from db.errors import BadInput
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.reader import Reader
from db.records import TEXT_MEDIA_TYPE, Capture, Outcome, Reason

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
THEN = datetime(2021, 10, 8, 12, tzinfo=UTC)
PAGE = "<html><h1>Grid to be mended</h1><p>Ünicode.</p></html>"
LINE = {"url": "https://news.example/a", "fetched_at": "2021-10-08T12:00:00Z", "html": PAGE}


def read(path: Path) -> list[Outcome | BadLine]:
    return list(read_import(path, now=NOW))


def import_into(tmp_path: Path, *paths: Path) -> tuple[ImportResult, list[Capture]]:
    """Import these files into the archive of ``tmp_path``. Also returns all its captures."""
    db = tmp_path / "archive.db"
    result = import_files(Settings(root=tmp_path, db=db, index=tmp_path / "INDEX.md", clock=NOW), paths, derive=False)
    with Reader(db) as reader:
        known = source_queries.all_sources(reader.ask)
        return result, [capture for source in known for capture in capture_queries.of_source(reader.ask, source.id)]


def single_outcome(path: Path) -> Outcome:
    (outcome,) = read(path)
    assert isinstance(outcome, Outcome), outcome
    return outcome


def bad(path: Path) -> BadLine:
    (problem,) = read(path)
    assert isinstance(problem, BadLine), problem
    return problem


def jsonl(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "pages.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def file(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (THEN.timestamp(), THEN.timestamp() + 0.25))
    return path


# --- which file ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "problem"), [("missing.jsonl", "does not exist"), ("folder", "is a folder"), ("page.doc", "cannot tell")]
)
def test_a_file_that_cannot_be_read_at_all_is_bad_input_at_once(tmp_path: Path, name: str, problem: str):
    (tmp_path / "folder").mkdir()
    (tmp_path / "page.doc").write_bytes(b"x")
    with pytest.raises(BadInput, match=problem):
        read_import(tmp_path / name, now=NOW)


def test_capitals_in_a_file_name_do_not_matter(tmp_path: Path):
    assert single_outcome(jsonl(tmp_path, LINE).rename(tmp_path / "PAGES.JSONL"))


def test_every_known_ending_is_offered():
    assert set(SUFFIXES) == {".jsonl", ".jsonl.gz", ".html", ".htm", ".pdf", ".txt", ".warc", ".warc.gz", ".wacz"} | {
        ".arc",
        ".arc.gz",
        ".mht",
        ".mhtml",
        ".webarchive",
        ".har",
    }


# --- JSON lines ------------------------------------------------------------------------------------------------------


def test_a_line_of_html_becomes_an_outcome_as_if_visited_then(tmp_path: Path):
    assert single_outcome(jsonl(tmp_path, {**LINE, "url": "HTTPS://news.example/a?utm_source=x"})) == Outcome(
        requested_url="https://news.example/a",
        final_url="https://news.example/a",
        started_at=THEN,
        finished_at=THEN,
        status=200,
        payload=PAGE.encode(),
        content_type="text/html; charset=utf-8",
        charset="utf-8",
        flags=("import",),
    )


def test_the_page_of_a_script_has_the_addresses_of_a_visit(tmp_path: Path):
    outcome = single_outcome(jsonl(tmp_path, {**LINE, "url": "https://news.example/a#!b"}))
    assert outcome.requested_url == "https://news.example/a#!b"
    assert outcome.final_url == "https://news.example/a"


def test_a_line_of_text_becomes_canonical_json(tmp_path: Path):
    line = {
        **LINE,
        "text": "Erste Zeile\nzweite",
        "title": "Über",
        "byline": "",
        "published_at": "2021-10-08 09:00+02:00",
        "language": "de",
    }
    del line["html"]
    outcome = single_outcome(jsonl(tmp_path, line))
    assert (outcome.content_type, outcome.charset, outcome.reason) == (TEXT_MEDIA_TYPE, "utf-8", None)
    assert (outcome.payload or b"").decode() == (
        '{"byline":null,"language":"de","published_at":"2021-10-08T07:00:00Z",'
        '"text":"Erste Zeile\\nzweite","title":"Über"}'
    )


def test_html_wins_over_text_and_other_keys_are_ignored(tmp_path: Path):
    assert single_outcome(jsonl(tmp_path, {**LINE, "text": "x", "id": 7, "tags": [1]})).payload == PAGE.encode()


@pytest.mark.parametrize(
    ("status", "reason"),
    [(404, Reason.MISSING_404), (410, Reason.GONE_410), (503, Reason.SERVER_ERROR), (304, Reason.NOT_MODIFIED)],
)
def test_a_status_that_is_no_page_becomes_a_reason_and_needs_no_html(tmp_path: Path, status: int, reason: Reason):
    line = {**LINE, "status": status, "html": None}
    outcome = single_outcome(jsonl(tmp_path, line))
    assert (outcome.status, outcome.reason, outcome.payload) == (status, reason, None)


def test_the_page_of_an_error_is_kept(tmp_path: Path):
    assert single_outcome(jsonl(tmp_path, {**LINE, "status": 404})).payload == PAGE.encode()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2021-10-08T12:00:00", THEN),
        ("2021-10-08T14:00:00+02:00", THEN),
        ("20211008120000", THEN),
        ("2021-10-08", datetime(2021, 10, 8, tzinfo=UTC)),
    ],
)
def test_dates_may_carry_a_zone_and_are_utc_otherwise(tmp_path: Path, written: str, expected: datetime):
    assert single_outcome(jsonl(tmp_path, {**LINE, "fetched_at": written})).started_at == expected


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("nonsense", "not JSON"),
        ('["a"]', "not a JSON object"),
        ("[" * 100_000, "not JSON"),
        ({**LINE, "url": None}, "url is missing"),
        ({**LINE, "url": 7}, "url is a number; expected text"),
        ({**LINE, "url": "news.example/a"}, "not a whole address"),
        ({**LINE, "url": "ftp://news.example/a"}, "only http and https"),
        ({"url": LINE["url"], "html": PAGE}, "fetched_at is missing"),
        ({**LINE, "fetched_at": "08/10/2021"}, "fetched_at '08/10/2021' is not a date; expected for example 2021-"),
        ({**LINE, "fetched_at": "2021-02-30T00:00:00Z"}, "is not a date"),
        ({**LINE, "fetched_at": "yesterday"}, "is not a date"),
        ({**LINE, "fetched_at": 1633694400}, "fetched_at is a number; expected text"),
        ({**LINE, "fetched_at": "2026-02-05"}, "lies in the future"),
        ({**LINE, "status": "200"}, "status is '200'; expected a whole number"),
        ({**LINE, "status": True}, "status is True"),
        ({**LINE, "status": 42}, "status is 42"),
        ({**LINE, "html": ["x"]}, "html is a list; expected text"),
        ({**LINE, "html": None}, "neither html nor text"),
        ({**LINE, "html": None, "text": " \n"}, "the text is empty"),
        ({**LINE, "html": None, "text": "x", "published_at": "soon"}, "published_at 'soon' is not a date"),
        ({**LINE, "html": None, "text": "x", "title": {}}, "title is an object"),
        ({**LINE, "html": "\ud800"}, "an incomplete character at position 0"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_kept(tmp_path: Path, line: object, problem: str):
    path = jsonl(tmp_path, LINE, "", line, {**LINE, "url": "https://news.example/b"})
    first, wrong, last = read(path)
    assert isinstance(first, Outcome)
    assert isinstance(last, Outcome)
    assert isinstance(wrong, BadLine)
    assert (wrong.file, wrong.line) == (str(path), 3)
    assert problem in wrong.problem
    assert str(wrong).startswith(f"{path}:3: ")


def test_a_line_that_is_not_utf8_is_a_bad_line(tmp_path: Path):
    path = file(tmp_path, "x.jsonl", b'{"url": "\xe9"}\n' + json.dumps(LINE).encode())
    wrong, good = read(path)
    assert isinstance(wrong, BadLine)
    assert "not UTF-8" in wrong.problem
    assert isinstance(good, Outcome)


def test_a_byte_order_mark_before_the_first_line_does_no_harm(tmp_path: Path):
    assert single_outcome(file(tmp_path, "x.jsonl", b"\xef\xbb\xbf" + json.dumps(LINE).encode()))


def test_a_line_longer_than_memory_allows_is_a_bad_line(tmp_path: Path):
    with gzip.open(tmp_path / "x.jsonl.gz", "wb", compresslevel=1) as packed:
        for _ in range(140):
            packed.write(b"x" * 2**20)
        packed.write(b"\n" + json.dumps(LINE).encode())
    wrong, good = read(tmp_path / "x.jsonl.gz")
    assert isinstance(wrong, BadLine)
    assert (wrong.line, wrong.problem) == (1, "the line is longer than 64 MiB; expected one page a line")
    assert isinstance(good, Outcome)


def test_a_packed_file_that_breaks_off_gives_what_came_before(tmp_path: Path):
    lines = b"".join(json.dumps({**LINE, "url": f"https://news.example/{n}"}).encode() + b"\n" for n in range(2000))
    path = file(tmp_path, "x.jsonl.gz", gzip.compress(lines)[:-9])
    *good, last = read(path)
    assert isinstance(last, BadLine)
    assert last.problem.startswith("the file is damaged from here on")
    assert last.line == len(good) + 1
    assert len(good) > 1000


def test_lines_are_read_one_by_one(tmp_path: Path):
    stream = read_import(jsonl(tmp_path, LINE, "nonsense"), now=NOW)
    assert isinstance(next(stream), Outcome)
    assert isinstance(next(stream), BadLine)


@given(st.dictionaries(st.sampled_from(["title", "byline", "language"]), st.text(max_size=9)))
def test_the_same_text_always_gives_the_same_bytes(fields: dict[str, str]):
    fields["text"] = "words"
    shuffled = dict(reversed(list(fields.items())))
    assert text_payload(fields) == text_payload(shuffled)
    assert list(json.loads(text_payload(fields))) == ["byline", "language", "published_at", "text", "title"]


# --- saved pages and text files --------------------------------------------------------------------------------------

SAVED_FROM = "<!DOCTYPE html>\n<!-- saved from url=(0023)https://news.example/a -->\n"
SINGLEFILE = (
    "<!DOCTYPE html> <html><!--\n Page saved with SingleFile \n url: https://news.example/a \n"
    " saved date: Fri Oct 08 2021 14:00:00 GMT+0200 (Central European Summer Time)\n-->"
)
CANONICAL = '<head><link href="https://news.example/a" rel="Canonical">'
MONOLITH = "<!-- Saved from https://news.example/a at 2021-10-08T12:00:00Z using monolith v2.8.1 -->"
SAVE_PAGE = (
    '<head><meta name="savepage-url" content="https://news.example/a"><link rel="canonical" href="https://b.example/">'
)
MARK_OF_THE_WEB = f"<!-- saved from url=(0014)about:internet -->{CANONICAL}"
OG_URL = '<head><meta property="og:url" content="https://news.example/a"/>'


@pytest.mark.parametrize("head", [SAVED_FROM, SINGLEFILE, MONOLITH, SAVE_PAGE, MARK_OF_THE_WEB, CANONICAL, OG_URL])
@pytest.mark.parametrize("name", ["page.html", "page.htm"])
def test_a_saved_page_says_where_it_comes_from(tmp_path: Path, head: str, name: str):
    outcome = single_outcome(file(tmp_path, name, head + PAGE))
    assert outcome.requested_url == "https://news.example/a"
    assert outcome.started_at == THEN
    assert outcome.payload == (head + PAGE).encode()
    assert (outcome.status, outcome.reason, outcome.charset) == (None, None, "utf-8")


def test_a_mirrored_page_has_the_time_of_its_mirror(tmp_path: Path):
    comment = "<!-- Mirrored from news.example/a by HTTrack Website Copier/3.x, Fri, 01 Oct 2021 08:30:00 GMT -->"
    outcome = single_outcome(file(tmp_path, "x.html", comment + PAGE))
    assert outcome.requested_url == "http://news.example/a"
    assert outcome.started_at == datetime(2021, 10, 1, 8, 30, tzinfo=UTC)


def test_what_the_saving_tool_wrote_wins_over_what_the_page_claims(tmp_path: Path):
    claims = CANONICAL.replace("/a", "/b") + OG_URL.replace("/a", "/c")
    assert single_outcome(file(tmp_path, "x.html", SAVED_FROM + claims)).requested_url == "https://news.example/a"
    assert single_outcome(file(tmp_path, "y.html", claims)).requested_url == "https://news.example/b"


def test_a_relative_claim_is_no_address(tmp_path: Path):
    relative = CANONICAL.replace("https://news.example", "")
    assert single_outcome(file(tmp_path, "x.html", relative + OG_URL)).requested_url == "https://news.example/a"


def test_a_saved_page_without_an_address_is_a_bad_line(tmp_path: Path):
    assert "does not say where it comes from; expected <!-- saved from" in bad(file(tmp_path, "x.html", PAGE)).problem


def test_a_saved_page_of_any_encoding_is_kept_byte_for_byte(tmp_path: Path):
    content = (SAVED_FROM + PAGE).encode("latin-1")
    assert single_outcome(file(tmp_path, "x.html", content)).payload == content


def test_a_text_file_has_a_header_and_a_text(tmp_path: Path):
    header = "url: https://news.example/a\nFetched_at: 2021-10-08T12:00:00Z\ntitle: Grid: to be mended\n"
    outcome = single_outcome(file(tmp_path, "x.txt", f"{header}\nOne.\n\nTwo.".replace("\n", "\r\n")))
    assert (outcome.requested_url, outcome.started_at) == ("https://news.example/a", THEN)
    payload = json.loads(outcome.payload or b"")
    assert (payload["title"], payload["text"]) == ("Grid: to be mended", "One.\n\nTwo.")


def test_an_address_alone_is_header_enough(tmp_path: Path):
    outcome = single_outcome(file(tmp_path, "x.txt", "https://news.example/a\n\nOne."))
    assert (outcome.requested_url, outcome.started_at) == ("https://news.example/a", THEN)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("url: https://news.example/a\nauthor: me\n\nOne.", "'author: me' is no header line; expected url, "),
        ("Just words.\nMore words.", "'Just words.' is no header line"),
        ("title: x\n\nOne.", "names no address"),
        ("https://news.example/a\n", "the text is empty"),
        ("https://news.example/a\n\n", "the text is empty"),
        ("https://news.example/a\nfetched_at: soon\n\nOne.", "fetched_at 'soon' is not a date"),
        (b"https://news.example/a\n\n\xe9", "not UTF-8 at byte 24"),
    ],
)
def test_a_text_file_that_cannot_be_used_is_a_bad_line(tmp_path: Path, content: str | bytes, problem: str):
    wrong = bad(file(tmp_path, "x.txt", content))
    assert wrong.line == 1
    assert problem in wrong.problem


# --- WARC and WACZ ---------------------------------------------------------------------------------------------------


class Warc:
    """Writes a WARC file record by record, in the layout of the standard."""

    def __init__(self, *, packed: bool = True, first: int = 1) -> None:
        self.out = b""
        self.packed = packed
        self.count = first - 1

    def add(self, kind: str, url: str, body: bytes, status: str = "200 OK", /, **headers: Any) -> None:
        """Add one record. Headers named ``WARC_...`` are the record's; ``http=None`` gives a record without HTTP."""
        http = headers.pop("http", {})
        if http is not None:
            lines = {"Content-Type": "text/html; charset=ISO-8859-1", **http}
            body = f"HTTP/1.1 {status}\r\n{self._lines(lines)}\r\n".encode() + body
        self.count += 1
        outer = {
            "WARC-Type": kind,
            "WARC-Record-ID": f"<urn:uuid:{self.count}>",
            "WARC-Target-URI": url,
            "WARC-Date": "2021-10-08T12:00:00Z",
            "WARC-Payload-Digest": f"sha1:{self.count}",
            "Content-Type": "application/http",
            "Content-Length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        record = f"WARC/1.1\r\n{self._lines(outer)}\r\n".encode() + body + b"\r\n\r\n"
        self.out += gzip.compress(record, mtime=0) if self.packed else record

    def _lines(self, headers: dict[str, str]) -> str:
        return "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    def save(self, tmp_path: Path, name: str = "x.warc.gz", *, cut: int = 0) -> Path:
        return file(tmp_path, name, self.out[: len(self.out) - cut])


URL = "https://news.example/a"
OTHER = "https://news.example/b"


@pytest.mark.parametrize("packed", [True, False])
def test_a_response_becomes_an_outcome_with_its_headers(tmp_path: Path, packed: bool):
    warc = Warc(packed=packed)
    warc.add("response", URL, b"<p>one", http={"ETag": '"e"', "X-A": "1"}, WARC_IP_Address="192.0.2.1")
    outcome = single_outcome(warc.save(tmp_path, "x.warc.gz" if packed else "x.warc"))
    assert outcome == Outcome(
        requested_url=URL,
        final_url=URL,
        started_at=THEN,
        finished_at=THEN,
        status=200,
        reason_phrase="OK",
        headers=(("Content-Type", "text/html; charset=ISO-8859-1"), ("ETag", '"e"'), ("X-A", "1")),
        payload=b"<p>one",
        wire_sha256=hashlib.sha256(b"<p>one").hexdigest(),
        wire_length=len(b"<p>one"),
        content_type="text/html; charset=ISO-8859-1",
        charset="cp1252",
        etag='"e"',
        ip="192.0.2.1",
        flags=("import", "sha1:1"),
    )


def test_what_is_not_a_page_is_passed_over(tmp_path: Path):
    warc = Warc()
    warc.add("warcinfo", URL, b"software: x", http=None, Content_Type="application/warc-fields")
    warc.add("request", URL, b"", "GET / HTTP/1.1")
    warc.add("response", URL, b"GIF", http={"Content-Type": "image/gif"})
    warc.add("response", URL, b"moved", "301 Moved", http={"Location": OTHER})
    warc.add("metadata", URL, b"x: y", http=None, Content_Type="application/warc-fields")
    warc.add("conversion", URL, b"as text", http=None, Content_Type="text/plain")
    warc.add("response", "dns:news.example", b"192.0.2.1", http=None, Content_Type="text/dns")
    assert read(warc.save(tmp_path)) == [SkippedRecords(3)]


def test_a_resource_is_a_page_without_a_status(tmp_path: Path):
    warc = Warc()
    warc.add("resource", URL, b"<p>one", http=None, Content_Type="text/html")
    outcome = single_outcome(warc.save(tmp_path))
    assert (outcome.payload, outcome.status, outcome.reason, outcome.content_type) == (
        b"<p>one",
        None,
        None,
        "text/html",
    )


def test_an_error_page_has_its_reason(tmp_path: Path):
    warc = Warc()
    warc.add("response", URL, b"<p>gone", "404 Not Found")
    outcome = single_outcome(warc.save(tmp_path))
    assert (outcome.status, outcome.reason, outcome.payload) == (404, Reason.MISSING_404, b"<p>gone")


def test_chunks_and_content_coding_are_undone(tmp_path: Path):
    coded = gzip.compress(b"<p>one")
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(coded), coded)
    warc = Warc()
    warc.add("response", URL, chunked, http={"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"})
    assert single_outcome(warc.save(tmp_path)).payload == b"<p>one"


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        (gzip.compress(os.urandom(99))[:-20], {"http": {"Content-Encoding": "gzip"}}, Reason.TRUNCATED),
        (gzip.compress(b"coded", mtime=0)[:-8] + bytes(8), {"http": {"Content-Encoding": "gzip"}}, Reason.DECODE),
        (b"5\r\nchunk\r\n5\r\ncu", {"http": {"Transfer-Encoding": "chunked"}}, Reason.TRUNCATED),
        (b"<p>on", {"WARC_Truncated": "length"}, Reason.TRUNCATED),
    ],
)
def test_a_body_that_is_not_whole_is_kept_as_it_came_with_its_reason(
    tmp_path: Path, body: bytes, headers: dict[str, Any], reason: Reason
):
    warc = Warc()
    warc.add("response", URL, body, **headers)
    outcome = single_outcome(warc.save(tmp_path))
    assert (outcome.reason, outcome.payload) == (reason, body)
    assert outcome.detail


IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NAMED = {
    "id": {"WARC_Refers_To": "<urn:uuid:1>", "WARC_Payload_Digest": "sha1:OTHER"},
    "address and date": {
        "WARC_Refers_To_Target_URI": URL,
        "WARC_Refers_To_Date": "2021-10-08T12:00:00Z",
        "WARC_Payload_Digest": "sha1:OTHER",
    },
    "digest": {"WARC_Payload_Digest": "sha1:1"},
}


def original_and_repeat(tmp_path: Path, by: str, url: str = URL) -> tuple[Path, Path]:
    """Two files: a page, and a revisit a day later that names it ``by`` one of the keys of ``NAMED``."""
    original, repeat = Warc(), Warc(first=10)
    original.add("response", URL, b"<p>one")
    headers = {"WARC_Profile": IDENTICAL, "WARC_Date": "2021-10-09T12:00:00Z", **NAMED[by]}
    repeat.add("revisit", url, b"", http=None, **headers)
    return original.save(tmp_path, "a.warc.gz"), repeat.save(tmp_path, "b.warc.gz")


@pytest.mark.parametrize(
    ("by", "turned", "packed"), [("id", True, True), ("address and date", False, False), ("digest", True, False)]
)
def test_a_revisit_gets_the_payload_it_refers_to_wherever_that_stands_in_the_file(
    tmp_path: Path, by: str, turned: bool, packed: bool
):
    files = [gzip.decompress(path.read_bytes()) for path in original_and_repeat(tmp_path, by)]
    records = files[::-1] if turned else files
    content = b"".join(gzip.compress(record) for record in records) if packed else b"".join(records)
    result, (first, again) = import_into(tmp_path, file(tmp_path, "x.warc.gz" if packed else "x.warc", content))
    assert (result.read, result.new, result.bad) == (2, 2, ())
    assert again.payload_sha256 == first.payload_sha256 == hashlib.sha256(b"<p>one").hexdigest()
    assert (again.status, again.captured_at.day, again.headers) == (200, 9, first.headers)


@pytest.mark.parametrize(("by", "url"), [("address and date", URL), ("digest", OTHER)])
def test_a_revisit_and_its_original_may_come_in_files_of_their_own_in_any_order(tmp_path: Path, by: str, url: str):
    original, repeat = original_and_repeat(tmp_path, by, url)
    (tmp_path / "turned").mkdir()
    waits, _ = import_into(tmp_path / "turned", repeat)
    assert (waits.new, len(waits.bad)) == (1, 1)
    result, late = import_into(tmp_path / "turned", original)
    assert (result.new, result.bad) == (1, ())
    (tmp_path / "at once").mkdir()
    _, known = import_into(tmp_path / "at once", original, repeat)
    outlines = [
        [(c.url, c.captured_at, c.payload_sha256, c.flags, c.status) for c in captures] for captures in (late, known)
    ]
    assert outlines[0] == outlines[1]
    assert [digest for _, _, digest, _, _ in outlines[0]] == [hashlib.sha256(b"<p>one").hexdigest()] * 2


def test_a_repeat_of_a_repeat_is_completed_too(tmp_path: Path):
    first, second, third = Warc(), Warc(first=10), Warc(first=20)
    first.add("response", URL, b"<p>one")
    for warc, day in ((second, 9), (third, 10)):
        refers = {"WARC_Refers_To_Target_URI": URL, "WARC_Refers_To_Date": f"2021-10-{day - 1:02}T12:00:00Z"}
        date = f"2021-10-{day:02}T12:00:00Z"
        warc.add("revisit", URL, b"", http=None, WARC_Profile=IDENTICAL, WARC_Date=date, **refers)
    paths = [warc.save(tmp_path, f"{number}.warc.gz") for number, warc in enumerate((third, second, first))]
    waits, _ = import_into(tmp_path, paths[0])
    assert [bad.line for bad in waits.bad] == [1]
    result, captures = import_into(tmp_path, *paths[1:])
    assert result.bad == ()
    assert {capture.payload_sha256 for capture in captures} == {hashlib.sha256(b"<p>one").hexdigest()}


def test_a_revisit_without_its_original_waits_and_opens_nothing(tmp_path: Path):
    warc = Warc()
    warc.add("response", OTHER, b"<p>other")
    warc.add("revisit", URL, b"", WARC_Payload_Digest="sha1:NOT-HERE", WARC_Profile="identical-payload-digest")
    result, captures = import_into(tmp_path, warc.save(tmp_path))
    (wrong,) = result.bad
    assert wrong.line == 2
    assert "in none of these files and not in the archive; it waits" in wrong.problem
    assert [(capture.url, capture.payload_sha256 is None) for capture in captures] == [(URL, True), (OTHER, False)]
    again, _ = import_into(tmp_path, warc.save(tmp_path))
    assert (again.new, len(again.bad)) == (0, 1)


def test_the_head_of_a_revisit_wins_over_that_of_its_original(tmp_path: Path):
    warc = Warc()
    warc.add("response", URL, b"<p>one", http={"X-Age": "1"})
    warc.add("revisit", URL, b"", http={"X-Age": "2"}, WARC_Date="2021-10-09T12:00:00Z", **NAMED["digest"])
    _, captures = import_into(tmp_path, warc.save(tmp_path))
    assert [dict(capture.headers)["X-Age"] for capture in captures] == ["1", "2"]


def test_a_revisit_of_a_picture_is_passed_over_like_the_picture(tmp_path: Path):
    warc = Warc()
    warc.add("response", URL, b"GIF", http={"Content-Type": "image/gif"})
    warc.add("revisit", URL, b"", http=None, WARC_Date="2021-10-09T12:00:00Z", **NAMED["digest"])
    assert read(warc.save(tmp_path)) == [SkippedRecords(2)]


@pytest.mark.parametrize("before", [True, False])
def test_a_request_record_says_how_the_page_was_asked_for(tmp_path: Path, before: bool):
    warc = Warc()
    request = ("request", URL, b"GET /a HTTP/1.1\r\nHost: news.example\r\nX-\xe9: a  b\r\n\r\n")
    if before:
        warc.add(*request, http=None, WARC_Record_ID="<urn:q>")
        warc.add("response", URL, b"<p>one", WARC_Concurrent_To="<urn:q>")
    else:
        warc.add("response", URL, b"<p>one")
        warc.add(*request, http=None, WARC_Concurrent_To="<urn:uuid:1>")
    warc.add("response", OTHER, b"<p>other")
    requested, other = read(warc.save(tmp_path))
    assert isinstance(requested, Outcome)
    assert isinstance(other, Outcome)
    assert requested.exchange is not None
    assert requested.exchange.request == (("Host", "news.example"), ("X-\xe9", "a  b"))
    assert other.exchange is None


METHODS = [("GET", True), ("get", True), ("POST", False), ("HEAD", False), ("PUT", False), ("PURGE", False)]


@pytest.mark.parametrize("link", ["by the request", "by the response", "by both", "by neither"])
@pytest.mark.parametrize("order", ["before", "behind", "at the end"])
@pytest.mark.parametrize(("method", "is_page"), METHODS)
def test_only_the_answer_to_a_get_is_a_page(tmp_path: Path, method: str, is_page: bool, order: str, link: str):
    request, response, other = Warc(first=1), Warc(first=2), Warc(first=3)
    ids = {"WARC_Concurrent_To": "<urn:uuid:2>"} if link in {"by the request", "by both"} else {}
    request.add("request", URL, f"{method} /a HTTP/1.1\r\nHost: x\r\n\r\n".encode(), http=None, **ids)
    ids = {"WARC_Concurrent_To": "<urn:uuid:1>"} if link in {"by the response", "by both"} else {}
    response.add("response", URL, b"<p>thank you", **ids)
    other.add("response", OTHER, b"<p>page")
    files = {
        "before": request.out + response.out + other.out,
        "behind": response.out + request.out + other.out,
        "at the end": response.out + other.out + request.out,
    }
    pages = [item for item in read(file(tmp_path, "x.warc.gz", files[order])) if isinstance(item, Outcome)]
    assert [page.requested_url for page in pages] == ([URL, OTHER] if is_page else [OTHER])


@pytest.mark.parametrize("named", ["urn:uuid:AB", "<urn:uuid:AB>", "<URN:UUID:ab>", " <urn:uuid:ab> "])
@pytest.mark.parametrize("start", [b"POST /a HTTP/1.1\r\n", b":method: POST\r\n:path: /a\r\n"])
def test_a_request_names_its_response_in_any_spelling(tmp_path: Path, named: str, start: bytes):
    warc = Warc(packed=False)
    warc.add("response", URL, b"<p>thank you")
    warc.add("request", URL, start + b"\r\n", http=None, WARC_Concurrent_To=named)
    data = warc.out.replace(b"<urn:uuid:1>", b"<urn:uuid:ab>")
    assert read(file(tmp_path, "x.warc", data)) == [SkippedRecords(1)]


def test_an_address_with_the_method_of_its_request_is_that_of_no_page(tmp_path: Path):
    warc = Warc()
    for method in ("POST&letter=hello", "GET"):
        warc.add("response", f"{URL}?__wb_method={method}", b"<p>one")
    assert [item.requested_url for item in read(warc.save(tmp_path)) if isinstance(item, Outcome)] == [
        f"{URL}?__wb_method=GET"
    ]


@pytest.mark.parametrize("declared", [b"", b"Content-Type: text/html\r\n", b"Content-Type: message/http\r\n"])
def test_a_response_is_known_by_its_status_line_too(tmp_path: Path, declared: bytes):
    warc = Warc(packed=False)
    warc.add("response", URL, b"<p>one")
    data = re.sub(rb"Content-Type: application/http[^\r]*\r\n", declared, warc.out, count=1)
    assert single_outcome(file(tmp_path, "x.warc", data)).payload == b"<p>one"


@pytest.mark.parametrize(("encoding", "path"), [("cp1250", "%F5z"), ("utf-8", "%C3%B5z")])
def test_the_bytes_of_an_address_are_those_that_were_asked_for(tmp_path: Path, encoding: str, path: str):
    letter = "\u0151z" if encoding == "cp1250" else "\xf5z"
    warc = Warc(packed=False)
    warc.add("response", "https://news.example/LETTER", b"<p>one")
    data = warc.out.replace(b"LETTER", letter.encode(encoding))
    assert single_outcome(file(tmp_path, "x.warc", data)).requested_url == f"https://news.example/{path}"


def segmented(*, missing: int = 0) -> list[bytes]:
    """The records of one response in three segments, and of another page behind the first of them."""
    whole, other = Warc(packed=False), Warc(packed=False, first=9)
    whole.add("response", URL, b"<h1>Grid</h1><p>page" * 50)
    other.add("response", OTHER, b"<p>page")
    block = whole.out.partition(b"\r\n\r\n")[2][:-4]
    cuts = block[:300], block[300:600], block[600:]
    records = []
    for number, piece in enumerate(cuts, 1):
        warc = Warc(packed=False, first=number)
        more = {"WARC_Segment_Origin_ID": "<urn:uuid:1>"} if number > 1 else {}
        more |= {"WARC_Segment_Total_Length": str(len(block))} if number == len(cuts) else {}
        kind = "response" if number == 1 else "continuation"
        warc.add(kind, URL, piece, http=None, WARC_Segment_Number=str(number), **more)
        records.append(warc.out)
    return [records[0], other.out, *(record for number, record in enumerate(records, 1) if number not in {1, missing})]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0)], ids=str)
def test_a_page_in_segments_is_one_page_within_a_file_and_across_files(tmp_path: Path, order: tuple[int, ...]):
    pieces = [segmented()[number] for number in order]
    (page,) = [
        item for item in read(file(tmp_path, "x.warc", b"".join(pieces))) if getattr(item, "final_url", "") == URL
    ]
    assert (page.payload, page.reason) == (b"<h1>Grid</h1><p>page" * 50, None)
    files = [file(tmp_path, f"{number}.warc", piece) for number, piece in enumerate(pieces)]
    result, captures = import_into(tmp_path, *files)
    assert result.bad == ()
    assert {capture.url: capture.payload_length for capture in captures} == {URL: 1000, OTHER: 7}


def test_a_page_of_which_a_segment_is_missing_is_reported_and_no_page(tmp_path: Path):
    page, problem = read(file(tmp_path, "x.warc", b"".join(segmented(missing=2))))
    assert isinstance(page, Outcome)
    assert page.final_url == OTHER
    assert isinstance(problem, BadLine)
    assert f"the record of {URL} is split, and these files hold only its segments 1, 3" in problem.problem


def test_a_get_and_a_post_of_one_second_that_name_no_record_cost_no_page(tmp_path: Path):
    warc = Warc()
    for method in (b"POST", b"GET"):
        warc.add("request", URL, method + b" /a HTTP/1.1\r\n\r\n", http=None)
    warc.add("response", URL, b"<p>page")
    assert [item.requested_url for item in read(warc.save(tmp_path)) if isinstance(item, Outcome)] == [URL]


def test_headers_are_kept_byte_for_byte(tmp_path: Path):
    warc = Warc()
    head = b"HTTP/1.1 200 Tr\xe8s bien\r\ncontent-TYPE: text/html\r\nX: \xc3\xa9\r\nX: \xe9\r\nY: a\r\n b\r\n\r\n"
    warc.add("response", URL, head + b"<p>one", http=None)
    outcome = single_outcome(warc.save(tmp_path))
    assert outcome.reason_phrase == "Tr\xe8s bien"
    assert outcome.headers == (("content-TYPE", "text/html"), ("X", "\xc3\xa9"), ("X", "\xe9"), ("Y", "a b"))


@pytest.mark.parametrize(
    ("digest", "flags"),
    [
        ("sha1:" + base64.b32encode(hashlib.sha1(b"<p>one", usedforsecurity=False).digest()).decode(), ()),
        ("sha256:" + hashlib.sha256(b"<p>one").hexdigest(), ()),
        (
            "sha1:" + base64.b32encode(hashlib.sha1(b"<p>two", usedforsecurity=False).digest()).decode(),
            ("digest-mismatch",),
        ),
        ("crc32:12345678", ()),
    ],
)
def test_a_payload_that_is_not_what_its_digest_says_is_flagged(tmp_path: Path, digest: str, flags: tuple[str, ...]):
    warc = Warc()
    warc.add("response", URL, b"<p>one", WARC_Payload_Digest=digest)
    assert [flag for flag in single_outcome(warc.save(tmp_path)).flags if ":" not in flag] == ["import", *flags]


def test_a_page_that_the_server_called_unmodified_is_not_modified(tmp_path: Path):
    warc = Warc()
    profile = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    warc.add("revisit", URL, b"", "304 Not Modified", WARC_Profile=profile)
    outcome = single_outcome(warc.save(tmp_path))
    assert (outcome.reason, outcome.status, outcome.payload) == (Reason.NOT_MODIFIED, 304, None)


def test_a_record_with_a_bad_address_or_date_is_a_bad_line_and_the_rest_is_kept(tmp_path: Path):
    warc = Warc()
    warc.add("response", "https://u:p@news.example/", b"<p>one")
    warc.add("response", URL, b"<p>one", WARC_Date="8 October")
    warc.add("response", URL, b"<p>one", WARC_Date="2027-01-01T00:00:00Z")
    warc.add("response", URL, b"<p>one")
    first, second, third, good = read(warc.save(tmp_path))
    assert [line.line for line in (first, second, third) if isinstance(line, BadLine)] == [1, 2, 3]
    assert isinstance(good, Outcome)


def test_a_file_cut_in_the_middle_gives_what_came_before(tmp_path: Path):
    warc = Warc(packed=False)
    warc.add("response", OTHER, b"<p>one")
    warc.add("response", URL, b"<p>two" * 100)
    whole, problem, cut = read(warc.save(tmp_path, "x.warc", cut=300))
    assert isinstance(whole, Outcome)
    assert isinstance(cut, Outcome)
    assert (whole.reason, cut.reason) == (None, Reason.TRUNCATED)
    assert isinstance(problem, BadLine)
    assert problem.line == 2
    assert f"the file is cut off inside this response record of {URL}: " in problem.problem
    assert problem.problem.endswith("the record before it was read")


@pytest.mark.parametrize("packing", ["plain", "a member a record", "one member", "a plain file in a package"])
def test_a_cut_is_reported_once_wherever_it_is_and_costs_nothing_before_it(tmp_path: Path, packing: str):
    records = three(packed=packing == "a member a record")
    content = gzip.compress(b"".join(records)) if packing == "one member" else b"".join(records)
    ends = [sum(map(len, records[: number + 1])) for number in range(3)]
    for length in range(7, len(content), 41 if packing == "plain" else 67):
        if packing == "a plain file in a package":
            with zipfile.ZipFile(tmp_path / "x.wacz", "w") as package:
                package.writestr("archive/x.warc", content[:length])
            items = read(tmp_path / "x.wacz")
        else:
            items = read(file(tmp_path, "x.warc.gz", content[:length]))
        problems = [item for item in items if isinstance(item, BadLine)]
        pages = [item for item in items if isinstance(item, Outcome) and item.reason is None]
        is_whole = any(0 <= end - length <= 4 for end in ends) and "plain" in packing  # only blank lines are missing
        assert len(problems) == (0 if is_whole else 1), (length, problems)
        assert all("the file is cut off" in problem.problem for problem in problems), (length, problems)
        if packing != "one member":
            assert len(pages) >= sum(end <= length for end in ends)


class CountingFile(FileIO):
    """A file that counts the bytes read from it."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size) or b""
        self.count += len(data)
        return data


PUMPS = {
    "gzip magics": (gzip.compress(b"WARC/1.0\r\n")[:20] + b"x" * 20, b"\x1f\x8b\x08"),
    "gzip heads": (gzip.compress(b"WARC/1.0\r\n")[:20] + b"x" * 20, b"\x1f\x8b\x08\0\0\0\0\0\0\x03\0"),
    "records beyond the end": (b"", b"WARC/1.0\r\nContent-Length: 999999999\r\n\r\n"),
    "records of a wrong length": (b"", b"WARC/1.0\r\nContent-Length: 20000\r\n\r\n"),
    "records without a length": (b"", b"WARC/1.0\r\n\r\n"),
}


@pytest.mark.parametrize("name", PUMPS)
def test_a_hostile_file_is_read_a_few_times_and_no_more(tmp_path: Path, name: str):
    head, unit = PUMPS[name]
    for size in (60_000, 240_000):
        path = file(tmp_path, "x.warc", head + unit * (size // len(unit)))
        with CountingFile(path) as stream:
            handler = WarcReader(NOW, warcio_loader())
            for _ in read_records(cast("IO[bytes]", stream), handler.loader, handler):
                pass
        assert stream.count < 40 * size


def three(*, packed: bool) -> list[bytes]:
    """Three records, each with its own page."""
    pages = []
    for number in range(3):
        warc = Warc(packed=packed, first=number + 1)
        warc.add("response", f"{URL}{number}", b"<p>page %d. " % number * 50)
        pages.append(warc.out)
    return pages


def longer(record: bytes, by: int) -> bytes:
    """The record with a Content-Length that is wrong by this much."""
    length = int(re.findall(rb"Content-Length: (\d+)", record)[0])
    return record.replace(b"Content-Length: %d" % length, b"Content-Length: %d" % (length + by), 1)


DAMAGE = {
    "a byte of the gzip stream": lambda record: record[:150] + bytes([record[150] ^ 255]) + record[151:],
    "the gzip header": lambda record: b"\0\0\0\0" + record[4:],
    "half of it lost": lambda record: record[: len(record) // 2],
    "the version line": lambda record: gzip.compress(b"warc!" + gzip.decompress(record)[5:]),
    "a length too long": lambda record: gzip.compress(longer(gzip.decompress(record), 900)),
    "a length too short": lambda record: gzip.compress(longer(gzip.decompress(record), -90)),
    "no length": lambda record: gzip.compress(gzip.decompress(record).replace(b"Content-Length", b"Content-Lost")),
}
PLAIN_DAMAGE = {
    "the version line": lambda record: b"warc!" + record[5:],
    "a length too long": lambda record: longer(record, 900),
    "a length too short": lambda record: longer(record, -90),
    "half of it lost": lambda record: record[: len(record) // 2],
    "no length": lambda record: record.replace(b"Content-Length", b"Content-Lost"),
}


@pytest.mark.parametrize(
    ("packed", "what"), [*((True, name) for name in DAMAGE), *((False, name) for name in PLAIN_DAMAGE)]
)
def test_a_damaged_record_costs_only_itself(tmp_path: Path, packed: bool, what: str):
    first, second, third = three(packed=packed)
    damaged = (DAMAGE if packed else PLAIN_DAMAGE)[what](second)
    items = read(file(tmp_path, "x.warc.gz", first + damaged + third))
    whole = [item.requested_url for item in items if isinstance(item, Outcome) and item.reason is None]
    assert whole == [f"{URL}0", f"{URL}2"]
    reported = [item for item in items if isinstance(item, BadLine) or item.reason is Reason.TRUNCATED]
    assert reported, "nothing is lost in silence"


def test_rubbish_between_records_costs_none(tmp_path: Path):
    first, second, third = three(packed=False)
    items = read(file(tmp_path, "x.warc", first + b"rubbish\r\n" * 9 + second + third + b"more of it"))
    assert [item.requested_url[-1] for item in items if isinstance(item, Outcome)] == ["0", "1", "2"]
    assert len([item for item in items if isinstance(item, BadLine)]) == 2


@pytest.mark.parametrize("packing", ["one member", "members cut anywhere", "padded", "version 1.0"])
def test_however_a_file_is_packed_it_reads_alike(tmp_path: Path, packing: str):
    plain = b"".join(three(packed=False))
    content = {
        "one member": gzip.compress(plain),
        "members cut anywhere": b"".join(
            gzip.compress(plain[start : start + 100]) for start in range(0, len(plain), 100)
        ),
        "padded": b"".join(three(packed=True)) + bytes(1000),
        "version 1.0": plain.replace(b"WARC/1.1", b"WARC/1.0"),
    }[packing]
    items = read(file(tmp_path, "x.warc.gz", content))
    assert [item.payload for item in items if isinstance(item, Outcome)] == [b"<p>page %d. " % n * 50 for n in range(3)]
    assert len(items) == 3


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b", b"hello", b"WARC/1.0\r\n\r\n"])
def test_a_file_that_is_no_warc_is_a_bad_line_or_empty(tmp_path: Path, content: bytes):
    assert all(isinstance(item, BadLine) for item in read(file(tmp_path, "x.warc.gz", content)))


@given(st.data())
@settings(max_examples=60)
def test_no_damage_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    packed = data.draw(st.booleans())
    warc = Warc(packed=packed)
    warc.add("response", URL, gzip.compress(b"<p>one", mtime=0), http={"Content-Encoding": "gzip"})
    warc.add("response", OTHER, b"4\r\n<p>o\r\n0\r\n\r\n", http={"Transfer-Encoding": "chunked"})
    content = bytearray(warc.out)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    name = "x.warc.gz" if packed else "x.warc"
    path = file(tmp_path_factory.mktemp("warc"), name, bytes(content))
    assert all(isinstance(item, (Outcome, BadLine, SkippedRecords)) for item in read(path))


def test_a_wacz_is_read_through_all_its_warc_files(tmp_path: Path):
    first, second = Warc(), Warc()
    first.add("response", URL, b"<p>one")
    second.add("revisit", OTHER, b"", http=None, WARC_Payload_Digest="sha1:1", WARC_Profile="identical-payload-digest")
    with zipfile.ZipFile(tmp_path / "x.wacz", "w") as packed:
        packed.writestr("archive/1.warc.gz", first.out)
        packed.writestr("archive/2.warc.gz", second.out)
        packed.writestr("pages/pages.jsonl", "{}")
    result, captures = import_into(tmp_path, tmp_path / "x.wacz")
    assert (result.read, result.new, result.bad) == (2, 2, ())
    assert [(capture.url, capture.payload_sha256) for capture in captures] == [
        (url, hashlib.sha256(b"<p>one").hexdigest()) for url in (URL, OTHER)
    ]


def wacz(tmp_path: Path, *, list_of: dict[str, bytes] | None = None, seal: str = "", **more: bytes) -> Path:
    """A package of two WARC files. ``list_of`` replaces contents before they are listed with their digests."""
    first, second = Warc(), Warc(first=10)
    first.add("response", URL, b"<p>one")
    second.add("response", OTHER, b"<p>two")
    members = {"archive/1.warc.gz": first.out, "archive/2.warc.gz": second.out, **more}
    resources = [
        {"path": name, "hash": "sha256:" + hashlib.sha256(content).hexdigest()}
        for name, content in (members | (list_of or {})).items()
    ]
    package = json.dumps({"resources": resources}).encode()
    seal = seal or "sha256:" + hashlib.sha256(package).hexdigest()
    with zipfile.ZipFile(tmp_path / "x.wacz", "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)
        packed.writestr("datapackage.json", package)
        packed.writestr("datapackage-digest.json", json.dumps({"path": "datapackage.json", "hash": seal}))
    return tmp_path / "x.wacz"


def test_a_package_whose_digests_hold_has_nothing_to_complain_of(tmp_path: Path):
    assert [type(item) for item in read(wacz(tmp_path))] == [Outcome, Outcome]


@pytest.mark.parametrize(
    ("package", "where", "problem"),
    [
        ({"list_of": {"archive/2.warc.gz": b"other"}}, "archive/2.warc.gz", "not have the digest in datapackage.json"),
        ({"list_of": {"archive/3.warc.gz": b""}}, "archive/3.warc.gz", "lists it, but it is not in the package"),
        ({"seal": "sha256:" + "0" * 64}, "datapackage.json", "the list was changed after packing"),
    ],
)
def test_a_package_that_is_not_what_it_lists_is_complained_of_and_read(
    tmp_path: Path, package: dict[str, Any], where: str, problem: str
):
    path = wacz(tmp_path, **package)
    items = read(path)
    (wrong,) = [item for item in items if isinstance(item, BadLine)]
    assert wrong.file == f"{path}/{where}"
    assert problem in wrong.problem
    assert len([item for item in items if isinstance(item, Outcome)]) == 2


def test_names_in_a_package_lead_nowhere(tmp_path: Path):
    out = {f"archive/{'../' * 9}{tmp_path.name}/evil.warc.gz": b"x", "/archive/evil.warc.gz": b"x", "../up.warc": b"x"}
    before = sorted(tmp_path.parent.rglob("*"))
    path = wacz(tmp_path, **out)
    assert len([item for item in read(path) if isinstance(item, Outcome)]) == 2
    assert [file for file in sorted(tmp_path.parent.rglob("*")) if file not in before] == [path]


def test_a_damaged_file_in_a_package_costs_only_itself(tmp_path: Path):
    path = wacz(tmp_path)
    content = bytearray(path.read_bytes())
    offset = content.index(b"\x1f\x8b") + 40
    content[offset] ^= 255
    path.write_bytes(bytes(content))
    items = read(path)
    assert [item.requested_url for item in items if isinstance(item, Outcome)] == [OTHER]
    assert any(isinstance(item, BadLine) and "1.warc.gz" in item.file for item in items)


def test_a_wacz_that_was_cut_off_says_so(tmp_path: Path):
    warc = Warc()
    warc.add("response", URL, b"<p>one")
    with zipfile.ZipFile(tmp_path / "x.wacz", "w") as packed:
        packed.writestr("archive/1.warc.gz", warc.out)
    content = (tmp_path / "x.wacz").read_bytes()
    assert "the file is cut off or damaged" in bad(file(tmp_path, "x.wacz", content[:-30])).problem


def test_a_damaged_file_of_a_wacz_is_named_and_its_copy_is_closed(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "x.wacz", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("archive/data.warc", os.urandom(1 << 16))
    content = bytearray((tmp_path / "x.wacz").read_bytes())
    content[1000] ^= 1
    assert "cannot be unpacked" in bad(file(tmp_path, "y.wacz", bytes(content))).problem
    gc.collect()  # warnings are errors, and a file that was left open is one


def test_a_wacz_that_is_none_is_bad_input(tmp_path: Path):
    with pytest.raises(BadInput, match="not a WACZ"):
        read(file(tmp_path, "x.wacz", b"hello"))
    with zipfile.ZipFile(tmp_path / "y.wacz", "w") as packed:
        packed.writestr("datapackage.json", "{}")
    with pytest.raises(BadInput, match="holds no WARC file"):
        read(tmp_path / "y.wacz")
