"""Write a change for a terminal, as unified text, or as JSON. Marks carry the meaning, colour only repeats it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from archive.versions.diff.layout import fold_unchanged, headline_bits, layout_lines, remark, strip_controls
from archive.versions.diff.paragraph_alignment import in_common_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.versions.diff.layout import Bit, Line, Move
    from db.records import Change, Edit, Text

_RED, _GREEN, _BLUE, _GREY, _BOLD, _PLAIN = (f"\x1b[{code}m" for code in (31, 32, 34, 90, 1, 0))
_FIRST_WORDS = 40
_AROUND = 2  # lines of context in a unified diff


def render_terminal(change: Change, a: Text, b: Text, *, colour: bool, context: int = 1) -> str:
    """Return the change paragraph by paragraph: ``[-cut-] {+added+}``, moves at both ends, the rest folded.

    ``context`` is how many unchanged paragraphs stay visible around a change. Control characters are dropped, or shown
    by their code if they changed, so an archived page cannot control the reader's terminal.
    """
    brush = _Brush(colour)
    kinds = ", ".join(change.kinds) or "no change"
    lines = layout_lines(change, a, b)
    note = remark(change, lines)
    head = [brush.paint(f"{kinds} (score {change.score:.2f})", _BOLD), *([note] if note else [])]
    title = brush.paint(brush.bits(headline_bits(change, a, b)), _BOLD)
    return "\n".join([*head, title, "", *_terminal_lines(lines, context, brush)]).rstrip("\n") + "\n"


def render_unified(change: Change, a: Text, b: Text) -> str:
    """Return unified text by paragraphs, headline first, in the format of ``diff -u``. Empty if nothing changed."""
    if not change.kinds:
        return ""
    before, after = ([strip_controls(line) for line in (text.title, *text.body.split("\n"))] for text in (a, b))
    old, new = (f"{text.sha256[:12]} {strip_controls(text.title)}".strip() for text in (a, b))
    return "\n".join([f"--- {old}", f"+++ {new}", *_hunks(before, after)]) + "\n"


def _hunks(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Yield runs of cut and added lines with two lines around each. Runs close to each other share a hunk."""
    steps: list[tuple[str, int, int]] = []  # the sign of each line, and the number of lines before it on both sides
    i = j = 0
    for x, y in (*sorted(in_common_order(before, after)), (len(before), len(after))):
        steps += [("-", place, j) for place in range(i, x)] + [("+", x, place) for place in range(j, y)]
        steps += [(" ", x, y)] if x < len(before) else []
        i, j = x + 1, y + 1
    changed = (index for index, step in enumerate(steps) if step[0] != " ")
    visible_indexes = {index + by for index in changed for by in range(-_AROUND, _AROUND + 1)}
    for visible, group in groupby(enumerate(steps), key=lambda entry: entry[0] in visible_indexes):
        if visible:
            hunk = [step for _, step in group]
            cut, new = sum(sign != "+" for sign, _, _ in hunk), sum(sign != "-" for sign, _, _ in hunk)
            yield f"@@ -{_range(hunk[0][1], cut)} +{_range(hunk[0][2], new)} @@"
            yield from (sign + (after[y] if sign == "+" else before[x]) for sign, x, y in hunk)


def _range(before: int, count: int) -> str:
    """Return the first line and the number of lines of one side of a hunk, as ``diff -u`` counts them."""
    start = before + 1 if count else before
    return f"{start}" if count == 1 else f"{start},{count}"


def edits_json(change: Change, a: Text, b: Text) -> dict[str, Any]:
    """Return the change as JSON values: kinds, score, and the edits with their kinds, offsets and texts."""
    return {
        "kinds": [str(kind) for kind in change.kinds],
        "score": change.score,
        "coarse": change.coarse,
        "headline": [_as_json(edit, a.title, b.title) for edit in change.headline],
        "edits": [_as_json(edit, a.body, b.body) for edit in change.edits],
    }


def _as_json(edit: Edit, a: str, b: str) -> dict[str, Any]:
    return {
        "op": edit.op,
        "a": list(edit.a),
        "b": list(edit.b),
        "a_text": a[slice(*edit.a)],
        "b_text": b[slice(*edit.b)],
        "kinds": [str(kind) for kind in edit.kinds],
    }


@dataclass(frozen=True, slots=True)
class _Brush:
    """Writes marks, and colours if asked."""

    colour: bool

    def paint(self, text: str, code: str) -> str:
        return f"{code}{text}{_PLAIN}" if self.colour and text else text

    def bits(self, bits: Iterable[Bit]) -> str:
        return "".join(self._bit(bit) for bit in bits)

    def _bit(self, bit: Bit) -> str:
        if bit.mark == "same":
            return bit.text
        return self.paint(f"[-{bit.text}-]", _RED) if bit.mark == "cut" else self.paint(f"{{+{bit.text}+}}", _GREEN)

    def line(self, line: Line) -> str:
        if line.left is not None:
            return _moved_away_note(line.left)
        arrived = "".join(f"(moved here from \u00b6{move.old}) " for move in line.arrived)
        return self.paint(arrived, _BLUE) + self.bits(line.bits).strip()


def _moved_away_note(move: Move) -> str:
    first = move.text[:_FIRST_WORDS].rstrip() + ("..." if len(move.text) > _FIRST_WORDS else "")
    return f'(moved to \u00b6{move.new}: "{first}")'


def _terminal_lines(lines: Sequence[Line], context: int, brush: _Brush) -> Iterator[str]:
    for visible, group in fold_unchanged(lines, context):
        if visible:
            for line in group:
                yield from (brush.line(line), "")
        else:
            yield brush.paint(f"... {len(group)} unchanged paragraph{'s' * (len(group) > 1)}", _GREY)
            yield ""
