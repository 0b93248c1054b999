"""Maintenance of the archive file: create, migrate, check, back up, restore."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from db.dialect.server_address import ServerAddress, refuse_server
from db.errors import BadInput, Corrupt, SchemaMismatch, StoreError
from db.reader import BUSY_SECONDS, HEAD, check_revision, is_wirecopy_revision, open_read_only, store_error_from
from db.views import create_views, drop_views, view_definitions

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """The result of ``upgrade``: the revision before (None: a new file) and after it, and the old file's backup."""

    before: str | None
    after: str
    backup: Path | None = None


def upgrade(path: Path, *, keep: Path | None = None) -> Upgrade:
    """Migrate the archive at ``path`` to this code's schema, creating it if there is none.

    An older file is copied to ``keep`` first (default: beside it, named after the new revision), migrated in one
    transaction, and checked. Raises StoreError or a subclass. A failed migration leaves the file unchanged.
    """
    if isinstance(path, ServerAddress):
        from db.dialect.server_schema import upgrade_server

        return Upgrade(before=upgrade_server(path), after=HEAD)
    before = revision(path)
    if before == HEAD:
        _renew_views(path)
        return Upgrade(before=before, after=HEAD)
    if before is not None and before > HEAD:
        check_revision(before, path)
    copy = backup(path, keep or path.with_name(f"{path.name}.before-{HEAD}")) if before is not None else None
    _create_folder(path)
    if before is None:
        _create(path)
    else:
        _migrate(path)
    check_file(path)
    return Upgrade(before=before, after=HEAD, backup=copy)


