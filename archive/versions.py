"""From sightings to history: a pure function of everything that was seen of one source, in time order.

A version is a maximal run of sightings of one normalised text. A page that failed, hid behind a wall or showed an error
under status 200 neither opens nor ends a version; only a confirmed absence does, and the text's return opens a new one.
Because the whole history is computed from all sightings, the order in which they arrived cannot show.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from db.records import Cause, History, Reason, Stretch, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from db.records import Kind, Sighting


CONFIRMED_AFTER = timedelta(days=1)
"""A 404 counts once two checks this far apart agree: half of all missing pages come back within hours."""

_AT_ONCE = frozenset({Reason.GONE_410, Reason.LEGAL_451})


def settle(
    sightings: Sequence[Sighting], *, url: str, compare: Callable[[str, str], tuple[tuple[Kind, ...], float]]
) -> History:
    """The history of one source from all its ``sightings``, which must be in time order.

    ``compare`` is asked for each version after the first, with the digests of the text before and its own.
    """
    absences = stretches(sightings)
    moves = _moves(sightings)
    moved_at = frozenset(at for at, _, _ in moves)
    versions: list[Version] = []
    for sighting in (one for one in sightings if one.shows_text):
        last = versions[-1] if versions else None
        absent = last is not None and _absent_between(absences, last.last_seen_at, sighting.at)
        if last is not None and last.text_sha256 == sighting.text_sha256 and not absent:
            versions[-1] = _seen_again(last, sighting)
        else:
            cause = _cause(versions, sighting, absent=absent, moved=sighting.at in moved_at)
            versions.append(_opened(versions, sighting, url=url, cause=cause, compare=compare))
    return History(versions=tuple(versions), stretches=absences, moves=moves, captures=len(sightings))


def known_edits(stored: Sequence[Version]) -> Mapping[tuple[str, str], tuple[tuple[Kind, ...], float]]:
    """The edits a stored history holds: one that only grew needs one new comparison, not all of them."""
    return {(one.text_sha256, two.text_sha256): (two.kinds, two.score) for one, two in pairwise(stored)}


def stretches(sightings: Sequence[Sighting]) -> tuple[Stretch, ...]:
    """The runs of checks that met one state without a text, in the order they began.

    A passing failure (a timeout, a 503) does not interrupt a run of another state, so that a 404 seen on two days is
    confirmed even if the site was down in between.
    """
    open_runs: dict[str, Stretch] = {}
    closed: list[Stretch] = []
    for one in sightings:
        if one.state == "underived":
            continue
        passing = one.reason is not None and one.reason.retryable
        ended = [state for state in open_runs if state != one.state and not passing]
        closed.extend(open_runs.pop(state) for state in ended)
        if not one.shows_text:
            open_runs[one.state] = _stretched(open_runs.get(one.state), one)
    return tuple(sorted((*closed, *open_runs.values()), key=lambda run: (run.first_seen_at, run.state)))


def _stretched(run: Stretch | None, one: Sighting) -> Stretch:
    if run is None:
        return Stretch(
            state=one.state, first_seen_at=one.at, last_seen_at=one.at, seen=1, confirmed=one.reason in _AT_ONCE
        )
    apart = one.at - run.first_seen_at >= CONFIRMED_AFTER
    confirmed = run.confirmed or (one.reason is Reason.MISSING_404 and apart)
    return replace(run, last_seen_at=one.at, seen=run.seen + 1, confirmed=confirmed)


def _absent_between(absences: Sequence[Stretch], start: datetime, end: datetime) -> bool:
    gone = {Reason.MISSING_404, *_AT_ONCE}
    return any(run.confirmed and run.state in gone and start < run.first_seen_at < end for run in absences)


def _seen_again(last: Version, sighting: Sighting) -> Version:
    return replace(last, last_seen_at=sighting.at, last_capture_id=sighting.capture_id, captures=last.captures + 1)


def _opened(
    versions: Sequence[Version],
    sighting: Sighting,
    *,
    url: str,
    cause: Cause,
    compare: Callable[[str, str], tuple[tuple[Kind, ...], float]],
) -> Version:
    digest = sighting.text_sha256 or ""
    kinds, score = compare(versions[-1].text_sha256, digest) if versions else ((), 0.0)
    published = sighting.published_at
    # A declared date speaks for the first text only: later ones keep the date of the article, not of the edit.
    believed = published if not versions and published is not None and published < sighting.at else sighting.at
    return Version(
        url=url,
        number=len(versions) + 1,
        text_sha256=digest,
        title=sighting.title,
        byline=sighting.byline,
        published_at=published,
        language=sighting.language,
        cause=cause,
        kinds=kinds,
        score=score,
        first_seen_at=sighting.at,
        last_seen_at=sighting.at,
        dated_at=believed,
        captures=1,
        first_capture_id=sighting.capture_id,
        last_capture_id=sighting.capture_id,
        recipe_id=sighting.recipe_id,
    )


def _cause(versions: Sequence[Version], sighting: Sighting, *, absent: bool, moved: bool) -> Cause:
    if not versions:
        return Cause.FIRST
    if absent:
        return Cause.RETURNED
    if any(version.text_sha256 == sighting.text_sha256 for version in versions):
        return Cause.REVERTED
    return Cause.MOVED if moved else Cause.CHANGED


def _moves(sightings: Sequence[Sighting]) -> tuple[tuple[datetime, str, str], ...]:
    """Each permanent redirect to another article address, once: when it was first met, from where, to where."""

    def first_meetings() -> Iterator[tuple[datetime, str, str]]:
        met: set[tuple[str, str]] = set()
        for one in sightings:
            if one.moved_to is not None and one.shows_text and (one.url, one.moved_to) not in met:
                met.add((one.url, one.moved_to))
                yield one.at, one.url, one.moved_to

    return tuple(first_meetings())


def with_versions(history: History, versions: Sequence[Version]) -> History:
    """The same history with its versions as they are stored, which know when they were recorded."""
    return replace(history, versions=tuple(versions))
