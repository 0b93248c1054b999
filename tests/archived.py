"""A small archive for the tests of what web-archive clients are answered: every kind of capture they can meet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archive.serve.app import create_app
from archive.urls import url_key
from db.records import Hop, Reason, SeedKind
from db.store import Store
from tests.builders import DAY, HOUR, LATER, T0, a_capture, add_source, build_once, failed, move

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from starlette.applications import Starlette

    from db.records import Capture

BASE = "http://archive.test"
STRAIT = "https://daily.example/strait"
QUAY = "https://daily.example/quay?id=7&b=%C3%A9"
OLD, NEW = "https://daily.example/old-name", "https://daily.example/new-name"
PARTED = "https://daily.example/long"
SECOND_PART = "https://daily.example/long/2"
SPORT = "https://sport.daily.example/cup"
PORT = "https://daily.example:8443/strait"
ALIKE = "https://daily.examples.example/strait"
WIRE = "https://wire.example/strait"
ROBOTS = "https://daily.example/robots.txt"
PROBE = "https://daily.example/no-such-page-here"
FIRST = b"<!doctype html><title>Strait</title><h1>Strait to reopen</h1><p>On Monday.</p>"
SECOND = b"<!doctype html><title>Strait</title><h1>Strait stays shut</h1><p>Caf\xe9.</p>"
LOST = b"<h1>Not here</h1>"
HEADERS = (
    ("Date", "Mon, 05 Jan 2026 07:59:58 GMT"),
    ("Content-Type", "text/html; charset=iso-8859-1"),
    ("Content-Encoding", "gzip"),
    ("Content-Length", "61"),
    ("Set-Cookie", "id=1; Path=/"),
)
"""The seven captures of ``STRAIT`` follow T0: page, 304, the same page, a timeout, an edit (+1 day), 404, the page."""


@build_once
def make_archive(path: Path) -> None:
    """The archive, made at ``path``."""
    with Store(path) as store:
        strait = add_source(store, STRAIT)
        store.record(_strait(strait))
        for url in (QUAY, SPORT, PORT, ALIKE, WIRE):
            store.record([(_page(add_source(store, url), url), FIRST)])
        long = add_source(store, PARTED)
        store.record([(_page(long, PARTED), FIRST), (replace(_page(long, SECOND_PART), part=2), SECOND)])
        _moved(store)
        _evidence(store)


def app_of(path: Path, base: str = BASE, hosts: Collection[str] = ()) -> Starlette:
    """The web interface of an archive."""
    return create_app(path, base=base, hosts=hosts, clock=lambda: LATER)


def _page(source: int, url: str) -> Capture:
    return a_capture(source, url=url, at=T0, headers=HEADERS, content_type=HEADERS[1][1], reason_phrase="OK")


def _strait(source: int) -> list[tuple[Capture, bytes | None]]:
    whole = _page(source, STRAIT)
    unmodified = failed(Reason.NOT_MODIFIED, T0 + HOUR, source, url=STRAIT, status=304)
    lost = failed(Reason.MISSING_404, T0 + 2 * DAY, source, url=STRAIT, status=404, content_type="text/html")
    return [
        (whole, FIRST),
        (replace(unmodified, headers=(("ETag", '"a"'),)), None),
        (replace(whole, captured_at=T0 + 2 * HOUR), FIRST),
        (failed(Reason.TIMEOUT, T0 + 3 * HOUR, source, url=STRAIT), None),
        (replace(whole, captured_at=T0 + DAY), SECOND),
        (lost, LOST),
        (replace(whole, captured_at=T0 + 3 * DAY), FIRST),
    ]


def _moved(store: Store) -> None:
    """A page that is led elsewhere for good, and a redirect that was kept by itself."""
    old = add_source(store, OLD)
    hop = Hop(url=OLD, status=301, location=NEW, reason_phrase="Moved", headers=(("Location", NEW),), at=T0)
    store.record([(replace(_page(old, OLD), final_url=NEW, hops=(hop,)), SECOND)])
    move(store, old, NEW)
    away = (("Location", "https://elsewhere.example/"), ("Refresh", "0;url=https://elsewhere.example/"))
    led = failed(Reason.UNEXPECTED_STATUS, T0 + HOUR, old, url=OLD, status=302, headers=away)
    store.record([(led, None)])


def _evidence(store: Store) -> None:
    """What is kept along the way: a robots.txt and a probe."""
    pages = ((SeedKind.ROBOTS, ROBOTS), (SeedKind.PROBE, PROBE))
    made = [(kind, url, a_capture(0, url=url, at=T0, content_type="text/plain")) for kind, url in pages]
    store.record_side_captures([(kind, url_key(url), one, b"User-agent: *\n") for kind, url, one in made], [], T0)
