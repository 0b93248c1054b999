"""Write runs, and the leases that say which run may do what. A lease of a process that died is void.

A run holds one lease for itself: alone, or as a share. Under it the run holds leases of what no two runs may work on at
once (``db.store.work_leases``). All leases of an owner are renewed together and lapse together. Then whoever takes a
lease next deletes them all, and the fence of the run keeps its late writes out (``Transactions.begin``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from db.errors import StoreBusy
from db.microseconds import instant, micros
from db.schema import lease, run
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

ALONE = "run"
"""The lease of a run that works alone. ``run:WORD#OWNER`` is a share of it, for runs with the same word."""

TURN = "turn "
"""``turn run`` is the lease of the turn: its owner waits until it can take ``run`` alone, and nobody takes a share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerm:
    """The owner of leases, and the term from ``now`` to ``until``. ``is_alive`` tells if the process of an owner runs.

    On a server ``now`` is replaced by its clock, which is the same for all hosts.
    """

    owner: str
    now: datetime
    until: datetime
    is_alive: Callable[[str], bool]

    def micros_on(self, connection: Connection) -> tuple[int, int]:
        """Return the start and the end of the term in microseconds since 1970."""
        start, end = micros(self.now), micros(self.until)
        if connection.dialect.name != "postgresql":
            return start, end
        clock = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
        now = int(connection.exec_driver_sql(clock).scalar_one())
        return now, now + end - start


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """The lease of a run as it was taken. ``number`` grows with each taking, so no owner comes back unnoticed."""

    name: str
    owner: str
    number: int


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
    connection: Connection,
    name: str,
    owner: str,
    now: datetime,
    until: datetime,
    is_alive: Callable[[str], bool],
    *,
    share: str = "",
) -> Fence:
    """Take the lease, or renew it if ``owner`` holds it. Raises StoreBusy if another owner that ``is_alive`` has it.

    ``share``: take a share of it. Owners with the same word share a lease, and nobody can take it alone meanwhile. A
    share is also refused while an owner waits for its turn (``reserve_turn``).
    """
    term = LeaseTerm(owner=owner, now=now, until=until, is_alive=is_alive)
    start, end = term.micros_on(connection)
    delete_void_leases(connection, term)
    shares = lease.c.name.startswith(f"{name}:", autoescape=True)
    same_share = lease.c.name.startswith(f"{name}:{share}#", autoescape=True)
    own_name = f"{name}:{share}#{owner}" if share else name
    current = connection.execute(select(lease).where(lease.c.name == own_name)).one_or_none()
    exclusive = [name, f"{TURN}{name}"] if share and current is None else [name]
    refusing = or_(lease.c.name.in_(exclusive), shares & ~same_share if share else shares)
    others = select(lease).where(refusing, lease.c.owner != owner).order_by(lease.c.taken_at).limit(1)
    if (other := connection.execute(others).first()) is not None:
        state = "waits for the archive alone" if other.name.startswith(TURN) else "is at work"
        raise StoreBusy(
            f"another run {state} since {instant(other.taken_at):%Y-%m-%d %H:%M:%S} UTC ({other.owner}); "
            "nothing was done here. Wait for it, or see: wirecopy status"
        )
    newest = connection.execute(select(func.max(lease.c.taken_at))).scalar_one()
    taken_at = max(start, (newest or 0) + 1) if current is None else current.taken_at
    row = {"owner": owner, "taken_at": taken_at, "until_at": end}
    statement = insert(lease).values(name=own_name, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))
    if not share:  # whoever else waits reserves it again
        connection.execute(delete(lease).where(lease.c.name == f"{TURN}{name}"))
    return Fence(name=own_name, owner=owner, number=taken_at)


def reserve_turn(connection: Connection, name: str, term: LeaseTerm) -> None:
    """Reserve the next turn to take the lease alone, until the end of the term. All that wait share it.

    Shares that are held stay. New ones are refused, because shares that always overlap would never let anybody in.
    """
    delete_void_leases(connection, term)
    start, end = term.micros_on(connection)
    row = {"owner": term.owner, "until_at": end}
    statement = insert(lease).values(name=f"{TURN}{name}", taken_at=start, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))


def delete_void_leases(connection: Connection, term: LeaseTerm) -> None:
    """Delete all leases of the other owners that have lapsed, or whose process on this machine is dead."""
    start, _ = term.micros_on(connection)
    ends = select(lease.c.owner, func.max(lease.c.until_at).label("end")).group_by(lease.c.owner)
    rows = connection.execute(ends.where(lease.c.owner != term.owner)).all()
    void = [row.owner for row in rows if row.end <= start or not term.is_alive(row.owner)]
    if void:
        connection.execute(delete(lease).where(lease.c.owner.in_(void)))


def renew_leases(connection: Connection, term: LeaseTerm) -> int:
    """Extend all leases of an owner to the end of the term, and return how many there are."""
    _, end = term.micros_on(connection)
    return connection.execute(update(lease).where(lease.c.owner == term.owner).values(until_at=end)).rowcount


_IN_FORCE = "SELECT 1 AS n FROM lease WHERE name = :name AND owner = :owner AND taken_at = :number"


_AT_WORK = "SELECT owner FROM lease WHERE instr(name, ' ') = 0 ORDER BY taken_at"


def check_fence(connection: Connection, fence: Fence) -> None:
    """Raise StoreBusy if the lease is no longer the one that was taken."""
    ask = ask_on(connection)
    if not ask(_IN_FORCE, name=fence.name, owner=fence.owner, number=fence.number):
        others = ", ".join(row["owner"] for row in ask(_AT_WORK)) or "none at this moment"
        raise StoreBusy(
            f"this run lost its lease: it was silent for longer than a lease lasts. Runs at work: {others}. "
            "What was recorded is kept. Run the same command again to continue"
        )


def _unfinished_run(connection: Connection, kind: str, parameters: str) -> int | None:
    """Return the newest run of that kind and those parameters, if it never finished."""
    newest = select(run.c.id, run.c.finished_at).where(run.c.kind == kind, run.c.parameters == parameters)
    row = connection.execute(newest.order_by(run.c.id.desc()).limit(1)).one_or_none()
    return int(row.id) if row is not None and row.finished_at is None else None


def release_leases(connection: Connection, owner: str) -> int:
    """Delete the leases of ``owner``, of any process (``owner@process``), and return how many there were."""
    owned = or_(lease.c.owner == owner, lease.c.owner.startswith(f"{owner}@", autoescape=True))
    return connection.execute(delete(lease).where(owned)).rowcount
