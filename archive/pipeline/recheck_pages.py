"""Recheck of pages: from payload to text, verdict and lengths, worked out again and compared with what is stored.

It calls the functions that derive calls, on the payloads. Nothing stored is used that can be worked out, except the
newest template of the site, whose digest is part of the recipe of every text that it shaped.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from archive.pipeline import extraction as texts
from archive.pipeline.adopt_template import TemplateCache
from archive.pipeline.derive import judge_by
from archive.pipeline.page_work import failure, text_digest
from archive.pipeline.side_captures import Soft404Probes
from db.queries import captures as capture_queries
from db.queries import rechecks
from db.records import Extraction, Problem, Verdict
from db.store.derivations import extraction_columns, measures, removed_column
from db.verify.common import DERIVE
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from archive.pipeline.extraction import PageExtractor
    from db.reader import Ask, Row
    from db.records import Capture, Page, Recipe

    Key = tuple[str, str]

_CORES = 1_000  # extractions in memory, some 10 MB: the captures of one page follow each other

_DAYS = 25  # captures of one page whose times are tried
_DATED = {"published_at", "modified_at", "facts"}  # columns that depend on the time of the capture

_CAUGHT_OUT = {str(Verdict.TIMEOUT), str(Verdict.ERROR)}  # verdicts about the machine rather than the page


@dataclass(slots=True)
class PageRecheck:
    """Rechecks pages. ``older`` counts captures that were derived under a recipe that this code no longer has."""

    ask: Ask
    extractors: PageExtractor
    recipe: Recipe
    pages: int = 0
    older: int = 0
    unclear: int = 0
    _recent: OrderedDict[Key, Extraction] = field(default_factory=OrderedDict)
    _templates: TemplateCache = field(init=False)
    _probes: Soft404Probes = field(init=False)
    _is_used: bool = field(init=False)

    def __post_init__(self) -> None:
        """Read what holds for all pages."""
        self._templates, self._probes = TemplateCache(self.ask), Soft404Probes(self.ask)
        self._is_used = rechecks.is_used(self.ask, self.recipe.id)

    def check(self, source_ids: Sequence[int]) -> Iterator[Problem]:
        """Yield what is wrong with the texts of the captures of these sources."""
        rows = rechecks.derivations(self.ask, source_ids)
        current = [row for row in rows if row["recipe_id"] == self.recipe.id]
        if self._is_used:
            for row in rows:
                if row["recipe_id"] != self.recipe.id:
                    yield _problem(row["url"], row["capture_id"], "its text is of a recipe that is not in use")
        else:
            self.older += len(rows) - len(current)
        captures = {row["capture_id"]: capture_queries.by_id(self.ask, row["capture_id"]) for row in current}
        parts = {number: capture_queries.parts(self.ask, number) for number in captures}
        extractions = self._extractions((*captures.values(), *texts.parts_with_page(parts.values())))
        for capture, again, core in extractions.values():
            yield from self._compare_extraction(capture, again, core)
        worked_out = {key: again for key, (_, again, _) in extractions.items()}
        for row in current:
            self.pages += 1
            yield from self._compare_derivation(row, captures[row["capture_id"]], parts[row["capture_id"]], worked_out)

    # --- from payload to extraction ----------------------------------------------------------------------------------

    def _extractions(self, captures: Iterable[Capture]) -> dict[Key, tuple[Capture, Extraction, str | None]]:
        """Return the extraction of each payload, worked out again, with the capture and the digest of its page."""
        by_payload: dict[Key, Capture] = {}
        for capture in captures:
            if capture.payload_sha256 is not None and _key(capture) not in by_payload:
                by_payload[_key(capture)] = texts.capture_read(self.ask, capture, self.recipe.id)
        results: dict[Key, tuple[Capture, Extraction, str | None]] = {}
        pages: dict[Key, tuple[Page, str]] = {}
        for key, capture in by_payload.items():
            try:
                pages[key] = texts.read_page(self.ask, capture)
            except Exception as error:
                if not is_own_fault(error):
                    raise
                results[key] = capture, failure(cause_of(error)), None
        by_core = self._by_cores({(digest, key[1]): page for key, (page, digest) in pages.items()})
        for key, (_, digest) in pages.items():
            results[key] = by_payload[key], by_core[digest, key[1]], digest
        return results

    def _by_cores(self, pages: Mapping[Key, Page]) -> dict[Key, Extraction]:
        """Return the extraction of each page, by digest and charset. Those of the last pages are still in memory."""
        known = {core: self._recent[core] for core in pages if core in self._recent}
        fresh = {core: page for core, page in pages.items() if core not in known}
        extractions = texts.extract_pages(self.extractors, list(fresh.values()))
        known |= {core: text.extraction for core, text in zip(fresh, extractions, strict=True)}
        for core in fresh:
            self._recent[core] = known[core]
        while len(self._recent) > _CORES:
            self._recent.popitem(last=False)
        return known

    def _compare_extraction(self, capture: Capture, again: Extraction, core: str | None) -> Iterator[Problem]:
        stored = rechecks.extraction(self.ask, capture, self.recipe.id)
        if stored is None:
            yield _problem(capture.url, capture.id, "its page was never read")
            return
        differing = _differing(_expected(again, core), stored)
        if again.verdict in _CAUGHT_OUT and stored["verdict"] not in _CAUGHT_OUT:
            self.unclear += 1
        elif differing:
            if again.verdict in _CAUGHT_OUT and set(differing) <= {"verdict", "detail"}:
                return  # two failures on two machines need not have one reason
            if core is not None and set(differing) <= _DATED and self._fits_another_day(stored, core):
                return
            yield _problem(capture.url, capture.id, f"its page gives another {_words(differing)}")

    def _fits_another_day(self, stored: Row, core: str) -> bool:
        """True if the stored extraction is that of the same page at the time of another capture.

        A page is extracted once, at the time of the capture that came first. A date after that time is no date.
        """
        numbers = rechecks.captures_of_core(self.ask, stored, bytes.fromhex(core), limit=_DAYS)
        pages = [texts.read_page(self.ask, capture_queries.by_id(self.ask, number)) for number in numbers]
        pages = [(page, digest) for page, digest in pages if digest == core]
        read = texts.extract_pages(self.extractors, [page for page, _ in pages])
        return any(not _differing(_expected(text.extraction, core), stored) for text in read)

    # --- from extraction to derivation -------------------------------------------------------------------------------

    def _compare_derivation(
        self, row: Row, capture: Capture, further: Sequence[Capture], worked_out: Mapping[Key, Extraction]
    ) -> Iterator[Problem]:
        template = self._templates.of(capture)
        derived = texts.merge_parts(
            capture, further, lambda part: _as_stored(worked_out.get(_key(part))), self.recipe, template
        )
        own = worked_out[_key(derived.shown)]
        if not row["fits"]:
            yield _problem(capture.url, capture.id, "its text is that of another page")
            return
        if own.verdict in _CAUGHT_OUT or row["verdict"] in _CAUGHT_OUT:
            return
        judge = judge_by(capture, self._probes.probes_for(capture), derived)
        verdict, detail = judge({"verdict": str(own.verdict), "detail": own.detail, "body": own.text})
        spans = [span.text for span in own.removed]
        expected: dict[str, Any] = {"verdict": str(verdict), "detail": detail}
        expected |= measures(own.text, spans, derived.cleaned)
        expected |= dict.fromkeys(("cleaned_by", "parts", "furniture_id", "removed", "cleaned_sha256"))
        if derived.cleaned is not None:
            cleaned = derived.cleaned
            expected |= {"cleaned_by": cleaned.recipe.id, "parts": cleaned.parts, "furniture_id": cleaned.furniture_id}
            expected |= {"removed": removed_column(cleaned.removed), "cleaned_sha256": bytes.fromhex(cleaned.sha256)}
        differing = _differing(expected, row)
        if (
            row["text_id"] != row["cleaned_text_id"]
            or (row["cleaned_extraction_id"] or row["extraction_id"]) != (row["extraction_id"])
        ):
            differing.append("text")
        if differing:
            yield _problem(capture.url, capture.id, f"its page gives another {_words(differing)}")


def _key(capture: Capture) -> Key:
    return capture.payload_sha256 or "", capture.charset or ""


def _expected(again: Extraction, core: str | None) -> dict[str, object]:
    digest = bytes.fromhex(text_digest(again.title, again.text)) if again.text else None
    return extraction_columns(again, core) | {"text_sha256": digest}


def _as_stored(extraction: Extraction | None) -> Extraction | None:
    """Return an extraction as derive reads it from the store: without a text it has no title."""
    return extraction if extraction is None or extraction.text else replace(extraction, title="")


def _differing(expected: Mapping[str, object], stored: Row) -> list[str]:
    return [name for name, value in expected.items() if stored[name] != value]


_NAMES = {"text_sha256": "text", "cleaned_sha256": "text", "cleaned_by": "recipe", "furniture_id": "site template"}


def _words(columns: Sequence[str]) -> str:
    """Return the names of columns in words, each once."""
    return ", ".join(dict.fromkeys(_NAMES.get(name, name.replace("_", " ")) for name in columns))


def _problem(url: str, capture_id: int | None, what: str) -> Problem:
    return Problem(what=what, where=f"capture {capture_id} of {url}", todo=DERIVE)
