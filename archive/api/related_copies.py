"""The copies around one article, asked for one article at a time: never the clusters of the whole archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.copies import clusters, earliest_linked
from archive.urls import url_key
from db.queries import changes, labels, links, provenance

if TYPE_CHECKING:
    from archive.api import Archive
    from db.records import Cluster, Link, Source

LINKS = 120
"""Links of one article at most, the closest ones. A text that stands at more places is furniture, not news."""

NEIGHBOURS = 40
"""Articles linked with it whose own links are asked for too: a cluster needs the links among its members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedCopies:
    """What one article shares with which others: its cluster, if it is of one, and all its links, the closest first.

    ``ids`` are those of the sources by address; ``whole`` is False where there are more links than were looked at.
    """

    cluster: Cluster | None
    links: tuple[Link, ...]
    ids: dict[str, int]
    whole: bool


def related_copies(archive: Archive, source: Source) -> RelatedCopies:
    """The copies around an article, by its own links and those of its nearest relatives."""
    mine = _closest(archive, source.id)
    near = list(dict.fromkeys(link.b.url if link.a.url == source.url else link.a.url for link in mine))
    said = labels.of_sources(archive.ask, [source.id])
    near += [ref.url for label in said for ref in (label.a, label.b) if ref.url not in {source.url, *near}]
    keys = {url: url_key(url) for url in near}
    found = changes.source_ids(archive.ask, list(keys.values()))
    ids = {url: found[key] for url, key in keys.items() if key in found} | {source.url: source.id}
    asked = [ids[url] for url in near[:NEIGHBOURS] if url in ids]
    around = [link for each in asked for link in _closest(archive, each)]
    known = {source.url, *near[:NEIGHBOURS]}
    inside = [link for link in dict.fromkeys([*mine, *around]) if {link.a.url, link.b.url} <= known]
    told = labels.of_sources(archive.ask, [source.id, *asked])
    told = [label for label in told if {label.a.url, label.b.url} <= known]
    pages = provenance.of_versions(archive.ask, earliest_linked(inside, told))
    groups = clusters(inside, told, pages)
    mine_too = (one for one in groups if source.url in {member.url for member in one.members})
    whole = len(mine) < LINKS and len(near) <= NEIGHBOURS
    return RelatedCopies(cluster=next(mine_too, None), links=tuple(mine), ids=ids, whole=whole)


def _closest(archive: Archive, source_id: int) -> list[Link]:
    found = links.of_sources(archive.ask, [source_id])
    return sorted(found, key=lambda link: -link.score)[:LINKS]
