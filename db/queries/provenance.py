"""Questions about what pages say of where their texts come from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.records import DeclaredProvenance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.reader import Ask, Row
    from db.records import VersionRef

# By the digest, which is indexed, and then the address: of one text, what the page at that address says.
_PEDIGREE = """
    SELECT length(t.body) AS length, e.facts, e.canonical_url
    FROM text t
    JOIN version v ON v.text_id = t.id AND v.number = :number AND v.superseded_at IS NULL
    JOIN source s ON s.id = v.source_id AND s.url = :url
    LEFT JOIN derivation d ON d.capture_id = v.first_capture_id
    LEFT JOIN extraction e ON e.id = d.extraction_id
    WHERE t.sha256 = :digest"""


def of_versions(ask: Ask, refs: Iterable[VersionRef]) -> dict[VersionRef, DeclaredProvenance]:
    """What the pages of these versions say; what is no version of today's history is left out."""
    found = {}
    for ref in refs:
        rows = ask(_PEDIGREE, digest=bytes.fromhex(ref.text_sha256), url=ref.url, number=ref.version)
        if rows:
            found[ref] = _pedigree(rows[0])
    return found


def _pedigree(row: Row) -> DeclaredProvenance:
    told = [(name, value) for name, value, *_ in json.loads(row["facts"] or "[]")]
    return DeclaredProvenance(
        agencies=tuple(value for name, value in told if name == "agency"),
        credited=tuple(value for name, value in told if name == "credited"),
        canonical=row["canonical_url"],
        length=row["length"],
    )
