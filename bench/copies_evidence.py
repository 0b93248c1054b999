"""Evidence of a pair for ``train_copies.py``: shares of two texts that do not depend on their length or order.

Every figure comes in two, for the shorter and for the longer text, except where it belongs to the pair. A rewrite keeps
the facts and adds none, so what one text has alone tells as much as what both have. A rival's report of the same press
conference shares quotations, names and figures, and says them in other company and in another order.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz.distance import LCSseq

from archive.copies.features import measure
from archive.copies.rules import VERBATIM
from archive.copies.similarity import similarity_matrices
from archive.copies.stopwords import COMMON
from archive.copies.transliteration import shared_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from archive.copies.similarity import Matrix, Similarity
    from archive.copies.tokenize import Sentence, TokenizedText
    from db.records import Text

SIMILAR = 0.3
"""From this similarity on a sentence counts as found in the other text."""

MATCHED = 0.25
"""From this similarity on the best partner of a sentence takes part in the order of the matches."""

GRAM = 3
"""Words in a row that must agree, outside the quotation marks of either text."""

FEWEST_QUOTED = 4
"""A quotation of fewer words ("very sad") is nobody's own."""

QUOTED_ELSEWHERE = 0.3
"""From this share of its runs of words on a quotation is in the other text, too."""

MUTUAL = 0.2
"""Two sentences that are each other's nearest in meaning must be at least this near, apart from the common subject."""

STEM = 6
"""Letters of a word that are compared."""


def measure_pair(
    a: Text, b: Text, tokenizer: Callable[[Text], TokenizedText], vectors: tuple[Matrix, Matrix] | None
) -> tuple[dict[str, float], bool, bool]:
    """Return every figure of a pair, whether its languages differ, and whether a rule for verbatim copies decides."""
    measures = measure(a, b, tokenizer)
    tokens = tokenizer(a), tokenizer(b)
    respelled = shared_names(*tokens)
    figures = collect_evidence(
        *tokens,
        similarity=similarity_matrices(*tokens, respelled, translated=measures.translated, model=None),
        respelled=respelled,
        shared_information=measures.common,
        vectors=vectors,
    )
    aligned, retained = measures.aligned, measures.retained
    if len(tokens[0].words) > len(tokens[1].words):
        aligned, retained = aligned[::-1], retained[::-1]
    if figures:
        figures |= {"aligned_shorter": aligned[0], "aligned_longer": aligned[1], "flow": measures.flow}
        figures |= {"retained_shorter": retained[0], "retained_longer": retained[1]}
        figures |= {"anchor_share": measures.anchor_share, "mean_similarity": measures.mean_similarity}
        figures["paired"] = min(1.0, measures.pairs / max(1, min(measures.sentences)))
    return figures, measures.translated, any(rule.holds(measures) for rule in VERBATIM)


def collect_evidence(
    a: TokenizedText,
    b: TokenizedText,
    *,
    similarity: Similarity,
    respelled: Mapping[str, str],
    shared_information: float,
    vectors: tuple[Matrix, Matrix] | None,
) -> dict[str, float]:
    """Return every figure by name, each from 0 to 1.

    ``respelled`` maps names of ``a`` to their spelling in ``b``. ``shared_information`` is that of the distinctive
    names and numbers of both. ``vectors`` are sentence embeddings, one row a sentence; None without a model.
    """
    if not (a.sentences and b.sentences):
        return {}
    back = {theirs: ours for ours, theirs in respelled.items()}
    sides = (_Side(a, b, similarity.all, respelled), _Side(b, a, similarity.all.T, back))
    shorter, longer = sides if len(a.words) <= len(b.words) else sides[::-1]
    figures: dict[str, float] = {}
    for name, side in (("shorter", shorter), ("longer", longer)):
        figures |= {f"{figure}_{name}": value for figure, value in side.figures(shared_information)}
    figures["match_order"] = shorter.match_order()
    if vectors is not None:
        figures |= _meaning(vectors if shorter is sides[0] else vectors[::-1], shorter.text, longer.text)
    return figures


