"""The order in which things arrive cannot be seen in what the archive says: through the real store, in any order.

What happened to two addresses of a site is dealt as a list of facts: pages visited, imported and brought from a web
archive, 304s, failures, permanent redirects between the two, pages that name the other as their canonical address, the
site's answer for a page that never was. Then the facts arrive shuffled, with derivations by one recipe or another in
between, and what the archive says at the end is compared with the run in which everything came in time.
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
"""Texts by name: edits of one another, one that a flip guard holds, and what the site says instead of a 404."""

ONLY_NOW = ("texts",)  # texts of a recipe that was given up stay for those who ask what was believed then


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened at an address: ``what`` is the name of a text, a reason, or ``probe``."""

    at: int
    address: int
    what: str | Reason
    hands: str = "live"
    way: str = ""

    def pair(self, source_id: int) -> tuple[Capture, bytes | None]:
        """The capture of it, and its bytes: its address, if it names one, in the first line."""
        when = T0 + self.at * DAY / 2
        url, other = ADDRESSES[self.address], ADDRESSES[1 - self.address]
        if isinstance(self.what, Reason):
            status = {"status": 304} if self.what is Reason.NOT_MODIFIED else {}
            return failed(self.what, when, source_id, url=url, provenance=self.hands, **status), None
        moved = {"final_url": other, "hops": (Hop(url=url, status=301, location=other),)} if self.way == "moved" else {}
        names = other if self.way == "canonical" else ""
        capture = a_capture(source_id, at=when, url=url, provenance=self.hands, **moved)
        return capture, f"{names}\n{RESIDUE}{TEXTS[self.what]}".encode()


@dataclass(frozen=True, slots=True)
class Reading:
    """A stand-in for the extractor's workers: under the first recipe a line of residue is left in."""

    recipe: Recipe

    def map(self, pages: Iterable[Page]) -> Iterator[Extraction]:
        """The text of each page."""
        for page in pages:
            names, _, body = page.payload.decode().partition("\n")
            text = body if self.recipe == RECIPE else body.removeprefix(RESIDUE)
            yield an_extraction(text.strip(), title="", claims=(("canonical", names),) if names else ())


@dataclass(frozen=True, slots=True)
class Step:
    """Facts that arrive in this order; then what waits is derived, so many captures at a time, or nothing is."""

    facts: tuple[Fact, ...]
    recipe: Recipe | None = None
    together: int = 100


# --- arriving --------------------------------------------------------------------------------------------------------


def arrive(store: Store, steps: Iterable[Step]) -> None:
    """Let the facts come in as the steps say, and settle everything under the second recipe at the end."""
    ids = [add_source(store, url, at=T0) for url in ADDRESSES]
    for step in steps:
        for fact in step.facts:
            keep(store, fact, ids)
        if step.recipe is not None:
            derive(store, step.recipe, step.together)
    derive(store, OTHER_RECIPE, 100)


def keep(store: Store, fact: Fact, ids: Sequence[int]) -> None:
    if fact.what != "probe":
        store.record([fact.pair(ids[fact.address])])
        return
    when = T0 + fact.at * DAY / 2
    url = probe_url("https://daily.example/", when)
    said = a_capture(0, at=when, url=url)
    store.keep_asides([(SeedKind.PROBE, url_key(url), said, f"\n{TEXTS['sorry']}".encode())], [], T0)


def derive(store: Store, recipe: Recipe, together: int) -> None:
    store.use_recipe(recipe, LATER)
    while waiting := capture_queries.underived(store.ask, together):
        derive_captures(store, Reading(recipe), waiting, recipe=recipe, now=LATER)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Iterable[Step]], dict[str, Any]]:
    """What an archive says to which things came in these steps. Each is a copy of an empty one, made once."""
    folder = tmp_path_factory.mktemp("order")
    Store(folder / "empty.db").close()
    number = count()

    def say(steps: Iterable[Step]) -> dict[str, Any]:
        path = folder / f"{next(number)}.db"
        shutil.copyfile(folder / "empty.db", path)
        with Store(path) as store:
            arrive(store, steps)
        told = {name: rows for name, rows in contents(path).items() if name not in ONLY_NOW} | {"claims": claims(path)}
        path.unlink()
        return told

    return say


def claims(path: Path) -> list[tuple[Any, ...]]:
    """What each address is said to be, besides."""
    sql = """SELECT s.url_key, k.kind, k.url_key, k.url, k.first_seen_at, k.last_seen_at
             FROM claim k JOIN source s ON s.id = k.source_id ORDER BY 1, 2, 3"""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def in_time(facts: Iterable[Fact]) -> list[Step]:
    """Each fact as it happened, derived at once by the recipe that is still in use at the end."""
    return [Step((fact,), OTHER_RECIPE) for fact in sorted(facts, key=lambda one: one.at)]


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
    """What happened, each at an instant of its own: of two facts of one instant without bytes only one is kept."""
    found = []
    for at in sorted(draw(st.sets(st.integers(0, 30), min_size=1, max_size=most))):
        what = draw(st.sampled_from([*TEXTS, *TEXTS, *REASONS, Reason.NOT_MODIFIED, "probe"]))
        way = draw(st.sampled_from(["", "", "", "moved", "canonical"])) if what in TEXTS else ""
        hands = "live" if what == "probe" else draw(st.sampled_from([HANDS[0], *HANDS]))
        found.append(Fact(at=at, address=draw(st.integers(0, 1)), what=what, hands=hands, way=way))
    return found


@st.composite
def steps_of(draw: st.DrawFn, happened: Sequence[Fact]) -> list[Step]:
    """The facts in any order, cut into steps anywhere, each derived by either recipe, or not."""
    left = draw(st.permutations(happened))
    steps = []
    while left:
        size = draw(st.integers(1, len(left)))
        recipe = draw(st.sampled_from([None, RECIPE, OTHER_RECIPE]))
        steps.append(Step(tuple(left[:size]), recipe, draw(st.sampled_from([1, 2, 100]))))
        left = left[size:]
    return steps


def check(say: Callable[[Iterable[Step]], dict[str, Any]], data: st.DataObject, most: int) -> None:
    happened = data.draw(facts(most))
    steps = data.draw(steps_of(happened))
    expected, found = say(in_time(happened)), say(steps)
    event(f"{min(len(expected['versions']), 4)} versions, {len(expected['links'])} links")
    assert found == expected
    assert expected["waiting"] == [(0, 0)]


@pytest.mark.slow
@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_order_of_arrival_the_archive_says_the_same(said: Any, data: st.DataObject) -> None:
    check(said, data, most=7)


@pytest.mark.slow
@pytest.mark.timeout(1200)  # one to five seconds an example
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_order_of_many_arrivals_the_archive_says_the_same(said: Any, data: st.DataObject) -> None:
    check(said, data, most=12)
