"""The eight outlets: their hosts, the form of their URLs, and the list on which their articles are discovered."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One site. ``listing`` is the path of the list in the seed index, and ``kind`` its kind.

    Without a listing each article is a seed of its own.

    ``typographic`` sites print curly quotation marks. ``quiet`` sites have no counters and send an ETag. A section page
    names the ``feed`` with the articles that are too old for it. ``apology`` is the text of a site that never answers
    404 in place of a missing page. ``every`` is the interval in the seed index.
    """

    id: str
    name: str
    note: str
    path: str
    listing: str = ""
    kind: str = "article"
    typographic: bool = False
    quiet: bool = False
    feed: str = ""
    apology: str = ""
    every: str = "1h"

    @property
    def host(self) -> str:
        """The reserved host name it is served under."""
        return f"{self.id}.example"

    @property
    def root(self) -> str:
        """Scheme and host, without a final slash."""
        return f"http://{self.host}"

    def article_path(self, *, section: str, headline: str, day: str) -> str:
        """Return the path of an article. ``day`` is YYYY/MM/DD."""
        return self.path.format(section=section, slug=slug(headline), day=day)


def slug(headline: str) -> str:
    """Return the headline in the form of URLs: ASCII, lower case, hyphens."""
    plain = unicodedata.normalize("NFKD", headline).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain.replace("'", "")))


OUTLETS = (
    Outlet(
        id="wire",
        name="Meridian Wire",
        note="the agency, whose texts the others print.",
        path="/news/{day}/{slug}",
        listing="/rss.xml",
        kind="feed",
    ),
    Outlet(
        id="daily",
        name="The Selwyn Daily",
        note="a subscriber with headlines, leads and reporters of its own.",
        path="/{section}/{slug}.html",
        listing="/atom.xml",
        kind="feed",
        typographic=True,
    ),
    Outlet(
        id="regional",
        name="Tolmere Post",
        note="another subscriber; it has no feed, so its front page is read.",
        path="/{section}/{day}/{slug}.html",
        listing="/news/",
        kind="section",
    ),
    Outlet(
        id="spinner",
        name="NewsFlash Hub",
        note="swaps every fourth word and calls it news.",
        path="/{day}/{slug}/",
        listing="/feed/",
        kind="feed",
    ),
    Outlet(
        id="mirror",
        name="Planet Mirror 24",
        note="sends the texts through another language and back.",
        path="/{day}/{slug}/",
        listing="/sitemap.xml",
        kind="sitemap",
    ),
    Outlet(
        id="ministry",
        name="Ministry of Transport",
        note="the press releases that everybody quotes.",
        path="/press/{day}/{slug}",
        typographic=True,
        quiet=True,
    ),
    Outlet(
        id="gazette",
        name="Gull Island Gazette",
        note="looked at when its feed says so; what it has deleted is an apology that never says 404.",
        path="/{section}/{slug}",
        listing="/front/",
        kind="section",
        feed="/latest.atom",
        every="auto",
        apology="The tide has been here before you, and whatever stood on this page has gone out with it. That happens "
        "on a small island with one computer in the post office. You may ask Bronagh at the counter, who remembers "
        "most of what we ever printed, or look among the bound volumes in the reading room, which is heated on "
        "Mondays. The front page is still where it was, and so are the tide tables, the weather and the births. We "
        "are sorry for the trouble, and wish you dry feet.",
    ),
    Outlet(
        id="port",
        name="Capitanía de San Telmo",
        note="two notices on a machine that is often out of breath.",
        path="/avisos/{day}/{slug}",
        quiet=True,
    ),
)
