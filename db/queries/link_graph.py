"""Queries that walk the graph of links between articles, with as little read of each link as the walk needs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from db.microseconds import instant, instant_or_none
from db.queries import row_mapping
from db.records import Link, Relation, VersionRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

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


def sources_behind(ask: Ask, after: str, limit: int) -> list[tuple[int, str, str]]:
    """Return id, address and url_key of the watched sources behind the url_key ``after``, by url_key."""
    sql = """SELECT id, url, url_key FROM source WHERE url_key > :after AND kind NOT IN ('robots', 'probe')
             ORDER BY url_key LIMIT :limit"""
    return [(row["id"], row["url"], row["url_key"]) for row in ask(sql, after=after, limit=limit)]


_SHORT = (
    "l.a_id, l.b_id, l.relation, l.score, l.coverage_a, l.coverage_b, l.residue, l.broken, l.translated, l.mirrored"
)
_WHOLE = f"{_SHORT}, l.passages, l.because, l.longest_run, l.method, l.languages"
_LINKS = "SELECT {columns} FROM v_links l WHERE {where} AND l.relation IN {relations}"
_OF_SOURCES = """SELECT v.id FROM json_each(:ids) f
    CROSS JOIN version v ON v.source_id = f.value AND v.superseded_at IS NULL"""
_VERSIONS = f"""
    SELECT v.id, s.url, v.number, v.title, v.first_seen_at, v.published_at, v.byline, t.sha256 FROM json_each(:ids) f
    CROSS JOIN version v ON v.id = f.value JOIN source s ON s.id = v.source_id JOIN {row_mapping.TEXT}"""


def links_among(
    ask: Ask, source_ids: Sequence[int] | None, relations: Collection[Relation], *, evidence: bool
) -> list[Link]:
    """Return the links of these relations between versions of these sources, or all there are where None are given.

    Without ``evidence`` what clusters do not need is left out: passages, and how the link was judged.
    """
    columns = _WHOLE if evidence else _SHORT
    if source_ids is None:
        rows = ask(_LINKS.format(columns=columns, where="TRUE", relations=_in(relations)))
    else:
        # Version by version: the view looks one version's links up, and would read every link there is for several.
        inside = {row["id"] for row in ask(_OF_SOURCES, ids=json.dumps(sorted(source_ids)))}
        sql = _LINKS.format(columns=columns, where="l.a_id = :id", relations=_in(relations))
        rows = [row for version_id in sorted(inside) for row in ask(sql, id=version_id) if row["b_id"] in inside]
    versions = _versions(ask, {row[side] for row in rows for side in ("a_id", "b_id")})
    return [_link(row, versions[row["a_id"]], versions[row["b_id"]], evidence=evidence) for row in rows]


def _versions(ask: Ask, version_ids: Iterable[int]) -> dict[int, VersionRef]:
    return {
        row["id"]: VersionRef(
            url=row["url"],
            version=row["number"],
            text_sha256=row["sha256"].hex(),
            title=row["title"],
            first_seen_at=instant(row["first_seen_at"]),
            published_at=instant_or_none(row["published_at"]),
            byline=row["byline"],
        )
        for row in ask(_VERSIONS, ids=json.dumps(sorted(version_ids)))
    }


def _link(row: Row, a: VersionRef, b: VersionRef, *, evidence: bool) -> Link:
    # Most links have no such marks, and a large cluster 100,000 links: what is empty is not parsed.
    mirrored, residue, broken = bool(row["mirrored"]), row["residue"], row["broken"]
    link = Link(
        a=a,
        b=b,
        relation=_RELATIONS[row["relation"]],
        score=row["score"],
        coverage=(row["coverage_a"], row["coverage_b"]),
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
