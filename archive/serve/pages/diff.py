"""The page of a change between two versions: reading, side by side, changes only, raw HTML, or extracted figures.

It also has a patch, a picture, and a permanent address that names the texts by digest.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from starlette.responses import RedirectResponse

from archive.api import Comparison, serialize
from archive.api.version_ref import Ref
from archive.serve import bounded_diff, charts, paths, snippets, wording
from archive.serve.bounded_diff import compare_in_time
from archive.serve.hidden_characters import unseen
from archive.serve.pages.article import badges
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

    from archive.serve.request_context import RequestContext
    from archive.versions.diff.layout import Line
    from db.records import Source

    Json = dict[str, Any]

MODES = {
    "reading": "Reading",
    "side": "Side by side",
    "changes": "Changes only",
    "raw": "Raw HTML",
    "machine": "Figures and links",
}
"""The ways to show a change, and their names."""

MOST_LINES = 2_000
"""Most paragraphs on the page: 0.3 s side by side. Longer texts are for programs."""


def view(source: Source, comparison: Comparison, mode: str, laid: Sequence[Line]) -> Json:
    """Return the page as JSON values: the edits with offsets into both texts, and the lines they form."""
    visible = laid[:MOST_LINES]
    a, b = comparison.a, comparison.b
    path = paths.change(source.id, a.number, b.number)
    name = f"{_NO_NAME.sub('-', wording.host(source.url))}-{source.id}-{a.number}-{b.number}"
    return {
        "id": source.id,
        "path": path,
        "article": paths.article(source.id),
        "url": source.url,
        "outlet": wording.host(source.url),
        "title": b.title or a.title or source.url,
        "title_bits": snippets.title_bits(comparison.change, comparison.a_text, comparison.b_text),
        "a": serialize.version(a) | {"what": badges(a)},
        "b": serialize.version(b) | {"what": badges(b)},
        "mode": mode,
        "modes": [
            {"name": key, "label": label, "path": f"{path}?mode={key}", "chosen": key == mode}
            for key, label in MODES.items()
        ],
        "permalink": paths.comparison(source.id, a.text_sha256, b.text_sha256),
        "files": [{"form": form, "path": f"{path}.{form}", "name": f"{name}.{form}"} for form in ("patch", "svg")],
        "remark": _remark(comparison, laid),
        "unseen": unseen(comparison.change, comparison.a_text, comparison.b_text),
        "counts": snippets.counts(comparison.change, visible),
        **edits_json(comparison.change, comparison.a_text, comparison.b_text),
        "lines": [_line(line) for line in visible],
        "seen_until": iso(b.first_seen_at),
        "evidence": None,
    }


def _remark(comparison: Comparison, laid: Sequence[Line]) -> str:
    if bounded_diff.size(comparison.a_text, comparison.b_text) > bounded_diff.WORDED:
        return bounded_diff.SAID
    if len(laid) > MOST_LINES:
        return f"too large, showing the first {MOST_LINES:,} paragraphs only"
    text = remark(comparison.change, laid)
    body_changed = any(line.changed for line in laid)
    same = not body_changed and all(edit.op == "equal" for edit in comparison.change.headline)
    if same and not text:
        return "the article text is identical; only markup or advertisements changed"
    return text or ("" if body_changed or same else "only the headline changed")


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


def two_columns(visible: Sequence[Json]) -> list[Json]:
    """Return lines for two columns: the text of the older version and of the newer one, None if a side has none."""
    rows: list[Json] = []
    for line in visible:
        if line["left"] is not None:
            rows.append({"line": line, "a": [{"mark": "same", "text": line["left"]["text"]}], "b": None, "first": []})
            continue
        a = [bit for bit in line["bits"] if bit["mark"] != "new"]
        b = [bit for bit in line["bits"] if bit["mark"] != "cut"]
        moved = bool(line["arrived"]) and all(bit["mark"] == "same" for bit in line["bits"])
        a_shown, b_shown = None if moved or not _has_text(a) else a, b if _has_text(b) else None
        rows.append({"line": line, "a": a_shown, "b": b_shown, "first": []})
    return rows


def _has_text(bits: Sequence[Json]) -> bool:
    return any(bit["text"].strip() for bit in bits)


# --- requests --------------------------------------------------------------------------------------------------------


def show(context: RequestContext) -> PageResult:
    """Answer with the change from version a to version b. Raises BadInput, NotArchived."""
    source, archive = source_of(context), context.archive
    mode = context.query.get("mode", "reading")
    if mode not in MODES:
        raise BadInput(f"mode={mode[:20]} is not one of {', '.join(MODES)}")
    a, b = (archive.version(Ref(url=source.url, number=min(context.path[side], _MOST))) for side in ("a", "b"))
    a_text, b_text = archive.text(a), archive.text(b)
    change = compare_in_time(a_text, b_text)
    comparison = Comparison(a=a, b=b, a_text=a_text, b_text=b_text, change=change)
    large = bounded_diff.size(a_text, b_text) > bounded_diff.WORDED
    laid = layout_lines(bounded_diff.clip(change) if large else change, a_text, b_text)
    result = view(source, comparison, mode, laid)
    if context.state.evidence is not None:
        result["evidence"] = paths.evidence(source.id, a.number, to=b.number)
    visible = laid[:MOST_LINES]
    if mode == "raw":
        result["raw"] = raw_view(archive, a, b)
    if mode == "machine":
        result["machine"] = machine_view(archive, comparison)
    drawn: Json = {"headline": Markup(bits_html(headline_bits(change, a_text, b_text)) or "")}  # noqa: S704 - escaped in archive.diff
    if mode in {"reading", "changes"}:
        around = 1 if mode == "reading" else 0
        drawn["body"] = Markup("\n".join(paragraphs_html(visible, around, unfold=mode == "reading")))  # noqa: S704 - as above
    if mode == "side":
        drawn["columns"] = two_columns(result["lines"])
    files = {"patch": partial(render_unified, change, a_text, b_text), "svg": partial(_card, result, visible)}
    return PageResult(view=result, template="diff.html", rows="edits", drawn=with_firsts(drawn), files=files)


def _card(view: Json, visible: Sequence[Line]) -> str:
    return charts.card(view, list(islice(snippets.weightiest(visible), _ON_A_CARD)))


def with_firsts(drawn: Json) -> Json:
    """Return ``drawn`` with anchors at the first removed and first added words, and their names in ``firsts``."""
    drawn = drawn | {"firsts": []}
    for tag, name in (("del", "cut"), ("ins", "new")):
        for place in ("headline", "body"):
            if f"<{tag}>" in drawn.get(place, ""):  # these tags are ours: archived text is escaped
                marked_up = str(drawn[place]).replace(f"<{tag}>", f'<{tag} id="first-{name}">', 1)
                drawn[place] = Markup(marked_up)  # noqa: S704 - as it was, but for an id
                drawn["firsts"].append(name)
                break
        else:
            marked_rows = (row for row in drawn.get("columns", ()) if _has(row, name))
            for row in islice(marked_rows, 1):
                row["first"] = [*row["first"], name]
                drawn["firsts"].append(name)
    return drawn


def _has(row: Json, name: str) -> bool:
    return any(bit["mark"] == name for side in "ab" for bit in row[side] or ())


_MOST = 10**9  # more versions than any article has, and small enough for an integer of SQLite
_ON_A_CARD = 6  # most edits with room on a card
_NO_NAME = re.compile(r"[^a-z0-9.-]+")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def compare_chosen(context: RequestContext) -> Response:
    """Redirect from two versions, given by number or by the digest of their texts, to the page of that change.

    Numbers are positions in today's history and may change, so permanent links have digests. Raises BadInput,
    NotArchived.
    """
    source = source_of(context)
    a, b = (_number(context, source, context.query.get(side, "")) for side in ("a", "b"))
    if a is None or b is None:
        raise BadInput("choose two versions to compare")
    return RedirectResponse(paths.change(source.id, a, b), 303)


def _number(context: RequestContext, source: Source, name: str) -> int | None:
    if not _DIGEST.fullmatch(name):
        return number_of(name)
    _, history = context.archive.history(source.url)
    number = next((version.number for version in history.versions if version.text_sha256 == name), None)
    if number is None:
        raise NotArchived(f"no version of {source.url} has the text with sha256 {name}")
    return number


def routes() -> list[Route]:
    """Return the routes of a change. Its address is valid until the history changes."""
    compare_two = page(f"{paths.ARTICLE}/compare", compare_chosen)[:1]
    return [*page(paths.ARTICLE + "/diff/{a:int}..{b:int}", show), *compare_two]
