"""A small newsroom for tests: pages of one invented story, and the real halves of the pipeline around them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from archive.extract.worker_pool import Extractors
from archive.pipeline.derive import derive as derive_captures
from archive.pipeline.gather import gather as gather_visits
from archive.pipeline.recipe import current_recipe
from archive.urls import url_key
from builders import build_once
from db.queries import captures as capture_queries
from db.records import Outcome, Reason, SeedKind, Visit
from db.store import Store
from fakes import ScriptedFetcher

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from archive.pipeline.derive import DeriveResult

TALKS = "https://daily.example/border-talks"
PARAGRAPHS = tuple(
    """
PORT SELWYN - Ministers from both coasts met on Tuesday to revive a fisheries pact that lapsed in March, and said they
would open 300 inspection posts before the winter season begins.

The interior minister, Ilse Brandvold, told reporters that the two sides had agreed on a joint register of boats and on
shared patrols in the strait between Belmora and Marrowick.

"We have argued about this water for eleven years, and today we stopped arguing," Brandvold said after the meeting.

Skippers who gathered outside the town hall were less sure. Harald Quist, who has fished the strait since 1988, said
that every pact so far had ended with a fine and a photograph.

The two governments plan to publish the text of the pact on Friday, and a vote in both chambers is expected in June.
""".strip()
    .replace("\n\n", "\0")
    .replace("\n", " ")
    .split("\0")
)


def page(*paragraphs: str, title: str = "Ministers promise to reopen the strait", ad: str = "Ad 1") -> bytes:
    """A plain article page; ``ad`` stands in its furniture."""
    body = "".join(f"<p>{each}</p>" for each in paragraphs or PARAGRAPHS)
    head = f'<head><title>{title}</title><meta property="og:title" content="{title}"></head>'
    nav = f"<nav><a href='/'>Home</a> <a href='/world'>World</a></nav><aside>{ad}</aside>"
    article = f"<article><h1>{title}</h1>{body}</article>"
    return f"<!doctype html><html lang='en'>{head}<body>{nav}{article}</body></html>".encode()


def answer(at: datetime, payload: bytes | None = None, *, url: str = TALKS, **more: object) -> Outcome:
    """What the network said at ``at``: a whole page unless a reason is given."""
    whole = {"status": 200, "content_type": "text/html; charset=utf-8", "charset": "utf-8"}
    where = {"requested_url": url, "final_url": url, "started_at": at, "finished_at": at}
    return Outcome(**(where | whole | {"payload": payload} | more))


def gather(store: Store, outcomes: Sequence[Outcome], source_id: int, *, kind: SeedKind = SeedKind.ARTICLE) -> None:
    """Visit the source once for each outcome, in turn."""
    for outcome in outcomes:
        fetcher = ScriptedFetcher({outcome.requested_url: [outcome]}, at=outcome.started_at)
        run = store.begin_run("refresh", "{}", "test", outcome.started_at)
        visit = Visit(source_id=source_id, url=outcome.requested_url, kind=kind)
        asyncio.run(gather_visits(store, fetcher, [visit], run_id=run, now=outcome.started_at))


def derive(store: Store, now: datetime) -> DeriveResult:
    with Extractors(workers=0) as extractors:
        recipe = current_recipe()
        store.use_recipe(recipe, now)
        return derive_captures(store, extractors, capture_queries.underived(store.ask, 1000), recipe=recipe, now=now)


COPY = "https://regional.example/strait"


@build_once
def fill(path: Path, now: datetime) -> None:
    """An archive with three versions of one article (a number, then the headline changed), a 404, and a copy."""
    fewer = [each.replace("300", "30") for each in PARAGRAPHS]
    softer = page(*fewer, title="Ministers consider reopening the strait")
    with Store(path) as store:
        talks, copy = (store.add_source(url, url_key(url), now) for url in (TALKS, COPY))
        gather(store, [answer(now, page()), answer(now + timedelta(hours=4), page(*fewer))], talks)
        gather(store, [answer(now + timedelta(hours=30), softer)], talks)
        gather(store, [answer(now + timedelta(hours=31), reason=Reason.MISSING_404, status=404)], talks)
        gather(store, [answer(now + timedelta(hours=1), page(title="Strait to reopen"), url=COPY)], copy)
        derive(store, now)
