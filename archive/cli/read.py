"""Verbs that ask about one article, and how things stand: history, show, diff, status."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive import answers
from archive.cli.common import as_json, moment, put_json, recorded_option, verb
from archive.cli.screen import (
    between,
    bold,
    clean,
    coloured,
    columns,
    count,
    dim,
    facts,
    fold,
    minute,
    say,
    size,
    tally,
)
from archive.errors import NotArchived

if TYPE_CHECKING:
    from datetime import datetime

    from archive.api import Comparison
    from archive.refs import Ref
    from archive.settings import Settings
    from db.records import Capture, History, Source, Version


@verb
@click.argument("url")
@click.option("--captures", is_flag=True, help="List every check instead of the versions.")
@click.option("--states", is_flag=True, help="List every state the checks met, from when to when, instead.")
@recorded_option
@as_json
def history(settings: Settings, url: str, *, captures: bool, states: bool, recorded: str | None, json_: bool) -> None:
    r"""Show every version of an article, from when to when.

    \b
    wirecopy history https://daily.example/border-talks
    wirecopy history https://daily.example/border-talks --captures
    """
    from archive.api import Archive

    with Archive(settings.db) as archive:
        if captures:
            _captures(archive.captures(url), json_=json_)
            return
        source, told = archive.history(url, recorded=moment(recorded, settings))
    if json_:
        put_json(answers.history(source, told))
        return
    if states:
        _print_states(source, told)
        return
    _print_history(source, told)


def _print_states(source: Source, told: History) -> None:
    click.echo(dim(clean(source.url)))
    rows = [
        (
            run.state + (", confirmed" if run.confirmed else ""),
            minute(run.first_seen_at),
            minute(run.last_seen_at),
            run.seen,
            run.unchanged,
        )
        for run in told.states
    ]
    heading = ("state", "first seen (UTC)", "last seen", "checks", "unchanged")
    for line in columns(rows, heading=heading, right=(3, 4)):
        click.echo(line)


def _print_history(source: Source, told: History) -> None:
    click.echo(dim(clean(source.url)))
    if not told.versions:
        click.echo("no article text was seen here yet")
    heading = ("v", "first seen (UTC)", "last seen", "checks", "score", "what changed")
    lines = columns([_line(version) for version in told.versions], heading=heading, right=(0, 3, 4))
    title = ""
    for line, version in zip(lines, (None, *told.versions), strict=False):
        click.echo(line)
        if version is not None and version.title != title:
            title = version.title
            click.echo(fold(bold(clean(title)), first="   ", then="   "))
    for each in told.suspects:
        waits = "; the next check will tell" if each.waiting else ""
        click.echo(fold(f"not believed: a text seen {minute(each.seen_at)} that {each.because}{waits}", then="  "))
    for run in told.stretches:
        seen = f"{between(run.first_seen_at, run.last_seen_at)}, {count(run.seen, 'check')}"
        click.echo(fold(f"also met: {run.state}, {seen}" + (", confirmed" if run.confirmed else ""), then="  "))
    if told.gone_at is not None:
        click.echo(f"gone since {minute(told.gone_at)}")
    _print_addresses(told)
    without = told.captures - sum(version.captures for version in told.versions) - len(told.suspects)
    others = f", {without} of which met no article text" if without else ""
    say(f"{count(len(told.versions), 'version')} in {count(told.captures, 'check')}{others}")


def _print_addresses(told: History) -> None:
    for at, before, after in told.moves:
        click.echo(clean(f"moved {minute(at)}\n  from {before}\n  to   {after}"))
    for claim in told.claims:
        if claim.kind != "moved":
            when = between(claim.first_seen_at, claim.last_seen_at)
            click.echo(fold(clean(f"its pages call it {claim.url} ({claim.kind}), {when}"), then="  "))


def _line(version: Version) -> tuple[object, ...]:
    edited = ", ".join(version.kinds)
    why = {"first": "", "changed": ""}.get(version.cause, str(version.cause))
    return (
        version.number,
        minute(version.first_seen_at),
        minute(version.last_seen_at),
        version.captures,
        f"{version.score:.2f}" if version.number > 1 else "",
        ": ".join(filter(None, (why, edited))) or "-",
    )


def _captures(found: list[tuple[Capture, str]], *, json_: bool) -> None:
    if json_:
        put_json([answers.capture_of(capture, state) for capture, state in found])
        return
    address = ""
    rows = [(minute(one.captured_at), state, one.status or "-", one.payload_length or "-") for one, state in found]
    heading = ("checked (UTC)", "state", "status", "bytes", "")
    same = ["same bytes as before" if one.revisit else "" for one, _ in found]
    lines = columns([(*row, note) for row, note in zip(rows, same, strict=True)], heading=heading, right=(2, 3))
    for line, capture in zip(lines, (None, *(one for one, _ in found)), strict=False):
        if capture is not None and capture.url != address:
            address = capture.url
            click.echo(dim(clean(address)))
        click.echo(line)


@verb
@click.argument("ref", metavar="URL[@N|@T]")
@click.option("--at", metavar="WHEN", help="What stood there at this instant (a day means its end, UTC).")
@recorded_option
@click.option("--raw", is_flag=True, help="Write the page's bytes as they were fetched.")
@as_json
def show(settings: Settings, ref: str, *, at: str | None, recorded: str | None, raw: bool, json_: bool) -> None:
    r"""Print an article as it stands or stood.

    The newest version, a numbered one (URL@2), or what stood there at a moment (URL@2026-01-05, or --at).

    \b
    wirecopy show https://daily.example/border-talks
    wirecopy show https://daily.example/border-talks@1
    wirecopy show https://daily.example/border-talks --at 2026-01-05
    """
    from dataclasses import replace

    from archive.api import Archive
    from archive.refs import parse_ref

    wanted = parse_ref(ref, now=settings.now())
    if at is not None:
        wanted = replace(wanted, number=None, at=moment(at, settings))
    with Archive(settings.db) as archive:
        version = archive.version(wanted, recorded=moment(recorded, settings))
        capture = archive.capture(version.first_capture_id)
        if raw:
            sys.stdout.buffer.write(archive.payload(capture))
            return
        text = archive.text(version)
    if json_:
        put_json(answers.shown(version, text, capture, unconfirmed=_unconfirmed(version, wanted.at)))
        return
    seen = f"seen {between(version.first_seen_at, version.last_seen_at)} UTC"
    about = [version.byline, f"published {minute(version.published_at)} UTC" if version.published_at else None]
    click.echo(dim(clean(version.url)))
    click.echo(dim(f"version {version.number}, {seen}"))
    if _unconfirmed(version, wanted.at):
        click.echo(fold(dim("unconfirmed: no check saw this text at or after the instant asked for"), then="  "))
    if any(about):
        click.echo(dim(clean(", ".join(each for each in about if each))))
    click.echo()
    click.echo(fold(bold(clean(text.title))))
    click.echo()
    click.echo(fold(clean(text.body.replace("\n", "\n\n"))))


def _unconfirmed(version: Version, at: datetime | None) -> bool:
    """True when nobody saw whether the version still stood at that instant: the next sighting is of another text."""
    return at is not None and at > version.last_seen_at


@verb
@click.argument("ref", metavar="URL")
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--unified", is_flag=True, help="As a unified diff, for patch tools.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one HTML file that needs no other."
)
@click.option("--context", default=1, show_default=True, help="Unchanged paragraphs to show around a change.")
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
    r"""Show how one version became another, word by word.

    By default the last two; A and B are numbers of versions, or instants.

    \b
    wirecopy diff https://daily.example/border-talks
    wirecopy diff https://daily.example/border-talks 1 3
    wirecopy diff https://daily.example/border-talks 2026-01-05T09:00Z 2026-01-07
    wirecopy diff https://daily.example/border-talks --html talks.html
    """
    from archive.api import Archive
    from archive.diff import render_terminal, render_unified
    from archive.refs import parse_ref

    now = settings.now()
    with Archive(settings.db) as archive:
        newest = archive.version(parse_ref(ref, now=now))
        if a is None and newest.number == 1:
            raise NotArchived(f"{newest.url} has one version so far; there is nothing to compare it with")
        first = _ref(newest.url, a or str(newest.number - 1), now)
        found = archive.compare(first, _ref(newest.url, b or str(newest.number), now))
    if json_:
        put_json(answers.comparison(found))
    elif unified:
        click.echo(clean(render_unified(found.change, found.a_text, found.b_text)), nl=False)
    elif html is not None:
        html.write_text(_page(found, context), encoding="utf-8")
        say(f"written to {html}")
    else:
        click.echo(dim(clean(found.b.url)))
        click.echo(fold(f"version {_when(found.a)} -> version {_when(found.b)}", then="  "))
        click.echo(fold(render_terminal(found.change, found.a_text, found.b_text, colour=coloured(), context=context)))


def _page(found: Comparison, context: int) -> str:
    from archive.diff import render_html

    about = [f"version {_when(found.a)} and version {_when(found.b)}"]
    return render_html(found.change, found.a_text, found.b_text, url=found.b.url, about=about, context=context)


def _ref(url: str, text: str, now: datetime) -> Ref:
    """The version of an article that a number or an instant means."""
    from archive.refs import Ref, parse_ref
    from archive.when import parse_instant

    numbered = parse_ref(f"{url}@{text}", now=now)
    return numbered if numbered.url == url else Ref(url=url, at=parse_instant(text, now=now, end=True))


def _when(version: Version) -> str:
    return f"{version.number} ({minute(version.first_seen_at)} UTC)"


@verb
@as_json
def status(settings: Settings, *, json_: bool) -> None:
    """Say what the archive holds, what ran last, who is at work."""
    from archive.api import Archive

    with Archive(settings.db) as archive:
        found = archive.status(settings.wall())
    if json_:
        put_json(answers.status(found))
        return
    sizes = dict(found["bytes"])
    parts = f"{size(sizes.pop('total'))}: " + ", ".join(f"{name} {size(number)}" for name, number in sizes.items())
    grown = found["growth"]
    states = ", ".join(f"{number} {state}" for state, number in found["states"].items())
    runs = [
        f"{minute(run['started_at'])}  {run['kind']}{'' if run['finished_at'] else ' (unfinished)'}: "
        + (tally(run["counts"]) or "nothing was due")
        for run in found["runs"]
    ]
    rows = [
        ("archive", f"{settings.db}"),
        ("size", parts),
        ("grows", f"about {size(grown['bytes_per_day'])} a day" if grown["days"] else ""),
        ("holds", tally(found["counts"]) or "nothing yet: wirecopy add URL, then wirecopy refresh"),
        ("watched", states),
        ("shrinking", "\n".join(each.because for each in found["drift"])),
        ("last runs", "\n".join(runs)),
        ("at work", ", ".join(lease["owner"] for lease in found["leases"])),
    ]
    facts(row for row in rows if row[1])
