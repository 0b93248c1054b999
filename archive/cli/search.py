"""Verbs over the whole archive: search and list."""

from __future__ import annotations

import re
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

import click

from archive.api import serialize
from archive.cli.common import (
    as_json,
    as_jsonl,
    known_at_option,
    parse_as_of,
    parse_when,
    print_json,
    print_json_lines,
    print_json_lists,
    say_how_to_start,
    verb,
)
from archive.cli.history import interruptions_since
from archive.cli.output import (
    bold,
    count,
    dim,
    format_minute,
    format_period,
    format_table,
    sanitize,
    say,
    time_zone,
    wrap,
)
from archive.cli.wording import describe_relation
from archive.timestamps import iso
from db.errors import NotArchived
from db.records import Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from archive.api import Archive
    from archive.settings import Settings
    from archive.versions.absences import Absence as CurrentAbsence
    from db.records import Cluster, FoldedCluster, Match, Version

    Absence = tuple[datetime, datetime]
    _Fold = tuple[tuple[Version, str], FoldedCluster | None]

_EXCLUDED = re.compile("-[^-].")
T = TypeVar("T")
_FIRST_FACTOR = 4  # hits asked for per hit wanted, when copies are folded
_SIMILARITIES = ("exact", "near", "reworded")

unique_option = click.option(
    "--unique",
    type=click.Choice(_SIMILARITIES),
    help="List each text once, as its probable original, with the number of its copies. The value says how similar "
    "copies are; without a value it is reworded, the widest.",
)


class UniqueCommand(click.Command):
    """A command whose ``--unique`` needs no value: what follows is its value only if it is one of the choices."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does, after giving a bare ``--unique`` its default value."""
        pairs = zip_longest(args, args[1:], fillvalue="")
        explicit = [
            f"{arg}={_SIMILARITIES[-1]}" if arg == "--unique" and following not in _SIMILARITIES else arg
            for arg, following in pairs
        ]
        return super().parse_args(ctx, explicit)


class _SearchCommand(UniqueCommand):
    """A command that takes ``-without`` as a word to exclude, not as a bundle of short options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does, after moving excluded words behind a ``--``."""
        excluded = [arg for arg in args if _EXCLUDED.match(arg)]
        if not excluded or "--" in args:
            return super().parse_args(ctx, args)
        return super().parse_args(ctx, [*(arg for arg in args if arg not in excluded), "--", *excluded])


@partial(verb, cls=_SearchCommand)
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--limit", metavar="N", default=20, show_default=True, type=click.IntRange(1, 1000), help="Most results to print."
)
@click.option("--as-of", metavar="WHEN", help="Search the articles as they were then (a day means its end).")
@click.option("--removed", "--gone", "removed", is_flag=True, help="Find only text that an article no longer contains.")
@unique_option
@as_jsonl
@as_json
def search(
    settings: Settings,
    words: tuple[str, ...],
    *,
    limit: int,
    as_of: str | None,
    removed: bool,
    unique: str | None,
    jsonl: bool,
    json_: bool,
) -> None:
    r"""Search every version of every article, including text that was removed later.

    A result must contain all the words. Besides words you can write:

    \b
    "a phrase"   prefix*   -without   this OR that   title:word   near:"two words"~5
    site:daily.example   site:daily.example/sport   after:2021-10   before:2021-10-08   (first seen)
    author:castellan   author:"leo castellan"   (filters may stand alone)

    \b
    wirecopy search border talks
    wirecopy search ferry OR boat site:daily.example after:2021
    wirecopy search '"joint statement" -opinion'
    wirecopy search harbour --removed
    wirecopy search harbour --unique          each text once, without its copies
    """
    from archive.api import Archive

    instant = parse_as_of(as_of, settings)
    with Archive(settings.db) as archive:
        query, hits = _search(archive, " ".join(words), unique, limit=limit, instant=instant, removed=removed)
        present = [] if json_ or jsonl else [hit.version for hit, _ in hits if hit.absent_since is None]
        absences = _absences(archive, present, instant)
    documents = (serialize.hit(hit) | _copies_field(unique, folded) for hit, folded in hits)
    if jsonl:
        print_json_lines(documents)
        return
    if json_:
        print_json({"searched_as": query, "hits": list(documents)})
        return
    for hit, folded in hits:
        _print_hit(hit, folded, absences.get(hit.version.url))
    say(f"{count(len(hits), 'result') if hits else 'No results'}, searched as {query}")
    if not hits:
        say_how_to_start(settings)


def _search(
    archive: Archive, words: str, unique: str | None, *, limit: int, instant: datetime | None, removed: bool
) -> tuple[str, list[tuple[Match, FoldedCluster | None]]]:
    """Return the parsed query and the hits, each with the copies folded into it.

    An original that ranks below its copies must be among the hits, so more are asked for until enough are left.
    """
    if unique is None:
        query, hits = archive.search(words, limit=limit, as_of=instant, removed=removed)
        return query, [(hit, None) for hit in hits]
    clusters = archive.clusters(how=Relation(unique), as_of=instant, evidence=False)
    needed = _FIRST_FACTOR * limit
    while True:
        query, hits = archive.search(words, limit=needed, as_of=instant, removed=removed)
        folded = _fold_copies(hits, lambda hit: hit.version.url, clusters)
        if len(folded) >= limit or len(hits) < needed:
            return query, folded[:limit]
        needed *= 2


def _fold_copies(
    entries: Sequence[T], url_of: Callable[[T], str], clusters: Sequence[Cluster]
) -> list[tuple[T, FoldedCluster | None]]:
    from archive.copies import fold

    return fold(entries, url_of, clusters)


