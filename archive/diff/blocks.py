"""Paragraphs of two texts matched to each other: the same ones, the edited ones, and which of them moved.

The method is the one Heckel (1978) and patience diffs share, on paragraphs: identical ones first, then likely ones,
then the heaviest rising chain of matches stays where it is and every other match is a move.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz.distance import Indel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NEAR_ENOUGH = 0.5
"""Word likeness from which a paragraph counts as the edited form of another and not as a new one."""

LONGEST_BLOCK = 3_000
"""Longer paragraphs are cut after a sentence, so that no word diff meets a megabyte."""

FEWEST_CONTAINED = 4
"""Words a paragraph needs to be looked for inside a longer one; any paragraph contains "and the"."""

MOST_CELLS = 50_000_000
"""Paragraph pairs up to which the exact common sequence is computed (bit-parallel: 6 MB, 0.1 s)."""

REACH = 24
"""Likely partners of an unmatched paragraph are sought this many unmatched paragraphs up and down."""

_LINE = re.compile(r"\n*[^\n]+|\n+")
_CUT = re.compile(
    rf".{{1,{LONGEST_BLOCK - 1}}}(?:[.!?\u2026][\"'\u201d\u00bb]?(?=\s)|(?=\s)|$)|.{{{LONGEST_BLOCK}}}", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph with the line breaks before it: its span, and its words folded for comparing."""

    start: int
    end: int
    text: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """Blocks ``a[0]`` up to ``a[1]`` of the older text became ``b[0]`` up to ``b[1]`` of the newer, perhaps elsewhere.

    Either side is one block, unless a paragraph was split or two were merged.
    """

    a: tuple[int, int]
    b: tuple[int, int]
    moved: bool = False


def blocks_of(text: str) -> tuple[Block, ...]:
    """Cut a text into blocks that tile it."""
    return tuple(_blocks(text))


def match_blocks(a: Sequence[Block], b: Sequence[Block]) -> tuple[Match, ...]:
    """Match the blocks of two texts, in order of ``b``; blocks in no match were cut or added."""
    pairs = _identical(a, b)
    pairs += _likely(a, b, pairs)
    pairs.sort(key=lambda pair: pair[1])
    staying = set(_heaviest_chain(pairs, [len(a[i].text) + 1 for i, _ in pairs]))
    matches = [Match((i, i + 1), (j, j + 1), moved=p not in staying) for p, (i, j) in enumerate(pairs)]
    return tuple(_absorbed(matches, a, b))


def _blocks(text: str) -> Iterator[Block]:
    for line in _LINE.finditer(text):
        spans = [line.span()]
        if line.end() - line.start() > LONGEST_BLOCK:
            spans = [cut.span() for cut in _CUT.finditer(text, line.start(), line.end())]
        for start, end in spans:
            said = text[start:end].strip()
            yield Block(start, end, said, tuple(re.findall(r"\w+|[^\w\s]", said.casefold())))


def _identical(a: Sequence[Block], b: Sequence[Block]) -> list[tuple[int, int]]:
    """Equal texts: first in common order, then what is left wherever it went."""
    texts_a, texts_b = [block.text for block in a], [block.text for block in b]
    pairs: list[tuple[int, int]] = []
    if len(a) * len(b) <= MOST_CELLS:
        for op in Indel.opcodes(texts_a, texts_b):
            if op.tag == "equal":
                pairs += zip(range(op.src_start, op.src_end), range(op.dest_start, op.dest_end), strict=True)
    taken_a, taken_b = {i for i, _ in pairs}, {j for _, j in pairs}
    waiting: dict[str, deque[int]] = defaultdict(deque)
    for i, said in enumerate(texts_a):
        if i not in taken_a and said:
            waiting[said].append(i)
    for j, said in enumerate(texts_b):
        if j not in taken_b and waiting.get(said):
            pairs.append((waiting[said].popleft(), j))
    return pairs


