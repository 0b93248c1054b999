"""Queries of derived rows as they are stored, for comparison with what their facts give when worked out again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.reader import Ask, Row
    from db.records import Capture

_ROOTS = """
    SELECT id FROM source s WHERE same_as IS NULL AND id > :after
      AND (kind IN ('article', 'probe') OR EXISTS (SELECT 1 FROM version v WHERE v.source_id = s.id))
    ORDER BY id LIMIT :n"""


def roots(ask: Ask, *, after: int = 0, limit: int = 1 << 62) -> list[int]:
    """Return the sources that keep a history, by id from ``after`` on."""
    return [row["id"] for row in ask(_ROOTS, after=after, n=limit)]


_MARK = """
    SELECT json_extract(counts, '$.rechecked_to') AS mark FROM run
    WHERE kind = 'upkeep' AND json_valid(counts) AND json_extract(counts, '$.rechecked_to') IS NOT NULL
    ORDER BY id DESC LIMIT 1"""


def last_mark(ask: Ask) -> int:
    """Return the last source that a nightly recheck came to, 0 if the next one begins anew."""
    rows = ask(_MARK)
    return int(rows[0]["mark"]) if rows else 0


_FAULTS = """
    SELECT json_extract(counts, '$.recheck_faults') AS faults FROM run
    WHERE kind = 'upkeep' AND finished_at IS NOT NULL AND json_valid(counts) AND id > coalesce(
        (SELECT max(id) FROM run WHERE kind = 'reextract' AND finished_at IS NOT NULL), 0)"""


def faults_since_mended(ask: Ask) -> int:
    """Return the number of faults that nightly rechecks found since the last ``reextract``."""
    return sum(int(row["faults"] or 0) for row in ask(_FAULTS))


_ADDRESSES = "SELECT id FROM source WHERE id = :id UNION SELECT id FROM source WHERE same_as = :id ORDER BY id"


def addresses(ask: Ask, root: int) -> list[int]:
    """Return the sources of one history, the one that keeps it included."""
    return [row["id"] for row in ask(_ADDRESSES, id=root)]


_WAITS = """
    SELECT 1 FROM capture c WHERE c.source_id IN (SELECT value FROM json_each(:ids))
      AND EXISTS (SELECT 1 FROM underived u WHERE u.capture_id = c.id) LIMIT 1"""


def is_waiting(ask: Ask, source_ids: Sequence[int]) -> bool:
    """True if a capture of these sources waits to be derived."""
    return bool(ask(_WAITS, ids=json.dumps(list(source_ids))))


_DERIVATIONS = """
    SELECT c.id AS capture_id, c.url, d.verdict, d.detail, d.length, d.paragraphs, d.taken, d.text_id, d.cleaning_id,
           d.extraction_id, e.recipe_id,
           EXISTS (SELECT 1 FROM capture f WHERE (f.id = c.id OR f.part_of = c.id)
                     AND f.payload_id = e.payload_id AND coalesce(f.charset, '') = e.charset) AS fits,
           k.extraction_id AS cleaned_extraction_id, k.recipe_id AS cleaned_by, k.parts, k.furniture_id, k.removed,
           k.text_id AS cleaned_text_id, t.sha256 AS cleaned_sha256
    FROM capture c JOIN derivation d ON d.capture_id = c.id
    LEFT JOIN extraction e ON e.id = d.extraction_id
    LEFT JOIN cleaning k ON k.id = d.cleaning_id LEFT JOIN text t ON t.id = k.text_id
    WHERE c.source_id IN (SELECT value FROM json_each(:ids))
      AND c.id NOT IN (SELECT capture_id FROM page_error) ORDER BY c.id"""


def derivations(ask: Ask, source_ids: Sequence[int]) -> list[Row]:
    """Return the stored derivation of every capture of these sources, with its cleaned text.

    Captures that made the derivation raise are left out.
    """
    return ask(_DERIVATIONS, ids=json.dumps(list(source_ids)))


_EXTRACTION = """
    SELECT e.*, t.sha256 AS text_sha256
    FROM extraction e JOIN payload p ON p.id = e.payload_id LEFT JOIN text t ON t.id = e.text_id
    WHERE p.sha256 = :digest AND e.charset = :charset AND e.recipe_id = :recipe"""


def extraction(ask: Ask, capture: Capture, recipe_id: str) -> Row | None:
    """Return the stored extraction of the payload of a capture, with the digest of its text. None: there is none."""
    digest = bytes.fromhex(capture.payload_sha256 or "")
    rows = ask(_EXTRACTION, digest=digest, charset=capture.charset or "", recipe=recipe_id)
    return rows[0] if rows else None


_CORE = """
    SELECT e.core FROM extraction e JOIN payload p ON p.id = e.payload_id
    WHERE p.sha256 = :digest AND e.charset = :charset AND e.recipe_id = :recipe"""


def core(ask: Ask, capture: Capture, recipe_id: str) -> bytes | None:
    """Return the digest of the page that the stored extraction of a capture's payload was made from."""
    digest = bytes.fromhex(capture.payload_sha256 or "")
    rows = ask(_CORE, digest=digest, charset=capture.charset or "", recipe=recipe_id)
    return rows[0]["core"] if rows else None


_TWINS = """
    SELECT c.id FROM capture c JOIN payload p ON p.id = c.payload_id
    WHERE p.sha256 = :digest AND coalesce(c.charset, '') = :charset ORDER BY c.id"""


def twins(ask: Ask, capture: Capture) -> list[int]:
    """Return all captures of this one's payload that are read in its charset."""
    digest = bytes.fromhex(capture.payload_sha256 or "")
    return [row["id"] for row in ask(_TWINS, digest=digest, charset=capture.charset or "")]


