"""The verb by which people correct machines: label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive.api import serialize
from archive.cli.common import as_json, put_json, put_lines, verb
from archive.cli.output import clean, count, fold, say
from db.errors import BadInput, NotArchived

if TYPE_CHECKING:
    from archive.api import Archive
    from archive.settings import Settings
    from db.records import Label, Text, VersionRef

_WORDS = {"copy": True, "not-copy": False}


@verb
@click.argument("a", metavar="[URL[@N|@T]]", required=False)
@click.argument("b", metavar="[URL[@N|@T]]", required=False)
@click.argument("said", metavar="[copy|not-copy]", required=False, type=click.Choice(list(_WORDS)))
@click.option("--note", default="", help="Why, for who reads it later.")
@click.option("--export", is_flag=True, help="All labelled pairs with their texts, as JSON, one pair a line.")
@as_json
def label(
    settings: Settings, a: str | None, b: str | None, said: str | None, *, note: str, export: bool, json_: bool
) -> None:
    r"""Say that two texts are copies, or that they are not; without arguments, list what was said.

    What you say stands above what the archive finds: copies joins or parts the two accordingly. It is kept whatever
    recipe or method comes later. Saying the opposite replaces it.

    \b
    wirecopy label https://wire.example/border-talks https://daily.example/talks not-copy --note "own reporter"
    wirecopy label
    wirecopy label --export > pairs.jsonl
    """
    from archive.api import Archive

    if a is not None:
        _say(settings, a, b, said, note=note, json_=json_)
        return
    with Archive(settings.db) as archive:
        found = archive.labels()
        if export:
            put_lines(serialize.labelled_pair(each, _text(archive, each.a), _text(archive, each.b)) for each in found)
            return
    if json_:
        put_json({"labels": [serialize.label(each) for each in found]})
        return
    for each in found:
        click.echo(fold(clean(in_words(each))))
    click.echo(count(len(found), "label"), err=True)


def _say(settings: Settings, a: str, b: str | None, said: str | None, *, note: str, json_: bool) -> None:
    from archive.api import curation
    from archive.api.version_ref import parse_ref

    if b is None or said is None:
        raise BadInput("two texts and what they are: wirecopy label URL URL copy, or not-copy")
    first, second = (parse_ref(each, now=settings.now()) for each in (a, b))
    kept, new = curation.label(settings, first, second, copy=_WORDS[said], note=note)
    if json_:
        put_json({"labels": [serialize.label(kept)]})
    else:
        say(("" if new else "said already: ") + in_words(kept))


def in_words(each: Label) -> str:
    """A label on one line."""
    relation = "copy" if each.copy else "not-copy"
    found = "no link" if each.machine is None else str(each.machine)
    note = f" ({each.note})" if each.note else ""
    return f"{relation}: {each.a.url}@{each.a.version} and {each.b.url}@{each.b.version}{note}; found: {found}"


def _text(archive: Archive, ref: VersionRef) -> Text | None:
    """The text that was labelled; None where no history shows it any more and it is held no longer."""
    try:
        return archive.text_by_digest(ref.text_sha256)
    except NotArchived:
        return None
