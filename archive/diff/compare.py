"""From two texts to a ``Change``: blocks matched, words edited inside them, kinds and score read off the edits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archive.diff.blocks import Block, blocks_of, match_blocks
from archive.diff.kinds import headline_kinds, kinds_of, score_of
from archive.diff.words import edit_words
from db.records import Change, Edit, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.diff.blocks import Match
    from db.records import Text


def compare(a: Text, b: Text) -> Change:
    """How text ``a`` became text ``b``.

    The edits tile both texts: taken in order, each ``equal`` or ``move`` copied from ``a``, each ``insert`` or
    ``replace`` from ``b``, they give ``b``; their ``a`` spans, sorted, give ``a``. A passage that moved and was edited
    is ``move`` edits with others between them. Kinds come in the order of ``db.records.Kind``.
    """
    edits = edit_body(a.body, b.body)
    headline = tuple(edit_words(a.title, b.title))
    found = kinds_of(edits, a.body, b.body, german=b.language == "de")
    kinds = found.kinds | headline_kinds(headline, a.title, b.title)
    if not kinds:
        kinds = _nothing_said(a, b)
    elif kinds != {Kind.RESIDUE}:
        kinds = kinds - {Kind.RESIDUE}
    ordered = tuple(kind for kind in Kind if kind in kinds)
    return Change(edits=edits, headline=headline, kinds=ordered, score=score_of(ordered, found.share))


def edit_body(a: str, b: str) -> tuple[Edit, ...]:
    """The edits from one body to another, passages that moved included; in order of ``b``."""
    blocks_a, blocks_b = blocks_of(a), blocks_of(b)
    matches = match_blocks(blocks_a, blocks_b)
    return tuple(_runs(_edits(a, b, blocks_a, blocks_b, matches)))


def _nothing_said(a: Text, b: Text) -> frozenset[Kind]:
    """Only blanks differ, or only what the cleaning took out, or nothing."""
    if a.body != b.body or a.title != b.title:
        return frozenset({Kind.COSMETIC})
    return frozenset({Kind.RESIDUE}) if a.residue != b.residue else frozenset()


def _edits(a: str, b: str, in_a: Sequence[Block], in_b: Sequence[Block], matches: Sequence[Match]) -> Iterator[Edit]:
    """Blocks of ``b`` in order, each as edits; a block cut from ``a`` comes before the next one that stayed."""
    matched = {i for match in matches for i in range(*match.a)}
    cut = [i for i in range(len(in_a)) if i not in matched]
    at_b = {match.b[0]: match for match in matches}
    staying = [match for match in matches if not match.moved]
    place = 0
    gaps = [0, *(match.b[1] for match in staying)]
    limits = [*(match.a[0] for match in staying), len(in_a)]
    for gap, limit in zip(gaps, limits, strict=True):
        while place < gap:
            match = at_b.get(place)
            yield from _matched(a, b, in_a, in_b, match) if match else [_added(in_b[place])]
            place = match.b[1] if match else place + 1
        here = in_b[place - 1].end if place else 0
        while cut and cut[0] < limit:
            block = in_a[cut.pop(0)]
            yield Edit(op="delete", a=(block.start, block.end), b=(here, here))
    while place < len(in_b):
        match = at_b.get(place)
        yield from _matched(a, b, in_a, in_b, match) if match else [_added(in_b[place])]
        place = match.b[1] if match else place + 1


def _added(block: Block) -> Edit:
    return Edit(op="insert", a=(0, 0), b=(block.start, block.end))


def _matched(a: str, b: str, in_a: Sequence[Block], in_b: Sequence[Block], match: Match) -> list[Edit]:
    from_a, to_a = in_a[match.a[0]].start, in_a[match.a[1] - 1].end
    from_b, to_b = in_b[match.b[0]].start, in_b[match.b[1] - 1].end
    if a[from_a:to_a] == b[from_b:to_b]:
        edits = [Edit(op="equal", a=(from_a, to_a), b=(from_b, to_b))]
    else:
        edits = edit_words(a[from_a:to_a], b[from_b:to_b], at=(from_a, from_b))
    return [replace(edit, op="move") if match.moved and edit.op == "equal" else edit for edit in edits]


def _runs(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Equal or moved neighbours joined; an insert gets its place in ``a``, right behind what precedes it."""
    held: Edit | None = None
    for edit in edits:
        if held is not None and edit.op == "insert":
            edit = replace(edit, a=(held.a[1], held.a[1]))  # noqa: PLW2901 - the same edit, placed
        joins = held is not None and held.op == edit.op in {"equal", "move"}
        if held is not None and joins and held.a[1] == edit.a[0] and held.b[1] == edit.b[0]:
            held = Edit(op=edit.op, a=(held.a[0], edit.a[1]), b=(held.b[0], edit.b[1]))
            continue
        if held is not None:
            yield held
        held = edit
    if held is not None:
        yield held
