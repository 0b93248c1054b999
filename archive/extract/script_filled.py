"""The text that a script would fill into a page, for a page whose own text is not the article.

It stands in JSON-LD, in the data of a front-end framework, or in a ``noscript`` element. It is used only if it is much
longer than what the page shows, and never gets past a paywall: data that is marked as not free stays a paywall.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.extract.blocks import linear_text, prose_length
from archive.extract.fold import fold_words
from archive.extract.person_names import read_people, site_names
from archive.extract.recipe import SHORT_WORDS, STATE_WORDS, WALL_WORDS
from archive.extract.state_article import StateArticle, find_state_article, is_prose
from archive.extract.state_prose import Budget, prose_of
from archive.extract.verdict import count_words
from db.records import Fact, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.html import HtmlElement

    from archive.extract.declared_dates import Statement
    from archive.extract.metadata import DeclaredMetadata
    from archive.extract.page_state import StateScript

_UNFILLED = frozenset({Verdict.NEEDS_JS, Verdict.EMPTY, Verdict.THIN})
_MUCH_LONGER = 2  # times the words that the page shows
_AS_LONG = 0.8  # of the text in the data, at which JSON-LD is taken, because it is surely about this page
_CUT_MARKS = ("...", "\u2026", "[\u2026]", "[...]")
_SAMPLE = 200  # folded characters by which a text is recognized


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledText:
    """A text that a script would show, its place in the page, and the verdict that it gives the page."""

    text: str
    source: str
    headline: str
    verdict: Verdict
    detail: str = ""
    article: StateArticle | None = None
    """What the data of the page states about the text, if it came from there."""

    def title(self, declared: DeclaredMetadata, title: str) -> str:
        """Return the headline: ``title``, unless the page has none but a title tag that does not mention this story."""
        has_own = declared.h1 or declared.og_title or not self.headline
        is_named = fold_words(self.headline) in fold_words(declared.tag_title)
        return title if title and (has_own or is_named) else self.headline or title

    def with_facts(self, declared: DeclaredMetadata, url: str) -> DeclaredMetadata:
        """Return ``declared`` with the dates and the authors that the data states. What is declared comes first."""
        if self.article is None:
            return declared
        site, stated = declared.site[0] if declared.site else "", self.article
        people = [person for name in stated.authors for person in read_people(name[:300], site_names((site,), url))]
        byline = (", ".join(dict.fromkeys(people)), self.source) if people else None
        return replace(
            declared,
            published=_with_date(declared.published, stated.published, self.source),
            modified=_with_date(declared.modified, stated.modified, self.source),
            byline=declared.byline or byline,
        )

    def fact(self) -> Fact:
        """Return the fact that says where the text came from."""
        return Fact(name="text", value="not shown without scripts", source=self.source)


def _with_date(known: tuple[Statement, ...], date: str, source: str) -> tuple[Statement, ...]:
    return (*known, (date, source)) if date and date not in dict(known) else known


def fill_text(
    declared: DeclaredMetadata,
    root: HtmlElement,
    scripts: Sequence[StateScript],
    *,
    url: str,
    words: int,
    verdict: Verdict,
    is_shell: bool,
) -> FilledText | None:
    """Return the article that a script would fill in, or None. ``words`` and ``verdict`` are of the page without it."""
    if not (verdict in _UNFILLED or (verdict is Verdict.OK and is_shell and words < WALL_WORDS)):
        return None
    article = _from_json_ld(declared)
    state = find_state_article(scripts, *_names(declared, url)) if scripts else None
    if article is None or (state is not None and len(article.text) < _AS_LONG * len(state.text)):
        article = state or _from_noscript(root)
    if article is None:
        return None
    filled_words = count_words(article.text)
    if filled_words < max(STATE_WORDS, _MUCH_LONGER * words):
        return None
    if article.is_paid or (declared.free is False and filled_words < SHORT_WORDS):
        reason = f"{filled_words} words in the page's data, and marked as not free"
        return FilledText(
            text=article.text,
            source=article.source,
            headline=article.headline,
            verdict=Verdict.PAYWALL,
            detail=reason,
            article=article,
        )
    if filled_words < SHORT_WORDS and article.text.endswith(_CUT_MARKS):
        return None
    return FilledText(
        text=article.text, source=article.source, headline=article.headline, verdict=Verdict.OK, article=article
    )


def unshown_text(declared: DeclaredMetadata, root: HtmlElement, text: str) -> FilledText | None:
    """Return the source of a text that the extractor took from where the page does not show it, or None.

    The extractor reads JSON-LD as a last resort, without its paragraphs, and ``noscript``.
    """
    if len(text) <= _MUCH_LONGER * prose_length(root):
        return None
    start = fold_words(text[: 2 * _SAMPLE])[:_SAMPLE]
    places = (_from_json_ld(declared), _from_noscript(root))
    article = next((place for place in places if place and start in fold_words(place.text[: 4 * _SAMPLE])), None)
    if article is None:
        return None
    is_whole = fold_words(article.text) == fold_words(text)
    return FilledText(text=article.text if is_whole else text, source=article.source, headline="", verdict=Verdict.OK)


def _names(declared: DeclaredMetadata, url: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the addresses and the titles of a page."""
    addresses = (url, declared.canonical_url or "", *(address for _, address in declared.claims))
    return addresses, (*declared.h1, declared.og_title, declared.tag_title)


def _from_json_ld(declared: DeclaredMetadata) -> StateArticle | None:
    body = declared.article.body if declared.article else ""
    text = prose_of(body, Budget(len(body) + 1)) if body else ""
    headline = declared.article.headline if declared.article else ""
    return StateArticle(text=text, source="json-ld articleBody", headline=headline) if is_prose(text) else None


def _from_noscript(root: HtmlElement) -> StateArticle | None:
    texts = (_noscript_text(element) for element in root.iter("noscript"))
    text = max((text for text in texts if is_prose(text)), key=len, default="")
    return StateArticle(text=text, source="noscript") if count_words(text) >= WALL_WORDS else None


def _noscript_text(element: HtmlElement) -> str:
    """Return the paragraphs of a noscript element, as if it were a part of the page."""
    tag, tail = element.tag, element.tail
    element.tag, element.tail = "div", None
    try:
        return linear_text(element)
    finally:
        element.tag, element.tail = tag, tail
