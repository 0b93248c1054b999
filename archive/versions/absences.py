"""Absences of an article: when its page was gone, behind a paywall or blocked, and when its text was back.

A single bad answer is no news: half of all missing pages come back within hours. So an absence counts once it is
confirmed. A 410 and a 451 are confirmed at once, a 404 and a soft 404 by a second check at least a day later, a paywall
and a block by the next check that meets one. Passing failures (a timeout, a 503) neither confirm nor end an absence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from archive.versions.history import CONFIRMED_AFTER
from db.records import Reason, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from db.records import Sighting

AbsenceKind = Literal["gone", "paywalled", "blocked"]

_KIND_BY_STATE: Final[dict[str, AbsenceKind]] = {
    **dict.fromkeys((Reason.MISSING_404, Reason.GONE_410, Reason.LEGAL_451, Verdict.SOFT_404), "gone"),
    Verdict.PAYWALL: "paywalled",
    **dict.fromkeys(
        (Reason.UNAUTHORIZED, Reason.FORBIDDEN, Reason.ROBOTS_DENIED),
        "blocked",
    ),
    **dict.fromkeys((Verdict.CHALLENGE, Verdict.CONSENT, Verdict.LOGIN), "blocked"),
}
_AT_ONCE: Final = frozenset({Reason.GONE_410, Reason.LEGAL_451})

ABSENT_STATES: Final = tuple(str(state) for state in _KIND_BY_STATE)
"""The states of checks that may be part of an absence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """One absence: from the first check that met it, ``confirmed_at`` the check that confirmed it (None: unconfirmed).

    ``state`` is that of the confirming check, else of the first. ``back_at``: the next sight of a text, None if there
    was none. ``checks`` counts the checks that met it, ``last_seen_at`` is the last of them.
    """

    kind: AbsenceKind
    state: str
    since: datetime
    last_seen_at: datetime
    checks: int
    confirmed_at: datetime | None = None
    back_at: datetime | None = None


def find_absences(sightings: Sequence[Sighting]) -> tuple[Absence, ...]:
    """Return the absences of an article that had shown a text before, by start. ``sightings`` are in order of time."""
    absences: list[_Absence] = []
    had_text = False
    for sighting in sightings:
        if sighting.shows_text:
            had_text = True
            if absences and absences[-1].back_at is None:
                absences[-1].back_at = sighting.at
            continue
        kind = _KIND_BY_STATE.get(sighting.state)
        if kind is None or not had_text:
            continue
        last = absences[-1] if absences else None
        if last is None or last.back_at is not None or last.kind != kind:
            if last is not None and last.back_at is None and last.confirmed_at is None:
                absences.pop()  # a 404 and then a paywall: only the state that lasts counts
            last = _Absence(kind, sighting)
            absences.append(last)
        else:
            last.add(sighting)
    return tuple(absence.frozen() for absence in absences)


def current_absence(sightings: Sequence[Sighting]) -> Absence | None:
    """Return the confirmed absence that lasts, None if the last text is still there as far as is known."""
    absences = find_absences(sightings)
    last = absences[-1] if absences else None
    return last if last is not None and last.confirmed_at is not None and last.back_at is None else None


class _Absence:
    """An absence while its checks are read."""

    def __init__(self, kind: AbsenceKind, first: Sighting) -> None:
        self.kind = kind
        self.state = first.state
        self.since = self.last_seen_at = first.at
        self.checks = 1
        self.confirmed_at = first.at if first.reason in _AT_ONCE else None
        self.back_at: datetime | None = None

    def add(self, sighting: Sighting) -> None:
        self.checks += 1
        self.last_seen_at = sighting.at
        if self.confirmed_at is None and self._confirms(sighting):
            self.confirmed_at, self.state = sighting.at, sighting.state

    def _confirms(self, sighting: Sighting) -> bool:
        if self.kind != "gone" or sighting.reason in _AT_ONCE:
            return True
        return sighting.at - self.since >= CONFIRMED_AFTER

    def frozen(self) -> Absence:
        return Absence(
            kind=self.kind,
            state=self.state,
            since=self.since,
            last_seen_at=self.last_seen_at,
            checks=self.checks,
            confirmed_at=self.confirmed_at,
            back_at=self.back_at,
        )
