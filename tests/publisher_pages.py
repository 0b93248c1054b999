"""Clusters whose first publisher is known by construction: pages as outlets write them, archived by the product's path.

A *case* is one story with the pages that have it: the first publisher's and those of copies. ``publisher_cases`` builds
cases of many kinds, in two halves by kind. ``choose`` imports the pages of many cases into an archive and asks that
archive for its clusters. The stories are in ``first_publishers.jsonl``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from archive.api import Archive
from archive.pipeline.import_files import import_files
from archive.settings import Settings
from archive.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from db.records import Cluster

STORIES = Path(__file__).parent / "first_publishers.jsonl"
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)

Answer = Literal["right and sure", "right", "left open", "wrong", "wrong and sure", "not linked"]


@dataclass(frozen=True, slots=True)
class Story:
    """A text: its language, headline and paragraphs."""

    language: str
    headline: str
    paragraphs: tuple[str, ...]

    def cut(self, paragraphs: int) -> Story:
        """The story without its last paragraphs."""
        return replace(self, paragraphs=self.paragraphs[:paragraphs])

    def with_words(self, **words: str) -> Story:
        """The story with some words replaced."""
        texts = list(self.paragraphs)
        for old, new in words.items():
            texts = [text.replace(old, new) for text in texts]
        return replace(self, paragraphs=tuple(texts))

    def between(self, above: Sequence[str] = (), below: Sequence[str] = ()) -> Story:
        """The story with paragraphs above and below it."""
        return replace(self, paragraphs=(*above, *self.paragraphs, *below))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a story. ``markup`` has paragraphs as HTML below the text, ``head`` more elements of the head.

    ``published`` and ``modified`` are dates as JSON-LD has them, ``shown`` is a line below the headline.
    """

    url: str
    story: Story
    seen_at: datetime
    site: str = ""
    byline: str = ""
    published: str = ""
    modified: str = ""
    shown: str = ""
    canonical: str = ""
    head: str = ""
    markup: tuple[str, ...] = ()

    @property
    def html(self) -> str:
        """The page as its outlet serves it."""
        story, head = self.story, [f"<title>{escape(self.story.headline)}</title>", self.head]
        stated = {"datePublished": self.published, "dateModified": self.modified}
        stated = {name: value for name, value in stated.items() if value}
        if stated:
            article = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": story.headline} | stated
            head.append(f'<script type="application/ld+json">{json.dumps(article, ensure_ascii=False)}</script>')
        if self.site:
            head.append(f'<meta property="og:site_name" content="{escape(self.site)}">')
        if self.byline:
            head.append(f'<meta name="author" content="{escape(self.byline)}">')
        if self.canonical:
            head.append(f'<link rel="canonical" href="{self.canonical}">')
        lines = [f'<p class="date">{escape(self.shown)}</p>'] if self.shown else []
        lines += [f"<p>{escape(text)}</p>" for text in story.paragraphs]
        lines += self.markup
        return (
            f'<!doctype html><html lang="{story.language}"><head><meta charset="utf-8">{"".join(head)}</head><body>'
            f"<main><article><h1>{escape(story.headline)}</h1>{''.join(lines)}</article></main></body></html>"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The pages of one story. ``first`` are the addresses of which any is a right answer.

    Without one, nothing on the pages or in the sights tells which was first, and a right answer leaves it open.
    """

    kind: str
    pages: tuple[Page, ...]
    first: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the archive answers to a case, and the cluster, None if the first publisher is linked with no copy."""

    case: Case
    answer: Answer
    cluster: Cluster | None


@cache
def stories() -> dict[str, Story]:
    """The stories by their names."""
    rows = [json.loads(line) for line in STORIES.read_text(encoding="utf-8").splitlines()]
    return {row["id"]: Story(row["lang"], row["headline"], tuple(row["text"])) for row in rows}


def later(moment: datetime, hours: float) -> datetime:
    """A moment some hours after another."""
    return moment + timedelta(hours=hours)


def choose(cases: Sequence[Case], folder: Path) -> list[Chosen]:
    """Archive the pages of all cases, each as seen at its time, and return what the archive answers to each.

    Cases with a story in common go to archives of their own.
    """
    return [chosen for number, batch in enumerate(_batches(cases)) for chosen in _ask(batch, folder / str(number))]


def _batches(cases: Iterable[Case]) -> list[list[Case]]:
    """Deal cases to batches in which no two have a paragraph of one story."""
    batches: list[tuple[set[str], list[Case]]] = []
    for case in cases:
        told = {paragraph for page in case.pages for paragraph in page.story.paragraphs}
        names = {name.partition("-")[0] for name, story in stories().items() if told & {*story.paragraphs}}
        home = next((batch for batch in batches if batch[0].isdisjoint(names)), None)
        if home is None:
            batches.append((names, [case]))
        else:
            home[0].update(names)
            home[1].append(case)
    return [batch for _, batch in batches]


def _ask(cases: Sequence[Case], folder: Path) -> list[Chosen]:
    folder.mkdir(parents=True)
    lines = [
        json.dumps({"url": page.url, "fetched_at": iso(page.seen_at), "html": page.html}, ensure_ascii=False)
        for case in cases
        for page in case.pages
    ]
    (folder / "pages.jsonl").write_text("\n".join(lines), encoding="utf-8")
    settings = Settings(root=folder, db=folder / "archive.db", index=folder / "INDEX.md", clock=NOW)
    import_files(settings, [folder / "pages.jsonl"])
    with Archive(settings.db) as archive:
        clusters = archive.clusters()
    return [_chosen(case, clusters) for case in cases]


def _chosen(case: Case, clusters: Iterable[Cluster]) -> Chosen:
    pages = {page.url for page in case.pages}
    wanted = case.first or pages
    cluster = next((c for c in clusters if wanted & {member.url for member in c.members}), None)
    if cluster is None:
        return Chosen(case=case, answer="not linked", cluster=None)
    is_open, is_sure = cluster.standing in {"unsure", "first_seen"}, cluster.standing == "sure"
    answer: Answer
    if cluster.original.url in case.first or (is_open and not case.first):
        answer = "right and sure" if is_sure else "right"
    else:
        answer = "left open" if is_open else "wrong and sure" if is_sure else "wrong"
    return Chosen(case=case, answer=answer, cluster=cluster)
