"""The difference of two texts: word edits inside sentences, moves as moves, and the type of each edit.

Pure functions over values: ``compare`` decides, the others render. Inside, ``tokens`` cuts a text into what no edit may
split, ``paragraphs`` cuts it into blocks, ``paragraph_alignment`` pairs them, ``sentence_diff`` and ``word_diff`` edit
inside pairs, ``edit_types`` classifies the edits by ``cue_words``, ``layout`` lays them out in lines, ``render`` and
``html`` write them.
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
