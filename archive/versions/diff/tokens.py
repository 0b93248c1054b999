"""Tokenize a text into pieces that an edit may not split: numbers, dates, money, names, quotations, words, marks."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from archive.versions.diff.cue_words import (
    CODES,
    COUNT_VALUES,
    COUNTS,
    CURRENCIES,
    DAYS,
    MONTHS_BESIDE_A_DAY,
    OPENERS,
    SCALES,
)
from archive.versions.diff.values import value_of, write_plainly
from db.date_words import MONTHS
from db.number_words import HAN_NUMBER

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
    """One piece of a text and its span there. ``plain`` is its text written plainly, ``decimal`` the decimal mark."""

    piece: Piece
    start: int
    end: int
    text: str
    plain: str = ""
    decimal: str = "."

    @property
    def folded(self) -> str:
        """The text written plainly and casefolded, with single blanks."""
        return " ".join((self.plain or self.text).casefold().split())

    @property
    def value(self) -> str:
        """The value of a figure. Other tokens have their folded text."""
        if self.piece not in FIGURES:
            return self.folded
        value = COUNT_VALUES.get(self.folded)
        return value or value_of(self.folded, self.decimal, is_date=self.piece is Piece.DATE)


FIGURES = frozenset({Piece.NUMBER, Piece.MONEY, Piece.DATE})
"""Pieces that are compared by value."""

_GAP = "[\u00a0\\ ]"  # blanks that may be inside a figure
_SIGN = r"(?:(?<![\w.,)-])(?:[<>\u2264\u2265\u2248~]\ ?)?[+\u00b1-]?)?"
_GROUPS = rf"(?:\d{{1,3}}(?:{_GAP}\d{{3}}(?!\d))+(?:,\d+)?|\d+(?:[.,:'\u2019/]\d+)*)"
_FIGURE = rf"{_SIGN}{_GROUPS}(?:-{_GROUPS})*[\u00bc-\u00be\u2150-\u215e]?"
_SCALE = rf"(?:(?i:{SCALES})(?!\w)|[百千万萬億亿兆천만억조]{{1,4}})"
_SIGN_OF_CHARACTERS = "(?:[元円](?!月)|원(?!인)|บาท|টাকা|ரூபாய்|रुपये|रुपए)"
_COIN = "[$\u20ac\u00a3\u00a5\u20b9\u20bd\u20ba\u20a9]"
_BEHIND_MONTH = r"(?![\w\u0900-\u0903\u093a-\u094f\u0980-\u0983\u09be-\u09cd\u0bbe-\u0bcd])"
_MONTH = rf"(?i:{'|'.join(sorted(MONTHS_BESIDE_A_DAY, key=lambda month: (-len(month), month)))}){_BEHIND_MONTH}\.?"
_CHARACTER = "\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_MARK = (
    r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u200c\u200d"
    + "".join(
        f"{chr(block + first)}-{chr(block + last)}"
        for block in range(0x980, 0xE00, 0x80)
        for first, last in ((0, 3), (0x3A, 0x4F), (0x51, 0x57), (0x62, 0x63))
    )
)
_LETTER = rf"(?:[^\W_{_CHARACTER}][{_MARK}]*)"
_UNIT = "km/h|km\u00b2|km2|km|kg|cm|mm|mph|kilomet(?:re|er)s?|miles?|kilograms?|met(?:re|er)s?|degrees?"
_PERCENT = (
    r"percent|per\ cent|Prozent|por\ ciento|pour\ cent|por\ cento|per\ cento|procent[a-z]*|"
    r"процент\w*|відсотк\w*|प्रतिशत|"
    "パーセント|퍼센트"
)
_HOUR = r"\d{1,2}[時时點点시:]"
_CALENDAR_SIGNS = rf"""
    (?: \d{{1,4}}\ ?[年년](?:\ ?\d{{1,2}}\ ?[月월](?:\ ?\d{{1,2}}\ ?[日일号])?)?
      | \d{{1,2}}\ ?[月월](?:\ ?\d{{1,2}}\ ?[日일号])?
      | \d{{1,2}}[日号](?!本) | (?:上午|下午|午前|午後|오전|오후)\ ?{_HOUR}(?:\d{{1,2}}[分분]?)?
      | \d{{1,2}}[時时點点시](?:\ ?\d{{1,2}}[分분])? | (?:星期|礼拜|週|周)[一二三四五六日天]
      | [月火水木金土日]曜日? | [월화수목금토일]요일
      | \d{{1,2}}\ tháng\ \d{{1,2}}(?:\ năm\ \d{{4}})?\b
      | (?i:thứ\ (?:hai|ba|tư|năm|sáu|bảy)|chủ\ nhật)\b
      | ב?יום\ (?:ראשון|שני|שלישי|רביעי|חמישי|שישי|שבת)\b
      | วัน(?:จันทร์|อังคาร|พุธ|พฤหัสบดี|ศุกร์|เสาร์|อาทิตย์) )
