"""The headline of a page: the title on which its witnesses agree.

The witnesses are the h1 elements, og:title, the JSON-LD headline, the title tag, and the words of the address.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from archive.extract.fold import fold_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WORD = re.compile(r"\w+")
_LONG_WORD = re.compile(r"\w{4,}")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_SEPARATOR = re.compile(
    r"\s+[-|\u2013\u2014·•»«›‹/~\u22c6\u2605\u2606\u2726\u25c6\u25a0\u25cf\u25aa\u2192\u25b8\u203b*]+\s+"
    r"|\s*[|\uff5c\u2502\u2503\u2223\u2016]\s*|\s*\uff0d\s*|\s*--+\s*|(?<=[\u3400-\u9fff])[_-](?=[\u3400-\u9fff])"
    r"|\s+::?\s+|:\s+"
)
_LONGEST_SITE = 6  # words: "The Daily Example of North Anywhere"
_SHORTEST_HEADLINE = 2  # words that must remain for a tail to count as a site's name
_SHORTEST_TITLE = 3  # words of a title that can speak against an h1
_SHORTEST_SUBHEAD = 8  # characters of a lower heading that can
_MAX_SEPARATORS = 20
_RELATED = 0.3
"""Least share of the words of a title that an h1 has if it is the same headline in other words. Of 743 labelled pages
240 have an h1 that equals neither og:title nor the JSON-LD headline. That of a section or a site has none of the
words."""


def choose_headline(
    h1: Iterable[str],
    og_title: str,
    ld_headline: str,
    tag_title: str,
    sites: Iterable[str],
    slug: str = "",
    subheads: Iterable[str] = (),
) -> str:
    """Return the headline, in the spelling of the first source that has it. Empty if the page has none.

    ``h1`` may be several, the likeliest first. ``sites`` are names of the site (og:site_name, publisher, host). They
    are cut from the end of a title and are no headline themselves. ``slug`` has the words of the address. One of the
    ``subheads``, which are lower headings, is the headline if another witness says so and the h1 tells something else.
    """
    names = {fold_words(site) for site in sites if site} - {""}
    headings = [text for text in h1 if not _is_name(text, names)]
    others = [text for text in (og_title, ld_headline) if not _is_name(text, names)]
    known = _agreed(headings, others, names) or _confirmed_subhead(headings, (*others, tag_title), subheads, names)
    title = known or _by_title_tag(headings, others, tag_title, slug, names)
    return next((text for text in _long(subheads, names)), title) if _is_name(title, names) else title


def agreeing_sources(headline: str, titles: Iterable[tuple[str, str]], sites: Iterable[str]) -> tuple[str, ...]:
    """Return the sources of the (source, title) pairs that have this headline, apart from a site's name. No repeats."""
    names = {fold_words(site) for site in sites if site} - {""}
    own = strip_site_name(headline, names)
    sources = (source for source, title in titles if _common(own, strip_site_name(title, names)))
    return tuple(dict.fromkeys(sources))


def strip_site_name(text: str, names: Iterable[str]) -> str:
    """Return ``text`` without the site's name at its end or start. ``names`` are folded."""
    cuts = _cuts(text)
    ends = [*(cut.start() for cut in cuts[1:]), len(text)]
    for cut, end in zip(cuts, ends, strict=False):
        is_whole = _count(text[: cut.start()]) >= _SHORTEST_HEADLINE
        if _is_name(text[cut.end() :], names) or (is_whole and _is_name(text[cut.end() : end], names)):
            return text[: cut.start()].strip()
    for cut in reversed(cuts):
        if _is_name(text[: cut.start()], names):
            return text[cut.end() :].strip()
    return text.strip()


