"""Mend derived rows that were damaged or changed behind the store's back, while they are derived again.

Nothing stored is trusted: a row is overwritten with what its page gives, whatever is in it. A text that no page gives
is deleted, and what referred to it refers to the text in its place.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import LargeBinary, cast, delete, exists, literal_column, or_, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or

from db.schema import cleaning, derivation, extraction, link, metadata, near_key, text, text_error, unlinked, version
from db.store import search_entries
from db.store.delete_rows import delete_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection


def mend_text(connection: Connection, before: int | None, sha256: str, title: str, body: str) -> None:
    """Make the stored text with this digest, if there is one, have this title and body.

    ``before`` is the text that was stored for the page. It is overwritten if it is damaged (its digest is not that of
    its words) and no other row has the right digest: so versions keep their text.
    """
    digest = bytes.fromhex(sha256)
    right = connection.execute(select(text.c.id).where(text.c.sha256 == digest)).scalar_one_or_none()
    target = before if right is None and before is not None and not _is_sound(connection, before) else right
    if target is None:
        return
    differs = or_(text.c.sha256 != digest, text.c.title != title, text.c.body != body)
    values = {"sha256": digest, "title": title, "body": body, "linked_by": None}
    if connection.execute(update(text).where(text.c.id == target, differs).values(**values)).rowcount:
        _queue(connection, target)


def _is_sound(connection: Connection, text_id: int) -> bool:
    """True if the digest of a text is that of its words. They are read as bytes, which need not be UTF-8."""
    columns = (text.c.sha256, cast(text.c.title, LargeBinary), cast(text.c.body, LargeBinary))
    row = connection.execute(select(*columns).where(text.c.id == text_id)).one_or_none()
    return row is not None and hashlib.sha256(row[1] + b"\n\n" + row[2]).digest() == row[0]


def replace_text(connection: Connection, before: int | None, after: int | None) -> None:
    """Delete the text ``before`` if no page gives it any more. Versions that had it get ``after``."""
    if before is None or before == after or _is_given(connection, before):
        return
    if after is not None:
        for table in (version, derivation):
            connection.execute(update(table).where(table.c.text_id == before).values(text_id=after))
        _queue(connection, after)
    _delete_texts(connection, [before])


def _is_given(connection: Connection, text_id: int) -> bool:
    by_page = exists().where(extraction.c.text_id == text_id)
    return bool(connection.execute(select(or_(by_page, exists().where(cleaning.c.text_id == text_id)))).scalar())


def _queue(connection: Connection, text_id: int) -> None:
    connection.execute(update(text).where(text.c.id == text_id).values(linked_by=None))
    connection.execute(insert_or(unlinked).values(text_id=text_id).on_conflict_do_nothing())


def _delete_texts(connection: Connection, text_ids: Iterable[int]) -> None:
    """Delete texts and all that refers to them. Their entries in the full-text index stay until it is made again."""
    ids = list(text_ids)
    for column in (near_key.c.text_id, unlinked.c.text_id, text_error.c.text_id, link.c.a_text_id, link.c.b_text_id):
        connection.execute(delete(column.table).where(column.in_(ids)))
    delete_rows(connection, text, ids)


def drop_rows(connection: Connection, rows: Mapping[str, Iterable[int]]) -> None:
    """Delete derived rows, by table, with what cannot be without them. Deriving makes those that pages give."""
    for name, numbers in rows.items():
        table, ids = metadata.tables[name], list(numbers)
        if not ids:
            continue
        if table is text:
            _delete_texts(connection, ids)
        elif "id" in table.c:
            delete_rows(connection, table, ids)
        else:
            connection.execute(delete(table).where(literal_column("rowid").in_(ids)))


def make_index_again(connection: Connection) -> None:
    """Make the full-text index again from all texts: about 1 ms each."""
    search_entries.empty_index(connection)
    rows = connection.execute(select(text.c.id, text.c.title, text.c.body).order_by(text.c.id)).yield_per(500)
    for row in rows:
        search_entries.add_entry(connection, row.id, row.title, row.body)
