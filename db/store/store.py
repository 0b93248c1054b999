"""Store: the one object that writes. It holds an engine and the path, and nothing else."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy.exc import DBAPIError

from db import maintenance
from db.errors import StoreBusy
from db.queries import payloads as payload_queries
from db.queries import tombstones
from db.reader import translate
from db.records import Repacked
from db.schema import payload
from db.store import (
    captures,
    change_rate,
    claims,
    derivations,
    forget,
    furniture,
    labels,
    leases,
    links,
    origins,
    payloads,
    read_marks,
    repack,
    sources,
    versions,
)
from db.store import lsh_index as keys
from db.writer import asking, open_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from db.reader import Ask, Row
    from db.records import (
        AliasEdge,
        Capture,
        ChangeRate,
        Cleaned,
        DiscoveredUrl,
        Extraction,
        HostState,
        Judgement,
        Recipe,
        Seed,
        Sighting,
        TemplateLines,
        Verdict,
        Version,
    )


# Others may pack new pages against what is to be forgotten while that is prepared; with one run at work one round does.
_ROUNDS = 20
_A_MOMENT = 1000  # milliseconds to wait for readers of the log: an answer takes a tenth of that


class Store:
    """The archive file, open for writing. Made, or upgraded with a backup, when opened; close it when done.

    Every method is one transaction: all of it is kept or nothing. Raises StoreError and its kin.
    """

    def __init__(self, path: Path) -> None:
        """Open the archive at ``path``; makes it if there is none."""
        self.path = path
        maintenance.upgrade(path)
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

    def sync_seeds(self, seeds: Sequence[Seed], keys: Mapping[str, str], now: datetime, *, retire: bool = True) -> None:
        """Make seeds known; retire those no longer in the index. ``keys`` maps each seed's URL to its url_key.

        ``retire`` is False while the index has mistakes: what cannot be read may well be what seems to be gone. One
        whose address was forgotten on request counts as no longer there.
        """
        with self._write() as connection:
            ask = asking(connection)
            barred = tombstones.forgotten(ask, keys.values())
            kept = [each for each in seeds if keys[each.url] not in barred]
            sources.sync_seeds(connection, ask, kept, keys, now, retire=retire)

    def add_source(self, url: str, url_key: str, now: datetime) -> int:
        """The id of the source with this key, made if it is new; one that has no seed is kept but not watched.

        Raises BadInput for an address that was forgotten on request.
        """
        with self._write() as connection:
            forget.refuse(tombstones.forgotten(asking(connection), [url_key]))
            return sources.ensure(connection, url, url_key, now)

    def add_found(self, found: Sequence[tuple[DiscoveredUrl, str]], via: int, now: datetime) -> list[int]:
        """Make found articles (each with its url_key) sources of the seed of ``via``; ids of the new ones."""
        with self._write() as connection:
            ask = asking(connection)
            barred = tombstones.forgotten(ask, (url_key for _, url_key in found))
            kept = [each for each in found if each[1] not in barred]
            return sources.add_found(connection, ask, kept, via, now)

    def join(
        self, source_id: int, read: claims.Read, joins: Callable[[AliasEdge], bool], heads: claims.Heads, now: datetime
    ) -> dict[int, list[int]]:
        """Keep what is claimed of a source, and see anew with which others it is one history.

        ``read`` makes claims of what was seen (and the source's own key), ``joins`` says which ties count, ``heads``
        who keeps whose history. Gives the histories that gained or lost an address, each with captures of it that are
        on the ledger until it is settled.
        """
        with self._write() as connection:
            return claims.join(connection, asking(connection), source_id, read, joins, heads, now)

    def keep_rhythms(self, learned: Iterable[ChangeRate]) -> None:
        """Keep what was learned of when the articles of seeds are edited, in place of what was known before."""
        with self._write() as connection:
            change_rate.keep(connection, learned)

    # --- facts ---

    def record(self, found: Sequence[tuple[Capture, bytes | None]], run_id: int | None = None) -> list[int]:
        """Keep captures with their payloads; returns the ids of those that were not kept before."""
        with self._ask() as ask:  # packing takes longer than keeping: nobody has to wait for it
            packed = payloads.pack_all(ask, found)
        with self._write() as connection:
            return captures.record(connection, packed, run_id)

    def keep_asides(
        self, found: Sequence[origins.Evidence], learned: Sequence[HostState], now: datetime, run_id: int | None = None
    ) -> list[int]:
        """Keep what came along the way: pages nobody watches (kind, url_key, capture, payload), and manners learned."""
        with self._write() as connection:
            origins.remember(connection, learned, now)
            return origins.keep_evidence(connection, found, run_id, now)

    def replace(self, capture_id: int, capture: Capture, payload: bytes) -> list[int]:
        """Put a capture in the place of one without payload, of which nothing was derived; returns as ``record``."""
        with self._write() as connection:
            return captures.replace(connection, capture_id, (capture, payload))

    # --- care ---

    def forget(self, source_id: int, now: datetime) -> bool:
        """Take out a source, with every address joined to its history, and what nobody else shows; a tombstone stays.

        Cut off anywhere, either all of it is gone or it is done by forgetting again. False if others who read the
        archive kept its log from being emptied: what was forgotten may stand in there until they have ended.
        """
        for _ in range(_ROUNDS):
            with self._ask() as ask:
                gone = tombstones.addresses(ask, source_id)
                doomed = tombstones.payloads_of(ask, gone)
            self._rebase(doomed)
            with self._write() as connection:
                ask = asking(connection)
                gone = tombstones.addresses(ask, source_id)
                doomed = tombstones.payloads_of(ask, gone)
                if not payload_queries.standing_on(ask, doomed):
                    forget.forget(connection, gone, doomed, now)
                    break
        else:
            raise StoreBusy("others kept adding pages that stand on what is to be forgotten; stop the run, try again")
        return self.fold_log()

    def lift(self, url_key: str, now: datetime) -> bool:
        """Allow a forgotten address to be kept again; False if it was not forgotten."""
        with self._write() as connection:
            return forget.lift(connection, url_key, now)

    def repack(self, *, everything: bool = False) -> Iterator[Repacked]:
        """Choose the bases of payloads again, a few at a time; drop what no capture shows. Cut off, it goes on later.

        Those chosen by an earlier repack are left alone, unless ``everything`` is to be looked at again.
        """
        yield self._drop_unused()
        after, done = 0, payloads.AGAIN + everything
        while ids := payload_queries.to_repack(self.ask, after, done, repack.TOGETHER):
            yield self._put_again(ids)
            after = ids[-1]

    def _rebase(self, doomed: set[int]) -> None:
        """Let nothing be packed against these payloads any more."""
        with self._ask() as ask:
            left = payload_queries.standing_on(ask, doomed)
        for start in range(0, len(left), repack.TOGETHER):
            self._put_again(left[start : start + repack.TOGETHER], without=doomed)

    def _put_again(self, ids: Sequence[int], without: set[int] | None = None) -> Repacked:
        with self._ask() as ask:
            shelf = payloads.Shelf(ask)
            found = [repack.pack_again(ask, shelf, each, without=without or ()) for each in ids]
        with self._write() as connection:
            ready = [each for each in found if each is not None]
            return repack.put(connection, asking(connection), ready, always=without is not None)

    def _drop_unused(self) -> Repacked:
        with self._ask() as ask:
            unused = set(payload_queries.unused(ask))
        self._rebase(unused)
        with self._write() as connection:
            ask = asking(connection)
            unused &= set(payload_queries.unused(ask))
            if payload_queries.standing_on(ask, unused):  # the next run finds them again
                return Repacked()
            before = payload_queries.packed_bytes(ask, unused)
            forget.take_out(connection, payload, unused)
        return Repacked(seen=len(unused), dropped=len(unused), before=before)

    def fold_log(self) -> bool:
        """Bring the write-ahead log into the file and empty it; False while others read what stands in it."""
        alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with self._translating(), alone.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_A_MOMENT}")
            busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        return not busy

    # --- derivations ---

    def use_recipe(self, recipe: Recipe, now: datetime) -> bool:
        """Make ``recipe`` the current one; captures derived under another go back to the ledger. True if any did."""
        with self._write() as connection:
            return derivations.use_recipe(connection, recipe, now)

    def queue_again(self, sources: Sequence[int], since: datetime | None, until: datetime | None) -> int:
        """Put the whole pages of these sources captured in the window back on the ledger; how many."""
        with self._write() as connection:
            return derivations.queue_again(connection, sources, since, until)

    def queue_around(self, keys: tuple[str, str], since: datetime, until: datetime) -> int:
        """Put the derived pages of articles with a url_key in this range, taken in the window, back on the ledger."""
        with self._write(durable=False) as connection:
            return origins.queue_around(connection, keys, since, until)

    def visited(self, run_id: int) -> set[int]:
        """Ids of the sources a run has captures of: where a run that was cut off goes on."""
        return {row["source_id"] for row in self.ask("SELECT source_id FROM capture WHERE run_id = :id", id=run_id)}

    def known_extraction(self, capture: Capture, recipe_id: str) -> Row | None:
        """What was extracted from this capture's payload under the recipe, if it was (``derivations.known``)."""
        with self._ask() as ask:
            return derivations.known(ask, capture, recipe_id)

    def keep_extraction(
        self, capture: Capture, extraction: Extraction, sha256: str | None, recipe: Recipe, core: str | None = None
    ) -> None:
        """Keep what a payload says. ``sha256`` is the digest of headline and body, None where there is no body.

        ``core`` is a digest of what is read of the payload, for others of which the same is read (``keep_like``).
        """
        with self._write(durable=False) as connection:
            derivations.keep(connection, capture, extraction, sha256, recipe, core)

    def keep_like(self, capture: Capture, recipe_id: str, core: str) -> bool:
        """Give a payload the extraction of another with the same ``core`` under the recipe; False if there is none."""
        with self._write(durable=False) as connection:
            return derivations.keep_like(connection, capture, recipe_id, core)

    def derived(
        self,
        capture: Capture,
        recipe_id: str,
        verdict: Callable[[Row], tuple[Verdict, str]],
        now: datetime,
        cleaned: Cleaned | None = None,
    ) -> None:
        """Tie a capture to the extraction of its payload; ``verdict`` judges the extraction's row (verdict, detail).

        ``cleaned`` is its text where the furniture of its site or further parts of the article decide it too.
        """
        with self._write(durable=False) as connection:
            derivations.tie(connection, capture, recipe_id, verdict, now, cleaned)

    def adopt_furniture(self, site: str, keys: tuple[str, str], blocks: TemplateLines, now: datetime) -> int | None:
        """Make ``blocks`` the newest furniture of the site with these url_keys; how many captures are to be read anew.

        None, and nothing changes, if they are the newest already.
        """
        with self._write() as connection:
            return furniture.adopt(connection, asking(connection), site, keys, blocks, now)

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
        with self._write(durable=False) as connection:
            return versions.settle(connection, asking(connection), source_id, history, now, done)

    def link(
        self,
        text_id: int,
        judgements: Sequence[tuple[int, Judgement]],
        method: str,
        now: datetime,
        keys: Sequence[int] | None = None,
    ) -> int:
        """Keep what comparing a text with others gave and mark it compared; returns how many links there are now.

        Given its look-up ``keys``, links to texts that are not among its candidates, as of this moment, are dropped.
        """
        with self._write(durable=False) as connection:
            return links.keep(connection, asking(connection), text_id, judgements, method, now, keys)

    def add_keys(self, found: Mapping[int, Sequence[int]]) -> set[int]:
        """Keep the look-up keys of these texts, so that others find them; ids of those that stand in a history."""
        with self._write(durable=False) as connection:
            ask = asking(connection)
            return {text_id for text_id, each in found.items() if keys.place(connection, ask, text_id, each)}

    def forget_links(self) -> None:
        """Drop every link and key; all texts are to be compared again."""
        with self._write() as connection:
            links.forget(connection)

    def label(self, a: labels.Side, b: labels.Side, *, copy: bool, note: str, now: datetime) -> bool:
        """Keep what a person says of two texts (source, digest, first seen); False if that was said already."""
        with self._write() as connection:
            return labels.keep(connection, (a, b), copy=copy, note=note, now=now)

    def mark_seen(self, source_id: int | None, until: datetime, now: datetime) -> None:
        """Say that all of an article (None: of every one) that was first seen up to ``until`` was looked at."""
        with self._write() as connection:
            read_marks.mark(connection, source_id, until, now)

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
        """All rows of an answer (``db.reader.Ask``)."""
        with self._ask() as ask:
            return ask(sql, **values)

    @contextmanager
    def _ask(self) -> Iterator[Ask]:
        with self._translating(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield asking(connection)

    @contextmanager
    def _write(self, *, durable: bool = True) -> Iterator[Connection]:
        """A transaction; not ``durable``: what a power cut takes of it is derived again (decision 0023)."""
        with self._translating(), self._engine.execution_options(durable=durable).begin() as connection:
            yield connection

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise translate(error.orig if isinstance(error.orig, Exception) else error, self.path) from error
