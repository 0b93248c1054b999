"""The articles of the news world, and the edits that can be made to one.

An article file is a few ``key: value`` lines, a blank line, and paragraphs. Three marks in the paragraphs say where an
edit applies: ``[[...]]`` is a quotation that may be cut, ``~`` opens one of two passages that may change places, and
the word 300 is a number that may shrink. A line ``@article 2-11`` includes those paragraphs of another article: a copy.
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
    """One article as its file has it: outlet, date, text, and the texts of its edits. ``body`` still has its marks.

    ``copies`` names the articles it was made from, as (relation, article) pairs. ``spins`` is the article of which it
    is a machine's rewording. ``appears`` is the round in which it is first on the web. ``role`` is the fixed role that
    was written for it, if any. It is printed on ``parts`` pages. ``short_of`` is the article it is an abridged page of.
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
    def is_editable(self) -> bool:
        """True for a text of the outlet's own that has the texts for every edit."""
        return bool(self.softened)


@dataclass(frozen=True, slots=True)
class Edition:
    """The text of an article at one moment. Paragraphs still carry their marks. ``plain`` removes them."""

    headline: str
    body: tuple[str, ...]

    def plain(self) -> Edition:
        """Return the edition without marks, as a reader sees it."""
        return Edition(self.headline, tuple(_MARKS.sub("", paragraph) for paragraph in self.body))

    def beginning(self) -> Edition:
        """Return the first two fifths of its paragraphs: less than half of the text."""
        return replace(self, body=self.body[: len(self.body) * 2 // 5])

    def part(self, number: int, total: int) -> Edition:
        """Return the paragraphs of one of its pages, counted from 1."""
        share = len(self.body) // total
        return replace(self, body=self.body[(number - 1) * share : number * share if number < total else None])


def read_articles() -> dict[str, Article]:
    """Return every article of the package by id (the name of its file), in order of id."""
    folder = resources.files("archive.demo") / "articles"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return {article.id: article for article in (parse_article(file.name, file.read_text("utf-8")) for file in files)}


def parse_article(name: str, text: str) -> Article:
    """Parse one article file. ``name`` is ``outlet-subject.md``."""
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
    """Return an article's first edition, with the passages it includes; with its typo if ``misspelt``."""
    body = tuple(part for line in article.body for part in _include(line, articles))
    edition = Edition(article.headline, body)
    return _respell(edition, *article.typo) if misspelt else edition


def _include(line: str, articles: Mapping[str, Article]) -> tuple[str, ...]:
    include = _INCLUDE.fullmatch(line)
    if not include:
        return (line,)
    base, first, last = include.groups()
    return first_edition(articles[base], articles).plain().body[int(first) - 1 : int(last)]


def apply_edit(article: Article, edition: Edition, edit: str) -> Edition:
    """Return the edition after one edit: headline, number, quotation, moved, correction, cosmetic, added or removed."""
    return _EDITS[edit](article, edition)


def _respell(edition: Edition, old: str, new: str) -> Edition:
    position = next(i for i, paragraph in enumerate(edition.body) if old in paragraph)
    return replace(edition, body=_with(edition.body, position, edition.body[position].replace(old, new, 1)))


def _with(body: tuple[str, ...], position: int, paragraph: str) -> tuple[str, ...]:
    return (*body[:position], paragraph, *body[position + 1 :])


def _soften(article: Article, edition: Edition) -> Edition:
    return replace(edition, headline=article.softened)


def _shrink(_: Article, edition: Edition) -> Edition:
    return replace(edition, body=tuple(re.sub(r"\b300\b", "30", paragraph) for paragraph in edition.body))


def _cut_quotation(_: Article, edition: Edition) -> Edition:
    body = (_QUOTATION.sub("", paragraph) for paragraph in edition.body)
    return replace(edition, body=tuple(paragraph for paragraph in body if paragraph))


def _swap(_: Article, edition: Edition) -> Edition:
    first, second = (i for i, paragraph in enumerate(edition.body) if paragraph.startswith("~ "))
    body = _with(edition.body, first, edition.body[second])
    return replace(edition, body=_with(body, second, edition.body[first]))


def _correct(article: Article, edition: Edition) -> Edition:
    return replace(edition, body=(*edition.body, article.correction))


def _mend(article: Article, edition: Edition) -> Edition:
    right, wrong = article.typo
    return _respell(edition, wrong, right)


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
