"""Writing what the facts say: extractions, one a payload and recipe, and which capture shows which."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.dialects.sqlite import insert

from db.schema import derivation, extraction, payload, recipe, text
from db.times import micros, micros_or_none

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.connect import Ask, Row
    from db.records import Capture, Extraction, Recipe, Verdict

_STALE = """
    INSERT INTO underived (capture_id)
    SELECT d.capture_id FROM derivation d JOIN extraction e ON e.id = d.extraction_id
    WHERE e.recipe_id <> :recipe AND d.capture_id NOT IN (SELECT capture_id FROM underived)"""


def use_recipe(connection: Connection, current: Recipe, now: datetime) -> bool:
    """Note the recipe; put every capture that was derived under another one back on the ledger."""
    facts = json.dumps(current.facts, ensure_ascii=False)
    row = insert(recipe).values(id=current.id, facts=facts, first_used_at=micros(now)).on_conflict_do_nothing()
    if connection.execute(row).rowcount == 0 and _same_as_last(connection, current.id):
        return False
    return connection.execute(sql(_STALE), {"recipe": current.id}).rowcount > 0


def _same_as_last(connection: Connection, recipe_id: str) -> bool:
    """True when nothing is derived under another recipe; asked of the newest derivation, which is one look-up."""
    newest = select(extraction.c.recipe_id).join(derivation).order_by(derivation.c.capture_id.desc()).limit(1)
    oldest = select(extraction.c.recipe_id).join(derivation).order_by(derivation.c.capture_id).limit(1)
    return {recipe_id}.issuperset(connection.execute(newest.limit(1)).scalars()) and {recipe_id}.issuperset(
        connection.execute(oldest).scalars()
    )


_AGAIN = """
    INSERT INTO underived (capture_id)
    SELECT c.id FROM capture c JOIN source s ON s.id = c.source_id AND s.kind = 'article'
    WHERE c.source_id = :source AND c.payload_id IS NOT NULL AND c.reason IS NULL
      AND (:since IS NULL OR c.captured_at >= :since) AND (:until IS NULL OR c.captured_at < :until)
      AND c.id NOT IN (SELECT capture_id FROM underived)"""


def queue_again(connection: Connection, sources: Sequence[int], since: datetime | None, until: datetime | None) -> int:
    """Put the whole pages of these sources captured in the window back on the ledger; how many."""
    window = {"since": micros_or_none(since), "until": micros_or_none(until)}
    return sum(connection.execute(sql(_AGAIN), {"source": each, **window}).rowcount for each in sources)


_KNOWN = """
    SELECT e.id, e.verdict, e.detail FROM extraction e JOIN payload p ON p.id = e.payload_id
    WHERE p.sha256 = :digest AND e.charset = :charset AND e.recipe_id = :recipe"""


def known(ask: Ask, capture: Capture, recipe_id: str) -> bool:
    """True when the payload, read in this charset, has an extraction under the recipe."""
    digest = bytes.fromhex(capture.payload_sha256 or "")
    return bool(ask(_KNOWN, digest=digest, charset=_charset(capture), recipe=recipe_id))


def keep(connection: Connection, capture: Capture, found: Extraction, sha256: str | None, current: Recipe) -> None:
    """Add an extraction and its text; one that is there already changes nothing."""
    digest = bytes.fromhex(capture.payload_sha256 or "")
    payload_id = connection.execute(select(payload.c.id).where(payload.c.sha256 == digest)).scalar_one()
    row = insert(extraction).values(
        payload_id=payload_id,
        charset=_charset(capture),
        recipe_id=current.id,
        verdict=str(found.verdict),
        detail=found.detail,
        text_id=None if sha256 is None else keep_text(connection, sha256, found.title, found.text),
        byline=found.byline,
        published_at=micros_or_none(found.published_at),
        modified_at=micros_or_none(found.modified_at),
        language=found.language,
        site=found.site,
        canonical_url=found.canonical_url,
        removed=json.dumps([[each.at, each.text, each.because] for each in found.removed], ensure_ascii=False),
        origin=json.dumps(found.origin, ensure_ascii=False),
    )
    connection.execute(row.on_conflict_do_nothing())


def keep_text(connection: Connection, sha256: str, title: str, body: str) -> int:
    """The id of a text, added with its full-text entry if it is new."""
    digest = bytes.fromhex(sha256)
    new = insert(text).values(sha256=digest, title=title, body=body).on_conflict_do_nothing().returning(text.c.id)
    text_id = connection.execute(new).scalar_one_or_none()
    if text_id is None:
        return int(connection.execute(select(text.c.id).where(text.c.sha256 == digest)).scalar_one())
    entry = sql("INSERT INTO text_fts (rowid, title, body) VALUES (:id, :title, :body)")
    connection.execute(entry, {"id": text_id, "title": title, "body": body})
    return int(text_id)


def tie(
    connection: Connection,
    capture: Capture,
    recipe_id: str,
    verdict: Callable[[Row], tuple[Verdict, str]],
    now: datetime,
) -> None:
    """Tie a capture to the extraction of its payload."""
    digest = bytes.fromhex(capture.payload_sha256 or "")
    values = {"digest": digest, "charset": _charset(capture), "recipe": recipe_id}
    found = connection.execute(sql(_KNOWN), values).mappings().one()
    judged, detail = verdict(dict(found))
    row = {"extraction_id": found["id"], "verdict": str(judged), "detail": detail, "derived_at": micros(now)}
    new = insert(derivation).values(capture_id=capture.id, **row)
    connection.execute(new.on_conflict_do_update(index_elements=["capture_id"], set_=row))


def _charset(capture: Capture) -> str:
    return capture.charset or ""
