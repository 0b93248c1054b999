"""The news world: eight outlets, about fifty articles, and the script one seed deals to them. Pure: no clock, no state.

``World(seed).respond(round, host, target, headers)`` answers a request; ``events()`` tells what an archive ought to
notice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from archive.demo import lists, pages, replies
from archive.demo.outlets import OUTLETS, Outlet
from archive.demo.pages import Story, Teaser
from archive.demo.script import ROUNDS, SILENT, Deal, deal
from archive.demo.spin import read_synonyms, spun
from archive.demo.texts import EDITS, Article, Edition, edited, first_edition, read_articles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from archive.demo.replies import Reply

RETRY_AFTER = 3600  # seconds: nobody waits for it within a round, and it is over long before the next
LONG_RETRY_AFTER = 8 * 3600  # seconds: of round 0, in which round 1 falls
CHARSET_LIES = {0: ("utf-8", "iso-8859-1"), 1: ("windows-1252", "utf-8")}
"""By the round in which the lie begins: what the bytes and the page's own meta say, and what the header says."""

TRACKING = ("utm_source=atom&utm_medium=feed", "utm_source=newsletter&utm_campaign=monday&fbclid=x7Qp")
AN_HOUR = timedelta(hours=1)
GONE = frozenset({"missing_404", "gone_410"})
_PART = re.compile(r"page=([1-9])")
FORMS = ("amp", "print")
"""An article's further addresses with the same text, which call its own address the canonical one."""

