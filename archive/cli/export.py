"""The verb that hands out: export."""

from __future__ import annotations

from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.common import moment, verb
from archive.cli.output import count, say
from archive.cli.search import Unique, unique_option
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive.export import Selection
    from archive.settings import Settings

    Form = Callable[..., None]


class _Forms(click.Group):
    """Says which forms there are when another is asked for."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with a better word for what is not there."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(f"no such form: {args[0]}. There are {', '.join(self.commands)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The forms, each with all of what it is for."""
        del ctx
        with formatter.section("Forms"):
            formatter.write_dl([(name, form.get_short_help_str(99)) for name, form in self.commands.items()])


@click.group(cls=_Forms, subcommand_metavar="FORM ...", context_settings={"help_option_names": ["-h", "--help"]})
def export() -> None:
    r"""Write files for other programs: web archives, tables, one page.

    A file appears when it is whole. The same archive always gives the same file.

    \b
    wirecopy export warc news.warc.gz --since 2026-01-01
    wirecopy export wacz wire.wacz --group wire
    wirecopy export parquet tables --as-of 2026-01-05T12:00Z
    wirecopy export site https://daily.example/border-talks talks.html
    """


def _form(function: Callable[..., None]) -> click.Command:
    """Make a form of export of a function of the archive's path, the file and what is chosen."""

    @click.argument("to", metavar="FILE", type=click.Path(path_type=Path))
    @click.option("--since", metavar="WHEN", help="Only what was captured then or later.")
    @click.option("--until", metavar="WHEN", help="Only what was captured up to then (a day means its end, UTC).")
    @click.option("--as-of", metavar="WHEN", help="Only what stood there at this instant, one capture an article.")
    @click.option("--group", metavar="NAME", help="Only this group of the seed index, or seed as group/name.")
    @unique_option
    @wraps(function)
    def call(settings: Settings, to: Path, **asked: Any) -> None:
        function(settings.db, to, _chosen(settings, **asked))

    made = partial(verb, cls=Unique)(call)
    export.add_command(made)
    return made


def _chosen(
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

    start = None if since is None else parse_instant(since, now=settings.now())
    alike = None if unique is None else Relation(unique)
    at, end = moment(as_of, settings), moment(until, settings)
    if start is not None and end is not None and end < start:
        raise BadInput(f"the window is empty: until {until} lies before since {since}")
    return build_selection(settings.db, since=start, until=end, instant=at, group=group, unique=alike)


@_form
def warc(db: Path, to: Path, chosen: Selection) -> None:
    """Write captures as WARC/1.1 (.warc or .warc.gz).

    Request, reply, redirects and what else is known of every visit, and each text read; equal payloads stand there
    once. wirecopy import brings all of it back. Needs the extra wirecopy[warc].
    """
    from archive.export import export_warc

    say(f"{count(export_warc(db, to, chosen), 'capture')} in {to}")


@_form
def wacz(db: Path, to: Path, chosen: Selection) -> None:
    """Write captures as WACZ 1.1.1: the WARC, its index and a list of pages in one file.

    ReplayWeb.page and others open it as it is. Needs the extra wirecopy[warc].
    """
    from archive.export import export_wacz

    say(f"{count(export_wacz(db, to, chosen), 'capture')} in {to}")


@_form
def cdxj(db: Path, to: Path, chosen: Selection) -> None:
    """Write the CDXJ index of a WARC: where in it each reply stands.

    news.cdxj belongs to the news.warc.gz that the same options write.
    """
    from archive.export import export_cdxj

    say(f"the index of {count(export_cdxj(db, to, chosen), 'capture')} in {to}")


@_form
def parquet(db: Path, to: Path, chosen: Selection) -> None:
    """Write versions, captures and copies as Parquet files into a folder.

    For DuckDB, Polars, pandas and the like. Needs the extra wirecopy[parquet].
    """
    from archive.export import export_parquet

    rows = export_parquet(db, to, chosen)
    say(f"{', '.join(f'{number} {name}' for name, number in rows.items())} in {to}")


@_form
def jsonl(db: Path, to: Path, chosen: Selection) -> None:
    """Write every version with its text, one JSON object a line (.jsonl or .jsonl.gz).

    wirecopy import takes it as finished texts.
    """
    from archive.export import export_jsonl

    say(f"{count(export_jsonl(db, to, chosen), 'version')} in {to}")


@verb
@click.argument("url")
@click.argument("to", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--until", metavar="WHEN", help="Only what was seen up to then (a day means its end, UTC).")
def site(settings: Settings, url: str, to: Path, *, until: str | None) -> None:
    """Write the whole history of one article as one HTML file.

    Timeline, every version, and what changed between them; nothing in it is loaded from elsewhere or runs.
    """
    from archive.export import export_site

    say(f"{count(export_site(settings.db, url, to, until=moment(until, settings)), 'version')} in {to}")


@verb
@click.argument("to", metavar="FILE", type=click.Path(path_type=Path))
def datasette(settings: Settings, to: Path) -> None:
    r"""Write the settings under which Datasette shows this archive best.

    Views first, machinery hidden, versions searchable, six questions to click.

    \b
    wirecopy export datasette datasette.yaml
    datasette data/archive.db --metadata datasette.yaml
    """
    from archive.export import export_datasette

    export_datasette(settings.db, to)
    say(f"datasette {settings.db} --metadata {to}")


export.add_command(site)
export.add_command(datasette)
