"""Gates in front of a parser: what they guard against happens inside it, where no signal reaches."""

from __future__ import annotations

import re

_ATTRIBUTE = re.compile(r"""\s*/?\s*[^\s=>"'/][^\s=>]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']*))?""")
_TAG_NAME = re.compile(r"[a-zA-Z][^\s/>]*")

LONG_STRETCH = 50_000
"""Characters without a ``<`` that make a tag worth counting its attributes."""

MAX_ATTRIBUTES = 5_000
"""Most attributes of one tag. libxml2 compares each with all before it: 200,000 take over 40 s inside C."""


def has_crowded_tag(markup: str) -> bool:
    """True when a tag has more than ``MAX_ATTRIBUTES`` attributes. Linear in the length of the markup."""
    stretches = markup.split("<")
    if max(map(len, stretches)) <= LONG_STRETCH:  # nearly every page: 0.3 ms for one of 300 kB instead of 0.6
        return False
    return any(len(stretch) > LONG_STRETCH and _attributes(stretch) > MAX_ATTRIBUTES for stretch in stretches)


def _attributes(stretch: str) -> int:
    """How many attributes the tag has whose text begins here, counted no further than needed."""
    name = _TAG_NAME.match(stretch)
    if name is None:
        return 0
    count, at = 0, name.end()
    while count <= MAX_ATTRIBUTES and (found := _ATTRIBUTE.match(stretch, at)):
        count, at = count + 1, found.end()
    return count
