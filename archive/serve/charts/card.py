"""A share card: one change as an SVG picture, with the headline's edits, the strongest edits, first sights and digests.

It uses presentation attributes only. It therefore looks the same in a page, in a window of its own under our content
security policy, and in any program that reads SVG. The fonts are those of the reader's machine, so widths are generous
estimates.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from archive.serve import wording
from archive.serve.feeds import legal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Json = dict[str, Any]
    Line = list["Run"]

WIDTH, HEIGHT = 1200, 630
"""The size of pictures that other sites show next to a link."""

_EDGE, _FOOT = 64, 520
_MAX_LINES = 3  # of the headline, and of an edit
_PAGE, _INK, _SOFT, _RULE = "#fbfaf7", "#1c1c1a", "#5b5952", "#dcd8ce"
_MARKS = {
    "same": Markup('fill="{}"').format(_INK),
    "cut": Markup('fill="#8c1d18" text-decoration="line-through"'),
    "new": Markup('fill="#0b5528" text-decoration="underline"'),
}
_SERIF = "Charter, Georgia, Cambria, 'Liberation Serif', serif"
_SANS = "'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"
_MONO = "Menlo, Consolas, 'Liberation Mono', monospace"
_PIECE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]|\S{1,24}\s?|\s")
_NARROW, _WIDE = frozenset(" .,:;'!|()[]/-\u2019iljtfrI"), frozenset("mwMW@%\u2026\u2014")


class Run(NamedTuple):
    """Characters with one mark: same, cut or new."""

    mark: str
    text: str


class Size(NamedTuple):
    """A type size: height in pixels, distance between lines, font family and weight."""

    height: int
    step: int
    face: str = _SERIF
    weight: int = 400


_HEAD_ALONE = Size(56, 72, weight=700)
_HEAD, _EDIT, _SMALL, _DIGEST = Size(42, 54, weight=700), Size(28, 38), Size(21, 30, _SANS), Size(16, 25, _MONO)


def card(view: Json, edits: Sequence[Sequence[Json]]) -> str:
    """Return the view of a change as an SVG file. ``edits`` are runs of text, the strongest edit first."""
    title = view["title_bits"] or [{"mark": "same", "text": view["title"]}]
    kinds = ", ".join(wording.kind(kind) for kind in view["kinds"]) or "no change"
    parts = [_text(_EDGE, 76, [Run("same", view["outlet"])], _SMALL, fill=_SOFT)]
    head, y = (_HEAD if edits else _HEAD_ALONE), 146
    for line in wrap(title, head, _MAX_LINES):
        parts.append(_text(_EDGE, y, line, head))
        y += head.step
    parts.append(_text(_EDGE, y - 8, [Run("same", f"{kinds} \u00b7 weight {view['score']:.2f}")], _SMALL, fill=_SOFT))
    y += 42
    for edit in edits:
        lines = list(wrap(edit, _EDIT, _MAX_LINES))
        if y + _EDIT.step * (len(lines) - 1) > _FOOT - 34:
            break
        parts += [_text(_EDGE, y + _EDIT.step * number, line, _EDIT) for number, line in enumerate(lines)]
        y += _EDIT.step * len(lines) + 12
    frame = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" '
        'aria-label="{2}" xml:space="preserve"><rect width="{0}" height="{1}" fill="{3}"/>{4}</svg>\n'
    )
    drawing = Markup("").join([*parts, *_foot(view)])
    return str(frame.format(WIDTH, HEIGHT, legal(f"What changed: {view['title']} ({kinds})"), _PAGE, drawing))


def _foot(view: Json) -> Iterator[Markup]:
    """Yield the foot: both versions, when they were first seen, and the digests by which anyone can check the texts."""
    rule = Markup('<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="{}"/>')
    yield rule.format(_EDGE, WIDTH - _EDGE, _FOOT, _FOOT, _RULE)
    for number, side in enumerate("ab"):
        version = view[side]
        first_seen = version["first_seen_at"][:16].replace("T", " ")
        label = f"version {version['version']}, first seen {first_seen} UTC"
        y = _FOOT + 36 + _DIGEST.step * number
        yield _text(_EDGE, y, [Run("same", label)], _SMALL._replace(height=17), fill=_INK)
        yield _text(_EDGE + 380, y, [Run("same", f"sha256:{version['text_sha256']}")], _DIGEST, fill=_SOFT)
    brand = Markup(
        '<text x="{}" y="{}" text-anchor="end" font-family="{}" font-size="24" font-weight="700" fill="{}">{}'
    )
    yield brand.format(WIDTH - _EDGE, 76, _SERIF, _INK, "wirecopy") + Markup("</text>")
    url = next(iter(wrap([{"mark": "same", "text": view["url"]}], _SMALL, 1)), [])
    yield _text(_EDGE, _FOOT + 92, url, _SMALL._replace(height=17), fill=_SOFT)


def _text(x: float, y: float, line: Iterable[Run], size: Size, *, fill: str = "") -> Markup:
    run = Markup("<tspan {}>{}</tspan>")
    spans = Markup("").join(
        run.format(Markup('fill="{}"').format(fill) if fill else _MARKS[mark], legal(text)) for mark, text in line
    )
    text = Markup('<text x="{}" y="{}" font-family="{}" font-size="{}" font-weight="{}">{}</text>')
    return text.format(x, y, size.face, size.height, size.weight, spans)


# --- line breaking ---------------------------------------------------------------------------------------------------


def wrap(runs: Iterable[Json], size: Size, limit: int) -> Iterator[Line]:
    """Yield runs as lines that fit between the edges, at most ``limit``. If there are more, the last ends in dots."""
    lines: list[Line] = [[]]
    available = line_width = WIDTH - 2.0 * _EDGE
    for mark, piece in _pieces(runs):
        width = _width(piece, size)
        if width > available and lines[-1]:
            if len(lines) > limit:
                break
            lines.append([])
            available = line_width
        lines[-1].append(Run(mark, piece))
        available -= width
    for number, line in enumerate(lines[:limit], start=1):
        yield [*line[:-1], Run("same", "\u2026")] if number == limit < len(lines) else line


def _pieces(runs: Iterable[Json]) -> Iterator[tuple[str, str]]:
    """Yield marks and words, each word with the blank after it. Adds a blank between a cut word and its replacement."""
    previous = ""
    for run in runs:
        mark, text = run["mark"], run["text"]
        if previous == "cut" and mark == "new" and not text[:1].isspace():
            yield "same", " "
        yield from ((mark, match[0].replace("\n", " ")) for match in _PIECE.finditer(text))
        previous = mark


def _width(text: str, size: Size) -> float:
    """Return the estimated width of a text, rather too wide: fonts differ, and there is none here to measure."""
    boldness = 1.08 if size.weight > 400 else 1.0  # noqa: PLR2004 - regular
    return boldness * size.height * sum(map(_relative_width, text))


def _relative_width(letter: str) -> float:
    """Return the width of a letter as a share of the type's height."""
    if letter in _NARROW:
        return 0.31
    if letter in _WIDE or letter >= "\u2e80":
        return 1.0
    return 0.7 if letter.isupper() else 0.53
