"""Plain words for stored values. The commands say the same as the web pages, so the words come from there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from archive.cli.output import count, format_minute, format_period
from archive.crawl.render.chromium import browser_problem
from archive.serve import wording
from archive.timestamps import format_offset, in_words
from db.records import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.pipeline.run_clocks import RunClock
    from archive.settings import Settings
    from db.records import FutureRun, Label, OriginalLabel, Seeds, Stretch


def describe_state(name: str) -> str:
    """Return what a check found, such as ``page not found (404)``."""
    return "fetched" if name == "fetched" else wording.state(name)


def rendering_problem(settings: Settings, index: Seeds) -> str:
    """Return why the rows with ``render: yes`` cannot be rendered, as a sentence. Empty if they can, or none is so."""
    return browser_problem(settings.chromium) if any(seed.render for seed in index.seeds) else ""


def describe_relation(name: str) -> str:
    """Return how two texts relate, such as ``nearly the same``. ``label`` stands for a pair that a person joined."""
    return "labelled as copy" if name == "label" else wording.relation(name)


def describe_standing(name: str, certainty: float) -> str:
    """Return the standing of a probable original, such as ``probable original (87 %)``."""
    return wording.standing(name, certainty)


def describe_original_label(label: OriginalLabel) -> str:
    """Return what a person said of one text."""
    note = f" ({label.note})" if label.note else ""
    return f"{'original' if label.original else 'not-original'}, {label.version.url}@{label.version.version}{note}"


def describe_label(label: Label) -> str:
    """Return what a person said of two texts."""
    note = f" ({label.note})" if label.note else ""
    sides = f"{label.a.url}@{label.a.version} and {label.b.url}@{label.b.version}"
    return f"{'copy' if label.copy else 'not-copy'}, {sides}{note}"


def describe_stretch(stretch: Stretch) -> str:
    """Return a run of checks that found something other than the article: what, when, and how many checks."""
    period = format_period(stretch.first_seen_at, stretch.last_seen_at)
    confirmed = ", confirmed" if stretch.confirmed else ""
    return f"{describe_state(stretch.state)}, {period}, {count(stretch.seen, 'check')}{confirmed}"


def future_problems(runs: Sequence[FutureRun], where: str) -> list[Problem]:
    """Return a problem for each run with checks that are dated in the future."""
    return [
        Problem(
            what=f"{count(run.checks, 'check')} of {_run_name(run)} {'is' if run.checks == 1 else 'are'} dated in the "
            f"future, up to {format_minute(run.last_at)}: the clock was wrong",
            where=where,
            todo="They do not delay the next checks. Compare the clock of this machine with another (timedatectl "
            "status)" + (f", then re-date them: wirecopy repair-clock {run.run_id}" if run.run_id else ""),
        )
        for run in runs
    ]


def clock_problems(clocks: Sequence[RunClock], where: str) -> list[Problem]:
    """Return a problem for each run whose clock was wrong by its servers' time, or by the order of the runs."""
    return [Problem(what=_clock_fault(clock), where=where, todo=_clock_repair(clock)) for clock in clocks]


def _clock_fault(clock: RunClock) -> str:
    name = f"run {clock.run_id} ({clock.kind})"
    offset = clock.offset or clock.doubt
    if offset is None:
        return f"{name} is dated before an earlier run or after a later one, and its servers told no time"
    source_of_time = "its servers" if clock.offset else "the only server that told it"
    side = "behind" if offset > timedelta() else "ahead of"
    return f"the clock of {name} was {in_words(offset)} {side} the time of {source_of_time}"


def _clock_repair(clock: RunClock) -> str:
    repair = f"wirecopy repair-clock {clock.run_id}"
    if clock.was_set:
        return "It was set during the run, of which a part has the right time, so nothing can be re-dated"
    if clock.offset:
        return f"Re-date it: {repair}"
    if clock.doubt:
        return f"If that server is right, re-date it: {repair} --by {format_offset(clock.doubt)}"
    return f"If its clock was behind by two days, for example: {repair} --by +2d"


def _run_name(run: FutureRun) -> str:
    return "no run" if run.run_id is None else f"run {run.run_id} ({run.kind})"
