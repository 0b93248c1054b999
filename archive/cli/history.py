"""Verbs that ask about one article, and how things stand: history, show, diff, status."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.api import serialize
from archive.cli.common import as_json, moment, put_json, recorded_option, verb
from archive.cli.output import (
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
from db.errors import BadInput, NotArchived
from db.records import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from archive.api import Comparison
    from archive.api.version_ref import Ref
    from archive.settings import Settings
    from db.records import Capture, History, Source, Stretch, Version


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

    if captures and states:
        raise BadInput("--captures lists every check, --states sums them up; take one of the two")
    then = moment(recorded, settings)
    with Archive(settings.db) as archive:
        if captures:
            known = [each for each in archive.captures(url) if then is None or each[0].captured_at <= then]
            _captures(known, json_=json_)
            return
        source, told = archive.history(url, recorded=then)
    if json_:
        put_json(serialize.history(source, told))
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
        click.echo(fold(f"also met: {_met(run)}", then="  "))
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
        put_json([serialize.capture_of(capture, state) for capture, state in found])
        return
    address = ""
    rows = [(minute(one.captured_at), state, one.status or "-", one.payload_length or "-") for one, state in found]
    heading = ("checked (UTC)", "state", "status", "bytes", "")
    same = ["same bytes as before" if each else "" for each in _repeated(one for one, _ in found)]
    lines = columns([(*row, note) for row, note in zip(rows, same, strict=True)], heading=heading, right=(2, 3))
    for line, capture in zip(lines, (None, *(one for one, _ in found)), strict=False):
        if capture is not None and capture.url != address:
            address = capture.url
            click.echo(dim(clean(address)))
        click.echo(line)


def _repeated(captures: Iterable[Capture]) -> Iterator[bool]:
    """Which checks met at their address what the last one met; ``revisit`` also says so of bytes of another page."""
    before: dict[str, str] = {}
    for one in captures:
        yield one.reason is Reason.NOT_MODIFIED or one.payload_sha256 == before.get(one.url, "")
        if one.payload_sha256 is not None:
            before[one.url] = one.payload_sha256


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
    from archive.api.version_ref import parse_ref

    wanted, then = parse_ref(ref, now=settings.now()), moment(recorded, settings)
    if at is not None:
        if wanted.number is not None or wanted.at is not None:
            raise BadInput(f"{ref} names a version already; give --at with the address alone: {wanted.url}")
        wanted = replace(wanted, at=moment(at, settings))
    with Archive(settings.db) as archive:
        version = archive.version(wanted, recorded=then)
        capture = archive.capture(version.first_capture_id)
        if raw:
            sys.stdout.buffer.write(archive.payload(capture))
            return
        text = archive.text(version)
        if json_:
            put_json(serialize.shown(version, text, capture, unconfirmed=_unconfirmed(version, wanted.at)))
            return
        _, told = archive.history(wanted.url, recorded=then)
    seen = f"seen {between(version.first_seen_at, version.last_seen_at)} UTC"
    about = [version.byline, f"published {minute(version.published_at)} UTC" if version.published_at else None]
    click.echo(dim(clean(version.url)))
    click.echo(dim(f"version {version.number}, {seen}"))
    if _unconfirmed(version, wanted.at):
        click.echo(fold(dim("unconfirmed: no check saw this text at or after the instant asked for"), then="  "))
    for run in met_since(told, version, wanted.at) if wanted.number is None else ():
        click.echo(fold(dim(f"met since then: {_met(run)}"), then="  "))
    if any(about):
        click.echo(dim(clean(", ".join(each for each in about if each))))
    click.echo()
    click.echo(fold(bold(clean(text.title))))
    click.echo()
    click.echo(fold(clean(text.body.replace("\n", "\n\n"))))


def met_since(told: History, version: Version, at: datetime | None) -> list[Stretch]:
    """What checks met in the place of an article after they last saw a version: up to ``at``, before the next one."""
    following = [each.first_seen_at for each in told.versions if each.first_seen_at > version.last_seen_at]
    until = min([*following, *([] if at is None else [at])], default=None)
    return [
        run
        for run in told.stretches
        if run.first_seen_at > version.last_seen_at and (until is None or run.first_seen_at <= until)
    ]


def _met(run: Stretch) -> str:
    """A run of checks that found something other than the article, in words."""
    seen = f"{between(run.first_seen_at, run.last_seen_at)}, {count(run.seen, 'check')}"
    return f"{run.state}, {seen}" + (", confirmed" if run.confirmed else "")


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
@click.option(
    "--context",
    default=1,
    show_default=True,
    type=click.IntRange(0),
    help="Unchanged paragraphs to show around a change.",
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
    r"""Show how one version became another, word by word.

    By default the last two; A and B are numbers of versions, or instants.

    \b
    wirecopy diff https://daily.example/border-talks
    wirecopy diff https://daily.example/border-talks 1 3
    wirecopy diff https://daily.example/border-talks 2026-01-05T09:00Z 2026-01-07
    wirecopy diff https://daily.example/border-talks --html talks.html
    """
    from archive.api import Archive
    from archive.api.version_ref import Ref, parse_ref
    from archive.versions.diff import render_terminal, render_unified

    now = settings.now()
    with Archive(settings.db) as archive:
        newest = archive.version(parse_ref(ref, now=now))
        if a is None and newest.number == 1:
            raise NotArchived(_nothing_before(newest, archive.version(Ref(url=newest.url)).number))
        first = _ref(newest.url, a or str(newest.number - 1), now)
        found = archive.compare(first, _ref(newest.url, b or str(newest.number), now))
    if json_:
        put_json(serialize.comparison(found))
    elif unified:
        click.echo(clean(render_unified(found.change, found.a_text, found.b_text)), nl=False)
    elif html is not None:
        html.write_text(_page(found, context), encoding="utf-8")
        say(f"written to {html}")
    else:
        click.echo(dim(clean(found.b.url)))
        click.echo(fold(f"version {_when(found.a)} -> version {_when(found.b)}", then="  "))
        click.echo(fold(render_terminal(found.change, found.a_text, found.b_text, colour=coloured(), context=context)))


def _nothing_before(first: Version, there: int) -> str:
    if there == 1:
        return f"{first.url} has one version so far; there is nothing to compare it with"
    return f"version 1 is the first of {there} of {first.url}; name the other one: wirecopy diff {first.url} 1 {there}"


def _page(found: Comparison, context: int) -> str:
    from archive.versions.diff import render_html

    about = [f"version {_when(found.a)} and version {_when(found.b)}"]
    return render_html(found.change, found.a_text, found.b_text, url=found.b.url, about=about, context=context)


def _ref(url: str, text: str, now: datetime) -> Ref:
    """The version of an article that a number or an instant means."""
    from archive.api.version_ref import Ref, parse_ref
    from archive.timestamps import parse_instant

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
        put_json(serialize.status(found))
        return
    sizes = dict(found["bytes"])
    parts = f"{size(sizes.pop('total'))}: " + ", ".join(f"{name} {size(number)}" for name, number in sizes.items())
    grown = found["growth"]
    states = ", ".join(f"{number} {state}" for state, number in found["states"].items())
    runs = [f"{minute(run['started_at'])}  {run['kind']}{_outcome(run)}" for run in found["runs"]]
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


def _outcome(run: Mapping[str, Any]) -> str:
    """What became of a run: one that has not ended has yet to say what it did."""
    told = tally(run["counts"])
    if run["finished_at"] is None:
        return " (unfinished)" + (f": {told}" if told else "")
    return f": {told or 'nothing was due'}"
