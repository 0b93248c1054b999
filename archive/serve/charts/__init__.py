"""Charts as inline SVG, coloured by the stylesheet, without scripts. A table on the same page has the same facts."""

from archive.serve.charts.card import card
from archive.serve.charts.copy_flows import copy_flows
from archive.serve.charts.passages import threads
from archive.serve.charts.propagation import lanes
from archive.serve.charts.sparklines import columns, sizebar, sparkline
from archive.serve.charts.timeline import timeline

__all__ = ["card", "columns", "copy_flows", "lanes", "sizebar", "sparkline", "threads", "timeline"]
