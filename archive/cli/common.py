"""What all verbs share: settings, output, and what an error means to the shell."""

from __future__ import annotations

import json
import sys
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from archive.errors import (
    ArchiveError,
    BadInput,
    ConfigError,
    NotArchived,
    SeedError,
    StoreError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime


PROBLEMS, USAGE, SOME_FAILED, NOT_ARCHIVED, STORE = 1, 2, 3, 4, 5
"""Exit codes beside 0 (fine) and 130 (interrupted)."""

_CODES: tuple[tuple[type[Exception], int], ...] = (
    (NotArchived, NOT_ARCHIVED),
    (StoreError, STORE),
    (ConfigError, USAGE),
    (SeedError, USAGE),
    (BadInput, USAGE),
    (ArchiveError, PROBLEMS),
)


def exit_code(error: Exception) -> int:
    """Print an error for a person and return its exit code. What is none of ours is a bug and is raised again."""
    for group_member in _leaves(error):
        for kind, code in _CODES:
            if isinstance(group_member, kind):
                say(str(group_member))
                return code
    raise error


def _leaves(error: BaseException) -> Iterable[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def say(message: str) -> None:
    """A word to the person, on standard error."""
    click.echo(f"wirecopy: {message}", err=True)


def verb(function: Callable[..., Any]) -> click.Command:
    """Make a verb of a function: the name without its final underscore, ``--db``, and settings as first argument."""

    @wraps(function)
    @click.pass_context
    def call(ctx: click.Context, /, *args: Any, db: str | None = None, **options: Any) -> Any:
        from archive.settings import from_process

        typed = db or (ctx.find_root().obj or {}).get("db")
        return function(from_process({"db": typed}), *args, **options)

    with_db = click.option("--db", metavar="PATH", help="The archive file to use.", expose_value=True)(call)
    return click.command(name=function.__name__.rstrip("_"))(with_db)


def as_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a read verb ``--json`` (one document)."""
    return click.option("--json", "json_", is_flag=True, help="Answer as one JSON document.")(function)


def as_jsonl(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a read verb ``--jsonl`` (one JSON object a line)."""
    return click.option("--jsonl", is_flag=True, help="Answer as JSON, one object a line.")(function)


def put_json(document: object) -> None:
    """One JSON document to standard output."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def put_lines(documents: Iterable[object]) -> None:
    """JSON objects to standard output, one a line."""
    for document in documents:
        click.echo(json.dumps(document, ensure_ascii=False))


def coloured() -> bool:
    """True when standard output is a terminal that wants colour."""
    import os

    forced = os.environ.get("FORCE_COLOR")
    if forced or "NO_COLOR" in os.environ:
        return bool(forced)
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def clean(text: str) -> str:
    """Text of a page made safe for a terminal: no control characters, no marks that turn the writing around."""
    return "".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in text)


def minute(at: datetime) -> str:
    """An instant as tables show it: to the minute, UTC."""
    return f"{at:%Y-%m-%d %H:%M}"


def table(rows: Iterable[Iterable[object]], *, heading: Iterable[str] = (), right: Iterable[int] = ()) -> None:
    """Rows in aligned columns, two blanks apart; columns in ``right`` stand right-aligned."""
    lines = [[clean(str(cell)).replace("\n", " ") for cell in row] for row in ([heading] if heading else [])]
    lines += [[clean(str(cell)).replace("\n", " ") for cell in row] for row in rows]
    if not lines:
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    sides = set(right)
    for number, line in enumerate(lines):
        cells = [
            cell.rjust(width) if column in sides else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        text = "  ".join(cells).rstrip()
        click.echo(click.style(text, bold=True) if number == 0 and heading and coloured() else text)
