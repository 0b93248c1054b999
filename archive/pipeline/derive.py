"""Derive: turn captures that the current recipe has not seen into text, versions and links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.crawl.soft404 import is_probe
from archive.pipeline import extraction as texts
from archive.pipeline import settle, side_captures
from archive.pipeline.adopt_template import TemplateCache
from archive.pipeline.link import link
from archive.urls import url_key
from db.queries import captures as capture_queries
from db.queries import derivations as derivation_queries
from db.records import Recipe, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from archive.pipeline.extraction import PageExtractor
    from db.reader import Row
    from db.records import Capture, Version
    from db.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class DeriveResult:
    """The result of one chunk: counts of captures, extractions and links, and the versions that it opened.

    A version that replaces another only because a page is read differently today is not among them.
    """

    captures: int
    extracted: int
    versions: tuple[Version, ...]
    links: int


def derive(
    store: Store,
    extractors: PageExtractor,
    ids: Sequence[int],
    *,
    recipe: Recipe,
    now: datetime,
    stopped: Callable[[], bool] = lambda: False,
) -> DeriveResult:
    """Derive texts, versions and links from these captures of the ledger.

    Each step is a short transaction of its own and may be repeated. A capture leaves the ledger together with the
    settling of its source, and a text leaves the link queue together with its links. ``stopped`` as for ``link``.
    """
    together = derivation_queries.whole_histories(store.ask, ids)
    captures = [capture_queries.by_id(store.ask, capture_id) for capture_id in together]
    pages = [capture for capture in captures if capture.payload_sha256 is not None]  # a 304 has nothing to extract
    earlier_recipes = derivation_queries.recipe_ids(store.ask, [capture.id or 0 for capture in pages])
    further = {capture.id: capture_queries.parts(store.ask, capture.id or 0) for capture in pages}
    extracted = texts.extract_new(store, extractors, [*pages, *texts.parts_with_page(further.values())], recipe)
    probes, templates = side_captures.Soft404Probes(store.ask), TemplateCache(store.ask)
    for capture in sorted(pages, key=lambda capture: not is_probe(capture.url)):  # probes first: they are used on pages
        derived = texts.derive_text(store, capture, further[capture.id], recipe, templates.of(capture))
        judge = _judge_by(capture, probes.probes_for(capture), derived.missing)
        store.record_derivation(capture, recipe.id, judge, now, derived.cleaned)
        side_captures.requeue_probed_captures(store, capture)
    opened = [
        version for version in settle.settle_sources(store, captures, now) if not _is_reread(version, earlier_recipes)
    ]
    links = link(store, now=now, stopped=stopped)
    return DeriveResult(captures=len(captures), extracted=extracted, versions=tuple(opened), links=links)


def _is_reread(version: Version, earlier_recipes: Mapping[int, str]) -> bool:
    """True if the version's page was read before under another recipe: then it is no news."""
    return earlier_recipes.get(version.first_capture_id, version.recipe_id) != version.recipe_id


def _judge_by(
    capture: Capture, probes: Sequence[side_captures.Probe], missing: str
) -> Callable[[Row], tuple[Verdict, str]]:
    """Return a function that gives the verdict on one capture.

    It is the page's own verdict, unless a redirect or a probe shows that the page is no article. An article of which a
    part is ``missing`` is thin, never shorter.
    """

    def judge(extraction: Row) -> tuple[Verdict, str]:
        if _is_redirected_home(capture):
            return Verdict.SOFT_404, f"sent from an article to the front page {capture.final_url}"
        own = Verdict(extraction["verdict"])
        if (own.opens_version or own is Verdict.THIN) and (
            evidence := side_captures.matches_probe(probes, extraction["body"] or "")
        ):
            return Verdict.SOFT_404, evidence
        return (Verdict.THIN, missing) if missing and own.opens_version else (own, extraction["detail"])

    return judge


def _is_redirected_home(capture: Capture) -> bool:
    """True if an article's address was redirected to a front page.

    This is the usual way to hide that an article is gone.
    """
    path = url_key(capture.url).partition(")")[2]
    target = url_key(capture.final_url).partition(")")[2]
    return bool(capture.hops) and path not in {"", "/"} and target in {"", "/"}
