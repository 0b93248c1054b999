"""A change laid out in lines for showing: what was cut and added where it stood, moves at both ends."""

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
_UNSEEN = re.compile(
    rf"{_CONTROL.pattern}|[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164]"
    r"|[\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class Bit(NamedTuple):
    """A run of text on a line, and whether it is the same in both texts, cut or new."""

    mark: Literal["same", "cut", "new"]
    text: str


class Move(NamedTuple):
    """A passage that stands elsewhere now: its number, its paragraphs before and after (from 1), how it begins."""

    number: int
    old: int
    new: int
    text: str


@dataclass(slots=True)
class Line:
    """One paragraph of either text. ``arrived`` moved here; ``left`` stood here and is only told of."""

    bits: list[Bit] = field(default_factory=list)
    kinds: set[Kind] = field(default_factory=set)
    arrived: list[Move] = field(default_factory=list)
    left: Move | None = None

    @property
    def changed(self) -> bool:
        """True for a line that has something to show."""
        return bool(self.arrived or self.left) or any(bit.mark != "same" for bit in self.bits)

    @property
    def empty(self) -> bool:
        """True for a line without text."""
        return self.left is None and not any(bit.text.strip() for bit in self.bits)


def strip_controls(said: str) -> str:
    """Text without control and direction characters, tabs and line breaks kept."""
    return _CONTROL.sub("", said)


def headline_bits(change: Change, a: Text, b: Text) -> Sequence[Bit]:
    """The headline with what was cut and added, on one line."""
    bits = (bit for edit in change.headline for bit in _bits(edit, a.title, b.title))
    return [Bit(bit.mark, _safe(bit).replace("\n", " ")) for bit in bits]


def layout_lines(change: Change, a: Text, b: Text) -> Sequence[Line]:
    """Every paragraph of the newer text with its changes, and what was cut or moved away where it stood."""
    moves = _moves(change.edits, a.body, b.body)
    leaving = _leaving(change.edits, moves)
    found = [Line()]
    for edit in change.edits:
        for move in leaving.pop(edit, []):
            rest = found.pop() if found[-1].empty else Line()
            found += [Line(left=move), rest]
        if edit in moves:
            _write(found, Bit("same", a.body[slice(*edit.a)]), edit, moves[edit])
        else:
            for bit in _bits(edit, a.body, b.body):
                _write(found, bit, edit, None)
    found += [Line(left=move) for gone in leaving.values() for move in gone]
    return [line for line in found if not line.empty]


def fold_unchanged(shown: Sequence[Line], context: int) -> Iterator[tuple[bool, Sequence[Line]]]:
    """Runs of lines: True for those to show, that is changes and so many lines around, False for those to fold."""
    changed = [place for place, line in enumerate(shown) if line.changed]
    near = {place + step for place in changed for step in range(-context, context + 1)}
    for visible, group in groupby(enumerate(shown), key=lambda item: item[0] in near):
        yield visible, [line for _, line in group]


def remark(change: Change, shown: Sequence[Line]) -> str:
    """What a reader has to be told besides; empty if nothing."""
    if change.coarse:
        return "too much changed to compare word by word: some edits are whole paragraphs"
    if change.kinds == (Kind.RESIDUE,) and not any(line.changed for line in shown):
        return "the text is the same: only what was taken out as residue differs"
    seen = any(line.changed for line in shown) or any(edit.op != "equal" for edit in change.headline)
    return "only blanks differ" if change.kinds and not seen else ""


def _write(found: list[Line], bit: Bit, edit: Edit, move: Move | None) -> None:
    """Put a run of text on the last line; each line break in it opens another."""
    for place, text in enumerate(bit.text.split("\n")):
        if place and (found[-1].bits or found[-1].left):
            found.append(Line())
        if text:
            found[-1].bits.append(Bit(bit.mark, _safe(Bit(bit.mark, text))))
            found[-1].kinds.update(edit.kinds)
        if move is not None and text.strip() and move not in found[-1].arrived:
            found[-1].arrived.append(move)


def _safe(bit: Bit) -> str:
    return strip_controls(bit.text) if bit.mark == "same" else _UNSEEN.sub(_named, bit.text)


def _named(unseen: re.Match[str]) -> str:
    """A character that nobody would see, said in letters."""
    return f"[U+{ord(unseen.group()):04X}]"


def _bits(edit: Edit, a: str, b: str) -> Iterator[Bit]:
    """The runs of an edit; blanks around what was cut or added stay outside, and blanks that were cut are not shown."""
    cut, new = a[slice(*edit.a)], b[slice(*edit.b)]
    if edit.op in {"equal", "move"}:
        yield Bit("same", new)
        return
    if cut.strip():
        yield from _hugged("cut", cut)
    if new:
        lead_shown = cut.strip() and cut[:1].isspace() and new[:1].isspace()
        yield from _hugged("new", new.lstrip(" ") if lead_shown else new)


def _hugged(mark: Literal["cut", "new"], said: str) -> Iterator[Bit]:
    core = said.strip()
    if not core:
        yield Bit("same", said)
        return
    start = said.index(core)
    yield from (
        each
        for each in (Bit("same", said[:start]), Bit(mark, core), Bit("same", said[start + len(core) :]))
        if each.text
    )


def _moves(edits: Sequence[Edit], a: str, b: str) -> dict[Edit, Move]:
    moved = [edit for edit in edits if edit.op == "move" and a[slice(*edit.a)].strip()]
    if not moved:
        return {}
    at_a, at_b = _paragraph_starts(a), _paragraph_starts(b)
    told = {}
    for number, edit in enumerate(moved, start=1):
        text = a[slice(*edit.a)]
        lead = len(text) - len(text.lstrip())
        old, new = (max(bisect_right(at, place + lead), 1) for at, place in ((at_a, edit.a[0]), (at_b, edit.b[0])))
        told[edit] = Move(number, old, new, strip_controls(" ".join(text.split())))
    return told


def _paragraph_starts(text: str) -> list[int]:
    return [line.start() for line in re.finditer(r"[^\n]*\S[^\n]*", text)]


def _leaving(edits: Sequence[Edit], moves: dict[Edit, Move]) -> dict[Edit | None, list[Move]]:
    """For each edit that stayed, the passages that stood right before it and moved; under None those at the end."""
    stayed_put = ((place, edit) for place, edit in enumerate(edits) if edit.op != "move" and edit.a[0] < edit.a[1])
    staying = sorted((edit.a[0], place) for place, edit in stayed_put)
    leaving: dict[Edit | None, list[Move]] = {}
    for edit, move in moves.items():
        after = bisect_right(staying, (edit.a[1], -1))
        stayed = edits[staying[after][1]] if after < len(staying) else None
        leaving.setdefault(stayed, []).append(move)
    return leaving
