"""Preview of reprocessing: the effect of a new recipe, without changing anything (``wirecopy reextract --dry-run``).

Every derived text is derived again as ``extraction`` and ``adopt_template`` would, site by site and only in memory, and
compared with the stored one.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from archive.pipeline import adopt_template, extraction
from archive.pipeline.page_work import page_for_extraction, text_digest
from archive.timestamps import iso
from archive.versions.diff import compare, render_unified
from db.queries import captures as capture_queries
from db.queries import derivations as derivation_queries
from db.queries import site_templates as template_queries
from db.queries import versions as version_queries
from db.records import SiteTemplate, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from archive.pipeline.extraction import PageExtractor
    from db.queries.derivations import Derivation
    from db.reader import Ask
    from db.records import Capture, Extraction, Recipe, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A page that reads differently: the stored text, and the text under the new recipe (None: no text)."""

    url: str
    captured_at: datetime
    before: Text | None
    after: Text | None
    verdicts: tuple[Verdict, Verdict]

    @property
    def diff(self) -> str:
        """The unified diff of the two texts. Empty if one of them is missing."""
        if self.before is None or self.after is None:
            return ""
        return render_unified(compare(self.before, self.after), self.before, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The effect of adopting ``recipe_id``: ``differ`` of ``pages`` would change, and the template of ``sites``.

    ``extraction_of`` pages were extracted to compute it. ``samples`` are some of the differences, the same ones each
    time.
    """

    recipe_id: str
    pages: int = 0
    differ: int = 0
    extracted: int = 0
    sites: int = 0
    samples: tuple[Difference, ...] = ()


def preview(ask: Ask, extractors: PageExtractor, recipe: Recipe, *, samples: int) -> Preview:
    """Derive every page again under ``recipe`` and compare. Nothing is written.

    The pages of one site are in memory at once.
    """
    total = Preview(recipe_id=recipe.id)
    for site in adopt_template.sites(ask):
        site_preview = _preview_site(ask, extractors, recipe, site)
        candidates = (*total.samples, *site_preview.samples)
        total = Preview(
            recipe_id=recipe.id,
            pages=total.pages + site_preview.pages,
            differ=total.differ + site_preview.differ,
            extracted=total.extracted + site_preview.extracted,
            sites=total.sites + site_preview.sites,
            samples=tuple(nsmallest(samples, candidates, key=_sample_key)),
        )
    return total


def _sample_key(difference: Difference) -> str:
    """Return a key that depends on the text alone: samples come from all over the archive, the same each time."""
    text = difference.after or difference.before
    return text.sha256 if text else ""


def _preview_site(ask: Ask, extractors: PageExtractor, recipe: Recipe, site: str) -> Preview:
    keys = adopt_template.url_key_range(site)
    derivations = derivation_queries.of_site(ask, keys)
    captures = {row.capture_id: capture_queries.by_id(ask, row.capture_id) for row in derivations}
    further = {capture_id: capture_queries.parts(ask, capture_id) for capture_id in captures}
    extractions = _PayloadExtractions(ask, recipe)
    extractions.add(extractors, (*captures.values(), *extraction.parts_with_page(further.values())))
    blocks = adopt_template.template_from_texts(_articles(derivations, captures, further, extractions))
    newest = template_queries.newest_template(ask, site)
    changed = newest.blocks != blocks
    template = SiteTemplate(site=site, revision=newest.revision + 1, blocks=blocks) if changed else newest
    differences = []
    for stored in derivations:
        capture, parts = captures[stored.capture_id], further[stored.capture_id]
        derived = extraction.merge_parts(capture, parts, extractions.of, recipe, template)
        page = extractions.of(derived.shown)
        after = _text(page, derived)
        if page is not None and (after.sha256 if after else None) != stored.text_sha256:
            difference = Difference(
                url=capture.url,
                captured_at=capture.captured_at,
                before=version_queries.text(ask, stored.text_sha256) if stored.text_sha256 else None,
                after=after,
                verdicts=(stored.verdict, page.verdict),
            )
            differences.append(difference)
    return Preview(
        recipe_id=recipe.id,
        pages=len(derivations),
        differ=len(differences),
        extracted=extractions.extracted,
        sites=int(changed),
        samples=tuple(differences),
    )


class _PayloadExtractions:
    """The extraction of each payload under the recipe: stored already, or extracted now."""

    def __init__(self, ask: Ask, recipe: Recipe) -> None:
        self._ask = ask
        self._recipe = recipe
        self._by_payload: dict[tuple[str | None, str | None], Extraction] = {}
        self.extracted = 0

    def of(self, capture: Capture) -> Extraction | None:
        """Return the extraction of a capture's payload. None if it has no payload."""
        return self._by_payload.get((capture.payload_sha256, capture.charset))

    def add(self, extractors: PageExtractor, captures: Iterable[Capture]) -> None:
        """Extract the payloads of these captures, each once."""
        missing: dict[tuple[str | None, str | None], Capture] = {}
        for capture in captures:
            key = capture.payload_sha256, capture.charset
            if capture.payload_sha256 is None or key in self._by_payload or key in missing:
                continue
            if (stored := derivation_queries.extraction_of(self._ask, capture, self._recipe.id)) is not None:
                self._by_payload[key] = stored
            else:
                missing[key] = capture
        pages = (page_for_extraction(capture_queries.page(self._ask, capture)) for capture in missing.values())
        read = map(extraction.as_page_text, extractors.map(pages))
        self._by_payload |= {key: text.extraction for key, text in zip(missing, read, strict=True)}
        self.extracted += len(missing)


def _articles(
    derivations: Iterable[Derivation],
    captures: dict[int, Capture],
    further: dict[int, list[Capture]],
    extractions: _PayloadExtractions,
) -> Iterator[tuple[str, Extraction]]:
    """Yield the texts from which the template is learned, each with the key of its history."""
    for derivation in derivations:
        pages: Sequence[Capture] = (captures[derivation.capture_id], *further[derivation.capture_id])
        for page in map(extractions.of, pages):
            if page is not None and page.text and page.verdict.opens_version:
                yield derivation.history_key, page


def _text(page: Extraction | None, derived: extraction.DerivedText) -> Text | None:
    """Return the text of a page under this recipe. None if it has none."""
    if derived.cleaned is not None:
        return Text(sha256=derived.cleaned.sha256, title=derived.cleaned.title, body=derived.cleaned.text)
    if page is None or not page.text:
        return None
    return Text(sha256=text_digest(page.title, page.text), title=page.title, body=page.text)


def preview_json(preview: Preview) -> dict[str, Any]:
    """Return the output of ``reextract --dry-run --json``."""
    return {
        "recipe": preview.recipe_id,
        "pages": preview.pages,
        "differ": preview.differ,
        "extracted": preview.extracted,
        "sites": preview.sites,
        "samples": [
            {
                "url": sample.url,
                "captured_at": iso(sample.captured_at),
                "before": None if sample.before is None else sample.before.sha256,
                "after": None if sample.after is None else sample.after.sha256,
                "verdicts": [str(verdict) for verdict in sample.verdicts],
                "diff": sample.diff or None,
            }
            for sample in preview.samples
        ],
    }
