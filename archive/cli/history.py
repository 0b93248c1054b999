"""Verbs about one article: history, show, diff."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.api import serialize
from archive.cli.common import as_json, known_at_option, parse_as_of, parse_when, print_json, verb
from archive.cli.output import (
    bold,
    count,
    dim,
    format_minute,
    format_period,
    format_stamp,
    format_table,
    sanitize,
    say,
    time_zone,
    uses_colour,
    wrap,
)
from archive.cli.wording import describe_state, describe_stretch
from db.errors import BadInput, NotArchived
from db.records import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from archive.api import Comparison
    from archive.api.version_ref import Ref
    from archive.settings import Settings
    from db.records import Capture, History, Source, Stretch, Text, Version


@verb
@click.argument("url")
@click.option("--checks", "--captures", "checks", is_flag=True, help="List every check instead of the versions.")
@click.option("--states", is_flag=True, help="List what the checks found, and when, instead of the versions.")
@known_at_option
@as_json
def history(settings: Settings, url: str, *, checks: bool, states: bool, known_at: str | None, json_: bool) -> None:
    r"""List the versions of an article and when each was seen.

    \b
    wirecopy history https://daily.example/border-talks
    wirecopy history https://daily.example/border-talks --checks
    """
    from archive.api import Archive

    if checks and states:
        raise BadInput("--checks lists every check and --states sums them up; use only one of the two")
    instant = parse_when(known_at, settings)
    with Archive(settings.db) as archive:
        if checks:
            captures = [pair for pair in archive.captures(url) if instant is None or pair[0].captured_at <= instant]
            _print_checks(captures, json_=json_)
            return
        source, past = archive.history(url, recorded=instant)
    if json_:
        print_json(serialize.history(source, past))
    elif states:
        _print_states(source, past)
    else:
        _print_history(source, past)


def _print_states(source: Source, past: History) -> None:
    click.echo(dim(sanitize(source.url)))
    rows = [
        (
            describe_state(run.state) + (", confirmed" if run.confirmed else ""),
            format_minute(run.first_seen_at),
            format_minute(run.last_seen_at),
            run.seen,
            run.unchanged,
        )
        for run in past.states
    ]
    heading = ("found", f"first seen ({time_zone()})", "last seen", "checks", "unchanged")
    for line in format_table(rows, heading=heading, right=(3, 4)):
        click.echo(line)
    say(f"{count(past.captures, 'check')}.")


def _print_history(source: Source, past: History) -> None:
    click.echo(dim(sanitize(source.url)))
    if not past.versions:
        click.echo("No article text has been found here yet.")
    heading = ("v", f"first seen ({time_zone()})", "last seen", "checks", "score", "what changed")
    lines = format_table([_version_row(version) for version in past.versions], heading=heading, right=(0, 3, 4))
    title = ""
    for line, version in zip(lines, (None, *past.versions), strict=False):
        click.echo(line)
        if version is not None and version.title != title:
            title = version.title
            click.echo(wrap(bold(sanitize(title)), first="   ", then="   "))
    for suspect in past.suspects:
        pending = "; the next check decides" if suspect.waiting else ""
        text = f"not counted as a version: a text seen {format_minute(suspect.seen_at)} that {suspect.because}{pending}"
        click.echo(wrap(text, then="  "))
    for shortening in past.believed:
        text = f"counted as a version: a text seen {format_minute(shortening.seen_at)} that {shortening.because}"
        click.echo(wrap(text, then="  "))
    for stretch in past.stretches:
        click.echo(wrap(f"other checks: {describe_stretch(stretch)}", then="  "))
    if past.gone_at is not None:
        click.echo(f"page gone since {format_minute(past.gone_at)}")
    _print_addresses(past)
    without = past.captures - sum(version.captures for version in past.versions) - len(past.suspects) - past.unread
    others = f"; {count(without, 'check')} found no article text" if without > 0 else ""
    others += f"; {count(past.unread, 'check')} not read yet: wirecopy refresh" if past.unread else ""
    say(f"{count(len(past.versions), 'version')} in {count(past.captures, 'check')}{others}.")


def _print_addresses(past: History) -> None:
    for instant, before, after in past.moves:
        click.echo(sanitize(f"moved {format_minute(instant)}\n  from {before}\n  to   {after}"))
    for claim in past.claims:
        if claim.kind not in {"moved", "spelling"}:
            period = format_period(claim.first_seen_at, claim.last_seen_at)
            text = f"the page also gives this address: {claim.url} ({claim.kind}), {period}"
            click.echo(wrap(sanitize(text), then="  "))


def _version_row(version: Version) -> tuple[object, ...]:
    kinds = ", ".join(version.kinds)
    cause = {"first": "", "changed": ""}.get(version.cause, str(version.cause))
    return (
        version.number,
        format_minute(version.first_seen_at),
        format_minute(version.last_seen_at),
        version.captures,
        f"{version.score:.2f}" if version.number > 1 else "",
        ": ".join(filter(None, (cause, kinds))) or "-",
    )


def _print_checks(pairs: list[tuple[Capture, str]], *, json_: bool) -> None:
    if json_:
        print_json([serialize.capture_of(capture, state) for capture, state in pairs])
        return
    captures = [capture for capture, _ in pairs]
    rows = [
        (
            format_minute(capture.captured_at),
            describe_state(state),
            capture.status or "-",
            capture.payload_length or "-",
            "same bytes as before" if is_repeat else "",
        )
        for (capture, state), is_repeat in zip(pairs, _repeats(captures), strict=True)
    ]
    address = ""
    lines = format_table(rows, heading=(f"checked ({time_zone()})", "found", "status", "bytes", ""), right=(2, 3))
    for line, capture in zip(lines, (None, *captures), strict=False):
        if capture is not None and capture.url != address:
            address = capture.url
            click.echo(dim(sanitize(address)))
        click.echo(line)
    say(f"{count(len(captures), 'check')}.")


def _repeats(captures: Iterable[Capture]) -> Iterator[bool]:
    """Yield for each capture whether its address gave the same bytes as the last time.

    The field ``revisit`` is not enough: it is also set when the bytes are those of another page.
    """
    digests: dict[str, str] = {}
    for capture in captures:
        yield capture.reason is Reason.NOT_MODIFIED or capture.payload_sha256 == digests.get(capture.url, "")
        if capture.payload_sha256 is not None:
            digests[capture.url] = capture.payload_sha256


@verb
@click.argument("ref", metavar="URL[@N|@T]")
@click.option("--as-of", "--at", "as_of", metavar="WHEN", help="The text at this time (a day means its end).")
@known_at_option
@click.option("--raw", is_flag=True, help="Write the page's bytes exactly as they were fetched.")
@as_json
def show(settings: Settings, ref: str, *, as_of: str | None, known_at: str | None, raw: bool, json_: bool) -> None:
    r"""Print the text of an article, now or at an earlier time.

    Prints the newest version unless you give a version number (URL@2) or a time (URL@2026-01-05, or --as-of).

    \b
    wirecopy show https://daily.example/border-talks
    wirecopy show https://daily.example/border-talks@1
    wirecopy show https://daily.example/border-talks --as-of 2026-01-05
    """
    from dataclasses import replace

    from archive.api import Archive
    from archive.api.version_ref import parse_ref

    target, known = parse_ref(ref, now=settings.local_now()), parse_when(known_at, settings)
    if as_of is not None:
        if target.number is not None or target.at is not None:
            raise BadInput(f"{ref} names a version already; use --as-of with the address alone: {target.url}")
        target = replace(target, at=parse_as_of(as_of, settings))
    with Archive(settings.db) as archive:
        version = archive.version(target, recorded=known)
        capture = archive.capture(version.first_capture_id)
        if raw:
            sys.stdout.buffer.write(archive.payload(capture))
            return
        text = archive.text(version)
        if json_:
            print_json(serialize.shown(version, text, capture, unconfirmed=_is_unconfirmed(version, target.at)))
            return
        _, past = archive.history(target.url, recorded=known)
    _print_version(version, text, past, target)


def _print_version(version: Version, text: Text, past: History, target: Ref) -> None:
    period = f"seen {format_period(version.first_seen_at, version.last_seen_at)} {time_zone()}"
    published = f"published {format_stamp(version.published_at)}" if version.published_at else None
    credits_ = ", ".join(filter(None, (version.byline, published)))
    click.echo(dim(sanitize(version.url)))
    click.echo(dim(f"version {version.number}, {period}"))
    if _is_unconfirmed(version, target.at):
        click.echo(wrap(dim("unconfirmed: no check at or after this time found this text"), then="  "))
    for stretch in interruptions_since(past, version, target.at) if target.number is None else ():
        click.echo(wrap(dim(f"later checks: {describe_stretch(stretch)}"), then="  "))
    if credits_:
        click.echo(dim(sanitize(credits_)))
    click.echo()
    click.echo(wrap(bold(sanitize(text.title))))
    click.echo()
    click.echo(wrap(sanitize(text.body.replace("\n", "\n\n"))))
    if len(past.versions) > 1:
        say(f"Version {version.number} of {len(past.versions)}. List them: wirecopy history {version.url}")


def interruptions_since(past: History, version: Version, until: datetime | None) -> list[Stretch]:
    """Return what checks found instead of the article after they last saw ``version``.

    The search ends at ``until`` and before the next version.
    """
    next_versions = [later.first_seen_at for later in past.versions if later.first_seen_at > version.last_seen_at]
    end = min([*next_versions, *([] if until is None else [until])], default=None)
    return [
        run
        for run in past.stretches
        if run.first_seen_at > version.last_seen_at and (end is None or run.first_seen_at <= end)
    ]


def _is_unconfirmed(version: Version, instant: datetime | None) -> bool:
    """Return True if no check shows that the version was still there at that instant: the next one saw other text."""
    return instant is not None and instant > version.last_seen_at


@verb
@click.argument("ref", metavar="URL")
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--unified", is_flag=True, help="Print a unified diff, as patch tools read it.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one HTML file that needs no other files."
)
@click.option(
    "--context",
    metavar="N",
    default=1,
    show_default=True,
    type=click.IntRange(0),
    help="Unchanged paragraphs to print around a change.",
)
@as_json
def diff(
    settings: Settings,
    ref: str,
    a: str | None,
    b: str | None,
    *,
    unified: bool,
    html: Path | None,
    context: int,
    json_: bool,
) -> None:
    r"""Compare two versions of an article word by word.

    Compares the last two versions unless you give A and B: version numbers or times.

    \b
    wirecopy diff https://daily.example/border-talks
    wirecopy diff https://daily.example/border-talks 1 3
    wirecopy diff https://daily.example/border-talks 2026-01-05T09:00Z 2026-01-07
    wirecopy diff https://daily.example/border-talks --html talks.html
    """
    from archive.api import Archive
    from archive.api.version_ref import Ref, parse_ref
    from archive.versions.diff import render_terminal, render_unified

    now = settings.local_now()
    with Archive(settings.db) as archive:
        newest = archive.version(parse_ref(ref, now=now))
        if a is None and newest.number == 1:
            raise NotArchived(_nothing_to_compare(newest, archive.version(Ref(url=newest.url)).number))
        first = _parse_side(newest.url, a or str(newest.number - 1), now)
        compared = archive.compare(first, _parse_side(newest.url, b or str(newest.number), now))
    if json_:
        print_json(serialize.comparison(compared))
    elif unified:
        click.echo(sanitize(render_unified(compared.change, compared.a_text, compared.b_text)), nl=False)
    elif html is not None:
        html.write_text(_html_page(compared, context), encoding="utf-8")
        say(f"Wrote {html}.")
    else:
        click.echo(dim(sanitize(compared.b.url)))
        click.echo(wrap(f"version {_numbered(compared.a)} -> version {_numbered(compared.b)}", then="  "))
        rendered = render_terminal(
            compared.change, compared.a_text, compared.b_text, colour=uses_colour(), context=context
        )
        click.echo(wrap(rendered))


def _nothing_to_compare(first: Version, total: int) -> str:
    if total == 1:
        return f"{first.url} has only one version so far; there is nothing to compare"
    return (
        f"version 1 of {first.url} has no earlier version to compare with, and there are {total}. "
        f"Name both versions: wirecopy diff {first.url} 1 {total}"
    )


def _html_page(compared: Comparison, context: int) -> str:
    from archive.versions.diff import render_html

    about = [f"version {_numbered(compared.a)} and version {_numbered(compared.b)}"]
    return render_html(
        compared.change, compared.a_text, compared.b_text, url=compared.b.url, about=about, context=context
    )


def _parse_side(url: str, text: str, now: datetime) -> Ref:
    """Return the version of an article that a number or a time names."""
    from archive.api.version_ref import Ref, parse_ref
    from archive.timestamps import parse_past

    numbered = parse_ref(f"{url}@{text}", now=now)
    return numbered if numbered.url == url else Ref(url=url, at=parse_past(text, now=now))


def _numbered(version: Version) -> str:
    return f"{version.number} ({format_stamp(version.first_seen_at)})"
