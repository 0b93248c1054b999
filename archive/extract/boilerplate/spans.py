"""Taking spans out of a text so that they can be put back: every removal keeps its place, its words and its reason."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from db.records import RemovedSpan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.records import Extraction

    Span = tuple[int, int, str]


def take_out(text: str, spans: Sequence[Span]) -> tuple[str, tuple[RemovedSpan, ...]]:
    """Cut ordered, disjoint (start, end, because); each is kept with the offset of the cut in the remaining text."""
    kept, removed, at, length = [], [], 0, 0
    for start, end, because in spans:
        kept.append(text[at:start])
        length += start - at
        removed.append(RemovedSpan(at=length, text=text[start:end], because=because))
        at = end
    return "".join([*kept, text[at:]]), tuple(removed)


def restore(extraction: Extraction) -> str:
    """The text with everything that was removed back in its place."""
    parts, at = [], 0
    for removed in extraction.removed:
        parts += [extraction.text[at : removed.at], removed.text]
        at = removed.at
    return "".join([*parts, extraction.text[at:]])


def join(pages: Sequence[Extraction]) -> tuple[str, tuple[RemovedSpan, ...]]:
    """Several cleaned texts, none of them empty, as the paragraphs of one, and what was removed from all of them."""
    starts = accumulate((len(each.text) + 1 for each in pages[:-1]), initial=0)
    removed = (
        RemovedSpan(at=start + span.at, text=span.text, because=span.because)
        for start, each in zip(starts, pages, strict=True)
        for span in each.removed
    )
    return "\n".join(each.text for each in pages), tuple(removed)


def take_lines(
    text: str, removed: Sequence[RemovedSpan], lines: Sequence[int], because: str
) -> tuple[str, tuple[RemovedSpan, ...]]:
    """Take out whole lines of a cleaned text, each with a line feed; ``removed`` still goes back to where it was.

    At least one line has to stay.
    """
    gone, spans, start, has_kept = frozenset(lines), list[tuple[int, int]](), 0, False
    for number, line in enumerate(text.split("\n")):
        end = start + len(line)
        if number not in gone:
            has_kept = True
        else:
            spans.append((start - 1, end) if has_kept else (start, end + 1))
        start = end + 1
    return _recut(text, removed, spans, because)


def _recut(
    text: str, removed: Sequence[RemovedSpan], spans: Sequence[tuple[int, int]], because: str
) -> tuple[str, tuple[RemovedSpan, ...]]:
    """Cut more spans; a removal within one comes between its two halves."""
    ends = sorted({0, len(text), *(each.at for each in removed), *(at for span in spans for at in span)})
    waiting, cuts = list(removed)[::-1], list(spans)[::-1]
    kept: list[str] = []
    told: list[RemovedSpan] = []
    length = 0
    for start, end in zip(ends, [*ends[1:], len(text)], strict=True):
        while waiting and waiting[-1].at == start:
            span = waiting.pop()
            told.append(RemovedSpan(at=length, text=span.text, because=span.because))
        while cuts and cuts[-1][1] <= start:
            cuts.pop()
        if cuts and cuts[-1][0] <= start < end:
            told.append(RemovedSpan(at=length, text=text[start:end], because=because))
        else:
            kept.append(text[start:end])
            length += end - start
    return "".join(kept), tuple(told)
