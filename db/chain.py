"""The hash chain over captures. Pure functions; ``db.store.chain`` writes the links, ``db.verify`` checks them.

Each capture has a link, in the order in which captures were stored (their ids, which are never reused)::

    facts = JSON of the capture, keys sorted, without blanks, characters outside ASCII escaped
    link  = sha256(link before, sha256(facts))           32 raw bytes each; 32 zero bytes before the first

So no stored capture can be changed, inserted or deleted without changing every later link. A capture that was forgotten
on request leaves ``sha256(facts)`` behind, which reveals nothing and keeps the chain valid.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

START: Final = bytes(32)
"""The link before the first one."""

# A fact with its default value is left out, and so is one whose column does not exist yet (in a migration). So a column
# added later, with its default, changes no older link.
_DEFAULTS: Final[Mapping[str, Any]] = {
    "source": None,
    "run_id": None,
    "captured_at": None,
    "finished_at": None,
    "url": "",
    "final_url": "",
    "reason": None,
    "detail": "",
    "status": None,
    "reason_phrase": "",
    "payload_sha256": None,
    "payload_length": None,
    "wire_sha256": None,
    "wire_length": None,
    "content_type": "",
    "charset": None,
    "etag": None,
    "last_modified": None,
    "retry_at": None,
    "ip": None,
    "headers": "[]",
    "hops": "[]",
    "flags": "[]",
    "revisit": 0,
    "provenance": "live",
    "exchange": "{}",
    "part": 1,
    "part_of": None,
    "salt": None,
    "same_before": None,
}

CORRECTION: Final = "clock"
"""The kind of entry that corrects the dates of a run (``db.store.redating``)."""

CAPTURES = """
    WITH correction AS MATERIALIZED (
        SELECT number, CAST(json_extract(facts, '$.run') AS BIGINT) AS run_id,
               CAST(json_extract(facts, '$.offset') AS BIGINT) AS offset
        FROM entry WHERE kind = 'clock' AND json_valid(facts))
    SELECT c.*, s.url AS source, p.sha256 AS payload_sha256, p.length AS payload_length,
           (SELECT sum(k.offset) FROM correction k
            WHERE k.run_id = c.run_id AND k.number > c.id AND c.provenance = 'live') AS moved
    FROM capture c JOIN source s ON s.id = c.source_id LEFT JOIN payload p ON p.id = c.payload_id"""
"""The rows that ``facts`` reads. ``moved``: the sum of the corrections of the run's clock, in microseconds, or NULL."""

_OWN_CLOCK: Final = ("captured_at", "finished_at", "retry_at")


def facts(row: Mapping[str, Any]) -> str:
    """Return the facts of a capture as JSON. ``row`` is a row of ``CAPTURES``.

    Instants are microseconds since 1970, digests hex. ``headers``, ``hops``, ``flags`` and ``exchange`` are JSON text.
    Instants are as they were recorded, also where an entry of the log corrected them later.
    """
    if offset := row.get("moved"):
        row = {**row, **{name: row[name] - offset for name in _OWN_CLOCK if row[name] is not None}}
    values = {name: _plain(row[name]) for name, default in _DEFAULTS.items() if row.get(name, default) != default}
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return int(value) if isinstance(value, bool) else value


def digest(facts_json: str) -> bytes:
    """Return the digest of facts: it goes into the link, and is all that a forgotten capture leaves."""
    return hashlib.sha256(facts_json.encode()).digest()


def link(before: bytes, facts_digest: bytes) -> bytes:
    """Return the link that follows ``before`` for a capture with these facts."""
    return hashlib.sha256(before + facts_digest).digest()
