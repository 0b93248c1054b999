"""Layout of two texts side by side: shared passages in rows, replaced words, and the place of each passage."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from archive.api import serialize
from archive.copies import aligned_words
from archive.serve import paths, wording
from archive.timestamps import iso
from archive.versions.diff.layout import strip_controls
from db.records import Link, Relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from db.records import Judgement, Passage, Text, VersionRef

    Json = dict[str, Any]

MOST_ROWS = 80
"""Most rows of two texts side by side; nobody reads more."""

MOST_SWAPS = 24
"""Most pairs of replaced words, the most frequent first."""

_LONGEST = 20_000  # most characters of two passages compared word by word: 10 ms
_SHORT = 2  # most words of a replacement; more are another sentence
_MARKS = ".,:;!?\"'()\u201c\u201d\u2018\u2019\u00ab\u00bb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A link between two versions, their texts, and the ids of their sources by address."""

    link: Link
    a: Text
    b: Text
    ids: Mapping[str, int]


def side_by_side(pair: Pair) -> Json:
    """Return both texts as JSON values in the order of the second, with shared passages in the same row."""
    link = pair.link
    laid = list(aligned(pair.a.body, pair.b.body, link.passages))
    rows = [_row_json(row) for row in laid[:MOST_ROWS]]
    return {
        "a": _side(link.a, pair.ids),
        "b": _side(link.b, pair.ids),
        "relation": str(link.relation),
        "score": round(link.score, 4),
        "coverage": [round(share, 4) for share in link.coverage],
        "because": link.because,
        "longest_run": link.longest_run,
        "residue": list(link.residue),
        "translated": link.translated,
        "languages": list(link.languages),
        "broken": [list(names) for names in link.broken],
        "lengths": [len(pair.a.body), len(pair.b.body)],
        "passages": passages(link.passages),
        "swaps": swaps(laid[:MOST_ROWS]),
        "rows": rows,
        "more": len(laid) - len(rows),
    }


def link_of(a: VersionRef, b: VersionRef, judgement: Judgement) -> Link:
    """Return a judgement as a link. For an unlinked pair ``because`` begins with "not linked"."""
    reason = judgement.because
    if judgement.relation is None:
        reason = f"not linked: {reason.removeprefix('not linked: ')}"
    return Link(
        a=a,
        b=b,
        relation=judgement.relation or Relation.POSSIBLE,
        score=judgement.score,
        coverage=judgement.coverage,
        passages=judgement.passages,
        because=reason,
        longest_run=judgement.longest_run,
        residue=judgement.residue,
        method=judgement.method,
        translated=judgement.translated,
        languages=judgement.languages,
        broken=judgement.broken,
    )


def version_fields(ref: VersionRef) -> Json:
    """Return the identifying fields of a version as JSON values."""
    return {"url": ref.url, "outlet": wording.host(ref.url), "title": ref.title, "version": ref.version}


def _side(ref: VersionRef, ids: Mapping[str, int]) -> Json:
    source_id = ids.get(ref.url)
    return {
        "id": source_id,
        "path": paths.article(source_id, ref.version),
        **version_fields(ref),
        "first_seen_at": iso(ref.first_seen_at) if ref.first_seen_at else None,
        "text_sha256": ref.text_sha256,
    }


def passages(shared: Sequence[Passage]) -> list[Json]:
    """Return passages as JSON values, numbered in the order of ``a``: offsets, similarity, shared anchors."""
    return [
        {"n": number, **serialize.passage(passage)}
        for number, passage in enumerate(sorted(shared, key=lambda passage: passage.a), start=1)
    ]


class Row(NamedTuple):
    """A row of both texts. A side without text is empty; ``number`` and ``passage`` are then None."""

    a: str
    b: str
    number: int | None = None
    moved: bool = False
    passage: Passage | None = None


def aligned(a: str, b: str, passages: Sequence[Passage]) -> Iterator[Row]:
    """Yield rows in the order of ``b``, numbered by the order of the passages in ``a``."""
    by_a = sorted(passages, key=lambda passage: passage.a)
    number = {passage: index for index, passage in enumerate(by_a, start=1)}
    after = {
        passage: _gap(a, passage.a[1], by_a[number[passage]].a[0] if number[passage] < len(by_a) else len(a))
        for passage in by_a
    }
    yield from _unless_blank(Row(_gap(a, 0, by_a[0].a[0] if by_a else len(a)), ""))
    done_b, last = 0, 0
    for passage in sorted(passages, key=lambda passage: passage.b):
        yield from _unless_blank(Row("", _gap(b, done_b, passage.b[0])))
        for left, right in _paragraphs(a[slice(*passage.a)], b[slice(*passage.b)]):
            yield Row(left, right, number[passage], moved=number[passage] < last, passage=passage)
        done_b, last = max(done_b, passage.b[1]), max(last, number[passage])
        yield from _unless_blank(Row(after[passage], ""))
    yield from _unless_blank(Row("", _gap(b, done_b, len(b))))


def _paragraphs(a: str, b: str) -> Iterator[tuple[str, str]]:
    """Yield a long passage by paragraphs if both sides have the same number, else as a whole."""
    many_a, many_b = ([paragraph for paragraph in side.split("\n") if paragraph.strip()] for side in (a, b))
    yield from zip(many_a, many_b, strict=True) if len(many_a) == len(many_b) else [(a, b)]


def _gap(text: str, start: int, end: int) -> str:
    return text[start:end].strip()


def _unless_blank(row: Row) -> Iterator[Row]:
    if any(letter.isalnum() for letter in row.a or row.b):
        yield row


def _row_json(row: Row) -> Json:
    """Return a row as JSON values: runs with marks (same, cut, new)."""
    cells: Json = {"n": row.number, "moved": row.moved}
    if row.passage is None:
        return cells | {"a": _run(row.a), "b": _run(row.b), "similarity": None, "shared": []}
    left, right = _swapped(row.a, row.b)
    shared = {"similarity": round(row.passage.similarity, 3), "shared": list(row.passage.anchors)}
    return cells | {"a": left, "b": right} | shared


def _run(text: str) -> list[Json] | None:
    return [{"mark": "same", "text": _cut(text)}] if text else None


def _cut(text: str) -> str:
    return strip_controls(text if len(text) <= _LONGEST else f"{text[:_LONGEST]} \u2026")


def _swapped(a: str, b: str) -> tuple[list[Json], list[Json]]:
    if len(a) + len(b) > _LONGEST:
        return _run(a) or [], _run(b) or []
    left: list[Json] = []
    right: list[Json] = []
    for same, cut, new in aligned_words(strip_controls(a), strip_controls(b)):
        left += [{"mark": "same" if same else "cut", "text": cut}] * bool(cut)
        right += [{"mark": "same" if same else "new", "text": new}] * bool(new)
    return left, right


def swaps(rows: Sequence[Row]) -> list[Json]:
    """Return pairs of words replaced in shared passages, with their counts: officials for officers, three times.

    Longer replacements are other sentences. Pairs that differ only by capitals or punctuation are left out.
    """
    counter: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.passage is None or len(row.a) + len(row.b) > _LONGEST:
            continue
        for same, cut, new in aligned_words(strip_controls(row.a), strip_controls(row.b)):
            pair = cut.strip(_MARKS), new.strip(_MARKS)
            few = all(0 < len(side.split()) <= _SHORT and "," not in side for side in pair)
            counter.update([pair] * (few and not same and pair[0].casefold() != pair[1].casefold()))
    ordered = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return [{"a": pair[0], "b": pair[1], "count": count} for pair, count in ordered[:MOST_SWAPS]]
