"""Settle: find which addresses are one page, and write the versions that all its sightings make.

A stored history is a function of all that is known of a page, in whatever order it arrived. So a history is never
continued but computed again, and so are the alias edges between addresses.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from archive.versions import aliases
from archive.versions import history as versions
from archive.versions.diff import compare
from archive.versions.shortening import StoredEvidence
from db.queries import alias_claims as alias_queries
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.queries import versions as version_queries
from db.records import Reason, SeedKind
from db.wall import cause_of, is_own_fault, suppress_own_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from archive.pipeline.blame import Blame
    from db.reader import Ask
    from db.records import Capture, Kind, Sighting, Source, Version
    from db.store import Store


_STEP = "settling its history"
_TOGETHER = 50  # sources settled in one transaction: some 100 ms


def settle_sources(
    store: Store,
    captures: Sequence[Capture],
    now: datetime,
    blame: Blame,
    derive: Callable[[Capture], None],
    *,
    again: bool = False,
) -> list[Version]:
    """Settle the sources of these captures, and those that gain or lose an alias by it. Return the new versions.

    If the captures of a source make that raise, the one that does is charged with it, and the others are settled.
    ``derive`` derives a capture again. ``again``: trust no stored version.
    """
    settle_source = partial(_settle_source, store, now=now, again=again)
    by_source: dict[int, list[Capture]] = {}
    for capture in captures:
        by_source.setdefault(capture.source_id, []).append(capture)
    opened: list[Version] = []
    if not again:
        for source_id, versions_opened in _settle_alone(store, by_source, now).items():
            del by_source[source_id]
            opened += versions_opened
    for source_id, source_captures in by_source.items():
        try:
            opened += settle_source(source_id, source_captures)
        except Exception as error:
            if not is_own_fault(error):
                raise
            opened += _settle_without_culprit(store, source_captures, settle_source, blame, derive, cause_of(error))
    return opened


def _settle_alone(store: Store, by_source: Mapping[int, Sequence[Capture]], now: datetime) -> dict[int, list[Version]]:
    """Settle the sources that stand alone, and return their new versions. None if a history raises: all are left."""
    settled: dict[int, list[Version]] = {}
    source_ids = list(by_source)
    for start in range(0, len(source_ids), _TOGETHER):
        ids_by_source = {
            source_id: [capture.id or 0 for capture in by_source[source_id]]
            for source_id in source_ids[start : start + _TOGETHER]
        }
        with suppress_own_faults():
            settled |= store.settle_alone(ids_by_source, aliases.read_alias_claims, _history, now)
    return settled


def _history(source: Source, sightings: Sequence[Sighting], ask: Ask) -> Sequence[Version]:
    return history_of(ask, source, sightings)


def _settle_source(
    store: Store, source_id: int, captures: Sequence[Capture], *, now: datetime, again: bool
) -> list[Version]:
    capture_ids = [capture.id or 0 for capture in captures]
    changed = {} if _is_redundant(store, source_id, captures) else _join_aliases(store, source_id, now)
    head = source_queries.by_id(store.ask, source_id).same_as or source_id
    opened = settle(store, head, now=now, capture_ids=[*capture_ids, *changed.pop(head, [])], again=again)
    for other, queued in changed.items():
        opened += settle(store, other, now=now, capture_ids=queued, again=again)
    return opened


def _settle_without_culprit(
    store: Store,
    captures: Sequence[Capture],
    settle_source: Callable[[int, Sequence[Capture]], list[Version]],
    blame: Blame,
    derive: Callable[[Capture], None],
    cause: str,
) -> list[Version]:
    """Settle a source without all its captures of this chunk, then with one after the other as long as that goes well.

    If it fails without any of them, the history stays as it was before them.
    """
    opened: list[Version] = []
    source_id = captures[0].source_id
    for capture in captures:
        blame.charge(capture, _STEP, cause)
    try:
        opened += settle_source(source_id, captures)
    except Exception as error:
        if not is_own_fault(error):
            raise
        store.take_off_ledger([capture.id or 0 for capture in captures])
        return []
    for capture in captures[: len(captures) if len(captures) > 1 else 0]:
        try:
            store.clear_capture_errors([capture.id or 0])
            if capture.payload_sha256 is not None:
                derive(capture)
            opened += settle_source(source_id, [capture])
        except Exception as error:
            if not is_own_fault(error):
                raise
            blame.charge(capture, _STEP, cause_of(error))
            opened += settle_source(source_id, [capture])
    return opened


def _is_redundant(store: Store, source_id: int, captures: Sequence[Capture]) -> bool:
    """True if these captures cannot join the source to another: a 304 repeats what the page before it said.

    In a run most captures are 304s of sources without claims. This check halves what they cost.
    """
    repeats = all(capture.reason is Reason.NOT_MODIFIED and not capture.hops for capture in captures)
    return repeats and not alias_queries.has_claims(store.ask, source_id)


def _join_aliases(store: Store, source_id: int, now: datetime) -> dict[int, list[int]]:
    """Merge the histories of all addresses that are one page with this one (see ``Store.join``)."""
    if source_queries.by_id(store.ask, source_id).kind is not SeedKind.ARTICLE:
        return {}
    return store.join_aliases(source_id, aliases.read_alias_claims, aliases.is_alias, aliases.canonical_of, now)


def settle(
    store: Store, source_id: int, *, now: datetime, capture_ids: Sequence[int] = (), again: bool = False
) -> list[Version]:
    """Bring the stored versions of a source up to date with its sightings. Return the new ones. A list has none.

    If another run has joined it to another source by now, that one's versions. ``again``: trust no stored row
    (``history_of``).
    """
    source = source_queries.by_id(store.ask, source_id)

    def history(sightings: Sequence[Sighting], ask: Ask) -> Sequence[Version]:
        return history_of(ask, source, sightings, again=again)

    opened = store.settle(source_id, history, now, capture_ids, again=again)
    if opened is not None:
        return opened
    head = source_queries.by_id(store.ask, source_id).same_as or source_id
    return settle(store, head, now=now, capture_ids=capture_ids, again=again)


def history_of(ask: Ask, source: Source, sightings: Sequence[Sighting], *, again: bool = False) -> Sequence[Version]:
    """Return the versions that these sightings make. A list has none.

    ``again``: compare all texts again, also those whose comparison is stored with a version.
    """
    if source.kind is not SeedKind.ARTICLE:
        return ()

    @cache  # most pages have one version, and nothing to compare
    def stored_edits() -> Mapping[tuple[str, str], tuple[tuple[Kind, ...], float]]:
        return {} if again else versions.known_edits(version_queries.of_source(ask, source.id))

    def edit(before: str, after: str) -> tuple[tuple[Kind, ...], float]:
        return stored_edits().get((before, after)) or _compare_texts(ask, before, after)

    return versions.settle(sightings, url=source.url, compare=edit, evidence=_evidence(ask)).versions


def _evidence(ask: Ask) -> StoredEvidence:
    return StoredEvidence(
        body=lambda digest: version_queries.text(ask, digest).body,
        payload=lambda capture_id: capture_queries.shown_payload(ask, capture_id),
    )


def _compare_texts(ask: Ask, before: str, after: str) -> tuple[tuple[Kind, ...], float]:
    change = compare(version_queries.text(ask, before), version_queries.text(ask, after))
    return change.kinds, change.score
