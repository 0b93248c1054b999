"""The other forms of export: the selection, that it can be imported again, and that files appear only when complete."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from archive.cli import wirecopy
from archive.export import (
    Selection,
    build_selection,
    export_cdxj,
    export_jsonl,
    export_parquet,
    export_site,
    export_wacz,
    export_warc,
)
from archive.formats.cdxj import cdx_key
from archive.pipeline.import_files import import_files
from archive.settings import Settings
from archive.urls import url_key
from db.errors import BadInput, NotArchived
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.reader import Reader
from db.records import Reason, Relation, SeedKind
from db.store import Store
from tests.builders import DAY, HOUR, PAGE, T0, URL, a_capture, a_seed, add_source, failed, make_history
from tests.saved_files import URL as SAVED_URL
from tests.saved_files import arc_records, har, mhtml, webarchive

if TYPE_CHECKING:
    from pathlib import Path

    from db.records import Capture

FEED = "https://daily.example/feed"
COPY = "https://mirror.example/harbour"
PART = f"{URL}?page=2"
HTML = ("Content-Type", "text/html; charset=utf-8")
OPENS, CLOSES = "The harbour opens.", "The harbour <b>closes</b> on Friday."


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seed with two versions, and a copy of the first that is not watched."""
    path = tmp_path_factory.mktemp("forms") / "archive.db"
    with Store(path) as store:
        seeds = [a_seed()]
        store.sync_seeds(seeds, {seed.url: url_key(seed.url) for seed in seeds}, T0)
        (source,) = source_queries.ids_matching(store.ask, ["daily/harbour"])
        make_history(store, source, [(OPENS, T0)], title="Harbour opens")
        make_history(store, source, [(CLOSES, T0 + DAY)], title="Harbour <script>")
        make_history(store, add_source(store, COPY), [(OPENS, T0 + HOUR)], title="Harbour opens")
    return path


@pytest.fixture
def parted(tmp_path: Path) -> Path:
    """An article in parts whose second check brought the same pages, a feed, a probe, and an error met twice."""
    path = tmp_path / "parted.db"
    with Store(path) as store:
        source = add_source(store)
        for hours in (0, 3):
            page = a_capture(source, at=T0 + hours * HOUR, headers=(HTML,))
            part = replace(page, url=PART, final_url=PART, captured_at=page.captured_at + timedelta(seconds=2), part=2)
            lost = failed(Reason.TIMEOUT, page.captured_at + timedelta(seconds=5), source, url=f"{URL}?page=3", part=3)
            store.record([(page, PAGE), (part, b"<p>The second page."), (lost, None)])
        missing = failed(Reason.GONE_410, T0 + DAY, source, status=410, headers=(HTML,))
        store.record([(missing, b"<p>Gone"), (replace(missing, captured_at=T0 + 2 * DAY), b"<p>Gone")])
        for kind, url in ((SeedKind.FEED, FEED), (SeedKind.PROBE, "https://daily.example/no-such-page-1")):
            for hours in (0, 4):
                side_capture = a_capture(0, url=url, at=T0 + hours * HOUR, content_type="application/xml")
                store.record_side_captures([(kind, url_key(url), side_capture, b"<rss/>" + url.encode())], (), T0)
    return path


def contents(db: Path) -> list[tuple[str, str, Capture, object]]:
    """Every capture with the address and kind of its source, and the time of the page it is a part of."""
    own: dict[str, Any] = {"id": None, "source_id": 0, "part_of": None, "provenance": "", "revisit": False}
    with Reader(db) as reader:
        captures = []
        for row in reader.ask("SELECT id, source_id FROM capture"):
            source = source_queries.by_id(reader.ask, row["source_id"])
            capture = capture_queries.by_id(reader.ask, row["id"])
            page = None if capture.part_of is None else capture_queries.by_id(reader.ask, capture.part_of).captured_at
            flags = tuple(flag for flag in capture.flags if flag != "import")
            captures.append((source.url_key, str(source.kind), replace(capture, **own, flags=flags), page))
    return sorted(captures, key=lambda entry: (entry[0], entry[2].captured_at))


