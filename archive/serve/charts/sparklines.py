"""Small charts for a line of text or a table cell: results of checks, weight of a change, counts over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = dict[str, Any]

_STEP, _SPARK_HEIGHT = 5, 18
_COLUMNS_WIDTH, _COLUMNS_HEIGHT = 720, 84


def sparkline(checks: Sequence[Json], summary: str) -> Markup:
    """Return the last checks, the newest at the right: a bar as high as the text was long, a dot for a failure."""
    longest = max((check["length"] for check in checks), default=0) or 1
    bar = Markup('<rect class="fine" x="{}" y="{}" width="3" height="{}"/>')
    dot = Markup('<circle class="{}" cx="{}" cy="{}" r="2"/>')
    parts = []
    for number, check in enumerate(checks):
        x = number * _STEP
        if check["health"] == "fine":
            height = max(round(_SPARK_HEIGHT * check["length"] / longest), 3)
            parts.append(bar.format(x, _SPARK_HEIGHT - height, height))
        else:
            parts.append(dot.format(check["health"], x + 1.5, _SPARK_HEIGHT - 3))
    width = max(len(checks) * _STEP, _STEP)
    frame = Markup(
        '<svg class="spark" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}">{3}</svg>'
    )
    return frame.format(width, _SPARK_HEIGHT, summary, Markup("").join(parts))


def sizebar(share: float, summary: str) -> Markup:
    """Return the weight of a change, from 0 to 1, as a bar."""
    width = round(52 * min(max(share, 0.0), 1.0), 1)
    frame = Markup(
        '<svg class="size" viewBox="0 0 52 8" width="52" height="8" role="img" aria-label="{}">'
        '<rect class="all" width="52" height="8" rx="4"/><rect class="part" width="{}" height="8" rx="4"/></svg>'
    )
    return frame.format(summary, max(width, 3))


def columns(counts: Sequence[Json], summary: str) -> Markup:
    """Return a column chart over time. ``counts`` are ``when`` and ``count``, in order of time."""
    if not counts:
        return Markup("")
    highest = max(entry["count"] for entry in counts)
    step = min(_COLUMNS_WIDTH / len(counts), 36)
    column = Markup('<rect class="column" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>')
    parts = []
    for number, entry in enumerate(counts):
        height = round(_COLUMNS_HEIGHT * entry["count"] / highest, 1)
        x, y = round(number * step, 1), round(_COLUMNS_HEIGHT - height + 14, 1)
        parts.append(column.format(x, y, round(step * 0.8, 1), height, f"{entry['when']}: {entry['count']}"))
    width = round(step * len(counts))
    ends = Markup(
        '<text class="axis" x="0" y="{0}">{1}</text><text class="axis" x="{2}" y="{0}" text-anchor="end">{3}</text>'
    )
    last = counts[-1]["when"] if len(counts) * step > 160 else ""  # noqa: PLR2004 - two labels side by side
    parts.append(ends.format(_COLUMNS_HEIGHT + 30, counts[0]["when"], width, last))
    frame = Markup(
        '<svg class="columns" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}">{3}</svg>'
    )
    return frame.format(max(width, 160), _COLUMNS_HEIGHT + 36, summary, Markup("").join(parts))
