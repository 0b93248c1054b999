"""Keys of addresses in one spelling of percent-escapes. Addresses and captures stay as they were recorded.

Of two sources whose keys become one, the older gets the key. The other keeps its own key, which no look-up asks for any
more, and its history is joined to the older one's (``db.queries.alias_claims.SPELLING``): at once if it has no history,
else when it is derived again.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Connection, text

from db.url_escapes import normalize_key

revision = "0011"
down_revision = "0010"

_JOIN = """
    UPDATE source SET same_as = coalesce((SELECT w.same_as FROM source w WHERE w.id = :winner), :winner)
    WHERE id = :loser AND kind = 'article' AND same_as IS NULL AND NOT EXISTS (
        SELECT 1 FROM capture c JOIN derivation d ON d.capture_id = c.id WHERE c.source_id = :loser)
      AND NOT EXISTS (SELECT 1 FROM source s WHERE s.same_as = :loser)"""
_DERIVE_AGAIN = """
    INSERT INTO underived (capture_id)
    SELECT min(d.capture_id) FROM capture c JOIN derivation d ON d.capture_id = c.id WHERE c.source_id = :loser
    HAVING min(d.capture_id) IS NOT NULL AND min(d.capture_id) NOT IN (SELECT capture_id FROM underived)"""
_CLAIM = """
    INSERT INTO claim (source_id, kind, url_key, url, first_seen_at, last_seen_at)
    SELECT id, 'spelling', :key, url, found_at, found_at FROM source WHERE id = :loser"""

_RENEW = """
    UPDATE OR IGNORE claim SET url_key = :new WHERE source_id = :source_id AND kind = :kind AND url_key = :url_key"""
_DROP = "DELETE FROM claim WHERE source_id = :source_id AND kind = :kind AND url_key = :url_key"


def upgrade() -> None:
    connection = op.get_bind()
    owners = {row.url_key: row.id for row in connection.execute(text("SELECT id, url_key FROM source"))}
    taken = dict(owners)
    for old, source_id in sorted(owners.items(), key=lambda item: item[1]):
        new = normalize_key(old)
        if new == old:
            continue
        if new in taken:
            _join(connection, source_id, taken[new], new)
            continue
        connection.execute(text("UPDATE source SET url_key = :new WHERE id = :id"), {"new": new, "id": source_id})
        taken[new] = source_id
    for row in connection.execute(text("SELECT id, url_key FROM tombstone")).all():
        values = {"new": normalize_key(row.url_key), "id": row.id}
        connection.execute(text("UPDATE tombstone SET url_key = :new WHERE id = :id"), values)
    _renew_claims(connection)


def _join(connection: Connection, loser: int, winner: int, key: str) -> None:
    connection.execute(text(_JOIN), {"loser": loser, "winner": winner})
    connection.execute(text(_CLAIM), {"loser": loser, "key": key})
    connection.execute(text(_DERIVE_AGAIN), {"loser": loser})


def _renew_claims(connection: Connection) -> None:
    """Renew the keys that claims name. Two claims of one source that become the same are one."""
    for row in connection.execute(text("SELECT source_id, kind, url_key FROM claim")).mappings().all():
        values = {**row, "new": normalize_key(row["url_key"])}
        if values["new"] != row["url_key"]:
            connection.execute(text(_RENEW), values)
            connection.execute(text(_DROP), values)
