"""Captures recorded as "the same as that other one": whose payload they repeat, whichever of the two came first.

Every repeat is first kept as a capture without payload, marked as waiting, which opens no version. At the end of an
import the archive is searched for what the waiting ones repeat, those of this import and of all before; where it is
found, the full capture takes the place of the waiting one. So the archive is the same in whatever order files come.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from archive.formats.digests import is_digest, read_digest
from archive.formats.warc.capture_metadata import SAME_AS, UNRESOLVED
from archive.timestamps import parse_stamp
from archive.urls import url_key
from db.errors import BadInput
from db.queries import captures as capture_queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from db.reader import Ask
    from db.records import Capture, Outcome
    from db.store import Store

_SECOND = timedelta(seconds=1)  # WARC/1.0 dates are cut to seconds, and a reference may be where its original was not
_MICROSECOND = timedelta(microseconds=1)
_AT_ONCE = 200


def resolve_waiting(store: Store) -> tuple[int, int]:
    """Give every waiting repeat its payload if it is here by now: how many wait no more, and how many were new.

    A repeat that is known as a full capture already (the same file, imported again) only goes.
    """
    gone = new = 0
    while True:  # a repeat may repeat a repeat
        elsewhere = _labelled(store.ask)
        done = [
            _complete(store, each, found) for each in waiting(store.ask) if (found := _find(store, each, elsewhere))
        ]
        if not done:
            return gone, new
        gone, new = gone + len(done), new + sum(done)


def held(store: Store, repeat: Outcome) -> bool:
    """True for a repeat that was completed before: its address has a capture of its instant with the same payload."""
    at = repeat.started_at
    there = capture_queries.pages_between(store.ask, url_key(repeat.requested_url), at, at + _MICROSECOND)
    found = _find(store, repeat, {}) if there else None
    return found is not None and found.payload_sha256 in {one.payload_sha256 for one in there}


def waiting(ask: Ask) -> Iterator[Capture]:
    """Every capture that repeats another which the archive does not hold."""
    after = 0
    while some := capture_queries.without_payload(ask, UNRESOLVED, after=after, limit=_AT_ONCE):
        yield from some
        after = some[-1].id or 0


def _labelled(ask: Ask) -> Mapping[str, int]:
    """Where each digest that somebody waits for stands, as its recorder wrote it."""
    labels = {flag for each in waiting(ask) for flag in each.flags if is_digest(flag)}
    return capture_queries.oldest_with_flags(ask, sorted(labels)) if labels else {}


def _find(store: Store, repeat: Capture | Outcome, elsewhere: Mapping[str, int]) -> Capture | None:
    """The capture repeated: named by its address and time, or known by the digest of its payload; the surest first."""
    for flag in repeat.flags:
        found = _named(store.ask, flag.removeprefix(SAME_AS)) if flag.startswith(SAME_AS) else None
        if found is not None:
            return found
    for flag in filter(is_digest, repeat.flags):
        if flag in elsewhere:
            return capture_queries.by_id(store.ask, elsewhere[flag])
        told = read_digest(flag)
        found = capture_queries.oldest_with_payload(store.ask, told[1]) if told and told[0] == "sha256" else None
        if found is not None:
            return found
    return None


def _named(ask: Ask, reference: str) -> Capture | None:
    stamp, _, url = reference.partition(" ")
    try:
        at, key = parse_stamp(stamp), url_key(url)
    except BadInput:
        return None
    start = at.replace(microsecond=0)
    near = capture_queries.pages_between(ask, key, start, start + _SECOND)
    return min(near, key=lambda one: (abs(one.captured_at - at), one.id or 0), default=None)


def _complete(store: Store, repeat: Capture, found: Capture) -> int:
    """Put the full capture in the place of the waiting one; 1 if it was not known. Its own head wins, if it has one."""
    sha256 = found.payload_sha256 or ""
    head = _head_of(found) if not repeat.headers and repeat.status is None else {}
    full = replace(repeat, flags=_settled(repeat.flags, sha256), **head)
    return len(store.replace_capture(repeat.id or 0, full, capture_queries.payload(store.ask, sha256)))


def _head_of(found: Capture) -> dict[str, Any]:
    names = ("reason", "status", "reason_phrase", "headers", "content_type", "charset", "etag", "last_modified")
    return {name: getattr(found, name) for name in names}


def _settled(flags: tuple[str, ...], sha256: str) -> tuple[str, ...]:
    """Flags of a capture that waits no longer; a digest that says what the archive says anyway is left out."""
    own = f"sha256:{sha256}"
    return tuple(flag for flag in flags if flag != UNRESOLVED and not flag.startswith(SAME_AS) and flag != own)
