"""The body of a page, from passes of trafilatura over one tree: as few as will do, then paragraph by paragraph."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree
from trafilatura import bare_extraction

from archive.extract.blocks import fill_gaps, linear_text, prose_length, read_families
from archive.extract.recipe import (
    GAP_TEXT,
    KEEP_PRECISION,
    PASS_CHARACTERS,
    PASS_DEPTH,
    PASS_MARKUP,
    PASS_TEXTS,
    PASSES,
    SURE_PROSE,
    TWO_PASS_TEXTS,
)

if TYPE_CHECKING:
    from typing import Literal

    from lxml.html import HtmlElement

    from archive.extract.parse import Asks, Parsed

    Focus = Literal["precision", "default", "recall"]


_TEXTS: Asks = etree.XPath("count(//text()[normalize-space()])")
_IS_DEEP: Asks = etree.XPath(f"boolean({'/*' * PASS_DEPTH})")


@dataclass(frozen=True, slots=True)
class Body:
    """An article's text, a paragraph a line, and the way it was found: precision, default, recall or linear."""

    text: str
    found_by: str


class _Loud(logging.Handler):
    """Lets no shortage of memory be taken for a result: trafilatura notes what its fallbacks raise and goes on.

    Everything else it says stays unsaid. It warns of every page it finds no text in; we answer with a verdict, and a
    library has no say on a user's terminal.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Raise the MemoryError that a record is about."""
        for each in record.args if isinstance(record.args, tuple) else ():
            if isinstance(each, MemoryError):
                raise each


logging.getLogger("trafilatura").addHandler(_Loud())


def read_body(parsed: Parsed, *, fast: bool = False) -> Body:
    """The article in this tree, which is left as it was; an empty text when there is none.

    The precision pass is best on news unless it loses most of the page, which then shows beside the page's own prose:
    only there does the default pass run, and it is taken if it found much more. Then lost paragraphs are put back.
    ``fast`` is one pass that favours recall, and nothing else. What would take too long is read in one walk.
    """
    root = parsed.root
    texts = int(_TEXTS(root)) if parsed.tags > TWO_PASS_TEXTS else 0
    is_long = parsed.characters > PASS_CHARACTERS and len(root.text_content()) > PASS_CHARACTERS
    if parsed.tags > PASS_MARKUP or texts > PASS_TEXTS or is_long or _IS_DEEP(root):
        return Body(linear_text(root), "linear")
    if fast:
        return Body(_pass(root, "recall"), "recall")
    # Both are read before the passes push the tree out of the processor's cache: half the time.
    prose, families = prose_length(root), read_families(root)
    found = Body(_pass(root, "precision"), "precision")
    is_sure = bool(found.text) and len(found.text) >= SURE_PROSE * prose
    if not is_sure and texts <= TWO_PASS_TEXTS:
        default = Body(_pass(root, "default"), "default")
        found = found if len(found.text) >= KEEP_PRECISION * len(default.text) else default
    if not 0 < len(found.text) <= GAP_TEXT:
        return found
    return Body(fill_gaps(found.text, families), found.found_by)


def _pass(root: HtmlElement, focus: Focus) -> str:
    is_precise, is_greedy = focus == "precision", focus == "recall"
    document = bare_extraction(root, favor_precision=is_precise, favor_recall=is_greedy, **dict(PASSES))
    return getattr(document, "text", None) or ""
