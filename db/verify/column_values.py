"""Check that every stored value can be read: its type, its encoding, and what its column holds.

A flipped byte in a column of JSON or of names ends a question with an error of the decoder. Here each such value is
named with its table, row and column. Tables and columns are read off the file, so a later one is covered too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from db.dialect.server_address import is_server
from db.microseconds import instant
from db.queries import row_mapping
from db.reader import StoredText
from db.records import Cause, Kind, Problem, Reason, Relation, SeedKind, Verdict
from db.verify.common import BATCH, DERIVE, REMATCH, RESTORE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from db.reader import Reader, Row

    Parse = Callable[[Any], object]

DERIVED: Final = {
    **dict.fromkeys(("text", "extraction", "furniture", "cleaning", "derivation", "version", "claim"), DERIVE),
    **dict.fromkeys(("recipe", "page_error", "text_error"), DERIVE),
    **dict.fromkeys(("link", "near_key", "unlinked"), REMATCH),
}
"""The tables of derived rows, and the command that makes them again."""

_DIGESTS = {"sha256", "wire_sha256", "core", "link", "root", "a_sha256", "b_sha256"}
_DIGEST_BYTES = 32
_LARGE = {("payload", "data"), ("text", "title"), ("text", "body")}  # read by checks of their own


def columns(reader: Reader) -> Iterator[Problem]:
    """Check every value of every table but the keys of texts, which are numbers, and are looked at by SQLite alone."""
    if is_server(reader.path):
        return
    for table in _tables(reader):
        for row_id, problem in bad_values(reader, table):
            yield Problem(what=problem, where=f"row {row_id} of table {table}", todo=DERIVED.get(table, RESTORE))
    for row in reader.ask("SELECT DISTINCT text_id FROM near_key WHERE typeof(key) <> 'integer' LIMIT 20"):
        yield Problem(what="a key is no number", where=f"text {row['text_id']} in table near_key", todo=REMATCH)


def _tables(reader: Reader) -> list[str]:
    sql = """SELECT name FROM pragma_table_list
             WHERE schema = 'main' AND type = 'table' AND NOT wr AND name NOT LIKE 'sqlite_%'
               AND name <> 'alembic_version' ORDER BY name"""
    return [row["name"] for row in reader.ask(sql)]


def bad_values(reader: Reader, table: str) -> Iterator[tuple[int, str]]:
    """Yield the row ids of a table with what is wrong with the first value of the row that cannot be read.

    A server refuses values of a wrong type, and text that is not UTF-8, so nothing is read there.
    """
    if is_server(reader.path):
        return
    stored = reader.ask('SELECT name, type, "notnull" FROM pragma_table_info(:table)', table=table)
    checks = {
        row["name"]: _check(table, row["name"], row["type"], needed=bool(row["notnull"]))
        for row in stored
        if (table, row["name"]) not in _LARGE
    }
    names = ", ".join(f'"{name}"' for name in checks)
    sql = f'SELECT rowid AS _row, {names} FROM "{table}" WHERE rowid > :last ORDER BY rowid LIMIT :n'  # noqa: S608 - names of our schema
    last = -(1 << 62)
    while rows := reader.ask_bytes(sql, last=last, n=BATCH):
        for row in rows:
            if problem := _first_problem(row, checks):
                yield row["_row"], problem
        last = rows[-1]["_row"]


def _first_problem(row: Row, checks: dict[str, Parse]) -> str | None:
    for name, check in checks.items():
        try:
            check(row[name])
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
            kind = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error) or type(error).__name__
            return f"its column {name} cannot be read: {kind[:200]}"
    return None


def _check(table: str, name: str, declared: str, *, needed: bool) -> Parse:
    parse = _PARSERS.get((table, name))

    def check(value: Any) -> None:
        if value is None:
            if needed:
                raise ValueError("it is empty")
            return
        decoded = _of_type(value, declared)
        if name.endswith("_at"):
            instant(decoded)
        elif name in _DIGESTS and isinstance(decoded, bytes) and len(decoded) != _DIGEST_BYTES:
            raise ValueError(f"a digest of {len(decoded)} bytes")
        if parse is not None:
            parse(decoded)

    return check


def _of_type(value: Any, declared: str) -> Any:
    """Return the value, text decoded. Raises ValueError if it has not the type its column declares."""
    if declared.startswith(("TEXT", "VARCHAR")):
        if isinstance(value, StoredText):
            return value.decode()
    elif declared == "BLOB":
        if isinstance(value, bytes) and not isinstance(value, StoredText):
            return value
    elif declared == "FLOAT":
        if isinstance(value, float | int):
            return value
    elif isinstance(value, int):
        return value
    raise ValueError(f"a value of another type than {declared}")


# --- what columns hold ------------------------------------------------------------------------------------------------


def _rows_of(*types: type | tuple[type, ...]) -> Parse:
    """Return a parser of a JSON list of lists with these types."""

    def parse(column: str) -> None:
        for row in json.loads(column):
            for value, kind in zip(row, types, strict=True):
                if not isinstance(value, kind):
                    raise TypeError(f"{value!r} in it is no {kind}")

    return parse


def _list_of(kind: type | tuple[type, ...]) -> Parse:
    def parse(column: str) -> None:
        values = json.loads(column)
        if not isinstance(values, list) or not all(isinstance(value, kind) for value in values):
            raise TypeError(f"it is no list of {kind}")

    return parse


def _object(column: str) -> None:
    if not isinstance(json.loads(column), dict):
        raise TypeError("it is no JSON object")


def _headers(column: str) -> None:
    _rows_of(str, str)(column)


def _kinds(column: str) -> None:
    for kind in json.loads(column):
        Kind(kind)


def _residue(column: str) -> None:
    row_mapping.residue(column, mirrored=True)


_WORDS = _list_of(str)
_SPANS = _rows_of(int, str, str)
_PARSERS: Final[dict[tuple[str, str], Parse]] = {
    ("capture", "reason"): Reason,
    ("capture", "headers"): _headers,
    ("capture", "hops"): row_mapping.hops,
    ("capture", "exchange"): row_mapping.exchange,
    ("capture", "flags"): _WORDS,
    ("source", "kind"): SeedKind,
    ("seed", "kind"): SeedKind,
    ("run", "counts"): _object,
    ("run", "parameters"): _object,
    ("credential", "roles"): _WORDS,
    ("rhythm", "hazard"): _list_of((int, float)),
    ("recipe", "facts"): _list_of(list),
    ("extraction", "verdict"): Verdict,
    ("extraction", "removed"): _SPANS,
    ("extraction", "origin"): _WORDS,
    ("extraction", "headline_from"): _WORDS,
    ("extraction", "claims"): _rows_of(str, str),
    ("extraction", "facts"): _rows_of(str, str, str, str, bool),
    ("furniture", "edge"): _WORDS,
    ("furniture", "anywhere"): _WORDS,
    ("cleaning", "removed"): _SPANS,
    ("derivation", "verdict"): Verdict,
    ("version", "cause"): Cause,
    ("version", "kinds"): _kinds,
    ("link", "relation"): Relation,
    ("link", "passages"): row_mapping.passages,
    ("link", "residue"): _residue,
    ("link", "broken"): row_mapping.broken,
    ("entry", "facts"): _object,
}
