"""Connections to a PostgreSQL server without SQLAlchemy: opening, errors, and the revision of the archive there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from db.errors import ConnectionLost, Corrupt, SchemaMismatch, StoreBusy, StoreError, TooSlow, Unstorable

try:
    import psycopg
    from psycopg.rows import dict_row
    from psycopg.types.numeric import FloatLoader
except ImportError as error:  # the package, or the library of PostgreSQL that it loads
    raise StoreError("an archive on a server needs the extra postgresql: pip install 'wirecopy[postgresql]'") from error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.dialect.server_address import ServerAddress

BUSY_MILLISECONDS = 120_000
"""A writer waits so long for its lock: longer than the server keeps the session of a host that died."""

_SESSION_MILLISECONDS = 90_000  # of a writer that is silent in a transaction, then the server ends it

# The server asks a silent host for a sign of life, and ends its session after 60 s: it may hold the writer's lock.
_KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_OPTIONS = " ".join(
    (
        f"-c lock_timeout={BUSY_MILLISECONDS} -c jit=off -c client_encoding=UTF8 -c timezone=UTC",
        f"-c idle_in_transaction_session_timeout={_SESSION_MILLISECONDS}",
        *(f"-c tcp_{name}={value}" for name, value in _KEEPALIVE.items()),
    )
)
_CONNECT_SECONDS = 10

_BY_STATE: dict[str, tuple[type[StoreError], str]] = {
    "57014": (TooSlow, "this request to {path} takes too long. Ask for less: a shorter period, rarer words"),
    "40001": (StoreBusy, "{path}: another process wrote at the same time. Try again soon"),
    "40P01": (StoreBusy, "{path}: another process wrote at the same time. Try again soon"),
    "55P03": (StoreBusy, "{path} stayed locked for {wait:.0f} s; another process writes to it. Try again soon"),
    "25P03": (ConnectionLost, "{host} ended a transaction that was idle for too long. What was begun is undone"),
    "53100": (StoreError, "the disk of {host} is full. Nothing was lost; make room and run it again"),
    "53300": (StoreBusy, "{host} takes no more connections. Close some, or raise max_connections"),
    "25006": (StoreError, "{path} cannot be written: the server or the user may only read"),
    "42501": (StoreError, "{path}: the user may not do that ({error}). Give it rights on the schema"),
    "3D000": (StoreError, "there is no database for {path}. Make one: createdb --template template0 --locale C NAME"),
    "3F000": (StoreError, "there is no schema for {path}. Make one, or leave out the option search_path"),
}
"""Our error and its message by SQLSTATE."""

_BY_CLASS: dict[str, tuple[type[StoreError], str]] = {
    "08": (ConnectionLost, "the connection to {host} was lost. Run it again: what was begun is undone"),
    "22": (Unstorable, "{path} does not take a value ({error})"),
    "23": (Unstorable, "{path} does not take a value ({error})"),
    "28": (StoreError, "{host} refuses the user or the password. Set PGPASSWORD, a passfile or a service"),
    "57": (ConnectionLost, "{host} ended the connection ({error}). Run it again: what was begun is undone"),
    "XX": (Corrupt, "{path} is damaged ({error}). Restore a backup of the server"),
}
"""Our error and its message by the class of the SQLSTATE, its first two characters."""

_UNREACHABLE = ConnectionLost, "{host} cannot be reached{because}. Check the address, and that the server runs"
_REFUSED = StoreError, "{host} refuses the user or the password. Set PGPASSWORD, a passfile or a service"
_OTHER = StoreError, "{path} cannot be used ({error})"

# Said in our words: the driver quotes parts of the address, and a password with an @ in it may be one of them.
_REASONS = {
    "refused": "nothing listens at that port",
    "timeout": "no answer in time",
    "timed out": "no answer in time",
    "translate host name": "its name is not known",
    "name or service": "its name is not known",
    "failed to resolve": "its name is not known",
    "no such file": "there is no such socket",
    "ssl": "it does not agree on TLS",
}


class PlainNumber(FloatLoader):
    """Loads PostgreSQL's numeric, the type of its sums, as SQLite gives them: an int, or a float with a fraction."""

    def load(self, data: Any) -> Any:
        """Return the number."""
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdigit() else float(text)


