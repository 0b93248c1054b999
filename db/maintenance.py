"""Care for the file: make it, migrate it, check it, back it up, bring it back."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from db.errors import BadInput, Corrupt, SchemaMismatch, StoreError
from db.reader import BUSY_SECONDS, HEAD, check_revision, is_wirecopy_revision, open_read_only, store_error_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What ``upgrade`` did: the revision found (None: a new file), the one now, and where the old file was kept."""

    before: str | None
    after: str
    backup: Path | None = None


def upgrade(path: Path, *, keep: Path | None = None) -> Upgrade:
    """Bring the archive at ``path`` to this code's schema, making it if there is none.

    An existing older file is copied to ``keep`` first (default: beside it, named after its revision), migrated in one
    transaction, and checked. Raises StoreError and its kin; a failed migration leaves the file as it was.
    """
    before = revision(path)
    if before == HEAD:
        return Upgrade(before=before, after=HEAD)
    if before is not None and before > HEAD:
        check_revision(before, path)
    kept = backup(path, keep or path.with_name(f"{path.name}.before-{HEAD}")) if before is not None else None
    _make_folder(path)
    if before is None:
        _make(path)
    else:
        _migrate(path)
    check_file(path)
    return Upgrade(before=before, after=HEAD, backup=kept)


def revision(path: Path) -> str | None:
    """The schema revision of the file at ``path``; None when there is no file or an empty one.

    Raises SchemaMismatch for a database of something else, Corrupt for a file that is no database.
    """
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
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.Error as error:
            raise store_error_from(error, path) from error
    if not found or not is_wirecopy_revision(found[0]):
        check_revision(None, path)
    return str(found[0])


def check_file(path: Path, *, deep: bool = False) -> None:
    """Let SQLite check the file and its foreign keys. Raises Corrupt, saying what does not hold.

    ``deep`` runs the full integrity check (28 s for a million versions in the research, against 1 s).
    """
    with closing(_open(path)) as connection:
        try:
            (answer,) = connection.execute("PRAGMA integrity_check" if deep else "PRAGMA quick_check").fetchone()
            orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
        except sqlite3.Error as error:
            raise store_error_from(error, path) from error
    if answer != "ok":
        raise Corrupt(f"{path}: {answer}. Bring back a backup: wirecopy restore BACKUP")
    if orphan is not None:
        raise Corrupt(f"{path}: row {orphan[1]} of table {orphan[0]} names a row of {orphan[2]} that is not there")


def backup(path: Path, to: Path, *, compact: bool = False) -> Path:
    """Copy the archive, as of one moment, to ``to`` while others read and write it; the copy is checked.

    Written beside its place and renamed when it is whole, so that a crash leaves no half backup. ``compact`` writes
    every table anew, without the room that deleted rows left. Raises StoreError.
    """
    if not path.is_file():
        raise StoreError(f"there is no archive at {path} to back up")
    if to.resolve() == path.resolve():
        raise BadInput(f"the backup cannot be the archive itself: {to}")
    if revision(path) is None:
        raise SchemaMismatch(f"{path} is empty: there is nothing to back up")
    _make_folder(to)
    half = to.with_name(to.name + ".half")
    try:
        half.unlink(missing_ok=True)
        (_compact if compact else _copy)(path, half)
        check_file(half)
        half.replace(to)
    except Corrupt as error:  # a copy is as good as what it was made of
        raise Corrupt(f"no copy was made, because {path} does not hold: {error}") from error
    except sqlite3.Error as error:
        told = store_error_from(error, to)
        raise (store_error_from(error, path) if isinstance(told, Corrupt) else told) from error
    except OSError as error:
        raise StoreError(
            f"the backup {to} could not be written: {error.strerror}; make room or name another place"
        ) from error
    finally:
        with suppress(OSError):
            half.unlink(missing_ok=True)
    return to


