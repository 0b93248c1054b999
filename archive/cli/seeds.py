"""Verbs of what is watched: init, add, check, plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import PROBLEMS, as_json, put_json, verb
from archive.cli.output import bold, clean, count, fold, minute, say

if TYPE_CHECKING:
    from archive.settings import Settings
    from db.records import Budget, Plan

_SETTINGS = """\
# Told to every site that is visited, so that its people can reach you. Without it the open web is not visited.
# contact = "you@example.org"
"""


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path | None) -> None:
    r"""Make an archive of your own here, or in FOLDER.

    Writes seeds/INDEX.md (what to watch), wirecopy.toml (who you are) and an empty archive. What is there stays.

    \b
    wirecopy init
    wirecopy add https://news.example/feed.xml --kind feed
    wirecopy refresh
    """
    from archive.seeds import EXAMPLE_INDEX
    from archive.settings import FILE_NAME, load_settings
    from db.maintenance import upgrade

    settings = load_settings({}, start=(folder or Path.cwd()).absolute())
    root = (folder or Path.cwd()).absolute()
    (root / "seeds").mkdir(parents=True, exist_ok=True)
    _write(root / "seeds" / "INDEX.md", EXAMPLE_INDEX)
    _write(root / FILE_NAME, _SETTINGS)
    db = root / "data" / "archive.db" if settings.root != root else settings.db
    upgrade(db)
    click.echo(f"archive {db}")
    say(f"next: say who you are in {FILE_NAME}, then wirecopy add URL, then wirecopy refresh")


def _write(path: Path, text: str) -> None:
    if path.exists():
        say(f"{path} is there already and stays as it is")
        return
    path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {path}")


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
    from archive.seeds import add_row, load_index
    from db.records import SeedKind

    load_index(settings.index)  # says what is wrong with a file that is missing or cannot be read
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
    """List what is wrong with the seed index, line by line.

    Each complaint names what was expected, with an example. Ends 1 if there are any.
    """
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
            click.echo(fold(str(complaint), then="  "))
        say(f"{count(len(found.seeds), 'seed')}, {count(len(found.complaints), 'complaint')} in {settings.index}")
    return PROBLEMS if found.complaints else 0


@verb
@as_json
def plan(settings: Settings, *, json_: bool) -> None:
    """List what would be visited now, and why the rest waits.

    Of a group with a budget it also says what follows from it: its articles wait until so many unseen edits (tau) are
    to be expected.
    """
    from archive.api import Archive, serialize

    with Archive(settings.db) as archive:
        found = archive.plan(settings.now())
    if json_:
        put_json(serialize.plan(found))
        return
    for budget in found.budgets:
        click.echo(fold(_in_words(budget), then="  "))
    for because, urls in _by_reason(found).items():
        click.echo(fold(bold(clean(because))))
        for url in urls:
            click.echo(clean(f"  {url}"))
    fresh = _not_taken_up(settings, found)
    say(
        f"{len(found.visits)} due, {len(found.waiting)} waiting"
        + (f"; {count(len(fresh), 'new seed')} of the index will be visited by the next wirecopy refresh" * bool(fresh))
    )


def _in_words(budget: Budget) -> str:
    """A group's budget and what follows from it."""
    from archive.crawl.frontier.change_rate import TAU

    wait = f"tau {budget.tau:.3g}" if budget.tau > TAU else f"tau {TAU:.3g}, as without it"
    spent = f"{count(budget.expected, 'visit')} expected in the next day, {budget.spent} made in the last"
    short = "; lists, fixed gaps, first visits and failing pages alone need more" * (budget.expected > budget.visits)
    return f"budget of {budget.group}: {count(budget.visits, 'visit')} a day, {wait}; {spent}{short}"


def _by_reason(found: Plan) -> dict[str, list[str]]:
    """Addresses under what is to be said of them, in the plan's order: one reason often holds for many."""
    said: dict[str, list[str]] = {}
    for visit in found.visits:
        said.setdefault(f"now: {visit.because}", []).append(visit.url)
    for one in found.waiting:
        when = f"{minute(one.due_at)} UTC" if one.due_at else "not by itself"
        said.setdefault(f"{when}: {one.because}", []).append(one.url)
    return said


def _not_taken_up(settings: Settings, found: Plan) -> list[str]:
    """Seeds of the index that no run has seen yet; the archive learns of them with the next refresh."""
    from archive.seeds import load_index
    from archive.urls import url_key
    from db.errors import ArchiveError

    known = {url_key(url) for url in (*(visit.url for visit in found.visits), *(wait.url for wait in found.waiting))}
    try:
        return [seed.url for seed in load_index(settings.index).seeds if url_key(seed.url) not in known]
    except ArchiveError:
        return []
