"""A time axis: positions of instants, and labels for a few round ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

_STEPS = (
    *(timedelta(minutes=minutes) for minutes in (5, 15, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 7, 14, 30, 91, 182, 365, 730, 1825, 3650, 18250)),
)
_MAX_LABELS = 6
_LABEL_ROOM = 40  # half a label


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A span of time, drawn from ``left`` to ``right``."""

    start: datetime
    end: datetime
    left: float
    right: float

    def x(self, iso: str) -> float:
        """Return the position of an instant, to a tenth. Instants outside the span get the position of its end."""
        duration = (self.end - self.start).total_seconds() or 1.0
        share = (datetime.fromisoformat(iso) - self.start).total_seconds() / duration
        return round(self.left + (self.right - self.left) * min(max(share, 0.0), 1.0), 1)

    def labels(self) -> list[tuple[float, str, str]]:
        """Return position, text and text anchor of the labels, which are at round instants."""
        span = self.end - self.start
        step = next((step for step in _STEPS if span / step <= _MAX_LABELS), _STEPS[-1])
        form = "%H:%M" if span < timedelta(hours=20) else "%-d %b %H:%M" if step < timedelta(days=1) else "%-d %b"
        form = f"{form} %Y" if span > timedelta(days=300) else form
        midnight = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        instant = midnight + step * -(-(self.start - midnight) // step)
        labels = []
        while instant <= self.end:
            x = self.x(instant.isoformat())
            labels.append((x, f"{instant:{form}}", _anchor(x, self.left, self.right)))
            instant += step
        return labels

    def draw(self, y: float) -> Markup:
        """Return the labels in a row at ``y``, each with a tick above."""
        label = Markup(
            '<line class="axis" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
            '<text class="axis" x="{0}" y="{3}" text-anchor="{4}">{5}</text>'
        )
        return Markup("").join(label.format(x, y - 16, y - 11, y, anchor, text) for x, text, anchor in self.labels())


def _anchor(x: float, left: float, right: float) -> str:
    """Return the text anchor of a label. Labels near an edge are drawn inwards, so none is cut off."""
    if x - left < _LABEL_ROOM:
        return "start"
    return "end" if right - x < _LABEL_ROOM else "middle"


def axis_over(instants: list[str], *, left: float, right: float) -> Axis:
    """Return an axis over these instants, at least an hour long, with a margin of 2 % at both ends."""
    moments = sorted(map(datetime.fromisoformat, instants))
    margin = max((moments[-1] - moments[0]) * 0.02, timedelta(minutes=30))
    return Axis(start=moments[0] - margin, end=moments[-1] + margin, left=left, right=right)
