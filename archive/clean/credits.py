"""Agency and credit lines: evidence of where a text comes from. They are noted, not judged, and stay in the body."""

from __future__ import annotations

import re

_AGENCY = (
    r"(?:Thomson Reuters Foundation|Reuters|(?:The )?Associated Press|AP|Agence France-Presse|AFP|EFE|dpa|DPA|ANSA|"
    r"Xinhua|TASS|Interfax|Bloomberg|UPI|PTI|ANI|IANS|Kyodo|Yonhap|KNA|epd|APA|SID|Lusa|Notimex|Europa Press|VOA|"
    r"Voice of America|CNN|ANP|Belga|PAP|CTK|MTI|Anadolu|NTB|TT|Ritzau|STT|AAP|(?:The )?Canadian Press|RFE/RL)"
)
_PLACE = r"[A-ZÀ-ÖØ-Þ][\w.'/ ,À-ÿ-]{1,60}?"
_DASH = r"[-\u2013\u2014]{1,2}"

_LINE = re.MULTILINE | re.IGNORECASE
_FIRST_SHOWN = r"(?:published|appeared|posted) (?:on|in|at|by) [^\n]{2,100}"

CREDITS = (
    # MEXICO CITY (Reuters) -     WASHINGTON, Oct 7 (Reuters) -     Berlin, dpa -     (AP)     mit dpa
    re.compile(rf"^{_PLACE}\s*[(/]{_AGENCY}(?:/[\w ]+)?[)/]\s*{_DASH}", re.MULTILINE),
    re.compile(rf"^{_PLACE}\s*[,|]\s*{_AGENCY}\s*{_DASH}", re.MULTILINE),
    re.compile(rf"\({_AGENCY}(?:[,/] ?[\w /]{{2,30}})?\)"),
    re.compile(rf"^[^\w\n]{0, 9}(?:mit|avec|con|with|com)\s+{_AGENCY}\W*$|^{_AGENCY}(?:/{_AGENCY})*$", re.MULTILINE),
    # Reporting by A; editing by B     C contributed to this report
    re.compile(r"\(?\b(?:Additional reporting|Reporting|Writing|Compiled|Editing) by [A-Z][^\n()]{2,200}\)?"),
    re.compile(r"^[^\n.]{2,120} contributed (?:to this (?:report|story|article)|reporting)[^\n]{0,80}$", re.MULTILINE),
    # Some information for this report came from D     With files from D     Con información de D
    re.compile(
        r"^[^\w\n]{0,9}(?:some|additional|parts of the) information (?:for|in|from) [^\n]{2,160}$|"
        r"^[^\w\n]{0,9}information from [^\n]{2,80} was used in this (?:report|article|story)[^\n]{0,20}$",
        _LINE,
    ),
    re.compile(r"^[^\w\n]{0,9}with (?:information|files|reporting|material) (?:from|by) [^\n]{2,120}$", _LINE),
    re.compile(
        r"^[^\w\n]{0,9}(?:con información de|con agencias|mit (?:material|informationen) (?:von|der)|"
        r"mit agenturmaterial|avec agences?|com informações d[aeo])\b[^\n]{0,120}$",
        _LINE,
    ),
    # Source: E     This article was originally published on F     The post G appeared first on H
    re.compile(r"^(?:sources?|quellen?|fuentes?|fonte|bron)\s*[:|]\s*\S[^\n]{0,100}$", _LINE),
    re.compile(
        rf"\bthis (?:article|story|report|post|piece) (?:was |is )?(?:originally |first )*{_FIRST_SHOWN}", _LINE
    ),
    re.compile(
        rf"^[^\w\n]{0, 9}(?:originally|first) {_FIRST_SHOWN}|^the post [^\n]{{2,200}} appeared first on [^\n]{{2,80}}",
        _LINE,
    ),
    re.compile(r"our standards: the thomson reuters trust principles", re.IGNORECASE),
)
"""One pattern a kind of credit."""

_LONGEST = 240


def find_credits(text: str) -> tuple[str, ...]:
    """The credits in a normalised text, in its order, each once; none is part of another."""
    spans = sorted((found.start(), -found.end()) for credit in CREDITS for found in credit.finditer(text))
    noted, reached = [], 0
    for start, negative_end in spans:
        if -negative_end > reached:
            noted.append(text[start:-negative_end].strip()[:_LONGEST])
            reached = -negative_end
    return tuple(dict.fromkeys(noted))
