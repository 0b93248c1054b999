"""How one text became another: word edits inside sentences, moves as moves, and what the edits did.

Pure functions over values: ``compare`` decides, the others show. Inside: ``tokens`` cuts a text into what no edit may
split, ``blocks`` into paragraphs, ``match`` pairs them, ``sentences`` and ``words`` edit inside pairs, ``kinds`` reads
off what was done, ``view`` lays it out, ``render`` and ``html`` draw it.
"""

from __future__ import annotations

from archive.versions.diff.compare import compare
from archive.versions.diff.html import bits_html, paragraphs_html, render_document, render_fragment, render_html
from archive.versions.diff.render import edits_json, render_terminal, render_unified

__all__ = [
    "bits_html",
    "compare",
    "edits_json",
    "paragraphs_html",
    "render_document",
    "render_fragment",
    "render_html",
    "render_terminal",
    "render_unified",
]
