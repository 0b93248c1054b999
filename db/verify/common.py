"""What all checks share: what to do about what they find, and rows a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from db.reader import Reader
from db.records import Problem

if TYPE_CHECKING:
    from db.reader import Row

Check = Callable[[Reader], Iterator[Problem]]

RESTORE = "bring back a backup: wirecopy restore BACKUP"
DERIVE = "derive it again: wirecopy backfill --from payloads"
AT_ONCE = 500
"""Rows in memory at once: some megabytes of text."""


def in_order(reader: Reader, sql: str, **values: Any) -> Iterator[Row]:
    """All rows of a question about ``id > :last ... LIMIT :n``, in order, a few at a time."""
    last = 0
    while found := reader.ask(sql, last=last, n=AT_ONCE, **values):
        yield from found
        last = found[-1]["id"]
