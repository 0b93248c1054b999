"""The web interface around an archive of a test: asked in process, by who follows no redirect."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.testclient import TestClient

from archive.serve.app import create_app
from archive.serve.jobs import JobResult, Project
from archive.versions import history as versions
from archive.versions.diff import compare
from builders import (
    DAY,
    HOUR,
    RECIPE,
    T0,
    a_judgement,
    add_source,
    an_extraction,
    build_once,
    digest_of,
    failed,
    judged,
    record_text,
)
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.queries import versions as version_queries
from db.records import Reason, Relation
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from starlette.applications import Starlette

    from db.reader import Ask
    from db.records import Kind, Sighting, Version

HOSTILE = "</title><script>alert(1)</script>\u202egnp.exe ]]> & \"'"
OURS = "http://127.0.0.1:8020"
TOKEN = "a-token-of-the-tests"  # noqa: S105 - that is what it is
NOW = T0 + 30 * DAY

FIRST = "The harbour opens on Monday.\n\nThree hundred boats wait outside, the minister said.\n\nIt had been closed."
SECOND = "The harbour opens on Monday.\n\nThirty boats wait outside, the minister said.\n\nIt had been closed."
LONG = "The road was mended. " * 60 + "It passes the neighbour's barn."
BESIDE = "The harbour opens on Monday.\n\nThree hundred ships wait outside, the minister said.\n\nIt was shut."


@build_once
def stocked(path: Path) -> None:
    """An archive at ``path``: a hostile article in two versions, a copy of it, one that timed out, one with a typo."""
    with Store(path) as store:
        ids = [add_source(store, f"https://{name}.example/harbour") for name in ("daily", "copy", "slow", "typo")]
        for source, texts in zip(
            ids, ((FIRST, SECOND), (BESIDE,), (), (LONG, LONG.replace("neighbour's", "neighbor's"))), strict=True
        ):
            for place, text in enumerate(texts):
                record_text(store, source, text, T0 + place * DAY)
        url = "https://slow.example/harbour"
        store.record([(failed(Reason.TIMEOUT, T0, ids[2], url=url, final_url=url), None)])
        _derive(store)
        store.record_links(1, [(3, a_judgement(Relation.NEAR, because="near: much of it"))], "of the tests", T0 + HOUR)
    return path


def _derive(store: Store) -> None:
    """Derive with a headline of each article's own, the hostile one for the first."""
    store.use_recipe(RECIPE, NOW)
    ids = capture_queries.underived(store.ask, 100)
    for capture in (capture_queries.by_id(store.ask, each) for each in ids):
        if capture.payload_sha256 is None:
            continue
        body = capture_queries.payload(store.ask, capture.payload_sha256).decode()
        title = f"{HOSTILE} {capture.captured_at:%d}" if "daily" in capture.url else capture.url
        extraction = an_extraction(body, title=title, byline=HOSTILE)
        store.record_extraction(capture, extraction, digest_of(title, body), RECIPE)
        store.record_derivation(capture, RECIPE.id, judged, NOW)
    for source in dict.fromkeys(capture_queries.by_id(store.ask, each).source_id for each in ids):
        settle_as_compared(store, source, ids)


def settle_as_compared(store: Store, source_id: int, done: list[int]) -> None:
    """Settle a history with the kinds and weights its edits have."""
    url = source_queries.by_id(store.ask, source_id).url

    def history(sightings: Sequence[Sighting], ask: Ask) -> Sequence[Version]:
        def edited(before: str, after: str) -> tuple[tuple[Kind, ...], float]:
            change = compare(version_queries.text(ask, before), version_queries.text(ask, after))
            return change.kinds, change.score

        return versions.settle(sightings, url=url, compare=edited).versions

    store.settle(source_id, history, NOW, done)


def application(path: Path, **how: object) -> Starlette:
    """The application of the archive at ``path``, a month after its first capture."""
    return create_app(path, clock=lambda: NOW + timedelta(0), **({"token": TOKEN} | how))  # type: ignore[arg-type]


class Started:
    """A command that a page started: it ends when ``end`` is called."""

    def __init__(self, *given: object) -> None:
        self.given = given
        self._result: JobResult | None = None

    def end(self, code: int = 0, output: str = "", message: str = "") -> None:
        self._result = JobResult(code, output, message)

    def result(self) -> JobResult | None:
        return self._result


def a_project(index: Path | None = None) -> tuple[Project, list[Started]]:
    """A project whose commands are only noted, and the list of those that were started."""
    started: list[Started] = []

    def start(*given: object) -> Started:
        started.append(Started(*given))
        return started[-1]

    return Project(index=index, check=start, look=start), started


def client(app: Starlette, **headers: str) -> TestClient:
    """Who asks: a browser on this machine, unless ``headers`` say otherwise."""
    return TestClient(app, base_url=OURS, headers={"accept": "text/html"} | headers, follow_redirects=False)
