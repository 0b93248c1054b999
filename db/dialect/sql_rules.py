"""The rules that turn our SQL text into PostgreSQL's.

The queries are written for SQLite, in the part of SQL that both engines share, with a few words more: hints for
SQLite's planner, which vanish here; lists as JSON, which become ``each_id`` or ``each_word``; and some functions with
other names. Functions that PostgreSQL lacks are in ``server_schema``. A comment ``/*postgresql ... */`` is text for
PostgreSQL alone.
"""

from __future__ import annotations

import re
from functools import lru_cache

TEXT_LISTS = ("urls", "url_keys", "flags", "event_ids", "sites", "hosts")
"""The parameters that are JSON lists of text."""

JSON_LISTS = ("pairs", "ends")
"""The parameters that are JSON lists of lists. All others are lists of integers."""

_PARAMETER = re.compile(r"(?<![:\w]):([a-zA-Z_]\w*)")
_LIST = r"(?::(?:{names})\b|%\((?:{names})\)s(?:::\w+)?)"
_TEXT_LIST = _LIST.format(names="|".join(TEXT_LISTS))
_JSON_LIST = _LIST.format(names="|".join(JSON_LISTS))
_ID_LIST = _LIST.format(names=r"\w+")
_SECONDS = r"([\w.]+ / 1000000), 'unixepoch'\)"
_UTC = r"to_char(to_timestamp(\1) AT TIME ZONE 'UTC', '{}')"

_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # hints for SQLite's planner
        (r"\s+INDEXED BY \w+", ""),
        (r"\bCROSS JOIN(?=\s+\w+(?:\s+\w+)?\s+ON\b)", "JOIN"),
        (r"\b(ORDER BY|AND|WHERE) \+(?=\w)", r"\1 "),
        # text for PostgreSQL alone
        (r"/\*postgresql (.*?)\*/", r"\1"),
        # lists as JSON
        (rf"\bjson_each\(({_TEXT_LIST})\)", r"each_word(CAST(\1 AS TEXT))"),
        (rf"\bjson_each\(({_JSON_LIST})\)", r"each_item(CAST(\1 AS TEXT))"),
        (rf"\bjson_each\(({_ID_LIST})\)", r"each_id(CAST(\1 AS TEXT))"),
        (r"\bjson_each\((\w+\.flags)\)", r"each_word(\1)"),
        (r"\bjson_each\((\w+\.\w+), '\$\.(\w+)'\)", r"each_member(\1, '\2')"),
        # functions with other names
        (r"\binstr\(", "strpos("),
        (r"\bchar\(", "chr("),
        (r"\b(\w+\.\w+) IS (?=\w+\.\w)", r"\1 IS NOT DISTINCT FROM "),
        (
            r"\bgroup_concat\(([^()]*?)(?:, ('[^']*'))?\)",
            lambda m: f"string_agg(CAST({m[1]} AS TEXT), {m[2] or repr(',')})",
        ),
        (rf"\bstrftime\('%Y-%m-%dT%H:%M:%SZ', {_SECONDS}", _UTC.format('YYYY-MM-DD"T"HH24:MI:SS"Z"')),
        (rf"\bstrftime\('%Y-%m-%d', {_SECONDS}", _UTC.format("YYYY-MM-DD")),
        (rf"\bstrftime\('%Y-%m', {_SECONDS}", _UTC.format("YYYY-MM")),
        (r"\bCAST\((\S+) AS BLOB\)", r"convert_to(\1, 'UTF8')"),
        # rows of tables without a number of their own
        (r"\bl\.rowid\b", "((l.a_text_id << 32) + l.b_text_id)"),
        (r"\b(FROM link WHERE) rowid\b", r"\1 ((a_text_id << 32) + b_text_id)"),
        (r"\b(FROM derivation WHERE) rowid\b", r"\1 capture_id"),
    )
)


@lru_cache(maxsize=2_048)
def to_postgresql(sql: str) -> str:
    """Return a statement in PostgreSQL's words, its parameters as they are."""
    for pattern, replacement in _RULES:
        sql = pattern.sub(replacement, sql)
    return sql


@lru_cache(maxsize=2_048)
def for_driver(sql: str) -> str:
    """Return a query in PostgreSQL's words and with its parameters as the driver wants them: ``%(name)s``."""
    return _PARAMETER.sub(r"%(\1)s", to_postgresql(sql).replace("%", "%%"))
