"""Align the paragraphs of two texts: the same ones, the edited ones, and the moved ones.

The method is common to Heckel (1978) and patience diffs, here on paragraphs. Identical ones are matched first, then
similar ones. The heaviest rising chain of matches stays in place, and every other match is a move.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import Indel

from db.date_words import MONTHS
from db.typography import fold_typography

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from archive.versions.diff.paragraphs import Block

    Pair = tuple[int, int]

NEAR_ENOUGH = 0.5
"""Word similarity from which a paragraph counts as the edited form of another, not as a new one."""

MOVED_ENOUGH = 0.65
"""Word similarity needed by a paragraph in another place. Any two paragraphs on one subject may share half their
words."""

FEWEST_CONTAINED = 4
"""The fewest words of a paragraph that is searched for inside a longer one. Any paragraph contains "and the"."""

FEWEST_MOVED = 4
"""The fewest words of a moved line, unless it moved with its neighbours or occurs only once in each text."""

FEWEST_EDITED = 6
"""The fewest words of a paragraph that was moved and edited. Shorter ones are similar by chance."""

MOST_CELLS = 200_000_000
"""The most pairs of paragraphs for which the exact common sequence is computed (bit-parallel: 25 MB, 0.1 s)."""

MOST_PAIRS = 10_000
"""The most pairs of unmatched paragraphs that are all compared. Beyond, only those with rare words in common or
nearby."""

MOST_READ = 3_000_000
"""The most characters of unmatched paragraphs that are split into words: 0.5 s. Beyond, an edited one is cut and
added."""

REACH = 4
"""Partners are also searched so many unmatched paragraphs before and after the place that the order suggests."""

_WITHOUT_FIGURES_FACTOR = (
    0.9  # factor for a similarity that ignores figures, so that lines with the same figures come first
)
_RAREST = 5  # words of a paragraph by which it is looked up
_MOST_SHARED = 8  # a word in more paragraphs than this is ignored
_BEST = 3  # paragraphs with the most rare words in common that are compared
_CODES = 0x110000 - 1
_UNSPACED = "\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Match:
    """Blocks ``a[0]`` up to ``a[1]`` of the older text became ``b[0]`` up to ``b[1]`` of the newer one.

    Either side is one block, unless paragraphs were split or merged. ``moved`` is True if the order changed.
    """

    a: tuple[int, int]
    b: tuple[int, int]
    moved: bool = False


class Matches(NamedTuple):
    """The matches in order of ``b``. Blocks without one were cut or added.

    ``coarse``: too much text to search for edits.
    """

    matches: tuple[Match, ...]
    coarse: bool


def match_blocks(a: Sequence[Block], b: Sequence[Block]) -> Matches:
    """Match the blocks of two texts."""
    pairs = _identical([block.text for block in a], [block.text for block in b])
    left_a = [i for i in _remaining(len(a), {i for i, _ in pairs}) if a[i].text]
    left_b = [j for j in _remaining(len(b), {j for _, j in pairs}) if b[j].text]
    coarse = bool(left_a and left_b) and _size(a, left_a) + _size(b, left_b) > MOST_READ
    codes = _WordCodes()
    words_a = {} if coarse else {i: codes.of(a[i].text) for i in left_a}
    words_b = {} if coarse else {j: codes.of(b[j].text) for j in left_b}
    similar = _match_edited(words_a, words_b, codes.without_figures)
    fixed, moved = _split_moved(sorted((*pairs, *similar), key=lambda pair: pair[1]), a)
    moved = [pair for pair in moved if pair not in similar or _is_move(similar[pair], words_b[pair[1]])]
    edited = {pair for pair in similar if a[pair[0]].text != b[pair[1]].text}
    ordered = sorted([(pair, False) for pair in fixed] + [(pair, True) for pair in moved], key=_place_in_b)
    return Matches(tuple(_absorb_neighbours(ordered, edited, words_a, words_b)), coarse)


def _place_in_b(match: tuple[Pair, bool]) -> int:
    return match[0][1]


def _remaining(count: int, excluded: set[int]) -> list[int]:
    return [place for place in range(count) if place not in excluded]


def _size(blocks: Sequence[Block], places: Sequence[int]) -> int:
    return sum(len(blocks[place].text) for place in places)


def _is_move(similarity: float, words: str) -> bool:
    return similarity >= MOVED_ENOUGH and len(words) >= FEWEST_EDITED


class _WordCodes:
    """Words written as one character each, so that similarity is computed on strings: ten times as fast as on lists."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def without_figures(self, words: str) -> str:
        """Return the words with every figure and month made equal.

        So "Updated: 5 May" equals "Updated: 6 June".
        """
        return "".join([self._figures.get(word, word) for word in words])

    @cached_property
    def _figures(self) -> dict[str, str]:
        codes = {code for word, code in self._known.items() if word.isdecimal() or word in MONTHS}
        return dict.fromkeys(codes, max(codes, default=""))

    def of(self, text: str) -> str:
        known = self._known
        words = _WORD.findall(fold_typography(text).casefold())
        return "".join([known.get(word) or known.setdefault(word, chr(len(known) % _CODES)) for word in words])


