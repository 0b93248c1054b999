"""From one page to one extraction: gates, decoding, one parse, metadata, body, verdict. Never raises for a bad page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lxml import etree

from archive.extract.body import read_body
from archive.extract.dates import declared_date, parse_date
from archive.extract.decode import decode, foreign_bytes, foreign_text, mend_references
from archive.extract.facts import declared_facts, found_facts, guessed_dates
from archive.extract.headline import agreeing, choose_headline
from archive.extract.metadata import Declared, read_metadata
from archive.extract.parse import Asks, Parsed, lighten, oversized, parse
from archive.extract.recipe import GUESS_CHARACTERS, MAX_BYTES, SHORT_WORDS
from archive.extract.signals import SHELL_IDS
from archive.extract.verdict import Signals, count_words, judge
from db.records import TEXT_MEDIA_TYPE, Extraction, Fact, Page, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

_LONGEST_DETAIL = 200
_PASSWORD: Asks = etree.XPath("boolean(//input[@type='password'])")
_SHELLS: Asks = etree.XPath(f"id('{' '.join(SHELL_IDS)}')[self::div or self::main or self::app-root]")
_UNREAD = frozenset({"script", "style", "noscript", "template", "svg", "head"})


def extract(page: Page, *, fast: bool = False) -> Extraction:
    """What ``page`` says: title, raw text, declared metadata, and a verdict. ``removed`` and ``origin`` stay empty.

    ``fast`` reads the body in one cheaper pass and guesses nothing. The same page gives the same extraction on any
    day, in any order, in any process. Whatever a library does with a hostile page ends as the verdict ``error``.
    """
    try:
        return _text_payload(page) if _is_text(page) else _payload(page, fast=fast)
    except MemoryError:
        return Extraction(verdict=Verdict.ERROR, detail="not enough memory")
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


def _payload(page: Page, *, fast: bool) -> Extraction:
    if not page.payload.strip():
        return Extraction(verdict=Verdict.EMPTY, detail="no bytes")
    if len(page.payload) > MAX_BYTES:
        return Extraction(verdict=Verdict.TOO_BIG, detail=f"{len(page.payload)} bytes, more than {MAX_BYTES}")
    if foreign := foreign_bytes(page.payload):
        return Extraction(verdict=Verdict.NOT_HTML, detail=foreign)
    markup, _ = decode(page.payload, page.charset)
    return _markup(page, markup, fast=fast)


def _markup(page: Page, markup: str, *, fast: bool) -> Extraction:
    if foreign := foreign_text(markup, page.content_type):
        return Extraction(verdict=Verdict.NOT_HTML, detail=foreign)
    if reason := oversized(markup):
        return Extraction(verdict=Verdict.TOO_BIG, detail=reason)
    parsed = parse(mend_references(markup))
    if parsed is None:
        return Extraction(verdict=Verdict.EMPTY, detail="nothing to parse")
    return _tree(page, parsed, fast=fast)


def _tree(page: Page, parsed: Parsed, *, fast: bool) -> Extraction:
    root = parsed.root
    declared = read_metadata(root, page.url)
    shell = _is_shell(root)
    lighten(root)
    title, agree = _title(declared, page.url)
    facts = [*_headline_fact(title, agree), *declared_facts(declared, page.captured_at)]
    if parsed.too_deep:
        verdict, text, detail = Verdict.TOO_DEEP, "", "nested deeper than the parser goes"
    else:
        body = read_body(parsed, fast=fast)
        words, text = count_words(body.text), body.text
        verdict, detail = judge(_signals(page, declared, root, title=title, text=text, words=words, shell=shell))
        facts += found_facts(declared, words)
        if body.found_by == "linear":
            facts.append(
                Fact(
                    name="degraded",
                    value="read in one walk",
                    source=f"{parsed.tags} tags, {parsed.characters} characters",
                )
            )
        elif not (declared.published or fast) and verdict.opens_version and parsed.characters <= GUESS_CHARACTERS:
            facts += guessed_dates(root, declared, page.url, page.captured_at)
    return Extraction(
        verdict=verdict,
        detail=detail[:_LONGEST_DETAIL],
        title=title,
        text=text,
        byline=declared.byline[0] if declared.byline else None,
        published_at=declared_date((raw for raw, _ in declared.published), page.captured_at),
        modified_at=declared_date((raw for raw, _ in declared.modified), page.captured_at),
        language=declared.language[0] if declared.language else None,
        site=declared.site[0] if declared.site else None,
        canonical_url=declared.canonical_url,
        claims=declared.claims,
        facts=tuple(facts),
        headline_from=agree,
    )


def _title(declared: Declared, url: str) -> tuple[str, tuple[str, ...]]:
    """The headline, and which of the page's own headlines agree on it."""
    article = declared.article
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    site = declared.site[0] if declared.site else ""
    sites = (site, article.publisher if article else "", host, host.partition(".")[0])
    of_article = article.headline if article else ""
    title = choose_headline(declared.h1, declared.og_title, of_article, declared.tag_title, sites)
    said = (*(("h1", each) for each in declared.h1), ("og:title", declared.og_title), ("json-ld", of_article))
    return title, agreeing(title, said, sites)


def _headline_fact(title: str, agree: tuple[str, ...]) -> Iterator[Fact]:
    if title:
        yield Fact(name="title", value=title, source=" + ".join(agree) or "title tag")


def _signals(
    page: Page, declared: Declared, root: HtmlElement, *, title: str, text: str, words: int, shell: bool
) -> Signals:
    article = declared.article
    is_short = words < SHORT_WORDS
    return Signals(
        body=text,
        words=words,
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
        password=is_short and _PASSWORD(root),
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
    return any(not "".join(element.itertext()).strip() for element in _SHELLS(root))
