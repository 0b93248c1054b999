"""Writing facts: captures and their payloads. Rows of these tables are added and never changed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from dataclasses import replace as altered
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros, micros_or_none
from db.queries.row_mapping import exchange_column, hops_column
from db.records import Reason, SeedKind
from db.schema import capture, source, underived
from db.store import chain
from db.store.payloads import PayloadWriter, pack_all
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from db.reader import Ask
    from db.records import Capture
    from db.store.payloads import Found, Packed
    from db.store.transactions import Transactions

    _Key = tuple[int, int, int | None]


_READ = (SeedKind.ARTICLE, SeedKind.PROBE)
_SHOWN = (capture.c.reason.is_(None) & capture.c.payload_id.is_not(None)) | (
    capture.c.reason == str(Reason.NOT_MODIFIED)
)


@dataclass(slots=True)
class _Book:
    """What one transaction adds: rows are numbered and collected, and written all at once, which is much faster."""

    connection: Connection
    keeper: PayloadWriter
    run_id: int | None
    next_id: int
    known: set[_Key]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, each: Capture, packed: Packed | None) -> int | None:
        """The id of the new row; None if its natural key is there."""
        payload_id, held = self.keeper.keep(packed)
        key = each.source_id, micros(each.captured_at), payload_id
        if key in self.known:
            return None
        self.known.add(key)
        same = held or each.reason is Reason.NOT_MODIFIED
        row = _row(each) | {"id": self.next_id, "payload_id": payload_id, "revisit": same, "run_id": self.run_id}
        digest, length = (None, None) if packed is None else (packed.sha256, len(packed.whole))
        self.rows.append(row | {"payload_sha256": digest, "payload_length": length})
        self.next_id += 1
        return self.next_id - 1

    def write(self) -> list[int]:
        """Write the rows, payloads first, and link them; their ids."""
        self.keeper.write()
        if self.rows:
            self.connection.execute(_ADD, [{name: row[name] for name in _COLUMNS} for row in self.rows])
        chain.append_links(self.connection, self.rows)
        return [row["id"] for row in self.rows]


_COLUMNS = tuple(column.name for column in capture.columns)
_ADD = insert(capture)
_DUE = insert(underived).on_conflict_do_nothing()


def record(store: Transactions, found: Sequence[tuple[Capture, bytes | None]], run_id: int | None = None) -> list[int]:
    """Add captures with their payloads; return the ids of those that are new.

    Packing takes longer than writing, so it runs before the transaction and blocks no other writer.
    """
    with store.reading() as ask:
        packed = pack_all(ask, found)
    with store.begin() as connection:
        return add_captures(connection, packed, run_id)


def add_captures(connection: Connection, found: Found, run_id: int | None) -> list[int]:
    """Add captures; one whose natural key is there already changes nothing. Returns the ids of the new ones.

    Whole pages of articles and probes go on the ledger, and 304s, which have nothing to extract but a history to
    settle; a feed or sitemap has no text to derive. A 304 is kept without a payload: which page it speaks of is read
    from its place in time (``db.queries.captures``), or its natural key would depend on what had arrived before it.

    The further parts of a page follow it directly in ``found``; they are kept with it or not at all, and are derived
    with it, never by themselves. Payloads should come packed (``db.store.payloads``); bytes are packed here.
    """
    ask = ask_on(connection)
    ready = pack_all(ask, found)
    keeper = PayloadWriter(connection, ask, (packed for _, packed in ready))
    book = _Book(connection, keeper, run_id, chain.next_capture_id(connection), _known(ask, found))
    new: dict[int, Capture] = {}
    page: int | None = None
    for each, packed in ready:
        if each.part == 1:
            page = book.add(each, packed)
            new |= {} if page is None else {page: each}
        elif page is not None:  # otherwise its page was kept before, and it with that
            book.add(altered(each, part_of=page), packed)
    kept = book.write()
    _note(connection, new, {row["id"] for row in book.rows if row["payload_id"] is not None})
    return kept


_KNOWN = """
    SELECT c.source_id, c.captured_at, c.payload_id FROM json_each(:keys) k
    JOIN capture c ON c.source_id = json_extract(k.value, '$[0]') AND c.captured_at = json_extract(k.value, '$[1]')"""


def _known(ask: Ask, found: Found) -> set[_Key]:
    """The natural keys that are there at the instants of these captures."""
    keys = json.dumps([[each.source_id, micros(each.captured_at)] for each, _ in found])
    return {(row["source_id"], row["captured_at"], row["payload_id"]) for row in ask(_KNOWN, keys=keys)}


def _note(connection: Connection, new: Mapping[int, Capture], with_payload: set[int]) -> None:
    """Put on the ledger what has something to derive, or to settle."""
    read = _read(connection, {each.source_id for each in new.values()})
    due = []
    for number, each in new.items():
        if each.source_id in read:
            shows = each.reason is Reason.NOT_MODIFIED or (each.reason is None and number in with_payload)
            due.append(number if shows else _next_shown(connection, each))
    if rows := [{"capture_id": each} for each in due if each is not None]:
        connection.execute(_DUE, rows)


def replace_capture(connection: Connection, old_id: int, new: Capture, payload: bytes) -> list[int]:
    """Put a capture in the place of one that waited for its payload and of which nothing was derived.

    Nothing happens if that one is gone, or has its payload by now. Returns as ``record``.
    """
    waiting = capture.c.id == old_id, capture.c.payload_id.is_(None)
    run_id = connection.execute(select(capture.c.run_id).where(*waiting)).one_or_none()
    if run_id is None:
        return []
    chain.keep_facts_digest(connection, [old_id])
    connection.execute(delete(capture).where(*waiting))
    return add_captures(connection, [(new, payload)], run_id[0])


def _next_shown(connection: Connection, each: Capture) -> int | None:
    """The first whole page or 304 after a failure that arrived late: deriving it again settles their history."""
    after = select(capture.c.id).where(
        capture.c.source_id == each.source_id,
        capture.c.part == 1,
        _SHOWN,
        capture.c.captured_at > micros(each.captured_at),
    )
    return connection.execute(after.order_by(capture.c.captured_at).limit(1)).scalar_one_or_none()


def _read(connection: Connection, source_ids: set[int]) -> set[int]:
    """Those of the sources whose pages have a text to derive: articles, and probes, which articles are held against."""
    mine = select(source.c.id).where(source.c.id.in_(source_ids), source.c.kind.in_(_READ))
    return set(connection.execute(mine).scalars())


def _row(each: Capture) -> dict[str, Any]:
    plain = ("source_id", "url", "final_url", "detail", "status", "reason_phrase", "wire_length", "content_type")
    more = ("charset", "etag", "last_modified", "ip", "provenance", "part", "part_of")
    return {name: getattr(each, name) for name in plain + more} | {
        "captured_at": micros(each.captured_at),
        "finished_at": micros_or_none(each.finished_at),
        "reason": None if each.reason is None else str(each.reason),
        "wire_sha256": None if each.wire_sha256 is None else bytes.fromhex(each.wire_sha256),
        "retry_at": micros_or_none(each.retry_at),
        "headers": json.dumps(each.headers, ensure_ascii=False),
        "hops": hops_column(each.hops),
        "exchange": exchange_column(each.exchange),
        "flags": json.dumps(each.flags),
    }
