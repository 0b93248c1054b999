"""Shared parts of the checks: the advice in problems, and reading rows in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from db.reader import Reader
from db.records import Problem

if TYPE_CHECKING:
    from db.reader import Row

Check = Callable[[Reader], Iterator[Problem]]

RESTORE = "restore a backup: wirecopy restore BACKUP"
PACK = "make the place of the packs reachable, or copy the pack back to it"
DERIVE = "wirecopy reextract"
"""What works texts and versions out again from saved pages, whatever is stored."""

REMATCH = "wirecopy rematch"
BATCH = 500
"""Rows in memory at once: some megabytes of text."""


def in_order(reader: Reader, sql: str, **values: Any) -> Iterator[Row]:
    """Yield all rows of a query with ``id > :last ... LIMIT :n``, in order, a batch at a time."""
    last = 0
    while rows := reader.ask(sql, last=last, n=BATCH, **values):
        yield from rows
        last = rows[-1]["id"]
