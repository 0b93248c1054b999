"""Everything a judgement is decided on, measured once: a function of the two texts and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt
from typing import TYPE_CHECKING

from archive.copies.align import Alignment, align, best_chain
from archive.copies.order import measure_order
from archive.copies.stopwords import CALENDAR, LOOKING_BACK
from archive.copies.tokenize import TokenizedText, stream, tokenize_text
from archive.copies.verbatim import common_runs
from db.records import Passage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from archive.copies.align import Pair
    from archive.copies.similarity import EmbeddingModel
    from archive.copies.tokenize import Sentence
    from db.records import Text

LIKENESS_FROM, LIKENESS_TO = 0.2, 0.5
"""A pair of sentences counts for nothing at the first likeness and in full from the second on. Of aligned sentences of
reworded texts 90 % are over 0.5 alike on the average of a text, of independent reports 25 %."""

PLAIN_TO = 0.2
"""Without its anchors a pair must be so alike to count in full: translated there and back it is 0.16 to 0.4 on the
average of a text, in independent reports 0.01 to 0.25."""

LEAD_SENTENCES = 2
"""A follow-up says so at once; further down "a year ago" is background."""

UPDATE_NAMES = 8
"""Two texts that agree in so many names of their look-alike sentences tell one story at two hours, if only figures
differ. Forms name a place and an institute; the exception, a table of well-known shares, differs in all sentences."""

MOST_NEW = 0.65
"""An update brings new figures in at most this part of what looks alike: the largest of the labelled ones in 0.6, the
next decision of a central bank in 0.71."""

MANY_NAMES, MOST_NEW_OF_MANY = 10, 0.8
"""With so many names in common it may be more: a storm that grew all day changed 0.7 and kept 14, forms keep 6, the
next quarter of one company 9."""

FEW_SENTENCES = 5
"""A text of fewer sentences must be found in the other whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What two texts have in common. Pairs of figures are (of a, of b); shares run from 0 to 1.

    ``aligned`` is the share of each text whose sentences say the same in the same order, ``verbatim`` the share inside
    common runs of words, ``plain_run`` the longest run outside quotation marks, ``likeness`` that of an aligned pair on
    the average, ``filled_in`` the part of the alike sentences that contradict each other, as two uses of a template do;
    in an ``update`` they only bring new figures. ``held`` are the numbers and names that aligned sentences share,
    ``anchors`` all that the texts share, ``common`` the information in them, ``anchor_share`` its share of that of the
    text with less, ``topic`` how alike the other words are, ``order``, ``unbroken`` and ``kept`` how they go
    along each other (``flow.Flow``), ``bent`` names that one of them broke. ``hours_apart`` is
    None unless both are dated; ``looks_back`` when one text alone begins by saying that it all was a year ago. ``rows``
    are the aligned sentences one by one, ``passages`` the same with neighbours joined.
    """

    words: tuple[int, int]
    vocabulary: int
    same_stream: bool
    verbatim: tuple[float, float]
    longest_run: int
    plain_run: int
    aligned: tuple[float, float]
    pairs: int
    sentences: tuple[int, int]
    likeness: float
    filled_in: float
    update: bool
    held: tuple[str, ...]
    bent: tuple[tuple[str, str], ...]
    looks_back: bool
    anchors: tuple[str, ...]
    common: float
    anchor_share: float
    topic: float
    order: float
    unbroken: float
    kept: tuple[float, float]
    hours_apart: float | None
    languages: tuple[str | None, str | None]
    whole: bool
    rows: tuple[Passage, ...]
    passages: tuple[Passage, ...]

    @property
    def translated(self) -> bool:
        """True when both languages are known and differ."""
        first, second = self.languages
        return bool(first and second and first != second)

    @property
    def coverage(self) -> tuple[float, float]:
        """The larger of the verbatim and the aligned share, for each text."""
        return max(self.verbatim[0], self.aligned[0]), max(self.verbatim[1], self.aligned[1])

    @property
    def fidelity(self) -> float:
        """How much of what is shared is shared word for word."""
        return min(1.0, max(self.verbatim) / max(*self.aligned, 0.01))

    @property
    def flow(self) -> float:
        """How far both go the same way: what both name stands in aligned sentences, with few others between."""
        return self.order * self.unbroken

    @property
    def shared_words(self) -> float:
        """Words inside common runs, on the average of the two texts."""
        return sum(share * words for share, words in zip(self.verbatim, self.words, strict=True)) / 2

    @property
    def quoted_run(self) -> int:
        """Words of the longest run, if that reaches into a quotation."""
        return self.longest_run if self.longest_run > self.plain_run else 0

    @property
    def shorter_found(self) -> float:
        """Of a text with few sentences: the share of them that found a partner. Of longer ones: 1."""
        fewest = min(self.sentences)
        return self.pairs / fewest if 0 < fewest < FEW_SENTENCES else 1.0


def measure(
    a: Text, b: Text, tokenizer: Callable[[Text], TokenizedText] = tokenize_text, model: EmbeddingModel | None = None
) -> Measures:
    """Compare two texts. Bodies count, headlines do not: every outlet writes its own.

    ``tokenizer`` gives the reading of a text; who compares many pairs passes one that remembers (``judge.Judge``).
    """
    reading_a, reading_b = tokenizer(a), tokenizer(b)
    languages = reading_a.language, reading_b.language
    translated = bool(languages[0] and languages[1] and languages[0] != languages[1])
    alignment = align(reading_a, reading_b, translated=translated, model=model)
    filled_in = _filled_in(alignment)
    update = _is_update(alignment, reading_a, reading_b)
    counted = (
        best_chain([*alignment.pairs, *alignment.changed], len(reading_b.sentences)) if update else alignment.pairs
    )
    held = {anchor for pair in counted for anchor in pair.anchors} & reading_a.telling.keys()
    runs = common_runs(reading_a, reading_b)
    shared = _shared_anchors(reading_a, reading_b, alignment.bent)
    flow = measure_order(counted, reading_a, reading_b, shared, alignment.bent)
    same = _same_stream(a.body, b.body)
    return Measures(
        words=(len(reading_a.words), len(reading_b.words)),
        vocabulary=min(reading_a.vocabulary, reading_b.vocabulary),
        same_stream=same,
        verbatim=(1.0, 1.0) if same else runs.covered,
        longest_run=runs.longest,
        plain_run=runs.plain,
        aligned=_aligned(counted, reading_a, reading_b, translated=translated, trust=1.0 if update else 1 - filled_in),
        pairs=len(counted),
        sentences=(len(reading_a.sentences), len(reading_b.sentences)),
        likeness=_mean_likeness(counted),
        filled_in=filled_in,
        update=update,
        held=tuple(sorted(held)),
        bent=tuple(sorted(alignment.bent.items())),
        looks_back=_looks_back(a.body, reading_a) != _looks_back(b.body, reading_b),
        anchors=tuple(sorted(shared)),
        common=sum(shared.values()),
        anchor_share=_anchor_share(shared, reading_a, reading_b),
        topic=_topic(reading_a, reading_b),
        order=flow.order,
        unbroken=flow.unbroken,
        kept=flow.kept,
        hours_apart=_hours_apart(a, b),
        languages=languages,
        whole=reading_a.whole and reading_b.whole,
        rows=tuple(_passage([pair], reading_a, reading_b) for pair in counted),
        passages=_whole_bodies(a, b) if same else tuple(_passages(counted, reading_a, reading_b)),
    )


def _same_stream(a: str, b: str) -> bool:
    if a == b:
        return bool(a)
    alike_in_length = min(len(a), len(b)) * 2 >= max(len(a), len(b))
    return alike_in_length and stream(a) == stream(b) != []


def _shared_anchors(a: TokenizedText, b: TokenizedText, bent: Mapping[str, str]) -> dict[str, float]:
    """The anchors that tell one event from another and that both texts have, with their information."""
    pairs = ((bent.get(said, said), weight) for said, weight in a.telling.items())
    return {said: min(weight, b.telling[said]) for said, weight in pairs if said in b.telling}


def _anchor_share(shared: Mapping[str, float], a: TokenizedText, b: TokenizedText) -> float:
    """How much of the anchors of the text with fewer the other has, by information."""
    return sum(shared.values()) / max(min(sum(a.telling.values()), sum(b.telling.values())), 0.01)


def _topic(a: TokenizedText, b: TokenizedText) -> float:
    """How alike the words are that are neither names nor numbers: the cosine of their weights."""
    shared = sum(weight * b.topic[term] for term, weight in a.topic.items() if term in b.topic)
    lengths = (sum(weight * weight for weight in each.topic.values()) for each in (a, b))
    return shared / max(sqrt(prod(lengths)), 0.01)


def _looks_back(body: str, reading: TokenizedText) -> bool:
    lead = reading.sentences[:LEAD_SENTENCES]
    return bool(lead) and LOOKING_BACK.search(body, lead[0].start, lead[-1].end) is not None


def _alone(pairs: Iterable[Pair], alignment: Alignment) -> int:
    """How many sentences have such a pair and no good one, in the text where they are more."""
    alone = list(pairs)
    alone_a = {pair.i for pair in alone} - {pair.i for pair in alignment.pairs}
    alone_b = {pair.j for pair in alone} - {pair.j for pair in alignment.pairs}
    return max(len(alone_a), len(alone_b))


def _filled_in(alignment: Alignment) -> float:
    """Share of the sentences with a look-alike that only have a contradicting one (the text where it is larger).

    A single one shows no form: two reports that have little in common may both say how old somebody was.
    """
    alone = _alone((*alignment.changed, *alignment.filled), alignment)
    return alone / (alone + len(alignment.pairs)) if alone > 1 else 0.0


def _is_update(alignment: Alignment, a: TokenizedText, b: TokenizedText) -> bool:
    """True when the contradictions are new figures in a story that otherwise stands: same names, same days."""
    new = _filled_in(alignment)
    if _alone(alignment.filled, alignment) > 1 or new > MOST_NEW_OF_MANY:
        return False
    days_a, days_b = CALENDAR.intersection(a.words.folded), CALENDAR.intersection(b.words.folded)
    if 2 * len(days_a & days_b) < len(days_a | days_b):
        return False
    said = {anchor for pair in (*alignment.pairs, *alignment.changed) for anchor in pair.anchors}
    return len(said & a.names) >= (UPDATE_NAMES if new <= MOST_NEW else MANY_NAMES)


def _mean_likeness(pairs: Sequence[Pair]) -> float:
    return sum(pair.likeness * pair.weight for pair in pairs) / max(sum(pair.weight for pair in pairs), 0.01)


def _aligned(
    pairs: Iterable[Pair], a: TokenizedText, b: TokenizedText, *, translated: bool, trust: float
) -> tuple[float, float]:
    """The share of each text that its best pairs cover; of a sentence with several the best counts."""
    found_a, found_b = [0.0] * len(a.sentences), [0.0] * len(b.sentences)
    for pair in pairs:
        counts = _counts(pair, translated=translated)
        found_a[pair.i] = max(found_a[pair.i], counts)
        found_b[pair.j] = max(found_b[pair.j], counts)
    return (trust * _covered(found_a, a, translated=translated), trust * _covered(found_b, b, translated=translated))


def _covered(found: Sequence[float], reading: TokenizedText, *, translated: bool) -> float:
    weights = [_weight(sentence, translated=translated) for sentence in reading.sentences]
    return sum(share * weight for share, weight in zip(found, weights, strict=True)) / max(sum(weights), 0.01)


def _weight(sentence: Sentence, *, translated: bool) -> float:
    """What a sentence counts for; across languages only its anchors can be found again, so only they count."""
    if not translated:
        return sentence.weight
    return sum(weight for term, weight in sentence.terms.items() if term in sentence.numbers or term in sentence.names)


def _counts(pair: Pair, *, translated: bool) -> float:
    alike = max(0.0, min(1.0, (pair.likeness - LIKENESS_FROM) / (LIKENESS_TO - LIKENESS_FROM)))
    return alike if translated else alike * min(1.0, pair.plain / PLAIN_TO)


def _hours_apart(a: Text, b: Text) -> float | None:
    if a.published_at is None or b.published_at is None:
        return None
    return abs((a.published_at - b.published_at).total_seconds()) / 3600


def _whole_bodies(a: Text, b: Text) -> tuple[Passage, ...]:
    return (Passage(a=(0, len(a.body)), b=(0, len(b.body)), similarity=1.0),)


def _passages(pairs: Sequence[Pair], a: TokenizedText, b: TokenizedText) -> list[Passage]:
    """The aligned sentences as spans; neighbours in both texts, and what was cut in two, become one passage."""
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
    mass = max(sum(pair.weight for pair in group), 0.01)  # sentences of function words alone may mean the same
    return Passage(
        a=(a.sentences[first.i].start, a.sentences[last.i].end),
        b=(b.sentences[first.j].start, b.sentences[last.j].end),
        similarity=round(sum(pair.likeness * pair.weight for pair in group) / mass, 4),
        anchors=tuple(dict.fromkeys(anchor for pair in group for anchor in pair.anchors)),
    )
