"""Shares of two texts that speak for a copy or against one, whatever their length and order.

A rewrite keeps the facts and adds few, so what one text has alone tells as much as what both have. A rival's report of
the same press conference shares quotations, names and figures, and says them in other company and in another order. A
follow-up shares the background, and its first sentences are new. ``copy_model`` weighs these shares.

Every share comes in two, for the shorter and for the longer text, except where it belongs to the pair. Each is from 0
to 1. Two texts in one language are compared in their own words, outside quotation marks. Two in different languages
have names and numbers in common, in the same places.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz.distance import LCSseq

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archive.copies.features import Measures
    from archive.copies.similarity import Matrix
    from archive.copies.tokenize import TokenizedText

SIMILAR = 0.3
"""From this similarity on a sentence counts as found in the other text."""

MATCHED = 0.25
"""From this similarity on the best partner of a sentence takes part in the order of the matches."""

QUOTED_ELSEWHERE = 0.3
"""From this share of its runs of words on a quotation is in the other text, too."""

MUTUAL = 0.2
"""Two sentences that are each other's nearest in meaning must be at least this near, apart from the common subject."""

MOSTLY_QUOTED = 0.3
"""From this quoted share on a sentence is the words of a speaker, whom others heard as well."""

NO_SENTENCE = 0.3
"""Cover of a text that has nothing but quotations: that of an average sentence of a report."""

DECIMALS = 4
"""Shares are rounded, so that the order of a sum cannot decide."""

LEAD_SENTENCES = 2
"""A follow-up says what is new in its first sentences."""


def collect_evidence(measures: Measures, vectors: tuple[Matrix, Matrix] | None = None) -> dict[str, float]:
    """Return every share by name. Empty if a text has no sentence.

    ``vectors`` are embeddings of the first sentences of both texts, a row of length one for each. Without them the
    shares of meaning are missing.
    """
    a, b = measures.texts
    if not (a.sentences and b.sentences):
        return {}
    respelled = dict(measures.respelled)
    back = {other: ours for ours, other in respelled.items()}
    similarity = measures.similarity.all
    sides = (_Side(a, b, similarity, respelled), _Side(b, a, similarity.T, back))
    order = (0, 1) if len(a.words) <= len(b.words) else (1, 0)
    shares: dict[str, float] = {}
    for name, index in zip(("shorter", "longer"), order, strict=True):
        side = sides[index]
        more = side.shares_across(measures.common) if measures.translated else side.shares_in_own_words()
        shares |= {f"{share}_{name}": value for share, value in (*side.shares(measures.common), *more)}
    shares["mean_similarity"] = measures.mean_similarity
    shares["paired"] = min(1.0, measures.pairs / max(1, min(measures.sentences)))
    if measures.translated:
        shares |= {"match_order": sides[order[0]].match_order(), "flow": measures.flow}
        shares["anchor_share"] = measures.anchor_share
        for name, index in zip(("shorter", "longer"), order, strict=True):
            shares |= {f"aligned_{name}": measures.aligned[index], f"retained_{name}": measures.retained[index]}
    else:
        shares["quoted_runs"] = _quoted_runs(a, b)
    if vectors is not None:
        shares |= _meaning([vectors[index] for index in order], [sides[index].text for index in order])
    return {name: round(float(share), DECIMALS) for name, share in shares.items()}


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

    def shares(self, shared_information: float) -> Iterator[tuple[str, float]]:
        """Yield the shares of any two texts with their names."""
        own, other = self.text.shape, self._other.shape
        yield "trigrams", len(own.plain_grams & other.plain_grams) / max(1, len(own.plain_grams))
        new_names = self._new_names()
        yield "new_names", new_names / (3 + new_names)
        own_quotations = self._own_quotations()
        yield "own_quotations", own_quotations / (1 + own_quotations)
        yield "novelty", max(0.0, 1 - shared_information / max(sum(self.text.distinctive.values()), 0.01))
        anchors = [self._respelled.get(anchor, anchor) for anchor in own.anchors]
        yield "anchor_order", _common_order(anchors, other.anchors)
        yield "joint_anchors", self._joint_anchors()
        yield "word_order", _common_order(own.content, other.content)
        yield "numbers", self._numbers()

    def shares_in_own_words(self) -> Iterator[tuple[str, float]]:
        """Yield the shares of two texts in one language: what both say outside quotation marks.

        Outlets that heard one speaker have the quotations in common, and tell the rest in words of their own.
        """
        own, other = self.text.shape, self._other.shape
        cover = self._cover()
        yield "cover", self._mean(cover, self._weights)
        plain = self._weights * (np.array(own.quoted) < MOSTLY_QUOTED)
        yield "plain_cover", self._mean(cover, plain) if plain.any() else NO_SENTENCE
        yield "details", _overlap(own.details, other.details) / max(sum(own.details.values()), 0.01)
        retold = _overlap(own.details, other.quoted_details)
        yield "retold", (retold + 0.2) / (sum(other.quoted_details.values()) + 1)

    def shares_across(self, shared_information: float) -> Iterator[tuple[str, float]]:
        """Yield the shares of two texts in two languages."""
        best = np.minimum(self._similarity.max(axis=1), 1.0)
        yield "similar_sentences", self._mean((best >= SIMILAR).astype(float), self._weights)
        yield "best_match", self._mean(best, self._weights)
        topic = _overlap(self.text.topic, self._other.topic)
        own_topic = sum(self.text.topic.values())
        yield "topic", topic / max(own_topic, 0.01)
        information = sum(self.text.distinctive.values())
        yield "information", min(1.0, (topic + shared_information) / max(own_topic + information, 0.01))
        yield "lead", float(best[:LEAD_SENTENCES].mean())
        yield "lead_anchors", self._lead_anchors()

    def match_order(self) -> float:
        """Return the part of the matched sentences whose best partners come in rising order."""
        partners = [int(row.argmax()) for row in self._similarity if row.max() >= MATCHED]
        return _rising(partners)

    @staticmethod
    def _mean(values: Matrix, weights: Matrix) -> float:
        return float((values * weights).sum() / max(float(weights.sum()), 0.01))

    def _cover(self) -> Matrix:
        """Return the share of each sentence, by weight, that two neighbouring sentences of the other text have.

        So a sentence that joins two others is covered, wherever they stand.
        """
        own, other = (np.array([sentence.mass for sentence in text.sentences]) for text in (self.text, self._other))
        shared = self._similarity * np.add.outer(own, other) / 2
        if len(other) > 1:
            shared = shared[:, :-1] + shared[:, 1:]
        cover: Matrix = np.minimum(1.0, shared.max(axis=1) / np.maximum(own, 0.01))
        return cover

    def _new_names(self) -> int:
        words = set(self._other.words.folded)
        names = (name for name in self.text.distinctive if not name[0].isdigit())
        return sum(name not in words and name not in self._respelled for name in names)

    def _own_quotations(self) -> int:
        other = self._other.shape.grams
        return sum(
            sum(gram in other for gram in grams) < QUOTED_ELSEWHERE * len(grams) for grams in self.text.shape.quotations
        )

    def _joint_anchors(self) -> float:
        """Return how far the names and numbers of one sentence stand together in the other text, too.

        In one sentence there or in two neighbours, in any place, averaged by weight. 0.5 if no sentence has two.
        """
        holders: dict[str, list[int]] = {}
        for index, place in enumerate(self._other.shape.places):
            for term in place:
                holders.setdefault(term, []).append(index)
        covered = total = 0.0
        for weights in self.text.shape.weights:
            if len(weights) < 2:  # noqa: PLR2004 - one stands alone
                continue
            together: dict[int, float] = {}
            for term, weight in weights.items():
                for index in holders.get(self._respelled.get(term, term), ()):
                    together[index] = together.get(index, 0.0) + weight
            covered += max(together.values(), default=0.0)
            total += sum(weights.values())
        return covered / total if total else 0.5

    def _numbers(self) -> float:
        """Return the share of the numbers that the other text has, with one more that is and one that is not.

        So a single number that both have by chance counts little.
        """
        own, other = ({anchor for anchor in text.anchors if anchor[0].isdigit()} for text in (self.text, self._other))
        return (len(own & other) + 1) / (len(own) + 2)

    def _lead_anchors(self) -> float:
        """Return the share of the names and numbers of the first sentences that the other text has. 0.5 without any."""
        weights: dict[str, float] = {}
        for lead in self.text.shape.weights[:LEAD_SENTENCES]:
            weights |= lead
        total = sum(weights.values())
        other = self._other.anchors
        both = sum(weight for term, weight in weights.items() if self._respelled.get(term, term) in other)
        return both / total if total else 0.5


