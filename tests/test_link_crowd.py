"""A text is compared with few others, however alike the texts of a site are, and no copy is lost by it."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from archive.copies import fingerprint
from bench.bench_copies import insert
from db.queries import links as link_queries
from db.records import Text
from db.store import Store
from tests.builders import T0

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PAGES, PHRASES = 300, 25
LINES = (Path(__file__).parent / "pairs" / "texts.jsonl").read_text(encoding="utf-8").splitlines()
STORIES = [Text(sha256="", title="", body=row["body"], language=row["language"]) for row in map(json.loads, LINES)]


def sentence(dice: random.Random) -> str:
    words = ["".join(dice.choice("bdfgklmnprst") + dice.choice("aeiou") for _ in range(3)) for _ in range(10)]
    return " ".join(words).capitalize() + "."


def site_pages() -> list[str]:
    """Return pages of one site: two sentences of their own and four of the site's phrases, in any order."""
    dice = random.Random(5)
    phrases = [sentence(dice) for _ in range(PHRASES)]
    return [
        "\n\n".join(dice.sample([*dice.sample(phrases, 4), sentence(dice), sentence(dice)], 6)) for _ in range(PAGES)
    ]


def waiting_texts(path: Path, bodies: Sequence[str]) -> Store:
    """Return an archive in which these texts of one day wait to be linked."""
    Store(path).close()
    stamp = round(T0.timestamp() * 1_000_000)
    with closing(sqlite3.connect(path)) as connection, connection:
        for number, body in enumerate(bodies, 1):
            url = f"https://site.example/{number}"
            insert(connection, "text", id=number, sha256=number.to_bytes(32), title="", body=body)
            insert(connection, "source", id=number, url=url, url_key=url, kind="article")
            insert(connection, "version", id=number, source_id=number, number=1, text_id=number, first_seen_at=stamp,
                   last_seen_at=stamp, dated_at=stamp)  # fmt: skip
            insert(connection, "unlinked", text_id=number)
    return Store(path)


def test_a_page_of_a_crowded_site_is_compared_with_few_others(tmp_path: Path) -> None:
    """The more pages, the fewer. When no key counted half, the last hundred were compared with more than before."""
    counts = []
    with waiting_texts(tmp_path / "archive.db", bodies := site_pages()) as store:
        for number, body in enumerate(bodies, 1):
            keys = fingerprint(Text(sha256="", title="", body=body))
            store.add_lsh_keys({number: keys})
            counts.append(len(link_queries.candidates(store.ask, number, keys)))
    assert 20 < max(counts) <= 96  # measured 89, without half values 132
    assert sum(counts[200:]) < sum(counts[100:200])


def pairs_without_bounds(keys: Mapping[int, Sequence[int]]) -> set[frozenset[int]]:
    """Return the pairs that would be compared if a key of however many texts counted in full."""
    holders = defaultdict(list)
    for number, own in keys.items():
        for key in own:
            holders[key].append(number)
    values: Counter[frozenset[int]] = Counter()
    for key, numbers in holders.items():
        value = link_queries.key_value(key, rare=len(numbers) <= link_queries.RARE_CAP)
        values.update({frozenset(pair): int(value) for pair in combinations(numbers, 2)})
    return {pair for pair, value in values.items() if value >= link_queries.LEAST_SHARED}


def test_in_an_ordinary_archive_the_bounds_change_nothing(tmp_path: Path) -> None:
    keys = {number: fingerprint(text) for number, text in enumerate(STORIES, 1)}
    with waiting_texts(tmp_path / "archive.db", [text.body for text in STORIES]) as store:
        store.add_lsh_keys(keys)
        compared = {
            frozenset((number, other))
            for number, own in keys.items()
            for other in link_queries.candidates(store.ask, number, own)
        }
    assert len(compared) > 300
    assert compared == pairs_without_bounds(keys)
