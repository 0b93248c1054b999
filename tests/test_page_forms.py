"""Other forms of a page: named alternates, when a visit fetches them, and the text that comes from one."""

from __future__ import annotations

import asyncio
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive
from archive.api.version_ref import Ref
from archive.crawl.alternates import alternate_urls, is_print_address
from archive.export import export_evidence, export_warc
from archive.extract.worker_pool import Extractors
from archive.pipeline.extraction import page_reader
from archive.pipeline.gather import gather
from archive.pipeline.import_files import import_files
from archive.pipeline.page_forms import add_alternates, add_rendering, with_rendering
from archive.pipeline.recheck import open_recheck
from archive.settings import load_settings
from archive.urls import url_key
from db.queries import captures as capture_queries
from db.queries import versions as version_queries
from db.records import Cause, PageForm, Reason, SeedKind, Visit
from db.store import Store
from fakes import ScriptedFetcher
from newsroom import PARAGRAPHS, TALKS, answer, derive, page
from tests.builders import a_seed, a_source, a_state, an_outcome
from tests.contents import contents

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from db.records import Capture, Outcome, Version

AMP, PRINT = f"{TALKS}/amp", f"{TALKS}?view=print"
NAMES_AMP = f'<link rel="amphtml" href="{AMP}">'
NAMES_PRINT = f'<link rel="alternate" media="only print" href="{PRINT}">'
EDITED = tuple(line.replace("300", "30") for line in PARAGRAPHS)


def shell(*links: str) -> bytes:
    """Return a page that a script would fill in, without any data in it."""
    head = f"<head><title>Ministers promise to reopen the strait</title>{''.join(links)}</head>"
    return f'<!doctype html><html lang="en">{head}<body><div id="root"></div><script src="/app.js"></script>'.encode()


def alternate(*paragraphs: str, canonical: str = TALKS) -> bytes:
    markup = page(*paragraphs).replace(b"<article>", b'<article class="story">')
    return markup.replace(b"</head>", f'<link rel="canonical" href="{canonical}"></head>'.encode())


def paid(links: str = "") -> bytes:
    """Return the first paragraph of the article, and a statement that the rest is not free."""
    data = '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>'
    return page(PARAGRAPHS[0]).replace(b"</head>", f"{links}{data}</head>".encode())


@pytest.fixture
def source_id(store: Store, now: datetime) -> int:
    return store.add_source(TALKS, url_key(TALKS), now)


def visit(
    store: Store,
    source_id: int,
    script: Mapping[str, bytes | Outcome],
    moment: datetime,
    *,
    rendering: Outcome | Exception | None = None,
    **facts: object,
) -> ScriptedFetcher:
    """Make one visit to the article, whose addresses answer with these pages, and derive it.

    ``rendering`` is what a browser makes of the page.
    """

    async def render(_: Visit, __: Outcome) -> Outcome:
        assert rendering is not None
        if isinstance(rendering, Exception):
            raise rendering
        return rendering

    outcomes = {
        url: [reply if not isinstance(reply, bytes) else answer(moment, reply, url=url)]
        for url, reply in script.items()
    }
    fetcher = ScriptedFetcher(outcomes, at=moment)
    run = store.begin_run("refresh", "{}", "test", moment)
    planned = Visit(**({"source_id": source_id, "url": TALKS} | facts))
    with Extractors(workers=0) as extractors:
        add_forms = partial(add_alternates, fetcher.fetch, page_reader(extractors))
        if rendering is not None:
            add_forms = partial(add_rendering, render)
        asyncio.run(gather(store, fetcher, [planned], run_id=run, now=moment, add_forms=add_forms))
    derive(store, moment)
    return fetcher


def versions(store: Store, source_id: int) -> list[Version]:
    return version_queries.of_source(store.ask, source_id)


def bodies(store: Store, source_id: int) -> list[str]:
    return [version_queries.text(store.ask, version.text_sha256).body for version in versions(store, source_id)]


def visits(store: Store, source_id: int) -> list[Capture]:
    return capture_queries.of_source(store.ask, source_id)


def state(store: Store, source_id: int) -> str:
    return capture_queries.sightings(store.ask, source_id)[-1].state


