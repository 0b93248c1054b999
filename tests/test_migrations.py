"""The schema is what the migrations make, today and after the next one, in SQLite and in PostgreSQL's words."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateIndex, CreateTable

from archive.pipeline import settle
from archive.pipeline.blame import Blame
from archive.urls import url_key
from db import chain, maintenance
from db.errors import StoreError
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.queries import versions as version_queries
from db.reader import HEAD, Reader
from db.schema import metadata
from db.store import Store
from db.verify import verify
from db.views import create_views, drop_views
from db.writer import open_engine
from tests.builders import DAY, RECIPE, T0, a_judgement, add_source, derive_all, make_history

if TYPE_CHECKING:
    from sqlalchemy import Table

MIGRATIONS = Path(__file__).resolve().parents[1] / "db" / "migrations"
FULL_TEXT = {"text_fts", "text_fts_data", "text_fts_idx", "text_fts_docsize", "text_fts_config"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive with two linked articles, one of them in two versions."""
    where = tmp_path / "archive.db"
    with Store(where) as store:
        make_history(store, add_source(store), [("one", T0), ("two", T0 + DAY)])
        make_history(store, add_source(store, "https://copy.example/a"), [("one again", T0 + DAY)])
        store.record_links(1, [(3, a_judgement())], "of the tests", T0)
        drop_new_facts(store)
    return where


def drop_new_facts(store: Store) -> None:
    """Make the chain that an older release would have made: without the facts that captures did not have then."""
    with store.begin() as connection:
        connection.exec_driver_sql("UPDATE capture SET same_before = NULL")
    before = chain.START
    for row in store.ask(f"{chain.CAPTURES} ORDER BY c.id"):
        before = chain.link(before, chain.digest(chain.facts(row)))
        with store.begin() as connection:
            connection.exec_driver_sql("UPDATE chain SET link = ? WHERE capture_id = ?", (before, row["id"]))


