"""The outlets' pages as HTML: the article among its furniture. The same arguments give the same bytes."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from html import escape
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from archive.demo.outlets import Outlet
    from archive.demo.texts import Article, Edition

ADVERTS = (
    "Boots for wet winters, half price",
    "Fly to Norland from 49 crowns",
    "Is your roof ready? Ask Harl Slates",
    "Solvane home storage: the sun after dark",
    "New at the Odeon: The Lighthouse Keeper",
    "Fresh haddock, delivered by eight",
    "Learn the accordion in thirty evenings",
    "The Greywater spa: three nights for two",
)


@dataclass(frozen=True, slots=True)
class Teaser:
    """A link to an article as lists and sidebars show it. Lists also say when the article was last edited."""

    title: str
    url: str
    published_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The content of an article's page. ``source`` is the page it links to as its source, if any.

    ``url`` is the page's canonical URL, ``links`` are its other URLs as (rel, URL) pairs. ``social`` is the headline
    for people who share it, ``template`` a template other than the outlet's own.
    """

    article: Article
    edition: Edition
    url: str
    charset: str = "utf-8"
    source: str = ""
    links: tuple[tuple[str, str], ...] = ()
    social: str = ""
    template: str = ""


def article_page(outlet: Outlet, story: Story, others: tuple[Teaser, ...], noise: str) -> str:
    """Return the page of an article. ``noise`` seeds the furniture: another value changes only ads, counters, lists."""
    rng = random.Random(noise)  # noqa: S311 - decoration, not a secret
    edition, url = story.edition, escape(story.url)
    headline, *body = (_curly(text) if outlet.typographic else text for text in (edition.headline, *edition.body))
    values = {
        "headline": escape(headline),
        "social": escape(story.social or headline),
        "links": "".join(f'<link rel="{rel}" href="{escape(href)}">\n' for rel, href in story.links),
        "site": escape(outlet.name),
        "paragraphs": _paragraphs(body),
        "description": escape(body[0][:120]),
        "jsonld": _jsonld(outlet, story, headline),
        "url": url,
        "source": escape(story.source),
        "charset": story.charset,
        "language": story.article.language,
        "section": story.article.section,
        "author": escape(story.article.author),
        "published": story.article.published_at.isoformat(),
        "published_words": f"{story.article.published_at:%d.%m.%Y, %H:%M} UTC",
    }
    return _template(story.template or outlet.id).substitute(values | _furniture(rng, others))


def paywall_page(outlet: Outlet, story: Story, noise: str) -> str:
    """Return the page with a stub instead of its text: the beginning of the lead and an offer to subscribe."""
    lead = " ".join(story.edition.body[0].split()[:14])
    offer = "Subscribe to continue reading. This article is for subscribers only. Already a subscriber? Sign in."
    jsonld = json.dumps({"@context": "https://schema.org", "@type": "NewsArticle", "isAccessibleForFree": False})
    title = f'<meta property="og:title" content="{escape(story.edition.headline)}">\n'
    tier = '<meta property="article:content_tier" content="locked">\n'
    head = f'{title}{tier}<script type="application/ld+json">{jsonld}</script>\n'
    rng = random.Random(noise)  # noqa: S311 - decoration, not a secret
    price = f"<p>{rng.randint(4, 9)} crowns a month, the first {rng.randint(2, 6)} weeks free.</p>"
    content = f'<article><p>{escape(lead)} ...</p><div class="paywall"><p>{offer}</p>{price}</div></article>'
    return plain_page(outlet, story.edition.headline, content, head)


def plain_page(outlet: Outlet, title: str, content: str, head: str = "") -> str:
    """Return a page that is no article: an error, an imprint, a list of links. ``content`` and ``head`` are HTML."""
    return _template("plain").substitute(title=escape(title), site=escape(outlet.name), content=content, head=head)


def links(teasers: Iterable[Teaser]) -> str:
    """Return the teasers as list items."""
    return "".join(f'<li><a href="{escape(t.url)}">{escape(t.title)}</a></li>' for t in teasers)


def _template(name: str) -> Template:
    return Template((resources.files("archive.demo") / "pages" / f"{name}.html").read_text("utf-8"))


def _paragraphs(body: Iterable[str]) -> str:
    return "\n".join(f"<p>{escape(text, quote=False)}</p>" for text in body)


def _furniture(rng: random.Random, others: tuple[Teaser, ...]) -> dict[str, str]:
    counters = {name: f"{rng.randint(100, 99_999):,}" for name in ("views", "shares", "online", "number")}
    return counters | {
        "advert": rng.choice(ADVERTS),
        "campaign": f"c{rng.randrange(10**9):09d}",
        "minutes": str(rng.randint(2, 59)),
        "comments": str(rng.randint(0, 240)),
        "ticker": f"{rng.randint(180, 240)}.{rng.randint(0, 9)}",
        "cents": str(rng.randint(10, 99)),
        "most_read": links(rng.sample(others, min(4, len(others)))),
        "related": links(rng.sample(others, min(3, len(others)))),
    }


def _jsonld(outlet: Outlet, story: Story, headline: str) -> str:
    published = story.article.published_at.isoformat()
    facts = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": headline,
        "datePublished": published,
        "author": {"@type": "Person", "name": story.article.author},
        "publisher": {"@type": "Organization", "name": outlet.name},
        "mainEntityOfPage": story.url,
        "inLanguage": story.article.language,
    }
    return json.dumps(facts, ensure_ascii=False)


def _curly(text: str) -> str:
    text = re.sub(r'(^|[\s(])"', "\\1\N{LEFT DOUBLE QUOTATION MARK}", text)
    text = text.replace('"', "\N{RIGHT DOUBLE QUOTATION MARK}")
    return text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")
