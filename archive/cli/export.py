"""The verb export and its formats."""

from __future__ import annotations

from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.common import parse_as_of, parse_when, verb
from archive.cli.output import count, say
from archive.cli.search import UniqueCommand, unique_option
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive.export import Selection
    from archive.settings import Settings


class _FormatGroup(click.Group):
    """A click group that lists the formats when an unknown one is asked for."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a format as click does, with an error that lists all of them."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(f"no such format: {args[0]}. Formats: {', '.join(self.commands)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the formats, each with the whole first sentence of its help."""
        del ctx
        with formatter.section("Formats"):
            formatter.write_dl([(name, command.get_short_help_str(99)) for name, command in self.commands.items()])


@click.group(
    cls=_FormatGroup, subcommand_metavar="FORMAT ...", context_settings={"help_option_names": ["-h", "--help"]}
)
def export() -> None:
    r"""Export to files for other programs: web archives, tables, a web page.

    A file appears only when it is complete. The same archive always gives the same file.

    \b
    wirecopy export warc news.warc.gz --since 2026-01-01
    wirecopy export wacz wire.wacz --group wire
    wirecopy export parquet tables --as-of 2026-01-05T12:00Z
    wirecopy export site https://daily.example/border-talks talks.html
    """


def _format(function: Callable[..., None]) -> click.Command:
    """Make a function a format of export. It gets the path of the archive, the file to write, and the selection."""

    @click.argument("to", metavar="FILE", type=click.Path(path_type=Path))
    @click.option("--since", metavar="WHEN", help="Only captures from then on.")
    @click.option("--until", metavar="WHEN", help="Only captures up to then (a day means its end).")
    @click.option("--as-of", metavar="WHEN", help="Each article as it was then: one capture each.")
    @click.option("--group", metavar="NAME", help="Only this group of the seed index, or this seed (group/name).")
    @unique_option
    @wraps(function)
    def call(settings: Settings, to: Path, **filters: Any) -> None:
        function(settings.db, to, _select(settings, **filters))

    command = partial(verb, cls=UniqueCommand)(call)
    export.add_command(command)
    return command


def _select(
    settings: Settings,
    *,
    since: str | None,
    until: str | None,
    as_of: str | None,
    group: str | None,
    unique: str | None,
) -> Selection:
    from archive.export import build_selection
    from archive.timestamps import parse_instant
    from db.records import Relation

    start = None if since is None else parse_instant(since, now=settings.local_now())
    similarity = None if unique is None else Relation(unique)
    instant, end = parse_as_of(as_of, settings), parse_when(until, settings)
    if start is not None and end is not None and end < start:
        raise BadInput(f"the window is empty: --until {until} is before --since {since}")
    return build_selection(settings.db, since=start, until=end, instant=instant, group=group, unique=similarity)


@_format
def warc(db: Path, to: Path, selection: Selection) -> None:
    """Write captures as WARC/1.1 (.warc or .warc.gz).

    Contains request, response, redirects and metadata of every check, and each extracted text. Identical pages are
    written once. wirecopy import reads all of it back. Needs the extra wirecopy[warc].
    """
    from archive.export import export_warc

    say(f"Wrote {count(export_warc(db, to, selection), 'capture')} to {to}.")


@_format
def wacz(db: Path, to: Path, selection: Selection) -> None:
    """Write captures as WACZ 1.1.1: a WARC, its index and a list of pages in one file.

    ReplayWeb.page and similar programs open it directly. Needs the extra wirecopy[warc].
    """
    from archive.export import export_wacz

    say(f"Wrote {count(export_wacz(db, to, selection), 'capture')} to {to}.")


@_format
def cdxj(db: Path, to: Path, selection: Selection) -> None:
    """Write the CDXJ index of a WARC file: the position of every response in it.

    It fits the WARC file that the same options write, for example news.cdxj and news.warc.gz.
    """
    from archive.export import export_cdxj

    say(f"Wrote the index of {count(export_cdxj(db, to, selection), 'capture')} to {to}.")


@_format
def parquet(db: Path, to: Path, selection: Selection) -> None:
    """Write versions, captures and matches as Parquet files into a folder.

    For DuckDB, Polars, pandas and similar programs. Needs the extra wirecopy[parquet].
    """
    from archive.export import export_parquet

    files = [f"{name} ({count(rows, 'row')})" for name, rows in export_parquet(db, to, selection).items()]
    say(f"Wrote {', '.join(files)} to {to}.")


@_format
def jsonl(db: Path, to: Path, selection: Selection) -> None:
    """Write every version with its text, one JSON object per line (.jsonl or .jsonl.gz).

    wirecopy import reads it back as finished texts.
    """
    from archive.export import export_jsonl

    say(f"Wrote {count(export_jsonl(db, to, selection), 'version')} to {to}.")


@verb
@click.argument("url")
@click.argument("to", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--until", metavar="WHEN", help="Only versions seen up to then (a day means its end).")
def site(settings: Settings, url: str, to: Path, *, until: str | None) -> None:
    """Write the whole history of one article as one HTML file.

    Contains a timeline, every version, and what changed between them. It loads nothing from elsewhere and runs no
    scripts.
    """
    from archive.export import export_site

    versions = export_site(settings.db, url, to, until=parse_when(until, settings))
    say(f"Wrote {count(versions, 'version')} to {to}.")


@verb
@click.argument("to", metavar="FILE", type=click.Path(path_type=Path))
def datasette(settings: Settings, to: Path) -> None:
    r"""Write a settings file that makes Datasette show this archive well.

    Views come first, internal tables are hidden, versions are searchable, and six questions are ready to click.

    \b
    wirecopy export datasette datasette.yaml
    datasette data/archive.db --metadata datasette.yaml
    """
    from archive.export import export_datasette

    export_datasette(settings.db, to)
    say(f"Wrote {to}. Next: datasette {settings.db} --metadata {to}")


export.add_command(site)
export.add_command(datasette)
