"""What an archive says, without what may differ between two archives that say the same: row ids, runs, leases, order.

::

    assert contents(one) == contents(other)
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

Contents = dict[str, list[tuple[Any, ...]]]

_ASKED: Final = {
    "sources": """
        SELECT s.url_key, s.url, s.kind, d.key, s.found_at, s.retired_at, d.retired_at, via.url_key, root.url_key
        FROM source s LEFT JOIN seed d ON d.id = s.seed_id
        LEFT JOIN source via ON via.id = s.found_in LEFT JOIN source root ON root.id = s.same_as""",
    "captures": """
        SELECT s.url_key, c.captured_at, hex(p.sha256), c.final_url, coalesce(c.reason, v.verdict), c.detail, v.detail,
               c.status, hex(c.wire_sha256), c.content_type, c.charset, c.etag, c.last_modified, c.retry_at, c.hops,
               c.flags, hex(t.sha256)
        FROM capture c JOIN source s ON s.id = c.source_id LEFT JOIN payload p ON p.id = c.payload_id
        LEFT JOIN derivation v ON v.capture_id = c.id LEFT JOIN extraction e ON e.id = v.extraction_id
        LEFT JOIN text t ON t.id = coalesce(v.text_id, e.text_id)""",
    "texts": "SELECT hex(sha256), title, body FROM text",
    "versions": """
        SELECT s.url_key, v.number, hex(t.sha256), v.title, v.byline, v.published_at, v.language, v.cause, v.kinds,
               v.score, v.first_seen_at, v.last_seen_at, v.dated_at, v.captures, v.recipe_id
        FROM version v JOIN source s ON s.id = v.source_id JOIN text t ON t.id = v.text_id
        WHERE v.superseded_at IS NULL""",
    "links": """
        SELECT a.url, a.version, b.url, b.version, l.relation, l.score, l.coverage_a, l.coverage_b, l.passages,
               l.because
        FROM v_links l JOIN v_versions a ON a.id = l.a_id JOIN v_versions b ON b.id = l.b_id""",
    "labels": """
        SELECT a.url_key, hex(l.a_sha256), l.a_seen_at, b.url_key, hex(l.b_sha256), l.b_seen_at, l.copy, l.note,
               l.labelled_at
        FROM label l JOIN source a ON a.id = l.a_source_id JOIN source b ON b.id = l.b_source_id""",
    "waiting": "SELECT (SELECT count(*) FROM underived), (SELECT count(*) FROM unlinked)",
}


def contents(db: Path) -> Contents:
    """Sources, captures by natural key with their states, texts, versions and links, and what still waits; sorted."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        return {name: sorted(connection.execute(sql).fetchall(), key=repr) for name, sql in _ASKED.items()}


def sizes(db: Path) -> dict[str, int]:
    """How many rows each table has."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in tables}
