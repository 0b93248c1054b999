"""Captures written as WARC/1.1: the contents of records, that other tools accept them, and that nothing is lost."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from archive.export import Selection, export_warc
from archive.formats.warc.capture_metadata import SAME_AS, UNRESOLVED
from archive.formats.warc.records import warc_records
from archive.pipeline.import_files import import_files
from archive.settings import Settings
from db.errors import BadInput
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.reader import Reader
from db.records import Exchange, Hop, Reason
from db.store import Store
from tests.builders import DAY, HOUR, PAGE, T0, URL, a_capture, add_source, failed

if TYPE_CHECKING:
    from pathlib import Path

    from archive.formats.warc.records import Record
    from db.records import Capture

OTHER = "https://wire.example/quay"
EXCHANGE = Exchange(
    http_version="HTTP/1.1",
    request=(("Host", "daily.example"), ("X-\xe9", "a  b")),
    port=443,
    tls=(("version", "TLSv1.3"), ("cipher", "TLS_AES_256_GCM_SHA384")),
    seconds=(("dns", 0.01), ("total", 0.25)),
)
HEADERS = (
    ("content-TYPE", "text/html; charset=utf-8"),
    ("Content-Encoding", "gzip"),
    ("Transfer-Encoding", "chunked"),
    ("Content-Length", "7"),
    ("X-Raw", "caf\xc3\xa9 \xff"),
    ("X-Raw", ""),
)
HOP = Hop(
    url="http://daily.example/harbour",
    status=301,
    location=URL,
    reason_phrase="Moved",
    headers=(("location", URL), ("Content-Length", "20")),
    at=T0 + timedelta(milliseconds=7),
    ip="192.0.2.7",
)
SECOND = b"<!doctype html><h1>Harbour closes</h1>"

Pair = tuple["Capture", bytes | None]


def world(source: int, other: int) -> list[Pair]:
    """One capture of every kind."""
    whole = a_capture(source, at=T0, headers=HEADERS, reason_phrase="Tr\xe8s bien", exchange=EXCHANGE, ip="192.0.2.1")
    unmodified = replace(
        failed(Reason.NOT_MODIFIED, T0 + HOUR, source), status=304, headers=(("ETag", '"a"'),), etag='"a"'
    )
    saved = replace(a_capture(other, url=OTHER, at=T0 + 10 * HOUR), status=None, content_type="text/html")
    return [
        (replace(whole, etag='"a"', wire_sha256="ab" * 32, wire_length=7, flags=("excess",)), PAGE),
        (unmodified, None),
        (a_capture(source, at=T0 + 2 * HOUR, headers=HEADERS[:1]), PAGE),
        (replace(a_capture(source, at=T0 + timedelta(hours=3, microseconds=1)), hops=(HOP,), url=URL), SECOND),
        (failed(Reason.TIMEOUT, T0 + 4 * HOUR, source, detail="no whole reply", hops=(HOP,), final_url=OTHER), None),
        (failed(Reason.RATE_LIMITED, T0 + 5 * HOUR, source, status=429, retry_at=T0 + DAY, headers=HEADERS[:1]), b""),
        (replace(failed(Reason.TOO_LARGE, T0 + 6 * HOUR, source), status=200, headers=HEADERS[:2]), None),
        (replace(failed(Reason.TRUNCATED, T0 + 7 * HOUR, source), status=200, headers=HEADERS[:2]), b"\x1f\x8bcut"),
        (failed(Reason.MISSING_404, T0 + 8 * HOUR, source, status=404, content_type="text/html"), b"<p>Not here"),
        (failed(Reason.MISSING_404, T0 + timedelta(hours=8, minutes=1), source, status=404), b"<p>Not here"),
        (a_capture(other, url=OTHER, at=T0 + 9 * HOUR), PAGE),
        (saved, b"<p>saved"),
        *((replace(saved, captured_at=T0 + timedelta(hours=10, minutes=n)), b"<p>saved") for n in (1, 2)),
        (replace(saved, captured_at=T0 + timedelta(hours=10, minutes=3), content_type="", charset=None), b"<p>saved"),
        (replace(saved, captured_at=T0 + timedelta(hours=10, minutes=4)), PAGE),
        (a_capture(other, url=OTHER, at=T0 + timedelta(hours=10, minutes=5), headers=HEADERS[:1]), b"<p>saved"),
        (
            replace(
                a_capture(other, url=OTHER, at=T0 + 11 * HOUR),
                flags=("import", UNRESOLVED, "sha1:LOST", f"{SAME_AS}2021-10-08T12:00:00Z {OTHER}"),
            ),
            None,
        ),
    ]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """An archive with one capture of every kind."""
    path = tmp_path / "archive.db"
    with Store(path) as store:
        store.record(world(add_source(store), add_source(store, OTHER)))
    return path


def contents(db: Path) -> list[Capture]:
    """Every capture, without the fields that an archive adds."""
    own = {"id": None, "source_id": 0, "run_id": None, "provenance": "", "revisit": False}
    with Reader(db) as reader:
        sources = source_queries.all_sources(reader.ask)
        captures = [capture for source in sources for capture in capture_queries.of_source(reader.ask, source.id)]
        for capture in captures:
            if capture.payload_sha256 is not None:
                capture_queries.payload(reader.ask, capture.payload_sha256)
    known = {name: value for name, value in own.items() if name != "run_id"}
    return [
        replace(capture, **known, flags=tuple(flag for flag in capture.flags if flag != "import"))
        for capture in captures
    ]


def bring(folder: Path, *files: Path) -> Path:
    folder.mkdir()
    settings = Settings(root=folder, db=folder / "archive.db", index=folder / "INDEX.md", clock=T0 + 30 * DAY)
    result = import_files(settings, files, derive=False)
    assert [bad for bad in result.bad if "waits" not in bad.problem] == []
    return settings.db


# --- there and back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["all.warc.gz", "all.warc"])
def test_an_archive_written_and_read_again_holds_the_same_captures(db: Path, tmp_path: Path, name: str) -> None:
    assert export_warc(db, tmp_path / name) == 18
    assert contents(bring(tmp_path / "again", tmp_path / name)) == contents(db)


def test_the_order_of_gathering_does_not_show_in_the_file(db: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned.db"
    with Store(turned) as store:
        other, source = add_source(store, OTHER), add_source(store)
        for pair in reversed(world(source, other)):
            store.record([pair])
    export_warc(db, tmp_path / "a.warc")
    export_warc(turned, tmp_path / "b.warc")
    assert (tmp_path / "a.warc").read_bytes() == (tmp_path / "b.warc").read_bytes()


def test_a_window_in_two_files_may_come_back_in_any_order(db: Path, tmp_path: Path) -> None:
    middle = T0 + timedelta(minutes=90)
    assert export_warc(db, tmp_path / "a.warc.gz", Selection(until=middle)) == 2
    assert export_warc(db, tmp_path / "b.warc.gz", Selection(since=middle)) == 16
    again = bring(tmp_path / "again", tmp_path / "b.warc.gz", tmp_path / "a.warc.gz")
    assert contents(again) == contents(db)


# --- others accept it ------------------------------------------------------------------------------------------------


def test_warcio_finds_every_digest_right(db: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export_warc(db, tmp_path / "all.warc.gz")

    class Command:
        inputs = (str(tmp_path / "all.warc.gz"),)
        verbose = False

    assert Checker(Command()).process_all() == 0
    assert capsys.readouterr().out == ""


def test_warcio_reads_the_entity_under_its_own_headers(db: Path, tmp_path: Path) -> None:
    export_warc(db, tmp_path / "all.warc.gz")
    with (tmp_path / "all.warc.gz").open("rb") as stream:
        replies = [
            (
                record.rec_type,
                record.http_headers and record.http_headers.get_statuscode(),
                record.content_stream().read(),
            )
            for record in ArchiveIterator(stream)
            if record.rec_type in {"response", "revisit"}
        ]
    assert replies[:4] == [
        ("response", "200", PAGE),
        ("revisit", "304", b""),
        ("revisit", "200", b""),
        ("response", "301", b""),
    ]


# --- what the records say --------------------------------------------------------------------------------------------


def records_of(number: int, *, original: Capture | None = None) -> tuple[Capture, tuple[Record, ...]]:
    capture, payload = world(1, 2)[number]
    digest = None if payload is None else hashlib.sha256(payload).hexdigest()
    capture = replace(capture, payload_sha256=digest)
    return capture, warc_records(capture, None if original else payload, original=original)


def test_a_page_is_a_request_its_facts_and_its_response_tied_together() -> None:
    _, (request, facts, response) = records_of(0)
    assert [record.value("WARC-Type") for record in (request, facts, response)] == ["request", "metadata", "response"]
    response_id = response.value("WARC-Record-ID")
    assert request.value("WARC-Concurrent-To") == facts.value("WARC-Concurrent-To") == response_id
    assert request.block == b"GET /harbour HTTP/1.1\r\nHost: daily.example\r\nX-\xe9: a  b\r\n\r\n"
    assert response.value("WARC-IP-Address") == "192.0.2.1"
    assert [value for name, value in response.headers if name == "WARC-Protocol"] == ["http/1.1", "tls/1.3"]
    assert response.value("WARC-Payload-Digest") == f"sha256:{hashlib.sha256(PAGE).hexdigest()}"


def test_headers_that_no_longer_hold_are_renamed_and_all_others_stay() -> None:
    _, (*_, response) = records_of(0)
    head, _, body = response.block.partition(b"\r\n\r\n")
    assert body == PAGE
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 Tr\xe8s bien",
        b"content-TYPE: text/html; charset=utf-8",
        b"X-Archive-Orig-Content-Encoding: gzip",
        b"X-Archive-Orig-Transfer-Encoding: chunked",
        b"X-Archive-Orig-Content-Length: 7",
        b"X-Raw: caf\xc3\xa9 \xff",
        b"X-Raw: ",
    ]


def test_a_body_that_did_not_decode_keeps_its_coding_and_says_that_it_is_cut() -> None:
    _, (*_, response) = records_of(7)
    assert b"\r\nContent-Encoding: gzip\r\n" in response.block
    assert response.value("WARC-Truncated") == "disconnect"


def test_a_page_not_modified_refers_to_the_page_it_was() -> None:
    original, _ = records_of(0)
    _, (*_, revisit) = records_of(1, original=original)
    assert revisit.value("WARC-Profile").endswith("/server-not-modified")
    assert revisit.value("WARC-Refers-To-Target-URI") == URL
    assert revisit.value("WARC-Refers-To-Date") == "2026-01-05T08:00:00Z"
    assert revisit.block.startswith(b"HTTP/1.1 304 \r\n")


def test_the_same_payload_again_refers_to_the_first_and_has_its_digest() -> None:
    original, (*_, response) = records_of(0)
    _, (*_, revisit) = records_of(2, original=original)
    assert revisit.value("WARC-Profile").endswith("/identical-payload-digest")
    assert revisit.value("WARC-Refers-To") == response.value("WARC-Record-ID")
    assert revisit.value("WARC-Payload-Digest") == response.value("WARC-Payload-Digest")


def test_a_redirect_is_a_record_of_its_own() -> None:
    _, (hop, _, response) = records_of(3)
    assert (hop.value("WARC-Target-URI"), hop.value("WARC-Date")) == (HOP.url, "2026-01-05T08:00:00.007000Z")
    assert hop.value("WARC-Concurrent-To") == response.value("WARC-Record-ID")
    assert hop.block.startswith(b"HTTP/1.1 301 Moved\r\nlocation: https://daily.example/harbour\r\n")


def test_a_visit_without_a_reply_is_a_metadata_record() -> None:
    _, records = records_of(4)
    assert [record.value("WARC-Type") for record in records] == ["response", "metadata"]
    assert b'"reason":"timeout"' in records[-1].block


def test_the_same_capture_gives_the_same_records() -> None:
    assert records_of(3) == records_of(3)
    ids = [record.value("WARC-Record-ID") for number in range(13) for record in records_of(number)[1]]
    assert len(ids) == len(set(ids))


# --- the file --------------------------------------------------------------------------------------------------------


def test_another_ending_is_refused(db: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"ends in \.warc"):
        export_warc(db, tmp_path / "all.zip")


def test_a_file_that_cannot_be_written_leaves_nothing_behind(db: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be written"):
        export_warc(db, tmp_path / "nowhere" / "all.warc")
    export_warc(db, tmp_path / "all.warc")
    assert not list(tmp_path.glob("*.part"))
