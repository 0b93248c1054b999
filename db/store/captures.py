"""Write facts: captures and their payloads. Rows of these tables are added and never changed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
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
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection

    from db.reader import Ask
    from db.records import Capture
    from db.store.payloads import Packed, PayloadPairs
    from db.store.transactions import Transactions

    _Key = tuple[int, int, int | None]


_DERIVED_KINDS = (SeedKind.ARTICLE, SeedKind.PROBE)
_SHOWS_PAGE = (capture.c.reason.is_(None) & capture.c.payload_id.is_not(None)) | (
    capture.c.reason == str(Reason.NOT_MODIFIED)
)
_COLUMNS = tuple(column.name for column in capture.columns)
_ADD = insert(capture)
_QUEUE = insert(underived).on_conflict_do_nothing()


@dataclass(slots=True)
class _Batch:
    """The rows one transaction adds. They are numbered and collected, and written all at once, which is much faster."""

    connection: Connection
    payloads: PayloadWriter
    run_id: int | None
    next_id: int
    known: set[_Key]
    before: dict[int, int]
    salts: Callable[[], bytes] | None
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, new: Capture, packed: Packed | None) -> int | None:
        """Return the id of the new row, or None if its natural key is stored already."""
        payload_id, is_repeat = self.payloads.add(packed)
        key = new.source_id, micros(new.captured_at), payload_id
        if key in self.known:
            return None
        self.known.add(key)
        is_revisit = is_repeat or new.reason is Reason.NOT_MODIFIED
        row = _row(new) | {"id": self.next_id, "payload_id": payload_id, "revisit": is_revisit, "run_id": self.run_id}
        row |= {"salt": self.salts() if self.salts else None, "same_before": self.before.get(new.source_id, 0)}
        self.before[new.source_id] = self.next_id
        digest, length = (None, None) if packed is None else (packed.sha256, len(packed.whole))
        self.rows.append(row | {"payload_sha256": digest, "payload_length": length})
        self.next_id += 1
        return self.next_id - 1

    def write(self) -> list[int]:
        """Write the payloads, then the rows and their chain links, and return the ids of the rows."""
        self.payloads.write()
        if self.rows:
            self.connection.execute(_ADD, [{name: row[name] for name in _COLUMNS} for row in self.rows])
        chain.append_links(self.connection, self.rows)
        return [row["id"] for row in self.rows]


def record(
    store: Transactions, captures: Sequence[tuple[Capture, bytes | None]], run_id: int | None = None
) -> list[int]:
    """Add captures with their payloads and return the ids of those that are new.

    Packing takes longer than writing, so it runs before the transaction and blocks no other writer. If the connection
    is lost at the commit, the captures are added again. Those that are stored are known by their natural keys, and are
    not among the new ones.
    """

    def once() -> list[int]:
        with store.reading() as ask:
            packed = pack_all(ask, captures)
        with store.begin() as connection:
            return add_captures(connection, packed, run_id)

    return store.retried(once, repeatable=True)


def add_captures(connection: Connection, captures: PayloadPairs, run_id: int | None) -> list[int]:
    """Add captures and return the ids of the new ones. One whose natural key is stored already changes nothing.

    Whole pages of articles and probes go on the ledger. So do 304s, which have nothing to extract but a history to
    settle. A feed or sitemap has no text to derive. A 304 is stored without a payload: which page it confirms follows
    from its place in time (``db.queries.captures``). Otherwise its natural key would depend on the order of arrival.

    The further parts of a page directly follow it in ``captures``. They are stored with it or not at all, and derived
    with it, never alone. Payloads should come packed (``db.store.payloads``). Plain bytes are packed here.
    """
    ask = ask_on(connection)
    ready = pack_all(ask, captures)
    payloads = PayloadWriter(connection, ask, (packed for _, packed in ready))
    first_id, salts = chain.next_capture_id(connection), connection.get_execution_options().get("salts")
    before = _newest_of_sources(ask, captures)
    batch = _Batch(connection, payloads, run_id, first_id, _known_keys(ask, captures), before, salts)
    new: dict[int, Capture] = {}
    page: int | None = None
    for row, packed in ready:
        if row.part == 1:
            page = batch.add(row, packed)
            new |= {} if page is None else {page: row}
        elif page is not None:  # otherwise its page was stored before, and this part with it
            batch.add(replace(row, part_of=page), packed)
    ids = batch.write()
    _add_to_ledger(connection, new, {row["id"] for row in batch.rows if row["payload_id"] is not None})
    return ids


_KNOWN = """
    SELECT c.source_id, c.captured_at, c.payload_id FROM json_each(:pairs) k
    JOIN capture c ON c.source_id = CAST(json_extract(k.value, '$[0]') AS BIGINT)
                  AND c.captured_at = CAST(json_extract(k.value, '$[1]') AS BIGINT)"""


def _known_keys(ask: Ask, captures: PayloadPairs) -> set[_Key]:
    """Return the natural keys stored at the instants of these captures."""
    pairs = json.dumps([[row.source_id, micros(row.captured_at)] for row, _ in captures])
    return {(row["source_id"], row["captured_at"], row["payload_id"]) for row in ask(_KNOWN, pairs=pairs)}


_NEWEST = """
    SELECT c.source_id, max(c.id) AS id FROM capture c WHERE c.source_id IN (SELECT value FROM json_each(:sources))
    GROUP BY c.source_id"""


def _newest_of_sources(ask: Ask, captures: PayloadPairs) -> dict[int, int]:
    """Map the sources of these captures to the newest capture that is stored of each."""
    sources = json.dumps(sorted({row.source_id for row, _ in captures}))
    return {row["source_id"]: row["id"] for row in ask(_NEWEST, sources=sources)}


def _add_to_ledger(connection: Connection, new: Mapping[int, Capture], with_payload: set[int]) -> None:
    """Put the captures on the ledger that have something to derive or to settle."""
    derived = _derived_sources(connection, {row.source_id for row in new.values()})
    due = []
    for capture_id, row in new.items():
        if row.source_id in derived:
            is_page = row.reason is None and capture_id in with_payload
            shows_page = is_page or row.reason is Reason.NOT_MODIFIED
            due.append(capture_id if shows_page else _next_page(connection, row))
    if rows := [{"capture_id": capture_id} for capture_id in due if capture_id is not None]:
        connection.execute(_QUEUE, rows)


def replace_capture(connection: Connection, old_id: int, new: Capture, payload: bytes) -> list[int]:
    """Put a capture in the place of one that has no payload and of which nothing was derived.

    Nothing happens if the old one is gone or has a payload by now. Returns the id of the new one, if it was added.
    """
    waiting = capture.c.id == old_id, capture.c.payload_id.is_(None)
    run_id = connection.execute(select(capture.c.run_id).where(*waiting)).one_or_none()
    if run_id is None:
        return []
    chain.keep_facts_digest(connection, [old_id])
    connection.execute(delete(capture).where(*waiting))
    return add_captures(connection, [(new, payload)], run_id[0])


def _next_page(connection: Connection, failure: Capture) -> int | None:
    """Return the first whole page or 304 after a failure that arrived late. Deriving it again settles the history."""
    later = select(capture.c.id).where(
        capture.c.source_id == failure.source_id,
        capture.c.part == 1,
        _SHOWS_PAGE,
        capture.c.captured_at > micros(failure.captured_at),
    )
    return connection.execute(later.order_by(capture.c.captured_at).limit(1)).scalar_one_or_none()


def _derived_sources(connection: Connection, source_ids: set[int]) -> set[int]:
    """Return the sources whose pages have a text to derive: articles, and the probes they are compared with."""
    derived = select(source.c.id).where(source.c.id.in_(source_ids), source.c.kind.in_(_DERIVED_KINDS))
    return set(connection.execute(derived).scalars())


def _row(record: Capture) -> dict[str, Any]:
    plain = ("source_id", "url", "final_url", "detail", "status", "reason_phrase", "wire_length", "content_type")
    more = ("charset", "etag", "last_modified", "ip", "provenance", "part", "part_of")
    return {name: getattr(record, name) for name in plain + more} | {
        "captured_at": micros(record.captured_at),
        "finished_at": micros_or_none(record.finished_at),
        "reason": None if record.reason is None else str(record.reason),
        "wire_sha256": None if record.wire_sha256 is None else bytes.fromhex(record.wire_sha256),
        "retry_at": micros_or_none(record.retry_at),
        "headers": json.dumps(record.headers, ensure_ascii=False),
        "hops": hops_column(record.hops),
        "exchange": exchange_column(record.exchange),
        "flags": json.dumps(record.flags),
    }
