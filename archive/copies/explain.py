"""Explain a judgement: the passages side by side with changed words marked, and what decided."""

from __future__ import annotations

import re
import textwrap
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from rapidfuzz.distance import Levenshtein

from archive.copies.classify import METHOD, decide
from archive.copies.features import measure
from archive.copies.rules import EVENT, VERBATIM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.copies.classify import Decision
    from archive.copies.embeddings import EmbeddingModel
    from archive.copies.features import Measures
    from archive.copies.rules import Condition, Rule
    from db.records import Judgement, Passage, Text

COLUMN = 56
"""Characters of each side: two of them and the gutter fit a terminal of 120."""

LEAST_COLUMN = 24
"""The fewest characters of each side. With fewer, every second word is on a line of its own."""

GUTTER = " | "
"""The separator between the sides."""

MOST_ROWS = 20
"""The most aligned sentences that are shown. The JSON has all."""

LEAST_WEIGHT = 0.1
"""Weights below this change a probability by at most 0.025."""

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MARKS = ".,;:!?\"'()"
_RED, _GREEN, _BOLD, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[0m"


def explain_judgement(
    judgement: Judgement, a: Text, b: Text, *, colour: bool, width: int = 120, model: EmbeddingModel | None = None
) -> str:
    """Return what two texts share and why they are linked or not, for a terminal of ``width`` columns.

    Words only in the left text are in ``[-...-]``, words only in the right one in ``{+...+}``, with or without
    ``colour``. At the end are the figures of the rules and the weights of the copy model.
    """
    measures = measure(a, b)
    decision = decide(a, b, measures, model)
    head = f"{judgement.relation or 'not linked'}, score {judgement.score:.2f} ({judgement.method or METHOD})"
    column = max(LEAST_COLUMN, min(COLUMN, (width - len(GUTTER)) // 2))
    lines = [_bold(head, colour=colour), *_wrap([_strip_controls(judgement.because), *_figures(judgement)], width), ""]
    lines += _side_by_side(
        _strip_controls(a.title) or "(no headline)", _strip_controls(b.title) or "(no headline)", column=column
    )
    for row in measures.rows[:MOST_ROWS]:
        lines += ["", _bold(_caption(row), colour=colour), *_passage_rows(row, a, b, colour=colour, column=column)]
    remaining = len(measures.rows) - MOST_ROWS
    lines += ["", f"... {remaining} more sentences"] if remaining > 0 else []
    heading = "rules, then the weights of the copy model against an average pair (log odds)"
    lines += ["", _bold(heading, colour=colour), *_wrap(_reasons(measures, decision), width)]
    return "\n".join(lines) + "\n"


def _figures(judgement: Judgement) -> list[str]:
    share = f"in both: {judgement.coverage[0]:.0%} of the left text, {judgement.coverage[1]:.0%} of the right one"
    languages = f"translated: {' and '.join(map(str, judgement.languages))}"
    broken = ", ".join(f"{_strip_controls(name_a)} / {_strip_controls(name_b)}" for name_a, name_b in judgement.broken)
    return [
        f"{share}; longest verbatim run {judgement.longest_run} words",
        *([languages] if judgement.translated else []),
        *([f"names spelled in two ways: {broken}"] if broken else []),
        *(f"residue: {_strip_controls(line)}" for line in judgement.residue),
    ]


def _caption(passage: Passage) -> str:
    shared = f", shared: {', '.join(map(_strip_controls, passage.anchors[:8]))}" if passage.anchors else ""
    return f"alike {passage.similarity:.2f}{shared}"


def _passage_rows(passage: Passage, a: Text, b: Text, *, colour: bool, column: int) -> list[str]:
    left, right = _mark_differences(
        _strip_controls(a.body[slice(*passage.a)]), _strip_controls(b.body[slice(*passage.b)])
    )
    return list(_side_by_side(left, right, colour=colour, column=column))


def _mark_differences(a: str, b: str) -> tuple[str, str]:
    left: list[str] = []
    right: list[str] = []
    for same, cut, new in aligned_words(a, b):
        left += [cut] if same else [f"[-{cut}-]"] * bool(cut)
        right += [new] if same else [f"{{+{new}+}}"] * bool(new)
    return " ".join(left), " ".join(right)


def aligned_words(a: str, b: str) -> Iterator[tuple[bool, str, str]]:
    """Yield words that both texts have and words that differ, in turn, each with the words of both texts.

    Case and punctuation make no difference, so equal words may be written differently in the two texts.
    """
    words_a, words_b = a.split(), b.split()
    folded_a, folded_b = ([word.casefold().strip(_MARKS) or word for word in words] for words in (words_a, words_b))
    for same, cut, new in _equal_and_changed(folded_a, folded_b):
        yield same, " ".join(words_a[cut]), " ".join(words_b[new])


def _equal_and_changed(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[bool, slice, slice]]:
    """Yield equal and differing runs of words in turn."""
    opcodes = Levenshtein.opcodes(a, b)
    for same, group in groupby(opcodes, key=lambda op: op.tag == "equal"):
        ops = list(group)
        yield same, slice(ops[0].src_start, ops[-1].src_end), slice(ops[0].dest_start, ops[-1].dest_end)


def _side_by_side(left: str, right: str, *, column: int, colour: bool = False) -> Iterator[str]:
    lines_a = _column(left, "[-", "-]", _RED * colour, column)
    lines_b = _column(right, "{+", "+}", _GREEN * colour, column)
    for line_a, line_b in zip_longest(lines_a, lines_b, fillvalue=" " * column):
        yield f"{line_a}{GUTTER}{line_b}".rstrip()


def _column(text: str, opening: str, closing: str, code: str, column: int) -> Iterator[str]:
    """Yield lines of one width. A mark that continues over a line break is coloured on both lines."""
    inside = False
    for line in textwrap.wrap(text, column, break_on_hyphens=False):
        padded = line.ljust(column)
        if code:
            padded = code * inside + padded.replace(opening, code + opening).replace(closing, closing + _PLAIN)
        inside = line.rfind(opening) > line.rfind(closing) or (inside and closing not in line)
        yield padded + _PLAIN * (inside and bool(code))


def _reasons(measures: Measures, decision: Decision) -> Iterator[str]:
    """Yield the rules that were tried, then what each share of the copy model adds."""
    if decision.refused:
        yield f"  no rule is tried: {decision.refused}"
        return
    for rule in VERBATIM:
        yield f"  {'=>' if rule is decision.rule else '  '} {rule.relation}: {_verdict(rule, measures)}"
        if rule is decision.rule:
            yield f"     would be decided otherwise with {_weakest_condition(rule.conditions, measures)}"
            return
    if decision.model is None:
        yield "     copy model: not asked, because no sentence of one text has a partner in the other"
    else:
        yield from _model_lines(decision)
    for rule in EVENT:
        if rule.applies(measures):
            yield f"  {'=>' if rule is decision.rule else '  '} {rule.relation}: {_verdict(rule, measures)}"


def _model_lines(decision: Decision) -> Iterator[str]:
    yield f"  {'=>' if decision.rule is None and decision.relation else '  '} copy model: {decision.chance()}"
    for words, weight in decision.weights():
        if abs(weight) >= LEAST_WEIGHT:
            yield f"     {weight:+.1f} {words}"


def _verdict(rule: Rule, measures: Measures) -> str:
    missing = [condition for condition in rule.conditions if not condition.holds(measures)]
    if missing:
        return "no; missing: " + "; ".join(condition.figures(measures) for condition in missing)
    return "yes: " + "; ".join(condition.figures(measures) for condition in rule.conditions)


def _weakest_condition(conditions: Sequence[Condition], measures: Measures) -> str:
    """Return the condition nearest to failing, which a change of the texts would break first."""
    figures = [condition for condition in conditions if not condition.switch]
    if not figures:
        return "any other words"
    nearest = min(figures, key=lambda condition: condition.value(measures) / condition.at_least)
    return f"less of this: {nearest.figures(measures)}"


def _wrap(lines: Iterable[str], width: int) -> list[str]:
    """Return lines of prose wrapped to the width. Continuation lines keep the indentation and get two blanks more."""
    wrapped: list[str] = []
    for line in lines:
        lead = line[: len(line) - len(line.lstrip())]
        wrapped += textwrap.wrap(line.strip(), width, initial_indent=lead, subsequent_indent=f"{lead}  ") or [""]
    return wrapped


def _strip_controls(text: str) -> str:
    """Return text without control characters: an archived page must not control the reader's terminal."""
    return _CONTROL.sub("", text.replace("\n", " "))


def _bold(line: str, *, colour: bool) -> str:
    return f"{_BOLD}{line}{_PLAIN}" if colour else line
