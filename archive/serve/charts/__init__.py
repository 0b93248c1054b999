"""Pictures of facts that a table beneath tells too: SVG of our own, coloured by the stylesheet, without any script."""

from archive.serve.charts.card import card
from archive.serve.charts.passages import threads
from archive.serve.charts.propagation import lanes
from archive.serve.charts.sparklines import columns, sizebar, sparkline
from archive.serve.charts.timeline import timeline

__all__ = ["card", "columns", "lanes", "sizebar", "sparkline", "threads", "timeline"]
