"""Verbs that look over the whole archive: search and list."""

from __future__ import annotations

import re
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

import click

from archive.api import serialize
from archive.cli.common import as_json, as_jsonl, moment, put_json, put_lines, recorded_option, verb
from archive.cli.history import met_since
from archive.cli.output import between, bold, clean, columns, count, dim, fold, minute, say
from db.errors import NotArchived
from db.records import Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from archive.api import Archive
    from archive.settings import Settings
    from db.records import Cluster, Folded, Match, Version

_UNWANTED = re.compile("-[^-].")
T = TypeVar("T")
_MORE = 4
_ALIKE = ("exact", "near", "reworded")

unique_option = click.option(
    "--unique",
    type=click.Choice(_ALIKE),
    help="Of copies of one text show one, with the number and kinds of the others; how alike they are: reworded unless "
    "said otherwise.",
)


class Unique(click.Command):
    """Takes ``--unique`` without a value, whatever comes next, unless that is one of its values."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it, with what ``--unique`` means said."""
        pairs = zip_longest(args, args[1:], fillvalue="")
        said = [f"{each}={_ALIKE[-1]}" if each == "--unique" and after not in _ALIKE else each for each, after in pairs]
        return super().parse_args(ctx, said)


class _Words(Unique):
    """Takes ``-without`` for a word, not for a bundle of options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it, with such words behind a ``--``."""
        unwanted = [each for each in args if _UNWANTED.match(each)]
        if not unwanted or "--" in args:
            return super().parse_args(ctx, args)
        return super().parse_args(ctx, [*(each for each in args if each not in unwanted), "--", *unwanted])


@partial(verb, cls=_Words)
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="At most so many hits.")
@click.option("--as-of", metavar="WHEN", help="Only what stood there at this instant (a day means its end, UTC).")
@click.option("--gone", is_flag=True, help="Only what an article said once and no longer says.")
@unique_option
@as_jsonl
@as_json
def search(
    settings: Settings,
    words: tuple[str, ...],
    *,
    limit: int,
    as_of: str | None,
    gone: bool,
    unique: str | None,
    jsonl: bool,
    json_: bool,
) -> None:
    r"""Search all versions, also for what is gone.

    Words must all occur. Every sign that is not named here is text.

    \b
    "a phrase"   prefix*   -without   this OR that   title:word   near:"two words"~5
    site:daily.example   site:daily.example/sport   after:2021-10   before:2021-10-08   (first seen)

    \b
    wirecopy search border talks
    wirecopy search ferry OR boat site:daily.example after:2021
    wirecopy search '"joint statement" -opinion'
    wirecopy search harbour --gone
    wirecopy search harbour --unique          of copies of one text the probable original
    """
    from archive.api import Archive

    at = moment(as_of, settings)
    with Archive(settings.db) as archive:
        query, hits = _search(archive, " ".join(words), unique, limit=limit, at=at, gone=gone)
        said = [] if json_ or jsonl else [hit.version for hit, _ in hits if hit.absent_since is None]
        missing = _gone(archive, said, at)
    told = (serialize.hit(hit) | _copies(unique, folded) for hit, folded in hits)
    if jsonl:
        put_lines(told)
        return
    if json_:
        put_json({"searched_as": query, "hits": list(told)})
        return
    for hit, folded in hits:
        _print_hit(hit, folded, missing.get(hit.version.url))
    say(f"{count(len(hits), 'version')}; searched as {query}")


def _search(
    archive: Archive, words: str, unique: str | None, *, limit: int, at: datetime | None, gone: bool
) -> tuple[str, list[tuple[Match, Folded | None]]]:
    """The hits, each with what it stands for; more are asked for until enough are left after folding."""
    if unique is None:
        query, hits = archive.search(words, limit=limit, at=at, gone=gone)
        return query, [(hit, None) for hit in hits]
    clusters = archive.clusters(how=Relation(unique), at=at, evidence=False)
    asked = _MORE * limit  # an original that ranks below its copies is to be found among the hits
    while True:
        query, hits = archive.search(words, limit=asked, at=at, gone=gone)
        folded = _fold(hits, lambda hit: hit.version.url, clusters)
        if len(folded) >= limit or len(hits) < asked:
            return query, folded[:limit]
        asked *= 2


def _fold(items: Sequence[T], url_of: Callable[[T], str], clusters: Sequence[Cluster]) -> list[tuple[T, Folded | None]]:
    from archive.copies import fold

    return fold(items, url_of, clusters)


