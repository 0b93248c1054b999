"""From one page to one extraction: gates, decoding, one parse, metadata, body, verdict. Never raises for a bad page."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lxml import etree

from archive.extract.blanks import restore_blanks, write_blanks_as_signs, write_signs_as_blanks
from archive.extract.body import read_body
from archive.extract.character_references import fix_references
from archive.extract.dates import declared_date, parse_date
from archive.extract.facts import access_facts, declared_facts, guessed_dates
from archive.extract.headline import agreeing_sources, choose_headline
from archive.extract.metadata import DeclaredMetadata, read_metadata
from archive.extract.parse import ParsedPage, XPathQuery, parse, size_problem, strip_unread
from archive.extract.recipe import GUESS_CHARACTERS, MAX_BYTES, SHORT_WORDS
from archive.extract.signals import SHELL_IDS
from archive.extract.storable import storable
from archive.extract.verdict import Signals, count_words, decide_verdict
from archive.formats.charset import decode_text
from archive.formats.html_tokens import escape_mentions
from archive.formats.media_type import file_type, non_html_type
from db.records import TEXT_MEDIA_TYPE, Extraction, Fact, Page, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

_MAX_DETAIL = 200
_PASSWORD: XPathQuery = etree.XPath("boolean(//input[@type='password'])")
_SHELLS: XPathQuery = etree.XPath(f"id('{' '.join(SHELL_IDS)}')[self::div or self::main or self::app-root]")
_INVISIBLE_TAGS = frozenset({"script", "style", "noscript", "template", "svg", "head"})


def extract(page: Page, *, fast: bool = False) -> Extraction:
    """Return title, raw text, declared metadata and verdict of ``page``. ``removed`` and ``origin`` stay empty.

    ``fast`` reads the body in one cheaper pass and guesses nothing. The same page gives the same extraction on any day,
    in any order, in any process. Any failure of a library on a hostile page becomes the verdict ``error``.
    """
    try:
        return storable(_extract_text(page) if _is_text_payload(page) else _extract_payload(page, fast=fast))
    except MemoryError:
        return Extraction(verdict=Verdict.ERROR, detail="not enough memory")
    except Exception as error:  # noqa: BLE001  # no page may end a run; the bug is kept with the page that shows it
        return Extraction(verdict=Verdict.ERROR, detail=f"{type(error).__name__}: {error}"[:_MAX_DETAIL])


def _is_text_payload(page: Page) -> bool:
    return page.content_type.partition(";")[0].strip().lower() == TEXT_MEDIA_TYPE


def _extract_text(page: Page) -> Extraction:
    """Return the fields of a finished text as they are, at any length."""
    fields: dict[str, Any] = json.loads(page.payload)
    published = fields.get("published_at")
    return Extraction(
        verdict=Verdict.OK,
        title=fields.get("title") or "",
        text=fields.get("text") or "",
        byline=fields.get("byline") or None,
        published_at=parse_date(published) if published else None,
        language=fields.get("language") or None,
    )


def _extract_payload(page: Page, *, fast: bool) -> Extraction:
    if not page.payload.strip():
        return Extraction(verdict=Verdict.EMPTY, detail="no bytes")
    if len(page.payload) > MAX_BYTES:
        return Extraction(verdict=Verdict.TOO_BIG, detail=f"{len(page.payload)} bytes, more than {MAX_BYTES}")
    if kind := file_type(page.payload):
        return Extraction(verdict=Verdict.NOT_HTML, detail=kind)
    return _extract_markup(page, decode_text(escape_mentions(page.payload), page.content_type), fast=fast)


def _extract_markup(page: Page, markup: str, *, fast: bool) -> Extraction:
    if text_type := non_html_type(markup, page.content_type):
        return Extraction(verdict=Verdict.NOT_HTML, detail=text_type)
    if reason := size_problem(markup):
        return Extraction(verdict=Verdict.TOO_BIG, detail=reason)
    parsed = parse(fix_references(markup))
    if parsed is None:
        return Extraction(verdict=Verdict.EMPTY, detail="nothing to parse")
    return _extract_tree(page, parsed, fast=fast)


def _extract_tree(page: Page, parsed: ParsedPage, *, fast: bool) -> Extraction:
    root = parsed.root
    declared = read_metadata(root, page.url)
    is_shell = _is_shell(root)
    strip_unread(root)
    title, title_sources = _title_and_sources(declared, page.url)
    facts = [*_headline_fact(title, title_sources), *declared_facts(declared, page.captured_at)]
    if parsed.too_deep:
        verdict, text, detail = Verdict.TOO_DEEP, "", "nested deeper than the parser goes"
    else:
        written = write_blanks_as_signs(root)
        body = read_body(parsed, fast=fast)
        restore_blanks(written)
        body = replace(body, text=write_signs_as_blanks(body.text))
        words, text = count_words(body.text), body.text
        verdict, detail = decide_verdict(
            _signals(page, declared, root, title=title, text=text, words=words, is_shell=is_shell)
        )
        facts += access_facts(declared, words)
        if body.is_revealed:
            facts.append(Fact(name="flag", value="hidden until a script shows it", source="markup"))
        if body.method == "linear":
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
        detail=detail[:_MAX_DETAIL],
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
        headline_from=title_sources,
    )


def _title_and_sources(declared: DeclaredMetadata, url: str) -> tuple[str, tuple[str, ...]]:
    """Return the headline, and the page's own headlines that agree on it."""
    article = declared.article
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    site = declared.site[0] if declared.site else ""
    sites = (site, article.publisher if article else "", host, host.partition(".")[0])
    ld_headline = article.headline if article else ""
    title = choose_headline(declared.h1, declared.og_title, ld_headline, declared.tag_title, sites)
    titles = (*(("h1", heading) for heading in declared.h1), ("og:title", declared.og_title), ("json-ld", ld_headline))
    return title, agreeing_sources(title, titles, sites)


def _headline_fact(title: str, sources: tuple[str, ...]) -> Iterator[Fact]:
    if title:
        yield Fact(name="title", value=title, source=" + ".join(sources) or "title tag")


def _signals(
    page: Page, declared: DeclaredMetadata, root: HtmlElement, *, title: str, text: str, words: int, is_shell: bool
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
        shell=is_shell,
    )


def _visible(root: HtmlElement) -> Iterator[str]:
    """Yield the page's texts in document order without those a browser does not show."""
    for element in root.iter():
        if element.tag not in _INVISIBLE_TAGS and element.text and element.text.strip():
            yield element.text
        if element.tail and element.tail.strip() and element.getparent().tag not in _INVISIBLE_TAGS:
            yield element.tail


def _is_shell(root: HtmlElement) -> bool:
    """True if a script framework's root element exists and has no text of its own."""
    return any(not "".join(element.itertext()).strip() for element in _SHELLS(root))
