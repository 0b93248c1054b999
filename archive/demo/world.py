"""The news world: six outlets, about forty articles, and the script one seed deals to them. Pure: no clock, no state.

``World(seed).respond(round, host, target, headers)`` answers a request; ``events()`` tells what an archive ought to
notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from archive.demo import lists, pages, replies
from archive.demo.outlets import OUTLETS, Outlet
from archive.demo.pages import Story, Teaser
from archive.demo.script import ROUNDS, Deal, deal
from archive.demo.spin import read_synonyms, spun
from archive.demo.texts import EDITS, Article, Edition, edited, first_edition, read_articles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.demo.replies import Reply

RETRY_AFTER = 3600  # seconds: nobody waits for it within a round, and it is over long before the next
CHARSET_LIES = {0: ("utf-8", "iso-8859-1"), 1: ("windows-1252", "utf-8")}
"""By the round in which the lie begins: what the bytes and the page's own meta say, and what the header says."""

TRACKING = ("utm_source=atom&utm_medium=feed", "utm_source=newsletter&utm_campaign=monday&fbclid=x7Qp")
GONE = frozenset({"missing_404", "gone_410"})


@dataclass(frozen=True, slots=True)
class Event:
    """Something the archive ought to notice: in which round, at which address, and what, in one word.

    A copy reads ``copy:RELATION:URL@N``: this article has it from version N of that one. ``pending`` names the later
    issue whose depth the event needs; "" when none.
    """

    round: int
    url: str
    event: str
    pending: str = ""


