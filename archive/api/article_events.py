"""Events of articles: first seen, edited, gone, back, paywalled, blocked, copied, and copies that stayed wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archive.api.clusters import components_of
from archive.api.list_events import place_event
from archive.urls import url_key
from archive.versions.absences import ABSENT_STATES, find_absences
from db.queries import captures as capture_queries
from db.queries import changes as change_queries
from db.queries import events as event_queries
from db.queries import links as link_queries
from db.records import WEIGHTS, Event, EventKind, Kind, Relation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from archive.versions.absences import Absence
    from db.queries.events import Place, VersionRow, Window
    from db.reader import Ask
    from db.records import Cluster, Link, UncorrectedCopy, VersionRef

MOST_VERSIONS = 5_000
"""Most versions read for one window, the newest. A backfill may bring more in a day; the others are in ``changes``."""

MOST_COPIED = 300
"""Most articles with copies whose clusters are read for one window: about a second."""


def version_events(ask: Ask, window: Window, kinds: Collection[EventKind], source_id: int | None) -> Iterator[Event]:
    """Yield new articles, edits and corrections first seen in a window, without their words."""
    rows = event_queries.versions_between(
        ask,
        window,
        firsts=EventKind.NEW in kinds,
        changes=bool({EventKind.EDITED, EventKind.CORRECTION}.intersection(kinds)),
        source_id=source_id,
        limit=MOST_VERSIONS,
    )
    for row in rows:
        if row.number > 1 and not row.kinds:
            continue  # the same text again, after an absence or at another address
        kind = _version_kind(row)
        yield Event(
            kind=kind,
            at=row.at,
            since=row.at,
            url=row.place.url,
            source_id=row.place.source_id,
            group=row.place.group,
            seed_key=row.place.seed_key,
            title=row.place.title,
            edits=row.kinds,
            weight=WEIGHTS[kind] if kind is EventKind.NEW else row.score,
            version=row.number,
            # One edit, one identity, whether it counts as a correction or not: a better reader may change that.
            subject="" if kind is EventKind.NEW else f"edit {row.at.isoformat()}",
        )


def _version_kind(row: VersionRow) -> EventKind:
    if row.number == 1:
        return EventKind.NEW
    return EventKind.CORRECTION if str(Kind.CORRECTION) in row.kinds else EventKind.EDITED


def absence_events(ask: Ask, window: Window, source_ids: Collection[int]) -> Iterator[Event]:
    """Yield the absences of articles that were confirmed in a window, and the returns of texts that were absent."""
    absent = event_queries.sources_absent(ask, window, ABSENT_STATES, source_ids)
    for place in event_queries.places(ask, absent).values():
        for absence in find_absences(capture_queries.sightings(ask, place.source_id)):
            yield from _absence(place, absence)


def _absence(place: Place, absence: Absence) -> Iterator[Event]:
    if absence.confirmed_at is None:
        return
    kind = EventKind(absence.kind)
    yield place_event(kind, place, absence.confirmed_at, absence.since, after=absence.state)
    if absence.back_at is not None:
        yield place_event(EventKind.BACK, place, absence.back_at, absence.back_at, before=absence.state)


class CopiedPair(NamedTuple):
    """A copy and its original: the closest link between them, or to another member, and the delay in seconds."""

    link: Link
    original: VersionRef
    copy: VersionRef
    lag: int | None


def copied_pairs(ask: Ask, candidates: Iterable[int]) -> list[CopiedPair]:
    """Return the copies around these articles, each pair of addresses once.

    A member of a cluster is a copy of its probable original. A passage copied outside of clusters is a copy of the
    article that had it first.
    """
    candidates = list(candidates)
    member_of: dict[str, Cluster] = {}
    pairs: dict[tuple[str, str], CopiedPair] = {}
    for component in components_of(ask, candidates) if candidates else ():
        for cluster in component.clusters:
            pairs |= _members(cluster)
            member_of |= {member.url: cluster for member in cluster.members}
    links = (link for candidate in candidates for link in link_queries.of_sources(ask, [candidate]))
    passages = [link for link in links if link.relation is Relation.PARTIAL]
    for link in passages:
        if link.a.url not in member_of or member_of[link.a.url] is not member_of.get(link.b.url):
            original, copy = _by_date(link)
            pair = CopiedPair(link, original, copy, _lag(original, copy))
            pairs.setdefault((copy.url, original.url), pair)
    return list(pairs.values())


def copy_events(ask: Ask, window: Window, source_id: int | None) -> Iterator[Event]:
    """Yield the copies of which both sides were first known in a window (``copied_pairs``)."""
    candidates = event_queries.sources_with_copies(ask, window, changed=False, source_id=source_id, limit=MOST_COPIED)
    yield from _copies(ask, copied_pairs(ask, candidates))


def _members(cluster: Cluster) -> dict[tuple[str, str], CopiedPair]:
    """Return each copy of a cluster with its closest link to the original, or to another member if it has none."""
    original = cluster.original
    rows = {}
    for member, lag in zip(cluster.members, cluster.lags, strict=False):
        if member.url == original.url:
            continue
        own = [link for link in cluster.links if member.url in {link.a.url, link.b.url}]
        direct = [link for link in own if original.url in {link.a.url, link.b.url}]
        if direct or own:
            link = max(direct or own, key=lambda link: link.score)
            rows[member.url, original.url] = CopiedPair(link, original, member, None if lag is None else lag.seconds)
    return rows


def _by_date(link: Link) -> tuple[VersionRef, VersionRef]:
    """Return the sides of a link, the one with the earlier declared date first if both declare one."""
    a, b = link.a, link.b
    late = a.published_at is not None and b.published_at is not None and b.published_at < a.published_at
    return (b, a) if late else (a, b)


def _lag(original: VersionRef, copy: VersionRef) -> int | None:
    starts = (original.published_at or original.first_seen_at, copy.published_at or copy.first_seen_at)
    return None if None in starts else round((starts[1] - starts[0]).total_seconds())  # type: ignore[operator]


def _copies(ask: Ask, rows: Sequence[CopiedPair]) -> Iterator[Event]:
    urls = dict.fromkeys(side.url for _, original, copy, _ in rows for side in (original, copy))
    ids = change_queries.source_ids(ask, [url_key(url) for url in urls])
    places = event_queries.places(ask, list(ids.values()))
    for link, original, copy, lag in rows:
        place, source = (places.get(ids.get(url_key(side.url), 0)) for side in (copy, original))
        instants = [side.first_seen_at for side in (link.a, link.b) if side.first_seen_at is not None]
        if place is None or source is None or not instants:
            continue
        yield Event(
            kind=EventKind.COPIED,
            at=max(instants),
            since=max(instants),
            url=copy.url,
            source_id=place.source_id,
            group=place.group,
            seed_key=place.seed_key,
            title=place.title,
            after=str(link.relation),
            weight=link.score,
            other_url=original.url,
            other_id=source.source_id,
            other_title=source.title,
            other_seed_key=source.seed_key,
            lag=lag,
            detail=link.because,
            subject=f"copy of {original.url}" if link.relation is Relation.PARTIAL else "copy",
        )


def stale_events(ask: Ask, url: str, passages: Sequence[UncorrectedCopy], source_id: int) -> Iterator[Event]:
    """Yield an event for each copy that was seen with a passage after ``url`` had corrected it."""
    by_copy: dict[tuple[str, datetime], UncorrectedCopy] = {}
    for passage in passages:
        if passage.confirmed:
            by_copy.setdefault((passage.copy.url, passage.corrected_at), passage)
    ids = change_queries.source_ids(ask, [url_key(copy_url) for copy_url, _ in by_copy])
    places = event_queries.places(ask, [source_id, *ids.values()])
    for (copy_url, corrected_at), passage in by_copy.items():
        copy_id = ids.get(url_key(copy_url))
        if copy_id is None:
            continue
        place, original = places[copy_id], places[source_id]
        sights = [sighting.at for sighting in capture_queries.sightings(ask, copy_id) if sighting.shows_text]
        sighted_at = next((instant for instant in sights if instant >= corrected_at), None)
        if sighted_at is None:
            continue
        yield Event(
            kind=EventKind.STALE_COPY,
            at=sighted_at,
            since=corrected_at,
            url=copy_url,
            source_id=copy_id,
            group=place.group,
            seed_key=place.seed_key,
            title=place.title,
            before=passage.copied,
            after=passage.now or "",
            edits=tuple(str(kind) for kind in passage.kinds),
            weight=0.8,
            other_url=url,
            other_id=source_id,
            other_title=original.title,
            other_seed_key=original.seed_key,
            subject=f"{url} corrected {corrected_at.isoformat()}",
            detail="the original no longer says this",
        )
