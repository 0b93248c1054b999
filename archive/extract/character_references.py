"""From decoded text to markup that the parser reads as a browser does: numeric character references."""

from __future__ import annotations

import re
from html import unescape

_REFERENCE = re.compile(r"&#(\d{1,9}|[xX][0-9a-fA-F]{1,8});?")
_JOINED = re.compile(r"<[!?/\w-]*\Z|[-&]\Z")  # ends where the next character would become part of a tag or a reference
_NAME = 12  # characters, more than the longest name that matters has
_C1_CONTROLS = (0x80, 0x9F)
_XML_WHITE_SPACE = frozenset({0x09, 0x0A, 0x0D})
_XML_RANGES = ((0x20, 0x7E), (0xA0, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))


def fix_references(markup: str) -> str:
    """Return markup with numeric references as a browser reads them.

    ``&#146;`` becomes a quote of Windows-1252, ``&#1;`` becomes nothing. libxml2 would put the control character into
    the tree, and trafilatura would then give up on the whole page.
    """
    return _REFERENCE.sub(_fix_reference, markup)


def _fix_reference(match: re.Match[str]) -> str:
    digits = match[1]
    point = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    if _C1_CONTROLS[0] <= point <= _C1_CONTROLS[1]:
        return unescape(f"&#{point};")
    if _is_xml(point):
        return match[0]
    return "&#8203;" if _JOINED.search(match.string, max(match.start() - _NAME, 0), match.start()) else ""


def _is_xml(point: int) -> bool:
    """True if XML 1.0 allows the character."""
    return point in _XML_WHITE_SPACE or any(low <= point <= high for low, high in _XML_RANGES)