def _likely(a: Sequence[Block], b: Sequence[Block], pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Greedily, the most alike first: each unmatched block with its edited form near by."""
    taken_a, taken_b = {i for i, _ in pairs}, {j for _, j in pairs}
    left_a = [i for i, block in enumerate(a) if i not in taken_a and block.words]
    left_b = [j for j, block in enumerate(b) if j not in taken_b and block.words]
    likely = sorted(_likely_pairs(a, b, left_a, left_b))
    found: list[tuple[int, int]] = []
    for _, _, i, j in likely:
        if i not in taken_a and j not in taken_b:
            taken_a.add(i)
            taken_b.add(j)
            found.append((i, j))
    return found


def _likely_pairs(
    a: Sequence[Block], b: Sequence[Block], left_a: Sequence[int], left_b: Sequence[int]
) -> Iterator[tuple[float, int, int, int]]:
    for x, i in enumerate(left_a):
        middle = x * len(left_b) // len(left_a)
        for y in range(max(0, middle - REACH), min(len(left_b), middle + REACH + 1)):
            j = left_b[y]
            likeness = _likeness(a[i].words, b[j].words)
            if likeness >= NEAR_ENOUGH:
                yield -likeness, abs(x - y), i, j


def _likeness(a: Sequence[str], b: Sequence[str]) -> float:
    """Word likeness; a paragraph that stands whole inside a longer one is near enough, too."""
    shorter = min(len(a), len(b))
    likeness = Indel.normalized_similarity(a, b)
    shared = likeness * (len(a) + len(b)) / 2
    return max(likeness, NEAR_ENOUGH) if shorter >= FEWEST_CONTAINED and shared >= 0.9 * shorter else likeness


def _absorbed(matches: Sequence[Match], a: Sequence[Block], b: Sequence[Block]) -> Iterator[Match]:
    """Take an unmatched neighbour into a match where that makes the two sides more alike: a split or a merge."""
    free_a = set(range(len(a))) - {match.a[0] for match in matches}
    free_b = set(range(len(b))) - {match.b[0] for match in matches}
    for match in matches:
        if a[match.a[0]].text == b[match.b[0]].text:
            yield match
            continue
        side_a = _widened(match.a, free_a, a, _words(b, match.b))
        yield Match(side_a, _widened(match.b, free_b, b, _words(a, side_a)), moved=match.moved)


def _widened(side: tuple[int, int], free: set[int], blocks: Sequence[Block], goal: Sequence[str]) -> tuple[int, int]:
    alike = Indel.normalized_similarity(_words(blocks, side), goal)
    for wider in ((side[0], side[1] + 1), (side[0] - 1, side[1])):
        taken = wider[1] - 1 if wider[1] > side[1] else wider[0]
        better = taken in free and Indel.normalized_similarity(_words(blocks, wider), goal) > alike
        if better and blocks[taken].words:
            free.discard(taken)
            return wider
    return side


def _words(blocks: Sequence[Block], side: tuple[int, int]) -> list[str]:
    return [word for block in blocks[slice(*side)] for word in block.words]


def _heaviest_chain(pairs: Sequence[tuple[int, int]], weights: Sequence[int]) -> list[int]:
    """Places of the pairs, given in order of ``j``, whose ``i`` rise and whose weights sum highest (Fenwick tree)."""
    rank = {i: place for place, i in enumerate(sorted(i for i, _ in pairs), start=1)}
    tree: list[int] = [-1] * (len(pairs) + 1)
    total, before = [0] * len(pairs), [-1] * len(pairs)
    for p, (i, _) in enumerate(pairs):
        before[p] = _best_below(tree, total, rank[i] - 1)
        total[p] = weights[p] + (total[before[p]] if before[p] >= 0 else 0)
        place = rank[i]
        while place < len(tree):
            if tree[place] < 0 or total[p] > total[tree[place]]:
                tree[place] = p
            place += place & -place
    chain = []
    last = _best_below(tree, total, len(pairs))
    while last >= 0:
        chain.append(last)
        last = before[last]
    return chain


def _best_below(tree: Sequence[int], total: Sequence[int], place: int) -> int:
    best = -1
    while place > 0:
        if tree[place] >= 0 and (best < 0 or total[tree[place]] > total[best]):
            best = tree[place]
        place &= place - 1
    return best
