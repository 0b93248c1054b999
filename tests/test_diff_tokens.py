"""Tokens that no edit may split, in English, German and Spanish."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.versions.diff import compare
from archive.versions.diff.tokens import Capitals, Piece, capitals_of, capitals_of_headline, tokenize
from db.records import Text


def text(body: str, language: str | None = "en") -> Text:
    return Text(sha256=sha256(body.encode()).hexdigest(), title="", body=body, language=language)


@pytest.mark.parametrize(
    ("body", "piece", "whole"),
    [
        ("It cost $4.2 million then.", Piece.MONEY, "$4.2 million"),
        ("Es kostete 5 Mio. Euro damals.", Piece.MONEY, "5 Mio. Euro"),
        ("Costó 86.000 pesos allí.", Piece.MONEY, "86.000 pesos"),
        ("They paid EUR 50 each.", Piece.MONEY, "EUR 50"),
        ("They paid €4m in all.", Piece.MONEY, "€4m"),
        ("Some 1,300 came.", Piece.NUMBER, "1,300"),
        ("Es kamen 1 300 Leute.", Piece.NUMBER, "1 300"),
        ("It won 3-2 at home.", Piece.NUMBER, "3-2"),
        ("It rose 1.8% there.", Piece.NUMBER, "1.8%"),
        ("Es waren 30 Prozent dort.", Piece.NUMBER, "30 Prozent"),
        ("It was -5 outside.", Piece.NUMBER, "-5"),
        ("Twenty-five boats came.", Piece.NUMBER, "Twenty-five"),
        ("He left on 5 January 2024 by sea.", Piece.DATE, "5 January 2024"),
        ("He left on March 5, 2024 by sea.", Piece.DATE, "March 5, 2024"),
        ("Er ging am 5. Januar 2024 fort.", Piece.DATE, "5. Januar 2024"),
        ("Salió el 5 de enero de 2024 por mar.", Piece.DATE, "5 de enero de 2024"),
        ("Er kam um 14.30 Uhr an.", Piece.DATE, "14.30 Uhr"),
        ("It struck at 4:10 a.m. in fog.", Piece.DATE, "4:10 a.m."),
        ("It struck in May by night.", Piece.DATE, "May"),
        ("Updated 2024-01-05T09:30Z again.", Piece.DATE, "2024-01-05T09:30Z"),
        ("Then Tomas Ekberg left.", Piece.NAME, "Tomas Ekberg"),
        ("The ferry to Port of Spain left.", Piece.NAME, "Port of Spain"),
        ("An Airbus A320 landed.", Piece.NAME, "Airbus A320"),
        ("They met in Port Selwyn Monday.", Piece.NAME, "Port Selwyn"),
        ('He said "we saw 30 boats" twice.', Piece.QUOTATION, '"we saw 30 boats"'),
        ("Er sagte „wir sahen nichts“ dazu.", Piece.QUOTATION, "„wir sahen nichts“"),
        ("Er sagte »wir sahen nichts« dazu.", Piece.QUOTATION, "»wir sahen nichts«"),
        ("Dijo «no vimos nada» ayer.", Piece.QUOTATION, "«no vimos nada»"),
    ],
)
def test_a_piece_is_one_token(body, piece, whole):
    assert (piece, whole) in {(token.piece, token.text) for token in tokenize(body)}


@given(st.text(max_size=200))
def test_tokens_contain_every_character_that_is_no_blank(body):
    tokens = tokenize(body)
    assert all(token.text == body[token.start : token.end] for token in tokens)
    ends = [0, *(token.end for token in tokens)]
    starts = [*(token.start for token in tokens), len(body)]
    assert all(not body[end:start].strip() for end, start in zip(ends, starts, strict=True))


WHOLE = [
    "300",
    "1,300",
    "30 %",
    "4.2 million",
    "5 January 2024",
    "6 January 2024",
    "2024-01-05",
    "$4.2 million",
    "5 euros",
    "Tomas Ekberg",
    "Tomas Quist",
    "Port Selwyn",
    '"we left at noon"',
    '"we left at 5"',
]
FILLER = [
    "and",
    "then",
    "some",
    "went",
    "over",
    "by",
    "boat",
    "while",
    "others",
    "saw",
    "it",
    "all",
    "from",
    "far",
    "away",
]
sentences = st.lists(st.sampled_from(FILLER) | st.sampled_from(WHOLE), min_size=1, max_size=12).map(
    lambda words: f"there {' and '.join(words)}."
)


@settings(max_examples=200)
@given(st.lists(sentences, max_size=3).map(" ".join), st.lists(sentences, max_size=3).map(" ".join))
def test_no_edit_begins_or_ends_inside_a_number_a_date_a_name_or_a_quotation(a, b):
    pattern = re.compile("|".join(re.escape(piece) for piece in sorted(WHOLE, key=len, reverse=True)))
    change = compare(text(a), text(b))
    for body, edges in (
        (a, {e for edit in change.edits for e in edit.a}),
        (b, {e for edit in change.edits for e in edit.b}),
    ):
        for match in pattern.finditer(body):
            assert not edges & set(range(match.start() + 1, match.end()))


@pytest.mark.parametrize(
    ("body", "language", "capitals"),
    [
        ("Der Hund ist nicht da und das Haus auch nicht.", None, Capitals.NOUNS),
        ("The dog is not there and neither is the house.", None, Capitals.NAMES),
        ("El perro no está y la casa tampoco.", None, Capitals.NAMES),
        ("Anything", "de-AT", Capitals.NOUNS),
        ("Anything", "es", Capitals.NAMES),
    ],
)
def test_how_a_text_uses_capitals_is_known_or_guessed(body, language, capitals):
    assert capitals_of(body, language) is capitals


def test_a_headline_in_title_case_shows_no_names():
    assert capitals_of_headline("Minister May Resign Over Flights", "en") is Capitals.EVERY_WORD
    assert capitals_of_headline("Minister may resign over flights", "en") is Capitals.NAMES
    pieces = {token.piece for token in tokenize("Minister May Resign", Capitals.EVERY_WORD)}
    assert pieces == {Piece.WORD}
