"""Write links between texts: the judgement on each pair, and the queue of texts to compare."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros
from db.queries import row_mapping
from db.queries.links import candidates
from db.records import Passage
from db.schema import link, near_key, text, unlinked, version
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.records import Judgement


def record_links(
    connection: Connection,
    text_id: int,
    judgements: Sequence[tuple[int, Judgement]],
    method: str,
    now: datetime,
    keys: Sequence[int] | None = None,
) -> int:
    """Store the judgements that link ``text_id`` (their side a) to other texts and mark it compared.

    Returns how many links are new. Given its LSH ``keys``, links to texts that are not its candidates at this moment
    are deleted or not stored: a text may have ceased to be a candidate while it was compared.
    """
    ask = ask_on(connection)
    added = 0
    related = [other_id for other_id, judgement in judgements if judgement.relation is not None]
    linked = _linked_texts(connection, text_id) if keys is not None else set()
    allowed = set(related) if keys is None or not (related or linked) else {*candidates(ask, text_id, keys)}
    _delete_links(connection, text_id, linked - allowed)
    for other_id, judgement in judgements:
        if judgement.relation is None or other_id not in allowed:
            continue
        added += other_id not in linked  # a pair that waits on both sides is judged twice, and is one link
        swap = _comes_after(connection, text_id, other_id)
        row = link_columns(judgement, swap=swap) | {"method": method, "judged_at": micros(now)}
        pair = {"a_text_id": other_id, "b_text_id": text_id} if swap else {"a_text_id": text_id, "b_text_id": other_id}
        connection.execute(insert(link).values(**pair, **row).on_conflict_do_update(index_elements=[*pair], set_=row))
    connection.execute(update(text).where(text.c.id == text_id).values(linked_by=method))
    connection.execute(delete(unlinked).where(unlinked.c.text_id == text_id))
    return added


def _linked_texts(connection: Connection, text_id: int) -> set[int]:
    as_a = select(link.c.b_text_id).where(link.c.a_text_id == text_id)
    as_b = select(link.c.a_text_id).where(link.c.b_text_id == text_id)
    return {*connection.execute(as_a.union_all(as_b)).scalars()}


def _delete_links(connection: Connection, text_id: int, others: set[int]) -> None:
    for own, other in ((link.c.a_text_id, link.c.b_text_id), (link.c.b_text_id, link.c.a_text_id)):
        if others:
            connection.execute(delete(link).where(own == text_id, other.in_(others)))


def _comes_after(connection: Connection, text_id: int, other_id: int) -> bool:
    """True if the first text is side b: side a has the smaller digest, whichever text came first."""
    pair = select(text.c.id, text.c.sha256).where(text.c.id.in_([text_id, other_id]))
    digests = {row.id: row.sha256 for row in connection.execute(pair)}
    return bool(digests[text_id] > digests[other_id])


def link_columns(judgement: Judgement, *, swap: bool) -> dict[str, object]:
    """Return the columns of a link that follow from its texts. ``swap``: side b of the judgement is side a."""
    coverage = judgement.coverage[::-1] if swap else judgement.coverage
    passages = judgement.passages
    if swap:
        passages = tuple(Passage(a=p.b, b=p.a, similarity=p.similarity, anchors=p.anchors) for p in passages)
    return {
        "relation": str(judgement.relation),
        "score": judgement.score,
        "coverage_a": coverage[0],
        "coverage_b": coverage[1],
        "longest_run": judgement.longest_run,
        "passages": row_mapping.passages_column(passages),
        "residue": row_mapping.residue_column(judgement.residue, mirrored=swap),
        "because": judgement.because,
        "translated": judgement.translated,
        "languages": row_mapping.languages_column(judgement.languages[::-1] if swap else judgement.languages),
        "broken": row_mapping.broken_column(judgement.broken, mirrored=swap),
    }


_QUEUE = """
    INSERT INTO unlinked (text_id)
    SELECT id FROM text WHERE id IN (SELECT value FROM json_each(:ids)) AND linked_by IS NULL
    ON CONFLICT DO NOTHING"""


def queue_texts(connection: Connection, text_ids: Sequence[int]) -> None:
    """Queue texts for comparison with all others, unless they were compared."""
    if text_ids:
        connection.exec_driver_sql(_QUEUE, {"ids": json.dumps(list(text_ids))})


def drop_links(connection: Connection) -> None:
    """Delete every link and LSH key, and queue every text of a current history for comparison."""
    connection.execute(delete(link))
    connection.execute(delete(near_key))
    connection.execute(update(text).values(linked_by=None))
    current = select(version.c.text_id).where(version.c.superseded_at.is_(None)).distinct()
    connection.execute(insert(unlinked).from_select(["text_id"], current).on_conflict_do_nothing())
