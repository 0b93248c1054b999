"""Write links between texts: the judgement on each pair, and the queue of texts to compare."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros
from db.queries import row_mapping
from db.queries.links import candidates
from db.records import Passage
from db.schema import link, near_key, text, unlinked, version
from db.writer import ask_on, execute_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.reader import Ask
    from db.records import Judgement

_NAMES = [column.name for column in link.columns]
# Text for the driver: SQLAlchemy compiles an insert with an upsert anew each time, 1 ms a link.
_UPSERT = f"""
    INSERT INTO link ({", ".join(_NAMES)}) VALUES ({", ".join(f":{name}" for name in _NAMES)})
    ON CONFLICT (a_text_id, b_text_id)
    DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _NAMES[2:])}"""  # noqa: S608 - our own names


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
    by_text = {text_id: judgements}
    return record_links_of_texts(connection, by_text, {} if keys is None else {text_id: keys}, method, now)


def record_links_of_texts(
    connection: Connection,
    judgements_by_text: Mapping[int, Sequence[tuple[int, Judgement]]],
    keys_by_text: Mapping[int, Sequence[int]],
    method: str,
    now: datetime,
) -> int:
    """Store the judgements of several texts, each as ``record_links`` does, and return how many links are new.

    Most texts have no link and get none: they take part in three statements for all.
    """
    ask = ask_on(connection)
    linked = _linked_texts(ask, [text_id for text_id in judgements_by_text if text_id in keys_by_text])
    new = 0
    for text_id, judgements in judgements_by_text.items():
        related = {other_id: judgement for other_id, judgement in judgements if judgement.relation is not None}
        before, keys = linked[text_id], keys_by_text.get(text_id)
        allowed = {*related} if keys is None or not (related or before) else {*candidates(ask, text_id, keys)}
        _delete_links(connection, text_id, before - allowed)
        written = {other_id: judgement for other_id, judgement in related.items() if other_id in allowed}
        if written:
            judged = {"method": method, "judged_at": micros(now)}
            execute_on(connection, _UPSERT, [row | judged for row in _rows(ask, text_id, written)])
        new += len(written.keys() - before)  # a pair that waits on both sides is judged twice, and is one link
        for other_id in before - allowed:
            linked[other_id].discard(text_id)
        for other_id in written:
            linked[other_id].add(text_id)
    ids = json.dumps(list(judgements_by_text))
    execute_on(connection, _MARK_COMPARED, {"method": method, "ids": ids})
    execute_on(connection, _DEQUEUE, {"ids": ids})
    return new


_MARK_COMPARED = "UPDATE text SET linked_by = :method WHERE id IN (SELECT value FROM json_each(:ids))"
_DEQUEUE = "DELETE FROM unlinked WHERE text_id IN (SELECT value FROM json_each(:ids))"
_LINKED = """
    SELECT a_text_id AS id, b_text_id AS other FROM link WHERE a_text_id IN (SELECT value FROM json_each(:ids))
    UNION ALL
    SELECT b_text_id AS id, a_text_id AS other FROM link WHERE b_text_id IN (SELECT value FROM json_each(:ids))"""


def _linked_texts(ask: Ask, text_ids: Sequence[int]) -> defaultdict[int, set[int]]:
    """Map these texts to those that they are linked with."""
    linked: defaultdict[int, set[int]] = defaultdict(set)
    for row in ask(_LINKED, ids=json.dumps(list(text_ids))) if text_ids else ():
        linked[row["id"]].add(row["other"])
    return linked


def _delete_links(connection: Connection, text_id: int, others: set[int]) -> None:
    for own, other in ((link.c.a_text_id, link.c.b_text_id), (link.c.b_text_id, link.c.a_text_id)):
        if others:
            connection.execute(delete(link).where(own == text_id, other.in_(others)))


def _rows(ask: Ask, text_id: int, judgements: Mapping[int, Judgement]) -> Iterator[dict[str, object]]:
    """Yield the columns of each link. Side a has the smaller digest, whichever text came first."""
    sql = "SELECT id, sha256 FROM text WHERE id IN (SELECT value FROM json_each(:ids))"
    digests = {row["id"]: row["sha256"] for row in ask(sql, ids=json.dumps([text_id, *judgements]))}
    for other_id, judgement in judgements.items():
        swap = digests[text_id] > digests[other_id]
        first, second = (other_id, text_id) if swap else (text_id, other_id)
        yield {"a_text_id": first, "b_text_id": second, **link_columns(judgement, swap=swap)}


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
        execute_on(connection, _QUEUE, {"ids": json.dumps(list(text_ids))})


def drop_links(connection: Connection) -> None:
    """Delete every link and LSH key, and queue every text of a current history for comparison."""
    connection.execute(delete(link))
    connection.execute(delete(near_key))
    connection.execute(update(text).values(linked_by=None))
    current = select(version.c.text_id).where(version.c.superseded_at.is_(None)).distinct()
    connection.execute(insert(unlinked).from_select(["text_id"], current).on_conflict_do_nothing())
