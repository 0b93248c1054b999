"""The headline of a page: a title on which two of h1, og:title and JSON-LD agree, else h1, og:title or title tag."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from archive.extract.fold import fold_words

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"\w+")
_SEPARATOR = re.compile(r"\s+[-|\u2013\u2014·•»:/~]+\s+|\s*\|\s*|\s+::\s+")
_LONGEST_SITE = 6  # words: "The Daily Example of North Anywhere"
_SHORTEST_HEADLINE = 2  # words that must remain for a tail to count as a site's name


def choose_headline(h1: Iterable[str], og_title: str, ld_headline: str, tag_title: str, sites: Iterable[str]) -> str:
    """Return the headline, in the spelling of the first source that has it. Empty if the page has none.

    ``h1`` may be several, the likeliest first. ``sites`` are names of the site (og:site_name, publisher, host). They
    are cut from the end of a title and are no headline themselves.
    """
    names = {fold_words(site) for site in sites if site} - {""}
    headings = [text for text in h1 if fold_words(text) not in names | {""}]
    others = [text for text in (og_title, ld_headline) if fold_words(text) not in names | {""}]
    agreed = _agreed(headings, others, names)
    fallback = [*headings[:1], og_title, ld_headline, _strip_tail(tag_title)]
    return agreed or next((cut for text in fallback if (cut := strip_site_name(text, names))), "")


def agreeing_sources(headline: str, titles: Iterable[tuple[str, str]], sites: Iterable[str]) -> tuple[str, ...]:
    """Return the sources of the (source, title) pairs that have this headline, apart from a site's name. No repeats."""
    names = {fold_words(site) for site in sites if site} - {""}
    own = strip_site_name(headline, names)
    sources = (source for source, title in titles if _common(own, strip_site_name(title, names)))
    return tuple(dict.fromkeys(sources))


def strip_site_name(text: str, names: Iterable[str]) -> str:
    """Return ``text`` without the site's name at its end or start. ``names`` are folded."""
    cuts = list(_SEPARATOR.finditer(text))
    for cut in cuts:
        if fold_words(text[cut.end() :]) in names:
            return text[: cut.start()].strip()
    if cuts and fold_words(text[: cuts[0].start()]) in names:
        return text[cuts[0].end() :].strip()
    return text.strip()


def _agreed(headings: list[str], others: list[str], names: set[str]) -> str:
    stripped = {text: strip_site_name(text, names) for text in (*headings, *others)}
    pairs = [(heading, other) for heading in headings for other in others] + list(combinations(others, 2))
    return next((common for a, b in pairs if (common := _common(stripped[a], stripped[b]))), "")


def _common(a: str, b: str) -> str:
    """Return the title that both agree on, else "". One may have a tail (a site name) that the other lacks."""
    folded_a, folded_b = fold_words(a), fold_words(b)
    if not folded_a or not folded_b:
        return ""
    if folded_a == folded_b or folded_a == fold_words(_strip_tail(b)):
        return a
    return b if folded_b == fold_words(_strip_tail(a)) else ""


def _strip_tail(title: str) -> str:
    """Return a title without its last part if that is short enough for a site's name and leaves a headline."""
    cuts = list(_SEPARATOR.finditer(title))
    if not cuts:
        return title
    head, tail = title[: cuts[-1].start()], title[cuts[-1].end() :]
    is_tail = len(_WORD.findall(tail)) <= _LONGEST_SITE and len(_WORD.findall(head)) >= _SHORTEST_HEADLINE
    return head if is_tail else title
