"""Gates in front of a parser: what they guard against happens inside it, where no signal reaches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ATTRIBUTE = re.compile(r"""\s*/?\s*[^\s=>"'/][^\s=>]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']*))?""")
_TAG_NAME = re.compile(r"[a-zA-Z][^\s/>]*")

LONG_STRETCH = 50_000
"""Characters without a ``<`` that make a tag worth counting its attributes."""

MAX_ATTRIBUTES = 5_000
"""Most attributes of one tag. libxml2 compares each with all before it: 200,000 take over 40 s inside C."""


def has_crowded_tag(markup: str) -> bool:
    """True when a tag has more than ``MAX_ATTRIBUTES`` attributes. Linear in the length of the markup."""
    return any(_attributes(markup, start, end) > MAX_ATTRIBUTES for start, end in _long_stretches(markup))


def _long_stretches(markup: str) -> Iterator[tuple[int, int]]:
    """Where more than ``LONG_STRETCH`` characters follow each other without a ``<``.

    From one ``<`` it looks for the last within reach, so it reads little of a page: 0.01 ms for one of 300 kB.
    """
    at = -1  # as if one stood before the first character
    while at < len(markup):
        reach = at + 1 + LONG_STRETCH
        last = markup.rfind("<", at + 1, reach + 1)
        if last < 0:
            last = markup.find("<", reach)
            last = len(markup) if last < 0 else last
            if last > reach:
                yield at + 1, last
        at = last


def _attributes(markup: str, start: int, end: int) -> int:
    """How many attributes the tag has whose text stands here, counted no further than needed."""
    name = _TAG_NAME.match(markup, start, end)
    if name is None:
        return 0
    count, at = 0, name.end()
    while count <= MAX_ATTRIBUTES and (found := _ATTRIBUTE.match(markup, at, end)):
        count, at = count + 1, found.end()
    return count
