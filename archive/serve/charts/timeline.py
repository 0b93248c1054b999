"""The life of one article: every check a tick, every version a dot as large as its change, other states as bands."""

from __future__ import annotations

from math import sqrt
from typing import Any

from markupsafe import Markup

from archive.serve.charts.axis import Axis, axis_of

Json = dict[str, Any]

WIDTH, HEIGHT = 760, 118
_LINE, _TICKS, _LABELS = 46, 74, 108
_LEFT, _RIGHT = 14, WIDTH - 14
_LEAST, _MOST = 4.0, 17.0  # radius of a change of nothing and of all

_HEAVY = frozenset({"headline", "number", "correction"})


def timeline(told: Json) -> Markup:
    """The picture of ``told``, the timeline of an article's view; empty where nothing was ever checked."""
    instants = [each["at"] for each in told["checks"]]
    if not instants:
        return Markup("")
    axis = axis_of([*instants, *(each["from"] for each in told["versions"])], left=_LEFT, right=_RIGHT)
    parts = [
        *(_band(each, axis) for each in told["runs"] if each["health"] != "fine"),
        *(_stand(each, axis) for each in told["versions"]),
        *(_tick(each, axis) for each in told["checks"]),
        *(_dot(each, axis) for each in told["versions"]),
        axis.drawn(_LABELS),
    ]
    frame = Markup('<svg class="timeline" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
    return frame.format(WIDTH, HEIGHT, told["summary"], Markup("").join(parts))


def _band(each: Json, axis: Axis) -> Markup:
    x, end = axis.x(each["from"]), axis.x(each["to"])
    box = Markup('<rect class="band {}" x="{}" y="{}" width="{}" height="{}" rx="3"/>')
    return box.format(each["health"], x - 4, _LINE - 22, max(end - x, 0) + 8, _TICKS - _LINE + 34)


def _stand(each: Json, axis: Axis) -> Markup:
    bar = Markup('<line class="stands" x1="{}" x2="{}" y1="{}" y2="{}"/>')
    return bar.format(axis.x(each["from"]), axis.x(each["to"]), _LINE, _LINE)


def _tick(each: Json, axis: Axis) -> Markup:
    x = axis.x(each["at"])
    if each["health"] == "fine":
        mark = Markup('<line class="tick" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>')
        return mark.format(x, _TICKS - 5, _TICKS + 5)
    return Markup('<circle class="tick {}" cx="{}" cy="{}" r="4"/>').format(each["health"], x, _TICKS)


def _dot(each: Json, axis: Axis) -> Markup:
    radius = round(_LEAST + (_MOST - _LEAST) * sqrt(min(max(each["score"], 0.0), 1.0)), 1)
    heavy = "heavy" if _HEAVY.intersection(each["kinds"]) else "light"
    x = min(max(axis.x(each["from"]), _LEFT + radius), _RIGHT - radius)
    mark = Markup('<circle class="version {}" cx="{}" cy="{}" r="{}"/><text class="number" x="{}" y="{}">{}</text>')
    return mark.format(heavy, x, _LINE, radius, x, _LINE - radius - 5, each["version"])
