"""Classify two texts: compute their measures, apply the rules, and return a judgement."""

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
"""Changes whenever a judgement may change. Stored with every link."""

FEWEST_WORDS = 20
"""Below this a text is a caption or a stub. "Read more on our site" is on ten thousand pages."""

FEWEST_DISTINCT = 12
"""With fewer different words than this, verbatim runs prove nothing."""


def judge(
    a: Text, b: Text, tokenizer: Callable[[Text], TokenizedText] = tokenize_text, model: EmbeddingModel | None = None
) -> Judgement:
    """Return how two texts relate, with the evidence.

    Pure and symmetric: swapping the texts mirrors the judgement.
    """
    if _order(b) < _order(a):
        return _mirrored(_judge(b, a, tokenizer, model))
    return _judge(a, b, tokenizer, model)


def method_id(model: EmbeddingModel | None) -> str:
    """Return the id of the method, including the embedding model if one is used."""
    return f"{METHOD}+{model.id}" if model else METHOD


class TokenCache:
    """A cache of tokenized texts, for judging many pairs: tokenizing is three quarters of a judgement's cost."""

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._texts: OrderedDict[tuple[str, str | None], TokenizedText] = OrderedDict()

    def __call__(self, text: Text) -> TokenizedText:
        """Return the tokenized text, from the cache if it is there."""
        key = text.body, text.language
        tokenized = self._texts.pop(key, None) or tokenize_text(text)
        self._texts[key] = tokenized
        if len(self._texts) > self._size:
            self._texts.popitem(last=False)
        return tokenized


def _order(text: Text) -> tuple[int, str, str, str]:
    return len(text.body), text.body, text.title, text.sha256


def refusal(measures: Measures) -> str | None:
    """Return why these texts cannot be compared at all, or None."""
    if min(measures.words) < FEWEST_WORDS:
        return f"too short to tell: {min(measures.words)} words, {FEWEST_WORDS} needed"
    if measures.vocabulary < FEWEST_DISTINCT:
        return f"too repetitive to tell: {measures.vocabulary} different words, {FEWEST_DISTINCT} needed"
    if measures.filled_in >= TEMPLATE_SHARE and not (measures.same_stream or measures.update):
        share = f"{measures.filled_in:.2f} of the look-alike sentences contradict each other"
        return f"one template filled in twice: {share} (a copy: less than {TEMPLATE_SHARE})"
    return None


def deciding_rule(measures: Measures) -> Rule | None:
    """Return the first rule that holds, or None if the texts are not known to be related."""
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
        broken=measures.respelled,
    )


def _strength(measures: Measures, rule: Rule | None) -> float:
    """Return a score from 0 to 1: the share of the better covered text, less if there is little evidence.

    Pairs that are no copies are in the lower half, whatever they share. A follow-up may have most of its text from the
    story that it follows.
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
        return refusal(measures) or _no_link_reason(measures)
    reason = f"{rule.relation}: " + "; ".join(condition.figures(measures) for condition in rule.conditions)
    if measures.translated:
        reason += f"; compared by numbers and names ({', '.join(sorted(map(str, measures.languages)))})"
    return reason + ("" if measures.whole else "; only the beginning of the longer text was read")


def _no_link_reason(measures: Measures) -> str:
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
        broken=tuple(sorted((name_b, name_a) for name_a, name_b in judgement.broken)),
    )
