"""Queries of what pages declare about where their texts come from."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from db.records import SCRAPER_MARKS, DeclaredProvenance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.reader import Ask, Row
    from db.records import VersionRef

# By the digest, which is indexed, then the address: many pages may show one text.
_DECLARED = """
    SELECT length(t.body) AS length, e.facts, e.canonical_url, coalesce(k.removed, e.removed) AS removed
    FROM text t
    JOIN version v ON v.text_id = t.id AND v.number = :number AND v.superseded_at IS NULL
    JOIN source s ON s.id = v.source_id AND s.url = :url
    LEFT JOIN derivation d ON d.capture_id = v.first_capture_id
    LEFT JOIN extraction e ON e.id = d.extraction_id
    LEFT JOIN cleaning k ON k.id = d.cleaning_id
    WHERE t.sha256 = :digest"""


_NO_ZONE = re.compile(r"^\d{4}-?\d\d-?\d\d[T ]\d\d:?\d\d(?::?\d\d(?:[.,]\d+)?)?$")
"""A date in ISO form with a time of day and no time zone."""

_BODY = "SELECT body FROM text WHERE sha256 = :digest"


def body(ask: Ask, ref: VersionRef) -> str:
    """Return the text of a version, empty if it is not stored any more."""
    rows = ask(_BODY, digest=bytes.fromhex(ref.text_sha256))
    return rows[0]["body"] if rows else ""


def of_versions(ask: Ask, refs: Iterable[VersionRef]) -> dict[VersionRef, DeclaredProvenance]:
    """Return what the pages of these versions declare. Versions that are not of today's history are left out."""
    declared = {}
    for ref in refs:
        rows = ask(_DECLARED, digest=bytes.fromhex(ref.text_sha256), url=ref.url, number=ref.version)
        if rows:
            declared[ref] = _provenance(rows[0])
    return declared


def _provenance(row: Row) -> DeclaredProvenance:
    stored = json.loads(row["facts"] or "[]")
    facts = [(name, value) for name, value, *_ in stored]
    removed = [(because, span) for _, span, because in json.loads(row["removed"] or "[]")]
    return DeclaredProvenance(
        agencies=tuple(value for name, value in facts if name == "agency"),
        credited=tuple(value for name, value in facts if name == "credited"),
        canonical=row["canonical_url"],
        length=row["length"],
        site=next((value for name, value in facts if name == "site"), None),
        local_time=any(name == "published" and _NO_ZONE.search(raw) for name, _, _, raw, guess in stored if not guess),
        sources=tuple(value for name, value in facts if name == "linked"),
        residue=tuple(span for because, span in removed if because in SCRAPER_MARKS),
        owners=tuple(span for because, span in removed if because == "copyright"),
        corrected=("note", "correction note") in facts,
    )
