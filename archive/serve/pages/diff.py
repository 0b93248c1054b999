"""How one version became another: to read, side by side, the changes alone, the raw HTML, or what a machine saw.

And to take away: as a patch, as a picture, and under an address that names the texts instead of their numbers.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from starlette.responses import RedirectResponse

from archive.api import serialize
from archive.api.version_ref import Ref
from archive.serve import bounded_diff, charts, snippets, wording
from archive.serve.bounded_diff import compare_in_time
from archive.serve.hidden_characters import unseen
from archive.serve.pages.article import what
from archive.serve.pages.parameters import number_of, source_of
from archive.serve.pages.raw_html import machine_view, raw_view
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.timestamps import iso
from archive.versions.diff import bits_html, edits_json, paragraphs_html, render_unified
from archive.versions.diff.layout import headline_bits, layout_lines, remark
from db.errors import BadInput, NotArchived

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response
    from starlette.routing import Route

    from archive.api import Comparison
    from archive.serve.request_context import RequestContext
    from archive.versions.diff.layout import Line
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
    name = f"{_NO_NAME.sub('-', wording.host(source.url))}-{source.id}-{a.number}-{b.number}"
    return {
        "id": source.id,
        "path": path,
        "article": f"/a/{source.id}",
        "url": source.url,
        "outlet": wording.host(source.url),
        "title": b.title or a.title or source.url,
        "title_bits": snippets.title_bits(found.change, found.a_text, found.b_text),
        "a": serialize.version(a) | {"what": what(a)},
        "b": serialize.version(b) | {"what": what(b)},
        "mode": mode,
        "modes": [
            {"name": name, "label": label, "path": f"{path}?mode={name}", "chosen": name == mode}
            for name, label in MODES.items()
        ],
        "permalink": f"/a/{source.id}/compare?a={a.text_sha256}&b={b.text_sha256}",
        "files": [{"form": form, "path": f"{path}.{form}", "name": f"{name}.{form}"} for form in ("patch", "svg")],
        "remark": _remark(found, laid),
        "unseen": unseen(found.change, found.a_text, found.b_text),
        "counts": snippets.counts(found.change, shown),
        **edits_json(found.change, found.a_text, found.b_text),
        "lines": [_line(line) for line in shown],
        "seen_until": iso(b.first_seen_at),
    }


def _remark(found: Comparison, shown: Sequence[Line]) -> str:
    if bounded_diff.size(found.a_text, found.b_text) > bounded_diff.WORDED:
        return bounded_diff.SAID
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
        "bits": snippets.as_json(line.bits),
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
            rows.append({"line": line, "a": [{"mark": "same", "text": line["left"]["text"]}], "b": None, "first": []})
            continue
        a = [bit for bit in line["bits"] if bit["mark"] != "new"]
        b = [bit for bit in line["bits"] if bit["mark"] != "cut"]
        moved = bool(line["arrived"]) and all(bit["mark"] == "same" for bit in line["bits"])
        a_shown, b_shown = None if moved or not _says(a) else a, b if _says(b) else None
        rows.append({"line": line, "a": a_shown, "b": b_shown, "first": []})
    return rows


def _says(bits: Sequence[Json]) -> bool:
    return any(bit["text"].strip() for bit in bits)


# --- asking ----------------------------------------------------------------------------------------------------------


def show(at: RequestContext) -> PageResult:
    """Answer how version a became version b."""
    source = source_of(at)
    mode = at.query.get("mode", "reading")
    if mode not in MODES:
        raise BadInput(f"mode={mode[:20]} is none of {', '.join(MODES)}")
    a, b = (Ref(url=source.url, number=min(at.path[side], _MOST)) for side in ("a", "b"))
    first, second = at.archive.version(a), at.archive.version(b)
    one, two = at.archive.text(first), at.archive.text(second)
    found = _comparison(first, second, one, two)
    large = bounded_diff.size(one, two) > bounded_diff.WORDED
    laid = layout_lines(bounded_diff.shown(found.change) if large else found.change, one, two)
    told = view(source, found, mode, laid)
    shown = laid[:MOST_LINES]
    if mode == "raw":
        told["raw"] = raw_view(at.archive, first, second)
    if mode == "machine":
        told["machine"] = machine_view(at.archive, found)
    drawn: Json = {"headline": Markup(bits_html(headline_bits(found.change, one, two)) or "")}  # noqa: S704 - escaped in archive.diff
    if mode in {"reading", "changes"}:
        context = 1 if mode == "reading" else 0
        drawn["body"] = Markup("\n".join(paragraphs_html(shown, context, unfold=mode == "reading")))  # noqa: S704 - as above
    if mode == "side":
        drawn["columns"] = two_columns(told["lines"])
    files = {"patch": partial(render_unified, found.change, one, two), "svg": partial(_card, told, shown)}
    return PageResult(view=told, template="diff.html", rows="edits", drawn=with_firsts(drawn), files=files)


def _card(told: Json, shown: Sequence[Line]) -> str:
    return charts.card(told, list(islice(snippets.weightiest(shown), _ON_A_CARD)))


def with_firsts(drawn: Json) -> Json:
    """The same, where the first words that were cut and added can be jumped to, and what can be: ``firsts``."""
    drawn = drawn | {"firsts": []}
    for tag, name in (("del", "cut"), ("ins", "new")):
        for place in ("headline", "body"):
            if f"<{tag}>" in drawn.get(place, ""):  # ours: what is archived has no brackets left
                marked_up = str(drawn[place]).replace(f"<{tag}>", f'<{tag} id="first-{name}">', 1)
                drawn[place] = Markup(marked_up)  # noqa: S704 - as it was, but for an id
                drawn["firsts"].append(name)
                break
        else:
            found = (row for row in drawn.get("columns", ()) if _has(row, name))
            for row in islice(found, 1):
                row["first"] = [*row["first"], name]
                drawn["firsts"].append(name)
    return drawn


def _has(row: Json, name: str) -> bool:
    return any(bit["mark"] == name for side in "ab" for bit in row[side] or ())


_MOST = 10**9  # no article has so many versions, and no integer of SQLite's is too small for it
_ON_A_CARD = 6  # edits there could be room for
_NO_NAME = re.compile(r"[^a-z0-9.-]+")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def _comparison(first: Any, second: Any, one: Any, two: Any) -> Comparison:
    from archive.api import Comparison

    return Comparison(a=first, b=second, a_text=one, b_text=two, change=compare_in_time(one, two))


def compare_chosen(at: RequestContext) -> Response:
    """Go from two versions, named by their numbers or by the digests of their texts, to the address of that change.

    Numbers are positions in today's history and may shift; digests are what a lasting link says. Raises BadInput,
    NotArchived.
    """
    source = source_of(at)
    a, b = (_number(at, source, at.query.get(side, "")) for side in ("a", "b"))
    if a is None or b is None:
        raise BadInput("choose two versions to compare")
    return RedirectResponse(f"/a/{source.id}/diff/{a}..{b}", 303)


def _number(at: RequestContext, source: Source, named: str) -> int | None:
    if not _DIGEST.fullmatch(named):
        return number_of(named)
    _, history = at.archive.history(source.url)
    found = next((each.number for each in history.versions if each.text_sha256 == named), None)
    if found is None:
        raise NotArchived(f"no version of {source.url} has the text {named}")
    return found


def routes() -> list[Route]:
    """A change has one address, which stays what it is as long as the history does."""
    compare_two = page("/a/{id:int}/compare", compare_chosen)[:1]
    return [*page("/a/{id:int}/diff/{a:int}..{b:int}", show), *compare_two]
