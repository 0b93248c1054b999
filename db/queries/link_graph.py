"""Queries that walk the graph of links between articles, with as little read of each link as the walk needs."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from db.microseconds import instant, instant_or_none
from db.queries import row_mapping
from db.records import Link, Relation, VersionRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from db.reader import Ask, Row

# From the texts of the articles along the two indexes of the links: SQLite would begin with the links else.
_NEIGHBOURS = """
    WITH own AS MATERIALIZED (
        SELECT DISTINCT v.text_id FROM json_each(:ids) f
        CROSS JOIN version v ON v.source_id = f.value AND v.superseded_at IS NULL),
    linked AS MATERIALIZED (
        SELECT text_id FROM own
        UNION SELECT l.b_text_id FROM own CROSS JOIN link l ON l.a_text_id = own.text_id AND l.relation IN {relations}
        UNION SELECT l.a_text_id FROM own CROSS JOIN link l ON l.b_text_id = own.text_id AND l.relation IN {relations})
    SELECT v.source_id, min(v.dated_at) AS dated_at FROM linked
    CROSS JOIN version v ON v.text_id = linked.text_id AND v.superseded_at IS NULL
    GROUP BY v.source_id ORDER BY 2, 1 LIMIT :limit"""


def linked_sources(
    ask: Ask, source_ids: Collection[int], relations: Collection[Relation], *, limit: int
) -> dict[int, int]:
    """Return the sources that have a text of these sources or one linked with it, the given sources among them.

    The value is when the earliest of those texts is dated, in microseconds. Of more than ``limit`` the earliest.
    """
    sql = _NEIGHBOURS.format(relations=_in(relations))
    rows = ask(sql, ids=json.dumps(sorted(source_ids)), limit=limit)
    return {row["source_id"]: row["dated_at"] for row in rows}


def ids_by_url(ask: Ask, source_ids: Collection[int]) -> dict[str, int]:
    """Return the ids of sources by their addresses."""
    sql = "SELECT s.url, s.id FROM json_each(:ids) f CROSS JOIN source s ON s.id = f.value"
    return {row["url"]: row["id"] for row in ask(sql, ids=json.dumps(sorted(source_ids)))}


class FirstSight(NamedTuple):
    """The first sight of an article, in microseconds, and its id. They are in the order of time, then of ids."""

    first_seen_at: int
    source_id: int


_FIRST_SIGHTS = """
    SELECT v.first_seen_at, v.source_id, s.url FROM version v INDEXED BY ix_version_first_seen_at_number
    CROSS JOIN source s ON s.id = v.source_id
    WHERE v.number = 1 AND v.superseded_at IS NULL AND v.first_seen_at <= :at
      AND (v.first_seen_at < :at OR v.source_id < :id)
    ORDER BY v.first_seen_at DESC, v.source_id DESC LIMIT :limit"""
_LAST = FirstSight(1 << 62, 0)


def articles_before(ask: Ask, place: tuple[int, int] | None, limit: int) -> list[tuple[FirstSight, str]]:
    """Return the first sights of articles before a place, with their addresses, the newest first. None: of all."""
    first_seen_at, source_id = place or _LAST
    rows = ask(_FIRST_SIGHTS, at=first_seen_at, id=source_id, limit=limit)
    return [(FirstSight(row["first_seen_at"], row["source_id"]), row["url"]) for row in rows]


def first_sights(ask: Ask, source_ids: Collection[int]) -> dict[int, FirstSight]:
    """Return the first sights of articles, by id."""
    sql = """SELECT v.source_id, min(v.first_seen_at) AS at FROM json_each(:ids) f
             CROSS JOIN version v ON v.source_id = f.value AND v.superseded_at IS NULL GROUP BY v.source_id"""
    rows = ask(sql, ids=json.dumps(sorted(source_ids)))
    return {row["source_id"]: FirstSight(row["at"], row["source_id"]) for row in rows}


# Read text by text, not version by version through the view ``v_links``, whose joins cost three times as much. There
# are 101,025 links among 450 copies.
_SHORT = """l.a_text_id, l.b_text_id, l.relation, l.score, l.coverage_a, l.coverage_b, l.residue, l.broken,
    l.translated"""
_WHOLE = f"{_SHORT}, l.passages, l.because, l.longest_run, l.method, l.languages"
_LINKS = "SELECT {columns} FROM link l WHERE l.relation IN {relations}"
_LINKS_OF = """SELECT {columns} FROM json_each(:ids) f CROSS JOIN link l ON l.a_text_id = f.value
    WHERE l.relation IN {relations}"""
_SHARED = "SELECT text_id FROM version WHERE superseded_at IS NULL GROUP BY text_id HAVING count(*) > 1"
_VERSIONS = f"""
    SELECT v.text_id, v.source_id, v.dated_at, s.url, s.url_key, v.number, v.title, v.first_seen_at, v.published_at,
           v.byline, t.sha256
    FROM json_each(:ids) f CROSS JOIN version v ON v.{{column}} = f.value AND v.superseded_at IS NULL
    JOIN source s ON s.id = v.source_id JOIN {row_mapping.TEXT}"""


class _Side(NamedTuple):
    """A version that may be on a side of a link. Of two that are linked a is the one with the lower ``age``."""

    age: tuple[int, int, str]
    source_id: int
    version: VersionRef


def links_among(
    ask: Ask, source_ids: Collection[int] | None, relations: Collection[Relation], *, evidence: bool
) -> list[Link]:
    """Return the links of these relations between versions of these sources, or all there are where None are given.

    They are those of the view ``v_links``. Without ``evidence`` what clusters do not need is left out: passages, and
    how the link was judged.
    """
    columns, names = _WHOLE if evidence else _SHORT, _in(relations)
    if source_ids is None:
        rows = ask(_LINKS.format(columns=columns, relations=names))
        shared = (row["text_id"] for row in ask(_SHARED))
        texts = {*shared, *(row[side] for row in rows for side in ("a_text_id", "b_text_id"))}
        sides = _sides(ask, "text_id", texts)
    else:
        sides = _sides(ask, "source_id", source_ids)
        rows = ask(_LINKS_OF.format(columns=columns, relations=names), ids=json.dumps(sorted(sides)))
    links = [
        _link(row, a, b, evidence=evidence)
        for row in rows
        for a in sides.get(row["a_text_id"], ())
        for b in sides.get(row["b_text_id"], ())
        if a.source_id != b.source_id
    ]
    return [*links, *(_same_texts(sides) if Relation.EXACT in relations else ())]


def _sides(ask: Ask, column: str, ids: Collection[int]) -> dict[int, list[_Side]]:
    """Return today's versions, by the ids of their texts."""
    sides: defaultdict[int, list[_Side]] = defaultdict(list)
    for row in ask(_VERSIONS.format(column=column), ids=json.dumps(sorted(ids))):
        version = VersionRef(
            url=row["url"],
            version=row["number"],
            text_sha256=row["sha256"].hex(),
            title=row["title"],
            first_seen_at=instant(row["first_seen_at"]),
            published_at=instant_or_none(row["published_at"]),
            byline=row["byline"],
        )
        age = row["dated_at"], row["first_seen_at"], row["url_key"]
        sides[row["text_id"]].append(_Side(age, row["source_id"], version))
    return sides


