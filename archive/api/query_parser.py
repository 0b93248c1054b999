r"""From what people type into a search box to a question that never fails.

::

    border talks             both words, anywhere in one version
    "joint statement"        these words together
    deport*                  words that begin so
    -opinion  -"live blog"   without
    ferry OR boat            one of the two, or both
    title:harbour            in the headline; also title:"harbour opens" and title:harb*
    near:"ferry sank"~5      at most so many words apart (10 if that is not said), in any order
    site:daily.example       that site and what is below it; also site:daily.example/sport
    after:2021-10            first seen then or later: a year, a month or a day
    before:2021-10-08        first seen before that

Every other sign is text. Raw input would make FTS5 fail for 34 of 40 everyday searches (U.S., back-up, AT&T, don't).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from archive.timestamps import iso, parse_stamp
from archive.urls import url_key
from db.errors import ArchiveError, BadInput
from db.records import SearchFilters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

MOST_TERMS = 64
"""Words of a query; what comes behind them is not searched for."""

LONGEST = 4_000
"""Characters of a query that are read."""

NEAR, FARTHEST = 10, 100
"""Words apart that near: means and that it may say."""

EXAMPLES = 'border talks "joint statement" -opinion site:daily.example after:2021-10'
"""What a query may look like, for help texts."""

SYNTAX = (
    'words, "a phrase", prefix*, -without, this OR that, title:word, near:"two words"~5, site:host, after:2021-10, '
    "before:2022; every other sign is text"
)
"""The same, for descriptions."""

_TERM = re.compile(
    r"""(?P<minus>-?)(?:
        near:"(?P<near>[^"]*)"?(?:~(?P<apart>\d{1,6}))?
      | (?P<title>title:)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W_]+")
_FILTER = re.compile(r"(site|after|before):(.+)", re.IGNORECASE)
_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedQuery:
    """A search as it was understood: an FTS5 ``query``, what it is narrowed to, and all of it in words, ``said``."""

    query: str
    only: SearchFilters
    said: str


class _Term(NamedTuple):
    """One thing to search for: its FTS5 expression, how many words it has, and whether it must not occur."""

    expression: str
    words: int
    unwanted: bool = False


_OR = _Term("OR", 1)


def parse_query(words: str, *, when: datetime | None = None, gone: bool = False) -> ParsedQuery:
    """The search that ``words`` ask for, ``when`` and ``gone`` being those of ``SearchFilters``.

    Raises BadInput if nothing in them can be searched for.
    """
    safe = words[:LONGEST].encode("utf-8", "replace").decode().replace("\0", " ")
    only, where = SearchFilters(when=when, gone=gone), ""
    terms: list[_Term] = []
    for found in _TERM.finditer(safe):
        more = None if found["minus"] or found["title"] else _narrowed(only, found["word"] or "")
        if more is None:
            terms += _terms(found)
        else:
            where = where if more.site == only.site else (found["word"] or "").partition(":")[2]
            only = more
    query = _query(_at_most(terms))
    if query is None:
        raise BadInput(f"cannot search for {words[:200]!r}: {_why(terms, only)}; write for example: {EXAMPLES}")
    return ParsedQuery(query=query, only=only, said=f"{query}{_said(only, where)}")


def _why(terms: Sequence[_Term], only: SearchFilters) -> str:
    if any(term.unwanted for term in terms):
        return "it only says what must not occur"
    narrowed = only.site or only.since or only.until
    return "it says where and when, but no word" if narrowed else "it holds no letter or digit"


def _said(only: SearchFilters, where: str) -> str:
    site = f", at {where}" if where else ""
    since = "" if only.since is None else f", first seen from {iso(only.since)}"
    return site + since + ("" if only.until is None else f", first seen before {iso(only.until)}")


# --- where and when --------------------------------------------------------------------------------------------------


def _narrowed(before: SearchFilters, word: str) -> SearchFilters | None:
    """The search narrowed by a word like site:daily.example; None where the word is none of these, but text."""
    found = _FILTER.fullmatch(word)
    if found is None:
        return None
    name, value = found[1].lower(), found[2]
    if name == "site":
        site = _site(value)
        return None if site is None else replace(before, site=site)
    at = _day(value)
    if at is None:
        return None
    return replace(before, since=at) if name == "after" else replace(before, until=at)


def _site(value: str) -> tuple[str, str] | None:
    """The url_keys of a site's pages, or of a part of it: from the first to before the second. None: no address."""
    host, _, path = value.rpartition("://")[2].strip("/").partition("/")
    if not _LETTERS.search(host):
        return None
    try:
        key = url_key(f"https://{host}/{path}")
    except ArchiveError:
        return None
    if path:
        return key, f"{key}\U0010ffff"
    labels = key.partition(")")[0].rstrip(",")  # example,daily, is followed by a label, a port or the path
    return f"{labels},", f"{labels}-"


def _day(value: str) -> datetime | None:
    """Where a year, month or day begins; None where there is no such day."""
    try:
        return parse_stamp(value) if _DATE.fullmatch(value) else None
    except BadInput:
        return None


# --- words -----------------------------------------------------------------------------------------------------------


def _terms(found: re.Match[str]) -> Iterator[_Term]:
    """What one piece of a query searches for; nothing where it has no letter or digit."""
    unwanted = bool(found["minus"])
    if found["near"] is not None:
        words = _LETTERS.findall(found["near"])
        apart = min(int(found["apart"] or NEAR), FARTHEST)
        told = " ".join(f'"{word}"' for word in words)
        near = f"NEAR({told}, {apart})" if len(words) > 1 else told
        yield from [_Term(near, len(words), unwanted)] * bool(words)
        return
    said = found["phrase"] if found["phrase"] is not None else found["word"]
    if said == "OR" and found["word"] and not unwanted and not found["title"]:
        yield _OR
        return
    words = _LETTERS.findall(said)
    if words:
        prefix = "*" if found["word"] and said.endswith("*") else ""
        column = "title : " if found["title"] else ""
        bare = said.rstrip("*") if prefix else said
        quoted = bare.replace('"', '""')
        yield _Term(f'{column}"{quoted}"{prefix}', len(words), unwanted)


def _at_most(terms: Sequence[_Term]) -> list[_Term]:
    """As many terms as have ``MOST_TERMS`` words together."""
    told, left = [], MOST_TERMS
    for term in terms:
        left -= term.words
        if left < 0:
            break
        told.append(term)
    return told


def _query(terms: Sequence[_Term]) -> str | None:
    """The FTS5 query of all terms; None where none of them is wanted."""
    wanted: list[list[str]] = []
    either = False
    for place, term in enumerate(terms):
        if term.unwanted:
            continue
        if term is _OR and _between(terms, place):
            either = True
            continue
        expression = '"OR"' if term is _OR else term.expression
        if either:
            wanted[-1].append(expression)
        else:
            wanted.append([expression])
        either = False
    if not wanted:
        return None
    all_of = " AND ".join(group[0] if len(group) == 1 else f"({' OR '.join(group)})" for group in wanted)
    none_of = " OR ".join(term.expression for term in terms if term.unwanted)
    return f"({all_of}) NOT ({none_of})" if none_of else all_of


def _between(terms: Sequence[_Term], place: int) -> bool:
    """True for an OR between two terms that are wanted; anywhere else it is a word."""
    if not 0 < place < len(terms) - 1:
        return False
    return not any(term.unwanted or term is _OR for term in (terms[place - 1], terms[place + 1]))
