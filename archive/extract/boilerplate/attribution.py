"""Agency and credit lines: evidence of where a text comes from. They are noted, not judged, and stay in the body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.records import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_AGENCY = (
    r"(?:Thomson Reuters Foundation|Reuters|(?:The )?Associated Press|AP|Agence France-Presse|AFP|EFE|dpa|DPA|ANSA|"
    r"Xinhua|TASS|Interfax|Bloomberg|UPI|PTI|ANI|IANS|Kyodo|Yonhap|KNA|epd|APA|SID|Lusa|Notimex|Europa Press|VOA|"
    r"Voice of America|CNN|ANP|Belga|PAP|CTK|MTI|Anadolu|NTB|TT|Ritzau|STT|AAP|(?:The )?Canadian Press|RFE/RL)"
)
_PLACE = r"[A-ZÀ-ÖØ-Þ][\w.'/ ,À-ÿ-]{1,60}?"
_DASH = r"[-\u2013\u2014]{1,2}"

_LINE = re.MULTILINE | re.IGNORECASE
_SHOWN = ("published", "appeared", "posted")
_FIRST_SHOWN = rf"(?:{'|'.join(_SHOWN)}) (?:on|in|at|by) [^\n]{{2,100}}"


@dataclass(frozen=True, slots=True)
class Credit:
    """A kind of credit. A text that has none of the ``words`` (in lower case) cannot match, which is cheap to see."""

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
            rf"\bthis (?:article|story|report|post|piece) (?:was |is )?(?:originally |first )*{_FIRST_SHOWN}", _LINE
        ),
        _SHOWN,
    ),
    Credit(
        re.compile(
            rf"^[^\w\n]{{0,9}}(?:originally|first) {_FIRST_SHOWN}|"
            r"^the post [^\n]{2,200} appeared first on [^\n]{2,80}",
            _LINE,
        ),
        _SHOWN,
    ),
    Credit(re.compile(r"our standards: the thomson reuters trust principles", re.IGNORECASE), ("our standards",)),
)
"""What credits look like."""

_LONGEST = 240


def find_credits(text: str) -> tuple[str, ...]:
    """The credits in a normalised text, in its order, each once; none is part of another."""
    folded = text.casefold()
    likely = (credit.pattern for credit in CREDITS if any(word in folded for word in credit.words))
    spans = sorted((found.start(), -found.end()) for pattern in likely for found in pattern.finditer(text))
    noted, reached = [], 0
    for start, negative_end in spans:
        if -negative_end > reached:
            noted.append(text[start:-negative_end].strip()[:_LONGEST])
            reached = -negative_end
    return tuple(dict.fromkeys(noted))


# --- credits as facts ------------------------------------------------------------------------------------------------

IN_TEXT = "text"
"""Where a fact stands that nobody declared: in the words of the article."""

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
    """What a text says of its making: byline, dateline (the place), agency and credited (the source), each once.

    ``origin`` is what ``find_credits`` found in it; ``byline`` the name in a byline that was taken out of it.
    """
    if byline:
        yield Fact(name="byline", value=byline, source=IN_TEXT)
    head = text.split("\n", 2)[:2]
    places = (found for line in head for pattern in (_DATELINE, _BARE_DATELINE) if (found := pattern.match(line)))
    if place := next(places, None):
        yield Fact(name="dateline", value=place[1].strip(" ,"), source=IN_TEXT, raw=place[0].strip())
    agencies = [(found[0], credit) for credit in origin for found in _NAMED_AGENCY.finditer(credit)]
    yield from _each_once("agency", [(_FULL_NAMES.get(name.lower(), name), raw) for name, raw in agencies])
    yield from _each_once("credited", [(found[1], raw) for raw in origin if (found := _CREDITED.search(raw))])


def _each_once(name: str, found: Sequence[tuple[str, str]]) -> Iterator[Fact]:
    first = dict(reversed(found))
    return (
        Fact(name=name, value=value, source=IN_TEXT, raw=first[value]) for value in dict.fromkeys(v for v, _ in found)
    )
