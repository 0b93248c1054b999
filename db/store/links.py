"""Writing near-copies: look-up keys of texts, and what comparing two texts gave."""

from __future__ import annotations

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
    """Keep the judgements that link ``text_id`` (their side a) to others, and mark it compared; how many are new.

    Given its look-up ``keys``, only links to its candidates as of now are kept, and others go: what was compared may
    have ceased to be one while it was judged.
    """
    kept = 0
    linking = [other_id for other_id, judged in judgements if judged.relation is not None]
    linked = _linked(connection, text_id) if keys is not None else set()
    among = (
        set(linking) if keys is None or not (linking or linked) else {*candidates(ask_on(connection), text_id, keys)}
    )
    _drop(connection, text_id, linked - among)
    for other_id, judged in judgements:
        if judged.relation is None or other_id not in among:
            continue
        kept += other_id not in linked  # a pair that waits on both sides is judged twice, and is one link
        row = _row(connection, text_id, other_id, judged) | {"method": method, "judged_at": micros(now)}
        again = {name: value for name, value in row.items() if name not in {"a_text_id", "b_text_id"}}
        pair = ["a_text_id", "b_text_id"]
        connection.execute(insert(link).values(**row).on_conflict_do_update(index_elements=pair, set_=again))
    connection.execute(update(text).where(text.c.id == text_id).values(linked_by=method))
    connection.execute(delete(unlinked).where(unlinked.c.text_id == text_id))
    return kept


def _linked(connection: Connection, text_id: int) -> set[int]:
    ours = select(link.c.b_text_id).where(link.c.a_text_id == text_id)
    return {*connection.execute(ours.union_all(select(link.c.a_text_id).where(link.c.b_text_id == text_id))).scalars()}


def _drop(connection: Connection, text_id: int, others: set[int]) -> None:
    for mine, theirs in ((link.c.a_text_id, link.c.b_text_id), (link.c.b_text_id, link.c.a_text_id)):
        if others:
            connection.execute(delete(link).where(mine == text_id, theirs.in_(others)))


def _row(connection: Connection, text_id: int, other_id: int, judged: Judgement) -> dict[str, object]:
    """The link's row with the smaller digest as side a, so that it is the same whichever text came first."""
    pair = select(text.c.id, text.c.sha256).where(text.c.id.in_([text_id, other_id]))
    digests = {each.id: each.sha256 for each in connection.execute(pair)}
    swap = digests[text_id] > digests[other_id]
    a, b = (other_id, text_id) if swap else (text_id, other_id)
    coverage = judged.coverage[::-1] if swap else judged.coverage
    passages = judged.passages
    if swap:
        passages = tuple(Passage(a=p.b, b=p.a, similarity=p.similarity, anchors=p.anchors) for p in passages)
    return {
        "a_text_id": a,
        "b_text_id": b,
        "relation": str(judged.relation),
        "score": judged.score,
        "coverage_a": coverage[0],
        "coverage_b": coverage[1],
        "longest_run": judged.longest_run,
        "passages": row_mapping.passages_column(passages),
        "residue": row_mapping.residue_column(judged.residue, mirrored=swap),
        "because": judged.because,
        "translated": judged.translated,
        "languages": row_mapping.languages_column(judged.languages[::-1] if swap else judged.languages),
        "broken": row_mapping.broken_column(judged.broken, mirrored=swap),
    }


def queue_text(connection: Connection, text_id: int) -> None:
    """Ask for a text to be compared with the others, unless it was."""
    fresh = select(text.c.id).where(text.c.id == text_id, text.c.linked_by.is_(None))
    connection.execute(insert(unlinked).from_select(["text_id"], fresh).on_conflict_do_nothing())


def drop_links(connection: Connection) -> None:
    """Drop every link and key, and ask for every text of a history to be compared again."""
    connection.execute(delete(link))
    connection.execute(delete(near_key))
    connection.execute(update(text).values(linked_by=None))
    current = select(version.c.text_id).where(version.c.superseded_at.is_(None)).distinct()
    connection.execute(insert(unlinked).from_select(["text_id"], current).on_conflict_do_nothing())
