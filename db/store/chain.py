"""Write the chain over captures: one link each, in the transaction that stores it, and never changed after."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.sqlite import insert

from db.chain import CAPTURES, START, digest, facts, link
from db.schema import chain, entry, source
from db.store import log_tiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection


def next_capture_id(connection: Connection) -> int:
    """Return the id of the next capture. Every id ever given has a link, so no id is given twice."""
    newest = select(chain.c.capture_id).order_by(chain.c.capture_id.desc()).limit(1)
    return int(connection.execute(newest).scalar_one_or_none() or 0) + 1


def append_links(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Add the links of captures just added. ``rows``: their columns, payload digest and length, in id order."""
    if not rows:
        return
    sources = select(source.c.id, source.c.url).where(source.c.id.in_({row["source_id"] for row in rows}))
    urls = {row.id: row.url for row in connection.execute(sources)}
    newest = select(chain.c.link).order_by(chain.c.capture_id.desc()).limit(1)
    before = connection.execute(newest).scalar_one_or_none() or START
    links = []
    for row in rows:
        before = link(before, digest(facts(row | {"source": urls[row["source_id"]]})))
        links.append({"capture_id": row["id"], "link": before})
    connection.execute(insert(chain), links)
    log_tiles.grow(connection, links[0]["capture_id"] - 1, links[-1]["capture_id"])


def append_entry(connection: Connection, kind: str, values: Mapping[str, object]) -> int:
    """Add an entry that is no capture, such as a time stamp, and return its number in the chain.

    Its facts are JSON as those of captures (``db.chain``), with the member ``kind``. Their digest goes into the chain.
    """
    number = next_capture_id(connection)
    text = json.dumps({**values, "kind": kind}, sort_keys=True, separators=(",", ":"))
    newest = select(chain.c.link).order_by(chain.c.capture_id.desc()).limit(1)
    before = connection.execute(newest).scalar_one_or_none() or START
    row = {"capture_id": number, "link": link(before, digest(text)), "facts": digest(text)}
    connection.execute(insert(chain), [row])
    connection.execute(insert(entry), [{"number": number, "kind": kind, "facts": text}])
    log_tiles.grow(connection, number - 1, number)
    return number


_CAPTURE = sql(f"{CAPTURES} WHERE c.id = :id")
_KEEP_FACTS = update(chain).where(chain.c.capture_id == bindparam("id")).values(facts=bindparam("digest"))


def keep_facts_digest(connection: Connection, capture_ids: Sequence[int], tombstone_id: int | None = None) -> None:
    """Store the digest of their facts in the links of captures about to be deleted, so that the chain still holds."""
    for capture_id in capture_ids:
        row = dict(connection.execute(_CAPTURE, {"id": capture_id}).mappings().one())
        update_link = _KEEP_FACTS.values(tombstone_id=tombstone_id)
        connection.execute(update_link, {"id": capture_id, "digest": digest(facts(row))})
