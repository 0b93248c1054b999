"""The news world: one seed, one world; every seed playable; most pages change nothing but their furniture."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from html import unescape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import trafilatura

from archive.demo.outlets import OUTLETS
from archive.demo.script import COPIED_LATE, PARTS, ROUNDS, deal
from archive.demo.texts import EDITS, Article, Edition, edited, first_edition, read_article, read_articles
from archive.demo.world import World

if TYPE_CHECKING:
    from archive.demo.replies import Reply

ARTICLES = read_articles()
WORLD = World(0)
SCRIPTED = {
    "headline",
    "number",
    "quotation",
    "moved",
    "correction",
    "cosmetic",
    "added",
    "reverted",
    "returned",
    "duplicate",
    "address_moved",
    "missing_404",
    "gone_410",
    "soft_404",
    "paywall",
    "server_error",
    "not_modified",
    "robots_denied",
    "charset",
}


def ask(world: World, at: int, url: str, **headers: str) -> Reply:
    host, _, path = url.removeprefix("http://").partition("/")
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.respond(at, host, f"/{path}", names)


def page(world: World, article: Article, at: int) -> Reply:
    return ask(world, at, world.url(article, at))


def straight(text: str) -> str:
    plain = text.translate(str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''"))
    return " ".join(plain.split())


def playing(world: World, event: str) -> Article:
    turn = next(turn for turn in world.deal.turns if turn.event == event)
    return world.deal.articles[turn.article]


# --- one seed, one world ---------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_world_byte_for_byte() -> None:
    one, two = World(7), World(7)
    assert one.events() == two.events()
    assert all(page(one, a, 2) == page(two, a, 2) for a in one.articles)


def test_another_seed_deals_the_events_to_other_articles() -> None:
    deals = {World(seed).events() for seed in range(8)}
    assert len(deals) == 8


def test_there_are_about_forty_articles_on_six_outlets_in_three_languages() -> None:
    assert len(ARTICLES) == 41
    assert {a.outlet for a in ARTICLES.values()} == {outlet.id for outlet in OUTLETS}
    assert Counter(a.language for a in ARTICLES.values()) == {"en": 36, "es": 3, "de": 2}


def test_every_event_that_the_demo_promises_is_in_the_script_of_every_seed() -> None:
    for seed in range(200):
        told = {turn.event for turn in deal(ARTICLES, seed).turns}
        assert told == SCRIPTED


def test_no_article_plays_two_parts_in_any_of_200_seeds() -> None:
    for seed in range(200):
        turns = deal(ARTICLES, seed).turns
        players = Counter(turn.article for turn in turns)
        assert len(players) == len(PARTS) + 2  # and the one copied late, and the busy one
        assert max(players.values()) == 2  # parts of two steps


def test_a_busy_server_has_nothing_new_to_show_in_that_round() -> None:
    """It asks to be left alone, and an archive that obeys would see the outlet's other events a round late."""
    for seed in range(200):
        dealt = deal(ARTICLES, seed)
        busy = next(turn for turn in dealt.turns if turn.event == "server_error")
        outlet = dealt.articles[busy.article].outlet
        assert not [a for a in dealt.articles.values() if a.outlet == outlet and a.appears == busy.round]
        others = [turn for turn in dealt.turns if turn != busy and dealt.articles[turn.article].outlet == outlet]
        assert busy.round not in {turn.round for turn in others}


def test_only_one_original_is_edited_before_its_last_copy_appears() -> None:
    for seed in range(200):
        dealt = deal(ARTICLES, seed)
        late = {base: a.appears for a in dealt.articles.values() for _, base in a.copies if a.appears}
        edits = [t for t in dealt.turns if t.event in EDITS and t.round <= late.get(t.article, 0)]
        assert [turn.event for turn in edits] == [event for _, event in COPIED_LATE.steps]


def test_what_needs_a_second_sighting_gets_it_a_day_later_and_by_the_last_round() -> None:
    for seed in range(50):
        for turn in deal(ARTICLES, seed).turns:
            if turn.event == "missing_404":
                assert (ROUNDS[2] - ROUNDS[turn.round]).days >= 1
            if turn.event == "reverted":
                assert turn.round < len(ROUNDS) - 1


