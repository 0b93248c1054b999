"""A change laid out in lines: cut and added text where it was, moves at both ends."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Literal, NamedTuple

from db.records import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from db.records import Change, Edit, Text

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile(
    rf"{_CONTROL.pattern}|[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164]"
    r"|[\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class Bit(NamedTuple):
    """A run of text on a line: the same in both texts, cut or new."""

    mark: Literal["same", "cut", "new"]
    text: str


class Move(NamedTuple):
    """A passage that moved: its number, its paragraphs before and after (from 1), and its text on one line."""

    number: int
    old: int
    new: int
    text: str


@dataclass(slots=True)
class Line:
    """One paragraph of either text. ``arrived`` are moves to here, ``left`` a move from here."""

    bits: list[Bit] = field(default_factory=list)
    kinds: set[Kind] = field(default_factory=set)
    arrived: list[Move] = field(default_factory=list)
    left: Move | None = None

    @property
    def changed(self) -> bool:
        """True for a line with a change."""
        return bool(self.arrived or self.left) or any(bit.mark != "same" for bit in self.bits)

    @property
    def empty(self) -> bool:
        """True for a line without text."""
        return self.left is None and not any(bit.text.strip() for bit in self.bits)


def strip_controls(text: str) -> str:
    """Return text without control and direction characters. Tabs and line breaks stay."""
    return _CONTROL.sub("", text)


def headline_bits(change: Change, a: Text, b: Text) -> Sequence[Bit]:
    """Return the headline on one line, with cut and added text."""
    bits = (bit for edit in change.headline for bit in _bits(edit, a.title, b.title))
    return [Bit(bit.mark, _safe(bit).replace("\n", " ")) for bit in bits]


def layout_lines(change: Change, a: Text, b: Text) -> Sequence[Line]:
    """Return every paragraph of the newer text with its changes, and cut or moved text where it was."""
    moves = _moves(change.edits, a.body, b.body)
    moves_before = _find_moves_before(change.edits, moves)
    lines = [Line()]
    for edit in change.edits:
        for move in moves_before.pop(edit, []):
            last = lines.pop() if lines[-1].empty else Line()
            lines += [Line(left=move), last]
        if edit in moves:
            _write(lines, Bit("same", a.body[slice(*edit.a)]), edit, moves[edit])
        else:
            for bit in _bits(edit, a.body, b.body):
                _write(lines, bit, edit, None)
    lines += [Line(left=move) for remaining in moves_before.values() for move in remaining]
    return [line for line in lines if not line.empty]


def fold_unchanged(lines: Sequence[Line], context: int) -> Iterator[tuple[bool, Sequence[Line]]]:
    """Yield runs of lines, with True for those to show and False for those to fold.

    Changed lines are shown, and ``context`` lines before and after each.
    """
    changed = [index for index, line in enumerate(lines) if line.changed]
    visible_indexes = {index + step for index in changed for step in range(-context, context + 1)}
    for visible, group in groupby(enumerate(lines), key=lambda entry: entry[0] in visible_indexes):
        yield visible, [line for _, line in group]


def remark(change: Change, lines: Sequence[Line]) -> str:
    """Return a note for the reader on how to read the change. Empty if there is none."""
    if change.coarse:
        return "too much changed to compare word by word: some edits are whole paragraphs"
    if change.kinds == (Kind.RESIDUE,) and not any(line.changed for line in lines):
        return "the text is the same: only what was taken out as residue differs"
    visible = any(line.changed for line in lines) or any(edit.op != "equal" for edit in change.headline)
    return "only blanks differ" if change.kinds and not visible else ""


def _write(lines: list[Line], bit: Bit, edit: Edit, move: Move | None) -> None:
    """Append a run of text to the last line. Each line break in it starts another."""
    for index, text in enumerate(bit.text.split("\n")):
        if index and (lines[-1].bits or lines[-1].left):
            lines.append(Line())
        if text:
            lines[-1].bits.append(Bit(bit.mark, _safe(Bit(bit.mark, text))))
            lines[-1].kinds.update(edit.kinds)
        if move is not None and text.strip() and move not in lines[-1].arrived:
            lines[-1].arrived.append(move)


def _safe(bit: Bit) -> str:
    return strip_controls(bit.text) if bit.mark == "same" else _INVISIBLE.sub(_escape_invisible, bit.text)


def _escape_invisible(match: re.Match[str]) -> str:
    """Return the code of an invisible character in visible letters."""
    return f"[U+{ord(match.group()):04X}]"


def _bits(edit: Edit, a: str, b: str) -> Iterator[Bit]:
    """Yield the runs of an edit.

    Blanks around cut or added text are not marked, and cut blanks are not shown.
    """
    cut, new = a[slice(*edit.a)], b[slice(*edit.b)]
    if edit.op in {"equal", "move"}:
        yield Bit("same", new)
        return
    if cut.strip():
        yield from _trimmed("cut", cut)
    if new:
        blank_shown = cut.strip() and cut[:1].isspace() and new[:1].isspace()
        yield from _trimmed("new", new.lstrip(" ") if blank_shown else new)


def _trimmed(mark: Literal["cut", "new"], text: str) -> Iterator[Bit]:
    core = text.strip()
    if not core:
        yield Bit("same", text)
        return
    start = text.index(core)
    bits = (Bit("same", text[:start]), Bit(mark, core), Bit("same", text[start + len(core) :]))
    yield from (bit for bit in bits if bit.text)


def _moves(edits: Sequence[Edit], a: str, b: str) -> dict[Edit, Move]:
    moved = [edit for edit in edits if edit.op == "move" and a[slice(*edit.a)].strip()]
    if not moved:
        return {}
    starts_a, starts_b = _paragraph_starts(a), _paragraph_starts(b)
    moves = {}
    for number, edit in enumerate(moved, start=1):
        text = a[slice(*edit.a)]
        lead = len(text) - len(text.lstrip())
        old = max(bisect_right(starts_a, edit.a[0] + lead), 1)
        new = max(bisect_right(starts_b, edit.b[0] + lead), 1)
        moves[edit] = Move(number, old, new, strip_controls(" ".join(text.split())))
    return moves


def _paragraph_starts(text: str) -> list[int]:
    return [line.start() for line in re.finditer(r"[^\n]*\S[^\n]*", text)]


def _find_moves_before(edits: Sequence[Edit], moves: dict[Edit, Move]) -> dict[Edit | None, list[Move]]:
    """Return for each edit that stayed the moved passages that were right before it.

    Under None are those at the end.
    """
    fixed = ((index, edit) for index, edit in enumerate(edits) if edit.op != "move" and edit.a[0] < edit.a[1])
    by_start = sorted((edit.a[0], index) for index, edit in fixed)
    moves_before: dict[Edit | None, list[Move]] = {}
    for edit, move in moves.items():
        after = bisect_right(by_start, (edit.a[1], -1))
        following = edits[by_start[after][1]] if after < len(by_start) else None
        moves_before.setdefault(following, []).append(move)
    return moves_before
