"""Public read-only API, for the command line, the web pages and notebooks.

::

    with Archive("data/archive.db") as archive:
        source, history = archive.history("https://example.org/article")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.api.archive import Archive
    from archive.api.articles import Comparison
    from archive.api.questions import Listing

__all__ = ["Archive", "Comparison", "Listing"]

_MODULES = {"Archive": "archive", "Comparison": "articles", "Listing": "questions"}


def __getattr__(name: str) -> object:
    """Import a public name at first use: the help of a verb needs a neighbour of it, and none of the queries."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
