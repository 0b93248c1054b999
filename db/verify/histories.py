"""Checks of derived data: the ledger, histories and links are consistent."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from db.records import Problem
from db.verify.common import DERIVE, RESTORE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.reader import Reader, Row

_NOT_ON_LEDGER = """
    SELECT c.id, c.url FROM capture c
    JOIN source s ON s.id = c.source_id AND s.kind = 'article'
    LEFT JOIN derivation d ON d.capture_id = c.id
    LEFT JOIN underived u ON u.capture_id = c.id
    WHERE c.payload_id IS NOT NULL AND c.reason IS NULL AND c.part = 1
      AND d.capture_id IS NULL AND u.capture_id IS NULL
      AND c.id NOT IN (SELECT capture_id FROM page_error)
    ORDER BY c.id"""


def ledger(reader: Reader) -> Iterator[Problem]:
    """Check that every whole page of an article is derived, on the ledger, or recorded as failed."""
    for row in reader.ask(_NOT_ON_LEDGER):
        what = "it was never derived, and is not on the ledger"
        yield Problem(what=what, where=f"capture {row['id']} of {row['url']}", todo=DERIVE)


_RECIPE_ID = re.compile(r"([0-9a-f]{16})(?:\+([0-9a-f]{16}))?")


def recipes(reader: Reader) -> Iterator[Problem]:
    """Check that the id of each recipe is the digest of its facts. That of a site template adds its own digest."""
    for row in reader.ask("SELECT id, CAST(facts AS BLOB) AS facts FROM recipe ORDER BY id"):
        match = _RECIPE_ID.fullmatch(row["id"])
        if match is None:
            continue
        try:
            facts = [tuple(fact) for fact in json.loads(row["facts"])]
        except (ValueError, TypeError):
            facts = []
        own = tuple(fact for fact in facts if fact[:1] != ("furniture",))
        digest = hashlib.sha256(repr(own).encode()).hexdigest()[:16]
        template = next((fact[-1] for fact in facts if fact[:1] == ("furniture",)), None)
        if (digest, template) != match.groups():
            yield Problem(what="its id is not the digest of its facts", where=f"recipe {row['id']}", todo=DERIVE)


_MISNUMBERED = """
    SELECT s.url, group_concat(v.number, ', ') AS numbers FROM version v JOIN source s ON s.id = v.source_id
    WHERE v.superseded_at IS NULL GROUP BY s.id
    HAVING count(*) <> max(v.number) OR min(v.number) <> 1 OR count(DISTINCT v.number) <> count(*) ORDER BY s.url_key"""
_TEXTLESS = """
    SELECT s.url, v.number FROM version v JOIN source s ON s.id = v.source_id
    WHERE v.superseded_at IS NULL AND v.text_id NOT IN (SELECT id FROM text) ORDER BY s.url_key, v.number"""
_WRONG_ALIAS = """
    SELECT s.url, CASE WHEN r.same_as IS NULL THEN 'it has versions of its own' ELSE 'that address is an alias itself'
    END
           AS what
    FROM source s JOIN source r ON r.id = s.same_as
    WHERE r.same_as IS NOT NULL
       OR EXISTS (SELECT 1 FROM version v WHERE v.source_id = s.id AND v.superseded_at IS NULL)
    ORDER BY s.url_key"""


def histories(reader: Reader) -> Iterator[Problem]:
    """Check that versions count from 1 without gaps and have a text, and that aliases have no history of their own."""
    for row in reader.ask(_MISNUMBERED):
        yield Problem(what=f"its versions are numbered {row['numbers']}", where=row["url"], todo=DERIVE)
    for row in reader.ask(_TEXTLESS):
        what = f"version {row['number']} has no text"
        yield Problem(what=what, where=row["url"], todo=RESTORE)
    for row in reader.ask(_WRONG_ALIAS):
        what = f"its history belongs to another address, but {row['what']}"
        yield Problem(what=what, where=row["url"], todo=DERIVE)


_LINKS = """
    SELECT l.a_text_id, l.b_text_id, l.passages, a.title AS a_title, b.title AS b_title, length(a.body) AS a_length,
           length(b.body) AS b_length
    FROM link l JOIN text a ON a.id = l.a_text_id JOIN text b ON b.id = l.b_text_id ORDER BY l.a_text_id, l.b_text_id"""


def links(reader: Reader) -> Iterator[Problem]:
    """Check that the passages of a link are within its two texts."""
    for row in reader.ask(_LINKS):
        if not _are_within(row):
            where = f"link of {row['a_title']!r} and {row['b_title']!r}"
            yield Problem(what="its passages are outside of its texts", where=where, todo="wirecopy rematch")


def _are_within(row: Row) -> bool:
    try:
        passages = json.loads(row["passages"])
        return all(
            0 <= a0 <= a1 <= row["a_length"] and 0 <= b0 <= b1 <= row["b_length"] for a0, a1, b0, b1, *_ in passages
        )
    except (ValueError, TypeError):
        return False
