"""Figures by value: two ways to write one number, price, date or time have one value.

``write_plainly`` gives a text in which digits, dashes and blanks of every script have one form, each character in its
place. ``value_of`` gives the value of a figure in it. Whatever it does not understand keeps its own words, so another
figure never gets the same value by chance.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from math import prod

from db.date_words import DAY_NUMBERS, MONTH_NUMBERS
from db.number_words import CHARACTER_MAGNITUDES, HAN_NUMBER, MAGNITUDES, han_value
from db.typography import BLANKS

_SAME = (
    *((dash, "-") for dash in "\u2010\u2011\u2012\u2212\ufe63\uff0d"),
    *((slash, "/") for slash in "\u2044\u2215\uff0f"),
    *(("\uff05", "%"), ("\u066a", "%"), ("\uff0e", "."), ("\u066b", "."), ("\u066c", ","), ("\uff1a", ":")),
    *(("\uff0b", "+"), ("\uff04", "$"), ("\uffe1", "\u00a3"), ("\uffe5", "\u00a5"), ("\u2103", "\u00b0")),
    *(("\u02da", "\u00b0"), ("\u2236", ":"), ("\u223c", "~"), ("\u2a7e", "\u2265"), ("\u2a7d", "\u2264")),
    *(("\u2032", "'"), ("\u2033", '"')),
    *((blank, " ") for blank in BLANKS),
)
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_WIDE_LETTER = re.compile("[\uff21-\uff3a\uff41-\uff5a]")
_BETWEEN = re.compile("(?<=[0-9])[\u2013\u2014\u2015\u301c\uff5e~](?=[0-9$\u20ac\u00a3\u00a5])")
_MINUS = re.compile("(?<![\\w.,)\u2019%-])\u2013(?=[0-9])")
_DEGREE = re.compile("(?<=[0-9])( ?)\u00ba(?=[CF]\\b)")
_NAME_DASH = re.compile("(?<=[A-Za-z])\u2013(?=[0-9])")
_TIMES = re.compile("(?<=[0-9])( ?)\u00d7(?=\\1[0-9])")
_RAISED = re.compile("(?<=[0-9])[\u1d43-\u1d5b\u02b3\u02b0\u02e2\u207f\u1d49]+")
_WIDE_COMMA = re.compile("(?<=[0-9])\uff0c(?=[0-9])")
_INDEX = re.compile("(?<=[A-Za-z])[\u2080-\u2089\u00b2\u00b3\u00b9]+")
_INDEX_DIGITS = str.maketrans(
    {**{chr(0x2080 + digit): str(digit) for digit in range(10)}, "\u00b2": "2", "\u00b3": "3", "\u00b9": "1"}
)

LONGEST = 40
"""Characters of a figure whose value is computed. A longer one, which no article has, stays as it is written."""

_NUMBER = re.compile(r"[0-9](?:[.,' \u2019]?[0-9])*")
_ABBREVIATIONS = ("tsd", "mio", "mrd", "tys", "mln", "mld", "тыс", "тис", "млн", "млрд", "εκατ", "δισ")
_WORDS_OF_SCALE = {"tsd": 10**3, "hundred": 100, "सौ": 100, **dict.fromkeys(("trillion", "trillions", "tn"), 10**12)}
_WORDS_OF_SCALE |= {word: int(factor) for word, factor in MAGNITUDES.items()}
SCALES: dict[str, int] = _WORDS_OF_SCALE | {f"{word}.": _WORDS_OF_SCALE[word] for word in _ABBREVIATIONS}
"""Words and abbreviations that multiply the figure before them, in lower case."""

_LONG_SCALES = SCALES | dict.fromkeys(("billion", "billions"), 10**12)
"""The same in languages with a decimal comma, where a billion is a million millions."""

_UNITS = {
    **dict.fromkeys("% percent percent per\u00a0cent prozent porciento pourcent percent procent procenta procentų "
                    "процент процента процентов процентів відсотків відсоток percento porcento yüzde τοιςεκατό "
                    "प्रतिशत بالمئة بالمائة 퍼센트 パーセント पर\u00a0सेंट".casefold().split(), "%"),
    **dict.fromkeys("\u20ac euro euros eur евро євро ευρώ يورو यूरो 유로 ユーロ 欧元 歐元".casefold().split(), "eur"),
    **dict.fromkeys("\u00a3 pound pounds gbp".casefold().split(), "gbp"),
    **dict.fromkeys("$ dollar dollars dólares dólar".casefold().split(), "$"),
    **dict.fromkeys("us$ usd us-dollar".casefold().split(), "usd"),
    **dict.fromkeys("km kilometre kilometres kilometer kilometers "
                    "kilómetros kilometern kilomètres км".casefold().split(), "km"),
    **dict.fromkeys("mi mile miles".casefold().split(), "mi"),
    **dict.fromkeys("kg kilogram kilograms kilo kilos кг".casefold().split(), "kg"),
    **dict.fromkeys("m metre metres meter meters metros metern mètres".casefold().split(), "metre"),
    **dict.fromkeys("\u00b0 degree degrees".casefold().split(), "\u00b0"),
}  # fmt: skip
_SCALE = "|".join(sorted(map(re.escape, SCALES), key=len, reverse=True))
_SCALED = re.compile(rf"([0-9]+(?:\.[0-9]+)?)[ -]?({_SCALE})(?!\w)")
_COIN = re.compile("[$\u20ac\u00a3\u00a5\u20b9\u20bd\u20ba\u20a9]")
_SHORT = {"k": "thousand", "m": "million", "b": "bn"}
_SHORT_SCALE = re.compile(r"([0-9]) ?([kmb])(?!\w)")
_CHARACTER_SCALED = re.compile(f"([0-9]+(?:\\.[0-9]+)?)([{''.join(CHARACTER_MAGNITUDES)}]+)")
_CHARACTER_SUM = re.compile(f"(?:{_CHARACTER_SCALED.pattern})+[0-9]*")
_CALENDAR_BLANK = re.compile("(?<=[年月日년월일号號]) (?=[0-9])|(?<=[0-9]) (?=[年月日년월일号號])")
_HAN = re.compile(HAN_NUMBER)
_WORDS = re.compile(r"[^0-9+\-.,:/ ][^0-9 ]*(?: [^0-9+\-.,:/ ]+)*")
_TIME = re.compile(r"([0-9]{1,2})(?:(?:[:.]| ?h ?)([0-9]{2}))?(?::([0-9]{2}))?\W*([ap]\.?m\b\.?|uhr|heures?|h)?")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PART = re.compile(r"[0-9]+|[^\W\d_][^\W_]*")


def write_plainly(text: str) -> str:
    """Return ``text`` with one form of digits, dashes, signs and blanks, each character in its place."""
    if text.isascii():
        return text
    for mark, plain in _SAME:  # scans in C take a fiftieth of one ``str.translate``
        text = text.replace(mark, plain)
    text = _OTHER_DIGIT.sub(lambda match: str(unicodedata.decimal(match.group())), text)
    text = _WIDE_LETTER.sub(lambda match: chr(ord(match.group()) - 0xFEE0), text)
    text = _INDEX.sub(lambda match: match.group().translate(_INDEX_DIGITS), text)
    text = _DEGREE.sub("\\1\u00b0", _NAME_DASH.sub("-", _TIMES.sub("\\1x", text)))
    text = _RAISED.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    return _WIDE_COMMA.sub(",", _MINUS.sub("-", _BETWEEN.sub("-", text)))


def number_value(written: str, decimal: str) -> str:
    """Return a number without grouping and with a decimal point. ``decimal`` is the mark of the text's language."""
    figure = written.replace(" ", "").replace("'", "").replace("\u2019", "")
    marks = {mark for mark in ".," if mark in figure}
    if len(marks) == 2:  # noqa: PLR2004 - one groups, the last one is decimal
        last = max(marks, key=figure.rfind)
        return figure.replace(min(marks - {last}), "").replace(last, ".")
    for mark in marks:
        first, *groups = figure.split(mark)
        grouped = 1 <= len(first) <= 3 and first != "0" and all(len(group) == 3 for group in groups)  # noqa: PLR2004
        indian = mark == "," and len(groups) > 1 and len(groups[-1]) == 3 and {*map(len, groups[:-1])} == {2}  # noqa: PLR2004
        if indian or (grouped and (len(groups) > 1 or mark != decimal)):
            return figure.replace(mark, "")
        return figure if len(groups) > 1 else f"{first}.{groups[0]}"
    return figure


