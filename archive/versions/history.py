"""From sightings to history: a pure function of everything that was seen of one source, in time order.

A version is a maximal run of sightings of one normalised text. A page that failed, hid behind a wall or showed an error
under status 200 neither opens nor ends a version; only a confirmed absence does, and the text's return opens a new one.
Because the whole history is computed from all sightings, the order in which they arrived cannot show.

Not every text a page shows is an edit: of 15 changes of text on pages of terms of service, 10 were the page turning
half or empty and back (storage research, section 5). A flip guard therefore holds a text that looks like that until
another capture agrees; it then becomes a version from its first sighting.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from db.records import Cause, History, Reason, Stretch, Suspect, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from db.records import Kind, Sighting


CONFIRMED_AFTER = timedelta(days=1)
"""A 404 counts once two checks this far apart agree: half of all missing pages come back within hours."""

_SHORT = 200
"""Characters under which a page is a state (empty, broken) rather than an article: 2.8 % of captures, research."""

_HALF = 2

_CHANGED_FOR_GOOD = 3
"""Captures in a row that show other texts than the one believed: then the page has changed, whatever it shows."""

_CLOCKS_DIFFER = timedelta(minutes=10)
_JUST_NOW = timedelta(minutes=2)

_AT_ONCE = frozenset({Reason.GONE_410, Reason.LEGAL_451})


def settle(
    sightings: Sequence[Sighting], *, url: str, compare: Callable[[str, str], tuple[tuple[Kind, ...], float]]
) -> History:
    """The history of one source from all its ``sightings``, which must be in time order.

    ``compare`` is asked for each version after the first, with the digests of the text before and its own.
    """
    absences = stretches(sightings)
    moves = _moves(sightings)
    telling = _Telling(url=url, compare=compare, absences=absences, moved_at=frozenset(at for at, _, _ in moves))
    for sighting in sightings:
        if sighting.shows_text:
            telling.see(sighting)
    return History(
        versions=tuple(telling.versions),
        suspects=telling.suspects(),
        stretches=absences,
        moves=moves,
        captures=len(sightings),
    )


class _Telling:
    """A history as it is told, sighting by sighting: what is believed so far, and what is held."""

    def __init__(
        self,
        *,
        url: str,
        compare: Callable[[str, str], tuple[tuple[Kind, ...], float]],
        absences: Sequence[Stretch],
        moved_at: frozenset[datetime],
    ) -> None:
        self._url = url
        self._compare = compare
        self._absences = absences
        self._moved_at = moved_at
        self._shown: Sighting | None = None  # the last sighting that is believed
        self._held: list[tuple[Sighting, str]] = []
        self._dropped: list[tuple[Sighting, str]] = []
        self.versions: list[Version] = []

    def see(self, one: Sighting) -> None:
        """Take one more sighting of a text: believe it, or hold it until another agrees."""
        because = self._suspicion(one)
        if because is None:
            self._drop_held()
            self._believe(one)
        elif self._held and self._held[-1][0].text_sha256 == one.text_sha256:
            first, _ = self._held.pop()
            self._drop_held()
            self._believe(first)
            self._believe(one)
        elif len(self._held) == _CHANGED_FOR_GOOD - 1:
            for each, _ in self._held:
                self._believe(each)
            self._held.clear()
            self._believe(one)
        else:
            self._held.append((one, because))

    def suspects(self) -> tuple[Suspect, ...]:
        """What was seen and not believed, in time order."""
        told = [(each, because, False) for each, because in self._dropped]
        told += [(each, because, True) for each, because in self._held]
        return tuple(
            Suspect(
                text_sha256=each.text_sha256 or "",
                title=each.title,
                because=because,
                seen_at=each.at,
                capture_id=each.capture_id,
                waiting=waiting,
            )
            for each, because, waiting in told
        )

    def _suspicion(self, one: Sighting) -> str | None:
        if self._shown is None or one.text_sha256 == self._shown.text_sha256:
            return None
        return suspicion(self._shown, one, {version.text_sha256 for version in self.versions})

    def _drop_held(self) -> None:
        self._dropped += self._held
        self._held.clear()

    def _believe(self, one: Sighting) -> None:
        last = self.versions[-1] if self.versions else None
        absent = last is not None and _absent_between(self._absences, last.last_seen_at, one.at)
        if last is not None and last.text_sha256 == one.text_sha256 and not absent:
            self.versions[-1] = _seen_again(last, one)
        else:
            cause = self._cause(one, absent=absent)
            self.versions.append(_opened(self.versions, one, url=self._url, cause=cause, compare=self._compare))
        self._shown = one

    def _cause(self, one: Sighting, *, absent: bool) -> Cause:
        if self._shown is None:
            return Cause.FIRST
        if one.recipe_id != self._shown.recipe_id:  # for as long as not everything is derived anew
            return Cause.RECIPE
        if absent:
            return Cause.RETURNED
        if any(version.text_sha256 == one.text_sha256 for version in self.versions):
            return Cause.REVERTED
        return Cause.MOVED if one.at in self._moved_at else Cause.CHANGED


def suspicion(before: Sighting, after: Sighting, older: Collection[str]) -> str | None:
    """What speaks against ``after`` being an edit of the text ``before`` it; None if nothing does.

    ``older`` are the digests of all the texts the page has shown so far. A page that declares a modification between
    the two sightings explains a change of its body; a headline that only one of several places shows is never sure.
    """
    if after.body and after.body == before.body:
        return None if after.headline_sure else "only one of the page's headlines changed"
    if after.is_finished_text or _declared(before, after):
        return None
    if after.text_sha256 in older:
        return "went back to an older text"
    if after.length < _SHORT <= before.length:
        return f"fell under {_SHORT} characters"
    if after.length * _HALF < before.length:
        return "shrank by more than half"
    return None


def _declared(before: Sighting, after: Sighting) -> bool:
    """True when the page itself says it was modified since; one that always says "just now" says nothing."""
    if after.modified_at is None or before.modified_at is None or after.modified_at <= before.modified_at:
        return False
    return before.at - _CLOCKS_DIFFER <= after.modified_at <= after.at - _JUST_NOW


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
        passing = one.reason is not None and one.reason.is_retryable
        ended = [state for state in open_runs if state != one.state and not passing]
        closed.extend(open_runs.pop(state) for state in ended)
        if not one.shows_text:
            open_runs[one.state] = _stretched(open_runs.get(one.state), one)
    return tuple(sorted((*closed, *open_runs.values()), key=lambda run: (run.first_seen_at, run.state)))


def confirm(runs: Sequence[Stretch], absences: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """The ``runs`` of states, with those marked as confirmed that lie in a confirmed one of the ``absences``."""
    sure = [each for each in absences if each.confirmed]

    def lies_in_one(run: Stretch) -> bool:
        same = (each for each in sure if each.state == run.state)
        return any(each.first_seen_at <= run.first_seen_at and run.last_seen_at <= each.last_seen_at for each in same)

    return tuple(replace(run, confirmed=lies_in_one(run)) for run in runs)


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
