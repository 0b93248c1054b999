"""The current recipe: everything in this code that shapes a text."""

from __future__ import annotations

import hashlib

from archive.extract import extract_facts
from archive.extract.boilerplate import clean_facts
from db.records import Recipe


def current_recipe(*, fast: bool = False) -> Recipe:
    """Return the recipe of this code.

    Its id is a digest of every option, rule list and library version that shapes a text.

    ``fast`` is the setting of that name.
    """
    facts = tuple(sorted((*extract_facts(fast=fast), *clean_facts())))
    return Recipe(id=hashlib.sha256(repr(facts).encode()).hexdigest()[:16], facts=facts)
