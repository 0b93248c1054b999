"""What a new recipe would change, without changing anything: ``wirecopy reextract --dry-run``.

Every derived text is read again as ``texts`` and ``furnishing`` would, site by site and only in memory, and laid beside
the one that stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from archive.extract.boilerplate import clean
from archive.pipeline import adopt_template, extraction
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

    from archive.pipeline.extraction import Extracts
    from db.queries.derivations import Derivation
    from db.reader import Ask
    from db.records import Capture, Extraction, Recipe, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A page that is read differently: what stands derived of it, and what the recipe would say (None: no text)."""

    url: str
    captured_at: datetime
    before: Text | None
    after: Text | None
    verdicts: tuple[Verdict, Verdict]

    @property
    def diff(self) -> str:
        """From the one to the other, in the unified format; empty where one of them is no text."""
        if self.before is None or self.after is None:
            return ""
        return render_unified(compare(self.before, self.after), self.before, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What adopting ``recipe_id`` would do: of ``pages`` so many ``differ``; ``sites`` get other furniture.

    ``extracted`` pages had to be read for it. ``samples`` are some of the differences, the same each time.
    """

    recipe_id: str
    pages: int = 0
    differ: int = 0
    extracted: int = 0
    sites: int = 0
    samples: tuple[Difference, ...] = ()


def preview(ask: Ask, extractors: Extracts, recipe: Recipe, *, samples: int) -> Preview:
    """Read every derived page under ``recipe`` and compare; nothing is written. The pages of one site are in memory."""
    done = Preview(recipe_id=recipe.id)
    for site in adopt_template.sites(ask):
        one = _preview_site(ask, extractors, recipe, site)
        told = (*done.samples, *one.samples)
        done = Preview(
            recipe_id=recipe.id,
            pages=done.pages + one.pages,
            differ=done.differ + one.differ,
            extracted=done.extracted + one.extracted,
            sites=done.sites + one.sites,
            samples=tuple(nsmallest(samples, told, key=_lot)),
        )
    return done


def _lot(one: Difference) -> str:
    """A draw that depends on nothing but the text: samples from all over the archive, and the same each time."""
    return one.after.sha256 if one.after else one.before.sha256 if one.before else ""


def _preview_site(ask: Ask, extractors: Extracts, recipe: Recipe, site: str) -> Preview:
    keys = adopt_template.site_keys(site)
    standing = derivation_queries.of_site(ask, keys)
    captures = {each.capture_id: capture_queries.by_id(ask, each.capture_id) for each in standing}
    further = {each: capture_queries.parts(ask, each) for each in captures}
    reads = _Reads(ask, recipe)
    reads.take(extractors, (*captures.values(), *extraction.readable(further.values())))
    blocks = adopt_template.learn_from(_articles(standing, captures, further, reads))
    newest = template_queries.newest_template(ask, site)
    known = newest if newest.blocks == blocks else SiteTemplate(site=site, revision=newest.revision + 1, blocks=blocks)
    found = []
    for each in standing:
        capture = captures[each.capture_id]
        parts = further[each.capture_id]
        read = reads.of(capture)
        shown = extraction.merge_parts([read, *map(reads.of, parts)], parts, recipe, known)
        after = _text(read, shown)
        if read is not None and (after.sha256 if after else None) != each.text_sha256:
            before = version_queries.text(ask, each.text_sha256) if each.text_sha256 else None
            verdicts = each.verdict, read.verdict
            at = capture.captured_at
            found.append(Difference(url=capture.url, captured_at=at, before=before, after=after, verdicts=verdicts))
    return Preview(
        recipe_id=recipe.id,
        pages=len(standing),
        differ=len(found),
        extracted=reads.extracted,
        sites=int(known is not newest),
        samples=tuple(found),
    )


class _Reads:
    """What is read of each payload under the recipe: kept from before, or extracted now."""

    def __init__(self, ask: Ask, recipe: Recipe) -> None:
        self._ask = ask
        self._recipe = recipe
        self._found: dict[tuple[str | None, str | None], Extraction] = {}
        self.extracted = 0

    def of(self, capture: Capture) -> Extraction | None:
        """What is read of a capture's payload; None if it has none."""
        return self._found.get((capture.payload_sha256, capture.charset))

    def take(self, extractors: Extracts, captures: Iterable[Capture]) -> None:
        """Read what these captures show, each payload once."""
        unknown: dict[tuple[str | None, str | None], Capture] = {}
        for capture in captures:
            key = capture.payload_sha256, capture.charset
            if capture.payload_sha256 is None or key in self._found or key in unknown:
                continue
            if (known := derivation_queries.extraction_of(self._ask, capture, self._recipe.id)) is not None:
                self._found[key] = known
            else:
                unknown[key] = capture
        pages = (extraction.alone(capture_queries.page(self._ask, capture)) for capture in unknown.values())
        self._found |= {key: clean(raw) for key, raw in zip(unknown, extractors.map(pages), strict=True)}
        self.extracted += len(unknown)


def _articles(
    standing: Iterable[Derivation],
    captures: dict[int, Capture],
    further: dict[int, list[Capture]],
    reads: _Reads,
) -> Iterator[tuple[str, Extraction]]:
    """The texts that teach what furniture is, each with the key of its history."""
    for each in standing:
        pages: Sequence[Capture] = (captures[each.capture_id], *further[each.capture_id])
        for read in map(reads.of, pages):
            if read is not None and read.text and read.verdict.opens_version:
                yield each.history_key, read


def _text(read: Extraction | None, shown: extraction.DerivedText) -> Text | None:
    """What a page says by this recipe, as a text; None if that is nothing."""
    if shown.cleaned is not None:
        return Text(sha256=shown.cleaned.sha256, title=shown.cleaned.title, body=shown.cleaned.text)
    if read is None or not read.text:
        return None
    return Text(sha256=extraction.text_digest(read.title, read.text), title=read.title, body=read.text)


def preview_json(found: Preview) -> dict[str, Any]:
    """``reextract --dry-run --json``."""
    return {
        "recipe": found.recipe_id,
        "pages": found.pages,
        "differ": found.differ,
        "extracted": found.extracted,
        "sites": found.sites,
        "samples": [
            {
                "url": one.url,
                "captured_at": iso(one.captured_at),
                "before": None if one.before is None else one.before.sha256,
                "after": None if one.after is None else one.after.sha256,
                "verdicts": [str(verdict) for verdict in one.verdicts],
                "diff": one.diff or None,
            }
            for one in found.samples
        ],
    }