def server_error_from(error: Exception, path: ServerAddress) -> StoreError:
    """Return our error for an error of psycopg at an address."""
    state = getattr(error, "sqlstate", None) or ""
    text = str(error).strip().partition("\n")[0]
    if state:
        error_type, message = _BY_STATE.get(state) or _BY_CLASS.get(state[:2]) or _OTHER
    elif isinstance(error, psycopg.OperationalError):
        words = text.lower()
        is_refusal = "password" in words or "authentication" in words or "role" in words
        error_type, message = _REFUSED if is_refusal else _missing(words) or _UNREACHABLE
    else:
        error_type, message = (Unstorable, _BY_CLASS["22"][1]) if isinstance(error, psycopg.DataError) else _OTHER
    because = next((f": {reason}" for sign, reason in _REASONS.items() if sign in text.lower()), "")
    wait = BUSY_MILLISECONDS / 1000
    return error_type(message.format(path=path, host=path.host, error=text, because=because, wait=wait))


def _missing(words: str) -> tuple[type[StoreError], str] | None:
    return _BY_STATE["3D000"] if "database" in words and "does not exist" in words else None


def connect(path: ServerAddress, *, read_only: bool, patience: float | None = None) -> psycopg.Connection[Any]:
    """Open a connection that commits each statement. Raises StoreError.

    ``patience``: seconds after which a query is interrupted with TooSlow. None: no limit.
    """
    options = ""
    if read_only:
        options += " -c default_transaction_read_only=on"
    if patience is not None:
        options += f" -c statement_timeout={max(int(patience * 1000), 1)}"
    with translated_errors(path):
        connection = psycopg.connect(**parameters(path, options), autocommit=True, row_factory=dict_row)
        adapt(connection)
        return connection


def parameters(path: ServerAddress, options: str = "") -> dict[str, Any]:
    """Return the parameters of psycopg for an address. Its own win over ours, except ``options``. Raises StoreError."""
    try:
        own_values = psycopg.conninfo.conninfo_to_dict(path.url)
    except psycopg.Error:
        raise StoreError(f"{path} is no address of a database: it has a part that PostgreSQL does not know") from None
    own = str(own_values.pop("options", "") or "")
    defaults = {"connect_timeout": _CONNECT_SECONDS, "application_name": "wirecopy", "tcp_user_timeout": 30_000}
    return {**defaults, **_KEEPALIVE, **own_values, "options": f"{_OPTIONS} {own} {options}".strip()}


def adapt(connection: psycopg.Connection[Any]) -> None:
    """Let a connection give values as SQLite does."""
    connection.adapters.register_loader("numeric", PlainNumber)


@contextmanager
def translated_errors(path: ServerAddress) -> Iterator[None]:
    """Raise our error for any error of psycopg in the block."""
    try:
        yield
    except psycopg.Error as error:
        raise server_error_from(error, path) from error


def revision(path: ServerAddress) -> str | None:
    """Return the schema revision of the archive at an address, None if there is no table. Raises StoreError."""
    with connect(path, read_only=True) as connection:
        return revision_on(connection, path)


_TABLES = "SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"


def revision_on(connection: psycopg.Connection[Any], path: ServerAddress) -> str | None:
    """Return the schema revision of the archive on a connection. Raises SchemaMismatch for tables of other programs."""
    with translated_errors(path):
        if connection.execute("SELECT current_schema() AS name").fetchall()[0]["name"] is None:
            raise StoreError(_BY_STATE["3F000"][1].format(path=path))
        tables = {row["name"] for row in connection.execute(_TABLES).fetchall()}
        if not tables:
            return None
        if not {"alembic_version", "capture"} <= tables:
            raise SchemaMismatch(f"{path} has tables of another program; name another database or schema")
        rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        return str(rows[0]["version_num"]) if rows else None