# --- what a page names -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "forms"),
    [
        ('<link rel=amphtml href="/border-talks/amp">', [(PageForm.AMP, AMP)]),
        ("<LINK HREF='https://cdn.example/c/s/x' REL='amphtml'>", [(PageForm.AMP, "https://cdn.example/c/s/x")]),
        (NAMES_PRINT, [(PageForm.PRINT, PRINT)]),
        ('<a href="/border-talks/print">Print</a>', [(PageForm.PRINT, f"{TALKS}/print")]),
        (
            '<a rel=nofollow href="?print=1&amp;utm_source=x">Print</a>',
            [(PageForm.PRINT, f"{TALKS}?print=1&utm_source=x")],
        ),
        (NAMES_PRINT + NAMES_AMP, [(PageForm.AMP, AMP), (PageForm.PRINT, PRINT)]),
        (f'<a href="/border-talks/print">x</a>{NAMES_PRINT}', [(PageForm.PRINT, PRINT)]),
        (f'<link rel="amphtml" href="{TALKS}">', []),
        ('<link rel="amphtml" href="javascript:amp()">', []),
        ('<link rel="stylesheet" media="print" href="/print.css">', []),
        ('<a href="/print-shop">Prints</a><a href="/other/print">Print</a>', []),
        ('<a href="https://print.example/border-talks/print">Print</a>', []),
        (NAMES_AMP + "".join(f"<p>{line}</p>" for line in PARAGRAPHS[:3]), []),
        (f"<!-- {NAMES_AMP} --><script>'{NAMES_AMP}'</script><template>{NAMES_AMP}</template>", []),
    ],
)
def test_a_page_names_its_alternates(markup: str, forms: list[tuple[PageForm, str]]) -> None:
    assert alternate_urls(an_outcome(TALKS, payload=f"<html>{markup}</html>".encode())) == forms


@pytest.mark.parametrize("noise", ["<a print", "<link amphtml ", "<p", "print<!--", "<a href=print>"])
def test_noise_is_searched_quickly(noise: str) -> None:
    outcome = an_outcome(TALKS, payload=(noise * 50_000).encode())
    assert alternate_urls(outcome) == []


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://daily.example/print/news/a", True),
        ("https://daily.example/news/a/druckansicht", True),
        ("https://daily.example/news/a?id=7&mode=print", False),
        ("https://daily.example/print", False),
        ("https://daily.example/news/a", False),
        ("https://daily.example/news/b/print", False),
    ],
)
def test_a_print_address_is_that_of_the_page_and_a_word(url: str, *, is_one: bool) -> None:
    assert is_print_address(url, of="https://daily.example/news/a") is is_one


def test_the_front_page_of_a_print_shop_is_no_form_of_the_home_page() -> None:
    assert not is_print_address("https://daily.example/print", of="https://daily.example/")


# --- what a visit fetches --------------------------------------------------------------------------------------------


def test_a_page_without_text_costs_one_more_visit_under_the_same_rules(
    store: Store, source_id: int, now: datetime
) -> None:
    script = {TALKS: shell(NAMES_PRINT, NAMES_AMP), AMP: alternate(), PRINT: alternate()}
    fetcher = visit(store, source_id, script, now, etag='"1"', validators_url=TALKS, language="en", allow_private=True)
    _, form_visit = fetcher.visits
    assert (form_visit.url, form_visit.language, form_visit.etag, form_visit.validators_url) == (AMP, "en", None, None)
    assert form_visit.allow_private
    first, second = visits(store, source_id)
    assert (second.part, second.part_of, second.form, second.url) == (2, first.id, PageForm.AMP, AMP)
    assert bodies(store, source_id) == ["\n".join(PARAGRAPHS)]


def test_the_next_form_is_asked_if_one_shows_no_text(store: Store, source_id: int, now: datetime) -> None:
    gone = answer(now, b"<h1>Not here</h1>", url=AMP, status=404, reason=Reason.MISSING_404)
    fetcher = visit(store, source_id, {TALKS: shell(NAMES_PRINT, NAMES_AMP), AMP: gone, PRINT: alternate()}, now)
    assert fetcher.urls() == [TALKS, AMP, PRINT]
    assert [capture.form for capture in visits(store, source_id)] == [None, PageForm.AMP, PageForm.PRINT]
    assert state(store, source_id) == "ok"