def bring(folder: Path, *files: Path, derive: bool = False) -> Path:
    folder.mkdir()
    settings = Settings(root=folder, db=folder / "archive.db", index=folder / "INDEX.md", clock=T0 + 30 * DAY)
    result = import_files(settings, files, derive=derive)
    assert [bad for bad in result.bad if "waits" not in bad.problem] == []
    return settings.db


def urls(path: Path) -> set[tuple[str, int]]:
    return {(line["url"], line["version"]) for line in map(json.loads, path.read_text("utf-8").splitlines())}


# --- there and back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["all.warc.gz", "all.wacz"])
def test_parts_lists_probes_and_error_pages_come_back_as_they_were(parted: Path, tmp_path: Path, name: str) -> None:
    written = (export_wacz if name.endswith("wacz") else export_warc)(parted, tmp_path / name)
    assert written == 12
    assert contents(bring(tmp_path / "again", tmp_path / name)) == contents(parted)


def test_what_came_from_any_kind_of_file_comes_back_as_it_was(tmp_path: Path) -> None:
    page, reply = b"<p>The harbour opens.", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    files = {"a.arc": b"".join(arc_records(reply + page)), "b.mht": mhtml(page), "c.webarchive": webarchive(page)}
    files |= {"d.har": har(page), "e.mht": mhtml(page * 9)[:-300]}
    for number, (name, content) in enumerate(files.items()):
        path = tmp_path / name
        path.write_bytes(content.replace(SAVED_URL.encode(), f"{SAVED_URL[:-1]}{number}".encode()))
        os.utime(path, (T0.timestamp() + number, T0.timestamp() + number))
    db = tmp_path / "in" / "archive.db"
    settings = Settings(root=tmp_path, db=db, index=tmp_path / "INDEX.md", clock=T0 + 30 * DAY)
    imported = import_files(settings, [tmp_path / name for name in files], derive=False)
    assert [bad.problem for bad in imported.bad] == [
        "the file is cut off inside its page; the beginning of the page was read"
    ]
    assert export_warc(db, tmp_path / "all.warc.gz") == imported.new == 5
    assert contents(bring(tmp_path / "again", tmp_path / "all.warc.gz")) == contents(db)


def test_files_of_two_windows_come_back_in_any_order(parted: Path, tmp_path: Path) -> None:
    middle = T0 + timedelta(seconds=1)  # between a page and its parts, which stay with it
    assert export_warc(parted, tmp_path / "a.warc", Selection(until=middle)) == 5
    assert export_warc(parted, tmp_path / "b.warc", Selection(since=middle)) == 7
    assert contents(bring(tmp_path / "one", tmp_path / "a.warc", tmp_path / "b.warc")) == contents(parted)
    assert contents(bring(tmp_path / "two", tmp_path / "b.warc", tmp_path / "a.warc")) == contents(parted)


