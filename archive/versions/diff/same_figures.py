"""A test whether a changed passage has the same figures in another written form, such as "5 to 10" for "5-10"."""

from __future__ import annotations

import re
from collections import Counter
from enum import Enum
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from archive.versions.diff.cue_words import COUNTS, MONTHS_BESIDE_A_DAY
from archive.versions.diff.form_words import MINUS_WORDS, MORE_COUNTS, ORDINAL_WORDS, SCALE_WORDS, THAI_COUNTS
from archive.versions.diff.tokens import FIGURES, Capitals, Piece, tokenize
from archive.versions.diff.written_forms import LETTER, in_one_form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.versions.diff.tokens import Token

_LONGEST = 400
"""Characters of a passage whose figures are rewritten. A longer one is an addition or a cut, with other words too."""

_AROUND = 24  # characters around the change that may belong to its figures
_FIGURE = re.compile(
    rf"\d|[\u00bc-\u00be\u2150-\u215e〇一二三四五六七八九十百千万萬億亿兆两兩]|{'|'.join(THAI_COUNTS)}"
)
_UNSPACED = re.compile(r"[0-9\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{0,12}")
_DIGIT_BEFORE = re.compile(r"\d[ -]?$")
_DIGIT_AFTER = re.compile(r"[.\u00b0]? ?\d")
_QUOTES = re.compile('["\u201c-\u201f\u00ab\u00bb\u300c-\u300f]')
_WORD = re.compile(rf"(?:{LETTER})+")
_WORDS_OF_FIGURES = (
    COUNTS
    | ORDINAL_WORDS.keys()
    | MORE_COUNTS.keys()
    | SCALE_WORDS.keys()
    | MINUS_WORDS.keys()
    | {"one", "noon", "anderthalb", "half", *"한두세네"}
)
_SIGNS = frozenset("%\u2030\u00b0<>\u2264\u2265\u00b1=\u00d7+$\u20ac\u00a3\u00a5\u20b9\u20bd\u20ba\u20a9?\uff1f\u061f-")


class FormsCompared(Enum):
    """Words and figures that the rewritten passages have in common."""

    NO_FIGURES = "no figures"
    SAME = "same"
    """The same figures and words."""
    SAME_FIGURES = "same figures"
    """The same figures beside other words."""
    OTHER_FIGURES = "other figures"


class Comparison(NamedTuple):
    """Figures that two passages have in common, and the types of the figures that only one has."""

    forms: FormsCompared
    differing: frozenset[Piece] = frozenset()


def compare_forms(a: str, b: str, in_a: tuple[int, int], in_b: tuple[int, int], decimal: str) -> Comparison:
    """Compare a span of text ``a`` with one of text ``b``, by the values of their figures in one written form."""
    is_long = max(in_a[1] - in_a[0], in_b[1] - in_b[0]) > _LONGEST
    if is_long or _quotes(a[slice(*in_a)]) != _quotes(b[slice(*in_b)]):
        return Comparison(FormsCompared.NO_FIGURES)
    is_beside = _DIGIT_BEFORE.search(a[max(0, in_a[0] - 2) : in_a[0]]) or _DIGIT_AFTER.match(a[in_a[1] : in_a[1] + 3])
    if not (is_beside or _has_figures(a[slice(*in_a)]) or _has_figures(b[slice(*in_b)])):
        return Comparison(FormsCompared.NO_FIGURES)
    before, after = _common_around(a, b, in_a, in_b)
    cut = a[in_a[0] - before : in_a[1] + after]
    new = b[in_b[0] - before : in_b[1] + after]
    tokens = _tokens(cut, decimal), _tokens(new, decimal)
    if _contents(tokens[0]) == _contents(tokens[1]):
        return Comparison(FormsCompared.SAME)
    short = _tokens(cut, decimal, short_scales=True), _tokens(new, decimal, short_scales=True)
    if _contents(short[0]) == _contents(short[1]):
        return Comparison(FormsCompared.SAME)
    if any(_figures(one) == _figures(other) for one, other in (tokens, short)):
        return Comparison(FormsCompared.SAME_FIGURES)
    one, other = map(_figures, tokens)
    differing = (one - other) + (other - one)
    pieces = (token.piece for side in tokens for token in side if token.piece in FIGURES and token.value in differing)
    return Comparison(FormsCompared.OTHER_FIGURES, frozenset(pieces))


def _quotes(passage: str) -> int:
    """Return the number of quotation marks."""
    return len(_QUOTES.findall(passage))


def _has_figures(passage: str) -> bool:
    if _FIGURE.search(passage):
        return True
    return any(word in _WORDS_OF_FIGURES for word in _WORD.findall(passage.casefold()))


def _common_around(a: str, b: str, in_a: tuple[int, int], in_b: tuple[int, int]) -> tuple[int, int]:
    """Return how many equal characters around the spans to read with them: whole words of the same line."""
    left_a, left_b = a[max(0, in_a[0] - _AROUND) : in_a[0]], b[max(0, in_b[0] - _AROUND) : in_b[0]]
    before = _common_beginning(left_a[::-1], left_b[::-1])
    after = _common_beginning(a[in_a[1] : in_a[1] + _AROUND], b[in_b[1] : in_b[1] + _AROUND])
    return len(_without_cut_word(before)), len(_without_cut_word(after))


def _common_beginning(a: str, b: str) -> str:
    pairs = takewhile(lambda pair: pair[0] == pair[1] != "\n", zip(a, b, strict=False))
    return "".join(character for character, _ in pairs)


def _without_cut_word(around: str) -> str:
    """Return the characters without a word at their far end that the limit or a difference cuts."""
    blank = around.rfind(" ")
    if blank >= 0:
        return around[: blank + 1]
    unspaced = _UNSPACED.match(around)
    return unspaced[0] if unspaced else ""


def _tokens(passage: str, decimal: str, *, short_scales: bool = False) -> Sequence[Token]:
    form = in_one_form(passage, decimal, short_scales=short_scales).replace('"', " ")
    form = _WORD.sub(lambda match: match[0].title() if match[0] in MONTHS_BESIDE_A_DAY else match[0], form)
    return tokenize(form, Capitals.EVERY_WORD, decimal=decimal)


def _contents(tokens: Sequence[Token]) -> list[str]:
    """Return the values of figures, the words, and the signs that are part of a value."""
    return [token.value for token in tokens if token.piece is not Piece.MARK or token.text in _SIGNS]


def _figures(tokens: Sequence[Token]) -> Counter[str]:
    return Counter(token.value for token in tokens if token.piece in FIGURES)
