"""Questions about versions and texts: today's history, a past moment, and what was believed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from db.microseconds import instant_or_none, micros, micros_or_none
from db.queries import row_mapping
from db.records import SCRAPER_MARKS, Fact, Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from db.reader import Ask, Row
    from db.records import Version

_FROM = f"FROM version v JOIN source s ON s.id = v.source_id JOIN {row_mapping.TEXT}"
# Named, because SQLite would choose a longer way: what stood at an instant is the last entry of a source up to it.
_IN_TIME = "INDEXED BY ix_version_source_id_first_seen_at_number"


def _believed(table: str, *, then: bool) -> str:
    """The second axis of time: what the archive believes of a version today, or ``then``, at ``:recorded``."""
    if not then:
        return f"{table}.superseded_at IS NULL"
    return f"{table}.recorded_at <= :recorded AND ({table}.superseded_at IS NULL OR {table}.superseded_at > :recorded)"


def of_source(ask: Ask, source_id: int, *, recorded: datetime | None = None) -> list[Version]:
    """The history of a source, oldest first: as it is believed today, or was at the instant ``recorded``."""
    sql = f"""SELECT {row_mapping.VERSION} {_FROM} WHERE v.source_id = :id AND {
        _believed("v", then=recorded is not None)
    }
              ORDER BY v.first_seen_at, v.number"""
    found = [row_mapping.version(row) for row in ask(sql, id=source_id, recorded=micros_or_none(recorded))]
    return found if recorded is None else [_as_known(each, n, recorded) for n, each in enumerate(found, 1)]


def _as_known(version: Version, number: int, recorded: datetime) -> Version:
    """A version as it was known then: its number in the history of that day, and no sighting of a later one."""
    return replace(version, number=number, last_seen_at=min(version.last_seen_at, recorded), superseded_at=None)


def version_at(ask: Ask, source_id: int, when: datetime) -> Version | None:
    """The version that stood there at ``when``: the last one first seen by then. None: nothing was seen that early."""
    found = ask(_AT, id=source_id, at=micros(when))
    return row_mapping.version(found[0]) if found else None


_AT = f"""
    SELECT {row_mapping.VERSION} FROM version v {_IN_TIME} JOIN source s ON s.id = v.source_id JOIN {row_mapping.TEXT}
    WHERE v.source_id = :id AND v.superseded_at IS NULL AND v.first_seen_at <= :at
    ORDER BY v.first_seen_at DESC, v.number DESC LIMIT 1"""


# Driven from the sources with one look-up each: 32 times faster at a million versions than a window function. The plus
# keeps SQLite from reading all sources in the order of their addresses, page by page, which takes twice as long as
# sorting what was found. The seeds are few and known before: a look-up of each source's was a tenth of the time.
_STANDING = f"""
    SELECT {row_mapping.VERSION}, s.seed_id
    FROM source s
    CROSS JOIN version v ON {{which}}
    CROSS JOIN {row_mapping.TEXT}
    WHERE {{narrowed}}
    ORDER BY +s.url_key, v.number"""

# The index alone answers, with its first entry: 0.74 of the time that looking for the instant first takes.
_TODAY = f"""v.id = (
    SELECT w.id FROM version w {_IN_TIME}
    WHERE w.source_id = s.id AND w.first_seen_at <= :at AND {_believed("w", then=False)}
    ORDER BY w.first_seen_at DESC, w.number DESC LIMIT 1)"""

# No index knows what was believed once. This one has no numbers, and to sort by them would cost more than to give all
# of the versions first seen at one instant, which are rare.
_THEN = f"""v.source_id = s.id AND {_believed("v", then=True)} AND v.first_seen_at = (
    SELECT w.first_seen_at FROM version w
    WHERE w.source_id = s.id AND w.first_seen_at <= :at AND {_believed("w", then=True)}
    ORDER BY w.first_seen_at DESC LIMIT 1)"""
_SEEDS = """
    SELECT d.id, d."group" AS name FROM seed d WHERE :wanted IS NULL OR d."group" = :wanted OR d.key = :wanted"""

_AT_LAST = 1 << 62
"""An instant after all others, in microseconds: a comparison with it uses the index, as one with NULL would not."""


def versions_as_of(
    ask: Ask, *, when: datetime | None = None, recorded: datetime | None = None, group: str | None = None
) -> list[tuple[Version, str]]:
    """The whole archive at one instant: of every article the version that stood there, and its group in the index.

    ``when`` None: now. ``recorded``: as it was believed then. ``group`` is a group, or the key of a seed. The order
    is that of the addresses; the number of a version is that of today's history.
    """
    groups = {row["id"]: row["name"] for row in ask(_SEEDS, wanted=group)}
    narrowed = "TRUE" if group is None else "s.seed_id IN (SELECT value FROM json_each(:seeds))"
    sql = _STANDING.format(which=_TODAY if recorded is None else _THEN, narrowed=narrowed)
    version_at = _AT_LAST if when is None else micros(when)
    found = ask(sql, at=version_at, recorded=micros_or_none(recorded), seeds=json.dumps(list(groups)))
    last = {row["url"]: row for row in found}  # of versions first seen at one instant, the one that came of them
    return [(row_mapping.version(row), groups.get(row["seed_id"], "")) for row in last.values()]


_NOT_REREAD = """NOT EXISTS (
    SELECT 1 FROM version w WHERE w.source_id = v.source_id AND w.recipe_id <> v.recipe_id
    AND w.superseded_at IS NOT NULL AND w.recorded_at < :since
    AND w.first_seen_at <= v.first_seen_at AND w.last_seen_at >= v.first_seen_at)"""
"""False for a version whose page was read before, under another recipe: what is new is the reading."""


def recent_changes(ask: Ask, *, since: datetime, limit: int) -> list[Version]:
    """Versions after the first that were recorded since then, weightiest first; a page read anew is no change."""
    sql = f"""SELECT {row_mapping.VERSION} {_FROM} WHERE v.superseded_at IS NULL AND v.number > 1 AND v.recorded_at >=
    :since
              AND {_NOT_REREAD} ORDER BY v.score DESC, v.first_seen_at, s.url_key LIMIT :n"""
    return [row_mapping.version(row) for row in ask(sql, since=micros(since), n=limit)]


def all_versions(ask: Ask) -> list[Version]:
    """Today's versions of every source, by address and number."""
    sql = f"SELECT {row_mapping.VERSION} {_FROM} WHERE v.superseded_at IS NULL ORDER BY s.url_key, v.number"
    return [row_mapping.version(row) for row in ask(sql)]


