"""Paragraphs of two texts matched to each other: the same ones, the edited ones, and which of them moved.

The method is the one Heckel (1978) and patience diffs share, on paragraphs: identical ones first, then likely ones,
then the heaviest rising chain of matches stays where it is and every other match is a move.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import Indel

from archive.versions.diff.cue_words import MONTHS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from archive.versions.diff.paragraphs import Block

    Pair = tuple[int, int]

NEAR_ENOUGH = 0.5
"""Word likeness from which a paragraph counts as the edited form of another and not as a new one."""

MOVED_ENOUGH = 0.65
"""The same for a paragraph elsewhere: half its words in common is what any two on one subject have."""

FEWEST_CONTAINED = 4
"""Words a paragraph needs to be looked for inside a longer one; any paragraph contains "and the"."""

FEWEST_MOVED = 4
"""Words a line needs to be a passage that moved, unless it went with its neighbours or stands nowhere else."""

FEWEST_EDITED = 6
"""Words of a paragraph that was edited where it moved: shorter ones are alike by chance."""

MOST_CELLS = 200_000_000
"""Paragraph pairs up to which the exact common sequence is computed (bit-parallel: 25 MB, 0.1 s)."""

MOST_PAIRS = 10_000
"""Pairs of unmatched paragraphs up to which every one is tried; beyond, those with rare words in common or near by."""

MOST_READ = 3_000_000
"""Characters of unmatched paragraphs that are read for their words: 0.5 s. Beyond, an edited one is cut and added."""

REACH = 4
"""Partners are also sought this many unmatched paragraphs up and down from where the order suggests."""

_LESS_SURE = 0.9  # of a likeness that minds no figures, so that lines with the same figures come first
_RAREST = 5  # words of a paragraph by which it is looked up
_MOST_SHARED = 8  # a word in more paragraphs than this tells nothing
_BEST = 3  # paragraphs with the most rare words in common that are tried
_CODES = 0x110000 - 1
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Match:
    """Blocks ``a[0]`` up to ``a[1]`` of the older text became ``b[0]`` up to ``b[1]`` of the newer, perhaps elsewhere.

    Either side is one block, unless paragraphs were split or merged.
    """

    a: tuple[int, int]
    b: tuple[int, int]
    moved: bool = False


class Matches(NamedTuple):
    """The matches in order of ``b``; blocks in none were cut or added. ``coarse``: too much text to look for edits."""

    found: tuple[Match, ...]
    coarse: bool


def match_blocks(a: Sequence[Block], b: Sequence[Block]) -> Matches:
    """Match the blocks of two texts."""
    pairs = _identical([block.text for block in a], [block.text for block in b])
    left_a = [i for i in _without(len(a), {i for i, _ in pairs}) if a[i].text]
    left_b = [j for j in _without(len(b), {j for _, j in pairs}) if b[j].text]
    coarse = bool(left_a and left_b) and _size(a, left_a) + _size(b, left_b) > MOST_READ
    codes = _Codes()
    words_a = {} if coarse else {i: codes.of(a[i].text) for i in left_a}
    words_b = {} if coarse else {j: codes.of(b[j].text) for j in left_b}
    likely = _likely(words_a, words_b, codes.without_figures)
    staying, moved = _parted(sorted((*pairs, *likely), key=lambda pair: pair[1]), a)
    moved = [pair for pair in moved if pair not in likely or _moves(likely[pair], words_b[pair[1]])]
    edited = {pair for pair in likely if a[pair[0]].text != b[pair[1]].text}
    matches = [(pair, False) for pair in staying] + [(pair, True) for pair in moved]
    found = _absorbed(sorted(matches, key=lambda match: match[0][1]), edited, words_a, words_b)
    return Matches(tuple(found), coarse)


def _without(count: int, taken: set[int]) -> list[int]:
    return [place for place in range(count) if place not in taken]


def _size(blocks: Sequence[Block], places: Sequence[int]) -> int:
    return sum(len(blocks[place].text) for place in places)


def _moves(likeness: float, words: str) -> bool:
    return likeness >= MOVED_ENOUGH and len(words) >= FEWEST_EDITED


class _Codes:
    """Words written as one character each, so that likeness is computed on strings: ten times as fast as on lists."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def without_figures(self, words: str) -> str:
        """The same words with every figure and month alike: "Updated: 5 May" is what "Updated: 6 June" was."""
        return "".join([self._figures.get(word, word) for word in words])

    @cached_property
    def _figures(self) -> dict[str, str]:
        alike = {code for word, code in self._known.items() if word.isdecimal() or word in MONTHS}
        return dict.fromkeys(alike, max(alike, default=""))

    def of(self, text: str) -> str:
        known = self._known
        words = _WORD.findall(text.casefold())
        return "".join([known.get(word) or known.setdefault(word, chr(len(known) % _CODES)) for word in words])


