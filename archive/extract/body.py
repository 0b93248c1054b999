"""The body of a page: as few passes of trafilatura over one tree as suffice, then a repair paragraph by paragraph."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lxml import etree
from trafilatura import bare_extraction

from archive.extract.blocks import fill_gaps, linear_text, prose_length, sibling_groups
from archive.extract.lost_lists import bare_headings, restore_lists, text_units
from archive.extract.notes import Note, find_notes, insert_notes
from archive.extract.recipe import (
    GAP_TEXT,
    KEEP_PRECISION,
    PASS_CHARACTERS,
    PASS_DEPTH,
    PASS_MARKUP,
    PASS_TEXTS,
    PASSES,
    REVEALED,
    SURE_PROSE,
    TWO_PASS_TEXTS,
)
from archive.extract.update_log import Update, UpdateLog, find_update_log
from archive.extract.visibility import detached, hidden_parts, repeats_for_screen_readers, show_aria_hidden, show_roles

if TYPE_CHECKING:
    from typing import Literal

    from lxml.html import HtmlElement

    from archive.extract.parse import ParsedPage, XPathQuery

    Focus = Literal["precision", "default", "recall"]


_TEXTS: XPathQuery = etree.XPath("count(//text()[normalize-space()])")
_STRING: XPathQuery = etree.XPath("string()")
_IS_DEEP: XPathQuery = etree.XPath(f"boolean({'/*' * PASS_DEPTH})")


@dataclass(frozen=True, slots=True)
class Body:
    """An article's text, one paragraph per line, and the method that found it: precision, default, recall or linear."""

    text: str
    method: str
    is_revealed: bool = False
    """True if most of it is hidden until a script shows it."""
    notes: tuple[Note, ...] = ()
    """Corrections and standfirsts beside the body that are in the text."""
    bare_headings: tuple[str, ...] = ()
    """Headings in the text without the words that the page has under them."""
    updates: tuple[Update, ...] = ()
    """The page's own log of its updates, which is no part of the text."""


class _RaiseMemoryErrors(logging.Handler):
    """A log handler that re-raises a MemoryError which trafilatura logged and ignored.

    trafilatura logs what its fallbacks raise and continues, which would pass off a partial text as the result. All
    other records are dropped: trafilatura warns about every page without text, and we report that as a verdict.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Raise the MemoryError that a record carries."""
        for argument in record.args if isinstance(record.args, tuple) else ():
            if isinstance(argument, MemoryError):
                raise argument


logging.getLogger("trafilatura").addHandler(_RaiseMemoryErrors())


def read_body(parsed: ParsedPage, *, fast: bool = False) -> Body:
    """Return the article in this tree, with an empty text if there is none. The tree is not changed.

    The precision pass is best on news unless it loses most of the page, which shows in comparison with the page's own
    prose. Only then does the default pass run, and its result is taken if it is much longer. Then lost paragraphs are
    put back. ``fast`` runs one pass that favours recall, and nothing else. A page that would take too long is read in
    one walk.

    What the markup hides is not read, unless it holds most of the article. The page's log of its updates is not read,
    unless nothing else is there.
    """
    log = UpdateLog()
    if parsed.tags <= PASS_MARKUP:
        log = find_update_log(parsed.root, (parsed.root.get("lang") or "")[:2].lower() or None)
    if not log.blocks:
        return _read_without_hidden(parsed, fast=fast)
    with detached(log.blocks):
        body = _read_without_hidden(parsed, fast=fast, with_links=log.is_record)
        if not body.text:  # the passes that ask for more than a few lines have nothing
            body = _read_without_hidden(parsed, fast=True)
    return replace(body, updates=log.updates) if body.text else _read_without_hidden(parsed, fast=fast)


def _read_without_hidden(parsed: ParsedPage, *, fast: bool, with_links: bool = False) -> Body:
    root = parsed.root
    show_aria_hidden(root)
    show_roles(root)
    hidden = [*hidden_parts(root), *repeats_for_screen_readers(root)]
    with detached(hidden):
        body = _read_shown(parsed, fast=fast, with_links=with_links)
        prose = prose_length(root) if hidden else 0
    if hidden and body.method != "linear" and _hidden_text(root, hidden, prose) > len(body.text):
        whole = _read_shown(parsed, fast=fast, with_links=with_links)
        if len(whole.text) > REVEALED * len(body.text):
            return replace(whole, is_revealed=True)
    return body


def _hidden_text(root: HtmlElement, hidden: list[HtmlElement], shown_prose: int) -> int:
    """Return the number of hidden characters in paragraphs, or in tables if these have more."""
    cells = sum(len(_STRING(cell)) for part in hidden for cell in part.iter("td"))
    return max(prose_length(root) - shown_prose, cells)


def _read_shown(parsed: ParsedPage, *, fast: bool, with_links: bool) -> Body:
    root = parsed.root
    texts = int(_TEXTS(root)) if parsed.tags > TWO_PASS_TEXTS else 0
    is_long = parsed.characters > PASS_CHARACTERS and len(root.text_content()) > PASS_CHARACTERS
    if parsed.tags > PASS_MARKUP or texts > PASS_TEXTS or is_long or _IS_DEEP(root):
        return Body(linear_text(root), "linear")
    if fast:
        return Body(_run_pass(root, "recall"), "recall")
    # Reading both before the passes push the tree out of the processor's cache takes half the time.
    prose, groups = prose_length(root), sibling_groups(root)
    body = Body(_run_pass(root, "precision"), "precision")
    is_sure = bool(body.text) and len(body.text) >= SURE_PROSE * prose
    if not is_sure and texts <= TWO_PASS_TEXTS:
        default = Body(_run_pass(root, "default"), "default")
        body = body if len(body.text) >= KEEP_PRECISION * len(default.text) else default
    if not 0 < len(body.text) <= GAP_TEXT:
        return body
    units = text_units(root)
    text = restore_lists(fill_gaps(body.text, groups), units, with_links=with_links)
    text, notes = insert_notes(text, find_notes(root))
    return Body(text, body.method, notes=notes, bare_headings=tuple(bare_headings(text, units)))


def _run_pass(root: HtmlElement, focus: Focus) -> str:
    is_precise, is_greedy = focus == "precision", focus == "recall"
    document = bare_extraction(root, favor_precision=is_precise, favor_recall=is_greedy, **dict(PASSES))
    return getattr(document, "text", None) or ""
