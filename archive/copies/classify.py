"""Classify two texts: compute their measures, apply the rules and the copy model, and return a judgement."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from archive.copies.background import BACKGROUND
from archive.copies.copy_model import MODEL_ID, copy_model
from archive.copies.dateline import credits_differ
from archive.copies.features import Measures, measure
from archive.copies.later_report import is_later_report
from archive.copies.pair_evidence import collect_evidence
from archive.copies.phrases import phrase
from archive.copies.rules import EVENT, TEMPLATE_SHARE, VERBATIM, is_follow_up
from archive.copies.tokenize import tokenize_text
from db.records import Judgement, Passage, Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archive.copies.copy_model import CopyModel
    from archive.copies.embeddings import EmbeddingModel
    from archive.copies.rules import Rule
    from archive.copies.similarity import Matrix
    from archive.copies.tokenize import TokenizedText
    from db.records import Text

METHOD = f"copies-9+{BACKGROUND}+{MODEL_ID}"
"""Changes whenever a judgement may change. Stored with every link."""

FEWEST_WORDS = 20
"""Below this a text is a caption or a stub. "Read more on our site" is on ten thousand pages."""

FEWEST_DISTINCT = 12
"""With fewer different words than this, verbatim runs prove nothing."""

LEAST_NAMED = 0.1
"""Across languages, two texts that share a smaller part of the information in their names and numbers tell of two
things. Of labelled translations 1 % share less, of strangers that the model takes for translations 99 %."""

CERTAIN = 0.99
"""From this probability on, texts that begin with different days are copies all the same. Reposts change days."""

MOST_REASONS = 4
"""Reasons for and against a copy that a judgement names. ``explain`` lists all."""


def judge(
    a: Text, b: Text, tokenizer: Callable[[Text], TokenizedText] = tokenize_text, model: EmbeddingModel | None = None
) -> Judgement:
    """Return how two texts relate, with the evidence.

    Pure and symmetric: swapping the texts mirrors the judgement.
    """
    if _order(b) < _order(a):
        return _mirrored(_judge(b, a, tokenizer, model))
    return _judge(a, b, tokenizer, model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The relation of two texts and what decided: a rule, or the copy model with its evidence and a probability.

    ``objection`` says why the texts are no copies although their probability is high enough, ``refused`` why they
    cannot be compared.
    """

    relation: Relation | None = None
    rule: Rule | None = None
    probability: float | None = None
    model: CopyModel | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)
    objection: str = ""
    refused: str = ""

    def chance(self) -> str:
        """Return the probability of a copy in words, with the least that makes one."""
        assert self.model is not None  # noqa: S101 - for the type checker: there is no probability without a model
        return f"probability {self.probability or 0.0:.2f} of a copy (needs {self.model.threshold:.2f})"

    def contributions(self) -> list[tuple[str, float]]:
        """Return each share by name and what it adds, in log odds against an average pair; the largest first."""
        return self.model.contributions(self.evidence) if self.model is not None else []

    def weights(self) -> list[tuple[str, float]]:
        """Return the ``contributions`` with each share in words."""
        return [(self.in_words(name), weight) for name, weight in self.contributions()]

    def in_words(self, name: str) -> str:
        """Return a share in words."""
        return phrase(name, self.evidence.get(name, 0.0))


def method_id(model: EmbeddingModel | None) -> str:
    """Return the id of the method, including the embedding model if one is used."""
    return f"{METHOD}+{model.id}" if model else METHOD


class TokenCache:
    """A cache of tokenized texts, for judging many pairs: tokenizing is three quarters of a judgement's cost.

    ``size`` is in words, not in texts. So a thousand short pages of one site stay, which are all compared with each
    other, and long texts take no more memory than they did.
    """

    def __init__(self, size: int = 250_000) -> None:
        self._size, self._words = size, 0
        self._texts: OrderedDict[tuple[str, str | None], TokenizedText] = OrderedDict()

    def __call__(self, text: Text) -> TokenizedText:
        """Return the tokenized text, from the cache if it is there."""
        key = text.body, text.language
        tokenized = self._texts.get(key)
        if tokenized is not None:
            self._texts.move_to_end(key)
            return tokenized
        tokenized = self._texts[key] = tokenize_text(text)
        self._words += len(tokenized.words)
        while self._words > self._size and len(self._texts) > 2:  # noqa: PLR2004 - a pair is judged at a time
            self._words -= len(self._texts.popitem(last=False)[1].words)
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


