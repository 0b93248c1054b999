"""The whole history of one article as one HTML file that asks for nothing else."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from archive.api import Archive
from archive.export.atomic_file import check_ending, whole
from archive.launch import shipped
from archive.timestamps import iso
from archive.versions.diff import compare, render_document, render_fragment
from archive.versions.diff.layout import strip_controls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from db.records import Stretch, Text, Version

_STYLE = """
h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.5rem 0 .5rem; border-top: 1px solid var(--line); padding-top: 1rem }
h3 { font-size: 1.1rem; margin: 0 0 .75rem }
table { border-collapse: collapse; width: 100%; font: .85rem/1.5 system-ui, sans-serif; margin: 0 0 1rem }
caption { text-align: left; color: var(--soft) }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line) }
svg { width: 100%; height: auto; display: block }
.axis { stroke: var(--line); stroke-width: 2 }
.stood { stroke: var(--moved); stroke-width: 6 }
.first { fill: var(--page); stroke: var(--moved); stroke-width: 3 }
.failed { fill: var(--cut) }
.when { font: .85rem/1.5 system-ui, sans-serif; color: var(--soft) }
"""
_WIDTH, _LEFT, _RIGHT, _MIDDLE = 640, 12, 628, 20
_BIG, _SMALL = 9.0, 4.0  # radii of a version: the area says how much it changed


def export_site(db: Path, url: str, path: Path, *, until: datetime | None = None) -> int:
    """Write the article's versions, what changed between them, and what every check met, to a ``.html`` file.

    How many versions there are; ``until``: only what was first seen before. Raises NotArchived, BadInput, StoreError.
    """
    check_ending(path, ".html", ".htm")
    with Archive(db) as archive:
        source, told = archive.history(url)
        versions = [each for each in told.versions if until is None or each.first_seen_at < until]
        states = [each for each in told.states if until is None or each.first_seen_at < until]
        texts = [archive.text(each) for each in versions]
    title = strip_controls(texts[-1].title) if texts else source.url
    body = [
        f"<header><h1>{escape(title)}</h1>",
        f"<p>{escape(strip_controls(source.url))}</p>",
        f"<p>{_many(len(versions), 'version')} in {_many(sum(each.seen for each in states), 'check')}</p></header>",
        *_timeline(versions, states),
        _table(versions, states),
        *_sections(versions, texts),
    ]
    language = (texts[-1].language or "") if texts else ""
    with whole(path) as part:
        part.write_text(render_document(f"Versions of: {title}", body, language=language, style=_STYLE), "utf-8")
    return len(versions)


def export_datasette(db: Path, path: Path) -> None:
    """Write the settings for Datasette that go with this code, for a database of this archive's name.

    Raises BadInput where the file cannot be written.
    """
    text = shipped("datasette.yaml").read_text("utf-8")
    name = json.dumps(db.stem)
    text = text.replace("\n  archive:\n", f"\n  {name}:\n").replace("/archive/v_", f"/{quote(db.stem)}/v_")
    with whole(path) as part:
        part.write_text(text, "utf-8")


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


# --- the timeline ----------------------------------------------------------------------------------------------------


def _timeline(versions: Sequence[Version], states: Sequence[Stretch]) -> Iterator[str]:
    """A line from the first check to the last: where a text stood, where each version began, where no text was had.

    The table below it says the same in words.
    """
    if not states:
        return
    start = min(each.first_seen_at for each in states)
    span = (max(each.last_seen_at for each in states) - start).total_seconds() or 1.0

    def place(at: datetime) -> float:
        return round(_LEFT + (at - start).total_seconds() / span * (_RIGHT - _LEFT), 1)

    yield f'<svg viewBox="0 0 {_WIDTH} {2 * _MIDDLE}" role="img" aria-label="Timeline; the table below says the same">'
    yield f'<line class="axis" x1="{_LEFT}" x2="{_RIGHT}" y1="{_MIDDLE}" y2="{_MIDDLE}"/>'
    for each in versions:
        ends = f'x1="{place(each.first_seen_at)}" x2="{place(each.last_seen_at)}"'
        yield f'<line class="stood" {ends} y1="{_MIDDLE}" y2="{_MIDDLE}"/>'
    for run in states:
        if run.state not in {"ok", "live_blog", "not_modified"}:
            at = place(run.first_seen_at)
            yield f'<rect class="failed" x="{at - 2}" y="{_MIDDLE - 6}" width="4" height="12"/>'
    for each in versions:
        radius = round(_SMALL + (_BIG - _SMALL) * min(1.0, each.score) ** 0.5, 1)
        yield f'<circle class="first" cx="{place(each.first_seen_at)}" cy="{_MIDDLE}" r="{radius}"/>'
    yield "</svg>"


def _table(versions: Sequence[Version], states: Sequence[Stretch]) -> str:
    """Versions, and the states of checks that brought no text, by time."""
    rows = [
        (each.first_seen_at, f'<a href="#v{each.number}">version {each.number}</a>', each.last_seen_at, _what(each))
        for each in versions
    ]
    rows += [
        (run.first_seen_at, escape(run.state.replace("_", " ")), run.last_seen_at, _many(run.seen, "check"))
        for run in states
        if run.state not in {"ok", "live_blog", "not_modified"}
    ]
    cells = "".join(
        f"<tr><td>{_time(first)}</td><td>{_time(last)}</td><td>{name}</td><td>{what}</td></tr>"
        for first, name, last, what in sorted(rows, key=lambda row: (row[0], row[1]))
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("first seen (UTC)", "last seen", "state", "what"))
    return f"<table><caption>What the checks met</caption><thead><tr>{heads}</tr></thead><tbody>{cells}</tbody></table>"


def _what(version: Version) -> str:
    kinds = ", ".join(str(kind) for kind in version.kinds)
    return f"{escape(kinds)} (score {version.score:.2f})" if kinds else "first text seen"


def _time(at: datetime) -> str:
    return f'<time datetime="{iso(at)}">{at:%Y-%m-%d %H:%M}</time>'


# --- the versions ----------------------------------------------------------------------------------------------------


def _sections(versions: Sequence[Version], texts: Sequence[Text]) -> Iterator[str]:
    """Each version: the first with its text, the others with what changed; the newest text stands open at the end."""
    before: Text | None = None
    for version, text in zip(versions, texts, strict=True):
        yield f'<section id="v{version.number}"><h2>Version {version.number}</h2>'
        seen = f"seen with this text from {_time(version.first_seen_at)} to {_time(version.last_seen_at)}"
        yield f'<p class="when">{seen}; text sha256 {version.text_sha256}</p>'
        if before is not None:
            yield render_fragment(compare(before, text), before, text, name=f"v{version.number}-")
        yield from _text(text, "The whole text", unfolded=before is None)
        yield "</section>"
        before = text


def _text(text: Text, called: str, *, unfolded: bool) -> Iterator[str]:
    paragraphs = "".join(f"<p>{escape(strip_controls(each))}</p>" for each in text.body.split("\n") if each.strip())
    byline = f'<p class="when">{escape(strip_controls(text.byline))}</p>' if text.byline else ""
    title = f"<h3>{escape(strip_controls(text.title))}</h3>"
    yield f"<details{' open' * unfolded}><summary>{called}</summary>{title}{byline}"
    yield f"{paragraphs}</details>"
