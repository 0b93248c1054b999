"""Agency and credit lines: evidence of where a text comes from. They are noted, not judged, and stay in the body."""

from __future__ import annotations

import re

_AGENCY = (
    r"(?:Reuters|Thomson Reuters Foundation|AP|Associated Press|The Associated Press|AFP|Agence France-Presse|EFE|dpa|DPA|ANSA|"
    r"Xinhua|TASS|Interfax|Bloomberg|UPI|PTI|ANI|IANS|Kyodo|Yonhap|KNA|epd|APA|SID|AFX|Lusa|Notimex|Europa Press|VOA|"
    r"Voice of America|CNN|BNO|ANP|Belga|PAP|CTK|MTI|Anadolu|AA|NTB|TT|Ritzau|STT|AAP|CP|The Canadian Press|RFE/RL)"
)
_PLACE = r"[A-ZÀ-ÖØ-Þ][\w.'/ ,À-ÿ-]{1,60}?"
_DASH = r"[-\u2013\u2014]{1,2}"

CREDITS = (
    # MEXICO CITY (Reuters) -   WASHINGTON, Oct 7 (Reuters) -   Berlin (dpa) -
    re.compile(rf"^{_PLACE}\s*[(/]{_AGENCY}(?:/[\w ]+)?[)/]\s*{_DASH}", re.MULTILINE),
    re.compile(rf"^{_PLACE}\s*[,|]\s*{_AGENCY}\s*{_DASH}", re.MULTILINE),
    re.compile(rf"\({_AGENCY}(?:[,/] ?[\w /]{{2,30}})?\)"),
    re.compile(rf"^\W*(?:mit|avec|con|with|com)\s+{_AGENCY}\W*$|^{_AGENCY}(?:/{_AGENCY})*$", re.MULTILINE),
    re.compile(
        r"\(?\b(?:Additional reporting|Reporting|Writing|Compiled|Editing) by [A-Z][^\n()]{2,200}\)?|"
        r"^[^\n.]{2,120} contributed (?:to this (?:report|story|article)|reporting)[^\n]{0,80}$",
        re.MULTILINE,
    ),
    re.compile(
        r"^[^\n]{0,20}\b(?:some|parts? of the|additional)? ?information (?:for|in|from) (?:this (?:report|article|story)\b)?"
        r"[^\n]{0,160}$|^\W*with (?:information|files|reporting|material) (?:from|by) [^\n]{2,120}$",
        re.MULTILINE | re.IGNORECASE,
    ),
    re.compile(
        r"^\W*(?:con información de|mit (?:material|informationen) (?:von|der)|mit agenturmaterial|avec agences?|"
        r"com informações d[aeo]|con agencias)\b[^\n]{0,120}$",
        re.MULTILINE | re.IGNORECASE,
    ),
    re.compile(r"^(?:sources?|quellen?|fuentes?|fonte|bron)\s*[:|]\s*\S[^\n]{0,100}$", re.MULTILINE | re.IGNORECASE),
    re.compile(
        r"\bthis (?:article|story|report|post|piece) (?:was |is )?(?:originally |first )*(?:published|appeared|posted) "
        r"(?:on|in|at|by) [^\n]{2,100}|^\W*(?:originally|first) (?:published|appeared|posted) (?:on|in|at|by) [^\n]{2,100}|"
        r"^the post [^\n]{2,200} appeared first on [^\n]{2,80}",
        re.MULTILINE | re.IGNORECASE,
    ),
    re.compile(r"our standards: the thomson reuters trust principles", re.IGNORECASE),
)
"""A pattern a kind of credit: datelines, agencies in brackets, staff lines, "some information from", source, first appeared."""

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
