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

    from archive.pipeline.extraction import Extracts
    from db.reader import Row
    from db.records import Capture, Version
    from db.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What one chunk of captures gave: how many there were, texts extracted, versions opened, links found.

    Versions that stand in the place of others because a page is read differently today are not among them.
    """

    captures: int
    extracted: int
    versions: tuple[Version, ...]
    links: int


def derive(
    store: Store,
    extractors: Extracts,
    ids: Sequence[int],
    *,
    recipe: Recipe,
    now: datetime,
    stopped: Callable[[], bool] = lambda: False,
) -> Derived:
    """Bring these captures from the ledger into text, versions and links.

    Each step is a short transaction of its own and may be repeated; a capture leaves the ledger together with the
    settling of its source, and a text the queue of links together with its links. ``stopped`` as for ``link``.
    """
    captures = [capture_queries.by_id(store.ask, each) for each in derivation_queries.whole_histories(store.ask, ids)]
    pages = [capture for capture in captures if capture.payload_sha256 is not None]  # a 304 has nothing to extract
    before = derivation_queries.recipe_ids(store.ask, [capture.id or 0 for capture in pages])
    further = {capture.id: capture_queries.parts(store.ask, capture.id or 0) for capture in pages}
    extracted = texts.extract_new(store, extractors, [*pages, *texts.readable(further.values())], recipe)
    apologies, fitted = side_captures.Soft404Probes(store.ask), TemplateCache(store.ask)
    for capture in sorted(pages, key=lambda one: not is_probe(one.url)):  # what a probe says is known before it is used
        shown = texts.derive_text(store, capture, further[capture.id], recipe, fitted.of(capture))
        judge = _judge_by(capture, apologies.near(capture), shown.missing)
        store.record_derivation(capture, recipe.id, judge, now, shown.cleaned)
        side_captures.hold_against(store, capture)
    opened = [each for each in settle.settle_sources(store, captures, now) if not _is_reread(each, before)]
    links = link(store, now=now, stopped=stopped)
    return Derived(captures=len(captures), extracted=extracted, versions=tuple(opened), links=links)


def _is_reread(version: Version, before: Mapping[int, str]) -> bool:
    """True if the page that shows it was read before, under another recipe: no news, whatever it says now."""
    return before.get(version.first_capture_id, version.recipe_id) != version.recipe_id


def _judge_by(
    capture: Capture, probes: Sequence[side_captures.Probe], missing: str
) -> Callable[[Row], tuple[Verdict, str]]:
    """A verdict on one capture: the page's own, unless the way it was reached, or a probe, says it is no article.

    An article of which a part is ``missing`` is thin, never a shorter one.
    """

    def judge(extraction: Row) -> tuple[Verdict, str]:
        if _sent_home(capture):
            return Verdict.SOFT_404, f"sent from an article to the front page {capture.final_url}"
        own = Verdict(extraction["verdict"])
        if (own.opens_version or own is Verdict.THIN) and (
            told := side_captures.matches_probe(probes, extraction["body"] or "")
        ):
            return Verdict.SOFT_404, told
        return (Verdict.THIN, missing) if missing and own.opens_version else (own, extraction["detail"])

    return judge


def _sent_home(capture: Capture) -> bool:
    """True when an article's address was redirected to a front page: the usual way to hide that it is gone."""
    path = url_key(capture.url).partition(")")[2]
    target = url_key(capture.final_url).partition(")")[2]
    return bool(capture.hops) and path not in {"", "/"} and target in {"", "/"}
