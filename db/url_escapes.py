"""The one spelling of percent-escapes in addresses. Here, because a migration renews stored keys by the same rule."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE_OR_ILLEGAL: Final = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:/?#@!$&'()*+,;=]")


def normalize_escapes(text: str) -> str:
    """Return the path, query or fragment of an address with its escapes in one spelling. Idempotent and linear.

    By RFC 3986, section 6.2.2: hexadecimal digits are upper case, and unreserved characters (letters, digits, ``-._~``)
    are never escaped. Characters that may not occur in an address at all (``|``, ``[``, a ``%`` that begins no escape)
    are escaped. An escaped reserved character stays as it is: ``%2F`` is another address than ``/``.
    """
    return _ESCAPE_OR_ILLEGAL.sub(_spell, text)


def normalize_key(url_key: str) -> str:
    """Return a url_key with the escapes behind its host in one spelling. Keys of older archives have others."""
    host, parenthesis, path = url_key.partition(")")
    return f"{host}{parenthesis}{normalize_escapes(path)}"


def _spell(match: re.Match[str]) -> str:
    if match[1] is None:
        return quote(match[0], safe="", errors="replace")
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()
