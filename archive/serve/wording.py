"""Plain words for every state, kind and relation. They name observations, never anybody's intentions."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.api import state_wording

if TYPE_CHECKING:
    from collections.abc import Mapping

_ABSENT = frozenset({"missing_404", "gone_410", "legal_451", "soft_404"})
_OTHER_PAGE = frozenset(
    {*("paywall", "challenge", "consent", "login", "unavailable", "thin", "empty", "needs_js", "not_html", "no_text")}
)
_FINE = frozenset({"ok", "live_blog", "not_modified", "list"})
_UNKNOWN = frozenset({"unvisited", "underived", "fetched"})

_KINDS: Mapping[str, str] = {
    "headline": "headline",
    "lede": "opening",
    "number": "number",
    "date": "date",
    "quote": "quotation",
    "quotation": "quotation",
    "attribution": "who said it",
    "name": "name",
    "hedge": "hedge",
    "correction": "correction note",
    "added": "passage added",
    "removed": "passage removed",
    "moved": "passage moved",
    "wording": "wording",
    "cosmetic": "typography",
    "residue": "page template",
}
_CAUSES: Mapping[str, str] = {
    "first": "first seen",
    "reverted": "back to an earlier text",
    "returned": "came back",
    "moved": "address changed",
    "recipe": "extracted again",
    "undone": "changed and changed back",
    "changed": "same words",
}
_RELATIONS: Mapping[str, str] = {
    "exact": "the same text",
    "near": "nearly the same",
    "partial": "shares passages",
    "reworded": "reworded",
    "same_event": "same event, own words",
    "possible": "perhaps related",
}

_STANDINGS: Mapping[str, str] = {
    "labelled": "original, labelled by a person",
    "sure": "almost certain original",
    "probable": "probable original",
    "unsure": "possible original",
    "first_seen": "first seen here",
}
_CERTAIN = 0.995  # rounds to 100 %, which only a person may say

TRIFLES = frozenset({"cosmetic", "residue"})
"""Kinds of change that are folded away as trivial."""


state = state_wording.state
"""The words for the state of a check, the same as of the command line."""


def absence(name: str) -> str:
    """Return the label of an absence: gone, behind a paywall, blocked."""
    return {"paywalled": "behind a paywall"}.get(name, name)


def health(name: str) -> str:
    """Return the class of a state for display.

    ``fine``, ``other`` (another page came), ``absent``, ``failed``, or ``unread`` (no check, or one not processed yet).
    """
    if name in _FINE:
        return "fine"
    if name in _UNKNOWN:
        return "unread"
    if name in _ABSENT:
        return "absent"
    return "other" if name in _OTHER_PAGE else "failed"


def kind(name: str) -> str:
    """Return the label of a kind of edit, for a badge."""
    return _KINDS.get(name, name.replace("_", " "))


def cause(name: str) -> str:
    """Return the label of the cause of a version whose words did not change."""
    return _CAUSES.get(name, name)


def relation(name: str) -> str:
    """Return the label of a relation between two texts."""
    return _RELATIONS.get(name, name.replace("_", " "))


def standing(name: str, certainty: float) -> str:
    """Return the standing of a probable original with its probability: ``probable original (87 %)``."""
    if name == "labelled":
        return _STANDINGS[name]
    share = "over 99 %" if certainty >= _CERTAIN else f"{certainty * 100:.0f} %"
    return f"{_STANDINGS.get(name, name)} ({share})"


def host(url: str) -> str:
    """Return the outlet of an address: its host without www."""
    try:
        return (urlsplit(url).hostname or url).removeprefix("www.")
    except ValueError:
        return url


def many(count: int, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun: ``1 check``, ``1,204 checks``."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def lag(seconds: float) -> str:
    """Return a delay in its two largest units: ``3 min``, ``2 h 10 min``, ``4 days 2 h``."""
    minutes = round(abs(seconds) / 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        duration = f"{many(days, 'day')}{f' {hours} h' if hours else ''}"
    elif hours:
        duration = f"{hours} h{f' {rest} min' if rest else ''}"
    else:
        duration = f"{rest} min" if rest else f"{round(abs(seconds))} s"
    return f"{duration} earlier" if seconds < 0 else duration


def describe_run(kind: str, counts: Mapping[str, int]) -> str:
    """Return what a run did, from the counts of its report, as one sentence without a full stop."""
    if counts.get("refused"):
        return "Rejected because of a wrong name or setting; nothing was done"
    work, gains = _describe_work(kind, counts), _describe_gains(counts)
    if kind == "repair-clock":
        return f"Re-dated {many(counts.get('redated', 0), 'check')}; its entry of the log says by how much"
    if work and kind != "upkeep":
        sentence = f"{work}: {gains or 'nothing new'}"
    else:
        sentence = ": ".join(filter(None, (work or ("Finished earlier work" if gains else "Nothing was due"), gains)))
    if kind == "backfill" and not work and not gains:
        sentence = "No page belongs to those days; nothing was done"
    mistakes, hours = counts.get("complaints", 0), counts.get("clock_off_hours", 0)
    clock = f"; the clock of this machine differs by {many(hours, 'hour')} from that of the server" if hours else ""
    return sentence + clock + (f"; {many(mistakes, 'mistake')} in the seed index" if mistakes else "")


def _describe_work(kind: str, counts: Mapping[str, int]) -> str:
    """Return the work of a run, or an empty text if there was none to do."""
    failures = counts.get("failed", 0) + counts.get("archive_failures", 0)
    failed = f" ({failures:,} failed)" if failures else ""
    if kind == "rematch":
        return "Compared all texts again"
    if kind == "upkeep":
        return "Checked the archive and made a backup"
    if "mementos" in counts:
        return f"Fetched {many(counts['mementos'], 'page')} from web archives{failed}"
    if counts.get("queued"):
        return f"Read {many(counts['queued'], 'saved page')} again"
    return f"Checked {many(counts['visits'], 'page')}{failed}" if counts.get("visits") else ""


def _describe_gains(counts: Mapping[str, int]) -> str:
    """Return what came of a run. A link is called a match, because not every link between two texts is a copy."""
    versions, links = counts.get("versions", 0), counts.get("links", 0)
    saved = f"{many(versions, 'version')} saved" if versions else ""
    matches = f"{many(links, 'match', 'matches')} found" if links else ""
    return ", ".join(filter(None, (saved, matches)))
