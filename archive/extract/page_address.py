"""The addresses of a page, under any of the spellings that publishers use for one page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_HOST_OF_FORM = re.compile(r"^(?:www\d?|m|mobile|amp)\.")
_FORM_OF_PATH = re.compile(r"/(?:amp|index\.\w{2,5})?/?$|\.amp(?=\.html$|$)|^/amp(?=/)", re.IGNORECASE)
_TRACKING = re.compile(r"^(?:utm_\w+|fbclid|gclid|ref|source|cmpid|mc_\w+|amp|outputtype)$", re.IGNORECASE)
_TEMPLATES = frozenset({"google.com/article", "example.com/article", "schema.org"})  # copied from documentation
_LONG_PATH = 12  # characters: two pages of different hosts with one longer path are the same article
_MAX_QUERY = 20  # fields that are compared

_Key = tuple[str, str, frozenset[tuple[str, str]]]  # host, path, query


class PageAddresses:
    """The addresses of one page."""

    def __init__(self, addresses: Iterable[str]) -> None:
        given = [address for address in addresses if address]
        self._base = given[0] if given else ""
        self._keys = [key for address in given if (key := self._key(address))]

    def match(self, addresses: Iterable[str]) -> bool | None:
        """Return whether one of ``addresses`` is of this page. None if none of them is the address of a page.

        A host alone, a fragment, a placeholder and a text that is no address are of no page.
        """
        keys = [key for address in addresses if (key := self._key(address))]
        if any(_is_same(key, own) for key in keys for own in self._keys):
            return True
        return False if keys and self._keys else None

    def _key(self, address: str) -> _Key | None:
        if not address.startswith(("http://", "https://", "/")):
            return None
        try:
            parts = urlsplit(urljoin(self._base, address))
            host = _HOST_OF_FORM.sub("", (parts.hostname or "").lower())
            query = parse_qsl(parts.query, max_num_fields=_MAX_QUERY)
        except ValueError:
            return None
        path = _FORM_OF_PATH.sub("", unquote(parts.path).lower()).rstrip("/")
        fields = frozenset((name, value) for name, value in query if not _TRACKING.match(name))
        if not (path or fields) or f"{host}{path}" in _TEMPLATES:
            return None
        return host, path, fields


def _is_same(a: _Key, b: _Key) -> bool:
    """True for one path with queries that do not contradict each other, on one host or with a long path."""
    (host_a, path_a, query_a), (host_b, path_b, query_b) = a, b
    is_path = path_a == path_b and (host_a == host_b or len(path_a) > _LONG_PATH)
    return is_path and (query_a <= query_b or query_b <= query_a)
