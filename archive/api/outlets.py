"""Outlets and what they do: articles, edits, corrections, disappearances and copies by outlet and month.

An outlet is the host of an address without www. An article belongs to the month in which this archive first saw it, and
everything known of it counts there, whenever it happened. docs/query.md has the definition of each figure.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import sqrt
from statistics import median
from typing import TYPE_CHECKING

from archive.api import article_events
from archive.api.copies import CopyQuestions
from archive.api.event_wording import outlet as outlet_of
from archive.versions.absences import ABSENT_STATES, find_absences
from db.errors import NotArchived
from db.queries import captures as capture_queries
from db.queries import events as event_queries
from db.queries import link_graph
from db.queries import outlets as outlet_queries
from db.records import Relation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from db.queries.outlets import ArticleEdits

    ByUrl = Mapping[str, ArticleEdits]

CONFIDENCE_Z = 1.959964
"""Quantile of the normal distribution for intervals of 95 %."""

MOST_DERIVED = 300
"""Most articles with copies or absences that a page derives figures for: under a second. See ``OutletReport.whole``."""

_EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))
_NO_LIMIT = 1 << 31
_COPIES = tuple(relation for relation in Relation if relation.is_copy)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletFigures:
    """The figures of an outlet in a month (``2026-01``), or in all months of a report (``month`` None).

    Each counts articles. ``edited``: at least once; ``edits`` counts the edits themselves. ``first_edit``: the median
    of the seconds from first sight to first edit. ``declared``: with a note of correction. ``silent``: a fact changed,
    without any note. ``headlines``: another headline. ``headline_tests``: a headline that came back. ``gone``: a
    confirmed disappearance; ``back``: its text was seen again. ``copied``: copies of other outlets. ``originals``:
    copied by other outlets. ``stale``: copies that still say what the original has corrected. The last five are None
    if they were not derived.
    """

    outlet: str
    month: str | None
    articles: int
    edited: int
    edits: int
    first_edit: float | None
    declared: int
    silent: int
    headlines: int
    headline_tests: int
    gone: int | None
    back: int | None
    copied: int | None
    originals: int | None
    stale: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFlow:
    """The number of articles of one outlet that are copies of articles of another.

    ``lag``: the median delay in seconds, by the dates on the pages where they count, else by first sights; None if no
    delay is known. ``fastest``: the shortest one.
    """

    copier: str
    original: str
    articles: int
    lag: float | None
    fastest: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletReport:
    """Figures of outlets: in total (most articles first), by month, and who copies whom (most articles first).

    ``whole`` is False if the figures of copies and absences were not derived, because too many articles have some.
    """

    totals: tuple[OutletFigures, ...]
    months: tuple[OutletFigures, ...]
    flows: tuple[CopyFlow, ...]
    whole: bool


def wilson(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share by the score method (Wilson 1927), the whole range if ``total`` is 0."""
    if total == 0:
        return 0.0, 1.0
    share, z2 = count / total, CONFIDENCE_Z**2
    centre = share + z2 / (2 * total)
    reach = CONFIDENCE_Z * sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    scale = 1 + z2 / total
    return max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale)


@dataclass(slots=True)
class _Marks:
    """Ids of articles for which something was derived, and the delays of copies by (copier, original)."""

    gone: set[int] = field(default_factory=set)
    back: set[int] = field(default_factory=set)
    copied: set[int] = field(default_factory=set)
    originals: set[int] = field(default_factory=set)
    stale: set[int] = field(default_factory=set)
    delays: dict[tuple[str, str], dict[int, int | None]] = field(default_factory=lambda: defaultdict(dict))


