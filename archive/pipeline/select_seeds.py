"""Select sources by the names of seeds and groups, or by address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.urls import canonical_url
from db.errors import BadInput, SeedError
from db.queries import sources as source_queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.reader import Ask
    from db.records import SourceState


def is_selected(state: SourceState, names: Sequence[str]) -> bool:
    """True if the source belongs to a seed or group in ``names``, or is one of the addresses; all if empty."""
    key = state.source.seed_key or ""
    group, _, name = key.partition("/")
    return not names or any(each in {key, group, name, state.source.url} for each in names)


def canonical_names(names: Sequence[str]) -> list[str]:
    """Names with their addresses spelled as the archive spells them; what is no address stays."""

    def spelled(name: str) -> str:
        try:
            return canonical_url(name) if "://" in name else name
        except BadInput:
            return name

    return [spelled(name) for name in names]


def refuse_unknown(ask: Ask, names: Sequence[str]) -> None:
    """Raise SeedError, with the groups there are, if a name is no seed, group or address of the index."""
    states = source_queries.states(ask) if names else []
    for each in names:
        if not any(is_selected(state, [each]) for state in states):
            known = sorted({(state.source.seed_key or "").partition("/")[0] for state in states})
            raise SeedError(
                f"no seed, group or address {each!r} in the index; groups are: {', '.join(known) or 'none'}"
            )
