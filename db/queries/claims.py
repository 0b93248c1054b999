"""Questions about claims: which addresses pages and servers give for a source, and what ties two sources together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.microseconds import instant
from db.queries import captures, sources
from db.records import AliasClaim, AliasEdge, DeclaredUrl, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from db.reader import Ask, Row

MOVED = "moved"
"""The kind of a claim made by a permanent redirect; the others (canonical, amp, og) are made by pages."""

_SOMEBODY_ELSES = frozenset({Verdict.CHALLENGE, Verdict.CONSENT, Verdict.LOGIN, Verdict.SOFT_404, Verdict.ERROR})


_PAGES = """
    SELECT c.id, c.final_url, e.claims
    FROM capture c JOIN derivation d ON d.capture_id = c.id JOIN extraction e ON e.id = d.extraction_id
    WHERE c.source_id = :id AND e.claims <> '[]'"""


def sayings(ask: Ask, source_id: int) -> list[DeclaredUrl]:
    """Every claim that was seen at the address of one source, by time; a 304 repeats what the page before it said.

    A page that is not the site's answer for this address (a consent wall, an apology) speaks for itself alone.
    """
    pages = {row["id"]: (row["final_url"], json.loads(row["claims"])) for row in ask(_PAGES, id=source_id)}
    found = []
    for one in captures.sightings(ask, source_id):
        if one.source_id != source_id or one.verdict is None or one.verdict in _SOMEBODY_ELSES:
            continue
        if one.moved_to is not None and one.shows_text:
            found.append(DeclaredUrl(MOVED, one.moved_to, one.url, one.at))
        base, claims = pages.get(one.capture_id, ("", ()))
        found.extend(DeclaredUrl(kind, href, base, one.at) for kind, href in claims)
    return found


def has_any(ask: Ask, source_id: int) -> bool:
    """True if anything is claimed at the address of this source."""
    return bool(ask("SELECT 1 FROM claim WHERE source_id = :id LIMIT 1", id=source_id))


def of_source(ask: Ask, source_id: int) -> list[AliasClaim]:
    """What is claimed of every address of a history, the oldest first."""
    sql = """SELECT k.kind, k.url, k.url_key, min(k.first_seen_at) AS first, max(k.last_seen_at) AS last
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
_TIES = f"""
    SELECT k.kind, k.first_seen_at AS at, a.id AS source_id, a.url, a.url_key, b.id AS target_id, b.url AS target_url,
           b.url_key AS target_key
    FROM claim k
    JOIN source a ON a.id = k.source_id AND a.kind = 'article'
    JOIN source b ON b.url_key = k.url_key AND b.kind = 'article' AND b.id <> a.id
    WHERE {{where}}
      AND (k.kind = '{MOVED}' OR EXISTS ({_TEXTS.format(side="a")} INTERSECT {_TEXTS.format(side="b")}))"""


def ties(ask: Ask, source_ids: Sequence[int], joins: Callable[[AliasEdge], bool]) -> list[AliasEdge]:
    """Every tie between sources that are tied to these, be it through others; only such as ``joins`` lets through.

    A claim is a tie where both addresses are known articles that answered with the same text at some time.
    """
    found: dict[tuple[int, int, str], AliasEdge] = {}
    waiting, seen = list(source_ids), set(source_ids)
    while waiting:
        each = waiting.pop()
        key = sources.by_id(ask, each).url_key
        told = [
            *ask(_TIES.format(where="k.source_id = :it"), it=each),
            *ask(_TIES.format(where="k.url_key = :it"), it=key),
        ]
        for tie in filter(joins, map(_tie, told)):
            found[tie.source_id, tie.target_id, tie.kind] = tie
            fresh = {tie.source_id, tie.target_id} - seen
            waiting.extend(sorted(fresh))
            seen |= fresh
    return list(found.values())


def _tie(row: Row) -> AliasEdge:
    plain = ("kind", "source_id", "url", "url_key", "target_id", "target_url", "target_key")
    return AliasEdge(**{name: row[name] for name in plain}, at=instant(row["at"]))
