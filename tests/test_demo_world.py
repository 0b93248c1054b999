"""The news world: the same seed gives the same world, every seed works, most pages change only in their furniture."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from html import unescape
from itertools import pairwise

import pytest

from archive.demo.outlets import OUTLETS
from archive.demo.script import COPIED_LATE, FIXED_ROLES, ROUNDS, SEEDED_ROLES, assign_roles
from archive.demo.texts import EDITS, Article, Edition, apply_edit, first_edition, parse_article, read_articles
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


# --- one seed, one world ---------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_world_byte_for_byte() -> None:
    first, second = World(7), World(7)
    assert first.events() == second.events()
    assert all(page(first, a, 2) == page(second, a, 2) for a in first.articles)


def test_another_seed_assigns_the_events_to_other_articles() -> None:
    scripts = {World(seed).events() for seed in range(8)}
    assert len(scripts) == 8


def test_there_are_about_fifty_articles_on_eight_outlets_in_three_languages() -> None:
    assert len(ARTICLES) == 48
    assert {a.outlet for a in ARTICLES.values()} == {outlet.id for outlet in OUTLETS}
    assert Counter(a.language for a in ARTICLES.values()) == {"en": 41, "es": 5, "de": 2}


def test_the_script_of_every_seed_has_every_event() -> None:
    for seed in range(200):
        events = {turn.event for turn in assign_roles(ARTICLES, seed).turns}
        assert events == SCRIPTED


def test_no_article_has_two_roles_in_any_of_200_seeds() -> None:
    for seed in range(200):
        players = Counter(turn.article for turn in assign_roles(ARTICLES, seed).turns)
        roles = [*(role.steps for role in SEEDED_ROLES), *filter(None, FIXED_ROLES.values())]
        lengths = [*map(len, roles), 1, 1]  # one copied late, one busy
        assert sorted(players.values()) == sorted(lengths)


def test_a_fixed_role_stays_with_its_article_under_every_seed() -> None:
    roles = {a.role: a.id for a in ARTICLES.values() if a.role}
    assert set(roles) == set(FIXED_ROLES)
    for seed in range(50):
        turns = assign_roles(ARTICLES, seed).turns
        for role, name in roles.items():
            assert sorted((t.round, t.event) for t in turns if t.article == name) == sorted(FIXED_ROLES[role])


def test_a_busy_server_has_nothing_new_in_that_round() -> None:
    """It asks for a pause, and an archive that obeys would see the outlet's other events a round late."""
    for seed in range(200):
        script = assign_roles(ARTICLES, seed)
        busy = next(turn for turn in script.turns if turn.event == "server_error" and turn.round)
        outlet = script.articles[busy.article].outlet
        assert not [a for a in script.articles.values() if a.outlet == outlet and a.appears == busy.round]
        others = [turn for turn in script.turns if turn != busy and script.articles[turn.article].outlet == outlet]
        assert busy.round not in {turn.round for turn in others}


def test_only_one_original_is_edited_before_its_last_copy_appears() -> None:
    for seed in range(200):
        script = assign_roles(ARTICLES, seed)
        late = {base: a.appears for a in script.articles.values() for _, base in a.copies if a.appears}
        edits = [t for t in script.turns if t.event in EDITS and t.round <= late.get(t.article, 0)]
        assert [turn.event for turn in edits] == [event for _, event in COPIED_LATE.steps]


def test_an_event_that_needs_confirmation_gets_it_a_day_later_and_by_the_last_round() -> None:
    for seed in range(50):
        for turn in assign_roles(ARTICLES, seed).turns:
            if turn.event == "missing_404":
                assert (ROUNDS[2] - ROUNDS[turn.round]).days >= 1
            if turn.event == "reverted":
                assert turn.round < len(ROUNDS) - 1


# --- edits and furniture ---------------------------------------------------------------------------------------------


def only_furniture_changed(world: World, article: Article, number: int) -> bool:
    if article.appears >= number or {world.script.state(article.id, r) for r in (number - 1, number)} != {"ok"}:
        return False
    same_text = world.edition(article, number) == world.edition(article, number - 1)
    return same_text and page(world, article, number).body != page(world, article, number - 1).body


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(first, first + 8) for first in range(0, 32, 8)], ids=str)
def test_at_least_half_of_all_pages_change_nothing_but_furniture_in_every_round(seeds: range) -> None:
    for world in map(World, seeds):
        for number in (1, 2, 3):
            published = [a for a in world.articles if a.appears <= number]
            unchanged = [a for a in published if only_furniture_changed(world, a, number)]
            assert len(unchanged) >= len(published) / 2


@pytest.mark.parametrize("precision", [True, False], ids=["precision", "default"])
def test_trafilatura_extracts_the_same_text_while_only_furniture_changes(precision: bool) -> None:
    for article in WORLD.articles:
        texts = [texts_of(WORLD, article, number, precision=precision) for number in shown_in(WORLD, article)]
        editions = [WORLD.visible_edition(article, number) for number in shown_in(WORLD, article)]
        for text, edition in zip(texts, editions, strict=True):
            assert all(straight(paragraph) in text for paragraph in edition.body), article.id
        for (before, old), (after, new) in pairwise(zip(texts, editions, strict=True)):
            assert (before == after) == (old == new), article.id


def test_the_mirror_prints_scraper_residue_among_its_paragraphs() -> None:
    article = next(a for a in WORLD.articles if a.outlet == "mirror")
    text = text_of(page(WORLD, article, 0), precision=True)
    assert "[ad_1]" in text
    assert "Leave a Reply" in text
    assert b"Source link" in page(WORLD, article, 0).body


