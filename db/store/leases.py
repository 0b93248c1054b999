"""Writing who is at work: runs, and leases that decide who may be. A lease of a dead holder lapses by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.sqlite import insert

from db.errors import StoreBusy
from db.schema import lease, run
from db.times import instant, micros

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection


def begin_run(connection: Connection, kind: str, owner: str, now: datetime) -> int:
    """Add a run; its id."""
    row = insert(run).values(kind=kind, owner=owner, started_at=micros(now)).returning(run.c.id)
    return int(connection.execute(row).scalar_one())


def end_run(connection: Connection, run_id: int, counts: Mapping[str, int], now: datetime) -> None:
    """Close a run with what it did."""
    done = {"finished_at": micros(now), "counts": json.dumps(dict(counts))}
    connection.execute(update(run).where(run.c.id == run_id).values(**done))


def take(
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


def release(connection: Connection, owner: str) -> int:
    """Give back the leases of ``owner``; how many."""
    return connection.execute(delete(lease).where(lease.c.owner == owner)).rowcount