def _count(text: str) -> int:
    """Return the number of words. In scripts without spaces three letters count as one."""
    return max(len(_WORD.findall(text)), len(_UNSPACED.findall(text)) // 3)


def _cuts(text: str) -> list[re.Match[str]]:
    return list(_SEPARATOR.finditer(text))[:_MAX_SEPARATORS]


def _is_name(text: str, names: Iterable[str]) -> bool:
    """True for a name of the site, also if its words are joined as in an address, and for a text without words."""
    folded = fold_words(text)
    joined = folded.replace(" ", "")
    return not folded or any(folded == name or joined == name.replace(" ", "") for name in names)


def _agreed(headings: list[str], others: list[str], names: set[str]) -> str:
    stripped = {text: strip_site_name(text, names) for text in (*headings, *others)}
    pairs = [(heading, other) for heading in headings for other in others] + list(combinations(others, 2))
    return next((common for a, b in pairs if (common := _common(stripped[a], stripped[b]))), "")


def _confirmed_subhead(headings: list[str], titles: Iterable[str], subheads: Iterable[str], names: set[str]) -> str:
    """Return the lower heading that one of the titles confirms, if no h1 tells of the same matter."""
    stripped = [strip_site_name(title, names) for title in titles if title]
    for subhead in _long(subheads, names):
        common = next((common for title in stripped if (common := _common(subhead, title))), "")
        common = common or next((subhead for title in stripped if _is_first_part(subhead, title)), "")
        if common and not any(_tell_the_same(heading, [common], _LONG_WORD) for heading in headings):
            return common
    return ""


def _is_first_part(subhead: str, title: str) -> bool:
    """True if a title is the lower heading, then shorter names of sections and of the site."""
    folded = fold_words(subhead)
    is_most = 2 * len(folded) > len(fold_words(title))
    return is_most and any(fold_words(title[: cut.start()]) == folded for cut in _cuts(title))


def _long(subheads: Iterable[str], names: set[str]) -> Iterator[str]:
    return (text for text in subheads if len(text) >= _SHORTEST_SUBHEAD and not _is_name(text, names))


def _by_title_tag(headings: list[str], others: list[str], tag_title: str, slug: str, names: set[str]) -> str:
    """Return the title that the title tag or the address confirms, else the first h1, og:title or title tag.

    Publishers show one headline and declare another for search engines. Both tell of the same matter, so they share
    words. An h1 without a word of the title is the name of a site, a section or a box.
    """
    declared = [text for text in others if _contains(tag_title, strip_site_name(text, names))]
    title = _strip_tail(strip_site_name(tag_title, names))
    for heading in headings:
        if not _rest(tag_title, heading, slug) and _tell_the_same(heading, (*others, title, slug)):
            own = strip_site_name(heading, names)
            return next((text for text in declared if _is_end(own, strip_site_name(text, names))), own)
    rests = [rest for heading in headings[:1] if (rest := _rest(tag_title, heading, slug))]
    if not (headings or declared) and _tell_the_same(title, [slug]) and not _tell_the_same(slug, others):
        declared = [title]
    candidates = [*declared[:1], *rests[:1], *headings[:1], *others, title]
    return next((cut for text in candidates if (cut := strip_site_name(text, names))), "")


def _is_end(heading: str, title: str) -> bool:
    """True if a heading is a title with a date or a section in front."""
    folded = fold_words(title)
    return len(folded.split()) >= _SHORTEST_TITLE and fold_words(heading).endswith(folded)


def _contains(title: str, part: str) -> bool:
    """True if all words of a part are in a title, in order and side by side."""
    return bool(fold_words(part)) and f" {fold_words(part)} " in f" {fold_words(title)} "


def _tell_the_same(heading: str, titles: Iterable[str], word: re.Pattern[str] = _WORD) -> bool:
    """True if a heading shares enough words with one of the titles."""
    words = set(word.findall(heading.casefold()))
    for title in titles:
        others = set(word.findall(title.casefold()))
        shared = len(words & others)
        if shared and (shared >= _RELATED * len(others) or shared >= _SHORTEST_TITLE):
            return True
    return False


def _rest(tag_title: str, heading: str, slug: str) -> str:
    """Return the headline of a title tag of which ``heading`` is the site's part. Empty if it is not.

    The site's part is mostly the last. If it is the first, the address has words of the headline.
    """
    for cut in _cuts(tag_title):
        head, tail = tag_title[: cut.start()].strip(), tag_title[cut.end() :].strip()
        if not cut[0].startswith(":") and _starts(tail, heading) and not _starts(head, heading):
            is_headline = _tell_the_same(heading, [slug]) and not _tell_the_same(head, [slug])
            return head if not is_headline and _count(head) >= _SHORTEST_HEADLINE else ""
        if _starts(head, heading) and _tell_the_same(tail, [slug]) and not _tell_the_same(heading, [slug]):
            return tail
    return ""


def _starts(part: str, heading: str) -> bool:
    """True if one is the beginning of the other, by whole words."""
    a, b = fold_words(part), fold_words(heading)
    return bool(a and b) and (f"{a} ".startswith(f"{b} ") or f"{b} ".startswith(f"{a} "))


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
    cuts = [cut for cut in _cuts(title) if not cut[0].startswith(":")]
    if not cuts:
        return title
    head, tail = title[: cuts[-1].start()], title[cuts[-1].end() :]
    is_tail = _count(tail) <= _LONGEST_SITE and _count(head) >= _SHORTEST_HEADLINE
    return head if is_tail else title
