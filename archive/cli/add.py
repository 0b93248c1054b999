"""The verb add: visit addresses once, say what they are, and write their rows into the seed index."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import PROBLEMS, as_json, person, print_json, verb
from archive.cli.output import bold, count, sanitize, say, warn, wrap
from archive.cli.wording import describe_state
from db.errors import BadInput
from db.records import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.pipeline.add_seeds import Addition
    from archive.seeds.address_lists import ListedAddress
    from archive.settings import Settings
    from db.records import Every


@verb
@click.argument("urls", nargs=-1, metavar="[URL|FILE]...")
@click.option("--file", "files", multiple=True, metavar="FILE", help="A list of addresses; - is standard input.")
@click.option(
    "--kind",
    type=click.Choice(["article", "feed", "sitemap", "section", "timemap"]),
    help="Do not visit the addresses, add them as this kind. article: one page. feed, sitemap, section: a list, whose "
    "articles are watched too. timemap: a list of copies in a web archive.",
)
@click.option("--group", default="added", show_default=True, help="Heading in the index to put it under.")
@click.option("--every", metavar="TIME", help="How often to check: 1h, 30m, 2d, auto or once. Default: the group's.")
@click.option("--dry-run", is_flag=True, help="Only say what would be added.")
@as_json
def add(
    settings: Settings,
    urls: tuple[str, ...],
    *,
    files: tuple[str, ...],
    kind: str | None,
    group: str,
    every: str | None,
    dry_run: bool,
    json_: bool,
) -> int:
    r"""Add addresses to the seed index, the list of what is watched.

    Each address is visited once, to see if it is an article, a feed, a sitemap, or a page that lists articles. It may
    lack its https://. FILE is a list: lines, CSV, OPML, or the bookmarks of a browser. Without arguments the list is
    read from standard input. One bad address costs no other. Exit code 1 means that some were not added.

    \b
    wirecopy add https://news.example/border-talks
    wirecopy add news.example --group news --every 1h
    wirecopy add --file feeds.opml
    pbpaste | wirecopy add
    """
    from archive.pipeline.add_seeds import Choices, add_seeds
    from db.records import SeedKind

    entries, problems = _entries(urls, files)
    choices = Choices(
        group=group,
        kind=SeedKind(kind) if kind else None,
        every=None if every is None else _parsed_every(every),
        dry_run=dry_run,
    )
    additions = asyncio.run(add_seeds(settings, entries, choices, actor=person()))
    if not dry_run:
        _warn_of_audit(settings)
    if json_:
        rows = [_to_json(addition) for addition in additions]
        print_json({"additions": rows, "problems": problems})
    else:
        _print_additions(additions, problems, settings, dry_run=dry_run)
    return PROBLEMS if problems or any(addition.status == "refused" for addition in additions) else 0


def _to_json(addition: Addition) -> dict[str, str | None]:
    return {
        "text": addition.text,
        "url": addition.url,
        "status": addition.status,
        "kind": addition.kind,
        "because": _words(addition.because),
        "title": addition.title,
    }


def _warn_of_audit(settings: Settings) -> None:
    """Warn if the rows are added and the audit could not be written."""
    from archive.api.index_changes import cut_off_change

    if cut_off_change(settings.index) is not None:
        warn("the rows are added; the next change or run notes them in the audit, which could not be written now")


def _parsed_every(text: str) -> Every:
    from archive.seeds.cell_values import parse_every

    try:
        return parse_every(text)
    except BadInput as error:
        raise BadInput(f"--every {text!r}: expected {error}") from None


def _entries(urls: Sequence[str], files: Sequence[str]) -> tuple[list[ListedAddress], list[str]]:
    """Return the entries of the arguments and lists, and a sentence for each list that could not be read."""
    from archive.seeds.address_lists import ListedAddress, read_address_list

    if not urls and not files and sys.stdin.isatty():
        raise BadInput("give an address, or a list with --file; for example: wirecopy add https://news.example/talks")
    entries: list[ListedAddress] = []
    problems: list[str] = []
    lists = list(files) if urls or files else ["-"]
    for text in urls:
        if "://" not in text and Path(text).is_file():
            lists.append(text)
        else:
            entries.append(ListedAddress(text))
    for name in lists:
        try:
            data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
            entries += read_address_list(data, name="standard input" if name == "-" else name)
        except BadInput as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{name}: cannot be read ({error.strerror})")
    return entries, problems


def _words(because: str) -> str:
    """Return a sentence with the names of reasons in plain words."""
    first, separator, rest = because.partition(" (")
    head, colon, name = first.rpartition(": ")
    word = name.partition(";")[0]
    if word in [str(reason) for reason in Reason]:
        return f"{head}{colon}{describe_state(word)}{name[len(word) :]}{separator}{rest}"
    return because


def _print_additions(
    additions: Sequence[Addition], problems: Sequence[str], settings: Settings, *, dry_run: bool
) -> None:
    words = {"added": "would add" if dry_run else "added", "known": "known", "refused": "not added"}
    for addition in additions:
        kind = f" as {addition.kind}" if addition.status == "added" else ""
        head = f"{words[addition.status]}{kind}"
        name = addition.url if addition.status == "added" else addition.text
        line = f"{head}  {name}: {_words(addition.because)}"
        click.echo(wrap(sanitize(line), then="      "))
    for problem in problems:
        click.echo(wrap(sanitize(f"not read  {problem}"), then="      "))
    numbers = {status: sum(addition.status == status for addition in additions) for status in words}
    rest = "".join(f", {numbers[status]:,} {words[status]}" for status in ("known", "refused") if numbers[status])
    done = "Would add" if dry_run else "Added"
    say(f"{bold(done)} {count(numbers['added'], 'address', 'addresses')} to {settings.index}{rest}.")
    if numbers["added"] and not dry_run:
        say("Next: wirecopy refresh")
