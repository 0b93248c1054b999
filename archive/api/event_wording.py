"""Events in plain words. They name observations, never anybody's intentions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from archive.api.state_wording import state
from db.records import EventKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from db.records import Event

LABELS: Final[dict[EventKind, str]] = {
    EventKind.EDITED: "edited",
    EventKind.CORRECTION: "correction",
    EventKind.NEW: "new article",
    EventKind.GONE: "gone",
    EventKind.BACK: "back",
    EventKind.PAYWALLED: "behind a paywall",
    EventKind.BLOCKED: "blocked",
    EventKind.COPIED: "copy",
    EventKind.STALE_COPY: "copy not corrected",
    EventKind.LIST_BROKEN: "list broken",
    EventKind.LIST_SHRUNK: "list shrunk",
    EventKind.SILENT: "silent source",
    EventKind.DRIFT: "extraction drift",
    EventKind.RUN_FAILED: "run failed",
}
"""The label of each kind."""

_RELATIONS: Final = {
    "exact": "the same text",
    "near": "nearly the same text",
    "reworded": "reworded",
    "partial": "passages in common",
}
_LONGEST: Final = 200  # characters of a passage
_EDIT_WORDS: Final = {"correction": "correction note", "quotation": "quotation", "hedge": "hedge"}


def outlet(url: str) -> str:
    """Return the outlet of an address: its host without www."""
    try:
        return (urlsplit(url).hostname or url).removeprefix("www.")
    except ValueError:
        return url


def describe(event: Event) -> str:
    """Return an event in a sentence without its headline and outlet."""
    sentence = _SENTENCES.get(event.kind)
    return event.detail if sentence is None else sentence(event)


def _edit(event: Event) -> str:
    has_words = event.before or event.after or event.detail
    return f"{_edits(event)}: {_words(event)}" if has_words else _edits(event)


def _broken(event: Event) -> str:
    detail = f"; {event.detail}" if event.detail else ""
    return f"could not be read since {minute(event.since)}: {state(event.after)}{detail}"


def _edits(event: Event) -> str:
    return ", ".join(_EDIT_WORDS.get(kind, kind) for kind in event.edits) or "edited"


def _words(event: Event) -> str:
    if event.before and event.after:
        return f"{event.before} \u2192 {event.after}"
    if not (event.before or event.after):
        return event.detail
    verb = "removed" if event.before else "added"
    words = event.before or event.after
    return words if verb in event.edits else f"{verb}: {words}"  # the kind of edit stands before it already


def _copy(event: Event) -> str:
    part = "has passages of" if event.after == "partial" else "copied from"
    delay = "" if event.lag is None else f", {duration(event.lag)} later" if event.lag >= 0 else ""
    return f"{part} {outlet(event.other_url)}{delay}: {_RELATIONS.get(event.after, event.after)}, {event.weight:.0%}"


def _stale(event: Event) -> str:
    now = f"; it now says \u201c{_short(event.after)}\u201d" if event.after else "; it no longer has that"
    when = f"{outlet(event.other_url)} corrected this, seen {minute(event.since)}"
    return f"still says \u201c{_short(event.before)}\u201d; {when}{now}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rsplit(" ", 1)[0] + " \u2026"


def minute(moment: datetime) -> str:
    """Return an instant to the minute: ``5 Jan 2026 12:00 UTC``."""
    return f"{moment.day} {moment:%b %Y %H:%M} UTC"


def summary_in_zone(summary: str, since: datetime, zone: tzinfo) -> str:
    """Return the sentence of an event with its instant in a time zone: ``5 Jan 2026 13:00 CET``."""
    local = since.astimezone(zone)
    return summary.replace(minute(since), f"{local.day} {local:%b %Y %H:%M %Z}")


def duration(seconds: float) -> str:
    """Return a delay in its two largest units: ``3 min``, ``2 h 10 min``, ``4 days 2 h``."""
    minutes = round(abs(seconds) / 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} day{'s' * (days != 1)}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {rest} min" if rest else "")
    return f"{rest} min" if rest else f"{round(abs(seconds))} s"


_SENTENCES: Final[dict[EventKind, Callable[[Event], str]]] = {
    EventKind.EDITED: _edit,
    EventKind.CORRECTION: _edit,
    EventKind.NEW: lambda _: "first seen",
    EventKind.GONE: lambda event: f"gone since {minute(event.since)}: {state(event.after)}",
    EventKind.BACK: lambda event: f"the text is back; before: {state(event.before)}",
    EventKind.PAYWALLED: lambda event: f"behind a paywall since {minute(event.since)}",
    EventKind.BLOCKED: lambda event: f"blocked since {minute(event.since)}: {state(event.after)}",
    EventKind.COPIED: _copy,
    EventKind.STALE_COPY: _stale,
    EventKind.LIST_BROKEN: _broken,
}