def value_of(plain: str, decimal: str, *, is_date: bool) -> str:
    """Return the value of a figure, written plainly in lower case. ``decimal`` as for `number_value`."""
    if len(plain) > LONGEST:
        return plain
    figure = _CALENDAR_BLANK.sub("", plain) if is_date else plain
    return (_date_value(figure) if is_date else None) or _amount_value(figure, decimal)


def _amount_value(plain: str, decimal: str) -> str:
    """Return numbers with their signs and scales, then the units."""
    figure = unicodedata.normalize("NFKC", plain).replace("\u2044", "/").replace("\u2019", "'").replace("d'", "")
    if (match := _HAN.match(figure + "\u4eba")) and match.end() == len(figure):  # a counter behind it
        return han_value(figure)
    if _COIN.search(figure):
        figure = _SHORT_SCALE.sub(lambda match: f"{match[1]} {_SHORT[match[2]]}", figure)
    figure = _NUMBER.sub(lambda match: number_value(match.group(), decimal), figure)
    figure = _CHARACTER_SUM.sub(_by_characters, figure)
    figure = _SCALED.sub(_scaled if decimal == "." else _scaled_long, figure)
    units = [_UNITS.get(word.replace(" ", "").rstrip("."), word) for word in _WORDS.findall(figure)]
    numbers = " ".join(_WORDS.sub(" ", figure).split()).rstrip("- ")
    return " ".join((numbers, *sorted(units)))