@pytest.mark.parametrize(
    "payload",
    [
        page().replace(b"</head>", NAMES_AMP.encode() + b"</head>"),
        shell(),
        paid(NAMES_AMP),
    ],
    ids=["a page with text", "no alternate", "a paywall"],
)
def test_any_other_page_costs_one_visit(store: Store, source_id: int, now: datetime, payload: bytes) -> None:
    assert visit(store, source_id, {TALKS: payload, AMP: alternate()}, now).urls() == [TALKS]


def test_a_list_has_no_alternates(store: Store, source_id: int, now: datetime) -> None:
    assert visit(store, source_id, {TALKS: shell(NAMES_AMP)}, now, kind=SeedKind.SECTION).urls() == [TALKS]


def test_permission_for_private_addresses_ends_at_the_host_of_the_page(
    store: Store, source_id: int, now: datetime
) -> None:
    other = "https://10.0.0.7/amp"
    script = {TALKS: shell(f'<link rel="amphtml" href="{other}">')}
    _, form_visit = visit(store, source_id, script, now, allow_private=True).visits
    assert (form_visit.url, form_visit.allow_private) == (other, False)


# --- whose text it is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "canonical", "is_used"),
    [
        (AMP, TALKS, True),
        (AMP, "https://www.daily.example/border-talks?utm_source=amp", True),
        (AMP, "https://daily.example/2026/11/talks-in-belmora", True),
        ("https://cdn.example/c/daily.example/border-talks", TALKS, True),
        (AMP, "https://daily.example/", False),
        (AMP, "https://other.example/a-story-of-its-own", False),
        ("https://cdn.example/c/story", "https://cdn.example/c/story", False),
    ],
)
def test_a_form_must_say_that_it_is_of_this_page(
    store: Store, source_id: int, now: datetime, link: str, canonical: str, *, is_used: bool
) -> None:
    script = {TALKS: shell(f'<link rel="amphtml" href="{link}">'), link: alternate(canonical=canonical)}
    visit(store, source_id, script, now)
    assert bool(versions(store, source_id)) is is_used
    assert state(store, source_id) == ("ok" if is_used else "needs_js")


def test_a_form_without_a_canonical_address_must_be_on_the_host_of_the_page(
    store: Store, source_id: int, now: datetime
) -> None:
    visit(store, source_id, {TALKS: shell(NAMES_AMP), AMP: page()}, now)
    assert state(store, source_id) == "ok"
    other = "https://cdn.example/x"
    later = now + timedelta(hours=1)
    visit(store, source_id, {TALKS: shell(f'<link rel="amphtml" href="{other}">'), other: page()}, later)
    assert state(store, source_id) == "needs_js"


def test_a_paywall_on_a_form_is_no_text(store: Store, source_id: int, now: datetime) -> None:
    visit(store, source_id, {TALKS: shell(NAMES_AMP), AMP: paid()}, now)
    assert (state(store, source_id), versions(store, source_id)) == ("needs_js", [])


def test_the_facts_of_a_version_say_where_its_text_came_from(store: Store, source_id: int, now: datetime) -> None:
    visit(store, source_id, {TALKS: shell(NAMES_AMP), AMP: alternate()}, now)
    (version,) = versions(store, source_id)
    places = [(fact.value, fact.source) for fact in version_queries.facts(store.ask, version) if fact.name == "text"]
    assert places == [("from another form of the page", f"amp page {AMP}")]


# --- histories -------------------------------------------------------------------------------------------------------


def through_amp(*paragraphs: str) -> dict[str, bytes | Outcome]:
    return {TALKS: shell(NAMES_AMP), AMP: alternate(*paragraphs)}


