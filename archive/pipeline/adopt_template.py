"""Learning the furniture of sites and taking it up: the half of it that reads and writes the archive.

What is learned follows from the texts as they were extracted, never from cleaned ones: so taking up a revision cannot
lead to the next, and the order in which captures came cannot show.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from archive.extract.boilerplate import learn, near_copies, restore
from archive.urls import registered_domain, url_key
from db.queries import site_templates as template_queries

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from db.reader import Ask
    from db.records import Capture, Extraction, Recipe, SiteTemplate, TemplateLines
    from db.store import Store


class TemplateCache:
    """The furniture of each site, asked for once."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: dict[str, SiteTemplate] = {}

    def of(self, capture: Capture) -> SiteTemplate:
        """The newest furniture of the site that a capture was asked of."""
        site = registered_domain(capture.url)
        if site not in self._known:
            self._known[site] = template_queries.newest_template(self._ask, site)
        return self._known[site]


def adopt_templates(store: Store, recipe: Recipe, now: datetime) -> tuple[int, int]:
    """Learn the furniture of every site anew, and take up what is not as it was: how many sites, how many captures.

    Those captures are back on the ledger. Their texts must all have been extracted under ``recipe``.
    """
    counts = [
        queued
        for site in sites(store.ask)
        if (queued := store.adopt_template(site, site_keys(site), learned(store.ask, site, recipe), now)) is not None
    ]
    return len(counts), sum(counts)


def learned(ask: Ask, site: str, recipe: Recipe) -> TemplateLines:
    """The furniture of one site by all that is known of it today."""
    return learn_from(template_queries.extracted_pages(ask, site_keys(site), recipe.id))


def learn_from(pages: Iterable[tuple[str, Extraction]]) -> TemplateLines:
    """The same from pairs of an address and a text seen there."""
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for address, extraction in pages:
        texts[address].append(restore(extraction))
    return learn(texts, near_copies(texts))


def sites(ask: Ask) -> list[str]:
    """Every site, by its registered domain, of which articles are known or something was learned."""
    here = {registered_domain(url) for url in template_queries.url_per_host(ask)}
    return sorted(here.union(template_queries.sites_with_template(ask)))


def site_keys(site: str) -> tuple[str, str]:
    """The url_keys of a site's addresses: from the first of these, to before the second."""
    host = url_key(f"http://{site}/").partition(")")[0]
    if not host.endswith(","):
        return f"{host})", f"{host}*"  # an address in numbers has no names below it
    return host, host[:-1] + "-"  # in ASCII what follows a comma