TOLD_AS = {"halved": "suspect", "relapsed": "suspect", "robots_down": "robots_denied", "stale_tag": "not_modified"}
"""What an archive can know of an event, where that is less than what happened."""


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
        for event in () if "reverted" in happened else happened:
            edit = "number" if event == "stale_tag" else event
            edition = edited(article, edition, edit) if edit in EDITS else edition
        return edition.plain()

    def shown(self, article: Article, at: int) -> Edition:
        """Return what a reader finds in round ``at``: the edition, but for a page that is broken or stale just then."""
        happens = self.deal.now(article.id, at)
        edition = self.edition(article, 0 if "relapsed" in happens else at)
        return edition.beginning() if "halved" in happens else edition

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
        before, after = self._places[article.id]
        return after if "address_moved" in self.deal.of(article.id, at) else before

    @cached_property
    def _places(self) -> dict[str, tuple[str, str]]:
        """By article, its first address and the one that it has if it moves."""
        own = {a.id: (self._place(a), self._place(a, " in full")) for a in self.articles if not a.short_of}
        forms = {a.id: self.form_of(own[a.short_of][0], "amp") for a in self.articles if a.short_of}
        return own | {name: (url, url) for name, url in forms.items()}

    def _place(self, article: Article, suffix: str = "") -> str:
        outlet, headline = self._outlets[article.outlet], self._first[article.id].headline
        day = f"{article.published_at:%Y/%m/%d}"
        return outlet.root + outlet.address(section=article.section, headline=headline + suffix, day=day)

    @staticmethod
    def form_of(url: str, form: str) -> str:
        """Return the address at which the article is found in another form: ``amp``, ``print``, or for a ``visit``."""
        scheme, _, host, path = url.split("/", 3)
        return f"{scheme}//{host}/{form}/{path}"

    @cached_property
    def forms(self) -> dict[str, tuple[str, str]]:
        """Every further address that a list names for an article: the article's first address, and which form it is."""
        return {
            self.form_of(self.url(a), event): (self.url(a), event)
            for a in self.articles
            for event in self.deal.of(a.id, 0)
            if event in FORMS
        }

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Every address an article ever has, with the article's first address."""
        last = len(ROUNDS)
        own = {url: self.url(a) for a in self.articles for url in (self.url(a), self.url(a, last))}
        return own | {url: home for url, (home, _) in self.forms.items()}

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
        firsts = [Event(self._first_shown(a), self.url(a), "first") for a in self.articles]
        turns = [
            Event(t.round, self.url(self.deal.articles[t.article]), TOLD_AS.get(t.event, t.event))
            for t in self.deal.turns
            if t.event not in SILENT
        ]
        copies = [
            Event(a.appears, self.url(a), f"copy:{relation}:{self.url(self.deal.articles[base])}@1")
            for a in self.articles
            for relation, base in a.copies
        ]
        return tuple(sorted((*firsts, *turns, *copies), key=lambda e: (e.round, e.url, e.event)))

    def _first_shown(self, article: Article) -> int:
        return next(at for at in range(article.appears, len(ROUNDS)) if self.deal.state(article.id, at) == "ok")

    # --- what is answered --------------------------------------------------------------------------------------------

    def respond(self, at: int, host: str, target: str, headers: Mapping[str, str]) -> Reply:
        """Answer one GET in round ``at``: ``target`` is path and query, ``headers`` have lower-case names."""
        outlet = self._hosts.get(host.partition(":")[0].lower())
        if outlet is None:
            return replies.html(404, "<p>No such site in this world.</p>").finished(ROUNDS[at], headers)
        path, _, query = target.partition("?")
        article, form = self._routes(outlet, at).get(path, (None, ""))
        if article is None:
            return self._other(outlet, at, path).finished(ROUNDS[at], headers)
        reply = self._article(outlet, article, at, form, query) if form else self._at_home(outlet, article, at, target)
        happens = self.deal.now(article.id, at)
        if "wrong_304" in happens and "if-none-match" in headers and "no-cache" not in headers.get("cache-control", ""):
            return reply.unmodified().finished(ROUNDS[at], headers)
        finished = reply.finished(ROUNDS[at], headers)
        return finished.cut_off() if "truncated" in happens else finished

    def _present(self, outlet: Outlet, at: int) -> list[Article]:
        return [a for a in self.articles if a.outlet == outlet.id and a.appears <= at]

    def _routes(self, outlet: Outlet, at: int) -> dict[str, tuple[Article, str]]:
        """Return what stands at each path: an article, and in which form, "" at an address of its own."""
        present = self._present(outlet, at)
        further = {url: (a, form) for a in present for url, (home, form) in self.forms.items() if home == self.url(a)}
        visits = {self.form_of(self.url(a), "visit"): (a, "visit") for a in present if self._detours(a, at)}
        own = {self.url(a, when): (a, "") for a in present for when in (0, at)}
        return {url.removeprefix(outlet.root): each for url, each in (further | visits | own).items()}

    def _detours(self, article: Article, at: int) -> bool:
        return "detour" in self.deal.now(article.id, at)

    def _at_home(self, outlet: Outlet, article: Article, at: int, target: str) -> Reply:
        """Answer at an address of the article's own: with the page, or where it is found for good or for once."""
        path, _, query = target.partition("?")
        here = self.url(article, at)
        if here != outlet.root + path:
            return replies.moved(here)
        if self._detours(article, at):
            return replies.moved(self.form_of(here, "visit"), for_good=False)
        return self._article(outlet, article, at, "", query)

    def _article(self, outlet: Outlet, article: Article, at: int, form: str, query: str) -> Reply:
        noise = f"{self.seed}/{at}/{self.url(article, at)}"
        match self.deal.state(article.id, at):
            case "missing_404" | "soft_404" as state:
                return replies.html(404 if state == "missing_404" else 200, _not_found(outlet))
            case "gone_410":
                return replies.html(410, pages.plain_page(outlet, "Gone", "<p>This article has been withdrawn.</p>"))
            case "server_error" | "left_alone":
                pause = RETRY_AFTER if at else LONG_RETRY_AFTER
                return replies.html(503, _busy(outlet)).headed(("Retry-After", str(pause)))
            case "paywall":
                return replies.html(200, pages.paywall_page(outlet, self._story(article, at), noise))
        reply = self._page(outlet, article, at, form, query)
        stale = "stale_tag" in self.deal.now(article.id, at)
        if not outlet.quiet:
            return reply
        return reply.tagged(of=self._page(outlet, article, at - 1, form, query).body if stale else None)

    def _page(self, outlet: Outlet, article: Article, at: int, form: str, query: str) -> Reply:
        """Return the page of an article that is there; of one in parts the part that ``query`` asks for."""
        story = self._story(article, at)
        if form in FORMS:
            story = replace(story, template=form, links=())
        noise = f"{self.seed}/{at}/{self.url(article, at)}{form}"
        if article.parts > 1:
            asked = _PART.fullmatch(query)
            number = min(int(asked[1]), article.parts) if asked else 1
            story, noise = _part_of(story, number), f"{noise}{number}"
        page = pages.article_page(outlet, story, self._teasers(outlet, at, but=article), noise)
        return replies.html(200, page, *self._charsets(article, at))

    def _charsets(self, article: Article, at: int) -> tuple[str, str]:
        begun = (turn.round for turn in self.deal.turns if turn.article == article.id and turn.event == "charset")
        return next((CHARSET_LIES[when] for when in begun if when <= at), ("utf-8", "utf-8"))

    def _story(self, article: Article, at: int) -> Story:
        source = self.url(self.deal.articles[article.copies[0][1]], at) if article.copies else ""
        edition = self.shown(article, at)
        amps = [url for url, (home, form) in self.forms.items() if form == "amp" and home == self.url(article)]
        amps += [self.url(short) for short in self.articles if short.short_of == article.id]
        teased = "retitled" in self.deal.now(article.id, at)
        return Story(
            article=article,
            edition=edition,
            url=source if article.short_of else self.url(article, at),
            charset=self._charsets(article, at)[0],
            source=source,
            links=tuple(("amphtml", url) for url in amps),
            social=edition.headline.rpartition(" ")[0] if teased else "",
            template="amp" if article.short_of else "",
        )

    def _teasers(self, outlet: Outlet, at: int, *, but: Article | None = None) -> tuple[Teaser, ...]:
        """Return what the outlet links to, newest first: everything it has not taken down."""
        shown = [a for a in self._present(outlet, at) if a is not but and self.deal.state(a.id, at) not in GONE]
        shown.sort(key=lambda article: article.published_at, reverse=True)
        return tuple(
            Teaser(self.edition(a, at).headline, self.url(a, at), a.published_at, self._updated_at(a, at))
            for a in shown
        )

    def _updated_at(self, article: Article, at: int) -> datetime:
        """Return when the article was last edited: an hour before the round in which that can be seen."""
        edits = [ROUNDS[t.round] - AN_HOUR for t in self.deal.turns if t.article == article.id and t.event in EDITS]
        return max([article.published_at, *(when for when in edits if when <= ROUNDS[at])])

    def _other(self, outlet: Outlet, at: int, path: str) -> Reply:
        if path in {outlet.listing, outlet.feed} - {""}:
            return self._listing(outlet, at, path)
        match path:
            case "/robots.txt" if any("robots_down" in self.deal.now(a.id, at) for a in self._present(outlet, at)):
                return replies.html(503, _busy(outlet))
            case "/robots.txt":
                return replies.text(lists.robots(outlet, self._forbidden(outlet, at)))
            case "/" | "/home":
                return replies.html(200, lists.section(outlet, self._teasers(outlet, at)))
            case "/about" | "/contact":
                return replies.html(
                    200, pages.plain_page(outlet, path[1:].title(), f"<p>{outlet.name}, Port Selwyn.</p>")
                )
        return replies.html(200 if self._never_404(outlet, at) else 404, _not_found(outlet))

    def _listing(self, outlet: Outlet, at: int, path: str) -> Reply:
        teasers = self._tracked(self._teasers(outlet, at))
        match path:
            case "/sitemap.xml":
                return replies.xml("application/xml", lists.sitemap(outlet, teasers))
            case "/atom.xml" | "/latest.atom":
                return replies.xml("application/atom+xml", lists.atom(outlet, teasers))
            case "/news/" | "/front/":
                return replies.html(200, lists.section(outlet, teasers)).tagged()
        return replies.xml("application/rss+xml", lists.rss(outlet, teasers))

    def _tracked(self, teasers: tuple[Teaser, ...]) -> tuple[Teaser, ...]:
        """List one article under two addresses that differ in tracking keys alone, and some in a further form."""
        tracked = {self.url(self.deal.articles[turn.article]) for turn in self.deal.turns if turn.event == "duplicate"}
        spelt = {url: tuple(f"{url}?{key}" for key in TRACKING) for url in tracked}
        spelt |= {home: (home, url) for url, (home, _) in self.forms.items()}
        return tuple(replace(each, url=url) for each in teasers for url in spelt.get(each.url, (each.url,)))

    def _forbidden(self, outlet: Outlet, at: int) -> tuple[str, ...]:
        barred = [a for a in self._present(outlet, at) if self.deal.state(a.id, at) == "robots_denied"]
        return tuple(self.url(a).removeprefix(outlet.root) for a in barred)

    def _never_404(self, outlet: Outlet, at: int) -> bool:
        """A site that answers 200 for one missing article does so for every missing page."""
        return bool(outlet.apology) or any(self.deal.state(a.id, at) == "soft_404" for a in self._present(outlet, at))


def _part_of(story: Story, number: int) -> Story:
    """Return one page of a story that is printed on several; each but the last names the next."""
    parts = story.article.parts
    further = (("next", f"{story.url}?page={number + 1}"),) if number < parts else ()
    return replace(story, edition=story.edition.part(number, parts), links=(*story.links, *further))


def _not_found(outlet: Outlet) -> str:
    if outlet.apology:
        return pages.plain_page(outlet, "Washed out", f"<article><p>{outlet.apology}</p></article>")
    content = "<p>Sorry, the page you are looking for could not be found. It may have been moved or deleted.</p>"
    return pages.plain_page(outlet, "Page not found", content, f'<link rel="canonical" href="{outlet.root}/">\n')


def _busy(outlet: Outlet) -> str:
    return pages.plain_page(outlet, "Service unavailable", "<p>We are busy just now. Please come back in an hour.</p>")
