"""The judgement on two texts: their measures, the rules asked of them, and what that gives."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from archive.copies.background import BACKGROUND
from archive.copies.features import Measures, measure
from archive.copies.rules import RULES, TEMPLATE_SHARE, Rule
from archive.copies.tokenize import tokenize_text
from db.records import Judgement, Passage

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive.copies.similarity import EmbeddingModel
    from archive.copies.tokenize import TokenizedText
    from db.records import Text

METHOD = f"copies-4+{BACKGROUND}"
"""Changes whenever a judgement may change; stored with every link."""

FEWEST_WORDS = 20
"""Below this a text is a caption or a stub; "read more on our site" stands on ten thousand pages."""

FEWEST_DISTINCT = 12
"""Fewer different words than this, and runs prove nothing."""


def judge(
    a: Text, b: Text, tokenizer: Callable[[Text], TokenizedText] = tokenize_text, model: EmbeddingModel | None = None
) -> Judgement:
    """How two texts relate, with the evidence. Pure, and symmetric: swapping the texts mirrors the judgement."""
    if _order(b) < _order(a):
        return _mirrored(_judge(b, a, tokenizer, model))
    return _judge(a, b, tokenizer, model)


def method_id(model: EmbeddingModel | None) -> str:
    """The id of the method, and of the sense for meaning that took part."""
    return f"{METHOD}+{model.id}" if model else METHOD


class TokenCache:
    """Remembers the last readings, for who judges many pairs: reading is three quarters of a judgement's cost."""

    def __init__(self, keep: int = 256) -> None:
        self._keep = keep
        self._read: OrderedDict[tuple[str, str | None], TokenizedText] = OrderedDict()

    def __call__(self, text: Text) -> TokenizedText:
        """The reading of a text, remembered or new."""
        key = text.body, text.language
        found = self._read.pop(key, None) or tokenize_text(text)
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
    if measures.filled_in >= TEMPLATE_SHARE and not (measures.same_stream or measures.update):
        said = f"{measures.filled_in:.2f} of the look-alike sentences contradict each other"
        return f"one template filled in twice: {said} (a copy: less than {TEMPLATE_SHARE})"
    return None


def deciding_rule(measures: Measures) -> Rule | None:
    """The first rule that holds, or None when the texts are not related as far as can be told."""
    if refusal(measures):
        return None
    return next((rule for rule in RULES if rule.holds(measures)), None)


def _judge(a: Text, b: Text, tokenizer: Callable[[Text], TokenizedText], model: EmbeddingModel | None) -> Judgement:
    measures = measure(a, b, tokenizer, model)
    rule = deciding_rule(measures)
    return Judgement(
        relation=rule.relation if rule else None,
        score=round(_strength(measures, rule), 4),
        coverage=(round(measures.coverage[0], 4), round(measures.coverage[1], 4)),
        because=_because(rule, measures),
        longest_run=measures.longest_run,
        passages=measures.passages,
        residue=(*(f"a: {line}" for line in a.residue), *(f"b: {line}" for line in b.residue)),
        method=method_id(model),
        translated=measures.translated and rule is not None and rule.relation.is_copy,
        languages=measures.languages,
        broken=measures.bent,
    )


def _strength(measures: Measures, rule: Rule | None) -> float:
    """One figure from 0 to 1 that orders pairs: the better covered text's share, less when it rests on little.

    Pairs that are no copies stand in the lower half, whatever they share: a follow-up may have most of itself from the
    story it follows.
    """
    if refusal(measures):
        return 0.0
    if measures.same_stream:
        return 1.0
    enough = min(1.0, measures.pairs / 3)
    aligned = sum(measures.aligned) / 2 if measures.translated else max(measures.aligned)
    share = min(0.99, enough * max(aligned, (1 - measures.filled_in) * max(measures.verbatim)))
    return (1 + share) / 2 if rule is not None and rule.relation.is_copy else share / 2


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


def _mirrored(judgement: Judgement) -> Judgement:
    sides = {"a": "b", "b": "a"}
    residue = tuple(sorted((sides[line[0]] + line[1:] for line in judgement.residue), key=lambda line: line[0]))
    passages = (Passage(a=p.b, b=p.a, similarity=p.similarity, anchors=p.anchors) for p in judgement.passages)
    return replace(
        judgement,
        coverage=judgement.coverage[::-1],
        passages=tuple(sorted(passages, key=lambda p: p.a)),
        residue=residue,
        languages=judgement.languages[::-1],
        broken=tuple(sorted((theirs, ours) for ours, theirs in judgement.broken)),
    )
