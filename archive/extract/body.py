"""The body of a page: trafilatura's default and precision passes over one tree, and the choice between them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from trafilatura import bare_extraction

from archive.extract.recipe import KEEP_PRECISION, PASSES

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# It warns of every page it finds no text in; we answer with a verdict, and a library has no say on a user's terminal.
logging.getLogger("trafilatura").addHandler(logging.NullHandler())


def read_body(root: HtmlElement, *, both: bool = True) -> str:
    """The article's text, a paragraph a line; empty when there is none. The tree is left as it was.

    With ``both`` the precision pass is taken unless it lost too much (recipe A of our measurements), else the
    default pass alone.
    """
    default = _one_pass(root, precision=False)
    if not both:
        return default
    precise = _one_pass(root, precision=True)
    return precise if len(precise) >= KEEP_PRECISION * len(default) else default


def _one_pass(root: HtmlElement, *, precision: bool) -> str:
    document = bare_extraction(root, favor_precision=precision, **dict(PASSES))
    return getattr(document, "text", None) or ""