"""
_CAPITAL = rf"[^\W\d_a-zß-öø-ÿ{_CHARACTER}][{_MARK}]*{_LETTER}*(?:['\u2019-]{_LETTER}+)*"
_PARTICLE = "of|de|del|de\\ la|la|von|van|der|den|zu|bin|al|da|dos|di|du|le|y"
_LONGEST_QUOTATION = 800  # a forgotten closing mark must not swallow a paragraph

_PATTERN = re.compile(
    rf"""
      (?P<quotation> "[^"\n]{{1,{_LONGEST_QUOTATION}}}" | \u201c[^\u201c\u201d\n]{{1,{_LONGEST_QUOTATION}}}\u201d
                   | \u300c[^\u300c\u300d\n]{{1,{_LONGEST_QUOTATION}}}\u300d
                   | \u00ab[^\u00ab\u00bb\n]{{1,{_LONGEST_QUOTATION}}}\u00bb
                   | \u00bb[^\u00ab\u00bb\n]{{1,{_LONGEST_QUOTATION}}}\u00ab
                   | \u201e[^\u201e\u201c\u201d"\n]{{1,{_LONGEST_QUOTATION}}}[\u201c\u201d"] )
    | (?P<date> {_CALENDAR_SIGNS}
              | (?=\d) (?: \d{{4}}-\d\d-\d\d(?:T[\d:.]+Z?)?(?!\d) | \d{{1,2}}[./]\d{{1,2}}[./](?:\d{{4}}|\d\d)\b
              | \d{{1,2}}(?:st|nd|rd|th|er|\.)?{_GAP}(?:de\ |of\ )?{_MONTH}(?:,?\ (?:del?\ )?\d{{4}}\b)?
              | \d{{1,2}}(?:[:.]\d\d)?{_GAP}?(?:(?i:[ap]\.?m\b\.?)|Uhr\b|heures?\b|h(?:{_GAP}?\d\d)?\b)
              | \d{{1,2}}:\d\d(?::\d\d)?\b(?![:.,]\d)
              | (?:19|20)\d\d(?:s|er)?\b(?![.,:'\u2019/]\d|[\u2013-]\d|{_GAP}?%) ) )
    | (?P<money> (?=[\d+\u00b1<>\u2264\u2265\u2248~-]) {_FIGURE}(?:[\ \u00a0-]?{_SCALE})?[\ \u00a0-]?
                         (?:{_COIN}|(?:de\ |d['\u2019])?(?i:{CURRENCIES})\b|{_SIGN_OF_CHARACTERS})
               | {_SIGN}(?:(?:\b(?:US|A|C|R|HK|NZ))?{_COIN}|\bRp\.?){_GAP}?-?{_GROUPS}(?:-{_COIN}?{_GROUPS})?
                         (?:[kKmMbB]\b|[\ \u00a0-]?{_SCALE})? )
    | (?P<number> (?=[\d+\u00b1<>\u2264\u2265\u2248~-]) {_FIGURE}
                          (?:[万萬億亿만억]\d{{1,4}}(?!\d)|{_GAP}?[%\u2030\u00b0](?:{_GAP}?[CFcf]\b)?|{_GAP}(?i:{_PERCENT})(?!\w)|{_GAP}?(?:{_UNIT})(?!\w)
                            |{_GAP}?-?{_SCALE}|(?:st|nd|rd|th)\b)? | [\u00bc-\u00be\u2150-\u215e] | {HAN_NUMBER} )
    | (?P<name> \b{_CAPITAL}(?:\ (?:(?:{_PARTICLE})\ )?{_CAPITAL}){{0,7}} )
    | (?P<word> [{_CHARACTER}][{_MARK}]* | {_LETTER}+(?:['\u2019-]{_LETTER}+)* )
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


def tokenize(
    text: str,
    capitals: Capitals = Capitals.NAMES,
    span: tuple[int, int] | None = None,
    *,
    plain: str | None = None,
    decimal: str = ".",
) -> tuple[Token, ...]:
    """Return the tokens of a text, or of a span of it, in order. Blanks lie between them.

    A capital that opens a sentence makes no name, and neither does one that ``capitals`` explains. ``plain`` is the
    text written plainly, if that is known already, and ``decimal`` the decimal mark of its language.
    """
    written = write_plainly(text) if plain is None else plain
    return tuple(
        Token(piece, start, end, text[start:end], written[start:end], decimal)
        for piece, start, end in _pieces(written, capitals, span or (0, len(text)))
    )


def decimal_of(language: str | None) -> str:
    """Return the decimal mark of a language. It is a point if the language is not known."""
    main, _, region = (language or "en").lower().replace("_", "-").partition("-")
    return "." if main in _POINT or (main, region) in _POINT_REGIONS else ","


_POINT = frozenset(("en", "zh", "ja", "ko", "hi", "th", "he", "ar", "fa", "ur", "bn", "ta", "te", "ms", "fil", "sw"))
_POINT_REGIONS = frozenset(
    {("es", region) for region in ("mx", "us", "419", "gt", "hn", "ni", "pa", "pr", "sv", "do", "pe")}
    | {("de", "ch"), ("it", "ch")}
)


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


def _pieces(text: str, capitals: Capitals, span: tuple[int, int]) -> Iterator[tuple[Piece, int, int]]:
    """Yield the type and the span of each token of a text that is written plainly."""
    offset, end = span
    while (match := _PATTERN.search(text, offset, end)) is not None:
        piece = Piece(match.lastgroup or "")
        if piece is Piece.NAME or piece is Piece.WORD:
            piece, offset = _word_piece(text, match, capitals, end)
        else:
            offset = match.end()
        yield piece, match.start(), offset


def _word_piece(text: str, match: re.Match[str], capitals: Capitals, end: int) -> tuple[Piece, int]:
    """Return type and end of a run of letters: a date, a number in words, a name, or its first word alone."""
    run, start = match.group(), match.start()
    first = run.partition(" ")[0]
    folded, after = first.casefold(), start + len(first)
    if folded in _OPENS_WITH and (figure_match := _BY_WORD.match(text, start, end)):
        return Piece(figure_match.lastgroup or ""), figure_match.end()
    if folded in _CALENDAR or (folded in MONTHS_BESIDE_A_DAY and _is_when(text, start, folded, first)):
        return Piece.DATE, after
    if folded in COUNTS:
        return Piece.NUMBER, after
    is_word = match.lastgroup == Piece.WORD or not first[0].isupper()
    if is_word or folded in OPENERS or capitals is Capitals.EVERY_WORD:
        return Piece.WORD, after
    return _name_piece(text, _before_a_day(_capitalised(run)), start, capitals)


def _name_piece(text: str, run: str, start: int, capitals: Capitals) -> tuple[Piece, int]:
    """Return type and end of a run of capitals: a name, unless it is one word whose capital has another reason."""
    single = " " not in run
    common = single and (capitals is Capitals.NOUNS or _opens_sentence(text, start))
    return Piece.WORD if common else Piece.NAME, start + len(run)


def _capitalised(run: str) -> str:
    """Return a run up to its last word with a capital before one without, other than "of" or "von" in a name."""
    words = run.split(" ")
    length = 1
    for index, word in enumerate(words):
        if word[0].isupper():
            length = index + 1
        elif word not in _PARTICLES:
            break
    return " ".join(words[:length])


_PARTICLES = frozenset(_PARTICLE.replace("\\ ", "|").split("|"))


def _before_a_day(name: str) -> str:
    """Return the name without a day behind it: "Port Selwyn Monday" is a place and a day."""
    words = name.split(" ")
    days = (index for index, word in enumerate(words) if word.casefold() in _CALENDAR)
    return " ".join(words[: next(days, len(words))])


def _is_when(text: str, start: int, folded: str, first: str) -> bool:
    """True if the word before shows that a month follows: "in March" and not "the March of time"."""
    before = "".join(text[max(0, start - _NEARBY) : start].casefold().split()[-1:])
    return before in _BEFORE_MONTHS if first[0].isupper() else folded in _SMALL_MONTHS and before in _BEFORE_SMALL


_BEFORE_MONTHS = frozenset(("in", "im", "since", "until", "by", "last", "next", "early", "late", "seit", "bis"))
_SMALL_MONTHS = frozenset("mars mai maj maju marcu maart mei мае марте листопаді лютому".casefold().split())
_BEFORE_SMALL = frozenset("en fin début i in w we od do sedan till sinds eind в у з".casefold().split())


def _opens_sentence(text: str, start: int) -> bool:
    return start == 0 or _SENTENCE_END.search(text[max(0, start - _NEARBY) : start]) is not None
