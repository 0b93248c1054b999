"""Article metadata from a page's JSON-LD. Tolerates common mistakes of publishers and limits how much it reads.

A node that names the address of another page, and has another headline, is another story and states nothing here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from html import unescape
from typing import TYPE_CHECKING, Any

from archive.extract.fold import fold_words
from archive.extract.lenient_json import read_values
from archive.extract.page_address import PageAddresses
from archive.extract.recipe import MAX_JSON_LD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_OTHER_STORIES = frozenset(
    {"itemListElement", "comment", "mentions", "citation", "relatedLink", "review", "hasPart", "isPartOf"}
    | {"significantLink", "isBasedOn", "subjectOf", "workExample", "exampleOfWork", "suggestedAnswer"}
    | {"acceptedAnswer", "video", "associatedMedia", "liveBlogUpdate", "blogPost", "recommendation"}
)
_MAY_BE_PAGE = "subjectOf"
"""What tells of an event or a product may be this page, if it says so by its address."""
_WORKS = frozenset(
    {"Recipe", "ClaimReview", "HowTo", "DiscussionForumPosting", "CreativeWork", "VideoObject", "PodcastEpisode"}
    | {"Question", "SpecialAnnouncement", "PressRelease", "Review", "CriticReview"}
)
_PREFIXED = re.compile(r".*[/:#](?=\w+$)")
_MAX_NODES = 20_000
_MAX_ARTICLES = 200  # a page that declares more is a list of stories
_MAX_AUTHORS = 20
_LEAST_WORDS = 3  # of a headline that may tell of another matter
_LEAST_SHARED = 10  # characters of a headline that is found in a title
_Node = dict[str, Any]
_KEYS = frozenset(
    {"@id", "@type", "articleBody", "author", "creator", "dateCreated", "dateModified", "datePosted", "datePublished"}
    | {"hasPart", "headline", "inLanguage", "isAccessibleForFree", "mainEntityOfPage", "name", "publisher", "url"}
    | {"uploadDate", "wordCount"}
)
_KEY_OF = {key.lower(): key for key in _KEYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class LdArticle:
    """The JSON-LD node of the article itself, with dates as written.

    ``has_paid_part``: a part of it (``hasPart``) is not free. ``body`` is articleBody, and ``words`` the larger of its
    number of words and wordCount. ``is_article`` is False if the page declares no article and a node of the page
    itself, or of another kind of work, has its dates and authors.
    """

    is_article: bool = True
    headline: str = ""
    published: str = ""
    modified: str = ""
    authors: tuple[str, ...] = ()
    publisher: str = ""
    language: str = ""
    free: bool | None = None
    has_paid_part: bool = False
    live: bool = False
    words: int = 0
    body: str = ""
    section: str = ""
    tags: tuple[str, ...] = ()


@dataclass(slots=True)
class _Nodes:
    """The nodes of a page that may state something about it.

    ``told_of`` has articles about an event or a product, ``by_id`` those with a name by their ``@id``.
    """

    articles: list[_Node] = field(default_factory=list)
    told_of: list[_Node] = field(default_factory=list)
    pages: list[_Node] = field(default_factory=list)
    works: list[_Node] = field(default_factory=list)
    by_id: dict[str, _Node] = field(default_factory=dict)


def read_article(blocks: Iterable[str], addresses: Iterable[str], titles: Iterable[str] = ()) -> LdArticle | None:
    """Return the article among the JSON-LD ``blocks`` of a page that is known under ``addresses``, or None.

    Lists of other stories are skipped. The article is the one that names an address of the page, else the one that has
    one of its ``titles`` as headline, else the first that names no address. Other nodes fill what it leaves open.
    """
    nodes = _collect([value for block in blocks if len(block) <= MAX_JSON_LD for value in read_values(block)])
    known, heads = PageAddresses(addresses), tuple(filter(None, map(fold_words, titles)))
    about = [node for node in nodes.told_of[:_MAX_ARTICLES] if known.match(_addresses(node))]
    own = _own_nodes(nodes.articles + about, known, heads)
    articles = [_article(node, nodes.by_id) for node in own]
    pages = [node for node in nodes.pages if known.match(_addresses(node)) is not False]
    works = [node for node in nodes.works if known.match(_addresses(node)) or _has_title(node, heads)]
    others = [_other(node, nodes.by_id) for node in (*pages, *works)]
    stated = [*articles, *(other for other in others if other.published or other.modified)]
    return _merge(stated) if stated else None


def _own_nodes(nodes: list[_Node], known: PageAddresses, titles: tuple[str, ...]) -> list[_Node]:
    """Return the nodes of this page's article. Several only if each names the page's address or has its title."""
    matches = [(node, known.match(_addresses(node))) for node in nodes]
    own = [node for node, is_same in matches if is_same]
    titled = [node for node, is_same in matches if not is_same and _has_title(node, titles)]
    unaddressed = [node for node, is_same in matches if is_same is None]
    return own or titled or unaddressed[:1]


def _has_title(node: _Node, titles: tuple[str, ...]) -> bool:
    """True if the node's headline is one of the folded titles of the page, or a part of it, or the reverse."""
    headline = fold_words(_text(node.get("headline")) or _text(node.get("name")))
    pairs = ((headline, title) for title in titles if headline)
    return any(a == b or (a in b and len(a) > _LEAST_SHARED) or (b in a and len(b) > _LEAST_SHARED) for a, b in pairs)


