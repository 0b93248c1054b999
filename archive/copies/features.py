"""Features of a pair of texts: everything that a judgement is decided on, computed from the two texts alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod, sqrt
from typing import TYPE_CHECKING

from archive.copies.align import Alignment, align, best_chain
from archive.copies.order import measure_order
from archive.copies.stopwords import CALENDAR
from archive.copies.tokenize import TokenizedText, stream, tokenize_text
from archive.copies.verbatim import common_runs
from db.records import Passage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from archive.copies.align import Pair
    from archive.copies.similarity import Similarity
    from archive.copies.tokenize import Sentence
    from db.records import Text

SIMILARITY_FROM, SIMILARITY_TO = 0.2, 0.5
"""A pair of sentences counts for nothing at the first similarity and in full from the second on. Of aligned sentences
of reworded texts 90 % have more than 0.5 (the average of a text), of independent reports 25 %."""

PLAIN_TO = 0.2
"""The similarity without anchors at which a pair counts in full. In texts translated there and back it is 0.16 to 0.4
(the average of a text), in independent reports 0.01 to 0.25."""

UPDATE_NAMES = 8
"""Two texts that share so many names in their similar sentences tell one story at two times, if only figures differ.
Forms share a place and an institute. The exception, a table of well-known shares, differs in all sentences."""

MOST_NEW = 0.65
"""An update has new figures in at most this part of the similar sentences. The largest of the labelled ones has 0.6,
the next decision of a central bank 0.71."""

MANY_NAMES, MOST_NEW_OF_MANY = 10, 0.8
"""With so many names in common the part may be larger. A storm that grew all day changed 0.7 and kept 14 names, forms
keep 6, the next quarter of one company 9."""

BEGINNING = 200
"""Characters in which two different texts differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Features of two texts. Pairs of figures are (of a, of b); shares are from 0 to 1.

    ``aligned`` is the share of each text whose sentences say the same in the same order, ``verbatim`` the share inside
    common runs of words, ``plain_run`` the longest run outside quotation marks, ``passage_run`` the longest where a
    quotation counts less (``verbatim.QUOTED``), ``quotation_run`` the longest that is nothing but a quotation,
    ``mean_similarity`` the weighted mean of the aligned pairs, ``filled_in`` the part of the similar sentences that
    contradict each other, as in two uses of a template. In an ``update`` they only have new figures. ``pair_anchors``
    are the numbers and names that aligned
    sentences share, ``anchors`` all that the texts share, ``common`` the information in them, ``anchor_share`` its
    share of the information in the text with less, ``topic`` the similarity of the other words. ``order``, ``unbroken``
    and ``retained`` are those of ``order.OrderMeasures``, ``respelled`` are names that one text spells otherwise.
    ``hours_apart`` is None unless both texts are dated. ``looks_back`` is True if only one text begins by reporting on
    an event of a year ago. ``rows`` are the aligned sentences one by one, ``passages`` the same with neighbours joined.
    ``texts`` and ``similarity`` are what the figures were computed from.
    """

    words: tuple[int, int]
    vocabulary: int
    same_stream: bool
    verbatim: tuple[float, float]
    longest_run: int
    plain_run: int
    passage_run: int
    quotation_run: int
    aligned: tuple[float, float]
    pairs: int
    sentences: tuple[int, int]
    mean_similarity: float
    filled_in: float
    update: bool
    pair_anchors: tuple[str, ...]
    respelled: tuple[tuple[str, str], ...]
    looks_back: bool
    anchors: tuple[str, ...]
    common: float
    anchor_share: float
    topic: float
    order: float
    unbroken: float
    retained: tuple[float, float]
    hours_apart: float | None
    languages: tuple[str | None, str | None]
    whole: bool
    rows: tuple[Passage, ...]
    passages: tuple[Passage, ...]
    texts: tuple[TokenizedText, TokenizedText]
    similarity: Similarity

    @property
    def translated(self) -> bool:
        """True if both languages are known and differ."""
        first, second = self.languages
        return bool(first and second and first != second)

    @property
    def coverage(self) -> tuple[float, float]:
        """The larger of the verbatim and the aligned share, for each text."""
        return max(self.verbatim[0], self.aligned[0]), max(self.verbatim[1], self.aligned[1])

    @property
    def fidelity(self) -> float:
        """The part of the shared text that is shared word for word."""
        return min(1.0, max(self.verbatim) / max(*self.aligned, 0.01))

    @property
    def flow(self) -> float:
        """The degree to which both texts go the same way.

        Shared information is in aligned sentences, with few others between.
        """
        return self.order * self.unbroken

    @property
    def shared_words(self) -> float:
        """Words inside common runs, averaged over the two texts."""
        return sum(share * words for share, words in zip(self.verbatim, self.words, strict=True)) / 2

    @property
    def quoted_run(self) -> int:
        """Words of the longest run if it reaches into a quotation, else 0."""
        return self.longest_run if self.longest_run > self.plain_run else 0

    @property
    def plain_words(self) -> float:
        """Words of the longest run outside quotation marks, where a script without spaces counts characters."""
        return self._in_words(self.plain_run)

    @property
    def passage_words(self) -> float:
        """Words of the longest run where a quotation counts less, counted like ``plain_words``."""
        return self._in_words(self.passage_run)

    @property
    def quotation_words(self) -> float:
        """Words of the longest run that is nothing but a quotation, counted like ``plain_words``."""
        return self._in_words(self.quotation_run)

    def _in_words(self, length: int) -> float:
        return length / min(text.characters_a_word for text in self.texts)


def measure(a: Text, b: Text, tokenizer: Callable[[Text], TokenizedText] = tokenize_text) -> Measures:
    """Compute the features of two texts. Headlines do not count, because every outlet writes its own.

    ``tokenizer`` returns the tokens of a text. For many pairs, pass one with a cache (``classify.TokenCache``).
    """
    tokens_a, tokens_b = tokenizer(a), tokenizer(b)
    languages = tokens_a.language, tokens_b.language
    translated = bool(languages[0] and languages[1] and languages[0] != languages[1])
    alignment = align(tokens_a, tokens_b, translated=translated)
    filled_in = _filled_in(alignment)
    update = _is_update(alignment, tokens_a, tokens_b)
    pairs = best_chain([*alignment.pairs, *alignment.changed], len(tokens_b.sentences)) if update else alignment.pairs
    pair_anchors = {anchor for pair in pairs for anchor in pair.anchors} & tokens_a.distinctive.keys()
    runs = common_runs(tokens_a, tokens_b)
    shared = _shared_anchors(tokens_a, tokens_b, alignment.respelled)
    along = measure_order(pairs, tokens_a, tokens_b, shared, alignment.respelled)
    identical = _same_stream(a.body, b.body)
    return Measures(
        words=(len(tokens_a.words), len(tokens_b.words)),
        vocabulary=min(tokens_a.vocabulary, tokens_b.vocabulary),
        same_stream=identical,
        verbatim=(1.0, 1.0) if identical else runs.covered,
        longest_run=runs.longest,
        plain_run=runs.plain,
        passage_run=runs.passage,
        quotation_run=runs.quotation,
        aligned=_aligned(pairs, tokens_a, tokens_b, translated=translated, trust=1.0 if update else 1 - filled_in),
        pairs=len(pairs),
        sentences=(len(tokens_a.sentences), len(tokens_b.sentences)),
        mean_similarity=_mean_similarity(pairs),
        filled_in=filled_in,
        update=update,
        pair_anchors=tuple(sorted(pair_anchors)),
        respelled=tuple(sorted(alignment.respelled.items())),
        looks_back=tokens_a.looks_back != tokens_b.looks_back,
        anchors=tuple(sorted(shared)),
        common=sum(shared.values()),
        anchor_share=_anchor_share(shared, tokens_a, tokens_b),
        topic=_topic(tokens_a, tokens_b),
        order=along.order,
        unbroken=along.unbroken,
        retained=along.retained,
        hours_apart=_hours_apart(a, b),
        languages=languages,
        whole=tokens_a.whole and tokens_b.whole,
        rows=tuple(_passage([pair], tokens_a, tokens_b) for pair in pairs),
        passages=_whole_bodies(a, b) if identical else tuple(_passages(pairs, tokens_a, tokens_b)),
        texts=(tokens_a, tokens_b),
        similarity=alignment.similarity,
    )


def _same_stream(a: str, b: str) -> bool:
    if a == b:
        return bool(a)
    alike_in_length = min(len(a), len(b)) * 2 >= max(len(a), len(b))
    return alike_in_length and not _begin_differently(a, b) and stream(a) == stream(b) != []


def _begin_differently(a: str, b: str) -> bool:
    """True if the first words show that two bodies are not the same words, which spares reading them."""
    if not (a.isascii() and b.isascii()):
        return False  # other scripts may fold the beginning by what follows
    first = _whole_words(a[:BEGINNING]), _whole_words(b[:BEGINNING])
    return any(x != y for x, y in zip(*first, strict=False))


@lru_cache(maxsize=2_000)
def _whole_words(beginning: str) -> list[str]:
    return stream(beginning)[:-1]  # the last one may be cut


def _shared_anchors(a: TokenizedText, b: TokenizedText, respelled: Mapping[str, str]) -> dict[str, float]:
    """Return the distinctive anchors that both texts have, with their information."""
    pairs = ((respelled.get(anchor, anchor), weight) for anchor, weight in a.distinctive.items())
    return {anchor: min(weight, b.distinctive[anchor]) for anchor, weight in pairs if anchor in b.distinctive}


def _anchor_share(shared: Mapping[str, float], a: TokenizedText, b: TokenizedText) -> float:
    """Return the share, by information, of the anchors of the text with fewer that the other has."""
    return sum(shared.values()) / max(min(sum(a.distinctive.values()), sum(b.distinctive.values())), 0.01)


def _topic(a: TokenizedText, b: TokenizedText) -> float:
    """Return the similarity of words that are neither names nor numbers: the cosine of their weights."""
    shared = sum(weight * b.topic[term] for term, weight in a.topic.items() if term in b.topic)
    lengths = (sum(weight * weight for weight in text.topic.values()) for text in (a, b))
    return shared / max(sqrt(prod(lengths)), 0.01)


def _unpaired_sentences(pairs: Iterable[Pair], alignment: Alignment) -> int:
    """Return how many sentences have such a pair and no good one, in the text where they are more."""
    pairs = list(pairs)
    unpaired_a = {pair.i for pair in pairs} - {pair.i for pair in alignment.pairs}
    unpaired_b = {pair.j for pair in pairs} - {pair.j for pair in alignment.pairs}
    return max(len(unpaired_a), len(unpaired_b))


def _filled_in(alignment: Alignment) -> float:
    """Return the share of the similar sentences that only have a contradicting partner, in the text where it is larger.

    A single one shows no form: two reports that have little in common may both give somebody's age.
    """
    unpaired = _unpaired_sentences((*alignment.changed, *alignment.filled), alignment)
    return unpaired / (unpaired + len(alignment.pairs)) if unpaired > 1 else 0.0


def _is_update(alignment: Alignment, a: TokenizedText, b: TokenizedText) -> bool:
    """True if the contradictions are new figures in a story that is otherwise the same: same names, same days."""
    new = _filled_in(alignment)
    if _unpaired_sentences(alignment.filled, alignment) > 1 or new > MOST_NEW_OF_MANY:
        return False
    days_a, days_b = CALENDAR.intersection(a.words.folded), CALENDAR.intersection(b.words.folded)
    if 2 * len(days_a & days_b) < len(days_a | days_b):
        return False
    anchors = {anchor for pair in (*alignment.pairs, *alignment.changed) for anchor in pair.anchors}
    return len(anchors & a.names) >= (UPDATE_NAMES if new <= MOST_NEW else MANY_NAMES)


def _mean_similarity(pairs: Sequence[Pair]) -> float:
    return sum(pair.similarity * pair.weight for pair in pairs) / max(sum(pair.weight for pair in pairs), 0.01)


def _aligned(
    pairs: Iterable[Pair], a: TokenizedText, b: TokenizedText, *, translated: bool, trust: float
) -> tuple[float, float]:
    """Return the share of each text that its best pairs cover. Of several pairs of a sentence the best counts."""
    best_a, best_b = [0.0] * len(a.sentences), [0.0] * len(b.sentences)
    for pair in pairs:
        value = _pair_value(pair, translated=translated)
        best_a[pair.i] = max(best_a[pair.i], value)
        best_b[pair.j] = max(best_b[pair.j], value)
    return (trust * _covered(best_a, a, translated=translated), trust * _covered(best_b, b, translated=translated))


def _covered(values: Sequence[float], text: TokenizedText, *, translated: bool) -> float:
    weights = [_weight(sentence, translated=translated) for sentence in text.sentences]
    return sum(share * weight for share, weight in zip(values, weights, strict=True)) / max(sum(weights), 0.01)


def _weight(sentence: Sentence, *, translated: bool) -> float:
    """Return the weight of a sentence.

    Across languages only its anchors count, because only they can be found again.
    """
    if not translated:
        return sentence.weight
    return sum(weight for term, weight in sentence.terms.items() if term in sentence.numbers or term in sentence.names)


def _pair_value(pair: Pair, *, translated: bool) -> float:
    value = max(0.0, min(1.0, (pair.similarity - SIMILARITY_FROM) / (SIMILARITY_TO - SIMILARITY_FROM)))
    return value if translated else value * min(1.0, pair.plain / PLAIN_TO)


def _hours_apart(a: Text, b: Text) -> float | None:
    if a.published_at is None or b.published_at is None:
        return None
    return abs((a.published_at - b.published_at).total_seconds()) / 3600


def _whole_bodies(a: Text, b: Text) -> tuple[Passage, ...]:
    return (Passage(a=(0, len(a.body)), b=(0, len(b.body)), similarity=1.0),)


def _passages(pairs: Sequence[Pair], a: TokenizedText, b: TokenizedText) -> list[Passage]:
    """Return the aligned sentences as spans. Neighbours in both texts, and sentences cut in two, become one passage."""
    groups: list[list[Pair]] = []
    for pair in pairs:
        last = groups[-1][-1] if groups else None
        if last is not None and pair.i - last.i in {0, 1} and pair.j - last.j in {0, 1}:
            groups[-1].append(pair)
        else:
            groups.append([pair])
    return [_passage(group, a, b) for group in groups]


def _passage(group: Sequence[Pair], a: TokenizedText, b: TokenizedText) -> Passage:
    first, last = group[0], group[-1]
    mass = max(sum(pair.weight for pair in group), 0.01)  # sentences of function words alone weigh nothing
    return Passage(
        a=(a.sentences[first.i].start, a.sentences[last.i].end),
        b=(b.sentences[first.j].start, b.sentences[last.j].end),
        similarity=round(sum(pair.similarity * pair.weight for pair in group) / mass, 4),
        anchors=tuple(dict.fromkeys(anchor for pair in group for anchor in pair.anchors)),
    )
