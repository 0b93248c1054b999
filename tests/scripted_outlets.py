"""The figures of outlets as the script of the news world has them, made without any answer of an archive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from archive.demo.outlets import OUTLETS
from archive.demo.script import PASSING, ROUNDS
from archive.demo.texts import EDITS

if TYPE_CHECKING:
    from archive.api.outlets import OutletReport
    from archive.demo.texts import Article
    from archive.demo.world import World

GONE = frozenset({"missing_404", "gone_410", "soft_404"})
FACTS = frozenset({"number", "quotation"})
PERHAPS_FACTS = frozenset({"headline", "removed", "added"})
"""Edits of which the script does not say whether the words they change have a figure or a quotation in them."""

EXACT = ("articles", "edited", "declared", "headlines", "headline_tests", "back", "copied", "originals")
RANGES = (("silent", "silent", "perhaps_silent"), ("gone", "surely_gone", "gone"))


@dataclass
class Scripted:
    """The articles of one outlet by what the script does with them, as ids, and the waits for first edits."""

    articles: set[str]
    edits: int
    waits: list[float]
    edited: set[str]
    declared: set[str]
    silent: set[str]
    perhaps_silent: set[str]
    headlines: set[str]
    headline_tests: set[str]
    gone: set[str]
    surely_gone: set[str]
    back: set[str]
    copied: set[str]
    originals: set[str]

    @property
    def first_edit(self) -> float | None:
        return median(self.waits) if self.waits else None


class Script:
    """The script of a world, read for outlets."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.by_id = {article.id: article for article in world.articles}
        self.ids = {world.url(article): article.id for article in world.articles}
        self.events: dict[str, list[tuple[int, str]]] = {name: [] for name in self.by_id}
        for event in world.events():
            self.events[self.ids[event.url]].append((event.round, event.event))

    def outlet(self, name: str) -> Scripted:
        """The figures of an outlet of the world, by its id."""
        own = {article.id for article in self.world.articles if article.outlet == name}
        edits = {article: self.edit_rounds(article) for article in own}
        declared = {article for article in own if self.has(article, {"correction"})}
        pairs = self.pairs()
        return Scripted(
            articles=own,
            edits=sum(len(rounds) for rounds in edits.values()),
            waits=[self._wait(article, rounds[0]) for article, rounds in edits.items() if rounds],
            edited={article for article, rounds in edits.items() if rounds},
            declared=declared,
            silent={article for article in own if self.has(article, FACTS)} - declared,
            perhaps_silent={article for article in own if self.has(article, FACTS | PERHAPS_FACTS)} - declared,
            headlines={article for article in own if self.has(article, {"headline"})},
            headline_tests={article for article in own if self.has(article, {"reverted"})},
            gone={article for article in own if self.has(article, GONE)},
            surely_gone={article for article in own if self._is_confirmed(article)},
            back={article for article in own if self.has(article, {"returned"}) and self.has(article, GONE)},
            copied={copy for copy, _ in pairs if copy in own},
            originals={original for _, original in pairs if original in own},
        )

    def has(self, article: str, words: set[str] | frozenset[str]) -> bool:
        """True if one of these events happens to an article."""
        return any(event in words for _, event in self.events[article])

    def _is_confirmed(self, article: str) -> bool:
        """True if a second check, a day later, must meet the absence too, or a 410 needs none.

        An outlet without an interval is checked when the archive likes, and one that is busy is left alone.
        """
        outlet = next(outlet for outlet in OUTLETS if outlet.id == self.by_id[article].outlet)
        busy = {number for name, number in self._busy() if self.by_id[name].outlet == outlet.id}
        for number, event in self.events[article]:
            later = {at for at in range(number + 1, len(ROUNDS)) if ROUNDS[at] - ROUNDS[number] >= timedelta(days=1)}
            if event == "gone_410" or (event in GONE and outlet.every != "auto" and later - busy):
                return True
        return False

    def _busy(self) -> set[tuple[str, int]]:
        return {(turn.article, turn.round) for turn in self.world.script.turns if turn.event in PASSING}

    def edit_rounds(self, article: str) -> list[int]:
        """The rounds in which its text changes for readers."""
        return sorted({number for number, event in self.events[article] if event in EDITS | {"reverted"}})

    def _wait(self, article: str, number: int) -> float:
        first = next(number for number, event in sorted(self.events[article]) if event == "first")
        return (ROUNDS[number] - ROUNDS[first]).total_seconds()

    def pairs(self) -> set[tuple[str, str]]:
        """Copy and original of different outlets. The original of a copy of a copy is the text that all go back to."""
        pairs = {
            (article.id, base if relation == "partial" else self._root(self.by_id[base]).id)
            for article in self.world.articles
            for relation, base in article.copies
        }
        return {pair for pair in pairs if self._owner(pair[0]) != self._owner(pair[1])}

    def flows(self) -> dict[tuple[str, str], tuple[int, float]]:
        """By the hosts of copier and original: the articles copied, and the median delay by the dates on the pages."""
        lags: dict[tuple[str, str], dict[str, float]] = {}
        for copy, original in sorted(self.pairs()):
            lag = self.by_id[copy].published_at - self.by_id[original].published_at
            lags.setdefault((self._owner(copy), self._owner(original)), {})[copy] = lag.total_seconds()
        return {key: (len(delays), median(delays.values())) for key, delays in lags.items()}

    def _root(self, article: Article) -> Article:
        bases = [base for relation, base in article.copies if relation != "partial"]
        return self._root(self.by_id[bases[0]]) if bases else article

    def _owner(self, article: str) -> str:
        return f"{self.by_id[article].outlet}.example"

    def stale(self) -> tuple[set[str], set[str]]:
        """Copies that certainly still say what their original has corrected, and those of which it is possible.

        It is certain where the copy has a paragraph of the original, letter for letter, that an edit has changed.
        """
        certain, possible = set(), set()
        for copy, original in self.pairs():
            for number in self.edit_rounds(original):
                if not any(self.world.script.state(copy, later) == "ok" for later in range(number, len(ROUNDS))):
                    continue
                possible.add(copy)
                old, new = (self.world.edition(self.by_id[original], at).body for at in (number - 1, len(ROUNDS) - 1))
                own = self.world.edition(self.by_id[copy], len(ROUNDS) - 1).body
                if any(
                    paragraph in own for paragraph in set(old) - set(new) if FACTS & self._events_in(original, number)
                ):
                    certain.add(copy)
        return certain, possible

    def _events_in(self, article: str, number: int) -> set[str]:
        return {event for at, event in self.events[article] if at == number}


