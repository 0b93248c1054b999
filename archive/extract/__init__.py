"""From a payload to text: the only package that knows trafilatura.

``extract(page)`` does one page in this process; ``Extractors`` does many in worker processes that can be killed;
``extract_facts()`` is what a recipe's id is made of. Importing this package is cheap: trafilatura is loaded by the
first page (or only by the workers).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.extract.recipe import extract_facts
from archive.extract.worker_pool import Extractors

if TYPE_CHECKING:
    from db.records import Extraction, Page

__all__ = ["Extractors", "extract", "extract_facts"]


def extract(page: Page, *, fast: bool = False) -> Extraction:
    """What ``page`` says: title, raw text, declared metadata, and a verdict. Never raises for a bad page.

    ``text`` is as extracted, ``removed`` and ``origin`` are empty: cleaning is a step of its own. ``fast`` reads the
    body in one cheaper pass; that is another recipe.
    """
    from archive.extract.page import extract as extract_page  # over half a second of imports

    return extract_page(page, fast=fast)
