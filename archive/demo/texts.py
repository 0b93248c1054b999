"""The articles of the news world, and what an editor can do to one.

An article file is a few ``key: value`` lines, a blank line, and paragraphs. Three marks in the paragraphs say where an
edit may take hold: ``[[...]]`` is a quotation that may be cut, ``~`` opens one of two passages that may change places,
and the word 300 is a number that may shrink. A line ``@article 2-11`` prints those paragraphs of another article: a
copy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_INCLUDE = re.compile(r"@(\S+) (\d+)-(\d+)")
_QUOTATION = re.compile(r"\[\[.*?\]\]", re.DOTALL)
_MARKS = re.compile(r"^~ |\[\[|\]\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article as its file has it: who prints it, when, and what an edit would use; ``body`` still has its marks.

    ``copies`` names what it was made from, as (relation, article) pairs; ``spins`` the article that a machine reworded
    for it. ``appears`` is the round in which it is first on the web. ``role`` names the part of the script that was
    written for it, if one was. It is printed on ``parts`` pages; ``short_of`` is the article of which it is an abridged
    page of its own.
    """

    id: str
    outlet: str
    section: str
    author: str
    published_at: datetime
    body: tuple[str, ...]
    headline: str = ""
    language: str = "en"
    softened: str = ""
    typo: tuple[str, str] = ("", "")
    correction: str = ""
    added: str = ""
    appears: int = 0
    copies: tuple[tuple[str, str], ...] = ()
    spins: str = ""
    role: str = ""
    parts: int = 1
    short_of: str = ""

    @property
    def written(self) -> bool:
        """True for a text of the outlet's own that has all an edit needs."""
        return bool(self.softened)


@dataclass(frozen=True, slots=True)
class Edition:
    """What an article says at one moment. Paragraphs still carry their marks; ``plain`` takes them off."""

    headline: str
    body: tuple[str, ...]

    def plain(self) -> Edition:
        """Return the same words as a reader sees them."""
        return Edition(self.headline, tuple(_MARKS.sub("", paragraph) for paragraph in self.body))

    def beginning(self) -> Edition:
        """Return its first paragraphs, two of five: less than half of it."""
        return replace(self, body=self.body[: len(self.body) * 2 // 5])

    def part(self, number: int, of: int) -> Edition:
        """Return the paragraphs of one of its pages, counted from 1."""
        share = len(self.body) // of
        return replace(self, body=self.body[(number - 1) * share : number * share if number < of else None])


def read_articles() -> dict[str, Article]:
    """Read every article of the package, by id (the name of its file), in order of id."""
    folder = resources.files("archive.demo") / "articles"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return {article.id: article for article in (read_article(file.name, file.read_text("utf-8")) for file in files)}


def read_article(name: str, text: str) -> Article:
    """Read one article file; ``name`` is ``outlet-subject.md``."""
    head, _, body = text.partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    right, _, wrong = fields.pop("typo", "").partition("/")
    pairs = (pair.split() for pair in fields.pop("copies", "").split(", ") if pair)
    return Article(
        id=name.removesuffix(".md"),
        outlet=name.partition("-")[0],
        published_at=datetime.fromisoformat(fields.pop("published")).replace(tzinfo=UTC),
        appears=int(fields.pop("appears", "0")),
        parts=int(fields.pop("parts", "1")),
        body=tuple(" ".join(part.split()) for part in body.split("\n\n") if part.strip()),
        typo=(right, wrong),
        copies=tuple((relation, base) for relation, base in pairs),
        **fields,
    )


def first_edition(article: Article, articles: Mapping[str, Article], *, misspelt: bool = False) -> Edition:
    """Return what the article says at first, passages of others printed in full; with its typo if ``misspelt``."""
    body = tuple(part for line in article.body for part in _printed(line, articles))
    edition = Edition(article.headline, body)
    return _respelt(edition, *article.typo) if misspelt else edition


def _printed(line: str, articles: Mapping[str, Article]) -> tuple[str, ...]:
    included = _INCLUDE.fullmatch(line)
    if not included:
        return (line,)
    base, first, last = included.groups()
    return first_edition(articles[base], articles).plain().body[int(first) - 1 : int(last)]


def edited(article: Article, edition: Edition, edit: str) -> Edition:
    """Return the edition after one edit: headline, number, quotation, moved, correction, cosmetic, added or removed."""
    return _EDITS[edit](article, edition)


def _respelt(edition: Edition, old: str, new: str) -> Edition:
    spot = next(i for i, paragraph in enumerate(edition.body) if old in paragraph)
    return replace(edition, body=_with(edition.body, spot, edition.body[spot].replace(old, new, 1)))


def _with(body: tuple[str, ...], spot: int, paragraph: str) -> tuple[str, ...]:
    return (*body[:spot], paragraph, *body[spot + 1 :])


def _soften(article: Article, edition: Edition) -> Edition:
    return replace(edition, headline=article.softened)


def _shrink(_: Article, edition: Edition) -> Edition:
    return replace(edition, body=tuple(re.sub(r"\b300\b", "30", paragraph) for paragraph in edition.body))


def _cut_quotation(_: Article, edition: Edition) -> Edition:
    body = (_QUOTATION.sub("", paragraph) for paragraph in edition.body)
    return replace(edition, body=tuple(paragraph for paragraph in body if paragraph))


def _swap(_: Article, edition: Edition) -> Edition:
    one, other = (i for i, paragraph in enumerate(edition.body) if paragraph.startswith("~ "))
    body = _with(edition.body, one, edition.body[other])
    return replace(edition, body=_with(body, other, edition.body[one]))


def _correct(article: Article, edition: Edition) -> Edition:
    return replace(edition, body=(*edition.body, article.correction))


def _mend(article: Article, edition: Edition) -> Edition:
    right, wrong = article.typo
    return _respelt(edition, wrong, right)


def _extend(article: Article, edition: Edition) -> Edition:
    return replace(edition, body=(*edition.body[:-1], article.added, edition.body[-1]))


def _gut(_: Article, edition: Edition) -> Edition:
    return edition.beginning()


_EDITS: dict[str, Callable[[Article, Edition], Edition]] = {
    "headline": _soften,
    "number": _shrink,
    "quotation": _cut_quotation,
    "moved": _swap,
    "correction": _correct,
    "cosmetic": _mend,
    "added": _extend,
    "removed": _gut,
}
EDITS = frozenset(_EDITS)
