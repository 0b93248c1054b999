"""Write what is derived from captures: extractions, one a payload and recipe, and which capture shows which."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros, micros_or_none
from db.schema import cleaning, derivation, extraction, payload, recipe, text
from db.store import mending, search_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from db.reader import Row
    from db.records import Capture, CleanedText, Extraction, Fact, Recipe, RemovedSpan, Verdict

_REQUEUE_STALE = """
    INSERT INTO underived (capture_id)
    SELECT d.capture_id FROM derivation d JOIN extraction e ON e.id = d.extraction_id
    WHERE e.recipe_id <> :recipe AND d.capture_id NOT IN (SELECT capture_id FROM underived)"""


def use_recipe(connection: Connection, current: Recipe, now: datetime) -> bool:
    """Make ``current`` the current recipe. Captures derived under another go back on the ledger. True if any did."""
    if not _add_recipe(connection, current, now) and _is_only_recipe(connection, current.id):
        return False
    return connection.execute(sql(_REQUEUE_STALE), {"recipe": current.id}).rowcount > 0


def _add_recipe(connection: Connection, current: Recipe, now: datetime) -> bool:
    """Store a recipe. True if it is new. Its id is a digest of its facts, so a row with others is damaged."""
    facts = json.dumps(current.facts, ensure_ascii=False)
    row = insert(recipe).values(id=current.id, facts=facts, first_used_at=micros(now)).on_conflict_do_nothing()
    if connection.execute(row).rowcount > 0:
        return True
    damaged = (recipe.c.id == current.id) & (recipe.c.facts != facts)
    connection.execute(update(recipe).where(damaged).values(facts=facts))
    return False


def _is_only_recipe(connection: Connection, recipe_id: str) -> bool:
    """True if the oldest and the newest derivation are of this recipe, or there is none: two look-ups, no scan."""
    newest = select(extraction.c.recipe_id).join(derivation).order_by(derivation.c.capture_id.desc()).limit(1)
    oldest = select(extraction.c.recipe_id).join(derivation).order_by(derivation.c.capture_id).limit(1)
    return {recipe_id}.issuperset(connection.execute(newest.limit(1)).scalars()) and {recipe_id}.issuperset(
        connection.execute(oldest).scalars()
    )


_REQUEUE_SOURCE = """
    INSERT INTO underived (capture_id)
    SELECT c.id FROM capture c JOIN source s ON s.id = c.source_id AND s.kind IN ('article', 'probe')
    WHERE c.source_id = :source AND c.payload_id IS NOT NULL AND c.reason IS NULL AND c.part = 1
      AND (CAST(:since AS BIGINT) IS NULL OR c.captured_at >= :since)
      AND (CAST(:until AS BIGINT) IS NULL OR c.captured_at < :until)
      AND c.id NOT IN (SELECT capture_id FROM underived)"""


def requeue_sources(
    connection: Connection, sources: Sequence[int], since: datetime | None, until: datetime | None
) -> int:
    """Put the whole pages of these sources captured in the window back on the ledger, and return how many."""
    window = {"since": micros_or_none(since), "until": micros_or_none(until)}
    statement = sql(_REQUEUE_SOURCE)
    return sum(connection.execute(statement, {"source": source_id, **window}).rowcount for source_id in sources)


_EXTRACTION = """
    SELECT e.id, e.verdict, e.detail, t.title, t.body, e.removed
    FROM extraction e JOIN payload p ON p.id = e.payload_id LEFT JOIN text t ON t.id = e.text_id
    WHERE p.sha256 = :digest AND e.charset = :charset AND e.recipe_id = :recipe"""


_COPY = """
    INSERT INTO extraction (payload_id, charset, recipe_id, verdict, detail, text_id, byline, published_at, modified_at,
                            language, site, canonical_url, removed, origin, claims, facts, headline_from, core)
    SELECT p.id, e.charset, e.recipe_id, e.verdict, e.detail, e.text_id, e.byline, e.published_at, e.modified_at,
           e.language, e.site, e.canonical_url, e.removed, e.origin, e.claims, e.facts, e.headline_from, e.core
    FROM extraction e JOIN payload p ON p.sha256 = :digest
    WHERE e.core = :core AND e.charset = :charset AND e.recipe_id = :recipe ORDER BY e.id LIMIT 1
    ON CONFLICT DO NOTHING"""


def copy_extraction(connection: Connection, capture: Capture, recipe_id: str, core: str) -> bool:
    """Give the payload the extraction of another with the same ``core``. False if the recipe has none.

    ``core`` is the digest of what is read of a payload: the page without scripts, styles and comments.
    """
    digest = bytes.fromhex(capture.payload_sha256 or "")
    values = {"digest": digest, "core": bytes.fromhex(core), "charset": _charset(capture), "recipe": recipe_id}
    return connection.execute(sql(_COPY), values).rowcount > 0


def record_extraction(
    connection: Connection,
    capture: Capture,
    result: Extraction,
    sha256: str | None,
    current: Recipe,
    core: str | None = None,
    *,
    again: bool = False,
) -> None:
    """Add the extraction of a capture's payload and its text. One that is stored already changes nothing.

    ``again``: it is overwritten, and so is its text (``db.store.mending``). ``sha256`` is the digest of headline and
    body, None where there is no body. ``core`` as in ``copy_extraction``.
    """
    digest = bytes.fromhex(capture.payload_sha256 or "")
    payload_id = connection.execute(select(payload.c.id).where(payload.c.sha256 == digest)).scalar_one()
    key = {"payload_id": payload_id, "charset": _charset(capture), "recipe_id": current.id}
    before = _text_before(connection, extraction, key) if again else None
    text_id = None
    if sha256 is not None:
        if again:
            mending.mend_text(connection, before, sha256, result.title, result.text)
        text_id = add_text(connection, sha256, result.title, result.text)
    row = extraction_columns(result, core) | {"text_id": text_id}
    new = insert(extraction).values(**key, **row)
    if not again:
        connection.execute(new.on_conflict_do_nothing())
        return
    connection.execute(new.on_conflict_do_update(index_elements=[*key], set_=row))
    mending.replace_text(connection, before, text_id)


def _text_before(connection: Connection, table: Table, key: Mapping[str, object]) -> int | None:
    """Return the text that the row of ``table`` with this ``key`` refers to, None if it has none or is missing."""
    same = [table.c[name] == value for name, value in key.items()]
    return connection.execute(select(table.c.text_id).where(*same)).scalar_one_or_none()


def extraction_columns(result: Extraction, core: str | None) -> dict[str, object]:
    """Return the columns of an extraction that follow from its page alone: all but the keys of other rows."""
    return {
        "verdict": str(result.verdict),
        "detail": result.detail,
        "byline": result.byline,
        "published_at": micros_or_none(result.published_at),
        "modified_at": micros_or_none(result.modified_at),
        "language": result.language,
        "site": result.site,
        "canonical_url": result.canonical_url,
        "removed": removed_column(result.removed),
        "origin": json.dumps(result.origin, ensure_ascii=False),
        "claims": json.dumps(result.claims, ensure_ascii=False),
        "facts": json.dumps([_fact(fact) for fact in result.facts], ensure_ascii=False),
        "headline_from": json.dumps(result.headline_from),
        "core": None if core is None else bytes.fromhex(core),
    }


def removed_column(spans: Sequence[RemovedSpan]) -> str:
    """Return the column of removed spans: offset, text and reason of each."""
    return json.dumps([[span.at, span.text, span.because] for span in spans], ensure_ascii=False)


def _fact(fact: Fact) -> list[str | bool]:
    """Return a fact as it is stored: name, value, source, raw form, and whether it is a guess."""
    return [fact.name, fact.value, fact.source, fact.raw, fact.guess]


def add_text(connection: Connection, sha256: str, title: str, body: str) -> int:
    """Return the id of a text, adding it with its full-text entry if it is new."""
    digest = bytes.fromhex(sha256)
    new = insert(text).values(sha256=digest, title=title, body=body).on_conflict_do_nothing().returning(text.c.id)
    text_id = connection.execute(new).scalar_one_or_none()
    if text_id is None:
        return int(connection.execute(select(text.c.id).where(text.c.sha256 == digest)).scalar_one())
    search_entries.add_entry(connection, text_id, title, body)
    return int(text_id)


def record_derivation(
    connection: Connection,
    capture: Capture,
    recipe_id: str,
    verdict: Callable[[Row], tuple[Verdict, str]],
    now: datetime,
    cleaned: CleanedText | None = None,
    *,
    again: bool = False,
) -> tuple[Verdict, str]:
    """Store that a capture shows the extraction of its payload, or the text ``cleaned`` if that differs.

    ``verdict`` judges the row of the extraction. The verdict and its detail are returned. ``cleaned`` is given where
    the template of the site or further parts of the article change the text. ``again`` as in ``record_extraction``.
    """
    digest = bytes.fromhex(capture.payload_sha256 or "")
    values = {"digest": digest, "charset": _charset(capture), "recipe": recipe_id}
    extracted = connection.execute(sql(_EXTRACTION), values).mappings().one()
    judged, detail = verdict(dict(extracted))
    row = {"extraction_id": extracted["id"], "verdict": str(judged), "detail": detail, "derived_at": micros(now)}
    row |= {"cleaning_id": None, "text_id": None} | _add_cleaned(connection, extracted["id"], cleaned, now, again=again)
    row |= measures(extracted["body"] or "", [span for _, span, _ in json.loads(extracted["removed"])], cleaned)
    new = insert(derivation).values(capture_id=capture.id, **row)
    connection.execute(new.on_conflict_do_update(index_elements=["capture_id"], set_=row))
    return judged, detail


def measures(body: str, removed: Sequence[str], cleaned: CleanedText | None = None) -> dict[str, int]:
    """Return the lengths in a derivation: of its text, and of what was removed. ``cleaned`` replaces the text."""
    if cleaned is not None:
        body, removed = cleaned.text, [span.text for span in cleaned.removed]
    paragraphs = body.count("\n") + 1 if body else 0
    return {"length": len(body), "paragraphs": paragraphs, "taken": sum(map(len, removed))}


def _add_cleaned(
    connection: Connection, extraction_id: int, cleaned: CleanedText | None, now: datetime, *, again: bool
) -> dict[str, int]:
    """Add a cleaned text unless it is stored, and return the columns of a derivation that name it."""
    if cleaned is None:
        return {}
    _add_recipe(connection, cleaned.recipe, now)
    key = {"extraction_id": extraction_id, "recipe_id": cleaned.recipe.id, "parts": cleaned.parts}
    before = _text_before(connection, cleaning, key) if again else None
    if again:
        mending.mend_text(connection, before, cleaned.sha256, cleaned.title, cleaned.text)
    text_id = add_text(connection, cleaned.sha256, cleaned.title, cleaned.text)
    row = {"furniture_id": cleaned.furniture_id, "text_id": text_id, "removed": removed_column(cleaned.removed)}
    new = insert(cleaning).values(**key, **row)
    if again:
        connection.execute(new.on_conflict_do_update(index_elements=[*key], set_=row))
        mending.replace_text(connection, before, text_id)
    else:
        connection.execute(new.on_conflict_do_nothing())
    same = [cleaning.c[name] == value for name, value in key.items()]
    return {"cleaning_id": connection.execute(select(cleaning.c.id).where(*same)).scalar_one(), "text_id": text_id}


def _charset(capture: Capture) -> str:
    return capture.charset or ""
