"""A change as one picture to send on: what the headline became, the strongest edits, when they were seen, and digests.

Nothing but presentation attributes, so that it looks the same in a page, in a window of its own under our policy, and
in any program that reads SVG. The type is whatever the reader's machine has: widths are reckoned, generously.
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
"""What sites that show a picture beside a link ask for."""

_EDGE, _FOOT = 64, 520
_LINES = 3  # of the headline, and of an edit
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
    """Characters with one mark: same, cut, new."""

    mark: str
    text: str


class Size(NamedTuple):
    """How text is set: its height in points, the distance of its lines, its face, and its weight."""

    high: int
    step: int
    face: str = _SERIF
    weight: int = 400


_HEAD_ALONE = Size(56, 72, weight=700)
_HEAD, _EDIT, _SMALL, _DIGEST = Size(42, 54, weight=700), Size(28, 38), Size(21, 30, _SANS), Size(16, 25, _MONO)


def card(told: Json, edits: Sequence[Sequence[Json]]) -> str:
    """The picture of ``told``, the view of a change, as an SVG file; ``edits`` are runs, the strongest first."""
    title = told["title_bits"] or [{"mark": "same", "text": told["title"]}]
    kinds = ", ".join(wording.kind(kind) for kind in told["kinds"]) or "no change"
    parts = [_words(_EDGE, 76, [Run("same", told["outlet"])], _SMALL, fill=_SOFT)]
    head, y = (_HEAD if edits else _HEAD_ALONE), 146
    for line in wrapped(title, head, _LINES):
        parts.append(_words(_EDGE, y, line, head))
        y += head.step
    parts.append(_words(_EDGE, y - 8, [Run("same", f"{kinds} \u00b7 weight {told['score']:.2f}")], _SMALL, fill=_SOFT))
    y += 42
    for edit in edits:
        lines = list(wrapped(edit, _EDIT, _LINES))
        if y + _EDIT.step * (len(lines) - 1) > _FOOT - 34:
            break
        parts += [_words(_EDGE, y + _EDIT.step * place, line, _EDIT) for place, line in enumerate(lines)]
        y += _EDIT.step * len(lines) + 12
    frame = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" '
        'aria-label="{2}" xml:space="preserve"><rect width="{0}" height="{1}" fill="{3}"/>{4}</svg>\n'
    )
    drawn = Markup("").join([*parts, *_foot(told)])
    return str(frame.format(WIDTH, HEIGHT, legal(f"What changed: {told['title']} ({kinds})"), _PAGE, drawn))


def _foot(told: Json) -> Iterator[Markup]:
    """Which versions, seen when, and the digests by which anyone can tell that these are the texts."""
    rule = Markup('<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="{}"/>')
    yield rule.format(_EDGE, WIDTH - _EDGE, _FOOT, _FOOT, _RULE)
    for place, side in enumerate("ab"):
        each = told[side]
        when = f"version {each['version']}, first seen {each['first_seen_at'][:16].replace('T', ' ')} UTC"
        y = _FOOT + 36 + _DIGEST.step * place
        yield _words(_EDGE, y, [Run("same", when)], _SMALL._replace(high=17), fill=_INK)
        yield _words(_EDGE + 380, y, [Run("same", f"sha256:{each['text_sha256']}")], _DIGEST, fill=_SOFT)
    brand = Markup(
        '<text x="{}" y="{}" text-anchor="end" font-family="{}" font-size="24" font-weight="700" fill="{}">{}'
    )
    yield brand.format(WIDTH - _EDGE, 76, _SERIF, _INK, "wirecopy") + Markup("</text>")
    where = next(iter(wrapped([{"mark": "same", "text": told["url"]}], _SMALL, 1)), [])
    yield _words(_EDGE, _FOOT + 92, where, _SMALL._replace(high=17), fill=_SOFT)


def _words(x: float, y: float, line: Iterable[Run], size: Size, *, fill: str = "") -> Markup:
    run = Markup("<tspan {}>{}</tspan>")
    spans = Markup("").join(
        run.format(Markup('fill="{}"').format(fill) if fill else _MARKS[mark], legal(text)) for mark, text in line
    )
    text = Markup('<text x="{}" y="{}" font-family="{}" font-size="{}" font-weight="{}">{}</text>')
    return text.format(x, y, size.face, size.high, size.weight, spans)


# --- from runs to lines ----------------------------------------------------------------------------------------------


def wrapped(runs: Iterable[Json], size: Size, most: int) -> Iterator[Line]:
    """Runs with their marks in lines that fit between the edges; what is more than ``most`` lines ends in dots."""
    lines: list[Line] = [[]]
    left = room = WIDTH - 2.0 * _EDGE
    for mark, piece in _pieces(runs):
        wide = _wide(piece, size)
        if wide > left and lines[-1]:
            if len(lines) > most:
                break
            lines.append([])
            left = room
        lines[-1].append(Run(mark, piece))
        left -= wide
    for number, line in enumerate(lines[:most], start=1):
        yield [*line[:-1], Run("same", "\u2026")] if number == most < len(lines) else line


def _pieces(runs: Iterable[Json]) -> Iterator[tuple[str, str]]:
    """Words with the blank behind them; one between a word that was cut and the one that came for it, too."""
    before = ""
    for each in runs:
        if before == "cut" and each["mark"] == "new" and not each["text"][:1].isspace():
            yield "same", " "
        yield from ((each["mark"], found[0].replace("\n", " ")) for found in _PIECE.finditer(each["text"]))
        before = each["mark"]


def _wide(text: str, size: Size) -> float:
    """About how wide text is, rather too much: the faces differ, and none is at hand to be measured."""
    heavy = 1.08 if size.weight > 400 else 1.0  # noqa: PLR2004 - regular
    return heavy * size.high * sum(map(_share, text))


def _share(letter: str) -> float:
    """The width of a letter as a share of the height of its type."""
    if letter in _NARROW:
        return 0.31
    if letter in _WIDE or letter >= "\u2e80":
        return 1.0
    return 0.7 if letter.isupper() else 0.53