# --- what changes, and what only seems to ----------------------------------------------------------------------------


def only_furniture_changed(world: World, article: Article, at: int) -> bool:
    if article.appears >= at or {world.deal.state(article.id, r) for r in (at - 1, at)} != {"ok"}:
        return False
    same_text = world.edition(article, at) == world.edition(article, at - 1)
    return same_text and page(world, article, at).body != page(world, article, at - 1).body


@pytest.mark.parametrize("seeds", [range(first, first + 8) for first in range(0, 32, 8)], ids=str)
def test_at_least_half_of_all_pages_change_nothing_but_furniture_in_every_round(seeds: range) -> None:
    for world in map(World, seeds):
        for at in (1, 2, 3):
            there = [a for a in world.articles if a.appears <= at]
            quiet = [a for a in there if only_furniture_changed(world, a, at)]
            assert len(quiet) >= len(there) / 2


@pytest.mark.parametrize("precision", [True, False], ids=["precision", "default"])
def test_every_page_gives_its_text_to_trafilatura_and_keeps_it_while_only_furniture_changes(precision: bool) -> None:
    for article in WORLD.articles:
        texts = [text_of(page(WORLD, article, at), precision=precision) for at in shown_in(WORLD, article)]
        editions = [WORLD.edition(article, at) for at in shown_in(WORLD, article)]
        for text, edition in zip(texts, editions, strict=True):
            assert straight(" ".join(edition.body)) in text, article.id
        for (before, old), (after, new) in pairwise(zip(texts, editions, strict=True)):
            assert (before == after) == (old == new), article.id


def shown_in(world: World, article: Article) -> list[int]:
    return [at for at in range(article.appears, len(ROUNDS)) if world.deal.state(article.id, at) == "ok"]


def text_of(reply: Reply, *, precision: bool) -> str:
    html = reply.body.decode("windows-1252" if b'charset="windows-1252"' in reply.body else "utf-8")
    found: Any = trafilatura.bare_extraction(html, include_comments=False, favor_precision=precision)
    assert found is not None
    return straight(found.text)


def test_the_mirror_prints_scraper_residue_among_its_paragraphs() -> None:
    mirrored = next(a for a in WORLD.articles if a.outlet == "mirror")
    text = text_of(page(WORLD, mirrored, 0), precision=True)
    assert "[ad_1]" in text
    assert "Leave a Reply" in text
    assert b"Source link" in page(WORLD, mirrored, 0).body


def test_a_headline_stands_in_all_three_places_alike() -> None:
    for article in WORLD.articles:
        body = page(WORLD, article, article.appears).body.decode("utf-8", "replace")
        heading = re.search(r"<h1[^>]*>(.*?)</h1>", body)
        social = re.search(r'property="og:title" content="(.*?)"', body)
        assert heading is not None
        assert social is not None
        assert unescape(heading[1]) == unescape(social[1])


# --- edits -----------------------------------------------------------------------------------------------------------


def test_every_written_article_can_play_every_edit() -> None:
    for article in (a for a in ARTICLES.values() if a.written):
        before = first_edition(article, ARTICLES)
        for edit in EDITS - {"cosmetic"}:
            assert edited(article, before, edit).plain() != before.plain(), (article.id, edit)
        misspelt = first_edition(article, ARTICLES, misspelt=True)
        assert misspelt != before, article.id
        assert edited(article, misspelt, "cosmetic") == before


def test_the_number_that_shrinks_stands_once_in_each_article() -> None:
    for article in (a for a in ARTICLES.values() if a.written):
        assert len(re.findall(r"\b300\b", " ".join(article.body))) == 1, article.id


def test_marks_never_reach_a_reader() -> None:
    for article in WORLD.articles:
        edition = WORLD.edition(article, 3)
        assert not re.search(r"\[\[|\]\]|^~|^@", "\n".join(edition.body), re.MULTILINE)


def test_two_marked_passages_change_places_and_nothing_else() -> None:
    article = read_article(
        "wire-x.md",
        "headline: h\nsection: s\nauthor: a\npublished: 2026-01-05T00:00\n\none\n\n~ two\n\nthree\n\n~ four",
    )
    moved = edited(article, first_edition(article, {}), "moved")
    assert moved.plain() == Edition("h", ("one", "four", "three", "two"))


