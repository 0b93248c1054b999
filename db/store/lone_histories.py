"""Settle the sources that stand alone, all of a chunk by a few statements.

A source stands alone if no other address is one page with it, or may be: none was joined to it, none claims it, and it
claims none that the archive knows. Most do. The others are settled one by one (``join_aliases``, ``settle``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.microseconds import micros
from db.queries import alias_claims as alias_queries
from db.queries import captures, sources
from db.store.versions import store_histories
from db.writer import ask_on, execute_on

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.queries.alias_claims import Pages
    from db.reader import Ask
    from db.records import AliasClaim, DeclaredUrl, Sighting, Source, Version

    ReadClaims = Callable[[Sequence[DeclaredUrl], str], Sequence[AliasClaim]]
    History = Callable[[Source, Sequence[Sighting], Ask], Sequence[Version]]

_DELETE = "DELETE FROM claim WHERE source_id IN (SELECT value FROM json_each(:ids))"
_ADD = """
    INSERT INTO claim (source_id, kind, url_key, url, first_seen_at, last_seen_at)
    VALUES (:source_id, :kind, :url_key, :url, :first_seen_at, :last_seen_at)"""


def settle_alone(
    connection: Connection,
    captures_of: Mapping[int, Sequence[int]],
    read_claims: ReadClaims,
    history: History,
    now: datetime,
) -> dict[int, list[Version]]:
    """Settle those of these sources that stand alone. Return the new versions of each; the others are left as they are.

    ``captures_of`` maps the sources to their captures, which leave the ledger. ``read_claims`` as for ``join_aliases``,
    ``history`` computes the versions of a source as for ``settle``.
    """
    ask = ask_on(connection)
    candidates = {source.id: source for source in alias_queries.alone(ask, list(captures_of))}
    sightings = captures.sightings_of(ask, list(candidates))
    claims = _claims(candidates, sightings, alias_queries.pages_with_claims(ask, list(candidates)), read_claims)
    known = sources.ids_of_keys(ask, {claim.url_key for own in claims.values() for claim in own})
    alone = [source_id for source_id, own in claims.items() if not _reaches(own, known)]
    _replace_claims(connection, {source_id: claims[source_id] for source_id in alone}, alias_queries.stored(ask, alone))
    computed = {source_id: history(candidates[source_id], sightings[source_id], ask) for source_id in alone}
    if not computed:
        return {}
    done = [capture_id for source_id in alone for capture_id in captures_of[source_id]]
    return store_histories(connection, ask, computed, now, done)


def _claims(
    candidates: Mapping[int, Source], sightings: Mapping[int, Sequence[Sighting]], pages: Pages, read: ReadClaims
) -> dict[int, list[AliasClaim]]:
    return {
        source_id: list(read(alias_queries.declared_by(source, sightings[source_id], pages), source.url_key))
        for source_id, source in candidates.items()
    }


def _reaches(claims: Sequence[AliasClaim], known: Collection[str]) -> bool:
    """True if a claim may join the source to another. A move makes its target a source."""
    kinds = {alias_queries.MOVED, alias_queries.SPELLING}
    return any(claim.kind in kinds or claim.url_key in known for claim in claims)


def _replace_claims(
    connection: Connection, claims: Mapping[int, list[AliasClaim]], stored: Mapping[int, list[AliasClaim]]
) -> None:
    changed = [source_id for source_id, own in claims.items() if own != stored[source_id]]
    rows = [
        {
            "source_id": source_id,
            "kind": claim.kind,
            "url_key": claim.url_key,
            "url": claim.url,
            "first_seen_at": micros(claim.first_seen_at),
            "last_seen_at": micros(claim.last_seen_at),
        }
        for source_id in changed
        for claim in claims[source_id]
    ]
    if changed:
        execute_on(connection, _DELETE, {"ids": json.dumps(changed)})
    if rows:
        execute_on(connection, _ADD, rows)
