"""Derive: turn captures that the current recipe has not seen into text, versions and links."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.crawl.soft404 import is_probe
from archive.pipeline import extraction as texts
from archive.pipeline import settle, side_captures
from archive.pipeline.adopt_template import TemplateCache
from archive.pipeline.blame import Blame
from archive.pipeline.link import link
from archive.pipeline.page_forms import WITHOUT_TEXT
from archive.urls import url_key
from db.queries import captures as capture_queries
from db.queries import derivations as derivation_queries
from db.queries import work_errors as error_queries
from db.records import Capture, Recipe, Verdict
from db.wall import cause_of, is_own_fault, suppress_own_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from archive.pipeline.extraction import PageExtractor
    from archive.pipeline.link import Run
    from db.reader import Row
    from db.records import Version
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
    run: Run = map,
    again: bool = False,
) -> DeriveResult:
    """Derive texts, versions and links from these captures of the ledger. ``again``: trust no row derived before.

    Each step is a short transaction of its own and may be repeated. A capture leaves the ledger together with the
    settling of its source, and a text leaves the link queue together with its links. ``stopped`` and ``run`` as for
    ``link``. An exception that one capture causes is recorded with it (``Blame``). Raises StoreError and other errors
    of the place (``db.wall``).
    """
    queued = derivation_queries.whole_histories(store.ask, ids)
    confirmed = set() if again else set(store.confirm_versions(queued))
    together = [capture_id for capture_id in queued if capture_id not in confirmed]
    captures = _readable_captures(store, together, recipe, now)
    pages = [capture for capture in captures if capture.payload_sha256 is not None]  # a 304 has nothing to extract
    earlier_recipes = derivation_queries.recipe_ids(store.ask, [capture.id or 0 for capture in pages])
    if failed_before := error_queries.failed_captures(store.ask, together):
        store.clear_capture_errors(failed_before)
    deriver = _Deriver(store, recipe, now, again=again)
    extracted = deriver.extract(extractors, pages, run)
    with store.together(durable=False):
        deriver.derive_all(pages)
    repeats: set[int] = set()
    if not again:
        fresh = [capture.id or 0 for capture in pages if capture.id not in earlier_recipes]
        repeats = set(store.confirm_versions([capture.id or 0 for capture in captures], fresh) if fresh else ())
    unsettled = [capture for capture in captures if capture.id not in repeats]
    settled = settle.settle_sources(store, unsettled, now, deriver.blame, deriver.derive, again=again)
    opened = [version for version in settled if not _is_reread(version, earlier_recipes)]
    links = link(store, now=now, stopped=stopped, run=run)
    return DeriveResult(
        captures=len(captures) + len(confirmed), extracted=extracted, versions=tuple(opened), links=links
    )


def _readable_captures(store: Store, ids: Sequence[int], recipe: Recipe, now: datetime) -> list[Capture]:
    """Return these captures. One whose row cannot be read is charged and leaves the ledger."""
    with suppress_own_faults():
        return capture_queries.by_ids(store.ask, ids)
    captures = []
    for capture_id in ids:
        nameless = Capture(id=capture_id, source_id=0, url="", final_url="", captured_at=now)
        try:
            captures.append(capture_queries.by_id(store.ask, capture_id))
        except Exception as error:
            if not is_own_fault(error):
                raise
            Blame(store, recipe, now).charge(nameless, "reading its record", cause_of(error))
            store.take_off_ledger([capture_id])
    return captures


class _Deriver:
    """Derives the texts of one chunk of captures. An exception costs only the capture that caused it."""

    def __init__(self, store: Store, recipe: Recipe, now: datetime, *, again: bool) -> None:
        self._again = again
        self.blame = Blame(store, recipe, now)
        self._store, self._recipe, self._now = store, recipe, now
        self._probes, self._templates = side_captures.Soft404Probes(store.ask), TemplateCache(store.ask)
        self._further: dict[int | None, list[Capture]] = {}

    def extract(self, extractors: PageExtractor, pages: Sequence[Capture], run: Run) -> int:
        """Extract the pages and their further parts. Return how many were extracted."""
        try:
            further = capture_queries.parts_of(self._store.ask, [page.id or 0 for page in pages])
            self._further = {page.id: further.get(page.id or 0, []) for page in pages}
        except Exception as error:
            if not is_own_fault(error):
                raise
            for page in pages:
                with self.blame.on(page, "reading its page"):
                    self._further[page.id] = capture_queries.parts(self._store.ask, page.id or 0)
        wanted = [*pages, *texts.parts_with_page(self._further.values())]
        return texts.extract_new(self._store, extractors, wanted, self._recipe, run=run, again=self._again)

    def derive_all(self, pages: Sequence[Capture]) -> None:
        """Record the texts and verdicts of these pages. Probes come first: they are used on pages."""
        for page in pages:
            if is_probe(page.url):
                self.derive(page)
        plain = [page for page in pages if not is_probe(page.url)]
        with suppress_own_faults():  # an address that cannot be read costs its own page, below
            self._templates.read_for(plain)
            self._probes.read_for(plain)
        for page in plain if self._again else self._derive_plain(plain):
            self.derive(page)

    def _derive_plain(self, pages: Sequence[Capture]) -> list[Capture]:
        """Record the pages that show their extraction as it is, at once. Return those that are to be derived alone."""
        judges, others = {}, []
        try:
            for page in pages:
                if self._further.get(page.id, True) or self._templates.of(page).blocks:
                    others.append(page)
                else:
                    judges[page.id or 0] = judge_by(page, self._probes.probes_for(page), texts.DerivedText(shown=page))
            verdicts = self._store.record_derivations(judges, self._recipe.id, self._now)
        except Exception as error:
            if not is_own_fault(error):
                raise
            return list(pages)
        others += [page for page in pages if page.id in judges and page.id not in verdicts]
        for page in pages:
            verdict, detail = verdicts.get(page.id or 0, (Verdict.OK, ""))
            if verdict is Verdict.ERROR:
                self.blame.charge(page, "reading its page", detail)
        return others

    def derive(self, capture: Capture) -> None:
        """Record the text and the verdict of one capture."""
        with self.blame.on(capture, "reading its page"):
            template = self._templates.of(capture)
            further = self._further.get(capture.id)
            if further is None:  # reading them failed before, and its error says more than a missing key
                further = capture_queries.parts(self._store.ask, capture.id or 0)
            derived = texts.derive_text(self._store, capture, further, self._recipe, template)
            judge = judge_by(capture, self._probes.probes_for(capture), derived)
            shown = replace(derived.shown, id=capture.id)  # the page, or another form of it
            verdict, detail = self._store.record_derivation(
                shown, self._recipe.id, judge, self._now, derived.cleaned, again=self._again
            )
            if verdict is Verdict.ERROR:
                self.blame.charge(capture, "reading its page", detail)
            side_captures.requeue_probed_captures(self._store, capture)


def _is_reread(version: Version, earlier_recipes: Mapping[int, str]) -> bool:
    """True if the version's page was read before under another recipe: then it is no news."""
    return earlier_recipes.get(version.first_capture_id, version.recipe_id) != version.recipe_id


