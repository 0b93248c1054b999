"""From payloads to what captures show: extracted once, cleaned by what is known of the site, an article's parts joined.

An extraction follows from the payload and the recipe alone. What else decides a text, the furniture of its site and the
further parts of its article, comes after it, so that learning more never means extracting again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from archive.extract import boilerplate as cleaning
from archive.extract.boilerplate import clean
from archive.extract.multipage import Part, missing_part, repeated_lines
from archive.extract.strip_scripts import strip_scripts, stripped_digest
from db.queries import captures as capture_queries
from db.queries import derivations as derivation_queries
from db.records import CleanedText, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Protocol

    from db.records import Capture, Extraction, Page, Recipe, SiteTemplate
    from db.store import Store

    class Extracts(Protocol):
        """What derive needs of the extractor's workers."""

        def map(self, pages: Iterable[Page]) -> Iterable[Extraction]:
            """One extraction a page, in order."""


ON_EVERY_PART = "on every part"
"""The reason of removal of a line that is said on another page of the same article."""

_TOGETHER = 100  # pages whose payloads may be in memory at once


def text_digest(title: str, body: str) -> str:
    """The sha256 by which a normalised text is known: headline, blank line, body, in UTF-8."""
    return hashlib.sha256(f"{title}\n\n{body}".encode()).hexdigest()


# --- extracting ------------------------------------------------------------------------------------------------------


def extract_new(store: Store, extractors: Extracts, captures: Iterable[Capture], recipe: Recipe) -> int:
    """Extract what the recipe has not seen, each core once, however many payloads and captures show it; how many.

    A payload whose core is known (what changed was a script, a comment) takes over the extraction of that.
    """
    unknown = {
        (capture.payload_sha256, capture.charset): capture
        for capture in captures
        if not derivation_queries.is_extracted(store.ask, capture, recipe.id)
    }
    left, extracted = iter(unknown.values()), 0
    while some := list(islice(left, _TOGETHER)):
        extracted += _extract(store, extractors, some, recipe)
    return extracted


def _extract(store: Store, extractors: Extracts, captures: Sequence[Capture], recipe: Recipe) -> int:
    fresh: dict[tuple[str, str | None], tuple[Capture, Page]] = {}
    again: list[tuple[Capture, str]] = []
    for capture in captures:
        page = alone(capture_queries.page(store.ask, capture))
        core = stripped_digest(page)
        if (core, capture.charset) in fresh:
            again.append((capture, core))
        elif not store.copy_extraction(capture, recipe.id, core):
            fresh[core, capture.charset] = capture, page
    found = extractors.map(page for _, page in fresh.values())
    for ((core, _), (capture, _)), raw in zip(fresh.items(), found, strict=True):
        cleaned = clean(raw)
        digest = text_digest(cleaned.title, cleaned.text) if cleaned.text else None
        store.record_extraction(capture, cleaned, digest, recipe, core)
    for capture, core in again:
        store.copy_extraction(capture, recipe.id, core)
    return len(fresh)


def alone(page: Page) -> Page:
    """The core of a page without the way it was reached: an extraction depends on the payload alone."""
    return strip_scripts(replace(page, requested_url=page.url))


# --- cleaning and joining --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedText:
    """What a capture shows: its text where that is not the extraction's own, and which part of it is missing."""

    cleaned: CleanedText | None = None
    missing: str = ""


def derive_text(
    store: Store, capture: Capture, further: Sequence[Capture], recipe: Recipe, known: SiteTemplate
) -> DerivedText:
    """What a capture shows, with the further parts of its article, where ``known`` is the furniture of its site."""
    reads = [_stored(store, each, recipe) for each in (capture, *further)]
    return merge_parts(reads, further, recipe, known)


def merge_parts(
    reads: Sequence[Extraction | None], further: Sequence[Capture], recipe: Recipe, known: SiteTemplate
) -> DerivedText:
    """The same from what was read of each page: the first, and the ``further`` ones in order (None: nothing)."""
    missing = missing_part([_part(each, read) for each, read in zip(further, reads[1:], strict=True)])
    first, *told = (read for read in reads[: 1 if missing else None])
    if first is None or not first.text:
        return DerivedText(missing=missing)
    key = parts_key(further) if told else ""
    return DerivedText(cleaned=join_pages([first, *filter(None, told)], known, recipe, key), missing=missing)


def join_pages(pages: Sequence[Extraction], known: SiteTemplate, recipe: Recipe, parts: str = "") -> CleanedText | None:
    """The text of an article from the extractions of its pages, in order; None if it is that of its only page.

    The same for the same extractions and furniture, whatever else is known.
    """
    if not known.blocks and not parts:
        return None
    each = [clean(page, known.blocks) for page in pages]
    text, removed = each[0].text, each[0].removed
    if parts:
        text, removed = cleaning.join(each)
        text, removed = cleaning.take_lines(text, removed, list(_again(each)), ON_EVERY_PART)
    return CleanedText(
        recipe=recipe_with_template(recipe, known),
        sha256=text_digest(each[0].title, text),
        title=each[0].title,
        text=text,
        removed=removed,
        parts=parts,
        furniture_id=known.id,
    )


def recipe_with_template(recipe: Recipe, known: SiteTemplate) -> Recipe:
    """The recipe of texts that are cleaned with this furniture: its own, and what the furniture says."""
    more = cleaning.blocks_facts(known.blocks)
    if not more:
        return recipe
    return replace(recipe, id=f"{recipe.id}+{more[0][1]}", facts=tuple(sorted((*recipe.facts, *more))))


def parts_key(further: Sequence[Capture]) -> str:
    """What the further parts of an article are known by: a digest of their payloads and charsets, in order."""
    told = [(each.part, each.payload_sha256, each.charset) for each in further]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def readable(further: Iterable[Sequence[Capture]]) -> list[Capture]:
    """The parts that brought a page."""
    return [part for parts in further for part in parts if part.reason is None and part.payload_sha256 is not None]


def _again(pages: Sequence[Extraction]) -> Iterator[int]:
    """Lines of the joined text that are said on another page."""
    start = 0
    for page, lines in zip(pages, repeated_lines([page.text for page in pages]), strict=True):
        yield from (start + at for at in sorted(lines))
        start += page.text.count("\n") + 1


def _stored(store: Store, capture: Capture, recipe: Recipe) -> Extraction | None:
    return None if capture.payload_sha256 is None else derivation_queries.extraction_of(store.ask, capture, recipe.id)


def _part(capture: Capture, read: Extraction | None) -> Part:
    return Part(
        number=capture.part,
        url=capture.url,
        final_url=capture.final_url,
        reason=capture.reason,
        verdict=Verdict(read.verdict) if read else None,
        body=read.text if read else "",
    )
