"""Words and sentences of a text, with their places."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from archive.copies.numbers import (
    AFTERNOON,
    ANY_NUMBER_WORDS,
    FORENOON,
    HAN_NUMBER,
    LONG_SCALE,
    MAGNITUDES,
    NUMBER_WORDS,
    SPACED_THOUSANDS,
    han_value,
    multiply,
    normalize_number,
    of_afternoon,
)
from archive.copies.stopwords import ABBREVIATIONS
from archive.copies.word_columns import CHARACTERS_A_WORD, HAN, THAI, fold_word

if TYPE_CHECKING:
    from collections.abc import Iterator

READ_WORDS = 40_000
"""The most words that are read, for scripts that write a word in one character."""

MAX_WORDS = 60
"""Text without full stops is cut into sentences of this many words."""

UNSPACED = frozenset({"zh", "ja", "th", "yue"})
"""Languages that write no spaces between words. There a character is read as a word."""

_SINGLE = rf"\u3040-\u309f{HAN}{THAI}"
_KATAKANA = r"\u30a1-\u30fa\u30fc"
_VOWEL_SIGNS = r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670" + "".join(
    f"{chr(block + first)}-{chr(block + last)}"
    for block in range(0x900, 0xE00, 0x80)
    for first, last in ((0, 3), (0x3A, 0x4F), (0x51, 0x57), (0x62, 0x63))
)
"""Marks that belong to a word although they are no letters: accents, and vowels of Hebrew, Arabic, Indic scripts."""

_LETTER = rf"[^\W\d_{_SINGLE}{_KATAKANA}]"
_WORDS = (
    r"\d+(?:[.,:'\u2019]\d+)*(?:h\d\d(?!\d))?(?:[百千万萬億亿兆천만억조]+\d*)*|"
    rf"[{_KATAKANA}]+|[{_SINGLE}]|"
    rf"{_LETTER}+(?:[{_VOWEL_SIGNS}]+{_LETTER}*)*(?:(?<![\u0600-\u06ff])-?\d+|(?:[.][^\W\d_](?![^\W\d_]))*)|[^\W_]"
)
_WORD = re.compile(r"(?<!\d)\d{1,3}(?:[\u00a0\u202f]\d{3})+(?!\d)|" + _WORDS)
_WORD_SPACED = re.compile(r"(?<!\d)\d{1,3}(?:[\u00a0\u202f ]\d{3})+(?!\d)|" + _WORDS)
_HAN_NUMBER = re.compile(HAN_NUMBER)
_HAN_DIGITS = frozenset("二三四五六七八九两")
_WORD_HAN = re.compile(HAN_NUMBER + "|" + _WORDS)
_CURRENCIES = "$\u00a3\u20ac\u00a5\u20b9\u20a9"
_SUFFIXES = {"k": "thousand", "m": "million", "mn": "million", "bn": "mrd", "b": "mrd"}
_JOINING = ("", " ", "\u00a0", "\u202f", "-")
_LINE = re.compile(r"[^\n]+")
_JOINING_SCRIPTS = re.compile(
    r"[\u0600-\u06ff\uac00-\ud7a3]"
)  # what joins to a word is folded off, whatever the language
_STOPS = r".!?\u2026\u061f\u06d4\u0964\u0965\u1362"
_STOP = re.compile(  # A run of stops is tried once, from its beginning, or a long one costs its square.
    rf"(?<![{_STOPS}])[{_STOPS}]++[\"'\u201d\u2019\u00bb)\]]*+\s+"
    r"|[\u3002\uff01\uff1f\uff0e]++[\u300d\u300f\u201d\u2019\uff09]*+\s*"
)
_QUOTATION = re.compile(
    r"\"[^\"\n]{2,600}\"|\u201c[^\u201c\u201d\n]{2,600}\u201d|\u00ab[^\u00ab\u00bb\n]{2,600}\u00bb|"
    r"\u201e[^\u201e\u201c\u201d\n]{2,600}[\u201c\u201d]|\u300c[^\u300c\u300d\n]{2,600}\u300d|"
    r"\u300e[^\u300e\u300f\n]{2,600}\u300f|\u00bb[^\u00ab\u00bb\n]{2,600}\u00ab"
)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text in columns: start, end, folded form, and capital and quotation as 0 or 1.

    Columns, because one object for each word made reading three times as slow.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    folded: tuple[str, ...]
    capital: bytes
    quoted: bytes

    def __len__(self) -> int:
        return len(self.folded)


def read_words(text: str, language: str | None) -> Words:
    """Return the words of a text. Numbers are normalized, and a magnitude after one joins it ("1.2 million")."""
    matches = list(islice(_word_pattern(language).finditer(text), READ_WORDS))
    written = [match.group() for match in matches]
    starts, ends = [match.start() for match in matches], [match.end() for match in matches]
    folded = [word.casefold() for word in written]
    capital = [word[0].isupper() for word in written]
    if joined := _normalize_words(text, language, starts, ends, folded):
        separate = [index for index in range(len(starts)) if index not in joined]
        starts, ends = [starts[index] for index in separate], [ends[index] for index in separate]
        folded, capital = [folded[index] for index in separate], [capital[index] for index in separate]
    quoted = bytearray(len(starts))
    for match in _QUOTATION.finditer(text):
        first, last = bisect_left(starts, match.start()), bisect_left(starts, match.end())
        quoted[first:last] = b"\1" * (last - first)
    return Words(tuple(starts), tuple(ends), tuple(folded), bytes(capital), bytes(quoted))


def _normalize_words(
    text: str, language: str | None, starts: list[int], ends: list[int], folded: list[str]
) -> set[int]:
    """Normalize the folded words in place. Return the indexes of the magnitudes that joined the number before them."""
    spelled = _spelled_numbers(language)
    special = _special_words(language)
    plain = text.isascii() or (language in NUMBER_WORDS and not _JOINING_SCRIPTS.search(text))
    joined: set[int] = set()
    last = 0  # the word before, apart from joined ones
    for index, form in enumerate(folded):
        if form[0] <= "9":
            folded[index] = normalize_number(form)
        elif form in special:
            before = (starts[last], ends[last], folded[last])
            product = _product(text, starts[index], form, language, before) if index else None
            if product is not None:
                folded[last], ends[last] = product, ends[index]
                joined.add(index)
                continue
            folded[index] = spelled.get(form, form)
        elif not plain:
            is_digit = form in _HAN_DIGITS
            folded[index] = _han_digit(text, starts[index], form) if is_digit else _folded(form, spelled)
        last = index
    return joined


def _product(text: str, start: int, magnitude: str, language: str | None, before: tuple[int, int, str]) -> str | None:
    """Return the number before a magnitude, multiplied. None if there is none, or "m" is no million."""
    number_start, number_end, number = before
    if not number[0].isdigit():
        return None
    gap = text[number_end:start]
    if not gap and magnitude in _SUFFIXES and text[max(0, number_start - 1)] in _CURRENCIES:
        return multiply(number, _SUFFIXES[magnitude], language)
    if gap not in _JOINING:
        return None
    return multiply(number, magnitude, language) or (of_afternoon(number, magnitude) if language == "en" else None)


def _word_pattern(language: str | None) -> re.Pattern[str]:
    if language in {"zh", "ja", "yue"}:
        return _WORD_HAN
    return _WORD_SPACED if language in SPACED_THOUSANDS else _WORD


def _han_digit(text: str, start: int, digit: str) -> str:
    """Return the value of a Han digit before a counter ("three persons"), else the character."""
    return han_value(digit) if _HAN_NUMBER.match(text, start) else digit


def _folded(word: str, spelled: dict[str, str]) -> str:
    if len(word) > 1 and word[0] >= "\u4e00" and word[0] <= "\u9fff":
        return han_value(word)
    form = fold_word(word)
    return spelled.get(form, form)


@cache
def _spelled_numbers(language: str | None) -> dict[str, str]:
    words = ANY_NUMBER_WORDS if language is None else NUMBER_WORDS.get(language, {})
    return {**{fold_word(word): value for word, value in words.items() if len(fold_word(word)) > 2}, **words}  # noqa: PLR2004 - a shorter rest of a word is another word


@cache
def _special_words(language: str | None) -> frozenset[str]:
    return frozenset(
        MAGNITUDES.keys()
        | LONG_SCALE.keys()
        | _SUFFIXES.keys()
        | AFTERNOON
        | FORENOON
        | _spelled_numbers(language).keys()
    )


def sentence_spans(text: str, words: Words, language: str | None) -> Iterator[tuple[tuple[int, int], int, int]]:
    """Yield the span of each sentence in the text, its first word, and the word after its last."""
    starts = words.starts
    most = round(MAX_WORDS * CHARACTERS_A_WORD) if language in UNSPACED else MAX_WORDS
    for begin, end in _split_sentences(text):
        first, last = bisect_left(starts, begin), bisect_left(starts, end)
        if last - first <= most:
            lead = len(text[begin:end]) - len(text[begin:end].lstrip())
            yield from [((begin + lead, begin + len(text[begin:end].rstrip())), first, last)] * (last > first)
            continue
        for cut in range(first, last, most):
            stop = min(cut + most, last)
            yield (words.starts[cut], words.ends[stop - 1]), cut, stop


def _split_sentences(text: str) -> Iterator[tuple[int, int]]:
    for line in _LINE.finditer(text):
        begin = line.start()
        for stop in _STOP.finditer(text, line.start(), line.end()):
            if _ends_sentence(text, stop, line.end()):
                yield begin, stop.end()
                begin = stop.end()
        if begin < line.end():
            yield begin, line.end()


def _ends_sentence(text: str, stop: re.Match[str], line_end: int) -> bool:
    following = text[stop.end() : min(stop.end() + 2, line_end)].lstrip("\"'\u201c\u201e\u00ab\u00bf\u00a1(")
    if following and following[0].islower():
        return False
    before = re.search(r"[\w.]*$", text[max(0, stop.start() - 12) : stop.start()])
    last = before.group().casefold() if before else ""
    initial = len(last) == 1 and last.isalpha()
    return not (stop.group().startswith(".") and (last in ABBREVIATIONS or initial))
