"""How answers look: as wide as the terminal, words kept whole, addresses never cut so that they can be copied."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import TextIO

_MEASURE = 96  # columns of running text; longer lines are hard to follow back
_LEAST_COLUMN = 20  # a narrower last column is set below its row instead
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def say(message: str) -> None:
    """A word to the person, on standard error."""
    click.echo(fold(f"wirecopy: {message}", then="  ", stream=sys.stderr), err=True)


def coloured() -> bool:
    """True when standard output is a terminal that wants colour."""
    forced = os.environ.get("FORCE_COLOR")
    if forced or "NO_COLOR" in os.environ:
        return bool(forced)
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def bold(text: str) -> str:
    """The text as a headline."""
    return click.style(text, bold=True) if coloured() else text


def dim(text: str) -> str:
    """The text as something to look past."""
    return click.style(text, dim=True) if coloured() else text


def width(stream: TextIO) -> int | None:
    """Columns to write in: COLUMNS if it is set, else the terminal's; None for a pipe or file, where lines may run."""
    typed = os.environ.get("COLUMNS", "")
    if typed.isdecimal() and int(typed):
        return int(typed)
    return shutil.get_terminal_size().columns if stream.isatty() else None


def clean(text: str) -> str:
    """Text of a page made safe for a terminal: no control characters, no marks that turn the writing around."""
    return "".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in text)


def minute(at: datetime) -> str:
    """An instant as tables show it: to the minute, UTC."""
    return f"{at:%Y-%m-%d %H:%M}"


def between(first: datetime, last: datetime) -> str:
    """A stretch of time to the minute, UTC; one instant if both are the same."""
    return minute(first) if minute(first) == minute(last) else f"{minute(first)} to {minute(last)}"


def count(number: int, thing: str) -> str:
    """``1 check``, ``2 checks``."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def tally(counts: Mapping[str, int]) -> str:
    """What there is of each, in words: ``45 visits, 3 failed, 1 new source``."""
    parts = [(number, name.replace("_", " ")) for name, number in counts.items() if number]
    return ", ".join(f"{number:,} {name.removesuffix('s') if number == 1 else name}" for number, name in parts)


def size(number: int) -> str:
    """Bytes as people say them: ``536 kB``, ``1.4 MB``."""
    for unit, each in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= each:
            return f"{number / each:.1f} {unit}" if number < 100 * each else f"{number / each:,.0f} {unit}"
    return f"{number} bytes"


def fold(text: str, *, first: str = "", then: str = "", stream: TextIO | None = None) -> str:
    """``text`` broken at blanks to the width, ``first`` before its first line and ``then`` before all others.

    A word too long for any line stays whole, where it is. Colour takes no room.
    """
    room = width(stream or sys.stdout)
    lines: list[str] = []
    for number, line in enumerate(text.split("\n")):
        lead = then if number else first
        lines += [lead + line] if room is None else _folded(line, min(room, _MEASURE), lead, then)
    return "\n".join(line.rstrip() for line in lines)


def _folded(line: str, room: int, first: str, then: str) -> list[str]:
    done: list[str] = []
    current, used, bare = first, _cells(first), True
    for word in line.split(" "):
        if not bare and used + 1 + _cells(word) > room and (used > room or _cells(then) + _cells(word) <= room):
            done.append(current)
            current, used, bare = then, _cells(then), True
        current += word if bare else f" {word}"
        used += _cells(word) + (not bare)
        bare = False
    return [*done, current]


def _cells(text: str) -> int:
    """Columns a text takes on a terminal."""
    shown = _COLOUR.sub("", text)
    return sum(0 if combining(each) else 1 + (east_asian_width(each) in "WF") for each in shown)


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Names and what is to say of them, in two columns; a fact of several lines stays in its column."""
    listed = list(rows)
    left = max((len(name) for name, _ in listed), default=0) + 2
    for name, said in listed:
        click.echo(fold(clean(said), first=name.ljust(left), then=" " * left))


def table(rows: Iterable[Iterable[object]], *, heading: Sequence[str], right: Iterable[int] = ()) -> None:
    """Rows in aligned columns under a heading; nothing at all when there are no rows."""
    for line in columns(rows, heading=heading, right=right):
        click.echo(line)


def columns(rows: Iterable[Iterable[object]], *, heading: Sequence[str], right: Iterable[int] = ()) -> list[str]:
    """The heading and the rows, two blanks between columns; those in ``right`` stand right-aligned.

    Where a row is wider than the terminal its last cell is folded, or set on lines of its own.
    """
    lines = [[clean(str(cell)).replace("\n", " ") for cell in row] for row in rows]
    if not lines:
        return []
    widths = [max(_cells(row[column]) for row in [heading, *lines]) for column in range(len(heading))]
    head, *body = [_row(row, widths, set(right)) for row in [heading, *lines]]
    return [bold(head), *body]


def _row(cells: Sequence[str], widths: Sequence[int], right: set[int]) -> str:
    padded = [
        " " * (wide - _cells(cell)) + cell if column in right else cell + " " * (wide - _cells(cell))
        for column, (cell, wide) in enumerate(zip(cells, widths, strict=True))
    ]
    *front, last = padded
    lead = "".join(f"{cell}  " for cell in front)
    room, longest = width(sys.stdout), max((_cells(word) for word in last.split()), default=0)
    if room is None or _cells(lead) + _cells(last.rstrip()) <= room:
        return (lead + last).rstrip()
    if front and room - _cells(lead) < max(longest, _LEAST_COLUMN):
        return "\n".join([lead.rstrip(), fold(last.rstrip(), first="    ", then="    ")])
    return fold(last.rstrip(), first=lead, then=" " * _cells(lead))
