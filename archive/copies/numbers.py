"""Numbers by value: digits with marks, spelled numbers, and magnitudes ("1.2 million", "1,2 Millionen", "120万")."""

from __future__ import annotations

import re

from db.number_words import (
    ANY_NUMBER_WORDS,
    CHARACTER_MAGNITUDES,
    HAN_NUMBER,
    MAGNITUDES,
    NUMBER_WORDS,
    han_value,
    write_number,
)

__all__ = [
    "AFTERNOON",
    "ANY_NUMBER_WORDS",
    "FORENOON",
    "HAN_NUMBER",
    "LONG_SCALE",
    "MAGNITUDES",
    "NUMBER_WORDS",
    "SPACED_THOUSANDS",
    "han_value",
    "is_year",
    "multiply",
    "normalize_number",
    "of_afternoon",
]

LONG_SCALE = {"billón": 1e12, "billones": 1e12, "billion": 1e12, "billionen": 1e12, "biliony": 1e12}
_LONG = frozenset({"es", "de", "fr", "it", "nl", "pl", "sv"})

SPACED_THOUSANDS = frozenset(["cs", "fr", "nb", "pl", "pt", "ru", "sk", "sv", "uk", "bg"])
"""Languages that write a space between thousands."""

_LONGEST = 24
"""Characters of a number that is multiplied. A longer one has no value for a float, and no meaning for a reader."""

AFTERNOON, FORENOON = frozenset({"pm", "p.m"}), frozenset({"am", "a.m"})
_TWELVE_HOURS = re.compile(r"(1[0-2]|[1-9])((?:\.[0-5]\d)?)")
_THOUSANDS = re.compile(r"(?<=\d)[.,'\u2019 \u00a0\u202f](?=\d{3}(?!\d))")
_INDIAN = re.compile(r"\d{1,2}(?:,\d\d)+,\d{3}")
_VALUE = re.compile(r"\d+(?:\.\d+)?")
_PARTS = re.compile(r"([\d.,]+)([百千万萬億亿兆천만억조]*)")


def normalize_number(written: str) -> str:
    """Return the value of a number as written: 1,300 is 1300, 4,2 is 4.2, 4:10 is 4.10, 120万 is 1200000."""
    if not written.isascii() and _PARTS.match(written) and written[-1] not in "0123456789":
        return _of_characters(written)
    if _INDIAN.fullmatch(written):
        return written.replace(",", "")
    return _THOUSANDS.sub("", written).replace(",", ".").replace(":", ".").replace("h", ".")


def multiply(number: str, magnitude: str, language: str | None) -> str | None:
    """Return a number with the magnitude word after it. None if the word is none, or the number has two marks."""
    factor = LONG_SCALE.get(magnitude) if language in _LONG else None
    factor = factor or MAGNITUDES.get(magnitude)
    if factor is None or len(number) > _LONGEST or not _VALUE.fullmatch(number):
        return None
    return write_number(float(number) * factor)


def of_afternoon(hour: str, mark: str) -> str | None:
    """Return a time with "p.m." or "a.m." after it as of 24 hours: ``4.20`` is ``16.20``. None if it is no time."""
    match = _TWELVE_HOURS.fullmatch(hour)
    if match is None or mark not in AFTERNOON | FORENOON:
        return None
    hours = int(match[1]) % 12 + (12 if mark in AFTERNOON else 0)
    return f"{hours}{match[2]}"


def is_year(written: str) -> bool:
    """True for 1900 to 2099. Half of all stories name this year or the last."""
    return len(written) == 4 and written.isdigit() and written[:2] in {"19", "20"}  # noqa: PLR2004


def _of_characters(written: str) -> str:
    if len(written) > _LONGEST:
        return written
    total = 0.0
    for digits, magnitudes in _PARTS.findall(written):
        value = normalize_number(digits)
        if not _VALUE.fullmatch(value):
            return written
        factor = 1.0
        for magnitude in magnitudes:
            factor *= CHARACTER_MAGNITUDES[magnitude]
        total += float(value) * factor
    return write_number(total)
