from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.importing import SUFFIXES, BadLine, read_import
from archive.importing.outcomes import text_payload
from db.errors import BadInput
from db.records import TEXT_MEDIA_TYPE, Outcome, Reason

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
THEN = datetime(2021, 10, 8, 12, tzinfo=UTC)
PAGE = "<html><h1>Grid to be mended</h1><p>Ünicode.</p></html>"
LINE = {"url": "https://news.example/a", "fetched_at": "2021-10-08T12:00:00Z", "html": PAGE}


def read(path: Path) -> list[Outcome | BadLine]:
    return list(read_import(path, now=NOW))


def one(path: Path) -> Outcome:
    (found,) = read(path)
    assert isinstance(found, Outcome), found
    return found


def bad(path: Path) -> BadLine:
    (found,) = read(path)
    assert isinstance(found, BadLine), found
    return found


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
    ("name", "problem"), [("missing.jsonl", "does not exist"), ("folder", "is a folder"), ("page.pdf", "cannot tell")]
)
def test_a_file_that_cannot_be_read_at_all_is_bad_input_at_once(tmp_path: Path, name: str, problem: str):
    (tmp_path / "folder").mkdir()
    (tmp_path / "page.pdf").write_bytes(b"%PDF")
    with pytest.raises(BadInput, match=problem):
        read_import(tmp_path / name, now=NOW)


def test_capitals_in_a_file_name_do_not_matter(tmp_path: Path):
    assert one(jsonl(tmp_path, LINE).rename(tmp_path / "PAGES.JSONL"))


def test_every_known_ending_is_offered():
    assert set(SUFFIXES) == {".jsonl", ".jsonl.gz", ".html", ".htm", ".txt", ".warc", ".warc.gz", ".wacz"}


# --- JSON lines ------------------------------------------------------------------------------------------------------


