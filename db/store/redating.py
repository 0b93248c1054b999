"""Correct the dates of a run whose clock was wrong, with an entry in the log that says so.

The link of a capture covers its dates as they were recorded, and stays. The rows get the corrected dates, so that every
reader and every order uses them. ``db.chain.facts`` subtracts what the entries say, and so still gives what the links
cover. A date changed without an entry is found by ``wirecopy verify`` as before.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from sqlalchemy import Table, update
from sqlalchemy import text as sql

from db.chain import CORRECTION
from db.errors import BadInput
from db.microseconds import micros, micros_of
from db.schema import capture, listing, origin, run, seed, source, version
from db.store import chain, derivations

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, RowMapping

_RUN: Final = """
    SELECT r.started_at, min(c.id) AS oldest, max(c.id) AS newest, count(*) AS captures,
           min(r.started_at, min(c.captured_at)) AS first_at,
           max(coalesce(r.finished_at, 0), max(c.captured_at), max(coalesce(c.finished_at, 0))) AS last_at
    FROM run r JOIN capture c ON c.run_id = r.id AND c.provenance = 'live' WHERE r.id = :run GROUP BY r.id"""

_OTHER: Final = """
    SELECT r.id FROM run r WHERE r.id <> :run AND r.started_at <= :last_at
      AND coalesce(r.finished_at, r.started_at) >= :first_at LIMIT 1"""

_TAKEN: Final = """
    SELECT o.url FROM capture c JOIN capture o ON o.source_id = c.source_id AND o.captured_at = c.captured_at + :offset
      AND o.payload_id IS c.payload_id
    WHERE c.run_id = :run AND c.provenance = 'live' LIMIT 1"""

_SOURCES: Final = """
    SELECT DISTINCT h.id FROM capture c JOIN source s ON s.id = c.source_id
    JOIN source h ON coalesce(h.same_as, h.id) = coalesce(s.same_as, s.id)
    WHERE c.run_id = :run AND c.provenance = 'live' ORDER BY h.id"""

_OF_RUN: Final = "(SELECT c.id FROM capture c WHERE c.run_id = :run AND c.provenance = 'live')"

# What the run recorded beside its captures, by the same wrong clock. Another run may have worked in the same hours by a
# right one: then only what is known by its ids to come from this run.
_NEW_SOURCE: Final = """(SELECT coalesce(max(c.source_id), 0) FROM capture c WHERE c.id < :oldest) < {id}
    AND (:alone OR {id} <= (SELECT max(c.source_id) FROM capture c WHERE c.id <= :newest))"""
_ORIGIN: Final = ("paused_until_at", "robots_failing_since_at", "probed_at", "updated_at")
_DATES: Final[Sequence[tuple[Table, Sequence[str], str]]] = (
    (capture, ("captured_at", "finished_at", "retry_at"), "run_id = :run AND provenance = 'live'"),
    (run, ("started_at", "finished_at"), "id = :run"),
    (source, ("found_at",), f"found_at BETWEEN :first_at AND :last_at AND {_NEW_SOURCE.format(id='id')}"),
    (
        listing,
        ("found_at",),
        f"found_at BETWEEN :first_at AND :last_at AND (:alone OR {_NEW_SOURCE.format(id='source_id')})",
    ),
    (version, ("recorded_at",), f"recorded_at BETWEEN :first_at AND :last_at AND first_capture_id IN {_OF_RUN}"),
    (
        version,
        ("superseded_at",),
        "superseded_at BETWEEN :first_at AND :last_at AND source_id IN (SELECT value FROM json_each(:sources))",
    ),
    (source, ("retired_at",), ":alone AND retired_at BETWEEN :first_at AND :last_at"),
    (seed, ("retired_at",), ":alone AND retired_at BETWEEN :first_at AND :last_at"),
    (origin, _ORIGIN, ":alone AND updated_at BETWEEN :first_at AND :last_at"),
)


def redate_run(
    connection: Connection, run_id: int, offset: timedelta, because: str, now: datetime, *, repair_id: int | None = None
) -> int:
    """Add ``offset`` to every date that a run recorded by this machine's clock, and say so in the log.

    The pages of its sources go on the ledger, because their histories have another order now. ``repair_id``: the run
    that repairs, which the entry names, so that it does not add the offset again when it was cut off and goes on.
    Return the number of captures. Raises BadInput if the run has none, or if a capture of the same page has the
    corrected date already.
    """
    values = {"run": run_id, "offset": micros_of(offset)}
    row = connection.execute(sql(_RUN), values).mappings().one_or_none()
    if row is None:
        raise BadInput(f"run {run_id} fetched nothing, so there is nothing to re-date. List the runs: wirecopy status")
    collision = connection.execute(sql(_TAKEN), values).scalar_one_or_none()
    if collision is not None:
        raise BadInput(f"another capture of {collision} has the corrected time already; add a second to --by")
    _append(connection, values | ({} if repair_id is None else {"repair": repair_id}), row, because, now)
    sources = _sources(connection, run_id)
    window = {name: row[name] for name in ("first_at", "last_at", "oldest", "newest")} | values
    alone = connection.execute(sql(_OTHER), window).scalar_one_or_none() is None
    window |= {"alone": alone, "sources": json.dumps(sources)}
    for table, columns, where in _DATES:
        dates = {name: table.c[name] + values["offset"] for name in columns}
        parameters = {name: window[name] for name in re.findall(r":(\w+)", where)}
        connection.execute(update(table).values(dates).where(sql(where).bindparams(**parameters)))
    derivations.requeue_sources(connection, sources, None, None)
    return int(row["captures"])


def requeue_redated(connection: Connection, run_id: int) -> int:
    """Put the pages of a re-dated run's sources on the ledger again. Return the number of the run's captures."""
    derivations.requeue_sources(connection, _sources(connection, run_id), None, None)
    return int(connection.execute(sql(_RUN), {"run": run_id}).mappings().one()["captures"])


def _sources(connection: Connection, run_id: int) -> list[int]:
    return list(connection.execute(sql(_SOURCES), {"run": run_id}).scalars())


def _append(connection: Connection, values: dict[str, int], row: RowMapping, because: str, now: datetime) -> None:
    span = {"first": row["oldest"], "last": row["newest"], "captures": row["captures"]}
    chain.append_entry(connection, CORRECTION, {**values, **span, "because": because, "at": micros(now)})
