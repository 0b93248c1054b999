"""Write what is derived from the captures of a chunk, all of it by a few statements.

``db.store.derivations`` has the same for one capture, and says what the rows mean. There are 2 statements for a table
and chunk here, and 11 for a page there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from db.dialect.server_address import is_server
from db.microseconds import micros
from db.queries import payloads
from db.queries import versions as version_queries
from db.schema import derivation, extraction
from db.store import search_entries
from db.store.derivations import extraction_columns, measures
from db.store.search_entries import make_row
from db.writer import ask_on, execute_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.reader import Ask, Row
    from db.records import Capture, Extraction, Verdict
    from db.store.search_entries import IndexRow
    from db.store.transactions import Transactions

    Extracted = tuple[Capture, Extraction, str | None, str]  # with the digest of the text, and the core
    Judge = Callable[[Row], tuple[Verdict, str]]

_EXTRACTION = tuple(column.name for column in extraction.columns if column.name != "id")
_ADD_EXTRACTION = f"""
    INSERT INTO extraction ({", ".join(_EXTRACTION)}) VALUES ({", ".join(f":{name}" for name in _EXTRACTION)})
    ON CONFLICT DO NOTHING"""  # noqa: S608 - our own names
_ADD_TEXT = "INSERT INTO text (sha256, title, body) VALUES (:sha256, :title, :body) ON CONFLICT DO NOTHING"

_DERIVATION = tuple(column.name for column in derivation.columns)
_SET = ", ".join(f"{name} = excluded.{name}" for name in _DERIVATION if name != "capture_id")
_ADD_DERIVATION = f"""
    INSERT INTO derivation ({", ".join(_DERIVATION)}) VALUES ({", ".join(f":{name}" for name in _DERIVATION)})
    ON CONFLICT (capture_id) DO UPDATE SET {_SET}"""  # noqa: S608 - our own names
_EXTRACTIONS = """
    SELECT c.id AS capture_id, e.id, e.verdict, e.detail, t.title, t.body, e.removed
    FROM json_each(:ids) i CROSS JOIN capture c ON c.id = i.value
    CROSS JOIN extraction e ON e.payload_id = c.payload_id AND e.charset = coalesce(c.charset, '')
                           AND e.recipe_id = :recipe
    LEFT JOIN text t ON t.id = e.text_id"""


def record_extractions(store: Transactions, extracted: Sequence[Extracted], recipe_id: str) -> None:
    """Add the extractions of the payloads of these captures, with their texts. One that is stored changes nothing.

    The words of new texts are cut before the transaction, so that no other writer waits for it.
    """
    texts = {digest: (result.title, result.text) for _, result, digest, _ in extracted if digest is not None}

    def once() -> None:
        with store.reading() as ask:
            new = texts.keys() - version_queries.text_ids(ask, texts)
        rows = {digest: make_row(0, *texts[digest], on_server=is_server(store.path)) for digest in new}
        with store.begin(durable=False) as connection:
            _add_extractions(connection, extracted, texts, rows, recipe_id)

    store.retried(once, repeatable=True)


def _add_extractions(
    connection: Connection,
    extracted: Sequence[Extracted],
    texts: Mapping[str, tuple[str, str]],
    index_rows: Mapping[str, IndexRow],
    recipe_id: str,
) -> None:
    ask = ask_on(connection)
    digests = {bytes.fromhex(capture.payload_sha256 or "") for capture, *_ in extracted}
    payload_ids = payloads.stored_payloads(ask, digests)
    text_ids = _add_texts(connection, ask, texts, index_rows)
    rows = []
    for capture, result, digest, core in extracted:
        key = {"payload_id": payload_ids[bytes.fromhex(capture.payload_sha256 or "")]["id"]}
        key |= {"charset": capture.charset or "", "recipe_id": recipe_id}
        text_id = None if digest is None else text_ids[digest]
        rows.append(key | extraction_columns(result, core) | {"text_id": text_id})
    execute_on(connection, _ADD_EXTRACTION, rows)


def _add_texts(
    connection: Connection, ask: Ask, texts: Mapping[str, tuple[str, str]], index_rows: Mapping[str, IndexRow]
) -> dict[str, int]:
    """Add the texts that are new, with their full-text entries, and return the ids of all, by digest."""
    known = version_queries.text_ids(ask, texts)
    new = {digest: words for digest, words in texts.items() if digest not in known}
    if not new:
        return known
    rows = [{"sha256": bytes.fromhex(digest), "title": title, "body": body} for digest, (title, body) in new.items()]
    execute_on(connection, _ADD_TEXT, rows)
    added = version_queries.text_ids(ask, new)
    search_entries.add_rows(
        connection, [{**index_rows[digest], "id": added[digest]} for digest in new if digest in index_rows]
    )
    deleted = [digest for digest in new if digest not in index_rows]  # by another, since they were looked up
    search_entries.add_entries(connection, [(added[digest], *new[digest]) for digest in deleted])
    return known | added


def record_derivations(
    connection: Connection, judges: Mapping[int, Judge], recipe_id: str, now: datetime
) -> dict[int, tuple[Verdict, str]]:
    """Store that these captures show the extraction of their payload, and return the verdict on each, and its reason.

    A judge is called with the row of the extraction. A capture of which it has none is left out.
    """
    verdicts: dict[int, tuple[Verdict, str]] = {}
    rows: list[dict[str, Any]] = []
    for extracted in ask_on(connection)(_EXTRACTIONS, ids=json.dumps(list(judges)), recipe=recipe_id):
        capture_id = extracted["capture_id"]
        verdicts[capture_id] = verdict, detail = judges[capture_id](extracted)
        row = {"capture_id": capture_id, "extraction_id": extracted["id"], "verdict": str(verdict), "detail": detail}
        row |= {"derived_at": micros(now), "cleaning_id": None, "text_id": None}
        rows.append(row | measures(extracted["body"] or "", [span for _, span, _ in json.loads(extracted["removed"])]))
    if rows:
        execute_on(connection, _ADD_DERIVATION, rows)
    return verdicts
