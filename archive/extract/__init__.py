"""Extraction: from a captured payload to text and metadata. The only package that imports trafilatura.

``extract(page)`` handles one page in this process. ``Extractors`` handles many in worker processes that can be killed.
``extract_facts()`` returns the facts from which a recipe's id is made. Importing this package is cheap: trafilatura is
loaded with the first page, or in the workers only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.extract.recipe import extract_facts
from archive.extract.worker_pool import Extractors

if TYPE_CHECKING:
    from db.records import Extraction, Page

__all__ = ["Extractors", "extract", "extract_facts"]


def extract(page: Page, *, fast: bool = False) -> Extraction:
    """Return title, raw text, declared metadata and verdict of ``page``. Never raises for a bad page.

    ``text`` is as extracted. ``removed`` and ``origin`` are empty, because cleaning is a separate step. ``fast`` reads
    the body in one cheaper pass and belongs to another recipe.
    """
    from archive.extract.page import extract as extract_page  # over half a second of imports

    return extract_page(page, fast=fast)
