"""A change in at most two lines: removed and added words, and a few words around them."""

from __future__ import annotations

from textwrap import shorten, wrap
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Edits: TypeAlias = "Sequence[dict[str, Any]]"

WIDTH = 66  # characters of a line; the demo prints it indented by 14, which makes 80
AROUND = 24  # characters of context on each side of a changed word


def excerpt(change: dict[str, Any]) -> list[str]:
    """Return the headline with its edits, or the first edit of the text, in at most two lines of 66 characters.

    ``change`` has the form of ``diff --json``. ``[old -> new]`` is a replacement. Other passages are marked as cut,
    new or moved.
    """
    if any(_is_visible(edit) for edit in change["headline"]):
        return _lines("".join(_inline(edit) for edit in change["headline"]))
    edits = change["edits"]
    position = next((i for i, edit in enumerate(edits) if _is_visible(edit)), None)
    return [] if position is None else _lines(_in_context(edits, position))


def _is_visible(edit: dict[str, Any]) -> bool:
    return edit["op"] != "equal" and bool(f"{edit['a_text']}{edit['b_text']}".strip())


def _inline(edit: dict[str, Any]) -> str:
    """Return an edit in square brackets, with its outer blanks outside them. Unchanged text stays as it is."""
    old, new = edit["a_text"].strip(), edit["b_text"].strip()
    match edit["op"]:
        case "equal":
            return str(edit["b_text"])
        case "move":
            return f"[moved: {new}]"
    if old and new:
        return _spaced(edit["b_text"], f"[{old} -> {new}]")
    return _spaced(edit["a_text"] or edit["b_text"], f"[cut: {old}]" if old else f"[new: {new}]")


def _spaced(original: str, text: str) -> str:
    """Return ``text`` with a blank where ``original`` begins or ends with one."""
    before = " " if original[:1].isspace() else ""
    return before + text + (" " if original[-1:].isspace() else "")


def _in_context(edits: Edits, i: int) -> str:
    text = _inline(edits[i])
    before = _unchanged_text(edits, i - 1).rpartition("\n")[2] if i else ""
    after = _unchanged_text(edits, i + 1).partition("\n")[0]
    return _last_words(before) + text + _first_words(after) if edits[i]["op"] == "replace" else text


def _unchanged_text(edits: Edits, i: int) -> str:
    return str(edits[i]["b_text"]) if i < len(edits) and edits[i]["op"] == "equal" else ""


def _last_words(text: str) -> str:
    return text if len(text) <= AROUND else "... " + text[-AROUND:].partition(" ")[2]


def _first_words(text: str) -> str:
    return text if len(text) <= AROUND else text[:AROUND].rpartition(" ")[0] + " ..."


def _lines(text: str) -> list[str]:
    text = text.strip()
    closing = "]" if text.startswith("[") and text.endswith("]") else ""
    return wrap(shorten(text, 2 * WIDTH - 8, placeholder=f" ...{closing}"), WIDTH)
