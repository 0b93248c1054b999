"""Verification of the archive. Every check only reads, and yields problems as values.

The store never breaks these rules, but a disk, a copy tool or another program may. A problem says what is wrong, where,
and what to do. All checks run, whatever the ones before found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.dialect.server_address import is_server
from db.errors import StoreError
from db.records import Problem
from db.verify import captures, column_values, histories, log_tiles, server_index, stored_texts
from db.verify.common import RESTORE
from db.views import view_definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from db.reader import Reader
    from db.verify.common import Check


def verify(reader: Reader, *, deep: bool, key_of: Callable[[str], str] | None = None) -> Iterator[Problem]:
    """Yield every problem of the archive as it is found. An intact archive has none.

    ``deep`` also unpacks every payload, tokenizes every text again and lets SQLite check every page and index: minutes
    for a large archive, where the rest takes seconds. ``key_of`` computes the url_key of an address, for comparison.
    """
    checks = _SERVER_QUICK if is_server(reader.path) else _QUICK
    if deep:
        more = _SERVER_DEEP if is_server(reader.path) else _DEEP
    else:
        more = () if is_server(reader.path) else (_quick_check,)
    addresses = () if key_of is None else (captures.addresses(key_of),)
    for check in (*checks, *addresses, *more):
        try:
            yield from check(reader)
        except StoreError as error:  # a page that cannot be read ends one check, not all of them
            yield Problem(what=str(error), where=str(reader.path), todo=RESTORE)


def _quick_check(reader: Reader) -> Iterator[Problem]:
    yield from _pragma_problems(reader, "quick_check")


def _integrity_check(reader: Reader) -> Iterator[Problem]:
    yield from _pragma_problems(reader, "integrity_check")


def _pragma_problems(reader: Reader, pragma: str) -> Iterator[Problem]:
    messages = [str(row[pragma]) for row in reader.ask(f"PRAGMA {pragma}")]
    for message in messages if messages != ["ok"] else []:
        yield Problem(what=message, where=str(reader.path), todo=RESTORE)


def _references(reader: Reader) -> Iterator[Problem]:
    """Check that every foreign key refers to a row that exists."""
    for row in reader.ask("PRAGMA foreign_key_check"):
        what = f"it refers to a row of {row['parent']} that is missing"
        yield Problem(what=what, where=f"row {row['rowid']} of table {row['table']}", todo=RESTORE)


def _views(reader: Reader) -> Iterator[Problem]:
    """Check that each view is the one that this code defines: a changed one gives other answers from sound tables."""
    stored = {row["name"]: row["sql"] for row in reader.ask("SELECT name, sql FROM sqlite_master WHERE type = 'view'")}
    for name, sql in view_definitions("sqlite").items():
        if stored.get(name) != sql:
            yield Problem(what="its definition was changed", where=f"view {name}", todo="wirecopy upgrade")


def _triggers(reader: Reader) -> Iterator[Problem]:
    """Check that there is no trigger: this code makes none, and one could change rows as they are written."""
    for row in reader.ask("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' ORDER BY name"):
        what = "it runs with each write, and wirecopy did not make it"
        yield Problem(what=what, where=f"trigger {row['name']} of table {row['tbl_name']}", todo=RESTORE)


_QUICK: tuple[Check, ...] = (
    _views,
    _triggers,
    _references,
    captures.bases,
    captures.packs,
    captures.chain,
    captures.tombstones,
    log_tiles.log,
    column_values.columns,
    stored_texts.texts,
    stored_texts.index,
    histories.ledger,
    histories.histories,
    histories.recipes,
    histories.links,
)
_DEEP: tuple[Check, ...] = (_integrity_check, stored_texts.index_terms, captures.payloads)
# A server has constraints for references and types, and pg_amcheck for its files.
_OF_FILES = (_views, _triggers, _references, column_values.columns, stored_texts.index)
_SERVER_QUICK: tuple[Check, ...] = (*(check for check in _QUICK if check not in _OF_FILES), server_index.vectors)
_SERVER_DEEP: tuple[Check, ...] = (server_index.vector_words, captures.payloads)
