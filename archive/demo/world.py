"""The news world: eight outlets, about fifty articles, and the script that a seed assigns. Pure: no clock, no state.

``World(seed).respond(number, host, target, headers)`` answers a request in a round. ``events()`` are the events that an
archive should report.
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
from archive.demo.script import ROUNDS, SILENT, Script, assign_roles
from archive.demo.spin import read_synonyms, spin
from archive.demo.texts import EDITS, Article, Edition, apply_edit, first_edition, read_articles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from archive.demo.replies import Reply

RETRY_AFTER = 3600  # seconds: longer than a round lasts, and over long before the next one
LONG_RETRY_AFTER = 8 * 3600  # seconds: of round 0, not over in round 1
CHARSET_LIES = {0: ("utf-8", "iso-8859-1"), 1: ("windows-1252", "utf-8")}
"""By the round in which the lie begins: the charset of the bytes and of the page's meta, and that of the header."""

TRACKING = ("utm_source=atom&utm_medium=feed", "utm_source=newsletter&utm_campaign=monday&fbclid=x7Qp")
AN_HOUR = timedelta(hours=1)
GONE = frozenset({"missing_404", "gone_410"})
_PART = re.compile(r"page=([1-9])")
FORMS = ("amp", "print")
"""Further URLs of an article with the same text, whose pages name the article's own URL as the canonical one."""

REPORTED_AS = {"halved": "suspect", "relapsed": "suspect", "robots_down": "robots_denied", "stale_tag": "not_modified"}
"""The event an archive can report if it cannot see the actual one."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something an archive should report: the round, the URL, and the event in one word.

    A copy is ``copy:RELATION:URL@N``: this article was copied from version N of that one. ``pending`` names a later
    feature that the event needs, "" if none.
    """

    round: int
    url: str
    event: str
    pending: str = ""


