"""Learn the template lines of each site and apply them: the half of boilerplate removal that uses the store.

A template is learned from extracted texts, never from cleaned ones. So one revision cannot cause the next, and the
order in which captures arrived does not matter.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING

from archive.extract.boilerplate import learn_template, near_copies, restore
from archive.extract.boilerplate.site_template import FEWEST_PAGES, NO_TEMPLATE
from archive.urls import registered_domain, url_key
from db.queries import site_templates as template_queries
from db.wall import suppress_own_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from db.reader import Ask
    from db.records import Capture, Extraction, Recipe, SiteTemplate, TemplateLines
    from db.store import Store


class TemplateCache:
    """The template of each site, read once."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: dict[str, SiteTemplate] = {}

    def of(self, capture: Capture) -> SiteTemplate:
        """Return the newest template of the site that a capture was requested from."""
        site = registered_domain(capture.url)
        if site not in self._known:
            self._known |= template_queries.newest_templates(self._ask, [site])
        return self._known[site]

    def read_for(self, captures: Iterable[Capture]) -> None:
        """Read the templates of the sites of all these captures, by one query."""
        sites = {registered_domain(capture.url) for capture in captures}
        self._known |= template_queries.newest_templates(self._ask, sites - self._known.keys())


def adopt_templates(store: Store, recipe: Recipe, now: datetime) -> tuple[int, int]:
    """Learn the template of every site again and store those that changed. Return the counts of sites and captures.

    The captures of a changed site are queued to be derived again. Their texts must all have been extracted under
    ``recipe``.
    """
    counts = []
    hosts = template_queries.article_hosts(store.ask)
    names = _sites(store.ask, hosts)
    newest = template_queries.newest_templates(store.ask, names)
    article_count = _article_counter(hosts)
    for site in names:
        with suppress_own_faults():  # a site of which nothing can be learned keeps the template it has
            has_few = article_count(url_key_range(site)) < FEWEST_PAGES  # most sites of an archive of single pages
            template = NO_TEMPLATE if has_few else learned_template(store.ask, site, recipe)
            if template == newest[site].blocks:
                continue
            queued = store.adopt_template(site, url_key_range(site), template, now)
            if queued is not None:
                counts.append(queued)
    return len(counts), sum(counts)


def _article_counter(hosts: Sequence[tuple[str, str, int]]) -> Callable[[tuple[str, str]], int]:
    """Return a function that counts the articles in a range of url_keys. ``hosts`` as of ``article_hosts``."""
    beginnings = [host for host, _, _ in hosts]
    sums = [0, *accumulate(count for _, _, count in hosts)]
    return lambda keys: sums[bisect_left(beginnings, keys[1])] - sums[bisect_left(beginnings, keys[0])]


def learned_template(ask: Ask, site: str, recipe: Recipe) -> TemplateLines:
    """Return the template of one site, learned from all its texts under ``recipe``."""
    return template_from_texts(template_queries.extracted_pages(ask, url_key_range(site), recipe.id))


def template_from_texts(pages: Iterable[tuple[str, Extraction]]) -> TemplateLines:
    """Return the template learned from pairs of a URL and a text seen there."""
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for url, extraction in pages:
        texts[url].append(restore(extraction))
    return learn_template(texts, near_copies(texts))


def sites(ask: Ask) -> list[str]:
    """Return the registered domains of all articles and of all learned templates, sorted."""
    return _sites(ask, template_queries.article_hosts(ask))


def _sites(ask: Ask, hosts: Sequence[tuple[str, str, int]]) -> list[str]:
    domains = {registered_domain(url) for _, url, _ in hosts}
    return sorted(domains.union(template_queries.sites_with_template(ask)))


def url_key_range(site: str) -> tuple[str, str]:
    """Return the range of a site's url_keys: from the first, and up to but not including the second."""
    host = url_key(f"http://{site}/").partition(")")[0]
    if not host.endswith(","):
        return f"{host})", f"{host}*"  # an IP address has no subdomains
    return host, host[:-1] + "-"  # "-" follows "," in ASCII
