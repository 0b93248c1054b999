"""How one text became another: word edits inside paragraphs, moves as moves, and what the edits did.

Pure functions over values: ``compare`` decides, the others show.
"""

from __future__ import annotations

from archive.diff.compare import compare
from archive.diff.render import edits_json, render_terminal, render_unified

__all__ = ["compare", "edits_json", "render_terminal", "render_unified"]