def ask(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def everything(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table and view, but for what SQLite notes for itself."""
    sql = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
    names = [name for (name,) in ask(path, sql)]
    return {str(name): sorted(ask(path, f'SELECT * FROM "{name}"'), key=repr) for name in names}


def described(path: Path) -> set[tuple[object, ...]]:
    """Return every table, index and view of the file with its SQL, without those of Alembic and SQLite."""
    return {(kind, name, " ".join(str(sql).split())) for kind, name, sql in ask(path, _MASTER)}


_MASTER = """
    SELECT type, name, sql FROM sqlite_master
    WHERE name <> 'alembic_version' AND name NOT LIKE 'sqlite_%' AND sql IS NOT NULL"""

# --- today's schema --------------------------------------------------------------------------------------------------


def test_the_migrations_make_what_the_models_say(path: Path) -> None:
    def ours(_object: object, name: str | None, *_: object) -> bool:
        return name not in FULL_TEXT

    engine = open_engine(path, begin="BEGIN")
    options = {"include_object": ours, "compare_type": True}
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


def test_the_migrations_make_the_same_defaults_and_constraints(path: Path, tmp_path: Path) -> None:
    """Alembic does not compare defaults and names of keys. The SQL stored by SQLite has them."""
    engine = open_engine(tmp_path / "models.db")
    metadata.create_all(engine)
    engine.dispose()

    def words(file: Path) -> dict[str, list[str]]:
        """Return the words of the SQL of each table and index, in no order.

        The foreign key of a column added later is part of the column, and does not name it.
        """
        return {
            str(name): sorted(re.findall(r"[\w']+", re.sub(r"FOREIGN KEY\s*\(\w+\)", "", str(sql))))
            for _, name, sql in described(file)
            if name in ours
        }

    ours = {item.name for table in metadata.tables.values() for item in (table, *table.indexes)}
    assert words(path) == words(tmp_path / "models.db")
    assert words(path).keys() == ours


def test_no_index_is_of_a_kind_that_a_batch_migration_loses(path: Path) -> None:
    """SQLAlchemy reflects neither expressions nor DESC, and a batch migration makes again what is reflected.

    It does reflect the condition of a partial index as it is written.
    """
    indexes = [str(sql) for kind, _, sql in described(path) if kind == "index"]
    term = r"\w+ (IS (NOT )?NULL|<> '(\w+|\[\])')"
    plain = re.compile(rf"CREATE (UNIQUE )?INDEX \w+ ON \w+ \(\w+(, \w+)*\)( WHERE {term}( AND {term})*)?")
    assert [sql for sql in indexes if not plain.fullmatch(sql)] == []


def test_the_code_is_written_for_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


def test_every_constraint_has_a_name() -> None:
    constraints = [(table.name, constraint) for table in metadata.tables.values() for constraint in table.constraints]
    assert [f"{table}: {constraint}" for table, constraint in constraints if constraint.name is None] == []
    assert [index.name for table in metadata.tables.values() for index in table.indexes if not index.name] == []


def test_the_file_has_the_names_too(path: Path) -> None:
    """A batch migration finds a constraint by its name in the file, not in the models."""
    tables = [str(sql) for kind, _, sql in described(path) if kind == "table" and "fts" not in str(sql)]
    parts = [part for sql in tables for part in re.findall(r"(?:\w+ \w+ )?(?:PRIMARY KEY|UNIQUE|FOREIGN KEY) ?\(", sql)]
    assert [part for part in parts if not part.startswith("CONSTRAINT ")] == []
    assert len(parts) > 30


def test_the_full_text_index_has_beginnings_of_three_letters(path: Path) -> None:
    """Only the time of a search shows if they are missing."""
    (statement,) = [str(sql) for _, name, sql in described(path) if name == "text_fts"]
    assert 'prefix="3"' in statement


def test_there_are_no_triggers(path: Path) -> None:
    assert [name for kind, name, _ in described(path) if kind == "trigger"] == []


def test_every_view_of_the_definition_is_there_and_no_other(path: Path) -> None:
    there = {str(name) for kind, name, _ in described(path) if kind == "view"}
    assert there == {statement.split()[-1] for statement in drop_views()}
    assert {"v_sources", "v_articles", "v_versions", "v_changes", "v_inbox", "v_copies"} <= there


def test_views_are_dropped_in_the_opposite_order_of_making() -> None:
    created = [statement.split()[2] for statement in create_views("sqlite")]
    assert created == [statement.split()[-1] for statement in reversed(drop_views())]


# --- from every release ----------------------------------------------------------------------------------------------

RELEASES = sorted(name for each in (MIGRATIONS / "versions").glob("0*.py") if (name := each.name[:4]) < HEAD)


def to_revision(path: Path, revision: str, scripts: Path = MIGRATIONS) -> None:
    config = Config()
    config.set_main_option("script_location", str(scripts))
    engine = open_engine(path, foreign_keys=False)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        engine.dispose()


def test_a_new_archive_is_laid_out_as_one_that_went_through_every_migration(tmp_path: Path) -> None:
    new, grown = tmp_path / "new.db", tmp_path / "grown.db"
    maintenance.upgrade(new)
    to_revision(grown, HEAD)
    assert everything(new) == everything(grown)
    laid_out = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    assert ask(new, laid_out) == ask(grown, laid_out)


def of_before(path: Path, old: Path, revision: str) -> dict[str, list[tuple[object, ...]]]:
    """Turn ``old`` into an archive of an older release with the same rows. Return its rows by table, in its columns."""
    to_revision(old, revision)
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("ATTACH ? AS now", [str(path)])
        tables = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'text_fts_%'"
        for (name,) in connection.execute(tables).fetchall():
            if name in {"text_fts", "alembic_version"}:
                continue
            columns = ", ".join(f'"{row[1]}"' for row in connection.execute(f'PRAGMA main.table_info("{name}")'))
            connection.execute(f'INSERT INTO main."{name}" ({columns}) SELECT {columns} FROM now."{name}"')
        connection.execute("INSERT INTO text_fts (text_fts) VALUES ('rebuild')")
    return tables_of(old)


def tables_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of the schema. An old file has today's views, which may not fit its tables."""
    names = {str(name) for kind, name, _ in described(path) if kind == "table" and not str(name).startswith("text_fts")}
    return {name: in_columns(path, path, name) for name in names}


def in_columns(path: Path, old: Path, name: str) -> list[tuple[object, ...]]:
    columns = ", ".join(f'"{row[1]}"' for row in ask(old, f'PRAGMA table_info("{name}")'))
    return sorted(ask(path, f'SELECT {columns} FROM "{name}"'), key=repr)


@pytest.mark.parametrize("revision", RELEASES)
def test_an_archive_of_any_release_is_upgraded_without_loss(path: Path, tmp_path: Path, revision: str) -> None:
    old = tmp_path / "old.db"
    before = of_before(path, old, revision)
    result = maintenance.upgrade(old)
    assert (result.before, result.after) == (revision, HEAD)
    assert result.backup is not None
    assert tables_of(result.backup) == before
    assert {name: in_columns(old, result.backup, name) for name in before} == before
    assert ask(old, "SELECT * FROM chain") == ask(path, "SELECT * FROM chain")
    assert described(old) == described(path)
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("INSERT INTO text_fts (text_fts, rank) VALUES ('integrity-check', 1)")
    assert ask(old, "SELECT rowid FROM text_fts WHERE text_fts MATCH '\"aga\" *'") == [(3,)]
    with Reader(old) as reader:
        assert list(verify(reader, deep=True)) == []


def test_nothing_is_lost_when_an_upgrade_fails_half_way(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    of_before(path, old, "0001")
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("CREATE TABLE chain (in_the_way INTEGER)")
    before = tables_of(old)
    with pytest.raises(StoreError):
        maintenance.upgrade(old)
    assert tables_of(old) == before


# --- the next migration ----------------------------------------------------------------------------------------------

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{head}"


def upgrade():
    with op.batch_alter_table("capture") as batch:
        batch.add_column(sa.Column("weather", sa.Text(), server_default="fair", nullable=False))
        batch.alter_column("detail", existing_type=sa.Text(), nullable=True, existing_server_default="")
    with op.batch_alter_table("source") as batch:
        batch.add_column(sa.Column("mood", sa.Text(), nullable=True))
    {more}
"""


def migrate(path: Path, tmp_path: Path, more: str = "") -> None:
    """Run today's migrations and one more that rebuilds two tables others point at, as ``upgrade`` would."""
    scripts = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    number = f"{int(HEAD) + 1:04}"
    script = NEXT.replace("{next}", number).replace("{head}", HEAD).replace("{more}", more)
    (scripts / "versions" / f"{number}_next.py").write_text(script)
    to_revision(path, "head", scripts)


def test_a_migration_that_rebuilds_tables_keeps_rows_views_and_indexes(path: Path, tmp_path: Path) -> None:
    before, rows = described(path), everything(path)
    migrate(path, tmp_path)
    after = described(path)
    changed = {("table", "capture"), ("table", "source")}
    assert {item for item in before if item[:2] not in changed} == {item for item in after if item[:2] not in changed}
    content = everything(path)
    for name in rows.keys() - {"alembic_version", "capture", "source"}:
        assert content[name] == rows[name], name
    assert [row[:-1] for row in content["capture"]] == rows["capture"]
    assert {row[-1] for row in content["capture"]} == {"fair"}
    maintenance.check_file(path, deep=True)


def test_full_text_is_in_step_after_a_migration(path: Path, tmp_path: Path) -> None:
    migrate(path, tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO text_fts (text_fts) VALUES ('integrity-check')")
        assert connection.execute("SELECT count(*) FROM text_fts WHERE text_fts MATCH 'again'").fetchone() == (1,)


def test_a_migration_that_fails_leaves_the_file_as_it_was(path: Path, tmp_path: Path) -> None:
    before, rows = described(path), everything(path)
    with pytest.raises(OperationalError, match="no such table: nowhere"):
        migrate(path, tmp_path, more='op.execute("INSERT INTO nowhere VALUES (1)")')
    assert (described(path), everything(path)) == (before, rows)


def test_a_second_upgrade_by_another_process_finds_nothing_to_do(path: Path, tmp_path: Path) -> None:
    migrate(path, tmp_path)
    before = described(path)
    shutil.rmtree(tmp_path / "migrations")
    migrate(path, tmp_path)
    assert described(path) == before


def test_an_archive_works_after_a_backup_was_taken_and_it_was_migrated(path: Path) -> None:
    with Store(path) as store:
        make_history(store, 1, [("three", T0 + 2 * DAY)])
        assert len(version_queries.of_source(store.ask, 1)) == 3


# --- PostgreSQL ------------------------------------------------------------------------------------------------------

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_table_compiles_for_postgresql(table: Table) -> None:
    sql = str(CreateTable(table).compile(dialect=DIALECT))
    assert sql.strip().startswith(f"CREATE TABLE {table.name}")
    if "id" in table.c and table.name != "recipe":
        assert "id BIGSERIAL NOT NULL" in sql
    assert " BLOB" not in sql


def test_every_index_compiles_for_postgresql() -> None:
    created = {
        str(index.name): str(CreateIndex(index).compile(dialect=DIALECT))
        for table in metadata.sorted_tables
        for index in table.indexes
    }
    assert created["uq_capture_no_payload"].endswith("(source_id, captured_at) WHERE payload_id IS NULL")
    assert len(created) == sum(len(table.indexes) for table in metadata.sorted_tables)


def test_every_view_is_said_in_the_words_of_each_database() -> None:
    sqlite, postgres = " ".join(create_views("sqlite")), " ".join(create_views("postgresql"))
    assert "strftime" in sqlite
    assert "strftime" not in postgres
    assert "to_char(to_timestamp(v.first_seen_at / 1000000)" in postgres
    assert "hex(" not in postgres
    for sql in (sqlite, postgres):
        assert "{" not in sql
        assert "}" not in sql


def test_the_migration_leaves_full_text_to_sqlite() -> None:
    """A migration must ask for the dialect before it uses what another database lacks."""
    source = (MIGRATIONS / "versions" / "0001_first_schema.py").read_text()
    before, _, after = source.partition('if op.get_bind().dialect.name == "sqlite":')
    assert "VIRTUAL TABLE" in after
    assert "VIRTUAL TABLE" not in before


# --- 0011: one spelling of addresses ---------------------------------------------------------------------------------

OLD = "https://daily.example/%d0%bd%7e"
NEW = "https://daily.example/%D0%BD~"


def archive_of_0010(path: Path, urls: list[str]) -> None:
    """An archive from before 0011: each address has one version, and its key is spelled as the address."""
    with Store(path) as store:
        for number, url in enumerate(urls):
            source_id = store.add_source(url, f"example,daily,)/{url.rpartition('/')[2]}", T0)
            make_history(store, source_id, [("one", T0 + number * DAY)])
        drop_new_facts(store)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE text DROP COLUMN title_parts")
        connection.execute("ALTER TABLE text DROP COLUMN body_parts")
        connection.execute("DROP TABLE pack_entry")
        connection.execute("DROP TABLE pack")
        connection.execute("DROP TABLE tile")
        connection.execute("DROP TABLE hold")
        connection.execute("DROP TABLE entry")
        added = ("captured_at", "source_id_captured_at_reason", "flagged")
        for index in (*(f"capture_{name}" for name in added), "derivation_capture_id_verdict"):
            connection.execute(f"DROP INDEX ix_{index}")
        connection.execute("ALTER TABLE capture DROP COLUMN salt")
        connection.execute("ALTER TABLE capture DROP COLUMN same_before")
        for table in ("notice_event", "notice", "receiver", "credential", "audit", "caught_up"):
            connection.execute(f"DROP TABLE {table}")
        marks = "id INTEGER NOT NULL PRIMARY KEY, until_at BIGINT NOT NULL, marked_at BIGINT NOT NULL"
        connection.execute(f"CREATE TABLE caught_up ({marks})")
        connection.execute("UPDATE alembic_version SET version_num = '0010'")


def test_an_address_in_an_old_spelling_is_found_by_today_s_key(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    archive_of_0010(old, [OLD])
    maintenance.upgrade(old)
    with Reader(old) as reader:
        source = source_queries.by_url_key(reader.ask, url_key(NEW))
        assert source is not None
        assert source.url == OLD  # a fact in the chain
        assert list(verify(reader, deep=True, key_of=url_key)) == []


def test_two_spellings_of_one_address_become_one_history(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    archive_of_0010(old, [NEW, OLD])
    with Store(old) as store:
        assert capture_queries.underived(store.ask, 9) != []
        derive_all(store)
        settle.settle_sources(
            store, capture_queries.of_source(store.ask, 2), T0, Blame(store, RECIPE, T0), lambda _: None
        )
        source = source_queries.by_url_key(store.ask, url_key(OLD))
        assert source is not None
        (version,) = version_queries.of_source(store.ask, source.id)
        assert (source.url, version.captures) == (NEW, 2)
        assert source_queries.history_root(store.ask, 2) == source
    with Reader(old) as reader:
        assert list(verify(reader, deep=True, key_of=url_key)) == []
