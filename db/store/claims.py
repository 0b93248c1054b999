"""Writing claims, and which sources they make one history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros
from db.queries import claims as questions
from db.queries import sources as source_queries
from db.queries import tombstones
from db.schema import capture, claim, derivation, source, underived
from db.store import listings
from db.store.sources import ensure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.reader import Ask
    from db.records import AliasClaim, AliasEdge, DeclaredUrl

    Read = Callable[[Sequence[DeclaredUrl], str], Sequence[AliasClaim]]
    Heads = Callable[[Iterable[AliasEdge]], Mapping[int, int]]


def join(
    connection: Connection,
    ask: Ask,
    source_id: int,
    read: Read,
    joins: Callable[[AliasEdge], bool],
    heads: Heads,
    now: datetime,
) -> dict[int, list[int]]:
    """Keep what is claimed of a source, and let ``heads`` say anew which of the sources tied to it are one history.

    A pointer always names a source that points nowhere itself, so a history is one step away. Gives, for every history
    that gained or lost an address, captures of it that are put on the ledger: a crash before it is settled settles it
    later.
    """
    key = source_queries.by_id(ask, source_id).url_key
    _keep(connection, ask, source_id, read(questions.sayings(ask, source_id), key), now)
    group = _group(connection, source_id)
    tied = questions.ties(ask, sorted(group), joins)
    members = group.union(*({tie.source_id, tie.target_id} for tie in tied))
    wanted = heads(tied)
    before = _pointers(connection, members)
    moved = {each for each in members if before[each] != wanted.get(each)}
    for each in sorted(moved):
        connection.execute(update(source).where(source.c.id == each).values(same_as=wanted.get(each)))
    roots = {head or each for each in moved for head in (before[each], wanted.get(each))}
    changed = sorted(each for each, head in _pointers(connection, roots).items() if head is None)
    listings.adopt(connection, ask, changed)
    return {each: _queue(connection, each) for each in changed}


def _keep(connection: Connection, ask: Ask, source_id: int, found: Sequence[AliasClaim], now: datetime) -> None:
    """Make the stored claims of a source these; an address it moved to is known from then on, unless forgotten."""
    rows = [
        {
            "source_id": source_id,
            "kind": each.kind,
            "url_key": each.url_key,
            "url": each.url,
            "first_seen_at": micros(each.first_seen_at),
            "last_seen_at": micros(each.last_seen_at),
        }
        for each in found
    ]
    targets = {each.url_key: each.url for each in found if each.kind == questions.MOVED}
    for target in sorted(targets.keys() - tombstones.forgotten(ask, list(targets)).keys()):
        ensure(connection, targets[target], target, now)
    connection.execute(delete(claim).where(claim.c.source_id == source_id))
    if rows:
        connection.execute(insert(claim), rows)


def _group(connection: Connection, source_id: int) -> set[int]:
    """The sources that are one history with this one today, itself among them."""
    head = _pointers(connection, {source_id})[source_id] or source_id
    mine = select(source.c.id).where(or_(source.c.id == head, source.c.same_as == head))
    return set(connection.execute(mine).scalars())


def _pointers(connection: Connection, ids: set[int]) -> dict[int, int | None]:
    """Which source the history of each of these belongs to; None: it keeps its own."""
    found = connection.execute(select(source.c.id, source.c.same_as).where(source.c.id.in_(ids)))
    return {row.id: row.same_as for row in found}


def _queue(connection: Connection, head: int) -> list[int]:
    """Put one derived capture of a history on the ledger; none if nothing was derived of it, or it waits there."""
    mine = or_(source.c.id == head, source.c.same_as == head)
    shown = select(derivation.c.capture_id).join(capture, capture.c.id == derivation.c.capture_id)
    found = list(connection.execute(shown.join(source).where(mine).limit(1)).scalars())
    row = insert(underived).on_conflict_do_nothing()
    return [each for each in found if connection.execute(row.values(capture_id=each)).rowcount]
