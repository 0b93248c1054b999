"""The news world: one seed, one world; every seed playable; most pages change nothing but their furniture."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from functools import cache
from html import unescape
from itertools import pairwise

import pytest

from archive.demo.outlets import OUTLETS
from archive.demo.script import COPIED_LATE, PARTS, ROLES, ROUNDS, Deal, deal
from archive.demo.texts import EDITS, Article, Edition, edited, first_edition, read_article, read_articles
from archive.demo.world import World
from tests.pressroom import page, playing, shown_in, straight, text_of, texts_of

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
    "removed",
    "halved",
    "relapsed",
    "whole",
    "amp",
    "print",
    "truncated",
    "detour",
    "retitled",
    "wrong_304",
    "stale_tag",
    "left_alone",
    "robots_down",
}


@cache
def dealt_by(seed: int) -> Deal:
    return deal(ARTICLES, seed)


# --- one seed, one world ---------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_world_byte_for_byte() -> None:
    one, two = World(7), World(7)
    assert one.events() == two.events()
    assert all(page(one, a, 2) == page(two, a, 2) for a in one.articles)


def test_another_seed_deals_the_events_to_other_articles() -> None:
    deals = {World(seed).events() for seed in range(8)}
    assert len(deals) == 8


def test_there_are_about_fifty_articles_on_eight_outlets_in_three_languages() -> None:
    assert len(ARTICLES) == 48
    assert {a.outlet for a in ARTICLES.values()} == {outlet.id for outlet in OUTLETS}
    assert Counter(a.language for a in ARTICLES.values()) == {"en": 41, "es": 5, "de": 2}


def test_every_event_that_the_demo_promises_is_in_the_script_of_every_seed() -> None:
    for seed in range(200):
        told = {turn.event for turn in dealt_by(seed).turns}
        assert told == SCRIPTED


def test_no_article_plays_two_parts_in_any_of_200_seeds() -> None:
    for seed in range(200):
        turns = dealt_by(seed).turns
        players = Counter(turn.article for turn in turns)
        assert len(players) == len(PARTS) + 2 + sum(map(bool, ROLES.values()))  # and one copied late, one busy
        steps = Counter({part.name: len(part.steps) for part in PARTS} | {name: len(ROLES[name]) for name in ROLES})
        assert sorted(players.values()) == sorted([count for count in steps.values() if count] + [1, 1])


def test_a_part_written_for_an_article_is_its_own_under_every_seed() -> None:
    roles = {a.role: a.id for a in ARTICLES.values() if a.role}
    assert set(roles) == set(ROLES)
    for seed in range(50):
        turns = dealt_by(seed).turns
        for role, name in roles.items():
            assert sorted((t.round, t.event) for t in turns if t.article == name) == sorted(ROLES[role])


def test_a_busy_server_has_nothing_new_to_show_in_that_round() -> None:
    """It asks to be left alone, and an archive that obeys would see the outlet's other events a round late."""
    for seed in range(200):
        dealt = dealt_by(seed)
        busy = next(turn for turn in dealt.turns if turn.event == "server_error" and turn.round)
        outlet = dealt.articles[busy.article].outlet
        assert not [a for a in dealt.articles.values() if a.outlet == outlet and a.appears == busy.round]
        others = [turn for turn in dealt.turns if turn != busy and dealt.articles[turn.article].outlet == outlet]
        assert busy.round not in {turn.round for turn in others}


def test_only_one_original_is_edited_before_its_last_copy_appears() -> None:
    for seed in range(200):
        dealt = dealt_by(seed)
        late = {base: a.appears for a in dealt.articles.values() for _, base in a.copies if a.appears}
        edits = [t for t in dealt.turns if t.event in EDITS and t.round <= late.get(t.article, 0)]
        assert [turn.event for turn in edits] == [event for _, event in COPIED_LATE.steps]


def test_what_needs_a_second_sighting_gets_it_a_day_later_and_by_the_last_round() -> None:
    for seed in range(50):
        for turn in dealt_by(seed).turns:
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


@pytest.mark.slow
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
        texts = [texts_of(WORLD, article, at, precision=precision) for at in shown_in(WORLD, article)]
        editions = [WORLD.shown(article, at) for at in shown_in(WORLD, article)]
        for text, edition in zip(texts, editions, strict=True):
            assert all(straight(paragraph) in text for paragraph in edition.body), article.id
        for (before, old), (after, new) in pairwise(zip(texts, editions, strict=True)):
            assert (before == after) == (old == new), article.id


def test_the_mirror_prints_scraper_residue_among_its_paragraphs() -> None:
    mirrored = next(a for a in WORLD.articles if a.outlet == "mirror")
    text = text_of(page(WORLD, mirrored, 0), precision=True)
    assert "[ad_1]" in text
    assert "Leave a Reply" in text
    assert b"Source link" in page(WORLD, mirrored, 0).body


def test_a_headline_stands_in_all_three_places_alike() -> None:
    for article in WORLD.articles:
        at = shown_in(WORLD, article)[0]
        body = page(WORLD, article, at).body.decode("utf-8", "replace")
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
