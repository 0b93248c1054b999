"""A text cut into the pieces an edit may not split: numbers, dates, sums of money, names, quotations, words, marks."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Piece(StrEnum):
    """What a token is. The names are the groups of the pattern, asked in this order."""

    QUOTATION = "quotation"
    DATE = "date"
    MONEY = "money"
    NUMBER = "number"
    NAME = "name"
    WORD = "word"
    MARK = "mark"


class Token(NamedTuple):
    """One piece of a text and its span there."""

    piece: Piece
    start: int
    end: int
    text: str

    @property
    def folded(self) -> str:
        """The text without case."""
        return self.text.casefold()


_MONTH = (
    "january|february|march|april|may|june|july|august|september|october|november|december|enero|febrero|marzo|abril|mayo|"
    "junio|julio|agosto|septiembre|octubre|noviembre|diciembre|januar|februar|märz|mai|juni|juli|oktober|dezember|"
    r"(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?"
)
_DAY = (
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|lunes|martes|miércoles|jueves|viernes|sábado|domingo|montag|"
    "dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|yesterday|today|tomorrow|ayer|hoy|gestern|heute"
)
_FIGURE = r"\d+(?:[.,:]\d+)*"
_SCALE = r"(?:hundred|thousand|million|billion|trillion|mil|millones|tausend|millionen|milliarden|mn|bn)s?\b"
_CURRENCY = (
    r"dollars?|euros?|pounds?|pence|cents?|pesos?|crowns?|kron(?:er|en|or)|yen|yuan|francs?|franken|rupees?|rubles?|reais|"
    r"dólares|libras|usd|eur|gbp|mxn"
)
_COUNT = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|"
    "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half|dos|tres|cuatro|"
    "cinco|seis|siete|ocho|nueve|diez|once|doce|veinte|treinta|cien|docenas?|decenas?|cientos|zwei|drei|vier|fünf|sechs|sieben|"
    "acht|neun|zehn|elf|zwölf|zwanzig|dreißig|dutzende?|hunderte?|tausende?"
)
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ][^\W\d_]*(?:['\u2019-][^\W\d_]+)*"
_PARTICLE = "of|de|del|de\\ la|la|von|van|der|den|bin|al|da|dos|di|du"

_PATTERN = re.compile(
    rf"""
      (?P<quotation> "[^"\n]{{1,800}}" | \u201c[^\u201c\u201d\n]{{1,800}}\u201d
                   | \u00ab[^\u00ab\u00bb\n]{{1,800}}\u00bb | \u201e[^\u201e\u201c\n]{{1,800}}\u201c )
    | (?P<date> \d{{4}}-\d\d-\d\d(?:T[\d:.]+Z?)? | \b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b
              | \b\d{{1,2}}(?:st|nd|rd|th|\.)?\ (?:de\ )?(?i:{_MONTH})\b(?:,?\ (?:de\ )?\d{{4}}\b)?
              | \b(?i:{_MONTH})\ \d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\ \d{{4}}\b)?
              | \b(?i:{_MONTH})\ \d{{4}}\b | \b(?i:{_DAY})\b
              | \b\d{{1,2}}(?:[:.]\d\d)?\ ?(?:[ap]\.?m\b\.?|Uhr\b) | \b\d{{1,2}}:\d\d\b | \b(?:19|20)\d\d\b )
    | (?P<money> [$\u20ac\u00a3\u00a5]\ ?{_FIGURE}(?:[\ -]?{_SCALE})?
               | \b{_FIGURE}(?:[\ -]?{_SCALE})?[\ -]?(?:[$\u20ac\u00a3\u00a5]|(?i:{_CURRENCY})\b) )
    | (?P<number> {_FIGURE}(?:\ ?%|\ (?:percent|per\ cent)\b|[\ -]{_SCALE})? | \b(?i:{_COUNT})\b )
    | (?P<name> \b{_CAPITAL}(?:\ (?:(?:{_PARTICLE})\ )?{_CAPITAL}){{0,7}} )
    | (?P<word> [^\W_]+(?:['\u2019-][^\W_]+)* )
    | (?P<mark> [^\w\s]|_ )
    """,
    re.VERBOSE,
)

_OPENER_WORDS = """
the a an in on at but and or if it he she they we you this that these those as for from to by with after before when
while there his her its their our my no not one some many most more all both each every also now then so yet according
officials police el la los las un una en y pero si no se su sus al del de por para con como cuando der die das ein
eine und aber im in am er sie es wir ich nach vor bei mit auf für von zu als wenn
"""
_OPENERS = frozenset(_OPENER_WORDS.split())
_SENTENCE_END = re.compile(
    r"(?:^|[.!?:\u2026\n\u2013\u2014])[\s\"'\u201c\u201d\u2018\u2019\u201e\u00ab\u00bb()\[\]-]*$"
)


def tokenize(text: str) -> tuple[Token, ...]:
    """Cut a text into tokens, in order; blanks lie between them. A capital that opens a sentence makes no name."""
    return tuple(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    match = _PATTERN.search(text)
    while match is not None:
        piece, start, end = Piece(match.lastgroup or Piece.MARK), match.start(), match.end()
        first = match.group().partition(" ")[0]
        if piece is Piece.NAME and first.casefold() in _OPENERS:
            piece, end = Piece.WORD, start + len(first)
        elif piece is Piece.NAME and first == match.group() and _opens_sentence(text, start):
            piece = Piece.WORD
        yield Token(piece, start, end, text[start:end])
        match = _PATTERN.search(text, end)


def _opens_sentence(text: str, start: int) -> bool:
    return _SENTENCE_END.search(text[max(0, start - 8) : start]) is not None or start == 0
