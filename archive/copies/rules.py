"""The rules for copies by their words and for reports of one event. The first of its group that holds decides.

Rewordings and translations have no rule: ``copy_model`` weighs their evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from archive.copies.features import Measures
from db.records import Relation

TEMPLATE_SHARE = 0.2
"""If at least this part of the similar sentences contradict each other, one form was filled in twice. Pairs of one form
have 0.25 to 0.86, two of 3,773 labelled copies more than 0.2. An update of a story that grows by the hour may have 0.7,
and is recognized by what stays (``features.UPDATE_NAMES``)."""

SAME_EVENT_HOURS = 72
"""Later than this it is a follow-up, not a report of the same event."""

MOST_OF_IT, SEVERAL = 0.45, 5
"""Texts dated further apart than that must both agree in so much, and in so many sentences, because a follow-up repeats
three or four of background. Five of ten short follow-ups repeat half of the story in fewer sentences."""

NEARLY_ALL = 0.8
"""Or in so much, as the repost of an item of four sentences. The largest share of a follow-up is 0.74."""

MANY, MUCH = 6, 0.33
"""Or in so many sentences and a third of both, as an edited repost a month later."""

ALONG_PAIRS, ALONG = 4, 0.85
"""Or follow each other in so many sentences with this flow. Follow-ups reach a flow of 0.82."""

HALF = 0.5
"""A text of which this part is word for word in another is an excerpt of it, whatever else both name and whenever they
are dated. With less in common it may be a follow-up with two paragraphs of background."""

Value: TypeAlias = Callable[[Measures], float]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a rule: a figure in words, how to compute it from the measures, and its least value.

    A ``switch`` is either true or not, so its figure is not shown.
    """

    says: str
    value: Value
    at_least: float = 1.0
    switch: bool = False

    def holds(self, measures: Measures) -> bool:
        """True if the figure is high enough."""
        return self.value(measures) >= self.at_least

    def figures(self, measures: Measures) -> str:
        """Return the condition with its figures, in words."""
        if self.switch:
            return self.says
        return f"{_figure(self.value(measures))} {self.says} (needs {_figure(self.at_least)})"


@dataclass(frozen=True, slots=True)
class Rule:
    """A relation and its conditions.

    ``translated``: only for pairs in two languages (True), in one (False), or for any (None).
    """

    relation: Relation
    conditions: tuple[Condition, ...]
    translated: bool | None = None

    def applies(self, measures: Measures) -> bool:
        """True if the rule is for pairs like this one: in one language, in two, or any."""
        return self.translated in {None, measures.translated}

    def holds(self, measures: Measures) -> bool:
        """True if the rule applies and every condition holds."""
        return self.applies(measures) and all(condition.holds(measures) for condition in self.conditions)


def is_follow_up(measures: Measures) -> bool:
    """True if dates or a look back show a later report, unless most of both texts is the same."""
    if measures.looks_back:
        return not _is_mostly_the_same(measures)
    return (measures.hours_apart or 0) > SAME_EVENT_HOURS and not agree_at_length(measures)


def _is_one_event(measures: Measures) -> bool:
    """True unless the dates are more than three days apart or one text looks back on a year ago."""
    return (measures.hours_apart or 0) <= SAME_EVENT_HOURS and not measures.looks_back


def agree_at_length(measures: Measures) -> bool:
    """True if so much of both texts says the same in the same order that neither is a later report with news."""
    return _is_mostly_the_same(measures) or (measures.pairs >= MANY and min(measures.aligned) >= MUCH)


def _is_mostly_the_same(measures: Measures) -> bool:
    agreed = min(measures.aligned)
    if agreed >= NEARLY_ALL or (agreed >= MOST_OF_IT and measures.pairs >= SEVERAL):
        return True
    return measures.pairs >= ALONG_PAIRS and measures.flow >= ALONG


def _is_excerpt_or_one_event(measures: Measures) -> bool:
    return _is_one_event(measures) or max(measures.verbatim) >= HALF


def _words_in_place(measures: Measures) -> float:
    """Return the words in common runs, fewer if the texts share names elsewhere, too.

    A follow-up with one paragraph of background does, because it is about the same people. An excerpt does not.
    """
    return measures.shared_words * (1.0 if max(measures.verbatim) >= HALF else measures.order)


def _figure(value: float) -> str:
    if value == int(value) and value > 1:
        return f"{value:.0f}"
    return f"{value:.1f}" if value > 1 else f"{value:.2f}"


