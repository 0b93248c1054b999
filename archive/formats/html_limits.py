"""Limits applied before an HTML parser, because what they guard against happens inside it, where no signal arrives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ATTRIBUTE = re.compile(r"""\s*+(?:/\s*+)?[^\s=>"'/][^\s=>]*+(?:\s*+=\s*+(?:"[^"]*"|'[^']*'|[^\s>"']*))?""")
_TAG_NAME = re.compile(r"[a-zA-Z][^\s/>]*")

LONG_STRETCH = 50_000
"""Characters without a ``<`` from which the attributes of a tag are counted."""

MAX_ATTRIBUTES = 5_000
"""Maximum number of attributes of one tag. libxml2 compares each with all before it: 200,000 take over 40 s inside C.
"""


def has_crowded_tag(markup: str) -> bool:
    """True if a tag has more than ``MAX_ATTRIBUTES`` attributes. Linear in the length of the markup."""
    return any(_count_attributes(markup, start, end) > MAX_ATTRIBUTES for start, end in _long_stretches(markup))


def _long_stretches(markup: str) -> Iterator[tuple[int, int]]:
    """Yield spans of more than ``LONG_STRETCH`` characters without a ``<``.

    From one ``<`` it jumps to the last one within reach, so it reads little of a page: 0.01 ms for one of 300 kB.
    """
    position = -1  # as if a ``<`` preceded the first character
    while position < len(markup):
        reach = position + 1 + LONG_STRETCH
        last = markup.rfind("<", position + 1, reach + 1)
        if last < 0:
            last = markup.find("<", reach)
            last = len(markup) if last < 0 else last
            if last > reach:
                yield position + 1, last
        position = last


def _count_attributes(markup: str, start: int, end: int) -> int:
    """Return the number of attributes of the tag at this position, counted no further than needed."""
    name = _TAG_NAME.match(markup, start, end)
    if name is None:
        return 0
    count, position = 0, name.end()
    while count <= MAX_ATTRIBUTES and (match := _ATTRIBUTE.match(markup, position, end)):
        count, position = count + 1, match.end()
    return count
