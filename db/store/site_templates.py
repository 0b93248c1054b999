"""Write the templates learned of sites: a new revision is added, an old one never changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import insert
from sqlalchemy import text as sql

from db.microseconds import micros
from db.queries import site_templates as template_queries
from db.schema import furniture
from db.writer import ask_on

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from db.records import TemplateLines

_REQUEUE_SITE = """
    INSERT INTO underived (capture_id)
    SELECT d.capture_id
    FROM source s
    JOIN capture c ON c.source_id = s.id AND c.part = 1
    JOIN derivation d ON d.capture_id = c.id
    WHERE s.kind = 'article' AND s.url_key >= :first AND s.url_key < :end
      AND d.capture_id NOT IN (SELECT capture_id FROM underived)"""


def adopt_template(
    connection: Connection, site: str, keys: tuple[str, str], lines: TemplateLines, now: datetime
) -> int | None:
    """Make ``lines`` the newest template of a site and return how many captures go back on the ledger.

    ``keys`` is the range of the site's url_keys. None, and no change, if these are the newest lines already.
    """
    newest = template_queries.newest_template(ask_on(connection), site)
    if lines == newest.blocks:
        return None
    row = {"edge": json.dumps(lines.edge, ensure_ascii=False), "adopted_at": micros(now)}
    row["anywhere"] = json.dumps(lines.anywhere, ensure_ascii=False)
    connection.execute(insert(furniture).values(site=site, revision=newest.revision + 1, **row))
    return connection.execute(sql(_REQUEUE_SITE), {"first": keys[0], "end": keys[1]}).rowcount
