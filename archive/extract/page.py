"""From one page to one extraction: gates, decoding, one parse, metadata, body, verdict. Never raises for a bad page."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archive.extract.blanks import restore_blanks, write_blanks_as_signs, write_signs_as_blanks
from archive.extract.body import read_body
from archive.extract.character_references import fix_references
from archive.extract.dates import declared_date, parse_date
from archive.extract.facts import access_facts, body_facts, declared_facts, guessed_dates
from archive.extract.headings import words_of_address
from archive.extract.headline import agreeing_sources, choose_headline
from archive.extract.metadata import DeclaredMetadata, read_metadata
from archive.extract.outgoing_links import outgoing_links
from archive.extract.page_state import state_scripts
from archive.extract.parse import ParsedPage, parse, size_problem, strip_unread
from archive.extract.pdf.pdf_article import extract_pdf
from archive.extract.read_signals import read_scripts, read_signals
from archive.extract.recipe import GUESS_CHARACTERS, MAX_BYTES
from archive.extract.script_filled import fill_text, unshown_text
from archive.extract.storable import storable
from archive.extract.verdict import count_words, decide_verdict
from archive.formats.charset import decode_text
from archive.formats.html_tokens import escape_mentions
from archive.formats.media_type import file_type, non_html_type, pdf_start
from db.languages import contradicting_language
from db.records import TEXT_MEDIA_TYPE, Extraction, Fact, Page, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.extract.page_state import StateScript
    from archive.extract.read_signals import Scripts

_MAX_DETAIL = 200


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
    start = pdf_start(page.payload, page.content_type)
    if start is not None:
        return extract_pdf(page, start)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """The text of a page, the headline with it, the verdict with its reason, and the facts about them.

    ``declared`` has what the page declares, and what the data declares that the text came from.
    """

    verdict: Verdict
    detail: str
    title: str
    declared: DeclaredMetadata
    text: str = ""
    facts: tuple[Fact, ...] = ()


def _extract_tree(page: Page, parsed: ParsedPage, *, fast: bool) -> Extraction:
    root = parsed.root
    declared = read_metadata(root, page.url)
    scripts, data = read_scripts(parsed), state_scripts(root)
    strip_unread(root)
    title, title_sources = _title_and_sources(declared, page.url)
    if parsed.too_deep:
        detail = "nested deeper than the parser goes"
        reading = _Reading(verdict=Verdict.TOO_DEEP, detail=detail, title=title, declared=declared)
    else:
        reading = _read_text(page, parsed, declared, title, scripts, data, fast=fast)
    # Dates are as the template writes them, in the language that the page declares.
    declared_language = reading.declared.language[0] if reading.declared.language else None
    declared = _with_language_of_text(reading.declared, reading.text)
    stated = declared_facts(declared, page.captured_at, declared_language)
    facts = [*_headline_fact(title, title_sources), *stated, *reading.facts]
    return Extraction(
        verdict=reading.verdict,
        detail=reading.detail[:_MAX_DETAIL],
        title=reading.title,
        text=reading.text,
        byline=declared.byline[0] if declared.byline else None,
        published_at=declared_date(declared.published, page.captured_at, declared_language),
        modified_at=declared_date(declared.modified, page.captured_at, declared_language),
        language=declared.language[0] if declared.language else None,
        site=declared.site[0] if declared.site else None,
        canonical_url=declared.canonical_url,
        claims=declared.claims,
        facts=tuple(facts),
        headline_from=title_sources,
    )


def _read_text(
    page: Page,
    parsed: ParsedPage,
    declared: DeclaredMetadata,
    title: str,
    scripts: Scripts,
    data: Sequence[StateScript],
    *,
    fast: bool,
) -> _Reading:
    """Read the text and judge the page by it, or by what a script would fill in if the page shows no article."""
    root = parsed.root
    written = write_blanks_as_signs(root)
    body = read_body(parsed, fast=fast)
    restore_blanks(written)
    text = write_signs_as_blanks(body.text)
    words = count_words(text)
    verdict, detail = decide_verdict(read_signals(page, declared, root, title=title, text=text, scripts=scripts))
    filled = fill_text(declared, root, data, url=page.url, words=words, verdict=verdict, is_shell=scripts.is_shell)
    if filled is not None:
        text, verdict, detail = filled.text, filled.verdict, filled.detail
        title = filled.title(declared, title)
        declared = filled.with_facts(declared, page.url)
        facts = [filled.fact(), *access_facts(declared, count_words(text))]
    else:
        is_read_by_extractor = verdict.opens_version and body.method != "linear"
        unshown = unshown_text(declared, root, text) if is_read_by_extractor else None
        text = unshown.text if unshown else text
        facts = [*([unshown.fact()] if unshown else []), *access_facts(declared, words), *body_facts(body)]
    if not fast and body.method != "linear" and verdict.opens_version:
        facts += outgoing_links(root, text, page.url)
    if body.method == "linear":
        size = f"{parsed.tags} tags, {parsed.characters} characters"
        facts.append(Fact(name="degraded", value="read in one walk", source=size))
    elif not (declared.published or fast) and verdict.opens_version and parsed.characters <= GUESS_CHARACTERS:
        facts += guessed_dates(root, declared, page.url, page.captured_at)
    return _Reading(verdict=verdict, detail=detail, title=title, declared=declared, text=text, facts=tuple(facts))


def _with_language_of_text(declared: DeclaredMetadata, text: str) -> DeclaredMetadata:
    """Return ``declared`` with the language of the text, if that is surely another one than the page declares."""
    language = contradicting_language(text, declared.language[0]) if declared.language else None
    return replace(declared, language=(language, "text")) if language else declared


def _title_and_sources(declared: DeclaredMetadata, url: str) -> tuple[str, tuple[str, ...]]:
    """Return the headline, and the page's own headlines that agree on it."""
    article = declared.article
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    site = declared.site[0] if declared.site else ""
    ld_headline = article.headline if article else ""
    logos = (logo for logo in declared.logos if logo not in {declared.og_title, ld_headline, declared.tag_title})
    sites = (site, article.publisher if article else "", host, host.partition(".")[0], *logos)
    slug = words_of_address(url)
    heads = declared.h1, declared.og_title, ld_headline, declared.tag_title
    title = choose_headline(*heads, sites, slug, declared.subheads)
    titles = (*(("h1", heading) for heading in declared.h1), ("og:title", declared.og_title), ("json-ld", ld_headline))
    sources = agreeing_sources(title, titles, sites)
    return title, sources and (*sources, *agreeing_sources(title, [("title tag", declared.tag_title)], sites))


def _headline_fact(title: str, sources: tuple[str, ...]) -> Iterator[Fact]:
    if title:
        yield Fact(name="title", value=title, source=" + ".join(sources) or "title tag")
