"""The addresses that a page gives for itself: the canonical one, that of its AMP form, og:url."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

Link = tuple[list[str], str]
"""Relations and URL of a ``link`` element."""

_MAX_URL = 8192  # longer URLs are never fetched


def canonical_url(links: Iterable[Link], url: str) -> str | None:
    """Return the canonical URL the page declares, made absolute. Only http and https count."""
    href = next((href for relations, href in links if "canonical" in relations and href), "")
    return _absolute_url(url, href) if href else None


def alias_claims(
    links: Iterable[Link], meta: dict[str, str], bases: Iterable[HtmlElement]
) -> Iterator[tuple[str, str]]:
    """Yield other URLs the page gives for itself, the first of each kind, as written.

    They are joined with the page's own ``base`` and nothing else, so they may stay relative. A payload is extracted
    once, whichever of its URLs it came from first.
    """
    base = next((href for element in bases if (href := element.get("href"))), "")
    claims: dict[str, str] = {}
    for relations, href in links:
        for kind, relation in (("canonical", "canonical"), ("amp", "amphtml")):
            if href and relation in relations:
                claims.setdefault(kind, _join_url(base, href))
    if "og:url" in meta:
        claims["og"] = _join_url(base, meta["og:url"])
    yield from ((kind, url) for kind, url in claims.items() if 0 < len(url) <= _MAX_URL)


def _join_url(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return ""


def _absolute_url(base: str, href: str) -> str | None:
    try:
        absolute = urljoin(base, href)
        return absolute if urlsplit(absolute).scheme in {"http", "https"} and urlsplit(absolute).hostname else None
    except ValueError:
        return None
