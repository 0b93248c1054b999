"""CPU a page of a whole import and of a round of visits to unchanged pages, in this process and in the workers.

The 743 labelled pages where they are (``../shared/data/extraction``), else pages made up: written to one file and
imported into a new archive, so kept, extracted, settled and linked. Then all are visited again and answer 304, with a
scripted fetcher: recording and deriving, without the network. At last 20 pages that were visited a thousand times are
visited once more. The yardstick is a bare pass of trafilatura over the pages in the same run. ``python
bench/bench_cores.py profile`` prints where the import spends its time in this process.
"""

from __future__ import annotations

import asyncio
import base64
import cProfile
import hashlib
import json
import lzma
import pstats
import resource
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING

from sqlalchemy import Engine, event
from trafilatura import bare_extraction

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_extract import made_up

from archive.crawl.capture import make_capture
from archive.extract.worker_pool import Extractors
from archive.pipeline.derive import derive
from archive.pipeline.gather import gather
from archive.pipeline.import_files import import_files
from archive.pipeline.recipe import current_recipe
from archive.settings import load_settings
from archive.urls import url_key
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.reader import ThreadReaders
from db.records import Outcome, Reason, Visit
from db.store import Store, transactions
from tests.contents import contents
from tests.fakes import ScriptedFetcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from archive.settings import Settings

UNIT = "ms CPU a page"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "extraction"
NOW = datetime(2026, 3, 10, tzinfo=UTC)
SITES = 100
VISITED, VISITS = 20, 1_000
AT_ONCE = 100

