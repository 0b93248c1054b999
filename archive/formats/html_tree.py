"""The tree of an HTML page, for readers of links and declarations. Extraction has its own, with limits of its own."""

from __future__ import annotations

from typing import Final

from lxml import etree, html

_UNREADABLE: Final = dict.fromkeys(
    (0x00, 0xFFFE, 0xFFFF)
)  # libxml2 ends a page at the first, and lxml refuses the others


def page_tree(payload: bytes, charset: str | None) -> html.HtmlElement | None:
    """Return the tree of a page in its charset (Python's name, UTF-8 if None), or None if it has no element.

    Python decodes the page, not the parser: libxml2 knows fewer charsets by name, Korean and Japanese ones among those
    it does not, and stops at bytes that are no character.
    """
    text = payload.decode(charset or "utf-8", "replace").translate(_UNREADABLE)
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError):
        return None
