"""The search box: what people type is understood, ends in no error, and is found page by page."""

from __future__ import annotations

import random
import unicodedata
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
"""What people type; raw, 34 of them make FTS5 fail."""

HARBOUR = "The harbour of Calder opens on Monday, the minister said."


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Twelve articles of three sites, two days apart, each twice with the harbour in it; every third loses it again."""
    path = tmp_path_factory.mktemp("searched") / "archive.db"
    with Store(path) as store:
        for number in range(12):
            source = add_source(store, f"https://paper{number % 3}.example/{'sport/' * (number % 2)}{number}")
            said = [f"{HARBOUR} Report {number}.", f"{HARBOUR} Report {number}, corrected."]
            said += [f"Fog hid all of the ships from everybody on Sunday evening. Report {number}."] * (number % 3 == 0)
            for day, text in enumerate(said):
                record_text(store, source, text, T0 + (2 * number + day) * DAY)
            derive_all(store, title="It opens" if number else "Ferry sinks")
    with Archive(path) as opened:
        yield opened


# --- what is understood ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "said"),
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
        (
            "fog after:2021-10 before:2022",
            '"fog", first seen from 2021-10-01T00:00:00Z, first seen before 2022-01-01T00:00:00Z',
        ),
        ("fog after:dinner", '"fog" AND "after:dinner"'),
        ("back-up U.S.", '"back-up" AND "U.S."'),
    ],
)
def test_what_was_typed_is_said_as_it_was_understood(typed: str, said: str) -> None:
    assert parse_query(typed).said == said


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("-fog", "must not occur"),
        ("site:daily.example after:2021", "no word"),
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


def strange(many: int, seed: int) -> Iterator[str]:
    """Inputs made of what means something to us or to FTS5, and of any character at all."""
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
    for _ in range(many):
        some = [dice.choice((*pieces, chr(dice.randrange(0x11000)))) for _ in range(dice.randrange(1, 12))]
        yield dice.choice(("", " ")).join(some)


def _search(archive: Archive, typed: str) -> None:
    try:
        sought = parse_query(typed)
    except BadInput:
        return
    search_queries.search_page(archive.ask, sought.query, limit=1, only=sought.only)


# --- what is found ---------------------------------------------------------------------------------------------------


def _found(archive: Archive, typed: str, **more: object) -> list[str]:
    return sorted(hit.version.url.partition("//")[2] for hit in archive.search(typed, limit=100, **more)[1])  # type: ignore[arg-type]


def test_a_site_is_that_host_what_is_below_it_or_a_part_of_it(archive: Archive) -> None:
    assert len(_found(archive, "harbour site:paper1.example")) == 4
    assert len(_found(archive, "harbour site:paper1.example/sport")) == 2
    assert len(_found(archive, "harbour site:example")) == 12
    assert _found(archive, "harbour site:aper1.example") == []


def test_after_and_before_are_about_when_a_version_was_first_seen(archive: Archive) -> None:
    day = f"{T0 + 20 * DAY:%Y-%m-%d}"
    assert _found(archive, f"harbour after:{day}") == ["paper1.example/10", "paper2.example/sport/11"]
    assert len(_found(archive, f"harbour before:{day}")) == 10
    assert _found(archive, f"harbour after:{day} before:{day}") == []


def test_near_words_and_words_of_the_headline(archive: Archive) -> None:
    assert len(_found(archive, 'near:"harbour Monday"~5')) == 12
    assert _found(archive, 'near:"harbour minister"~2') == []
    assert _found(archive, "title:ferry") == ["paper0.example/0"]
    assert len(_found(archive, "title:ferry OR title:open*")) == 12


@pytest.mark.parametrize("letters", [1, 2, 3, 4, 5, 9])
def test_a_prefix_of_any_length_finds_the_words_that_begin_so(tmp_path: Path, letters: int) -> None:
    """The index has beginnings of three letters, and any other is looked for among the words: no answer tells which."""
    said = WORDS_OF_ALL_LENGTHS
    with Store(make_words(tmp_path / "archive.db")) as store:
        for beginning in sorted({plain(word)[:letters] for text in said for word in text.split()}):
            by_hand = {text for text in said if any(plain(word).startswith(beginning) for word in text.split())}
            found = {each.version.text_sha256 for each in search_queries.search(store.ask, f'"{beginning}"*', limit=99)}
            assert found == {digest_of("", text) for text in by_hand}, beginning
        store.forget(1, T0)
        assert said[0] not in found_texts(store, "ube", said)
        assert said[1] in found_texts(store, "ube", said)


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
    """A word as the index has it: small, without marks."""
    return "".join(each for each in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(each))


def found_texts(store: Store, beginning: str, said: Sequence[str]) -> list[str]:
    found = {each.version.text_sha256 for each in search_queries.search(store.ask, f'"{beginning}"*', limit=99)}
    return [text for text in said if digest_of("", text) in found]


@pytest.mark.parametrize("window", [None, 5, 24])
@pytest.mark.parametrize("typed", ["harbour", "harbour site:paper0.example", f"harbour after:{T0 + 9 * DAY:%Y-%m-%d}"])
def test_pages_and_windows_follow_each_other_and_tell_each_hit_once(
    archive: Archive, typed: str, window: int | None
) -> None:
    sought = parse_query(typed)
    told: list[str] = []
    place: search_queries.Place | None = None
    for _ in range(40):
        page = search_queries.search_page(
            archive.ask, sought.query, limit=5, only=sought.only, place=place, window=window
        )
        told += [each.version.url.partition("//")[2] for each in page.matches]
        place = page.following
        if place is None:
            break
    assert place is None
    assert sorted(told) == _found(archive, typed)


def test_what_is_gone_is_found_where_it_left(archive: Archive) -> None:
    gone = archive.search("harbour", limit=100, gone=True)[1]
    assert [hit.absent_since for hit in gone] == [3] * 4
