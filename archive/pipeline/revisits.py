"""Revisit records: complete the captures that repeat another capture, whichever of the two arrived first.

A revisit is first recorded as a capture without payload, flagged as unresolved, which opens no version. At the end of
an import the archive is searched for the originals of all unresolved revisits, of this import and of all before. Where
the original is found, the full capture replaces the unresolved one. So the archive is the same in whatever order the
files are imported.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from archive.formats.charset import charset_of
from archive.formats.digests import is_digest, parse_digest
from archive.formats.warc.capture_metadata import COMPLETE, SAME_AS, UNRESOLVED
from archive.timestamps import parse_stamp
from archive.urls import url_key
from db.errors import BadInput
from db.queries import captures as capture_queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from db.reader import Ask
    from db.records import Capture, Outcome
    from db.store import Store

_SECOND = timedelta(seconds=1)  # WARC/1.0 dates are cut to seconds, sometimes in the reference alone
_MICROSECOND = timedelta(microseconds=1)
_BATCH_SIZE = 200


def resolve_revisits(store: Store) -> tuple[int, int]:
    """Complete every unresolved revisit whose original is in the archive.

    Return how many were resolved, and how many new.

    A revisit that is known as a full capture already (the same file, imported again) is only removed.
    """
    resolved = new = 0
    while True:  # a revisit may refer to another revisit
        by_digest = _captures_by_digest(store.ask)
        completed = [
            _complete(store, revisit, original)
            for revisit in unresolved_revisits(store.ask)
            if (original := _find_original(store, revisit, by_digest))
        ]
        if not completed:
            return resolved, new
        resolved, new = resolved + len(completed), new + sum(completed)


def is_completed(store: Store, revisit: Outcome) -> bool:
    """True if a revisit was completed before: its address has a capture of its instant with the original's payload."""
    instant = revisit.started_at
    captures = capture_queries.pages_between(store.ask, url_key(revisit.requested_url), instant, instant + _MICROSECOND)
    original = _find_original(store, revisit, {}) if captures else None
    return original is not None and original.payload_sha256 in {capture.payload_sha256 for capture in captures}


def unresolved_revisits(ask: Ask) -> Iterator[Capture]:
    """Yield every revisit whose original the archive does not have."""
    last_id = 0
    while batch := capture_queries.without_payload(ask, UNRESOLVED, after=last_id, limit=_BATCH_SIZE):
        yield from batch
        last_id = batch[-1].id or 0


def _captures_by_digest(ask: Ask) -> Mapping[str, int]:
    """Return the id of the capture for each digest that an unresolved revisit names, as written there."""
    labels = {flag for revisit in unresolved_revisits(ask) for flag in revisit.flags if is_digest(flag)}
    return capture_queries.oldest_with_flags(ask, sorted(labels)) if labels else {}


def _find_original(store: Store, revisit: Capture | Outcome, by_digest: Mapping[str, int]) -> Capture | None:
    """Return the original of a revisit: by its address and time, which is surest, or by its payload's digest."""
    for flag in revisit.flags:
        original = _find_by_reference(store.ask, flag.removeprefix(SAME_AS)) if flag.startswith(SAME_AS) else None
        if original is not None:
            return original
    for flag in filter(is_digest, revisit.flags):
        if flag in by_digest:
            return capture_queries.by_id(store.ask, by_digest[flag])
        digest = parse_digest(flag)
        original = (
            capture_queries.oldest_with_payload(store.ask, digest[1]) if digest and digest[0] == "sha256" else None
        )
        if original is not None:
            return original
    return None


def _find_by_reference(ask: Ask, reference: str) -> Capture | None:
    stamp, _, url = reference.partition(" ")
    try:
        instant, key = parse_stamp(stamp), url_key(url)
    except BadInput:
        return None
    start = instant.replace(microsecond=0)
    candidates = capture_queries.pages_between(ask, key, start, start + _SECOND)
    return min(candidates, key=lambda capture: (abs(capture.captured_at - instant), capture.id or 0), default=None)


def _complete(store: Store, revisit: Capture, original: Capture) -> int:
    """Replace an unresolved revisit by the full capture. Return 1 if that capture is new, else 0.

    The revisit's own HTTP head is used if it has one.
    """
    sha256 = original.payload_sha256 or ""
    is_bare = not revisit.headers and revisit.status is None and COMPLETE not in revisit.flags
    head = _http_head(original) if is_bare else {}
    payload = capture_queries.payload(store.ask, sha256)
    full = replace(revisit, flags=_resolved_flags(revisit.flags, sha256), **head)
    if not head and COMPLETE not in revisit.flags:
        charset, charset_flags = charset_of(full.content_type, payload)
        full = replace(full, charset=charset, flags=(*full.flags, *charset_flags))
    return len(store.replace_capture(revisit.id or 0, full, payload))


def _http_head(original: Capture) -> dict[str, Any]:
    names = ("reason", "status", "reason_phrase", "headers", "content_type", "charset", "etag", "last_modified")
    return {name: getattr(original, name) for name in names}


def _resolved_flags(flags: tuple[str, ...], sha256: str) -> tuple[str, ...]:
    """Return the flags of a resolved revisit, without a digest that the archive computes anyway."""
    own = f"sha256:{sha256}"
    gone = {UNRESOLVED, COMPLETE, own}
    return tuple(flag for flag in flags if flag not in gone and not flag.startswith(SAME_AS))
