"""Names under which front-end frameworks keep the page's data in a script."""

from __future__ import annotations

import re

STATE_VARIABLE = re.compile(rb"__(?:NEXT_DATA|NUXT|INITIAL_STATE|APOLLO_STATE|PRELOADED_STATE)")
"""Variables of Next, Nuxt, Redux and Apollo with the state from which a script draws the page."""
