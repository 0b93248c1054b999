"""Read access to an archive on a PostgreSQL server, as ``db.reader.Reader`` gives it to a file."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from db.dialect import server_connection
from db.dialect.full_text import WordIndex
from db.dialect.sql_rules import for_driver
from db.errors import StoreError, TooSlow
from db.reader import Reader, check_revision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from db.dialect.server_address import ServerAddress
    from db.reader import Row


class ServerAsk:
    """A callable that runs our SQL on a server (``db.reader.Ask``). ``word_index`` answers full-text queries."""

    def __init__(self, run: Callable[[str, dict[str, Any]], list[Row]]) -> None:
        """``run`` executes a statement of ours with its parameters."""
        self._run = run
        self.word_index = WordIndex(self)

    def __call__(self, sql: str, /, **values: Any) -> list[Row]:
        """Return all rows of the result."""
        return self._run(sql, values)


class ServerReader(Reader):
    """A read-only connection to an archive on a server. Close it, or use it as a context manager."""

    def __init__(self, path: ServerAddress, *, patience: float | None = None) -> None:
        """Open the archive. Raises StoreError (no such archive) or SchemaMismatch."""
        self.path = self._address = path
        self._deadline = None if patience is None else monotonic() + patience
        self._server = server_connection.connect(path, read_only=True, patience=patience)
        self.ask = ServerAsk(self._execute)  # type: ignore[method-assign]  # an Ask, as the method is
        try:
            _check(server_connection.revision_on(self._server, path), path)
        except StoreError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._server.close()

    def hold_snapshot(self) -> None:
        """From now on, see the archive as it is now, whatever is written meanwhile."""
        self.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def stream(self, sql: str, /, **values: Any) -> Iterator[Row]:
        """Yield the rows of ``ask``. The driver holds the whole result."""
        yield from self.ask(sql, **values)

    def ask_bytes(self, sql: str, /, **values: Any) -> list[Row]:
        """Return all rows of one query: a server holds no text that is not UTF-8."""
        return self.ask(sql, **values)

    def _execute(self, sql: str, values: dict[str, Any]) -> list[Row]:
        if self._deadline is not None and monotonic() > self._deadline:
            raise TooSlow(f"this request to {self.path} takes too long. Ask for less: a shorter period, rarer words")
        with server_connection.translated_errors(self._address):
            cursor = self._server.execute(for_driver(sql), values)
            return cursor.fetchall() if cursor.description else []


def _check(revision: str | None, path: ServerAddress) -> None:
    if revision is None:
        raise StoreError(f"there is no archive at {path}. Make one: wirecopy init, or wirecopy import FILE")
    check_revision(revision, path)
