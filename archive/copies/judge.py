"""The rules that turn measures into a relation, in the order they are asked; the first that holds decides."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from archive.copies.measures import Measures, measure, reading_of
from db.records import Judgement, Passage, Relation

if TYPE_CHECKING:
    from archive.copies.reading import Reading
    from db.records import Text

METHOD = "copies-1"
"""Changes whenever a judgement may change; stored with every link."""

FEWEST_WORDS = 20
"""Below this a text is a caption or a stub; "read more on our site" stands on ten thousand pages."""

FEWEST_DISTINCT = 12
"""Fewer different words than this, and runs prove nothing."""

TEMPLATE_SHARE = 0.35
"""When at least this part of the alike sentences contradict each other, one form was filled in twice. Pairs of one form
have 0.44 to 0.86 on the development set, copies at most 0.25 (an updated story against an excerpt of the older one)."""

SAME_EVENT_HOURS = 72
"""Later than this it is a follow-up, not a report of the same event."""

MOST_OF_IT = 0.6
"""Texts dated further apart than that must agree in so much: a follow-up repeats three sentences of background."""

Value: TypeAlias = Callable[[Measures], float]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing a rule asks: a figure in words, how to read it off the measures, and the least it must be.

    A ``switch`` is either so or not; its figure is not worth showing.
    """

    says: str
    value: Value
    at_least: float = 1.0
    switch: bool = False

    def holds(self, measures: Measures) -> bool:
        """True when the figure is high enough."""
        return self.value(measures) >= self.at_least

    def figures(self, measures: Measures) -> str:
        """The condition with its figures, in words."""
        if self.switch:
            return self.says
        return f"{_figure(self.value(measures))} {self.says} (needs {_figure(self.at_least)})"


@dataclass(frozen=True, slots=True)
class Rule:
    """A relation and everything that must hold for it."""

    relation: Relation
    conditions: tuple[Condition, ...]

    def holds(self, measures: Measures) -> bool:
        """True when every condition does."""
        return all(condition.holds(measures) for condition in self.conditions)


def _timely(measures: Measures) -> bool:
    return (measures.hours_apart or 0) <= SAME_EVENT_HOURS or max(measures.aligned) >= MOST_OF_IT


_BETTER_VERBATIM = "of the better covered text stands word for word in the other"
_BETTER_ALIGNED = "of the better covered text says the same in the same order"
_BETTER_ANCHORS = "of the better covered text's numbers and names are found in order"

RULES: tuple[Rule, ...] = (
    Rule(Relation.EXACT, (Condition("the same words in the same order", lambda m: m.same_stream, switch=True),)),
    Rule(
        Relation.NEAR,
        (
            Condition(_BETTER_VERBATIM, lambda m: max(m.verbatim), 0.8),
            Condition("of the other text is covered, too", lambda m: min(m.coverage), 0.5),
        ),
    ),
    Rule(
        Relation.PARTIAL,
        (
            Condition("words in the longest run outside quotation marks", lambda m: m.plain_run, 22),
            Condition(_BETTER_VERBATIM, lambda m: max(m.verbatim), 0.25),
            Condition("of what is shared is shared word for word", lambda m: m.fidelity, 0.75),
        ),
    ),
    Rule(
        Relation.REWORDED,
        (
            Condition("in one language", lambda m: not m.translated, switch=True),
            Condition(_BETTER_ALIGNED, lambda m: max(m.aligned), 0.37),
            Condition("of the other text does", lambda m: min(m.aligned), 0.15),
            Condition("sentences pair up", lambda m: m.pairs, 3),
            Condition("all sentences of a short text pair up", lambda m: m.shorter_found, switch=True),
            Condition("dates within 72 hours, or most of a text aligned", _timely, switch=True),
        ),
    ),
    Rule(
        Relation.REWORDED,
        (
            Condition("in two languages", lambda m: m.translated, switch=True),
            Condition(_BETTER_ANCHORS, lambda m: max(m.aligned), 0.5),
            Condition("of the other text's are", lambda m: min(m.aligned), 0.3),
            Condition("sentences pair up", lambda m: m.pairs, 5),
        ),
    ),
    Rule(
        Relation.POSSIBLE,
        (
            Condition(_BETTER_ALIGNED, lambda m: max(m.coverage), 0.28),
            Condition("sentences pair up", lambda m: m.pairs, 3),
        ),
    ),
    Rule(
        Relation.SAME_EVENT,
        (
            Condition("of all names and numbers are in both", lambda m: m.anchor_share, 0.18),
            Condition("names and numbers are shared", lambda m: len(m.anchors), 3),
            Condition("no dates over 72 hours apart", lambda m: (m.hours_apart or 0) <= SAME_EVENT_HOURS, switch=True),
        ),
    ),
)
"""Asked in order. Thresholds: nearcopy notes, section 4.5, then set on the development set (713 pairs): the lowest
reworded copy has an aligned share of 0.39, of the other pairs with three sentences the highest has 0.32; the shortest
run of an excerpt is 24 words, the longest of two filled-in templates 20, of a follow-up 15. A share of names of 0.18
keeps 80 of 98 reports of one event and 3 of 22 strangers; the notes' 0.08 links every second pair of one town."""


