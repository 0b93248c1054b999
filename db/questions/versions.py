"""Questions about versions and texts: today's history, a past moment, and what was believed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.questions import rows
from db.records import SCRAPER_MARKS, Text
from db.times import instant_or_none, micros

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from db.connect import Ask, Row
    from db.records import Version

_FROM = "FROM version v JOIN source s ON s.id = v.source_id JOIN text t ON t.id = v.text_id"


def of_source(ask: Ask, source_id: int) -> list[Version]:
    """Today's history of a source, oldest first."""
    sql = f"SELECT {rows.VERSION} {_FROM} WHERE v.source_id = :id AND v.superseded_at IS NULL ORDER BY v.number"
    return [rows.version(row) for row in ask(sql, id=source_id)]


def at(ask: Ask, source_id: int, when: datetime) -> Version | None:
    """The version that stood there at ``when``: the last one first seen by then. None: nothing was seen that early."""
    sql = f"""SELECT {rows.VERSION} {_FROM} WHERE v.source_id = :id AND v.superseded_at IS NULL
              AND v.first_seen_at <= :at ORDER BY v.first_seen_at DESC, v.number DESC LIMIT 1"""
    found = ask(sql, id=source_id, at=micros(when))
    return rows.version(found[0]) if found else None


def recent_changes(ask: Ask, *, since: datetime, limit: int) -> list[Version]:
    """Versions after the first that were recorded since then, weightiest first."""
    sql = f"""SELECT {rows.VERSION} {_FROM} WHERE v.superseded_at IS NULL AND v.number > 1 AND v.recorded_at >= :since
              ORDER BY v.score DESC, v.first_seen_at, s.url_key LIMIT :n"""
    return [rows.version(row) for row in ask(sql, since=micros(since), n=limit)]


def everything(ask: Ask) -> list[Version]:
    """Today's versions of every source, by address and number."""
    sql = f"SELECT {rows.VERSION} {_FROM} WHERE v.superseded_at IS NULL ORDER BY s.url_key, v.number"
    return [rows.version(row) for row in ask(sql)]


# Of several pages with one text: what captures are tied to comes before what an older recipe left behind.
_TEXT = """
    SELECT t.id, t.sha256, t.title, t.body, e.language, e.byline, e.published_at, e.origin, e.removed
    FROM text t
    LEFT JOIN extraction e ON e.id = (SELECT x.id FROM extraction x WHERE x.text_id = t.id
                                      ORDER BY EXISTS (SELECT 1 FROM derivation d WHERE d.extraction_id = x.id) DESC,
                                               coalesce(x.published_at, 1 << 62), x.byline, x.id LIMIT 1)"""


def text(ask: Ask, sha256: str) -> Text:
    """A text by its digest, with what its extraction knows of it; it must exist."""
    return _text(ask(f"{_TEXT} WHERE t.sha256 = :digest", digest=bytes.fromhex(sha256))[0])


def texts(ask: Ask, ids: Sequence[int]) -> list[Text]:
    """Texts by id."""
    return [_text(row) for each in ids for row in ask(f"{_TEXT} WHERE t.id = :id", id=each)]


def _text(row: Row) -> Text:
    return Text(
        id=row["id"],
        sha256=row["sha256"].hex(),
        title=row["title"],
        body=row["body"],
        language=row["language"],
        byline=row["byline"],
        published_at=instant_or_none(row["published_at"]),
        origin=tuple(json.loads(row["origin"] or "[]")),
        residue=tuple(span for _, span, because in json.loads(row["removed"] or "[]") if because in SCRAPER_MARKS),
    )


def removed(ask: Ask, version: Version) -> list[tuple[int, str, str]]:
    """What was taken out of the page's text to get this version's: offset in the cleaned text, the text, and why."""
    sql = """SELECT e.removed FROM derivation d JOIN extraction e ON e.id = d.extraction_id WHERE d.capture_id = :id"""
    found = ask(sql, id=version.first_capture_id)
    return [(at, text, because) for at, text, because in json.loads(found[0]["removed"])] if found else []


SNIPPET_MARKS = ("\ue000", "\ue001", "\u2026")
"""Private-use characters around the words found, and the ellipsis: what prints them must escape the rest first."""

_SEARCH = f"""
    SELECT {rows.VERSION}, snippet(text_fts, 1, :open, :close, :gap, 24) AS snippet,
           (SELECT max(w.number) FROM version w WHERE w.source_id = v.source_id AND w.superseded_at IS NULL) AS newest
    FROM text_fts
    JOIN text t ON t.id = text_fts.rowid
    JOIN version v ON v.text_id = t.id AND v.superseded_at IS NULL
    JOIN source s ON s.id = v.source_id
    WHERE text_fts MATCH :query
    ORDER BY bm25(text_fts, 4.0, 1.0), v.first_seen_at, s.url_key
    LIMIT :n"""


def search(ask: Ask, query: str, *, limit: int) -> list[tuple[Version, str, int]]:
    """Versions matching an FTS5 query, best first: version, snippet with marks, number of the newest version."""
    marks = dict(zip(("open", "close", "gap"), SNIPPET_MARKS, strict=True))
    found = ask(_SEARCH, query=query, n=limit, **marks)
    return [(rows.version(row), row["snippet"], row["newest"]) for row in found]
