"""Figures in one written form: words, signs and notations of many languages, before figures are compared by value.

``in_one_form`` rewrites "five to ten per cent" and "5-10 %" to the same characters. Each rule writes one notation of a
value as another notation of the same value, so two texts get the same form only if their figures mean the same. The
rules apply to changed passages alone.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from archive.versions.diff.cue_words import COUNT_VALUES
from archive.versions.diff.form_words import (
    CURRENCY_WORDS,
    ERAS,
    FRACTION_PARTS,
    MINUS_WORDS,
    MORE_COUNTS,
    ORDINAL_WORDS,
    PERCENT_WORDS,
    RANGE_WORDS,
    SCALE_WORDS,
    THAI_COUNTS,
    THAI_MONTHS,
    UNIT_WORDS,
)
from archive.versions.diff.values import number_value, write_plainly
from db.number_words import CHARACTER_MAGNITUDES, han_value

if TYPE_CHECKING:
    from collections.abc import Iterable

_VULGAR = {
    "\u00bd": "1/2", "\u00bc": "1/4", "\u00be": "3/4", "\u2153": "1/3", "\u2154": "2/3", "\u2155": "1/5",
    "\u2156": "2/5", "\u2157": "3/5", "\u2158": "4/5", "\u2159": "1/6", "\u215a": "5/6", "\u215b": "1/8",
    "\u215c": "3/8", "\u215d": "5/8", "\u215e": "7/8",
}  # fmt: skip
_HALVES = {"1/2": "5", "1/4": "25", "3/4": "75"}
_FIGURE = r"[0-9]+(?:[.,' ][0-9]{3})*(?:[.,][0-9]+)?"
_NO_DIGIT_BEFORE = r"(?<![0-9.,])"


def _words(table: Iterable[str]) -> str:
    """Return the keys of a table as alternatives of a pattern, the longest first."""
    return "|".join(re.escape(word.casefold()) for word in sorted(table, key=len, reverse=True))


_SCALE = rf"(?:(?:{_words(SCALE_WORDS)})(?![^\W\d_])|ล้าน|แสน|หมื่น|พัน)"
LETTER = r"[^\W\d_]|[\u0300-\u036f\u064b-\u0655\u0900-\u0903\u093a-\u094f\u0980-\u0983\u09bc-\u09cd]"
"""A letter, or a mark that belongs to the one before it."""
_ARABIC_GROUP = re.compile(r"(?<=\d)\u066c(?=\d{3})")
_THAI_MONTH = re.compile(rf"(?<=[0-9]) ?({_words(THAI_MONTHS)}) ?")
_THAI_COUNT = re.compile(rf"({_words(THAI_COUNTS)})(?=คน|ราย|ปี|วัน|เดือน|ครั้ง|ล้าน|แสน|หมื่น|พัน|ร้อย|บาท|แห่ง|ลำ|ศพ)")
_VULGAR_SIGN = re.compile(f"(?:([0-9]+) ?)?([{''.join(_VULGAR)}])")
_MIXED = re.compile(r"(?<![0-9/.,])([0-9]+)[ -]([1-9]/[2-9])(?![0-9/])")
_DECIMAL_PART = re.compile(r"(?<![0-9.,])0?[.,](5|25|75)(?![0-9])")
_BARE_POINT = re.compile(r"(?<![0-9.,\w])\.([0-9])")
_COUNT = re.compile(rf"(?:{LETTER})+(?:-[^\W\d_]+)?")
_TENS_AND_UNITS = re.compile(r"(?<![0-9])([2-9]0)(?:[ -]| y | e | et | i | и )([1-9])(?![0-9.,]|[ -]?(?:\w*/|000))")
_HUNDREDS = re.compile(r"(?<![0-9])([1-9]) (?:hundred)(?: (?:and )?([0-9]{1,2})(?![0-9]))?(?![a-z])")
_MINUS = re.compile(rf"(?<!\w)(?:{_words(MINUS_WORDS)}) ?(?=[0-9$\u20ac\u00a3])|零下(?=[0-9])|영하 ?(?=[0-9])")
_PERCENT = re.compile(rf"({_FIGURE}) ?(?:{_words(PERCENT_WORDS)})(?![^\W\d_])")
_PERCENT_OF_CHARACTERS = re.compile("([0-9.]+) ?(?:パーセント|퍼센트|ポイント(?=\\b)|เปอร์เซ็นต์)")
_PERCENT_BEFORE = re.compile(rf"(?:%|(?<!\w)yüzde|ร้อยละ|百分之|百分の) ?({_FIGURE})")
_TENTHS = re.compile("(?<![0-9])([1-9])割(?![0-9])")
_RANGE = re.compile(
    rf"(?<![0-9./:,-])({_FIGURE})(%?)"
    rf"(?: (?:{_words(RANGE_WORDS)}) | ?(?:から|至|到|에서|[-\u2013\u2014~\u301c\uff5e]) ?)"
    rf"(?=[$\u20ac\u00a3\u00a5]?{_FIGURE})"
)
_CURRENCY = _words(CURRENCY_WORDS)
_COIN_BEFORE = re.compile(rf"(?<![^\W\d_])({_CURRENCY}) ?({_FIGURE}(?:-{_FIGURE})?)( ?(?:{_SCALE}|[kmb](?!\w)))?")
_COIN_BEHIND = re.compile(
    rf"({_FIGURE}(?:-{_FIGURE})?)( ?(?:{_SCALE}|[kmb](?!\w)))? ?-?(?:de |d'|di )?({_CURRENCY})\.?(?![^\W\d_])"
)
_SCALED = re.compile(rf"{_NO_DIGIT_BEFORE}({_FIGURE})(?:[ -]?({_SCALE})\.?)(?:( )({_SCALE}))?")
_SHORT_SCALED = re.compile(rf"{_NO_DIGIT_BEFORE}({_FIGURE}) ?(m|b)(?!\w|[./])")
_THOUSANDS = re.compile(rf"{_NO_DIGIT_BEFORE}({_FIGURE}) ?(k)(?!\w|[./])")
_KOREAN_COUNT = re.compile("(?<![가-힣])(한|두|세|네) ?(?=[명개살달번마대채권병시주가건])")
_SHORT = {"k": 10**3, "m": 10**6, "b": 10**9}
_CHARACTERS = "".join(CHARACTER_MAGNITUDES)
_BLANK_IN_CHARACTERS = re.compile(rf"(?<=[0-9]) (?=[{_CHARACTERS}])|(?<=[만억조천]) (?=[0-9])")
_CHARACTER_SUM = re.compile(rf"(?:[0-9][0-9,]*(?:\.[0-9]+)?[{_CHARACTERS}]+)+(?:[0-9][0-9,]*)?")
_CHARACTER_PART = re.compile(rf"([0-9][0-9,]*(?:\.[0-9]+)?)([{_CHARACTERS}]*)")
_HAN = re.compile("[〇零一二三四五六七八九十百千万萬億亿兆两兩]+")
_ERA = re.compile(rf"({_words(ERAS)}) ?([0-9]+|元)(?=年)")
_PARTS_OF_HAN = re.compile("([0-9]+)分[之の]([0-9]+)")
_HALF_OF_DAY = re.compile(
    r"(午前|上午|凌晨|早上|清晨|오전|午後|下午|晚上|傍晚|오후) ?"
    r"([0-9]{1,2})(?:[時时點点시:](?!間|间|간))?(?: ?([0-9]{1,2})[分분]?|(半))?"
)
_AFTERNOON = frozenset(("午後", "下午", "晚上", "傍晚", "오후"))
_CLOCK = re.compile(r"(?<![0-9])([0-9]{1,2})[時时點点시](?!間|间|간)(?: ?([0-9]{1,2})[分분]|(半))?")
_HOUR_OF_HALF = re.compile(r"(?<![0-9:.])([0-9]{1,2})(?:[:.]([0-9]{2}))? ?([ap])\.?m(?:\b\.?|(?=[^\w]|$))")
_HOUR = re.compile(r"(?<![0-9:.,])([0-9]{1,2})(?:[:.]([0-9]{2})|)? ?(?:uhr|uur|heures?|horas|h)(?: ?([0-9]{2}))?(?!\w)")
_HOUR_AFTER_WORD = re.compile(
    r"(?<!\w)(at|um|alle|las|às|as|klo|kl\.?|klokken|pukul|saat|godz\.?|ore|ora|o|в|о|à|lúc|om) "
    r"([0-9]{1,2})[.:]([0-9]{2})(?![0-9.,])"
)
_PLAIN_HOUR = re.compile(r"(?<![0-9:.,])0([0-9]:[0-9]{2})(?![0-9:])")
_DAY_OF_CHARACTERS = re.compile(r"(?<=[0-9月])([0-9]{1,2})[号號](?![0-9a-z])")
_WRITTEN_DAY = re.compile(r"(?<![0-9.])([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4})(?![0-9])")
_YEAR_FIRST = re.compile(r"(?<![0-9.])([0-9]{4})([./])([0-9]{1,2})\2([0-9]{1,2})(?![0-9.])")
_ORDINAL = re.compile(r"(?<![0-9.,])([0-9]{1,4})(?:st|nd|rd|th|º|ª|ème|eme|er|re|e|nde?)(?![^\W_])")
_DECADE = re.compile(r"(?<=[0-9]0)'s\b")
_NUMBER_SIGN = re.compile(r"(?:№|#|(?<!\w)(?:nos?|nr|n)\.?[°º]?) ?(?=[0-9])")
_UNIT = re.compile(rf"(?<=[0-9])[ -]?({_words(UNIT_WORDS)})(?![^\W\d_])")
_CLOSING_ZEROS = re.compile(r"(?<=[0-9])[.,]00?(?=%| [A-Z]{3}\b)")
_CENTS = re.compile(r"(?<=[0-9])([.,][1-9])0(?= [A-Z]{3}\b)")


def in_one_form(text: str, decimal: str, *, short_scales: bool = False) -> str:
    """Return a passage with its figures in one written form, in lower case but for codes of currencies.

    ``decimal`` is the decimal mark of the text's language. ``short_scales`` reads "5m" as five million, not as metres.
    """
    text = text.replace("\u0307", "").replace("\u2103", "\u00b0C").replace("\u2109", "\u00b0F")
    form = write_plainly(_ARABIC_GROUP.sub("", text)).casefold().replace("\u2019", "'")
    form = _by_characters(form) if not form.isascii() else form
    form = _fractions(_counts(form), decimal)
    form = _MINUS.sub("-", _NUMBER_SIGN.sub("no ", _DECADE.sub("s", form)))
    form = _percents(form)
    form = _RANGE.sub(r"\1-", form)
    form = _COIN_BEFORE.sub(lambda match: f"{match[2]}{match[3] or ''} {CURRENCY_WORDS[match[1]]}", form)
    form = _COIN_BEHIND.sub(lambda match: f"{match[1]}{match[2] or ''} {CURRENCY_WORDS[match[3]]}", form)
    form = _times(form)
    form = _SCALED.sub(lambda match: _scaled(match, decimal), form)
    form = _THOUSANDS.sub(lambda match: _product(match[1], _SHORT[match[2]], decimal), form)
    if short_scales or re.search("[A-Z]{3}", form):
        form = _SHORT_SCALED.sub(lambda match: _product(match[1], _SHORT[match[2]], decimal), form)
    form = _UNIT.sub(lambda match: f" {UNIT_WORDS[match[1]]}", form)
    form = _ORDINAL.sub(r"\1th", _dates(form))
    return _CENTS.sub(r"\1", _CLOSING_ZEROS.sub("", form))


def _by_characters(form: str) -> str:
    """Rewrite numbers, years of an era, hours and days in Chinese, Japanese and Korean characters."""
    form = _HAN.sub(_han, form)
    form = _ERA.sub(lambda match: str(ERAS[match[1]] + (1 if match[2] == "元" else int(match[2]))), form)
    form = _PARTS_OF_HAN.sub(r"\2/\1", re.sub("100分[之の]([0-9.]+)", r"\1%", form))
    form = _CHARACTER_SUM.sub(_sum, _BLANK_IN_CHARACTERS.sub("", form))
    form = _TENTHS.sub(r"\g<1>0%", form)
    form = _CLOCK.sub(_clock, _HALF_OF_DAY.sub(_half_of_day, form))
    form = _THAI_MONTH.sub(lambda match: f" {THAI_MONTHS[match[1]]} ", form)
    form = _THAI_COUNT.sub(lambda match: THAI_COUNTS[match[1]], form)
    form = _KOREAN_COUNT.sub(lambda match: f"{'한두세네'.index(match[1]) + 1} ", form)
    return _DAY_OF_CHARACTERS.sub(r"\1日", form)


def _han(match: re.Match[str]) -> str:
    run = match[0].replace("萬", "万")
    after_digit = match.string[match.start() - 1 : match.start()].isdecimal()
    if after_digit or "兆" in run:
        return match[0]
    return han_value(run) if len(run) > 1 or run not in "百千万億亿" else match[0]


def _sum(match: re.Match[str]) -> str:
    total = Decimal(0)
    for number, signs in _CHARACTER_PART.findall(match[0]):
        factor = Decimal(1)
        for sign in signs:
            factor *= int(CHARACTER_MAGNITUDES[sign])
        total += Decimal(number.replace(",", "")) * factor
    return _written(total)


def _half_of_day(match: re.Match[str]) -> str:
    hour = int(match[2])
    hour = hour % 12 + 12 * (match[1] in _AFTERNOON) if hour <= 12 else hour  # noqa: PLR2004
    return f"{hour}:{'30' if match[4] else (match[3] or '0').zfill(2)}"


def _clock(match: re.Match[str]) -> str:
    return f"{int(match[1])}:{'30' if match[3] else (match[2] or '0').zfill(2)}"


def _counts(form: str) -> str:
    """Rewrite numbers and ordinals in words to digits."""
    form = _COUNT.sub(lambda match: _count(match[0]), form)
    form = re.sub(r"(?<!\w)an? (?=hundred|thousand|million|billion|dozen|3th|4th|quarter|half)", "1 ", form)
    form = _TENS_AND_UNITS.sub(lambda match: str(int(match[1]) + int(match[2])), form)
    form = re.sub(r"(?<![0-9])([2-9])0[ -]et[ -]une?\b", r"\g<1>1", form)
    form = _HUNDREDS.sub(lambda match: str(100 * int(match[1]) + int(match[2] or 0)), form)
    return _FRACTION_WORDS.sub(lambda match: f"{match[1]}/{FRACTION_PARTS[match[2]]}", form)


_FRACTION_WORDS = re.compile(rf"(?<![0-9])([1-9])[ -]({_words(FRACTION_PARTS)})(?![^\W\d_])")


def _count(word: str) -> str:
    if value := ORDINAL_WORDS.get(word) or _ONES.get(word) or COUNT_VALUES.get(word) or MORE_COUNTS.get(word):
        return value
    first, dash, second = word.partition("-")
    if dash and second in FRACTION_PARTS and (value := COUNT_VALUES.get(first) or _ONES.get(first)):
        return f"{value}/{FRACTION_PARTS[second]}"
    if dash and (value := ORDINAL_WORDS.get(second)) and (tens := COUNT_VALUES.get(first)):
        return f"{int(tens) + int(value[:-2])}th"
    return word


_ONES = {"one": "1", "anderthalb": "1.5", "eineinhalb": "1.5", "half": "1/2"}


def _fractions(form: str, decimal: str) -> str:
    form = _VULGAR_SIGN.sub(lambda match: f"{match[1]} {_VULGAR[match[2]]}" if match[1] else _VULGAR[match[2]], form)
    form = _MIXED.sub(
        lambda match: f"{match[1]}{decimal}{_HALVES[match[2]]}" if match[2] in _HALVES else match[0], form
    )
    form = re.sub(r"(?<![0-9.,])1\.5(?= jahr)", f"1{decimal}5", form)
    form = _DECIMAL_PART.sub(lambda match: {"5": "1/2", "25": "1/4", "75": "3/4"}[match[1]], form)
    return _BARE_POINT.sub(r"0.\1", form)


def _percents(form: str) -> str:
    form = _PERCENT_BEFORE.sub(r"\1%", form)
    form = _PERCENT.sub(r"\1%", form)
    return re.sub("(?<=[0-9]) %", "%", _PERCENT_OF_CHARACTERS.sub(r"\1%", form))


def _times(form: str) -> str:
    form = re.sub(r"(?<!\w)(?:12 )?noon\b", "12:00", form)
    form = _HOUR_OF_HALF.sub(_twelve, form)
    form = _HOUR.sub(lambda match: f"{int(match[1])}:{match[2] or match[3] or '00'}", form)
    return _PLAIN_HOUR.sub(r"\1", _HOUR_AFTER_WORD.sub(r"\1 \2:\3", form))


def _twelve(match: re.Match[str]) -> str:
    hour = int(match[1]) % 12 + 12 * (match[3] == "p") if int(match[1]) <= 12 else int(match[1])  # noqa: PLR2004
    return f"{hour}:{match[2] or '00'}"


def _dates(form: str) -> str:
    form = re.sub(r"(?<![0-9.])([0-9]{1,2})\.(?=[^\W\d_])", r"\1. ", form)
    form = _WRITTEN_DAY.sub(lambda match: f"{match[3]}-{match[2].zfill(2)}-{match[1].zfill(2)}", form)
    form = _YEAR_FIRST.sub(lambda match: f"{match[1]}-{match[3].zfill(2)}-{match[4].zfill(2)}", form)
    return re.sub(
        r"(?<![0-9])([0-9]{4})年 ?([0-9]{1,2})月 ?([0-9]{1,2})日",
        lambda match: f"{match[1]}-{match[2].zfill(2)}-{match[3].zfill(2)}",
        form,
    )


def _scaled(match: re.Match[str], decimal: str) -> str:
    factor = SCALE_WORDS[match[2]] * (SCALE_WORDS[match[4]] if match[4] else 1)
    return _product(match[1], factor, decimal)


def _product(figure: str, factor: int, decimal: str) -> str:
    value = number_value(figure, decimal)
    try:
        return _written(Decimal(value) * factor)
    except ArithmeticError:
        return f"{figure} x{factor}"


def _written(value: Decimal) -> str:
    whole = value.to_integral_value()
    return f"{whole:f}" if whole == value else f"{value.normalize():f}"
