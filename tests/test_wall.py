"""The wall: an exception that one input causes costs that input alone, whatever step of the pipeline raises it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from archive import copies
from archive.api import Archive
from archive.crawl.discover.truncation import DAMAGED, entry_or_note
from archive.pipeline.derive import derive as derive_captures
from archive.pipeline.gather import gather
from archive.pipeline.import_files import import_files
from archive.pipeline.page_work import judge_all
from archive.seeds.frontier.plan import plan_visits
from archive.settings import Settings
from archive.urls import url_key
from builders import RECIPE, a_source, a_state, an_extraction
from db.errors import StoreBusy, StoreError, Unstorable
from db.queries import captures as capture_queries
from db.queries import versions as version_queries
from db.queries import work_errors
from db.records import DiscoveredUrl, Reason, Verdict, Visit
from db.wall import cause_of, is_own_fault
from fakes import ScriptedFetcher
from newsroom import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.copies import TokenCache
    from archive.copies.embeddings import EmbeddingModel
    from archive.crawl.discover.truncation import Notes
    from archive.pipeline.link import Run
    from db.records import Extraction, Judgement, Outcome, Page, Text
    from db.store import Store

POISONED = 3
BAD_URL = f"https://daily.example/{POISONED}"
COUNTS = [6, pytest.param(50, marks=pytest.mark.slow)]


def urls(pages: int, *, without: int = -1) -> list[str]:
    return [f"https://daily.example/{number}" for number in range(pages) if number != without]


class PlainExtractor:
    """Takes a payload for its text. ``poison`` replaces the extraction of the poisoned page, or raises."""

    def __init__(self, poison: Callable[[Extraction], Extraction] = lambda plain: plain) -> None:
        self._poison = poison

    def map(self, pages: Iterable[Page]) -> Iterator[Extraction]:
        """One extraction for each page."""
        for page in pages:
            plain = an_extraction(page.payload.decode(), title=f"Ferry {page.url}")
            yield self._poison(plain) if page.url == BAD_URL else plain


class RaisingFetcher(ScriptedFetcher):
    """Raises for the poisoned address, which no real fetcher does."""

    async def fetch(self, visit: Visit) -> Outcome:
        """Answer as scripted."""
        if visit.url == BAD_URL:
            raise LookupError("a fault of the fetcher")
        return await super().fetch(visit)


def story(number: int) -> str:
    """A text that page ``number`` shares with its neighbour alone: an even and the next odd page are copies."""
    words = sha256(f"{number // 2}".encode()).hexdigest() + sha256(f"further {number // 2}".encode()).hexdigest()
    return " ".join(f"{words[place : place + 3]}ferry" for place in range(0, 120, 3)) + f" page{number}."


def visit_all(
    store: Store, now: datetime, pages: int = 6, fetcher: type[ScriptedFetcher] = ScriptedFetcher, **facts: object
) -> None:
    """Visit all pages once. ``facts`` are those of the poisoned outcome."""
    outcomes = {url: answer(now, story(number).encode(), url=url) for number, url in enumerate(urls(pages))}
    outcomes[BAD_URL] = replace(outcomes[BAD_URL], **facts)
    visits = [Visit(source_id=store.add_source(url, url_key(url), now), url=url) for url in outcomes]
    run_id = store.begin_run("refresh", "{}", "test", now)
    script = fetcher({url: [outcome] for url, outcome in outcomes.items()}, at=now)
    asyncio.run(gather(store, script, visits, run_id=run_id, now=now))


def derive(store: Store, now: datetime, extractor: PlainExtractor | None = None, run: Run = map) -> None:
    """Derive the whole ledger as a run does, until nothing is left on it."""
    store.use_recipe(RECIPE, now)
    while ids := capture_queries.underived(store.ask, 20):
        derive_captures(store, extractor or PlainExtractor(), ids, recipe=RECIPE, now=now, run=run)


def with_version(store: Store) -> list[str]:
    """The addresses that have a version, by their number. Every text was compared by now."""
    assert not store.ask("SELECT text_id FROM unlinked")
    rows = store.ask("SELECT s.url FROM version v JOIN source s ON s.id = v.source_id WHERE v.superseded_at IS NULL")
    return sorted((row["url"] for row in rows), key=lambda url: int(url.rpartition("/")[2]))


def links(store: Store) -> int:
    (row,) = store.ask("SELECT count(*) AS n FROM link")
    return int(row["n"])


def raise_in_extractor(_: Extraction) -> Extraction:
    raise ZeroDivisionError("a fault of the extractor")


def judge_but_not_the_poisoned(a: Text, b: Text, tokens: TokenCache, model: EmbeddingModel | None) -> Judgement:
    if BAD_URL in (a.title + b.title).split():
        raise ArithmeticError("a fault of judging")
    return copies.judge(a, b, tokens, model)


def run_but_judge_not_the_poisoned(function: Callable[[Any], Any], arguments: Iterable[Any]) -> Iterable[Any]:
    """Call the function as the workers do, with another judge."""
    return map(partial(judge_all, judge=judge_but_not_the_poisoned) if function is judge_all else function, arguments)


EXTRACTIONS = {
    "the extractor raises": raise_in_extractor,
    "a text cannot be stored": lambda plain: replace(plain, language="\ud800"),
    "the removed spans are no spans": lambda plain: replace(plain, removed=(None,)),
    "a claim is no address": lambda plain: replace(plain, claims=(("canonical", 5),)),
}


@pytest.mark.parametrize("pages", COUNTS)
@pytest.mark.parametrize("poison", EXTRACTIONS.values(), ids=EXTRACTIONS)
def test_a_page_that_makes_a_step_raise_costs_only_itself(
    store: Store, now: datetime, poison: Callable[[Extraction], Extraction], pages: int
) -> None:
    visit_all(store, now, pages)
    derive(store, now, PlainExtractor(poison))
    assert with_version(store) == urls(pages, without=POISONED)
    assert links(store) == pages // 2 - 1
    (error,) = work_errors.newest(store.ask, 10)
    assert error.url == BAD_URL
    (row,) = store.ask(
        "SELECT d.verdict, d.detail FROM derivation d JOIN capture c ON c.id = d.capture_id WHERE c.url = :url",
        url=BAD_URL,
    )
    assert row["verdict"] == Verdict.ERROR
    assert row["detail"].endswith(error.cause)
    with Archive(store.path) as archive:
        assert [shown.url for shown in archive.status(now)["errors"]] == [BAD_URL]


def test_a_visit_that_raises_costs_only_itself(store: Store, now: datetime) -> None:
    visit_all(store, now, fetcher=RaisingFetcher)
    derive(store, now)
    assert with_version(store) == urls(6, without=POISONED)
    (failure,) = capture_queries.of_source(store.ask, POISONED + 1)
    assert (failure.reason, failure.url) == (Reason.ERROR, BAD_URL)
    assert "LookupError" in failure.detail


def test_an_outcome_that_cannot_be_stored_costs_only_itself(store: Store, now: datetime) -> None:
    visit_all(store, now, headers=(("x", "\ud800"),))
    derive(store, now)
    assert with_version(store) == urls(6, without=POISONED)
    (failure,) = capture_queries.of_source(store.ask, POISONED + 1)
    assert failure.reason is Reason.ERROR
    assert "UnicodeEncodeError" in failure.detail


@pytest.mark.parametrize("pages", COUNTS)
def test_a_text_that_makes_judging_raise_costs_only_its_own_links(store: Store, now: datetime, pages: int) -> None:
    visit_all(store, now, pages)
    derive(store, now, run=run_but_judge_not_the_poisoned)
    assert with_version(store) == urls(pages)
    (error,) = work_errors.newest(store.ask, 10)
    assert error.url == BAD_URL
    assert links(store) == pages // 2 - 1


def test_a_capture_that_failed_is_derived_again_by_another_build(store: Store, now: datetime) -> None:
    visit_all(store, now)
    derive(store, now, PlainExtractor(raise_in_extractor), run=run_but_judge_not_the_poisoned)
    store.requeue_errors(work_errors.newest(store.ask, 1)[0].build)
    derive(store, now)
    assert with_version(store) == urls(6, without=POISONED)  # the same code would raise again
    assert store.requeue_errors("another build") == 1
    derive(store, now)
    assert with_version(store) == urls(6)
    assert work_errors.count(store.ask) == 0


def test_of_two_captures_of_one_page_only_the_poisoned_one_is_charged(store: Store, now: datetime) -> None:
    visit_all(store, now)
    visit_all(store, now + timedelta(hours=1), payload=b"Two ferries sank.")

    def poison(plain: Extraction) -> Extraction:
        return replace(plain, claims=(("canonical", 5),)) if "sank" in plain.text else plain

    derive(store, now, PlainExtractor(poison))
    assert with_version(store) == urls(6)
    (error,) = work_errors.newest(store.ask, 10)
    assert (error.url, error.step) == (BAD_URL, "settling its history")
    (version,) = version_queries.of_source(store.ask, POISONED + 1)
    assert version.captures == 1


def test_an_error_of_the_place_ends_the_pass(store: Store, now: datetime) -> None:
    def full_disk(_: Extraction) -> Extraction:
        raise StoreError("the disk is full")

    visit_all(store, now)
    with pytest.raises(StoreError, match="disk is full"):
        derive(store, now, PlainExtractor(full_disk))
    assert work_errors.count(store.ask) == 0
    assert capture_queries.underived(store.ask, 1)


@pytest.mark.parametrize(
    ("error", "own"),
    [
        (ValueError("odd"), True),
        (RecursionError(), True),
        (OSError("Not a gzipped file"), True),
        (Unstorable("NOT NULL"), True),
        (OSError(28, "No space left on device"), False),
        (StoreBusy("locked"), False),
        (ExceptionGroup("two", [ValueError(), StoreBusy("locked")]), False),
        (KeyboardInterrupt(), False),
        (asyncio.CancelledError(), False),
    ],
)
def test_the_wall_stands_between_one_input_and_the_place(error: BaseException, own: bool) -> None:
    assert is_own_fault(error) is own


def test_a_cause_names_type_place_and_message_and_can_be_stored() -> None:
    try:
        url_key("http://./\ud800")
    except ValueError as error:
        cause = cause_of(error)
    assert cause.startswith("RefusedUrl in archive/urls.py line ")
    assert cause.encode()


def test_an_import_line_that_cannot_be_stored_costs_only_itself(tmp_path: Path, now: datetime) -> None:
    lines = [
        {"url": url, "fetched_at": "2026-01-05T08:00:00Z", "html": f"<p>{story(number)}</p>"}
        for number, url in enumerate(urls(6))
    ]
    lines[POISONED]["content_type"] = "text/html; name=\ud800"
    path = tmp_path / "pages.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = import_files(
        Settings(root=tmp_path, db=tmp_path / "archive.db", index=tmp_path / "INDEX.md", clock=now),
        [path],
        derive=False,
    )
    assert result.new == len(lines) - 1
    (bad,) = result.bad
    assert BAD_URL in bad.problem
    assert "UnicodeEncodeError" in bad.problem


def test_a_list_entry_that_raises_costs_only_itself() -> None:
    def read(text: str) -> DiscoveredUrl:
        return DiscoveredUrl(url=f"https://daily.example/{int(text)}")

    notes: Notes = {}
    entries = [entry_or_note(read, notes, text) for text in ("1", "two", "3")]
    assert [entry and entry.url[-1] for entry in entries] == ["1", None, "3"]
    assert "ValueError" in notes[DAMAGED]


def test_a_source_whose_next_visit_cannot_be_computed_waits_alone(now: datetime) -> None:
    states = [
        a_state(a_source(number, url), last_visit_at=now - timedelta(days=9), every=timedelta(days=1), budget=100)
        for number, url in enumerate(urls(6))
    ]
    states[POISONED] = replace(states[POISONED], every=timedelta.max)
    plan = plan_visits(states, now=now)
    assert sorted(visit.url for visit in plan.visits) == urls(6, without=POISONED)
    (waiting,) = plan.waiting
    assert (waiting.url, "OverflowError" in waiting.because) == (BAD_URL, True)