def _copies_field(unique: str | None, folded: FoldedCluster | None) -> dict[str, object]:
    """Return the field that ``--unique`` adds to an answer."""
    return {} if unique is None else {"copies": serialize.folded(folded)}


def _describe_folded(folded: FoldedCluster | None) -> str:
    """Return the copies that are not listed, in words."""
    if folded is None:
        return ""
    kinds = ", ".join(f"{describe_relation(kind)}: {number}" for kind, number in folded.kinds)
    return f"and {count(folded.copies, 'copy', 'copies')} ({kinds})"


def _absences(archive: Archive, versions: Iterable[Version], instant: datetime | None) -> dict[str, Absence]:
    """Return by address when an article was last seen and since when it is confirmed gone.

    With ``instant``: only the articles that were gone then, after the given versions.
    """
    absences = {}
    for version in versions:
        _, past = archive.history(version.url)
        last = past.versions[-1] if instant is None else version
        confirmed = [run for run in interruptions_since(past, last, instant) if run.confirmed]
        if confirmed:
            absences[version.url] = last.last_seen_at, confirmed[-1].first_seen_at
    return absences


def _print_hit(hit: Match, folded: FoldedCluster | None, absence: Absence | None) -> None:
    from db.records import SNIPPET_MARKS

    snippet = hit.snippet.replace(SNIPPET_MARKS[0], "[").replace(SNIPPET_MARKS[1], "]").replace("\n", " ")
    click.echo(wrap(bold(sanitize(hit.version.title))))
    click.echo(dim(sanitize(f"{hit.version.url}@{hit.version.number}")))
    period = f"since {format_minute(hit.present_from)}"
    if hit.absent_since is not None:
        period = f"{format_period(hit.present_from, hit.present_to)}, removed in version {hit.absent_since}"
    elif absence is not None:
        period = f"{format_period(hit.present_from, absence[0])}, page gone since {format_minute(absence[1])}"
    for since, until in hit.gone_between:
        period += f", but gone between {format_minute(since)} and {format_minute(until)}"
    click.echo(wrap(f"{period}: {sanitize(snippet)}", first="  ", then="  "))
    if folded is not None:
        click.echo(wrap(_describe_folded(folded), first="  ", then="  "))
    click.echo()


@partial(verb, cls=UniqueCommand)
@click.argument("group", required=False)
@click.option("--as-of", metavar="WHEN", help="List the articles as they were then (a day means its end).")
@known_at_option
@unique_option
@as_jsonl
@as_json
def list_(
    settings: Settings,
    group: str | None,
    *,
    as_of: str | None,
    known_at: str | None,
    unique: str | None,
    jsonl: bool,
    json_: bool,
) -> None:
    r"""List every article with its newest version, or its version at an earlier time.

    GROUP is a heading of the seed index, or a seed as group/name.

    \b
    wirecopy list
    wirecopy list --as-of 2026-01-05T12:00Z
    wirecopy list --unique=near               each text once, without its nearly identical copies
    """
    from archive.api import Archive

    instant = parse_as_of(as_of, settings)
    with Archive(settings.db) as archive:
        gone = {} if instant is None else _absences_at(archive, instant)
        if group is not None and not archive.is_watched(group):
            raise NotArchived(f"there is no group or seed {group!r} in the seed index. See: wirecopy plan")
        articles = archive.stream_articles(as_of=instant, recorded=parse_when(known_at, settings), group=group)
        folds: Iterable[_Fold] = ((article, None) for article in articles)
        hidden = 0
        if unique:
            every = list(articles)
            clusters = archive.clusters(how=Relation(unique), as_of=instant, evidence=False)
            folds = _fold_copies(every, lambda article: article[0].url, clusters)
            hidden = len(every) - len(folds)
        documents = (
            serialize.article(*article) | _absence_field(gone.get(article[0].url)) | _copies_field(unique, folded)
            for article, folded in folds
        )
        if jsonl:
            print_json_lines(documents)
        elif json_:
            print_json_lists({"articles": documents})
        else:
            rows = [(version, folded) for (version, _), folded in folds]
            _print_list(rows, gone)
            without = f", without {count(hidden, 'copy', 'copies')} of them" if hidden else ""
            say(f"{count(len(rows), 'article')}{without}.")
            if not rows:
                say_how_to_start(settings)


def _absences_at(archive: Archive, instant: datetime) -> dict[str, CurrentAbsence]:
    """Return the articles that were gone at an instant, by address."""
    absences = archive.absences_at(instant)
    ids = archive.source_ids(archive.source_by_id(number).url for number in absences)
    return {url: absences[number] for url, number in ids.items()}


def _absence_field(absence: CurrentAbsence | None) -> dict[str, object]:
    return {} if absence is None else {"absent": absence.kind, "absent_from": iso(absence.since)}


def _print_list(rows: Sequence[tuple[Version, FoldedCluster | None]], gone: Mapping[str, CurrentAbsence]) -> None:
    lines = format_table(
        [
            (version.number, format_minute(version.first_seen_at), format_minute(version.last_seen_at))
            for version, _ in rows
        ],
        heading=("v", f"first seen ({time_zone()})", "last seen"),
        right=(0,),
    )
    for heading in lines[:1]:
        click.echo(heading)
    for line, (version, folded) in zip(lines[1:], rows, strict=True):
        click.echo(wrap(f"{line}  {bold(sanitize(version.title))}", then="   "))
        click.echo(wrap(dim(sanitize(version.url)), first="   ", then="   "))
        if version.url in gone:
            absence = gone[version.url]
            label = {"paywalled": "behind a paywall"}.get(absence.kind, absence.kind)
            click.echo(f"   {label} since {format_minute(absence.since)}")
        if folded is not None:
            click.echo(wrap(_describe_folded(folded), first="   ", then="   "))
