"""Writing the chain over captures: a link for each, in the transaction that keeps it, and never changed after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.sqlite import insert

from db.chain import CAPTURES, START, digest, facts, link
from db.schema import chain, source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


def next_capture_id(connection: Connection) -> int:
    """The id of the next capture. Every id ever given has a link, so that none is given twice."""
    newest = select(chain.c.capture_id).order_by(chain.c.capture_id.desc()).limit(1)
    return int(connection.execute(newest).scalar_one_or_none() or 0) + 1


def append_links(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Link captures that were just added: their columns, with the digest and length of their payload, in id order."""
    if not rows:
        return
    named = select(source.c.id, source.c.url).where(source.c.id.in_({row["source_id"] for row in rows}))
    urls = {each.id: each.url for each in connection.execute(named)}
    newest = select(chain.c.link).order_by(chain.c.capture_id.desc()).limit(1)
    before = connection.execute(newest).scalar_one_or_none() or START
    links = []
    for row in rows:
        before = link(before, digest(facts(row | {"source": urls[row["source_id"]]})))
        links.append({"capture_id": row["id"], "link": before})
    connection.execute(insert(chain), links)


_OF_ONE = sql(f"{CAPTURES} WHERE c.id = :id")
_LEAVE = update(chain).where(chain.c.capture_id == bindparam("id")).values(facts=bindparam("told"))


def keep_facts_digest(connection: Connection, ids: Sequence[int], tombstone_id: int | None = None) -> None:
    """Let the links of captures about to be taken out stand without them: each keeps the digest of its facts."""
    for each in ids:
        row = dict(connection.execute(_OF_ONE, {"id": each}).mappings().one())
        left = _LEAVE.values(tombstone_id=tombstone_id)
        connection.execute(left, {"id": each, "told": digest(facts(row))})