def is_of_other_matter(headline: str, titles: Iterable[str]) -> bool:
    """True if a declared headline has no word in common with any title of the page, in a script with spaces."""
    words = set(fold_words(headline).split())
    others = {word for title in titles for word in fold_words(title).split()}
    return len(words) >= _LEAST_WORDS and len(others) >= _LEAST_WORDS and words.isdisjoint(others)


def _merge(articles: list[LdArticle]) -> LdArticle:
    """Return the first article, with what it does not declare from the next that does."""
    first = articles[0]
    for other in articles[1:]:
        names = [item.name for item in fields(LdArticle) if item.name not in {"is_article", "live"}]
        first = replace(
            first, **{name: getattr(first, name) or getattr(other, name) for name in names if name != "free"}
        )
    free = next((article.free for article in articles if article.free is not None), None)
    return replace(first, free=free, live=any(article.live for article in articles))


def _collect(data: Any) -> _Nodes:
    """Return the nodes in document order. Of articles the outermost only."""
    nodes = _Nodes()
    stack, visited = [data], 0
    while stack and visited < _MAX_NODES:
        value, visited = stack.pop(), visited + 1
        if isinstance(value, list):
            stack.extend(reversed(value))
        elif isinstance(value, dict):
            node = _plain(value)
            nodes.told_of += _articles_about(node)
            if not _file(node, nodes):
                stack.extend(part for key, part in reversed(node.items()) if key not in _OTHER_STORIES)
    return nodes


def _file(node: _Node, nodes: _Nodes) -> bool:
    """Put a node where it belongs. Return True if nothing in it is to be read as a node of its own."""
    kinds = _types(node)
    if _is_article(kinds):
        if len(nodes.articles) < _MAX_ARTICLES:
            nodes.articles.append(node)
        return True
    if any(kind.endswith("Page") for kind in kinds):
        nodes.pages.append(node)
    elif not _WORKS.isdisjoint(kinds):
        nodes.works.append(node)
    if isinstance(node.get("@id"), str) and "name" in node:
        nodes.by_id.setdefault(node["@id"], node)
    return False


def _articles_about(node: _Node) -> list[_Node]:
    told = node.get(_MAY_BE_PAGE)
    parts = told if isinstance(told, list) else [told]
    nodes = [_plain(part) for part in parts[:_MAX_AUTHORS] if isinstance(part, dict)]
    return [part for part in nodes if _is_article(_types(part))]


def _plain(node: _Node) -> _Node:
    """Return a node with schema.org's own keys, which pages write with prefixes, blanks, or in another case."""
    if all(key in _KEYS or (":" not in key and key.strip().lower() not in _KEY_OF) for key in node):
        return node
    plain: _Node = {}
    for key, value in node.items():
        name = _PREFIXED.sub("", key.strip())
        plain.setdefault(_KEY_OF.get(name.lower(), name), value)
    return plain


def _types(node: _Node) -> list[str]:
    types = (node.get("@type") or node.get("type"), node.get("additionalType"))
    kinds = [kind for kinds in types for kind in (kinds if isinstance(kinds, list) else [kinds])]
    return [_PREFIXED.sub("", str(kind).strip()) for kind in kinds if kind]