def test_a_line_of_html_becomes_an_outcome_as_if_visited_then(tmp_path: Path):
    assert one(jsonl(tmp_path, {**LINE, "url": "HTTPS://news.example/a?utm_source=x"})) == Outcome(
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
    found = one(jsonl(tmp_path, line))
    assert (found.content_type, found.charset, found.reason) == (TEXT_MEDIA_TYPE, "utf-8", None)
    assert (found.payload or b"").decode() == (
        '{"byline":null,"language":"de","published_at":"2021-10-08T07:00:00Z",'
        '"text":"Erste Zeile\\nzweite","title":"Über"}'
    )


def test_html_wins_over_text_and_other_keys_are_ignored(tmp_path: Path):
    assert one(jsonl(tmp_path, {**LINE, "text": "x", "id": 7, "tags": [1]})).payload == PAGE.encode()


@pytest.mark.parametrize(
    ("status", "reason"),
    [(404, Reason.MISSING_404), (410, Reason.GONE_410), (503, Reason.SERVER_ERROR), (304, Reason.NOT_MODIFIED)],
)
def test_a_status_that_is_no_page_becomes_a_reason_and_needs_no_html(tmp_path: Path, status: int, reason: Reason):
    line = {**LINE, "status": status, "html": None}
    found = one(jsonl(tmp_path, line))
    assert (found.status, found.reason, found.payload) == (status, reason, None)


def test_the_page_of_an_error_is_kept(tmp_path: Path):
    assert one(jsonl(tmp_path, {**LINE, "status": 404})).payload == PAGE.encode()


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
    assert one(jsonl(tmp_path, {**LINE, "fetched_at": written})).started_at == expected


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
        ({**LINE, "html": "\ud800"}, "half a character at position 0"),
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
    assert one(file(tmp_path, "x.jsonl", b"\xef\xbb\xbf" + json.dumps(LINE).encode()))


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
OG_URL = '<head><meta property="og:url" content="https://news.example/a"/>'


@pytest.mark.parametrize("head", [SAVED_FROM, SINGLEFILE, CANONICAL, OG_URL])
@pytest.mark.parametrize("name", ["page.html", "page.htm"])
def test_a_saved_page_says_where_it_comes_from(tmp_path: Path, head: str, name: str):
    found = one(file(tmp_path, name, head + PAGE))
    assert found.requested_url == "https://news.example/a"
    assert found.started_at == THEN
    assert found.payload == (head + PAGE).encode()
    assert (found.status, found.reason, found.charset) == (None, None, None)


def test_what_the_saving_tool_wrote_wins_over_what_the_page_claims(tmp_path: Path):
    claims = CANONICAL.replace("/a", "/b") + OG_URL.replace("/a", "/c")
    assert one(file(tmp_path, "x.html", SAVED_FROM + claims)).requested_url == "https://news.example/a"
    assert one(file(tmp_path, "y.html", claims)).requested_url == "https://news.example/b"


def test_a_relative_claim_is_no_address(tmp_path: Path):
    relative = CANONICAL.replace("https://news.example", "")
    assert one(file(tmp_path, "x.html", relative + OG_URL)).requested_url == "https://news.example/a"


def test_a_saved_page_without_an_address_is_a_bad_line(tmp_path: Path):
    assert "does not say where it comes from; expected <!-- saved from" in bad(file(tmp_path, "x.html", PAGE)).problem


def test_a_saved_page_of_any_encoding_is_kept_byte_for_byte(tmp_path: Path):
    content = (SAVED_FROM + PAGE).encode("latin-1")
    assert one(file(tmp_path, "x.html", content)).payload == content


def test_a_text_file_has_a_header_and_a_text(tmp_path: Path):
    header = "url: https://news.example/a\nFetched_at: 2021-10-08T12:00:00Z\ntitle: Grid: to be mended\n"
    found = one(file(tmp_path, "x.txt", f"{header}\nOne.\n\nTwo.".replace("\n", "\r\n")))
    assert (found.requested_url, found.started_at) == ("https://news.example/a", THEN)
    payload = json.loads(found.payload or b"")
    assert (payload["title"], payload["text"]) == ("Grid: to be mended", "One.\n\nTwo.")


def test_an_address_alone_is_header_enough(tmp_path: Path):
    found = one(file(tmp_path, "x.txt", "https://news.example/a\n\nOne."))
    assert (found.requested_url, found.started_at) == ("https://news.example/a", THEN)


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
    """Writes a WARC file record by record, as the standard lays it out."""

    def __init__(self, *, packed: bool = True) -> None:
        self.out = b""
        self.packed = packed
        self.count = 0

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
    found = one(warc.save(tmp_path, "x.warc.gz" if packed else "x.warc"))
    assert found == Outcome(
        requested_url=URL,
        final_url=URL,
        started_at=THEN,
        finished_at=THEN,
        status=200,
        reason_phrase="OK",
        headers=(("Content-Type", "text/html; charset=ISO-8859-1"), ("ETag", '"e"'), ("X-A", "1")),
        payload=b"<p>one",
        content_type="text/html; charset=ISO-8859-1",
        charset="iso-8859-1",
        etag='"e"',
        ip="192.0.2.1",
        flags=("import",),
    )


def test_what_is_not_a_page_is_passed_over(tmp_path: Path):
    warc = Warc()
    warc.add("warcinfo", URL, b"software: x", http=None, Content_Type="application/warc-fields")
    warc.add("request", URL, b"", "GET / HTTP/1.1")
    warc.add("response", URL, b"GIF", http={"Content-Type": "image/gif"})
    warc.add("response", URL, b"moved", "301 Moved", http={"Location": OTHER})
    warc.add("metadata", URL, b"x: y", http=None, Content_Type="application/warc-fields")
    assert read(warc.save(tmp_path)) == []


def test_a_resource_is_a_page_without_a_status(tmp_path: Path):
    warc = Warc()
    warc.add("resource", URL, b"<p>one", http=None, Content_Type="text/html")
    found = one(warc.save(tmp_path))
    assert (found.payload, found.status, found.reason, found.content_type) == (b"<p>one", None, None, "text/html")


def test_an_error_page_has_its_reason(tmp_path: Path):
    warc = Warc()
    warc.add("response", URL, b"<p>gone", "404 Not Found")
    found = one(warc.save(tmp_path))
    assert (found.status, found.reason, found.payload) == (404, Reason.MISSING_404, b"<p>gone")


def test_chunks_and_content_coding_are_undone(tmp_path: Path):
    coded = gzip.compress(b"<p>one")
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(coded), coded)
    warc = Warc()
    warc.add("response", URL, chunked, http={"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"})
    assert one(warc.save(tmp_path)).payload == b"<p>one"


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        (gzip.compress(os.urandom(99))[:-20], {"http": {"Content-Encoding": "gzip"}}, Reason.TRUNCATED),
        (b"coded", {"http": {"Content-Encoding": "zstd"}}, Reason.DECODE),
        (b"<p>on", {"WARC_Truncated": "length"}, Reason.TRUNCATED),
    ],
)
def test_a_body_that_is_not_whole_is_kept_as_it_came_with_its_reason(
    tmp_path: Path, body: bytes, headers: dict[str, Any], reason: Reason
):
    warc = Warc()
    warc.add("response", URL, body, **headers)
    found = one(warc.save(tmp_path))
    assert (found.reason, found.payload) == (reason, body)
    assert found.detail


