"""The tables of what is watched, of the facts (captures, payloads, chain), and of runs and leases."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from db.schema.columns import ROW_ID, identity, instant, metadata, reference, words

seed = Table(
    "seed",
    metadata,
    identity(),
    Column("key", Text, nullable=False, unique=True),
    words("group"),
    words("name"),
    words("url"),
    words("kind"),
    words("every"),
    words("note"),
    words("language", null=True),
    Column("allow_private", Boolean, nullable=False),
    Column("budget", Integer),
    instant("first_read_at"),
    instant("retired_at", null=True),
)

source = Table(
    "source",
    metadata,
    identity(),
    words("url"),
    Column("url_key", Text, nullable=False, unique=True),
    words("kind"),
    reference("seed", null=True, index=True),
    instant("found_at"),
    reference("source", "found_in", null=True),
    instant("retired_at", null=True),
    reference("source", "same_as", null=True, index=True),
    instant("hinted_at", null=True),
)

listing = Table(
    "listing",
    metadata,
    reference("source", primary_key=True),
    Column("list_id", ROW_ID, ForeignKey("source.id"), primary_key=True, index=True),
    instant("found_at"),
)
"""The lists (feeds, sitemaps, section pages) that named a source, and when each first did."""

run = Table(
    "run",
    metadata,
    identity(),
    words("kind"),
    words("parameters", default="{}"),
    words("owner"),
    instant("started_at"),
    instant("finished_at", null=True),
    words("counts", default="{}"),
)

origin = Table(
    "origin",
    metadata,
    Column("name", Text, primary_key=True),
    Column("delay", Float, nullable=False),
    Column("latency", Float, nullable=False),
    Column("clean", Integer, nullable=False),
    instant("paused_until_at", null=True),
    instant("robots_failing_since_at", null=True),
    instant("probed_at", null=True),
    instant("updated_at"),
)
"""The state of each origin between runs: how fast it may be asked, and the end of its pause."""

rhythm = Table(
    "rhythm",
    metadata,
    Column("seed_id", ROW_ID, ForeignKey("seed.id"), primary_key=True),
    Column("articles", Integer, nullable=False),
    words("hazard", default="[]"),
    instant("learned_at"),
)
"""The change rate of the articles of a seed by age: learned from their histories, used to plan visits."""

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    words("owner"),
    instant("taken_at"),
    instant("until_at"),
)

payload = Table(
    "payload",
    metadata,
    identity(),
    Column("sha256", LargeBinary(32), nullable=False, unique=True),
    words("codec"),
    Column("length", BigInteger, nullable=False),
    reference("payload", "base_id", null=True),
    Column("depth", Integer, nullable=False, server_default="0"),
    Column("packing", Integer, nullable=False, server_default="0"),
    words("anchor", null=True),
    Column("data", LargeBinary, nullable=False),  # last, so that reading other columns does not read it
)
"""Every payload, stored once (``db.delta_codec``). A base has a smaller id than its deltas. ``depth`` counts deltas.

``anchor`` names the site whose new pages may be packed against this one. ``packing`` says how its base was chosen.
"""

capture = Table(
    "capture",
    metadata,
    identity(),
    reference("source"),
    reference("run", null=True),
    instant("captured_at"),
    instant("finished_at", null=True),
    words("url"),
    words("final_url"),
    words("reason", null=True),
    words("detail"),
    Column("status", Integer),
    words("reason_phrase"),
    reference("payload", null=True, index=True),
    Column("wire_sha256", LargeBinary(32)),
    Column("wire_length", BigInteger),
    words("content_type"),
    words("charset", null=True),
    words("etag", null=True),
    words("last_modified", null=True),
    instant("retry_at", null=True),
    words("ip", null=True),
    words("headers", default="[]"),
    words("hops", default="[]"),
    words("flags", default="[]"),
    Column("revisit", Boolean, nullable=False),
    words("provenance", default="live"),
    words("exchange", default="{}"),
    Column("part", Integer, nullable=False, server_default="1"),
    reference("capture", "part_of", null=True, index=True),
    Column("salt", LargeBinary(16)),
    Column("same_before", ROW_ID),
)
"""``salt``: random bytes, so that the digest of a forgotten capture cannot be confirmed by guessing its facts.
``same_before``: the newest capture of the same source before this one, 0 for none, NULL for older rows. That one may be
forgotten, so it is no reference."""

# The natural key: recording the same capture twice changes nothing. Two plain indexes, because NULL equals nothing, not
# even NULL, and because a batch migration silently loses an index on an expression like coalesce.
Index("uq_capture_payload", capture.c.source_id, capture.c.captured_at, capture.c.payload_id, unique=True)
Index("ix_capture_captured_at", capture.c.captured_at)  # the checks of a window of time, for events
# Few checks fail, and only those can be absences; a 304 is none.
_failed = capture.c.reason.is_not(None) & (capture.c.reason != "not_modified")
Index(
    "ix_capture_source_id_captured_at_reason",
    capture.c.source_id,
    capture.c.captured_at,
    capture.c.reason,
    sqlite_where=_failed,
    postgresql_where=_failed,
)
_flagged = text("flags <> '[]'")  # a query uses the index if it says just that
Index("ix_capture_flagged", capture.c.source_id, sqlite_where=_flagged, postgresql_where=_flagged)
_no_payload = capture.c.payload_id.is_(None)
Index(
    "uq_capture_no_payload",
    capture.c.source_id,
    capture.c.captured_at,
    unique=True,
    sqlite_where=_no_payload,
    postgresql_where=_no_payload,
)

tombstone = Table(
    "tombstone",
    metadata,
    identity(),
    words("url"),
    Column("url_key", Text, nullable=False, index=True),
    instant("forgotten_at"),
    Column("captures", Integer, nullable=False),
    instant("lifted_at", null=True),
)
"""Sources forgotten on request: address and number of captures. It is not archived again before ``lifted_at``."""

hold = Table(
    "hold",
    metadata,
    identity(),
    words("url"),
    Column("url_key", Text, nullable=False, index=True),
    words("note"),
    instant("held_at"),
    instant("released_at", null=True),
)
"""Addresses whose articles must be kept: nothing of them is deleted before ``released_at``. A row stays after that."""

chain = Table(
    "chain",
    metadata,
    Column("capture_id", ROW_ID, primary_key=True, autoincrement=False),
    Column("link", LargeBinary(32), nullable=False),
    Column("facts", LargeBinary(32)),
    reference("tombstone", null=True),
)
"""The chain over captures (``db.chain``): a link for every id ever given. ``facts`` is set if it was forgotten."""

tile = Table(
    "tile",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", ROW_ID, primary_key=True, autoincrement=False),
    Column("root", LargeBinary(32), nullable=False),
)
"""The roots of full tiles of the transparency log (``db.queries.log_tiles``)."""

entry = Table(
    "entry",
    metadata,
    Column("number", ROW_ID, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False, server_default="", index=True),
    words("facts"),
)
"""Entries of the chain that are no captures, such as a time stamp. ``facts`` is JSON; the chain has its digest."""

for _sparse in (payload.c.base_id, payload.c.anchor, chain.c.tombstone_id):
    _some = _sparse.is_not(None)
    Index(f"ix_{_sparse.table.name}_{_sparse.name}", _sparse, sqlite_where=_some, postgresql_where=_some)

underived = Table("underived", metadata, Column("capture_id", ROW_ID, ForeignKey("capture.id"), primary_key=True))
"""The ledger between gather and derive: captures that the current recipe has not seen."""
