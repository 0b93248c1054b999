"""Plain words for stored values. The commands say the same as the web pages, so the words come from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.cli.output import count, format_minute, format_period
from archive.serve import wording
from db.records import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from db.records import FutureRun, Label, OriginalLabel, Stretch


def describe_state(name: str) -> str:
    """Return what a check found, such as ``page not found (404)``."""
    return "fetched" if name == "fetched" else wording.state(name)


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


def describe_run(kind: str, counts: Mapping[str, int]) -> str:
    """Return what a run did, from the counts of its report, as one sentence without a full stop."""
    if counts.get("refused"):
        return "Rejected because of a wrong name or setting; nothing was done"
    work, gains = _describe_work(kind, counts), _describe_gains(counts)
    if work and kind != "upkeep":
        sentence = f"{work}: {gains or 'nothing new'}"
    else:
        sentence = ": ".join(filter(None, (work or ("Finished earlier work" if gains else "Nothing was due"), gains)))
    if kind == "backfill" and not work and not gains:
        sentence = "No page belongs to those days; nothing was done"
    mistakes, hours = counts.get("complaints", 0), counts.get("clock_off_hours", 0)
    clock = f"; the clock of this machine differs by {count(hours, 'hour')} from that of the server" if hours else ""
    return sentence + clock + (f"; {count(mistakes, 'mistake')} in the seed index" if mistakes else "")


def future_problems(runs: Sequence[FutureRun], where: str) -> list[Problem]:
    """Return a problem for each run with checks that are dated in the future."""
    return [
        Problem(
            what=f"{count(run.checks, 'check')} of {_run_name(run)} {'is' if run.checks == 1 else 'are'} dated in the "
            f"future, up to {format_minute(run.last_at)}: the clock was wrong",
            where=where,
            todo="They stay as they were recorded, and do not delay the next checks. Compare the clock of this machine "
            "with another (timedatectl status)",
        )
        for run in runs
    ]


def _run_name(run: FutureRun) -> str:
    return "no run" if run.run_id is None else f"run {run.run_id} ({run.kind})"


def _describe_work(kind: str, counts: Mapping[str, int]) -> str:
    """Return the work of a run, or an empty text if there was none to do."""
    failures = counts.get("failed", 0) + counts.get("archive_failures", 0)
    failed = f" ({failures:,} failed)" if failures else ""
    if kind == "rematch":
        return "Compared all texts again"
    if kind == "upkeep":
        return "Checked the archive and made a backup"
    if "mementos" in counts:
        return f"Fetched {count(counts['mementos'], 'page')} from web archives{failed}"
    if counts.get("queued"):
        return f"Read {count(counts['queued'], 'saved page')} again"
    return f"Checked {count(counts['visits'], 'page')}{failed}" if counts.get("visits") else ""


def _describe_gains(counts: Mapping[str, int]) -> str:
    """Return what came of a run. A link is called a match, because not every link between two texts is a copy."""
    versions, links = counts.get("versions", 0), counts.get("links", 0)
    saved = f"{count(versions, 'version')} saved" if versions else ""
    matches = f"{count(links, 'match', 'matches')} found" if links else ""
    return ", ".join(filter(None, (saved, matches)))
