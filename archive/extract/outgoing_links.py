"""The pages of other hosts that an article links to or declares as its source, as a copy does."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from archive.extract.headings import text_of
from db.records import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

MOST_LINKS = 8
"""Links that are noted: the first half and the last, because a copy names its source at its beginning or its end."""

_MOST_ANCHORS = 2_000
_COMPARED = 40  # characters at the beginning of a paragraph that must be in the text
_LEVELS = 4  # from a link up to the block that stands beside the paragraphs
_MOST_ADDRESS = 500  # characters
_SOURCE_NAMES = frozenset({"syndication-source", "original-source"})
"""Names by which publishers mark whose article they print (Google News, 2010)."""

_ASIDE = frozenset({"aside", "nav", "ul", "ol", "table", "form", "header"})  # beside paragraphs: lists of other stories


def outgoing_links(root: HtmlElement, text: str, url: str) -> Iterator[Fact]:
    """Yield a fact ``linked`` for each page of another host to which the article's paragraphs link, each page once.

    ``text`` is the body of the article, one paragraph a line. Paragraphs are those ``p`` elements that are in it, and
    the blocks beside them. Front pages are no source of a text. One walk over the paragraphs and links of the page.
    Pages that the head declares as the source come first.
    """
    declared = list(dict.fromkeys(_declared_sources(root, url)))
    yield from (Fact(name="linked", value=address, source="meta") for address in declared[:MOST_LINKS])
    addresses = [address for address in dict.fromkeys(_addresses(root, text, url)) if address not in declared]
    if len(addresses) > MOST_LINKS:
        addresses = [*addresses[: MOST_LINKS // 2], *addresses[-MOST_LINKS // 2 :]]
    yield from (Fact(name="linked", value=address, source="a href") for address in addresses)


def _declared_sources(root: HtmlElement, url: str) -> Iterator[str]:
    """Yield the addresses that the head of a page declares as its source."""
    for meta in root.iter("meta"):
        if (meta.get("name") or "").lower() in _SOURCE_NAMES:
            address = _address_abroad(meta.get("content") or "", url, _host(url))
            if address:
                yield address


def _addresses(root: HtmlElement, text: str, url: str) -> Iterator[str]:
    beginnings = {" ".join(line.split())[:_COMPARED] for line in text.split("\n") if line.strip()}
    anchors = [anchor for anchor, _ in zip(root.iter("a"), range(_MOST_ANCHORS), strict=False)]
    own = _host(url)
    abroad = [
        (anchor, address) for anchor in anchors if (address := _address_abroad(anchor.get("href") or "", url, own))
    ]
    if not abroad:
        return
    containers = {
        parent
        for paragraph in root.iter("p")
        if (parent := paragraph.getparent()) is not None and text_of(paragraph)[:_COMPARED] in beginnings
    }
    for anchor, address in abroad:
        block = anchor
        for _ in range(_LEVELS):
            parent = block.getparent()
            if parent is None or block.tag in _ASIDE:
                break
            if parent in containers:
                yield address
                break
            block = parent


def _address_abroad(href: str, url: str, own_host: str) -> str | None:
    """Return the absolute address of a link to a page of another host, else None."""
    if not href.startswith(("http://", "https://", "//")) or len(href) > _MOST_ADDRESS:
        return None
    if href.partition("//")[2].removeprefix("www.").startswith(f"{own_host}/"):
        return None  # most links, without the cost of reading their addresses
    try:
        address = urljoin(url, href.strip())
        parts = urlsplit(address)
    except ValueError:
        return None
    host, is_front_page = _host(address), not (parts.path.strip("/") or parts.query)
    return None if is_front_page or not host or host == own_host else address


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
