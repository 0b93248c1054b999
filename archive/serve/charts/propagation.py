"""Who had it first: a lane for each outlet over time, and an arrow from the probable original to every copy."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from archive.serve.charts.axis import axis_of

Json = dict[str, Any]

WIDTH, LANE, TOP, FOOT = 760, 34, 14, 30
_LEFT, _RIGHT = 190, WIDTH - 60
_LONGEST = 26  # characters of an outlet's name that fit beside its lane


def lanes(told: Json) -> Markup:
    """The picture of a cluster's view: ``members`` in order of time, each with outlet, at, role, shared."""
    members = [each for each in told["members"] if each["at"]]
    if not members:
        return Markup("")
    axis = axis_of([each["at"] for each in members], left=_LEFT, right=_RIGHT)
    ys = {each["url"]: TOP + LANE * place + LANE / 2 for place, each in enumerate(members)}
    origin = next((each for each in members if each["original"]), members[0])
    parts = [*(_lane(each, ys[each["url"]]) for each in members)]
    for each in members:
        x, y = axis.x(each["at"]), ys[each["url"]]
        if each is not origin:
            parts.append(_arrow(axis.x(origin["at"]), ys[origin["url"]], x, y))
        parts.append(_mark(each, x, y))
    height = TOP + LANE * len(members) + FOOT
    parts.append(axis.drawn(height - 6))
    frame = Markup('<svg class="lanes" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
    return frame.format(WIDTH, height, told["summary"], Markup("").join(parts))


def _lane(each: Json, y: float) -> Markup:
    name = each["outlet"] if len(each["outlet"]) <= _LONGEST else each["outlet"][: _LONGEST - 1] + "\u2026"
    mark = Markup('<line class="lane" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="outlet" x="0" y="{}">{}</text>')
    return mark.format(_LEFT, _RIGHT, y, y, y + 4, name)


def _arrow(x1: float, y1: float, x2: float, y2: float) -> Markup:
    """A curve that leaves the original sideways, so that copies of one hour do not lie upon each other."""
    bend = max(abs(x2 - x1) / 2, 18)
    path = Markup('<path class="copied" d="M{} {} C{} {} {} {} {} {}"/>')
    return path.format(x1, y1, round(x1 + bend, 1), y1, round(x2 - bend, 1), y2, x2, y2)


def _mark(each: Json, x: float, y: float) -> Markup:
    if each["original"]:  # above its lane, where no arrow leaves
        mark = Markup(
            '<circle class="original" cx="{0}" cy="{1}" r="6"/><text class="share" x="{0}" y="{2}">first</text>'
        )
        return mark.format(x, y, y - 10)
    mark = Markup('<circle class="copy" cx="{}" cy="{}" r="6"/><text class="share" x="{}" y="{}">{}</text>')
    return mark.format(x, y, x + 11, y + 4, each["shared_said"])