def _quoted_runs(a: TokenizedText, b: TokenizedText) -> float:
    """Return the share of the common runs of three words that one of the texts has in quotation marks only."""
    plain = len(a.shape.plain_grams & b.shape.plain_grams)
    return 1 - (plain + 1) / (len(a.shape.grams & b.shape.grams) + 2)


def _overlap(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    return sum(min(weight, b[term]) for term, weight in a.items() if term in b)


def _common_order(own: Sequence[str], other: Sequence[str]) -> float:
    """Return the longest common subsequence as a share of the first sequence."""
    return LCSseq.similarity(own, other) / len(own) if own and other else 0.0


def _rising(values: Sequence[int]) -> float:
    """Return the length of the longest rising subsequence (repeats allowed) as a share of the sequence."""
    tails: list[int] = []
    for value in values:
        place = bisect_right(tails, value)
        tails[place : place + 1] = [value]
    return len(tails) / len(values) if values else 0.0


# --- meaning ---------------------------------------------------------------------------------------------------------


def _meaning(vectors: Sequence[Matrix], texts: Sequence[TokenizedText]) -> dict[str, float]:
    """Compare sentence embeddings, as they are and without the subject that both texts have in common.

    ``vectors`` and ``texts`` are those of the shorter and of the longer text.
    """
    own, other = vectors
    weights = [
        np.array([max(1, len(sentence.words)) for sentence in text.sentences[: len(rows)]], dtype=float)
        for text, rows in zip(texts, vectors, strict=True)
    ]
    cosines = own @ other.T
    subject = (own.mean(axis=0) + other.mean(axis=0)) / 2
    specific = _unit(own - subject) @ _unit(other - subject).T
    nearest = [(i, int(row.argmax())) for i, row in enumerate(specific) if row.max() > MUTUAL]
    mutual = [(i, j) for i, j in nearest if int(specific[:, j].argmax()) == i]
    shares = {"meaning_order": _rising([j for _, j in mutual])}
    for side, name in enumerate(("shorter", "longer")):
        axis, weight = 1 - side, weights[side] / weights[side].sum()
        shares[f"meaning_{name}"] = float((np.clip(cosines.max(axis=axis), 0, 1) * weight).sum())
        shares[f"specific_meaning_{name}"] = float((np.clip(specific.max(axis=axis), 0, 1) * weight).sum())
        shares[f"mutual_{name}"] = float(sum(weight[pair[side]] for pair in mutual))
        shares[f"lead_meaning_{name}"] = float(np.clip(cosines.max(axis=axis)[:LEAD_SENTENCES], 0, 1).mean())
    return shares


def _unit(vectors: Matrix) -> Matrix:
    unit: Matrix = vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6)
    return unit
