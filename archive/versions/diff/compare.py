"""From two texts to a ``Change``: match blocks, edit words inside them, classify the edits and score them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archive.versions.diff.edit_types import coarse_kinds, headline_kinds, kinds_of_edit, score_of
from archive.versions.diff.paragraph_alignment import match_blocks
from archive.versions.diff.paragraphs import SegmentedText, common_ends
from archive.versions.diff.sentence_diff import arrange_edits, edit_sentences, merge_moved_sentences
from archive.versions.diff.tokens import capitals_of, capitals_of_headline, decimal_of
from archive.versions.diff.word_diff import Side, edit_words
from db.records import Change, Edit, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.versions.diff.paragraph_alignment import Match
    from db.records import Text

MOST_WORDED = 300_000
"""Most characters of edited paragraphs, both sides together, that are compared word by word: 0.4 s. The rest, in texts
that no article has, is reported as paragraphs replaced, and the change as ``coarse``."""

_COMPARISON_COST = 150  # the fixed cost of one comparison, in characters compared

_SUBSTANTIAL = frozenset(Kind) - {Kind.COSMETIC, Kind.MOVED, Kind.RESIDUE}


def compare(a: Text, b: Text) -> Change:
    """Return how text ``a`` became text ``b``.

    The edits tile both texts. In order, each ``equal`` or ``move`` copied from ``a`` and each ``insert`` or ``replace``
    copied from ``b`` give ``b``. Their ``a`` spans, sorted, give ``a``. A passage that moved and was edited is ``move``
    edits with others between them. Kinds come in the order of ``db.records.Kind``, and each edit has its own.
    """
    body = _Body(a, b)
    headline = _headline(a, b)
    kinds = {kind for edit in (*body.edits, *headline) for kind in edit.kinds} or set(_kinds_without_edits(a, b))
    if kinds != {Kind.RESIDUE}:
        kinds.discard(Kind.RESIDUE)
    ordered = _ordered(kinds)
    return Change(
        edits=body.edits, headline=headline, kinds=ordered, score=score_of(ordered, body.share), coarse=body.coarse
    )


def _kinds_without_edits(a: Text, b: Text) -> frozenset[Kind]:
    """Return the kinds of a change of blanks alone, or of boilerplate alone. Empty if nothing differs."""
    if a.body != b.body or a.title != b.title:
        return frozenset({Kind.COSMETIC})
    return frozenset({Kind.RESIDUE}) if a.residue != b.residue else frozenset()


def _headline(a: Text, b: Text) -> tuple[Edit, ...]:
    """Return the edits of the headline. Each has the kind ``headline`` if the change is more than cosmetic."""
    capitals = capitals_of_headline(b.title, b.language)
    decimal = decimal_of(b.language or a.language)
    in_a, in_b = (SegmentedText(text.title, capitals, decimal=decimal) for text in (a, b))
    edits = edit_words(_as_side(in_a), _as_side(in_b))
    kinds = [kinds_of_edit(edit, in_a, in_b) for edit in edits]
    all_kinds = headline_kinds(frozenset().union(*kinds), capitals)
    return tuple(
        replace(edit, kinds=_ordered(headline_kinds(own, capitals) if Kind.HEADLINE in all_kinds else own))
        for edit, own in zip(edits, kinds, strict=True)
    )


def _as_side(text: SegmentedText) -> Side:
    return Side(text.text, (0, len(text.text)), text.tokens(0, len(text.blocks)))


def _ordered(kinds: Iterable[Kind]) -> tuple[Kind, ...]:
    return tuple(sorted(set(kinds), key=_ORDER.__getitem__))


_ORDER = {kind: place for place, kind in enumerate(Kind)}


class _Body:
    """The edits from one body to another, in order of ``b``, including passages that moved."""

    def __init__(self, a: Text, b: Text) -> None:
        start, end = common_ends(a.body, b.body)
        self._a = _segmented(a, a.language or b.language, (start, len(a.body) - end))
        self._b = _segmented(b, b.language or a.language, (start, len(b.body) - end))
        self._budget = MOST_WORDED
        self._replaced_spans: set[tuple[int, int]] = (
            set()
        )  # spans of b whose paragraphs were replaced without comparing words
        matches, self._coarse = match_blocks(self._a.blocks, self._b.blocks)
        edits_between = arrange_edits(self._a.blocks, self._b.blocks, matches, self._edit_match)
        same_end = _same(self._a.span[1], self._b.span[1], end)
        edits = list(_merge_runs((*_same(0, 0, start), *edits_between, *same_end)))
        edits = edits if self._coarse else list(_merge_runs(merge_moved_sentences(edits, a.body, b.body)))
        self.coarse = self._coarse or bool(self._replaced_spans or self._a.bundled or self._b.bundled)
        self.edits = tuple(self._with_kinds(edit) for edit in edits)
        self.share = min(self._changed_words() / max(self._a.words + self._b.words, 1), 1)

    def _with_kinds(self, edit: Edit) -> Edit:
        """Return the edit with its kinds."""
        if edit.b in self._replaced_spans or (self._coarse and edit.op in {"insert", "delete"}):
            kinds = coarse_kinds(self._a.text[slice(*edit.a)], self._b.text[slice(*edit.b)])
        else:
            kinds = kinds_of_edit(edit, self._a, self._b)
        return Edit(op=edit.op, a=edit.a, b=edit.b, kinds=_ordered(kinds))

    def _changed_words(self) -> int:
        """Return the number of words substantially cut or added, in both texts."""
        edits = [edit for edit in self.edits if _SUBSTANTIAL.intersection(edit.kinds)]
        passages = (
            text[slice(*span)] for edit in edits for text, span in ((self._a.text, edit.a), (self._b.text, edit.b))
        )
        return sum(len(passage.split()) for passage in passages)

    def _edit_match(self, match: Match) -> Sequence[Edit]:
        """Return the edits of one matched paragraph: by sentences, and in them by words."""
        a = self._a.blocks[match.a[0]].start, self._a.blocks[match.a[1] - 1].end
        b = self._b.blocks[match.b[0]].start, self._b.blocks[match.b[1] - 1].end
        if self._a.text[slice(*a)] == self._b.text[slice(*b)]:
            return [Edit(op="equal", a=a, b=b)]
        self._budget -= a[1] - a[0] + b[1] - b[0] + _COMPARISON_COST
        if self._budget < 0:
            self._replaced_spans.add(b)
            return [Edit(op="replace", a=a, b=b)]
        side_a = Side(self._a.text, a, self._a.tokens(*match.a))
        side_b = Side(self._b.text, b, self._b.tokens(*match.b))
        return edit_sentences(side_a, side_b)


def _segmented(text: Text, language: str | None, span: tuple[int, int]) -> SegmentedText:
    return SegmentedText(text.body, capitals_of(text.body, language), span, decimal=decimal_of(language))


def _same(a: int, b: int, length: int) -> Sequence[Edit]:
    return [Edit(op="equal", a=(a, a + length), b=(b, b + length))] if length else []


def _merge_runs(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Join neighbouring equal or moved edits. An insert gets its place in ``a``, after what precedes it."""
    pending: Edit | None = None
    for edit in edits:
        if pending is not None and edit.op == "insert":
            edit = Edit(op="insert", a=(pending.a[1], pending.a[1]), b=edit.b)  # noqa: PLW2901 - the same edit, placed
        joins = pending is not None and pending.op == edit.op in {"equal", "move"}
        if pending is not None and joins and pending.a[1] == edit.a[0] and pending.b[1] == edit.b[0]:
            pending = Edit(op=edit.op, a=(pending.a[0], edit.a[1]), b=(pending.b[0], edit.b[1]))
            continue
        if pending is not None:
            yield pending
        pending = edit
    if pending is not None:
        yield pending