# The index has to be named: where no text differs from its page's, SQLite takes it for worthless and reads the table.
# Of several pages with one text: what captures are tied to comes before what an older recipe left behind.
_TEXT = """
    SELECT t.id, t.sha256, t.title, t.body, e.language, e.byline, e.published_at, e.origin, e.removed
    FROM text t
    LEFT JOIN extraction e ON e.id = (SELECT x.id FROM extraction x
                                      WHERE x.text_id = t.id
                                         OR x.id IN (SELECT p.extraction_id
                                                     FROM derivation p INDEXED BY ix_derivation_text_id
                                                     WHERE p.text_id = t.id)
                                      ORDER BY EXISTS (SELECT 1 FROM derivation d WHERE d.extraction_id = x.id) DESC,
                                               coalesce(x.published_at, 1 << 62), x.byline, x.id LIMIT 1)"""


def text(ask: Ask, sha256: str) -> Text:
    """A text by its digest, with what its extraction knows of it; it must exist."""
    return _text(ask(f"{_TEXT} WHERE t.sha256 = :digest", digest=bytes.fromhex(sha256))[0])


def has_text(ask: Ask, sha256: str) -> bool:
    """True while a text with this digest is held."""
    return bool(ask("SELECT 1 FROM text WHERE sha256 = :digest", digest=bytes.fromhex(sha256)))


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


_READING = """
    SELECT t.id, t.sha256, t.title, t.body, e.language, e.byline, e.published_at, e.origin, e.removed, e.recipe_id
    FROM derivation d
    JOIN extraction e ON e.id = d.extraction_id
    JOIN text t ON t.id = coalesce(d.text_id, e.text_id)
    WHERE d.capture_id = :id AND d.verdict IN ('ok', 'live_blog')"""


def text_of_capture(ask: Ask, capture_id: int) -> tuple[Text, str] | None:
    """The article's text that was read on a capture, and the recipe; None where none was."""
    found = ask(_READING, id=capture_id)
    return (_text(found[0]), found[0]["recipe_id"]) if found else None


_REMOVED = """
    SELECT coalesce(k.removed, e.removed) AS removed
    FROM derivation d
    JOIN extraction e ON e.id = d.extraction_id
    LEFT JOIN cleaning k ON k.id = d.cleaning_id
    WHERE d.capture_id = :id"""


def removed_spans(ask: Ask, version: Version) -> list[tuple[int, str, str]]:
    """What was taken out of the page's text to get this version's: offset in the cleaned text, the text, and why.

    Of an article in parts, what was taken out of each and between them.
    """
    return [tuple(span) for row in ask(_REMOVED, id=version.first_capture_id) for span in json.loads(row["removed"])]


_FACTS = """
    SELECT e.facts FROM derivation d JOIN extraction e ON e.id = d.extraction_id WHERE d.capture_id = :id"""


def facts(ask: Ask, version: Version) -> tuple[Fact, ...]:
    """What the page of the version's first capture says of its article, and where; what is only guessed is marked."""
    stored = [each for row in ask(_FACTS, id=version.first_capture_id) for each in json.loads(row["facts"])]
    return tuple(
        Fact(name=name, value=value, source=source, raw=raw, guess=guess) for name, value, source, raw, guess in stored
    )
