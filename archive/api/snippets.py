"""Snippets of search hits, for programs that print them."""

from __future__ import annotations

from db.records import SNIPPET_MARKS

__all__ = ["SNIPPET_MARKS", "bracket_matches"]


def bracket_matches(snippet: str) -> str:
    """Return a snippet as plain text, the matching words in square brackets."""
    start, end, _ = SNIPPET_MARKS
    return snippet.replace(start, "[").replace(end, "]")