def test_a_change_of_form_is_no_edit_and_an_edit_on_one_form_is(store: Store, source_id: int, now: datetime) -> None:
    shorter = PARAGRAPHS[:-1]  # an AMP page that leaves something out
    shown = [
        {TALKS: page()},
        through_amp(*shorter),
        {TALKS: page()},
        through_amp(*(line.replace("300", "30") for line in shorter)),
        {TALKS: page(*EDITED)},
    ]
    for hours, script in enumerate(shown):
        visit(store, source_id, script, now + timedelta(hours=4 * hours))
    history = versions(store, source_id)
    assert [version.cause for version in history] == [
        *(Cause.FIRST, Cause.RECIPE, Cause.RECIPE),
        *(Cause.CHANGED, Cause.CHANGED),
    ]
    assert history[3].kinds == history[4].kinds == ("number",)


def test_a_form_that_fails_changes_nothing(store: Store, source_id: int, now: datetime) -> None:
    visit(store, source_id, through_amp(), now)
    later = now + timedelta(hours=4)
    failed = answer(later, url=AMP, reason=Reason.TIMEOUT, status=None)
    visit(store, source_id, {TALKS: shell(NAMES_AMP), AMP: failed}, later)
    assert len(versions(store, source_id)) == 1
    assert state(store, source_id) == "needs_js"


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_shortened_form_is_judged_by_its_own_page(
    store: Store, source_id: int, now: datetime, *, is_whole: bool
) -> None:
    visit(store, source_id, through_amp(), now)
    shorter = alternate(*PARAGRAPHS[:2])
    cut = shorter if is_whole else shorter.replace(b"</article></body></html>", b"")
    visit(store, source_id, {TALKS: shell(NAMES_AMP), AMP: cut}, now + timedelta(hours=4))
    assert len(versions(store, source_id)) == (2 if is_whole else 1)


# --- rendered by a browser -------------------------------------------------------------------------------------------

RENDERED_BY = "rendered by Chromium 1.2.3: 4 requests, 5678 bytes"


def rendering(moment: datetime, *paragraphs: str, reason: Reason | None = None) -> Outcome:
    """Return what a browser made of the page, or why it did not."""
    outcome = answer(moment + timedelta(seconds=2), None if reason else page(*paragraphs), reason=reason, status=None)
    return replace(outcome, flags=(PageForm.RENDERED.flag,), detail=RENDERED_BY if reason is None else "no rest in 9 s")


def test_the_text_of_a_rendered_page_is_that_of_its_document(store: Store, source_id: int, now: datetime) -> None:
    fetcher = visit(store, source_id, {TALKS: shell(NAMES_AMP)}, now, rendering=rendering(now))
    assert fetcher.urls() == [TALKS]
    assert [capture.form for capture in visits(store, source_id)] == [None, PageForm.RENDERED]
    assert capture_queries.payload(store.ask, visits(store, source_id)[0].payload_sha256 or "") == shell(NAMES_AMP)
    assert bodies(store, source_id) == ["\n".join(PARAGRAPHS)]
    (version,) = versions(store, source_id)
    assert [fact.source for fact in version_queries.facts(store.ask, version) if fact.name == "text"] == [RENDERED_BY]


def test_a_page_that_was_not_rendered_shows_no_text_and_says_why(store: Store, source_id: int, now: datetime) -> None:
    """Its own text may be a part of what its readers see: taken for the article, the rest would look deleted."""
    visit(store, source_id, {TALKS: page(*PARAGRAPHS[:2])}, now, rendering=rendering(now))
    later = now + timedelta(hours=4)
    failed = rendering(later, reason=Reason.TIMEOUT)
    visit(store, source_id, {TALKS: page(*PARAGRAPHS[:2])}, later, rendering=failed)
    assert len(versions(store, source_id)) == 1
    assert state(store, source_id) == "needs_js"
    details = store.ask("SELECT detail FROM derivation ORDER BY capture_id")
    assert details[-1]["detail"] == "not rendered: timeout: no rest in 9 s"


def test_a_fault_of_the_browser_costs_no_page(store: Store, source_id: int, now: datetime) -> None:
    visit(store, source_id, {TALKS: page()}, now, rendering=ValueError("a driver of another version"))
    own, failed = visits(store, source_id)
    assert (own.payload_length, failed.form, failed.reason) == (len(page()), PageForm.RENDERED, Reason.ERROR)
    assert "a driver of another version" in failed.detail
    assert state(store, source_id) == "needs_js"


