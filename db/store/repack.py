"""Packing again what is kept already: for room, or because a base is to go.

A payload is packed outside any transaction, and put in its place in a short one that looks whether all still is as it
was found. So a run may be cut off anywhere: each payload stands there in its old form or in its new one. A base always
has a smaller id than what is packed against it, so that there are no circles, and no payload gets deeper than allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import update

from db import delta_codec
from db.queries import captures as capture_queries
from db.queries import payloads as questions
from db.records import RepackResult
from db.schema import payload
from db.store.delete_rows import delete_rows
from db.store.payloads import AGAIN, ANCHORS, BaseCache, best_base, site_of
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from sqlalchemy import Connection

    from db.reader import Ask, Row
    from db.store.transactions import Transactions

TOGETHER = 32
"""Payloads packed again at once: some megabytes in memory, and a transaction of some milliseconds."""

# Neighbours before a capture that are tried: an idle hour has the time that arrival has not.
_BEFORE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RepackedPayload:
    """A payload packed again: its row as it was, and what is to stand there; ``base`` is an id and a digest."""

    row: Row
    codec: str
    data: bytes
    base: tuple[int, bytes] | None
    anchor: str | None

    @property
    def gain(self) -> int:
        """Bytes it takes less."""
        return len(self.row["data"]) - len(self.data)


def repack_payloads(store: Transactions, *, everything: bool = False) -> Iterator[RepackResult]:
    """Choose the bases of payloads again, a batch at a time, and delete payloads that no capture shows.

    Yields what each step did. If it is cut off, the next call continues. Payloads an earlier call has looked at are
    skipped unless ``everything`` is set.
    """
    yield _delete_unused(store)
    after, packing = 0, AGAIN + everything
    while ids := questions.to_repack(store.ask, after, packing, TOGETHER):
        yield _repack_batch(store, ids)
        after = ids[-1]


def rebase(store: Transactions, payload_ids: set[int]) -> None:
    """Pack everything that is packed against one of these payloads against others."""
    with store.reading() as ask:
        dependents = questions.packed_against(ask, payload_ids)
    for start in range(0, len(dependents), TOGETHER):
        _repack_batch(store, dependents[start : start + TOGETHER], without=payload_ids)


def _repack_batch(store: Transactions, ids: Sequence[int], without: set[int] | None = None) -> RepackResult:
    with store.reading() as ask:
        shelf = BaseCache(ask)
        attempts = [_pack_again(ask, shelf, payload_id, without=without or ()) for payload_id in ids]
    with store.begin() as connection:
        ready = [attempt for attempt in attempts if attempt is not None]
        return _put_all(connection, ask_on(connection), ready, always=without is not None)


def _delete_unused(store: Transactions) -> RepackResult:
    with store.reading() as ask:
        unused = set(questions.unused(ask))
    rebase(store, unused)
    with store.begin() as connection:
        ask = ask_on(connection)
        unused &= set(questions.unused(ask))
        if questions.packed_against(ask, unused):  # the next run finds them again
            return RepackResult()
        before = questions.packed_bytes(ask, unused)
        delete_rows(connection, payload, unused)
    return RepackResult(seen=len(unused), dropped=len(unused), before=before)


def _pack_again(
    ask: Ask, shelf: BaseCache, payload_id: int, *, without: Collection[int] = ()
) -> RepackedPayload | None:
    """The payload against the best base there is for it now, none of ``without``; None if it is gone."""
    found = {row["id"]: row for row in questions.lineage(ask, [payload_id])}
    if payload_id not in found:
        return None
    row = found[payload_id]
    shelf.fetch([payload_id])
    whole = shelf.whole(row["sha256"])
    site, near, anchors = _neighbours(ask, payload_id)
    may = _may_be_base(ask, shelf, row, without)
    digest = best_base(whole, shelf, shelf.fetch(near), lambda: shelf.fetch(anchors), may=may)
    number = None if digest is None else shelf.id_of(digest)
    base = None if digest is None or number is None else (number, digest)
    codec, data = delta_codec.pack(whole, None if base is None else shelf.whole(base[1]), thorough=True)
    stands_alone = base is None and len(whole) >= delta_codec.LEAST_BASE
    again = RepackedPayload(row=row, codec=codec, data=data, base=base, anchor=site if stands_alone else None)
    if again.gain > 0:  # what is packed next may see it as it will be
        shelf.put(row["sha256"], whole, digest)
    return again


def _neighbours(ask: Ask, payload_id: int) -> tuple[str | None, list[int], list[int]]:
    """The site that showed a payload first, the payloads nearest to it in time, and the site's anchors."""
    shown = questions.first_capture_of(ask, payload_id)
    if shown is None:
        return None, [], []
    capture = capture_queries.by_id(ask, shown)
    site = site_of(capture)
    near = [number for _, number in questions.neighbours(ask, capture, _BEFORE)]
    return site, near, [] if site is None else questions.anchors(ask, site, ANCHORS)


def _may_be_base(ask: Ask, shelf: BaseCache, row: Row, without: Collection[int]) -> Callable[[bytes], bool]:
    height: int = max([0, *(depth - row["depth"] for depth in questions.descendants(ask, row["id"]).values())])

    def may(digest: bytes) -> bool:
        number = shelf.id_of(digest)
        if number is None or number >= row["id"] or number in without:
            return False
        return shelf[digest].depth + height < delta_codec.MAX_DEPTH

    return may


def _put_all(
    connection: Connection, ask: Ask, found: Sequence[RepackedPayload], *, always: bool = False
) -> RepackResult:
    """Set what was packed again in its place, where that is smaller or ``always``, unless things have changed since."""
    done = RepackResult(seen=len(found))
    for each in found:
        before = len(each.row["data"])
        if always or each.gain > 0:
            changed = _put_one(connection, ask, each)
        else:
            changed = False
            connection.execute(update(payload).where(payload.c.id == each.row["id"]).values(packing=AGAIN))
        done += RepackResult(changed=int(changed), before=before, after=len(each.data) if changed else before)
    return done


def _put_one(connection: Connection, ask: Ask, each: RepackedPayload) -> bool:
    """True if the payload stood there as it was found, and its base still does."""
    mine = each.row["id"]
    now = ask("SELECT codec, base_id, depth FROM payload WHERE id = :id", id=mine)
    base_id, digest = each.base or (None, b"")
    base = ask("SELECT depth FROM payload WHERE id = :id AND sha256 = :digest", id=base_id, digest=digest)
    if not now or any(now[0][name] != each.row[name] for name in ("codec", "base_id")) or (base_id and not base):
        return False
    depth = base[0]["depth"] + 1 if base else 0
    below = questions.descendants(ask, mine)
    steps = depth - now[0]["depth"]
    if max([depth, *(deep + steps for deep in below.values())]) > delta_codec.MAX_DEPTH:
        return False
    row = {"codec": each.codec, "data": each.data, "base_id": base_id, "depth": depth, "anchor": each.anchor}
    connection.execute(update(payload).where(payload.c.id == mine).values(packing=AGAIN, **row))
    for number, deep in below.items() if steps else ():
        connection.execute(update(payload).where(payload.c.id == number).values(depth=deep + steps))
    return True
