"""Everything a judgement is decided on, measured once: a function of the two texts and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.copies.align import Alignment, align
from archive.copies.reading import Reading, is_year, read, stream
from archive.copies.runs import common_runs
from db.records import Passage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archive.copies.align import Pair
    from archive.copies.reading import Sentence
    from db.records import Text

LIKENESS_FROM, LIKENESS_TO = 0.15, 0.50
"""A pair of sentences counts for nothing at the first likeness and in full from the second on. Half of the aligned
back-translated sentences of the development set are 0.52 to 0.67 alike; of those that independent reports of one event
align, the median is 0.41."""

FEW_SENTENCES = 5
"""A text of fewer sentences must be found in the other whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What two texts have in common. Pairs of figures are (of a, of b); shares run from 0 to 1.

    ``aligned`` is the share of each text whose sentences say the same in the same order, ``verbatim`` the share inside
    common runs of words, ``plain_run`` the longest run outside quotation marks, ``filled_in`` the part of the alike
    sentences that contradict each other, as two uses of a template do. ``hours_apart`` is None unless both are dated.
    ``rows`` are the aligned sentences one by one, ``passages`` the same with neighbours joined.
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
    filled_in: float
    anchors: tuple[str, ...]
    anchor_share: float
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
    def shorter_found(self) -> float:
        """Of a text with few sentences: the share of them that found a partner. Of longer ones: 1."""
        fewest = min(self.sentences)
        return self.pairs / fewest if 0 < fewest < FEW_SENTENCES else 1.0


def reading_of(text: Text) -> Reading:
    """A text's body, read."""
    return read(text.body, text.language)


def measure(a: Text, b: Text, readings: Callable[[Text], Reading] = reading_of) -> Measures:
    """Compare two texts. Bodies count, headlines do not: every outlet writes its own.

    ``readings`` gives the reading of a text; who compares many pairs passes one that remembers (``judge.Judge``).
    """
    reading_a, reading_b = readings(a), readings(b)
    languages = reading_a.language, reading_b.language
    translated = bool(languages[0] and languages[1] and languages[0] != languages[1])
    alignment = align(reading_a.sentences, reading_b.sentences, translated=translated)
    filled_in = _filled_in(alignment)
    weights = tuple([_weight(s, translated) for s in reading.sentences] for reading in (reading_a, reading_b))
    runs = common_runs(reading_a.words, reading_b.words)
    told_a, told_b = _telling(reading_a), _telling(reading_b)
    shared = told_a & told_b
    same = _same_stream(a.body, b.body)
    return Measures(
        words=(len(reading_a.words), len(reading_b.words)),
        vocabulary=min(_vocabulary(reading_a), _vocabulary(reading_b)),
        same_stream=same,
        verbatim=(1.0, 1.0) if same else runs.covered,
        longest_run=runs.longest,
        plain_run=runs.plain,
        aligned=_aligned(alignment, weights[0], weights[1], trust=1.0 - filled_in),
        pairs=len(alignment.pairs),
        sentences=(len(reading_a.sentences), len(reading_b.sentences)),
        filled_in=filled_in,
        anchors=tuple(sorted(shared)),
        anchor_share=len(shared) / max(len(told_a | told_b), 1),
        hours_apart=_hours_apart(a, b),
        languages=languages,
        whole=reading_a.whole and reading_b.whole,
        rows=tuple(_passage([pair], reading_a, reading_b) for pair in alignment.pairs),
        passages=_whole_bodies(a, b) if same else tuple(_passages(alignment.pairs, reading_a, reading_b)),
    )


def _same_stream(a: str, b: str) -> bool:
    if a == b:
        return bool(a)
    alike_in_length = min(len(a), len(b)) * 2 >= max(len(a), len(b))
    return alike_in_length and stream(a) == stream(b) != []


def _vocabulary(reading: Reading) -> int:
    return len({word.folded for word in reading.words if not word.folded[0].isdigit()})


def _telling(reading: Reading) -> frozenset[str]:
    """Anchors that tell one event from another: every story has a 2, a 5 and a year in it."""
    return frozenset(said for said in reading.anchors if len(said) > 1 and not is_year(said))


def _filled_in(alignment: Alignment) -> float:
    """Share of the sentences with a look-alike that only have a contradicting one (the text where it is larger)."""
    if not alignment.templates:
        return 0.0
    alone_a = {pair.i for pair in alignment.templates} - {pair.i for pair in alignment.pairs}
    alone_b = {pair.j for pair in alignment.templates} - {pair.j for pair in alignment.pairs}
    alone = max(len(alone_a), len(alone_b))
    return alone / (alone + len(alignment.pairs)) if alone else 0.0


def _weight(sentence: Sentence, translated: bool) -> float:
    """What a sentence counts for; across languages only its anchors can be found again, so only they count."""
    return float(len(sentence.numbers | sentence.names)) if translated else sentence.weight


def _aligned(alignment: Alignment, a: Sequence[float], b: Sequence[float], *, trust: float) -> tuple[float, float]:
    found_a = sum(a[pair.i] * _counts(pair) for pair in alignment.pairs)
    found_b = sum(b[pair.j] * _counts(pair) for pair in alignment.pairs)
    return trust * found_a / max(sum(a), 0.01), trust * found_b / max(sum(b), 0.01)


def _counts(pair: Pair) -> float:
    return max(0.0, min(1.0, (pair.likeness - LIKENESS_FROM) / (LIKENESS_TO - LIKENESS_FROM)))


def _hours_apart(a: Text, b: Text) -> float | None:
    if a.published_at is None or b.published_at is None:
        return None
    return abs((a.published_at - b.published_at).total_seconds()) / 3600


def _whole_bodies(a: Text, b: Text) -> tuple[Passage, ...]:
    return (Passage(a=(0, len(a.body)), b=(0, len(b.body)), similarity=1.0),)


def _passages(pairs: Sequence[Pair], a: Reading, b: Reading) -> list[Passage]:
    """The aligned sentences as spans; neighbours in both texts become one passage."""
    groups: list[list[Pair]] = []
    for pair in pairs:
        if groups and (groups[-1][-1].i + 1, groups[-1][-1].j + 1) == (pair.i, pair.j):
            groups[-1].append(pair)
        else:
            groups.append([pair])
    return [_passage(group, a, b) for group in groups]


def _passage(group: Sequence[Pair], a: Reading, b: Reading) -> Passage:
    first, last = group[0], group[-1]
    mass = sum(pair.weight for pair in group)
    return Passage(
        a=(a.sentences[first.i].start, a.sentences[last.i].end),
        b=(b.sentences[first.j].start, b.sentences[last.j].end),
        similarity=round(sum(pair.likeness * pair.weight for pair in group) / mass, 4),
        anchors=tuple(dict.fromkeys(anchor for pair in group for anchor in pair.anchors)),
    )
