"""Articles on several pages: links to parts, captures of parts, and the joined text."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archive.crawl.multipage import MAX_PARTS, PARTS_CUT, fetch_all_parts, is_part, next_part_url
from archive.extract.multipage import Part, missing_part, repeated_lines
from archive.pipeline.gather import gather
from archive.seeds.frontier.plan import plan_visits
from archive.urls import url_key
from db.errors import StoreError
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.queries import versions as version_queries
from db.records import Hop, Reason, SeedKind, Verdict, Visit
from db.store import Store
from fakes import ScriptedFetcher
from newsroom import PARAGRAPHS, TALKS, answer, derive, page
from tests.builders import a_seed, a_source, a_state, an_outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from db.records import Capture, Outcome

HOUR = timedelta(hours=1)
MORE = (
    "The harbour master of Belmora said that the first boats could be counted on Monday, and those further out in May.",
    "In Marrowick the fish market closed an hour early so that its traders could follow the announcement on the radio.",
)
LAST = ("A second meeting has been called for the spring, when the register will be checked against the catches.",)


def linked(body: bytes, href: str, *, markup: str = '<link rel="next" href="{}">') -> bytes:
    """Return a page with a link to the next one."""
    return body.replace(b"</head>", markup.format(href).encode() + b"</head>")


def story(moment: datetime, *, third: Outcome | None = None) -> dict[str, list[Outcome]]:
    """Return an article on three pages."""
    urls = [TALKS, f"{TALKS}?page=2", f"{TALKS}?page=3"]
    bodies = [
        linked(page(*PARAGRAPHS), "?page=2"),
        linked(page(*MORE), "?page=3"),
        page(*LAST),
    ]
    outcomes = [
        answer(moment + timedelta(seconds=n), body, url=url)
        for n, (url, body) in enumerate(zip(urls, bodies, strict=True))
    ]
    if third is not None:
        outcomes[2] = third
    return {url: [outcome] for url, outcome in zip(urls, outcomes, strict=True)}


@pytest.fixture
def source_id(store: Store, now: datetime) -> int:
    return store.add_source(TALKS, url_key(TALKS), now)


def visit(store: Store, source_id: int, script: dict[str, list[Outcome]], moment: datetime) -> ScriptedFetcher:
    fetcher = ScriptedFetcher(script, at=moment)
    run = store.begin_run("refresh", "{}", "test", moment)
    asyncio.run(gather(store, fetcher, [Visit(source_id=source_id, url=TALKS)], run_id=run, now=moment))
    return fetcher


def texts(store: Store, source_id: int) -> list[str]:
    return [
        version_queries.text(store.ask, version.text_sha256).body
        for version in version_queries.of_source(store.ask, source_id)
    ]


def captures_of(store: Store, source_id: int) -> list[Capture]:
    return capture_queries.of_source(store.ask, source_id)


# --- URLs of parts ---------------------------------------------------------------------------------------------------

ARTICLE = "https://daily.example/news/a"


@pytest.mark.parametrize(
    ("of", "url"),
    [
        (ARTICLE, f"{ARTICLE}?page=2"),
        (f"{ARTICLE}?page=1", f"{ARTICLE}?page=2"),
        (f"{ARTICLE}?id=7", f"{ARTICLE}?id=7&page=2"),
        (f"{ARTICLE}?utm_source=x", f"{ARTICLE}?page=2&utm_source=y"),
        ("https://daily.example/?story=9", "https://daily.example/?story=9&p=2"),
        (ARTICLE, f"{ARTICLE}/2"),
        (f"{ARTICLE}/", f"{ARTICLE}/2/"),
        (f"{ARTICLE}/1", f"{ARTICLE}/2"),
        (ARTICLE, f"{ARTICLE}/page/2"),
        (f"{ARTICLE}?id=7", f"{ARTICLE}/2?id=7"),
    ],
)
def test_the_next_number_of_the_same_page_is_its_next_part(of: str, url: str) -> None:
    assert is_part(url, 2, of=of)


@pytest.mark.parametrize(
    ("of", "url"),
    [
        (ARTICLE, "https://daily.example/news/b"),
        (ARTICLE, "https://daily.example/news/b?page=2"),
        (ARTICLE, "https://other.example/news/a?page=2"),
        (ARTICLE, "https://www.daily.example/news/a?page=2"),
        (ARTICLE, "http://daily.example/news/a?page=2"),
        (ARTICLE, ARTICLE),
        (ARTICLE, f"{ARTICLE}?page=3"),
        (ARTICLE, f"{ARTICLE}?page=older"),
        (ARTICLE, f"{ARTICLE}?page=2&sort=new"),
        (f"{ARTICLE}?id=1", f"{ARTICLE}?id=2"),
        (f"{ARTICLE}?article_id=1", f"{ARTICLE}?article_id=2"),
        (ARTICLE, f"{ARTICLE}?cpage=2"),
        (ARTICLE, f"{ARTICLE}?comment-page=2"),
        (ARTICLE, f"{ARTICLE}/comment-page-2"),
        (ARTICLE, f"{ARTICLE}/comments/2"),
        (ARTICLE, f"{ARTICLE}/3"),
        ("https://daily.example/", "https://daily.example/?page=2"),
        ("https://daily.example/", "https://daily.example/2"),
    ],
)
def test_any_other_address_is_no_part(of: str, url: str) -> None:
    assert not is_part(url, 2, of=of)


# --- links to parts --------------------------------------------------------------------------------------------------


def next_url(markup: str, **more: object) -> str | None:
    outcome = an_outcome(ARTICLE, payload=f"<html>{markup}</html>".encode())
    return next_part_url([replace(outcome, **more)])


@pytest.mark.parametrize(
    "markup",
    [
        '<link rel="next" href="?page=2">',
        "<LINK HREF='/news/a?page=2' REL=next />",
        '<a class="more" rel="nofollow next" href="https://daily.example/news/a?page=2&amp;utm_source=pager">on</a>',
        '<base href="/news/"><a rel=next href="a?page=2">on</a>',
        '<link rel="next" href="/news/b"><a rel="next" href="?page=2">on</a>',
        '<!-- pages --><link rel="next" href="?page=2">',
        '<img alt="<!--"><link rel="next" href="?page=2">',
        '<title>The <script> tag</title><link rel="next" href="?page=2">',
        '<a rel="next" title="older > newer" href="?page=2">on</a>',
        '<!-- of the theme --!><link rel="next" href="?page=2">',
    ],
)
def test_a_link_to_the_next_part_is_found(markup: str) -> None:
    url = next_url(markup)
    assert url is not None
    assert url.startswith(f"{ARTICLE}?page=2")


@pytest.mark.parametrize(
    "markup",
    [
        '<link rel="prev" href="?page=2">',
        '<a href="?page=2">next</a>',
        '<a rel="next" href="?page=2#comments">older comments</a>',
        '<a rel="next" class="comments-next" href="?page=2">on</a>',
        '<!-- <link rel="next" href="?page=2"> -->',
        '<script>write(\'<link rel="next" href="?page=2">\')</script>',
        '<textarea><link rel="next" href="?page=2"></textarea>',
        '<template><template></template><link rel="next" href="?page=2"></template>',
        '<link rel="next">',
        '<link rel="next" href="http://[">',
        '<link rel="next" href="javascript:next()">',
    ],
)
def test_any_other_link_is_ignored(markup: str) -> None:
    assert next_url(markup) is None


def test_only_a_whole_page_of_html_has_a_next_part() -> None:
    link = '<link rel="next" href="?page=2">'
    assert next_url(link, content_type="application/json") is None
    assert next_url(link, reason=Reason.TRUNCATED) is None
    assert next_url(link, payload=None) is None


@pytest.mark.parametrize("noise", ["<a ", "<a rel=next ", "<p", "<!--", "rel=", "<script", "rel=next <a>"])
def test_noise_is_searched_quickly(noise: str) -> None:
    assert next_url(noise * 200_000) is None


# --- fetching --------------------------------------------------------------------------------------------------------


def follow(
    script: dict[str, Sequence[Outcome]], moment: datetime, *, kind: SeedKind = SeedKind.ARTICLE
) -> tuple[Outcome, ...]:
    fetcher = ScriptedFetcher(script, at=moment)
    start = Visit(source_id=1, url=TALKS, kind=kind, etag='"1"', last_modified="then", validators_url=TALKS)
    outcomes = asyncio.run(fetch_all_parts(fetcher.fetch, start))
    assert all((part_visit.etag, part_visit.last_modified) == (None, None) for part_visit in fetcher.visits[1:])
    return outcomes


def test_one_visit_fetches_all_parts(now: datetime) -> None:
    assert [outcome.requested_url for outcome in follow(story(now), now)] == [
        TALKS,
        f"{TALKS}?page=2",
        f"{TALKS}?page=3",
    ]


@pytest.mark.parametrize("kind", [SeedKind.SECTION, SeedKind.FEED, SeedKind.SITEMAP])
def test_the_pages_of_a_list_are_not_parts(now: datetime, kind: SeedKind) -> None:
    assert len(follow(story(now), now, kind=kind)) == 1


def test_a_part_that_fails_is_the_last_one(now: datetime) -> None:
    failed = answer(now, reason=Reason.TIMEOUT, status=None, url=f"{TALKS}?page=2")
    outcomes = follow(story(now) | {f"{TALKS}?page=2": [failed]}, now)
    assert [outcome.reason for outcome in outcomes] == [None, Reason.TIMEOUT]


def endless(
    moment: datetime, *, body: str = "Post {} of the day, at some length and in words that no other post has."
) -> dict[str, list[Outcome]]:
    urls = [TALKS, *(f"{TALKS}?page={n}" for n in range(2, 40))]
    return {
        url: [answer(moment, linked(page(body.format(n)), f"?page={n + 1}"), url=url)]
        for n, url in enumerate(urls, start=1)
    }


def test_an_endless_chain_ends_at_ten_parts_with_a_flag(now: datetime) -> None:
    outcomes = follow(endless(now), now)
    assert len(outcomes) == MAX_PARTS
    assert (outcomes[0].flags, outcomes[0].detail) == ((PARTS_CUT,), "more than 10 parts, the rest was not followed")


def test_a_page_fetched_before_is_no_part(now: datetime) -> None:
    same = page(*PARAGRAPHS)
    script = {TALKS: [answer(now, linked(same, "?page=2"))]}
    again = answer(now, linked(same, "?page=2"), url=f"{TALKS}?page=2")
    assert len(follow(script | {again.requested_url: [again]}, now)) == 1
    sent_back = replace(again, payload=page(*MORE), final_url=TALKS, hops=(Hop(url=TALKS, status=302, location="/"),))
    assert len(follow(script | {again.requested_url: [sent_back]}, now)) == 1


def test_a_page_of_further_comments_is_no_part(now: datetime) -> None:
    first = linked(page(*PARAGRAPHS, "First!"), "?page=2")
    comments = page(
        *PARAGRAPHS, "I saw this coming, and so did everybody else who has ever fished in that water.", ad="2"
    )
    script = {TALKS: [answer(now, first)], f"{TALKS}?page=2": [answer(now, comments, url=f"{TALKS}?page=2")]}
    assert len(follow(script, now)) == 1


# --- recording -------------------------------------------------------------------------------------------------------


def test_parts_are_captures_of_the_same_visit(store: Store, source_id: int, now: datetime) -> None:
    visit(store, source_id, story(now), now)
    first, *further = captures_of(store, source_id)
    assert [(capture.part, capture.part_of, capture.source_id) for capture in further] == [
        (2, first.id, source_id),
        (3, first.id, source_id),
    ]
    assert [capture.id for capture in capture_queries.parts(store.ask, first.id or 0)] == [
        capture.id for capture in further
    ]
    assert capture_queries.underived(store.ask, 10) == [first.id]


def test_parts_are_recorded_with_their_page_or_not_at_all(store: Store, source_id: int, now: datetime) -> None:
    outcomes = [outcome for script in story(now).values() for outcome in script]
    from archive.crawl.capture import make_capture

    pairs = [(make_capture(source_id, outcome, part=n), outcome.payload) for n, outcome in enumerate(outcomes, 1)]
    broken = replace(pairs[2][0], source_id=99)
    with pytest.raises(StoreError):
        store.record([*pairs[:2], (broken, b"")])
    assert captures_of(store, source_id) == []
    assert len(store.record(pairs)) == 3
    assert store.record(pairs) == []


def test_parts_are_no_visits_of_their_own(store: Store, source_id: int, now: datetime) -> None:
    visit(store, source_id, story(now), now)
    derive(store, now)
    assert len(capture_queries.sightings(store.ask, source_id)) == 1
    assert store.ask("SELECT checks, state FROM v_sources") == [{"checks": 1, "state": "ok"}]
    assert capture_queries.underived(store.ask, 10) == []
    store.requeue_sources([source_id], None, None)
    assert len(capture_queries.underived(store.ask, 10)) == 1


def test_the_state_has_the_number_of_parts(store: Store, now: datetime) -> None:
    seed = a_seed(url=TALKS)
    store.sync_seeds([seed], {TALKS: url_key(TALKS)}, now)
    script = story(now)
    visit(store, 1, script | {TALKS: [replace(script[TALKS][0], etag='"1"')]}, now)
    (state,) = source_queries.states(store.ask)
    assert (state.parts, state.failures, state.last_reason, state.last_visit_at) == (3, 0, None, now)


def test_a_visit_to_an_article_in_parts_is_unconditional(now: datetime) -> None:
    state = a_state(a_source(), etag='"1"', last_modified="then", last_visit_at=now, every=HOUR)
    (plain,) = plan_visits([state], now=now + HOUR).visits
    (parted,) = plan_visits([replace(state, parts=3)], now=now + HOUR).visits
    assert (plain.etag, parted.etag, parted.last_modified) == ('"1"', None, None)
    assert "fetched in full" in parted.because


# --- the joined text -------------------------------------------------------------------------------------------------


def test_the_text_of_an_article_in_parts_is_that_of_one_on_one_page(
    store: Store, source_id: int, now: datetime
) -> None:
    visit(store, source_id, story(now), now)
    derive(store, now)
    (joined,) = texts(store, source_id)
    other = "https://daily.example/border-talks-on-one-page"
    whole = store.add_source(other, url_key(other), now)
    store.record([(page_capture(whole, now, other), page(*PARAGRAPHS, *MORE, *LAST))])
    derive(store, now)
    assert texts(store, whole) == [joined]
    (version,) = version_queries.of_source(store.ask, source_id)
    assert version.title == "Ministers promise to reopen the strait"
    assert version_queries.text(store.ask, version.text_sha256).language == "en"


def page_capture(source_id: int, moment: datetime, url: str) -> Capture:
    from archive.crawl.capture import make_capture

    return make_capture(source_id, answer(moment, url=url))


def test_a_change_on_the_last_part_is_an_edit(store: Store, source_id: int, now: datetime) -> None:
    visit(store, source_id, story(now), now)
    later = now + 5 * HOUR
    edited = answer(later, page(LAST[0].replace("spring", "autumn")), url=f"{TALKS}?page=3")
    visit(store, source_id, story(later, third=edited), later)
    derive(store, later)
    first, second = texts(store, source_id)
    assert first.replace("spring", "autumn") == second


@pytest.mark.parametrize(
    ("third", "problem"),
    [
        ({"reason": Reason.TIMEOUT, "status": None}, "timeout"),
        ({"reason": Reason.MISSING_404, "status": 404, "payload": b"<h1>Gone</h1>"}, "missing_404"),
        ({"payload": page("Subscribe to continue reading this article. Already a subscriber? Log in.")}, "paywall"),
        ({"payload": page(*LAST), "final_url": "https://daily.example/login"}, "sent to https://daily.example/login"),
    ],
)
def test_an_article_with_a_missing_part_is_thin_and_never_a_shorter_version(
    store: Store, source_id: int, now: datetime, third: dict[str, object], problem: str
) -> None:
    visit(store, source_id, story(now), now)
    later = now + 5 * HOUR
    visit(store, source_id, story(later, third=answer(later, url=f"{TALKS}?page=3", **third)), later)
    derive(store, later)
    assert len(texts(store, source_id)) == 1
    assert [sighting.state for sighting in capture_queries.sightings(store.ask, source_id)] == ["ok", "thin"]
    (row,) = store.ask("SELECT detail FROM derivation WHERE verdict = 'thin'")
    assert row["detail"] == f"part 3 is missing: {problem}"


def test_the_history_of_an_article_in_parts_does_not_depend_on_the_order(tmp_path: Path, now: datetime) -> None:
    later = now + 5 * HOUR
    edited = answer(later, page(LAST[0].replace("spring", "autumn")), url=f"{TALKS}?page=3")
    visits = [(now, story(now)), (later, story(later, third=edited))]
    histories = []
    for name, order in (("in", visits), ("out", visits[::-1])):
        with Store(tmp_path / f"{name}.db") as store:
            source_id = store.add_source(TALKS, url_key(TALKS), now)
            for moment, script in order:
                visit(store, source_id, script, moment)
                derive(store, moment)
            histories.append(texts(store, source_id))
    assert histories[0] == histories[1]


def test_a_new_recipe_reads_all_parts_again(store: Store, source_id: int, now: datetime) -> None:
    visit(store, source_id, story(now), now)
    derive(store, now)
    before = texts(store, source_id)
    store.requeue_sources([source_id], None, None)
    assert derive(store, now).extracted == 0
    assert texts(store, source_id) == before


def test_removed_lines_of_each_part_can_be_restored(store: Store, source_id: int, now: datetime) -> None:
    origin = "Source: https://wire.example/border-talks"
    script = story(now) | {
        f"{TALKS}?page=2": [answer(now, linked(page(*MORE, origin), "?page=3"), url=f"{TALKS}?page=2")],
    }
    visit(store, source_id, script, now)
    derive(store, now)
    (version,) = version_queries.of_source(store.ask, source_id)
    body = version_queries.text(store.ask, version.text_sha256).body
    for position, text, _ in reversed(version_queries.removed_spans(store.ask, version)):
        body = body[:position] + text + body[position:]
    headline = "Ministers promise to reopen the strait"
    assert body == "\n".join([headline, *PARAGRAPHS, headline, *MORE, origin, headline, *LAST])


def test_missing_part_returns_the_problem() -> None:
    url = f"{TALKS}?page=2"
    there = Part(number=2, url=url, final_url=url, verdict=Verdict.THIN, body="Two words.")
    assert missing_part([there]) == ""
    assert missing_part([there, replace(there, number=3, body="")]) == "part 3 is missing: empty"
    assert missing_part([replace(there, verdict=None)]) == "part 2 is missing: not read"


def test_a_repeated_part_counts_once() -> None:
    assert repeated_lines(["A", "B", "A", "C"]) == [set(), set(), {0}, set()]


def test_a_line_on_every_part_counts_once() -> None:
    parts = ["Series\none\nAbout the author", "Series\ntwo\nAbout the author", "Series\nthree\ntwo\nAbout the author"]
    assert repeated_lines(parts) == [{2}, {0, 2}, {0}]
    assert repeated_lines(["only"]) == [set()]


def test_lines_on_every_part_are_removed_with_the_reason(store: Store, source_id: int, now: datetime) -> None:
    appeal = "This paper belongs to its readers and to nobody else, and has since 1902."
    script = {
        TALKS: [answer(now, linked(page(*PARAGRAPHS, appeal), "?page=2"))],
        f"{TALKS}?page=2": [answer(now, linked(page(*MORE, appeal), "?page=3"), url=f"{TALKS}?page=2")],
        f"{TALKS}?page=3": [answer(now, page(*LAST, appeal), url=f"{TALKS}?page=3")],
    }
    visit(store, source_id, script, now)
    derive(store, now)
    assert texts(store, source_id) == ["\n".join([*PARAGRAPHS, *MORE, *LAST, appeal])]
    (version,) = version_queries.of_source(store.ask, source_id)
    removals = [(text.strip(), because) for _, text, because in version_queries.removed_spans(store.ask, version)]
    assert removals.count((appeal, "on every part")) == len(script) - 1