BARE = "trafilatura, one default pass, text alone"
PARENT, WORKERS = "import to linked, this process", "import to linked, the workers"
UNCHANGED = "a visit answered 304, kept and settled"
OFTEN = f"the same after {VISITS:,} visits"


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of this process and of its children, statements and commits."""

    own: float
    children: float
    statements: int
    commits: int


READS: Counter[str] = Counter()


class CountedReaders(ThreadReaders):
    """Counts the queries outside of transactions, which SQLAlchemy does not see."""

    def ask(self, sql: str, /, **values: object) -> list[dict[str, object]]:
        READS["statements"] += 1
        return super().ask(sql, **values)


transactions.ThreadReaders = CountedReaders  # type: ignore[misc]


@contextmanager
def measured(costs: dict[str, Cost], name: str) -> Iterator[None]:
    counts: Counter[str] = Counter()

    def count_statement(*_: object) -> None:
        counts["statements"] += 1

    def count_commit(*_: object) -> None:
        counts["commits"] += 1

    def children() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    event.listen(Engine, "before_cursor_execute", count_statement)
    event.listen(Engine, "commit", count_commit)
    READS.clear()
    own, of_children = process_time(), children()
    try:
        yield
    finally:
        costs[name] = Cost(
            process_time() - own,
            children() - of_children,
            counts["statements"] + READS["statements"],
            counts["commits"],
        )
        event.remove(Engine, "before_cursor_execute", count_statement)
        event.remove(Engine, "commit", count_commit)


def pages() -> Iterator[tuple[str, str]]:
    """Yield the address and the markup of each page. Those without an address are spread over some sites."""
    for name in ("aeb", "fundus", "traf") if DATA.exists() else ():
        with lzma.open(DATA / f"pages-{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
            for number, row in enumerate(map(json.loads, lines)):
                own = row["url"] if row["url"].startswith("http") else f"https://site{number % SITES}.example/{number}"
                html = base64.b64decode(row["html_b64"]).decode(errors="replace") if "html_b64" in row else row["html"]
                yield own, html
    for page in map(made_up, range(0 if DATA.exists() else 200)):
        yield page.url, page.payload.decode()


def write_import(path: Path) -> list[str]:
    """Write the pages as JSON lines, a minute apart, and return their markup."""
    rows = list(pages())
    with path.open("w", encoding="utf-8") as lines:
        for number, (url, html) in enumerate(rows):
            at = (NOW + timedelta(minutes=number)).isoformat()
            lines.write(json.dumps({"url": url, "fetched_at": at, "html": html}) + "\n")
    return [html for _, html in rows]


def settings_in(folder: Path) -> Settings:
    return load_settings({"WIRECOPY_CLOCK": (NOW + timedelta(days=30)).isoformat()}, start=folder)


def visit_all(
    store: Store, source_ids: list[int], at: datetime, answer: Callable[[str, datetime], Outcome] | None = None
) -> int:
    """Visit these sources, which answer 304 unless told otherwise, and derive. Return the number of captures."""
    sources = [source_queries.by_id(store.ask, source_id) for source_id in source_ids]
    answers = {source.url: [(answer or not_modified)(source.url, at)] for source in sources}
    visits = [Visit(source_id=source.id, url=source.url, kind=source.kind) for source in sources]
    run_id = store.begin_run("refresh", "{}", "bench", at)
    gathered = asyncio.run(gather(store, ScriptedFetcher(answers, at=at), visits, run_id=run_id, now=at))
    recipe = current_recipe()
    with Extractors(workers=0) as extractors:
        while ids := capture_queries.underived(store.ask, AT_ONCE):
            derive(store, extractors, ids, recipe=recipe, now=at)
    return len(gathered.captures)


def not_modified(url: str, at: datetime) -> Outcome:
    headers = tuple((f"X-Header-{number}", "a value as servers send them") for number in range(10))
    return Outcome(
        requested_url=url,
        final_url=url,
        started_at=at,
        finished_at=at,
        reason=Reason.NOT_MODIFIED,
        status=304,
        headers=headers,
    )


def whole_page(store: Store, url: str, at: datetime) -> Outcome:
    """Return the page that was imported, as a visit brings it."""
    source = source_queries.by_url_key(store.ask, url_key(url))
    first = capture_queries.of_source(store.ask, source.id if source else 0)[0]
    payload = capture_queries.payload(store.ask, first.payload_sha256 or "")
    return Outcome(
        requested_url=url,
        final_url=url,
        started_at=at,
        finished_at=at,
        status=200,
        payload=payload,
        content_type=first.content_type,
        charset=first.charset,
    )


def figures() -> Iterator[tuple[str, float]]:
    costs: dict[str, Cost] = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        markup = write_import(folder / "pages.jsonl")
        bare_extraction(markup[0])
        with measured(costs, BARE):
            for html in markup:
                bare_extraction(html, include_comments=False)
        yield BARE, 1000 * costs[BARE].own / len(markup)
        settings = settings_in(folder)
        with measured(costs, PARENT):
            result = import_files(settings, [folder / "pages.jsonl"])
        yield PARENT, 1000 * costs[PARENT].own / result.new
        yield WORKERS, 1000 * costs[PARENT].children / result.new
        digest = hashlib.sha256(repr(contents(settings.db)).encode()).hexdigest()[:16]
        COUNTED["import"] = costs[PARENT], result.new, f"{result.versions} versions, {result.links} links, {digest}"
        with Store(settings.db) as store:
            articles = [source.id for source in source_queries.all_sources(store.ask)]
            later = NOW + timedelta(days=40)
            visit_all(store, articles, later, partial(whole_page, store))  # a 304 repeats a page that a visit brought
            with measured(costs, UNCHANGED):
                visited = visit_all(store, articles, later + timedelta(days=1))
            yield UNCHANGED, 1000 * costs[UNCHANGED].own / visited
            COUNTED["unchanged visit"] = costs[UNCHANGED], visited, ""
            for turn in range(VISITS):
                pairs = [(capture, None) for capture in captures_of(store, articles[:VISITED], later, turn)]
                store.record(pairs)
            visit_all(store, articles[:VISITED], later + timedelta(days=100))
            with measured(costs, OFTEN):
                visited = visit_all(store, articles[:VISITED], later + timedelta(days=101))
            yield OFTEN, 1000 * costs[OFTEN].own / visited
            COUNTED[f"visit after {VISITS:,}"] = costs[OFTEN], visited, ""


def captures_of(store: Store, source_ids: list[int], later: datetime, turn: int) -> Iterator[object]:
    for source_id in source_ids:
        url = source_queries.by_id(store.ask, source_id).url
        yield make_capture(source_id, not_modified(url, later + timedelta(days=2, hours=turn)))


COUNTED: dict[str, tuple[Cost, int, str]] = {}


def findings(found: Mapping[str, float]) -> Iterator[str]:
    bare = found[BARE]
    yield f"import: {found[PARENT]:.1f} ms in this process (at most 15 wanted), {found[WORKERS]:.1f} in the workers"
    yield f"import, both: {(found[PARENT] + found[WORKERS]) / bare:.2f} times a bare pass (at most 1.4 wanted)"
    for name, (cost, number, remark) in COUNTED.items():
        commits = f"{cost.statements / number:.1f} statements and {cost.commits / number:.2f} transactions"
        yield f"{name}: {commits} each{': ' if remark else ''}{remark}"
    yield f"304: {found[UNCHANGED]:.1f} ms, after {VISITS:,} visits {found[OFTEN]:.1f} (at most 4 wanted for both)"


def profile() -> None:
    """Print where an import spends its time in this process."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_import(folder / "pages.jsonl")
        profiler = cProfile.Profile()
        profiler.runcall(import_files, settings_in(folder), [folder / "pages.jsonl"])
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(70)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    if sys.argv[1:] != ["profile"]:
        sys.exit(__doc__)
    profile()
