"""Reads from the tree of a page what its verdict depends on. The layout is read of short pages only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from archive.extract.live_entries import live_reason
from archive.extract.page_boxes import PageLayout, read_layout
from archive.extract.page_signals import Signals
from archive.extract.recipe import PAGE_WORDS, SHORT_WORDS
from archive.extract.signals import SHELL_IDS
from archive.extract.update_log import find_update_log
from archive.extract.verdict import count_words
from archive.extract.wall_words import fold_message, topics_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

    from archive.extract.metadata import DeclaredMetadata
    from archive.extract.parse import ParsedPage, XPathQuery
    from db.records import Page

_MAX_SCRIPT = 20_000  # characters in which signs of a bot check are searched
_MAX_PAGE = 200_000  # characters; a check for robots is smaller
_CONSENT_TOPICS = 4  # of seven, in a body of medium length that may be a consent wall
_SHELLS: XPathQuery = etree.XPath(
    f"id('{' '.join(SHELL_IDS)}')[self::div or self::main] | /html/body/*[contains(name(), '-')]"
)
_VIDEO: XPathQuery = etree.XPath("boolean(//meta[@property='og:type' and starts-with(@content, 'video')])")
_INVISIBLE_TAGS = frozenset({"script", "style", "noscript", "template", "svg", "head", "title"})


@dataclass(frozen=True, slots=True)
class Scripts:
    """Facts from a page's scripts: ``text`` is their text and addresses in lower case, empty for a large page."""

    text: str
    is_shell: bool


def read_scripts(parsed: ParsedPage) -> Scripts:
    """Return the facts from the scripts of a page. Must be called before they are emptied."""
    pieces: list[str] = []
    if parsed.characters <= _MAX_PAGE:
        for script in parsed.root.iter("script"):
            if "json" not in (script.get("type") or ""):
                pieces += [script.get("src") or "", (script.text or "")[:_MAX_SCRIPT]]
    return Scripts(" ".join(pieces)[:_MAX_SCRIPT].lower(), _is_shell(parsed.root))


def read_signals(
    page: Page, declared: DeclaredMetadata, root: HtmlElement, *, title: str, text: str, scripts: Scripts
) -> Signals:
    """Return what the verdict on a page depends on. ``text`` is its body as extracted."""
    article, words = declared.article, count_words(text)
    is_short = words < SHORT_WORDS
    is_record = is_short and find_update_log(root).is_record
    titles = tuple(dict.fromkeys(name for name in (title, *declared.h1[:1], declared.tag_title) if name))
    return Signals(
        body=text,
        words=words,
        titles=titles,
        visible=" ".join(_visible(root)) if is_short else "",
        noscript=" ".join(" ".join(part.itertext()) for part in root.iter("noscript")) if is_short else "",
        scripts=scripts.text,
        url=page.url,
        requested_url=page.requested_url,
        status=page.status,
        is_article=declared.is_article or is_record,
        is_record=is_record,
        free=declared.free,
        has_paid_part=article is not None and article.has_paid_part,
        live="declared as a live blog" if article and article.live else live_reason(root, titles, count_words),
        video=is_short and _VIDEO(root),
        declared_words=article.words if article else 0,
        shell=scripts.is_shell,
        layout=read_layout(root, count_words) if is_short or _may_ask_consent(text, words) else PageLayout(),
    )


def _may_ask_consent(text: str, words: int) -> bool:
    return words < PAGE_WORDS and len(topics_in("consent", fold_message(text))) >= _CONSENT_TOPICS


def _visible(root: HtmlElement) -> Iterator[str]:
    """Yield the page's texts in document order without those a browser does not show."""
    for element in root.iter():
        if element.tag not in _INVISIBLE_TAGS and element.text and element.text.strip():
            yield element.text
        if element.tail and element.tail.strip() and element.getparent().tag not in _INVISIBLE_TAGS:
            yield element.tail


def _is_shell(root: HtmlElement) -> bool:
    """True if a script framework's root element exists and has little text of its own, such as "Loading"."""
    return any(len("".join(element.itertext()).strip()) <= len("Please wait, loading ...") for element in _SHELLS(root))
