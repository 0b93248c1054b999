"""Select sources by the names of seeds and groups, or by address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.urls import canonical_url
from db.errors import BadInput, SeedError
from db.queries import sources as source_queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.reader import Ask
    from db.records import Seed, SourceState


def is_selected(state: SourceState, names: Sequence[str]) -> bool:
    """True if the source belongs to a seed or group in ``names``, or has one of the addresses.

    True for all if empty.
    """
    key = state.source.seed_key or ""
    group, _, name = key.partition("/")
    # Older archives have addresses in another spelling than names are given in.
    return not names or not {key, group, name, state.source.url, *canonical_names([state.source.url])}.isdisjoint(names)


def names_seed(seed: Seed, names: Sequence[str]) -> bool:
    """True if one of ``names`` is the key, the group, the name or the address of ``seed``. True for all if empty."""
    return not names or not {seed.key, seed.group, seed.name, seed.url}.isdisjoint(names)


def canonical_names(names: Sequence[str]) -> list[str]:
    """Return the names with addresses in canonical form. Other names stay as they are."""

    def canonical(name: str) -> str:
        try:
            return canonical_url(name) if "://" in name else name
        except BadInput:
            return name

    return [canonical(name) for name in names]


def refuse_unknown(ask: Ask, names: Sequence[str]) -> None:
    """Raise SeedError, naming the known groups, if a name is no seed, group or address of the index."""
    states = source_queries.states(ask) if names else []
    for name in names:
        if not any(is_selected(state, [name]) for state in states):
            groups = sorted({(state.source.seed_key or "").partition("/")[0] for state in states})
            raise SeedError(
                f"no seed, group or address {name!r} in the index; groups are: {', '.join(groups) or 'none'}"
            )
