"""Verbs that do work: refresh, backfill, up, reextract, rematch."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import click

from archive.api import serialize_runs
from archive.api.empty_advice import describe_empty
from archive.cli.common import PROBLEMS, SOME_FAILED, as_json, print_json, say_how_to_start, verb
from archive.cli.output import bold, count, format_stamp, sanitize, say, warn, wrap
from archive.cli.wording import describe_state, rendering_problem
from archive.serve.wording import describe_run

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence
    from datetime import date
    from typing import Any, Literal

    from archive.pipeline.reprocess_preview import Preview
    from archive.settings import Settings
    from db.records import ArchiveAnswer, Report, Version

_REFUSALS = frozenset({"bad_url", "refused_scheme", "refused_url", "refused_address"})
"""Outcomes of a page that leads to an address which is never visited. Another try brings nothing, unlike a failure."""

_FEW = 5  # mistakes, or addresses, that are listed one by one


@verb
@click.argument("only", nargs=-1, metavar="[SEED|GROUP|URL]...")
@click.option("--force", is_flag=True, help="Check all of them, due or not.")
@click.option("--shard", metavar="I/N", help="Be number I of N that share the work: its own sites first.")
@as_json
def refresh(settings: Settings, only: tuple[str, ...], *, force: bool, shard: str | None, json_: bool) -> int:
    r"""Check every page that is due, save new versions, and look for copies.

    Runs once, without a Prefect server. Exit code 3 means that some pages could not be fetched. 1 means that all were,
    but some need you: nothing came of them, or they lead to an address that cannot be visited.

    \b
    wirecopy refresh
    wirecopy refresh us-mexico-talks --force
    wirecopy refresh --shard 2/4                several hosts, one archive
    """
    from archive.pipeline.refresh import parse_shard
    from archive.pipeline.refresh import refresh as run

    is_new = not settings.db.exists()
    part = None if shard is None else parse_shard(shard)
    report = asyncio.run(run(settings, only=only, force=force, shard=part))
    failed = {row.url for row in report.rows if row.outcome not in {"page", "not_modified"}}
    empty = describe_empty(settings, visited={row.url for row in report.rows}, reported=failed)
    code = _finish(report, json_=json_, empty=empty)
    if is_new:  # a mistyped --db must not go unnoticed
        say(f"There was no archive at {settings.db}; this run created it.")
    if not (report.rows or json_):
        say_how_to_start(settings)
    _say_index_changes(settings, report)
    if report.counts.get("not_notified"):
        _say_unsent_notices(settings)
    return code


def _say_unsent_notices(settings: Settings) -> None:
    from archive.pipeline.notify import unsent_notices

    for kind, why in sorted(set(unsent_notices(settings.db))):
        warn(f"could not send notices ({kind}): {sanitize(why) or 'not tried yet'}. Each run tries again, for a month")


def _say_index_changes(settings: Settings, report: Report) -> None:
    """Print mistakes in the seed index and the pages it no longer names, so that no typo ends a watch unnoticed."""
    from archive.api import Archive
    from archive.seeds import load_index
    from db.records import SeedKind

    index = load_index(settings.index)
    mistakes = index.complaints if report.counts["complaints"] else ()
    for file in (seed for seed in index.seeds if seed.kind is SeedKind.FILE):
        say(f"{settings.index.name}:{file.line} is a file. Read it with: wirecopy import {file.url}")
    for mistake in mistakes[:_FEW]:
        warn(str(mistake))
    if mistakes[_FEW:]:
        warn(f"{count(len(mistakes[_FEW:]), 'more mistake')} in the seed index. List them: wirecopy check")
    if problem := rendering_problem(settings, index):
        warn(problem)
    with Archive(settings.db) as archive:
        retirements = [(state.source.retired_at, state.source.url) for state in archive.states()]
    urls = [url for instant, url in retirements if instant is not None and instant >= report.started_at]
    if urls:
        more = f" and {len(urls) - _FEW} more" * (len(urls) > _FEW)
        warn(
            f"no longer checked, because the seed index does not name them any more: "
            f"{sanitize(', '.join(urls[:_FEW]))}{more}. Saved versions stay. To check them again, put their rows back"
        )


@verb
@click.argument("only", nargs=-1, metavar="[SEED|GROUP|URL]...")
@click.option("--since", metavar="DAY", help="First day, for example 2026-01-05.")
@click.option("--until", metavar="DAY", help="Last day.")
@click.option(
    "--from",
    "source",
    type=click.Choice(["live", "archives", "saved", "payloads"]),
    default="live",
    show_default=True,
    help="live: fetch now the pages first seen on those days. archives: fetch copies of those days from web archives. "
    "saved (or payloads): read again the pages saved on those days, offline.",
)
@click.option("--dry-run", is_flag=True, help="Only list what would be done.")
@as_json
def backfill(
    settings: Settings,
    only: tuple[str, ...],
    *,
    since: str | None,
    until: str | None,
    source: Literal["live", "archives", "saved", "payloads"],
    dry_run: bool,
    json_: bool,
) -> int:
    r"""Fetch or read again the pages of a range of days.

    You can stop it at any time. The same command continues where it stopped.

    \b
    wirecopy backfill --since 2026-01-05 --until 2026-01-07
    wirecopy backfill us-mexico-talks --from saved
    """
    from archive.pipeline.backfill import backfill as run
    from archive.pipeline.backfill import backfill_scope

    origin = "payloads" if source == "saved" else source
    first, last = _parse_day(settings, since), _parse_day(settings, until)
    if not dry_run:
        if source == "archives" and settings.archives and not json_:
            say(f"Asking {_join_names(settings.archives)} ...")
        return _run(run(settings, only=only, since=first, until=last, source=origin), json_=json_)
    urls = backfill_scope(settings, only=only, since=first, until=last, source=origin)
    if json_:
        print_json({"would": urls, "archives": list(settings.archives) if source == "archives" else []})
    else:
        for url in urls:
            click.echo(sanitize(url))
        archives = ""
        if source == "archives":
            archives = f" {_join_names(settings.archives) or 'No web archive'} would be asked."
        say(f"{count(len(urls), 'page')} would be processed.{archives} Nothing was done.")
    return 0


def _join_names(archives: Sequence[str]) -> str:
    """Return the hosts of web archives, each once, in the order of trust."""
    from urllib.parse import urlsplit

    return ", ".join(dict.fromkeys(urlsplit(archive).netloc or archive for archive in archives))


def _print_archives(answers: Sequence[ArchiveAnswer]) -> None:
    for answer in answers:
        failed = ""
        if answer.failures:
            reason = ": ".join(filter(None, (describe_state(answer.reason), answer.detail)))
            failed = f", {count(answer.failures, 'answer')} failed" + (f" ({reason})" if answer.reason else "")
        pages = count(answer.pages, "page")
        listed = f"{count(answer.listed, 'capture')} listed for {pages}, {answer.recorded:,} new"
        click.echo(wrap(sanitize(f"{answer.name}: {listed}{failed}"), then="      "))


def _parse_day(settings: Settings, text: str | None) -> date | None:
    from archive.timestamps import parse_instant

    return None if text is None else parse_instant(text, now=settings.now(), end=False).date()


@verb
@click.option(
    "--port", metavar="PORT", type=click.IntRange(1, 65535), help="Port of Prefect. Default: 4200, or a free one."
)
@click.option(
    "--web-port",
    metavar="PORT",
    type=click.IntRange(1, 65535),
    help="Port of the web pages. Default: 8020, or a free one.",
)
def up(settings: Settings, *, port: int | None, web_port: int | None) -> int:
    """Check what is due, now and every 15 minutes, and show the archive in a browser until Ctrl-C.

    Starts a local Prefect server with the three schedules and the web pages, all on this machine, and prints their
    addresses.
    """
    from archive.launch import up as start

    return start(settings, environ=os.environ, port=port, web_port=web_port, out=click.echo)


@verb
@click.option("--dry-run", is_flag=True, help="Only count what would change, with some examples.")
@as_json
def reextract(settings: Settings, *, dry_run: bool, json_: bool) -> int:
    """Read every saved page again with the current extraction rules, offline.

    Use it after an upgrade. A difference that comes from better rules never counts as an edit by the publisher.
    It also mends texts and versions that wirecopy verify finds damaged: nothing that was read before is trusted.
    """
    from archive.pipeline.reprocess import preview_reextract
    from archive.pipeline.reprocess import reextract as run

    if not dry_run:
        return _run(run(settings), json_=json_)
    preview = preview_reextract(settings)
    if json_:
        from archive.pipeline.reprocess_preview import preview_json

        print_json(preview_json(preview))
    else:
        _print_preview(preview)
    return 0


def _print_preview(preview: Preview) -> None:
    for sample in preview.samples:
        click.echo(bold(sanitize(f"{sample.url} as of {format_stamp(sample.captured_at)}")))
        verdicts = f"{describe_state(sample.verdicts[0])} before, {describe_state(sample.verdicts[1])} now"
        click.echo(sanitize(sample.diff) or verdicts)
    samples = f" ({len(preview.samples)} of them above)" * bool(preview.samples)
    templates = f", and the page template of {count(preview.sites, 'site')}" * bool(preview.sites)
    pages = count(preview.pages, "page")
    say(f"The text of {preview.differ:,} of {pages} would change{samples}{templates}. Nothing was done.")


@verb
@as_json
def rematch(settings: Settings, *, json_: bool) -> int:
    """Compare all articles with each other again and rebuild every match, offline."""
    from archive.pipeline.reprocess import rematch as run

    return _run(run(settings), json_=json_)


@verb
@click.argument("run_id", metavar="RUN", type=click.IntRange(1, 1 << 60))
@click.option("--by", metavar="OFFSET", help="By how much the clock was behind (+2d), or ahead (-2d).")
@as_json
def repair_clock(settings: Settings, *, run_id: int, by: str | None, json_: bool) -> int:
    r"""Re-date a run that was made under a wrong clock, and put its histories in order.

    The offset is what its servers told, or --by. The saved pages and the hash chain stay as they are: an entry of the
    log says what was corrected, and evidence has both dates. Runs with a wrong clock are named by wirecopy doctor.

    \b
    wirecopy repair-clock 12
    wirecopy repair-clock 12 --by -365d        its clock was a year ahead
    """
    from archive.pipeline.repair_clock import repair_clock as run
    from archive.timestamps import parse_offset

    return _run(run(settings, run_id, by=None if by is None else parse_offset(by)), json_=json_)


def _run(work: Coroutine[Any, Any, Report], *, json_: bool) -> int:
    return _finish(asyncio.run(work), json_=json_)


def _finish(report: Report, *, json_: bool, empty: Mapping[str, str] | None = None) -> int:
    """Print a report and return the exit code that goes with it. ``empty``: why nothing came, by address."""
    if json_:
        print_json(serialize_runs.report(report) | ({} if empty is None else {"nothing": empty}))
    else:
        _print_report(report, empty or {})
    refused = sum(row.outcome in _REFUSALS for row in report.rows)
    if report.failed > refused:
        return SOME_FAILED
    return PROBLEMS if refused or empty else 0


def _print_report(report: Report, empty: Mapping[str, str]) -> None:
    failures = [row for row in report.rows if row.outcome not in {"page", "not_modified"}]
    other = [row for row in report.rows if row.url not in empty]
    faulty_lists = [row for row in other if row.outcome == "page" and row.reason and not row.verdict]
    no_article = [row for row in other if row.verdict]
    for row in (*failures, *faulty_lists):
        problem = "list with faults" if row.outcome == "page" else describe_state(row.outcome)
        click.echo(sanitize(f"{problem}: {row.url}"))
        if lines := "\n".join(filter(None, (row.reason, empty.get(row.url)))):
            click.echo(wrap(sanitize(lines), first="      ", then="      "))
    _print_archives(report.archives)
    failed_urls = {row.url for row in failures}
    silent = [sentence for url, sentence in empty.items() if url not in failed_urls]
    for sentence in silent:
        click.echo(wrap(sanitize(sentence), then="      "))
    for row in no_article[:_FEW]:
        click.echo(sanitize(f"{describe_state(row.verdict)}: {row.url}"))
        click.echo(wrap(sanitize(row.reason), first="      ", then="      "))
    if len(no_article) > _FEW:
        say(f"{count(len(no_article) - _FEW, 'more page')} without an article; --json lists them all")
    for version in report.changes:
        click.echo(wrap(sanitize(f"{version.score:.2f}  {_what_changed(version)}: {version.title}"), then="      "))
        click.echo(sanitize(f"      {version.url}@{version.number}"))
    nothing = f"; nothing came of {count(len(silent), 'source')} (see above)" if silent else ""
    say(f"{describe_run(report.kind, report.counts)}{nothing}.")
    if failures and all(row.outcome == "dns" for row in failures):
        say("No host name could be resolved. Is the network down?")


def _what_changed(version: Version) -> str:
    return ", ".join(version.kinds) or version.cause
