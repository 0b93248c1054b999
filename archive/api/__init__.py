"""Public read-only API, for the command line, the web pages and notebooks.

::

    with Archive("data/archive.db") as archive:
        source, history = archive.history("https://example.org/article")
"""

from archive.api.archive import Archive
from archive.api.articles import Comparison
from archive.api.questions import Listing

__all__ = ["Archive", "Comparison", "Listing"]
