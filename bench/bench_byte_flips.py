"""Flipped bytes of the demo's archive: commands that ended in an error of a library, or answered unknown to verify.

The seed is not the one by which the faults were found and mended.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.byte_flips import commands, faults, fixed_environment
from tests.examples import play

if TYPE_CHECKING:
    from collections.abc import Iterator

UNIT = "files"
FLIPS, SEED = 300, 2
CLOCK = "2026-01-08T09:00:00Z"

_LINKED = """
    SELECT s.url FROM source s JOIN version v ON v.source_id = s.id AND v.superseded_at IS NULL
    GROUP BY s.id HAVING count(*) > 1
    ORDER BY (SELECT count(*) FROM link l JOIN version w ON w.text_id IN (l.a_text_id, l.b_text_id)
              WHERE w.source_id = s.id) DESC, s.id LIMIT 2"""


def figures() -> Iterator[tuple[str, float]]:
    with TemporaryDirectory() as place, fixed_environment(CLOCK):
        folder = Path(place)
        play(folder / "wirecopy-demo")
        db = folder / "wirecopy-demo" / "data" / "archive.db"
        with closing(sqlite3.connect(db)) as connection:
            urls = [url for (url,) in connection.execute(_LINKED)]
        bad = list(faults(db, folder, commands(urls, "battery"), FLIPS, SEED))
    yield "with a flipped bit", FLIPS
    yield "in which a command failed badly", len({fault.offset for fault in bad})
    for fault in bad:
        print(f"  {fault}")