def decide(a: Text, b: Text, measures: Measures, embedder: EmbeddingModel | None = None) -> Decision:
    """Decide how two texts with these ``measures`` relate. ``embedder`` is the model of meaning, if there is one.

    What is shared word for word is certain and has rules. The copy model weighs everything else. A pair that it does
    not call a copy may still be reports of one event.
    """
    if refused := refusal(measures):
        return Decision(refused=refused)
    rule = next((rule for rule in VERBATIM if rule.holds(measures)), None)
    if rule is not None:
        return Decision(relation=rule.relation, rule=rule)
    event = next((rule for rule in EVENT if rule.holds(measures)), None)
    vectors = sentence_vectors(a, b, measures, embedder)
    if vectors is None and not measures.pairs:  # of such pairs 2 in 5,056 are copies, and the model gives them 0.03
        return Decision(relation=event.relation if event else None, rule=event)
    evidence = collect_evidence(measures, vectors)
    model = copy_model(translated=measures.translated, meaning=vectors is not None)
    probability = model.probability(evidence) if evidence else 0.0
    decision = Decision(rule=event, probability=probability, model=model, evidence=evidence)
    objection = objection_to(measures, meaning=vectors is not None)
    if not objection and model.possible <= probability < CERTAIN and is_later_report(measures):
        objection = "a later report: the texts begin with different days, and each has a passage of its own"
    if probability >= model.threshold and not objection:
        return replace(decision, relation=Relation.REWORDED, rule=None)
    if probability >= model.possible and not objection:
        return replace(decision, relation=Relation.POSSIBLE, rule=None)
    objection = objection if probability >= model.threshold else ""
    return replace(decision, relation=event.relation if event else None, objection=objection)


def objection_to(measures: Measures, *, meaning: bool) -> str:
    """Return why these texts are no copies, however alike they are in content. Empty if nothing shows it.

    ``meaning``: their sentences were compared by meaning, too.
    """
    if is_follow_up(measures):
        return "a follow-up: dates over 72 hours apart, or one text looks back a year"
    first, second = (text.credit for text in measures.texts)
    if credits_differ(first, second) and not measures.translated:
        return f"two agencies: {first} and {second} sign their own reports"
    if measures.translated and not meaning and measures.anchor_share < LEAST_NAMED:
        return f"too few names and numbers in common: {measures.anchor_share:.2f} (needs {LEAST_NAMED})"
    return ""


def _judge(a: Text, b: Text, tokenizer: Callable[[Text], TokenizedText], model: EmbeddingModel | None) -> Judgement:
    measures = measure(a, b, tokenizer)
    decision = decide(a, b, measures, model)
    relation = decision.relation
    return Judgement(
        relation=relation,
        score=round(_strength(measures, decision), 4),
        coverage=(round(measures.coverage[0], 4), round(measures.coverage[1], 4)),
        because=_because(decision, measures),
        longest_run=measures.longest_run,
        passages=measures.passages,
        residue=(*(f"a: {line}" for line in a.residue), *(f"b: {line}" for line in b.residue)),
        method=method_id(model),
        translated=measures.translated and relation is not None and relation.is_copy,
        languages=measures.languages,
        broken=measures.respelled,
        probability=None if decision.probability is None else round(decision.probability, 4),
    )


def sentence_vectors(
    a: Text, b: Text, measures: Measures, model: EmbeddingModel | None
) -> tuple[Matrix, Matrix] | None:
    """Return embeddings of the sentences of both texts.

    None without a model, for texts in one language (there meaning adds nothing to words: docs/quality.md), and for a
    text without sentences.
    """
    if model is None or not measures.translated or not all(text.sentences for text in measures.texts):
        return None
    return model.vectors(a, measures.texts[0]), model.vectors(b, measures.texts[1])


def _strength(measures: Measures, decision: Decision) -> float:
    """Return a score from 0 to 1: the share of the better covered text, less if there is little evidence.

    Pairs that are no copies are in the lower half, whatever they share. A follow-up may have most of its text from the
    story that it follows.
    """
    if decision.refused:
        return 0.0
    if measures.same_stream:
        return 1.0
    enough = min(1.0, measures.pairs / 3)
    aligned = sum(measures.aligned) / 2 if measures.translated else max(measures.aligned)
    share = min(0.99, enough * max(aligned, (1 - measures.filled_in) * max(measures.verbatim)))
    is_copy = decision.relation is not None and decision.relation.is_copy
    return (1 + share) / 2 if is_copy else share / 2


def _because(decision: Decision, measures: Measures) -> str:
    if decision.refused:
        return decision.refused
    relation = decision.relation or "not linked"
    if decision.rule is not None:
        reason = f"{relation}: " + "; ".join(condition.figures(measures) for condition in decision.rule.conditions)
        if decision.model is not None:
            reason += f"; no copy: {decision.objection or decision.chance()}"
    elif decision.model is None:
        reason = f"{relation}: no sentence of one text has a partner in the other"
    else:
        reason = f"{relation}: {decision.chance()}{_weighed(decision)}"
        reason += f"; {decision.objection}" if decision.objection else ""
    if measures.translated:
        reason += f"; compared across languages ({', '.join(sorted(map(str, measures.languages)))})"
    return reason + ("" if measures.whole else "; only the beginning of the longer text was read")


def _weighed(decision: Decision) -> str:
    """Return what spoke for a copy and what spoke against one, the weightiest first."""
    contributions = decision.contributions()
    speaking_for = [name for name, weight in contributions if weight > 0][:MOST_REASONS]
    speaking_against = [name for name, weight in contributions if weight < 0][:MOST_REASONS]
    return "".join(
        f"; {side}: {', '.join(map(decision.in_words, reasons))}"
        for side, reasons in (("for", speaking_for), ("against", speaking_against))
        if reasons
    )


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
