"""Questions about near-copies."""

from __future__ import annotations

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
           l.mirrored, {_SIDE.format("a")}, {_SIDE.format("b")}
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


# Keys shared by more texts than this say nothing: stock phrases, very common names. Cap 128 kept 97 % of relatives.
KEY_CAP = 128
# At most this many of the best candidates are compared; every labelled relative ranked within the first 20.
CANDIDATES = 40

_CANDIDATES = """
    SELECT o.text_id AS id, count(*) AS shared
    FROM near_key k JOIN near_key o ON o.key = k.key AND o.text_id <> k.text_id
    WHERE k.text_id = :id
      AND (SELECT count(*) FROM (SELECT 1 FROM near_key n WHERE n.key = k.key LIMIT :cap + 1) AS shared_by) <= :cap
    GROUP BY o.text_id HAVING count(*) >= 2
    ORDER BY shared DESC, o.text_id LIMIT :n"""


def candidates(ask: Ask, text_id: int) -> list[int]:
    """Ids of texts that share at least two look-up keys with this one, most shared first."""
    return [row["id"] for row in ask(_CANDIDATES, id=text_id, cap=KEY_CAP, n=CANDIDATES)]
