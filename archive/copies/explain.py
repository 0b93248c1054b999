"""A judgement for people: the passages side by side, swapped words marked, and what decided."""

from __future__ import annotations

import re
import textwrap
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from rapidfuzz.distance import Levenshtein

from archive.copies.classify import METHOD, deciding_rule, refusal
from archive.copies.features import measure
from archive.copies.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.copies.features import Measures
    from archive.copies.rules import Condition, Rule
    from archive.copies.similarity import EmbeddingModel
    from db.records import Judgement, Passage, Text

COLUMN = 56
"""Characters of each side: two of them and the gutter fit a terminal of 120."""

LEAST_COLUMN = 24
"""Characters of each side at least: with fewer every second word stands alone."""

GUTTER = " | "
"""What stands between the sides."""

MOST_ROWS = 20
"""Aligned sentences shown; the JSON has all."""

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MARKS = ".,;:!?\"'()"
_RED, _GREEN, _BOLD, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[0m"


def explain_judgement(
    j: Judgement, a: Text, b: Text, *, colour: bool, width: int = 120, model: EmbeddingModel | None = None
) -> str:
    """What two texts share and why they are linked or not, for a terminal of ``width`` columns.

    Words only the left text has stand in ``[-...-]``, words only the right one has in ``{+...+}``, with or without
    ``colour``. Ends with each rule's figures and what would have to differ for another decision.
    """
    measures = measure(a, b, model=model)
    head = f"{j.relation or 'not linked'}, score {j.score:.2f} ({j.method or METHOD})"
    column = max(LEAST_COLUMN, min(COLUMN, (width - len(GUTTER)) // 2))
    lines = [_bold(head, colour=colour), *_filled([_clean(j.because), *_figures(j)], width), ""]
    lines += _side_by_side(_clean(a.title) or "(no headline)", _clean(b.title) or "(no headline)", column=column)
    for row in measures.rows[:MOST_ROWS]:
        lines += ["", _bold(_caption(row), colour=colour), *_shown(row, a, b, colour=colour, column=column)]
    left = len(measures.rows) - MOST_ROWS
    lines += ["", f"... {left} more sentences"] if left > 0 else []
    lines += ["", _bold("rules, in the order they are asked", colour=colour), *_filled(_rules(measures), width)]
    return "\n".join(lines) + "\n"


def _figures(j: Judgement) -> list[str]:
    share = f"in both: {j.coverage[0]:.0%} of the left text, {j.coverage[1]:.0%} of the right one"
    languages = f"translated: {' and '.join(str(each) for each in j.languages)}"
    broken = ", ".join(f"{_clean(ours)} / {_clean(theirs)}" for ours, theirs in j.broken)
    return [
        f"{share}; longest verbatim run {j.longest_run} words",
        *([languages] if j.translated else []),
        *([f"names spelled in two ways: {broken}"] if broken else []),
        *(f"residue: {_clean(line)}" for line in j.residue),
    ]


def _caption(passage: Passage) -> str:
    shared = f", shared: {', '.join(map(_clean, passage.anchors[:8]))}" if passage.anchors else ""
    return f"alike {passage.similarity:.2f}{shared}"


def _shown(passage: Passage, a: Text, b: Text, *, colour: bool, column: int) -> list[str]:
    left, right = _marked(_clean(a.body[slice(*passage.a)]), _clean(b.body[slice(*passage.b)]))
    return list(_side_by_side(left, right, colour=colour, column=column))


def _marked(a: str, b: str) -> tuple[str, str]:
    left: list[str] = []
    right: list[str] = []
    for same, cut, new in aligned_words(a, b):
        left += [cut] if same else [f"[-{cut}-]"] * bool(cut)
        right += [new] if same else [f"{{+{new}+}}"] * bool(new)
    return " ".join(left), " ".join(right)


def aligned_words(a: str, b: str) -> Iterator[tuple[bool, str, str]]:
    """Words that both have and words that differ, in turn, each with what either text says there.

    Capitals and punctuation make no difference, so that the two may be written otherwise where they are the same.
    """
    words_a, words_b = a.split(), b.split()
    folded_a, folded_b = ([word.casefold().strip(_MARKS) or word for word in words] for words in (words_a, words_b))
    for same, cut, new in _blocks(folded_a, folded_b):
        yield same, " ".join(words_a[cut]), " ".join(words_b[new])


def _blocks(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[bool, slice, slice]]:
    """Equal and differing stretches of words in turn."""
    opcodes = Levenshtein.opcodes(a, b)
    for same, group in groupby(opcodes, key=lambda op: op.tag == "equal"):
        ops = list(group)
        yield same, slice(ops[0].src_start, ops[-1].src_end), slice(ops[0].dest_start, ops[-1].dest_end)


def _side_by_side(left: str, right: str, *, column: int, colour: bool = False) -> Iterator[str]:
    lines_a = _column(left, "[-", "-]", _RED * colour, column)
    lines_b = _column(right, "{+", "+}", _GREEN * colour, column)
    for line_a, line_b in zip_longest(lines_a, lines_b, fillvalue=" " * column):
        yield f"{line_a}{GUTTER}{line_b}".rstrip()


def _column(said: str, opening: str, closing: str, code: str, column: int) -> Iterator[str]:
    """Lines of one width; a mark that goes on over a line break is coloured on both lines."""
    inside = False
    for line in textwrap.wrap(said, column, break_on_hyphens=False):
        shown = line.ljust(column)
        if code:
            shown = code * inside + shown.replace(opening, code + opening).replace(closing, closing + _PLAIN)
        inside = line.rfind(opening) > line.rfind(closing) or (inside and closing not in line)
        yield shown + _PLAIN * (inside and bool(code))


def _rules(measures: Measures) -> Iterator[str]:
    refused = refusal(measures)
    if refused:
        yield f"  none is asked: {refused}"
        return
    decided = deciding_rule(measures)
    asked = [rule for rule in RULES if rule.applies(measures)]
    for rule in asked:
        yield f"  {'=>' if rule is decided else '  '} {rule.relation}: {_verdict(rule, measures)}"
        if rule is decided:
            yield f"     what would flip it: {_weakest(rule.conditions, measures)}"
            break
    if decided is None or not decided.relation.is_copy:  # what would make it one
        nearest = max((rule for rule in asked if rule.relation.is_copy), key=lambda rule: _nearness(rule, measures))
        none = "no rule holds; " if decided is None else ""
        yield f"  {none}nearest to being a copy: {nearest.relation}; {_verdict(nearest, measures)}"


def _nearness(rule: Rule, measures: Measures) -> tuple[float, int]:
    """How far the furthest condition is from holding, and then how many are not missing."""
    far = [min(1.0, condition.value(measures) / condition.at_least) for condition in rule.conditions]
    return min(far), sum(share >= 1 for share in far)


def _verdict(rule: Rule, measures: Measures) -> str:
    missing = [condition for condition in rule.conditions if not condition.holds(measures)]
    if missing:
        return "no; missing: " + "; ".join(condition.figures(measures) for condition in missing)
    return "yes: " + "; ".join(condition.figures(measures) for condition in rule.conditions)


def _weakest(conditions: Sequence[Condition], measures: Measures) -> str:
    """The condition nearest to failing: the first that a change of the texts would break."""
    counted = [condition for condition in conditions if not condition.switch]
    if not counted:
        return "any change of the words"
    nearest = min(counted, key=lambda condition: condition.value(measures) / condition.at_least)
    return f"less of this: {nearest.figures(measures)}"


def _filled(lines: Iterable[str], width: int) -> list[str]:
    """Lines of prose broken to the width, their indentation kept and two blanks more where they go on."""
    broken: list[str] = []
    for line in lines:
        lead = line[: len(line) - len(line.lstrip())]
        broken += textwrap.wrap(line.strip(), width, initial_indent=lead, subsequent_indent=f"{lead}  ") or [""]
    return broken


def _clean(said: str) -> str:
    """Without control characters: an archived page must not drive the reader's terminal."""
    return _CONTROL.sub("", said.replace("\n", " "))


def _bold(line: str, *, colour: bool) -> str:
    return f"{_BOLD}{line}{_PLAIN}" if colour else line
