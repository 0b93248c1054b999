"""The headings of a page that may be its headline, and the words of an element."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement

    from archive.extract.parse import XPathQuery

_WORDS: XPathQuery = etree.XPath(
    "descendant::text()[not(parent::style or parent::script)]|descendant::br", smart_strings=False
)
_SUBHEADS: XPathQuery = etree.XPath(
    "//body//*[self::h2 or self::h3 or self::h4 or @itemprop='headline'][not(ancestor::aside or ancestor::nav"
    " or ancestor::footer)]"
)
_MAX_SUBHEADS = 40
_MAX_ELEMENTS = 100  # each costs its subtree, and a page may nest thousands
_MAX_SLUG = 300  # characters
_LOGO = re.compile(
    r"\b(?:logo|site-?title|site-?name|brand|branding|masthead|navbar|blog-?title|titlewrapper)\b",
    re.IGNORECASE,
)
_LOGO_PARENTS = 3  # levels above a heading that may be marked as the logo's
_HOME = re.compile(r"(?:https?://[^/?#]+|\.?(?=/)|(?=index\.))(?:/[a-z]{2})?/?(?:index\.\w{2,5})?$", re.IGNORECASE)
_SLUG_END = re.compile(r"\.\w{2,5}$")
_NO_WORD = re.compile(r"[^\w]+|_+|(?<=\D)(?=\d{4})")


def text_of(element: HtmlElement) -> str:
    """Return the words of an element with single spaces. A line break counts as a space."""
    return " ".join("".join(part if isinstance(part, str) else " " for part in _WORDS(element)).split())


def read_headings(elements: Iterable[HtmlElement]) -> tuple[str, ...]:
    """Return the texts of h1 elements, those inside the article or main element first, logos last.

    A logo is a heading that links to the front page or is marked as the name of the site.
    """
    limited = islice(elements, _MAX_ELEMENTS)
    texts = [(_rank(element), text_of(element)) for element in limited]
    return tuple(dict.fromkeys(text for _, text in sorted(texts, key=lambda pair: pair[0]) if text))


def read_subheads(root: HtmlElement) -> tuple[str, ...]:
    """Return the texts of lower headings outside of sidebars, marked headlines first: one of them may be the headline.

    Blogs and templates that give the h1 to the site's name show the headline in one of them.
    """
    subheads = [(heading, text_of(heading)) for heading in _SUBHEADS(root)[:_MAX_SUBHEADS]]
    marked = [text for heading, text in subheads if heading.get("itemprop") == "headline"]
    return tuple(dict.fromkeys(text for text in (*marked, *(text for _, text in subheads)) if text))


def read_logos(elements: Iterable[HtmlElement]) -> tuple[str, ...]:
    """Return the texts of those h1 elements that are the logo of the site."""
    logos = (element for element in islice(elements, _MAX_ELEMENTS) if _is_logo(element))
    return tuple(dict.fromkeys(text for logo in logos if (text := text_of(logo))))


def words_of_address(url: str) -> str:
    """Return the words in the last part of a URL's path that has several, with spaces. Empty if none has."""
    try:
        path = unquote(urlsplit(url).path)[-_MAX_SLUG:]
    except ValueError:
        return ""
    parts = [_NO_WORD.sub(" ", _SLUG_END.sub("", part)).strip() for part in path.split("/")]
    return next((part for part in reversed(parts) if not part.replace(" ", "").isdecimal() and len(part) > 1), "")


def _rank(element: HtmlElement) -> int:
    if _is_logo(element):
        return 2
    return 0 if next(element.iterancestors("article", "main"), None) is not None else 1


def _is_logo(element: HtmlElement) -> bool:
    around = [element, *islice(element.iterancestors(), _LOGO_PARENTS)]
    inside = list(islice(element.iterdescendants(), _MAX_ELEMENTS))
    links = [part for part in (*inside, *around) if part.tag == "a" and part.get("href") is not None]
    if any(_HOME.match(link.get("href").strip()) for link in links):
        return True
    marks = (part.get(name) or "" for part in (*around[:2], *inside[:3]) for name in ("class", "id", "itemprop"))
    return any(_LOGO.search(mark[:_MAX_SLUG]) for mark in marks)
