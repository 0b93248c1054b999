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
    """One archived state of a page: its address in the archive, the page's original address, and its time.

    ``status`` and ``digest`` (of the recorded body) are known only from an index.
    """

    url: str
    original: str
    captured_at: datetime
    status: int | None = None
    digest: str = ""


# A link-value of RFC 8288: <url> and parameters. Splitting at commas would break quoted dates, which contain some.
_LINK = re.compile(r"""<([^<>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]+))?)*)""")
_PARAMETER = re.compile(r"""(?<![\w*-])([\w*-]++)\s*+=\s*+(?:"([^"]*)"|([^\s;,"]+))""")


def is_timemap(text: str) -> bool:
    """True if ``text`` contains links with a relation."""
    return any(rels for _, rels, _ in _links(text))


def parse_timemap(text: str, *, base: str) -> tuple[Memento, ...]:
    """Return the mementos in a TimeMap in link format, by time. ``base`` is its own address, for relative links.

    Accepts one link a line or all on one line, quoted or not. Links that cannot be parsed are skipped. RFC 7089,
    section 5.
    """
    links = list(_links(text))
    original = next((url for url, rels, _ in links if "original" in rels), "")
    mementos = set()
    for url, rels, date in links:
        captured_at, address = parse_http_date(date), absolute_url(url, base)
        if "memento" in rels and captured_at is not None and address is not None:
            mementos.add(Memento(url=address, original=original, captured_at=captured_at))
    return tuple(sorted(mementos, key=lambda memento: (memento.captured_at, memento.url)))


def further_timemaps(text: str, *, base: str) -> tuple[str, ...]:
    """Return the other TimeMaps with the rest of the list (RFC 7089, section 5.1.2), in its order.

    Also reads the value of a ``Link`` header: any page of an archive may name the TimeMap it belongs to.
    """
    timemaps = (absolute_url(url, base) for url, rels, _ in _links(text) if "timemap" in rels and "self" not in rels)
    return tuple(dict.fromkeys(url for url in timemaps if url is not None and url != base))


def _links(text: str) -> Iterator[tuple[str, frozenset[str], str]]:
    """Yield address, relations and date of every link."""
    for url, rest in _LINK.findall(text):
        parameters = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(rest)}
        yield url.strip(), frozenset(parameters.get("rel", "").lower().split()), parameters.get("datetime", "")


def absolute_url(url: str, base: str) -> str | None:
    """Return ``url`` joined to ``base`` if the result can be fetched, else None."""
    try:
        return fetchable_url(url, base)
    except RefusedUrl:
        return None


# --- addresses of mementos -------------------------------------------------------------------------------------------

# The timestamp must precede the page's own address, which may itself contain 14 digits: no colon before it.
_TIMESTAMPED = re.compile(r"(https?://[^/?#]+(?:/[^/:?#]*)*?/\d{14})(?:[a-z]{2}_)?(?=/)")


def raw_url(memento_url: str) -> str:
    """Return the address of a memento as it was archived, without banner and rewritten links.

    Archives that follow the Wayback Machine answer ``/20210101120000id_/`` with the original bytes. Any other address
    is returned unchanged.
    """
    parts = split_stamp(memento_url)
    return memento_url if parts is None else f"{parts[0]}id_/{parts[1]}"


def split_stamp(memento_url: str) -> tuple[str, str] | None:
    """Return the part up to the timestamp and the page's address behind it, or None if there is no timestamp."""
    match = _TIMESTAMPED.match(memento_url)
    return None if match is None else (match[1], memento_url[match.end() + 1 :])
