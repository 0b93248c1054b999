"""URLs inside URLs: the page's URL in a request for ``/web/...``, and our own URLs around a page's URL.

Every absolute link begins with the base this server was configured with, never with the name a request calls it. A
stranger's URL is percent-encoded in it, so it cannot break out of a ``Link`` header or a line of a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from archive.serve.memento.datetime14 import format_datetime14
from archive.urls import canonical_url

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.types import Scope

_ALLOWED: Final = ":/?[]@!$&'()*+,;=%-._~"  # every character RFC 3986 allows in a URL, except #, which would end ours
_MEMENTO: Final = re.compile(r"(?P<digits>\d{1,14})(?P<mode>id_|if_|mp_)?/(?P<url>.+)", re.DOTALL)
_SCHEME: Final = re.compile(r"(?i)(https?):/*(?=[^/])")
_ENCODED: Final = re.compile(r"(?i)https?%3a")


@dataclass(frozen=True, slots=True)
class MementoUrl:
    """The parts of a memento's URL: digits of its timestamp, mode (``id_`` or empty), and the page's URL."""

    digits: str
    mode: str
    url: str


@dataclass(frozen=True, slots=True)
class Links:
    """Our own URLs of a page's TimeMap, TimeGate and mementos. ``root`` is the base and ``/web`` or ``/archive``."""

    root: str

    def timegate(self, url: str) -> str:
        """Return the URL of a page's TimeGate (RFC 7089: URI-G)."""
        return f"{self.root}/{escape_url(url)}"

    def timemap(self, url: str, form: str = "link", since: str = "") -> str:
        """Return the URL of a page's TimeMap (URI-T). ``since`` is the timestamp at which a further part begins."""
        return f"{self.root}/timemap/{form}/{since and f'{since}/'}{escape_url(url)}"

    def memento(self, instant: datetime, url: str, mode: str = "") -> str:
        """Return the URL of a memento (URI-M)."""
        return f"{self.root}/{format_datetime14(instant)}{mode}/{escape_url(url)}"


@lru_cache(maxsize=1024)  # captures of one URL follow each other
def escape_url(url: str) -> str:
    """Return a URL without any character that could end a header, a quoted word or a field of a line."""
    return quote(url, safe=_ALLOWED)


def target_after(scope: Scope, prefix: str) -> str:
    """Return the request target after ``prefix`` as it was sent: a URL with its query and escapes."""
    path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    return path.removeprefix(prefix) + (f"?{query}" if query else "")


def parse_memento_url(text: str) -> MementoUrl | None:
    """Parse timestamp, mode and URL. Return None if ``text`` does not begin with digits and a slash.

    ``if_`` and ``mp_`` ask for a page inside a frame. They get our safe view, which has no mode.
    """
    match = _MEMENTO.fullmatch(text)
    if match is None:
        return None
    return MementoUrl(match["digits"], "id_" if match["mode"] == "id_" else "", match["url"])


def page_url(text: str) -> str:
    """Return the canonical URL of a page from the spellings of people and clients. Raises RefusedUrl, a BadInput.

    Accepts a URL without a scheme, with one slash after it (proxies join them), or percent-encoded once more
    (cdx-toolkit).
    """
    text = unquote(text) if _ENCODED.match(text) else text
    text = text.replace("%23!", "#!", 1)
    scheme = _SCHEME.match(text)
    if scheme is not None:
        return canonical_url(f"{scheme[1].lower()}://{text[scheme.end() :]}")
    return canonical_url(text if "://" in text.partition("?")[0] else f"http://{text.lstrip('/')}")
