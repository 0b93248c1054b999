"""Search: queries as people type them are parsed without errors, and results come page by page."""

from __future__ import annotations

import random
import sqlite3
import unicodedata
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive
from archive.api.query_parser import MOST_TERMS, parse_query
from builders import (
    DAY,
    T0,
    add_source,
    build_once,
    derive_all,
    digest_of,
    record_text,
)
from db.errors import BadInput
from db.queries import search as search_queries
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from db.records import SearchCursor

EVERYDAY = (
    "U.S.",
    "back-up",
    "AT&T",
    "don't",
    "C++",
    "a)",
    "(a",
    "50%",
    "$3.5",
    "#news",
    "@minister",
    "e-mail",
    "9/11",
    "3:30",
    "https://daily.example/a?b=c",
    "what?",
    "no!",
    "rock & roll",
    "a/b",
    "x^2",
    "{x}",
    "[sic]",
    "a+b",
    "a;b",
    "it's 'quoted'",
    '"unclosed',
    'say "joint statement',
    "AND",
    "a AND",
    "NOT b",
    "OR",
    "NEAR(a b)",
    "title:",
    "col:x",
    "back-up U.S.",
    "\u00fcber-Stra\u00dfe",
    "a\0b",
    "~5 \\ | `",
)
"""Everyday queries. Passed on as they are, 34 of them make FTS5 fail."""