# --- identical paragraphs --------------------------------------------------------------------------------------------


def _identical(a: Sequence[str], b: Sequence[str]) -> list[Pair]:
    """Match equal texts: first in common order, then the rest wherever it is."""
    pairs = in_common_order(a, b)
    return pairs + _match_elsewhere(a, b, pairs)


def in_common_order(a: Sequence[str], b: Sequence[str]) -> list[Pair]:
    """Return the longest common subsequence of two lists of texts as pairs of indexes, in no order.

    With more than ``MOST_CELLS`` pairs to compare, only the common beginning and end are matched.
    """
    start = _common_prefix(a, b)
    end = _common_prefix(a[start:][::-1], b[start:][::-1])
    pairs = [(place, place) for place in range(start)]
    pairs += [(len(a) - step, len(b) - step) for step in range(1, end + 1)]
    inner_a, inner_b = a[start : len(a) - end], b[start : len(b) - end]
    if len(inner_a) * len(inner_b) <= MOST_CELLS:
        ids: dict[str, int] = {}
        ids_a, ids_b = ([ids.setdefault(text, len(ids)) for text in side] for side in (inner_a, inner_b))
        for op in Indel.opcodes(ids_a, ids_b):
            if op.tag == "equal":
                step_a, step_b = start + op.src_start, start + op.dest_start
                pairs += [(step_a + n, step_b + n) for n in range(op.src_end - op.src_start)]
    return pairs


def _common_prefix(a: Sequence[str], b: Sequence[str]) -> int:
    """Return the number of equal paragraphs at the beginning of two texts."""
    return next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _match_elsewhere(a: Sequence[str], b: Sequence[str], pairs: Sequence[Pair]) -> list[Pair]:
    """Match equal paragraphs out of order: long ones wherever they are, short ones only beside a match or if unique."""
    left_a, left_b = (_remaining(len(side), {pair[n] for pair in pairs}) for n, side in enumerate((a, b)))
    waiting: dict[str, deque[int]] = defaultdict(deque)
    for i in left_a:
        if a[i]:
            waiting[a[i]].append(i)
    shared = [j for j in left_b if b[j] in waiting]
    counts = Counter(b[j] for j in shared)
    matched: dict[int, int] = {}
    for j in shared:
        unique = len(waiting[b[j]]) == counts[b[j]] == 1
        if waiting[b[j]] and (unique or len(b[j].split()) >= FEWEST_MOVED):
            matched[j] = waiting[b[j]].popleft()
    taken = set(matched.values())
    for j in (*shared, *reversed(shared)):
        for neighbour, step in ((j - 1, 1), (j + 1, -1)):
            i = matched.get(neighbour, -2) + step
            if j not in matched and i not in taken and 0 <= i < len(a) and i in waiting[b[j]]:
                matched[j] = i
                taken.add(i)
    return [(i, j) for j, i in matched.items()]


# --- edited paragraphs -----------------------------------------------------------------------------------------------


def _match_edited(
    a: Mapping[int, str], b: Mapping[int, str], without_figures: Callable[[str], str]
) -> dict[Pair, float]:
    """Match each unmatched block with its edited form, greedily, the most similar first."""
    taken_a: set[int] = set()
    taken_b: set[int] = set()
    matches: dict[Pair, float] = {}
    for minus, _, i, j in sorted(_candidate_matches(a, b, without_figures)):
        if i not in taken_a and j not in taken_b:
            taken_a.add(i)
            taken_b.add(j)
            matches[i, j] = -minus
    return matches


