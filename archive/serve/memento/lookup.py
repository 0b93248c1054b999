"""The captures a request is about: those of a URL's own source, or of another source that shows the URL."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from archive.api.mementos import KeyRange, OtherSources
from archive.urls import RefusedUrl, url_key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from archive.api.mementos import MementoIndex, Scope

_NUMBERED: Final = re.compile(r"/(?:[a-z]{1,8}/)?\d{1,3}/?$")


def find_scope(index: MementoIndex, url: str, *, since: datetime | None = None, until: datetime | None = None) -> Scope:
    """Return the captures of one page, from ``since`` to before ``until``. Raises RefusedUrl.

    A URL may be known without being a source: pages moved to it, or it is the further part of an article. Such captures
    are the answer only if the URL has none of its own. They are listed under their own URLs.
    """
    key = url_key(url)
    own = KeyRange(low=key, high=f"{key}\x00", probes=True)
    if not index.captures(own, limit=1):
        moved = _with_key(index.redirected_sources(key), key)
        parts = [] if moved else _with_key(index.article_parts(_article_keys(key)), key)
        if moved or parts:
            ids, urls = (tuple(sorted(set(column))) for column in zip(*(moved or parts), strict=True))
            return OtherSources(url_key=key, source_ids=ids, urls=urls, parts=bool(parts), since=since, until=until)
    return KeyRange(low=own.low, high=own.high, probes=True, since=since, until=until)


def key_range(url: str, match: str, *, since: datetime | None = None, until: datetime | None = None) -> KeyRange:
    """Return the captures of all URLs that begin with this one (``prefix``), of its host, or of its whole ``domain``.

    The host in a key ends in a comma after its last label (``example,daily,``). One range therefore holds a domain with
    its hosts, and no other name that merely begins alike. Raises RefusedUrl.
    """
    key = url_key(url)
    host, bracket, _ = key.partition(")")
    low = {"prefix": key, "host": f"{host}{bracket}", "domain": re.sub(r":\d+$", "", host)}[match]
    return KeyRange(low=low, high=low[:-1] + chr(ord(low[-1]) + 1), since=since, until=until)


@lru_cache(maxsize=1024)
def surt(key: str) -> str:
    """Return a key as other indices write it (SURT): without the comma after the last label of the host."""
    return key.replace(",)", ")", 1).replace(",:", ":", 1)


def _with_key(urls: Iterable[tuple[int, str]], key: str) -> list[tuple[int, str]]:
    return [(source_id, url) for source_id, url in urls if _has_key(url, key)]


def _has_key(url: str, key: str) -> bool:
    try:
        return url_key(url) == key
    except RefusedUrl:
        return False


def _article_keys(key: str) -> list[str]:
    """Return the keys an article may have if this is the key of a further part (see ``archive.crawl.multipage``)."""
    path = key.partition("?")[0]
    number = _NUMBERED.search(path)
    paths = [path] if number is None else [path, path[: number.start()], re.sub(r"/\d{1,3}/?$", "", path)]
    bases = [base.rstrip("/") for base in paths]
    return list(dict.fromkeys(f"{base}{end}" for base in bases for end in ("", "/", "/1") if not base.endswith(")")))