def test_lines_come_back_as_the_texts_they_are(db: Path, tmp_path: Path) -> None:
    assert export_jsonl(db, tmp_path / "all.jsonl") == 3
    again = bring(tmp_path / "again", tmp_path / "all.jsonl", derive=True)
    export_jsonl(again, tmp_path / "again.jsonl")
    exported, reexported = (
        sorted((line["url"], line["version"], line["first_seen_at"], line["title"], line["text"]) for line in lines)
        for lines in (
            [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            for path in (tmp_path / "all.jsonl", tmp_path / "again.jsonl")
        )
    )
    assert exported == reexported


# --- what goes in ----------------------------------------------------------------------------------------------------


def test_a_window_an_instant_a_group_or_one_of_the_copies_can_be_asked_for(db: Path, tmp_path: Path) -> None:
    selections = {
        "since": build_selection(db, since=T0 + DAY),
        "until": build_selection(db, until=T0 + HOUR),
        "at": build_selection(db, instant=T0 + 2 * HOUR),
        "group": build_selection(db, group="daily"),
        "unique": build_selection(db, unique=Relation.EXACT),
    }
    for name, chosen in selections.items():
        export_jsonl(db, tmp_path / f"{name}.jsonl", chosen)
    urls_by_name = {name: urls(tmp_path / f"{name}.jsonl") for name in selections}
    assert urls_by_name == {
        "since": {(URL, 2)},
        "until": {(URL, 1)},
        "at": {(URL, 1), (COPY, 1)},
        "group": {(URL, 1), (URL, 2)},
        "unique": {(URL, 1), (URL, 2)},
    }
    assert export_warc(db, tmp_path / "at.warc", selections["at"]) == 2
    assert export_warc(db, tmp_path / "unique.warc", selections["unique"]) == 2


def test_a_group_that_nobody_watches_is_named(db: Path) -> None:
    with pytest.raises(NotArchived, match="'sports'"):
        build_selection(db, group="sports")


# --- what stands in them ---------------------------------------------------------------------------------------------


def test_the_index_says_where_in_the_file_each_reply_stands(parted: Path, tmp_path: Path) -> None:
    export_warc(parted, tmp_path / "news.warc.gz")
    export_cdxj(parted, tmp_path / "news.cdxj")
    lines = (tmp_path / "news.cdxj").read_text("utf-8").splitlines()
    assert lines == sorted(lines)
    packed = (tmp_path / "news.warc.gz").read_bytes()
    for line in lines:
        key, stamp, fields = line.split(" ", 2)
        entry = json.loads(fields)
        start, length = int(entry["offset"]), int(entry["length"])
        record = gzip.decompress(packed[start : start + length]).decode()
        assert f"WARC-Target-URI: {entry['url']}\r\n" in record
        assert (cdx_key(entry["url"]), stamp[:8]) == (key, "20260105" if "410" not in entry["status"] else stamp[:8])
        assert entry["filename"] == "news.warc.gz"
    assert len(lines) == 10  # all but the two parts without a response


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.daily.example/News/?b=2&a=1", "example,daily)/news?a=1&b=2"),
        ("http://www2.daily.example:80", "example,daily)/"),
        ("https://daily.example:8443/a/", "example,daily:8443)/a"),
    ],
)
def test_keys_are_those_of_other_archives(url: str, key: str) -> None:
    assert cdx_key(url) == key


def test_a_package_lists_its_files_with_digests_that_hold(db: Path, tmp_path: Path) -> None:
    export_wacz(db, tmp_path / "all.wacz")
    with zipfile.ZipFile(tmp_path / "all.wacz") as packed:
        package = packed.read("datapackage.json")
        for resource in json.loads(package)["resources"]:
            content = packed.read(resource["path"])
            assert (resource["hash"], resource["bytes"]) == (
                f"sha256:{hashlib.sha256(content).hexdigest()}",
                len(content),
            )
        assert json.loads(packed.read("datapackage-digest.json"))["hash"].endswith(hashlib.sha256(package).hexdigest())
        pages = [json.loads(line) for line in packed.read("pages/pages.jsonl").splitlines()]
        assert packed.getinfo("archive/data.warc.gz").compress_type == zipfile.ZIP_STORED
    assert json.loads(package)["wacz_version"] == "1.1.1"
    assert [(page["url"], page["text"]) for page in pages[1:]] == [(URL, OPENS), (URL, CLOSES)]


def test_each_text_stands_in_a_warc_once_as_a_conversion(db: Path, tmp_path: Path) -> None:
    export_warc(db, tmp_path / "all.warc")
    content = (tmp_path / "all.warc").read_bytes().decode()
    assert content.count("WARC-Type: conversion") == 2
    assert content.count(f"Harbour opens\n\n{OPENS}\n") == 1
    assert content.startswith("WARC/1.1\r\nWARC-Type: warcinfo\r\n")


