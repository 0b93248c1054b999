"""Redirects that a page declares: ``<meta http-equiv="refresh">`` or the header ``Refresh``, by the rules of browsers.

The syntax is that of the HTML Standard, section 4.2.5.3 (shared declarative refresh steps).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.formats.html_limits import has_crowded_tag
from archive.formats.html_tree import page_tree
from archive.urls import RefusedUrl, fetchable_url

if TYPE_CHECKING:
    from db.records import Outcome

LONGEST_WAIT = 5
"""Seconds. After a longer wait a reader has read the page: it is a page that renews itself, and no redirect."""

_READ = 256 * 1024  # bytes of a page in which the element is looked for; it belongs into the head
_HINTS = (b"http-equiv", b"refresh")
_WAIT = re.compile(r"[\t\n\f\r ]*(?:([0-9]{1,9})|(?=\.))[0-9.]*(?:[\t\n\f\r ]*[;,]|(?=[\t\n\f\r ])|$)[\t\n\f\r ]*")
_URL = re.compile(r"(?:url[\t\n\f\r ]*=[\t\n\f\r ]*)?(?:\"([^\"]*)|'([^']*)|(.*))", re.IGNORECASE | re.DOTALL)
_UNSEEN = frozenset({"noscript", "template", "title", "textarea", "iframe", "xmp", "noembed", "noframes"})


def refresh_target(outcome: Outcome) -> str | None:
    """Return the address that a whole page sends its reader on to within five seconds, or None.

    None too if that is the page itself, or no address that can be fetched.
    """
    if outcome.reason is not None or outcome.payload is None:
        return None
    for content, base in (*_headers(outcome), *_elements(outcome)):
        refresh = parse_refresh(content)
        if refresh is None:
            continue
        wait, href = refresh
        if href is None or wait > LONGEST_WAIT:
            return None
        try:
            target = fetchable_url(href, fetchable_url(base, outcome.final_url))
        except RefusedUrl:
            return None
        return target if target != fetchable_url(outcome.final_url) else None
    return None


def parse_refresh(content: str) -> tuple[int, str | None] | None:
    """Return the whole seconds and the address of a refresh: ``(0, "/new")`` for ``0; url=/new``.

    The address is None if there is none: then the page loads itself again. Returns None for what browsers pass over.
    Linear in the length of ``content``.
    """
    match = _WAIT.match(content)
    if match is None:
        return None
    address = _URL.match(content, match.end())
    href = next((part for part in address.groups() if part is not None), "") if address else ""
    return int(match[1] or 0), href.strip() or None


def _headers(outcome: Outcome) -> list[tuple[str, str]]:
    return [(value, "") for name, value in outcome.headers if name.lower() == "refresh"]


def _elements(outcome: Outcome) -> list[tuple[str, str]]:
    """Return the ``content`` of each refresh element that a browser with scripts obeys, with the page's base."""
    start = (outcome.payload or b"")[:_READ]
    letters = start.replace(b"\0", b"").lower()  # UTF-16 has zeros between them
    if "html" not in (outcome.content_type or "html").lower() or not all(hint in letters for hint in _HINTS):
        return []
    if has_crowded_tag(start.decode("latin-1")):
        return []
    tree = page_tree(start, outcome.charset)
    if tree is None:
        return []
    base = next((element.get("href") or "" for element in tree.iterfind(".//base[@href]")), "")
    return [
        (element.get("content") or "", base)
        for element in tree.iterfind(".//meta[@http-equiv]")
        if (element.get("http-equiv") or "").strip().lower() == "refresh"
        and not any(ancestor.tag in _UNSEEN for ancestor in element.iterancestors())
    ]
