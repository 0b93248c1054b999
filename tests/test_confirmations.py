"""A capture that only confirms the newest version extends it, and gives exactly what settling the history gives.

Captures arrive one by one, mostly in order of time, in two archives: one confirms where it can, the other settles
every history in full. After each step both say the same.
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

from archive.pipeline.derive import derive
from db.microseconds import micros
from db.queries import captures as capture_queries
from db.queries import versions as version_queries
from db.records import Hop, Reason
from db.store import Store
from tests.builders import HOUR, LATER, RECIPE, T0, a_capture, add_source, an_extraction, failed
from tests.contents import contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from db.records import Capture, Extraction, Page

OLD, NEW = "https://daily.example/2026/harbour", "https://daily.example/2026/harbour-opens"
ADDRESSES = (OLD, NEW)
HANDS = ("live", "import:papers.warc")
LONG = "The harbour of Velmora opens on Monday after nine months of dredging, the port authority said. " * 4
TEXTS = {"long": LONG, "edited": LONG.replace("nine", "ten"), "half": LONG[:95]}


@dataclass(frozen=True, slots=True)
class Seen:
    """One visit: an hour, an address, the name of a text or a reason, who brought it, and its redirect or claim."""

    hour: int
    address: int
    what: str | Reason
    hands: str = "live"
    way: str = ""

    def pair(self, source_id: int) -> tuple[Capture, bytes | None]:
        """Return its capture and payload. The first line of the payload is the canonical address, if any."""
        at, url, other = T0 + self.hour * 20 * HOUR, ADDRESSES[self.address], ADDRESSES[1 - self.address]
        moved = {"final_url": other, "hops": (Hop(url=url, status=301, location=other),)} if self.way == "moved" else {}
        if isinstance(self.what, Reason):
            status = {"status": 304} if self.what is Reason.NOT_MODIFIED else {}
            return failed(self.what, at, source_id, url=url, provenance=self.hands, **status, **moved), None
        claimed = {"canonical": other, "elsewhere": f"{other}/amp"}.get(self.way, "")
        return a_capture(source_id, at=at, url=url, provenance=self.hands, **moved), (
            f"{claimed}\n{TEXTS[self.what]}".encode()
        )


class ScriptedExtractor:
    """A stand-in for the extraction workers: the payload is the text."""

    def map(self, pages: Iterable[Page]) -> Iterator[Extraction]:
        """Yield the text of each page."""
        for page in pages:
            claimed, _, body = page.payload.decode().partition("\n")
            yield an_extraction(body.strip(), title="", claims=(("canonical", claimed),) if claimed else ())


def arrive(store: Store, seen: Sequence[Seen], *, again: bool) -> None:
    """Record these visits and derive them together."""
    store.use_recipe(RECIPE, LATER)
    ids = [add_source(store, url) for url in ADDRESSES]
    for visit in seen:
        store.record([visit.pair(ids[visit.address])])
    while waiting := capture_queries.underived(store.ask, 100):
        derive(store, ScriptedExtractor(), waiting, recipe=RECIPE, now=LATER, again=again)


def answers(path: Path) -> dict[str, Any]:
    """Return what an archive says, with its claims and the captures that its versions refer to."""
    with closing(sqlite3.connect(path)) as connection:
        claims = connection.execute("""SELECT s.url_key, k.kind, k.url_key, k.url, k.first_seen_at, k.last_seen_at
            FROM claim k JOIN source s ON s.id = k.source_id ORDER BY 1, 2, 3""").fetchall()
        ends = connection.execute("""SELECT s.url_key, v.number, v.first_capture_id, v.last_capture_id FROM version v
            JOIN source s ON s.id = v.source_id WHERE v.superseded_at IS NULL ORDER BY 1, 2""").fetchall()
    return contents(path) | {"claims": claims, "ends": ends}


# --- the same as settling --------------------------------------------------------------------------------------------

REASONS = (*[Reason.NOT_MODIFIED] * 6, Reason.MISSING_404, Reason.GONE_410, Reason.TIMEOUT)


@st.composite
def visits(draw: st.DrawFn, most: int) -> list[list[Seen]]:
    """Draw visits in steps, most of them to one address in order of time; some come late, or by other hands."""
    steps: list[list[Seen]] = []
    hours = draw(st.lists(st.integers(0, 60), min_size=2, max_size=most, unique=True))
    late = draw(st.sets(st.sampled_from(hours), max_size=2))
    for hour in [*sorted(set(hours) - late), *late]:
        what = draw(st.sampled_from([*["long"] * 4, *TEXTS, *REASONS]))
        way = draw(st.sampled_from([*[""] * 6, "moved", "canonical", "elsewhere", "elsewhere"]))
        hands, address = draw(st.sampled_from(["live", "live", *HANDS])), draw(st.sampled_from([0, 0, 0, 1]))
        seen = Seen(hour=hour, address=address, what=what, hands=hands, way=way)
        if steps and draw(st.integers(0, 3)) == 0:
            steps[-1].append(seen)
        else:
            steps.append([seen])
    return steps


@pytest.fixture(scope="module")
def two_archives(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], tuple[Path, Path]]:
    """Return a function that gives two new archives."""
    folder = tmp_path_factory.mktemp("confirming")
    Store(folder / "empty.db").close()
    number = count()

    def make() -> tuple[Path, Path]:
        paths = folder / f"{next(number)}.db", folder / f"{next(number)}.db"
        for path in paths:
            shutil.copyfile(folder / "empty.db", path)
        return paths

    return make


def check(two_archives: Callable[[], tuple[Path, Path]], steps: Sequence[Sequence[Seen]]) -> None:
    confirmed, settled = two_archives()
    with Store(confirmed) as one, Store(settled) as other:
        for step in steps:
            arrive(one, step, again=False)
            arrive(other, step, again=True)
            assert answers(confirmed) == answers(settled)
    event(f"{len(answers(confirmed)['versions'])} versions")
    for path in (confirmed, settled):
        path.unlink()


@settings(max_examples=4, suppress_health_check=list(HealthCheck), deadline=None)
@given(steps=visits(8))
def test_confirming_gives_what_settling_gives(two_archives: Any, steps: list[list[Seen]]) -> None:
    check(two_archives, steps)


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)
@given(steps=visits(16))
def test_confirming_gives_what_settling_gives_in_long_histories(two_archives: Any, steps: list[list[Seen]]) -> None:
    check(two_archives, steps)


# --- which captures only confirm -------------------------------------------------------------------------------------


def confirms(store: Store, before: Sequence[Seen], last: Seen) -> bool:
    """Tell whether the last visit extends the version without settling. ``before`` was derived."""
    arrive(store, before, again=False)
    store.record([last.pair(add_source(store, ADDRESSES[last.address]))])
    waiting = capture_queries.underived(store.ask, 100)
    return store.confirm_versions(waiting) == waiting


PAGE = Seen(0, 0, "long")


def test_a_304_without_redirects_confirms_and_repeats_the_claims_of_its_page(store: Store) -> None:
    assert confirms(store, [Seen(0, 0, "long", way="elsewhere")], Seen(1, 0, Reason.NOT_MODIFIED))
    (version,) = version_queries.of_source(store.ask, 1)
    assert (version.captures, version.last_seen_at) == (2, T0 + 20 * HOUR)
    assert store.ask("SELECT last_seen_at FROM claim") == [{"last_seen_at": micros(version.last_seen_at)}]


def test_a_304_after_anything_but_its_own_page_is_settled(store: Store) -> None:
    assert not confirms(store, [PAGE, Seen(1, 0, Reason.TIMEOUT)], Seen(2, 0, Reason.NOT_MODIFIED))


def test_a_304_of_other_hands_is_settled(store: Store) -> None:
    assert not confirms(store, [PAGE], Seen(1, 0, Reason.NOT_MODIFIED, hands="import:papers.warc"))


def test_a_304_before_the_last_sighting_is_settled(store: Store) -> None:
    assert not confirms(store, [Seen(5, 0, "long")], Seen(4, 0, Reason.NOT_MODIFIED))


def test_a_304_with_a_redirect_is_settled(store: Store) -> None:
    assert not confirms(store, [PAGE], Seen(1, 0, Reason.NOT_MODIFIED, way="moved"))
