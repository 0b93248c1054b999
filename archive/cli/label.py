"""The verb label: people mark pairs of texts as copies or not, and single texts as originals or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archive.api import serialize
from archive.cli.common import as_json, person, print_json, print_json_lines, verb
from archive.cli.output import count, sanitize, say, wrap
from archive.cli.wording import describe_label, describe_original_label, describe_relation
from db.errors import BadInput, NotArchived

if TYPE_CHECKING:
    from archive.api import Archive
    from archive.settings import Settings
    from db.records import Label, Text, VersionRef

_IS_COPY = {"copy": True, "not-copy": False}


@verb
@click.argument("a", metavar="[URL[@N|@T]]", required=False)
@click.argument("b", metavar="[URL[@N|@T]]", required=False)
@click.argument("relation", metavar="[copy|not-copy]", required=False, type=click.Choice(list(_IS_COPY)))
@click.option("--original", "original", flag_value="original", help="The text at URL is the original of its copies.")
@click.option("--not-original", "original", flag_value="not-original", help="It is not the original.")
@click.option(
    "--undo-original", "original", flag_value="undo", help="Take back what was said of its being the original."
)
@click.option("--note", default="", help="Your reason, for later readers.")
@click.option("--export", is_flag=True, help="Print all labelled pairs with their texts as JSON Lines.")
@as_json
def label(
    settings: Settings,
    a: str | None,
    b: str | None,
    relation: str | None,
    *,
    original: str | None,
    note: str,
    export: bool,
    json_: bool,
) -> None:
    r"""Mark two texts as copies or not, or one as the original; without arguments, list all labels.

    Your label overrules what the archive found: wirecopy copies joins or separates the two texts accordingly, now and
    after every upgrade. The opposite label replaces it. The original of a group is the text that you name as such.

    \b
    wirecopy label https://wire.example/border-talks https://daily.example/talks not-copy --note "own reporter"
    wirecopy label https://wire.example/border-talks --original
    wirecopy label
    wirecopy label --export > pairs.jsonl
    """
    from archive.api import Archive

    if original is not None:
        _label_original(settings, a, b, original, note=note, json_=json_)
        return
    if a is not None:
        _save_label(settings, a, b, relation, note=note, json_=json_)
        return
    with Archive(settings.db) as archive:
        labels, originals = archive.labels(), archive.original_labels()
        if export:
            print_json_lines(
                serialize.labelled_pair(pair, _text_of(archive, pair.a), _text_of(archive, pair.b)) for pair in labels
            )
            return
    if json_:
        originals_json = [serialize.original_label(row) for row in originals]
        print_json({"labels": [serialize.label(pair) for pair in labels], "originals": originals_json})
        return
    for line in (*map(_describe, labels), *map(describe_original_label, originals)):
        click.echo(wrap(sanitize(line), then="  "))
    total = len(labels) + len(originals)
    say(f"{count(total, 'label')}." if total else "No labels yet. Add one: wirecopy label URL URL copy")


def _label_original(
    settings: Settings, url: str | None, other: str | None, word: str, *, note: str, json_: bool
) -> None:
    from archive.api import curation
    from archive.api.version_ref import parse_ref

    if url is None or other is not None:
        raise BadInput(f"the original is one text: wirecopy label URL --{word.replace('undo', 'undo-original')}")
    ref = parse_ref(url, now=settings.local_now())
    if word == "undo":
        dropped = curation.forget_original(settings, ref.url, actor=person())
        say(f"Took back {count(dropped, 'label')}." if dropped else "Nothing was said of its being the original.")
        return
    saved, is_new = curation.label_original(settings, ref, original=word == "original", note=note, actor=person())
    if json_:
        print_json({"labels": [], "originals": [serialize.original_label(saved)]})
    else:
        say(f"{'Saved' if is_new else 'Already saved'}: {describe_original_label(saved)}.")


def _save_label(settings: Settings, a: str, b: str | None, relation: str | None, *, note: str, json_: bool) -> None:
    from archive.api import curation
    from archive.api.version_ref import parse_ref

    if b is None or relation is None:
        raise BadInput("a label needs two addresses and a word: wirecopy label URL URL copy, or not-copy at the end")
    first, second = (parse_ref(ref, now=settings.local_now()) for ref in (a, b))
    saved, is_new = curation.label(settings, first, second, copy=_IS_COPY[relation], note=note, actor=person())
    if json_:
        print_json({"labels": [serialize.label(saved)]})
    else:
        say(f"{'Saved' if is_new else 'Already saved'}: {_describe(saved)}.")


def _describe(pair: Label) -> str:
    """Return a label and what the archive found without it, in words."""
    machine = "no match" if pair.machine is None else describe_relation(pair.machine)
    return f"{describe_label(pair)}; wirecopy found: {machine}"


def _text_of(archive: Archive, ref: VersionRef) -> Text | None:
    """Return the labelled text, or None if no history shows it any more and it is no longer stored."""
    try:
        return archive.text_by_digest(ref.text_sha256)
    except NotArchived:
        return None
