"""Finds the article in the data from which a script draws a page: the longest run of prose that belongs to the page.

Teasers, related stories, comments and the words of the interface are data too. A run counts by its sentences. What
stands under the name of something else, or in a story with another headline or address than the page, is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archive.extract.dates import read_date
from archive.extract.fold import fold_words
from archive.extract.page_address import PageAddresses
from archive.extract.page_state import parse_json, read_states
from archive.extract.recipe import STATE_NODES, STATE_WORDS
from archive.extract.state_prose import TEXT_KEYS, Budget, prose_of, type_of
from archive.extract.verdict import count_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.extract.page_state import StateScript

_OTHER = re.compile(
    r"comment|related|recommend|teaser|trending|most_?(?:read|popular|viewed)|popular|latest|more_?(?:from|stories|articles)"
    r"|read_?(?:more|next|also)|up_?next|next_?article|prev(?:ious)?_?article|message|translation|i18n|intl|locale"
    r"|string|dictionary|label|config|setting|menu|navigation|footer|header(?!line)|cookie|consent|gdpr|privacy|terms"
    r"|newsletter|advert|(?:^|_)ads?(?:$|_)|promo|sidebar|widget|author|bio(?:$|graphy)|contributor|byline|faq"
    r"|description|summary|excerpt|abstract|standfirst|(?:^|_)dek|subtitle|subheadline|seo|(?:^|_)meta|og_|twitter|social"
    r"|schema_?org|json_?ld|query$|feature_?flags?|experiment|css|style|svg|disclaimer"
    r"|copyright|legal|notification|error|tooltip|aria|alt(?:_text)?$|caption|image|video|gallery|media$|subscri(?:be|ption)"
    r"|paywall|offer|plan(?:s)?$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|-")
_HEADLINE_KEYS = ("headline", "title", "heading", "name", "webTitle", "headlines", "hed", "seoTitle")
_ADDRESS_KEYS = ("url", "canonicalUrl", "canonical_url", "webUrl", "permalink", "href", "path", "slug", "link", "uri")
_PUBLISHED_KEYS = (
    *(
        "datePublished",
        "publishedAt",
        "published_at",
        "publishDate",
        "publish_date",
        "publicationDate",
        "firstPublished",
    ),
    *("first_publish_date", "publishedDate", "published", "pubDate", "display_date", "date", "createdAt"),
)
_MODIFIED_KEYS = (
    "dateModified",
    "modifiedAt",
    "updatedAt",
    "updated_at",
    "last_updated_date",
    "modified",
    "lastModified",
)
_AUTHOR_KEYS = ("author", "authors", "byline", "creator", "bylines", "contributors")
_MAX_AUTHORS = 20
_PAID_KEY = re.compile(
    r"(?:is_?)?(?:premium|paid|pay_?wall(?:ed)?|locked|subscribers?_?only|subscription_?required|member_?only|plus|restricted)"
    r"(?:_?content|_?article)?$",
    re.IGNORECASE,
)
_ACCESS_KEY = re.compile(
    r"(?:content_?)?(?:access|tier|access_?level|access_?type|paid_?content_?type|visibility)$", re.IGNORECASE
)
_PAID_VALUE = re.compile(
    r"(?:premium|paid|paywall|locked|subscribers?(?:[_ -]?only)?|plus|members?(?:[_ -]?only)?)$", re.IGNORECASE
)
_SENTENCE = re.compile(
    r"[.!?\u2026\u061f\u06d4][\"'\u2019\u201d\u00bb)\]]{0,3}(?:\s|$)|[\u3002\uff01\uff1f\u0964]", re.IGNORECASE
)
_ARTICLE_PATH = re.compile(r"article|story|post|news|entry|body|content|document", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{\{?\s{0,9}\w{1,40}\s{0,9}\}?\}|%[sd]|%\(\w{1,40}\)")
_LEAST_LINE = 8  # words of a line that counts as prose
_LONG_LINE = 20  # words of a line that counts as prose without a full stop; Thai has none
_SLUG = 8  # characters of an address without a host
_NAMING = 3  # blanks in a title that names a story and not only the site
_MUCH_LONGER = 2  # times the next run, for data that names neither headline nor address
_MOST_KEYS = 400  # of an object with more, such as a table of translations, only blocks are read
_MAX_DEPTH = 80
_MAX_STRING = 1_000_000  # characters of a text, or of JSON in a string
_SAMPLE = 20_000  # characters searched for the places that a template fills
_MAX_EMBEDDED = 3  # levels of JSON in strings


@dataclass(frozen=True, slots=True)
class StateArticle:
    """An article from the data of a page, with its dates as written and its authors.

    ``is_paid`` is true if the data says that only subscribers may read it.
    """

    text: str
    source: str
    headline: str = ""
    is_paid: bool = False
    published: str = ""
    modified: str = ""
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Story:
    """Fields of the story that an object describes, or those around it. Dates are as written."""

    headline: str = ""
    addresses: tuple[str, ...] = ()
    is_paid: bool = False
    published: str = ""
    modified: str = ""
    authors: tuple[str, ...] = ()


@dataclass(slots=True)
class _Search:
    """The walk over one page's data: its limits and its result."""

    budget: Budget
    runs: list[tuple[StateArticle, _Story]] = field(default_factory=list)