class World:
    """The outlets, their articles, and what happens to them under one seed."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.deal: Deal = deal(read_articles(), seed)
        self._outlets = {outlet.id: outlet for outlet in OUTLETS}
        self._hosts = {outlet.host: outlet for outlet in OUTLETS}

    @property
    def articles(self) -> tuple[Article, ...]:
        """Every article as this seed has it, in order of id."""
        return tuple(self.deal.articles.values())

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which the outlets are served."""
        return tuple(self._hosts)

    def edition(self, article: Article, at: int) -> Edition:
        """Return what the article says in round ``at``, whether or not its address shows it then."""
        edition = self._first[article.id]
        happened = self.deal.of(article.id, at)
        for edit in () if "reverted" in happened else happened:
            edition = edited(article, edition, edit) if edit in EDITS else edition
        return edition.plain()

    @cached_property
    def _first(self) -> dict[str, Edition]:
        """Every article's first edition, marks and all; a spun one is made from its original's."""
        mended = {turn.article for turn in self.deal.turns if turn.event == "cosmetic"}
        own = {
            a.id: first_edition(a, self.deal.articles, misspelt=a.id in mended) for a in self.articles if not a.spins
        }
        synonyms = read_synonyms()
        return own | {a.id: spun(own[a.spins].plain(), synonyms) for a in self.articles if a.spins}

    def url(self, article: Article, at: int = 0) -> str:
        """Return the article's address in round ``at``; the one of round 0 is its identity."""
        headline = self._first[article.id].headline
        moved = " in full" if "address_moved" in self.deal.of(article.id, at) else ""
        day = f"{article.published_at:%Y/%m/%d}"
        outlet = self._outlets[article.outlet]
        return outlet.root + outlet.address(section=article.section, headline=headline + moved, day=day)

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Every address an article ever has, with the article's first address."""
        last = len(ROUNDS)
        return {url: self.url(a) for a in self.articles for url in (self.url(a), self.url(a, last))}

    def headlines(self, url: str) -> tuple[str, ...]:
        """Return the headlines the article at that (first) address ever has, oldest first, as typed."""
        article = next(a for a in self.articles if self.url(a) == url)
        return tuple(dict.fromkeys(self.edition(article, at).headline for at in range(len(ROUNDS))))

    def related(self, one: str, other: str) -> bool:
        """Return whether two articles, by their first addresses, have text from one and the same origin."""
        return bool(self._origins[one] & self._origins[other])

    @cached_property
    def _origins(self) -> dict[str, frozenset[str]]:
        return {self.url(article): self._origin(article) for article in self.articles}

    def _origin(self, article: Article) -> frozenset[str]:
        bases = (self._origin(self.deal.articles[base]) for _, base in article.copies)
        return frozenset().union(*bases) or frozenset({article.id})

    # --- what ought to be noticed ------------------------------------------------------------------------------------

    def events(self) -> tuple[Event, ...]:
        """Return the scripted truth, in order of round, address and word: first sights, edits, states, copies."""
        return self._events

    @cached_property
    def _events(self) -> tuple[Event, ...]:
        firsts = [Event(a.appears, self.url(a), "first") for a in self.articles]
        turns = [Event(t.round, self.url(self.deal.articles[t.article]), t.event) for t in self.deal.turns]
        copies = [
            Event(a.appears, self.url(a), f"copy:{relation}:{self.url(self.deal.articles[base])}@1")
            for a in self.articles
            for relation, base in a.copies
        ]
        return tuple(sorted((*firsts, *turns, *copies), key=lambda e: (e.round, e.url, e.event)))

    # --- what is answered --------------------------------------------------------------------------------------------

    def respond(self, at: int, host: str, target: str, headers: Mapping[str, str]) -> Reply:
        """Answer one GET in round ``at``: ``target`` is path and query, ``headers`` have lower-case names."""
        outlet = self._hosts.get(host.partition(":")[0].lower())
        if outlet is None:
            return replies.html(404, "<p>No such site in this world.</p>").finished(ROUNDS[at], headers)
        path = target.partition("?")[0]
        article = self._routes(outlet, at).get(path)
        reply = self._article(outlet, article, at, path) if article else self._other(outlet, at, path)
        return reply.finished(ROUNDS[at], headers)

    def _present(self, outlet: Outlet, at: int) -> list[Article]:
        return [a for a in self.articles if a.outlet == outlet.id and a.appears <= at]

    def _routes(self, outlet: Outlet, at: int) -> dict[str, Article]:
        present = self._present(outlet, at)
        return {self.url(a, when).removeprefix(outlet.root): a for a in present for when in (0, at)}

    def _article(self, outlet: Outlet, article: Article, at: int, path: str) -> Reply:
        here = self.url(article, at)
        if here != outlet.root + path:
            return replies.moved(here)
        noise = f"{self.seed}/{at}/{here}"
        match self.deal.state(article.id, at):
            case "missing_404" | "soft_404" as state:
                return replies.html(404 if state == "missing_404" else 200, _not_found(outlet))
            case "gone_410":
                return replies.html(410, pages.plain_page(outlet, "Gone", "<p>This article has been withdrawn.</p>"))
            case "server_error":
                return replies.html(503, _busy(outlet)).headed(("Retry-After", str(RETRY_AFTER)))
            case "paywall":
                return replies.html(200, pages.paywall_page(outlet, self._story(article, at), noise))
        page = pages.article_page(outlet, self._story(article, at), self._teasers(outlet, at, but=article), noise)
        reply = replies.html(200, page, *self._charsets(article, at))
        return reply.tagged() if outlet.quiet else reply

    def _charsets(self, article: Article, at: int) -> tuple[str, str]:
        begun = (turn.round for turn in self.deal.turns if turn.article == article.id and turn.event == "charset")
        return next((CHARSET_LIES[when] for when in begun if when <= at), ("utf-8", "utf-8"))

    def _story(self, article: Article, at: int) -> Story:
        source = self.url(self.deal.articles[article.copies[0][1]], at) if article.copies else ""
        charset = self._charsets(article, at)[0]
        return Story(
            article=article,
            edition=self.edition(article, at),
            url=self.url(article, at),
            charset=charset,
            source=source,
        )

    def _teasers(self, outlet: Outlet, at: int, *, but: Article | None = None) -> tuple[Teaser, ...]:
        """Return what the outlet links to, newest first: everything it has not taken down."""
        shown = [a for a in self._present(outlet, at) if a is not but and self.deal.state(a.id, at) not in GONE]
        shown.sort(key=lambda article: article.published_at, reverse=True)
        return tuple(Teaser(self.edition(a, at).headline, self.url(a, at), a.published_at) for a in shown)

    def _other(self, outlet: Outlet, at: int, path: str) -> Reply:
        if path == outlet.listing:
            return self._listing(outlet, at)
        match path:
            case "/robots.txt":
                return replies.text(lists.robots(outlet, self._forbidden(outlet, at)))
            case "/" | "/home":
                return replies.html(200, lists.section(outlet, self._teasers(outlet, at)))
            case "/about" | "/contact":
                return replies.html(
                    200, pages.plain_page(outlet, path[1:].title(), f"<p>{outlet.name}, Port Selwyn.</p>")
                )
        return replies.html(200 if self._never_404(outlet, at) else 404, _not_found(outlet))

    def _listing(self, outlet: Outlet, at: int) -> Reply:
        teasers = self._tracked(self._teasers(outlet, at))
        match outlet.listing:
            case "/sitemap.xml":
                return replies.xml("application/xml", lists.sitemap(outlet, teasers))
            case "/atom.xml":
                return replies.xml("application/atom+xml", lists.atom(outlet, teasers))
            case "/news/":
                return replies.html(200, lists.section(outlet, teasers)).tagged()
        return replies.xml("application/rss+xml", lists.rss(outlet, teasers))

    def _tracked(self, teasers: tuple[Teaser, ...]) -> tuple[Teaser, ...]:
        """List one article twice, under addresses that differ in tracking keys alone."""
        tracked = {self.url(self.deal.articles[turn.article]) for turn in self.deal.turns if turn.event == "duplicate"}
        return tuple(
            Teaser(t.title, f"{t.url}{keys}", t.published_at)
            for t in teasers
            for keys in ([f"?{key}" for key in TRACKING] if t.url in tracked else [""])
        )

    def _forbidden(self, outlet: Outlet, at: int) -> tuple[str, ...]:
        barred = [a for a in self._present(outlet, at) if self.deal.state(a.id, at) == "robots_denied"]
        return tuple(self.url(a).removeprefix(outlet.root) for a in barred)

    def _never_404(self, outlet: Outlet, at: int) -> bool:
        """A site that answers 200 for one missing article does so for every missing page."""
        return any(self.deal.state(a.id, at) == "soft_404" for a in self._present(outlet, at))


def _not_found(outlet: Outlet) -> str:
    content = "<p>Sorry, the page you are looking for could not be found. It may have been moved or deleted.</p>"
    return pages.plain_page(outlet, "Page not found", content, f'<link rel="canonical" href="{outlet.root}/">\n')


def _busy(outlet: Outlet) -> str:
    return pages.plain_page(outlet, "Service unavailable", "<p>We are busy just now. Please come back in an hour.</p>")