def _copy(path: Path, to: Path) -> None:
    with closing(_open(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")


def _compact(path: Path, to: Path) -> None:
    with closing(_open(path)) as source:
        source.execute("VACUUM INTO ?", [str(to)])


def restore(path: Path, source: Path) -> Path | None:
    """Put the backup ``source`` in the place of the archive at ``path``; returns where the replaced file was kept.

    The backup is checked first and copied beside the archive, then both change places by rename. A backup of an older
    schema is fine (upgrade follows); a newer one is refused. Raises StoreError and its kin.
    """
    if not source.is_file():
        raise StoreError(f"there is no backup at {source}")
    if source.resolve() == path.resolve():
        raise BadInput(f"{source} is the archive itself; name a backup, see the folder {path.parent / 'backups'}")
    found = revision(source)
    if found is None:
        raise SchemaMismatch(f"{source} is empty: not a backup of a wirecopy archive")
    if found > HEAD:
        check_revision(found, source)
    # Copied by SQLite, not as bytes: what is given may be a live archive, whose last writes stand in its log.
    incoming = backup(source, path.with_name(path.name + ".incoming"))
    try:
        kept = _set_aside(path)
        incoming.replace(path)
    except OSError as error:
        raise StoreError(f"{path} could not be replaced: {error.strerror}; look for {path.name}.replaced") from error
    finally:
        with suppress(OSError):
            incoming.unlink(missing_ok=True)
    return kept


def _set_aside(path: Path) -> Path | None:
    if not path.exists():
        return None
    kept = _free_name(path)
    try:
        # Fold the write-ahead log into the file, or the old file would lose its last writes when it is set aside.
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreError(f"{path} is in use; stop what writes to it (wirecopy up, a refresh) and restore again")
    except sqlite3.Error:
        pass  # a broken archive is just what one restores over; it is kept as it is
    path.replace(kept)
    for log in ("-wal", "-shm"):  # left behind only by a broken archive; its last writes may stand there
        with suppress(FileNotFoundError):
            path.with_name(path.name + log).replace(kept.with_name(kept.name + log))
    return kept


def _free_name(path: Path) -> Path:
    """Where the replaced file goes: a second restore must not overwrite what the first one set aside."""
    names = (path.with_name(f"{path.name}.replaced{'' if number == 1 else f'-{number}'}") for number in count(1))
    return next(name for name in names if not name.exists())


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder of {path} cannot be made: {error.strerror}; name another place") from error


def _make(path: Path) -> None:
    """Lay out a new archive in one transaction, unless another process was quicker."""
    layout = _layout()
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
                for statement in layout:
                    connection.execute(statement)
                connection.execute("INSERT INTO alembic_version VALUES (?)", [HEAD])
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise store_error_from(error, path) from error


@cache
def _layout() -> tuple[str, ...]:
    """The statements that all migrations together come to, read off a file they made.

    Said again for each new archive: a tenth of the time of the migrations, of which a program that makes many (tests
    make 700) would spend most of its own.
    """
    with TemporaryDirectory() as folder:
        made = Path(folder) / "archive.db"
        _migrate(made)
        with closing(sqlite3.connect(made)) as connection:
            return tuple(sql for (sql,) in connection.execute(_STATEMENTS))


# Without the tables that SQLite keeps for itself and those of the full-text index, which come with it.
_STATEMENTS = """
    SELECT sql FROM sqlite_master
    WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
      AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
    ORDER BY rowid"""


def _migrate(path: Path) -> None:
    # Imported here, because Alembic and SQLAlchemy cost half a second, and only upgrade needs them.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import DBAPIError

    from db.writer import open_engine

    config = Config()
    here = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", here.replace("%", "%%"))  # the option is a template
    # Foreign keys off: a batch migration rebuilds tables that others point at. check_file looks at them afterwards.
    engine = open_engine(path, foreign_keys=False)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise store_error_from(error.orig if isinstance(error.orig, Exception) else error, path) from error
    finally:
        engine.dispose()


def _open(path: Path) -> sqlite3.Connection:
    try:
        return open_read_only(path)
    except sqlite3.Error as error:
        raise store_error_from(error, path) from error
