"""Small pictures that stand in a line of text or a cell: how checks went, how weighty a change is, what came when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = dict[str, Any]

_STEP, _HIGH = 5, 18
_COLUMNS, _TALL = 720, 84


def sparkline(checks: Sequence[Json], summary: str) -> Markup:
    """The last checks, the newest at the right: a bar for text, as high as there was much of it; dots for failures."""
    most = max((each["length"] for each in checks), default=0) or 1
    parts = []
    for place, each in enumerate(checks):
        x = place * _STEP
        if each["health"] == "fine":
            high = max(round(_HIGH * each["length"] / most), 3)
            parts.append(
                Markup('<rect class="fine" x="{}" y="{}" width="3" height="{}"/>').format(x, _HIGH - high, high)
            )
        else:
            parts.append(
                Markup('<circle class="{}" cx="{}" cy="{}" r="2"/>').format(each["health"], x + 1.5, _HIGH - 3)
            )
    wide = max(len(checks) * _STEP, _STEP)
    frame = Markup(
        '<svg class="spark" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}">{3}</svg>'
    )
    return frame.format(wide, _HIGH, summary, Markup("").join(parts))


def sizebar(share: float, summary: str) -> Markup:
    """How weighty a change is, from 0 to 1, as a bar."""
    wide = round(52 * min(max(share, 0.0), 1.0), 1)
    frame = Markup(
        '<svg class="size" viewBox="0 0 52 8" width="52" height="8" role="img" aria-label="{}">'
        '<rect class="all" width="52" height="8" rx="4"/><rect class="part" width="{}" height="8" rx="4"/></svg>'
    )
    return frame.format(summary, max(wide, 3))


def columns(counts: Sequence[Json], summary: str) -> Markup:
    """How many of something there were when: ``counts`` are ``when`` and ``count``, in the order of time."""
    if not counts:
        return Markup("")
    most = max(each["count"] for each in counts)
    step = min(_COLUMNS / len(counts), 36)
    parts = []
    for place, each in enumerate(counts):
        high = round(_TALL * each["count"] / most, 1)
        box = Markup('<rect class="column" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>')
        said = f"{each['when']}: {each['count']}"
        parts.append(box.format(round(place * step, 1), round(_TALL - high + 14, 1), round(step * 0.8, 1), high, said))
    wide = round(step * len(counts))
    ends = Markup(
        '<text class="axis" x="0" y="{0}">{1}</text><text class="axis" x="{2}" y="{0}" text-anchor="end">{3}</text>'
    )
    last = counts[-1]["when"] if len(counts) * step > 160 else ""  # noqa: PLR2004 - two labels side by side
    parts.append(ends.format(_TALL + 30, counts[0]["when"], wide, last))
    frame = Markup(
        '<svg class="columns" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}">{3}</svg>'
    )
    return frame.format(max(wide, 160), _TALL + 36, summary, Markup("").join(parts))
