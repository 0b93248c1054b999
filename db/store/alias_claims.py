"""Write alias claims, and which sources they join to one history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros
from db.queries import alias_claims as alias_queries
from db.queries import sources as source_queries
from db.queries import tombstones
from db.schema import capture, claim, derivation, source, underived
from db.store import list_membership
from db.store.sources import ensure_source
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.reader import Ask
    from db.records import AliasClaim, AliasEdge, DeclaredUrl

    ReadClaims = Callable[[Sequence[DeclaredUrl], str], Sequence[AliasClaim]]
    CanonicalOf = Callable[[Iterable[AliasEdge]], Mapping[int, int]]


def join_aliases(
    connection: Connection,
    source_id: int,
    read_claims: ReadClaims,
    is_alias: Callable[[AliasEdge], bool],
    canonical_of: CanonicalOf,
    now: datetime,
) -> dict[int, list[int]]:
    """Store the claims about a source, and choose again which of the sources connected to it are one history.

    ``read_claims`` turns declared URLs and the source's own key into claims. ``is_alias`` accepts or rejects an edge.
    ``canonical_of`` maps each joined source to the source that keeps its history. That source is never joined itself,
    so a history is one step away.

    Returns each history that gained or lost an address, with the captures of it put on the ledger. A crash before it is
    settled then settles it later.
    """
    ask = ask_on(connection)
    key = source_queries.by_id(ask, source_id).url_key
    _replace_claims(connection, ask, source_id, read_claims(alias_queries.declared_urls(ask, source_id), key), now)
    history = _history_of(connection, source_id)
    edges = alias_queries.alias_edges(ask, sorted(history), is_alias)
    members = history.union(*({edge.source_id, edge.target_id} for edge in edges))
    canonical = canonical_of(edges)
    before = _canonical_ids(connection, members)
    changed = {member for member in members if before[member] != canonical.get(member)}
    for member in sorted(changed):
        connection.execute(update(source).where(source.c.id == member).values(same_as=canonical.get(member)))
    roots = {root or member for member in changed for root in (before[member], canonical.get(member))}
    histories = sorted(root for root, other in _canonical_ids(connection, roots).items() if other is None)
    list_membership.update_watching(connection, ask, histories)
    return {root: _requeue_capture(connection, root) for root in histories}


def _replace_claims(
    connection: Connection, ask: Ask, source_id: int, claims: Sequence[AliasClaim], now: datetime
) -> None:
    """Replace the stored claims of a source. An address it moved to becomes a source, unless it was forgotten."""
    rows = [
        {
            "source_id": source_id,
            "kind": record.kind,
            "url_key": record.url_key,
            "url": record.url,
            "first_seen_at": micros(record.first_seen_at),
            "last_seen_at": micros(record.last_seen_at),
        }
        for record in claims
    ]
    targets = {record.url_key: record.url for record in claims if record.kind == alias_queries.MOVED}
    for target in sorted(targets.keys() - tombstones.forgotten(ask, list(targets)).keys()):
        ensure_source(connection, targets[target], target, now)
    connection.execute(delete(claim).where(claim.c.source_id == source_id))
    if rows:
        connection.execute(insert(claim), rows)


def _history_of(connection: Connection, source_id: int) -> set[int]:
    """Return the sources that share a history with this one today, itself included."""
    root = _canonical_ids(connection, {source_id})[source_id] or source_id
    members = select(source.c.id).where(or_(source.c.id == root, source.c.same_as == root))
    return set(connection.execute(members).scalars())


def _canonical_ids(connection: Connection, ids: set[int]) -> dict[int, int | None]:
    """Return for each source the one that keeps its history, or None if it keeps its own."""
    rows = connection.execute(select(source.c.id, source.c.same_as).where(source.c.id.in_(ids)))
    return {row.id: row.same_as for row in rows}


def _requeue_capture(connection: Connection, root: int) -> list[int]:
    """Put one derived capture of a history on the ledger, unless there is none or it is there already."""
    members = or_(source.c.id == root, source.c.same_as == root)
    derived = select(derivation.c.capture_id).join(capture, capture.c.id == derivation.c.capture_id)
    capture_ids = list(connection.execute(derived.join(source).where(members).limit(1)).scalars())
    entry = insert(underived).on_conflict_do_nothing()
    return [number for number in capture_ids if connection.execute(entry.values(capture_id=number)).rowcount]