def _scaled(match: re.Match[str]) -> str:
    return _written(Decimal(match[1]) * SCALES[match[2]])


def _scaled_long(match: re.Match[str]) -> str:
    return _written(Decimal(match[1]) * _LONG_SCALES[match[2]])


def _by_characters(match: re.Match[str]) -> str:
    """Return the sum of a number such as 1万2000."""
    total, end = Decimal(0), 0
    for part in _CHARACTER_SCALED.finditer(match[0]):
        total += Decimal(part[1]) * prod(int(CHARACTER_MAGNITUDES[character]) for character in part[2])
        end = part.end()
    return _written(total + Decimal(match[0][end:] or 0))


def _written(value: Decimal) -> str:
    whole = value.to_integral_value()
    return f"{whole:f}" if whole == value else f"{value.normalize():f}"


def _date_value(plain: str) -> str | None:
    """Return the value of a date or a time. None if it is neither, such as a number."""
    if iso := _ISO.match(plain):
        return _day(iso.group().split("-")[::-1]) if iso.end() == len(plain) else plain
    words = [word for word in _PART.findall(plain) if not word.isdecimal()]
    months = [MONTH_NUMBERS[word] for word in words if word in MONTH_NUMBERS]
    numbers = [number.lstrip("0") or "0" for number in _PART.findall(plain) if number.isdecimal()]
    if months:
        year = next((number for number in numbers if len(number) == 4), "")  # noqa: PLR2004
        day = next((number for number in numbers if len(number) < 3), "")  # noqa: PLR2004
        return _day((day, str(months[0]), year))
    if plain in DAY_NUMBERS:
        return f"day {DAY_NUMBERS[plain]}"
    if time := _TIME.fullmatch(plain):
        return _time(time) if time[2] or time[4] else None
    return "/".join(numbers) if re.fullmatch(r"[0-9./]+", plain) and len(numbers) == 3 else None  # noqa: PLR2004


def _day(parts: tuple[str, str, str] | list[str]) -> str:
    return " ".join(("date", *(part.lstrip("0") or "-" for part in parts)))


def _time(match: re.Match[str]) -> str:
    hour, half = int(match[1]), (match[4] or "")[:1]
    if half in {"a", "p"} and hour <= 12:  # noqa: PLR2004
        hour = hour % 12 + 12 * (half == "p")
    return f"time {hour}:{match[2] or '00'}" + (f":{match[3]}" if match[3] else "")
