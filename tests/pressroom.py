"""Asking the news world as a reader would: an address and a round in, a reply or its text out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trafilatura

from archive.demo.script import ROUNDS

if TYPE_CHECKING:
    from archive.demo.replies import Reply
    from archive.demo.texts import Article
    from archive.demo.world import World


def ask(world: World, at: int, url: str, **headers: str) -> Reply:
    """What the world answers in that round; ``if_none_match=...`` is a header."""
    host, _, path = url.removeprefix("http://").partition("/")
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.respond(at, host, f"/{path}", names)


def page(world: World, article: Article, at: int) -> Reply:
    """What an article's address of that round answers."""
    return ask(world, at, world.url(article, at))


def straight(text: str) -> str:
    """A text with straight quotation marks and single blanks."""
    plain = text.translate(str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''"))
    return " ".join(plain.split())


def playing(world: World, event: str) -> Article:
    """The first article to which this happens."""
    turn = next(turn for turn in world.script.turns if turn.event == event)
    return world.script.articles[turn.article]


def shown_in(world: World, article: Article) -> list[int]:
    """The rounds in which the article can be read."""
    return [at for at in range(article.appears, len(ROUNDS)) if world.script.state(article.id, at) == "ok"]


def texts_of(world: World, article: Article, at: int, *, precision: bool) -> str:
    """The text of the page, or of all its pages."""
    url = world.url(article, at)
    urls = [url, *(f"{url}?page={number}" for number in range(2, article.parts + 1))]
    return " ".join(text_of(arriving(world, at, each), precision=precision) for each in urls)


def arriving(world: World, at: int, url: str) -> Reply:
    """The page where a redirect leads."""
    reply = ask(world, at, url)
    target = dict(reply.headers).get("Location")
    return arriving(world, at, target) if target else reply


def text_of(reply: Reply, *, precision: bool) -> str:
    """What trafilatura makes of a page."""
    html = reply.body.decode("windows-1252" if b'charset="windows-1252"' in reply.body else "utf-8")
    found: Any = trafilatura.bare_extraction(html, include_comments=False, favor_precision=precision)
    assert found is not None
    return straight(found.text)
