"""Pack stored payloads again, to save room or because a base is to be deleted.

A payload is packed outside any transaction, and written in a short one that checks that nothing has changed since. So a
run may be cut off anywhere: each payload has its old form or its new one. A base always has a smaller id than what is
packed against it, so there are no cycles, and no payload gets deeper than allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import update

from db import delta_codec
from db.queries import captures as capture_queries
from db.queries import payloads as payload_queries
from db.records import RepackResult
from db.schema import payload
from db.store.delete_rows import delete_rows
from db.store.packs import release_entries
from db.store.payloads import ANCHORS, REPACKED, BaseCache, best_base, site_of
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from sqlalchemy import Connection

    from db.reader import Ask, Row
    from db.store.transactions import Transactions

BATCH = 32
"""Payloads packed again at once: some megabytes in memory, and a transaction of some milliseconds."""

# Captures before a payload's own that are tried: maintenance has the time that arrival has not.
_CAPTURES_BEFORE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RepackedPayload:
    """A payload packed again: its row as it was read, and its new form. ``base`` is an id and a digest."""

    row: Row
    codec: str
    data: bytes
    base: tuple[int, bytes] | None
    anchor: str | None

    @property
    def gain(self) -> int:
        """Bytes saved."""
        return len(self.row["data"]) - len(self.data)


def repack_payloads(store: Transactions, *, everything: bool = False) -> Iterator[RepackResult]:
    """Choose the bases of payloads again, a batch at a time, and delete payloads that no capture shows.

    Yields what each step did. If it is cut off, the next call continues. Payloads an earlier call has looked at are
    skipped unless ``everything`` is set.
    """
    yield _delete_unused(store)
    after, packing = 0, REPACKED + everything
    while ids := payload_queries.to_repack(store.ask, after, packing, BATCH):
        yield _repack_batch(store, ids)
        after = ids[-1]


def rebase(store: Transactions, payload_ids: set[int]) -> None:
    """Pack everything that is packed against one of these payloads against others."""
    with store.reading() as ask:
        dependents = payload_queries.packed_against(ask, payload_ids)
    for start in range(0, len(dependents), BATCH):
        _repack_batch(store, dependents[start : start + BATCH], excluded=payload_ids)


def _repack_batch(store: Transactions, ids: Sequence[int], excluded: set[int] | None = None) -> RepackResult:
    with store.reading() as ask:
        cache = BaseCache(ask)
        attempts = [_pack_again(ask, cache, payload_id, excluded=excluded or ()) for payload_id in ids]
    with store.begin() as connection:
        ready = [attempt for attempt in attempts if attempt is not None]
        return _write_all(connection, ask_on(connection), ready, always=excluded is not None)


def _delete_unused(store: Transactions) -> RepackResult:
    with store.reading() as ask:
        unused = set(payload_queries.unused(ask))
    rebase(store, unused)
    with store.begin() as connection:
        ask = ask_on(connection)
        unused &= set(payload_queries.unused(ask))
        if payload_queries.packed_against(ask, unused):  # the next run finds them again
            return RepackResult()
        before = payload_queries.packed_bytes(ask, unused)
        release_entries(connection, unused)
        delete_rows(connection, payload, unused)
    return RepackResult(examined=len(unused), dropped=len(unused), before=before)


def _pack_again(
    ask: Ask, cache: BaseCache, payload_id: int, *, excluded: Collection[int] = ()
) -> RepackedPayload | None:
    """Return the payload packed against its best base that is not ``excluded``, or None if the payload is gone."""
    rows = {row["id"]: row for row in payload_queries.lineage(ask, [payload_id])}
    if payload_id not in rows:
        return None
    row = rows[payload_id]
    cache.fetch([payload_id])
    whole = cache.whole(row["sha256"])
    site, neighbours, anchors = _base_candidates(ask, payload_id)
    allowed = _base_filter(ask, cache, row, excluded)
    digest = best_base(whole, cache, cache.fetch(neighbours), lambda: cache.fetch(anchors), allowed=allowed)
    base_id = None if digest is None else cache.id_of(digest)
    base = None if digest is None or base_id is None else (base_id, digest)
    codec, data = delta_codec.pack(whole, None if base is None else cache.whole(base[1]), thorough=True)
    is_anchor = base is None and len(whole) >= delta_codec.LEAST_BASE
    new = RepackedPayload(row=row, codec=codec, data=data, base=base, anchor=site if is_anchor else None)
    if new.gain > 0:  # what is packed next may use its new form
        cache.put(row["sha256"], whole, digest)
    return new


def _base_candidates(ask: Ask, payload_id: int) -> tuple[str | None, list[int], list[int]]:
    """Return the site that showed a payload first, the payloads nearest to it in time, and the site's anchors."""
    capture_id = payload_queries.first_capture_of(ask, payload_id)
    if capture_id is None:
        return None, [], []
    capture = capture_queries.by_id(ask, capture_id)
    site = site_of(capture)
    neighbours = [number for _, number in payload_queries.neighbours(ask, capture, _CAPTURES_BEFORE)]
    return site, neighbours, [] if site is None else payload_queries.anchors(ask, [site], ANCHORS)[site]


