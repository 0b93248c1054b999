"""Queries of alias claims: addresses that pages and servers give for a source, and the sources these connect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.microseconds import instant
from db.queries import captures, row_mapping, sources
from db.records import AliasClaim, AliasEdge, DeclaredUrl, Verdict
from db.url_escapes import normalize_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from db.reader import Ask, Row
    from db.records import Sighting, Source

    Pages = dict[int, tuple[str, list[tuple[str, str]]]]
    """Captures with claims: their final address, and kind and link of each claim."""

MOVED = "moved"
"""The kind of claim that a permanent redirect makes. The others (canonical, amp, og) are made by pages."""

SPELLING = "spelling"
"""The kind of claim that a source of an older archive makes by its key: the same address with other escapes."""

_NOT_THE_ARTICLE = frozenset(
    {*(Verdict.CHALLENGE, Verdict.CONSENT, Verdict.LOGIN, Verdict.SOFT_404), Verdict.UNAVAILABLE, Verdict.ERROR}
)


_PAGES = """
    SELECT c.id, c.final_url, e.claims
    FROM json_each(:ids) i CROSS JOIN capture c ON c.source_id = i.value
    CROSS JOIN derivation d ON d.capture_id = c.id CROSS JOIN extraction e ON e.id = d.extraction_id
    WHERE e.claims <> '[]'"""


def pages_with_claims(ask: Ask, source_ids: Sequence[int]) -> Pages:
    """Return the captures of these sources that declare other addresses."""
    rows = ask(_PAGES, ids=json.dumps(list(source_ids)))
    return {row["id"]: (row["final_url"], json.loads(row["claims"])) for row in rows}


def declared_urls(ask: Ask, source_id: int) -> list[DeclaredUrl]:
    """Return every claim seen at the address of one source, by time. A 304 repeats the claims of the page before it.

    Claims of a page that is not the site's answer for this address (a consent wall, an error page) do not count.
    """
    pages, visits = pages_with_claims(ask, [source_id]), captures.sightings(ask, source_id)
    return declared_by(sources.by_id(ask, source_id), visits, pages)


def declared_by(source: Source, visits: Sequence[Sighting], pages: Pages) -> list[DeclaredUrl]:
    """Return every claim seen at the address of a source, from the visits of its history and its pages with claims."""
    declared = []
    if normalize_key(source.url_key) != source.url_key:
        declared.append(DeclaredUrl(SPELLING, source.url, source.url, source.found_at))
    for visit in visits:
        if visit.source_id != source.id or visit.verdict is None or visit.verdict in _NOT_THE_ARTICLE:
            continue
        if visit.moved_to is not None and visit.shows_text:
            declared.append(DeclaredUrl(MOVED, visit.moved_to, visit.url, visit.at))
        base, claims = pages.get(visit.capture_id, ("", ()))
        declared.extend(DeclaredUrl(kind, href, base, visit.at) for kind, href in claims)
    return declared


def has_claims(ask: Ask, source_id: int) -> bool:
    """True if there are claims of this source."""
    return bool(ask("SELECT 1 FROM claim WHERE source_id = :id LIMIT 1", id=source_id))


_ALONE = f"""
    SELECT {row_mapping.SOURCE} FROM json_each(:ids) i CROSS JOIN source s ON s.id = i.value
    WHERE s.kind = 'article' AND s.same_as IS NULL
      AND NOT EXISTS (SELECT 1 FROM source m WHERE m.same_as = s.id)
      AND NOT EXISTS (SELECT 1 FROM claim k WHERE k.url_key = s.url_key AND k.source_id <> s.id)"""


def alone(ask: Ask, source_ids: Sequence[int]) -> list[Source]:
    """Return those of these articles that no other source was joined to or claims. What they claim is not looked at."""
    return [row_mapping.source(row) for row in ask(_ALONE, ids=json.dumps(list(source_ids)))]


_STORED = """
    SELECT source_id, kind, url_key, url, first_seen_at, last_seen_at FROM claim
    WHERE source_id IN (SELECT value FROM json_each(:ids)) ORDER BY source_id, kind, url_key"""


def stored(ask: Ask, source_ids: Sequence[int]) -> dict[int, list[AliasClaim]]:
    """Return the claims of each of these sources, by kind and address."""
    claims: dict[int, list[AliasClaim]] = {source_id: [] for source_id in source_ids}
    for row in ask(_STORED, ids=json.dumps(list(source_ids))):
        seen = {"first_seen_at": instant(row["first_seen_at"]), "last_seen_at": instant(row["last_seen_at"])}
        claims[row["source_id"]].append(AliasClaim(kind=row["kind"], url=row["url"], url_key=row["url_key"], **seen))
    return claims


def of_source(ask: Ask, source_id: int) -> list[AliasClaim]:
    """Return the claims of every address of a history, the oldest first."""
    sql = """SELECT k.kind, min(k.url) AS url, k.url_key, min(k.first_seen_at) AS first, max(k.last_seen_at) AS last
             FROM claim k JOIN source s ON s.id = k.source_id WHERE s.id = :id OR s.same_as = :id
             GROUP BY k.kind, k.url_key ORDER BY first, k.kind, k.url_key"""
    return [
        AliasClaim(
            kind=row["kind"],
            url=row["url"],
            url_key=row["url_key"],
            first_seen_at=instant(row["first"]),
            last_seen_at=instant(row["last"]),
        )
        for row in ask(sql, id=source_id)
    ]


_TEXTS = """
    SELECT coalesce(d.text_id, e.text_id)
    FROM capture c JOIN derivation d ON d.capture_id = c.id JOIN extraction e ON e.id = d.extraction_id
    WHERE c.source_id = {side}.id AND d.verdict IN ('ok', 'live_blog')"""
_EDGES = f"""
    SELECT k.kind, k.first_seen_at AS at, a.id AS source_id, a.url, a.url_key, b.id AS target_id, b.url AS target_url,
           b.url_key AS target_key
    FROM claim k
    JOIN source a ON a.id = k.source_id AND a.kind = 'article'
    JOIN source b ON b.url_key = k.url_key AND b.kind = 'article' AND b.id <> a.id
    WHERE {{where}}
      AND (k.kind IN ('{MOVED}', '{SPELLING}')
           OR EXISTS ({_TEXTS.format(side="a")} INTERSECT {_TEXTS.format(side="b")}))"""


def alias_edges(ask: Ask, source_ids: Sequence[int], is_alias: Callable[[AliasEdge], bool]) -> list[AliasEdge]:
    """Return the edges of everything connected to these sources, also through others, over edges that ``is_alias``.

    A claim is an edge where both addresses are known articles that answered with the same text at some time, or where
    it is a redirect or another spelling.
    """
    edges: dict[tuple[int, int, str], AliasEdge] = {}
    pending, visited = list(source_ids), set(source_ids)
    while pending:
        source_id = pending.pop()
        key = sources.by_id(ask, source_id).url_key
        rows = [
            *ask(_EDGES.format(where="k.source_id = :it"), it=source_id),
            *ask(_EDGES.format(where="k.url_key = :it"), it=key),
        ]
        for edge in filter(is_alias, map(_edge, rows)):
            edges[edge.source_id, edge.target_id, edge.kind] = edge
            new = {edge.source_id, edge.target_id} - visited
            pending.extend(sorted(new))
            visited |= new
    return list(edges.values())


def _edge(row: Row) -> AliasEdge:
    plain = ("kind", "source_id", "url", "url_key", "target_id", "target_url", "target_key")
    return AliasEdge(**{name: row[name] for name in plain}, at=instant(row["at"]))