def _copies(unique: str | None, folded: Folded | None) -> dict[str, object]:
    """What ``--unique`` adds to an answer."""
    return {} if unique is None else {"copies": serialize.folded(folded)}


def _with_copies(folded: Folded | None) -> str:
    """The copies beside the one that is shown, in words."""
    if folded is None:
        return ""
    others = "1 copy" if folded.copies == 1 else f"{folded.copies} copies"
    return f"{others} beside it: {', '.join(f'{number} {kind}' for kind, number in folded.kinds)}"


def _gone(archive: Archive, found: Iterable[Version], at: datetime | None) -> dict[str, tuple[datetime, datetime]]:
    """When articles were last seen and since when they are confirmed to be gone, by address.

    ``at``: those that were gone at that instant, after the versions ``found``.
    """
    gone = {}
    for version in found:
        told = archive.history(version.url)[1]
        last = told.versions[-1] if at is None else version
        missed = [run for run in met_since(told, last, at) if run.confirmed]
        if missed:
            gone[version.url] = last.last_seen_at, missed[-1].first_seen_at
    return gone


def _print_hit(hit: Match, folded: Folded | None, gone: tuple[datetime, datetime] | None) -> None:
    from db.records import SNIPPET_MARKS

    snippet = hit.snippet.replace(SNIPPET_MARKS[0], "[").replace(SNIPPET_MARKS[1], "]").replace("\n", " ")
    click.echo(fold(bold(clean(hit.version.title))))
    click.echo(dim(clean(f"{hit.version.url}@{hit.version.number}")))
    stood = f"since {minute(hit.present_from)}"
    if hit.absent_since is not None:
        stood = f"{between(hit.present_from, hit.present_to)}, absent since version {hit.absent_since}"
    elif gone is not None:
        stood = f"{between(hit.present_from, gone[0])}, gone since {minute(gone[1])}"
    for since, until in hit.gone_between:
        stood += f", but gone between {minute(since)} and {minute(until)}"
    click.echo(fold(f"{stood}: {clean(snippet)}", first="  ", then="  "))
    if beside := _with_copies(folded):
        click.echo(fold(beside, first="  ", then="  "))
    click.echo()


@partial(verb, cls=Unique)
@click.argument("group", required=False)
@click.option("--as-of", metavar="WHEN", help="What stood there at this instant (a day means its end, UTC).")
@recorded_option
@unique_option
@as_jsonl
@as_json
def list_(
    settings: Settings,
    group: str | None,
    *,
    as_of: str | None,
    recorded: str | None,
    unique: str | None,
    jsonl: bool,
    json_: bool,
) -> None:
    r"""List every article with the version that stands, or stood at an instant.

    GROUP is a heading of the seed index, or a seed as group/name.

    \b
    wirecopy list
    wirecopy list --as-of 2026-01-05T12:00Z
    wirecopy list --unique=near               of copies of one text the probable original
    """
    from archive.api import Archive

    at = moment(as_of, settings)
    with Archive(settings.db) as archive:
        found = archive.articles(at=at, recorded=moment(recorded, settings), group=group)
        clusters = () if unique is None else archive.clusters(how=Relation(unique), at=at, evidence=False)
        if group is not None and not found and not archive.is_watched(group):
            raise NotArchived(f"no group or seed {group!r} is watched. See: wirecopy plan")
    shown = _fold(found, lambda each: each[0].url, clusters) if unique else [(each, None) for each in found]
    told = (serialize.article(*each) | _copies(unique, folded) for each, folded in shown)
    if jsonl:
        put_lines(told)
    elif json_:
        put_json({"articles": list(told)})
    else:
        _print_list([(version, folded) for (version, _), folded in shown])
        hidden = len(found) - len(shown)
        say(count(len(shown), "article") + (f"; {hidden:,} more behind them" if hidden else ""))


def _print_list(shown: Sequence[tuple[Version, Folded | None]]) -> None:
    lines = columns(
        [(version.number, minute(version.first_seen_at), minute(version.last_seen_at)) for version, _ in shown],
        heading=("v", "first seen (UTC)", "last seen"),
        right=(0,),
    )
    for heading in lines[:1]:
        click.echo(heading)
    for line, (version, folded) in zip(lines[1:], shown, strict=True):
        click.echo(fold(f"{line}  {bold(clean(version.title))}", then="   "))
        click.echo(fold(dim(clean(version.url)), first="   ", then="   "))
        if beside := _with_copies(folded):
            click.echo(fold(beside, first="   ", then="   "))
