"""Tokenize a text into pieces that an edit may not split: numbers, dates, money, names, quotations, words, marks."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from archive.versions.diff.cue_words import (
    CODES,
    COUNTS,
    CURRENCIES,
    DAYS,
    MONTHS,
    MONTHS_BESIDE_A_DAY,
    OPENERS,
    SCALES,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class Piece(StrEnum):
    """The type of a token. The names are the groups of the pattern, which are tried in this order."""

    QUOTATION = "quotation"
    DATE = "date"
    MONEY = "money"
    NUMBER = "number"
    NAME = "name"
    WORD = "word"
    MARK = "mark"


class Capitals(StrEnum):
    """The meaning of a capital letter inside a sentence of a text."""

    NAMES = "names"
    NOUNS = "nouns"
    """German: every noun has one, so it shows only full names."""
    EVERY_WORD = "every word"
    """A headline In Title Case: it shows no names."""


class Token(NamedTuple):
    """One piece of a text and its span there."""

    piece: Piece
    start: int
    end: int
    text: str

    @property
    def folded(self) -> str:
        """The text casefolded, with single blanks."""
        return " ".join(self.text.casefold().split())


_GAP = "[\u00a0\u202f\u2009\\ ]"  # blanks that may be inside a figure
_SIGN = r"(?:(?<![\w.,)-])[+\u2212-])?"
_GROUPS = rf"(?:\d{{1,3}}(?:{_GAP}\d{{3}}(?!\d))+(?:,\d+)?|\d+(?:[.,:'\u2019/]\d+)*)"
_FIGURE = rf"{_SIGN}{_GROUPS}(?:[\u2013-]{_GROUPS})*"
_SCALE = rf"(?i:{SCALES})(?!\w)"
_COIN = "[$\u20ac\u00a3\u00a5\u20b9\u20bd\u20ba\u20a9]"
_MONTH = rf"(?i:{'|'.join(sorted(MONTHS_BESIDE_A_DAY, key=lambda month: (-len(month), month)))})\b\.?"
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ][^\W_]*(?:['\u2019-][^\W_]+)*"
_PARTICLE = "of|de|del|de\\ la|la|von|van|der|den|zu|bin|al|da|dos|di|du|le|y"
_LONGEST_QUOTATION = 800  # a forgotten closing mark must not swallow a paragraph

_PATTERN = re.compile(
    rf"""
      (?P<quotation> "[^"\n]{{1,{_LONGEST_QUOTATION}}}" | \u201c[^\u201c\u201d\n]{{1,{_LONGEST_QUOTATION}}}\u201d
                   | \u00ab[^\u00ab\u00bb\n]{{1,{_LONGEST_QUOTATION}}}\u00bb
                   | \u00bb[^\u00ab\u00bb\n]{{1,{_LONGEST_QUOTATION}}}\u00ab
                   | \u201e[^\u201e\u201c\u201d"\n]{{1,{_LONGEST_QUOTATION}}}[\u201c\u201d"] )
    | (?P<date> (?=\d) (?: \d{{4}}-\d\d-\d\d(?:T[\d:.]+Z?)?(?!\d) | \d{{1,2}}[./]\d{{1,2}}[./](?:\d{{4}}|\d\d)\b
              | \d{{1,2}}(?:st|nd|rd|th|er|\.)?{_GAP}(?:de\ )?{_MONTH}(?:,?\ (?:del?\ )?\d{{4}}\b)?
              | \d{{1,2}}(?:[:.]\d\d)?{_GAP}?(?:[ap]\.?m\b\.?|Uhr\b|h(?:\d\d)?\b)
              | \d{{1,2}}:\d\d(?::\d\d)?\b(?![:.,]\d)
              | (?:19|20)\d\d(?:s|er)?\b(?![.,:'\u2019/]\d|[\u2013-]\d|{_GAP}?%) ) )
    | (?P<money> (?=[\d+\u2212-]) {_FIGURE}(?:[\ \u00a0-]?{_SCALE})?[\ \u00a0-]?
                         (?:{_COIN}|(?:de\ |d')?(?i:{CURRENCIES})\b)
               | (?:\b(?:US|A|C|R|HK|NZ))?{_COIN}{_GAP}?{_GROUPS}(?:[kKmMbB]\b|[\ \u00a0-]?{_SCALE})? )
    | (?P<number> (?=[\d+\u2212-]) {_FIGURE}
                          (?:{_GAP}?[%\u2030\u00b0]|{_GAP}(?:percent|per\ cent|Prozent|por\ ciento|pour\ cent)\b
                            |[\ \u00a0-]{_SCALE}|(?:st|nd|rd|th)\b)? | [\u00bc-\u00be\u2150-\u215e] )
    | (?P<name> \b{_CAPITAL}(?:\ (?:(?:{_PARTICLE})\ )?{_CAPITAL}){{0,7}} )
    | (?P<word> [^\W_]+(?:['\u2019-][^\W_]+)* )
    | (?P<mark> [^\w\s]|_ )
    """,
    re.VERBOSE,
)
_BY_WORD = re.compile(
    rf"""
      (?P<date> {_MONTH}\ (?:\d{{1,2}}(?:st|nd|rd|th)?\b(?![.,:]\d)(?:,?\ \d{{4}}\b)? | (?:del?\ )?\d{{4}}\b) )
    | (?P<money> (?i:{"|".join(sorted(CODES - {"us$"}))}){_GAP}?{_GROUPS}(?:[\ \u00a0-]?{_SCALE})? )
    """,
    re.VERBOSE,
)
"""Tokens that begin with a word and go on with a figure. Tried only where the word is a month or a currency code."""

_OPENS_WITH = MONTHS_BESIDE_A_DAY | CODES
_CALENDAR = MONTHS | DAYS

_SENTENCE_END = re.compile(
    r"(?:^|[.!?:\u2026\n\u2013\u2014])[\s\"'\u201c\u201d\u2018\u2019\u201e\u00ab\u00bb()\[\]*\u2022-]*$"
)
_NEARBY = 8  # characters before a word in which to look for the beginning of its sentence


def tokenize(text: str, capitals: Capitals = Capitals.NAMES, span: tuple[int, int] | None = None) -> tuple[Token, ...]:
    """Return the tokens of a text, or of a span of it, in order. Blanks lie between them.

    A capital that opens a sentence makes no name, and neither does one that ``capitals`` explains.
    """
    return tuple(_tokens(text, capitals, span or (0, len(text))))


def capitals_of(text: str, language: str | None) -> Capitals:
    """Return how a text uses capitals.

    ``language`` is a code such as ``de-AT``. If None, it is guessed by function words.
    """
    if language:
        return Capitals.NOUNS if language.lower().partition("-")[0] in {"de", "lb"} else Capitals.NAMES
    words = text[:_GUESSED_CHARACTERS].casefold().split()
    german = sum(word in _GERMAN for word in words)
    return Capitals.NOUNS if german > len(words) * _GERMAN_SHARE else Capitals.NAMES


_GUESSED_CHARACTERS = 2_000  # characters
_GERMAN = frozenset(
    {"der", "das", "und", "nicht", "ist", "mit", "von", "dem", "den", "auch", "ein", "eine", "sich", "für"}
)
_GERMAN_SHARE = 0.08  # in German prose one word in five is one of these, in English none


def capitals_of_headline(text: str, language: str | None) -> Capitals:
    """Return how a headline uses capitals. In Title Case most words have one."""
    inner = [word for word in text.split()[1:] if word[:1].isalpha()]
    titled = sum(word[0].isupper() for word in inner)
    if capitals_of(text, language) is Capitals.NOUNS:
        return Capitals.NOUNS
    return Capitals.EVERY_WORD if titled > len(inner) / 2 else Capitals.NAMES


def _tokens(text: str, capitals: Capitals, span: tuple[int, int]) -> Iterator[Token]:
    offset, end = span
    while (match := _PATTERN.search(text, offset, end)) is not None:
        piece, matched = Piece(match.lastgroup or ""), match.group()
        if piece is Piece.NAME or piece is Piece.WORD:
            token = _word_token(text, match, capitals, end)
        else:
            token = Token(piece, match.start(), match.end(), matched)
        yield token
        offset = token.end


def _word_token(text: str, match: re.Match[str], capitals: Capitals, end: int) -> Token:
    """Return the token of a run of letters: a date, a number in words, a name, or its first word alone."""
    run, start = match.group(), match.start()
    first = run.partition(" ")[0]
    folded = first.casefold()
    if folded in _OPENS_WITH and (figure_match := _BY_WORD.match(text, start, end)):
        return Token(Piece(figure_match.lastgroup or ""), start, figure_match.end(), figure_match.group())
    is_date = folded in _CALENDAR or (folded in MONTHS_BESIDE_A_DAY and first[0].isupper() and _is_when(text, start))
    if is_date or folded in COUNTS:
        return Token(Piece.DATE if is_date else Piece.NUMBER, start, start + len(first), first)
    if match.lastgroup == Piece.WORD or folded in OPENERS or capitals is Capitals.EVERY_WORD:
        return Token(Piece.WORD, start, start + len(first), first)
    return _name_token(text, _before_a_day(run), start, capitals)


def _name_token(text: str, run: str, start: int, capitals: Capitals) -> Token:
    """Return the token of a run of capitals: a name, unless it is one word whose capital has another reason."""
    single = " " not in run
    common = single and (capitals is Capitals.NOUNS or _opens_sentence(text, start))
    return Token(Piece.WORD if common else Piece.NAME, start, start + len(run), run)


def _before_a_day(name: str) -> str:
    """Return the name without a day behind it: "Port Selwyn Monday" is a place and a day."""
    words = name.split(" ")
    days = (index for index, word in enumerate(words) if word.casefold() in _CALENDAR)
    return " ".join(words[: next(days, len(words))])


def _is_when(text: str, start: int) -> bool:
    """True if the word before shows that a month follows: "in March" and not "the March of time"."""
    return text[max(0, start - _NEARBY) : start].casefold().split()[-1:] in _BEFORE_MONTHS


_BEFORE_MONTHS = [
    [word] for word in ("in", "im", "since", "until", "by", "last", "next", "early", "late", "seit", "bis")
]


def _opens_sentence(text: str, start: int) -> bool:
    return start == 0 or _SENTENCE_END.search(text[max(0, start - _NEARBY) : start]) is not None
