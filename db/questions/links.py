"""Questions about near-copies."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import log2
from typing import TYPE_CHECKING

from db.questions import rows
from db.records import Link, Relation, VersionRef
from db.times import instant, instant_or_none

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.connect import Ask, Row

_SIDE = """{0}s_.url AS {0}_url, {0}v.number AS {0}_number, {0}v.title AS {0}_title, {0}v.first_seen_at AS {0}_seen,
    {0}v.published_at AS {0}_published, {0}v.byline AS {0}_byline, {0}t.sha256 AS {0}_sha256"""
_JOIN = """JOIN version {0}v ON {0}v.id = l.{0}_id JOIN source {0}s_ ON {0}s_.id = {0}v.source_id
    JOIN text {0}t ON {0}t.id = {0}v.text_id"""
_LINKS = f"""
    SELECT l.relation, l.score, l.coverage_a, l.coverage_b, l.longest_run, l.passages, l.residue, l.because, l.method,
           l.translated, l.languages, l.broken, l.mirrored, {_SIDE.format("a")}, {_SIDE.format("b")}
    FROM v_links l {_JOIN.format("a")} {_JOIN.format("b")}
    WHERE {{where}}
    ORDER BY as_.url_key, av.number, bs_.url_key, bv.number"""


def of_sources(ask: Ask, source_ids: Sequence[int]) -> list[Link]:
    """Every link between versions of which one belongs to these sources; all links there are if none are given."""
    if not source_ids:
        return [_link(row) for row in ask(_LINKS.format(where="1 = 1"))]
    where = "av.source_id = :id OR bv.source_id = :id"
    found = (_link(row) for each in source_ids for row in ask(_LINKS.format(where=where), id=each))
    return list(dict.fromkeys(found))  # a link between two of them is met twice


def _link(row: Row) -> Link:
    return Link(
        a=_side(row, "a"),
        b=_side(row, "b"),
        relation=Relation(row["relation"]),
        score=row["score"],
        coverage=(row["coverage_a"], row["coverage_b"]),
        passages=rows.passages(row["passages"], mirrored=bool(row["mirrored"])),
        because=row["because"],
        longest_run=row["longest_run"],
        residue=rows.residue(row["residue"], mirrored=bool(row["mirrored"])),
        method=row["method"],
        translated=bool(row["translated"]),
        languages=rows.languages(row["languages"], mirrored=bool(row["mirrored"])),
        broken=rows.broken(row["broken"], mirrored=bool(row["mirrored"])),
    )


def _side(row: Row, side: str) -> VersionRef:
    return VersionRef(
        url=row[f"{side}_url"],
        version=row[f"{side}_number"],
        text_sha256=row[f"{side}_sha256"].hex(),
        title=row[f"{side}_title"],
        first_seen_at=instant(row[f"{side}_seen"]),
        published_at=instant_or_none(row[f"{side}_published"]),
        byline=row[f"{side}_byline"],
    )


def unlinked(ask: Ask, limit: int) -> list[int]:
    """Ids of texts still to be compared with the others, oldest first."""
    return [row["text_id"] for row in ask("SELECT text_id FROM unlinked ORDER BY text_id LIMIT :n", n=limit)]


DAY = 86_400_000_000
"""Microseconds in a day."""

BEFORE, AFTER = 14, 14
"""Days around a text within which a key is looked up. Copies of news appear within hours, and where we come across the
original later than a copy, within days."""

KEY_CAP = 128
"""Of the texts in that window. A key of more says nothing: stock phrases, very common names."""

RARE_CAP = 12
"""A key of at most so many texts in all is looked up without a window: that finds a repost of years later."""

CANDIDATES = 24
"""At most this many of the best candidates are compared; every labelled relative ranked within the first 20."""

LEAST_SHARED = 2
"""Fewer keys in common are chance."""

LEAST_SCORE = 1.0
"""What the keys in common must be worth together: 1 for one that a single other text has, 0.5 for one of two, 0.13 for
one of 128. Two keys of a few texts, or fifteen of a hundred."""

# One of each for a key, all in one statement: joined with a list of keys, SQLite would read the whole table first.
_NEARBY = """SELECT key, text_id, 1 AS near FROM (SELECT key, text_id FROM near_key WHERE key = :{key}
    AND day BETWEEN :since AND :until LIMIT :cap + 2) AS n_{key}"""
_EVER = (
    """SELECT key, text_id, 0 FROM (SELECT key, text_id FROM near_key WHERE key = :{key} LIMIT :rare + 2) AS e_{key}"""
)


def candidates(ask: Ask, text_id: int, keys: Sequence[int]) -> list[int]:
    """Ids of the texts most worth comparing with this one, whose look-up keys these are; the likeliest first.

    How many texts have a key bounds what is compared and never decides it.
    """
    if not keys:
        return []
    day = (ask("SELECT min(first_seen_at) AS seen FROM version WHERE text_id = :id", id=text_id)[0]["seen"] or 0) // DAY
    named = {f"k{place}": key for place, key in enumerate(keys)}
    sql = "\nUNION ALL ".join(each.format(key=name) for name in named for each in (_NEARBY, _EVER))
    found = ask(sql, since=day - BEFORE, until=day + AFTER, cap=KEY_CAP, rare=RARE_CAP, **named)
    holders: dict[tuple[int, int], set[int]] = defaultdict(set)
    for row in found:
        holders[row["key"], row["near"]].add(row["text_id"])
    shared: Counter[int] = Counter()
    score: dict[int, float] = defaultdict(float)
    for key in keys:
        nearby, ever = holders[key, 1] - {text_id}, holders[key, 0] - {text_id}
        others = (nearby if len(nearby) <= KEY_CAP else set()) | (ever if len(ever) <= RARE_CAP else set())
        shared.update(others)
        for each in others:
            score[each] += 1 / (1 + log2(len(others)))
    fit = [each for each, count in shared.items() if count >= LEAST_SHARED and score[each] >= LEAST_SCORE]
    return sorted(fit, key=lambda each: (-score[each], each))[:CANDIDATES]