def find_state_article(
    scripts: Sequence[StateScript], addresses: Iterable[str], titles: Iterable[str]
) -> StateArticle | None:
    """Return the article of the page that is known under ``addresses`` and ``titles``, or None."""
    search = _Search(Budget(STATE_NODES))
    for state in read_states(list(scripts)):
        _walk(state.value, state.source, search)
    own_addresses, heads = tuple(addresses), tuple(filter(None, map(fold_words, titles)))
    page_addresses, paths = PageAddresses(own_addresses), tuple(_path(address) for address in own_addresses)
    matches = [(article, _belongs(story, page_addresses, heads, paths)) for article, story in search.runs]
    own = [article for article, is_own in matches if is_own]
    if own:
        return max(own, key=lambda article: len(article.text))
    unnamed = [article for article, is_own in matches if is_own is None and _ARTICLE_PATH.search(article.source)]
    unnamed = sorted(unnamed, key=lambda article: -len(article.text))
    texts = [article.text for article in unnamed]
    others = [text for text in texts[1:] if text != texts[0]]
    if not unnamed or (others and len(others[0]) * _MUCH_LONGER > len(texts[0])):
        return None
    return unnamed[0]


def _belongs(story: _Story, page: PageAddresses, heads: tuple[str, ...], paths: tuple[str, ...]) -> bool | None:
    """True if a story is that of the page, False if it is another one, None if nothing tells."""
    headline = fold_words(story.headline)
    if headline and any(_is_part(headline, head) or _is_part(head, headline) for head in heads):
        return True
    names = [address.strip("/").lower() for address in story.addresses if "://" not in address]
    if page.match(story.addresses) or any(
        len(name) > _SLUG and path.endswith(name) for name in names for path in paths
    ):
        return True
    is_named = any(head.count(" ") >= _NAMING for head in heads)
    return False if (headline and is_named) or page.match(story.addresses) is False else None


def _is_part(part: str, whole: str) -> bool:
    return part == whole or (part.count(" ") >= 1 and f" {part} " in f" {whole} ")


def _walk(state: Any, source: str, search: _Search) -> None:
    """Add each run of prose to the search, with the story that it stands in."""
    stack: list[tuple[Any, str, _Story, int]] = [(state, source, _Story(), 0)]
    root = state if isinstance(state, dict) else {}
    while stack and search.budget.take():
        value, path, story, embedded = stack.pop()
        if path.count(".") > _MAX_DEPTH:
            continue
        if isinstance(value, dict):
            story = _story_of(value, story)
            referred = _referred(value, root)
            if referred is not None:
                stack.append((referred, path, story, embedded))
                continue
            stack += _members(value, path, story, embedded)
            continue
        inner = _embedded(value) if embedded < _MAX_EMBEDDED else None
        if inner is not None:
            stack.append((inner, path, story, embedded + 1))
        elif (text := _run(value, search.budget)) is not None:
            stated = story.published, story.modified, story.authors
            article = StateArticle(text, path, story.headline, story.is_paid, *stated)
            search.runs.append((article, story))
        elif isinstance(value, list):
            stack += [
                (item, f"{path}[]", story, embedded) for item in reversed(value) if isinstance(item, (dict, list))
            ]


def _members(node: dict[str, Any], path: str, story: _Story, embedded: int) -> Iterator[tuple[Any, str, _Story, int]]:
    """Yield the parts of an object in which an article may be, under its path."""
    is_table = len(node) > _MOST_KEYS
    for key, part in node.items():
        if not isinstance(part, (dict, list, str)) or (is_table and isinstance(part, str)):
            continue
        name = _CAMEL.sub("_", key)
        if not _OTHER.search(name):
            yield part, f"{path}.{key[:60]}", story, embedded


