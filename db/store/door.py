"""Store: the one object that writes. It holds an engine and the path, and nothing else."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db import care
from db.connect import translate
from db.engine import open_engine
from db.store import captures, derivations, leases, links, sources, versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from db.connect import Ask, Row
    from db.records import Capture, Extraction, Found, Judgement, Recipe, Seed, Sighting, Verdict, Version


class Store:
    """The archive file, open for writing. Made, or upgraded with a backup, when opened; close it when done.

    Every method is one transaction: all of it is kept or nothing. Raises StoreError and its kin.
    """

    def __init__(self, path: Path) -> None:
        """Open the archive at ``path``; makes it if there is none."""
        self.path = path
        care.upgrade(path)
        self._engine = open_engine(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file, after letting SQLite refresh its statistics if it can."""
        alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with suppress(DBAPIError), alone.connect() as connection:  # a full disk must not hide what went wrong before
            connection.exec_driver_sql("PRAGMA optimize")
        self._engine.dispose()

    # --- what is watched ---

    def sync_seeds(self, seeds: Sequence[Seed], keys: Mapping[str, str], now: datetime) -> None:
        """Make seeds known; retire those no longer in the index. ``keys`` maps each seed's URL to its url_key."""
        with self._write() as connection:
            sources.sync_seeds(connection, seeds, keys, now)

    def add_source(self, url: str, url_key: str, now: datetime) -> int:
        """The id of the source with this key, made if it is new; one that has no seed is kept but not watched."""
        with self._write() as connection:
            return sources.ensure(connection, url, url_key, now)

    def add_found(self, found: Sequence[tuple[Found, str]], via: int, now: datetime) -> list[int]:
        """Make found articles (each with its url_key) sources of the seed of ``via``; ids of the new ones."""
        with self._write() as connection:
            return sources.add_found(connection, found, via, now)

    def join(self, source_id: int, url: str, url_key: str, now: datetime) -> list[int]:
        """Say that ``url`` continues the history of ``source_id``; ids of the sources whose histories that changes."""
        with self._write() as connection:
            return sources.join(connection, source_id, url, url_key, now)

    # --- facts ---

    def record(self, found: Sequence[tuple[Capture, bytes | None]], run_id: int | None = None) -> list[int]:
        """Keep captures with their payloads; returns the ids of those that were not kept before."""
        with self._write() as connection:
            return captures.record(connection, found, run_id)

    # --- derivations ---

    def use_recipe(self, recipe: Recipe, now: datetime) -> bool:
        """Make ``recipe`` the current one; captures derived under another go back to the ledger. True if any did."""
        with self._write() as connection:
            return derivations.use_recipe(connection, recipe, now)

    def queue_again(self, sources: Sequence[int], since: datetime | None, until: datetime | None) -> int:
        """Put the whole pages of these sources captured in the window back on the ledger; how many."""
        with self._write() as connection:
            return derivations.queue_again(connection, sources, since, until)

    def visited(self, run_id: int) -> set[int]:
        """Ids of the sources a run has captures of: where a run that was cut off goes on."""
        return {row["source_id"] for row in self.ask("SELECT source_id FROM capture WHERE run_id = :id", id=run_id)}

    def known_extraction(self, capture: Capture, recipe_id: str) -> bool:
        """True when this capture's payload was already extracted under the recipe."""
        with self._ask() as ask:
            return derivations.known(ask, capture, recipe_id)

    def keep_extraction(self, capture: Capture, extraction: Extraction, sha256: str | None, recipe: Recipe) -> None:
        """Keep what a payload says. ``sha256`` is the digest of headline and body, None where there is no body."""
        with self._write() as connection:
            derivations.keep(connection, capture, extraction, sha256, recipe)

    def derived(
        self, capture: Capture, recipe_id: str, verdict: Callable[[Row], tuple[Verdict, str]], now: datetime
    ) -> None:
        """Tie a capture to the extraction of its payload; ``verdict`` judges the extraction's row (verdict, detail)."""
        with self._write() as connection:
            derivations.tie(connection, capture, recipe_id, verdict, now)

    def settle(
        self,
        source_id: int,
        history: Callable[[Sequence[Sighting], Ask], Sequence[Version]],
        now: datetime,
        done: Sequence[int] = (),
    ) -> list[Version]:
        """Rewrite a source's versions as ``history`` says of all its sightings; returns those that are new.

        One transaction reads, decides, writes, and takes the captures in ``done`` off the ledger, so that two processes
        settle one after the other and a crash leaves the work to be done again.
        """
        with self._write() as connection:
            return versions.settle(connection, asking(connection), source_id, history, now, done)

    def link(self, text_id: int, judgements: Sequence[tuple[int, Judgement]], method: str, now: datetime) -> int:
        """Keep what comparing a text with others gave and mark it compared; returns how many links there are now."""
        with self._write() as connection:
            return links.keep(connection, text_id, judgements, method, now)

    def add_keys(self, text_id: int, keys: Sequence[int]) -> None:
        """Keep a text's look-up keys, so that others find it."""
        with self._write() as connection:
            links.add_keys(connection, text_id, keys)

    def forget_links(self) -> None:
        """Drop every link and key; all texts are to be compared again."""
        with self._write() as connection:
            links.forget(connection)

    # --- runs and leases ---

    def begin_run(self, kind: str, parameters: str, owner: str, now: datetime, *, resume: bool = False) -> int:
        """Note that a run began; its id. ``resume`` takes up the last one of the same kind that did not finish."""
        with self._write() as connection:
            unfinished = leases.resume_run(connection, kind, parameters) if resume else None
            return unfinished or leases.begin_run(connection, kind, parameters, owner, now)

    def end_run(self, run_id: int, counts: Mapping[str, int], now: datetime) -> None:
        """Note that a run ended and what it did."""
        with self._write() as connection:
            leases.end_run(connection, run_id, counts, now)

    def take_lease(self, name: str, owner: str, now: datetime, until: datetime, alive: Callable[[str], bool]) -> None:
        """Take or renew a lease; a holder that is not ``alive(owner)`` has lost it. Raises StoreBusy if it is held."""
        with self._write() as connection:
            leases.take(connection, name, owner, now, until, alive)

    def release_leases(self, owner: str) -> int:
        """Give back every lease of ``owner``; how many there were."""
        with self._write() as connection:
            return leases.release(connection, owner)

    # --- asking ---

    def ask(self, sql: str, /, **values: Any) -> list[Row]:
        """All rows of an answer (``db.connect.Ask``)."""
        with self._ask() as ask:
            return ask(sql, **values)

    @contextmanager
    def _ask(self) -> Iterator[Ask]:
        with self._translating(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield asking(connection)

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._translating(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise translate(error.orig if isinstance(error.orig, Exception) else error, self.path) from error


def asking(connection: Connection) -> Ask:
    """Let a question be asked on a SQLAlchemy connection."""

    def ask(sql: str, /, **values: Any) -> list[Row]:
        return [dict(row) for row in connection.execute(text(sql), values).mappings()]

    return ask
