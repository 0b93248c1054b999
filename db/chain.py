"""The chain over captures: what a link is. Pure; writing is in ``db.store.chain``, checking in ``db.verify``.

Each capture has a link, in the order in which captures were kept (their ids, which are never given again)::

    facts = JSON of what was observed, keys sorted, without blanks, other letters than ASCII escaped
    link  = sha256(link before, sha256(facts))           32 raw bytes each; 32 zero bytes before the first

So nothing that was once kept can be changed, added in between or taken out without changing every later link. A capture
that was forgotten on request leaves ``sha256(facts)`` behind, from which nothing can be read and the chain goes on.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

START: Final = bytes(32)
"""What stands before the first link."""

# A fact equal to what stands here is not written, nor one whose column is not there yet (in a migration): a column
# added later, with its default, changes no older link.
_USUAL: Final[Mapping[str, Any]] = {
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
}

CAPTURES = """
    SELECT c.*, s.url AS source, p.sha256 AS payload_sha256, p.length AS payload_length
    FROM capture c JOIN source s ON s.id = c.source_id LEFT JOIN payload p ON p.id = c.payload_id"""
"""The rows that ``facts`` reads."""


def facts(row: Mapping[str, Any]) -> str:
    """What a link says of a capture: the row as a table has it, with ``source`` (its address) and its payload's digest.

    Instants are microseconds since 1970, digests hex; ``headers``, ``hops``, ``flags`` and ``exchange`` are JSON text.
    """
    told = {name: _plain(row[name]) for name, usual in _USUAL.items() if row.get(name, usual) != usual}
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return int(value) if isinstance(value, bool) else value


def digest(told: str) -> bytes:
    """The digest of facts: what a link is made from, and all that a forgotten capture leaves."""
    return hashlib.sha256(told.encode()).digest()


def link(before: bytes, facts_digest: bytes) -> bytes:
    """The link after ``before`` for a capture with these facts."""
    return hashlib.sha256(before + facts_digest).digest()
