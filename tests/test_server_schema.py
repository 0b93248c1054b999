"""The schema of an archive on a server: migrations bring an older one to that of a new one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from db import maintenance
from db.errors import SchemaMismatch
from db.reader import Reader
from db.store import Store
from db.views import drop_views
from tests.builders import LATER, T0, add_source, make_history

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import Server

SCHEMA_0015 = (
    *drop_views(),
    "DROP TABLE credential, audit",
    "DROP INDEX ix_entry_kind, ix_capture_source_id_captured_at_reason, ix_derivation_capture_id_verdict",
    "DROP INDEX ix_capture_flagged",
    "DROP TABLE pack_entry, pack",
    "ALTER TABLE capture DROP COLUMN salt, DROP COLUMN same_before",
    "ALTER TABLE caught_up DROP COLUMN reader",
    "ALTER TABLE seen DROP CONSTRAINT pk_seen, DROP COLUMN reader, ADD CONSTRAINT pk_seen PRIMARY KEY (source_id)",
    "DROP FUNCTION min(bigint, bigint)",
    "UPDATE alembic_version SET version_num = '0015'",
)
"""What turns an archive on a server back into one of schema 0015."""

SHAPE = (
    """SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
       WHERE table_schema = current_schema() AND table_name NOT LIKE 'v\\_%' ORDER BY table_name, column_name""",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY indexname",
    """SELECT conname, pg_get_constraintdef(oid) AS text FROM pg_constraint
       WHERE connamespace = current_schema()::regnamespace ORDER BY conname""",
    "SELECT viewname, definition FROM pg_views WHERE schemaname = current_schema() ORDER BY viewname",
    """SELECT proname, pg_get_functiondef(oid) AS text FROM pg_proc
       WHERE pronamespace = current_schema()::regnamespace ORDER BY 1, 2""",
)


@pytest.mark.slow
def test_an_older_archive_on_a_server_gets_the_schema_of_a_new_one(server: Server, tmp_path: Path):
    older, newer = server.address(tmp_path), server.address(tmp_path)
    Store(newer).close()
    with Store(older) as store:
        source = add_source(store)
        make_history(store, source, [("One word.", T0)])
        store.mark_read(source, T0, LATER)
        with store.begin() as connection:
            for statement in SCHEMA_0015:
                connection.exec_driver_sql(statement)
    with pytest.raises(SchemaMismatch, match="older schema 0015"):
        Reader(older)
    assert maintenance.upgrade(older).before == "0015"
    with Reader(older) as migrated, Reader(newer) as created:
        assert _shape(migrated) == _shape(created)
        assert migrated.ask("SELECT source_id, reader FROM seen") == [{"source_id": source, "reader": ""}]


def _shape(reader: Reader) -> list[str]:
    """The schema of an archive on a server, without the name of its own schema."""
    return [re.sub(r"\barchive_\d+\.", "", str(row)) for sql in SHAPE for row in reader.ask(sql)]