def test_heading_and_social_title_have_the_same_headline() -> None:
    for article in WORLD.articles:
        number = shown_in(WORLD, article)[0]
        body = page(WORLD, article, number).body.decode("utf-8", "replace")
        heading = re.search(r"<h1[^>]*>(.*?)</h1>", body)
        social = re.search(r'property="og:title" content="(.*?)"', body)
        assert heading is not None
        assert social is not None
        assert unescape(heading[1]) == unescape(social[1])


# --- single edits ----------------------------------------------------------------------------------------------------


def test_every_edit_applies_to_every_editable_article() -> None:
    for article in (a for a in ARTICLES.values() if a.is_editable):
        before = first_edition(article, ARTICLES)
        for edit in EDITS - {"cosmetic"}:
            assert apply_edit(article, before, edit).plain() != before.plain(), (article.id, edit)
        misspelt = first_edition(article, ARTICLES, misspelt=True)
        assert misspelt != before, article.id
        assert apply_edit(article, misspelt, "cosmetic") == before


def test_the_number_that_shrinks_occurs_once_in_each_article() -> None:
    for article in (a for a in ARTICLES.values() if a.is_editable):
        assert len(re.findall(r"\b300\b", " ".join(article.body))) == 1, article.id


def test_marks_never_reach_a_reader() -> None:
    for article in WORLD.articles:
        edition = WORLD.edition(article, 3)
        assert not re.search(r"\[\[|\]\]|^~|^@", "\n".join(edition.body), re.MULTILINE)


def test_two_marked_passages_change_places_and_nothing_else() -> None:
    article = parse_article(
        "wire-x.md",
        "headline: h\nsection: s\nauthor: a\npublished: 2026-01-05T00:00\n\none\n\n~ two\n\nthree\n\n~ four",
    )
    edition = apply_edit(article, first_edition(article, {}), "moved")
    assert edition.plain() == Edition("h", ("one", "four", "three", "two"))


def test_a_flipped_headline_goes_back_to_what_it_was() -> None:
    article = playing(WORLD, "reverted")
    first, second, third = (WORLD.edition(article, number) for number in (0, 1, 2))
    assert first == third
    assert first.headline != second.headline
    assert first.body == second.body


# --- copies ----------------------------------------------------------------------------------------------------------


def test_copies_are_published_after_their_originals() -> None:
    for article in WORLD.articles:
        for _, base in article.copies:
            assert article.published_at > WORLD.script.articles[base].published_at, article.id


def test_every_article_is_published_before_it_is_first_seen() -> None:
    for article in WORLD.articles:
        assert article.published_at < ROUNDS[article.appears]
        assert not article.appears or article.published_at > ROUNDS[article.appears - 1]


def test_the_late_spinner_has_the_quotation_that_the_original_has_cut_by_then() -> None:
    copy = next(a for a in WORLD.articles if a.spins and a.appears == 2)
    original = WORLD.script.articles[copy.spins]
    first, second = WORLD.edition(original, 0), WORLD.edition(original, 1)
    assert len(WORLD.edition(copy, 2).body) == len(first.body) == len(second.body) + 1


def test_spun_texts_keep_sentences_and_numbers_and_change_every_fourth_word_or_so() -> None:
    for copy in (a for a in WORLD.articles if a.spins):
        base = " ".join(WORLD.edition(WORLD.script.articles[copy.spins], -1).body)
        spun = " ".join(WORLD.edition(copy, 3).body)
        assert [n for n in re.findall(r"\d+", base) if n not in re.findall(r"\d+", spun)] == []
        assert base.count(". ") <= spun.count(". ")
        old, new = base.split(), spun.split()
        unchanged = sum(block.size for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks())
        assert 0.65 < unchanged / len(old) < 0.8, copy.id


def test_two_reports_of_one_event_share_no_long_run_of_words() -> None:
    """Independent reports of one event are hard negatives: they may quote the same sentence, and no more."""
    for name_a, name_b in [
        ("wire-velm-flood", "daily-velm-flood"),
        ("wire-hospital-outage", "daily-hospital-outage"),
        ("wire-teachers-pay", "daily-teachers-pay"),
        ("wire-harbour-dredging", "regional-harbour-dredging"),
        ("wire-rail-strike", "regional-rail-strike"),
        ("wire-land-ruling", "regional-land-ruling-view"),
        ("wire-rail-strike", "ministry-rail"),
        ("wire-harbour-dredging", "ministry-harbour"),
    ]:
        a, b = (" ".join(first_edition(ARTICLES[name], ARTICLES).plain().body).split() for name in (name_a, name_b))
        longest = SequenceMatcher(None, a, b, autojunk=False).find_longest_match()
        assert longest.size <= 12, a[longest.a : longest.a + longest.size]
        assert not WORLD.is_related(WORLD.url(ARTICLES[name_a]), WORLD.url(ARTICLES[name_b]))


def test_texts_of_one_origin_are_related_even_through_a_round_up() -> None:
    urls = {name: WORLD.url(article) for name, article in WORLD.script.articles.items()}
    assert WORLD.is_related(urls["daily-rail-strike"], urls["spinner-rail-strike"])
    assert WORLD.is_related(urls["daily-briefing"], urls["mirror-observatory"])
    assert WORLD.is_related(urls["wire-flood-bulletin"], urls["mirror-velm-flood"])
    assert not WORLD.is_related(urls["wire-teachers-pay"], urls["wire-observatory"])
