"""Snippets of changes on one line, and marked runs of text as JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.versions.diff.layout import headline_bits, layout_lines
from db.records import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.versions.diff.layout import Bit, Line
    from db.records import Change, Text

    Json = dict[str, Any]

AROUND = 48
"""Characters of context before and after a change."""

_LONGEST = 150  # most characters of one removed or added run
_WEIGHT = {kind: place for place, kind in enumerate(Kind)}  # kinds are listed by importance


def as_json(bits: Iterable[Bit]) -> list[Json]:
    """Return runs of text as JSON values with their marks: same, cut, new."""
    return [{"mark": bit.mark, "text": bit.text} for bit in bits if bit.text]


def title_bits(change: Change, a: Text, b: Text) -> list[Json]:
    """Return the headline with removed and added words marked."""
    return as_json(headline_bits(change, a, b))


def strongest(change: Change, a: Text, b: Text) -> list[Json]:
    """Return the first edit of the most important paragraph with context, empty if only the headline changed."""
    return next(weightiest(layout_lines(change, a, b)), [])


def weightiest(lines: Iterable[Line]) -> Iterator[list[Json]]:
    """Yield the first edit of each changed paragraph with context, the most important kinds first."""
    changed = [line for line in lines if line.changed]
    changed.sort(key=lambda line: min((_WEIGHT[kind] for kind in line.kinds), default=len(_WEIGHT)))
    return map(_around_edit, changed)


def _around_edit(line: Line) -> list[Json]:
    if line.left is not None:
        return [{"mark": "same", "text": f"moved to paragraph {line.left.new}: {_cut(line.left.text)}"}]
    marks = [bit.mark for bit in line.bits]
    first = next((index for index, mark in enumerate(marks) if mark != "same"), None)
    if first is None:
        old = line.arrived[0].old if line.arrived else 0
        text = "".join(bit.text for bit in line.bits)
        return [{"mark": "same", "text": f"moved here from paragraph {old}: {_cut(text)}"}]
    last = first + 1
    while last < len(marks) and marks[last] != "same":
        last += 1
    before = "".join(bit.text for bit in line.bits[:first])
    following = "".join(bit.text for bit in line.bits[last : last + 1])
    runs = [
        {"mark": "same", "text": _end(before)},
        *({"mark": bit.mark, "text": _cut(bit.text)} for bit in line.bits[first:last]),
        {"mark": "same", "text": _start(following)},
    ]
    return [run for run in runs if run["text"]]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rsplit(" ", 1)[0] + " \u2026"


def _end(text: str) -> str:
    return text if len(text) <= AROUND else "\u2026" + text[-AROUND:].partition(" ")[2]


def _start(text: str) -> str:
    return text if len(text) <= AROUND else text[:AROUND].rpartition(" ")[0] + " \u2026"


def counts(change: Change, lines: Sequence[Line]) -> Json:
    """Return the numbers of paragraphs, edited and moved ones, and of removed and added runs."""
    marks: list[str] = [bit.mark for line in lines for bit in line.bits]
    marks += [{"insert": "new", "delete": "cut"}.get(edit.op, edit.op) for edit in change.headline]
    replaced = marks.count("replace")
    return {
        "paragraphs": len([line for line in lines if line.left is None]),
        "edited": len([line for line in lines if line.changed and line.left is None]),
        "moved": len([edit for edit in change.edits if edit.op == "move"]),
        "cut": marks.count("cut") + replaced,
        "added": marks.count("new") + replaced,
    }