@pytest.mark.parametrize("by", ["id", "address and date", "digest"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_revisit_gets_the_payload_it_refers_to(tmp_path: Path, by: str, packed: bool):
    warc = Warc(packed=packed)
    warc.add("response", OTHER, b"<p>other")
    warc.add("response", URL, b"<p>one")
    named = {
        "id": {"WARC_Refers_To": "<urn:uuid:2>", "WARC_Payload_Digest": "sha1:OTHER"},
        "address and date": {
            "WARC_Refers_To_Target_URI": URL,
            "WARC_Refers_To_Date": "2021-10-08T12:00:00Z",
            "WARC_Payload_Digest": "sha1:OTHER",
        },
        "digest": {"WARC_Payload_Digest": "sha1:2"},
    }[by]
    profile = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    warc.add("revisit", URL, b"", http=None, WARC_Profile=profile, **named | {"WARC_Date": "2021-10-09T12:00:00Z"})
    _, _, again = read(warc.save(tmp_path, "x.warc.gz" if packed else "x.warc"))
    assert isinstance(again, Outcome)
    assert (again.payload, again.status, again.started_at.day) == (b"<p>one", 200, 9)


def test_a_revisit_of_another_file_is_a_bad_line_counted_in_records(tmp_path: Path):
    warc = Warc()
    warc.add("response", OTHER, b"<p>other")
    warc.add("revisit", URL, b"", WARC_Payload_Digest="sha1:NOT-HERE", WARC_Profile="identical-payload-digest")
    _, wrong = read(warc.save(tmp_path))
    assert isinstance(wrong, BadLine)
    assert wrong.line == 2
    assert "not in this file; expected the record it refers to" in wrong.problem


def test_a_page_that_the_server_called_unmodified_is_not_modified(tmp_path: Path):
    warc = Warc()
    profile = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    warc.add("revisit", URL, b"", "304 Not Modified", WARC_Profile=profile)
    found = one(warc.save(tmp_path))
    assert (found.reason, found.status, found.payload) == (Reason.NOT_MODIFIED, 304, None)


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
    whole, cut = read(warc.save(tmp_path, "x.warc", cut=300))
    assert isinstance(whole, Outcome)
    assert isinstance(cut, Outcome)
    assert (whole.reason, cut.reason) == (None, Reason.TRUNCATED)


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b", b"hello", b"WARC/1.0\r\n\r\n"])
def test_a_file_that_is_no_warc_is_a_bad_line_or_empty(tmp_path: Path, content: bytes):
    assert all(isinstance(found, BadLine) for found in read(file(tmp_path, "x.warc.gz", content)))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    packed = data.draw(st.booleans())
    warc = Warc(packed=packed)
    warc.add("response", URL, gzip.compress(b"<p>one"), http={"Content-Encoding": "gzip"})
    warc.add("response", OTHER, b"4\r\n<p>o\r\n0\r\n\r\n", http={"Transfer-Encoding": "chunked"})
    content = bytearray(warc.out)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    name = "x.warc.gz" if packed else "x.warc"
    path = file(tmp_path_factory.mktemp("warc"), name, bytes(content))
    assert all(isinstance(found, (Outcome, BadLine)) for found in read(path))


def test_a_wacz_is_read_through_all_its_warc_files(tmp_path: Path):
    first, second = Warc(), Warc()
    first.add("response", URL, b"<p>one")
    second.add("revisit", OTHER, b"", http=None, WARC_Payload_Digest="sha1:1", WARC_Profile="identical-payload-digest")
    with zipfile.ZipFile(tmp_path / "x.wacz", "w") as packed:
        packed.writestr("archive/1.warc.gz", first.out)
        packed.writestr("archive/2.warc.gz", second.out)
        packed.writestr("pages/pages.jsonl", "{}")
    found = read(tmp_path / "x.wacz")
    assert [(one.requested_url, one.payload) for one in found if isinstance(one, Outcome)] == [
        (URL, b"<p>one"),
        (OTHER, b"<p>one"),
    ]


def test_a_wacz_that_is_none_is_bad_input(tmp_path: Path):
    with pytest.raises(BadInput, match="not a WACZ"):
        read(file(tmp_path, "x.wacz", b"hello"))
    with zipfile.ZipFile(tmp_path / "y.wacz", "w") as packed:
        packed.writestr("datapackage.json", "{}")
    with pytest.raises(BadInput, match="holds no WARC file"):
        read(tmp_path / "y.wacz")


def test_without_warcio_the_extra_is_named(tmp_path: Path):
    warc = Warc()
    warc.add("response", URL, b"<p>one")
    path = warc.save(tmp_path)
    code = (
        "import sys, pathlib, datetime; sys.modules['warcio'] = None\n"
        "from archive.importing import read_import\n"
        "from archive.errors import BadInput\n"
        "try: read_import(pathlib.Path(sys.argv[1]), now=datetime.datetime.now(datetime.UTC))\n"
        "except BadInput as error: print(error)\n"
    )
    repo = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=repo, capture_output=True, text=True, check=True)
    assert "wirecopy[warc]" in done.stdout