def test_a_flipped_headline_goes_back_to_what_it_was() -> None:
    flipped = playing(WORLD, "reverted")
    first, second, third = (WORLD.edition(flipped, at) for at in (0, 1, 2))
    assert first == third
    assert first.headline != second.headline
    assert first.body == second.body


# --- copies ----------------------------------------------------------------------------------------------------------


def test_copies_are_published_after_what_they_copy() -> None:
    for article in WORLD.articles:
        for _, base in article.copies:
            assert article.published_at > WORLD.deal.articles[base].published_at, article.id


def test_nothing_is_published_after_it_was_first_seen() -> None:
    for article in WORLD.articles:
        assert article.published_at < ROUNDS[article.appears]
        assert not article.appears or article.published_at > ROUNDS[article.appears - 1]


def test_the_late_spinner_has_the_quotation_that_the_original_has_cut_by_then() -> None:
    copy = next(a for a in WORLD.articles if a.spins and a.appears == 2)
    original = WORLD.deal.articles[copy.spins]
    first, second = WORLD.edition(original, 0), WORLD.edition(original, 1)
    assert len(WORLD.edition(copy, 2).body) == len(first.body) == len(second.body) + 1


def test_spun_texts_keep_sentences_and_numbers_and_change_every_fourth_word_or_so() -> None:
    for copy in (a for a in WORLD.articles if a.spins):
        base = " ".join(WORLD.edition(WORLD.deal.articles[copy.spins], -1).body)
        spun = " ".join(WORLD.edition(copy, 3).body)
        assert [n for n in re.findall(r"\d+", base) if n not in re.findall(r"\d+", spun)] == []
        assert base.count(". ") <= spun.count(". ")
        old, new = base.split(), spun.split()
        kept = sum(block.size for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks())
        assert 0.65 < kept / len(old) < 0.8, copy.id


def test_two_reports_of_one_event_share_no_long_run_of_words() -> None:
    """Hard negatives must be honest: independent reporters may quote the same sentence, and no more."""
    for one, other in [
        ("wire-velm-flood", "daily-velm-flood"),
        ("wire-hospital-outage", "daily-hospital-outage"),
        ("wire-teachers-pay", "daily-teachers-pay"),
        ("wire-harbour-dredging", "regional-harbour-dredging"),
        ("wire-rail-strike", "regional-rail-strike"),
        ("wire-land-ruling", "regional-land-ruling-view"),
        ("wire-rail-strike", "ministry-rail"),
        ("wire-harbour-dredging", "ministry-harbour"),
    ]:
        a, b = (" ".join(first_edition(ARTICLES[name], ARTICLES).plain().body).split() for name in (one, other))
        longest = SequenceMatcher(None, a, b, autojunk=False).find_longest_match()
        assert longest.size <= 12, a[longest.a : longest.a + longest.size]
        assert not WORLD.related(WORLD.url(ARTICLES[one]), WORLD.url(ARTICLES[other]))


def test_related_are_texts_of_one_origin_even_through_a_round_up() -> None:
    urls = {name: WORLD.url(article) for name, article in WORLD.deal.articles.items()}
    assert WORLD.related(urls["daily-rail-strike"], urls["spinner-rail-strike"])
    assert WORLD.related(urls["daily-briefing"], urls["mirror-observatory"])
    assert WORLD.related(urls["wire-flood-bulletin"], urls["mirror-velm-flood"])
    assert not WORLD.related(urls["wire-teachers-pay"], urls["wire-observatory"])


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "at", "status"),
    [
        ("missing_404", 1, 404),
        ("gone_410", 2, 410),
        ("soft_404", 2, 200),
        ("paywall", 2, 200),
        ("robots_denied", 2, 200),
        ("address_moved", 2, 301),
        ("returned", 2, 404),
        ("returned", 3, 200),
    ],
)
def test_an_article_answers_as_its_part_says(event: str, at: int, status: int) -> None:
    article = playing(WORLD, event)
    assert ask(WORLD, at, WORLD.url(article)).status == status


