"""Which spans of a text are residue. Pure: a decision from the text and its title alone, each with its reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.clean.normalise import fold
from archive.clean.rules import RULES, SHORTCODE, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EDGES = (4, 12)
"""Lines at the head and at the tail where edge rules look."""

_REPEAT_WORDS = 8  # at 5 the name lines under quoted posts go
_FEW_REPEATS = 2  # of 225 repeated lines in 261 labelled pages 171 belong to the text, all on pages with three or more
_RUN_WORDS = 60
_HEADING_WORDS = 18  # a swept line is a headline or a teaser, not a paragraph
_CODES = re.compile(
    rf"(?m:^)(?:(?:{SHORTCODE.pattern}) ?)+|(?: ?(?:{SHORTCODE.pattern}))+(?=$|[ .,;:!?\n])|(?:{SHORTCODE.pattern})+"
)
_WORDS = re.compile(r"\w+")


def find_residue(text: str, title: str) -> list[tuple[int, int, str]]:
    """Ordered, disjoint (start, end, because) spans of a normalised ``text``; what is left of it is normalised too.

    Empty when nothing would be left: a text is never cleaned away.
    """
    lines = text.split("\n")
    codes = [(found.start(), found.end(), "shortcode") for found in _CODES.finditer(text)]
    marked = _marked(lines, title) | _emptied(lines, codes)
    if len(marked) == len(lines):
        return []
    spans = list(_line_spans(lines, marked))
    inner = [code for code in codes if not any(start <= code[0] and code[1] <= end for start, end, _ in spans)]
    return sorted(spans + inner)


def _marked(lines: Sequence[str], title: str) -> dict[int, str]:
    """Line numbers with the reason each is residue."""
    marked: dict[int, str] = {}
    for at, rule in _matches(lines):
        marked.setdefault(at, rule.because)
        if rule.sweeps:
            marked = dict.fromkeys(_swept(lines, at), rule.because) | marked
    return _separators(lines) | _repeats(lines) | _again(lines, title) | marked


def _matches(lines: Sequence[str]) -> Iterator[tuple[int, Rule]]:
    head, tail = EDGES[0], len(lines) - EDGES[1]
    for at, line in enumerate(lines):
        places = {"anywhere", *(("head", "edge") if at < head else ()), *(("tail", "edge") if at >= tail else ())}
        words = len(_WORDS.findall(line))
        rules = (
            rule for rule in RULES if rule.where in places and words <= rule.words and rule.pattern.fullmatch(line)
        )
        if (rule := next(rules, None)) is not None:
            yield at, rule


def _swept(lines: Sequence[str], heading: int) -> Iterator[int]:
    """Lines after a list's heading for as long as they look like headlines; a sentence ends the list."""
    for at in range(heading + 1, len(lines)):
        line = lines[at]
        if len(_WORDS.findall(line)) > _HEADING_WORDS or line.rstrip("\"')").endswith((".", "!", ":", "\u3002")):
            return
        yield at


def _separators(lines: Sequence[str]) -> dict[int, str]:
    return {at: "separator" for at, line in enumerate(lines) if not _WORDS.search(line.replace("_", ""))}


def _again(lines: Sequence[str], title: str) -> dict[int, str]:
    """The headline where it opens the text once more."""
    headline = fold(title)
    head = enumerate(lines[: EDGES[0]])
    return {at: "headline again" for at, line in head if headline and fold(line) == headline}


def _repeats(lines: Sequence[str]) -> dict[int, str]:
    """Lines said before: a stray few, or a long run in the same order (a body that stands in the page twice).

    Other repeats belong to the text: the questions of an interview, the entries of a list.
    """
    runs = list(_runs([fold(line) for line in lines]))
    few = sum(len(run) for run in runs) <= _FEW_REPEATS
    gone = (run for run in runs if few or sum(len(_WORDS.findall(lines[at])) for at in run) >= _RUN_WORDS)
    return {at: "said before" for run in gone for at in run}


def _runs(folded: Sequence[str]) -> Iterator[list[int]]:
    """Maximal runs of neighbouring lines that follow each other in the same order earlier on."""
    first: dict[str, int] = {}
    run: list[int] = []
    for at, line in enumerate(folded):
        before = first.setdefault(line, at) if line.count(" ") + 1 >= _REPEAT_WORDS else at
        if run and (before == at or before != first[folded[run[-1]]] + 1):
            yield run
            run = []
        if before != at:
            run.append(at)
    if run:
        yield run


def _emptied(lines: Sequence[str], codes: Sequence[tuple[int, int, str]]) -> dict[int, str]:
    """Lines of which shortcodes leave no word."""
    marked: dict[int, str] = {}
    for at, (start, end) in enumerate(_offsets(lines)):
        inner = [code for code in codes if start <= code[0] < end]
        rest = _CODES.sub("", lines[at]) if inner else ""
        if inner and not _WORDS.search(rest):
            marked[at] = "shortcode"
    return marked


def _line_spans(lines: Sequence[str], marked: dict[int, str]) -> Iterator[tuple[int, int, str]]:
    """Whole lines with one of their line feeds: the one before them, or for lines before all that stays the one after."""
    has_kept = False
    for at, (start, end) in enumerate(_offsets(lines)):
        if at not in marked:
            has_kept = True
        elif has_kept:
            yield start - 1, end, marked[at]
        else:
            yield start, end + 1, marked[at]


def _offsets(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for line in lines:
        yield start, start + len(line)
        start += len(line) + 1
