"""The members of a cluster that a page credits: by a name in its text or byline, a link, or its canonical address."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.copies.house_names import byline_names_house, names_house

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from db.records import DeclaredProvenance, VersionRef


def credits_by_page(members: Sequence[VersionRef], pages: Sequence[DeclaredProvenance]) -> dict[str, frozenset[str]]:
    """Return by address the members whose house a page names, or whose address it links to or gives as its own.

    A copyright line names a house, too.

    Names of the page's own house credit nobody. Each name is compared with each address once, whoever bears it.
    """
    urls = [member.url for member in members]
    places: defaultdict[str, set[str]] = defaultdict(set)
    for url in urls:
        places[_without_scheme(url)].add(url)
    houses: dict[tuple[str, bool], frozenset[str]] = {}  # by name the addresses whose house it names
    credited: dict[str, frozenset[str]] = {}
    for member, page in zip(members, pages, strict=True):
        others = set(page.named_houses.intersection(urls))
        for name, is_byline in _source_names(member, page):
            if (name, is_byline) not in houses:
                names = byline_names_house if is_byline else names_house
                houses[name, is_byline] = frozenset(url for url in urls if names(name, url))
            named = houses[name, is_byline]
            others |= named if member.url not in named else frozenset()
        canonical = "" if page.canonical is None else _without_scheme(page.canonical)
        if canonical != _without_scheme(member.url):
            others |= places.get(canonical, set())
        for address in page.sources:
            others |= places.get(_without_scheme(address), set())
        credited[member.url] = frozenset(others - {member.url})
    return credited


def _source_names(member: VersionRef, page: DeclaredProvenance) -> Iterator[tuple[str, bool]]:
    """Yield the names of sources on a page, and whether each is the byline, which may be a person's name."""
    if member.byline:
        yield member.byline, True
    yield from ((name, False) for name in (*page.agencies, *page.credited, *page.owners))


def _without_scheme(url: str) -> str:
    """Return host and path of an address, and the query if the path says nothing (``/?p=12``)."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return f"{(parts.hostname or '').removeprefix('www.')}{path or '?' + parts.query}"
