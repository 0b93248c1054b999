"""Write the change rates learned from articles: one row a seed, always the newest."""

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


def record_change_rates(connection: Connection, rates: Iterable[ChangeRate]) -> None:
    """Store the change rate of each seed in place of the one before. The seeds must exist."""
    for rate in rates:
        seed_id = connection.execute(select(seed.c.id).where(seed.c.key == rate.seed_key)).scalar_one()
        row = {
            "articles": rate.articles,
            "hazard": json.dumps(rate.hazard),
            "learned_at": micros(rate.learned_at),
        }
        new = insert(rhythm).values(seed_id=seed_id, **row)
        connection.execute(new.on_conflict_do_update(index_elements=["seed_id"], set_=row))
