"""Random captures from every door, written to WARC and WACZ and read again, give an archive with the same contents."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.export import export_wacz, export_warc
from archive.formats.imported import FLAG
from archive.pipeline.gather import record_visits
from archive.pipeline.import_files import import_files
from archive.settings import Settings
from db.records import SeedKind
from db.store import Store
from tests.builders import DAY, HOUR, T0
from tests.contents import contents
from tests.fetching import HOST, fetch
from tests.replies import Say
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
DOORS = ("visit", "response", "resource", "error", "lines", "text lines", "saved page", "text file")
ENCODINGS = ("utf-8", "cp1251", "utf-16-le")
SENTENCE = "The harbour board of Velmora met on day {} to settle the matter of the new ferry landing, ещё раз. "
ALIKE = ("texts", "versions", "links", "waiting")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One capture: the door, one of two addresses, the hour, one of three pages, and its encoding."""

    door: str
    address: int
    hour: int
    page: int
    encoding: str

    @property
    def url(self) -> str:
        return f"{HOST}/{self.address}"

    @property
    def html(self) -> str:
        text = "".join(f"<p>{SENTENCE.format(self.page * 100 + number)}</p>" for number in range(9))
        head = f'<title>Landing {self.page}</title><link rel="canonical" href="{self.url}">'
        return f"<!DOCTYPE html><html><head>{head}</head><body><article><h1>Landing {self.page}</h1>{text}</article>"


ARRIVALS = st.lists(
    st.builds(
        Arrival,
        st.sampled_from(DOORS),
        st.integers(0, 1),
        st.integers(0, 40),
        st.integers(0, 2),
        st.sampled_from(ENCODINGS),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda arrival: (arrival.address, arrival.hour),
)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def write(folder: Path, number: int, arrival: Arrival) -> Path:
    """Write the file by which a capture arrives."""
    at = T0 + arrival.hour * HOUR
    body, name = arrival.html.encode(arrival.encoding), f"{number}.warc"
    stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    match arrival.door:
        case "response" | "error":
            status = b"200 OK" if arrival.door == "response" else b"404 Not Found"
            block = b"HTTP/1.1 " + status + b"\r\nContent-Type: text/html\r\nX-A: \xe9\r\n\r\n" + body
            content = record("response", arrival.url, stamp, "application/http", block)
        case "resource":
            content = record("resource", arrival.url, stamp, "text/html", body)
        case "lines" | "text lines":
            key = "html" if arrival.door == "lines" else "text"
            text = arrival.html if key == "html" else SENTENCE.format(arrival.page) * 5
            name, line = f"{number}.jsonl", {"url": arrival.url, "fetched_at": stamp, key: text}
            content = json.dumps(line).encode()
        case "saved page":
            name, content = f"{number}.html", body
        case _:
            name, content = f"{number}.txt", f"{arrival.url}\n\n{SENTENCE.format(arrival.page) * 5}".encode()
    path = folder / name
    path.write_bytes(content)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def record(kind: str, url: str, stamp: str, content_type: str, block: bytes) -> bytes:
    head = f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:{kind}:{url}:{stamp}>\r\nWARC-Target-URI: {url}\r\n"
    head += f"WARC-Date: {stamp}\r\nContent-Type: {content_type}\r\nContent-Length: {len(block)}\r\n\r\n"
    return head.encode() + block + b"\r\n\r\n"


def settings_in(folder: Path) -> Settings:
    folder.mkdir()
    return Settings(root=folder, db=folder / "archive.db", index=folder / "INDEX.md", clock=T0 + 30 * DAY)


def comparable(db: Path) -> dict[str, Any]:
    """The contents without how each capture came in."""
    archive = contents(db)
    captures = [
        tuple(json.dumps([flag for flag in json.loads(value) if flag != FLAG]) if place == FLAGS else value
              for place, value in enumerate(row))
        for row in archive["captures"]
    ]  # fmt: skip
    return {name: archive[name] for name in ALIKE} | {"captures": captures}


FLAGS = 15
"""The place of the flags in a row of captures."""


@given(arrivals=ARRIVALS)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_came_in_by_any_door_goes_out_and_comes_in_again(
    site: Site, tmp_path_factory: pytest.TempPathFactory, arrivals: list[Arrival]
) -> None:
    folder = tmp_path_factory.mktemp("random")
    project = settings_in(folder / "first")
    visits = []
    for arrival in (arrival for arrival in arrivals if arrival.door == "visit"):
        body = arrival.html.encode(arrival.encoding)
        site.pages[f"/{arrival.address}"] = Say(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        at = T0 + arrival.hour * HOUR
        outcome = replace(fetch(site, f"/{arrival.address}"), started_at=at, finished_at=at + timedelta(seconds=1))
        visits.append((SeedKind.ARTICLE, (outcome,)))
    with Store(project.db) as store:
        record_visits(store, visits, provenance="live", now=T0)
    paths = [write(folder, number, arrival) for number, arrival in enumerate(arrivals) if arrival.door != "visit"]
    assert import_files(project, paths).bad == ()
    for name, export in (("all.warc.gz", export_warc), ("all.wacz", export_wacz)):
        assert export(project.db, folder / name) == len(arrivals)
        again = settings_in(folder / f"again {name}")
        assert import_files(again, [folder / name]).bad == ()
        assert comparable(again.db) == comparable(project.db)