def _base_filter(ask: Ask, cache: BaseCache, row: Row, excluded: Collection[int]) -> Callable[[bytes], bool]:
    """Return the test whether a payload of some digest may become the base of the payload in ``row``."""
    depths = payload_queries.descendants(ask, row["id"]).values()
    height: int = max([0, *(depth - row["depth"] for depth in depths)])

    def is_allowed(digest: bytes) -> bool:
        payload_id = cache.id_of(digest)
        if payload_id is None or payload_id >= row["id"] or payload_id in excluded:
            return False
        return cache[digest].depth + height < delta_codec.MAX_DEPTH

    return is_allowed


def _write_all(
    connection: Connection, ask: Ask, attempts: Sequence[RepackedPayload], *, always: bool = False
) -> RepackResult:
    """Write the new forms that are smaller, or all if ``always``, unless things have changed since they were read."""
    total = RepackResult(examined=len(attempts))
    for new in attempts:
        before = len(new.row["data"])
        if always or new.gain > 0:
            changed = _write(connection, ask, new)
        else:
            changed = False
            connection.execute(update(payload).where(payload.c.id == new.row["id"]).values(packing=REPACKED))
        total += RepackResult(changed=int(changed), before=before, after=len(new.data) if changed else before)
    return total


def _write(connection: Connection, ask: Ask, new: RepackedPayload) -> bool:
    """Write a new form. False if the payload or its base is no longer as it was read."""
    payload_id = new.row["id"]
    current = ask("SELECT codec, base_id, depth FROM payload WHERE id = :id", id=payload_id)
    base_id, digest = new.base or (None, b"")
    base = ask("SELECT depth FROM payload WHERE id = :id AND sha256 = :digest", id=base_id, digest=digest)
    if not current or any(current[0][name] != new.row[name] for name in ("codec", "base_id")):
        return False
    if base_id and not base:
        return False
    depth = base[0]["depth"] + 1 if base else 0
    descendants = payload_queries.descendants(ask, payload_id)
    shift = depth - current[0]["depth"]
    if max([depth, *(old_depth + shift for old_depth in descendants.values())]) > delta_codec.MAX_DEPTH:
        return False
    release_entries(connection, [payload_id])
    row = {"codec": new.codec, "data": new.data, "base_id": base_id, "depth": depth, "anchor": new.anchor}
    connection.execute(update(payload).where(payload.c.id == payload_id).values(packing=REPACKED, **row))
    for descendant_id, old_depth in descendants.items() if shift else ():
        connection.execute(update(payload).where(payload.c.id == descendant_id).values(depth=old_depth + shift))
    return True
