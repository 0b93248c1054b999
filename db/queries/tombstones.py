"""Queries of the hash chain, and of what was forgotten on request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db import chain
from db.microseconds import instant, instant_or_none
from db.records import ChainLink, Tombstone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.reader import Ask, Row


def chain_link(ask: Ask, capture_id: int) -> ChainLink:
    """Return the chain link of a capture with all that is needed to check it by hand."""
    (row,) = ask(f"{chain.CAPTURES} WHERE c.id = :id", id=capture_id)
    (own,) = ask("SELECT link FROM chain WHERE capture_id = :id", id=capture_id)
    newest = "SELECT link FROM chain WHERE capture_id < :id ORDER BY capture_id DESC LIMIT 1"
    before = ask(newest, id=capture_id)
    return ChainLink(
        position=capture_id,
        link=own["link"].hex(),
        before=(before[0]["link"] if before else chain.START).hex(),
        facts=chain.facts(row),
    )


def chain_head(ask: Ask) -> tuple[int, str] | None:
    """Return position and link of the end of the chain. Noted elsewhere, it proves later that nothing was changed."""
    rows = ask("SELECT capture_id, link FROM chain ORDER BY capture_id DESC LIMIT 1")
    return (rows[0]["capture_id"], rows[0]["link"].hex()) if rows else None


def tombstone(ask: Ask, url_key: str) -> Tombstone | None:
    """Return the newest tombstone of an address, lifted or not."""
    rows = ask("SELECT * FROM tombstone WHERE url_key = :key ORDER BY id DESC LIMIT 1", key=url_key)
    return _tombstone(ask, rows[0]) if rows else None


def newest_tombstone(ask: Ask) -> Tombstone | None:
    """Return the tombstone of the address that was forgotten last."""
    rows = ask("SELECT * FROM tombstone ORDER BY forgotten_at DESC, id DESC LIMIT 1")
    return _tombstone(ask, rows[0]) if rows else None


def forgotten(ask: Ask, url_keys: Iterable[str]) -> dict[str, Tombstone]:
    """Return the tombstones in force of these addresses, by url_key."""
    if not ask("SELECT 1 FROM tombstone WHERE lifted_at IS NULL LIMIT 1"):  # nearly always
        return {}
    sql = "SELECT * FROM tombstone WHERE url_key = :key AND lifted_at IS NULL"
    rows_by_key = {key: rows for key in set(url_keys) if (rows := ask(sql, key=key))}
    return {key: _tombstone(ask, rows[0]) for key, rows in rows_by_key.items()}


def _tombstone(ask: Ask, row: Row) -> Tombstone:
    links = ask("SELECT link FROM chain WHERE tombstone_id = :id ORDER BY capture_id", id=row["id"])
    return Tombstone(
        url=row["url"],
        forgotten_at=instant(row["forgotten_at"]),
        captures=row["captures"],
        links=tuple(link["link"].hex() for link in links),
        lifted_at=instant_or_none(row["lifted_at"]),
    )


def history_source_ids(ask: Ask, source_id: int) -> list[int]:
    """Return the ids of a source and of every source joined to its history."""
    return [row["id"] for row in ask("SELECT id FROM source WHERE id = :id OR same_as = :id ORDER BY id", id=source_id)]


def unsalted_captures(ask: Ask, source_id: int) -> int:
    """Return the number of captures of a history that have no salt, because an older wirecopy recorded them."""
    sql = """SELECT count(*) AS n FROM capture c JOIN source s ON s.id = c.source_id
             WHERE coalesce(s.same_as, s.id) = :id AND c.salt IS NULL"""
    return int(ask(sql, id=source_id)[0]["n"])


_SHOWN_ONLY_BY = """
    WITH doomed (id) AS (SELECT value FROM json_each(:sources))
    SELECT DISTINCT c.payload_id AS id FROM capture c
    WHERE c.source_id IN (SELECT id FROM doomed) AND c.payload_id IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM capture o WHERE o.payload_id = c.payload_id
                                                AND o.source_id NOT IN (SELECT id FROM doomed))"""


def payloads_shown_only_by(ask: Ask, sources: Iterable[int]) -> set[int]:
    """Return the payloads that captures of these sources show, and no other captures."""
    return {row["id"] for row in ask(_SHOWN_ONLY_BY, sources=json.dumps([*sources]))}
