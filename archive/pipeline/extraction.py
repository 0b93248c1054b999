"""The extraction stage: extract each payload once, clean its text by the site's template, and join an article's parts.

An extraction depends on the payload and the recipe alone. The template of the site and the further parts of the article
also shape the text, but they come later, so learning more never requires extracting again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.extract import boilerplate as cleaning
from archive.extract.boilerplate import clean
from archive.extract.multipage import Part, missing_part, repeated_lines
from archive.extract.strip_scripts import stripped_digest
from archive.extract.worker_pool import Lost
from archive.pipeline.page_forms import missing_rendering, recipe_of_form, shown_capture
from archive.pipeline.page_work import (
    PageText,
    Raised,
    clean_page,
    failure,
    failure_cause,
    page_for_extraction,
    strip_page,
    text_digest,
)
from db.queries import captures as capture_queries
from db.queries import derivations as derivation_queries
from db.queries import rechecks
from db.records import CleanedText, Verdict
from db.wall import cause_of, is_own_fault, suppress_own_faults

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
    from typing import Protocol

    from archive.pipeline.link import Run
    from db.reader import Ask
    from db.records import Capture, Extraction, Page, Recipe, SiteTemplate
    from db.store import Store

    class PageExtractor(Protocol):
        """The part of the extraction workers that derive uses."""

        def map(self, pages: Iterable[Page]) -> Iterable[Extraction | PageText]:
            """Return one extraction for each page, in order, or what ``clean_page`` makes of it."""


ON_EVERY_PART = "on every part"
"""The reason of removal of a line that another page of the same article repeats."""

_BATCH_SIZE = 100  # pages whose payloads may be in memory at once
_BATCH_BYTES = 8 << 20  # and their bytes: a page may have 20 MB


# --- extracting ------------------------------------------------------------------------------------------------------


def extract_new(
    store: Store,
    extractors: PageExtractor,
    captures: Iterable[Capture],
    recipe: Recipe,
    *,
    run: Run = map,
    again: bool = False,
) -> int:
    """Extract what the recipe has not seen, and return how many pages were extracted. ``again``: extract all of it.

    ``run`` strips the pages, in this process or in workers (``archive.pipeline.link.Run``).

    Each page stripped of scripts and comments is extracted once, however many payloads and captures show it. A payload
    that differs only in a script or a comment takes over that extraction.
    """
    visits = list(captures)
    ids = [] if again else [capture.id or 0 for capture in visits]
    extracted_ids = derivation_queries.with_extraction(store.ask, ids, recipe.id)
    unknown = {
        (capture.payload_sha256, capture.charset): capture for capture in visits if capture.id not in extracted_ids
    }
    extracted = 0
    for batch in _batches(unknown.values()):
        chosen = [capture_read(store.ask, capture, recipe.id) for capture in batch] if again else batch
        extracted += _extract(store, extractors, chosen, recipe, run=run, again=again)
    return extracted


def _batches(captures: Iterable[Capture]) -> Iterator[list[Capture]]:
    """Yield captures in batches of at most `_BATCH_SIZE` pages and little more than `_BATCH_BYTES`."""
    batch: list[Capture] = []
    size = 0
    for capture in captures:
        batch.append(capture)
        size += capture.payload_length or 0
        if len(batch) >= _BATCH_SIZE or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def capture_read(ask: Ask, capture: Capture, recipe_id: str) -> Capture:
    """Return the capture from which the stored extraction of this one's payload was made.

    A payload is extracted once, with the address, type and status of the capture that came first. Another capture of it
    may have others. The stored row names its page by a digest, and only a capture with that one will do.
    """
    twins = [capture_queries.by_id(ask, number) for number in rechecks.twins(ask, capture)]
    variants = {(twin.final_url, twin.content_type, twin.status): twin for twin in reversed(twins)}
    if len(variants) < 2:  # noqa: PLR2004 (one is no choice)
        return capture
    core = rechecks.core(ask, capture, recipe_id)
    for twin in reversed(variants.values()):
        with suppress_own_faults():
            if bytes.fromhex(read_page(ask, twin)[1]) == core:
                return twin
    return twins[0]


def _extract(
    store: Store, extractors: PageExtractor, captures: Sequence[Capture], recipe: Recipe, *, run: Run, again: bool
) -> int:
    read, failed = _read_pages(store.ask, captures, run)
    cores = [] if again else [core for _, _, (core, _) in read]
    known = derivation_queries.known_cores(store.ask, cores, recipe.id)
    fresh: dict[tuple[str, str], Page] = {}
    for _, page, key in read:
        if key not in known:
            fresh.setdefault(key, page)
    texts = dict(zip(fresh, extract_pages(extractors, list(fresh.values())), strict=True))
    with store.together(durable=False):
        for capture, cause in failed:
            _record_failure(store, capture, cause, recipe, again=again)
        new = [(capture, texts[key], key[0]) for capture, _, key in read if key in texts]
        _record_texts(store, new, recipe, again=again)
        copied = {capture.id: capture for capture, _, key in read if key not in texts}
        for capture, _, (core, _) in read:
            if capture.id in copied:
                store.copy_extraction(capture, recipe.id, core)
        ids = [capture_id or 0 for capture_id in copied]
        extracted_ids = derivation_queries.with_extraction(store.ask, ids, recipe.id)
    lost = [
        capture for capture_id, capture in copied.items() if capture_id not in extracted_ids
    ]  # with the row to be copied
    return len(fresh) + (_extract(store, extractors, lost, recipe, run=run, again=again) if lost else 0)


def _read_pages(
    ask: Ask, captures: Sequence[Capture], run: Run
) -> tuple[list[tuple[Capture, Page, tuple[str, str]]], list[tuple[Capture, str]]]:
    """Return the pages as they are extracted, each with its digest and charset, and why others cannot be read."""
    failed: list[tuple[Capture, str]] = []
    sent: deque[Capture] = deque()

    def pages() -> Iterator[Page]:
        for capture in captures:
            try:
                page = capture_queries.page(ask, capture)
            except Exception as error:
                if not is_own_fault(error):
                    raise
                failed.append((capture, cause_of(error)))
            else:
                sent.append(capture)
                yield page

    read: list[tuple[Capture, Page, tuple[str, str]]] = []
    for result in run(strip_page, pages()):
        capture = sent.popleft()
        if isinstance(result, Raised | Lost):
            failed.append((capture, failure_cause(result)))
        else:
            page, core = result
            read.append((capture, page, (core, capture.charset or "")))
    return read, failed


def read_page(ask: Ask, capture: Capture) -> tuple[Page, str]:
    """Return the page of a capture as it is extracted, and the digest of what is read of it."""
    page = page_for_extraction(capture_queries.page(ask, capture))
    return page, stripped_digest(page)


def extract_pages(extractors: PageExtractor, pages: Sequence[Page]) -> Iterator[PageText]:
    """Yield the text of each page. If an extractor raises, the pages that are left are extracted one by one."""
    count = 0
    try:
        for result in extractors.map(pages):
            count += 1
            yield as_page_text(result)
    except Exception as error:
        if not is_own_fault(error):
            raise
        for page in pages[count:]:
            yield _extract_alone(extractors, page)


def page_reader(extractors: PageExtractor) -> Callable[[Page], Awaitable[Extraction]]:
    """Return a function that extracts a page as derive will, one at a time."""
    lock = asyncio.Lock()

    async def read(page: Page) -> Extraction:
        async with lock:
            (text,) = await asyncio.to_thread(list, extract_pages(extractors, [page_for_extraction(page)]))
        return text.extraction

    return read


def as_page_text(result: Extraction | PageText) -> PageText:
    """Return the text of a page. A page without an answer from its worker has only an extraction."""
    return result if isinstance(result, PageText) else clean_page(result)


def _extract_alone(extractors: PageExtractor, page: Page) -> PageText:
    try:
        (result,) = extractors.map([page])
    except Exception as error:
        if not is_own_fault(error):
            raise
        return PageText(failure(cause_of(error)))
    return as_page_text(result)


def _record_texts(store: Store, texts: Sequence[tuple[Capture, PageText, str]], recipe: Recipe, *, again: bool) -> None:
    """Record the texts of pages, with the digest of what was read of each: at once, or one by one if one raises."""
    if not (again or not texts):
        try:
            rows = [(capture, text.extraction, text.sha256, core) for capture, text, core in texts]
            store.record_extractions(rows, recipe.id)
        except Exception as error:
            if not is_own_fault(error):
                raise
        else:
            return
    for capture, text, core in texts:
        _record_text(store, capture, text, recipe, core, again=again)


def _record_text(
    store: Store, capture: Capture, text: PageText, recipe: Recipe, page_digest: str, *, again: bool
) -> None:
    try:
        store.record_extraction(capture, text.extraction, text.sha256, recipe, page_digest, again=again)
    except Exception as error:
        if not is_own_fault(error):
            raise
        _record_failure(store, capture, cause_of(error), recipe, again=again)


def _record_failure(store: Store, capture: Capture, cause: str, recipe: Recipe, *, again: bool) -> None:
    """Record an empty extraction with the verdict ``error``."""
    store.record_extraction(capture, failure(cause), None, recipe, again=again)


# --- cleaning and joining --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedText:
    """The text of a visit where it differs from its extraction's own, and which part of it is missing.

    The extraction is that of ``shown``: the page, or another form of it. ``lacking`` is the verdict if something is
    missing.
    """

    shown: Capture
    cleaned: CleanedText | None = None
    missing: str = ""
    lacking: Verdict = Verdict.THIN


def derive_text(
    store: Store, capture: Capture, further: Sequence[Capture], recipe: Recipe, template: SiteTemplate
) -> DerivedText:
    """Derive the text of a capture and its ``further`` parts or forms, with the ``template`` of its site."""
    if not (further or template.blocks):  # the text is that of the extraction
        return DerivedText(shown=capture)
    return merge_parts(capture, further, lambda part: _stored_extraction(store, part, recipe), recipe, template)


def merge_parts(
    page: Capture,
    further: Sequence[Capture],
    extraction_of: Callable[[Capture], Extraction | None],
    recipe: Recipe,
    template: SiteTemplate,
) -> DerivedText:
    """Derive the text of an article from the extractions of its page and of the ``further`` captures of the visit.

    Those are its further parts in order, or other forms of the page. ``extraction_of`` returns None where a capture has
    no text. ``template`` is that of the site.
    """
    parts = [part for part in further if part.form is None]
    forms = [part for part in further if part.form is not None]
    if not_rendered := missing_rendering(forms):
        return DerivedText(shown=page, missing=not_rendered, lacking=Verdict.NEEDS_JS)
    shown = shown_capture(page, forms, extraction_of)
    first, *others = map(extraction_of, (shown, *parts))
    missing = missing_part([_part(part, other) for part, other in zip(parts, others, strict=True)])
    if first is None or not first.text:
        return DerivedText(shown=shown, missing=missing)
    key = parts_key(parts) if parts and not missing else ""
    pages = [first, *(other for other in others if other is not None and key)]
    cleaned = join_pages(pages, template, recipe_of_form(recipe, shown.form), key, always=shown.form is not None)
    return DerivedText(shown=shown, cleaned=cleaned, missing=missing)


def join_pages(
    pages: Sequence[Extraction], template: SiteTemplate, recipe: Recipe, parts: str = "", *, always: bool = False
) -> CleanedText | None:
    """Return the text of an article from the extractions of its pages, in order.

    None if its only page needs no change, unless ``always``. Depends on the extractions and the template alone.
    """
    if not (template.blocks or parts or always):
        return None
    cleaned_pages = [clean(page, template.blocks) for page in pages]
    text, removed = cleaned_pages[0].text, cleaned_pages[0].removed
    if parts:
        text, removed = cleaning.join_pages(cleaned_pages)
        text, removed = cleaning.cut_lines(text, removed, list(_repeated_line_numbers(cleaned_pages)), ON_EVERY_PART)
    return CleanedText(
        recipe=recipe_with_template(recipe, template),
        sha256=text_digest(cleaned_pages[0].title, text),
        title=cleaned_pages[0].title,
        text=text,
        removed=removed,
        parts=parts,
        furniture_id=template.id,
    )


def recipe_with_template(recipe: Recipe, template: SiteTemplate) -> Recipe:
    """Return the recipe of texts cleaned with this template: its own facts and the template's."""
    template_facts = cleaning.template_facts(template.blocks)
    if not template_facts:
        return recipe
    return replace(
        recipe, id=f"{recipe.id}+{template_facts[0][1]}", facts=tuple(sorted((*recipe.facts, *template_facts)))
    )


