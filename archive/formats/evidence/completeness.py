"""Captures that the log has and the file lacks: each capture names the one of the same address before it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def completeness(facts: Mapping[int, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield a sentence for each address, and why it is not proven (empty: it is). ``facts`` of captures by number.

    ``same_before`` is the number of the capture before, 0 for none. Captures of an older wirecopy do not have it.
    """
    by_source: dict[str, list[int]] = {}
    for number in sorted(facts):
        by_source.setdefault(str(facts[number].get("source")), []).append(number)
    for source, numbers in by_source.items():
        first, last = numbers[0], numbers[-1]
        is_first = facts[first].get("same_before") == 0
        span = f"up to number {last}" if is_first else f"from number {first} to {last}"
        sentence = f"{span} the log has no other capture of {source}"
        broken = [late for early, late in pairwise(numbers) if facts[late].get("same_before") != early]
        if any(facts[number].get("same_before") is None for number in broken):
            yield sentence, "captures of an older wirecopy do not name the one before"
        else:
            yield sentence, f"the one before number {broken[0]} is not in this file" if broken else ""
