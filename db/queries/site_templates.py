"""Queries of site templates, and of the pages they are learned from.

A site is identified by its registered domain. Its articles are those with a url_key in a range. The table is named
``furniture``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.microseconds import instant
from db.queries import row_mapping
from db.records import SiteTemplate, TemplateLines

if TYPE_CHECKING:
    from collections.abc import Collection

    from db.reader import Ask
    from db.records import Extraction

_NEWEST = """
    SELECT f.id, f.site, f.revision, f.edge, f.anywhere, f.adopted_at
    FROM json_each(:sites) k CROSS JOIN furniture f ON f.site = k.value
    WHERE f.revision = (SELECT max(n.revision) FROM furniture n WHERE n.site = f.site)"""


def newest_template(ask: Ask, site: str) -> SiteTemplate:
    """Return the newest template of a site, or an empty one with revision 0 if none was learned."""
    return newest_templates(ask, [site])[site]


def newest_templates(ask: Ask, sites: Collection[str]) -> dict[str, SiteTemplate]:
    """Return the newest template of each of these sites, as ``newest_template`` does."""
    templates = {site: SiteTemplate(site=site, revision=0, blocks=TemplateLines()) for site in sites}
    for row in ask(_NEWEST, sites=json.dumps(list(templates))) if templates else ():
        site, adopted_at = row["site"], instant(row["adopted_at"])
        lines = TemplateLines(edge=tuple(json.loads(row["edge"])), anywhere=tuple(json.loads(row["anywhere"])))
        templates[site] = SiteTemplate(
            site=site, revision=row["revision"], blocks=lines, adopted_at=adopted_at, id=row["id"]
        )
    return templates


_HOSTS = """
    SELECT substr(url_key, 1, instr(url_key, ')')) AS host, min(url) AS url, count(*) AS n
    FROM source WHERE kind = 'article' GROUP BY substr(url_key, 1, instr(url_key, ')'))"""


def article_hosts(ask: Ask) -> list[tuple[str, str, int]]:
    """Return every host of articles: the beginning of their url_keys up to the bracket, one address, and their number.

    Sorted by that beginning.
    """
    return sorted((row["host"], row["url"], row["n"]) for row in ask(_HOSTS))


def sites_with_template(ask: Ask) -> list[str]:
    """Return every site that has a template."""
    return [row["site"] for row in ask("SELECT DISTINCT site FROM furniture ORDER BY site")]


_PAGES = """
    SELECT DISTINCT h.url_key, e.id, t.title, t.body, e.removed
    FROM source s
    JOIN source h ON h.id = coalesce(s.same_as, s.id)
    JOIN capture c ON c.source_id = s.id
    JOIN extraction e ON e.payload_id = c.payload_id AND e.charset = coalesce(c.charset, '')
    JOIN text t ON t.id = e.text_id
    WHERE s.kind = 'article' AND s.url_key >= :first AND s.url_key < :end AND e.recipe_id = :recipe
      AND e.verdict IN ('ok', 'live_blog')
    ORDER BY h.url_key, e.id"""


def extracted_pages(ask: Ask, keys: tuple[str, str], recipe_id: str) -> list[tuple[str, Extraction]]:
    """Return every extraction of the articles with a url_key in this range, each with the url_key of its history.

    Addresses of one history are one page. The further parts of an article belong to it.
    """
    rows = ask(_PAGES, first=keys[0], end=keys[1], recipe=recipe_id)
    return [(row["url_key"], row_mapping.extraction(row)) for row in rows]
