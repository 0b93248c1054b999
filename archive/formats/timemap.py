"""TimeMaps in link format (RFC 7089, section 5), and the addresses of mementos."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.formats.http_date import parse_http_date
from archive.urls import RefusedUrl, fetchable_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Memento:
    """One archived state of a page: where it can be had, the page's own address as the archive has it, and when.

    ``status`` and ``digest`` (of the body as the archive recorded it) are known from an index only.
    """

    url: str
    original: str
    captured_at: datetime
    status: int | None = None
    digest: str = ""


# A link-value of RFC 8288: <url> and parameters. A comma may stand in a quoted date, so that splitting would not do.
_LINK = re.compile(r"""<([^<>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]+))?)*)""")
_PARAMETER = re.compile(r"""([\w*-]+)\s*=\s*(?:"([^"]*)"|([^\s;,"]+))""")


def is_timemap(text: str) -> bool:
    """True if ``text`` holds links that say how they relate to something."""
    return any(rels for _, rels, _ in _links(text))


def parse_timemap(text: str, *, base: str) -> tuple[Memento, ...]:
    """The mementos a TimeMap in link format lists, by time; ``base`` is its own address, for relative links.

    One link a line or all on one line, quoted or not; what cannot be read is passed over. RFC 7089, section 5.
    """
    links = list(_links(text))
    original = next((url for url, rels, _ in links if "original" in rels), "")
    found = set()
    for url, rels, date in links:
        at, address = parse_http_date(date), absolute_url(url, base)
        if "memento" in rels and at is not None and address is not None:
            found.add(Memento(url=address, original=original, captured_at=at))
    return tuple(sorted(found, key=lambda one: (one.captured_at, one.url)))


def further_timemaps(text: str, *, base: str) -> tuple[str, ...]:
    """The other TimeMaps that this one says hold the rest of the list (RFC 7089, section 5.1.2), in its order.

    Reads the value of a ``Link`` header too: any page of an archive may name the TimeMap it belongs to.
    """
    named = (absolute_url(url, base) for url, rels, _ in _links(text) if "timemap" in rels and "self" not in rels)
    return tuple(dict.fromkeys(url for url in named if url is not None and url != base))


def _links(text: str) -> Iterator[tuple[str, frozenset[str], str]]:
    """Address, relations and date of every link."""
    for url, rest in _LINK.findall(text):
        parameters = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(rest)}
        yield url.strip(), frozenset(parameters.get("rel", "").lower().split()), parameters.get("datetime", "")


def absolute_url(url: str, base: str) -> str | None:
    """``url`` as an address to ask, joined to ``base``; None if it is none."""
    try:
        return fetchable_url(url, base)
    except RefusedUrl:
        return None


# --- addresses of mementos -------------------------------------------------------------------------------------------

# The stamp must come before the page's own address, which may itself hold fourteen digits: no colon in front of it.
_STAMPED = re.compile(r"(https?://[^/?#]+(?:/[^/:?#]*)*?/\d{14})(?:[a-z]{2}_)?(?=/)")


def raw_url(memento_url: str) -> str:
    """Where a memento can be had as it was archived, without banner and rewritten links.

    Archives that follow the Wayback Machine answer ``/20210101120000id_/`` with the bytes they got; any other address
    is given back as it is.
    """
    parts = split_stamp(memento_url)
    return memento_url if parts is None else f"{parts[0]}id_/{parts[1]}"


def split_stamp(memento_url: str) -> tuple[str, str] | None:
    """The part up to the stamp, and the address of the page behind it; None where there is no stamp."""
    stamped = _STAMPED.match(memento_url)
    return None if stamped is None else (stamped[1], memento_url[stamped.end() + 1 :])
