"""The order of arrival does not change what the archive says: captures go through the real store in any order.

A random list of facts about two addresses of a site is generated: pages visited, imported or fetched from a web
archive, 304s, failures, permanent redirects between the two, pages that declare the other as their canonical address,
and the site's answer to a soft-404 probe. Then the facts arrive shuffled, with derivations under one recipe or another
in between. The archive at the end is compared with that of a run in which everything arrived in order of time.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from archive.crawl.soft404 import probe_url
from archive.pipeline.derive import derive as derive_captures
from archive.urls import url_key
from db.queries import captures as capture_queries
from db.records import Hop, Reason, SeedKind
from db.store import Store
from tests.builders import (
    DAY,
    LATER,
    OTHER_RECIPE,
    RECIPE,
    T0,
    a_capture,
    add_source,
    an_extraction,
    failed,
)
from tests.contents import contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from db.records import Capture, Extraction, Page, Recipe

OLD, NEW = "https://daily.example/2026/harbour", "https://daily.example/2026/harbour-opens"
ADDRESSES = (OLD, NEW)
HANDS = ("live", "import:papers.warc", "archive:memory.example")
RESIDUE = "Read more on our front page. "
SENTENCES = (
    "The harbour of Velmora opens on Monday after nine months of dredging, the port authority said in the evening. ",
    "Some 300 vessels had to be sent to Calder in that time, and the pilots went with them, their guild complained. ",
    "A second barge arrives in February; until then the channel is 12 metres deep, and large ships wait for the tide. ",
    "The contract over 48 million crowns went to a family firm that has worked on the river for two generations. ",
)
TEXTS = {
    "long": "".join(SENTENCES),
    "edited": "".join(SENTENCES).replace("300", "30"),
    "grown": "".join((*SENTENCES, "Ministers welcomed the news and promised a tunnel, as they had done before. ")),
    "half": SENTENCES[0],
    "sorry": "We are sorry. The page you were looking for is not here any more; try the search, or the front page. "
    * 3,
}
"""Texts by name: edits of one another, one that a flip guard holds back, and the page that the site shows instead of a
404."""

ONLY_NOW = ("texts",)  # texts of a former recipe stay, for questions about what was recorded then


@dataclass(frozen=True, slots=True)
class Fact:
    """One event at an address: ``what`` is the name of a text, a reason, or ``probe``."""

    half_day: int
    address: int
    what: str | Reason
    hands: str = "live"
    way: str = ""

    def pair(self, source_id: int) -> tuple[Capture, bytes | None]:
        """Return its capture and payload. The first line of the payload is the canonical address, if any."""
        instant = T0 + self.half_day * DAY / 2
        url, other = ADDRESSES[self.address], ADDRESSES[1 - self.address]
        if isinstance(self.what, Reason):
            status = {"status": 304} if self.what is Reason.NOT_MODIFIED else {}
            return failed(self.what, instant, source_id, url=url, provenance=self.hands, **status), None
        moved = {"final_url": other, "hops": (Hop(url=url, status=301, location=other),)} if self.way == "moved" else {}
        names = other if self.way == "canonical" else ""
        capture = a_capture(source_id, at=instant, url=url, provenance=self.hands, **moved)
        return capture, f"{names}\n{RESIDUE}{TEXTS[self.what]}".encode()


@dataclass(frozen=True, slots=True)
class ScriptedExtractor:
    """A stand-in for the extraction workers. Under the first recipe a line of residue is left in."""

    recipe: Recipe

    def map(self, pages: Iterable[Page]) -> Iterator[Extraction]:
        """Yield the text of each page."""
        for page in pages:
            names, _, body = page.payload.decode().partition("\n")
            text = body if self.recipe == RECIPE else body.removeprefix(RESIDUE)
            yield an_extraction(text.strip(), title="", claims=(("canonical", names),) if names else ())


@dataclass(frozen=True, slots=True)
class Step:
    """Facts that arrive in this order. Then the ledger is derived in chunks of ``together`` captures, or not at all."""

    facts: tuple[Fact, ...]
    recipe: Recipe | None = None
    together: int = 100


# --- arrival ---------------------------------------------------------------------------------------------------------


def arrive(store: Store, steps: Iterable[Step]) -> None:
    """Let the facts arrive in these steps, and at the end settle everything under the second recipe."""
    ids = [add_source(store, url, at=T0) for url in ADDRESSES]
    for step in steps:
        for fact in step.facts:
            record(store, fact, ids)
        if step.recipe is not None:
            derive(store, step.recipe, step.together)
    derive(store, OTHER_RECIPE, 100)


def record(store: Store, fact: Fact, ids: Sequence[int]) -> None:
    if fact.what != "probe":
        store.record([fact.pair(ids[fact.address])])
        return
    instant = T0 + fact.half_day * DAY / 2
    url = probe_url("https://daily.example/", instant)
    capture = a_capture(0, at=instant, url=url)
    store.record_side_captures([(SeedKind.PROBE, url_key(url), capture, f"\n{TEXTS['sorry']}".encode())], [], T0)


def derive(store: Store, recipe: Recipe, together: int) -> None:
    store.use_recipe(recipe, LATER)
    while waiting := capture_queries.underived(store.ask, together):
        derive_captures(store, ScriptedExtractor(recipe), waiting, recipe=recipe, now=LATER)


@pytest.fixture(scope="module")
def answers_after(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Iterable[Step]], dict[str, Any]]:
    """Return a function that gives the answers of an archive after these steps."""
    folder = tmp_path_factory.mktemp("order")
    Store(folder / "empty.db").close()
    number = count()

    def say(steps: Iterable[Step]) -> dict[str, Any]:
        path = folder / f"{next(number)}.db"
        shutil.copyfile(folder / "empty.db", path)
        with Store(path) as store:
            arrive(store, steps)
        answers = {name: rows for name, rows in contents(path).items() if name not in ONLY_NOW} | {
            "claims": claims(path)
        }
        path.unlink()
        return answers

    return say


def claims(path: Path) -> list[tuple[Any, ...]]:
    """Return the claims of each address."""
    sql = """SELECT s.url_key, k.kind, k.url_key, k.url, k.first_seen_at, k.last_seen_at
             FROM claim k JOIN source s ON s.id = k.source_id ORDER BY 1, 2, 3"""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def in_time(facts: Iterable[Fact]) -> list[Step]:
    """Return one step for each fact in order of time, derived at once by the recipe in use at the end."""
    return [Step((fact,), OTHER_RECIPE) for fact in sorted(facts, key=lambda fact: fact.half_day)]


# --- in any order ----------------------------------------------------------------------------------------------------

REASONS = (
    Reason.NOT_MODIFIED,
    Reason.MISSING_404,
    Reason.GONE_410,
    Reason.TIMEOUT,
    Reason.FORBIDDEN,
)


@st.composite
def facts(draw: st.DrawFn, most: int) -> list[Fact]:
    """Draw facts, each at an instant of its own, because of two at one instant without payload only one is recorded."""
    events = []
    for half_day in sorted(draw(st.sets(st.integers(0, 30), min_size=1, max_size=most))):
        what = draw(st.sampled_from([*TEXTS, *TEXTS, *REASONS, Reason.NOT_MODIFIED, "probe"]))
        way = draw(st.sampled_from(["", "", "", "moved", "canonical"])) if what in TEXTS else ""
        hands = "live" if what == "probe" else draw(st.sampled_from([HANDS[0], *HANDS]))
        events.append(Fact(half_day=half_day, address=draw(st.integers(0, 1)), what=what, hands=hands, way=way))
    return events


@st.composite
def steps_of(draw: st.DrawFn, happened: Sequence[Fact]) -> list[Step]:
    """Draw the facts in any order, cut into steps anywhere, each derived by either recipe, or not."""
    remaining = draw(st.permutations(happened))
    steps = []
    while remaining:
        size = draw(st.integers(1, len(remaining)))
        recipe = draw(st.sampled_from([None, RECIPE, OTHER_RECIPE]))
        steps.append(Step(tuple(remaining[:size]), recipe, draw(st.sampled_from([1, 2, 100]))))
        remaining = remaining[size:]
    return steps


def check(say: Callable[[Iterable[Step]], dict[str, Any]], data: st.DataObject, most: int) -> None:
    happened = data.draw(facts(most))
    steps = data.draw(steps_of(happened))
    expected, answers = say(in_time(happened)), say(steps)
    event(f"{min(len(expected['versions']), 4)} versions, {len(expected['links'])} links")
    assert answers == expected
    assert expected["waiting"] == [(0, 0)]


@pytest.mark.slow
@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_order_of_arrival_changes_nothing(answers_after: Any, data: st.DataObject) -> None:
    check(answers_after, data, most=7)


@pytest.mark.slow
@pytest.mark.timeout(1200)  # one to five seconds an example
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_order_of_many_arrivals_changes_nothing(answers_after: Any, data: st.DataObject) -> None:
    check(answers_after, data, most=12)
