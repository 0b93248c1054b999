"""Furniture: lines that belong to a site and not to its articles, learned from where they are seen.

Most of what surrounds an article is no known phrase: the author's portrait, the paper's appeal, the notice under every
report. But it says the same under many addresses, and an article does not. Distinct addresses are counted, never
captures of one (or a text that stands for a week would become furniture of itself), and pages that are copies of each
other count once. What was learned is a function of all texts of a site, whatever the order in which they came.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from archive.extract.boilerplate.normalize import fold
from db.records import TemplateLines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    Texts = Mapping[str, Sequence[str]]

EDGES = (3, 5)
"""Lines of its own at the head and at the tail of a text among which a line counts as standing at the edge."""

FEW = 3
"""Words under which a line proves little by being repeated: a name, a place, "Yes"."""

AT_EDGE = (3, 0.01)
"""A line goes from the edge when seen there on so many pages of the site, and on this share of them. On 80 labelled
pages of 16 sites 3 gives F1 0.9540 and takes 9 lines, none of them the article's; on 2 pages each site 2 takes 63, of
which 58 are the article's. The share keeps phrases apart that a large site happens to print three times."""

ANYWHERE = (5, 0.02)
"""The same for a line between paragraphs, where a report may well repeat what was said in an earlier one."""

SHORT_AT_EDGE = (5, 0.02)
SHORT_ANYWHERE = (10, 0.05)
"""The same for lines under ``FEW`` words: two of the three wrong removals of the first draft were names."""

SAME_PAGE = 0.5
"""Two pages are copies of each other when lines that both have make up this share of the shorter one's words."""

_SEEN_ENOUGH = 20  # pages that are no copies of each other: a line on more of them says nothing about any two

NOTHING = TemplateLines()


# --- learning --------------------------------------------------------------------------------------------------------


def learn(pages: Texts, copies: Iterable[tuple[str, str]] = ()) -> TemplateLines:
    """The furniture of one site. ``pages``: of each address every text seen there, before anything was removed.

    ``copies`` are pairs of addresses that say nearly the same (``near_copies``): they count as one page. Free of order:
    neither that of the addresses nor that of their texts shows. Linear in the texts' length.
    """
    page_of = _joined(pages, copies)
    lines = {address: [_folded(text) for text in texts] for address, texts in pages.items()}
    seen = _counted({(page_of[address], line) for address, texts in lines.items() for text in texts for line in text})
    repeated = {line for line, count in seen.items() if count >= AT_EDGE[0]}
    at_edge = _counted(
        {
            (page_of[address], text[at])
            for address, texts in lines.items()
            for text in texts
            for at in _edges(text, repeated)
            if text[at] in repeated
        }
    )
    number = len(set(page_of.values()))
    anywhere = {line for line in repeated if seen[line] >= _least(ANYWHERE, SHORT_ANYWHERE, line, number)}
    edge = {line for line in repeated if at_edge[line] >= _least(AT_EDGE, SHORT_AT_EDGE, line, number)}
    return TemplateLines(edge=tuple(sorted(edge - anywhere)), anywhere=tuple(sorted(anywhere)))


def _folded(text: str) -> list[str]:
    return [line for line in map(fold, text.split("\n")) if line]


def _counted(pairs: Iterable[tuple[str, str]]) -> Counter[str]:
    return Counter(line for _, line in pairs)


def _least(plain: tuple[int, float], short: tuple[int, float], line: str, pages: int) -> float:
    count, share = short if line.count(" ") + 1 < FEW else plain
    return max(count, share * pages)


def _edges(lines: Sequence[str], known: Collection[str]) -> Iterator[int]:
    """Positions at the head and at the tail; a known line beyond is no distance, so that a long list ends one too."""
    found: set[int] = set()
    for order, reach in ((range(len(lines)), EDGES[0]), (range(len(lines) - 1, -1, -1), EDGES[1])):
        own = 0
        for at in order:
            if own >= reach:
                break
            found.add(at)
            own += lines[at] not in known
    yield from sorted(found)


def _joined(addresses: Iterable[str], copies: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each address the one that stands for all its copies."""
    head = {address: address for address in sorted(addresses)}

    def root(address: str) -> str:
        while head[address] != address:
            address = head[address]
        return address

    for one, two in sorted(copies):
        if one in head and two in head:
            first, second = sorted((root(one), root(two)))
            head[second] = first
    return {address: root(address) for address in head}


# --- copies within a site --------------------------------------------------------------------------------------------


def near_copies(pages: Texts) -> tuple[tuple[str, str], ...]:
    """Pairs of addresses of one site whose texts are nearly the same, each with the nearest first of its kind.

    By whole lines: one story under two addresses, its update under a third. A line that stands on twenty pages which
    are no copies of each other is no evidence. After leader clustering (Hartigan 1975), the longest pages first, so
    that no stub of nothing but furniture leads.
    """
    leaders: dict[str, list[str]] = {}
    weights: dict[str, int] = {}
    found = []
    lines_of = {address: sorted({line for text in texts for line in _folded(text)}) for address, texts in pages.items()}
    for address, lines in sorted(lines_of.items(), key=lambda item: (-sum(map(len, item[1])), item[0])):
        telling = {line: line.count(" ") + 1 for line in lines if len(leaders.get(line, ())) <= _SEEN_ENOUGH}
        weights[address] = sum(telling.values())
        shared: Counter[str] = Counter()
        for line, words in telling.items():
            shared.update(dict.fromkeys(leaders.get(line, ()), words))
        near = [each for each, words in shared.items() if words >= SAME_PAGE * min(weights[address], weights[each])]
        if near:  # one of them only: a stub that is all furniture must not make one page of all that share it
            found.append((min(near, key=lambda each: (-shared[each], each)), address))
        else:
            for line in telling:
                leaders.setdefault(line, []).append(address)
    return tuple(found)


# --- applying --------------------------------------------------------------------------------------------------------


def find_furniture(lines: Sequence[str], known: TemplateLines) -> set[int]:
    """Which of a text's lines are furniture: known anywhere, or known at the edge and standing there."""
    if not known:
        return set()
    folded = [fold(line) for line in lines]
    anywhere, edge = frozenset(known.anywhere), frozenset(known.edge)
    at_edge = {at for at in _edges(folded, anywhere | edge | {""}) if folded[at] in edge}
    return at_edge | {at for at, line in enumerate(folded) if line in anywhere}
