"""Where shared passages stand in two texts: each text a bar from beginning to end, each passage a ribbon between.

Ribbons that cross are passages in another order; what no ribbon touches only one text has.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

Json = dict[str, Any]

WIDTH, HEIGHT = 760, 150
_TOP, _BOTTOM, _THICK = 24, 116, 10
_MOST = 150  # passages drawn; more would be one grey
_ROOM = 16  # for a number


def threads(told: Json) -> Markup:
    """The picture of a pair's view; empty where the texts share no passage."""
    if not told["passages"]:
        return Markup("")
    scales = [(WIDTH - 2) / max(length, 1) for length in told["lengths"]]
    parts = [
        _text(told["a"]["outlet"], 14),
        _text(told["b"]["outlet"], HEIGHT - 6),
        _bar(_TOP),
        _bar(_BOTTOM),
        *(_ribbon(each, scales) for each in told["passages"][:_MOST]),
    ]
    crossing = _crossing(told["passages"])
    order = "in the same order" if not crossing else f"{crossing} of them in another order"
    said = f"Where {len(told['passages'])} shared passages stand in both texts, {order}. The rows below say the same."
    frame = Markup('<svg class="threads" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
    return frame.format(WIDTH, HEIGHT, said, Markup("").join(parts))


def _crossing(passages: list[Json]) -> int:
    """How many passages stand behind one in the second text that comes after them in the first."""
    farthest, crossing = -1, 0
    for each in passages:  # in the order of the first text
        crossing += each["b"][0] < farthest
        farthest = max(farthest, each["b"][0])
    return crossing


def _text(said: str, y: int) -> Markup:
    return Markup('<text class="outlet" x="0" y="{}">{}</text>').format(y, said)


def _bar(y: int) -> Markup:
    return Markup('<rect class="whole" x="0" y="{}" width="{}" height="{}" rx="2"/>').format(y, WIDTH, _THICK)


def _ribbon(each: Json, scales: list[float]) -> Markup:
    """A passage on both bars and between; its colour is that of its rows."""
    (a, a_end), (b, b_end) = (
        (round(span[0] * scale, 1), round(max(span[1] * scale, span[0] * scale + 2), 1))
        for span, scale in zip((each["a"], each["b"]), scales, strict=True)
    )
    band = f"band-{each['n'] % 4}"
    block = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>')
    told = Markup('<path class="thread {}" d="M{} {}H{}L{} {}H{}Z"><title>passage {}</title></path>').format(
        band, a, _TOP + _THICK, a_end, b_end, _BOTTOM, b, each["n"]
    )
    told += block.format(band, a, _TOP, round(a_end - a, 1), _THICK)
    told += block.format(band, b, _BOTTOM, round(b_end - b, 1), _THICK)
    if a_end - a < _ROOM:
        return told
    number = Markup('<text class="number" x="{}" y="{}">{}</text>')
    return told + number.format(round((a + a_end) / 2, 1), _TOP + _THICK + 16, each["n"])
