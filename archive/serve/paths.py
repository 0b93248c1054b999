"""The addresses of the pages, for routes, links, feeds and JSON: a plain word for each page, and ids of articles.

The HTTP API (``archive.serve.api``) and the archived pages (``archive.serve.memento``) have addresses of their own.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

INBOX, COPIES, SEARCH, SOURCES, RUNS, AS_OF = "/", "/copies", "/search", "/sources", "/runs", "/as-of"
"""Pages about all articles."""

EVENTS = "/events"
"""The page of everything worth telling."""

WATCHED, WATCHED_ROW, WATCHED_ADD = "/watched", "/watched/row", "/watched/add"
"""The seed index, one row of it, and a form to add addresses."""

AUDIT, JOB = "/audit", "/jobs/{id:int}"
"""The page of who changed what, and the route of a command that the server started."""
OUTLETS, OUTLET = "/outlets", "/outlets/{outlet}"
"""The page of all outlets, and the route of the page of one."""

COMPARE = "/compare"
"""The page that compares two pasted texts."""

ARTICLE, COPIES_OF, RUN, AS_OF_INSTANT = "/articles/{id:int}", "/copies/{id:int}", "/runs/{id:int}", "/as-of/{instant}"
"""Routes of pages about one article or group; pages about an article's changes and captures are below ``ARTICLE``."""


def article(source_id: int | None, version: int | None = None) -> str:
    """Return the address of an article, or of one of its versions."""
    return f"/articles/{source_id}" if version is None else f"/articles/{source_id}?v={version}"


def feed(source_id: int) -> str:
    """Return the address of the feed of an article."""
    return f"{article(source_id)}/feed.atom"


def change(source_id: int | None, before: int, after: int) -> str:
    """Return the address of the change from one version of an article to another."""
    return f"{article(source_id)}/diff/{before}..{after}"


def comparison(source_id: int, before: str, after: str) -> str:
    """Return the permanent address of a change, which has the digests of both texts."""
    return f"{article(source_id)}/compare?{urlencode({'a': before, 'b': after})}"


def evidence(
    source_id: int | None, version: int, *, to: int | None = None, other: tuple[int | None, int] | None = None
) -> str:
    """Return the address of the evidence file about a version, a change up to version ``to``, or a copy.

    ``other`` is the id and the version of the other article.
    """
    query = {"v": version} | ({} if to is None else {"to": to}) | (dict(zip(("with", "w"), other or (), strict=False)))
    return f"{article(source_id)}/evidence?{urlencode(query)}"


def copies(source_id: int | None, other: int | str | None = None) -> str:
    """Return the address of the copies around an article, or of one pair of them side by side."""
    return f"/copies/{source_id}" if other is None else f"/copies/{source_id}?with={other}"


def outlet(name: str) -> str:
    """Return the address of the page of an outlet."""
    return f"{OUTLETS}/{quote(name, safe='')}"


def as_of(instant: str) -> str:
    """Return the address of the archive as of an instant."""
    return f"{AS_OF}/{instant}"