def _candidate_matches(
    a: Mapping[int, str], b: Mapping[int, str], without_figures: Callable[[str], str]
) -> Iterator[tuple[float, int, int, int]]:
    """Yield candidates as (minus the similarity, distance from the expected place, index in a, index in b)."""
    order_a, order_b = list(a), list(b)
    every = len(order_a) * len(order_b) <= MOST_PAIRS
    indexes = _all_indexes(order_a, order_b) if every else _candidate_indexes(a, b)
    plain_a, plain_b = ({k: without_figures(v) for k, v in side.items()} if every else {} for side in (a, b))
    for x, y in indexes:
        i, j = order_a[x], order_b[y]
        similarity = _similarity(a[i], b[j])
        if every and similarity < NEAR_ENOUGH:
            similarity = _WITHOUT_FIGURES_FACTOR * _similarity(plain_a[i], plain_b[j])
        if similarity >= NEAR_ENOUGH:
            yield -similarity, abs(x * len(order_b) // len(order_a) - y), i, j


def _all_indexes(a: Sequence[int], b: Sequence[int]) -> Iterator[Pair]:
    return ((x, y) for x in range(len(a)) for y in range(len(b)))


def _candidate_indexes(a: Mapping[int, str], b: Mapping[int, str]) -> Iterator[Pair]:
    """Yield the indexes of blocks that share rare words, or that are at about the same place."""
    words_a, words_b = list(a.values()), list(b.values())
    in_blocks = Counter(word for words in (*words_a, *words_b) for word in set(words))
    holding: dict[str, list[int]] = defaultdict(list)
    for x, words in enumerate(words_a):
        for word in _rarest(words, in_blocks):
            holding[word].append(x)
    for y, words in enumerate(words_b):
        shared = Counter(
            x
            for word in _rarest(words, in_blocks)
            if len(holding.get(word, ())) <= _MOST_SHARED
            for x in holding.get(word, ())
        )
        middle = y * len(words_a) // len(words_b)
        nearby = range(max(0, middle - REACH), min(len(words_a), middle + REACH + 1))
        for x in {*nearby, *(x for x, _ in shared.most_common(_BEST))}:
            yield x, y


def _rarest(words: str, in_blocks: Mapping[str, int]) -> list[str]:
    return sorted(set(words), key=lambda word: (in_blocks[word], word))[:_RAREST]


def _similarity(a: str, b: str) -> float:
    """Return the word similarity. A paragraph that is whole inside a longer one is near enough, too."""
    shorter, both = min(len(a), len(b)), len(a) + len(b)
    if not both:
        return 0
    cutoff = NEAR_ENOUGH if shorter < FEWEST_CONTAINED else min(NEAR_ENOUGH, 1.8 * shorter / both)
    similarity = Indel.normalized_similarity(a, b, score_cutoff=cutoff)
    contained = shorter >= FEWEST_CONTAINED and similarity * both / 2 >= 0.9 * shorter
    return max(similarity, NEAR_ENOUGH) if contained else similarity


# --- splits and merges -----------------------------------------------------------------------------------------------


def _absorb_neighbours(
    matches: Sequence[tuple[Pair, bool]], edited: set[Pair], a: Mapping[int, str], b: Mapping[int, str]
) -> Iterator[Match]:
    """Take unmatched neighbours into a match if that makes the two sides more similar: a split or a merge."""
    free_a = set(a) - {i for (i, _), _ in matches}
    free_b = set(b) - {j for (_, j), _ in matches}
    for (i, j), moved in matches:
        side_a, side_b = (i, i + 1), (j, j + 1)
        if (i, j) in edited:
            side_a = _widened(side_a, free_a, a, b[j])
            side_b = _widened(side_b, free_b, b, _joined(a, side_a))
        yield Match(side_a, side_b, moved=moved)


def _widened(side: Pair, free: set[int], words: Mapping[int, str], goal: str) -> Pair:
    """Return the side with neighbours, as long as each makes it more similar to the goal."""
    best = Indel.normalized_similarity(_joined(words, side), goal)
    growing = True
    while growing:
        growing = False
        for wider, taken in (((side[0], side[1] + 1), side[1]), ((side[0] - 1, side[1]), side[0] - 1)):
            similarity = Indel.normalized_similarity(_joined(words, wider), goal) if taken in free else 0
            if similarity > best:
                side, best, growing = wider, similarity, True
                free.discard(taken)
    return side


def _joined(words: Mapping[int, str], side: Pair) -> str:
    return "".join(words.get(place, "") for place in range(*side))


# --- what stayed and what moved --------------------------------------------------------------------------------------


def _split_moved(pairs: Sequence[Pair], a: Sequence[Block]) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs that keep their order, the heaviest such set, and the rest. ``pairs`` are in order of ``b``."""
    runs: list[list[Pair]] = []
    for pair in pairs:
        if runs and runs[-1][-1] == (pair[0] - 1, pair[1] - 1):
            runs[-1].append(pair)
        else:
            runs.append([pair])
    weights = [sum(len(a[i].text) + 1 for i, _ in run) for run in runs]
    fixed_runs = set(_heaviest_chain([run[0][0] for run in runs], weights))
    fixed = [pair for index, run in enumerate(runs) if index in fixed_runs for pair in run]
    moved = [pair for index, run in enumerate(runs) if index not in fixed_runs for pair in run]
    return fixed, moved


def _heaviest_chain(places: Sequence[int], weights: Sequence[int]) -> list[int]:
    """Return the indexes of a rising subsequence of ``places`` with the highest sum of weights.

    The best chains so far are kept as a staircase: their last place and their weight both rise.
    """
    ends: list[int] = []  # the last place of each chain on the staircase
    chains: list[tuple[int, int]] = []  # its weight and the index of its last member
    before = [-1] * len(places)
    for index, (place, weight) in enumerate(zip(places, weights, strict=True)):
        insertion = bisect_left(ends, place)
        total = weight + (chains[insertion - 1][0] if insertion else 0)
        before[index] = chains[insertion - 1][1] if insertion else -1
        end = insertion
        while end < len(ends) and chains[end][0] <= total:
            end += 1
        ends[insertion:end], chains[insertion:end] = [place], [(total, index)]
    chain = []
    last = chains[-1][1] if chains else -1
    while last >= 0:
        chain.append(last)
        last = before[last]
    return chain
