"""From one page to one extraction: gates, decoding, one parse, metadata, body, verdict. Never raises for a bad page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archive.extract.body import read_body
from archive.extract.dates import declared_date, parse_date
from archive.extract.decode import decode, foreign_bytes, foreign_text, mend_references
from archive.extract.headline import choose_headline
from archive.extract.metadata import Declared, read_metadata
from archive.extract.recipe import MAX_BYTES, ONE_PASS_MARKUP, SHORT_WORDS
from archive.extract.signals import SHELL_IDS
from archive.extract.tree import Parsed, lighten, oversized, parse
from archive.extract.verdict import Signals, count_words, judge
from db.records import TEXT_MEDIA_TYPE, Extraction, Page, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

_LONGEST_DETAIL = 200
_UNREAD = frozenset({"script", "style", "noscript", "template", "svg", "head"})


def extract(page: Page) -> Extraction:
    """What ``page`` says: title, raw text, declared metadata, and a verdict. ``removed`` and ``origin`` stay empty.

    The same page gives the same extraction on any day, in any order, in any process. Whatever a library does with a
    hostile page ends here as the verdict ``error``.
    """
    try:
        return _text_payload(page) if _is_text(page) else _payload(page)
    except Exception as error:  # noqa: BLE001  # no page may end a run; the bug is kept with the page that shows it
        return Extraction(verdict=Verdict.ERROR, detail=f"{type(error).__name__}: {error}"[:_LONGEST_DETAIL])


def _is_text(page: Page) -> bool:
    return page.content_type.partition(";")[0].strip().lower() == TEXT_MEDIA_TYPE


def _text_payload(page: Page) -> Extraction:
    """A text somebody gave as finished: taken as it is, at any length."""
    given: dict[str, Any] = json.loads(page.payload)
    published = given.get("published_at")
    return Extraction(
        verdict=Verdict.OK,
        title=given.get("title") or "",
        text=given.get("text") or "",
        byline=given.get("byline") or None,
        published_at=parse_date(published) if published else None,
        language=given.get("language") or None,
    )


def _payload(page: Page) -> Extraction:
    if not page.payload.strip():
        return Extraction(verdict=Verdict.EMPTY, detail="no bytes")
    if len(page.payload) > MAX_BYTES:
        return Extraction(verdict=Verdict.TOO_BIG, detail=f"{len(page.payload)} bytes, more than {MAX_BYTES}")
    if foreign := foreign_bytes(page.payload):
        return Extraction(verdict=Verdict.NOT_HTML, detail=foreign)
    markup, _ = decode(page.payload, page.charset)
    return _markup(page, markup)


def _markup(page: Page, markup: str) -> Extraction:
    if foreign := foreign_text(markup, page.content_type):
        return Extraction(verdict=Verdict.NOT_HTML, detail=foreign)
    if reason := oversized(markup):
        return Extraction(verdict=Verdict.TOO_BIG, detail=reason)
    parsed = parse(mend_references(markup))
    if parsed is None:
        return Extraction(verdict=Verdict.EMPTY, detail="nothing to parse")
    return _tree(page, parsed, both=markup.count("<") <= ONE_PASS_MARKUP)


def _tree(page: Page, parsed: Parsed, *, both: bool) -> Extraction:
    declared = read_metadata(parsed.root, page.url)
    shell = _is_shell(parsed.root)
    lighten(parsed.root)
    title = _title(declared, page.url)
    if parsed.too_deep:
        verdict, text, detail = Verdict.TOO_DEEP, "", "nested deeper than the parser goes"
    else:
        text = read_body(parsed.root, both=both)
        verdict, detail = judge(_signals(page, declared, parsed.root, title=title, text=text, shell=shell))
    return Extraction(
        verdict=verdict,
        detail=detail[:_LONGEST_DETAIL],
        title=title,
        text=text,
        byline=declared.byline,
        published_at=declared_date(declared.published, page.captured_at),
        modified_at=declared_date(declared.modified, page.captured_at),
        language=declared.language,
        site=declared.site,
        canonical_url=declared.canonical_url,
    )


def _title(declared: Declared, url: str) -> str:
    article = declared.article
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    sites = (declared.site or "", article.publisher if article else "", host, host.partition(".")[0])
    return choose_headline(
        declared.h1, declared.og_title, article.headline if article else "", declared.tag_title, sites
    )


def _signals(page: Page, declared: Declared, root: HtmlElement, *, title: str, text: str, shell: bool) -> Signals:
    article = declared.article
    is_short = count_words(text) < SHORT_WORDS
    return Signals(
        body=text,
        titles=tuple(dict.fromkeys(name for name in (title, *declared.h1[:1], declared.tag_title) if name)),
        visible=" ".join(_visible(root)) if is_short else "",
        noscript=" ".join(" ".join(part.itertext()) for part in root.iter("noscript")) if is_short else "",
        url=page.url,
        requested_url=page.requested_url,
        status=page.status,
        is_article=declared.is_article,
        free=declared.free,
        live=article is not None and article.live,
        declared_words=article.words if article else 0,
        password=bool(root.xpath("//input[@type='password']")),
        shell=shell,
    )


def _visible(root: HtmlElement) -> Iterator[str]:
    """The page's texts in document order without what a browser does not show."""
    for element in root.iter():
        if element.tag not in _UNREAD and element.text and element.text.strip():
            yield element.text
        if element.tail and element.tail.strip() and element.getparent().tag not in _UNREAD:
            yield element.tail


def _is_shell(root: HtmlElement) -> bool:
    """True when a script's root element is there and has no text of its own."""
    roots = (element for element in root.iter("div", "app-root", "main") if element.get("id") in SHELL_IDS)
    return any(not "".join(element.itertext()).strip() for element in roots)
