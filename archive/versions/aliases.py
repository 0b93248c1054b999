"""Aliases: the addresses of one page, which claims of them are believed, and which source has the common history.

A page declares other addresses for itself (``rel=canonical``, ``rel=amphtml``, ``og:url``), and a server does so with a
permanent redirect. Each is recorded as a claim, with the times it was first and last seen, and never replaces the
address that was fetched. A server's move is believed. A page's claim needs proof: both addresses must be in one
registered domain, neither may be a front page, and both must have been seen with the very same text. All other copies
are found by the links between near-copies.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.urls import RefusedUrl, canonical_url, fetchable_url, registered_domain, url_key
from db.records import AliasClaim

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from db.records import AliasEdge, DeclaredUrl

_MOVED, _AMP, _SPELLING = "moved", "amp", "spelling"
_FRONT = re.compile(r"/?(?:index\.\w+|home)?/?", re.IGNORECASE)


def read_alias_claims(declarations: Sequence[DeclaredUrl], own_key: str) -> tuple[AliasClaim, ...]:
    """Return the claims of the source with key ``own_key``: one for each kind and address, with first and last sight.

    A claim of the source's own address is left out, and so is one that is no valid address. The order of
    ``declarations`` does not matter.
    """
    claims: dict[tuple[str, str], AliasClaim] = {}
    for declaration in declarations:
        try:
            url = canonical_url(fetchable_url(declaration.href, declaration.base))
        except RefusedUrl:
            continue
        key = url_key(url)
        if key == own_key:
            continue
        known = claims.get((declaration.kind, key))
        claims[declaration.kind, key] = AliasClaim(
            kind=declaration.kind,
            url=url if known is None else min(url, known.url),
            url_key=key,
            first_seen_at=declaration.at if known is None else min(declaration.at, known.first_seen_at),
            last_seen_at=declaration.at if known is None else max(declaration.at, known.last_seen_at),
        )
    return tuple(claims[identity] for identity in sorted(claims))


def is_alias(edge: AliasEdge) -> bool:
    """True if this edge makes two addresses one history.

    A move and another spelling always do. A page's claim does only within one registered domain, and never about a
    front page.
    """
    if edge.kind in {_MOVED, _SPELLING}:
        return True
    if is_front_page(edge.url) or is_front_page(edge.target_url):
        return False
    return registered_domain(edge.url) == registered_domain(edge.target_url)


def is_front_page(url: str) -> bool:
    """True for the address of a front page. Broken templates declare it for every page of a site."""
    path, _, query = url_key(url).partition(")")[2].partition("?")
    return not query and _FRONT.fullmatch(path) is not None


def canonical_of(edges: Iterable[AliasEdge]) -> dict[int, int]:
    """Return which source has the history of which other: the id of each alias to the id of its head.

    Edges are applied in order of the time they were first seen, in whatever order they arrived, so the same facts
    always give the same heads.

    * A move gives the new address to the history of the old one. If several pages move to one address, the history with
      the smallest key gets it, and the others stay separate: many archives redirect their dead pages to one place.
    * A claim gives the whole history of the page to the address it declares. A page that declares its AMP form is
      itself the head.
    """
    root: dict[int, int] = {}
    keys: dict[int, str] = {}
    for edge in sorted(edges, key=_edge_order):
        keys |= {edge.source_id: edge.url_key, edge.target_id: edge.target_key}
        for source_id in (edge.source_id, edge.target_id):
            root.setdefault(source_id, source_id)
        if edge.kind == _MOVED:
            _move(root, keys, edge.source_id, edge.target_id)
        elif edge.kind == _AMP:
            _reassign(root, root[edge.target_id], root[edge.source_id])
        else:
            _reassign(root, root[edge.source_id], root[edge.target_id])
    return {source_id: head for source_id, head in root.items() if source_id != head}


def _edge_order(edge: AliasEdge) -> tuple[datetime, bool, str, str, str]:
    return edge.at, edge.kind != _MOVED, edge.url_key, edge.target_key, edge.kind


def _move(root: dict[int, int], keys: dict[int, str], old: int, new: int) -> None:
    old_head, new_head = root[old], root[new]
    if new_head == new:
        _reassign(root, new, old_head)
    elif new_head != old_head and keys[old_head] < keys[new_head]:
        root[new] = old_head


def _reassign(root: dict[int, int], head: int, new_head: int) -> None:
    """Give every source of ``head`` to another head."""
    for source_id, current in root.items():
        if current == head:
            root[source_id] = new_head
