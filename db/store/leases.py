"""Write runs, and the leases that allow one process at a time. A lease of a process that died is void."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from db.errors import StoreBusy
from db.microseconds import instant, micros
from db.schema import lease, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection


def begin_run(
    connection: Connection, kind: str, parameters: str, owner: str, now: datetime, *, resume: bool = False
) -> int:
    """Return the id of a new run. ``resume`` continues the newest of this kind and parameters if it never finished."""
    unfinished = _unfinished_run(connection, kind, parameters) if resume else None
    if unfinished is not None:
        return unfinished
    values = {"kind": kind, "parameters": parameters, "owner": owner, "started_at": micros(now)}
    row = insert(run).values(**values).returning(run.c.id)
    return int(connection.execute(row).scalar_one())


def end_run(connection: Connection, run_id: int, counts: Mapping[str, int], now: datetime) -> None:
    """Store the end of a run and its counts."""
    values = {"finished_at": micros(now), "counts": json.dumps(dict(counts))}
    connection.execute(update(run).where(run.c.id == run_id).values(**values))


def take_lease(
    connection: Connection, name: str, owner: str, now: datetime, until: datetime, is_alive: Callable[[str], bool]
) -> None:
    """Take the lease, or renew it if ``owner`` holds it. Raises StoreBusy if another owner that ``is_alive`` has it."""
    current = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
    if current is not None and current.owner != owner and current.until_at > micros(now) and is_alive(current.owner):
        raise StoreBusy(
            f"another run is at work since {instant(current.taken_at):%Y-%m-%d %H:%M:%S} UTC ({current.owner}); "
            "nothing was done here. Wait for it, or see: wirecopy status"
        )
    taken_at = current.taken_at if current is not None and current.owner == owner else micros(now)
    row = {"owner": owner, "taken_at": taken_at, "until_at": micros(until)}
    connection.execute(insert(lease).values(name=name, **row).on_conflict_do_update(index_elements=["name"], set_=row))


def _unfinished_run(connection: Connection, kind: str, parameters: str) -> int | None:
    """Return the newest run of that kind and those parameters, if it never finished."""
    newest = select(run.c.id, run.c.finished_at).where(run.c.kind == kind, run.c.parameters == parameters)
    row = connection.execute(newest.order_by(run.c.id.desc()).limit(1)).one_or_none()
    return int(row.id) if row is not None and row.finished_at is None else None


def release_leases(connection: Connection, owner: str) -> int:
    """Delete the leases of ``owner``, of any process (``owner@process``), and return how many there were."""
    owned = or_(lease.c.owner == owner, lease.c.owner.startswith(f"{owner}@", autoescape=True))
    return connection.execute(delete(lease).where(owned)).rowcount
