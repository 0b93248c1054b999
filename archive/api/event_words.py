"""The words of an edit: those removed, those that came, and the sentence around them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archive.api.remembered_changes import compare_remembered
from archive.versions.diff.layout import headline_bits, layout_lines
from db.queries import versions as version_queries
from db.records import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archive.versions.diff.layout import Bit, Line
    from db.reader import Ask
    from db.records import Change, Event, Text

AROUND = 60
"""Characters of context before and after the words."""

LONGEST = 200
"""Most characters of removed or added words."""

MOST_CHARACTERS = 60_000
"""Longest texts that are compared for their words: 50 ms. The words of longer ones are left out."""

_WEIGHT = {kind: place for place, kind in enumerate(Kind)}  # kinds are listed by importance


def with_words(ask: Ask, event: Event) -> Event:
    """Return an edit with its words before and after and their context. Other events are returned unchanged."""
    if not event.kind.is_edit or event.version is None or event.source_id is None:
        return event
    both = version_queries.pair_of_texts(ask, event.source_id, event.version)
    if both is None or max(len(text.body) for text in both) > MOST_CHARACTERS:
        return event
    before, after, context = words(compare_remembered(*both), *both)
    return replace(event, before=before, after=after, detail=context)


def words(change: Change, a: Text, b: Text) -> tuple[str, str, str]:
    """Return the words that the weightiest edit removed, those that came, and the sentence around them.

    In the sentence the edit reads ``[old -> new]``. A changed headline comes whole, before and after.
    """
    if any(edit.op != "equal" for edit in change.headline):
        return a.title, b.title, _marked(headline_bits(change, a, b))
    lines = sorted((line for line in layout_lines(change, a, b) if line.changed), key=_rank)
    return next((_of_line(line) for line in lines), ("", "", ""))


def _rank(line: Line) -> int:
    return min((_WEIGHT[kind] for kind in line.kinds), default=len(_WEIGHT))


def _of_line(line: Line) -> tuple[str, str, str]:
    if line.left is not None:
        return "", "", f"moved to paragraph {line.left.new}: {_cut(line.left.text)}"
    first = next((index for index, bit in enumerate(line.bits) if bit.mark != "same"), None)
    if first is None:
        return "", "", f"moved here: {_cut(''.join(bit.text for bit in line.bits))}"
    last = first
    while last < len(line.bits) and line.bits[last].mark != "same":
        last += 1
    edit = line.bits[first:last]
    before, after = ("".join(bit.text for bit in edit if bit.mark == mark).strip() for mark in ("cut", "new"))
    context = [*_ends("".join(bit.text for bit in line.bits[:first]), start=True), *_marked_bits(edit)]
    context += _ends("".join(bit.text for bit in line.bits[last : last + 1]), start=False)
    return _cut(before), _cut(after), "".join(context).strip()


def _marked(bits: Sequence[Bit]) -> str:
    """Return a line in which each run of edits reads ``[old -> new]``."""
    pieces: list[str] = []
    run: list[Bit] = []
    for bit in bits:
        if bit.mark == "same":
            pieces += [*_marked_bits(run), bit.text]
            run = []
        else:
            run.append(bit)
    return "".join([*pieces, *_marked_bits(run)]).strip()


def _marked_bits(edit: Iterable[Bit]) -> list[str]:
    bits = list(edit)
    old, new = ("".join(bit.text for bit in bits if bit.mark == mark) for mark in ("cut", "new"))
    if not (old or new).strip():
        return []
    text = (
        f"{_cut(old.strip())} \u2192 {_cut(new.strip())}" if old.strip() and new.strip() else _cut((new or old).strip())
    )
    sign = "" if old.strip() and new.strip() else ("+" if new.strip() else "-")
    outer = new or old
    return [" " * outer[:1].isspace(), f"[{sign}{text}]", " " * outer[-1:].isspace()]


def _ends(text: str, *, start: bool) -> list[str]:
    if len(text) <= AROUND:
        return [text]
    if start:
        return ["\u2026", text[-AROUND:].partition(" ")[2]]
    return [text[:AROUND].rpartition(" ")[0], " \u2026"]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + " \u2026"
