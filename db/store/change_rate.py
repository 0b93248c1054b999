"""Writing what was learned of when articles are edited: one row a seed, always the newest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros
from db.schema import rhythm, seed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from db.records import ChangeRate


def record_change_rates(connection: Connection, learned: Iterable[ChangeRate]) -> None:
    """Keep what was learned of each seed, in place of what was known before; the seeds must exist."""
    for each in learned:
        seed_id = connection.execute(select(seed.c.id).where(seed.c.key == each.seed_key)).scalar_one()
        row = {
            "articles": each.articles,
            "hazard": json.dumps(each.hazard),
            "learned_at": micros(each.learned_at),
        }
        new = insert(rhythm).values(seed_id=seed_id, **row)
        connection.execute(new.on_conflict_do_update(index_elements=["seed_id"], set_=row))
