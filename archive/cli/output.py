"""Terminal output: wrapping to the width, tables, colour, and text of strangers made safe to print."""

from __future__ import annotations

import os
import re
import shutil
import sys
from datetime import UTC, tzinfo
from itertools import islice
from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from typing import TextIO

_MOST_COLUMNS = 96  # of running text; the eye loses its place in longer lines
_LEAST_COLUMNS = 20  # a last cell with less room goes below its row instead
TIME_ZONE = "wirecopy.time_zone"
"""The key of the time zone in the ``meta`` of click's context."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def say(message: str) -> None:
    """Print a sentence for the person at the terminal, on standard error."""
    click.echo(wrap(message, then="  ", stream=sys.stderr), err=True)


def warn(message: str) -> None:
    """Print an error or a warning on standard error, under the program's name."""
    say(f"wirecopy: {message}")


def uses_colour() -> bool:
    """True when standard output is a terminal that wants colour."""
    forced = os.environ.get("FORCE_COLOR")
    if forced or "NO_COLOR" in os.environ:
        return bool(forced)
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def bold(text: str) -> str:
    """Return the text as a headline."""
    return click.style(text, bold=True) if uses_colour() else text


def dim(text: str) -> str:
    """Return the text as a side note."""
    return click.style(text, dim=True) if uses_colour() else text


def terminal_width(stream: TextIO) -> int | None:
    """Return the columns to write in: COLUMNS if set, else the terminal's. None for a pipe or file: do not wrap."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    return shutil.get_terminal_size().columns if stream.isatty() else None


def sanitize(text: str) -> str:
    """Return a page's text without what could steer a terminal: control characters and marks that reverse writing."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text)


def time_zone() -> tzinfo:
    """Return the time zone of the times that this command prints: that of the settings, else UTC."""
    context = click.get_current_context(silent=True)
    zone = context.meta.get(TIME_ZONE, UTC) if context else UTC
    return zone if isinstance(zone, tzinfo) else UTC


def format_minute(instant: datetime) -> str:
    """Return an instant as tables show it: to the minute, in `time_zone`.

    The hour that a clock shows twice in autumn has its offset: ``2026-10-25 02:30+0100``.
    """
    local = instant.astimezone(time_zone())
    is_twice = local.replace(fold=1 - local.fold).utcoffset() != local.utcoffset()
    return f"{local:%Y-%m-%d %H:%M%z}" if is_twice else f"{local:%Y-%m-%d %H:%M}"


def format_stamp(instant: datetime) -> str:
    """Return an instant to the minute with the name of its zone: ``2026-01-05 09:00 UTC``, ``2026-01-05 10:00 CET``."""
    return f"{format_minute(instant)} {instant.astimezone(time_zone()):%Z}"


def format_period(first: datetime, last: datetime) -> str:
    """Return a period to the minute, in `time_zone`. If both ends are the same, return one instant."""
    start, end = format_minute(first), format_minute(last)
    return start if start == end else f"{start} to {end}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: ``1 check``, ``1,200 checks``, ``2 copies``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def format_size(number: int) -> str:
    """Return a number of bytes in words: ``536 kB``, ``1.4 MB``."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}" if number < 100 * factor else f"{number / factor:,.0f} {unit}"
    return f"{number} bytes"


def wrap(text: str, *, first: str = "", then: str = "", stream: TextIO | None = None) -> str:
    """Return ``text`` wrapped to the terminal's width, with ``first`` before its first line and ``then`` before others.

    Lines break at spaces only: a word longer than a line, such as a URL, stays whole. Colour codes take no room.
    """
    room = terminal_width(stream or sys.stdout)
    lines: list[str] = []
    for number, line in enumerate(text.split("\n")):
        lead = then if number else first
        lines += [lead + line] if room is None else _wrap_line(line, min(room, _MOST_COLUMNS), lead, then)
    return "\n".join(line.rstrip() for line in lines)


def _wrap_line(line: str, room: int, first: str, then: str) -> list[str]:
    complete: list[str] = []
    current, used, is_empty = first, _cells(first), True
    for word in line.split(" "):
        if not is_empty and used + 1 + _cells(word) > room and (used > room or _cells(then) + _cells(word) <= room):
            complete.append(current)
            current, used, is_empty = then, _cells(then), True
        current += word if is_empty else f" {word}"
        used += _cells(word) + (not is_empty)
        is_empty = False
    return [*complete, current]


def _cells(text: str) -> int:
    """Return the columns a text takes on a terminal."""
    visible = _COLOUR.sub("", text)
    return sum(0 if combining(char) else 1 + (east_asian_width(char) in "WF") for char in visible)


def print_blocks(blocks: Iterable[str], *, at_once: int = 500) -> None:
    """Print texts on standard output, each on lines of its own, many in one call: a call of click takes 8 us."""
    remaining = iter(blocks)
    while some := list(islice(remaining, at_once)):
        click.echo("\n".join(some))


def print_facts(rows: Iterable[tuple[str, str]]) -> None:
    """Print names and values in two columns. A value of several lines stays in its column."""
    pairs = list(rows)
    left = max((len(name) for name, _ in pairs), default=0) + 2
    for name, value in pairs:
        click.echo(wrap(sanitize(value), first=name.ljust(left), then=" " * left))


def format_table(rows: Iterable[Iterable[object]], *, heading: Sequence[str], right: Iterable[int] = ()) -> list[str]:
    """Return the lines of a table: the heading and a line per row, or no line at all if there are no rows.

    Columns are two spaces apart; those whose index is in ``right`` are right-aligned. The last cell of a row wider than
    the terminal is wrapped, or put on lines of its own.
    """
    lines = [[sanitize(str(cell)).replace("\n", " ") for cell in row] for row in rows]
    if not lines:
        return []
    widths = [max(_cells(row[column]) for row in [heading, *lines]) for column in range(len(heading))]
    head, *body = [_format_row(row, widths, set(right)) for row in [heading, *lines]]
    return [bold(head), *body]


def _format_row(cells: Sequence[str], widths: Sequence[int], right: set[int]) -> str:
    padded = [
        " " * (width - _cells(cell)) + cell if column in right else cell + " " * (width - _cells(cell))
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    *front, last = padded
    lead = "".join(f"{cell}  " for cell in front)
    room, longest = terminal_width(sys.stdout), max((_cells(word) for word in last.split()), default=0)
    if room is None or _cells(lead) + _cells(last.rstrip()) <= room:
        return (lead + last).rstrip()
    if front and room - _cells(lead) < max(longest, _LEAST_COLUMNS):
        return "\n".join([lead.rstrip(), wrap(last.rstrip(), first="    ", then="    ")])
    return wrap(last.rstrip(), first=lead, then=" " * _cells(lead))
