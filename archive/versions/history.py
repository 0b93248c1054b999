"""The history of one source: a pure function of all its sightings, in order of time.

A version is a maximal run of sightings of one normalised text. A page that failed, was behind a wall or showed an error
with status 200 neither opens nor ends a version. Only a confirmed absence ends one, and when the text returns it opens
a new one. The history is computed from all sightings, so the order in which they arrived does not matter.

Not every text that a page shows is an edit. Of 15 text changes on pages of terms of service, 10 were the page turning
half or empty and back (storage research, section 5). A flip guard therefore holds such a text back until another
capture agrees. Then it becomes a version from its first sighting on. A shortening is believed at once if its page is
whole, and later if the next text goes on from it (``archive.versions.shortening``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from db.records import Cause, History, Reason, Stretch, Suspect, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from archive.versions.shortening import Evidence
    from db.records import Kind, Sighting


CONFIRMED_AFTER = timedelta(days=1)
"""A 404 counts once two checks this far apart agree. Half of all missing pages come back within hours."""

_SHORT = 200
"""Characters under which a page is a state (empty, broken) and not an article: 2.8 % of captures in the research."""

_HALF = 2

_CHANGED_FOR_GOOD = 3
"""Captures in a row that show other texts than the accepted one. After so many the page has changed, whatever it
shows."""

_SHRANK = "shrank by more than half"
_FELL = f"fell under {_SHORT} characters"

_CLOCKS_DIFFER = timedelta(minutes=10)
_JUST_NOW = timedelta(minutes=2)

_CONFIRMED_AT_ONCE = frozenset({Reason.GONE_410, Reason.LEGAL_451})


def settle(
    sightings: Sequence[Sighting],
    *,
    url: str,
    compare: Callable[[str, str], tuple[tuple[Kind, ...], float]],
    evidence: Evidence | None = None,
) -> History:
    """Return the history of one source from all its ``sightings``, which must be in order of time.

    ``compare`` is called for each version after the first, with the digests of the text before and its own.
    ``evidence`` is asked about a text that lost more than half. Without it such a text waits for another capture.
    """
    absences = stretches(sightings)
    moves = _moves(sightings)
    builder = _HistoryBuilder(
        url=url,
        compare=compare,
        absences=absences,
        moved_at=frozenset(moved_at for moved_at, _, _ in moves),
        evidence=evidence,
    )
    for sighting in sightings:
        if sighting.shows_text:
            builder.add(sighting)
    return History(
        versions=tuple(builder.versions),
        suspects=builder.suspects(),
        believed=tuple(_suspect(*shortening, waiting=False) for shortening in builder.believed),
        stretches=absences,
        moves=moves,
        captures=len(sightings),
    )


class _HistoryBuilder:
    """Builds a history sighting by sighting: the accepted versions, and the texts held back."""

    def __init__(
        self,
        *,
        url: str,
        compare: Callable[[str, str], tuple[tuple[Kind, ...], float]],
        absences: Sequence[Stretch],
        moved_at: frozenset[datetime],
        evidence: Evidence | None,
    ) -> None:
        self._url = url
        self._compare = compare
        self._absences = absences
        self._moved_at = moved_at
        self._evidence = evidence
        self._last_accepted: Sighting | None = None
        self._last_of_recipe: dict[str, Sighting] = {}
        self._pending: list[tuple[Sighting, str]] = []
        self._rejected: list[tuple[Sighting, str]] = []
        self.versions: list[Version] = []
        self.believed: list[tuple[Sighting, str]] = []

    def add(self, sighting: Sighting) -> None:
        """Add one sighting of a text: accept it, or hold it back until another agrees."""
        self._accept_borne_out(sighting)
        because = self._reason_to_doubt(sighting)
        if because == _SHRANK and self._is_whole(sighting):
            self.believed.append((sighting, f"{because}, on a page that is whole"))
            because = None
        if because is None:
            self._reject_pending()
            self._accept(sighting)
        elif self._pending and self._pending[-1][0].text_sha256 == sighting.text_sha256:
            first, _ = self._pending.pop()
            self._reject_pending()
            self._accept(first)
            self._accept(sighting)
        elif len(self._pending) == _CHANGED_FOR_GOOD - 1:
            for pending, _ in self._pending:
                self._accept(pending)
            self._pending.clear()
            self._accept(sighting)
        else:
            self._pending.append((sighting, because))

    def suspects(self) -> tuple[Suspect, ...]:
        """Return the texts that were seen and not accepted, in order of time."""
        rejected = (_suspect(*doubted, waiting=False) for doubted in self._rejected)
        return (*rejected, *(_suspect(*doubted, waiting=True) for doubted in self._pending))

    def _is_whole(self, sighting: Sighting) -> bool:
        before = self._last_accepted
        return self._evidence is not None and before is not None and self._evidence.is_whole(before, sighting)

    def _accept_borne_out(self, sighting: Sighting) -> None:
        """Accept the first shortening that waits and that this text, which is another one, bears out."""
        before, evidence = self._last_accepted, self._evidence
        if before is None or evidence is None or sighting.text_sha256 == before.text_sha256:
            return
        for index, (short, because) in enumerate(self._pending):
            shrank = because in {_SHRANK, _FELL} and short.text_sha256 != sighting.text_sha256
            if shrank and evidence.bears_out(before, short, sighting):
                self._rejected += self._pending[:index]
                self._pending = self._pending[index + 1 :]
                self._accept(short)
                self.believed.append((short, f"{because}, as the text after it bears out"))
                return

    def _reason_to_doubt(self, sighting: Sighting) -> str | None:
        before = self._comparable(sighting)
        if before is None or sighting.text_sha256 == before.text_sha256:
            return None
        return suspect_reason(before, sighting, {version.text_sha256 for version in self.versions})

    def _comparable(self, sighting: Sighting) -> Sighting | None:
        """Return the last accepted sighting under the recipe of this one, else the last one.

        The recipe names the form of the page that shows the text. Only two texts of one form show an edit.
        """
        return self._last_of_recipe.get(sighting.recipe_id, self._last_accepted)

    def _reject_pending(self) -> None:
        self._rejected += self._pending
        self._pending.clear()

    def _accept(self, sighting: Sighting) -> None:
        last = self.versions[-1] if self.versions else None
        absent = last is not None and _absent_between(self._absences, last.last_seen_at, sighting.at)
        if last is not None and last.text_sha256 == sighting.text_sha256 and not absent:
            self.versions[-1] = _extended_version(last, sighting)
        else:
            cause, before = self._cause(sighting, absent=absent), self._comparable(sighting)
            kinds, score = self._compare(_digest(before), _digest(sighting)) if before else ((), 0.0)
            version = _new_version(sighting, number=len(self.versions) + 1, url=self._url, cause=cause)
            self.versions.append(replace(version, kinds=kinds, score=score))
        self._last_accepted = self._last_of_recipe[sighting.recipe_id] = sighting

    def _cause(self, sighting: Sighting, *, absent: bool) -> Cause:
        before = self._comparable(sighting)
        if before is None or self._last_accepted is None:
            return Cause.FIRST
        is_other = sighting.recipe_id != self._last_accepted.recipe_id
        # Another form of the page, or some captures are not derived again yet.
        if (is_other and before.text_sha256 == sighting.text_sha256) or sighting.recipe_id != before.recipe_id:
            return Cause.RECIPE
        if absent:
            return Cause.RETURNED
        if any(version.text_sha256 == sighting.text_sha256 for version in self.versions):
            return Cause.REVERTED
        return Cause.MOVED if sighting.at in self._moved_at else Cause.CHANGED


def _suspect(sighting: Sighting, because: str, *, waiting: bool) -> Suspect:
    return Suspect(
        text_sha256=sighting.text_sha256 or "",
        title=sighting.title,
        because=because,
        seen_at=sighting.at,
        capture_id=sighting.capture_id,
        waiting=waiting,
    )


def suspect_reason(before: Sighting, after: Sighting, older: Collection[str]) -> str | None:
    """Return why ``after`` may be no edit of the text ``before`` it. None if nothing speaks against it.

    ``older`` are the digests of all texts that the page has shown so far. A declared modification between the two
    sightings explains a change of the body. A headline that only one of several places shows is never sure.
    """
    if after.body and after.body == before.body:
        return None if after.headline_sure else "only one of the page's headlines changed"
    if after.is_finished_text or _declared(before, after):
        return None
    if after.text_sha256 in older:
        return "went back to an older text"
    if after.length < _SHORT <= before.length:
        return _FELL
    if after.length * _HALF < before.length:
        return _SHRANK
    return None


def _declared(before: Sighting, after: Sighting) -> bool:
    """True if the page declares that it was modified between the two sightings.

    A page that always declares the time of the request says nothing.
    """
    if after.modified_at is None or before.modified_at is None or after.modified_at <= before.modified_at:
        return False
    return before.at - _CLOCKS_DIFFER <= after.modified_at <= after.at - _JUST_NOW


def known_edits(stored: Sequence[Version]) -> Mapping[tuple[str, str], tuple[tuple[Kind, ...], float]]:
    """Return the edits of a stored history by the digests of both texts.

    A history that only grew then needs one new comparison, not all of them. An edit after a change of recipe may have
    been compared with a text further back, so it is left out.
    """
    return {
        (older.text_sha256, newer.text_sha256): (newer.kinds, newer.score)
        for older, newer in pairwise(stored)
        if older.recipe_id == newer.recipe_id
    }


def stretches(sightings: Sequence[Sighting]) -> tuple[Stretch, ...]:
    """Return the runs of checks that met one state without a text, in the order they began.

    A passing failure (a timeout, a 503) does not interrupt a run of another state. So a 404 seen on two days is
    confirmed even if the site was down in between.
    """
    open_runs: dict[str, Stretch] = {}
    closed: list[Stretch] = []
    for sighting in sightings:
        if sighting.state == "underived":
            continue
        passing = sighting.reason is not None and sighting.reason.is_retryable
        ended = [state for state in open_runs if state != sighting.state and not passing]
        closed.extend(open_runs.pop(state) for state in ended)
        if not sighting.shows_text:
            open_runs[sighting.state] = _extended(open_runs.get(sighting.state), sighting)
    return tuple(sorted((*closed, *open_runs.values()), key=lambda run: (run.first_seen_at, run.state)))


def confirm(runs: Sequence[Stretch], absences: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """Return ``runs``, marking as confirmed those that lie within a confirmed one of ``absences``."""
    confirmed = [absence for absence in absences if absence.confirmed]

    def lies_within(run: Stretch, absence: Stretch) -> bool:
        inside = absence.first_seen_at <= run.first_seen_at and run.last_seen_at <= absence.last_seen_at
        return inside and absence.state == run.state

    return tuple(replace(run, confirmed=any(lies_within(run, absence) for absence in confirmed)) for run in runs)


def _extended(run: Stretch | None, sighting: Sighting) -> Stretch:
    if run is None:
        return Stretch(
            state=sighting.state,
            first_seen_at=sighting.at,
            last_seen_at=sighting.at,
            seen=1,
            confirmed=sighting.reason in _CONFIRMED_AT_ONCE,
        )
    day_apart = sighting.at - run.first_seen_at >= CONFIRMED_AFTER
    confirmed = run.confirmed or (sighting.reason is Reason.MISSING_404 and day_apart)
    return replace(run, last_seen_at=sighting.at, seen=run.seen + 1, confirmed=confirmed)


def _absent_between(absences: Sequence[Stretch], start: datetime, end: datetime) -> bool:
    absent_states = {Reason.MISSING_404, *_CONFIRMED_AT_ONCE}
    return any(run.confirmed and run.state in absent_states and start < run.first_seen_at < end for run in absences)


def _extended_version(last: Version, sighting: Sighting) -> Version:
    return replace(last, last_seen_at=sighting.at, last_capture_id=sighting.capture_id, captures=last.captures + 1)


def _new_version(sighting: Sighting, *, number: int, url: str, cause: Cause) -> Version:
    published = sighting.published_at
    # A declared date applies to the first text only. Later texts declare the date of the article, not of the edit.
    dated_at = published if number == 1 and published is not None and published < sighting.at else sighting.at
    return Version(
        url=url,
        number=number,
        text_sha256=_digest(sighting),
        title=sighting.title,
        byline=sighting.byline,
        published_at=published,
        language=sighting.language,
        cause=cause,
        first_seen_at=sighting.at,
        last_seen_at=sighting.at,
        dated_at=dated_at,
        captures=1,
        first_capture_id=sighting.capture_id,
        last_capture_id=sighting.capture_id,
        recipe_id=sighting.recipe_id,
    )


def _digest(sighting: Sighting) -> str:
    return sighting.text_sha256 or ""


def _moves(sightings: Sequence[Sighting]) -> tuple[tuple[datetime, str, str], ...]:
    """Return each permanent redirect to another article address once: when it was first seen, from where, to where."""
    first_seen: dict[tuple[str, str], datetime] = {}
    for sighting in sightings:
        if sighting.moved_to is not None and sighting.shows_text:
            first_seen.setdefault((sighting.url, sighting.moved_to), sighting.at)
    return tuple((moved_at, url, target) for (url, target), moved_at in first_seen.items())


def with_versions(history: History, versions: Sequence[Version]) -> History:
    """Return the history with its versions as stored, which know when they were recorded."""
    return replace(history, versions=tuple(versions))
