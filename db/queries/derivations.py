"""Queries of what is derived from captures, and under which recipe."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from db.queries import row_mapping
from db.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.reader import Ask
    from db.records import Capture, Extraction

_HISTORIES = """
    SELECT DISTINCT coalesce(s.same_as, s.id) AS id
    FROM underived u JOIN capture c ON c.id = u.capture_id JOIN source s ON s.id = c.source_id
    WHERE u.capture_id IN (SELECT value FROM json_each(:ids))"""

_FEW = 20_000
"""Entries of the ledger of which reading all is cheaper than looking for those of long histories: 10 ms a chunk."""

# The two ways differ in the table that is read first: all captures of the histories, or the whole ledger.
_MEMBERS = """SELECT m.id FROM json_each(:heads) h CROSS JOIN source m ON m.id = h.value OR m.same_as = h.value"""
_OF_CAPTURES = f"""
    SELECT u.capture_id FROM ({_MEMBERS}) m
    CROSS JOIN capture c ON c.source_id = m.id CROSS JOIN underived u ON u.capture_id = c.id"""
_OF_LEDGER = f"""
    SELECT u.capture_id FROM underived u CROSS JOIN capture c ON c.id = u.capture_id
    WHERE c.source_id IN ({_MEMBERS})"""


def whole_histories(ask: Ask, ids: Sequence[int]) -> list[int]:
    """Return those of these captures that are on the ledger, with all others there of the same histories.

    A history derived in one go is never settled half under one recipe and half under another.
    """
    heads = json.dumps([row["id"] for row in ask(_HISTORIES, ids=json.dumps(list(ids)))])
    ledger = ask("SELECT count(*) AS n FROM (SELECT 1 FROM underived LIMIT :most) few", most=_FEW + 1)[0]["n"]
    rows = ask(_OF_LEDGER if ledger <= _FEW else _OF_CAPTURES, heads=heads)
    return sorted({row["capture_id"] for row in rows})


_UNDER = """
    SELECT d.capture_id, coalesce(k.recipe_id, e.recipe_id) AS recipe_id
    FROM derivation d JOIN extraction e ON e.id = d.extraction_id LEFT JOIN cleaning k ON k.id = d.cleaning_id
    WHERE d.capture_id IN (SELECT value FROM json_each(:ids))"""


def recipe_ids(ask: Ask, ids: Sequence[int]) -> dict[int, str]:
    """Map each of these captures to the recipe (site template included) of its text. Underived ones are left out."""
    return {row["capture_id"]: row["recipe_id"] for row in ask(_UNDER, ids=json.dumps(list(ids)))}


_OF_SITE = """
    SELECT c.id, h.url_key, t.sha256, e.verdict
    FROM source s
    JOIN source h ON h.id = coalesce(s.same_as, s.id)
    JOIN capture c ON c.source_id = s.id AND c.part = 1
    JOIN derivation d ON d.capture_id = c.id
    JOIN extraction e ON e.id = d.extraction_id
    LEFT JOIN text t ON t.id = coalesce(d.text_id, e.text_id)
    WHERE s.kind = 'article' AND s.url_key >= :first AND s.url_key < :end
    ORDER BY h.url_key, c.captured_at, c.id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """The derivation of a capture: the url_key of its history, the digest of its text, the verdict on its page."""

    capture_id: int
    history_key: str
    text_sha256: str | None
    verdict: Verdict


def of_site(ask: Ask, keys: tuple[str, str]) -> list[Derivation]:
    """Return the derivations of articles with a url_key in this range, by history and time."""
    return [
        Derivation(
            capture_id=row["id"],
            history_key=row["url_key"],
            text_sha256=row_mapping.hex_or_none(row["sha256"]),
            verdict=Verdict(row["verdict"]),
        )
        for row in ask(_OF_SITE, first=keys[0], end=keys[1])
    ]


_WITH_EXTRACTION = """
    SELECT c.id FROM json_each(:ids) i CROSS JOIN capture c ON c.id = i.value
    CROSS JOIN extraction e ON e.payload_id = c.payload_id AND e.charset = coalesce(c.charset, '')
                           AND e.recipe_id = :recipe"""


def with_extraction(ask: Ask, capture_ids: Sequence[int], recipe_id: str) -> set[int]:
    """Return those of these captures whose payload, read in their charset, was extracted under the recipe."""
    return {row["id"] for row in ask(_WITH_EXTRACTION, ids=json.dumps(list(capture_ids)), recipe=recipe_id)}


def known_cores(ask: Ask, cores: Sequence[str], recipe_id: str) -> set[tuple[str, str]]:
    """Return core and charset of the extractions under the recipe that have one of these cores."""
    known = set()
    remaining = iter(dict.fromkeys(cores))
    while batch := list(islice(remaining, 100)):
        names = {f"c{number}": bytes.fromhex(core) for number, core in enumerate(batch)}
        sql = f"""SELECT core, charset FROM extraction
                  WHERE core IN ({", ".join(":" + name for name in names)}) AND recipe_id = :recipe"""
        known |= {(row["core"].hex(), row["charset"]) for row in ask(sql, recipe=recipe_id, **names)}
    return known


_EXTRACTED = """
    SELECT e.verdict, t.title, t.body, e.removed, e.canonical_url
    FROM extraction e JOIN payload p ON p.id = e.payload_id LEFT JOIN text t ON t.id = e.text_id
    WHERE p.sha256 = :digest AND e.charset = :charset AND e.recipe_id = :recipe"""


def extraction_of(ask: Ask, capture: Capture, recipe_id: str) -> Extraction | None:
    """Return verdict, text, removed spans and canonical address of a capture's payload. None: it was not extracted."""
    digest = bytes.fromhex(capture.payload_sha256 or "")
    rows = ask(_EXTRACTED, digest=digest, charset=capture.charset or "", recipe=recipe_id)
    return row_mapping.extraction(rows[0]) if rows else None
