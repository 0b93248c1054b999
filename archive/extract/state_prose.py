"""The paragraphs of an article in the data of a page: HTML in a string, or blocks of a rich text as editors write them.

Editors differ in names only: ProseMirror, Portable Text, Slate, Draft.js, Lexical, Editor.js, Quill, Contentful, the
story formats of Arc and the BBC, and trees of HTML. A block holds its text, or further blocks, under one of few keys.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from lxml import etree
from lxml import html as lxml_html

from archive.extract.blocks import linear_text
from archive.formats.html_limits import has_crowded_tag

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT_KEYS = (
    *("text", "content", "children", "value", "html", "body", "blocks", "paragraphs", "paragraph", "nodes", "data"),
    *("model", "rendered", "insert", "ops", "spans", "fragments", "elements", "root", "document", "markup", "p"),
    *("innerHTML", "textContent", "#text", "items", "content_elements", "props", "dangerouslySetInnerHTML", "__html"),
    *("innerBlocks", "attributes"),
)
"""Keys under which a block of a rich text has its words or further blocks."""

_TYPE_KEYS = ("type", "_type", "nodeType", "__typename", "kind", "blockType", "component", "tag", "tagName")
_CONTAINER = re.compile(
    r"(?:doc|document|root|body|section|article|story|div|main|rich_?text|[\w-]*list|ul|ol|block_?quote|quote|table|"
    r"[\w-]*row|tbody|column|group)$",
    re.IGNORECASE,
)
_INLINE = re.compile(
    r"(?:text|span|strong|em|a|b|i|u|s|sub|sup|mark|code|bold|italic|underline|link|hyperlink|leaf|fragment|inline|"
    r"textnode|textleaf|formatted_?text|annotation|mention|entity|entity-hyperlink|url_?link|autolink|linebreak|hardbreak|"
    r"hard_break|br)$",
    re.IGNORECASE,
)
_BREAK = re.compile(r"(?:linebreak|hardbreak|hard_break|br)$", re.IGNORECASE)
_NO_TEXT = re.compile(
    r"image|picture|photo|video|audio|embed|gallery|slideshow|carousel|media|figure|caption|advert|(?:^|[-_])ads?(?:$|[-_])"
    r"|promo|newsletter|related|recommend|teaser|poll|quiz|social|tweet|twitter|instagram|facebook|youtube|tiktok|iframe"
    r"|script|^styles?$|comment|interstitial|link_?list|story_?card|button|form|map|chart|datawrapper|player|podcast|share"
    r"|oembed|divider|separator|metadata|author|byline|paywall|subscribe|noscript|svg|input",
    re.IGNORECASE,
)
_HAS_MARKUP = re.compile(r"<(?:p|br|div|h[1-6]|ul|ol|li|blockquote|a|b|i|em|strong|span)[\s/>]|</", re.IGNORECASE)
_BLOCK = re.compile(r"<(?:p|div|h[1-6]|ul|ol|li|blockquote|section|table)[\s/>]", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z]{2,10});")
_SPACES = re.compile(r"[^\S\n]+")
_MAX_DEPTH = 60
_CHARACTERS_OF_A_NODE = 50  # reading so many takes as long as a node
_MAX_HTML = 2_000_000  # characters of one string


class Budget:
    """The number of nodes that may still be visited, so that no data costs more than one walk over a page."""

    def __init__(self, nodes: int) -> None:
        self.nodes = nodes

    def take(self, characters: int = 0) -> bool:
        """Count one node with so many characters. False if none is left."""
        self.nodes -= 1 + characters // _CHARACTERS_OF_A_NODE
        return self.nodes >= 0


def prose_of(value: Any, budget: Budget) -> str:
    """Return the text of a string, a block or a list of blocks, one paragraph per line."""
    return tidy("".join(_pieces(value, budget, 0, inside=False)))


def tidy(text: str) -> str:
    """Return lines with single spaces, without empty ones."""
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def type_of(node: dict[str, Any]) -> str:
    """Return the kind that a block gives for itself, or an empty text."""
    return next((kind for key in _TYPE_KEYS if isinstance(kind := node.get(key), str)), "")


def _pieces(value: Any, budget: Budget, depth: int, *, inside: bool) -> Iterator[str]:
    """Yield pieces of text with line ends around blocks. ``inside`` a paragraph, parts of a line have none."""
    if depth > _MAX_DEPTH or not budget.take(len(value) if isinstance(value, str) else 0):
        return
    if isinstance(value, str):
        yield text_of_string(value)
    elif isinstance(value, list):
        for item in value:
            is_block = isinstance(item, str) and not inside
            yield from ("\n" * is_block, *_pieces(item, budget, depth + 1, inside=inside), "\n" * is_block)
    elif isinstance(value, dict):
        kind = type_of(value)
        if _BREAK.match(kind):
            yield "\n"
        elif not _NO_TEXT.search(kind):
            edge = "" if inside and (not kind or _INLINE.match(kind)) else "\n"
            is_paragraph = inside or bool(kind and not _CONTAINER.match(kind))
            yield from (edge, _words(value, budget, depth, inside=is_paragraph), edge)


def _words(node: dict[str, Any], budget: Budget, depth: int, *, inside: bool) -> str:
    """Return the text of a block, from the first of its keys that has any. Only WordPress has it in ``attributes``."""
    for key in TEXT_KEYS:
        if key in node and (key != "attributes" or "name" in node or "blockName" in node):
            text = "".join(_pieces(node[key], budget, depth + 1, inside=inside or key == "ops"))
            if text.strip("\n"):
                return text
    return ""


def text_of_string(value: str) -> str:
    """Return the text of a string that may be HTML. A string without markup keeps its edges, which part words."""
    if len(value) > _MAX_HTML:
        return ""
    if not _HAS_MARKUP.search(value):
        return unescape(value) if _ENTITY.search(value) else value
    if has_crowded_tag(value):
        return ""
    try:
        root = lxml_html.document_fromstring(f"<div>{value}</div>", parser=lxml_html.HTMLParser(huge_tree=True))
    except (etree.LxmlError, ValueError):
        return ""
    for line_break in root.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    is_inline = not _BLOCK.search(value)
    text = "".join(map(str, root.itertext())) if is_inline else linear_text(root)
    return text if is_inline else f"\n{text}\n"
