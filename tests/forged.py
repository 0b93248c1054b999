"""A small archive made by the real pipeline, for tests that change it by SQL: versions, a template, a move, copies."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from archive.extract.worker_pool import Extractors
from archive.pipeline import adopt_template
from archive.pipeline.derive import derive
from archive.pipeline.gather import gather
from archive.pipeline.recheck import Recheck
from archive.pipeline.recipe import current_recipe
from archive.urls import url_key
from db.queries import captures as capture_queries
from db.reader import Reader
from db.records import Hop, Reason, SeedKind, Visit
from db.store import Store
from db.verify import verify
from tests.builders import DAY, HOUR, T0, build_once
from tests.fakes import ScriptedFetcher
from tests.newsroom import COPY, PARAGRAPHS, TALKS, answer, page

if TYPE_CHECKING:
    from pathlib import Path

    from db.records import Outcome, Problem

OLD = "https://daily.example/old-talks"
SHORT = "https://third.example/strait"
APPEAL = "This paper belongs to its readers and to nobody else, and has since 1902."
TOWNS = ("Arden", "Brae", "Corrie", "Dunmore")
NEVER = "https://daily.example/never"


def _town(name: str) -> str:
    return f"https://daily.example/{name.lower()}"


def _about(name: str) -> list[str]:
    lines = ("opened its market hall", "lost a bridge to the flood", "voted on a school", "sold the old ferry")
    first = [f"{name} {line} on day {number + len(name)}, the council said." for number, line in enumerate(lines)]
    return [*first, f"Nobody in {name} had expected it, least of all the mayor, who was away.", APPEAL]


def _visits() -> dict[str, list[Outcome]]:
    fewer = [paragraph.replace("300", "30") for paragraph in PARAGRAPHS]
    softer = page(*fewer, title="Ministers consider reopening the strait")
    moved = (Hop(url=OLD, status=301, location=TALKS),)
    return {
        TALKS: [
            answer(T0, page()),
            answer(T0 + HOUR, reason=Reason.NOT_MODIFIED, status=304),
            answer(T0 + 4 * HOUR, page(*fewer)),
            answer(T0 + 30 * HOUR, softer),
            answer(T0 + 31 * HOUR, reason=Reason.MISSING_404, status=404),
        ],
        OLD: [answer(T0 + 32 * HOUR, softer, url=OLD, final_url=TALKS, hops=moved)],
        COPY: [answer(T0 + 2 * HOUR, page(title="Strait to reopen"), url=COPY)],
        SHORT: [answer(T0 + DAY, page(*PARAGRAPHS[:3], title="Strait talks: what we know"), url=SHORT)],
    } | {_town(name): [answer(T0, page(*_about(name), title=f"News of {name}"), url=_town(name))] for name in TOWNS}


@build_once
def make_archive(path: Path) -> None:
    """Ten captures of articles at seven addresses, derived, with the template of one site learned."""
    with Store(path) as store, Extractors(workers=0) as extractors:
        recipe = current_recipe()
        store.use_recipe(recipe, T0)
        run = store.begin_run("refresh", "{}", "test", T0)
        for url, outcomes in _visits().items():
            source_id = store.add_source(url, url_key(url), T0)
            for outcome in outcomes:
                fetcher = ScriptedFetcher({url: [outcome]}, at=outcome.started_at)
                visit = Visit(source_id=source_id, url=url, kind=SeedKind.ARTICLE)
                asyncio.run(gather(store, fetcher, [visit], run_id=run, now=outcome.started_at))
        store.end_run(run, {}, T0 + 2 * DAY)
        while ids := capture_queries.underived(store.ask, 100):
            derive(store, extractors, ids, recipe=recipe, now=T0 + 2 * DAY)
            if not capture_queries.underived(store.ask, 1):
                adopt_template.adopt_templates(store, recipe, T0 + 2 * DAY)


def change(path: Path, *statements: str) -> int:
    """Change the archive behind the store's back. Return the number of changed rows."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.create_function("sha256", 1, _digest)
        return sum(connection.execute(statement).rowcount for statement in statements)


def _digest(text: str) -> bytes:

    return hashlib.sha256(text.encode()).digest()


def work_out_again(path: Path) -> tuple[list[Problem], dict[str, int]]:
    """Return what ``verify --again all`` finds, and its counts."""
    with Reader(path) as reader, Extractors(workers=0) as extractors:
        problems = list(verify(reader, deep=True, key_of=url_key))
        recheck = Recheck(reader, extractors, current_recipe())
        return problems + list(recheck.everything()), recheck.counts
