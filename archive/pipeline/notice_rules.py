"""Select the events that a receiver gets: the rules of the groups of the seed index."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from db.records import EventKind, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from db.records import Event, NotifyRule, Seed

ALL: Final = "all"
"""The word of a rule for every event but new articles and edits that change nothing an article says."""

_TRIFLES: Final = frozenset({str(Kind.COSMETIC), str(Kind.RESIDUE)})
_FIRST_CJK: Final = "\u2e80"  # scripts without blanks begin here: a word may stand inside a run of letters


class Rules:
    """The rules of an index, by seed."""

    def __init__(self, seeds: Iterable[Seed]) -> None:
        self._by_seed: Mapping[str, NotifyRule] = {seed.key: seed.notify for seed in seeds if seed.notify}
        self._all = tuple(dict.fromkeys(self._by_seed.values()))

    def __bool__(self) -> bool:
        return bool(self._by_seed)

    def kinds(self) -> tuple[EventKind, ...]:
        """Return the kinds of event that any rule can select, so that no others are derived."""
        return tuple(kind for kind in EventKind if any(_may_select(rule, kind) for rule in self._all))

    def of(self, event: Event) -> tuple[NotifyRule, ...]:
        """Return the rules that apply: of the event's group, of the original's for a copy, all for a run or a host."""
        if event.source_id is None:
            return self._all
        rules = (self._by_seed.get(key) for key in (event.seed_key, event.other_seed_key))
        return tuple(rule for rule in rules if rule is not None)

    def select(self, event: Event) -> bool:
        """True if a rule selects an event by its kind and weight, whatever its words."""
        return any(_selects(rule, event) for rule in self.of(event))

    def select_words(self, event: Event) -> bool:
        """True if a rule selects an event by kind, weight and words."""
        text = f"{event.title} {event.other_title} {event.before} {event.after} {event.detail}".casefold()
        return any(_selects(rule, event) and _has_word(rule, text) for rule in self.of(event))


def _may_select(rule: NotifyRule, kind: EventKind) -> bool:
    kinds = set(rule.kinds or (ALL,))
    if kind in kinds or (ALL in kinds and kind is not EventKind.NEW):
        return True
    return kind.is_edit and bool(kinds.intersection((EventKind.EDITED, *map(str, Kind))))


def _selects(rule: NotifyRule, event: Event) -> bool:
    if event.weight < rule.least:
        return False
    kinds = set(rule.kinds or (ALL,))
    edits = set(event.edits) if event.kind.is_edit else set()
    is_named = str(event.kind) in kinds or bool(edits & kinds) or (event.kind.is_edit and EventKind.EDITED in kinds)
    is_trifle = event.kind is EventKind.NEW or (event.kind.is_edit and edits <= _TRIFLES)
    return is_named or (ALL in kinds and not is_trifle)


def _has_word(rule: NotifyRule, text: str) -> bool:
    """True if a word of the rule begins a word of a text in small letters: flood finds floods. No words: always."""
    return not rule.words or any(_occurs(word.casefold(), text) for word in rule.words)


def _occurs(word: str, text: str) -> bool:
    if word[0] >= _FIRST_CJK:
        return word in text
    return re.search(rf"(?<!\w){re.escape(word)}", text) is not None
