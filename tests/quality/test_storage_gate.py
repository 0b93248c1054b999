"""The floors of storage: bytes a version of real page histories, and what a new page of a known site takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from db import delta_codec
from db.store import Store
from tests.pagehistories import SITES, VERSIONS, histories, keep_all, pages_of_sites, payload_bytes

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.gate

FLOORS = {"ota": 2_200, "news": 10_400}
"""Bytes a version, every page of the payload table and its indexes counted (wanted: at most 2,400 and 11,400)."""

NEW_PAGE = 4.0
"""How many times smaller a new article of a known site is than zstd alone makes it (wanted: at least 2)."""


@pytest.mark.skipif(not VERSIONS.is_dir(), reason="skipped: no data")
@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_bytes_a_version(tmp_path: Path, name: str, floor: int) -> None:
    seen = histories(name)
    with Store(tmp_path / "archive.db") as store:
        keep_all(store, seen)
        taken = payload_bytes(store.ask) / len(seen)
        (deepest,) = store.ask("SELECT max(depth) AS n FROM payload")
    assert taken <= floor
    assert deepest["n"] <= delta_codec.MAX_DEPTH


@pytest.mark.skipif(not SITES.is_file(), reason="skipped: no data")
def test_a_new_page_of_a_known_site(tmp_path: Path) -> None:
    alone = 0
    with Store(tmp_path / "archive.db") as store:
        for pages in pages_of_sites().values():
            for one in pages:
                keep_all(store, [one])
            alone += sum(len(delta_codec.pack(one.data)[1]) for one in pages[1:])
        first = "SELECT min(id) FROM source GROUP BY substr(url, 1, instr(substr(url, 9), '/') + 8)"
        (new,) = store.ask(
            "SELECT sum(length(p.data)) AS n FROM payload p JOIN capture c ON c.payload_id = p.id "
            f"WHERE c.source_id NOT IN ({first})"
        )
    assert alone / new["n"] >= NEW_PAGE
