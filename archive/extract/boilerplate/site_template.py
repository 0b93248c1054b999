"""Template lines: text that belongs to a site and not to its articles, learned from where it occurs.

Most text around an article is no known phrase: the author's portrait, the paper's appeal, the notice under every
report. But it repeats under many addresses, and an article does not. Distinct addresses are counted, never captures of
one address (otherwise a text online for a week would look like a template). Pages that are copies of each other count
once. The result is a function of all texts of a site, in any order.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from archive.extract.fold import fold_words
from db.records import TemplateLines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    Texts = Mapping[str, Sequence[str]]

EDGES = (3, 5)
"""Number of own lines at the head and at the tail of a text that count as its edge."""

SHORT_LINE_WORDS = 3
"""A line of fewer words proves little by being repeated: a name, a place, "Yes"."""

AT_EDGE = (3, 0.01)
"""A line at the edge is a template line if it is there on at least this many pages of the site, and on this share of
them. On 80 labelled pages of 16 sites 3 gives F1 0.9540 and removes 9 lines, none of them the article's. On 2 pages
each site 2 removes 63, of which 58 are the article's. The share spares phrases that a large site happens to print three
times."""

FEWEST_PAGES = AT_EDGE[0]
"""A site of fewer pages has no template: all other thresholds are higher."""

ANYWHERE = (5, 0.02)
"""Thresholds for a line between paragraphs, where a report may well repeat an earlier one."""

SHORT_AT_EDGE = (5, 0.02)
SHORT_ANYWHERE = (10, 0.05)
"""Thresholds for lines of fewer than ``SHORT_LINE_WORDS`` words: two of the three wrong removals of the first draft
were names."""

SAME_PAGE = 0.5
"""Two pages are copies of each other if common lines have at least this share of the shorter one's words."""

_COMMON_LINE_PAGES = 20  # pages, no copies of each other: a line on more of them is no evidence for a copy

NO_TEMPLATE = TemplateLines()


# --- learning --------------------------------------------------------------------------------------------------------


def learn_template(pages: Texts, copies: Iterable[tuple[str, str]] = ()) -> TemplateLines:
    """Return the template lines of one site. ``pages`` maps each address to its texts before any removal.

    ``copies`` are pairs of addresses with nearly the same text (``near_copies``). They count as one page. The order of
    addresses and of texts has no effect. Linear in the texts' length.
    """
    page_of = _group_copies(pages, copies)
    lines = {address: [_fold_lines(text) for text in texts] for address, texts in pages.items()}
    page_counts = _count_lines(
        {(page_of[address], line) for address, texts in lines.items() for text in texts for line in text}
    )
    repeated = {line for line, count in page_counts.items() if count >= AT_EDGE[0]}
    edge_page_counts = _count_lines(
        {
            (page_of[address], text[index])
            for address, texts in lines.items()
            for text in texts
            for index in _edge_positions(text, repeated)
            if text[index] in repeated
        }
    )
    page_total = len(set(page_of.values()))
    anywhere = {
        line for line in repeated if page_counts[line] >= _min_pages(ANYWHERE, SHORT_ANYWHERE, line, page_total)
    }
    edge = {line for line in repeated if edge_page_counts[line] >= _min_pages(AT_EDGE, SHORT_AT_EDGE, line, page_total)}
    return TemplateLines(edge=tuple(sorted(edge - anywhere)), anywhere=tuple(sorted(anywhere)))


def _fold_lines(text: str) -> list[str]:
    return [line for line in map(fold_words, text.split("\n")) if line]


def _count_lines(pairs: Iterable[tuple[str, str]]) -> Counter[str]:
    return Counter(line for _, line in pairs)


def _min_pages(threshold: tuple[int, float], short: tuple[int, float], line: str, pages: int) -> float:
    count, share = short if line.count(" ") + 1 < SHORT_LINE_WORDS else threshold
    return max(count, share * pages)


def _edge_positions(lines: Sequence[str], known: Collection[str]) -> Iterator[int]:
    """Yield positions at the head and at the tail. Known lines do not count, so a long list can end a text."""
    positions: set[int] = set()
    for order, reach in ((range(len(lines)), EDGES[0]), (range(len(lines) - 1, -1, -1), EDGES[1])):
        own_lines = 0
        for index in order:
            if own_lines >= reach:
                break
            positions.add(index)
            own_lines += lines[index] not in known
    yield from sorted(positions)


def _group_copies(addresses: Iterable[str], copies: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Map each address to the one that represents all its copies."""
    head = {address: address for address in sorted(addresses)}

    def root(address: str) -> str:
        while head[address] != address:
            address = head[address]
        return address

    for first_address, second_address in sorted(copies):
        if first_address in head and second_address in head:
            first, second = sorted((root(first_address), root(second_address)))
            head[second] = first
    return {address: root(address) for address in head}


# --- copies within a site --------------------------------------------------------------------------------------------


def near_copies(pages: Texts) -> tuple[tuple[str, str], ...]:
    """Return pairs of addresses of one site with nearly the same text, each with its nearest predecessor.

    Compares whole lines: one story under two addresses, its update under a third. A line on twenty pages that are no
    copies of each other is no evidence. Uses leader clustering (Hartigan 1975), longest pages first, so that a stub of
    only template lines never leads.
    """
    leaders: dict[str, list[str]] = {}
    weights: dict[str, int] = {}
    pairs = []
    lines_of = {
        address: sorted({line for text in texts for line in _fold_lines(text)}) for address, texts in pages.items()
    }
    for address, lines in sorted(lines_of.items(), key=lambda item: (-sum(map(len, item[1])), item[0])):
        telling = {line: line.count(" ") + 1 for line in lines if len(leaders.get(line, ())) <= _COMMON_LINE_PAGES}
        weights[address] = sum(telling.values())
        shared: Counter[str] = Counter()
        for line, words in telling.items():
            shared.update(dict.fromkeys(leaders.get(line, ()), words))
        candidates = [
            leader for leader, words in shared.items() if words >= SAME_PAGE * min(weights[address], weights[leader])
        ]
        if candidates:  # the nearest only: a stub of template lines must not join all pages that share them
            pairs.append((min(candidates, key=lambda leader: (-shared[leader], leader)), address))
        else:
            for line in telling:
                leaders.setdefault(line, []).append(address)
    return tuple(pairs)


# --- applying --------------------------------------------------------------------------------------------------------


def find_template_lines(lines: Sequence[str], template: TemplateLines) -> set[int]:
    """Return the positions of template lines in a text: known anywhere, or known at the edge and at the edge here."""
    if not template:
        return set()
    folded = [fold_words(line) for line in lines]
    anywhere, edge = frozenset(template.anywhere), frozenset(template.edge)
    at_edge = {index for index in _edge_positions(folded, anywhere | edge | {""}) if folded[index] in edge}
    return at_edge | {index for index, line in enumerate(folded) if line in anywhere}
