"""The shared passages of two texts: each text a bar from beginning to end, each passage a ribbon between the bars.

Ribbons that cross are passages in another order. A part that no ribbon touches is in one text only.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

Json = dict[str, Any]

WIDTH, HEIGHT = 760, 150
_TOP, _BOTTOM, _THICK = 24, 116, 10
_MAX_PASSAGES = 150  # drawn; more would be one grey
_NUMBER_ROOM = 16  # width of a ribbon that has room for its number


def threads(pair: Json) -> Markup:
    """Return the chart of a pair's view, empty if the texts share no passage."""
    if not pair["passages"]:
        return Markup("")
    scales = [(WIDTH - 2) / max(length, 1) for length in pair["lengths"]]
    parts = [
        _text(pair["a"]["outlet"], 14),
        _text(pair["b"]["outlet"], HEIGHT - 6),
        _bar(_TOP),
        _bar(_BOTTOM),
        *(_ribbon(passage, scales) for passage in pair["passages"][:_MAX_PASSAGES]),
    ]
    crossing = _count_crossing(pair["passages"])
    order = "in the same order" if not crossing else f"{crossing} of them in another order"
    summary = f"Positions of {len(pair['passages'])} shared passages in both texts, {order}. The rows below list them."
    frame = Markup('<svg class="threads" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
    return frame.format(WIDTH, HEIGHT, summary, Markup("").join(parts))


def _count_crossing(passages: list[Json]) -> int:
    """Count the passages that come earlier in the second text than one that precedes them in the first."""
    farthest, crossing = -1, 0
    for passage in passages:  # in the order of the first text
        start = passage["b"][0]
        crossing += start < farthest
        farthest = max(farthest, start)
    return crossing


def _text(text: str, y: int) -> Markup:
    return Markup('<text class="outlet" x="0" y="{}">{}</text>').format(y, text)


def _bar(y: int) -> Markup:
    return Markup('<rect class="whole" x="0" y="{}" width="{}" height="{}" rx="2"/>').format(y, WIDTH, _THICK)


def _ribbon(passage: Json, scales: list[float]) -> Markup:
    """Return a passage on both bars and between them, in the colour of its rows."""
    (a, a_end), (b, b_end) = (
        (round(span[0] * scale, 1), round(max(span[1] * scale, span[0] * scale + 2), 1))
        for span, scale in zip((passage["a"], passage["b"]), scales, strict=True)
    )
    band = f"band-{passage['n'] % 4}"
    block = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>')
    drawing = Markup('<path class="thread {}" d="M{} {}H{}L{} {}H{}Z"><title>passage {}</title></path>').format(
        band, a, _TOP + _THICK, a_end, b_end, _BOTTOM, b, passage["n"]
    )
    drawing += block.format(band, a, _TOP, round(a_end - a, 1), _THICK)
    drawing += block.format(band, b, _BOTTOM, round(b_end - b, 1), _THICK)
    if a_end - a < _NUMBER_ROOM:
        return drawing
    number = Markup('<text class="number" x="{}" y="{}">{}</text>')
    return drawing + number.format(round((a + a_end) / 2, 1), _TOP + _THICK + 16, passage["n"])
