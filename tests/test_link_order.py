"""The compared pairs of texts depend on the set of texts, not on the order of arrivals, moves and removals.

Texts with keys of all kinds, some rare and some very common, arrive one after another, turn out to have been seen
earlier, and disappear. Each pair that is compared is linked. At the end the links must equal those of a plain
implementation of the rule: two loops over all pairs, without any state.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from db.queries import links as link_queries
from db.store import Store
from tests.builders import DAY, LATER, T0, a_judgement, add_source, derive_all, record_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

COMMON = [link_queries.TERMS_FROM + number for number in range(6)]
UNCOMMON = [
    tier + 100 + number
    for tier in (link_queries.PARAGRAPHS_FROM, link_queries.RUNS_FROM, link_queries.TERMS_FROM)
    for number in range(12)
]
PRINTED = list(range(8))
TEXTS = 140


@dataclass(frozen=True)
class KeyedText:
    """A text: its name, its keys, and the time it was first seen."""

    name: str
    keys: tuple[int, ...]
    seen_at: datetime


def texts_of(dice: random.Random) -> list[KeyedText]:
    """Return texts of some months, most of them of the same weeks. Some share common keys."""
    texts = []
    for number in range(TEXTS):
        keys = {
            *dice.sample(COMMON, 4),
            *dice.sample(UNCOMMON, dice.randint(0, 6)),
            *dice.sample(PRINTED, 2),
            1000 + number,
        }
        day = dice.choice([dice.randint(0, 9), dice.randint(0, 14), dice.randint(0, 120)])
        texts.append(KeyedText(f"text {number}", tuple(sorted(keys)), T0 + day * DAY))
    return texts


def pairs_by_rule(texts: Iterable[KeyedText]) -> set[frozenset[str]]:
    """Return the pairs that are compared, by a plain implementation of the rule."""
    texts = list(texts)
    blocks = {text.name: link_queries.block_of(day_of(text.seen_at))[0] for text in texts}
    total = Counter(key for text in texts for key in text.keys)
    in_block = Counter((key, blocks[text.name]) for text in texts for key in text.keys)

    def is_live(key: int, a: KeyedText, b: KeyedText) -> bool:
        near = abs(day_of(a.seen_at) - day_of(b.seen_at)) <= link_queries.FORTNIGHT
        crowded = any(in_block[key, blocks[text.name]] > link_queries.key_cap(key) for text in (a, b))
        return total[key] <= link_queries.RARE_CAP or (near and not crowded)

    def is_compared(a: KeyedText, b: KeyedText) -> bool:
        live = [key for key in {*a.keys} & {*b.keys} if is_live(key, a, b)]
        return sum(value_of(key, a, b) for key in live) >= link_queries.LEAST_SHARED

    def value_of(key: int, a: KeyedText, b: KeyedText) -> float:
        holders = max(in_block[key, blocks[text.name]] for text in (a, b))
        return link_queries.key_value(key, rare=total[key] <= link_queries.RARE_CAP, holders=holders)

    return {frozenset((a.name, b.name)) for a, b in combinations(texts, 2) if is_compared(a, b)}


def day_of(instant: datetime) -> int:
    """Return the number of days since 1970."""
    return int(instant.timestamp()) // 86_400


class LinkedArchive:
    """An archive of texts with given keys, in which every two texts that are compared are linked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.keys: dict[int, tuple[int, ...]] = {}
        self.names: dict[int, str] = {}
        self.compared = 0

    def add(self, text: KeyedText, instant: datetime) -> None:
        """Record a sighting of the text."""
        source = add_source(self.store, f"https://{text.name.replace(' ', '')}.example/")
        record_text(self.store, source, text.name, instant)
        self.settle(text)

    def settle(self, text: KeyedText) -> None:
        derive_all(self.store)
        (row,) = self.store.ask("SELECT id FROM text WHERE body = :name", name=text.name)
        self.keys[row["id"]], self.names[row["id"]] = text.keys, text.name
        self.link()

    def remove(self, text: KeyedText) -> None:
        """Remove the text from all histories: its source turns out to be another's."""
        (row,) = self.store.ask(
            "SELECT v.source_id AS id FROM version v JOIN text t ON t.id = v.text_id WHERE t.body = :name "
            "AND v.superseded_at IS NULL",
            name=text.name,
        )
        self.store.settle(row["id"], lambda _, __: (), LATER)
        self.link()

    def link(self) -> None:
        """Link as ``archive.pipeline.link`` does, with the same judgement for all pairs."""
        while queue := link_queries.unlinked(self.store.ask, 7):
            keys = {text_id: self.keys[text_id] for text_id in queue}
            current, compared = (
                self.store.add_lsh_keys(keys),
                link_queries.compared_texts(self.store.ask, queue, "test"),
            )
            for text_id in current:
                own = keys[text_id]
                others = () if text_id in compared else link_queries.candidates(self.store.ask, text_id, own)
                self.compared += len(others)
                self.store.record_links(text_id, [(other, a_judgement()) for other in others], "test", LATER, own)

    def pairs(self) -> set[frozenset[str]]:
        rows = self.store.ask("SELECT a_text_id AS a, b_text_id AS b FROM link")
        return {frozenset((self.names[row["a"]], self.names[row["b"]])) for row in rows}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[LinkedArchive]:
    with Store(tmp_path / "archive.db") as store:
        yield LinkedArchive(store)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shared", "crowded", "bound"), [(4, 1, link_queries.COMMON_FROM), (5, 2, link_queries.TERM_CAP)]
)
def test_a_key_that_becomes_common_or_crowded_loses_its_links(
    archive: LinkedArchive, shared: int, crowded: int, bound: int
) -> None:
    keys = tuple(COMMON[:shared])
    first = [KeyedText(f"text {number}", keys, T0) for number in range(2)]
    for text in first:
        archive.add(text, text.seen_at)
    assert len(archive.pairs()) == 1
    crowd = [KeyedText(f"crowd {number}", (*keys[:crowded], 1000 + number), T0) for number in range(bound - 1)]
    for text in crowd[:-1]:
        archive.add(text, text.seen_at)
    assert archive.pairs() == pairs_by_rule([*first, *crowd[:-1]]) != set()
    archive.add(crowd[-1], crowd[-1].seen_at)
    assert archive.pairs() == pairs_by_rule([*first, *crowd]) == set()
    archive.remove(crowd[0])
    assert archive.pairs() == pairs_by_rule([*first, *crowd[1:]]) != set()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_links_are_those_of_the_rule_in_any_order(archive: LinkedArchive, seed: int) -> None:
    dice = random.Random(seed)
    texts = texts_of(random.Random(99))
    present: dict[str, KeyedText] = {}
    late = set(dice.sample([text.name for text in texts], TEXTS // 4))
    for text in dice.sample(texts, len(texts)):
        # An older capture of a late text arrives afterwards.
        archive.add(text, text.seen_at + 40 * DAY if text.name in late else text.seen_at)
    for text in dice.sample(texts, len(texts)):
        if text.name in late:
            archive.add(text, text.seen_at)
        present[text.name] = text
    assert archive.pairs() == pairs_by_rule(present.values()) != set()
    users = Counter((key, link_queries.block_of(day_of(text.seen_at))) for text in texts for key in text.keys)
    assert max(users.values()) > link_queries.TERM_CAP  # or it would prove little
    for text in dice.sample(texts, TEXTS // 3):
        archive.remove(present.pop(text.name))
    assert archive.pairs() == pairs_by_rule(present.values())
