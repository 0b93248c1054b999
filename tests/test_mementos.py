"""Web archives: TimeMaps, gathering from a scripted archive, and a backfill from a loopback archive."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.extract.worker_pool import Extractors
from archive.formats.timemap import Memento, further_timemaps, parse_timemap, raw_url
from archive.pipeline.backfill import backfill
from archive.pipeline.gather_mementos import gather_mementos
from archive.pipeline.leased_work import LeasedWork
from archive.pipeline.run import Run, run_inline
from archive.settings import Settings
from archive.urls import url_key
from db.errors import ConfigError
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.queries import versions as version_queries
from db.reader import Reader
from db.records import Hop, Reason, SeedKind
from db.store import Store
from tests.builders import DAY, HOUR, RECIPE, T0, URL, a_capture, a_seed, an_outcome
from tests.fakes import ScriptedFetcher
from tests.replies import page
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from db.records import Capture, Outcome, Seed

BASE = "https://archive.example/timemap/link/"
JANUARY = datetime(2021, 1, 1, 12, tzinfo=UTC)

# --- reading ---------------------------------------------------------------------------------------------------------

ONE_A_LINE = f"""\
<{URL}>; rel="original",
<{BASE}{URL}>; rel="self"; type="application/link-format"; from="Fri, 01 Jan 2021 12:00:00 GMT",
<https://archive.example/web/{URL}>; rel="timegate",
<https://archive.example/web/20210101120000/{URL}>; rel="first memento"; datetime="Fri, 01 Jan 2021 12:00:00 GMT",
<https://archive.example/web/20210301093000/{URL}>; rel="last memento"; datetime="Mon, 01 Mar 2021 09:30:00 GMT"
"""


def memento(stamp: str, url: str = URL) -> Memento:
    captured_at = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return Memento(url=f"https://archive.example/web/{stamp}/{url}", original=url, captured_at=captured_at)


@pytest.mark.parametrize("text", [ONE_A_LINE, ONE_A_LINE.replace("\n", " "), ONE_A_LINE.replace("\n", "\r\n")])
def test_a_timemap_is_read_one_link_a_line_or_all_on_one(text: str) -> None:
    assert parse_timemap(text, base=BASE + URL) == (memento("20210101120000"), memento("20210301093000"))


def test_mementos_come_by_time_and_once() -> None:
    lines = ONE_A_LINE.splitlines()
    text = "\n".join([*reversed(lines), ",", *lines])
    assert [listed_memento.captured_at.month for listed_memento in parse_timemap(text, base=BASE)] == [1, 3]


def test_unquoted_relations_other_case_and_relative_links_are_understood() -> None:
    text = f'<{URL}>;rel=original, </web/20210101120000/{URL}>; Rel=Memento; DateTime = "Fri, 01 Jan 2021 12:00:00 GMT"'
    assert parse_timemap(text, base=BASE) == (memento("20210101120000"),)


def test_commas_and_semicolons_in_an_address_end_nothing() -> None:
    odd = "https://daily.example/a,b;c?d=e,f"
    text = (
        f'<https://archive.example/web/20210101120000/{odd}>; rel="memento"; datetime="Fri, 01 Jan 2021 12:00:00 GMT"'
    )
    (only,) = parse_timemap(text, base=BASE)
    assert only.url == f"https://archive.example/web/20210101120000/{odd}"


def test_a_date_with_another_zone_is_the_same_instant() -> None:
    text = '<https://archive.example/m>; rel="memento"; datetime="Fri, 01 Jan 2021 14:00:00 +0200"'
    assert [listed_memento.captured_at for listed_memento in parse_timemap(text, base=BASE)] == [JANUARY]


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "<!doctype html><h1>Sorry</h1>",
        '<https://archive.example/m>; rel="memento"',
        '<https://archive.example/m>; rel="memento"; datetime="yesterday"',
        '<https://archive.example/m>; rel="memento"; datetime="Fri, 99 Jan 2021 12:00:00 GMT"',
        '<ftp://archive.example/m>; rel="memento"; datetime="Fri, 01 Jan 2021 12:00:00 GMT"',
        '<https://archive.example/m>; rel="timegate"; datetime="Fri, 01 Jan 2021 12:00:00 GMT"',
    ],
)
def test_invalid_links_are_skipped(broken: str) -> None:
    assert parse_timemap(broken, base=BASE) == ()
    assert len(parse_timemap(f"{broken},\n{ONE_A_LINE}", base=BASE)) == 2


@given(st.text(alphabet='<>;,="/: \nrelmntodai0129', max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    parse_timemap(text, base=BASE)
    further_timemaps(text, base=BASE)


def test_further_timemaps_are_returned_once_without_the_list_itself() -> None:
    second = f'<{BASE}2/{URL}>; rel="timemap"; type="application/link-format"'
    text = f'{second}, <{BASE}{URL}>; rel="self timemap", <{BASE}2/{URL}>; rel=timemap'
    assert further_timemaps(text, base=BASE + URL) == (f"{BASE}2/{URL}",)


@pytest.mark.parametrize(
    ("url", "raw"),
    [
        (f"https://a.example/web/20210101120000/{URL}", f"https://a.example/web/20210101120000id_/{URL}"),
        (f"https://a.example/coll/20210101120000mp_/{URL}", f"https://a.example/coll/20210101120000id_/{URL}"),
        (f"https://a.example/20210101120000id_/{URL}", f"https://a.example/20210101120000id_/{URL}"),
        (
            "https://a.example/web/20210101120000/daily.example/x",
            "https://a.example/web/20210101120000id_/daily.example/x",
        ),
        (
            "https://a.example/web/20210101120000/https://b.example/20200101120000/x",
            "https://a.example/web/20210101120000id_/https://b.example/20200101120000/x",
        ),
        ("https://a.example/m/1?of=https://b.example/20200101120000/x", None),
        ("https://a.example/m/https://b.example/20200101120000/x", None),
        ("https://a.example/web/2021/x", None),
    ],
)
def test_the_raw_url_uses_the_timestamp_of_the_archive(url: str, raw: str | None) -> None:
    assert raw_url(url) == (raw or url)


# --- gathering, from a script ----------------------------------------------------------------------------------------

PREFIX = "http://127.0.0.1:9/timemap/link/"


def stamped(captured_at: datetime, url: str = URL) -> str:
    return f"http://127.0.0.1:9/web/{captured_at:%Y%m%d%H%M%S}/{url}"


def listing(*times: datetime, url: str = URL) -> bytes:
    links = [
        f'<{stamped(captured_at, url)}>; rel="memento"; datetime="{captured_at:%a, %d %b %Y %H:%M:%S} GMT"'
        for captured_at in times
    ]
    return ",\n".join([f'<{url}>; rel="original"', *links]).encode()


def replayed(captured_at: datetime, text: str = "archived", *, url: str = URL, **more: object) -> Outcome:
    """Return the response of an archive to a request for the raw memento."""
    headers = (("Content-Type", "text/html"), ("memento-datetime", f"{captured_at:%a, %d %b %Y %H:%M:%S} GMT"))
    usual = {"payload": text.encode(), "headers": headers, "etag": '"of-the-archive"', "ip": "127.0.0.1"}
    return replace(an_outcome(raw_url(stamped(captured_at, url)), at=T0, **more), **usual)


class Bench:
    """A store with seeds, and runs over it with a scripted archive."""

    def __init__(self, store: Store, tmp_path: Path, *seeds: Seed, archives: tuple[str, ...] = (PREFIX,)) -> None:
        self.store = store
        self.settings = Settings(
            root=tmp_path, db=store.path, index=tmp_path / "INDEX.md", archives=archives, clock=T0, min_gap=0.0
        )
        self.script: dict[str, list[Outcome]] = {}
        store.sync_seeds(seeds, {seed.url: url_key(seed.url) for seed in seeds}, T0)

    def lists(self, *times: datetime, list_url: str = PREFIX + URL, url: str = URL) -> None:
        self.script[list_url] = [an_outcome(list_url, payload=listing(*times, url=url))]

    def serves(self, captured_at: datetime, outcome: Outcome, *, url: str = URL) -> None:
        self.script[raw_url(stamped(captured_at, url))] = [outcome]

    def gather(
        self, window: tuple[datetime | None, datetime | None] = (None, None)
    ) -> tuple[dict[str, int], list[str]]:
        """Gather once. Return the counts and the requested URLs."""
        fetcher = ScriptedFetcher(self.script, at=T0)
        run = Run(
            settings=self.settings,
            store=self.store,
            fetcher=fetcher,  # type: ignore[arg-type]
            extractors=Extractors(workers=1),
            recipe=RECIPE,
            run_id=self.store.begin_run("backfill", "{}", "me", T0),
            step=run_inline,
            work=LeasedWork(self.store, "me", self.settings),
        )
        asyncio.run(gather_mementos(run, source_queries.states(self.store.ask), window))
        return run.counts, fetcher.urls()

    def captures(self, url: str = URL) -> list[Capture]:
        source = source_queries.by_url_key(self.store.ask, url_key(url))
        return [] if source is None else capture_queries.of_source(self.store.ask, source.id)


@pytest.fixture
def bench(store: Store, tmp_path: Path) -> Bench:
    return Bench(store, tmp_path, a_seed())


def test_a_memento_becomes_a_capture_of_the_page_at_its_own_time(bench: Bench) -> None:
    bench.lists(JANUARY)
    bench.serves(JANUARY, replayed(JANUARY))
    assert bench.gather()[0] == {"mementos": 1, "archive_failures": 0}
    (capture,) = bench.captures()
    assert (capture.captured_at, capture.url, capture.final_url) == (JANUARY, URL, URL)
    assert (capture.provenance, capture.reason, capture.status) == ("archive:127.0.0.1", None, 200)
    assert capture.detail == f"taken from {raw_url(stamped(JANUARY))}"
    assert (capture.etag, capture.ip, capture.hops) == (None, None, ())
    assert capture_queries.payload(bench.store.ask, capture.payload_sha256 or "") == b"archived"
    assert capture_queries.underived(bench.store.ask, 9) == [capture.id]


def test_only_mementos_inside_the_window_are_asked_for(bench: Bench) -> None:
    times = [JANUARY + days * DAY for days in range(4)]
    bench.lists(*times)
    for captured_at in times:
        bench.serves(captured_at, replayed(captured_at, str(captured_at)))
    bench.gather((times[1], times[3]))
    assert [capture.captured_at for capture in bench.captures()] == times[1:3]


def test_a_recorded_memento_is_not_requested_again(bench: Bench) -> None:
    bench.lists(JANUARY, JANUARY + DAY)
    bench.serves(JANUARY, replayed(JANUARY))
    assert bench.gather()[0] == {"mementos": 1, "archive_failures": 1}
    bench.serves(JANUARY + DAY, replayed(JANUARY + DAY, "later"))
    counts, urls = bench.gather()
    assert counts == {"mementos": 1, "archive_failures": 0}
    assert urls == [PREFIX + URL, raw_url(stamped(JANUARY + DAY))]
    assert bench.gather()[1] == [PREFIX + URL]
    assert len(bench.captures()) == 2


def test_a_memento_in_two_archives_is_requested_from_the_first(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, a_seed(), archives=(PREFIX, "http://127.0.0.1:9/other/"))
    bench.lists(JANUARY)
    bench.lists(JANUARY, list_url=f"http://127.0.0.1:9/other/{URL}")
    bench.serves(JANUARY, replayed(JANUARY))
    assert bench.gather()[1].count(raw_url(stamped(JANUARY))) == 1


def test_an_archived_error_keeps_its_reason(bench: Bench) -> None:
    bench.lists(JANUARY)
    bench.serves(JANUARY, replayed(JANUARY, "gone", status=404, reason=Reason.MISSING_404))
    assert bench.gather()[0]["mementos"] == 1
    assert [(capture.reason, capture.status) for capture in bench.captures()] == [(Reason.MISSING_404, 404)]


@pytest.mark.parametrize(
    "answer",
    [
        an_outcome(status=404, reason=Reason.MISSING_404, detail="the archive no longer has it"),
        an_outcome(reason=Reason.TIMEOUT),
        an_outcome(status=429, reason=Reason.RATE_LIMITED),
        an_outcome(reason=Reason.ROBOTS_DENIED),
        replayed(JANUARY, reason=Reason.TRUNCATED),
        replayed(JANUARY + 90 * DAY),
        an_outcome("https://daily.example/harbour", hops=(Hop(url="x", status=302, location=URL),)),
    ],
    ids=["lost", "timeout", "busy", "robots", "cut off", "of another day", "of the live web"],
)
def test_a_failure_of_the_archive_is_no_capture_of_the_page(bench: Bench, answer: Outcome) -> None:
    bench.lists(JANUARY)
    bench.serves(JANUARY, answer)
    assert bench.gather()[0] == {"mementos": 0, "archive_failures": 1}
    assert bench.captures() == []


def test_a_response_without_memento_datetime_is_accepted(bench: Bench) -> None:
    bench.lists(JANUARY)
    bench.serves(JANUARY, an_outcome(raw_url(stamped(JANUARY))))
    assert bench.gather()[0]["mementos"] == 1


MOVED = "https://daily.example/new-harbour"


def redirecting(captured_at: datetime, location: str, **more: object) -> Outcome:
    """Return the response of an archive to a request for an archived redirect."""
    answer = replayed(captured_at, "", status=301, reason=Reason.UNEXPECTED_STATUS, **more)
    return replace(answer, headers=(*answer.headers, ("Location", location)), reason_phrase="Moved")


@pytest.mark.parametrize("rewritten", [True, False])
def test_an_archived_redirect_is_followed_inside_the_archive_and_kept(bench: Bench, rewritten: bool) -> None:
    bench.lists(JANUARY)
    later = JANUARY + HOUR / 2
    target = stamped(later if rewritten else JANUARY, MOVED)
    bench.serves(JANUARY, redirecting(JANUARY, target if rewritten else "/new-harbour"))
    bench.script[raw_url(target)] = [replayed(later, url=MOVED)]
    counts, urls = bench.gather()
    assert counts == {"mementos": 1, "archive_failures": 0}
    (capture,) = bench.captures()
    assert (capture.captured_at, capture.url, capture.final_url, capture.status) == (JANUARY, URL, MOVED, 200)
    assert [(hop.url, hop.status, hop.location, hop.at) for hop in capture.hops] == [(URL, 301, MOVED, JANUARY)]
    assert all(url.startswith("http://127.0.0.1:9/") for url in urls), "no request goes to the live web"


def test_an_archived_redirect_to_a_missing_memento_is_a_capture(bench: Bench) -> None:
    bench.lists(JANUARY)
    bench.serves(JANUARY, redirecting(JANUARY, MOVED))
    lost = an_outcome(raw_url(stamped(JANUARY, MOVED)), status=404, reason=Reason.MISSING_404)
    bench.script[raw_url(stamped(JANUARY, MOVED))] = [lost]
    bench.gather()
    (capture,) = bench.captures()
    assert (capture.reason, capture.status, capture.final_url) == (Reason.UNEXPECTED_STATUS, 301, MOVED)
    assert "has no memento of that time" in capture.detail
    assert bench.gather()[1] == [PREFIX + URL]


def test_an_archived_redirect_is_retried_if_its_target_fails(bench: Bench) -> None:
    bench.lists(JANUARY)
    bench.serves(JANUARY, redirecting(JANUARY, MOVED))
    bench.script[raw_url(stamped(JANUARY, MOVED))] = [an_outcome(reason=Reason.TIMEOUT)]
    assert bench.gather()[0] == {"mementos": 0, "archive_failures": 1}
    assert bench.captures() == []


def test_a_redirect_to_the_nearest_memento_is_a_failure(bench: Bench) -> None:
    bench.lists(JANUARY)
    nearest = replace(
        redirecting(JANUARY, stamped(JANUARY + HOUR / 2)), headers=(("Location", stamped(JANUARY + HOUR / 2)),)
    )
    bench.serves(JANUARY, nearest)
    bench.serves(JANUARY + HOUR / 2, replayed(JANUARY + HOUR / 2))
    assert bench.gather()[0] == {"mementos": 0, "archive_failures": 1}


def test_a_loop_of_archived_redirects_ends(bench: Bench) -> None:
    bench.lists(JANUARY)
    bench.serves(JANUARY, redirecting(JANUARY, MOVED))
    bench.script[raw_url(stamped(JANUARY, MOVED))] = [redirecting(JANUARY, URL, url=MOVED)]
    bench.gather()
    assert [(capture.reason, len(capture.hops)) for capture in bench.captures()] == [(Reason.UNEXPECTED_STATUS, 1)]


def test_a_page_not_modified_then_is_a_sighting_without_payload(bench: Bench) -> None:
    bench.lists(JANUARY)
    bench.serves(JANUARY, replayed(JANUARY, "", status=304, reason=Reason.UNEXPECTED_STATUS))
    bench.gather()
    assert [(capture.reason, capture.status, capture.payload_sha256) for capture in bench.captures()] == [
        (Reason.NOT_MODIFIED, 304, None)
    ]


@pytest.mark.parametrize("all_marked", [True, False])
def test_headers_are_those_of_the_original_page(bench: Bench, all_marked: bool) -> None:
    bench.lists(JANUARY)
    own = (
        ("Date", "now"),
        ("Link", '<x>; rel="original"'),
        ("X-Archive-Src", "x.warc.gz"),
        ("X-Archive-Orig-ETag", '"a"'),
    )
    answer = replayed(JANUARY)
    more = (
        (("X-Archive-Orig-Content-Type", "text/html"), ("Server", "archive")) if all_marked else (("Server", "then"),)
    )
    bench.serves(JANUARY, replace(answer, headers=(*answer.headers, *own, *more)))
    bench.gather()
    headers = dict(bench.captures()[0].headers)
    expected = {"ETag": '"a"', "Content-Type": "text/html"}
    assert headers == (expected if all_marked else {**expected, "Server": "then"})


def test_a_404_for_the_list_is_no_failure(bench: Bench) -> None:
    bench.script[PREFIX + URL] = [an_outcome(status=404, reason=Reason.MISSING_404)]
    assert bench.gather()[0] == {"mementos": 0, "archive_failures": 0}


def test_a_list_that_cannot_be_had_is_a_failure_of_the_archive(bench: Bench) -> None:
    assert bench.gather()[0] == {"mementos": 0, "archive_failures": 1}


def test_a_long_list_is_read_to_its_end(bench: Bench) -> None:
    second = PREFIX + "2/" + URL
    first = listing(JANUARY) + f',\n<{second}>; rel="timemap", <{PREFIX}{URL}>; rel="timemap"'.encode()
    bench.script[PREFIX + URL] = [an_outcome(PREFIX + URL, payload=first)]
    bench.lists(JANUARY + DAY, list_url=second)
    for captured_at in (JANUARY, JANUARY + DAY):
        bench.serves(captured_at, replayed(captured_at, str(captured_at)))
    assert bench.gather()[0]["mementos"] == 2


def test_a_timemap_seed_brings_captures_of_its_page(store: Store, tmp_path: Path) -> None:
    address = "http://127.0.0.1:9/collection/harbour.txt"
    bench = Bench(store, tmp_path, a_seed("old", url=address, kind=SeedKind.TIMEMAP), archives=())
    bench.lists(JANUARY, list_url=address)
    bench.serves(JANUARY, replayed(JANUARY))
    bench.gather()
    assert [capture.url for capture in bench.captures()] == [URL]
    assert URL not in {state.source.url for state in source_queries.states(store.ask)}  # recorded, but not watched


def test_lists_and_retired_seeds_are_not_looked_up(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, a_seed("feed", kind=SeedKind.FEED), a_seed("gone"))
    store.sync_seeds([a_seed("feed", kind=SeedKind.FEED)], {a_seed("feed").url: url_key(a_seed("feed").url)}, T0)
    assert bench.gather() == ({}, [])


def test_without_an_archive_the_error_names_the_setting(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="WIRECOPY_ARCHIVES"):
        Bench(store, tmp_path, a_seed(), archives=()).gather()


def test_an_archive_on_the_open_web_needs_a_contact(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="contact"):
        Bench(store, tmp_path, a_seed(), archives=(BASE,)).gather()


def test_mementos_come_before_live_captures(bench: Bench) -> None:
    source = source_queries.by_url_key(bench.store.ask, url_key(URL))
    assert source is not None
    bench.store.record([(a_capture(source.id), b"live")])
    bench.lists(JANUARY)
    bench.serves(JANUARY, replayed(JANUARY))
    bench.gather()
    assert [capture.provenance for capture in bench.captures()] == ["archive:127.0.0.1", "live"]


# --- end to end ------------------------------------------------------------------------------------------------------

STORY = """<!doctype html><html lang="en"><head><title>Harbour</title></head><body><article><h1>Harbour {word}</h1>
<p>The harbour of Velmora {word} on Monday, the mayor said at a ceremony on the new quay, in front of some three hundred
guests from all of the coast. It had been closed for two winters after the storm of March.</p>
<p>Fishing boats will have the eastern basin to themselves, and ferries to the islands leave from the western one every
hour. The port authority expects forty thousand passengers before the end of the summer, twice as many as before.</p>
<p>Work on the lighthouse goes on until autumn. Until then a ship with a lamp lies outside the bar.</p>
</article></body></html>"""


@contextmanager
def wayback(pages: dict[datetime, str]) -> Iterator[Site]:
    """Yield a loopback archive like the Wayback Machine with mementos of ``URL`` at these times."""
    with Site() as site:
        links = [
            f'<{site.url("/web/")}{captured_at:%Y%m%d%H%M%S}/{URL}>; rel="memento"; '
            f'datetime="{captured_at:%a, %d %b %Y %H:%M:%S} GMT"'
            for captured_at in pages
        ]
        listed = ",\n".join([f'<{URL}>; rel="original"', *links]).encode()
        site.pages[f"/timemap/link/{URL}"] = page(listed, Content_Type="application/link-format")
        for captured_at, text in pages.items():
            date = f"{captured_at:%a, %d %b %Y %H:%M:%S} GMT"
            site.pages[f"/web/{captured_at:%Y%m%d%H%M%S}id_/{URL}"] = page(text.encode(), Memento_Datetime=date)
        yield site


@pytest.mark.slow
def test_a_backfill_from_an_archive_gives_the_page_a_history(tmp_path: Path) -> None:
    pages = {JANUARY: STORY.format(word="opens"), JANUARY + 60 * DAY: STORY.format(word="closes")}
    with wayback(pages) as site:
        settings = Settings(
            root=tmp_path,
            db=tmp_path / "archive.db",
            index=tmp_path / "INDEX.md",
            archives=(site.url("/timemap/link/"),),
            clock=T0,
            min_gap=0.0,
            allow_private=True,
        )
        with Store(settings.db) as store:
            store.sync_seeds([a_seed()], {URL: url_key(URL)}, T0)
        report = asyncio.run(backfill(settings, source="archives"))
        again = asyncio.run(backfill(settings, source="archives"))
    assert (report.counts["mementos"], report.counts["archive_failures"]) == (2, 0)
    assert again.counts["mementos"] == 0
    with Reader(settings.db) as reader:
        history = version_queries.all_versions(reader.ask)
    assert [(version.title, version.first_seen_at) for version in history] == [
        ("Harbour opens", JANUARY),
        ("Harbour closes", JANUARY + 60 * DAY),
    ]
