"""The complete history of one article as one self-contained HTML file."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from archive.api import Archive
from archive.export.atomic_file import atomic_write, check_file_ending
from archive.export.sound_rows import check_text
from archive.launch import resource_path
from archive.timestamps import iso
from archive.versions.diff import compare, render_document, render_fragment
from archive.versions.diff.layout import strip_controls
from db.dialect.server_address import refuse_server

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
_MAX_RADIUS, _MIN_RADIUS = 9.0, 4.0  # of a version's circle: its area shows how much it changed


def export_site(db: Path, url: str, path: Path, *, until: datetime | None = None) -> int:
    """Write the article's versions, the changes between them, and the result of every check to a ``.html`` file.

    Returns the number of versions. ``until`` excludes versions first seen at or after it. Raises NotArchived, BadInput,
    StoreError.
    """
    check_file_ending(path, ".html", ".htm")
    with Archive(db) as archive:
        source, history = archive.history(url)
        versions = [version for version in history.versions if until is None or version.first_seen_at < until]
        states = [run for run in history.states if until is None or run.first_seen_at < until]
        texts = [archive.text(version) for version in versions]
    for text in texts:
        check_text(text.title, text.body, text.sha256, source.url)
    title = strip_controls(texts[-1].title) if texts else source.url
    body = [
        f"<header><h1>{escape(title)}</h1>",
        f"<p>{escape(strip_controls(source.url))}</p>",
        f"<p>{_count(len(versions), 'version')} in {_count(sum(run.seen for run in states), 'check')}</p></header>",
        *_timeline(versions, states),
        _table(versions, states),
        *_sections(versions, texts),
    ]
    language = (texts[-1].language or "") if texts else ""
    with atomic_write(path) as part:
        part.write_text(render_document(f"Versions of: {title}", body, language=language, style=_STYLE), "utf-8")
    return len(versions)


def export_datasette(db: Path, path: Path) -> None:
    """Write the Datasette settings for a database with this archive's name.

    Raises BadInput if the file cannot be written.
    """
    refuse_server(db, "Datasette reads files. Copy the archive into one: wirecopy move ADDRESS FILE")
    text = resource_path("datasette.yaml").read_text("utf-8")
    name = json.dumps(db.stem)
    text = text.replace("\n  archive:\n", f"\n  {name}:\n").replace("/archive/v_", f"/{quote(db.stem)}/v_")
    with atomic_write(path) as part:
        part.write_text(text, "utf-8")


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


# --- the timeline ----------------------------------------------------------------------------------------------------


def _timeline(versions: Sequence[Version], states: Sequence[Stretch]) -> Iterator[str]:
    """Yield an SVG from the first check to the last: how long each version was online, its start, and failed checks.

    The table below it has the same information as text.
    """
    if not states:
        return
    start = min(run.first_seen_at for run in states)
    span = (max(run.last_seen_at for run in states) - start).total_seconds() or 1.0

    def x_position(instant: datetime) -> float:
        return round(_LEFT + (instant - start).total_seconds() / span * (_RIGHT - _LEFT), 1)

    yield f'<svg viewBox="0 0 {_WIDTH} {2 * _MIDDLE}" role="img" aria-label="Timeline; the table below says the same">'
    yield f'<line class="axis" x1="{_LEFT}" x2="{_RIGHT}" y1="{_MIDDLE}" y2="{_MIDDLE}"/>'
    for version in versions:
        ends = f'x1="{x_position(version.first_seen_at)}" x2="{x_position(version.last_seen_at)}"'
        yield f'<line class="stood" {ends} y1="{_MIDDLE}" y2="{_MIDDLE}"/>'
    for run in states:
        if run.state not in {"ok", "live_blog", "not_modified"}:
            x = x_position(run.first_seen_at)
            yield f'<rect class="failed" x="{x - 2}" y="{_MIDDLE - 6}" width="4" height="12"/>'
    for version in versions:
        radius = round(_MIN_RADIUS + (_MAX_RADIUS - _MIN_RADIUS) * min(1.0, version.score) ** 0.5, 1)
        yield f'<circle class="first" cx="{x_position(version.first_seen_at)}" cy="{_MIDDLE}" r="{radius}"/>'
    yield "</svg>"


def _table(versions: Sequence[Version], states: Sequence[Stretch]) -> str:
    """Return a table of the versions and of the failed checks, by time."""
    rows = [
        (
            version.first_seen_at,
            f'<a href="#v{version.number}">version {version.number}</a>',
            version.last_seen_at,
            _describe_changes(version),
        )
        for version in versions
    ]
    rows += [
        (run.first_seen_at, escape(run.state.replace("_", " ")), run.last_seen_at, _count(run.seen, "check"))
        for run in states
        if run.state not in {"ok", "live_blog", "not_modified"}
    ]
    cells = "".join(
        f"<tr><td>{_time_tag(first)}</td><td>{_time_tag(last)}</td><td>{name}</td><td>{what}</td></tr>"
        for first, name, last, what in sorted(rows, key=lambda row: (row[0], row[1]))
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("first seen (UTC)", "last seen", "state", "what"))
    return f"<table><caption>What the checks met</caption><thead><tr>{heads}</tr></thead><tbody>{cells}</tbody></table>"


def _describe_changes(version: Version) -> str:
    kinds = ", ".join(str(kind) for kind in version.kinds)
    return f"{escape(kinds)} (score {version.score:.2f})" if kinds else "first text seen"


def _time_tag(instant: datetime) -> str:
    return f'<time datetime="{iso(instant)}">{instant:%Y-%m-%d %H:%M}</time>'


# --- the versions ----------------------------------------------------------------------------------------------------


def _sections(versions: Sequence[Version], texts: Sequence[Text]) -> Iterator[str]:
    """Yield a section per version: the first with its text, the others with their changes and the text folded."""
    before: Text | None = None
    for version, text in zip(versions, texts, strict=True):
        yield f'<section id="v{version.number}"><h2>Version {version.number}</h2>'
        period = f"seen with this text from {_time_tag(version.first_seen_at)} to {_time_tag(version.last_seen_at)}"
        yield f'<p class="when">{period}; text sha256 {version.text_sha256}</p>'
        if before is not None:
            yield render_fragment(compare(before, text), before, text, name=f"v{version.number}-")
        yield from _text(text, "The whole text", unfolded=before is None)
        yield "</section>"
        before = text


def _text(text: Text, summary: str, *, unfolded: bool) -> Iterator[str]:
    paragraphs = "".join(
        f"<p>{escape(strip_controls(paragraph))}</p>" for paragraph in text.body.split("\n") if paragraph.strip()
    )
    byline = f'<p class="when">{escape(strip_controls(text.byline))}</p>' if text.byline else ""
    title = f"<h3>{escape(strip_controls(text.title))}</h3>"
    yield f"<details{' open' * unfolded}><summary>{summary}</summary>{title}{byline}"
    yield f"{paragraphs}</details>"