class _Side:
    """One text and what of it the other has."""

    def __init__(
        self, text: TokenizedText, other: TokenizedText, similarity: Matrix, respelled: Mapping[str, str]
    ) -> None:
        self.text = text
        self._other = other
        self._similarity = similarity
        self._respelled = respelled
        self._weights = np.array([sentence.weight for sentence in text.sentences])

    def figures(self, shared_information: float) -> Iterator[tuple[str, float]]:
        """Yield each figure with its name."""
        best = self._similarity.max(axis=1)
        yield "similar_sentences", self._mean((best >= SIMILAR).astype(float))
        yield "best_match", self._mean(np.minimum(best, 1.0))
        yield "trigrams", self._trigrams()
        new_names = self._new_names()
        yield "new_names", new_names / (3 + new_names)
        own_quotations = self._own_quotations()
        yield "own_quotations", own_quotations / (1 + own_quotations)
        topic = _overlap(self.text.topic, self._other.topic)
        own_topic = sum(self.text.topic.values())
        information = sum(self.text.distinctive.values())
        yield "topic", topic / max(own_topic, 0.01)
        yield "information", min(1.0, (topic + shared_information) / max(own_topic + information, 0.01))
        yield "novelty", max(0.0, 1 - shared_information / max(information, 0.01))
        yield "anchor_order", _common_order(_anchors(self.text, self._respelled), _anchors(self._other, {}))
        yield "joint_anchors", self._joint_anchors()
        yield "word_order", _common_order(_content(self.text), _content(self._other))
        yield "numbers", self._numbers()

    def match_order(self) -> float:
        """Return the part of the matched sentences whose best partners come in rising order."""
        partners = [int(row.argmax()) for row in self._similarity if row.max() >= MATCHED]
        return _rising(partners)

    def _mean(self, values: Matrix) -> float:
        return float((values * self._weights).sum() / max(float(self._weights.sum()), 0.01))

    def _trigrams(self) -> float:
        own, theirs = _plain_grams(self.text), _plain_grams(self._other)
        return len(own & theirs) / max(1, len(own))

    def _new_names(self) -> int:
        words = set(self._other.words.folded)
        names = (name for name in self.text.distinctive if not name[0].isdigit())
        return sum(name not in words and name not in self._respelled for name in names)

    def _own_quotations(self) -> int:
        runs = _grams(self._other, plain=False)
        return sum(
            sum(gram in runs for gram in grams) < QUOTED_ELSEWHERE * len(grams) for grams in _quotations(self.text)
        )

    def _joint_anchors(self) -> float:
        """Return how far the names and numbers of one sentence stand together in the other text, too.

        In one sentence there or in two neighbours, in any place, averaged by weight. 0.5 if no sentence has two.
        """
        theirs = [set(_weights(sentence)) for sentence in self._other.sentences]
        places = theirs + [first | second for first, second in pairwise(theirs)]
        covered = total = 0.0
        for sentence in self.text.sentences:
            weights = {self._respelled.get(term, term): weight for term, weight in _weights(sentence).items()}
            if len(weights) > 1:
                mass = sum(weights.values())
                covered += max(sum(weights[term] for term in weights.keys() & place) for place in places)
                total += mass
        return covered / total if total else 0.5

    def _numbers(self) -> float:
        own, theirs = ({anchor for anchor in text.anchors if anchor[0].isdigit()} for text in (self.text, self._other))
        return len(own & theirs) / len(own) if own else 0.5


def _overlap(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    return sum(min(weight, b[term]) for term, weight in a.items() if term in b)


def _weights(sentence: Sentence) -> dict[str, float]:
    anchors = sentence.names | sentence.numbers
    return {term: weight for term, weight in sentence.terms.items() if term in anchors}


def _anchors(text: TokenizedText, respelled: Mapping[str, str]) -> list[str]:
    named = (word for word in text.words.folded if word in text.names or (word[0].isdigit() and len(word) > 1))
    return [respelled.get(word, word) for word in named]


def _content(text: TokenizedText) -> list[str]:
    return [word[:STEM] for word in text.words.folded if word not in COMMON]


def _common_order(own: Sequence[str], theirs: Sequence[str]) -> float:
    """Return the longest common subsequence as a share of the first sequence."""
    return LCSseq.similarity(own, theirs) / len(own) if own and theirs else 0.0


def _rising(values: Sequence[int]) -> float:
    """Return the length of the longest rising subsequence (repeats allowed) as a share of the sequence."""
    from bisect import bisect_right

    tails: list[int] = []
    for value in values:
        place = bisect_right(tails, value)
        tails[place : place + 1] = [value]
    return len(tails) / len(values) if values else 0.0


def _grams(text: TokenizedText, *, plain: bool) -> set[tuple[str, ...]]:
    words, quoted = text.words.folded, text.words.quoted
    grams = zip(*(words[skip:] for skip in range(GRAM)), strict=False)
    if not plain:
        return set(grams)
    return {gram for start, gram in enumerate(grams) if not any(quoted[start : start + GRAM])}


def _plain_grams(text: TokenizedText) -> set[tuple[str, ...]]:
    return _grams(text, plain=True)


def _quotations(text: TokenizedText) -> Iterator[list[tuple[str, ...]]]:
    """Yield the runs of words of each quotation."""
    words, start = text.words.folded, 0
    for run in text.words.quoted.split(b"\0"):
        if len(run) >= FEWEST_QUOTED:
            inside = words[start : start + len(run)]
            yield list(zip(*(inside[skip:] for skip in range(GRAM)), strict=False))
        start += len(run) + 1


# --- meaning ---------------------------------------------------------------------------------------------------------


def _meaning(vectors: tuple[Matrix, Matrix], shorter: TokenizedText, longer: TokenizedText) -> dict[str, float]:
    """Compare sentence embeddings, as they are and without the subject that both texts have in common."""
    own, theirs = vectors
    lengths = [np.array([max(1, len(s.words)) for s in text.sentences], dtype=float) for text in (shorter, longer)]
    cosines = own @ theirs.T
    subject = (own.mean(axis=0) + theirs.mean(axis=0)) / 2
    specific = _unit(own - subject) @ _unit(theirs - subject).T
    mutual = [(i, int(row.argmax())) for i, row in enumerate(specific) if row.max() > MUTUAL]
    mutual = [(i, j) for i, j in mutual if int(specific[:, j].argmax()) == i]
    figures = {"meaning_order": _rising([j for _, j in mutual])}
    for name, matrix, weights, side in (("shorter", 1, lengths[0], 0), ("longer", 0, lengths[1], 1)):
        share = weights / weights.sum()
        figures[f"meaning_{name}"] = float((np.clip(cosines.max(axis=matrix), 0, 1) * share).sum())
        figures[f"specific_meaning_{name}"] = float((np.clip(specific.max(axis=matrix), 0, 1) * share).sum())
        figures[f"mutual_{name}"] = float(sum(share[pair[side]] for pair in mutual))
    return figures


def _unit(vectors: Matrix) -> Matrix:
    unit: Matrix = vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6)
    return unit
