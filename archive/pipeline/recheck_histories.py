"""Recheck of histories: versions, alias claims and joined addresses, worked out again from all sightings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.pipeline.settle import history_of
from archive.versions import aliases
from db.microseconds import micros
from db.queries import alias_claims as alias_queries
from db.queries import captures as capture_queries
from db.queries import rechecks
from db.queries import sources as source_queries
from db.records import Problem, SeedKind
from db.store.versions import version_columns
from db.verify.common import DERIVE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from db.reader import Ask
    from db.records import Source


def check_history(ask: Ask, root: int, source_ids: Sequence[int]) -> Iterator[Problem]:
    """Yield what is wrong with the history of ``root``, whose addresses are ``source_ids``. Compares all its texts."""
    source = source_queries.by_id(ask, root)
    yield from _versions(ask, source, source_ids)
    if source.kind is SeedKind.ARTICLE:
        for source_id in source_ids:
            yield from _claims(ask, source_queries.by_id(ask, source_id))
        yield from _addresses(ask, source, source_ids)


def _versions(ask: Ask, source: Source, source_ids: Sequence[int]) -> Iterator[Problem]:
    computed = history_of(ask, source, capture_queries.sightings(ask, source.id), again=True)
    rows = rechecks.versions(ask, source_ids)
    expected = [
        version_columns(version) | {"source_id": source.id, "sha256": bytes.fromhex(version.text_sha256)}
        for version in computed
    ]
    if len(rows) != len(expected):
        what = f"its captures give {len(expected)} versions, and {len(rows)} are stored"
        yield Problem(what=what, where=source.url, todo=DERIVE)
        return
    for row, columns in zip(rows, expected, strict=True):
        differing = [name.removesuffix("_id") for name, value in columns.items() if row[name] != value]
        if differing:
            names = ", ".join("text" if name == "sha256" else name.replace("_", " ") for name in differing)
            what = f"its captures give version {columns['number']} another {names}"
            yield Problem(what=what, where=source.url, todo=DERIVE)


def _claims(ask: Ask, source: Source) -> Iterator[Problem]:
    claims = aliases.read_alias_claims(alias_queries.declared_urls(ask, source.id), source.url_key)
    expected = {
        (claim.kind, claim.url_key, claim.url, micros(claim.first_seen_at), micros(claim.last_seen_at))
        for claim in claims
    }
    stored = {tuple(row.values()) for row in rechecks.claims(ask, source.id)}
    if expected != stored:
        what = "its pages and redirects name other addresses for it than are stored"
        yield Problem(what=what, where=source.url, todo=DERIVE)


def _addresses(ask: Ask, source: Source, source_ids: Sequence[int]) -> Iterator[Problem]:
    heads = aliases.canonical_of(alias_queries.alias_edges(ask, source_ids, aliases.is_alias))
    for source_id in source_ids:
        stored = None if source_id == source.id else source.id
        if heads.get(source_id) != stored:
            url = source_queries.by_id(ask, source_id).url
            what = "what is known of it does not make it the address that it is stored as: joined, or on its own"
            yield Problem(what=what, where=url, todo=DERIVE)
