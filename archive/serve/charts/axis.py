"""From instants to places on a line, and the few of them that are labelled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

_STEPS = (
    *(timedelta(minutes=minutes) for minutes in (5, 15, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 7, 14, 30, 91, 182, 365, 730, 1825, 3650, 18250)),
)
_MOST_LABELS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A span of time drawn from ``left`` to ``right``."""

    start: datetime
    end: datetime
    left: float
    right: float

    def x(self, iso: str) -> float:
        """Where an instant stands, to a tenth; what lies outside stands at the end."""
        whole = (self.end - self.start).total_seconds() or 1.0
        share = (datetime.fromisoformat(iso) - self.start).total_seconds() / whole
        return round(self.left + (self.right - self.left) * min(max(share, 0.0), 1.0), 1)

    def labels(self) -> list[tuple[float, str, str]]:
        """Place, words and anchor of the round instants that are labelled."""
        span = self.end - self.start
        step = next((step for step in _STEPS if span / step <= _MOST_LABELS), _STEPS[-1])
        form = "%H:%M" if span < timedelta(hours=20) else "%-d %b %H:%M" if step < timedelta(days=1) else "%-d %b"
        form = f"{form} %Y" if span > timedelta(days=300) else form
        midnight = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        at = midnight + step * -(-(self.start - midnight) // step)
        told = []
        while at <= self.end:
            told.append((self.x(at.isoformat()), f"{at:{form}}"))
            at += step
        return [(x, said, _anchor(x, self.left, self.right)) for x, said in told]

    def drawn(self, y: float) -> Markup:
        """The labels in a row at ``y``, each with a tick above."""
        mark = Markup(
            '<line class="axis" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
            '<text class="axis" x="{0}" y="{3}" text-anchor="{4}">{5}</text>'
        )
        return Markup("").join(mark.format(x, y - 16, y - 11, y, anchor, said) for x, said, anchor in self.labels())


def _anchor(x: float, left: float, right: float) -> str:
    """How a label stands at its place, so that none is cut off at an edge."""
    if x - left < 40:  # noqa: PLR2004 - half a label
        return "start"
    return "end" if right - x < 40 else "middle"  # noqa: PLR2004 - the same


def axis_of(instants: list[str], *, left: float, right: float) -> Axis:
    """An axis over these instants, at least an hour long, with a little room at both ends."""
    found = sorted(map(datetime.fromisoformat, instants))
    room = max((found[-1] - found[0]) * 0.02, timedelta(minutes=30))
    return Axis(start=found[0] - room, end=found[-1] + room, left=left, right=right)
