"""Which texts are compared follows from all texts there are, whatever the order in which they came, moved and went.

Texts with keys of all kinds, some had by few and some by very many, arrive one after another, are first seen earlier
than thought, and vanish; each pair that is compared is linked. At the end the links must be those which a plain reading
of the rule gives for what is there: two loops over all pairs, and no memory of how it came to be.
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
SOME = [link_queries.TERMS_FROM + 100 + number for number in range(12)]
PRINTED = list(range(8))
TEXTS = 140


@dataclass(frozen=True)
class Told:
    """A text: its name, its keys, and when it was first seen."""

    name: str
    keys: tuple[int, ...]
    at: datetime


def texts_of(dice: random.Random) -> list[Told]:
    """Texts of some months, most of them of the same weeks; some are on everybody's subject."""
    found = []
    for number in range(TEXTS):
        keys = {
            *dice.sample(COMMON, 4),
            *dice.sample(SOME, dice.randint(0, 6)),
            *dice.sample(PRINTED, 2),
            1000 + number,
        }
        day = dice.choice([dice.randint(0, 9), dice.randint(0, 14), dice.randint(0, 120)])
        found.append(Told(f"text {number}", tuple(sorted(keys)), T0 + day * DAY))
    return found


def by_the_rule(texts: Iterable[Told]) -> set[frozenset[str]]:
    """The pairs that are compared, by the rule as it is told."""
    texts = list(texts)
    day = {each.name: (*link_queries.block_of(since_1970(each.at)), since_1970(each.at)) for each in texts}
    ever = Counter(key for each in texts for key in each.keys)
    here = Counter((key, day[each.name][0]) for each in texts for key in each.keys)

    def live(key: int, one: Told, other: Told) -> bool:
        near = abs(day[one.name][2] - day[other.name][2]) <= link_queries.FORTNIGHT
        crowded = any(here[key, day[each.name][0]] > link_queries.key_cap(key) for each in (one, other))
        return ever[key] <= link_queries.RARE_CAP or (near and not crowded)

    def compared(one: Told, other: Told) -> bool:
        return sum(live(key, one, other) for key in {*one.keys} & {*other.keys}) >= link_queries.LEAST_SHARED

    return {frozenset((one.name, other.name)) for one, other in combinations(texts, 2) if compared(one, other)}


def since_1970(at: datetime) -> int:
    return int(at.timestamp()) // 86_400


class Linked:
    """An archive whose texts have the keys they are given, and in which every two that are compared are linked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.keys: dict[int, tuple[int, ...]] = {}
        self.names: dict[int, str] = {}
        self.compared = 0

    def see(self, one: Told, at: datetime) -> None:
        """The text is seen at an instant, perhaps again."""
        source = add_source(self.store, f"https://{one.name.replace(' ', '')}.example/")
        record_text(self.store, source, one.name, at)
        self.settle(one)

    def settle(self, one: Told) -> None:
        derive_all(self.store)
        (row,) = self.store.ask("SELECT id FROM text WHERE body = :name", name=one.name)
        self.keys[row["id"]], self.names[row["id"]] = one.keys, one.name
        self.link()

    def lose(self, one: Told) -> None:
        """The text stands in no history any more: its source turns out to be another's."""
        (row,) = self.store.ask(
            "SELECT v.source_id AS id FROM version v JOIN text t ON t.id = v.text_id WHERE t.body = :name "
            "AND v.superseded_at IS NULL",
            name=one.name,
        )
        self.store.settle(row["id"], lambda _, __: (), LATER)
        self.link()

    def link(self) -> None:
        """As ``archive.pipeline.link`` does it, where every judgement is the same."""
        while waiting := link_queries.unlinked(self.store.ask, 7):
            keys = {each: self.keys[each] for each in waiting}
            standing, done = self.store.add_lsh_keys(keys), link_queries.compared_texts(self.store.ask, waiting, "test")
            for each in standing:
                others = () if each in done else link_queries.candidates(self.store.ask, each, keys[each])
                self.compared += len(others)
                self.store.record_links(each, [(other, a_judgement()) for other in others], "test", LATER, keys[each])

    def pairs(self) -> set[frozenset[str]]:
        found = self.store.ask("SELECT a_text_id AS a, b_text_id AS b FROM link")
        return {frozenset((self.names[row["a"]], self.names[row["b"]])) for row in found}


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[Linked]:
    with Store(tmp_path / "archive.db") as store:
        yield Linked(store)


@pytest.mark.slow
def test_a_key_that_grows_common_takes_back_the_links_it_gave(linked: Linked) -> None:
    keys = tuple(COMMON[:4])
    first = [Told(f"text {number}", keys, T0) for number in range(2)]
    for each in first:
        linked.see(each, each.at)
    assert len(linked.pairs()) == 1
    crowd = [Told(f"crowd {number}", (*keys[:1], 1000 + number), T0) for number in range(link_queries.TERM_CAP - 1)]
    for each in crowd[:-1]:
        linked.see(each, each.at)
    assert linked.pairs() == by_the_rule([*first, *crowd[:-1]]) != set()
    linked.see(crowd[-1], crowd[-1].at)
    assert linked.pairs() == by_the_rule([*first, *crowd]) == set()
    linked.lose(crowd[0])
    assert linked.pairs() == by_the_rule([*first, *crowd[1:]]) != set()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_order_the_links_are_those_of_the_rule(linked: Linked, seed: int) -> None:
    dice = random.Random(seed)
    texts = texts_of(random.Random(99))
    here: dict[str, Told] = {}
    late = set(dice.sample([each.name for each in texts], TEXTS // 4))
    for one in dice.sample(texts, len(texts)):
        linked.see(one, one.at + 40 * DAY if one.name in late else one.at)  # an older capture comes later
    for one in dice.sample(texts, len(texts)):
        if one.name in late:
            linked.see(one, one.at)
        here[one.name] = one
    assert linked.pairs() == by_the_rule(here.values()) != set()
    crowded = Counter((key, link_queries.block_of(since_1970(one.at))) for one in here.values() for key in one.keys)
    assert max(crowded.values()) > link_queries.TERM_CAP  # or it would prove little
    for one in dice.sample(texts, TEXTS // 3):
        linked.lose(here.pop(one.name))
    assert linked.pairs() == by_the_rule(here.values())
