"""How one version became another: to read, side by side, the changes alone, the raw HTML, or what a machine saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from starlette.responses import RedirectResponse

from archive import answers
from archive.diff import edits_json, marked, paragraphs
from archive.diff.view import headline, lines, remark
from archive.errors import BadInput
from archive.refs import Ref
from archive.serve import comparing, excerpt, words
from archive.serve.answer import page
from archive.serve.comparing import compare_in_time
from archive.serve.desk import Reply
from archive.serve.pages.article import number_of, source_of, what
from archive.serve.pages.machine import machine_view, raw_view
from archive.serve.unseen import unseen
from archive.when import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response
    from starlette.routing import Route

    from archive.api import Comparison
    from archive.diff.view import Line
    from archive.serve.desk import Desk
    from db.records import Source

    Json = dict[str, Any]

MODES = {
    "reading": "Reading",
    "side": "Side by side",
    "changes": "Changes only",
    "raw": "Raw HTML",
    "machine": "What the machine saw",
}
"""The ways to show a change, and their names."""

MOST_LINES = 2_000
"""Paragraphs that are drawn: 0.3 s side by side. Longer texts than that are for programs."""


def view(source: Source, found: Comparison, mode: str, laid: Sequence[Line]) -> Json:
    """The page as JSON values: the ops with offsets into both texts, and how they lie in lines."""
    shown = laid[:MOST_LINES]
    a, b = found.a, found.b
    path = f"/a/{source.id}/diff/{a.number}..{b.number}"
    return {
        "id": source.id,
        "path": path,
        "article": f"/a/{source.id}",
        "url": source.url,
        "outlet": words.host(source.url),
        "title": b.title or a.title or source.url,
        "title_bits": excerpt.title_bits(found.change, found.a_text, found.b_text),
        "a": answers.version(a) | {"what": what(a)},
        "b": answers.version(b) | {"what": what(b)},
        "mode": mode,
        "modes": [
            {"name": name, "label": label, "path": f"{path}?mode={name}", "chosen": name == mode}
            for name, label in MODES.items()
        ],
        "remark": _remark(found, laid),
        "unseen": unseen(found.change, found.a_text, found.b_text),
        "counts": excerpt.counts(found.change, shown),
        **edits_json(found.change, found.a_text, found.b_text),
        "lines": [_line(line) for line in shown],
        "seen_until": iso(b.first_seen_at),
    }


def _remark(found: Comparison, shown: Sequence[Line]) -> str:
    if comparing.size(found.a_text, found.b_text) > comparing.WORDED:
        return comparing.SAID
    if len(shown) > MOST_LINES:
        return f"too large, showing the first {MOST_LINES:,} paragraphs only"
    told = remark(found.change, shown)
    same = not any(line.changed for line in shown) and all(edit.op == "equal" for edit in found.change.headline)
    if same and not told:
        return "the bytes may differ, the article text is identical: only markup or advertisements changed"
    return told or ("" if any(line.changed for line in shown) or same else "only the headline changed")


def _line(line: Line) -> Json:
    moves = [{"number": move.number, "old": move.old, "new": move.new} for move in line.arrived]
    left = line.left
    return {
        "bits": excerpt.as_json(line.bits),
        "kinds": sorted(str(kind) for kind in line.kinds),
        "arrived": moves,
        "left": None if left is None else {"number": left.number, "old": left.old, "new": left.new, "text": left.text},
        "changed": line.changed,
    }


def two_columns(shown: Sequence[Json]) -> list[Json]:
    """Lines for two columns: what the older text says and what the newer does; None where one says nothing there."""
    rows: list[Json] = []
    for line in shown:
        if line["left"] is not None:
            rows.append({"line": line, "a": [{"mark": "same", "text": line["left"]["text"]}], "b": None})
            continue
        a = [bit for bit in line["bits"] if bit["mark"] != "new"]
        b = [bit for bit in line["bits"] if bit["mark"] != "cut"]
        moved = bool(line["arrived"]) and all(bit["mark"] == "same" for bit in line["bits"])
        rows.append({"line": line, "a": None if moved or not _says(a) else a, "b": b if _says(b) else None})
    return rows


def _says(bits: Sequence[Json]) -> bool:
    return any(bit["text"].strip() for bit in bits)


# --- asking ----------------------------------------------------------------------------------------------------------


def show(at: Desk) -> Reply:
    """Answer how version a became version b."""
    source = source_of(at)
    mode = at.query.get("mode", "reading")
    if mode not in MODES:
        raise BadInput(f"mode={mode[:20]} is none of {', '.join(MODES)}")
    a, b = (Ref(url=source.url, number=min(at.path[side], _MOST)) for side in ("a", "b"))
    first, second = at.archive.version(a), at.archive.version(b)
    one, two = at.archive.text(first), at.archive.text(second)
    found = _comparison(first, second, one, two)
    large = comparing.size(one, two) > comparing.WORDED
    laid = lines(comparing.shown(found.change) if large else found.change, one, two)
    told = view(source, found, mode, laid)
    shown = laid[:MOST_LINES]
    if mode == "raw":
        told["raw"] = raw_view(at.archive, first, second)
    if mode == "machine":
        told["machine"] = machine_view(at.archive, found)
    drawn: Json = {"headline": Markup(marked(headline(found.change, one, two)) or "")}  # noqa: S704 - escaped in archive.diff
    if mode in {"reading", "changes"}:
        context = 1 if mode == "reading" else 0
        drawn["body"] = Markup("\n".join(paragraphs(shown, context, unfold=mode == "reading")))  # noqa: S704 - as above
    if mode == "side":
        drawn["columns"] = two_columns(told["lines"])
    return Reply(view=told, template="diff.html", rows="edits", drawn=drawn)


_MOST = 10**9  # no article has so many versions, and no integer of SQLite's is too small for it


def _comparison(first: Any, second: Any, one: Any, two: Any) -> Comparison:
    from archive.api import Comparison

    return Comparison(a=first, b=second, a_text=one, b_text=two, change=compare_in_time(one, two))


def compare_chosen(at: Desk) -> Response:
    """Go from two radio buttons to the address of that change. Raises BadInput."""
    source = source_of(at)
    a, b = (number_of(at.query.get(side, "")) for side in ("a", "b"))
    if a is None or b is None:
        raise BadInput("choose two versions to compare")
    return RedirectResponse(f"/a/{source.id}/diff/{a}..{b}", 303)


def routes() -> list[Route]:
    """A change has one address, which stays what it is as long as the history does."""
    compare_two = page("/a/{id:int}/compare", compare_chosen)[:1]
    return [*page("/a/{id:int}/diff/{a:int}..{b:int}", show), *compare_two]
