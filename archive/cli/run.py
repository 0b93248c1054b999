"""Verbs that work: refresh, backfill, up, reextract, rematch."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import click

from archive.api import serialize
from archive.cli.common import SOME_FAILED, as_json, put_json, verb
from archive.cli.output import bold, clean, count, fold, minute, say, tally

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from datetime import date
    from typing import Any, Literal

    from archive.pipeline.reprocess_preview import Preview
    from archive.settings import Settings
    from db.records import Report, Version

_FEW = 5  # complaints, or addresses, that are told one by one


@verb
@click.argument("only", nargs=-1, metavar="[SEED|GROUP|URL]...")
@click.option("--force", is_flag=True, help="Visit all of them, due or not.")
@as_json
def refresh(settings: Settings, only: tuple[str, ...], *, force: bool, json_: bool) -> int:
    r"""Visit what is due, once; keep versions and copies.

    Runs here, without a Prefect server. Ends 3 if some sources could not be fetched.

    \b
    wirecopy refresh
    wirecopy refresh us-mexico-talks --force
    """
    from archive.pipeline.refresh import refresh as run

    new = not settings.db.exists()
    report = asyncio.run(run(settings, only=only, force=force))
    code = _tell(report, json_=json_)
    if new:  # so that a mistyped --db does not go unseen
        say(f"there was no archive at {settings.db}; it was begun with this run")
    _say_of_index(settings, report)
    if report.counts.get("not_notified"):
        _say_of_notices(settings)
    return code


def _say_of_notices(settings: Settings) -> None:
    from archive.pipeline.notify import unsent_notices

    for kind, why in sorted(set(unsent_notices(settings.db))):
        say(f"not notified ({kind}): {clean(why) or 'not tried yet'}. It is tried again after each run for a week")


def _say_of_index(settings: Settings, report: Report) -> None:
    """What is wrong with the index, and what it names no longer: no slip of the pen is to end a watch unseen."""
    from archive.api import Archive
    from archive.seeds import load_index

    wrong = load_index(settings.index).complaints if report.counts["complaints"] else ()
    for complaint in wrong[:_FEW]:
        say(str(complaint))
    if wrong[_FEW:]:
        say(f"{count(len(wrong[_FEW:]), 'more complaint')}: wirecopy check")
    with Archive(settings.db) as archive:
        since = [(state.source.retired_at, state.source.url) for state in archive.states()]
    retired = [url for at, url in since if at is not None and at >= report.started_at]
    if retired:
        more = f" and {len(retired) - _FEW} more" * (len(retired) > _FEW)
        say(
            f"retired, because the index names them no longer: {clean(', '.join(retired[:_FEW]))}{more}. What is "
            "archived stays; to watch them again put their rows back"
        )


@verb
@click.argument("only", nargs=-1, metavar="[SEED|GROUP|URL]...")
@click.option("--since", metavar="DAY", help="First day of the window, for example 2026-01-05.")
@click.option("--until", metavar="DAY", help="Last day of the window.")
@click.option(
    "--from",
    "source",
    type=click.Choice(["live", "archives", "payloads"]),
    default="live",
    show_default=True,
    help="live: fetch now what was first seen in the window; archives: mementos dated in it; payloads: derive again.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@as_json
def backfill(
    settings: Settings,
    only: tuple[str, ...],
    *,
    since: str | None,
    until: str | None,
    source: Literal["live", "archives", "payloads"],
    dry_run: bool,
    json_: bool,
) -> int:
    r"""Work through a window of days.

    Stopped at any moment, the same command goes on where it was.

    \b
    wirecopy backfill --since 2026-01-05 --until 2026-01-07
    wirecopy backfill us-mexico-talks --from payloads
    """
    from archive.pipeline.backfill import backfill as run
    from archive.pipeline.backfill import backfill_scope

    window = _day(settings, since), _day(settings, until)
    if dry_run:
        would = backfill_scope(settings, only=only, since=window[0], until=window[1], source=source)
        if json_:
            put_json({"would": would})
        else:
            for url in would:
                click.echo(clean(url))
            say(f"these {len(would)} addresses would be worked through; nothing was done")
        return 0
    return _finish(run(settings, only=only, since=window[0], until=window[1], source=source), json_=json_)


def _day(settings: Settings, text: str | None) -> date | None:
    from archive.timestamps import parse_instant

    return None if text is None else parse_instant(text, now=settings.now(), end=False).date()


@verb
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the Prefect server (else 4200, or a free one).")
@click.option(
    "--web-port", type=click.IntRange(1, 65535), help="Port of the archive's pages (else 8020, or a free one)."
)
def up(settings: Settings, *, port: int | None, web_port: int | None) -> int:
    """Refresh every 15 minutes and serve the pages, until Ctrl-C.

    Starts a local Prefect server, serves the three deployments with their schedules and the archive's pages on this
    machine, and says where to look.
    """
    from archive.launch import up as start

    return start(settings, environ=os.environ, port=port, web_port=web_port, out=click.echo)


@verb
@click.option("--dry-run", is_flag=True, help="Only say what would read differently, with some examples.")
@as_json
def reextract(settings: Settings, *, dry_run: bool, json_: bool) -> int:
    """Read every kept page again with this version's recipe, offline.

    What the new recipe reads differently never looks like an edit by the publisher.
    """
    from archive.pipeline.reprocess import preview_reextract
    from archive.pipeline.reprocess import reextract as run

    if not dry_run:
        return _finish(run(settings), json_=json_)
    found = preview_reextract(settings)
    if json_:
        from archive.pipeline.reprocess_preview import preview_json

        put_json(preview_json(found))
    else:
        _print_preview(found)
    return 0


def _print_preview(found: Preview) -> None:
    for one in found.samples:
        click.echo(bold(clean(f"{one.url} as of {minute(one.captured_at)} UTC")))
        click.echo(clean(one.diff) or f"{one.verdicts[0]} before, {one.verdicts[1]} now")
    shown = f", {len(found.samples)} of them above" * bool(found.samples)
    furniture = f"; {count(found.sites, 'site')} would get other furniture" * bool(found.sites)
    say(f"{found.differ} of {count(found.pages, 'page')} would read differently{shown}{furniture}; nothing was done")


@verb
@as_json
def rematch(settings: Settings, *, json_: bool) -> int:
    """Compare all texts again and rebuild every link, offline."""
    from archive.pipeline.reprocess import rematch as run

    return _finish(run(settings), json_=json_)


def _finish(running: Coroutine[Any, Any, Report], *, json_: bool) -> int:
    return _tell(asyncio.run(running), json_=json_)


def _tell(report: Report, *, json_: bool) -> int:
    if json_:
        put_json(serialize.report(report))
    else:
        _print(report)
    return SOME_FAILED if report.failed else 0


def _print(report: Report) -> None:
    failed = [row for row in report.rows if row.outcome not in {"page", "not_modified"}]
    cut = [row for row in report.rows if row.outcome == "page" and row.reason]  # lists of which something was left out
    for row in (*failed, *cut):
        click.echo(clean(f"{row.outcome}  {row.url}"))
        if row.reason:
            click.echo(fold(clean(row.reason), first="      ", then="      "))
    for version in report.changes:
        click.echo(fold(clean(f"{version.score:.2f}  {_what(version)}: {version.title}"), then="      "))
        click.echo(clean(f"      {version.url}@{version.number}"))
    say(f"{report.kind}: {tally(report.counts) or 'nothing was due'}")
    if report.failed and all(row.outcome == "dns" for row in failed):
        say(f"no network: {count(len(failed), 'source')} unreachable (name resolution)")


def _what(version: Version) -> str:
    return ", ".join(version.kinds) or version.cause
