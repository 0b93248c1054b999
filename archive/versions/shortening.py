"""Evidence that a text which lost more than half is a real edit: the structure of its page, or a later text.

A page that broke or was cut lacks its end, its footer or the end of its article, or it is another template. A page that
shows less and is whole was edited. A part of a page, as some collections keep it, has no end tag: it is whole if it
ends as the one before it did. A headline may have been reworded with the text, but most of its words stay. Without such
a page a later text decides: it bears the shortening out if it goes on from the short text and does not show again what
was cut.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from db.typography import fold_typography

if TYPE_CHECKING:
    from collections.abc import Callable

    from db.records import Sighting

LEAST_SHARED = 0.9
"""Share of the names of classes and elements of a page that a later page of its template still has."""

_ENDS_WITHIN = 4_096
"""Bytes at the end of a page in which its end tag stands."""

SAME_END = 8
"""Number of tags at their end in which two parts of pages agree. A page that was cut ends at any tag."""

LEAST_OF_BOTH = 0.75
"""Least share of the names of both pages that both have: a first list of updates or a gallery adds names of its own."""

LEAST_OF_HEADLINE = 0.5
"""Share of the words of both headlines, together, that one headline and its rewording have in common."""

_MOST_BYTES = 5_000_000
"""A larger page is not looked at."""

_NAMES = re.compile(rb"""\b(?:class|id)\s*=\s*["']([^"'<>]{1,200})["']""", re.IGNORECASE)
_WHOLE_TAGS = (b"article", b"main", b"footer")
_TAG = re.compile(rb"</?[a-z][a-z0-9]{0,20}")
_WORD = re.compile(r"\w+")
_SHOWN_AGAIN = 0.25
_GOES_ON = 0.3


class Evidence(Protocol):
    """The two questions that decide about a shortening."""

    def is_whole(self, before: Sighting, after: Sighting) -> bool:
        """Return True if the structure of the later page says that nothing broke."""

    def bears_out(self, before: Sighting, short: Sighting, later: Sighting) -> bool:
        """Return True if ``later`` goes on from the ``short`` text and does not show again what was cut."""


class StoredEvidence:
    """Evidence from stored texts and payloads.

    ``body`` returns the body of a text by its digest, ``payload`` the payload of a capture by its id.
    """

    def __init__(self, *, body: Callable[[str], str], payload: Callable[[int], bytes]) -> None:
        self._body = body
        self._payload = payload

    def is_whole(self, before: Sighting, after: Sighting) -> bool:
        """Return True if both pages are whole, of one template, under one headline."""
        if not has_same_headline(before.title, after.title):
            return False
        return has_same_frame(self._payload(before.capture_id), self._payload(after.capture_id))

    def bears_out(self, before: Sighting, short: Sighting, later: Sighting) -> bool:
        """Return True if ``later`` has lines of the ``short`` text, and few of those that were cut from ``before``."""
        old, rest, new = (_lines(self._body(sighting.text_sha256 or "")) for sighting in (before, short, later))
        cut = old - rest
        return _size(rest & new) >= _GOES_ON * _size(rest) > 0 and _size(cut & new) <= _SHOWN_AGAIN * _size(cut)


def has_same_frame(before: bytes, after: bytes) -> bool:
    """Return True if both pages have their end, what ``before`` closes is closed, and they are of one template.

    Linear in the length of the pages.
    """
    if max(len(before), len(after)) > _MOST_BYTES:
        return False
    pages = before.lower(), after.lower()
    if not (all(map(_has_end_tag, pages)) or _end(pages[0]) == _end(pages[1]) != []):
        return False
    for tag in _WHOLE_TAGS:
        opened, closed = ([page.count(mark + tag) for page in pages] for mark in (b"<", b"</"))
        if opened[1] != closed[1] or bool(opened[0]) != bool(opened[1]):
            return False
    names, others = ({name for names in _NAMES.findall(page) for name in names.split()} for page in pages)
    common = len(names & others)
    return common >= LEAST_SHARED * len(names) and common >= LEAST_OF_BOTH * max(len(names | others), 1)


def has_same_headline(before: str, after: str) -> bool:
    """Return True for two equal headlines, or a headline and its rewording. Headlines of one word must be equal."""
    words, others = (frozenset(_WORD.findall(fold_typography(title).casefold())) for title in (before, after))
    if min(len(words), len(others)) <= 1:
        return before == after != ""
    return len(words & others) >= LEAST_OF_HEADLINE * len(words | others)


def _has_end_tag(page: bytes) -> bool:
    end = page[-_ENDS_WITHIN:]
    return b"</html>" in end or b"</body>" in end


def _end(page: bytes) -> list[bytes]:
    """Return the last tags of a page. Empty if it ends in something else."""
    end = page[-_ENDS_WITHIN:].rstrip()
    return _TAG.findall(end)[-SAME_END:] if end.endswith(b">") else []


def _lines(body: str) -> frozenset[str]:
    return frozenset(" ".join(fold_typography(line).split()) for line in body.split("\n"))


def _size(lines: frozenset[str]) -> int:
    return sum(map(len, lines))
