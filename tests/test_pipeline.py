"""Whole visits through the real store: a scripted fetcher in front, everything behind it real."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archive.seeds import read_index
from archive.urls import url_key
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.queries import versions as version_queries
from db.records import Cause, Kind, Reason, SeedKind
from db.store import Store
from newsroom import PARAGRAPHS, TALKS, answer, derive, gather, page

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@pytest.fixture
def source_id(store: Store, now: datetime) -> int:
    return store.add_source(TALKS, url_key(TALKS), now)


def test_a_page_becomes_a_version_with_its_headline_and_body(store: Store, source_id: int, now: datetime) -> None:
    gather(store, [answer(now, page())], source_id)
    derive(store, now)
    (version,) = version_queries.of_source(store.ask, source_id)
    text = version_queries.text(store.ask, version.text_sha256)
    assert version.cause is Cause.FIRST
    assert text.title == "Ministers promise to reopen the strait"
    assert "300 inspection posts" in text.body
    assert "Ad 1" not in text.body


def test_a_change_of_furniture_alone_opens_no_version(store: Store, source_id: int, now: datetime) -> None:
    ads = [answer(now + timedelta(hours=hour), page(ad=f"Ad number {hour}")) for hour in range(5)]
    gather(store, ads, source_id)
    derive(store, now)
    (version,) = version_queries.of_source(store.ask, source_id)
    assert version.captures == 5
    assert version.last_seen_at == now + timedelta(hours=4)


def test_a_changed_number_opens_a_version_of_its_kind(store: Store, source_id: int, now: datetime) -> None:
    edited = [each.replace("300", "30") for each in PARAGRAPHS]
    gather(store, [answer(now, page()), answer(now + timedelta(hours=4), page(*edited))], source_id)
    derive(store, now)
    first, second = version_queries.of_source(store.ask, source_id)
    assert (first.number, second.number) == (1, 2)
    assert second.kinds == (Kind.NUMBER,)
    assert second.cause is Cause.CHANGED


def test_captures_in_any_order_give_the_same_history(tmp_path: Path, now: datetime) -> None:
    softer = page(title="Ministers consider reopening the strait")
    told = [
        answer(now, page()),
        answer(now + timedelta(hours=4), softer),
        answer(now + timedelta(hours=30), page()),
    ]
    histories = []
    for name, order in (("in", told), ("out", told[::-1])):
        with Store(tmp_path / f"{name}.db") as store:
            source_id = store.add_source(TALKS, url_key(TALKS), now)
            for outcome in order:
                gather(store, [outcome], source_id)
                derive(store, now)
            found = version_queries.of_source(store.ask, source_id)
            histories.append([(v.number, v.title, v.cause, v.kinds, v.score, v.first_seen_at) for v in found])
    assert histories[0] == histories[1]
    assert [cause for _, _, cause, *_ in histories[0]] == [Cause.FIRST, Cause.CHANGED, Cause.REVERTED]


def test_a_paywall_in_place_of_the_text_neither_opens_nor_ends_a_version(
    store: Store, source_id: int, now: datetime
) -> None:
    stub = page("Subscribe to continue reading this article. Already a subscriber? Log in.")
    gather(store, [answer(now, page()), answer(now + timedelta(hours=4), stub)], source_id)
    derive(store, now)
    (version,) = version_queries.of_source(store.ask, source_id)
    assert version.captures == 1


def test_a_failure_is_kept_as_a_capture_with_its_reason(store: Store, source_id: int, now: datetime) -> None:
    gather(store, [answer(now, reason=Reason.TIMEOUT, status=None, detail="no answer in 60 s")], source_id)
    (capture,) = capture_queries.of_source(store.ask, source_id)
    assert (capture.reason, capture.detail, capture.payload_sha256) == (Reason.TIMEOUT, "no answer in 60 s", None)


def test_a_feed_makes_its_articles_sources(store: Store, now: datetime) -> None:
    feed = "https://daily.example/feed.xml"
    index = read_index(
        f"## daily\n\n| name | url | kind |\n| --- | --- | --- |\n| feed | {feed} | feed |\n", file="INDEX.md"
    )
    store.sync_seeds(index.seeds, {feed: url_key(feed)}, now)
    item = f"<item><title>Talks</title><link>{TALKS}</link></item>"
    listed = f"<rss version='2.0'><channel><title>Daily</title>{item}</channel></rss>"
    via = source_queries.all_sources(store.ask)[0].id
    gather(store, [answer(now, listed.encode(), url=feed, content_type="application/rss+xml")], via, kind=SeedKind.FEED)
    found = source_queries.by_url_key(store.ask, url_key(TALKS))
    assert found is not None
    assert (found.found_in, found.seed_key) == (via, "daily/feed")


def test_deriving_twice_changes_nothing(store: Store, source_id: int, now: datetime) -> None:
    gather(store, [answer(now, page())], source_id)
    derive(store, now)
    before = [
        row for table in ("version", "text", "extraction", "derivation") for row in store.ask(f"SELECT * FROM {table}")
    ]
    store.requeue_sources([source_id], None, None)
    again = derive(store, now)
    after = [
        row for table in ("version", "text", "extraction", "derivation") for row in store.ask(f"SELECT * FROM {table}")
    ]
    assert (again.extracted, again.versions) == (0, ())
    assert before == after


def test_a_permanent_redirect_keeps_one_history_under_both_addresses(
    store: Store, source_id: int, now: datetime
) -> None:
    from db.records import Hop

    new = "https://daily.example/2026/border-talks"
    moved = answer(
        now + timedelta(hours=4),
        page(),
        final_url=new,
        hops=(Hop(url=TALKS, status=301, location="/2026/border-talks"),),
    )
    gather(store, [answer(now, page()), moved], source_id)
    derive(store, now)
    under_new = source_queries.by_url_key(store.ask, url_key(new))
    assert under_new is not None
    assert under_new.id == source_id
    assert len(version_queries.of_source(store.ask, source_id)) == 1


def test_an_article_sent_to_the_front_page_is_a_soft_404(store: Store, source_id: int, now: datetime) -> None:
    from db.records import Hop

    home = answer(now, page(), final_url="https://daily.example/", hops=(Hop(url=TALKS, status=302, location="/"),))
    gather(store, [home], source_id)
    derive(store, now)
    assert version_queries.of_source(store.ask, source_id) == []
    assert [one.state for one in capture_queries.sightings(store.ask, source_id)] == ["soft_404"]


def test_a_verbatim_copy_on_another_site_is_linked(store: Store, source_id: int, now: datetime) -> None:
    from db.queries import links as link_queries
    from db.records import Relation

    other = "https://regional.example/strait"
    copy_id = store.add_source(other, url_key(other), now)
    gather(store, [answer(now, page())], source_id)
    headed = page(title="Strait to reopen, say ministers")
    gather(store, [answer(now + timedelta(hours=1), headed, url=other)], copy_id)
    derive(store, now)
    (link,) = link_queries.of_sources(store.ask, [copy_id])
    assert (link.a.url, link.b.url) == (TALKS, other)
    assert link.relation in {Relation.EXACT, Relation.NEAR}
