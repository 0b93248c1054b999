"""Parse the keys of a group that select its notices: ``notify``, ``notify-words`` and ``notify-min-score``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from db.errors import BadInput
from db.records import EventKind, Kind

if TYPE_CHECKING:
    from db.records import NotifyRule

RULE_EXAMPLES: Final = {
    "notify": "notify: number, gone, copied",
    "notify-words": "notify_words: flood, minister",
    "notify-min-score": "notify_min_score: 0.3",
}
"""The keys, each with an example."""

_WORDS: Final = tuple(dict.fromkeys(("all", *map(str, EventKind), *map(str, Kind))))
_MOST_WORDS: Final = 100
_LONGEST_WORD: Final = 80


def read_rule(rule: NotifyRule, key: str, value: str) -> NotifyRule:
    """Return ``rule`` with the value of a key. Raises BadInput with what was expected."""
    match key:
        case "notify":
            return replace(rule, kinds=_kinds(value))
        case "notify-words":
            return replace(rule, words=_words(value))
    return replace(rule, least=_share(value))


def _kinds(text: str) -> tuple[str, ...]:
    """Return kinds of events and edits in their fixed order. ``none`` gives an empty tuple."""
    words = {"_".join(part.strip().lower().replace("-", " ").split()) for part in text.split(",")}
    if words == {"none"}:
        return ()
    if words - set(_WORDS):
        raise BadInput(f"all, none, or some of {', '.join(_WORDS[1:])}")
    return tuple(word for word in _WORDS if word in words)


def _words(text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(" ".join(part.split()) for part in text.split(",") if part.strip()))
    if not words or len(words) > _MOST_WORDS or any(len(word) > _LONGEST_WORD for word in words):
        raise BadInput(f"one to {_MOST_WORDS} words, separated by commas, each of at most {_LONGEST_WORD} characters")
    return words


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise BadInput("a weight from 0 to 1")
    return number
