"""Where the captures of an address are: under its own source, or kept by another that led or goes on there."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from archive.urls import RefusedUrl, url_key
from db.queries import cdx as cdx_queries
from db.queries.cdx import KeyRange, OtherSources

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from db.queries.cdx import Scope
    from db.reader import Ask

_NUMBERED: Final = re.compile(r"/(?:[a-z]{1,8}/)?\d{1,3}/?$")


def place_of(ask: Ask, url: str, *, since: datetime | None = None, until: datetime | None = None) -> Scope:
    """The captures of one page, bounded in time (the end left out). Raises RefusedUrl.

    An address may be known without being a source: pages moved to it, or it is the further part of an article. Only
    where it has no captures of its own those are given, under their own addresses.
    """
    key = url_key(url)
    own = KeyRange(low=key, high=f"{key}\x00", probes=True)
    if not cdx_queries.list_captures(ask, own, limit=1):
        landed = _same(cdx_queries.redirected_to(ask, key), key)
        parts = [] if landed else _same(cdx_queries.parts_under(ask, _stems(key)), key)
        if landed or parts:
            ids, urls = (tuple(sorted(set(each))) for each in zip(*(landed or parts), strict=True))
            return OtherSources(url_key=key, source_ids=ids, urls=urls, parts=bool(parts), since=since, until=until)
    return KeyRange(low=own.low, high=own.high, probes=True, since=since, until=until)


def keys_of(url: str, match: str, *, since: datetime | None = None, until: datetime | None = None) -> KeyRange:
    """The captures of everything that begins with an address (``prefix``), of its host, or of its whole ``domain``.

    A key's host ends in a comma after its last label (``example,daily,``), so that one range holds a domain with its
    hosts and no other name that merely begins alike. Raises RefusedUrl.
    """
    key = url_key(url)
    host, bracket, _ = key.partition(")")
    low = {"prefix": key, "host": f"{host}{bracket}", "domain": re.sub(r":\d+$", "", host)}[match]
    return KeyRange(low=low, high=low[:-1] + chr(ord(low[-1]) + 1), since=since, until=until)


@lru_cache(maxsize=1024)
def surt(key: str) -> str:
    """A key as other indices write it: the last label without its comma."""
    return key.replace(",)", ")", 1).replace(",:", ":", 1)


def _same(found: Iterable[tuple[int, str]], key: str) -> list[tuple[int, str]]:
    return [(source_id, url) for source_id, url in found if _has_key(url, key)]


def _has_key(url: str, key: str) -> bool:
    try:
        return url_key(url) == key
    except RefusedUrl:
        return False


def _stems(key: str) -> list[str]:
    """Return the keys an article may have if this is the key of a further part (see ``archive.crawl.multipage``)."""
    path = key.partition("?")[0]
    numbered = _NUMBERED.search(path)
    found = [path] if numbered is None else [path, path[: numbered.start()], re.sub(r"/\d{1,3}/?$", "", path)]
    bases = [base.rstrip("/") for base in found]
    return list(dict.fromkeys(f"{base}{end}" for base in bases for end in ("", "/", "/1") if not base.endswith(")")))
