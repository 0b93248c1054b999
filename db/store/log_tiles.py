"""Write the transparency log: the roots of tiles that new links fill (``db.queries.log_tiles``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects.sqlite import insert

from db.merkle_tree import TILE, fold
from db.queries import log_tiles
from db.schema import tile
from db.writer import ask_on

if TYPE_CHECKING:
    from sqlalchemy import Connection


def grow(connection: Connection, old: int, new: int) -> None:
    """Add the roots of tiles that are full since the log grew from ``old`` to ``new`` entries."""
    ask, level = ask_on(connection), 0
    while new // TILE > old // TILE:
        old, new = old // TILE, new // TILE
        rows = [
            {
                "level": level + 1,
                "number": number,
                "root": fold(log_tiles.hashes(ask, level, number * TILE, (number + 1) * TILE)),
            }
            for number in range(old, new)
        ]
        connection.execute(insert(tile), rows)
        level += 1
