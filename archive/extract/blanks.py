"""Blanks of a chosen width and joiners on their way through an extractor, which turns the first into plain ones.

It drops joiners, which are part of the spelling in Persian and in the scripts of India, and of many emoji. In the tree
every single one is written as a printable sign that no article has (tetragrams of the Tai Xuan Jing), and the sign in
the extracted text is the character again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from db.typography import BLANKS, JOINERS

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_SIGNS = {ord(character): 0x1D306 + number for number, character in enumerate(BLANKS + JOINERS)}
_BLANKS = {sign: blank for blank, sign in _SIGNS.items()}
_SINGLE = re.compile(rf"(?<!\s)[{BLANKS}](?!\s)|(?<=\S)[{JOINERS}](?=\S)")
_SIGN = re.compile(f"[{''.join(map(chr, _BLANKS))}]")


Written = list[tuple["HtmlElement", str | None, str | None]]
"""Elements in which signs were written, with their text and tail as they were."""


def write_blanks_as_signs(root: HtmlElement) -> Written:
    """Replace each single blank and joiner in the texts of a tree, and return what was there for `restore_blanks`.

    A tree that has such a sign stays as it is.
    """
    written: Written = []
    for element in root.iter():
        text, tail = element.text, element.tail
        if (text is None or text.isascii()) and (tail is None or tail.isascii()):
            continue  # most elements
        if any(part and not part.isascii() and _SIGN.search(part) for part in (text, tail)):
            restore_blanks(written)
            return []
        if _has_single(text) or _has_single(tail):
            written.append((element, text, tail))
            element.text = text and _SINGLE.sub(_sign, text)
            element.tail = tail and _SINGLE.sub(_sign, tail)
    return written


def restore_blanks(written: Written) -> None:
    """Write the texts of a tree as they were before signs were written in them."""
    for element, text, tail in written:
        element.text, element.tail = text, tail


def _has_single(text: str | None) -> bool:
    if text is None or text.isascii() or text.isspace():
        return False
    return _SINGLE.search(text) is not None


def write_signs_as_blanks(text: str) -> str:
    """Return an extracted text with its blanks again."""
    return text if text.isascii() else text.translate(_BLANKS)


def _sign(match: re.Match[str]) -> str:
    return chr(_SIGNS[ord(match.group())])
