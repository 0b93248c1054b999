"""The dateline of a text: how many words it has, and the agency that it credits ("LEVAR (Nordwire) - ...")."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.copies.segment import Words

_DATELINE = re.compile(
    r"(?:[^\n]{0,60}?\([^()\n]{2,40}\)|[A-Z][A-Z .,']{2,40}(?:, [A-Za-z. 0-9]{2,20})?)\s*[-\u2013\u2014]+\s+"
    r"|[\u3400-\u9fff\d]{2,30}?\u7535(?:\uff08[^\uff08\uff09\n]{2,40}\uff09)?|\u3010[^\u3010\u3011\n]{2,30}\u3011"
    r"|[\u0400-\u042f][\u0400-\u042f -]{2,40}, \d{1,2} \w{3,9}\.? ?[/\u2013\u2014-][^\n./]{0,40}[/.]?\s+"
    r"|\([^()\n]{2,20}=[^()\n]{2,20}\)"
)

_CREDITS = (
    re.compile(r"[^\n()\uff08\uff09]{0,60}?[(\uff08]([^()\uff08\uff09\n]{2,40})[)\uff09]\s*[-\u2013\u2014:.]"),
    re.compile(r"[\u0400-\u042f][\u0400-\u042f -]{2,40}, \d{1,2} \w{3,9}\.? ?/([^\n./]{2,40})/"),
    re.compile(r"([\u3400-\u9fff]{1,6}\u793e)[\u3400-\u9fff\d]{2,20}\u7535"),
)
"""In brackets; between slashes, as Russian agencies write; a Chinese agency before place and date."""


def dateline_words(text: str, words: Words) -> int:
    """Return the number of words in the dateline.

    Place and agency are the same at the top of all texts of a house, whatever it reports.
    """
    match = _DATELINE.match(text)
    return bisect_left(words.starts, match.end()) if match else 0


def credit(text: str) -> str | None:
    """Return the agency that the dateline credits, in lower case. None without one. Three regular expressions."""
    matches = (pattern.match(text) for pattern in _CREDITS)
    return next((match[1].strip().casefold() for match in matches if match), None)


def credits_differ(a: str | None, b: str | None) -> bool:
    """True if both texts credit an agency, and neither name contains the other ("Reuters", "Thomson Reuters")."""
    return a is not None and b is not None and a not in b and b not in a
