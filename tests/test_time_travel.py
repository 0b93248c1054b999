"""The two axes of time: what stood there at a moment, and what the archive believed at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archive.api import Archive
from archive.api.version_ref import Ref
from db.errors import NotArchived
from db.queries import captures as capture_queries
from db.store import Store
from tests.builders import (
    DAY,
    HOUR,
    OTHER_RECIPE,
    T0,
    URL,
    add_source,
    an_extraction,
    derive_all,
    digest_of,
    judged,
    make_history,
    record_text,
    settle,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COPY = "https://copy.example/a"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An article that lost a word on the second day and got another on the third, and a copy that came late."""
    where = tmp_path / "archive.db"
    with Store(where) as store:
        texts = [("ferry sinks in fog", T0), ("ferry sinks", T0 + DAY), ("ferry sinks, captain held", T0 + 2 * DAY)]
        make_history(store, add_source(store), texts)
        make_history(store, add_source(store, COPY), [("ferry sinks in fog again", T0 + 2 * DAY)])
    return where


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    with Archive(path) as opened:
        yield opened


def standing(archive: Archive, **when: object) -> list[tuple[str, int]]:
    articles = archive.articles(**when)  # type: ignore[arg-type]
    assert list(archive.stream_articles(**when)) == articles  # type: ignore[arg-type]
    return [(version.url, version.number) for version, _ in articles]


def test_the_whole_archive_at_a_moment_is_what_stood_there_then(archive: Archive) -> None:
    assert standing(archive) == [(COPY, 1), (URL, 3)]
    assert standing(archive, as_of=T0 + DAY) == [(URL, 2)]
    assert standing(archive, as_of=T0) == [(URL, 1)]
    assert standing(archive, as_of=T0 - HOUR) == []


def test_a_group_that_is_not_in_the_index_lists_nothing(archive: Archive) -> None:
    assert standing(archive, group="daily") == []


def test_a_search_says_from_when_to_when_and_since_which_version_it_is_gone(archive: Archive) -> None:
    _, hits = archive.search("fog")
    periods = {hit.version.url: (hit.present_from, hit.present_to, hit.absent_since) for hit in hits}
    assert periods == {URL: (T0, T0, 2), COPY: (T0 + 2 * DAY, T0 + 2 * DAY, None)}


def test_versions_in_a_row_that_match_are_one_hit(archive: Archive) -> None:
    _, hits = archive.search("ferry sinks")
    (match,) = [hit for hit in hits if hit.version.url == URL]
    assert (match.present_from, match.present_to, match.absent_since) == (T0, T0 + 2 * DAY, None)


def test_only_what_vanished_can_be_asked_for(archive: Archive) -> None:
    _, hits = archive.search("fog", removed=True)
    assert [(hit.version.url, hit.absent_since) for hit in hits] == [(URL, 2)]
    assert archive.search("captain", removed=True)[1] == []


def test_a_search_of_a_moment_finds_only_what_stood_there(archive: Archive) -> None:
    assert [hit.version.number for hit in archive.search("fog", as_of=T0 + HOUR)[1]] == [1]
    assert archive.search("fog", as_of=T0 + DAY)[1] == []
    assert archive.search("captain", as_of=T0 + DAY)[1] == []


def test_words_that_left_and_came_back_are_two_hits(tmp_path: Path) -> None:
    texts = [("fog", T0), ("sun", T0 + DAY), ("fog again", T0 + 2 * DAY)]
    with Store(tmp_path / "archive.db") as store:
        make_history(store, add_source(store), texts)
    with Archive(tmp_path / "archive.db") as archive:
        periods = sorted((hit.present_from, hit.absent_since) for hit in archive.search("fog")[1])
    assert periods == [(T0, 2), (T0 + 2 * DAY, None)]


@pytest.fixture
def rederived(tmp_path: Path) -> Path:
    """A page read first with a recipe that left a line in, and on the fifth day with a better one."""
    where = tmp_path / "archive.db"
    with Store(where) as store:
        source = add_source(store)
        record_text(store, source, "read more. ferry sinks", T0)
        derive_all(store, now=T0 + HOUR)
        store.use_recipe(OTHER_RECIPE, T0 + 5 * DAY)
        (again,) = capture_queries.underived(store.ask, 10)
        capture = capture_queries.by_id(store.ask, again)
        better = an_extraction("ferry sinks", title="")
        store.record_extraction(capture, better, digest_of("", "ferry sinks"), OTHER_RECIPE)
        store.record_derivation(capture, OTHER_RECIPE.id, judged, T0 + 5 * DAY)
        settle(store, source, now=T0 + 5 * DAY, done=[again])
    return where


def test_what_was_believed_on_a_day_is_still_known(rederived: Path) -> None:
    with Archive(rederived) as archive:
        assert archive.text(archive.version(Ref(url=URL))).body == "ferry sinks"
        then = archive.version(Ref(url=URL), recorded=T0 + DAY)
        assert archive.text(then).body == "read more. ferry sinks"
        assert (then.number, then.recipe_id, then.superseded_at) == (1, "recipe-one", None)
        _, history = archive.history(URL, recorded=T0 + DAY)
        assert [version.recipe_id for version in history.versions] == ["recipe-one"]
        ((listed, _),) = archive.articles(recorded=T0 + DAY)
        assert archive.text(listed).body == "read more. ferry sinks"


def test_before_anything_was_recorded_nothing_was_believed(rederived: Path) -> None:
    with Archive(rederived) as archive:
        assert archive.articles(recorded=T0) == []
        with pytest.raises(NotArchived, match="recorded by"):
            archive.version(Ref(url=URL), recorded=T0)


def test_a_history_of_a_day_counts_only_the_checks_until_then(tmp_path: Path) -> None:
    with Store(tmp_path / "archive.db") as store:
        source = add_source(store)
        for day in range(4):
            record_text(store, source, "the same", T0 + day * DAY)
            derive_all(store, now=T0 + day * DAY)
    with Archive(tmp_path / "archive.db") as archive:
        _, history = archive.history(URL, recorded=T0 + DAY)
    assert [(version.captures, version.last_seen_at) for version in history.versions] == [(2, T0 + DAY)]
