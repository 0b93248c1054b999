"""The spread of a story: a lane for each outlet over time, and an arrow from the probable original to every copy."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from archive.serve.charts.axis import axis_over

Json = dict[str, Any]

WIDTH, LANE, TOP, FOOT = 760, 34, 14, 30
_LEFT, _RIGHT = 190, WIDTH - 60
_MAX_NAME = 26  # characters of an outlet's name that fit beside its lane


def lanes(cluster: Json) -> Markup:
    """Return the chart of a cluster's view: ``members`` in order of time, each with outlet, at, role, shared."""
    members = [member for member in cluster["members"] if member["at"]]
    if not members:
        return Markup("")
    axis = axis_over([member["at"] for member in members], left=_LEFT, right=_RIGHT)
    ys = {member["url"]: TOP + LANE * row + LANE / 2 for row, member in enumerate(members)}
    origin = next((member for member in members if member["original"]), members[0])
    parts = [*(_lane(member, ys[member["url"]]) for member in members)]
    for member in members:
        x, y = axis.x(member["at"]), ys[member["url"]]
        if member is not origin:
            parts.append(_arrow(axis.x(origin["at"]), ys[origin["url"]], x, y))
        parts.append(_mark(member, x, y))
    height = TOP + LANE * len(members) + FOOT
    parts.append(axis.draw(height - 6))
    frame = Markup('<svg class="lanes" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
    return frame.format(WIDTH, height, cluster["summary"], Markup("").join(parts))


def _lane(member: Json, y: float) -> Markup:
    outlet = member["outlet"]
    name = outlet if len(outlet) <= _MAX_NAME else outlet[: _MAX_NAME - 1] + "\u2026"
    lane = Markup('<line class="lane" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="outlet" x="0" y="{}">{}</text>')
    return lane.format(_LEFT, _RIGHT, y, y, y + 4, name)


def _arrow(x1: float, y1: float, x2: float, y2: float) -> Markup:
    """Return a curve that leaves the original sideways, so the arrows to copies of one hour do not overlap."""
    bend = max(abs(x2 - x1) / 2, 18)
    path = Markup('<path class="copied" d="M{} {} C{} {} {} {} {} {}"/>')
    return path.format(x1, y1, round(x1 + bend, 1), y1, round(x2 - bend, 1), y2, x2, y2)


def _mark(member: Json, x: float, y: float) -> Markup:
    if member["original"]:  # its label is above the lane, where no arrow leaves
        mark = Markup(
            '<circle class="original" cx="{0}" cy="{1}" r="6"/><text class="share" x="{0}" y="{2}">first</text>'
        )
        return mark.format(x, y, y - 10)
    mark = Markup('<circle class="copy" cx="{}" cy="{}" r="6"/><text class="share" x="{}" y="{}">{}</text>')
    return mark.format(x, y, x + 11, y + 4, member["shared_said"])