def parts_key(further: Sequence[Capture]) -> str:
    """Return a digest of the payloads and charsets of an article's further parts, in order."""
    parts = [(part.part, part.payload_sha256, part.charset) for part in further]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def parts_with_page(further: Iterable[Sequence[Capture]]) -> list[Capture]:
    """Return the parts that brought a page."""
    return [part for parts in further for part in parts if part.reason is None and part.payload_sha256 is not None]


def _repeated_line_numbers(pages: Sequence[Extraction]) -> Iterator[int]:
    """Yield the numbers of lines in the joined text that another page repeats."""
    start = 0
    for page, lines in zip(pages, repeated_lines([page.text for page in pages]), strict=True):
        yield from (start + number for number in sorted(lines))
        start += page.text.count("\n") + 1


def _stored_extraction(store: Store, capture: Capture, recipe: Recipe) -> Extraction | None:
    return None if capture.payload_sha256 is None else derivation_queries.extraction_of(store.ask, capture, recipe.id)


def _part(capture: Capture, extraction: Extraction | None) -> Part:
    return Part(
        number=capture.part,
        url=capture.url,
        final_url=capture.final_url,
        reason=capture.reason,
        verdict=Verdict(extraction.verdict) if extraction else None,
        body=extraction.text if extraction else "",
    )
