"""Furniture: what is learned of a site, how it is taken out, and that taking it up is no edit."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.api import Archive
from archive.extract import extract
from archive.extract.boilerplate import clean, learn, near_copies, normalise, restore
from archive.extract.boilerplate.site_template import find_furniture
from archive.pipeline import adopt_template
from archive.pipeline.adopt_template import site_keys
from archive.pipeline.derive import derive as derive_captures
from archive.pipeline.recipe import current_recipe
from archive.urls import url_key
from db.queries import captures as capture_queries
from db.queries import site_templates as template_queries
from db.queries import versions as version_queries
from db.records import Extraction, TemplateLines, Verdict
from db.store import Store
from tests.builders import DAY, HOUR, T0, a_capture, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from db.records import Page, Version

APPEAL = "This paper belongs to its readers and to nobody else, and has since 1902."
AUTHOR = "Maria Teller writes about bridges and the people on them"
WORDS = ("harbour", "council", "winter", "ferry", "budget", "school", "engine", "strike", "river", "market", "verdict")


def body(place: str, lines: int = 12) -> list[str]:
    """Sentences of their own for each place, always the same."""
    told = (" ".join(random.Random(f"{place} {n}").choices(WORDS, k=14)) for n in range(lines))
    return [f"In {place} {words}." for words in told]


def text(*lines: str) -> str:
    return "\n".join(lines)


def site(pages: int, *furniture: str) -> dict[str, list[str]]:
    """Addresses with one text each, which end in the same lines."""
    return {f"example,daily,)/{n}": [text(*body(f"Town{n}"), *furniture)] for n in range(pages)}


def learned(pages: dict[str, list[str]]) -> TemplateLines:
    return learn(pages, near_copies(pages))


def folded(*lines: str) -> tuple[str, ...]:
    return tuple(" ".join(line.lower().replace(",", " ").replace(".", " ").split()) for line in lines)


# --- learning ---------------------------------------------------------------------------------------------------------


def test_a_line_at_the_edge_of_three_pages_is_furniture() -> None:
    assert learned(site(3, APPEAL)).edge == folded(APPEAL)
    assert not learned(site(2, APPEAL))


def test_one_page_seen_often_teaches_nothing() -> None:
    again = [text(*body("Town"), APPEAL, f"Edited {n} times by now") for n in range(9)]
    assert not learned({"example,daily,)/1": again})


def test_copies_of_one_page_count_once() -> None:
    copies = {f"example,daily,)/print/{n}": [text(*body("Town"), f"Printed for reader number {n}")] for n in range(9)}
    assert len(near_copies(copies)) == len(copies) - 1
    assert not learned(copies)
    assert learn(copies), "without the copies all of it would be taken for furniture"


def test_a_stub_that_is_all_furniture_joins_no_pages() -> None:
    pages = site(4, APPEAL, AUTHOR) | {"example,daily,)/0": [text(APPEAL, AUTHOR)]}
    assert learned(pages).edge == folded(AUTHOR, APPEAL)


def test_a_line_between_paragraphs_needs_more_proof() -> None:
    def inner(pages: int) -> dict[str, list[str]]:
        return {f"example,daily,)/{n}": [text(*body(f"A{n}"), APPEAL, *body(f"B{n}"))] for n in range(pages)}

    assert not learned(inner(4))
    assert learned(inner(5)).anywhere == folded(APPEAL)


def test_a_line_of_one_or_two_words_needs_more_proof() -> None:
    assert not learned(site(4, "Maria Teller"))
    assert learned(site(5, "Maria Teller")).edge == ("maria teller",)


def test_a_large_site_must_show_a_line_on_a_share_of_its_pages() -> None:
    pages = site(500)
    for n in range(4):
        pages[f"example,daily,)/{n}"] = [text(*body(f"Town{n}"), APPEAL)]
    assert not learned(pages)
    pages["example,daily,)/4"] = [text(*body("Town4"), APPEAL)]
    assert learned(pages).edge == folded(APPEAL)


def test_a_list_behind_which_nothing_else_stands_is_at_the_edge_as_a_whole() -> None:
    links = [f"More about {name} on our pages" for name in ("bridges", "boats", "ferries", "tunnels", "roads", "rails")]
    known = learned(site(4, APPEAL, *links, AUTHOR))
    lines = [*body("Elsewhere"), APPEAL, *links, AUTHOR]
    assert find_furniture(lines, known) == set(range(12, len(lines)))


@settings(max_examples=25)
@given(st.randoms(use_true_random=False), st.lists(st.integers(0, 9), min_size=3, max_size=9))
def test_what_is_learned_depends_on_no_order(rng: random.Random, picks: list[int]) -> None:
    pages = {
        f"example,daily,)/{n}": [text(*body(f"Town{pick}", 3), *[APPEAL] * (pick % 2), AUTHOR), text(*body("Town"))]
        for n, pick in enumerate(picks)
    }
    shuffled = [(address, rng.sample(texts, len(texts))) for address, texts in pages.items()]
    rng.shuffle(shuffled)
    assert near_copies(dict(shuffled)) == near_copies(pages)
    assert learned(dict(shuffled)) == learned(pages)


# --- cleaning with it -------------------------------------------------------------------------------------------------

KNOWN = TemplateLines(edge=folded(APPEAL, "Source link"), anywhere=folded(AUTHOR))
PIECES = (APPEAL, AUTHOR, "Source link", "[ad_1]", "Read more", *body("Town", 6), "")
LINES = st.lists(st.sampled_from(PIECES), max_size=30)


def cleaned(*lines: str, known: TemplateLines = KNOWN) -> Extraction:
    return clean(Extraction(verdict=Verdict.OK, text=text(*lines)), known)


def test_furniture_goes_with_its_reason_and_inner_lines_only_if_known_anywhere() -> None:
    lines = [APPEAL, *body("Town"), AUTHOR, APPEAL, *body("City"), APPEAL]
    got = cleaned(*lines)
    assert got.text == text(*body("Town"), APPEAL, *body("City"))
    assert {each.because for each in got.removed} == {"site furniture"}


def test_what_furniture_hid_from_the_edge_is_found_there() -> None:
    long = [f"Our promise number {n} to the readers of this paper" for n in range(14)]
    known = TemplateLines(edge=folded(*long))
    assert cleaned(*body("Town"), "Leave a Reply", *long, known=known).text == text(*body("Town"))


def test_the_mark_of_a_scraper_stays_evidence() -> None:
    assert [each.because for each in cleaned(*body("Town"), "Source link").removed] == ["source link"]


@given(LINES)
def test_everything_removed_can_be_put_back(lines: list[str]) -> None:
    got = cleaned(*lines)
    assert restore(got) == normalise(text(*lines))
    assert clean(got, KNOWN) == got
    assert bool(got.text) == bool(normalise(text(*lines)))


# --- the archive ------------------------------------------------------------------------------------------------------


class Here:
    """The real extractor, in this process."""

    def map(self, pages: Iterable[Page]) -> Iterable[Extraction]:
        return map(extract, pages)


def page(place: str, *, times: int = 1, edited: str = "") -> bytes:
    """An article of its own, edited or not, with the furniture of its site."""
    lines = [line for n in range(times) for line in body(f"{place}{n}")]
    inner = "".join(f"<p>{line}</p>" for line in [*lines, edited, APPEAL] if line)
    head = f"<title>News of {place}</title>"
    return f"<html><head>{head}</head><body><article><h1>News of {place}</h1>{inner}</article></body></html>".encode()


def record(store: Store, n: int, payload: bytes, at: datetime) -> None:
    url = f"https://daily.example/{n}"
    source = store.add_source(url, url_key(url), T0)
    store.record([(a_capture(source, at=at, url=url), payload)])


def derive(store: Store, now: datetime) -> list[Version]:
    """Empty the ledger by the real pipeline; the versions it says are news."""
    recipe, opened = current_recipe(), []
    store.use_recipe(recipe, now)
    while ids := capture_queries.underived(store.ask, 3):
        opened += derive_captures(store, Here(), ids, recipe=recipe, now=now).versions
    return opened


def adopt(store: Store, now: datetime) -> list[Version]:
    adopt_template.adopt_templates(store, current_recipe(), now)
    return derive(store, now)


def settled(store: Store) -> list[Version]:
    return [replace(each, superseded_at=None) for each in plain(version_queries.all_versions(store.ask))]


Seen = tuple[int, str, int]  # which article, what its edit added, on which day

PAGES: Sequence[Seen] = [(n, edited, day) for n in range(4) for day, edited in enumerate(("", "Corrected."))]


def fill(store: Store, pages: Iterable[Seen]) -> None:
    for n, edited, day in pages:
        record(store, n, page(f"Town{n}", edited=edited), T0 + day * DAY)


@pytest.fixture
def store(tmp_path: Path) -> Iterable[Store]:
    with Store(tmp_path / "archive.db") as opened:
        fill(opened, PAGES)
        derive(opened, T0 + 2 * DAY)
        yield opened


@pytest.mark.slow
def test_adopting_furniture_takes_it_out_and_is_no_edit(store: Store) -> None:
    before, now = settled(store), T0 + 9 * DAY
    assert all(APPEAL in version_queries.text(store.ask, each.text_sha256).body for each in before)
    assert adopt(store, now) == []
    after = settled(store)
    assert [(one.url, one.number, one.cause, one.kinds, one.first_seen_at) for one in after] == [
        (one.url, one.number, one.cause, one.kinds, one.first_seen_at) for one in before
    ]
    assert not any(APPEAL in version_queries.text(store.ask, each.text_sha256).body for each in after)
    assert version_queries.recent_changes(store.ask, since=now - HOUR, limit=99) == []
    assert len({one.recipe_id for one in after}) == 1
    assert after[0].recipe_id.startswith(f"{current_recipe().id}+")


@pytest.mark.slow
def test_what_was_believed_before_is_still_told(store: Store) -> None:
    then, now = T0 + 5 * DAY, T0 + 9 * DAY
    adopt(store, now)
    with Archive(store.path) as archive:
        _, today = archive.history("https://daily.example/1")
        _, believed = archive.history("https://daily.example/1", recorded=then)
        assert len(today.versions) == len(believed.versions) == 2
        assert APPEAL in archive.text(believed.versions[0]).body
        assert APPEAL not in archive.text(today.versions[0]).body


@pytest.mark.slow
def test_the_removed_line_is_told_with_its_reason(store: Store) -> None:
    adopt(store, T0 + 9 * DAY)
    with Archive(store.path) as archive:
        version = archive.history("https://daily.example/1")[1].versions[-1]
        removed = archive.removed(version)
        assert [(each.because, each.text.strip()) for each in removed][-1] == ("site furniture", APPEAL)
        whole = restore(Extraction(verdict=Verdict.OK, text=archive.text(version).body, removed=removed))
        assert whole.endswith(text("Corrected.", APPEAL))


@pytest.mark.slow
def test_looking_a_second_time_changes_nothing(store: Store) -> None:
    recipe, now = current_recipe(), T0 + 9 * DAY
    assert adopt_template.adopt_templates(store, recipe, now) == (1, len(PAGES))
    derive(store, now)
    assert adopt_template.adopt_templates(store, recipe, now) == (0, 0)
    newest = template_queries.newest_template(store.ask, "daily.example")
    assert (newest.revision, newest.blocks.edge) == (1, folded(APPEAL))


@pytest.mark.slow
def test_a_page_that_comes_later_is_cleaned_at_once_and_its_edits_are_news(store: Store) -> None:
    adopt(store, T0 + 9 * DAY)
    record(store, 1, page("Town1", edited="Corrected again, this time by the mayor."), T0 + 10 * DAY)
    (news,) = derive(store, T0 + 10 * DAY)
    assert (news.number, str(news.cause)) == (3, "changed")
    assert APPEAL not in version_queries.text(store.ask, news.text_sha256).body


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_the_settled_archive_is_the_same_in_any_order(tmp_path: Path, seed: int) -> None:
    order = random.Random(seed).sample(PAGES, len(PAGES))
    found = []
    for name, pages in (("plain", PAGES), ("shuffled", order)):
        with Store(tmp_path / f"{name}.db") as store:
            for some in (pages[:5], pages[5:]):  # the second half meets what was learned of the first
                fill(store, some)
                derive(store, T0 + 8 * DAY)
                adopt(store, T0 + 9 * DAY)
            found.append(settled(store))
    assert found[0] == found[1]


@pytest.mark.slow
def test_forgetting_leaves_no_text_behind(store: Store) -> None:
    adopt(store, T0 + 9 * DAY)
    for each in store.ask("SELECT id FROM source"):
        store.forget_source(each["id"], T0 + 10 * DAY)
    assert store.ask("SELECT id FROM text") == store.ask("SELECT id FROM cleaning") == []


def test_a_site_is_its_registered_domain_with_all_below_it() -> None:
    first, end = site_keys("daily.example")
    inside = ("https://daily.example/a", "https://www.daily.example/", "http://amp.daily.example:81/a")
    outside = ("https://daily-news.example/", "https://daily2.example/", "https://example/", "https://other.example/")
    assert all(first <= url_key(url) < end for url in inside)
    assert not any(first <= url_key(url) < end for url in outside)
    first, end = site_keys("127.0.0.1")
    assert first <= url_key("http://127.0.0.1/a") < end
    assert not first <= url_key("http://127.0.0.10/a") < end
