"""Finds boilerplate spans, each with its reason, from a text, its title and the site's template lines alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.extract.boilerplate.rules import RULES, SHORTCODE, Rule
from archive.extract.boilerplate.site_template import NO_TEMPLATE, find_template_lines
from archive.extract.fold import fold_words
from db.typography import fold_typography

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from db.records import TemplateLines

TEMPLATE_REASON = "site furniture"
"""The reason for removing a learned template line, unless a rule has a more telling one."""

EDGES = (4, 12)
"""Lines at the head and at the tail in which edge rules apply."""

_MAX_LINE = 600  # characters; no phrase of the table is longer, and it limits the work of every pattern
_HEADING_WORDS = 18  # a swept line is a headline or a teaser, not a paragraph
_REPEAT_WORDS = 8  # 5 would remove the name lines under quoted posts
_FEW_REPEATS = 2  # of 225 repeats on 261 labelled pages, 171 belong to the text, all on pages with more
_RUN_WORDS = 60
_CODE = SHORTCODE.pattern
_CODES = re.compile(rf"^(?:(?:{_CODE}) ?)+|(?: ?(?:{_CODE}))+(?=$|[ .,;:!?])|(?:{_CODE})+")
_WORDS = re.compile(r"\w+")


def _rules_for(*places: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES if rule.where in places)


_RULES = {
    (False, False): _rules_for("anywhere"),
    (True, False): _rules_for("anywhere", "edge", "head"),
    (False, True): _rules_for("anywhere", "edge", "tail"),
    (True, True): RULES,
}
"""The rules that apply to a line, by (is at the head, is at the tail)."""


def find_boilerplate(text: str, title: str, template: TemplateLines = NO_TEMPLATE) -> list[tuple[int, int, str]]:
    """Return ordered, disjoint (start, end, because) spans of a normalized ``text``. The rest is normalized too.

    ``template`` has the template lines of the text's site. They do not count for the distance from the edge. Empty if
    nothing would be left: a text is never removed entirely. Linear in the text's length.
    """
    lines = fold_typography(text).split("\n")
    from_template = find_template_lines(lines, template)
    own = [number for number in range(len(lines)) if number not in from_template]
    by_rules = _reasons_by_rules([lines[number] for number in own], title)
    reasons = {own[index]: because for index, because in by_rules.items()}
    if len(reasons) == len(own):
        return find_boilerplate(text, title) if from_template else []
    reasons |= {number: _rule_of(lines[number]) or TEMPLATE_REASON for number in from_template}
    return list(_spans(lines, reasons))


def _rule_of(line: str) -> str:
    """Return the reason that a rule gives for this line, ignoring its position: scraper marks stay evidence."""
    rule = _first(RULES, line) if len(line) <= _MAX_LINE else None
    return rule.because if rule else ""


def _first(rules: Iterable[Rule], line: str) -> Rule | None:
    """Return the first rule that matches the whole line. Words are counted last, as few lines get that far."""
    bare = line.removeprefix("- ")
    return next(
        (rule for rule in rules if rule.pattern.fullmatch(bare) and len(_WORDS.findall(line)) <= rule.words), None
    )


def _reasons_by_rules(lines: Sequence[str], title: str) -> dict[int, str]:
    """Return line numbers with the reason for removal. Of two reasons the more telling one wins."""
    matches = list(_matches(lines))
    by_heading = {
        below: rule.because for number, rule in matches if rule.sweeps for below in _swept_lines(lines, number)
    }
    matched = {number: rule.because for number, rule in matches}
    return by_heading | _wordless(lines) | _repeated_lines(lines) | _repeated_headline(lines, title) | matched


def _matches(lines: Sequence[str]) -> Iterator[tuple[int, Rule]]:
    head, tail = EDGES[0], len(lines) - EDGES[1]
    for number, line in enumerate(lines):
        if len(line) <= _MAX_LINE and (rule := _first(_RULES[number < head, number >= tail], line)):
            yield number, rule


def _swept_lines(lines: Sequence[str], heading: int) -> Iterator[int]:
    """Yield the lines after a list's heading as long as they look like headlines. A sentence ends the list."""
    for number in range(heading + 1, len(lines)):
        line = lines[number]
        if len(_WORDS.findall(line)) > _HEADING_WORDS or line.rstrip("\"')").endswith((".", "!", ":", "\u3002")):
            return
        yield number


def _wordless(lines: Sequence[str]) -> dict[int, str]:
    """Return lines of only bullets, stars or shortcodes, with the reason for removal.

    A line of underscores stays: half of the labelled texts count it as the agency's own.
    """
    reasons = (
        (number, "shortcode" if _has_code(line) else "separator")
        for number, line in enumerate(lines)
        if not _WORDS.search(_CODES.sub("", line) if _has_code(line) else line)
    )
    return dict(reasons)


def _has_code(line: str) -> bool:
    return ("[" in line or "{" in line) and _CODES.search(line) is not None


def _repeated_headline(lines: Sequence[str], title: str) -> dict[int, str]:
    """Return the headline where it is repeated at the head of the text."""
    headline = fold_words(title)
    head = enumerate(lines[: EDGES[0]])
    return {number: "headline again" for number, line in head if headline and fold_words(line) == headline}


def _repeated_lines(lines: Sequence[str]) -> dict[int, str]:
    """Return lines that repeat earlier ones: a stray few, or a long run in the same order (a body printed twice).

    Other repeats belong to the text: the questions of an interview, the entries of a list.
    """
    runs = list(_repeated_runs([fold_words(line) for line in lines]))
    few = sum(len(run) for run in runs) <= _FEW_REPEATS
    removed = (run for run in runs if few or sum(len(_WORDS.findall(lines[number])) for number in run) >= _RUN_WORDS)
    return {number: "said before" for run in removed for number in run}


def _repeated_runs(folded: Sequence[str]) -> Iterator[list[int]]:
    """Yield maximal runs of adjacent lines that occur earlier in the same order."""
    first: dict[str, int] = {}
    run: list[int] = []
    for number, line in enumerate(folded):
        earlier = first.setdefault(line, number) if line.count(" ") + 1 >= _REPEAT_WORDS else number
        if run and (earlier == number or earlier != first[folded[run[-1]]] + 1):
            yield run
            run = []
        if earlier != number:
            run.append(number)
    if run:
        yield run


def _spans(lines: Sequence[str], reasons: dict[int, str]) -> Iterator[tuple[int, int, str]]:
    """Yield spans of marked lines, each with one line feed, and of shortcodes in other lines.

    The line feed is the one before the line, or the one after it if no earlier line stays.
    """
    start, has_text = 0, False
    for number, line in enumerate(lines):
        end = start + len(line)
        if number not in reasons:
            has_text = True
            codes = _CODES.finditer(line) if _has_code(line) else ()
            yield from ((start + code.start(), start + code.end(), "shortcode") for code in codes)
        elif has_text:
            yield start - 1, end, reasons[number]
        else:
            yield start, end + 1, reasons[number]
        start = end + 1
