"""Write what could not be derived or compared because it raised an exception, and queue it again for another build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros
from db.records import Extraction, Verdict
from db.schema import page_error, text, text_error, underived, unlinked
from db.store import derivations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from db.reader import Row
    from db.records import Capture, Recipe, WorkError


def record_capture_error(connection: Connection, capture: Capture, error: WorkError, recipe: Recipe) -> None:
    """Store that a capture could not be derived: its verdict is ``error``, with the cause. It stays on the ledger.

    A page that has no extraction gets an empty one. A 304 has no page, so only its error is stored.
    """
    detail = f"{error.step}: {error.cause}"
    if capture.payload_sha256 is not None:
        empty = Extraction(verdict=Verdict.ERROR, detail=detail)
        derivations.record_extraction(connection, capture, empty, None, recipe)

        def judge(_: Row) -> tuple[Verdict, str]:
            return Verdict.ERROR, detail

        derivations.record_derivation(connection, capture, recipe.id, judge, error.failed_at)
    row = {"step": error.step, "cause": error.cause, "build": error.build, "failed_at": micros(error.failed_at)}
    new = insert(page_error).values(capture_id=capture.id, **row)
    connection.execute(new.on_conflict_do_update(index_elements=["capture_id"], set_=row))


def clear_capture_errors(connection: Connection, capture_ids: Sequence[int]) -> None:
    """Delete the errors of these captures, before they are derived again."""
    connection.execute(delete(page_error).where(page_error.c.capture_id.in_(capture_ids)))


def take_off_ledger(connection: Connection, capture_ids: Sequence[int]) -> None:
    """Take captures off the ledger that cannot be settled."""
    connection.execute(delete(underived).where(underived.c.capture_id.in_(capture_ids)))


def record_text_error(connection: Connection, text_id: int, error: WorkError, method: str) -> None:
    """Store that a text could not be compared with others, and take it off the queue of texts to compare."""
    row = {"cause": error.cause, "build": error.build, "failed_at": micros(error.failed_at)}
    new = insert(text_error).values(text_id=text_id, **row)
    connection.execute(new.on_conflict_do_update(index_elements=["text_id"], set_=row))
    connection.execute(update(text).where(text.c.id == text_id).values(linked_by=method))
    connection.execute(delete(unlinked).where(unlinked.c.text_id == text_id))


_OF_OTHER_BUILDS = """
    SELECT DISTINCT e.id FROM page_error c JOIN derivation d ON d.capture_id = c.capture_id
    JOIN extraction e ON e.id = d.extraction_id WHERE c.build <> :build AND e.verdict = 'error'"""
_REQUEUE_CAPTURES = """
    INSERT INTO underived (capture_id)
    SELECT capture_id FROM page_error WHERE build <> :build
    UNION SELECT capture_id FROM derivation WHERE extraction_id IN (SELECT value FROM json_each(:ids))
    ON CONFLICT DO NOTHING"""
_DELETE_EXTRACTIONS = (
    "DELETE FROM derivation WHERE extraction_id IN (SELECT value FROM json_each(:ids))",
    "DELETE FROM cleaning WHERE extraction_id IN (SELECT value FROM json_each(:ids))",
    "DELETE FROM extraction WHERE id IN (SELECT value FROM json_each(:ids))",
)


def requeue_errors(connection: Connection, build: str) -> int:
    """Queue again what raised an exception under another build of the code, and return how many captures and texts.

    Their extractions that ended in an error are deleted, so that the pages are extracted again under any recipe.
    """
    ids = str(list(connection.execute(sql(_OF_OTHER_BUILDS), {"build": build}).scalars()))
    queued = connection.execute(sql(_REQUEUE_CAPTURES), {"build": build, "ids": ids}).rowcount
    for statement in _DELETE_EXTRACTIONS:
        connection.execute(sql(statement), {"ids": ids})
    connection.execute(delete(page_error).where(page_error.c.build != build))
    text_ids = list(connection.execute(select(text_error.c.text_id).where(text_error.c.build != build)).scalars())
    if text_ids:
        connection.execute(update(text).where(text.c.id.in_(text_ids)).values(linked_by=None))
        connection.execute(
            insert(unlinked).values([{"text_id": text_id} for text_id in text_ids]).on_conflict_do_nothing()
        )
        connection.execute(delete(text_error).where(text_error.c.text_id.in_(text_ids)))
    return queued + len(text_ids)
