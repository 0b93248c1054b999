"""Which addresses are one page: what pages and servers claim, what of it is believed, and who heads the history.

A page names other addresses for itself (``rel=canonical``, ``rel=amphtml``, ``og:url``), and a server does so when it
redirects for good. Each is kept as a claim, with when it was first and last seen, and never overwrites the address that
was fetched. A server's move is believed. A page's claim is believed only with proof: within one registered domain,
never about a front page, and when both addresses were seen with the very same text. Everything else is left to the
links between near-copies.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.urls import RefusedUrl, canonical_url, fetchable_url, registered_domain, url_key
from db.records import AliasClaim

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from db.records import AliasEdge, DeclaredUrl

_MOVED, _AMP = "moved", "amp"
_FRONT = re.compile(r"/?(?:index\.\w+|home)?/?", re.IGNORECASE)


def read_alias_claims(sayings: Sequence[DeclaredUrl], own_key: str) -> tuple[AliasClaim, ...]:
    """The claims of one source, whose key is ``own_key``: each address once a kind, from the first sight to the last.

    What a page says of the address it stands at, and what is no address, is left out. The order of ``sayings`` does
    not matter.
    """
    told: dict[tuple[str, str], AliasClaim] = {}
    for one in sayings:
        try:
            url = canonical_url(fetchable_url(one.href, one.base))
        except RefusedUrl:
            continue
        key = url_key(url)
        if key == own_key:
            continue
        known = told.get((one.kind, key))
        told[one.kind, key] = AliasClaim(
            kind=one.kind,
            url=url if known is None else min(url, known.url),
            url_key=key,
            first_seen_at=one.at if known is None else min(one.at, known.first_seen_at),
            last_seen_at=one.at if known is None else max(one.at, known.last_seen_at),
        )
    return tuple(told[each] for each in sorted(told))


def is_alias(tie: AliasEdge) -> bool:
    """True if a tie makes two addresses one history: a move does, a page's claim only inside its own house."""
    if tie.kind == _MOVED:
        return True
    if is_front(tie.url) or is_front(tie.target_url):
        return False
    return registered_domain(tie.url) == registered_domain(tie.target_url)


def is_front(url: str) -> bool:
    """True for the address of a front page: broken templates claim it for every page of a site."""
    path, _, query = url_key(url).partition(")")[2].partition("?")
    return not query and _FRONT.fullmatch(path) is not None


def canonical_of(ties: Iterable[AliasEdge]) -> dict[int, int]:
    """Which source keeps the history of which other: id of the joined one to id of the one that heads it.

    The ties are taken in the order of the instants at which they were first seen, whatever the order in which they
    arrived, so that the same facts always give the same heads:

    * a move gives the new address to the history of the old one. Where several pages move to one address, the history
      with the smallest key has it, and the others stay apart: many an archive sends its dead pages to one place.
    * a claim gives the whole history of the page that makes it to the address it claims; a page that names its AMP
      form is itself the claimed one.
    """
    root: dict[int, int] = {}
    keys: dict[int, str] = {}
    for tie in sorted(ties, key=lambda one: (one.at, one.kind != _MOVED, one.url_key, one.target_key, one.kind)):
        keys |= {tie.source_id: tie.url_key, tie.target_id: tie.target_key}
        for each in (tie.source_id, tie.target_id):
            root.setdefault(each, each)
        if tie.kind == _MOVED:
            _move(root, keys, tie.source_id, tie.target_id)
        elif tie.kind == _AMP:
            _hand_over(root, root[tie.target_id], root[tie.source_id])
        else:
            _hand_over(root, root[tie.source_id], root[tie.target_id])
    return {each: head for each, head in root.items() if each != head}


def _move(root: dict[int, int], keys: dict[int, str], old: int, new: int) -> None:
    mine, theirs = root[old], root[new]
    if theirs == new:
        _hand_over(root, new, mine)
    elif theirs != mine and keys[mine] < keys[theirs]:
        root[new] = mine


def _hand_over(root: dict[int, int], head: int, to: int) -> None:
    """Give everything that ``head`` keeps to another head."""
    for each, keeper in root.items():
        if keeper == head:
            root[each] = to