_BETTER_VERBATIM = "of the better covered text stands word for word in the other"
_ONE_EVENT = Condition("dates within 72 hours and no look back", _is_one_event, switch=True)
_EXCERPT = (
    Condition("words in the longest run outside quotation marks", lambda m: m.plain_run, 22),
    Condition(_BETTER_VERBATIM, lambda m: max(m.verbatim), 0.2),
    Condition("words in common runs, fewer where the same is named elsewhere", _words_in_place, 22),
    Condition("dates within 72 hours and no look back, or half of one text", _is_excerpt_or_one_event, switch=True),
)
_FAITHFUL = "of what is shared is shared word for word"


def _report(share: float, topic: float, common: float = 2.2, names: int = 3) -> tuple[Condition, ...]:
    """Return the conditions for two reports.

    ``share`` is the part of the information in names and numbers that both have, ``topic`` the similarity of the other
    words.
    """
    shared = (
        Condition(
            "of the information in the names and numbers of the text with fewer", lambda m: m.anchor_share, share
        ),
        Condition("units of information in the shared ones", lambda m: m.common, common),
        Condition("names and numbers are shared", lambda m: len(m.anchors), names),
        _ONE_EVENT,
    )
    return (*shared, Condition("alike in the words that are no names", lambda m: m.topic, topic)) if topic else shared


PASSAGE = 35
"""Words in a row outside quotation marks that nobody writes twice by chance, whatever share of a text they are."""

MIXED_PASSAGE = 36
"""Words in a row of which some are quoted. So a run of 47 words with a short attribution is a copied passage, and a
quotation alone from 56 words on. Outlets that attend one press conference quote the same words, but in no labelled pair
of theirs do they have so many in common."""

LONE_QUOTATION, IN_PLACE = 42, 0.8
"""Or of a quotation alone, if the texts have next to nothing else in common. Two reports that share a quotation of more
than 40 words name the same things elsewhere, too (0.3 of them or less is in what is alike)."""

VERBATIM: tuple[Rule, ...] = (
    Rule(Relation.EXACT, (Condition("the same words in the same order", lambda m: m.same_stream, switch=True),)),
    Rule(
        Relation.NEAR,
        (
            Condition(_BETTER_VERBATIM, lambda m: max(m.verbatim), 0.75),
            Condition("of the other text is covered, too", lambda m: min(m.coverage), 0.5),
        ),
    ),
    Rule(Relation.PARTIAL, (*_EXCERPT, Condition(_FAITHFUL, lambda m: m.fidelity, 0.75))),
    Rule(
        Relation.PARTIAL,
        (
            *_EXCERPT,
            Condition(_FAITHFUL, lambda m: m.fidelity, 0.65),
            Condition("of the less covered text is its own", lambda m: 1 - min(m.coverage), 0.5),
        ),
    ),
    Rule(
        Relation.PARTIAL,
        (Condition("words in the longest run outside quotation marks", lambda m: m.plain_words, PASSAGE),),
    ),
    Rule(
        Relation.PARTIAL,
        (Condition("words in the longest run, of a quotation fewer", lambda m: m.passage_words, MIXED_PASSAGE),),
    ),
    Rule(
        Relation.PARTIAL,
        (
            Condition("words of one quotation", lambda m: m.quotation_words, LONE_QUOTATION),
            Condition("of the shared names and numbers are in what is alike", lambda m: m.order, IN_PLACE),
        ),
    ),
)
"""Copies by their words. The shortest labelled excerpt has a run of 23 words. The longest run of two filled-in forms is
20, of a follow-up 24. There the texts name the same people elsewhere, too: 0.5 and less of the run is in its place, of
excerpts 0.87 and more."""

EVENT: tuple[Rule, ...] = (
    Rule(Relation.SAME_EVENT, _report(0.65, 0.05), translated=False),
    Rule(Relation.SAME_EVENT, _report(0.5, 0.07), translated=False),
    Rule(Relation.SAME_EVENT, _report(0.3, 0.12), translated=False),
    Rule(Relation.SAME_EVENT, _report(0.2, 0.2, common=1.5, names=2), translated=False),
    Rule(Relation.SAME_EVENT, _report(0.3, 0), translated=True),
    Rule(
        Relation.SAME_EVENT,
        (
            Condition("words of one quotation stand in both", lambda m: m.quoted_run, 6),
            Condition("names and numbers are shared", lambda m: len(m.anchors), 2),
            _ONE_EVENT,
        ),
        translated=False,
    ),
)
"""Reports of one event that are no copies. Independent reports share 0.3 and more of the information in their names and
numbers, and 2.3 units of it. Of real pages about other things 0.2 % do. In a country that is not in the background
statistics, every paper names the same ministers, whatever it writes about, and so do two reports on the talks of the
same two governments in different years. The other words show the difference, so the fewer names both have, the more
alike they must be. Two papers that quote the same words used the same source, however little else they share.
docs/quality.md compares these rules with a learned model."""