def _renew_views(path: Path) -> None:
    """Define the views again if they are not those of this code. They have no data of their own."""
    try:
        with closing(_open(path)) as reading:
            stored = dict(reading.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'"))
        if all(stored.get(name) == sql for name, sql in view_definitions("sqlite").items()):
            return
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in (*drop_views(), *create_views("sqlite")):
                connection.execute(statement)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise store_error_from(error, path) from error


def revision(path: Path) -> str | None:
    """Return the schema revision of the file at ``path``, or None if there is no file or an empty one.

    Raises SchemaMismatch for the database of another program, Corrupt for a file that is no database.
    """
    if isinstance(path, ServerAddress):
        from db.dialect import server_connection

        return server_connection.revision(path)
    if path.is_dir():
        raise StoreError(f"{path} is a folder; name a file in it, like {path / 'archive.db'}")
    if not path.exists() or path.stat().st_size == 0:
        return None
    with closing(_open(path)) as connection:
        try:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables:
                return None
            if "alembic_version" not in tables:
                check_revision(None, path)
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.Error as error:
            raise store_error_from(error, path) from error
    if not row or not is_wirecopy_revision(row[0]):
        check_revision(None, path)
    return str(row[0])


def check_file(path: Path, *, deep: bool = False) -> None:
    """Let SQLite check the file and its foreign keys. Raises Corrupt with what is wrong.

    ``deep`` runs the full integrity check (28 s for a million versions, against 1 s).
    """
    refuse_server(path, "it checks its own files, with pg_amcheck. Check the archive with: wirecopy verify")
    with closing(_open(path)) as connection:
        try:
            (answer,) = connection.execute("PRAGMA integrity_check" if deep else "PRAGMA quick_check").fetchone()
            orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
        except sqlite3.Error as error:
            raise store_error_from(error, path) from error
    if answer != "ok":
        raise Corrupt(f"{path}: {answer}. Restore a backup: wirecopy restore BACKUP")
    if orphan is not None:
        raise Corrupt(f"{path}: row {orphan[1]} of table {orphan[0]} refers to a row of {orphan[2]} that is missing")


def backup(path: Path, to: Path, *, compact: bool = False) -> Path:
    """Copy the archive as of one moment to ``to`` while others read and write it, and check the copy.

    The copy is written under another name and renamed when it is complete, so a crash leaves no partial backup.
    ``compact`` rewrites every table without the room that deleted rows left. Raises StoreError.
    """
    refuse_server(path, "back it up with pg_dump, or with the server's own backups")
    if not path.is_file():
        raise StoreError(f"there is no archive at {path} to back up")
    if to.resolve() == path.resolve():
        raise BadInput(f"the backup cannot be the archive itself: {to}")
    if revision(path) is None:
        raise SchemaMismatch(f"{path} is empty: there is nothing to back up")
    _create_folder(to)
    partial = to.with_name(to.name + ".half")
    try:
        partial.unlink(missing_ok=True)
        (_compact if compact else _copy)(path, partial)
        check_file(partial)
        partial.replace(to)
    except Corrupt as error:  # the copy is as damaged as its original
        raise Corrupt(f"no copy was made, because {path} is damaged: {error}") from error
    except sqlite3.Error as error:
        of_copy = store_error_from(error, to)
        raise (store_error_from(error, path) if isinstance(of_copy, Corrupt) else of_copy) from error
    except OSError as error:
        raise StoreError(
            f"the backup {to} could not be written: {error.strerror}; make room or name another place"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return to


def _copy(path: Path, to: Path) -> None:
    with closing(_open(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")


def _compact(path: Path, to: Path) -> None:
    with closing(_open(path)) as source:
        source.execute("VACUUM INTO ?", [str(to)])


def restore(path: Path, source: Path) -> Path | None:
    """Replace the archive at ``path`` by the backup ``source`` and return the path of the replaced file.

    The backup is checked and copied beside the archive, then both are renamed. A backup of an older schema is accepted
    (upgrade follows), one of a newer schema is refused. A symbolic link at ``path`` stays, and the file it leads to is
    replaced. Raises StoreError or a subclass.
    """
    refuse_server(path, "restore it with pg_restore into an empty database, and name that with --db")
    path = path.resolve() if path.is_symlink() else path
    if not source.is_file():
        raise StoreError(f"there is no backup at {source}")
    if source.resolve() == path.resolve():
        raise BadInput(f"{source} is the archive itself; name a backup, see the folder {path.parent / 'backups'}")
    backup_revision = revision(source)
    if backup_revision is None:
        raise SchemaMismatch(f"{source} is empty: not a backup of a wirecopy archive")
    if backup_revision > HEAD:
        check_revision(backup_revision, source)
    # Copied by SQLite, not as bytes: the source may be a live archive, whose last writes are in its log.
    incoming = backup(source, path.with_name(path.name + ".incoming"))
    try:
        replaced = _set_aside(path)
        incoming.replace(path)
    except OSError as error:
        raise StoreError(f"{path} could not be replaced: {error.strerror}; look for {path.name}.replaced") from error
    finally:
        with suppress(OSError):
            incoming.unlink(missing_ok=True)
    return replaced


def _set_aside(path: Path) -> Path | None:
    """Rename the file at ``path`` and the logs beside it, and return its new path. None: there is no file.

    A log is set aside even where its file is gone (a restore that was cut off in between): SQLite would write it into
    the file that comes next.
    """
    target = _free_name(path)
    replaced = None
    if path.exists():
        _empty_log(path)
        path.replace(target)
        replaced = target
    for log in ("-wal", "-shm"):  # only a broken archive leaves them; its last writes may be there
        with suppress(FileNotFoundError):
            path.with_name(path.name + log).replace(target.with_name(target.name + log))
    return replaced


def _empty_log(path: Path) -> None:
    """Move the write-ahead log into the file, or it loses its last writes when it is renamed. Raises StoreError."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:
        return  # a broken archive is a reason to restore; it is set aside as it is
    if busy:
        raise StoreError(f"{path} is in use; stop what writes to it (wirecopy up, a refresh) and restore again")


def _free_name(path: Path) -> Path:
    """Return an unused name for the replaced file, so that a second restore does not overwrite the first one's."""
    names = (path.with_name(f"{path.name}.replaced{'' if number == 1 else f'-{number}'}") for number in count(1))
    return next(name for name in names if not any(name.with_name(name.name + end).exists() for end in ("", "-wal")))


def _create_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder of {path} cannot be created: {error.strerror}; name another place") from error


def _create(path: Path) -> None:
    """Create the tables of a new archive in one transaction, unless another process was quicker."""
    statements = _create_statements()
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
                for statement in statements:
                    connection.execute(statement)
                connection.execute("INSERT INTO alembic_version VALUES (?)", [HEAD])
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise store_error_from(error, path) from error


@cache
def _create_statements() -> tuple[str, ...]:
    """Return the statements that create what all migrations together create, read off a file they made.

    Executing these takes a tenth of the time of the migrations, which matters to a program that creates many archives
    (the tests create 700).
    """
    with TemporaryDirectory() as folder:
        migrated = Path(folder) / "archive.db"
        _migrate(migrated)
        with closing(sqlite3.connect(migrated)) as connection:
            return tuple(sql for (sql,) in connection.execute(_STATEMENTS))


# Without SQLite's internal tables and those of the full-text index, which are created with it.
_STATEMENTS = """
    SELECT sql FROM sqlite_master
    WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
      AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
    ORDER BY rowid"""


def _migrate(path: Path) -> None:
    # Imported here, because Alembic and SQLAlchemy cost half a second, and only upgrade needs them.
    from sqlalchemy.exc import DBAPIError

    from db.writer import open_engine

    # Foreign keys off: a batch migration rebuilds tables that others refer to. check_file checks them afterwards.
    engine = open_engine(path, foreign_keys=False)
    try:
        with engine.begin() as connection:
            run_migrations(connection)
    except DBAPIError as error:
        raise store_error_from(error.orig if isinstance(error.orig, Exception) else error, path) from error
    finally:
        engine.dispose()


def run_migrations(connection: Connection) -> None:
    """Run the migrations that the archive on a connection lacks, in its transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    scripts = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", scripts.replace("%", "%%"))  # the option is a template
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _open(path: Path) -> sqlite3.Connection:
    try:
        return open_read_only(path)
    except sqlite3.Error as error:
        raise store_error_from(error, path) from error
