"""The lists of articles an outlet publishes: RSS, Atom, sitemap and section page. Also its robots.txt."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from archive.demo import pages

if TYPE_CHECKING:
    from archive.demo.outlets import Outlet
    from archive.demo.pages import Teaser

FRONT_PAGE = timedelta(weeks=2)
"""The age, relative to the newest article, beyond which an article is in the feed only."""


def rss(outlet: Outlet, teasers: tuple[Teaser, ...]) -> str:
    """Return an RSS 2.0 feed."""
    items = "".join(
        f"<item><title>{escape(t.title)}</title><link>{escape(t.url)}</link><guid>{escape(t.url)}</guid>"
        f"<pubDate>{format_datetime(t.published_at)}</pubDate></item>\n"
        for t in teasers
    )
    channel = f"<title>{outlet.name}</title><link>{outlet.root}/</link><description>{outlet.name}</description>"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>{channel}\n{items}</channel></rss>\n'


def atom(outlet: Outlet, teasers: tuple[Teaser, ...]) -> str:
    """Return an Atom feed. An article may occur more than once, with different tracking parameters in its URL."""
    entries = "".join(
        f"<entry><title>{escape(t.title)}</title><id>{escape(t.url)}</id>"
        f'<link rel="alternate" href="{escape(t.url)}"/><updated>{t.updated_at.isoformat()}</updated></entry>\n'
        for t in teasers
    )
    newest = max(t.updated_at for t in teasers).isoformat()
    head = f"<title>{outlet.name}</title><id>{outlet.root}/</id><updated>{newest}</updated>"
    feed = '<feed xmlns="http://www.w3.org/2005/Atom">'
    return f'<?xml version="1.0" encoding="utf-8"?>\n{feed}{head}\n{entries}</feed>\n'


def sitemap(_: Outlet, teasers: tuple[Teaser, ...]) -> str:
    """Return a sitemap."""
    rows = "".join(
        f"<url><loc>{escape(t.url)}</loc><lastmod>{t.updated_at.isoformat()}</lastmod></url>\n" for t in teasers
    )
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{namespace}">\n{rows}</urlset>\n'


def section(outlet: Outlet, teasers: tuple[Teaser, ...]) -> str:
    """Return a section page: headlines with links. If the outlet has a feed, only those of the newest two weeks."""
    head = f'<link rel="alternate" type="application/atom+xml" href="{outlet.feed}">\n' if outlet.feed else ""
    newest = max((t.published_at for t in teasers), default=None)
    recent = [t for t in teasers if not outlet.feed or (newest and newest - t.published_at <= FRONT_PAGE)]
    content = f'<ul class="teasers">{pages.links(recent)}</ul>'
    return pages.plain_page(outlet, f"News from {outlet.name}", content, head)


def robots(outlet: Outlet, forbidden: tuple[str, ...]) -> str:
    """Return a robots.txt that forbids these paths to everybody."""
    rules = "".join(f"Disallow: {path}\n" for path in (*forbidden, "/comment", "/login"))
    return f"User-agent: *\n{rules}Sitemap: {outlet.root}/sitemap.xml\n"
