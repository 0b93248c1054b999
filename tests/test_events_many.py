"""Events of an archive with more copies and corrections than one window of a page may have."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive
from archive.api.events import COPIED_READ, CORRECTED_READ
from archive.api.list_events import may_be_silent, silences
from builders import DAY, HOUR, LATER, T0, a_judgement, add_source, derive_all, failed, record_text
from db.queries.events import ListCheck, Place
from db.records import EventFilter, EventKind, Reason, Relation
from db.store import Store

if TYPE_CHECKING:
    from pathlib import Path

STORIES = max(COPIED_READ, 2 * CORRECTED_READ) + 4


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stories that are copied within the hour, then corrected; every copy is seen again with the old figure.

    Of every third the first check after the correction fails; of every fourth it comes a week later.
    """
    path = tmp_path_factory.mktemp("many") / "archive.db"
    with Store(path) as store:
        for number in range(STORIES):
            start = T0 + number * HOUR / 7
            wrong = f"The bridge of town {number} cost three hundred crowns, the mayor of the town said on Monday."
            own = add_source(store, f"https://paper.example/{number}")
            copy = add_source(store, f"https://copier.example/{number}")
            record_text(store, own, wrong, start)
            record_text(store, copy, f"{wrong} Says a paper.", start + HOUR)
            record_text(store, own, wrong.replace("three hundred", "thirty"), start + 2 * HOUR)
            if number % 3 == 0:
                url = f"https://copier.example/{number}"
                store.record([(failed(Reason.TIMEOUT, start + 3 * HOUR, copy, url=url, final_url=url), None)])
            record_text(store, copy, f"{wrong} Says a paper.", start + (7 * DAY if number % 4 == 0 else 4 * HOUR))
        derive_all(store)
        texts = {row["body"]: row["id"] for row in store.ask("SELECT id, body FROM text")}
        for body, text_id in texts.items():
            if body.endswith("Says a paper."):
                link = a_judgement(Relation.NEAR, coverage=(0.9, 0.9), passages=())
                store.record_links(texts[body.removesuffix(" Says a paper.")], [(text_id, link)], "of the tests", LATER)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "kinds"), [(3, ()), (50, (EventKind.COPIED,)), (50, (EventKind.STALE_COPY,))])
def test_pages_have_every_event_once_however_narrow_their_windows(
    db: Path, limit: int, kinds: tuple[EventKind, ...]
) -> None:
    filters = EventFilter(kinds=kinds)
    with Archive(db) as archive:
        whole = archive.events_between((T0 - DAY, T0 + 30 * DAY), filters)
        pages, after = [], None
        while True:
            listing = archive.events(filters, after=after, limit=limit)
            pages.append([event.id for event in listing.rows])
            after = listing.next_key
            if after is None:
                break
    ids = [event_id for page in pages for event_id in page]
    assert Counter(ids) == Counter(event.id for event in whole)
    assert all(len(page) <= limit for page in pages)
    counts = Counter(event.kind for event in whole)
    assert {counts[kind] for kind in kinds or (EventKind.COPIED, EventKind.STALE_COPY, EventKind.EDITED)} == {STORIES}


def test_a_list_that_may_not_be_silent_is_not() -> None:
    """The question that spares reading a list's checks must never deny a silence that its checks show."""
    place = Place(source_id=1, url="https://paper.example/feed", group="", seed_key="feed")
    checks = [
        ListCheck(at=T0 + hours * HOUR, reason=None, detail="", flags=(), length=1_000) for hours in range(0, 1_200, 5)
    ]
    for pause in range(20, 200, 9):
        finds = [T0 + hours * HOUR for hours in (0, 9, 20, 26, 40, 47, 60, 60 + pause, 70 + 2 * pause, 600)]
        for event in silences(place, finds, checks):
            assert may_be_silent(finds, (event.at, event.at + HOUR))
        assert not may_be_silent(finds, (T0, T0 + 60 * HOUR))