# --- identical paragraphs --------------------------------------------------------------------------------------------


def _identical(a: Sequence[str], b: Sequence[str]) -> list[Pair]:
    """Equal texts: first in common order, then what is left wherever it went."""
    pairs = in_common_order(a, b)
    return pairs + _elsewhere(a, b, pairs)


def in_common_order(a: Sequence[str], b: Sequence[str]) -> list[Pair]:
    """The longest common subsequence of two lists of texts as pairs of places, without order.

    Where there are more than ``MOST_CELLS`` pairs to look at, only the common beginning and end.
    """
    start = _common(a, b)
    end = _common(a[start:][::-1], b[start:][::-1])
    pairs = [(place, place) for place in range(start)]
    pairs += [(len(a) - step, len(b) - step) for step in range(1, end + 1)]
    inner_a, inner_b = a[start : len(a) - end], b[start : len(b) - end]
    if len(inner_a) * len(inner_b) <= MOST_CELLS:
        ids: dict[str, int] = {}
        told_a, told_b = ([ids.setdefault(text, len(ids)) for text in side] for side in (inner_a, inner_b))
        for op in Indel.opcodes(told_a, told_b):
            if op.tag == "equal":
                step_a, step_b = start + op.src_start, start + op.dest_start
                pairs += [(step_a + n, step_b + n) for n in range(op.src_end - op.src_start)]
    return pairs


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many paragraphs two texts have in common before the first that differs."""
    return next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _elsewhere(a: Sequence[str], b: Sequence[str], pairs: Sequence[Pair]) -> list[Pair]:
    """Equal paragraphs out of order: whole passages wherever they are, short lines only beside one or alone."""
    left_a, left_b = (_without(len(side), {pair[n] for pair in pairs}) for n, side in enumerate((a, b)))
    waiting: dict[str, deque[int]] = defaultdict(deque)
    for i in left_a:
        if a[i]:
            waiting[a[i]].append(i)
    shared = [j for j in left_b if b[j] in waiting]
    times = Counter(b[j] for j in shared)
    found: dict[int, int] = {}
    for j in shared:
        alone = len(waiting[b[j]]) == times[b[j]] == 1
        if waiting[b[j]] and (alone or len(b[j].split()) >= FEWEST_MOVED):
            found[j] = waiting[b[j]].popleft()
    taken = set(found.values())
    for j in (*shared, *reversed(shared)):
        for beside, step in ((j - 1, 1), (j + 1, -1)):
            i = found.get(beside, -2) + step
            if j not in found and i not in taken and 0 <= i < len(a) and i in waiting[b[j]]:
                found[j] = i
                taken.add(i)
    return [(i, j) for j, i in found.items()]


# --- edited paragraphs -----------------------------------------------------------------------------------------------


def _likely(a: Mapping[int, str], b: Mapping[int, str], without_figures: Callable[[str], str]) -> dict[Pair, float]:
    """Greedily, the most alike first: each unmatched block with its edited form."""
    taken_a: set[int] = set()
    taken_b: set[int] = set()
    found: dict[Pair, float] = {}
    for minus, _, i, j in sorted(_likely_pairs(a, b, without_figures)):
        if i not in taken_a and j not in taken_b:
            taken_a.add(i)
            taken_b.add(j)
            found[i, j] = -minus
    return found


def _likely_pairs(
    a: Mapping[int, str], b: Mapping[int, str], without_figures: Callable[[str], str]
) -> Iterator[tuple[float, int, int, int]]:
    order_a, order_b = list(a), list(b)
    every = len(order_a) * len(order_b) <= MOST_PAIRS
    tried = _every(order_a, order_b) if every else _promising(a, b)
    plain_a, plain_b = ({k: without_figures(v) for k, v in side.items()} if every else {} for side in (a, b))
    for x, y in tried:
        i, j = order_a[x], order_b[y]
        likeness = _likeness(a[i], b[j])
        if every and likeness < NEAR_ENOUGH:
            likeness = _LESS_SURE * _likeness(plain_a[i], plain_b[j])
        if likeness >= NEAR_ENOUGH:
            yield -likeness, abs(x * len(order_b) // len(order_a) - y), i, j


def _every(a: Sequence[int], b: Sequence[int]) -> Iterator[Pair]:
    return ((x, y) for x in range(len(a)) for y in range(len(b)))


def _promising(a: Mapping[int, str], b: Mapping[int, str]) -> Iterator[Pair]:
    """Places of blocks that share rare words, or that stand about where the other does."""
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
        near = range(max(0, middle - REACH), min(len(words_a), middle + REACH + 1))
        for x in {*near, *(x for x, _ in shared.most_common(_BEST))}:
            yield x, y


def _rarest(words: str, in_blocks: Mapping[str, int]) -> list[str]:
    return sorted(set(words), key=lambda word: (in_blocks[word], word))[:_RAREST]


def _likeness(a: str, b: str) -> float:
    """Word likeness; a paragraph that stands whole inside a longer one is near enough, too."""
    shorter, both = min(len(a), len(b)), len(a) + len(b)
    if not both:
        return 0
    cutoff = NEAR_ENOUGH if shorter < FEWEST_CONTAINED else min(NEAR_ENOUGH, 1.8 * shorter / both)
    likeness = Indel.normalized_similarity(a, b, score_cutoff=cutoff)
    contained = shorter >= FEWEST_CONTAINED and likeness * both / 2 >= 0.9 * shorter
    return max(likeness, NEAR_ENOUGH) if contained else likeness


# --- splits and merges -----------------------------------------------------------------------------------------------


def _absorbed(
    matches: Sequence[tuple[Pair, bool]], edited: set[Pair], a: Mapping[int, str], b: Mapping[int, str]
) -> Iterator[Match]:
    """Take unmatched neighbours into a match where that makes the two sides more alike: a split or a merge."""
    free_a = set(a) - {i for (i, _), _ in matches}
    free_b = set(b) - {j for (_, j), _ in matches}
    for (i, j), moved in matches:
        side_a, side_b = (i, i + 1), (j, j + 1)
        if (i, j) in edited:
            side_a = _widened(side_a, free_a, a, b[j])
            side_b = _widened(side_b, free_b, b, _joined(a, side_a))
        yield Match(side_a, side_b, moved=moved)


def _widened(side: Pair, free: set[int], words: Mapping[int, str], goal: str) -> Pair:
    """The side with neighbours, as long as each makes it more like the goal."""
    alike = Indel.normalized_similarity(_joined(words, side), goal)
    growing = True
    while growing:
        growing = False
        for wider, taken in (((side[0], side[1] + 1), side[1]), ((side[0] - 1, side[1]), side[0] - 1)):
            likeness = Indel.normalized_similarity(_joined(words, wider), goal) if taken in free else 0
            if likeness > alike:
                side, alike, growing = wider, likeness, True
                free.discard(taken)
    return side


def _joined(words: Mapping[int, str], side: Pair) -> str:
    return "".join(words.get(place, "") for place in range(*side))


# --- what stayed and what moved --------------------------------------------------------------------------------------


def _parted(pairs: Sequence[Pair], a: Sequence[Block]) -> tuple[list[Pair], list[Pair]]:
    """The pairs, given in order of ``b``: those that keep their order, the heaviest such set, and the rest."""
    runs: list[list[Pair]] = []
    for pair in pairs:
        if runs and runs[-1][-1] == (pair[0] - 1, pair[1] - 1):
            runs[-1].append(pair)
        else:
            runs.append([pair])
    weights = [sum(len(a[i].text) + 1 for i, _ in run) for run in runs]
    stay = set(_heaviest_chain([run[0][0] for run in runs], weights))
    parted: tuple[list[Pair], list[Pair]] = ([], [])
    for place, run in enumerate(runs):
        parted[place not in stay].extend(run)
    return parted


def _heaviest_chain(places: Sequence[int], weights: Sequence[int]) -> list[int]:
    """Indexes of a rising subsequence of ``places`` whose weights sum highest.

    The best chains found so far are kept as a staircase, by their last place and their weight, both rising.
    """
    ends: list[int] = []  # the last place of each chain on the staircase
    chains: list[tuple[int, int]] = []  # its weight and the index of its last member
    before = [-1] * len(places)
    for index, (place, weight) in enumerate(zip(places, weights, strict=True)):
        at = bisect_left(ends, place)
        total = weight + (chains[at - 1][0] if at else 0)
        before[index] = chains[at - 1][1] if at else -1
        beaten = at
        while beaten < len(ends) and chains[beaten][0] <= total:
            beaten += 1
        ends[at:beaten], chains[at:beaten] = [place], [(total, index)]
    chain = []
    last = chains[-1][1] if chains else -1
    while last >= 0:
        chain.append(last)
        last = before[last]
    return chain
