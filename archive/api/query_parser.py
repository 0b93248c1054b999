r"""Parser of search queries, from the text of a search box to FTS5. No input makes FTS5 fail.

::

    border talks             both words, anywhere in one version
    "joint statement"        these words together
    deport*                  words that begin so
    -opinion  -"live blog"   without
    ferry OR boat            one of the two, or both
    title:harbour            in the headline; also title:"harbour opens" and title:harb*
    near:"ferry sank"~5      at most so many words apart (10 by default), in any order
    site:daily.example       that site and what is below it; also site:daily.example/sport
    author:castellan         with that name in the byline; also author:"leo castellan"
    after:2021-10            first seen then or later: a year, a month or a day
    before:2021-10-08        first seen before that

A query may have filters alone: it lists what they select, the newest first. All other characters are text. With raw
input FTS5 fails for 34 of 40 everyday searches (U.S., back-up, AT&T, don't).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from archive.timestamps import iso, parse_stamp
from archive.urls import url_key
from db.errors import ArchiveError, BadInput
from db.han_forms import TWO_FORMS
from db.records import SearchFilters
from db.script_folding import (
    folded_words,
    has_umlaut,
    is_in_parts,
    is_segmented,
    needs_folding,
    phrase_tokens,
    spelled_out,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

MOST_TERMS = 64
"""Most words of a query; the rest is ignored."""

LONGEST = 4_000
"""Most characters of a query; the rest is ignored."""

NEAR, FARTHEST = 10, 100
"""Default and largest distance in words of near:."""

EXAMPLES = 'border talks "joint statement" -opinion site:daily.example after:2021-10'
"""An example query, for help texts."""

SYNTAX = (
    'words, "a phrase", prefix*, -without, this OR that, title:word, near:"two words"~5, site:host, author:name, '
    "after:2021-10, before:2022; every other sign is text"
)
"""The query syntax on one line, for descriptions."""

_TERM = re.compile(
    r"""(?P<minus>-?)(?:
        near:"(?P<near>[^"]*)"?(?:~(?P<apart>\d{1,6}))?
      | author:"(?P<author>[^"]*)"?
      | (?P<title>title:)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W_]+")
_FILTER = re.compile(r"(site|author|after|before):(.+)", re.IGNORECASE)
_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedQuery:
    """A parsed search: the FTS5 ``query``, its filters, and a ``description`` of both."""

    query: str
    only: SearchFilters
    description: str


class _Term(NamedTuple):
    """A search term: its FTS5 expression and number of words. ``unwanted``: it must not occur.

    ``description``: the term for people, who need not read of columns and pairs of letters.
    """

    expression: str
    words: int
    unwanted: bool = False
    description: str = ""


_OR = _Term("OR", 1, description="OR")


def parse_query(words: str, *, when: datetime | None = None, removed: bool = False) -> ParsedQuery:
    """Parse a query. ``when`` and ``removed`` become ``when`` and ``gone`` of its ``SearchFilters``.

    Raises BadInput if there is no word to search for.
    """
    safe = words[:LONGEST].encode("utf-8", "replace").decode().replace("\0", " ")
    only, site_words = SearchFilters(when=when, gone=removed), ""
    terms: list[_Term] = []
    for match in _TERM.finditer(safe):
        word = match["word"] or (f"author:{match['author']}" if match["author"] else "")
        narrowed = None if match["minus"] or match["title"] else _add_filter(only, word)
        if narrowed is None:
            terms += _terms(match)
        else:
            site_words = site_words if narrowed.site == only.site else (match["word"] or "").partition(":")[2]
            only = narrowed
    accepted = _at_most(terms)
    query = _query(accepted)
    if query is None and not accepted and only.is_selective:
        return ParsedQuery(query="", only=only, description=f"every text{_describe(only, site_words)}")
    if query is None:
        raise BadInput(f"cannot search for {words[:200]!r}: {_why(terms)}; write for example: {EXAMPLES}")
    described = _query([term._replace(expression=term.description) for term in accepted])
    return ParsedQuery(query=query, only=only, description=f"{described}{_describe(only, site_words)}")


def _why(terms: Sequence[_Term]) -> str:
    return "it only says what must not occur" if any(term.unwanted for term in terms) else "it holds no letter or digit"


def _describe(only: SearchFilters, site_words: str) -> str:
    site = f", at {site_words}" if site_words else ""
    since = "" if only.since is None else f", first seen from {iso(only.since)}"
    author = "" if only.author is None else f", by {only.author}"
    return site + author + since + ("" if only.until is None else f", first seen before {iso(only.until)}")


# --- where and when --------------------------------------------------------------------------------------------------


def _add_filter(before: SearchFilters, word: str) -> SearchFilters | None:
    """Return the filters with that of a word like site:daily.example added, None if the word is plain text."""
    match = _FILTER.fullmatch(word)
    if match is None:
        return None
    name, value = match[1].lower(), match[2]
    if name == "author":
        author = " ".join(value.split()).lower()
        return replace(before, author=author) if _LETTERS.search(author) else None
    if name == "site":
        site = _site(value)
        return None if site is None else replace(before, site=site)
    day = _day(value)
    if day is None:
        return None
    return replace(before, since=day) if name == "after" else replace(before, until=day)


