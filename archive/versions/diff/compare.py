"""From two texts to a ``Change``: blocks matched, words edited inside them, kinds and score read off the edits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archive.versions.diff.edit_types import coarse_kinds, headline_kinds, kinds_of_edit, score_of
from archive.versions.diff.paragraph_alignment import match_blocks
from archive.versions.diff.paragraphs import SegmentedText, common_ends
from archive.versions.diff.sentence_diff import arrange_edits, edit_sentences, merge_moved_sentences
from archive.versions.diff.tokens import capitals_of, capitals_of_headline
from archive.versions.diff.word_diff import Side, edit_words
from db.records import Change, Edit, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.versions.diff.paragraph_alignment import Match
    from db.records import Text

MOST_WORDED = 300_000
"""Characters of edited paragraphs, both sides together, that are compared word by word: 0.4 s. The rest, of texts no
article has, is told as paragraphs replaced, and the change as ``coarse``."""

_EACH = 150  # what beginning a comparison costs, in characters compared

_IN_EARNEST = frozenset(Kind) - {Kind.COSMETIC, Kind.MOVED, Kind.RESIDUE}


def compare(a: Text, b: Text) -> Change:
    """How text ``a`` became text ``b``.

    The edits tile both texts: taken in order, each ``equal`` or ``move`` copied from ``a``, each ``insert`` or
    ``replace`` from ``b``, they give ``b``; their ``a`` spans, sorted, give ``a``. A passage that moved and was edited
    is ``move`` edits with others between them. Kinds come in the order of ``db.records.Kind``; each edit has its own.
    """
    body = _Body(a, b)
    headline = _headline(a, b)
    kinds = {kind for edit in (*body.edits, *headline) for kind in edit.kinds} or set(_nothing_said(a, b))
    if kinds != {Kind.RESIDUE}:
        kinds.discard(Kind.RESIDUE)
    ordered = _ordered(kinds)
    return Change(
        edits=body.edits, headline=headline, kinds=ordered, score=score_of(ordered, body.share), coarse=body.coarse
    )


def _nothing_said(a: Text, b: Text) -> frozenset[Kind]:
    """Only blanks differ, or only what the cleaning took out, or nothing."""
    if a.body != b.body or a.title != b.title:
        return frozenset({Kind.COSMETIC})
    return frozenset({Kind.RESIDUE}) if a.residue != b.residue else frozenset()


def _headline(a: Text, b: Text) -> tuple[Edit, ...]:
    """The edits of the headline; each has ``headline`` among its kinds if the whole change is more than cosmetic."""
    capitals = capitals_of_headline(b.title, b.language)
    in_a, in_b = SegmentedText(a.title, capitals), SegmentedText(b.title, capitals)
    edits = edit_words(_whole(in_a), _whole(in_b))
    kinds = [kinds_of_edit(edit, in_a, in_b) for edit in edits]
    told = headline_kinds(frozenset().union(*kinds), capitals)
    return tuple(
        replace(edit, kinds=_ordered(headline_kinds(found, capitals) if Kind.HEADLINE in told else found))
        for edit, found in zip(edits, kinds, strict=True)
    )


def _whole(reading: SegmentedText) -> Side:
    return Side(reading.text, (0, len(reading.text)), reading.tokens(0, len(reading.blocks)))


def _ordered(kinds: Iterable[Kind]) -> tuple[Kind, ...]:
    return tuple(sorted(set(kinds), key=_ORDER.__getitem__))


_ORDER = {kind: place for place, kind in enumerate(Kind)}


class _Body:
    """The edits from one body to another, in order of ``b``, passages that moved included."""

    def __init__(self, a: Text, b: Text) -> None:
        start, end = common_ends(a.body, b.body)
        self._a = SegmentedText(a.body, capitals_of(a.body, a.language or b.language), (start, len(a.body) - end))
        self._b = SegmentedText(b.body, capitals_of(b.body, b.language or a.language), (start, len(b.body) - end))
        self._left = MOST_WORDED
        self._whole: set[tuple[int, int]] = set()  # where in b paragraphs were replaced unread
        matches, self._unread = match_blocks(self._a.blocks, self._b.blocks)
        between = arrange_edits(self._a.blocks, self._b.blocks, matches, self._paragraphs)
        behind = _same(self._a.span[1], self._b.span[1], end)
        edits = list(_runs((*_same(0, 0, start), *between, *behind)))
        edits = edits if self._unread else list(_runs(merge_moved_sentences(edits, a.body, b.body)))
        self.coarse = self._unread or bool(self._whole or self._a.bundled or self._b.bundled)
        self.edits = tuple(self._told(edit) for edit in edits)
        self.share = min(self._changed() / max(self._a.words + self._b.words, 1), 1)

    def _told(self, edit: Edit) -> Edit:
        """The edit with its kinds."""
        if edit.b in self._whole or (self._unread and edit.op in {"insert", "delete"}):
            kinds = coarse_kinds(self._a.text[slice(*edit.a)], self._b.text[slice(*edit.b)])
        else:
            kinds = kinds_of_edit(edit, self._a, self._b)
        return Edit(op=edit.op, a=edit.a, b=edit.b, kinds=_ordered(kinds))

    def _changed(self) -> int:
        """Words cut or added in earnest, of both texts."""
        earnest = [edit for edit in self.edits if _IN_EARNEST.intersection(edit.kinds)]
        said = (
            text[slice(*span)] for edit in earnest for text, span in ((self._a.text, edit.a), (self._b.text, edit.b))
        )
        return sum(len(each.split()) for each in said)

    def _paragraphs(self, match: Match) -> Sequence[Edit]:
        """One paragraph that became another, by sentences and in them by words."""
        a = self._a.blocks[match.a[0]].start, self._a.blocks[match.a[1] - 1].end
        b = self._b.blocks[match.b[0]].start, self._b.blocks[match.b[1] - 1].end
        if self._a.text[slice(*a)] == self._b.text[slice(*b)]:
            return [Edit(op="equal", a=a, b=b)]
        self._left -= a[1] - a[0] + b[1] - b[0] + _EACH
        if self._left < 0:
            self._whole.add(b)
            return [Edit(op="replace", a=a, b=b)]
        side_a = Side(self._a.text, a, self._a.tokens(*match.a))
        side_b = Side(self._b.text, b, self._b.tokens(*match.b))
        return edit_sentences(side_a, side_b)


def _same(a: int, b: int, length: int) -> Sequence[Edit]:
    return [Edit(op="equal", a=(a, a + length), b=(b, b + length))] if length else []


def _runs(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Equal or moved neighbours joined; an insert gets its place in ``a``, right behind what precedes it."""
    held: Edit | None = None
    for edit in edits:
        if held is not None and edit.op == "insert":
            edit = Edit(op="insert", a=(held.a[1], held.a[1]), b=edit.b)  # noqa: PLW2901 - the same edit, placed
        joins = held is not None and held.op == edit.op in {"equal", "move"}
        if held is not None and joins and held.a[1] == edit.a[0] and held.b[1] == edit.b[0]:
            held = Edit(op=edit.op, a=(held.a[0], edit.a[1]), b=(held.b[0], edit.b[1]))
            continue
        if held is not None:
            yield held
        held = edit
    if held is not None:
        yield held
