"""The headline of a page: what two of h1, og:title and JSON-LD agree on, else h1, else og:title, else the title tag."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"\w+")
_SEPARATOR = re.compile(r"\s+[-|\u2013\u2014·•»:/~]+\s+|\s*\|\s*|\s+::\s+")
_LONGEST_SITE = 6  # words: "The Daily Example of North Anywhere"
_SHORTEST_HEADLINE = 2  # words that must remain before a tail is taken for a site's name


def choose_headline(h1: Iterable[str], og_title: str, ld_headline: str, tag_title: str, sites: Iterable[str]) -> str:
    """The headline, in the spelling of the first source that has it.

    ``h1`` may be several, the likeliest first; ``sites`` are names of the site (og:site_name, publisher, host),
    which are cut from the end of a title and are no headline themselves. Empty when the page has none.
    """
    names = {fold(site) for site in sites if site} - {""}
    headings = [text for text in h1 if fold(text) not in names | {""}]
    others = [text for text in (og_title, ld_headline) if fold(text) not in names | {""}]
    agreed = _agreed(headings, others, names)
    fallback = [*headings[:1], og_title, ld_headline, _without_tail(tag_title)]
    return agreed or next((cut for text in fallback if (cut := without_site(text, names))), "")


def agreeing(headline: str, said: Iterable[tuple[str, str]], sites: Iterable[str]) -> tuple[str, ...]:
    """Which of the (source, title) pairs have this headline, give or take a site's name; each source once, in order."""
    names = {fold(site) for site in sites if site} - {""}
    own = without_site(headline, names)
    found = (source for source, title in said if _common(own, without_site(title, names)))
    return tuple(dict.fromkeys(found))


def fold(text: str) -> str:
    """A text as its words in one case: what two spellings of a headline have in common."""
    return " ".join(_WORD.findall(text.casefold()))


def without_site(text: str, names: Iterable[str]) -> str:
    """``text`` without the site's name at its end or start (``names`` are folded)."""
    cuts = list(_SEPARATOR.finditer(text))
    for cut in cuts:
        if fold(text[cut.end() :]) in names:
            return text[: cut.start()].strip()
    if cuts and fold(text[: cuts[0].start()]) in names:
        return text[cuts[0].end() :].strip()
    return text.strip()


def _agreed(headings: list[str], others: list[str], names: set[str]) -> str:
    bare = {text: without_site(text, names) for text in (*headings, *others)}
    pairs = [(heading, other) for heading in headings for other in others] + list(combinations(others, 2))
    return next((common for a, b in pairs if (common := _common(bare[a], bare[b]))), "")


def _common(a: str, b: str) -> str:
    """What two titles agree on: one may carry a tail (its site's name) that the other has not."""
    one, other = fold(a), fold(b)
    if not one or not other:
        return ""
    if one == other or one == fold(_without_tail(b)):
        return a
    return b if other == fold(_without_tail(a)) else ""


def _without_tail(title: str) -> str:
    """A title without its last part when that is short enough for a site's name and leaves a headline."""
    cuts = list(_SEPARATOR.finditer(title))
    if not cuts:
        return title
    head, tail = title[: cuts[-1].start()], title[cuts[-1].end() :]
    is_tail = len(_WORD.findall(tail)) <= _LONGEST_SITE and len(_WORD.findall(head)) >= _SHORTEST_HEADLINE
    return head if is_tail else title
