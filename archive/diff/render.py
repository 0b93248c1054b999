"""A change shown: on a terminal, as unified text, as JSON. Marks carry the meaning, colour only repeats it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import unified_diff
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from db.records import Change, Edit, Text

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_RED, _GREEN, _BLUE, _GREY, _BOLD, _PLAIN = (f"\x1b[{code}m" for code in (31, 32, 34, 90, 1, 0))
_FIRST_WORDS = 40


def render_terminal(change: Change, a: Text, b: Text, *, colour: bool, context: int = 1) -> str:
    """The change paragraph by paragraph: ``[-cut-] {+added+}``, moves at both ends, the rest folded.

    ``context`` is how many unchanged paragraphs stay visible around a change. Control characters of the content are
    dropped: an archived page cannot drive the reader's terminal.
    """
    brush = _Brush(colour)
    kinds = ", ".join(change.kinds) or "no change"
    head = brush.bold(f"{kinds} (score {change.score:.2f})")
    title = "".join(brush.edit(edit, a.title, b.title) for edit in change.headline)
    lines = _folded(_paragraphs(change.edits, a.body, b.body, brush), context, brush)
    return "\n".join([head, brush.bold(title), "", *lines]).rstrip("\n") + "\n"


def render_unified(change: Change, a: Text, b: Text) -> str:
    """Unified text by paragraphs, headline first, as ``diff -u`` prints it; empty when nothing changed."""
    if not change.kinds:
        return ""
    before, after = ([clean(line) for line in (text.title, *text.body.split("\n"))] for text in (a, b))
    old, new = (f"{text.sha256[:12]} {clean(text.title)}".strip() for text in (a, b))
    return "\n".join(unified_diff(before, after, old, new, lineterm="", n=2)) + "\n"


def edits_json(change: Change, a: Text, b: Text) -> dict[str, Any]:
    """The change as JSON values: kinds, score, and every edit with its offsets and the texts of both sides."""
    return {
        "kinds": [str(kind) for kind in change.kinds],
        "score": change.score,
        "headline": [_as_json(edit, a.title, b.title) for edit in change.headline],
        "edits": [_as_json(edit, a.body, b.body) for edit in change.edits],
    }


def clean(said: str) -> str:
    """Text without control and direction characters, tabs and line breaks kept."""
    return _CONTROL.sub("", said)


def _as_json(edit: Edit, a: str, b: str) -> dict[str, Any]:
    return {
        "op": edit.op,
        "a": list(edit.a),
        "b": list(edit.b),
        "a_text": a[slice(*edit.a)],
        "b_text": b[slice(*edit.b)],
    }


@dataclass(frozen=True, slots=True)
class _Brush:
    """Draws marks, and colours when asked."""

    colour: bool

    def paint(self, said: str, code: str) -> str:
        return f"{code}{said}{_PLAIN}" if self.colour and said else said

    def bold(self, said: str) -> str:
        return self.paint(said, _BOLD)

    def edit(self, edit: Edit, a: str, b: str) -> str:
        cut, new = clean(a[slice(*edit.a)]), clean(b[slice(*edit.b)])
        if edit.op in {"equal", "move"}:
            return new
        return self._marked(cut, "[-", "-]", _RED) + self._marked(new, "{+", "+}", _GREEN)

    def _marked(self, said: str, opening: str, closing: str, code: str) -> str:
        """Marks hug the words; blanks around them stay outside, line breaks unmarked."""
        core = said.strip()
        if not core:
            return "" if opening == "[-" else said
        lead, tail = said[: len(said) - len(said.lstrip())], said[len(said.rstrip()) :]
        marked = "\n".join(self.paint(opening + line + closing, code) if line else line for line in core.split("\n"))
        return lead + marked + tail


@dataclass(slots=True)
class _Paragraph:
    """One paragraph to show, or None-like when it is unchanged and may be folded."""

    shown: str
    changed: bool
    notes: list[str] = field(default_factory=list)


def _paragraphs(edits: Sequence[Edit], a: str, b: str, brush: _Brush) -> list[_Paragraph]:
    """Every paragraph of the newer text with its marks, and what was cut or moved away, where it stood."""
    pieces: list[tuple[str, bool]] = []
    leaving = _leaving(edits, a, b)
    for edit in edits:
        pieces += [(ghost, True) for ghost in leaving.pop(edit, [])]
        arrives = f"(moved here from \u00b6{_paragraph_at(a, edit.a[0])}) " if edit.op == "move" else ""
        shown = brush.edit(edit, a, b)
        if arrives and shown.strip():
            core = shown.lstrip()
            shown = shown[: len(shown) - len(core)] + brush.paint(arrives, _BLUE) + core
        pieces.append((shown, edit.op != "equal"))
    pieces += [(ghost, True) for ghosts in leaving.values() for ghost in ghosts]
    return list(_split(pieces))


def _leaving(edits: Sequence[Edit], a: str, b: str) -> dict[Edit, list[str]]:
    """For each edit, the notes of passages that stood before it and moved elsewhere."""
    staying = [edit for edit in edits if edit.op != "move" and edit.a[0] < edit.a[1]]
    notes: dict[Edit, list[str]] = {}
    for move in (edit for edit in edits if edit.op == "move" and a[slice(*edit.a)].strip()):
        begins = clean(" ".join(a[slice(*move.a)].split()))
        first = begins[:_FIRST_WORDS].rstrip() + ("..." if len(begins) > _FIRST_WORDS else "")
        note = f'\n\n(moved to \u00b6{_paragraph_at(b, move.b[0])}: "{first}")\n\n'
        after = min((edit for edit in staying if edit.a[0] >= move.a[1]), key=lambda edit: edit.a, default=move)
        notes.setdefault(after, []).append(note)
    return notes


def _paragraph_at(text: str, place: int) -> int:
    """The number of the paragraph that begins at or holds an offset, from 1."""
    lead = len(text[place:]) - len(text[place:].lstrip("\n"))
    return sum(1 for line in text[: place + lead].split("\n")[:-1] if line.strip()) + 1


def _split(pieces: Iterable[tuple[str, bool]]) -> Iterator[_Paragraph]:
    line, changed = "", False
    for shown, is_change in pieces:
        first, *rest = shown.split("\n")
        line, changed = line + first, changed or (is_change and bool(first))
        for following in rest:
            if line.strip():
                yield _Paragraph(line, changed)
            line, changed = following, is_change and bool(following)
    if line.strip():
        yield _Paragraph(line, changed)


def _folded(paragraphs: Sequence[_Paragraph], context: int, brush: _Brush) -> Iterator[str]:
    changed = [place for place, paragraph in enumerate(paragraphs) if paragraph.changed]
    near = {place + step for place in changed for step in range(-context, context + 1)}
    for shown, group in groupby(enumerate(paragraphs), key=lambda item: item[0] in near):
        if shown:
            for _, paragraph in group:
                yield from (paragraph.shown, "")
        else:
            count = len(list(group))
            yield brush.paint(f"... {count} unchanged paragraph{'s' * (count > 1)}", _GREY)
            yield ""
