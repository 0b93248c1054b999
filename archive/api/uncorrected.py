"""Passages that an article has corrected since, and a copy of it still carries.

What was corrected is read off the edits between an old version and the newest. That a copy carries it: the passage
stands there word for word, or the copy has a passage aligned with it that holds the words taken back and none of those
put in their place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.versions.diff import compare
from archive.versions.diff.paragraphs import sentences
from db.records import Kind, UncorrectedCopy, VersionRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from db.records import Edit, Passage, Text, Version

    Span = tuple[int, int]

NO_CORRECTION = frozenset({Kind.COSMETIC, Kind.MOVED, Kind.RESIDUE})
"""An edit that did no more than this took nothing back."""

FEWEST_WORDS = 4
"""A passage of fewer words stands in any text; an aligned one is asked for words that were taken back."""

COVERED = 0.5
"""An aligned passage counts as one's copy when it covers so much of it."""

_WORD = re.compile(r"[^\W_]+(?:[.,'\u2019-][^\W_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The newest version of a copy, and by version of the article the passages that are aligned with it.

    ``Passage.a`` is a span in the article, ``b`` one in the copy.
    """

    version: Version
    text: Text
    passages: Mapping[int, Sequence[Passage]]


@dataclass(frozen=True, slots=True)
class _Corrected:
    """A sentence of an old body that the newest does not have: where, what stands there now, and what was done."""

    span: Span
    now: str | None
    kinds: tuple[Kind, ...]


def stale(history: Sequence[tuple[Version, Text]], copy: Copy) -> tuple[UncorrectedCopy, ...]:
    """What the newest version of a copy still says and the article, whose history this is, oldest first, does not.

    Each passage once, from the newest version that had it, in the order of that version's text.
    """
    found: dict[str, UncorrectedCopy] = {}
    for place in range(len(history) - 2, -1, -1):
        version, old = history[place]
        for each in _corrected(old, history[-1][1]):
            passage = old.body[slice(*each.span)]
            carried = None if passage in found else _carried(passage, each, copy, version.number)
            if carried is not None:
                found[passage] = _told(passage, each, carried, history, place, copy)
    return tuple(sorted(found.values(), key=lambda one: one.version))


def _told(
    passage: str,
    each: _Corrected,
    carried: Span,
    history: Sequence[tuple[Version, Text]],
    place: int,
    copy: Copy,
) -> UncorrectedCopy:
    without = (version for version, text in history[place + 1 :] if passage not in text.body)
    corrected_at = next(without).first_seen_at
    mine = copy.version
    return UncorrectedCopy(
        version=history[place][0].number,
        passage=passage,
        now=each.now,
        kinds=each.kinds,
        corrected_at=corrected_at,
        copy=VersionRef.of(mine),
        copied=copy.text.body[slice(*carried)],
        span=carried,
        copy_seen_at=mine.last_seen_at,
        confirmed=mine.last_seen_at >= corrected_at,
    )


def _corrected(old: Text, new: Text) -> Iterator[_Corrected]:
    """The sentences of the old body that edits took back or changed, and that the new body has nowhere."""
    edits: dict[Span, list[Edit]] = {}
    for edit in compare(old, new).edits:
        if edit.op in {"delete", "replace"} and not NO_CORRECTION.issuperset(edit.kinds or (Kind.WORDING,)):
            for span in _sentences_at(old.body, edit.a):
                edits.setdefault(span, []).append(edit)
    for span, made in edits.items():
        if old.body[slice(*span)] not in new.body:
            kinds = tuple(dict.fromkeys(kind for edit in made for kind in edit.kinds))
            now = _instead(span, made, new.body)
            if now is None or _WORD.findall(now) != _WORD.findall(old.body[slice(*span)]):
                yield _Corrected(span, now, kinds)


def _instead(span: Span, made: Sequence[Edit], new: str) -> str | None:
    """What the new body says in the place of a sentence; None if the whole of it was taken out."""
    if all(edit.op == "delete" for edit in made) and sum(_shared(edit.a, span) for edit in made) >= span[1] - span[0]:
        return None
    found = [each for edit in made for each in _sentences_at(new, edit.b)]
    return " ".join(new[slice(*each)] for each in dict.fromkeys(found)) or None


def _sentences_at(body: str, span: Span) -> list[Span]:
    """The sentences, without white space around them, that a span touches; of an empty one that around it."""
    first = body.rfind("\n", 0, span[0]) + 1
    last = body.find("\n", span[1])
    line = first, len(body) if last < 0 else last
    found = (_bare(body, each) for each in sentences(body, line))
    touching = (each for each in found if each[0] < max(span[1], span[0] + 1) and span[0] <= each[1])
    return [each for each in touching if each[0] < each[1] and (_shared(each, span) or span[0] == span[1])]


def _bare(body: str, span: Span) -> Span:
    said = body[slice(*span)]
    start = span[0] + len(said) - len(said.lstrip())
    return start, max(start, span[1] - len(said) + len(said.rstrip()))


def _shared(one: Span, other: Span) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def _carried(passage: str, each: _Corrected, copy: Copy, number: int) -> Span | None:
    """Where a copy still carries a passage; None where it does not, or says what the article says now."""
    body = copy.text.body
    if each.now is not None and each.now in body:
        return None
    place = body.find(passage)
    if place >= 0 and len(_words(passage)) >= FEWEST_WORDS:
        return place, place + len(passage)
    aligned = [one for one in copy.passages.get(number, ()) if _covers(one, each.span)]
    return next((span for one in aligned if (span := _says(passage, each.now, body, one.b)) is not None), None)


def _covers(one: Passage, span: Span) -> bool:
    return _shared(one.a, span) >= COVERED * (span[1] - span[0])


def _says(passage: str, now: str | None, body: str, where: Span) -> Span | None:
    """The sentence of an aligned passage that says what was taken back, and nothing of what was put in its place."""
    old, new = _words(passage), _words(now or "")
    found = [_bare(body, span) for span in sentences(body, where)]
    best = max(found, key=lambda span: len(_words(body[slice(*span)]) & old), default=None)
    if best is None:
        return None
    said = _words(body[slice(*best)])
    gone, come = _telling(old - new), _telling(new - old)
    return best if gone and gone <= said and not come & said else None


def _words(said: str) -> frozenset[str]:
    return frozenset(_WORD.findall(said))


def _telling(words: frozenset[str]) -> frozenset[str]:
    """Numbers and names, which outlast rewording; without any of them, all the words."""
    return frozenset(word for word in words if word[0].isdigit() or word[0].isupper()) or words