def _story_of(node: dict[str, Any], around: _Story) -> _Story:
    """Return what an object says about its story. An object with a headline and a text or an address begins one."""
    headline = next((text for key in _HEADLINE_KEYS if (text := _headline(node.get(key)))), "")
    addresses = tuple(value for key in _ADDRESS_KEYS if isinstance(value := node.get(key), str) and value)
    is_paid = any(_is_paid(key, value) for key, value in node.items())
    is_story = headline and (addresses or not _TEXTS.isdisjoint(node))
    if is_story and not type_of(node).lower().startswith(("heading", "image", "link")):
        paid = is_paid or (around.is_paid and not around.headline)
        return _Story(
            headline, addresses, paid, _date(node, _PUBLISHED_KEYS), _date(node, _MODIFIED_KEYS), _authors(node)
        )
    return replace(around, is_paid=around.is_paid or is_paid)


def _date(node: dict[str, Any], keys: Sequence[str]) -> str:
    """Return the first of the dates that an object states, as written. A number is a time in seconds or more."""
    values = (node[key] for key in keys if key in node)
    dates = (str(value) for value in values if isinstance(value, (str, int)) and not isinstance(value, bool))
    return next((date for date in dates if date and read_date(date)), "")


def _authors(node: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of an object's authors: strings, or objects with a name."""
    for key in _AUTHOR_KEYS:
        value = node.get(key)
        people = value if isinstance(value, list) else [value]
        names = (
            _headline(person.get("name")) if isinstance(person, dict) else person for person in people[:_MAX_AUTHORS]
        )
        if authors := tuple(name for name in names if isinstance(name, str) and name):
            return authors
    return ()


_TEXTS = frozenset(TEXT_KEYS) - {"value", "data", "props", "items", "elements", "root", "document", "attributes"}


def _headline(value: Any) -> str:
    if isinstance(value, dict):  # {"rendered": ...}, {"basic": ...}
        value = next((value[key] for key in ("rendered", "basic", "main", "text", "default") if key in value), "")
    return " ".join(value.split())[:300] if isinstance(value, str) else ""


def _is_paid(key: str, value: Any) -> bool:
    name = _CAMEL.sub("_", key)
    if name == "is_Accessible_For_Free":
        return value is False or str(value).lower() == "false"
    if _PAID_KEY.match(name):
        return value is True or value == 1 or str(value).lower() in {"true", "yes"}
    return bool(_ACCESS_KEY.match(name) and isinstance(value, str) and _PAID_VALUE.match(value))


def _referred(node: dict[str, Any], root: dict[str, Any]) -> Any:
    """Return the object that a reference of a normalised cache (Apollo) names, or None."""
    name = node.get("__ref") if len(node) == 1 else node.get("id") if node.get("generated") is not None else None
    referred = root.get(name) if isinstance(name, str) else None
    return referred if isinstance(referred, dict) and referred is not node else None


def _embedded(value: Any) -> Any:
    """Return the data of a string that is JSON, or None."""
    if not isinstance(value, str) or not STATE_WORDS < len(value) < _MAX_STRING or value[0] not in "{[":
        return None
    return parse_json(value)


def _run(value: Any, budget: Budget) -> str | None:
    """Return the text of a string or a list of blocks if it is the prose of an article, or None."""
    if isinstance(value, list):
        if not value or any(isinstance(item, dict) and _is_story(item) for item in value):
            return None
        if not any(isinstance(item, (dict, str)) for item in value):
            return None
    elif len(value) < STATE_WORDS:
        return None
    text = prose_of(value, budget)
    return text if is_prose(text) else None


def _is_story(node: dict[str, Any]) -> bool:
    """True for an object in a list that is a story of its own and no block of one."""
    has_headline = any(_headline(node.get(key)) for key in ("headline", "title", "webTitle", "hed"))
    return has_headline and any(
        isinstance(node.get(key), str) for key in (*_ADDRESS_KEYS, "id", "_id", "date", "publishedAt")
    )


def is_prose(text: str) -> bool:
    """True if a text has enough words, and most of them in lines of whole sentences."""
    if not STATE_WORDS < len(text) <= _MAX_STRING or len(_TEMPLATE.findall(text[:_SAMPLE])) > 1:
        return False
    counts = [(line, count_words(line)) for line in text.split("\n")]
    words = sum(number for _, number in counts)
    if words < STATE_WORDS:
        return False
    lines = [n for line, n in counts if n >= _LONG_LINE or (n >= _LEAST_LINE and _SENTENCE.search(line))]
    return sum(lines) * 2 > words


def _path(address: str) -> str:
    try:
        return urlsplit(address).path.strip("/").lower()
    except ValueError:
        return ""
