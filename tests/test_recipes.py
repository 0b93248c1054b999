"""Recipes: a new one changes what is read, never what happened; what is read again is read only where it must be."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from archive.api import Archive
from archive.cli import wirecopy
from archive.extract import extract
from archive.extract.strip_scripts import strip_scripts, stripped_digest
from archive.pipeline.derive import derive as derive_captures
from archive.pipeline.recipe import current_recipe
from archive.pipeline.reprocess_preview import preview
from archive.urls import url_key
from db.queries import captures as capture_queries
from db.queries import versions as version_queries
from db.records import TEXT_MEDIA_TYPE, Extraction, Page, Recipe, Verdict
from db.store import Store
from tests.builders import DAY, T0, a_capture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from archive.pipeline import extraction
    from db.records import Sighting, Version

WORDS = ("harbour", "council", "winter", "ferry", "budget", "school", "engine", "strike", "river", "market", "verdict")
OLD = Recipe(id="recipe-a", facts=(("extractor", "the first"),))
NEW = Recipe(id="recipe-b", facts=(("extractor", "a better one"),))


class Reads:
    """An extractor that is all recipe: a payload's bytes are its text, said as ``says``; counts what it reads."""

    def __init__(self, says: Callable[[str], str] = str) -> None:
        self._says = says
        self.pages = 0

    def map(self, pages: Iterable[Page]) -> Iterable[Extraction]:
        for page in pages:
            self.pages += 1
            yield Extraction(verdict=Verdict.OK, title="A title", text=self._says(page.payload.decode()), language="en")


class Here:
    """The real extractor, in this process; counts what it reads."""

    def __init__(self) -> None:
        self.pages = 0

    def map(self, pages: Iterable[Page]) -> Iterable[Extraction]:
        for page in pages:
            self.pages += 1
            yield extract(page)


def derive(store: Store, recipe: Recipe, extractors: extraction.Extracts, now: datetime) -> list[Version]:
    """Empty the ledger a few captures at a time; the versions that are news."""
    store.use_recipe(recipe, now)
    opened: list[Version] = []
    while ids := capture_queries.underived(store.ask, 7):
        opened += derive_captures(store, extractors, ids, recipe=recipe, now=now).versions
    return opened


def address(source: int) -> str:
    return f"https://site{source}.example/story"


def record(store: Store, url: str, payload: bytes, at: datetime) -> None:
    store.record([(a_capture(store.add_source(url, url_key(url), T0), at=at, url=url), payload)])


def fill(store: Store, sources: int) -> None:
    """Articles of three versions each, every one seen twice; captures of one lie far apart."""
    for day in range(6):
        for source in range(sources):
            words = random.Random(f"{source} {day // 2}").choices(WORDS, k=60)
            record(store, address(source), " ".join(words).encode(), T0 + day * DAY)


# --- adopting a recipe ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("sources", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_a_recipe_that_changes_every_text_makes_no_edit(tmp_path: Path, sources: int) -> None:
    then, now = T0 + 9 * DAY, T0 + 20 * DAY
    with Store(tmp_path / "archive.db") as store:
        fill(store, sources)
        assert len(derive(store, OLD, Reads(), then)) == 3 * sources
        before = version_queries.all_versions(store.ask)
        assert derive(store, NEW, Reads(lambda text: f"Better: {text}"), now) == []
        after = version_queries.all_versions(store.ask)
        since = version_queries.recent_changes(store.ask, since=now - DAY, limit=999)
    assert len(after) == len(before)
    assert since == []
    assert [outline(one) for one in after] == [outline(one) for one in before]
    assert {one.text_sha256 for one in before}.isdisjoint(one.text_sha256 for one in after)
    with Archive(tmp_path / "archive.db") as archive:
        _, believed = archive.history(address(1), recorded=now - DAY)
        assert [archive.text(one).body[:7] == "Better:" for one in believed.versions] == [False] * 3
        assert [one.recipe_id for one in believed.versions] == [OLD.id] * 3


def outline(one: Version) -> tuple[object, ...]:
    return one.url, one.number, one.cause, one.first_seen_at, one.last_seen_at, one.captures


def test_an_edit_that_comes_with_a_new_recipe_is_news(tmp_path: Path) -> None:
    now = T0 + 20 * DAY
    with Store(tmp_path / "archive.db") as store:
        fill(store, 2)
        derive(store, OLD, Reads(), T0 + 9 * DAY)
        record(store, address(1), " ".join(reversed(WORDS * 6)).encode(), now)
        (news,) = derive(store, NEW, Reads(lambda text: f"Better: {text}"), now)
        assert (news.url, news.number, str(news.cause)) == (address(1), 4, "changed")
        assert [outline(one) for one in version_queries.recent_changes(store.ask, since=now, limit=9)] == [
            outline(news)
        ]


# --- a look ahead -----------------------------------------------------------------------------------------------------


def test_a_preview_says_how_many_texts_differ_and_writes_nothing(tmp_path: Path) -> None:
    with Store(tmp_path / "archive.db") as store:
        fill(store, 3)
        derive(store, OLD, Reads(), T0 + 9 * DAY)
        before = counts(store)
        same = preview(store.ask, Reads(), OLD, samples=2)
        assert (same.pages, same.differ, same.extracted, same.samples) == (18, 0, 0, ())
        found = preview(store.ask, Reads(lambda text: text.replace("harbour", "port")), NEW, samples=2)
        assert (found.pages, found.extracted, len(found.samples)) == (18, 9, 2)
        assert 0 < found.differ <= found.pages
        assert "port" in found.samples[0].diff
        assert counts(store) == before


