"""The verb ``events``: everything worth telling, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive.cli.common import as_json, as_jsonl, parse_when, print_json, print_json_lines, say_how_to_start, verb
from archive.cli.output import bold, count, dim, format_minute, sanitize, say, time_zone, wrap
from db.errors import BadInput
from db.records import EventFilter, EventKind

if TYPE_CHECKING:
    from archive.settings import Settings
    from db.records import Event

_MOST = 5_000


@verb
@click.option("--since", metavar="WHEN", help="Only events from this time on, for example 7d.")
@click.option("--kind", metavar="KINDS", help=f"Only these kinds, separated by commas: {', '.join(EventKind)}.")
@click.option(
    "--least",
    metavar="WEIGHT",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Only events of at least this weight, 0 to 1.",
)
@click.option(
    "--limit", metavar="N", type=click.IntRange(1, _MOST), default=50, show_default=True, help="Most events to print."
)
@as_jsonl
@as_json
def events(
    settings: Settings, *, since: str | None, kind: str | None, least: float, limit: int, jsonl: bool, json_: bool
) -> None:
    r"""List what happened: edits, pages gone or back, copies, broken lists, failed runs.

    \b
    wirecopy events --since 7d
    wirecopy events --kind gone,paywalled,copied
    """
    from archive.api import Archive, serialize_events
    from archive.timestamps import parse_instant

    start = None if since is None else parse_instant(since, now=settings.local_now())
    filters = EventFilter(kinds=_kinds(kind or ""), least=least, since=start, until=parse_when("now", settings))
    rows: list[Event] = []
    with Archive(settings.db) as archive:
        after = None
        while len(rows) < limit:
            listing = archive.events(filters, after=after, limit=limit - len(rows))
            rows += listing.rows
            after = listing.next_key
            if after is None:
                break
    if jsonl:
        print_json_lines(map(serialize_events.event, rows))
    elif json_:
        print_json({"events": [serialize_events.event(row) for row in rows]})
    else:
        for row in rows:
            _print_event(row)
        more = " There are more: add --limit N" if after is not None else ""
        say(f"{count(len(rows), 'event')}.{more}")
        if not rows:
            say_how_to_start(settings)


def _kinds(text: str) -> tuple[EventKind, ...]:
    names = [name.strip().lower().replace("-", "_") for name in text.split(",") if name.strip()]
    for name in names:
        if name not in set(EventKind):
            raise BadInput(f"--kind {name}: no such kind of event; choose from {', '.join(EventKind)}")
    return tuple(EventKind(name) for name in names)


def _print_event(event: Event) -> None:
    from archive.api.event_wording import LABELS, describe, summary_in_zone

    click.echo(f"{format_minute(event.at)}  {LABELS[event.kind]}")
    if event.title and event.title != event.url:
        click.echo(wrap(bold(sanitize(event.title)), first="   ", then="   "))
    click.echo(wrap(sanitize(summary_in_zone(describe(event), event.since, time_zone())), first="   ", then="   "))
    if event.url:
        address = event.url if event.version in {None, 1} else f"{event.url}@{event.version}"
        click.echo(dim(f"   {sanitize(address)}"))