def test_a_busy_server_answers_503_once_and_says_when_to_come_back() -> None:
    article = playing(WORLD, "server_error")
    busy = next(turn.round for turn in WORLD.deal.turns if turn.event == "server_error")
    reply = page(WORLD, article, busy)
    assert reply.status == 503
    assert ("Retry-After", "3600") in reply.headers
    assert [page(WORLD, article, at).status for at in range(4) if at != busy] == [200, 200, 200]


def test_a_moved_article_is_listed_and_served_under_its_new_address() -> None:
    article = playing(WORLD, "address_moved")
    old, new = WORLD.url(article), WORLD.url(article, 2)
    assert ("Location", new) in ask(WORLD, 2, old).headers
    assert ask(WORLD, 2, new).status == 200
    assert ask(WORLD, 1, new).status == 404
    assert WORLD.addresses[new] == WORLD.addresses[old] == old


def test_a_site_with_a_soft_404_answers_200_for_any_missing_page() -> None:
    article = playing(WORLD, "soft_404")
    anything = f"http://{article.outlet}.example/no-such-page-e7"
    assert ask(WORLD, 1, anything).status == 404
    assert ask(WORLD, 2, anything).status == 200


def test_a_forbidden_page_stands_in_robots_txt_from_its_round_on() -> None:
    article = playing(WORLD, "robots_denied")
    path = WORLD.url(article).split(".example")[1]
    rule = f"Disallow: {path}\n".encode()
    told = [rule in ask(WORLD, at, f"http://{article.outlet}.example/robots.txt").body for at in range(4)]
    assert told == [False, False, True, True]


def test_a_paywalled_page_says_so_and_keeps_its_text() -> None:
    article = playing(WORLD, "paywall")
    body = page(WORLD, article, 2).body.decode()
    assert '"isAccessibleForFree": false' in body
    assert article.body[-1] not in body


def test_charset_lies_are_told_by_the_header_and_not_by_the_bytes() -> None:
    lies = [(t.round, WORLD.deal.articles[t.article]) for t in WORLD.deal.turns if t.event == "charset"]
    for (when, article), (declared, real) in zip(
        lies, [("iso-8859-1", "utf-8"), ("utf-8", "windows-1252")], strict=True
    ):
        reply = page(WORLD, article, when)
        assert dict(reply.headers)["Content-Type"] == f"text/html; charset={declared}"
        assert f'<meta charset="{real}"'.encode() in reply.body
        assert WORLD.edition(article, when).headline in reply.body.decode(real)


def test_the_ministry_answers_304_to_its_own_etag_until_the_page_changes() -> None:
    article = playing(WORLD, "not_modified")
    tag = dict(page(WORLD, article, 0).headers)["ETag"]
    again = ask(WORLD, 1, WORLD.url(article), if_none_match=tag)
    assert (again.status, again.body) == (304, b"")
    assert ask(WORLD, 1, WORLD.url(article), if_none_match='"other"').status == 200


def test_one_article_is_listed_under_two_tracking_addresses_and_answers_at_both() -> None:
    url = WORLD.url(playing(WORLD, "duplicate"))
    feed = unescape(ask(WORLD, 0, "http://daily.example/atom.xml").body.decode())
    listed = set(re.findall(re.escape(url) + r"[^\"<]*", feed))
    assert len(listed) == 2
    assert url not in listed
    assert all(ask(WORLD, 0, each).body == ask(WORLD, 0, url).body for each in listed)


def test_what_was_taken_down_is_no_longer_listed() -> None:
    for at in range(4):
        for outlet in (outlet for outlet in OUTLETS if outlet.listing):
            listing = unescape(ask(WORLD, at, outlet.root + outlet.listing).body.decode())
            for article in (a for a in WORLD.articles if a.outlet == outlet.id):
                gone = WORLD.deal.state(article.id, at) in {"missing_404", "gone_410"}
                assert (WORLD.url(article, at) in listing) == (article.appears <= at and not gone)


def test_an_unknown_host_and_an_unknown_page_are_404() -> None:
    assert ask(WORLD, 0, "http://elsewhere.example/").status == 404
    assert ask(WORLD, 0, "http://wire.example/no-such-page").status == 404


def test_every_reply_is_dated_by_its_round() -> None:
    assert ("Date", "Tue, 06 Jan 2026 14:00:00 GMT") in ask(WORLD, 2, "http://wire.example/").headers
