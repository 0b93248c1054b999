"""Edits inside paragraphs by their sentences, which are matched as paragraphs are.

So an added or moved sentence is reported as such.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from archive.versions.diff.paragraph_alignment import match_blocks
from archive.versions.diff.paragraphs import Block, sentence_spans
from archive.versions.diff.tokens import Piece
from archive.versions.diff.word_diff import Side, edit_words
from db.records import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from archive.versions.diff.paragraph_alignment import Match
    from archive.versions.diff.tokens import Token

FEWEST_MOVED = 5
"""The fewest words of a sentence that is reported as moved when it is cut in one place and added in another."""

_PASSAGE = 6  # words from which a cut and an added sentence are two passages and not a change of wording
_ENDS = frozenset(".!?\u2026")
_CLOSERS = frozenset(")]*\u2019'")


def arrange_edits(
    a: Sequence[Block], b: Sequence[Block], matches: Sequence[Match], edit: Callable[[Match], Sequence[Edit]]
) -> Iterator[Edit]:
    """Yield the edits of the blocks of ``b`` in order.

    What was cut from ``a`` comes before what was added in its place.

    ``edit`` returns the edits of one match.
    """
    matched = {i for match in matches for i in range(*match.a)}
    cut = deque(i for i in range(len(a)) if i not in matched)
    by_start = {match.b[0]: match for match in matches}
    fixed = [match for match in matches if not match.moved]
    ends = [0, *(match.b[1] for match in fixed)]
    limits = [*(match.a[0] for match in fixed), len(a)]
    index, offset = 0, b[0].start if b else 0
    for end, limit in zip(ends, limits, strict=True):
        yield from _edits_between(b, index, end, by_start, edit)
        index, offset = end, b[end - 1].end if end else offset
        while cut and cut[0] < limit:
            block = a[cut.popleft()]
            yield Edit(op="delete", a=(block.start, block.end), b=(offset, offset))
    yield from _edits_between(b, index, len(b), by_start, edit)


def _edits_between(
    b: Sequence[Block], index: int, end: int, by_start: Mapping[int, Match], edit: Callable[[Match], Sequence[Edit]]
) -> Iterator[Edit]:
    """Yield the edits of the blocks of ``b`` from one index to another: matched ones, and added ones."""
    while index < end:
        if match := by_start.get(index):
            for inner in edit(match):
                yield replace(inner, op="move") if match.moved and inner.op == "equal" else inner
            index = match.b[1]
        else:
            yield Edit(op="insert", a=(0, 0), b=(b[index].start, b[index].end))
            index += 1


# --- inside a paragraph ----------------------------------------------------------------------------------------------


def edit_sentences(a: Side, b: Side) -> Sequence[Edit]:
    """Return the edits from paragraph ``a`` to ``b``: words inside matched sentences, other sentences whole."""
    in_a, in_b = _sentences(a), _sentences(b)
    if len(in_a) == len(in_b) == 1:
        return edit_words(a, b)
    blocks_a, blocks_b = ([_as_block(side) for side in sides] for sides in (in_a, in_b))
    matches, _ = match_blocks(blocks_a, blocks_b)
    edits = arrange_edits(blocks_a, blocks_b, matches, partial(_edit_match, in_a, in_b))
    return list(_replace_short(edits, a.text, b.text))


def _sentences(side: Side) -> list[Side]:
    """Return the sentences of a passage, which they tile. Marks inside a date or a quotation end none."""
    sentences: list[Side] = []
    tokens = side.tokens
    first, start = 0, side.span[0]
    for index, token in enumerate(tokens[:-1]):
        following = tokens[index + 1]
        if following.start > token.end and _ends(tokens[max(first, index - 1) : index + 1], following):
            sentences.append(Side(side.text, (start, token.end), tokens[first : index + 1]))
            first, start = index + 1, token.end
    sentences.append(Side(side.text, (start, side.span[1]), tokens[first:]))
    return sentences


def _ends(tokens: Sequence[Token], following: Token) -> bool:
    """True if a sentence ends with these tokens.

    It ends with a full stop, with one behind a bracket, or with a whole quotation before a capital.
    """
    last = tokens[-1]
    if last.piece is Piece.QUOTATION:
        return last.text[-2] in _ENDS and following.text[0].isupper()
    closes = last.text in _CLOSERS and len(tokens) > 1 and tokens[-2].text in _ENDS
    return (last.text in _ENDS or closes) and not following.text[0].islower()


def _as_block(side: Side) -> Block:
    return Block(*side.span, side.text[slice(*side.span)].strip())


def _edit_match(a: Sequence[Side], b: Sequence[Side], match: Match) -> Sequence[Edit]:
    return edit_words(_join_sides(a[slice(*match.a)]), _join_sides(b[slice(*match.b)]))


def _join_sides(sides: Sequence[Side]) -> Side:
    tokens = [token for side in sides for token in side.tokens]
    return Side(sides[0].text, (sides[0].span[0], sides[-1].span[1]), tokens)


def _replace_short(edits: Iterable[Edit], a: str, b: str) -> Iterator[Edit]:
    """Yield the edits, with a short sentence cut where a short one was added as one replacement."""
    pending: Edit | None = None
    for edit in edits:
        swaps = pending is not None and pending.op == "delete" and edit.op == "insert"
        if pending is not None and swaps and _is_short(a, pending.a) and _is_short(b, edit.b):
            pending = Edit(op="replace", a=pending.a, b=edit.b)
            continue
        if pending is not None:
            yield pending
        pending = edit
    if pending is not None:
        yield pending


def _is_short(text: str, span: tuple[int, int]) -> bool:
    return len(text[slice(*span)].split()) < _PASSAGE


# --- sentences that moved --------------------------------------------------------------------------------------------


def merge_moved_sentences(edits: Sequence[Edit], a: str, b: str) -> list[Edit]:
    """Return the edits, with each sentence that was cut in one place and added unchanged in another as one move."""
    cut: dict[str, deque[tuple[int, int]]] = defaultdict(deque)
    for edit in edits:
        if edit.op == "delete":
            for span in _movable_sentences(a, edit.a):
                cut[a[slice(*span)]].append(span)
    moved_from: dict[tuple[int, int], tuple[int, int]] = {}
    for edit in edits if cut else ():
        if edit.op == "insert":
            for span in _movable_sentences(b, edit.b):
                if cut[b[slice(*span)]]:
                    moved_from[span] = cut[b[slice(*span)]].popleft()
    return list(_with_moves(edits, moved_from)) if moved_from else list(edits)


def _movable_sentences(text: str, span: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the sentences in a span that are long enough to be recognized elsewhere, without surrounding blanks."""
    for start, end in sentence_spans(text, span):
        sentence = text[start:end]
        if len(sentence.split()) >= FEWEST_MOVED:
            yield end - len(sentence.lstrip()), start + len(sentence.rstrip())


def _with_moves(edits: Iterable[Edit], moved_from: dict[tuple[int, int], tuple[int, int]]) -> Iterator[Edit]:
    sources, targets = sorted(moved_from.values()), sorted(moved_from)
    for edit in edits:
        if edit.op == "delete":
            for span in _gaps(edit.a, _inside(edit.a, sources)):
                yield Edit(op="delete", a=span, b=edit.b)
        elif edit.op == "insert":
            inside = _inside(edit.b, targets)
            pieces = [Edit(op="move", a=moved_from[span], b=span) for span in inside]
            pieces += [Edit(op="insert", a=edit.a, b=span) for span in _gaps(edit.b, inside)]
            yield from sorted(pieces, key=lambda piece: piece.b)
        else:
            yield edit


def _inside(span: tuple[int, int], spans: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    return spans[bisect_left(spans, span) : bisect_left(spans, (span[1], span[1]))]


def _gaps(span: tuple[int, int], holes: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the parts of a span that are outside the holes in it."""
    start = span[0]
    for hole in (*holes, (span[1], span[1])):
        if start < hole[0]:
            yield start, hole[0]
        start = hole[1]