HARBOUR = "The harbour of Calder opens on Monday, the minister said."


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Twelve articles of three sites, two days apart, each twice with the harbour in it; every third loses it again."""
    path = tmp_path_factory.mktemp("searched") / "archive.db"
    with Store(path) as store:
        for number in range(12):
            source = add_source(store, f"https://paper{number % 3}.example/{'sport/' * (number % 2)}{number}")
            texts = [f"{HARBOUR} Report {number}.", f"{HARBOUR} Report {number}, corrected."]
            texts += [f"Fog hid all of the ships from everybody on Sunday evening. Report {number}."] * (
                number % 3 == 0
            )
            for day, text in enumerate(texts):
                record_text(store, source, text, T0 + (2 * number + day) * DAY)
            derive_all(store, title="It opens" if number else "Ferry sinks")
    with Archive(path) as opened:
        yield opened


# --- parsing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("border talks", '"border" AND "talks"'),
        ('"joint statement" -opinion', '("joint statement") NOT ("opinion")'),
        ('talks -"live blog" -opinion', '("talks") NOT ("live blog" OR "opinion")'),
        ("deport*", '"deport"*'),
        ("ferry OR boat fog", '("ferry" OR "boat") AND "fog"'),
        ("a OR b OR c", '("a" OR "b" OR "c")'),
        ("OR ferry OR", '"OR" AND "ferry" AND "OR"'),
        (
            'title:harbour title:"ferry sinks" title:har*',
            'title : "harbour" AND title : "ferry sinks" AND title : "har"*',
        ),
        ('near:"ferry sank"~5', 'NEAR("ferry" "sank", 5)'),
        ('near:"ferry sank"', 'NEAR("ferry" "sank", 10)'),
        ("fog site:daily.example", '"fog", at daily.example'),
        ("site:daily.example/sport", "every text, at daily.example/sport"),
        ('author:"Leo  Castellan" fog site:daily.example', '"fog", at daily.example, by leo castellan'),
        ('author:"" fog', '"fog"'),
        (
            "fog after:2021-10 before:2022",
            '"fog", first seen from 2021-10-01T00:00:00Z, first seen before 2022-01-01T00:00:00Z',
        ),
        ("fog after:dinner", '"fog" AND "after:dinner"'),
        ("back-up U.S.", '"back-up" AND "U.S."'),
    ],
)
def test_a_query_is_shown_as_it_was_parsed(typed: str, query: str) -> None:
    assert parse_query(typed).description == query


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("-fog", "must not occur"),
        ("-fog site:daily.example after:2021", "must not occur"),
        ("??", "no letter"),
        ('near:""', "no letter"),
    ],
)
def test_a_query_without_a_word_to_look_for_is_explained(typed: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse_query(typed)


def test_no_more_than_64_words_are_searched_for() -> None:
    assert parse_query("fog " * 1000).query.count("fog") == MOST_TERMS
    with pytest.raises(BadInput):
        parse_query('"' + "fog " * 1000 + '"')


@pytest.mark.parametrize("typed", EVERYDAY)
def test_everyday_inputs_end_in_no_error(archive: Archive, typed: str) -> None:
    _search(archive, typed)


def test_2000_strange_inputs_end_in_no_error(archive: Archive) -> None:
    for typed in strange(2_000, seed=1):
        _search(archive, typed)


@pytest.mark.slow
def test_50000_strange_inputs_end_in_no_error(archive: Archive) -> None:
    for typed in strange(50_000, seed=2):
        _search(archive, typed)


def strange(total: int, seed: int) -> Iterator[str]:
    """Yield inputs made of operators of ours or of FTS5, and of any characters."""
    dice = random.Random(seed)
    pieces = ["fog", "harbour", '"', "'", "(", ")", "*", "-", "+", ":", "^", "{", "}", "~5", "OR", "AND", "NOT", "NEAR"]
    pieces += [
        "title:",
        "site:",
        "after:",
        "before:2021",
        'near:"',
        "body:",
        "\0",
        "\ud800",
        ",",
        " ",
        " ",
        "2021-13",
        "_",
    ]
    for _ in range(total):
        some = [dice.choice((*pieces, chr(dice.randrange(0x11000)))) for _ in range(dice.randrange(1, 12))]
        yield dice.choice(("", " ")).join(some)


def _search(archive: Archive, typed: str) -> None:
    try:
        parsed = parse_query(typed)
    except BadInput:
        return
    search_queries.search_page(archive.ask, parsed.query, limit=1, only=parsed.only)


# --- results ---------------------------------------------------------------------------------------------------------


def _urls(archive: Archive, typed: str, **more: object) -> list[str]:
    return sorted(hit.version.url.partition("//")[2] for hit in archive.search(typed, limit=100, **more)[1])  # type: ignore[arg-type]


def test_a_site_is_that_host_what_is_below_it_or_a_part_of_it(archive: Archive) -> None:
    assert len(_urls(archive, "harbour site:paper1.example")) == 4
    assert len(_urls(archive, "harbour site:paper1.example/sport")) == 2
    assert len(_urls(archive, "harbour site:example")) == 12
    assert _urls(archive, "harbour site:aper1.example") == []


def test_after_and_before_are_about_when_a_version_was_first_seen(archive: Archive) -> None:
    day = f"{T0 + 20 * DAY:%Y-%m-%d}"
    assert _urls(archive, f"harbour after:{day}") == ["paper1.example/10", "paper2.example/sport/11"]
    assert len(_urls(archive, f"harbour before:{day}")) == 10
    assert _urls(archive, f"harbour after:{day} before:{day}") == []


def test_a_site_or_a_section_alone_gives_all_its_articles_the_newest_first(archive: Archive) -> None:
    _, hits = archive.search("site:paper1.example/sport")
    assert [hit.version.url for hit in hits] == [f"https://paper1.example/sport/{number}" for number in (7, 1)]
    assert len(_urls(archive, "site:paper1.example")) == 4


def test_an_author_is_a_part_of_the_byline(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    bylines: dict[int, str | None] = {}
    with Store(path) as store:
        for number, byline in enumerate(("Leo Castellan", "Mina Leo and Ada Castellan", None)):
            source = add_source(store, f"https://daily.example/{number}")
            record_text(store, source, f"Fog over the harbour, day {number}.", T0 + number * DAY)
            derive_all(store, title=f"Fog {number}")
            bylines[source] = byline
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "UPDATE version SET byline = ? WHERE source_id = ?", [(b, s) for s, b in bylines.items()]
        )
    with Archive(path) as opened:
        assert _urls(opened, "author:castellan") == ["daily.example/0", "daily.example/1"]
        assert _urls(opened, 'fog author:"leo castellan"') == ["daily.example/0"]
        assert _urls(opened, "author:nobody") == []
        facets = opened.search_page("author:castellan").spread
        assert facets.articles == 2


def test_near_words_and_words_of_the_headline(archive: Archive) -> None:
    assert len(_urls(archive, 'near:"harbour Monday"~5')) == 12
    assert _urls(archive, 'near:"harbour minister"~2') == []
    assert _urls(archive, "title:ferry") == ["paper0.example/0"]
    assert len(_urls(archive, "title:ferry OR title:open*")) == 12


@pytest.mark.parametrize("letters", [1, 2, 3, 4, 5, 9])
def test_a_prefix_of_any_length_finds_the_words_that_begin_so(tmp_path: Path, letters: int) -> None:
    """The index has prefixes of three letters; others are looked up among the words. Answers must not differ."""
    texts = [
        "Überall stehen Boote",
        "ubuntu und die uberfahrt",
        "UBERALLES",
        "naïve Naivität",
        "港口開放 港口",
        "úb",
        "u2 3pm",
    ]
    with Store(tmp_path / "archive.db") as store:
        for number, text in enumerate(texts):
            record_text(store, add_source(store, f"https://paper.example/{number}"), text, T0)
        derive_all(store)
        for prefix in sorted({plain(word)[:letters] for text in texts for word in text.split()}):
            by_hand = [text for text in texts if any(plain(word).startswith(prefix) for word in text.split())]
            assert matching_texts(store, prefix, texts) == by_hand, prefix
        store.forget_source(1, T0)
        assert texts[0] not in matching_texts(store, "ube", texts)
        assert texts[1] in matching_texts(store, "ube", texts)


WORDS_OF_ALL_LENGTHS = [
    "Überall stehen Boote",
    "ubuntu und die uberfahrt",
    "UBERALLES",
    "naïve Naivität",
    "港口開放 港口",
    "úb",
    "u2 3pm",
]


@build_once
def make_words(path: Path) -> None:
    with Store(path) as store:
        for number, text in enumerate(WORDS_OF_ALL_LENGTHS):
            record_text(store, add_source(store, f"https://paper.example/{number}"), text, T0)
        derive_all(store)


def plain(word: str) -> str:
    """Return a word as the index has it: lower case, without diacritics."""
    return "".join(char for char in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(char))


def matching_texts(store: Store, prefix: str, texts: Sequence[str]) -> list[str]:
    matches = search_queries.search(store.ask, f'"{prefix}"*', limit=99)
    digests = {match.version.text_sha256 for match in matches}
    assert digests <= {digest_of("", text) for text in texts}
    return [text for text in texts if digest_of("", text) in digests]


@pytest.mark.parametrize("window", [None, 5, 24])
@pytest.mark.parametrize("typed", ["harbour", "harbour site:paper0.example", f"harbour after:{T0 + 9 * DAY:%Y-%m-%d}"])
def test_pages_and_windows_give_each_hit_once(archive: Archive, typed: str, window: int | None) -> None:
    parsed = parse_query(typed)
    urls: list[str] = []
    place: SearchCursor | None = None
    for _ in range(40):
        page = search_queries.search_page(
            archive.ask, parsed.query, limit=5, only=parsed.only, place=place, window=window
        )
        urls += [match.version.url.partition("//")[2] for match in page.matches]
        place = page.following
        if place is None:
            break
    assert place is None
    assert sorted(urls) == _urls(archive, typed)


def test_removed_text_is_found_with_the_version_that_removed_it(archive: Archive) -> None:
    hits = archive.search("harbour", limit=100, removed=True)[1]
    assert [hit.absent_since for hit in hits] == [3] * 4
