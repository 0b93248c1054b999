"""Does the archive hold what it says? Every check reads only, and reports problems as values.

The store keeps these promises by itself; a disk, a copy tool or another program may break them. A problem says what is
wrong, where, and what to do. All checks run, whatever the ones before found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.errors import StoreError
from db.records import Problem
from db.verify import facts, histories, texts
from db.verify.common import RESTORE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from db.reader import Reader
    from db.verify.common import Check


def verify(reader: Reader, *, deep: bool, key_of: Callable[[str], str] | None = None) -> Iterator[Problem]:
    """Every problem of the archive, as it is found. A sound one gives none.

    ``deep`` also unpacks every payload, tokenizes every text again and lets SQLite check every page and index: minutes
    for a large archive, where the rest takes seconds. ``key_of`` makes the key of an address, to be compared.
    """
    addresses = () if key_of is None else (facts.addresses(key_of),)
    for check in (*_QUICK, *addresses, *(_DEEP if deep else (_file_quickly,))):
        try:
            yield from check(reader)
        except StoreError as error:  # a page that cannot be read ends one check, not all of them
            yield Problem(what=str(error), where=str(reader.path), todo=RESTORE)


def _file_quickly(reader: Reader) -> Iterator[Problem]:
    yield from _said(reader, "quick_check")


def _file_wholly(reader: Reader) -> Iterator[Problem]:
    yield from _said(reader, "integrity_check")


def _said(reader: Reader, pragma: str) -> Iterator[Problem]:
    said = [str(row[pragma]) for row in reader.ask(f"PRAGMA {pragma}")]
    for complaint in said if said != ["ok"] else []:
        yield Problem(what=complaint, where=str(reader.path), todo=RESTORE)


def _references(reader: Reader) -> Iterator[Problem]:
    """Every row that names another names one that is there."""
    for row in reader.ask("PRAGMA foreign_key_check"):
        what = f"it names a {row['parent']} that is not there"
        yield Problem(what=what, where=f"row {row['rowid']} of table {row['table']}", todo=RESTORE)


_QUICK: tuple[Check, ...] = (
    _references,
    facts.bases,
    facts.chain,
    texts.texts,
    texts.index,
    histories.ledger,
    histories.histories,
    histories.links,
)
_DEEP: tuple[Check, ...] = (_file_wholly, texts.index_terms, facts.payloads)