class World:
    """The outlets, their articles and events under one seed. ``number`` is always the number of a round."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.script: Script = assign_roles(read_articles(), seed)
        self._outlets = {outlet.id: outlet for outlet in OUTLETS}
        self._hosts = {outlet.host: outlet for outlet in OUTLETS}

    @property
    def articles(self) -> tuple[Article, ...]:
        """Every article as this seed has it, in order of id."""
        return tuple(self.script.articles.values())

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of the outlets."""
        return tuple(self._hosts)

    def edition(self, article: Article, number: int) -> Edition:
        """Return the article's edition in a round, even if its URL does not show it then."""
        edition = self._first_editions[article.id]
        events = self.script.events_until(article.id, number)
        for event in () if "reverted" in events else events:
            edit = "number" if event == "stale_tag" else event
            edition = apply_edit(article, edition, edit) if edit in EDITS else edition
        return edition.plain()

    def visible_edition(self, article: Article, number: int) -> Edition:
        """Return the text a reader finds in a round: the edition, unless the page is broken or stale in that round."""
        events = self.script.events_in(article.id, number)
        edition = self.edition(article, 0 if "relapsed" in events else number)
        return edition.beginning() if "halved" in events else edition

    @cached_property
    def _first_editions(self) -> dict[str, Edition]:
        """The first edition of every article, with its marks. A spun one is made from that of its original."""
        misspelt = {turn.article for turn in self.script.turns if turn.event == "cosmetic"}
        own = {
            a.id: first_edition(a, self.script.articles, misspelt=a.id in misspelt)
            for a in self.articles
            if not a.spins
        }
        synonyms = read_synonyms()
        return own | {a.id: spin(own[a.spins].plain(), synonyms) for a in self.articles if a.spins}

    def url(self, article: Article, number: int = 0) -> str:
        """Return the article's URL in a round. Its URL in round 0 identifies it."""
        before, after = self._urls[article.id]
        return after if "address_moved" in self.script.events_until(article.id, number) else before

    @cached_property
    def _urls(self) -> dict[str, tuple[str, str]]:
        """By article, its first URL and the one it has if it moves."""
        own = {a.id: (self._url_of(a), self._url_of(a, " in full")) for a in self.articles if not a.short_of}
        forms = {a.id: self.form_of(own[a.short_of][0], "amp") for a in self.articles if a.short_of}
        return own | {name: (url, url) for name, url in forms.items()}

    def _url_of(self, article: Article, suffix: str = "") -> str:
        outlet, headline = self._outlets[article.outlet], self._first_editions[article.id].headline
        day = f"{article.published_at:%Y/%m/%d}"
        return outlet.root + outlet.article_path(section=article.section, headline=headline + suffix, day=day)

    @staticmethod
    def form_of(url: str, form: str) -> str:
        """Return the URL of an article in another form: ``amp``, ``print``, or ``visit``, the target of a detour."""
        scheme, _, host, path = url.split("/", 3)
        return f"{scheme}//{host}/{form}/{path}"

    @cached_property
    def forms(self) -> dict[str, tuple[str, str]]:
        """Every further URL that lists name for an article, with the article's first URL and the form."""
        return {
            self.form_of(self.url(a), event): (self.url(a), event)
            for a in self.articles
            for event in self.script.events_until(a.id, 0)
            if event in FORMS
        }

    @cached_property
    def home_urls(self) -> dict[str, str]:
        """Every URL an article ever has, with the article's first URL."""
        last = len(ROUNDS)
        own = {url: self.url(a) for a in self.articles for url in (self.url(a), self.url(a, last))}
        return own | {url: home for url, (home, _) in self.forms.items()}

    def headlines(self, url: str) -> tuple[str, ...]:
        """Return all headlines of the article with that first URL, oldest first, with straight quotation marks."""
        article = next(a for a in self.articles if self.url(a) == url)
        return tuple(dict.fromkeys(self.edition(article, number).headline for number in range(len(ROUNDS))))

    def is_related(self, a: str, b: str) -> bool:
        """True if two articles, by their first URLs, have text of one origin."""
        return bool(self._origins[a] & self._origins[b])

    @cached_property
    def _origins(self) -> dict[str, frozenset[str]]:
        return {self.url(article): self._origin(article) for article in self.articles}

    def _origin(self, article: Article) -> frozenset[str]:
        bases = (self._origin(self.script.articles[base]) for _, base in article.copies)
        return frozenset().union(*bases) or frozenset({article.id})

    # --- events ------------------------------------------------------------------------------------------------------

    def events(self) -> tuple[Event, ...]:
        """Return the events an archive should report, by round, URL and word: first sights, edits, states, copies."""
        return self._events

    @cached_property
    def _events(self) -> tuple[Event, ...]:
        firsts = [Event(self._first_shown(a), self.url(a), "first") for a in self.articles]
        turns = [
            Event(t.round, self.url(self.script.articles[t.article]), REPORTED_AS.get(t.event, t.event))
            for t in self.script.turns
            if t.event not in SILENT
        ]
        copies = [
            Event(a.appears, self.url(a), f"copy:{relation}:{self.url(self.script.articles[base])}@1")
            for a in self.articles
            for relation, base in a.copies
        ]
        return tuple(sorted((*firsts, *turns, *copies), key=lambda e: (e.round, e.url, e.event)))

    def _first_shown(self, article: Article) -> int:
        rounds = range(article.appears, len(ROUNDS))
        return next(number for number in rounds if self.script.state(article.id, number) == "ok")

    # --- responses ---------------------------------------------------------------------------------------------------

    def respond(self, number: int, host: str, target: str, headers: Mapping[str, str]) -> Reply:
        """Answer one GET in a round. ``target`` is path and query, ``headers`` have lower-case names."""
        now = ROUNDS[number]
        outlet = self._hosts.get(host.partition(":")[0].lower())
        if outlet is None:
            return replies.html(404, "<p>No such site in this world.</p>").finalize(now, headers)
        path, _, query = target.partition("?")
        article, form = self._routes(outlet, number).get(path, (None, ""))
        if article is None:
            return self._site_page(outlet, number, path).finalize(now, headers)
        if form:
            reply = self._article_reply(outlet, article, number, form, query)
        else:
            reply = self._home_reply(outlet, article, number, target)
        events = self.script.events_in(article.id, number)
        if "wrong_304" in events and "if-none-match" in headers and "no-cache" not in headers.get("cache-control", ""):
            return reply.as_not_modified().finalize(now, headers)
        reply = reply.finalize(now, headers)
        return reply.truncate() if "truncated" in events else reply

    def _published(self, outlet: Outlet, number: int) -> list[Article]:
        return [a for a in self.articles if a.outlet == outlet.id and a.appears <= number]

    def _routes(self, outlet: Outlet, number: int) -> dict[str, tuple[Article, str]]:
        """Return the article at each path of an outlet, and its form, "" at a URL of its own."""
        published = self._published(outlet, number)
        further = {url: (a, form) for a in published for url, (home, form) in self.forms.items() if home == self.url(a)}
        visits = {self.form_of(self.url(a), "visit"): (a, "visit") for a in published if self._has_detour(a, number)}
        own = {self.url(a, then): (a, "") for a in published for then in (0, number)}
        return {url.removeprefix(outlet.root): route for url, route in (further | visits | own).items()}

    def _has_detour(self, article: Article, number: int) -> bool:
        return "detour" in self.script.events_in(article.id, number)

    def _home_reply(self, outlet: Outlet, article: Article, number: int, target: str) -> Reply:
        """Answer at one of the article's own URLs: with the page, or with a permanent or temporary redirect to it."""
        path, _, query = target.partition("?")
        url = self.url(article, number)
        if url != outlet.root + path:
            return replies.redirect(url)
        if self._has_detour(article, number):
            return replies.redirect(self.form_of(url, "visit"), permanent=False)
        return self._article_reply(outlet, article, number, "", query)

    def _article_reply(self, outlet: Outlet, article: Article, number: int, form: str, query: str) -> Reply:
        noise = f"{self.seed}/{number}/{self.url(article, number)}"
        match self.script.state(article.id, number):
            case "missing_404" | "soft_404" as state:
                return replies.html(404 if state == "missing_404" else 200, _not_found(outlet))
            case "gone_410":
                return replies.html(410, pages.plain_page(outlet, "Gone", "<p>This article has been withdrawn.</p>"))
            case "server_error" | "left_alone":
                pause = RETRY_AFTER if number else LONG_RETRY_AFTER
                return replies.html(503, _busy(outlet)).with_headers(("Retry-After", str(pause)))
            case "paywall":
                return replies.html(200, pages.paywall_page(outlet, self._story(article, number), noise))
        reply = self._page(outlet, article, number, form, query)
        if not outlet.quiet:
            return reply
        is_stale = "stale_tag" in self.script.events_in(article.id, number)
        return reply.with_etag(self._page(outlet, article, number - 1, form, query).body if is_stale else None)

    def _page(self, outlet: Outlet, article: Article, number: int, form: str, query: str) -> Reply:
        """Return the page of an article. If it is printed on several, return the one that ``query`` asks for."""
        story = self._story(article, number)
        if form in FORMS:
            story = replace(story, template=form, links=())
        noise = f"{self.seed}/{number}/{self.url(article, number)}{form}"
        if article.parts > 1:
            match = _PART.fullmatch(query)
            part = min(int(match[1]), article.parts) if match else 1
            story, noise = _part_of(story, part), f"{noise}{part}"
        page = pages.article_page(outlet, story, self._teasers(outlet, number, but=article), noise)
        if "halved" in self.script.events_in(article.id, number):
            page = page[: page.rindex("</body>")]  # the server gave up: a page with its end would be a real shortening
        return replies.html(200, page, *self._charsets(article, number))

    def _charsets(self, article: Article, number: int) -> tuple[str, str]:
        lies = (turn.round for turn in self.script.turns if turn.article == article.id and turn.event == "charset")
        return next((CHARSET_LIES[start] for start in lies if start <= number), ("utf-8", "utf-8"))

    def _story(self, article: Article, number: int) -> Story:
        source = self.url(self.script.articles[article.copies[0][1]], number) if article.copies else ""
        edition = self.visible_edition(article, number)
        amps = [url for url, (home, form) in self.forms.items() if form == "amp" and home == self.url(article)]
        amps += [self.url(short) for short in self.articles if short.short_of == article.id]
        is_retitled = "retitled" in self.script.events_in(article.id, number)
        return Story(
            article=article,
            edition=edition,
            url=source if article.short_of else self.url(article, number),
            charset=self._charsets(article, number)[0],
            source=source,
            links=tuple(("amphtml", url) for url in amps),
            social=edition.headline.rpartition(" ")[0] if is_retitled else "",
            template="amp" if article.short_of else "",
        )

    def _teasers(self, outlet: Outlet, number: int, *, but: Article | None = None) -> tuple[Teaser, ...]:
        """Return the outlet's links to its articles, newest first, without those it has taken down."""
        published = (a for a in self._published(outlet, number) if a is not but)
        linked = [a for a in published if self.script.state(a.id, number) not in GONE]
        linked.sort(key=lambda article: article.published_at, reverse=True)
        return tuple(
            Teaser(self.edition(a, number).headline, self.url(a, number), a.published_at, self._updated_at(a, number))
            for a in linked
        )

    def _updated_at(self, article: Article, number: int) -> datetime:
        """Return the last edit of an article: an hour before the round in which the edit is visible."""
        edits = [ROUNDS[t.round] - AN_HOUR for t in self.script.turns if t.article == article.id and t.event in EDITS]
        return max([article.published_at, *(instant for instant in edits if instant <= ROUNDS[number])])

    def _site_page(self, outlet: Outlet, number: int, path: str) -> Reply:
        if path in {outlet.listing, outlet.feed} - {""}:
            return self._listing(outlet, number, path)
        match path:
            case "/robots.txt" if self._has_event(outlet, number, "robots_down"):
                return replies.html(503, _busy(outlet))
            case "/robots.txt":
                return replies.text(lists.robots(outlet, self._forbidden_paths(outlet, number)))
            case "/" | "/home":
                return replies.html(200, lists.section(outlet, self._teasers(outlet, number)))
            case "/about" | "/contact":
                return replies.html(
                    200, pages.plain_page(outlet, path[1:].title(), f"<p>{outlet.name}, Port Selwyn.</p>")
                )
        return replies.html(200 if self._hides_404(outlet, number) else 404, _not_found(outlet))

    def _has_event(self, outlet: Outlet, number: int, event: str) -> bool:
        return any(event in self.script.events_in(a.id, number) for a in self._published(outlet, number))

    def _listing(self, outlet: Outlet, number: int, path: str) -> Reply:
        teasers = self._with_further_urls(self._teasers(outlet, number))
        match path:
            case "/sitemap.xml":
                return replies.xml("application/xml", lists.sitemap(outlet, teasers))
            case "/atom.xml" | "/latest.atom":
                return replies.xml("application/atom+xml", lists.atom(outlet, teasers))
            case "/news/" | "/front/":
                return replies.html(200, lists.section(outlet, teasers)).with_etag()
        return replies.xml("application/rss+xml", lists.rss(outlet, teasers))

    def _with_further_urls(self, teasers: tuple[Teaser, ...]) -> tuple[Teaser, ...]:
        """List one article under two URLs that differ in tracking parameters alone, and some in a further form too."""
        duplicates = (turn.article for turn in self.script.turns if turn.event == "duplicate")
        tracked = {self.url(self.script.articles[name]) for name in duplicates}
        urls = {url: tuple(f"{url}?{key}" for key in TRACKING) for url in tracked}
        urls |= {home: (home, url) for url, (home, _) in self.forms.items()}
        return tuple(replace(teaser, url=url) for teaser in teasers for url in urls.get(teaser.url, (teaser.url,)))

    def _forbidden_paths(self, outlet: Outlet, number: int) -> tuple[str, ...]:
        forbidden = [a for a in self._published(outlet, number) if self.script.state(a.id, number) == "robots_denied"]
        return tuple(self.url(a).removeprefix(outlet.root) for a in forbidden)

    def _hides_404(self, outlet: Outlet, number: int) -> bool:
        """True if the site answers 200 for missing pages. One that does so for one article does so for every page."""
        soft_404 = any(self.script.state(a.id, number) == "soft_404" for a in self._published(outlet, number))
        return bool(outlet.apology) or soft_404


def _part_of(story: Story, number: int) -> Story:
    """Return one page of a story that is printed on several. Each but the last names the next."""
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
