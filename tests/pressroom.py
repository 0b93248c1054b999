"""Requests to the news world: the reply for a URL in a round, and its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trafilatura

from archive.demo.script import ROUNDS

if TYPE_CHECKING:
    from archive.demo.replies import Reply
    from archive.demo.texts import Article
    from archive.demo.world import World


def ask(world: World, number: int, url: str, **headers: str) -> Reply:
    """Return the world's reply in a round. ``if_none_match=...`` is a header."""
    host, _, path = url.removeprefix("http://").partition("/")
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.respond(number, host, f"/{path}", names)


def page(world: World, article: Article, number: int) -> Reply:
    """Return the reply for an article's URL of that round."""
    return ask(world, number, world.url(article, number))


def straight(text: str) -> str:
    """Return a text with straight quotation marks and single blanks."""
    plain = text.translate(str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''"))
    return " ".join(plain.split())


def playing(world: World, event: str) -> Article:
    """Return the first article with this event."""
    turn = next(turn for turn in world.script.turns if turn.event == event)
    return world.script.articles[turn.article]


def shown_in(world: World, article: Article) -> list[int]:
    """Return the rounds in which the article can be read."""
    return [number for number in range(article.appears, len(ROUNDS)) if world.script.state(article.id, number) == "ok"]


def texts_of(world: World, article: Article, number: int, *, precision: bool) -> str:
    """Return the text of an article's page, or of all its pages."""
    url = world.url(article, number)
    urls = [url, *(f"{url}?page={part}" for part in range(2, article.parts + 1))]
    return " ".join(text_of(follow(world, number, part_url), precision=precision) for part_url in urls)


def follow(world: World, number: int, url: str) -> Reply:
    """Return the reply for a URL after its redirects."""
    reply = ask(world, number, url)
    target = dict(reply.headers).get("Location")
    return follow(world, number, target) if target else reply


def text_of(reply: Reply, *, precision: bool) -> str:
    """Return the text that trafilatura extracts from a page."""
    html = reply.body.decode("windows-1252" if b'charset="windows-1252"' in reply.body else "utf-8")
    extraction: Any = trafilatura.bare_extraction(html, include_comments=False, favor_precision=precision)
    assert extraction is not None
    return straight(extraction.text)
