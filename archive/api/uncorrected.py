"""Passages that an article has corrected, and a copy of it still has.

The edits between an old version and the newest show the corrections. A copy still has a corrected passage if it has it
word for word, or if a passage aligned with it has the removed words and none of the words that replaced them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from archive.api.remembered_changes import compare_remembered
from archive.versions.diff.paragraphs import sentence_spans
from db.records import Kind, UncorrectedCopy, VersionRef
from db.typography import fold_typography

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from db.records import Edit, Passage, Text, Version

    Span = tuple[int, int]

NO_CORRECTION = frozenset({Kind.COSMETIC, Kind.MOVED, Kind.RESIDUE})
"""Kinds of edits that correct nothing."""

FEWEST_WORDS = 4
"""A shorter passage occurs in any text, so an aligned passage must have the removed words instead."""

COVERED = 0.5
"""Share of a passage that an aligned passage must cover to count as its copy."""

_WORD = re.compile(r"[^\W_]+(?:[.,'\u2019-][^\W_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The newest version of a copy, and the passages aligned with it by version number of the article.

    ``Passage.a`` is a span in the article, ``b`` one in the copy.
    """

    version: Version
    text: Text
    passages: Mapping[int, Sequence[Passage]]


@dataclass(frozen=True, slots=True)
class _Correction:
    """A sentence of an old body that the newest lacks: its span, the text that replaced it, and the kinds of edits."""

    span: Span
    now: str | None
    kinds: tuple[Kind, ...]


def find_uncorrected(history: Sequence[tuple[Version, Text]], copy: Copy) -> tuple[UncorrectedCopy, ...]:
    """Return the passages that the article has corrected and the newest version of a copy still has.

    ``history``: the versions of the article, the oldest first. Each passage comes once, from the newest version that
    had it.
    """
    uncorrected: dict[str, UncorrectedCopy] = {}
    for index in range(len(history) - 2, -1, -1):
        version, old = history[index]
        for correction in _corrections(old, history[-1][1]):
            passage = old.body[slice(*correction.span)]
            copy_span = None if passage in uncorrected else _span_in_copy(passage, correction, copy, version.number)
            if copy_span is not None:
                uncorrected[passage] = _uncorrected_copy(passage, correction, copy_span, history, index, copy)
    return tuple(sorted(uncorrected.values(), key=attrgetter("version")))


def _uncorrected_copy(
    passage: str,
    correction: _Correction,
    copy_span: Span,
    history: Sequence[tuple[Version, Text]],
    index: int,
    copy: Copy,
) -> UncorrectedCopy:
    without = (version for version, text in history[index + 1 :] if passage not in text.body)
    corrected_at = next(without).first_seen_at
    copy_version = copy.version
    return UncorrectedCopy(
        version=history[index][0].number,
        passage=passage,
        now=correction.now,
        kinds=correction.kinds,
        corrected_at=corrected_at,
        copy=VersionRef.of(copy_version),
        copied=copy.text.body[slice(*copy_span)],
        span=copy_span,
        copy_seen_at=copy_version.last_seen_at,
        confirmed=copy_version.last_seen_at >= corrected_at,
    )


def _corrections(old: Text, new: Text) -> Iterator[_Correction]:
    """Yield the sentences of the old body that edits removed or changed and that occur nowhere in the new body."""
    edits: dict[Span, list[Edit]] = {}
    for edit in compare_remembered(old, new).edits:
        if edit.op in {"delete", "replace"} and not NO_CORRECTION.issuperset(edit.kinds or (Kind.WORDING,)):
            for span in _sentences_at(old.body, edit.a):
                edits.setdefault(span, []).append(edit)
    for span, sentence_edits in edits.items():
        if old.body[slice(*span)] not in new.body:
            kinds = tuple(dict.fromkeys(kind for edit in sentence_edits for kind in edit.kinds))
            now = _replacement(span, sentence_edits, new.body)
            if now is None or _WORD.findall(now) != _WORD.findall(old.body[slice(*span)]):
                yield _Correction(span, now, kinds)


def _replacement(span: Span, edits: Sequence[Edit], new: str) -> str | None:
    """Return the new body's replacement of a sentence, None if the whole sentence was removed."""
    if all(edit.op == "delete" for edit in edits) and sum(_shared(edit.a, span) for edit in edits) >= span[1] - span[0]:
        return None
    replacements = [sentence for edit in edits for sentence in _sentences_at(new, edit.b)]
    return " ".join(new[slice(*sentence)] for sentence in dict.fromkeys(replacements)) or None


def _sentences_at(body: str, span: Span) -> list[Span]:
    """Return the sentences, stripped, that a span touches. An empty span touches the sentence around it."""
    first = body.rfind("\n", 0, span[0]) + 1
    last = body.find("\n", span[1])
    line = first, len(body) if last < 0 else last
    sentences = (_stripped(body, sentence) for sentence in sentence_spans(body, line))
    is_empty, end = span[0] == span[1], max(span[1], span[0] + 1)
    touching = ((start, stop) for start, stop in sentences if start < end and span[0] <= stop)
    return [sentence for sentence in touching if sentence[0] < sentence[1] and (is_empty or _shared(sentence, span))]


def _stripped(body: str, span: Span) -> Span:
    text = body[slice(*span)]
    start = span[0] + len(text) - len(text.lstrip())
    return start, max(start, span[1] - len(text) + len(text.rstrip()))


def _shared(first: Span, second: Span) -> int:
    return max(0, min(first[1], second[1]) - max(first[0], second[0]))


def _span_in_copy(passage: str, correction: _Correction, copy: Copy, number: int) -> Span | None:
    """Return the span of a passage in a copy, None if the copy lacks it or has the article's new text."""
    body = fold_typography(copy.text.body)
    if correction.now is not None and fold_typography(correction.now) in body:
        return None
    offset = body.find(fold_typography(passage))
    if offset >= 0 and len(_words(passage)) >= FEWEST_WORDS:
        return offset, offset + len(passage)
    aligned = (pair for pair in copy.passages.get(number, ()) if _covers(pair, correction.span))
    spans = (_uncorrected_sentence(passage, correction.now, body, pair.b) for pair in aligned)
    return next((span for span in spans if span is not None), None)


def _covers(aligned: Passage, span: Span) -> bool:
    return _shared(aligned.a, span) >= COVERED * (span[1] - span[0])


def _uncorrected_sentence(passage: str, now: str | None, body: str, aligned_span: Span) -> Span | None:
    """Return the sentence of an aligned passage that has the removed words and none of their replacements."""
    old, new = _words(passage), _words(now or "")
    sentences = [_stripped(body, span) for span in sentence_spans(body, aligned_span)]
    best = max(sentences, key=lambda span: len(_words(body[slice(*span)]) & old), default=None)
    if best is None:
        return None
    sentence_words = _words(body[slice(*best)])
    removed_words, added_words = _distinctive(old - new), _distinctive(new - old)
    return best if removed_words and removed_words <= sentence_words and not added_words & sentence_words else None


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(fold_typography(text)))


def _distinctive(words: frozenset[str]) -> frozenset[str]:
    """Return the numbers and names, which survive rewording, or all words if there are none."""
    return frozenset(word for word in words if word[0].isdigit() or word[0].isupper()) or words