class OutletQuestions(CopyQuestions):
    """Questions about outlets."""

    def outlets(
        self,
        outlet: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        most: int | None = None,
    ) -> OutletReport:
        """Return the figures of all outlets, or of one, of the articles first seen in a period. Raises NotArchived.

        ``outlet``: a host, or an address on it. ``most``: articles for which copies and absences are derived; with more
        these figures are left out. None: no limit.
        """
        articles = outlet_queries.article_edits_between(self._ask, since, until)
        name = None if outlet is None else _name_of(outlet)
        own = [article for article in articles if name in {None, article.outlet}]
        if name is not None and not own:
            self._check_name(name)
        marks = self._marks({article.url: article for article in articles}, own, since, until, most)
        flows = () if marks is None else tuple(_flows(marks, name))
        months = (group for group in _grouped(own, by_month=True).items())
        totals = (_figures(outlet, month, rows, marks) for (outlet, month), rows in _grouped(own).items())
        return OutletReport(
            totals=tuple(sorted(totals, key=lambda row: (-row.articles, row.outlet))),
            months=tuple(_figures(outlet, month, rows, marks) for (outlet, month), rows in months),
            flows=flows,
            whole=marks is not None,
        )

    def _check_name(self, name: str) -> None:
        """Raise NotArchived unless the archive has an article of an outlet, in whatever period."""
        known = {article.outlet for article in outlet_queries.article_edits_between(self._ask, None, None)}
        if name in known:
            return
        near = sorted(other for other in known if name in other or other in name)
        hint = f"Did you mean {near[0]}" if near else "List them: wirecopy outlets"
        raise NotArchived(f"no article of {name} is in this archive. {hint}")

    def _marks(
        self,
        by_url: ByUrl,
        own: Collection[ArticleEdits],
        since: datetime | None,
        until: datetime | None,
        most: int | None,
    ) -> _Marks | None:
        """Return what is derived for these articles, None if that takes more than ``most`` articles."""
        limit = _NO_LIMIT if most is None else most + 1
        ids = {article.source_id for article in own}
        period = since or _EVER[0], _EVER[1] if until is None else until + timedelta(seconds=1)
        every = event_queries.sources_with_copies(self._ask, period, changed=False, source_id=None, limit=_NO_LIMIT)
        copying = [source_id for source_id in every if source_id in ids]
        changed = event_queries.sources_with_copies(self._ask, _EVER, changed=True, source_id=None, limit=_NO_LIMIT)
        around = link_graph.linked_sources(self._ask, copying[:limit], _COPIES, limit=_NO_LIMIT)
        corrected = [source_id for source_id in changed if source_id in around]
        absent = [
            source_id
            for source_id in event_queries.sources_ever_absent(self._ask, _EVER[1], ABSENT_STATES)
            if source_id in ids
        ]
        if most is not None and len(copying) + len(corrected) + len(absent) > most:
            return None
        marks = _Marks()
        self._mark_absent(marks, absent)
        self._mark_copies(marks, by_url, copying)
        self._mark_stale(marks, by_url, corrected)
        return marks

    def _mark_absent(self, marks: _Marks, source_ids: Iterable[int]) -> None:
        for source_id in source_ids:
            absences = find_absences(capture_queries.sightings(self._ask, source_id))
            confirmed = [row for row in absences if row.kind == "gone" and row.confirmed_at is not None]
            if confirmed:
                marks.gone.add(source_id)
            if any(row.back_at is not None for row in confirmed):
                marks.back.add(source_id)

    def _mark_copies(self, marks: _Marks, by_url: ByUrl, source_ids: Iterable[int]) -> None:
        for pair in article_events.copied_pairs(self._ask, source_ids):
            copy, original = by_url.get(pair.copy.url), by_url.get(pair.original.url)
            owner = outlet_of(pair.original.url)
            if copy is None or copy.outlet == owner:
                continue
            marks.copied.add(copy.source_id)
            marks.delays[copy.outlet, owner][copy.source_id] = pair.lag
            if original is not None:
                marks.originals.add(original.source_id)

    def _mark_stale(self, marks: _Marks, by_url: ByUrl, source_ids: Collection[int]) -> None:
        for place in event_queries.places(self._ask, sorted(source_ids)).values():
            for event in article_events.stale_events(self._ask, place.url, self.stale(place.url), place.source_id):
                copy = by_url.get(event.url)
                if copy is not None and copy.outlet != outlet_of(place.url):
                    marks.stale.add(copy.source_id)


def _name_of(outlet: str) -> str:
    """Return the name of an outlet, which may be given by an address on it."""
    return outlet_of(outlet if "://" in outlet else f"http://{outlet.strip().lower()}/")


def _grouped(
    articles: Iterable[ArticleEdits], *, by_month: bool = False
) -> dict[tuple[str, str | None], list[ArticleEdits]]:
    groups: defaultdict[tuple[str, str | None], list[ArticleEdits]] = defaultdict(list)
    for article in articles:
        groups[article.outlet, article.month if by_month else None].append(article)
    return groups


def _figures(outlet: str, month: str | None, rows: Collection[ArticleEdits], marks: _Marks | None) -> OutletFigures:
    waits = [row.first_edit for row in rows if row.first_edit is not None]
    ids = {row.source_id for row in rows}

    def derived(name: str) -> int | None:
        return None if marks is None else len(ids & getattr(marks, name))

    return OutletFigures(
        outlet=outlet,
        month=month,
        articles=len(rows),
        edited=sum(row.edits > 0 for row in rows),
        edits=sum(row.edits for row in rows),
        first_edit=median(waits) if waits else None,
        declared=sum(row.declared for row in rows),
        silent=sum(row.silent for row in rows),
        headlines=sum(row.headlines > 0 for row in rows),
        headline_tests=sum(row.headline_test for row in rows),
        gone=derived("gone"),
        back=derived("back"),
        copied=derived("copied"),
        originals=derived("originals"),
        stale=derived("stale"),
    )


def _flows(marks: _Marks, name: str | None) -> Iterator[CopyFlow]:
    """Yield who copies whom, most articles first; only what a named outlet takes or gives."""
    pairs = sorted(marks.delays.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    for (copier, original), delays in pairs:
        if name not in {None, copier, original}:
            continue
        known = [lag for lag in delays.values() if lag is not None]
        yield CopyFlow(
            copier=copier,
            original=original,
            articles=len(delays),
            lag=median(known) if known else None,
            fastest=min(known, default=None),
        )