_OF_CORE = """
    SELECT min(c.id) AS id FROM extraction e
    JOIN capture c ON c.payload_id = e.payload_id AND coalesce(c.charset, '') = e.charset
    WHERE e.core = :core AND e.charset = :charset AND e.recipe_id = :recipe
    GROUP BY c.captured_at ORDER BY c.captured_at LIMIT :n"""


def captures_of_core(ask: Ask, extraction: Row, core: bytes, *, limit: int) -> list[int]:
    """Return captures that show the page with this ``core``, one for each time, in the order of time."""
    values = {"charset": extraction["charset"], "recipe": extraction["recipe_id"]}
    return [row["id"] for row in ask(_OF_CORE, core=core, n=limit, **values)]


_USED = "SELECT 1 FROM derivation d JOIN extraction e ON e.id = d.extraction_id WHERE e.recipe_id = :recipe LIMIT 1"


def is_used(ask: Ask, recipe_id: str) -> bool:
    """True if a capture is derived under this recipe. Then every other one that is not on the ledger is, too."""
    return bool(ask(_USED, recipe=recipe_id))


_CLAIMS = "SELECT kind, url_key, url, first_seen_at, last_seen_at FROM claim WHERE source_id = :id"


def claims(ask: Ask, source_id: int) -> list[Row]:
    """Return the stored alias claims of one source."""
    return ask(_CLAIMS, id=source_id)


_VERSIONS = """
    SELECT v.*, t.sha256 FROM version v LEFT JOIN text t ON t.id = v.text_id
    WHERE v.source_id IN (SELECT value FROM json_each(:ids)) AND v.superseded_at IS NULL ORDER BY v.number, v.id"""


def versions(ask: Ask, source_ids: Sequence[int]) -> list[Row]:
    """Return the stored versions of these sources that are believed today, with the digest of their texts."""
    return ask(_VERSIONS, ids=json.dumps(list(source_ids)))


_TEXTS = """
    SELECT DISTINCT v.text_id AS id FROM version v
    WHERE v.superseded_at IS NULL AND v.source_id IN (SELECT value FROM json_each(:ids)) ORDER BY v.text_id"""


def texts(ask: Ask, source_ids: Sequence[int]) -> list[int]:
    """Return the texts of the versions of these sources that are believed today."""
    return [row["id"] for row in ask(_TEXTS, ids=json.dumps(list(source_ids)))]


_WAITING = "SELECT text_id AS id FROM unlinked UNION SELECT text_id FROM text_error"


def uncompared(ask: Ask) -> set[int]:
    """Return the texts that wait to be compared, or made the comparison raise."""
    return {row["id"] for row in ask(_WAITING)}


_LINKS = """
    SELECT l.*, CASE WHEN l.a_text_id = :id THEN l.b_text_id ELSE l.a_text_id END AS other_id
    FROM link l WHERE l.a_text_id = :id OR l.b_text_id = :id"""


def links(ask: Ask, text_id: int) -> list[Row]:
    """Return the stored links of one text."""
    return ask(_LINKS, id=text_id)


def compared_by(ask: Ask, text_id: int) -> str | None:
    """Return the method by which a text was compared with the others. None: it was not."""
    rows = ask("SELECT linked_by FROM text WHERE id = :id", id=text_id)
    return rows[0]["linked_by"] if rows else None


_KEYS = """
    SELECT key FROM near_key WHERE key IN (SELECT value FROM json_each(:keys)) AND day = :day AND text_id = :id"""


def stored_keys(ask: Ask, text_id: int, keys: Sequence[int], day: int) -> set[int]:
    """Return those of these LSH keys that are stored for the text under this day."""
    return {row["key"] for row in ask(_KEYS, id=text_id, keys=json.dumps(list(keys)), day=day)}


_STRAYS = {
    "text": """SELECT id FROM text WHERE id NOT IN (SELECT text_id FROM extraction WHERE text_id IS NOT NULL)
               AND id NOT IN (SELECT text_id FROM cleaning) ORDER BY id""",
    "extraction": """SELECT e.id FROM extraction e WHERE NOT EXISTS (
                     SELECT 1 FROM capture c WHERE c.payload_id = e.payload_id AND coalesce(c.charset, '') = e.charset)
                     ORDER BY e.id""",
    "cleaning": "SELECT id FROM cleaning WHERE extraction_id NOT IN (SELECT id FROM extraction) ORDER BY id",
    "derivation": """SELECT d.capture_id AS id FROM derivation d JOIN capture c ON c.id = d.capture_id
                     JOIN source s ON s.id = c.source_id
                     WHERE s.kind NOT IN ('article', 'probe') OR c.payload_id IS NULL OR c.reason IS NOT NULL
                        OR c.part <> 1 ORDER BY d.capture_id""",
    "link": """SELECT l.rowid AS id FROM link l
               WHERE l.a_text_id NOT IN (SELECT text_id FROM version WHERE superseded_at IS NULL)
                  OR l.b_text_id NOT IN (SELECT text_id FROM version WHERE superseded_at IS NULL)
                  OR l.a_text_id = l.b_text_id ORDER BY l.rowid""",
}


def strays(ask: Ask) -> list[tuple[str, int]]:
    """Return the rows (table, id) that nothing in the archive gives: no page, no text."""
    return [(table, row["id"]) for table, sql in _STRAYS.items() for row in ask(sql)]


_KEY_COUNT = "SELECT count(*) AS n FROM near_key"


def count_keys(ask: Ask) -> int:
    """Return the number of stored LSH keys of all texts."""
    return int(ask(_KEY_COUNT)[0]["n"])
