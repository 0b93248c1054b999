"""The delivery ledger: which events each receiver was sent, and the notices it has not accepted yet.

Events are derived (decision 0029). Only their delivery is a fact, so only that is stored.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from db.schema.columns import ROW_ID, identity, instant, metadata, words

receiver = Table("receiver", metadata, Column("key", Text, primary_key=True), words("scheme"), instant("since_at"))
"""The receivers that the settings named in some run. ``key`` is a digest of the address, which may hold a password.

Events before ``since_at``, the start of the first run that knew the receiver, are not sent to it.
"""

notice = Table(
    "notice",
    metadata,
    Column("key", Text, primary_key=True),
    Column("receiver_key", Text, ForeignKey("receiver.key"), nullable=False),
    instant("made_at"),
    Column("tries", Integer, nullable=False, server_default="0"),
    words("result"),
    instant("closed_at", null=True),
    words("outcome"),
)
"""One message to one receiver, sent until it is closed: accepted, given up, or withdrawn."""

notice_event = Table(
    "notice_event",
    metadata,
    identity(),
    Column("receiver_key", Text, ForeignKey("receiver.key"), nullable=False),
    words("event_id", default=None),
    Column("source_id", ROW_ID),
    Column("other_id", ROW_ID),
    instant("queued_at"),
    Column("notice_key", Text, ForeignKey("notice.key"), index=True),
    words("body"),
)
"""The events selected for a receiver, each once. ``notice_key`` is null while an event waits for its time.

``body`` is the event in JSON until its notice is closed, then empty. ``source_id`` and ``other_id`` are the articles it
is about, so that forgetting one deletes its words here too. They are no foreign keys, because an event may have none.
"""
Index("uq_notice_event_receiver_key_event_id", notice_event.c.receiver_key, notice_event.c.event_id, unique=True)
