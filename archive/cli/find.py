"""Verbs that look over the whole archive: search and list."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import click

from archive import answers
from archive.cli.common import as_json, as_jsonl, moment, put_json, put_lines, recorded_option, verb
from archive.cli.screen import between, bold, clean, columns, count, dim, fold, minute, say

if TYPE_CHECKING:
    from archive.settings import Settings
    from db.questions.versions import Match

_UNWANTED = re.compile("-[^-].")


class _Words(click.Command):
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
@as_jsonl
@as_json
def search(
    settings: Settings,
    words: tuple[str, ...],
    *,
    limit: int,
    as_of: str | None,
    gone: bool,
    jsonl: bool,
    json_: bool,
) -> None:
    r"""Search all versions, also for what is gone.

    Words must all occur; "a phrase", prefix* and -without are understood, every other sign is text.

    \b
    wirecopy search border talks
    wirecopy search '"joint statement" -opinion'
    wirecopy search harbour --gone
    """
    from archive.api import Archive

    with Archive(settings.db) as archive:
        query, hits = archive.search(" ".join(words), limit=limit, at=moment(as_of, settings), gone=gone)
    if jsonl:
        put_lines(answers.hit(hit) for hit in hits)
        return
    if json_:
        put_json({"searched_as": query, "hits": [answers.hit(hit) for hit in hits]})
        return
    for hit in hits:
        _print_hit(hit)
    say(f"{count(len(hits), 'version')}; searched as {query}")


def _print_hit(hit: Match) -> None:
    from db.questions.versions import SNIPPET_MARKS

    snippet = hit.snippet.replace(SNIPPET_MARKS[0], "[").replace(SNIPPET_MARKS[1], "]").replace("\n", " ")
    click.echo(fold(bold(clean(hit.version.title))))
    click.echo(dim(clean(f"{hit.version.url}@{hit.version.number}")))
    stood = f"since {minute(hit.present_from)}"
    if hit.absent_since is not None:
        stood = f"{between(hit.present_from, hit.present_to)}, absent since version {hit.absent_since}"
    click.echo(fold(f"{stood}: {clean(snippet)}\n", first="  ", then="  "))


@verb
@click.argument("group", required=False)
@click.option("--as-of", metavar="WHEN", help="What stood there at this instant (a day means its end, UTC).")
@recorded_option
@as_jsonl
@as_json
def list_(
    settings: Settings, group: str | None, *, as_of: str | None, recorded: str | None, jsonl: bool, json_: bool
) -> None:
    r"""List every article with the version that stands, or stood at an instant.

    GROUP is a heading of the seed index, or a seed as group/name.

    \b
    wirecopy list
    wirecopy list --as-of 2026-01-05T12:00Z
    """
    from archive.api import Archive

    with Archive(settings.db) as archive:
        found = archive.articles(at=moment(as_of, settings), recorded=moment(recorded, settings), group=group)
    if jsonl:
        put_lines(answers.article(version, held_in) for version, held_in in found)
        return
    if json_:
        put_json({"articles": [answers.article(version, held_in) for version, held_in in found]})
        return
    lines = columns(
        [(version.number, minute(version.first_seen_at), minute(version.last_seen_at)) for version, _ in found],
        heading=("v", "first seen (UTC)", "last seen"),
        right=(0,),
    )
    for heading in lines[:1]:
        click.echo(heading)
    for line, (version, _) in zip(lines[1:], found, strict=True):
        click.echo(f"{line}  {bold(clean(version.title))}")
        click.echo(fold(dim(clean(version.url)), first="   ", then="   "))
    say(count(len(found), "article"))
