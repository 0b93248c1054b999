"""A picture of who copies whom: originals at the left, copiers at the right, ribbons as wide as what was copied.

The picture is 360 units wide with letters of 12, so it is legible on a telephone without being scaled down.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Json = dict[str, Any]

WIDTH = 360
MOST_FLOWS = 16
"""Most ribbons drawn, the largest: more would be one grey. The table has all."""

_LEFT, _RIGHT, _BAR, _TOP = 118, WIDTH - 118, 6, 22
_LEAST, _GAP, _ROOM = 16.0, 8.0, 200.0  # height of the least bar, gap between bars, height of all bars of a side
_MAX_NAME = 18  # characters of an outlet's name that fit beside its bar


def copy_flows(flows: Sequence[Json], summary: str) -> Markup:
    """Return the chart of flows, empty without any. ``flows`` have copier, original, articles; the largest first."""
    drawn = flows[:MOST_FLOWS]
    if not drawn:
        return Markup("")
    unit = _ROOM / sum(flow["articles"] for flow in drawn)
    sides = [_bars(_totals(drawn, side), unit) for side in ("original", "copier")]
    ends = [dict.fromkeys(bars, 0.0) for bars in sides]
    parts = []
    for flow in sorted(drawn, key=lambda flow: (sides[0][flow["original"]][0], sides[1][flow["copier"]][0])):
        thickness = flow["articles"] * unit
        ys = []
        for bars, used, name in zip(sides, ends, (flow["original"], flow["copier"]), strict=True):
            top, height, total = bars[name]
            ys.append(top + (height - total * unit) / 2 + used[name])
            used[name] += thickness
        parts.append(_ribbon(flow, ys, thickness))
    height = max(top + height for bars in sides for top, height, _ in bars.values()) + 4
    parts += [
        *_side(sides[0], _LEFT - _BAR, _LEFT - _BAR - 5, "end"),
        *_side(sides[1], _RIGHT, _RIGHT + _BAR + 5, "start"),
    ]
    heads = Markup('<text class="axis" x="{}" y="12" text-anchor="end">original</text>').format(_LEFT)
    heads += Markup('<text class="axis" x="{}" y="12">copies</text>').format(_RIGHT)
    frame = Markup('<svg class="flows" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>')
    return frame.format(WIDTH, round(height), summary, heads, Markup("").join(parts))


def _totals(flows: Iterable[Json], side: str) -> Mapping[str, int]:
    totals: Counter[str] = Counter()
    for flow in flows:
        totals[flow[side]] += flow["articles"]
    return totals


def _bars(totals: Mapping[str, int], unit: float) -> dict[str, tuple[float, float, int]]:
    """Return top, height and articles of each outlet's bar, the largest first."""
    bars, top = {}, float(_TOP)
    for name, total in sorted(totals.items(), key=lambda pair: (-pair[1], pair[0])):
        height = max(_LEAST, total * unit)
        bars[name] = round(top, 1), round(height, 1), total
        top += height + _GAP
    return bars


def _side(bars: Mapping[str, tuple[float, float, int]], bar_x: float, text_x: float, anchor: str) -> Iterable[Markup]:
    mark = Markup(
        '<rect class="outlet-bar" x="{}" y="{}" width="{}" height="{}" rx="1.5"/>'
        '<text class="outlet" x="{}" y="{}" text-anchor="{}">{}<title>{}: {}</title></text>'
    )
    for name, (top, height, total) in bars.items():
        label = name if len(name) <= _MAX_NAME else name[: _MAX_NAME - 1] + "\u2026"
        y = round(top + height / 2 + 4, 1)
        yield mark.format(bar_x, top, _BAR, height, text_x, y, anchor, label, name, total)


def _ribbon(flow: Json, ys: Sequence[float], thickness: float) -> Markup:
    (y1, y2), middle = ys, (_LEFT + _RIGHT) / 2
    low1, low2 = round(y1 + thickness, 1), round(y2 + thickness, 1)
    path = f"M{_LEFT} {y1:.1f}C{middle} {y1:.1f} {middle} {y2:.1f} {_RIGHT} {y2:.1f}V{low2}"
    path += f"C{middle} {low2} {middle} {low1} {_LEFT} {low1}Z"
    text = f"{flow['copier']} copies {flow['original']}: {flow['articles']}"
    return Markup('<path class="flow" d="{}"><title>{}</title></path>').format(path, text)