def counts(store: Store) -> list[object]:
    return [store.ask(f"SELECT count(*) AS n FROM {table}") for table in ("extraction", "recipe", "text", "version")]


@pytest.mark.slow
def test_a_preview_tells_what_adopting_does(tmp_path: Path) -> None:
    def says(text: str) -> str:
        return f"Better: {text}" if "harbour harbour" in text else text

    with Store(tmp_path / "archive.db") as store:
        fill(store, 4)
        derive(store, OLD, Reads(), T0 + 9 * DAY)
        shown = {one.capture_id: one.text_sha256 for one in seen(store)}
        found = preview(store.ask, Reads(says), NEW, samples=0)
        derive(store, NEW, Reads(says), T0 + 20 * DAY)
        assert found.differ == sum(shown[one.capture_id] != one.text_sha256 for one in seen(store))


def seen(store: Store) -> list[Sighting]:
    sources = store.ask("SELECT id FROM source")
    return [one for source in sources for one in capture_queries.sightings(store.ask, source["id"])]


@pytest.mark.slow
def test_reextract_dry_run_is_a_verb(tmp_path: Path) -> None:
    with Store(tmp_path / "archive.db") as store:
        fill(store, 1)
        derive(store, OLD, Reads(), T0 + 9 * DAY)
        recipes = store.ask("SELECT id FROM recipe")
    got = CliRunner().invoke(wirecopy, ["--db", str(tmp_path / "archive.db"), "reextract", "--dry-run"])
    assert got.exit_code == 0, got.output
    assert "of 6 pages would read differently" in got.output
    with Store(tmp_path / "archive.db") as store:
        assert store.ask("SELECT id FROM recipe") == recipes


# --- the core of a page -----------------------------------------------------------------------------------------------

SENTENCE = "<p>The council met on day {n} and agreed to mend bridge {n} before the winter comes.</p>"
ARTICLE = "".join(SENTENCE.format(n=n) for n in range(8))


def a_page(nonce: str = "1", *, words: str = ARTICLE, facts: str = "{}") -> bytes:
    return f"""<!doctype html><html><head><title>Bridge</title><!-- built {nonce} -->
    <script nonce="{nonce}">var session = "{nonce}";</script><style>.a{nonce} {{ color: red }}</style>
    <script type="application/ld+json">{facts}</script></head>
    <body><article><h1>Bridge</h1>{words}</article><SCRIPT src="/{nonce}.js"></SCRIPT></body></html>""".encode()


def core(payload: bytes, **more: object) -> bytes:
    known = {"content_type": "text/html", "url": "https://daily.example/a", "captured_at": T0}
    return strip_scripts(Page(payload=payload, **known | more)).payload


def test_scripts_styles_and_comments_are_no_part_of_the_core() -> None:
    assert core(a_page("1")) == core(a_page("2"))
    assert core(a_page()) != core(a_page(words=ARTICLE.replace("day 3", "day 4")))
    assert core(a_page()) != core(a_page(facts='{"datePublished": "2026-01-05"}'))
    assert core(b"<style>a<script>b</style>c<script>d</script>") == b"<style></style>c<script></script>"


def test_what_is_never_closed_stays_and_costs_no_second_look() -> None:
    assert core(b"a<!-- b<script>c<style>d") == b"a<!-- b<script>c<style>d"
    many = b"<script>" * 200_000
    assert core(many) == many


def test_a_text_given_as_such_is_left_alone() -> None:
    assert core(b'{"text": "<!-- a -->"}', content_type=TEXT_MEDIA_TYPE) == b'{"text": "<!-- a -->"}'


@given(st.text(alphabet="<>!-/ script=ab\n", max_size=80))
def test_a_core_holds_nothing_but_what_the_page_holds(text: str) -> None:
    payload = text.encode()
    assert len(core(payload)) <= len(payload)


def test_a_core_that_is_known_is_not_read_again(tmp_path: Path) -> None:
    recipe, url = current_recipe(), "https://daily.example/a"
    with Store(tmp_path / "archive.db") as store:
        for day, nonce in enumerate(("1", "2", "3", "4")):
            record(store, url, a_page(nonce), T0 + day * DAY)
        reader = Here()
        assert len(derive(store, recipe, reader, T0 + 9 * DAY)) == 1
        assert reader.pages == 1
        record(store, url, a_page("5"), T0 + 5 * DAY)
        derive(store, recipe, reader, T0 + 9 * DAY)
        assert reader.pages == 1
        rows = store.ask("SELECT * FROM extraction")
        assert len(rows) == 5
        assert (
            len({tuple(value for name, value in row.items() if name not in {"id", "payload_id"}) for row in rows}) == 1
        )


def test_a_core_says_what_its_page_says() -> None:
    page = Page(payload=a_page("1"), content_type="text/html", url="https://daily.example/a", captured_at=T0)
    assert extract(strip_scripts(page)) == extract(page)
    assert stripped_digest(strip_scripts(page)) != stripped_digest(
        strip_scripts(replace(page, url="https://daily.example/b"))
    )
