"""Addresses in addresses: what stands behind ``/web/...``, and how ours are written.

Every absolute link begins with the base this server was given, never with what a request calls it, and everything of a
stranger's in it is percent-encoded, so that no address can break out of a ``Link`` header or a line of a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from archive.serve.memento.datetime14 import stamp
from archive.urls import canonical_url

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.types import Scope

_ALLOWED: Final = ":/?[]@!$&'()*+,;=%-._~"  # all that RFC 3986 lets stand in an address, but for #, which ends ours
_MEMENTO: Final = re.compile(r"(?P<stamp>\d{1,14})(?P<mode>id_|if_|mp_)?/(?P<url>.+)", re.DOTALL)
_SCHEME: Final = re.compile(r"(?i)(https?):/*(?=[^/])")
_CODED: Final = re.compile(r"(?i)https?%3a")


@dataclass(frozen=True, slots=True)
class Asked:
    """A memento's address taken apart: the digits of its stamp, its mode (``id_`` or empty), the page's address."""

    digits: str
    mode: str
    url: str


@dataclass(frozen=True, slots=True)
class Links:
    """Our own addresses of a page's list, gate and mementos, below ``root``: the base and ``/web`` or ``/archive``."""

    root: str

    def timegate(self, url: str) -> str:
        """Where to ask for a page at a moment (RFC 7089: URI-G)."""
        return f"{self.root}/{safe(url)}"

    def timemap(self, url: str, form: str = "link", since: str = "") -> str:
        """The list of a page's mementos (URI-T), from the stamp ``since`` on where the list is long."""
        return f"{self.root}/timemap/{form}/{since and f'{since}/'}{safe(url)}"

    def memento(self, at: datetime, url: str, mode: str = "") -> str:
        """A page as it was (URI-M)."""
        return f"{self.root}/{stamp(at)}{mode}/{safe(url)}"


@lru_cache(maxsize=1024)  # captures of one address stand together
def safe(url: str) -> str:
    """An address with nothing in it that could end a header, a quoted word or a field of a line."""
    return quote(url, safe=_ALLOWED)


def behind(scope: Scope, prefix: str) -> str:
    """What stands in a request's target behind ``prefix``, as it was sent: an address with query and escapes."""
    path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    return path.removeprefix(prefix) + (f"?{query}" if query else "")


def read_memento(text: str) -> Asked | None:
    """A stamp, a mode and an address; None if ``text`` does not begin with digits and a slash.

    ``if_`` and ``mp_`` ask for a page to be put in a frame, which is our safe view.
    """
    found = _MEMENTO.fullmatch(text)
    if found is None:
        return None
    return Asked(found["stamp"], "id_" if found["mode"] == "id_" else "", found["url"])


def page_url(text: str) -> str:
    """The page's own address, canonical, from how people and clients write it. Raises RefusedUrl, a BadInput.

    Without a scheme, with one slash after it (proxies join them), or percent-encoded once more (cdx-toolkit).
    """
    text = unquote(text) if _CODED.match(text) else text
    text = text.replace("%23!", "#!", 1)
    scheme = _SCHEME.match(text)
    if scheme is not None:
        return canonical_url(f"{scheme[1].lower()}://{text[scheme.end() :]}")
    return canonical_url(text if "://" in text.partition("?")[0] else f"http://{text.lstrip('/')}")
