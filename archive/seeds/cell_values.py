"""The values of cells and keys of the index. Each function parses a text.

Or it raises BadInput, which says what was expected.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from archive.timestamps import DURATION_EXAMPLES, parse_duration
from db.errors import BadInput
from db.records import SeedKind

if TYPE_CHECKING:
    from db.records import Every

WRITTEN_KINDS: Final = {str(kind): kind for kind in SeedKind if kind.is_listable}
"""The kinds that a row may have, by the word for each."""

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BUDGET: Final = re.compile(r"([1-9]\d{0,6}) ?/ ?day", re.ASCII | re.IGNORECASE)


def parse_kind(text: str) -> SeedKind:
    """Parse the kind of a source."""
    try:
        return WRITTEN_KINDS[text.lower()]
    except KeyError:
        raise BadInput(f"one of {', '.join(WRITTEN_KINDS)}") from None


def parse_every(text: str) -> Every:
    """Parse how often a source is checked.

    ``paused`` may be followed by what counts when it is not paused any more, as in ``paused 4h``.
    """
    word, _, rest = text.lower().partition(" ")
    match word, rest:
        case "auto", "":
            return "auto"
        case "once", "":
            return "once"
        case "paused", "" | "auto" | "once":
            return "paused"
    try:
        duration = parse_duration(rest if word == "paused" else text)
    except BadInput:
        raise BadInput(f"auto, once, paused, or a duration ({DURATION_EXAMPLES})") from None
    return "paused" if word == "paused" else duration


def parse_language(text: str) -> str:
    """Parse the language of a group."""
    if _LANGUAGE.fullmatch(text) is None:
        raise BadInput("a language code (en, es, pt-BR)")
    return text


def parse_budget(text: str) -> int:
    """Parse a number of visits a day."""
    match = _BUDGET.fullmatch(text)
    if match is None:
        raise BadInput("visits a day, a whole number from 1 on")
    return int(match[1])


def parse_yes_no(text: str) -> bool:
    """Parse a setting that is on or off."""
    if text.lower() not in {"yes", "no", "true", "false"}:
        raise BadInput("yes or no")
    return text.lower() in {"yes", "true"}
