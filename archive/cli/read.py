"""Verbs that ask: history, show, diff, search, status, plan."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from archive import answers
from archive.cli.common import as_json, as_jsonl, clean, coloured, minute, put_json, put_lines, say, table, verb

if TYPE_CHECKING:
    from archive.settings import Settings
    from db.records import Capture, History, Version


@verb
@click.argument("url")
@click.option("--captures", is_flag=True, help="List every check instead of the versions.")
@as_json
def history(settings: Settings, url: str, *, captures: bool, json_: bool) -> None:
    r"""Show every version of an article: from when to when, and what changed.

    \b
    wirecopy history https://daily.example/border-talks
    wirecopy history https://daily.example/border-talks --captures
    """
    from archive.api import Archive

    with Archive(settings.db) as archive:
        if captures:
            _captures(archive.captures(url), json_=json_)
            return
        source, told = archive.history(url)
    if json_:
        put_json(answers.history(source, told))
        return
    click.echo(clean(f"{source.url}"))
    if not told.versions:
        click.echo("no article text was seen here yet")
    heading = ("v", "first seen (UTC)", "last seen", "checks", "cause", "weight", "what changed", "headline")
    table([_line(version) for version in told.versions], heading=heading, right=(0, 3, 5))
    _more(told)


def _line(version: Version) -> tuple[object, ...]:
    return (
        version.number,
        minute(version.first_seen_at),
        minute(version.last_seen_at),
        version.captures,
        version.cause,
        f"{version.score:.2f}" if version.number > 1 else "",
        ", ".join(version.kinds) or "-",
        version.title,
    )


def _more(told: History) -> None:
    for run in told.stretches:
        times = f"{run.seen} checks" if run.seen > 1 else "1 check"
        sure = ", confirmed" if run.confirmed else ""
        click.echo(f"also met: {run.state} {minute(run.first_seen_at)} to {minute(run.last_seen_at)} ({times}{sure})")
    for at, before, after in told.moves:
        click.echo(clean(f"moved: {minute(at)} {before} -> {after}"))
    seen = sum(version.captures for version in told.versions)
    click.echo(f"{told.captures} checks, {len(told.versions)} versions; {seen} checks showed article text")


def _captures(found: list[tuple[Capture, str]], *, json_: bool) -> None:
    if json_:
        put_json([answers.capture_of(capture, state) for capture, state in found])
        return
    rows = [
        (
            minute(one.captured_at),
            state,
            one.status or "-",
            one.payload_length or "-",
            "revisit" if one.revisit else "",
            one.url,
        )
        for one, state in found
    ]
    table(rows, heading=("checked (UTC)", "state", "status", "bytes", "", "address"), right=(2, 3))


@verb
@click.argument("ref", metavar="URL[@N|@T]")
@click.option("--at", metavar="WHEN", help="What stood there at this instant (a day means its end, UTC).")
@click.option("--raw", is_flag=True, help="Write the page's bytes as they were fetched.")
@as_json
def show(settings: Settings, ref: str, *, at: str | None, raw: bool, json_: bool) -> None:
    r"""Print an article as it stood: the newest version, a numbered one, or the one of a moment.

    \b
    wirecopy show https://daily.example/border-talks
    wirecopy show https://daily.example/border-talks@1
    wirecopy show https://daily.example/border-talks --at 2026-01-05
    """
    from dataclasses import replace

    from archive.api import Archive
    from archive.refs import parse_ref
    from archive.when import parse_instant

    wanted = parse_ref(ref, now=settings.now())
    if at is not None:
        wanted = replace(wanted, number=None, at=parse_instant(at, now=settings.now(), end=True))
    with Archive(settings.db) as archive:
        version = archive.version(wanted)
        capture = archive.capture(version.first_capture_id)
        if raw:
            sys.stdout.buffer.write(archive.payload(capture))
            return
        text = archive.text(version)
    if json_:
        put_json(answers.shown(version, text, capture))
        return
    seen = f"{minute(version.first_seen_at)} to {minute(version.last_seen_at)} UTC"
    head = f"{version.url}  version {version.number}, seen {seen}"
    click.echo(click.style(clean(head), dim=True) if coloured() else clean(head))
    about = [version.byline, f"published {minute(version.published_at)}" if version.published_at else None]
    if any(about):
        click.echo(clean(", ".join(each for each in about if each)))
    click.echo()
    click.echo(click.style(clean(text.title), bold=True) if coloured() else clean(text.title))
    click.echo()
    click.echo(clean(text.body.replace("\n", "\n\n")))


@verb
@click.argument("ref", metavar="URL")
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--unified", is_flag=True, help="As a unified diff, for patch tools.")
@click.option("--context", default=1, show_default=True, help="Unchanged paragraphs to show around a change.")
@as_json
def diff(
    settings: Settings, ref: str, a: str | None, b: str | None, *, unified: bool, context: int, json_: bool
) -> None:
    r"""Show how one version became another: by default the last two; A and B are numbers or instants.

    \b
    wirecopy diff https://daily.example/border-talks
    wirecopy diff https://daily.example/border-talks 1 3
    wirecopy diff https://daily.example/border-talks 2026-01-05T09:00Z 2026-01-07
    """
    from archive.api import Archive
    from archive.diff import render_terminal, render_unified
    from archive.refs import parse_ref

    now = settings.now()
    with Archive(settings.db) as archive:
        newest = archive.version(parse_ref(ref, now=now))
        if a is None and newest.number == 1:
            say(f"{newest.url} has one version so far; there is nothing to compare it with")
            return
        first = parse_ref(f"{newest.url}@{a or newest.number - 1}", now=now)
        second = parse_ref(f"{newest.url}@{b}" if b else f"{newest.url}@{newest.number}", now=now)
        found = archive.compare(first, second)
    if json_:
        put_json(answers.comparison(found))
    elif unified:
        click.echo(clean(render_unified(found.change, found.a_text, found.b_text)))
    else:
        kinds = ", ".join(found.change.kinds) or "nothing"
        click.echo(
            clean(f"{found.b.url}: version {found.a.number} ({minute(found.a.first_seen_at)}) -> {found.b.number} ")
            + f"({minute(found.b.first_seen_at)}): {kinds}, weight {found.change.score:.2f}"
        )
        click.echo(render_terminal(found.change, found.a_text, found.b_text, colour=coloured(), context=context))


@verb
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="At most so many hits.")
@as_jsonl
@as_json
def search(settings: Settings, words: tuple[str, ...], *, limit: int, jsonl: bool, json_: bool) -> None:
    r"""Search all versions, old and new: words, "a phrase", prefix*, -without.

    \b
    wirecopy search border talks
    wirecopy search '"joint statement" -opinion'
    """
    from archive.api import Archive
    from db.questions.versions import SNIPPET_MARKS

    with Archive(settings.db) as archive:
        query, hits = archive.search(" ".join(words), limit=limit)
    if jsonl:
        put_lines(answers.hit(hit) for hit in hits)
        return
    if json_:
        put_json({"searched_as": query, "hits": [answers.hit(hit) for hit in hits]})
        return
    for hit in hits:
        until = "still there" if hit.newest else f"until {minute(hit.version.last_seen_at)}"
        click.echo(clean(f"{hit.version.url}@{hit.version.number}  {hit.version.title}"))
        marked = clean(hit.snippet.replace(SNIPPET_MARKS[0], "[").replace(SNIPPET_MARKS[1], "]")).replace("\n", " ")
        click.echo(f"    {minute(hit.version.first_seen_at)}, {until}: {marked}")
    say(f"{len(hits)} versions; searched as {query}")


@verb
@as_json
def status(settings: Settings, *, json_: bool) -> None:
    """Say what the archive holds, how big it is, what ran last and who is at work."""
    from archive.api import Archive

    with Archive(settings.db) as archive:
        found = archive.status(settings.wall())
    if json_:
        put_json(answers.status(found))
        return
    click.echo(f"{settings.db}")
    table([(name, f"{number:,}") for name, number in found["counts"].items()], right=(1,))
    click.echo("bytes: " + ", ".join(f"{name} {size:,}" for name, size in found["bytes"].items()))
    if found["states"]:
        click.echo("watched sources: " + ", ".join(f"{n} {state}" for state, n in found["states"].items()))
    rows = [
        (
            minute(run["started_at"]),
            run["kind"],
            "done" if run["finished_at"] else "unfinished",
            _counted(run["counts"]),
        )
        for run in found["runs"]
    ]
    table(rows, heading=("last runs (UTC)", "kind", "", "what it did"))
    for lease in found["leases"]:
        click.echo(f"at work: {lease['owner']}")


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items() if number)


@verb
@as_json
def plan(settings: Settings, *, json_: bool) -> None:
    """List what would be visited now and, for every other source, why it waits."""
    from archive.api import Archive
    from archive.plan import plan_visits

    with Archive(settings.db) as archive:
        found = plan_visits(archive.states(), now=settings.now())
    if json_:
        put_json(answers.plan(found))
        return
    table([(one.url, one.because) for one in found.visits], heading=("due now", "because"))
    if found.waiting:
        click.echo()
        rows = [(one.url, minute(one.due_at) if one.due_at else "-", one.because) for one in found.waiting]
        table(rows, heading=("waiting", "due (UTC)", "because"))
    say(f"{len(found.visits)} due, {len(found.waiting)} waiting")