def _same_texts(sides: Mapping[int, Sequence[_Side]]) -> Iterator[Link]:
    """Yield a link between each two sources that have the same text."""
    for versions in sides.values():
        for a, b in combinations(sorted(versions, key=lambda side: side.age), 2):
            if a.source_id != b.source_id:
                yield Link(
                    a=a.version,
                    b=b.version,
                    relation=Relation.EXACT,
                    score=1.0,
                    coverage=(1.0, 1.0),
                    because="the same text, letter for letter",
                    method="digest",
                )


def _link(row: Row, a: _Side, b: _Side, *, evidence: bool) -> Link:
    # Most links have no such marks, and a large cluster 100,000 links: what is empty is not parsed.
    mirrored, residue, broken = b.age < a.age, row["residue"], row["broken"]
    coverage = row["coverage_a"], row["coverage_b"]
    link = Link(
        a=b.version if mirrored else a.version,
        b=a.version if mirrored else b.version,
        relation=_RELATIONS[row["relation"]],
        score=row["score"],
        coverage=coverage[::-1] if mirrored else coverage,
        residue=() if residue == "[]" else row_mapping.residue(residue, mirrored=mirrored),
        translated=bool(row["translated"]),
        broken=() if broken == "[]" else row_mapping.broken(broken, mirrored=mirrored),
    )
    if not evidence:
        return link
    return replace(
        link,
        passages=row_mapping.passages(row["passages"], mirrored=mirrored),
        because=row["because"],
        longest_run=row["longest_run"],
        method=row["method"],
        languages=row_mapping.languages(row["languages"], mirrored=mirrored),
    )


_RELATIONS = {str(relation): relation for relation in Relation}


def _in(relations: Collection[Relation]) -> str:
    return f"({', '.join(repr(str(relation)) for relation in relations)})"
