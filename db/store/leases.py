"""Writing who is at work: runs, and leases that decide who may be. A lease of a dead holder lapses by itself."""

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
    """Close a run with what it did."""
    done = {"finished_at": micros(now), "counts": json.dumps(dict(counts))}
    connection.execute(update(run).where(run.c.id == run_id).values(**done))


def take_lease(
    connection: Connection, name: str, owner: str, now: datetime, until: datetime, alive: Callable[[str], bool]
) -> None:
    """Take the lease, or renew it if ``owner`` holds it. Raises StoreBusy if a live other does."""
    held = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
    if held is not None and held.owner != owner and held.until_at > micros(now) and alive(held.owner):
        raise StoreBusy(
            f"another run is at work since {instant(held.taken_at):%Y-%m-%d %H:%M:%S} UTC ({held.owner}); "
            "nothing was done here. Wait for it, or see: wirecopy status"
        )
    taken = held.taken_at if held is not None and held.owner == owner else micros(now)
    row = {"owner": owner, "taken_at": taken, "until_at": micros(until)}
    connection.execute(insert(lease).values(name=name, **row).on_conflict_do_update(index_elements=["name"], set_=row))


def _unfinished_run(connection: Connection, kind: str, parameters: str) -> int | None:
    """The newest run of that kind and those parameters, if it never finished."""
    newest = select(run.c.id, run.c.finished_at).where(run.c.kind == kind, run.c.parameters == parameters)
    found = connection.execute(newest.order_by(run.c.id.desc()).limit(1)).one_or_none()
    return int(found.id) if found is not None and found.finished_at is None else None


def release_leases(connection: Connection, owner: str) -> int:
    """Give back the leases of ``owner``, whatever process it ran in (``owner@process``); how many."""
    mine = or_(lease.c.owner == owner, lease.c.owner.startswith(f"{owner}@", autoescape=True))
    return connection.execute(delete(lease).where(mine)).rowcount