def differences(world: World, report: OutletReport) -> list[str]:
    """What the figures of an archive say otherwise than the script of its world, an empty list if nothing."""
    script, wrong = Script(world), []
    rows = {row.outlet: row for row in report.totals}
    for outlet in OUTLETS:
        expected, row = script.outlet(outlet.id), rows[outlet.host]
        counts = {name: (getattr(row, name), len(getattr(expected, name))) for name in EXACT}
        counts |= {"edits": (row.edits, expected.edits), "first_edit": (row.first_edit, expected.first_edit)}
        wrong += [f"{outlet.host} {name}: {a}, not {b}" for name, (a, b) in counts.items() if a != b]
        for name, least, most in RANGES:
            if not len(getattr(expected, least)) <= getattr(row, name) <= len(getattr(expected, most)):
                wrong.append(f"{outlet.host} {name}: {getattr(row, name)}, not {least} to {most}")
        certain, possible = ({name for name in names if name in expected.articles} for names in script.stale())
        if not len(certain) <= (row.stale or 0) <= len(possible):
            wrong.append(f"{outlet.host} stale: {row.stale}, not {certain} to {possible}")
    flows = {(flow.copier, flow.original): (flow.articles, flow.lag) for flow in report.flows}
    wrong += [
        f"{pair}: {flows.get(pair)}, not {value}" for pair, value in script.flows().items() if flows.get(pair) != value
    ]
    return wrong + [f"{pair}: not in the script" for pair in flows.keys() - script.flows().keys()]