def _is_article(kinds: list[str]) -> bool:
    """True for schema.org's Article, Report, BlogPosting and all their subtypes, in any case."""
    return any(
        kind.lower() == "report" or kind.lower().endswith(("article", "blogposting", "socialmediaposting"))
        for kind in kinds
    )


def _article(node: _Node, by_id: dict[str, _Node]) -> LdArticle:
    return LdArticle(
        headline=_text(node.get("headline")) or _text(node.get("name")),
        published=_text(node.get("datePublished")) or _text(node.get("dateCreated")),
        modified=_text(node.get("dateModified")),
        authors=_people(node, by_id),
        publisher=next(iter(_names(node.get("publisher"), by_id)), ""),
        language=_text(node.get("inLanguage")),
        free=_parse_free(node.get("isAccessibleForFree")),
        has_paid_part=_has_paid_part(node),
        live="LiveBlogPosting" in _types(node),
        words=_count_words(node),
        body=body if isinstance(body := node.get("articleBody"), str) else "",
        section=_text(node.get("articleSection")),
        tags=tuple(_keywords(node.get("keywords"))),
    )


def _other(node: _Node, by_id: dict[str, _Node]) -> LdArticle:
    """Return the dates and authors of a page or of a work that is no article."""
    dates = (node.get(key) for key in ("datePublished", "uploadDate", "datePosted", "dateCreated"))
    return LdArticle(
        is_article=False,
        published=next((text for date in dates if (text := _text(date))), ""),
        modified=_text(node.get("dateModified")),
        authors=_people(node, by_id),
        publisher=next(iter(_names(node.get("publisher"), by_id)), ""),
        free=_parse_free(node.get("isAccessibleForFree")),
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("@value")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # a time in milliseconds
    return " ".join(unescape(value).split()) if isinstance(value, str) else ""


def _people(node: _Node, by_id: dict[str, _Node]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_names(node.get("author"), by_id) or _names(node.get("creator"), by_id)))


def _names(value: Any, by_id: dict[str, _Node]) -> list[str]:
    """Return the names of a person, an organisation, a list of them, or of the nodes that they refer to."""
    people = value if isinstance(value, list) else [value]
    names: list[str] = []
    for person in people[:_MAX_AUTHORS]:
        node = _plain(person) if isinstance(person, dict) else {"name": person}
        if "name" not in node and isinstance(node.get("@id"), str):
            node = by_id.get(node["@id"], node)
        own = node.get("name")
        names += [_text(name) for name in (own if isinstance(own, list) else [own])[:_MAX_AUTHORS]]
        if not any(names) and node.get("familyName"):
            names.append(f"{_text(node.get('givenName'))} {_text(node.get('familyName'))}".strip())
    return [name for name in names if name and not name.startswith("http")]


def _keywords(value: Any) -> list[str]:
    """Return keywords from a list, or from one text with commas."""
    keywords = value if isinstance(value, list) else _text(value).split(",")
    return [text for keyword in keywords if (text := _text(keyword))]


def _has_paid_part(node: _Node) -> bool:
    parts = node.get("hasPart")
    parts = parts if isinstance(parts, list) else [parts]
    nodes = (_plain(part) for part in parts[:_MAX_AUTHORS] if isinstance(part, dict))
    return any(_parse_free(part.get("isAccessibleForFree")) is False for part in nodes)


def _parse_free(value: Any) -> bool | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("@value")
    word = str(value).rpartition("/")[2].lower()
    return {"true": True, "false": False}.get(word)


def _count_words(node: _Node) -> int:
    count = re.sub(r"\D", "", str(node.get("wordCount") or ""))[:7]
    body = node.get("articleBody")
    return max(int(count or 0), len(body.split()) if isinstance(body, str) else 0)


def _addresses(node: _Node) -> Iterator[str]:
    """Yield the addresses under which a node says that it is found."""
    for key in ("url", "@id", "mainEntityOfPage"):
        value = node.get(key)
        for part in value[:_MAX_AUTHORS] if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                yield from (_text(part.get("@id")), _text(part.get("url")))
            else:
                yield _text(part)
