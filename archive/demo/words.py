"""A change in a line or two: the words that went, the words that came, and a few around them."""

from __future__ import annotations

from textwrap import shorten, wrap
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Edits: TypeAlias = "Sequence[dict[str, Any]]"

WIDTH = 66  # characters of a line; what prints it indents by 14, which makes 80
AROUND = 24  # characters of context on each side of a changed word


def excerpt(change: dict[str, Any]) -> list[str]:
    """Return the headline with its edits, or else the first edit of the text; at most two lines of 66 characters.

    ``change`` is what ``diff --json`` prints. ``[old -> new]`` is a replacement; cut, new and moved passages say so.
    """
    if any(_tells(edit) for edit in change["headline"]):
        return _lines("".join(_inline(edit) for edit in change["headline"]))
    edits = change["edits"]
    told = next((i for i, edit in enumerate(edits) if _tells(edit)), None)
    return [] if told is None else _lines(_in_context(edits, told))


def _tells(edit: dict[str, Any]) -> bool:
    return edit["op"] != "equal" and bool(f"{edit['a_text']}{edit['b_text']}".strip())


def _inline(edit: dict[str, Any]) -> str:
    """Return an edit in square brackets, blanks outside; what did not change as it is."""
    old, new = edit["a_text"].strip(), edit["b_text"].strip()
    match edit["op"]:
        case "equal":
            return str(edit["b_text"])
        case "move":
            return f"[moved: {new}]"
    if old and new:
        return _spaced(edit["b_text"], f"[{old} -> {new}]")
    return _spaced(edit["a_text"] or edit["b_text"], f"[cut: {old}]" if old else f"[new: {new}]")


def _spaced(around: str, said: str) -> str:
    before = " " if around[:1].isspace() else ""
    return before + said + (" " if around[-1:].isspace() else "")


def _in_context(edits: Edits, i: int) -> str:
    said = _inline(edits[i])
    before = _said(edits, i - 1).rpartition("\n")[2] if i else ""
    after = _said(edits, i + 1).partition("\n")[0]
    return _from_the_left(before) + said + _to_the_right(after) if edits[i]["op"] == "replace" else said


def _said(edits: Edits, i: int) -> str:
    return str(edits[i]["b_text"]) if i < len(edits) and edits[i]["op"] == "equal" else ""


def _from_the_left(text: str) -> str:
    return text if len(text) <= AROUND else "... " + text[-AROUND:].partition(" ")[2]


def _to_the_right(text: str) -> str:
    return text if len(text) <= AROUND else text[:AROUND].rpartition(" ")[0] + " ..."


def _lines(said: str) -> list[str]:
    said = said.strip()
    closing = "]" if said.startswith("[") and said.endswith("]") else ""
    return wrap(shorten(said, 2 * WIDTH - 8, placeholder=f" ...{closing}"), WIDTH)
