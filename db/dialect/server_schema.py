"""The schema of an archive on a PostgreSQL server: the tables of ``db.schema``, SQLite's functions, the views.

A new archive gets all tables at once. Later changes are the same migrations as those of a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

from db.dialect import server_connection
from db.dialect.server_engine import open_server_engine
from db.dialect.word_vectors import TABLES
from db.errors import StoreError
from db.reader import HEAD, check_revision
from db.schema import metadata
from db.views import create_views

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.dialect.server_address import ServerAddress

# What the queries use and PostgreSQL lacks. Lists and objects are JSON text, as in a file.
_FUNCTIONS = (
    """CREATE OR REPLACE FUNCTION each_id(text) RETURNS TABLE (key bigint, value bigint)
       LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 50 AS
       $$ SELECT n - 1, v::bigint FROM json_array_elements_text($1::json) WITH ORDINALITY AS e (v, n) $$""",
    """CREATE OR REPLACE FUNCTION each_word(text) RETURNS TABLE (key bigint, value text)
       LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS
       $$ SELECT n - 1, v FROM json_array_elements_text($1::json) WITH ORDINALITY AS e (v, n) $$""",
    """CREATE OR REPLACE FUNCTION each_item(text) RETURNS TABLE (key bigint, value text)
       LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 50 AS
       $$ SELECT n - 1, v::text FROM json_array_elements($1::json) WITH ORDINALITY AS e (v, n) $$""",
    """CREATE OR REPLACE FUNCTION each_member(text, text) RETURNS TABLE (key bigint, value text)
       LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS
       $$ SELECT n - 1, v::text
          FROM json_array_elements(coalesce($1::json -> $2, '[]'::json)) WITH ORDINALITY AS e (v, n) $$""",
    r"""CREATE OR REPLACE FUNCTION json_extract(text, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
       $$ SELECT CASE WHEN $2 LIKE '$[%' THEN $1::json ->> (substring($2 FROM '\d+'))::int
                      ELSE $1::json ->> substr($2, 3) END $$""",
    """CREATE OR REPLACE FUNCTION json_valid(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS
       $$ BEGIN PERFORM $1::json; RETURN TRUE; EXCEPTION WHEN OTHERS THEN RETURN FALSE; END $$""",
    # the scalar functions of two values or three, beside PostgreSQL's aggregates of one
    *(
        f"""CREATE OR REPLACE FUNCTION {name}({", ".join([kind] * values)}) RETURNS {kind}
            LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
            $$ SELECT {own}({", ".join(f"${number + 1}" for number in range(values))}) $$"""
        for name, own in (("min", "least"), ("max", "greatest"))
        for kind in ("integer", "bigint")
        for values in (2, 3)
    ),
)

_COLLATION = """
    SELECT datcollate AS name, pg_encoding_to_char(encoding) AS encoding
    FROM pg_database WHERE datname = current_database()"""


def upgrade_server(path: ServerAddress) -> str | None:
    """Give the archive on a server this code's schema, creating it if there is none. Returns the revision before.

    Raises StoreError, also for a database whose texts are not sorted and compared byte by byte, as in a file: ranges
    of url_keys and the order of every list depend on that.
    """
    with server_connection.connect(path, read_only=True) as connection:
        before = server_connection.revision_on(connection, path)
        if before == HEAD:
            return before
        if before is not None and before > HEAD:
            check_revision(before, path)
        with server_connection.translated_errors(path):
            (database,) = connection.execute(_COLLATION).fetchall()
    if database["name"] not in {"C", "POSIX"} or database["encoding"] != "UTF8":
        raise StoreError(
            f"{path} sorts text as {database['name']} in {database['encoding']}. An archive needs the collation C in "
            "UTF8: createdb --template template0 --locale C --encoding UTF8 NAME"
        )
    path.parent.mkdir(parents=True, exist_ok=True)  # of the files beside it, as for an archive in a file
    engine = open_server_engine(path)
    try:
        with engine.begin() as connection:
            if before is None:
                _create(connection)
            else:
                _migrate(connection)
    except DBAPIError as error:
        cause = error.orig if isinstance(error.orig, Exception) else error
        raise server_connection.server_error_from(cause, path) from error
    finally:
        engine.dispose()
    return before


def _create(connection: Connection) -> None:
    """Create everything, unless another process was quicker: the lock of the transaction lets one do it."""
    taken = "SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname = 'capture'"
    if connection.exec_driver_sql(taken).first() is not None:
        return
    driver: Any = connection.connection.driver_connection  # SQLAlchemy sends one statement at a time
    driver.execute(";\n".join(_statements()))
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES (%(head)s)", {"head": HEAD})


def _statements() -> list[str]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    tables = [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]
    indexes = [
        str(CreateIndex(index).compile(dialect=dialect))
        for table in metadata.sorted_tables
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    ]
    version = "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"
    return [*tables, *indexes, *TABLES, *_FUNCTIONS, *create_views("postgresql"), version]


def _migrate(connection: Connection) -> None:
    from db.maintenance import run_migrations

    driver: Any = connection.connection.driver_connection
    driver.execute(";\n".join(_FUNCTIONS))
    run_migrations(connection)
