"""Links of a page, read from its bytes: on a hostile page a parser would take seconds, while visits wait.

Links in comments, scripts, text fields and templates are no links (``archive.formats.html_tokens``).
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from archive.formats.html_tokens import scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.formats.html_tokens import Token

_ATTRIBUTE = re.compile(r"""(?<![a-z-])([a-z-]++)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_MAX_TAG = 2000  # bytes
_MAX_LINKS = 20
_MIN_PARAGRAPH = 80  # bytes


def hinted_links(
    payload: bytes, charset: str | None, hint: re.Pattern[bytes]
) -> tuple[str, list[tuple[str, dict[str, str]]]]:
    """Return the page's base address, or an empty string, and the first 20 links whose tag matches ``hint``.

    A link is the name of its element, ``a`` or ``link``, and its attributes. Linear in the length of ``payload``.
    """
    if hint.search(payload) is None:
        return "", []
    bases: list[str] = []
    links: list[tuple[str, dict[str, str]]] = []
    for token in _visible_tags(payload):
        tag = payload[token.start : token.end]
        if len(tag) > _MAX_TAG:
            continue
        if token.name == b"base":
            bases.append(_attributes(tag, charset).get("href", ""))
        elif hint.search(tag):
            links.append((token.name.decode("ascii"), _attributes(tag, charset)))
            if len(links) == _MAX_LINKS:
                break
    return next(filter(None, bases), ""), links


def long_paragraphs(payload: bytes) -> set[bytes]:
    """Return the beginnings of the paragraphs of at least 80 bytes, up to the first tag in each."""
    starts = (payload[token.end : payload.find(b"<", token.end)] for token in scan(payload, b"p"))
    return {b" ".join(text.split()) for text in starts if len(text.lstrip()) >= _MIN_PARAGRAPH}


def _visible_tags(payload: bytes) -> Iterator[Token]:
    """Yield ``base``, ``link`` and ``a`` tags outside templates."""
    depth = 0
    for token in scan(payload, b"a|base|link|/?template"):
        if token.name.endswith(b"template"):
            depth = max(depth + (1 if token.name == b"template" else -1), 0)
        elif depth == 0 and token.name in {b"a", b"base", b"link"}:
            yield token


def _attributes(tag: bytes, charset: str | None) -> dict[str, str]:
    try:
        text = tag.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        text = tag.decode("utf-8", "replace")
    return {
        name.lower(): unescape(double_quoted or single_quoted or bare).strip()
        for name, double_quoted, single_quoted, bare in _ATTRIBUTE.findall(text)
    }
