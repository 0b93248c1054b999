"""Which spans of a text are residue. Pure: a decision from the text and its title alone, each with its reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.extract.boilerplate.normalize import fold
from archive.extract.boilerplate.rules import RULES, SHORTCODE, Rule
from archive.extract.boilerplate.site_template import NOTHING, find_furniture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from db.records import TemplateLines

FURNITURE = "site furniture"
"""The reason of removal of a line that was learned as its site's own, unless a rule knows a more telling one."""

EDGES = (4, 12)
"""Lines at the head and at the tail where edge rules look."""

_LONGEST_LINE = 600  # characters; no phrase of the table is longer, and it keeps every pattern's work bounded
_HEADING_WORDS = 18  # a swept line is a headline or a teaser, not a paragraph
_REPEAT_WORDS = 8  # at 5 the name lines under quoted posts go
_FEW_REPEATS = 2  # on 261 labelled pages 171 of 225 repeats belong to the text, all on pages with more
_RUN_WORDS = 60
_CODE = SHORTCODE.pattern
_CODES = re.compile(rf"^(?:(?:{_CODE}) ?)+|(?: ?(?:{_CODE}))+(?=$|[ .,;:!?])|(?:{_CODE})+")
_WORDS = re.compile(r"\w+")


def _standing(*places: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES if rule.where in places)


_RULES = {
    (False, False): _standing("anywhere"),
    (True, False): _standing("anywhere", "edge", "head"),
    (False, True): _standing("anywhere", "edge", "tail"),
    (True, True): RULES,
}
"""The rules for a line by whether it stands at the head and at the tail of its text."""


def find_boilerplate(text: str, title: str, known: TemplateLines = NOTHING) -> list[tuple[int, int, str]]:
    """Ordered, disjoint (start, end, because) spans of a normalised ``text``; what is left of it is normalised too.

    ``known`` is the furniture of the text's site: what lies behind it is at the edge. Empty when nothing would be left:
    a text is never cleaned away. Linear in the text's length.
    """
    lines = text.split("\n")
    sites = find_furniture(lines, known)
    own = [at for at in range(len(lines)) if at not in sites]
    marked = {own[at]: because for at, because in _marked([lines[at] for at in own], title).items()}
    if len(marked) == len(own):
        return find_boilerplate(text, title) if sites else []
    return list(_spans(lines, marked | {at: _rule_of(lines[at]) or FURNITURE for at in sites}))


def _rule_of(line: str) -> str:
    """The reason that a rule would give for this line, wherever it stood: marks of a scraper stay evidence."""
    rule = _first(RULES, line) if len(line) <= _LONGEST_LINE else None
    return rule.because if rule else ""


def _first(rules: Iterable[Rule], line: str) -> Rule | None:
    """The first of the rules that the whole line fits. Words are counted last: hardly a line gets that far."""
    bare = line.removeprefix("- ")
    return next(
        (rule for rule in rules if rule.pattern.fullmatch(bare) and len(_WORDS.findall(line)) <= rule.words), None
    )


def _marked(lines: Sequence[str], title: str) -> dict[int, str]:
    """Line numbers with the reason each is residue; of two reasons the more telling one."""
    matches = list(_matches(lines))
    swept = {later: rule.because for at, rule in matches if rule.sweeps for later in _swept(lines, at)}
    matched = {at: rule.because for at, rule in matches}
    return swept | _wordless(lines) | _repeats(lines) | _again(lines, title) | matched


def _matches(lines: Sequence[str]) -> Iterator[tuple[int, Rule]]:
    head, tail = EDGES[0], len(lines) - EDGES[1]
    for at, line in enumerate(lines):
        if len(line) <= _LONGEST_LINE and (rule := _first(_RULES[at < head, at >= tail], line)):
            yield at, rule


def _swept(lines: Sequence[str], heading: int) -> Iterator[int]:
    """Lines after a list's heading for as long as they look like headlines; a sentence ends the list."""
    for at in range(heading + 1, len(lines)):
        line = lines[at]
        if len(_WORDS.findall(line)) > _HEADING_WORDS or line.rstrip("\"')").endswith((".", "!", ":", "\u3002")):
            return
        yield at


def _wordless(lines: Sequence[str]) -> dict[int, str]:
    """Bullets and stars that stand alone, and lines of nothing but shortcodes.

    A line of underscores stays: half of the labelled texts count it as the agency's own.
    """
    reasons = (
        (at, "shortcode" if _has_code(line) else "separator")
        for at, line in enumerate(lines)
        if not _WORDS.search(_CODES.sub("", line) if _has_code(line) else line)
    )
    return dict(reasons)


def _has_code(line: str) -> bool:
    return ("[" in line or "{" in line) and _CODES.search(line) is not None


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


def _spans(lines: Sequence[str], marked: dict[int, str]) -> Iterator[tuple[int, int, str]]:
    """Marked lines with a line feed each (the one before; ahead of all that stays, the one after), and shortcodes."""
    start, has_kept = 0, False
    for at, line in enumerate(lines):
        end = start + len(line)
        if at not in marked:
            has_kept = True
            codes = _CODES.finditer(line) if _has_code(line) else ()
            yield from ((start + code.start(), start + code.end(), "shortcode") for code in codes)
        elif has_kept:
            yield start - 1, end, marked[at]
        else:
            yield start, end + 1, marked[at]
        start = end + 1
