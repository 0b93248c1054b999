"""Articles that are split over several pages: which page comes next, and what they say together.

A page may name the one after it with ``rel=next`` (HTML, section 4.6.7.9). That is followed only where it can be
nothing but the same article's next part: the same origin and path, and the very number that is due in the query or at
the path's end. All of it is one visit: the parts are captures of the same source, kept together or not at all, and a
part that is missing makes the article thin, never shorter.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from archive.urls import RefusedUrl, canonical_url, fetchable_url, origin_of, url_key
from db.records import SeedKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from db.records import Outcome, Visit

MAX_PARTS = 10
"""Pages of one article at most. What goes on longer is a live blog's older posts, or a gallery of the whole year."""

PARTS_CUT = "parts-cut"
"""Flag of the first page's capture when there were more parts than are followed."""

# --- following -------------------------------------------------------------------------------------------------------


async def fetch_all_parts(fetch: Callable[[Visit], Awaitable[Outcome]], visit: Visit) -> tuple[Outcome, ...]:
    """The outcome of a visit, and after it those of the article's further parts, in order.

    The first part that fails is the last one. What turns out to be no further part (a page there already, or the same
    paragraphs over other comments) is left out.
    """
    got = [await fetch(visit)]
    while visit.kind is SeedKind.ARTICLE and (url := next_part_url(got)) is not None:
        if len(got) == MAX_PARTS:
            more = f"more than {MAX_PARTS} parts, the rest was not followed"
            return (replace(got[0], flags=(*got[0].flags, PARTS_CUT), detail=more), *got[1:])
        because = f"part {len(got) + 1} of {visit.url}"
        further = replace(
            visit, url=url, because=because, etag=None, last_modified=None, validators_url=None, validators_coding=None
        )
        part = await fetch(further)
        if not _is_further(part, got):
            break
        got.append(part)
    return tuple(got)


def next_part_url(got: Sequence[Outcome]) -> str | None:
    """The address of the part after these, if the last of them is a whole page that names one."""
    last = got[-1]
    if last.reason is not None or last.payload is None or "html" not in (last.content_type or "html").lower():
        return None
    base = _base(last.payload, last.charset)
    for href in _next_links(last.payload, last.charset):
        try:
            url = fetchable_url(href, fetchable_url(base, last.final_url))
            if is_part(url, len(got) + 1, of=got[0].final_url):
                return url
        except RefusedUrl:
            continue
    return None


def _is_further(part: Outcome, got: Sequence[Outcome]) -> bool:
    """True unless it brought what is there already, under whichever address."""
    if part.reason is not None or part.payload is None:
        return True
    seen = {url_key(each.final_url) for each in got}
    if url_key(part.final_url) in seen or any(part.payload == each.payload for each in got):
        return False
    shown = _paragraphs(got[0].payload or b"")
    return not shown or not shown <= _paragraphs(part.payload)


_PARAGRAPH = re.compile(rb"<p\b[^<>]{0,500}>\s*([^<]{80,})", re.IGNORECASE)


def _paragraphs(payload: bytes) -> set[bytes]:
    """How the long paragraphs begin: a page of further comments shows all of the article's again."""
    return {b" ".join(found.split()) for found in _PARAGRAPH.findall(payload)}


# Two bounded patterns over the bytes: a parser would take seconds on a hostile page, and this runs between two visits.
_TAG = re.compile(rb"<(?:link|a)\s[^<>]{1,2000}>", re.IGNORECASE)
_BASE = re.compile(rb"<base\s[^<>]{1,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_SAYS_NEXT = re.compile(rb"\brel\s*=\s*[\"']?[^\"'<>]{0,100}\bnext\b", re.IGNORECASE)
_HIDDEN = ((b"<!--", b"-->"), (b"<script", b"</script"), (b"<template", b"</template"))
_MOST_LINKS = 20


def _next_links(payload: bytes, charset: str | None) -> list[str]:
    """Where ``link`` and ``a`` elements with ``rel=next`` lead; not those that speak of comments, or are not shown."""
    if _SAYS_NEXT.search(payload) is None:
        return []
    named = [tag for tag in _TAG.finditer(payload) if _SAYS_NEXT.search(tag[0])]
    shown = (tag[0] for tag in named[:_MOST_LINKS] if not _is_hidden(payload, tag.start()))
    found = []
    for tag in shown:
        words = _attributes(tag, charset)
        if "next" in words.get("rel", "").lower().split() and not any("comment" in each for each in words.values()):
            found.append(words.get("href", ""))
    return [href for href in found if href]


def _base(payload: bytes, charset: str | None) -> str:
    """What the page's own links are relative to; empty: its address."""
    tag = _BASE.search(payload)
    return "" if tag is None else _attributes(tag[0], charset).get("href", "")


def _is_hidden(payload: bytes, at: int) -> bool:
    return any(payload.rfind(opened, 0, at) > payload.rfind(closed, 0, at) for opened, closed in _HIDDEN)


def _attributes(tag: bytes, charset: str | None) -> dict[str, str]:
    try:
        text = tag.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        text = tag.decode("utf-8", "replace")
    return {name.lower(): unescape(a or b or c).strip() for name, a, b, c in _ATTRIBUTE.findall(text)}


# --- addresses -------------------------------------------------------------------------------------------------------

_PAGE_WORDS = frozenset({"page", "p", "pg", "part", "seite", "teil", "pagina", "parte", "partie", "sida", "strona"})
_NO_PAGE = re.compile(r"comment|^c(?:page)?$|reply|(?:^|[_-])id$|^id", re.IGNORECASE)


def is_part(url: str, number: int, *, of: str) -> bool:
    """True if ``url`` can only be part ``number`` of the article at ``of``.

    The number must stand in one key of the query (``/a?page=2``) or at the end of the path (``/a/2``, ``/a/page/2``),
    and nothing else may differ. Keys that number articles or comments do not count: a blog's ``?id=2`` after ``?id=1``
    is the next article. Raises ``RefusedUrl`` for what is no address.
    """
    if origin_of(url) != origin_of(of):
        return False
    first, other = urlsplit(canonical_url(of)), urlsplit(canonical_url(url))
    if first.path in {"", "/"} and not first.query:
        return False  # a front page has a next page of news, not of an article
    base, path = first.path.rstrip("/"), other.path.rstrip("/")
    if path == base:
        return _numbered_query(first, other, number)
    if first.query != other.query:
        return False
    bases = {base, base.removesuffix("/1")}
    return any(path in _numbered_paths(each, number) for each in bases if each)


def _numbered_paths(base: str, number: int) -> set[str]:
    return {f"{base}/{number}", *(f"{base}/{word}/{number}" for word in _PAGE_WORDS)}


def _numbered_query(first: SplitResult, other: SplitResult, number: int) -> bool:
    mine, theirs = (sorted(filter(None, each.query.split("&"))) for each in (first, other))
    for piece in theirs:
        key, _, value = piece.partition("=")
        rest = [each for each in theirs if each != piece]
        before = [each for each in mine if each != f"{key}=1"]
        if value == str(number) and rest == before and not _NO_PAGE.search(key):
            return True
    return False


# --- joining ---------------------------------------------------------------------------------------------------------