def judge_by(
    capture: Capture, probes: Sequence[side_captures.Probe], derived: texts.DerivedText
) -> Callable[[Row], tuple[Verdict, str]]:
    """Return a function that gives the verdict on one capture.

    It is the page's own verdict, unless a redirect or a probe shows that the page is no article. An article of which a
    part is missing is thin, never shorter, and one that was not rendered shows no text.
    """

    def judge(extraction: Row) -> tuple[Verdict, str]:
        if _is_redirected_home(capture):
            return Verdict.SOFT_404, f"sent from an article to the front page {capture.final_url}"
        own = Verdict(extraction["verdict"])
        if (own.opens_version or own is Verdict.THIN) and (
            evidence := side_captures.matches_probe(probes, extraction["body"] or "")
        ):
            return Verdict.SOFT_404, evidence
        is_unrendered = derived.lacking is Verdict.NEEDS_JS and own in WITHOUT_TEXT
        if derived.missing and (own.opens_version or is_unrendered):
            return derived.lacking, derived.missing
        return own, extraction["detail"]

    return judge


def _is_redirected_home(capture: Capture) -> bool:
    """True if an article's address was redirected to a front page.

    This is the usual way to hide that an article is gone.
    """
    path = url_key(capture.url).partition(")")[2]
    target = url_key(capture.final_url).partition(")")[2]
    return bool(capture.hops) and path not in {"", "/"} and target in {"", "/"}
