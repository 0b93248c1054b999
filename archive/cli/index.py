"""Verbs of the seed index: init, add, check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import PROBLEMS, as_json, put_json, say, verb

if TYPE_CHECKING:
    from archive.settings import Settings


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path | None) -> None:
    r"""Make an archive of your own here, or in FOLDER: a seed index to fill in, and an empty archive.

    \b
    wirecopy init
    wirecopy add https://news.example/feed.xml --kind feed
    wirecopy refresh
    """
    from archive.seeds import EXAMPLE_INDEX
    from archive.settings import load_settings
    from db.store import Store

    settings = load_settings({}, start=(folder or Path.cwd()).absolute())
    root = (folder or Path.cwd()).absolute()
    index = root / "seeds" / "INDEX.md"
    if index.exists():
        say(f"{index} is there already and stays as it is")
    else:
        index.parent.mkdir(parents=True, exist_ok=True)
        index.write_text(EXAMPLE_INDEX, encoding="utf-8")
        click.echo(f"wrote {index}")
    db = root / "data" / "archive.db" if settings.root != root else settings.db
    Store(db).close()
    click.echo(f"archive {db}")
    say("next: wirecopy add URL, then wirecopy refresh; say who you are first: contact in wirecopy.toml")


@verb
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option(
    "--kind",
    default="article",
    show_default=True,
    type=click.Choice(["article", "feed", "sitemap", "section", "timemap"]),
)
@click.option("--group", default="added", show_default=True, help="The heading in the index it goes under.")
def add(settings: Settings, urls: tuple[str, ...], *, kind: str, group: str) -> None:
    r"""Add addresses to the seed index.

    \b
    wirecopy add https://news.example/border-talks
    wirecopy add https://news.example/feed.xml --kind feed --group news
    """
    from archive.errors import SeedError
    from archive.seeds import add_row
    from db.records import SeedKind

    if not settings.index.is_file():
        raise SeedError(f"there is no seed index at {settings.index}. Make one: wirecopy init")
    # newline="": the line endings a person's editor wrote stay as they are.
    with settings.index.open(encoding="utf-8", newline="") as file:
        text = file.read()
    for url in urls:
        text = add_row(text, url=url, kind=SeedKind(kind), group=group)
    beside = settings.index.with_suffix(".md.new")
    beside.write_text(text, encoding="utf-8", newline="")
    beside.replace(settings.index)
    click.echo(f"{len(urls)} added to {settings.index}")


@verb
@as_json
def check(settings: Settings, *, json_: bool) -> int:
    """Read the seed index and list everything wrong with it, each with its line and a corrected example."""
    from archive.seeds import load_index

    found = load_index(settings.index)
    if json_:
        rows = [
            {"file": c.file, "line": c.line, "problem": c.problem, "expected": c.expected, "example": c.example}
            for c in found.complaints
        ]
        put_json({"seeds": len(found.seeds), "complaints": rows})
    else:
        for complaint in found.complaints:
            click.echo(str(complaint))
        say(f"{len(found.seeds)} seeds, {len(found.complaints)} complaints in {settings.index}")
    return PROBLEMS if found.complaints else 0
