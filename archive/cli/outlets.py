"""The verb ``outlets``: what outlets do with their articles, and who copies whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from archive.cli.common import as_json, parse_when, print_json, say_how_to_start, verb
from archive.cli.output import count, format_table, say
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archive.settings import Settings

    Json = dict[str, Any]

_EDITS = ("articles", "edited", "first edit", "silent", "noted", "tests", "gone")
_COPIES = ("copies of others", "copied by others", "stale copies")
_FLOWS = ("outlet", "copies", "articles", "median delay", "shortest")


@verb
@click.argument("outlet", required=False)
@click.option("--since", metavar="WHEN", help="Only articles first seen from then on.")
@click.option("--until", metavar="WHEN", help="Only articles first seen up to then (a day means its end).")
@click.option("--csv", "csv_", is_flag=True, help="Print one row per outlet and month as CSV.")
@as_json
def outlets(
    settings: Settings, outlet: str | None, *, since: str | None, until: str | None, csv_: bool, json_: bool
) -> None:
    r"""Show what outlets do: edits, corrections, disappearances, and who copies whom.

    An outlet is the host of its addresses without www. With OUTLET: its months. Shares have their 95% interval.
    docs/query.md defines every figure.

    \b
    wirecopy outlets
    wirecopy outlets daily.example --since 2026-01-01
    wirecopy outlets --csv > outlets.csv
    """
    from archive.api import Archive, serialize_outlets
    from archive.timestamps import parse_instant

    start = None if since is None else parse_instant(since, now=settings.local_now())
    end = parse_when(until, settings)
    if start is not None and end is not None and end < start:
        raise BadInput(f"the window is empty: --until {until} is before --since {since}")
    with Archive(settings.db) as archive:
        answer = serialize_outlets.report(archive.outlets(outlet, since=start, until=end))
    if json_:
        print_json(answer)
    elif csv_:
        from archive.serve.serializers import to_csv

        click.echo(to_csv(answer["months"]), nl=False)
    elif answer["outlets"]:
        _print_report(answer, by_month=outlet is not None)
    else:
        narrowed = f" first seen in this period{' on ' + outlet if outlet else ''}" if since or until else ""
        say(f"No articles{narrowed or ' yet'}, so there is nothing to count.")
        if not say_how_to_start(settings):
            say("What waits to be checked: wirecopy plan")


def _print_report(answer: Json, *, by_month: bool) -> None:
    rows, key = (answer["months"], "month") if by_month else (answer["outlets"], "outlet")
    tables = [
        _table([(row[key], *_edits(row)) for row in rows], (key, *_EDITS)),
        _table([(row[key], _share(row, "copied"), row["originals"], row["stale"]) for row in rows], (key, *_COPIES)),
        _table([_flow(row) for row in answer["flows"]], _FLOWS),
    ]
    click.echo("\n\n".join("\n".join(table) for table in tables if table))
    articles = sum(row["articles"] for row in rows)
    say(f"{count(articles, 'article')} of {count(len(answer['outlets']), 'outlet')}. In brackets: the 95 % interval.")


def _table(rows: Sequence[Iterable[object]], heading: Sequence[str]) -> list[str]:
    return format_table(rows, heading=heading, right=range(1, len(heading)) if heading is not _FLOWS else (2, 3, 4))


def _edits(row: Json) -> tuple[object, ...]:
    from archive.serve.wording import lag

    wait = row["first_edit_seconds"]
    return (
        row["articles"],
        _share(row, "edited"),
        "-" if wait is None else lag(wait),
        row["silent"],
        row["declared"],
        row["headline_tests"],
        row["gone"],
    )


def _share(row: Json, name: str) -> str:
    share, low, high = (row[f"{name}_{part}"] for part in ("share", "low", "high"))
    return f"{share * 100:.0f} % ({low * 100:.0f}-{high * 100:.0f})"


def _flow(row: Json) -> tuple[object, ...]:
    from archive.serve.wording import lag

    delays = ("-" if row[name] is None else lag(row[name]) for name in ("lag_seconds", "fastest_seconds"))
    return row["copier"], row["original"], row["articles"], *delays