def test_the_same_archive_gives_the_same_files(db: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        export_wacz(db, tmp_path / f"{name}.wacz")
        export_jsonl(db, tmp_path / f"{name}.jsonl.gz")
        export_parquet(db, tmp_path / name)
    for ending in (".wacz", ".jsonl.gz", "/versions.parquet"):
        assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()


def test_tables_have_real_times_and_every_row(db: Path, tmp_path: Path) -> None:
    assert export_parquet(db, tmp_path / "tables") == {"versions": 3, "captures": 3, "copies": 1}
    table = pq.read_table(tmp_path / "tables" / "versions.parquet").to_pylist()
    assert [(row["url"], row["version"], row["first_seen_at"]) for row in table] == [
        (URL, 1, T0),
        (URL, 2, T0 + DAY),
        (COPY, 1, T0 + HOUR),
    ]
    (link,) = pq.read_table(tmp_path / "tables" / "copies.parquet").to_pylist()
    assert (link["of_url"], link["copy_url"], link["relation"]) == (URL, COPY, "exact")


def test_one_page_tells_a_whole_history_and_loads_nothing(db: Path, tmp_path: Path) -> None:
    assert export_site(db, URL, tmp_path / "harbour.html") == 2
    page = (tmp_path / "harbour.html").read_text("utf-8")
    assert "<del>" in page
    assert "&lt;b&gt;closes&lt;/b&gt;" in page
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert page.count("<section") == 2
    assert " src=" not in page


# --- the files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [export_cdxj, export_wacz, export_jsonl])
def test_another_ending_is_refused_and_what_fails_leaves_nothing(db: Path, tmp_path: Path, write: Any) -> None:
    with pytest.raises(BadInput, match="ends in"):
        write(db, tmp_path / "x.zip")
    ending = {export_cdxj: "x.cdxj", export_wacz: "x.wacz", export_jsonl: "x.jsonl"}[write]
    with pytest.raises(BadInput, match="cannot be written"):
        write(db, tmp_path / "nowhere" / ending)
    write(db, tmp_path / ending)
    assert [path.name for path in tmp_path.iterdir()] == [ending]


@pytest.mark.parametrize(
    ("module", "extra", "command"),
    [
        ("warcio", "warc", ["export", "warc", "x.warc"]),
        ("warcio", "warc", ["import", "x.warc"]),
        ("pyarrow", "parquet", ["export", "parquet", "x.parquet"]),
    ],
)
def test_without_its_library_a_verb_names_the_extra(
    db: Path, tmp_path: Path, root: Path, module: str, extra: str, command: list[str]
) -> None:
    (tmp_path / "x.warc").write_bytes(b"WARC/1.1\r\n" if command[0] == "import" else b"")
    code = f"import sys; sys.modules['{module}'] = None; from archive.cli import main; main()"
    whole = [sys.executable, "-c", code, "--db", str(db), *command[:-1], str(tmp_path / command[-1])]
    result = subprocess.run(whole, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert f"wirecopy[{extra}]" in result.stderr


def test_every_form_is_a_verb(db: Path, tmp_path: Path) -> None:
    known = ["--db", str(db), "export"]
    for name in ("a.warc.gz", "a.wacz", "a.cdxj", "a.parquet", "a.jsonl"):
        form = name.split(".")[1]
        result = CliRunner().invoke(wirecopy, [*known, form, str(tmp_path / name), "--since", "2026-01-01", "--unique"])
        assert result.exit_code == 0, result.output
        assert (tmp_path / name).exists()
    result = CliRunner().invoke(wirecopy, [*known, "site", URL, str(tmp_path / "a.html"), "--until", "2026-01-05"])
    assert "1 version" in result.output
