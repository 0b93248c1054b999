"""Shared parts of all verbs: options, settings, JSON output, and exit codes."""

from __future__ import annotations

import getpass
import json
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from archive.cli.output import TIME_ZONE, print_blocks, say, warn
from db.errors import ArchiveError, BadInput, ConfigError, Corrupt, NotArchived, SeedError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from archive.settings import Settings
    from db.records import Actor

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
    """Print an error and return its exit code. An error that is none of ours is a bug and is raised again."""
    for leaf in _leaves(error):
        for kind, code in _CODES:
            if isinstance(leaf, kind):
                warn(str(leaf))
                return code
        if isinstance(leaf, OSError) and leaf.filename is not None:
            warn(f"{leaf.filename}: {leaf.strerror}. Check the path, its permissions and the free disk space")
            return PROBLEMS
    raise error


def _leaves(error: BaseException) -> Iterable[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _leaves(member)
    else:
        yield error


def verb(function: Callable[..., Any], cls: type[click.Command] = click.Command) -> click.Command:
    """Make a function a verb. It gets the settings as first argument, an option ``--db``, and its own name.

    A final underscore of the name is dropped: ``import_`` becomes ``import``.
    """

    @wraps(function)
    @click.pass_context
    def call(ctx: click.Context, /, *args: Any, db: str | None = None, **options: Any) -> Any:
        from archive.settings import from_process

        path = db or (ctx.find_root().obj or {}).get("db")
        settings = from_process({"db": path})
        ctx.meta[TIME_ZONE] = settings.time_zone
        try:
            return function(settings, *args, **options)
        except _NO_DAMAGE:
            raise
        except Exception as error:
            if (damage := _damage(settings.db)) is None:
                raise  # a bug
            raise damage from error

    with_db = click.option(
        "--db", metavar="PATH", help="The archive file to use, or postgresql://HOST/NAME.", expose_value=True
    )(call)
    return click.command(name=function.__name__.rstrip("_"), cls=cls)(with_db)


_NO_DAMAGE = (
    ArchiveError,
    OSError,
    EOFError,
    MemoryError,
    BaseExceptionGroup,
    click.ClickException,
    click.exceptions.Exit,
)
_LOOK_SECONDS = 30.0


def _damage(db: Path) -> Corrupt | None:
    """Return an error that names the first value or index of the archive that is damaged, None if there is none."""
    from itertools import chain

    from db.reader import Reader
    from db.verify import verify
    from db.verify.column_values import columns

    try:
        with Reader(db, patience=_LOOK_SECONDS) as reader:
            problem = next(chain(columns(reader), verify(reader, deep=True)), None)
    except Corrupt as error:
        return error
    except StoreError:
        return None
    if problem is None:
        return None
    return Corrupt(f"{db} is damaged. {problem.where}: {problem.what}. List all damage: wirecopy verify")


def as_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--json`` (one document) to a verb."""
    return click.option("--json", "json_", is_flag=True, help="Print one JSON document.")(function)


def as_jsonl(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--jsonl`` (one JSON object per line) to a verb."""
    return click.option("--jsonl", is_flag=True, help="Print JSON Lines: one object per line.")(function)


def known_at_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--known-at WHEN`` to a verb: the second axis of time (transaction time). ``--recorded`` is its old name."""
    return click.option(
        "--known-at",
        "--recorded",
        "known_at",
        metavar="WHEN",
        help="Answer with what the archive knew at that time, without what it learned later.",
    )(function)


def parse_when(text: str | None, settings: Settings) -> datetime | None:
    """Return the instant that an option names. A day means its end, in ``time_zone``. Raises BadInput."""
    from archive.timestamps import parse_instant

    return None if text is None else parse_instant(text, now=settings.local_now(), end=True)


def parse_as_of(text: str | None, settings: Settings) -> datetime | None:
    """Return the instant of ``--as-of``; a day that goes on means now. Raises BadInput for one still to come."""
    from archive.timestamps import parse_past

    return None if text is None else parse_past(text, now=settings.local_now())


def say_how_to_start(settings: Settings) -> bool:
    """Say how to start if the archive knows no address: an empty answer alone looks like a failure.

    Returns True if it said so.
    """
    from archive.api import Archive

    with Archive(settings.db) as archive:
        is_new = not archive.has_sources()
    if is_new:
        say("Nothing is archived yet. Start with: wirecopy add URL, then wirecopy refresh.")
    return is_new


def print_json(document: object) -> None:
    """Print one JSON document on standard output."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def print_json_lists(lists: Mapping[str, Iterable[Mapping[str, object]]]) -> None:
    """Print one JSON document of lists on standard output, as ``print_json`` does, some objects at a time."""
    print_blocks(_document_of(lists))


def _document_of(lists: Mapping[str, Iterable[Mapping[str, object]]]) -> Iterator[str]:
    """Yield the lines of a document. A comma is only known to be needed when the next object comes."""
    opening = "{"
    for name, documents in lists.items():
        start, before = f"{opening}\n  {json.dumps(name)}: [", ""
        for document in documents:
            yield before + "," if before else start
            before = f"    {_indented(document)}"
        if before:
            yield before
        opening = "  ]," if before else f"{start}],"
    yield f"{opening[:-1]}\n}}" if lists else "{}"


_MEMBERS = json.JSONEncoder(ensure_ascii=False, separators=(",\n      ", ": "))
_ITEMS = json.JSONEncoder(ensure_ascii=False, separators=(",\n        ", ": "))


def _indented(document: Mapping[str, object]) -> str:
    """Return an object as it is printed in a list of a document: 4 to 10 times as fast as ``json.dumps(indent=2)``.

    The encoder in C does not indent, but it separates what is flat as asked. So members without parts are encoded in
    one call, and so is a list without parts.
    """
    if not document:
        return "{}"
    members: list[str] = []
    flat: dict[str, object] = {}
    for name, value in document.items():
        if not (isinstance(value, list | dict) and value):
            flat[name] = value
            continue
        members += [_MEMBERS.encode(flat)[1:-1]] if flat else []
        flat = {}
        members.append(f"{_MEMBERS.encode(name)}: {_with_parts(value)}")
    members += [_MEMBERS.encode(flat)[1:-1]] if flat else []
    return "{\n      " + ",\n      ".join(members) + "\n    }"


def _with_parts(value: list[object] | dict[str, object]) -> str:
    """Return a list or an object that is a member of an object in a list of a document."""
    if isinstance(value, dict) or any(isinstance(item, list | dict) for item in value):
        return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n      ")
    return f"[\n        {_ITEMS.encode(value)[1:-1]}\n      ]"


def print_json_lines(documents: Iterable[object]) -> None:
    """Print JSON objects on standard output, one per line."""
    print_blocks(json.dumps(document, ensure_ascii=False) for document in documents)


def person() -> Actor:
    """Return the person at this terminal, as the audit names them: by their login name."""
    from db.records import Actor

    try:
        return Actor(getpass.getuser(), "terminal")
    except (OSError, KeyError):  # a user without a name, as in a container
        return Actor("", "terminal")
