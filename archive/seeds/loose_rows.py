"""Decide which addresses outside of tables are rows, and complain of the others: none is passed over in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.seeds.loose_addresses import Form, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.seeds.loose_addresses import LooseLine

EXAMPLE = "- https://news.example/article"
"""A row written as an item of a list."""

_FEW_WORDS = 3  # of a label beside an address
_MOVE = "a row of a table, or an item of a list that has only the address"


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A row written as an item of a list or a line of its own: its address as written, and its note."""

    line: int
    address: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LooseMistake:
    """A place where addresses are not watched: the problem, and the expected form with an example."""

    line: int
    problem: str
    expected: str = _MOVE
    example: str = EXAMPLE


def rows_of_group(lines: Iterable[LooseLine]) -> Iterator[ListedRow | LooseMistake]:
    """Yield the rows and mistakes among the lines of a group that hold addresses outside of tables.

    A link with a text inside a sentence of a paragraph or a quotation is prose.
    """
    for line in lines:
        if _is_row(line):
            note = line.note if len(line.addresses) == 1 else ""
            yield from (ListedRow(line.number, address, note) for address in line.addresses)
        elif not _is_prose(line):
            yield _mistake(line)


def rows_outside(lines: Sequence[LooseLine], *, has_groups: bool) -> Iterator[LooseMistake]:
    """Yield one mistake for all addresses outside of any group that look like rows, and one for each open block.

    On a page without a group nothing is watched, so there every address counts that is not part of prose.
    """
    rows = [
        line
        for line in lines
        if _is_row(line)
        or (line.form is Form.BARE and line.place is not Place.HEADING)
        or not (has_groups or _is_remark(line))
    ]
    if rows:
        number = sum(len(line.addresses) for line in rows)
        noun = "1 address stands" if number == 1 else f"{number} addresses stand"
        problem = f"{noun} outside of any group and {'is' if number == 1 else 'are'} not watched"
        yield LooseMistake(rows[0].number, problem, "a group heading above the list", "## my-group")
    yield from (_mistake(line) for line in lines if line.place is Place.OPEN)


def _is_remark(line: LooseLine) -> bool:
    """True for prose, and for a sentence of several words around an address."""
    is_sentence = line.form is Form.SENTENCE and len(line.note.split()) > _FEW_WORDS and line.place is not Place.HTML
    return is_sentence or line.place is Place.OPEN or (_is_prose(line) and line.place is not Place.HEADING)


def _is_row(line: LooseLine) -> bool:
    if line.place is Place.ITEM:
        return line.form is not Form.SENTENCE
    return line.place is Place.PARAGRAPH and line.form is Form.BARE


def _is_prose(line: LooseLine) -> bool:
    if line.place in {Place.QUOTATION, Place.HEADING}:
        return line.form is not Form.BARE
    return line.place is Place.PARAGRAPH and line.form is Form.SENTENCE and line.is_linked


def _mistake(line: LooseLine) -> LooseMistake:
    address = line.addresses[0]
    more = f" and {len(line.addresses) - 1} more" * (len(line.addresses) > 1)
    example = f"- {address}"
    match line.place:
        case Place.OPEN:
            problem = f"a comment or code block begins here and never ends, so {address}{more} is not watched"
            return LooseMistake(line.number, problem, "an end of the block: --> or ```", "-->")
        case Place.HEADING:
            problem = f"{address} stands in a heading and is not watched"
            return LooseMistake(line.number, problem, "a name in the heading, and the address in a row", "## my-group")
        case Place.CODE:
            problem = f"{address}{more} is indented by four blanks or a tab; Markdown reads that as code"
            return LooseMistake(line.number, problem, "a row or an item that is not indented", example)
        case Place.HTML | Place.QUOTATION | Place.REFERENCE:
            names = {Place.HTML: "in HTML", Place.QUOTATION: "in a quotation", Place.REFERENCE: "in a link reference"}
            return LooseMistake(
                line.number, f"{address}{more} stands {names[line.place]} and is not watched", _MOVE, example
            )
        case _:
            return LooseMistake(line.number, f"{address}{more} stands in a sentence and is not watched", _MOVE, example)
