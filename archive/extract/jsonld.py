"""Article metadata from a page's JSON-LD. Tolerates common mistakes of publishers and limits how much it reads."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Any

from archive.extract.recipe import MAX_JSON_LD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WRAPPER = re.compile(r"^\s*(?:<!--|//<!\[CDATA\[|/\*<!\[CDATA\[\*/|<!\[CDATA\[)|(?:-->|//\]\]>|/\*\]\]>\*/|\]\]>)\s*$")
_TRAILING_COMMA = re.compile(r",\s*(?=[}\]])")
_OTHER_STORIES = frozenset(
    {"itemListElement", "comment", "mentions", "citation", "relatedLink", "review", "hasPart", "isPartOf"}
)
_MAX_NODES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LdArticle:
    """The JSON-LD node of the article itself, with dates as written.

    ``words`` is the larger of wordCount and the number of words in articleBody. ``addresses`` lack scheme and query.
    """

    headline: str = ""
    published: str = ""
    modified: str = ""
    authors: tuple[str, ...] = ()
    publisher: str = ""
    language: str = ""
    free: bool | None = None
    live: bool = False
    words: int = 0
    section: str = ""
    tags: tuple[str, ...] = ()
    addresses: frozenset[str] = field(default_factory=frozenset)


def read_article(blocks: Iterable[str], addresses: Iterable[str]) -> LdArticle | None:
    """Return the article among the JSON-LD ``blocks`` of a page that is known under ``addresses``, or None.

    Lists of other stories are skipped. Of several articles the one that names the page's URL is taken, else the first.
    """
    page_keys = {_url_key(address) for address in addresses if address}
    articles = [_article(node) for block in blocks for node in _articles(_load(block))]
    return next((article for article in articles if article.addresses & page_keys), articles[0] if articles else None)


def _load(block: str) -> Any:
    if len(block) > MAX_JSON_LD:
        return None
    text = _WRAPPER.sub("", block.strip())
    for attempt in (text, _TRAILING_COMMA.sub("", text)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _articles(data: Any) -> Iterator[dict[str, Any]]:
    """Yield article nodes in document order, outermost only."""
    stack, visited = [data], 0
    while stack and visited < _MAX_NODES:
        node, visited = stack.pop(), visited + 1
        if isinstance(node, list):
            stack.extend(reversed(node))
        elif isinstance(node, dict):
            if _is_article(node):
                yield node
            else:
                stack.extend(value for key, value in reversed(node.items()) if key not in _OTHER_STORIES)


def _types(node: dict[str, Any]) -> list[str]:
    kinds = node.get("@type")
    return [str(kind).rpartition("/")[2] for kind in (kinds if isinstance(kinds, list) else [kinds])]


def _is_article(node: dict[str, Any]) -> bool:
    """True for schema.org's Article, Report, BlogPosting and all their subtypes."""
    return any(kind == "Report" or kind.endswith(("Article", "BlogPosting")) for kind in _types(node))


def _article(node: dict[str, Any]) -> LdArticle:
    return LdArticle(
        headline=_text(node.get("headline")) or _text(node.get("name")),
        published=_text(node.get("datePublished")) or _text(node.get("dateCreated")),
        modified=_text(node.get("dateModified")),
        authors=tuple(dict.fromkeys(_names(node.get("author")) or _names(node.get("creator")))),
        publisher=next(iter(_names(node.get("publisher"))), ""),
        language=_text(node.get("inLanguage")),
        free=_parse_free(node.get("isAccessibleForFree")),
        live="LiveBlogPosting" in _types(node),
        words=_count_words(node),
        section=_text(node.get("articleSection")),
        tags=tuple(_keywords(node.get("keywords"))),
        addresses=frozenset(_url_key(address) for address in _addresses(node)),
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("@value")
    return " ".join(unescape(value).split()) if isinstance(value, str) else ""


def _names(value: Any) -> list[str]:
    """Return the names of a person, an organisation, or a list of them."""
    people = value if isinstance(value, list) else [value]
    names = [_text(person.get("name")) if isinstance(person, dict) else _text(person) for person in people]
    return [name for name in names if name and not name.startswith("http")]


def _keywords(value: Any) -> list[str]:
    """Return keywords from a list, or from one text with commas."""
    keywords = value if isinstance(value, list) else _text(value).split(",")
    return [text for keyword in keywords if (text := _text(keyword))]


def _parse_free(value: Any) -> bool | None:
    word = str(value).rpartition("/")[2].lower()
    return {"true": True, "false": False}.get(word)


def _count_words(node: dict[str, Any]) -> int:
    count = re.sub(r"\D", "", str(node.get("wordCount") or ""))[:7]
    body = node.get("articleBody")
    return max(int(count or 0), len(body.split()) if isinstance(body, str) else 0)


def _addresses(node: dict[str, Any]) -> Iterator[str]:
    for value in (node.get("url"), node.get("@id"), node.get("mainEntityOfPage")):
        if isinstance(value, dict):
            yield _text(value.get("@id")) or _text(value.get("url"))
        else:
            yield _text(value)


def _url_key(address: str) -> str:
    """Return a URL without scheme, ``www.``, query, fragment and last slash, in which spellings of it differ."""
    return re.sub(r"^https?://(?:www\.)?|[?#].*$", "", address.strip().lower()).rstrip("/")
