"""Writing what the facts say: extractions, one a payload and recipe, and which capture shows which."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros, micros_or_none
from db.schema import cleaning, derivation, extraction, payload, recipe, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.reader import Row
    from db.records import Capture, CleanedText, Extraction, Fact, Recipe, RemovedSpan, Verdict

_STALE = """
    INSERT INTO underived (capture_id)
    SELECT d.capture_id FROM derivation d JOIN extraction e ON e.id = d.extraction_id
    WHERE e.recipe_id <> :recipe AND d.capture_id NOT IN (SELECT capture_id FROM underived)"""


def use_recipe(connection: Connection, current: Recipe, now: datetime) -> bool:
    """Note the recipe; put every capture that was derived under another one back on the ledger."""
    if not _note(connection, current, now) and _same_as_last(connection, current.id):
        return False
    return connection.execute(sql(_STALE), {"recipe": current.id}).rowcount > 0


def _note(connection: Connection, current: Recipe, now: datetime) -> bool:
    """Note a recipe; True if it is new."""
    facts = json.dumps(current.facts, ensure_ascii=False)
    row = insert(recipe).values(id=current.id, facts=facts, first_used_at=micros(now)).on_conflict_do_nothing()
    return connection.execute(row).rowcount > 0


def _same_as_last(connection: Connection, recipe_id: str) -> bool:
    """True when nothing is derived under another recipe; asked of the newest derivation, which is one look-up."""
    newest = select(extraction.c.recipe_id).join(derivation).order_by(derivation.c.capture_id.desc()).limit(1)
    oldest = select(extraction.c.recipe_id).join(derivation).order_by(derivation.c.capture_id).limit(1)
    return {recipe_id}.issuperset(connection.execute(newest.limit(1)).scalars()) and {recipe_id}.issuperset(
        connection.execute(oldest).scalars()
    )


_AGAIN = """
    INSERT INTO underived (capture_id)
    SELECT c.id FROM capture c JOIN source s ON s.id = c.source_id AND s.kind IN ('article', 'probe')
    WHERE c.source_id = :source AND c.payload_id IS NOT NULL AND c.reason IS NULL AND c.part = 1
      AND (:since IS NULL OR c.captured_at >= :since) AND (:until IS NULL OR c.captured_at < :until)
      AND c.id NOT IN (SELECT capture_id FROM underived)"""


def requeue_sources(
    connection: Connection, sources: Sequence[int], since: datetime | None, until: datetime | None
) -> int:
    """Put the whole pages of these sources captured in the window back on the ledger; how many."""
    window = {"since": micros_or_none(since), "until": micros_or_none(until)}
    return sum(connection.execute(sql(_AGAIN), {"source": each, **window}).rowcount for each in sources)


_KNOWN = """
    SELECT e.id, e.verdict, e.detail, t.title, t.body, e.removed
    FROM extraction e JOIN payload p ON p.id = e.payload_id LEFT JOIN text t ON t.id = e.text_id
    WHERE p.sha256 = :digest AND e.charset = :charset AND e.recipe_id = :recipe"""


_LIKE = """
    INSERT INTO extraction (payload_id, charset, recipe_id, verdict, detail, text_id, byline, published_at, modified_at,
                            language, site, canonical_url, removed, origin, claims, facts, headline_from, core)
    SELECT p.id, e.charset, e.recipe_id, e.verdict, e.detail, e.text_id, e.byline, e.published_at, e.modified_at,
           e.language, e.site, e.canonical_url, e.removed, e.origin, e.claims, e.facts, e.headline_from, e.core
    FROM extraction e JOIN payload p ON p.sha256 = :digest
    WHERE e.core = :core AND e.charset = :charset AND e.recipe_id = :recipe ORDER BY e.id LIMIT 1
    ON CONFLICT DO NOTHING"""


def copy_extraction(connection: Connection, capture: Capture, recipe_id: str, core: str) -> bool:
    """Give the payload the extraction of another of which the same is read; False if the recipe saw none."""
    digest = bytes.fromhex(capture.payload_sha256 or "")
    values = {"digest": digest, "core": bytes.fromhex(core), "charset": _charset(capture), "recipe": recipe_id}
    return connection.execute(sql(_LIKE), values).rowcount > 0


def record_extraction(
    connection: Connection,
    capture: Capture,
    found: Extraction,
    sha256: str | None,
    current: Recipe,
    core: str | None = None,
) -> None:
    """Add an extraction and its text; one that is there already changes nothing."""
    digest = bytes.fromhex(capture.payload_sha256 or "")
    payload_id = connection.execute(select(payload.c.id).where(payload.c.sha256 == digest)).scalar_one()
    row = insert(extraction).values(
        payload_id=payload_id,
        charset=_charset(capture),
        recipe_id=current.id,
        verdict=str(found.verdict),
        detail=found.detail,
        text_id=None if sha256 is None else add_text(connection, sha256, found.title, found.text),
        byline=found.byline,
        published_at=micros_or_none(found.published_at),
        modified_at=micros_or_none(found.modified_at),
        language=found.language,
        site=found.site,
        canonical_url=found.canonical_url,
        removed=_removed(found.removed),
        origin=json.dumps(found.origin, ensure_ascii=False),
        claims=json.dumps(found.claims, ensure_ascii=False),
        facts=json.dumps([_fact(each) for each in found.facts], ensure_ascii=False),
        headline_from=json.dumps(found.headline_from),
        core=None if core is None else bytes.fromhex(core),
    )
    connection.execute(row.on_conflict_do_nothing())


def _removed(spans: Sequence[RemovedSpan]) -> str:
    return json.dumps([[each.at, each.text, each.because] for each in spans], ensure_ascii=False)


def _fact(each: Fact) -> list[str | bool]:
    """A fact as it is stored: name, value, source, raw form, and whether it is a guess."""
    return [each.name, each.value, each.source, each.raw, each.guess]


def add_text(connection: Connection, sha256: str, title: str, body: str) -> int:
    """The id of a text, added with its full-text entry if it is new."""
    digest = bytes.fromhex(sha256)
    new = insert(text).values(sha256=digest, title=title, body=body).on_conflict_do_nothing().returning(text.c.id)
    text_id = connection.execute(new).scalar_one_or_none()
    if text_id is None:
        return int(connection.execute(select(text.c.id).where(text.c.sha256 == digest)).scalar_one())
    entry = sql("INSERT INTO text_fts (rowid, title, body) VALUES (:id, :title, :body)")
    connection.execute(entry, {"id": text_id, "title": title, "body": body})
    return int(text_id)


def record_derivation(
    connection: Connection,
    capture: Capture,
    recipe_id: str,
    verdict: Callable[[Row], tuple[Verdict, str]],
    now: datetime,
    cleaned: CleanedText | None = None,
) -> None:
    """Tie a capture to the extraction of its payload, and to what that says as ``cleaned``, if that is not the same."""
    digest = bytes.fromhex(capture.payload_sha256 or "")
    values = {"digest": digest, "charset": _charset(capture), "recipe": recipe_id}
    found = connection.execute(sql(_KNOWN), values).mappings().one()
    judged, detail = verdict(dict(found))
    row = {"extraction_id": found["id"], "verdict": str(judged), "detail": detail, "derived_at": micros(now)}
    row |= {"cleaning_id": None, "text_id": None} | _keep_cleaned(connection, found["id"], cleaned, now)
    row |= _measures(found["body"] or "", [text for _, text, _ in json.loads(found["removed"])])
    if cleaned is not None:
        row |= _measures(cleaned.text, [each.text for each in cleaned.removed])
    new = insert(derivation).values(capture_id=capture.id, **row)
    connection.execute(new.on_conflict_do_update(index_elements=["capture_id"], set_=row))


def _measures(body: str, removed: Sequence[str]) -> dict[str, int]:
    paragraphs = body.count("\n") + 1 if body else 0
    return {"length": len(body), "paragraphs": paragraphs, "taken": sum(map(len, removed))}


def _keep_cleaned(
    connection: Connection, extraction_id: int, found: CleanedText | None, now: datetime
) -> dict[str, int]:
    """Keep a cleaned text unless it is known; the columns of a derivation that name it."""
    if found is None:
        return {}
    _note(connection, found.recipe, now)
    key = {"extraction_id": extraction_id, "recipe_id": found.recipe.id, "parts": found.parts}
    text_id = add_text(connection, found.sha256, found.title, found.text)
    row = key | {"furniture_id": found.furniture_id, "text_id": text_id, "removed": _removed(found.removed)}
    connection.execute(insert(cleaning).values(**row).on_conflict_do_nothing())
    same = [cleaning.c[name] == value for name, value in key.items()]
    return {"cleaning_id": connection.execute(select(cleaning.c.id).where(*same)).scalar_one(), "text_id": text_id}


def _charset(capture: Capture) -> str:
    return capture.charset or ""
