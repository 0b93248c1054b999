"""Cutting spans out of a text reversibly: every removal keeps its position, its text and its reason."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from db.records import RemovedSpan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.records import Extraction

    Span = tuple[int, int, str]


def cut_spans(text: str, spans: Sequence[Span]) -> tuple[str, tuple[RemovedSpan, ...]]:
    """Cut ordered, disjoint (start, end, because) spans. Each is kept with its offset in the remaining text."""
    pieces, removed, position, length = [], [], 0, 0
    for start, end, because in spans:
        pieces.append(text[position:start])
        length += start - position
        removed.append(RemovedSpan(at=length, text=text[start:end], because=because))
        position = end
    return "".join([*pieces, text[position:]]), tuple(removed)


def restore(extraction: Extraction) -> str:
    """Return the text with everything that was removed back in its place."""
    pieces, position = [], 0
    for removed in extraction.removed:
        pieces += [extraction.text[position : removed.at], removed.text]
        position = removed.at
    return "".join([*pieces, extraction.text[position:]])


def join_pages(pages: Sequence[Extraction]) -> tuple[str, tuple[RemovedSpan, ...]]:
    """Join cleaned texts, none of them empty, as paragraphs of one. Also return what was removed from all of them."""
    starts = accumulate((len(page.text) + 1 for page in pages[:-1]), initial=0)
    removed = (
        RemovedSpan(at=start + span.at, text=span.text, because=span.because)
        for start, page in zip(starts, pages, strict=True)
        for span in page.removed
    )
    return "\n".join(page.text for page in pages), tuple(removed)


def cut_lines(
    text: str, removed: Sequence[RemovedSpan], lines: Sequence[int], because: str
) -> tuple[str, tuple[RemovedSpan, ...]]:
    """Cut whole lines of a cleaned text, each with a line feed. Offsets in ``removed`` are adjusted.

    At least one line must remain.
    """
    dropped, spans, start, has_text = frozenset(lines), list[tuple[int, int]](), 0, False
    for number, line in enumerate(text.split("\n")):
        end = start + len(line)
        if number not in dropped:
            has_text = True
        else:
            spans.append((start - 1, end) if has_text else (start, end + 1))
        start = end + 1
    return _cut_more(text, removed, spans, because)


def _cut_more(
    text: str, removed: Sequence[RemovedSpan], spans: Sequence[tuple[int, int]], because: str
) -> tuple[str, tuple[RemovedSpan, ...]]:
    """Cut more spans. An earlier removal inside a new span separates its two halves."""
    ends = sorted({0, len(text), *(span.at for span in removed), *(offset for span in spans for offset in span)})
    earlier, cuts = list(removed)[::-1], list(spans)[::-1]
    pieces: list[str] = []
    all_removed: list[RemovedSpan] = []
    length = 0
    for start, end in zip(ends, [*ends[1:], len(text)], strict=True):
        while earlier and earlier[-1].at == start:
            span = earlier.pop()
            all_removed.append(RemovedSpan(at=length, text=span.text, because=span.because))
        while cuts and cuts[-1][1] <= start:
            cuts.pop()
        if cuts and cuts[-1][0] <= start < end:
            all_removed.append(RemovedSpan(at=length, text=text[start:end], because=because))
        else:
            pieces.append(text[start:end])
            length += end - start
    return "".join(pieces), tuple(all_removed)
