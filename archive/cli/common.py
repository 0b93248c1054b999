"""What all verbs share: settings, output, and what an error means to the shell."""

from __future__ import annotations

import json
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from archive.cli.output import say
from db.errors import ArchiveError, BadInput, ConfigError, NotArchived, SeedError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from archive.settings import Settings

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
        if isinstance(group_member, OSError) and group_member.filename is not None:
            say(f"{group_member.filename}: {group_member.strerror}. Check the path, its permissions, the room on disk")
            return PROBLEMS
    raise error


def _leaves(error: BaseException) -> Iterable[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def verb(function: Callable[..., Any], cls: type[click.Command] = click.Command) -> click.Command:
    """Make a verb of a function: the name without its final underscore, ``--db``, and settings as first argument."""

    @wraps(function)
    @click.pass_context
    def call(ctx: click.Context, /, *args: Any, db: str | None = None, **options: Any) -> Any:
        from archive.settings import from_process

        typed = db or (ctx.find_root().obj or {}).get("db")
        return function(from_process({"db": typed}), *args, **options)

    with_db = click.option("--db", metavar="PATH", help="The archive file to use.", expose_value=True)(call)
    return click.command(name=function.__name__.rstrip("_"), cls=cls)(with_db)


def as_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a read verb ``--json`` (one document)."""
    return click.option("--json", "json_", is_flag=True, help="Answer as one JSON document.")(function)


def as_jsonl(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a read verb ``--jsonl`` (one JSON object a line)."""
    return click.option("--jsonl", is_flag=True, help="Answer as JSON, one object a line.")(function)


def recorded_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a read verb ``--recorded WHEN``: the second axis of time."""
    return click.option("--recorded", metavar="WHEN", help="As the archive believed at this instant, not as it knows.")(
        function
    )


def moment(text: str | None, settings: Settings) -> datetime | None:
    """The instant an option names; a day means its end, UTC. Raises BadInput."""
    from archive.timestamps import parse_instant

    return None if text is None else parse_instant(text, now=settings.now(), end=True)


def put_json(document: object) -> None:
    """One JSON document to standard output."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def put_lines(documents: Iterable[object]) -> None:
    """JSON objects to standard output, one a line."""
    for document in documents:
        click.echo(json.dumps(document, ensure_ascii=False))
