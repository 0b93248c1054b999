"""The history of one article: a tick for each check, a dot for each version, a band for each run of failures."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from archive.serve.charts.axis import Axis, axis_over

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = dict[str, Any]

WIDTH, HEIGHT = 760, 118
_LINE, _TICKS, _LABELS = 46, 74, 108
_LEFT, _RIGHT = 14, WIDTH - 14
_LEAST_GAP = 16.0  # between two dots: the width of a number of two digits
_MIN_RADIUS, _MAX_RADIUS = 4.0, 17.0  # of a change of weight 0 and 1

_HEAVY = frozenset({"headline", "number", "correction"})


def timeline(view: Json) -> Markup:
    """Return the chart of the timeline in an article's view, empty if there was no check."""
    instants = [check["at"] for check in view["checks"]]
    if not instants:
        return Markup("")
    axis = axis_over([*instants, *(version["from"] for version in view["versions"])], left=_LEFT, right=_RIGHT)
    parts = [
        *(_band(run, axis) for run in view["runs"] if run["health"] not in {"fine", "unread"}),
        *(_span(version, axis) for version in view["versions"]),
        *(_tick(check, axis) for check in view["checks"]),
        *(_dot(version, x) for version, x in zip(view["versions"], _places(view["versions"], axis), strict=True)),
        axis.draw(_LABELS),
    ]
    frame = Markup('<svg class="timeline" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
    return frame.format(WIDTH, HEIGHT, view["summary"], Markup("").join(parts))


def _band(run: Json, axis: Axis) -> Markup:
    x, end = axis.x(run["from"]), axis.x(run["to"])
    box = Markup('<rect class="band {}" x="{}" y="{}" width="{}" height="{}" rx="3"/>')
    return box.format(run["health"], x - 4, _LINE - 22, max(end - x, 0) + 8, _TICKS - _LINE + 34)


def _span(version: Json, axis: Axis) -> Markup:
    bar = Markup('<line class="stands" x1="{}" x2="{}" y1="{}" y2="{}"/>')
    return bar.format(axis.x(version["from"]), axis.x(version["to"]), _LINE, _LINE)


def _tick(check: Json, axis: Axis) -> Markup:
    x = axis.x(check["at"])
    if check["health"] == "fine":
        mark = Markup('<line class="tick" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>')
        return mark.format(x, _TICKS - 5, _TICKS + 5)
    if check["health"] == "failed":  # a cross: a dot in the same red is a heavy change
        cross = Markup('<path class="tick failed" d="M{} {}l8 8m0-8l-8 8"/>')
        return cross.format(round(x - 4, 1), _TICKS - 4)
    return Markup('<circle class="tick {}" cx="{}" cy="{}" r="4"/>').format(check["health"], x, _TICKS)


def _radius(version: Json) -> float:
    score = min(max(version["score"], 0.0), 1.0)
    return round(_MIN_RADIUS + (_MAX_RADIUS - _MIN_RADIUS) * sqrt(score), 1)  # scaled by area


def _places(versions: Sequence[Json], axis: Axis) -> list[float]:
    """Return where the dots are: at their instants, but so far apart that the number of each is legible.

    Versions minutes apart are moved aside, in their order, the last ones to the left of the edge.
    """
    gap = min(_LEAST_GAP, (_RIGHT - _LEFT - 2 * _MAX_RADIUS) / max(len(versions), 1))
    places: list[float] = []
    for version in versions:
        x = max(axis.x(version["from"]), _LEFT + _radius(version))
        places.append(max(x, places[-1] + gap) if places else x)
    edge = _RIGHT + gap
    for index in reversed(range(len(places))):
        edge = places[index] = min(places[index], edge - gap, _RIGHT - _radius(versions[index]))
    return [round(x, 1) for x in places]


def _dot(version: Json, x: float) -> Markup:
    radius = _radius(version)
    weight = "heavy" if _HEAVY.intersection(version["kinds"]) else "light"
    mark = Markup('<circle class="version {}" cx="{}" cy="{}" r="{}"/><text class="number" x="{}" y="{}">{}</text>')
    return mark.format(weight, x, _LINE, radius, x, _LINE - radius - 5, version["version"])
