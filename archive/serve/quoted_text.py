"""Strangers' text for agents: without invisible characters, and between marks that it cannot contain."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

from archive.serve.hidden_characters import is_invisible

_MARKED: Final = re.compile(r"\s*<archived (\w{16})>\n(?P<text>[^\n]*)\n</archived \1>\s*")
_URL: Final = re.compile(r"https?://[^\s'\"<>]+")

_LAYOUT: Final = "\t\n"
_REMOVED: Final = frozenset({"Cc", "Cs"})  # controls, and halves of surrogate pairs
_TAGS: Final = range(0xE0000, 0xE1000)  # tags, variation selectors of ideographs, and the rest of that plane
_DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MOST_IN_A_ROW: Final = 2
"""Invisible characters of words (joiners, soft hyphens, marks of direction) in a row. Languages and emoji need two;
more can only hold a hidden message."""


def quote(text: str) -> str:
    """Return ``text``, made `visible`, between marks that it cannot contain: they carry its own digest."""
    content = visible(text)
    mark = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:16]
    return f"<archived {mark}>\n{content}\n</archived {mark}>"


def unquote(argument: str) -> str:
    """Return an argument of an agent that copied it with its marks without them, any other as it is."""
    match = _MARKED.fullmatch(argument)
    return argument if match is None else match["text"]


def quote_urls(message: str) -> str:
    """Return a message of ours, made `visible`, with each address in it between marks: a publisher chose it."""
    return _URL.sub(lambda match: quote(match[0]), visible(message))


def visible(text: str) -> str:
    """Return ``text`` without characters that people do not see and models read.

    Removed are controls (escape sequences of terminals lose their first character), tag characters, changes of writing
    direction, and what is left of broken encodings. Marks within words stay, unless there are more than
    `_MOST_IN_A_ROW` in a row. Takes linear time.
    """
    if text.isascii() and text.isprintable():
        return text
    letters: list[str] = []
    in_a_row = 0
    for letter in text.replace("\r\n", "\n").replace("\r", "\n"):
        if _is_removed(letter):
            continue
        in_a_row = in_a_row + 1 if is_invisible(letter) else 0
        if in_a_row <= _MOST_IN_A_ROW:
            letters.append(letter)
    return "".join(letters)


def _is_removed(letter: str) -> bool:
    if letter in _LAYOUT:
        return False
    return letter in _DIRECTIONS or ord(letter) in _TAGS or unicodedata.category(letter) in _REMOVED