def test_the_first_rendering_is_no_edit_and_the_next_change_is(store: Store, source_id: int, now: datetime) -> None:
    steps = [(PARAGRAPHS[:4], None), (PARAGRAPHS[:4], PARAGRAPHS), (PARAGRAPHS[:4], EDITED)]
    for hours, (own, shown) in enumerate(steps):
        moment = now + timedelta(hours=4 * hours)
        document = rendering(moment, *shown) if shown else None
        visit(store, source_id, {TALKS: page(*own)}, moment, rendering=document)
    history = versions(store, source_id)
    assert [version.cause for version in history] == [Cause.FIRST, Cause.RECIPE, Cause.CHANGED]
    assert history[2].kinds == ("number",)


def test_a_page_of_another_type_is_not_rendered(store: Store, source_id: int, now: datetime) -> None:
    reply = answer(now, b"{}", content_type="application/json")
    visit(store, source_id, {TALKS: reply}, now, rendering=rendering(now))
    assert [capture.form for capture in visits(store, source_id)] == [None]


def test_the_articles_of_a_row_are_rendered_and_asked_for_in_full(now: datetime) -> None:
    seeds = [a_seed("app", render=True), a_seed("plain")]
    sources = [a_source(1, seed_key="daily/app"), a_source(2, seed_key="daily/plain")]
    planned = [Visit(source_id=n, url=TALKS, etag='"1"', last_modified="then") for n in (1, 2)]
    feed = replace(planned[0], kind=SeedKind.FEED)
    states = [a_state(source, last_visit_at=now) for source in sources]
    rendered, plain, listed = with_rendering([*planned, feed], states, seeds)
    assert (rendered.render, rendered.etag, rendered.last_modified) == (True, None, None)
    assert (plain, listed) == (planned[1], feed)


# --- the same answer through every door ------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [PageForm.AMP, PageForm.RENDERED])
def test_a_file_of_the_visits_gives_the_same_archive_and_a_recheck_finds_nothing(
    tmp_path: Path, now: datetime, form: PageForm
) -> None:
    settings = [load_settings({"WIRECOPY_CLOCK": now.isoformat()}, start=tmp_path / name) for name in ("a", "b")]
    for project in settings:
        project.db.parent.mkdir(parents=True)
    with Store(settings[0].db) as store:
        source = store.add_source(TALKS, url_key(TALKS), now)
        for paragraphs, moment in ((PARAGRAPHS, now), (EDITED, now + timedelta(hours=4))):
            document = rendering(moment, *paragraphs) if form is PageForm.RENDERED else None
            visit(store, source, through_amp(*paragraphs), moment, rendering=document)
    path = tmp_path / "talks.warc.gz"
    assert export_warc(settings[0].db, path) == 4
    assert import_files(settings[1], [path]).bad == ()
    assert contents(settings[1].db)["versions"] == contents(settings[0].db)["versions"] != []
    for project in settings:
        with open_recheck(project.db, workers=0) as recheck:
            assert list(recheck.everything()) == []


def test_evidence_names_the_capture_that_shows_the_text(tmp_path: Path, now: datetime) -> None:
    with Store(tmp_path / "archive.db") as store:
        visit(store, store.add_source(TALKS, url_key(TALKS), now), through_amp(), now)
    with Archive(tmp_path / "archive.db") as archive:
        captures = {capture.form: capture.id for capture, _ in archive.captures(TALKS)}
    export_evidence(tmp_path / "archive.db", tmp_path / "talks.wacz", [Ref(url=TALKS)])
    with zipfile.ZipFile(tmp_path / "talks.wacz") as package:
        claims = json.loads(package.read("evidence/claims.json"))
    assert [version["capture"] for version in claims["versions"]] == [captures[PageForm.AMP]]


def test_a_form_that_lost_its_page_is_a_page_of_its_own() -> None:
    form = replace(an_outcome(AMP, payload=alternate()), flags=(PageForm.AMP.flag,))
    from archive.crawl.capture import make_capture

    assert make_capture(1, form).form is None
    assert make_capture(1, form, part=2).form is PageForm.AMP
