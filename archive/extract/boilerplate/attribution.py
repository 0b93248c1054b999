"""Agency and credit lines: evidence of a text's origin. They are noted, not judged, and stay in the body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.records import Fact
from db.typography import fold_typography

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_AGENCY = (
    r"(?:Thomson Reuters Foundation|Reuters|(?:The )?Associated Press|AP|Agence France-Presse|AFP|EFE|dpa|DPA|ANSA|"
    r"Xinhua|TASS|Interfax|Bloomberg|UPI|PTI|ANI|IANS|Kyodo|Yonhap|KNA|epd|APA|SID|Lusa|Notimex|Europa Press|VOA|"
    r"Voice of America|CNN|ANP|Belga|PAP|CTK|MTI|Anadolu|NTB|TT|Ritzau|STT|AAP|(?:The )?Canadian Press|RFE/RL)"
)
_PLACE = r"[A-ZÀ-ÖØ-Þ][\w.'/ ,À-ÿ-]{1,60}?"
_DASH = r"[-\u2013\u2014]{1,2}"

_LINE = re.MULTILINE | re.IGNORECASE
_PUBLISHING_VERBS = ("published", "appeared", "posted")
_FIRST_PUBLISHED = rf"(?:{'|'.join(_PUBLISHING_VERBS)}) (?:on|in|at|by) [^\n]{{2,100}}"


@dataclass(frozen=True, slots=True)
class Credit:
    """A kind of credit line. A text with none of the ``words`` (lower case) cannot match, which is cheap to check."""

    pattern: re.Pattern[str]
    words: tuple[str, ...] = ("",)


CREDITS = (
    # MEXICO CITY (Reuters) -     WASHINGTON, Oct 7 (Reuters) -     Berlin, dpa -     (AP)     mit dpa
    Credit(re.compile(rf"^{_PLACE}\s*[(/]{_AGENCY}(?:/[\w ]+)?[)/]\s*{_DASH}", re.MULTILINE), ("(", "/")),
    Credit(re.compile(rf"^{_PLACE}\s*[,|]\s*{_AGENCY}\s*{_DASH}", re.MULTILINE)),
    Credit(re.compile(rf"\({_AGENCY}(?:[,/] ?[\w /]{{2,30}})?\)")),
    Credit(
        re.compile(
            rf"^[^\w\n]{{0,9}}(?:mit|avec|con|with|com)\s+{_AGENCY}\W*$|^{_AGENCY}(?:/{_AGENCY})*$", re.MULTILINE
        )
    ),
    # Reporting by A; editing by B     C contributed to this report
    Credit(
        re.compile(r"\(?\b(?:Additional reporting|Reporting|Writing|Compiled|Editing) by [A-Z][^\n()]{2,200}\)?"),
        ("reporting by", "writing by", "compiled by", "editing by"),
    ),
    Credit(
        re.compile(
            r"^[^\n.]{2,120} contributed (?:to this (?:report|story|article)|reporting)[^\n]{0,80}$", re.MULTILINE
        ),
        ("contributed",),
    ),
    # Some information for this report came from D     With files from D     Con información de D
    Credit(
        re.compile(
            r"^[^\w\n]{0,9}(?:some|additional|parts of the) information (?:for|in|from) [^\n]{2,160}$|"
            r"^[^\w\n]{0,9}information from [^\n]{2,80} was used in this (?:report|article|story)[^\n]{0,20}$",
            _LINE,
        ),
        ("information",),
    ),
    Credit(
        re.compile(r"^[^\w\n]{0,9}with (?:information|files|reporting|material) (?:from|by) [^\n]{2,120}$", _LINE),
        ("with information", "with files", "with reporting", "with material"),
    ),
    Credit(
        re.compile(
            r"^[^\w\n]{0,9}(?:con información de|con agencias|mit (?:material|informationen) (?:von|der)|"
            r"mit agenturmaterial|avec agences?|com informações d[aeo])\b[^\n]{0,120}$",
            _LINE,
        )
    ),
    # Source: E     This article was originally published on F     The post G appeared first on H
    Credit(re.compile(r"^(?:sources?|quellen?|fuentes?|fonte|bron)\s*[:|]\s*\S[^\n]{0,100}$", _LINE)),
    Credit(
        re.compile(
            rf"\bthis (?:article|story|report|post|piece) (?:was |is )?(?:originally |first )*{_FIRST_PUBLISHED}", _LINE
        ),
        _PUBLISHING_VERBS,
    ),
    Credit(
        re.compile(
            rf"^[^\w\n]{{0,9}}(?:originally|first) {_FIRST_PUBLISHED}|"
            r"^the post [^\n]{2,200} appeared first on [^\n]{2,80}",
            _LINE,
        ),
        _PUBLISHING_VERBS,
    ),
    Credit(re.compile(r"our standards: the thomson reuters trust principles", re.IGNORECASE), ("our standards",)),
)
"""Patterns of credit lines."""

_MAX_LENGTH = 240


def find_credits(text: str) -> tuple[str, ...]:
    """Return the credits in a normalized text, in its order and without repeats. None is part of another."""
    plain = fold_typography(text)
    folded = plain.casefold()
    likely = (credit.pattern for credit in CREDITS if any(word in folded for word in credit.words))
    spans = sorted((match.start(), -match.end()) for pattern in likely for match in pattern.finditer(plain))
    credit_lines, end_of_last = [], 0
    for start, negative_end in spans:
        if -negative_end > end_of_last:
            credit_lines.append(text[start:-negative_end].strip()[:_MAX_LENGTH])
            end_of_last = -negative_end
    return tuple(dict.fromkeys(credit_lines))


# --- credits as facts ------------------------------------------------------------------------------------------------

IN_TEXT = "text"
"""The source of a fact that comes from the words of the article and is not declared in its metadata."""

_FULL_NAMES = {
    "ap": "Associated Press",
    "the associated press": "Associated Press",
    "afp": "Agence France-Presse",
    "the canadian press": "Canadian Press",
    "upi": "United Press International",
    "pti": "Press Trust of India",
    "voa": "Voice of America",
    "dpa": "dpa",
}
_MONTH = r"(?:Jan|Feb|M[aä]r|Apr|Ma[iy]|Jun|Jul|Aug|Sep|O[ck]t|Nov|De[cz]|ene|abr|ago|dic|fév|avr|juin|juil|déc)"
_DATELINE = re.compile(rf"^({_PLACE})(?:,\s*(?:{_MONTH}[\w.]*\s*\d*|\d+\.? {_MONTH}[\w.]*))?\s*[(/,|]\s*{_AGENCY}\b")
_BARE_DATELINE = re.compile(rf"^([A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ.' -]{{2,40}}(?:, [A-Z][\w.]{{1,14}})?)\s*(?:\(|\s{_DASH}\s)")
_NAMED_AGENCY = re.compile(rf"(?<!\w){_AGENCY}(?!\w)")
_CREDITED = re.compile(
    r"(?:\b(?:came|comes) from|information from|(?:with|mit|avec|con|com)\b[^:]{2,40}?\b(?:from|by|von|der|de|d[ao])|"
    r"^(?:sources?|quellen?|fuentes?|fonte|bron)\s*[:|]|\b(?:published|appeared|posted)(?: first)? (?:on|in|at|by))\s+"
    r"([^\n]+?)(?: was used in this .*)?\W*$",
    re.IGNORECASE,
)


def credit_facts(text: str, origin: Sequence[str], byline: str | None) -> Iterator[Fact]:
    """Yield byline, dateline (the place), agency and credited (the source) of a text, each value once.

    ``origin`` is the result of ``find_credits``. ``byline`` is the name from a byline that was cut from the text.
    """
    if byline:
        yield Fact(name="byline", value=byline, source=IN_TEXT)
    head = text.split("\n", 2)[:2]
    places = (
        (line[slice(*match.span(1))], line[: match.end()])
        for line in head
        for pattern in (_DATELINE, _BARE_DATELINE)
        if (match := pattern.match(fold_typography(line)))
    )
    if place := next(places, None):
        yield Fact(name="dateline", value=place[0].strip(" ,"), source=IN_TEXT, raw=place[1].strip())
    agencies = [(match[0], credit) for credit in origin for match in _NAMED_AGENCY.finditer(fold_typography(credit))]
    yield from _distinct_facts("agency", [(_FULL_NAMES.get(name.lower(), name), raw) for name, raw in agencies])
    yield from _distinct_facts(
        "credited",
        [(raw[slice(*match.span(1))], raw) for raw in origin if (match := _CREDITED.search(fold_typography(raw)))],
    )


def _distinct_facts(name: str, values: Iterable[tuple[str, str]]) -> Iterator[Fact]:
    """Yield a fact for each distinct value of the (value, raw) pairs, with its first raw form."""
    first: dict[str, str] = {}
    for value, raw in values:
        first.setdefault(value, raw)
    for value, raw in first.items():
        yield Fact(name=name, value=value, source=IN_TEXT, raw=raw)