def _site(value: str) -> tuple[str, str] | None:
    """Return the half-open range of url_keys of a site or a part of it, None if ``value`` is no address."""
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
    """Return the start of a year, month or day, None if there is no such day."""
    try:
        return parse_stamp(value) if _DATE.fullmatch(value) else None
    except BadInput:
        return None


# --- words -----------------------------------------------------------------------------------------------------------


def _terms(match: re.Match[str]) -> Iterator[_Term]:
    """Yield the search terms of one piece of a query, none if it has no letter or digit."""
    unwanted = bool(match["minus"])
    if match["near"] is not None:
        yield from _near(match["near"], int(match["apart"] or NEAR), unwanted=unwanted)
        return
    text = next(part for part in match.group("phrase", "word", "author") if part is not None)
    if text == "OR" and match["word"] and not unwanted and not match["title"]:
        yield _OR
        return
    words = _LETTERS.findall(text)
    if words:
        prefix = "*" if match["word"] and text.endswith("*") else ""
        bare = text.rstrip("*") if prefix else text
        yield _phrase(bare, prefix, len(words), unwanted=unwanted, in_title=bool(match["title"]))


def _phrase(text: str, prefix: str, words: int, *, unwanted: bool, in_title: bool) -> _Term:
    """Return the term of a word or a phrase.

    A script without spaces is searched in the pairs of letters of the index, anywhere in a text, and Indic words in its
    other column too. Other words are searched as they are and, if that differs, in their folded form.
    """
    quoted = text.replace('"', '""')
    shown = f'{"title : " if in_title else ""}"{quoted}"{prefix}'
    columns = ("{title_parts}" if in_title else "{title_parts body_parts}") + " : "
    if is_in_parts(text):
        tokens, is_beginning = phrase_tokens(text)
        part = f'{columns}"{" ".join(tokens)}"{"*" if is_beginning or prefix else ""}'
        writings = "" if TWO_FORMS.isdisjoint(text) else ", in simplified and traditional letters"
        shown += f" (also as a part of words{writings})" if is_segmented(text) else ""
        return _Term(part, words, unwanted, shown)
    column = "{title title_parts} : " if in_title else ""
    variants = [f'{column}"{quoted}"{prefix}']
    folded = _folded_variants(text)
    variants += [f'{column}"{variant}"{prefix}' for variant in folded]
    expression = variants[0] if len(variants) == 1 else f"({' OR '.join(variants)})"
    others = ", ".join(folded)
    return _Term(expression, words, unwanted, f"{shown} (also as {others})" if others else shown)


def _folded_variants(text: str) -> list[str]:
    """Return other spellings of a text: its folded form, that without umlauts, and both of the German sharp s."""
    lowered = text.lower()
    spellings = [" ".join(folded_words(text))] if needs_folding(text) else []
    spellings += [" ".join(_LETTERS.findall(spelled_out(text)))] if has_umlaut(text) else []
    spellings += [" ".join(_LETTERS.findall(lowered.replace("ss", "\u00df")))] if "ss" in lowered else []
    return [spelling for spelling in dict.fromkeys(spellings) if spelling and spelling != lowered]


def _near(text: str, apart: int, *, unwanted: bool) -> Iterator[_Term]:
    words = _LETTERS.findall(text)
    distance = min(apart, FARTHEST)
    shown = " ".join(f'"{word}"' for word in words)
    described = f"NEAR({shown}, {distance})" if len(words) > 1 else shown
    if not words:
        return
    if not is_in_parts(text):
        yield _Term(described, len(words), unwanted, described)
        return
    phrases = [phrase_tokens(part) for part in text.split()]
    quoted = " ".join(f'"{" ".join(tokens)}"{"*" * is_beginning}' for tokens, is_beginning in phrases if tokens)
    near = f"NEAR({quoted}, {distance})" if len(phrases) > 1 else quoted
    yield _Term(f"{{title_parts body_parts}} : {near}", len(words), unwanted, described)


def _at_most(terms: Sequence[_Term]) -> list[_Term]:
    """Return the first terms, up to ``MOST_TERMS`` words in total."""
    accepted, left = [], MOST_TERMS
    for term in terms:
        left -= term.words
        if left < 0:
            break
        accepted.append(term)
    return accepted


def _query(terms: Sequence[_Term]) -> str | None:
    """Return the FTS5 query of all terms, None if all of them are excluded."""
    groups: list[list[str]] = []
    either = False
    for index, term in enumerate(terms):
        if term.unwanted:
            continue
        if term.expression == "OR" and _between(terms, index):
            either = True
            continue
        expression = '"OR"' if term.expression == "OR" else term.expression
        if either:
            groups[-1].append(expression)
        else:
            groups.append([expression])
        either = False
    if not groups:
        return None
    all_of = " AND ".join(group[0] if len(group) == 1 else f"({' OR '.join(group)})" for group in groups)
    none_of = " OR ".join(term.expression for term in terms if term.unwanted)
    return f"({all_of}) NOT ({none_of})" if none_of else all_of


def _between(terms: Sequence[_Term], index: int) -> bool:
    """True if an OR is between two wanted terms; elsewhere it is an ordinary word."""
    if not 0 < index < len(terms) - 1:
        return False
    return not any(term.unwanted or term.expression == "OR" for term in (terms[index - 1], terms[index + 1]))