def judge(a: Text, b: Text, readings: Callable[[Text], Reading] = reading_of) -> Judgement:
    """How two texts relate, with the evidence. Pure, and symmetric: swapping the texts mirrors the judgement."""
    if _order(b) < _order(a):
        return _mirrored(_judge(b, a, readings))
    return _judge(a, b, readings)


class Readings:
    """Remembers the last readings, for who judges many pairs: reading is three quarters of a judgement's cost."""

    def __init__(self, keep: int = 256) -> None:
        self._keep = keep
        self._read: OrderedDict[tuple[str, str | None], Reading] = OrderedDict()

    def __call__(self, text: Text) -> Reading:
        """The reading of a text, remembered or new."""
        key = text.body, text.language
        found = self._read.pop(key, None) or reading_of(text)
        self._read[key] = found
        if len(self._read) > self._keep:
            self._read.popitem(last=False)
        return found


def _order(text: Text) -> tuple[int, str, str, str]:
    return len(text.body), text.body, text.title, text.sha256


def refusal(measures: Measures) -> str | None:
    """Why these texts cannot be told apart from chance at all, or None."""
    if min(measures.words) < FEWEST_WORDS:
        return f"too short to tell: {min(measures.words)} words, {FEWEST_WORDS} needed"
    if measures.vocabulary < FEWEST_DISTINCT:
        return f"too repetitive to tell: {measures.vocabulary} different words, {FEWEST_DISTINCT} needed"
    if measures.filled_in >= TEMPLATE_SHARE and not measures.same_stream:
        return (
            f"one template filled in twice: {measures.filled_in:.2f} of the look-alike sentences contradict each other"
        )
    return None


def deciding(measures: Measures) -> Rule | None:
    """The first rule that holds, or None when the texts are not related as far as can be told."""
    if refusal(measures):
        return None
    return next((rule for rule in RULES if rule.holds(measures)), None)


def _judge(a: Text, b: Text, readings: Callable[[Text], Reading]) -> Judgement:
    measures = measure(a, b, readings)
    rule = deciding(measures)
    return Judgement(
        relation=rule.relation if rule else None,
        score=round(_strength(measures), 4),
        coverage=(round(measures.coverage[0], 4), round(measures.coverage[1], 4)),
        because=_because(rule, measures),
        longest_run=measures.longest_run,
        passages=measures.passages,
        residue=(*(f"a: {line}" for line in a.residue), *(f"b: {line}" for line in b.residue)),
        method=METHOD,
    )


def _strength(measures: Measures) -> float:
    """One figure from 0 to 1 that orders pairs: the better covered text's share, less when it rests on little."""
    if refusal(measures):
        return 0.0
    if measures.same_stream:
        return 1.0
    enough = min(1.0, measures.pairs / 3)
    return min(0.99, enough * max(*measures.aligned, (1 - measures.filled_in) * max(measures.verbatim)))


def _because(rule: Rule | None, measures: Measures) -> str:
    if rule is None:
        return refusal(measures) or _nothing(measures)
    said = f"{rule.relation}: " + "; ".join(condition.figures(measures) for condition in rule.conditions)
    if measures.translated:
        said += f"; compared by numbers and names ({', '.join(sorted(map(str, measures.languages)))})"
    return said + ("" if measures.whole else "; only the beginning of the longer text was read")


def _nothing(measures: Measures) -> str:
    most = max(measures.coverage)
    return f"not linked: at most {most:.2f} of either text is in the other; {measures.pairs} sentences pair up"


def _figure(value: float) -> str:
    return f"{value:.0f}" if value > 1 else f"{value:.2f}"


def _mirrored(judgement: Judgement) -> Judgement:
    sides = {"a": "b", "b": "a"}
    residue = tuple(sorted((sides[line[0]] + line[1:] for line in judgement.residue), key=lambda line: line[0]))
    passages = (Passage(a=p.b, b=p.a, similarity=p.similarity, anchors=p.anchors) for p in judgement.passages)
    return replace(
        judgement,
        coverage=judgement.coverage[::-1],
        passages=tuple(sorted(passages, key=lambda p: p.a)),
        residue=residue,
    )
