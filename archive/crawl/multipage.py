"""Articles split over several pages: find the next page and fetch all parts.

A page may link to the next one with ``rel=next`` (HTML, section 4.6.7.9). The link is followed only if it can be
nothing but the next part of the same article: same origin and path, and exactly the expected number in the query or at
the end of the path. All parts belong to one visit: they are captures of the same source and are recorded in one
transaction. A missing part makes the article thin, never shorter.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from archive.crawl.page_links import hinted_links, long_paragraphs
from archive.urls import RefusedUrl, canonical_url, fetchable_url, origin_of, url_key
from db.records import SeedKind
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from db.records import Outcome, Visit

MAX_PARTS = 10
"""Pages fetched of one article. A longer series is the older posts of a live blog, or a gallery of the whole year."""

PARTS_CUT = "parts-cut"
"""Flag of the first page's capture if the article had more parts than were fetched."""

# --- fetching --------------------------------------------------------------------------------------------------------


async def fetch_all_parts(fetch: Callable[[Visit], Awaitable[Outcome]], visit: Visit) -> tuple[Outcome, ...]:
    """Return the outcome of a visit, followed by the outcomes of the article's further parts in order.

    The first part that fails is the last one. A page that turns out to be no further part is left out: one that was
    fetched already, or one with the same paragraphs over other comments.
    """
    outcomes = [await fetch(visit)]
    try:
        return await _add_parts(fetch, visit, outcomes)
    except Exception as error:
        if not is_own_fault(error):
            raise
        detail = f"its further parts could not be read: {cause_of(error)}"  # a fault of a later part costs no page
        return (replace(outcomes[0], flags=(*outcomes[0].flags, PARTS_CUT), detail=detail), *outcomes[1:])


async def _add_parts(
    fetch: Callable[[Visit], Awaitable[Outcome]], visit: Visit, outcomes: list[Outcome]
) -> tuple[Outcome, ...]:
    while visit.kind is SeedKind.ARTICLE and (url := next_part_url(outcomes)) is not None:
        if len(outcomes) == MAX_PARTS:
            detail = f"more than {MAX_PARTS} parts, the rest was not followed"
            first = outcomes[0]
            return (replace(first, flags=(*first.flags, PARTS_CUT), detail=detail), *outcomes[1:])
        because = f"part {len(outcomes) + 1} of {visit.url}"
        part = await fetch(replace(visit.unconditional(), url=url, because=because))
        if not _is_further_part(part, outcomes):
            break
        outcomes.append(part)
    return tuple(outcomes)


def next_part_url(outcomes: Sequence[Outcome]) -> str | None:
    """Return the URL of the part after ``outcomes``, or None if the last of them is not a whole page that links one."""
    last = outcomes[-1]
    if last.reason is not None or last.payload is None or "html" not in (last.content_type or "html").lower():
        return None
    base, hrefs = _next_links(last.payload, last.charset)
    for href in hrefs:
        try:
            url = fetchable_url(href, fetchable_url(base, last.final_url))
            if is_part(url, len(outcomes) + 1, of=outcomes[0].final_url):
                return url
        except RefusedUrl:
            continue
    return None


def _is_further_part(part: Outcome, outcomes: Sequence[Outcome]) -> bool:
    """True unless ``part`` repeats one of ``outcomes``, under whichever URL. A failure counts as a further part."""
    if part.reason is not None or part.payload is None:
        return True
    fetched_keys = {url_key(outcome.final_url) for outcome in outcomes}
    if url_key(part.final_url) in fetched_keys or any(part.payload == outcome.payload for outcome in outcomes):
        return False
    first_paragraphs = long_paragraphs(outcomes[0].payload or b"")
    return not first_paragraphs or not first_paragraphs <= long_paragraphs(part.payload)


_REL_NEXT = re.compile(rb"\brel\s*=\s*[\"']?[^\"'<>]{0,100}\bnext\b", re.IGNORECASE)


def _next_links(payload: bytes, charset: str | None) -> tuple[str, list[str]]:
    """Return the page's base address, or an empty string, and the targets of its ``rel=next``, except to comments."""
    base, links = hinted_links(payload, charset, _REL_NEXT)
    hrefs = (
        attributes.get("href", "")
        for _, attributes in links
        if "next" in attributes.get("rel", "").lower().split()
        and not any("comment" in value for value in attributes.values())
    )
    return base, [href for href in hrefs if href]


# --- URLs of parts ---------------------------------------------------------------------------------------------------

_PAGE_WORDS = frozenset({"page", "p", "pg", "part", "seite", "teil", "pagina", "parte", "partie", "sida", "strona"})
_NOT_A_PAGE_KEY = re.compile(r"comment|^c(?:page)?$|reply|(?:^|[_-])id$|^id", re.IGNORECASE)


def is_part(url: str, number: int, *, of: str) -> bool:
    """True if ``url`` can only be part ``number`` of the article at ``of``.

    The number must be the value of one key of the query (``/a?page=2``) or the end of the path (``/a/2``,
    ``/a/page/2``), and nothing else may differ. Keys that number articles or comments do not count: in a blog,
    ``?id=2`` after ``?id=1`` is the next article. Raises ``RefusedUrl`` if either URL is none.
    """
    if origin_of(url) != origin_of(of):
        return False
    first, other = urlsplit(canonical_url(of)), urlsplit(canonical_url(url))
    if first.path in {"", "/"} and not first.query:
        return False  # the next page of a front page has more news, it does not continue an article
    base, path = first.path.rstrip("/"), other.path.rstrip("/")
    if path == base:
        return _is_numbered_query(first, other, number)
    if first.query != other.query:
        return False
    bases = {base, base.removesuffix("/1")}
    return any(path in _numbered_paths(prefix, number) for prefix in bases if prefix)


def _numbered_paths(base: str, number: int) -> set[str]:
    return {f"{base}/{number}", *(f"{base}/{word}/{number}" for word in _PAGE_WORDS)}


def _is_numbered_query(first: SplitResult, other: SplitResult, number: int) -> bool:
    first_pairs, other_pairs = (sorted(filter(None, url.query.split("&"))) for url in (first, other))
    for pair in other_pairs:
        key, _, value = pair.partition("=")
        unnumbered = [other_pair for other_pair in other_pairs if other_pair != pair]
        expected = [first_pair for first_pair in first_pairs if first_pair != f"{key}=1"]
        if value == str(number) and unnumbered == expected and not _NOT_A_PAGE_KEY.search(key):
            return True
    return False
