"""Verbs about what is watched: init, add, check, plan."""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import PROBLEMS, as_json, print_json, print_json_lists, verb
from archive.cli.output import (
    bold,
    count,
    format_stamp,
    print_blocks,
    sanitize,
    say,
    terminal_width,
    uses_colour,
    warn,
    wrap,
)
from archive.cli.wording import rendering_problem

if TYPE_CHECKING:
    from archive.settings import Settings
    from db.records import Budget, Plan, Seed

_NEW = "new in the seed index"  # the reason why `plan` lists a seed that no refresh has read yet
_SETTINGS = """\
# wirecopy sends this address to every site it fetches from, so that the owners of the site can reach you. Without it
# nothing is fetched from the open web.
# contact = "you@example.org"
"""


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path | None) -> None:
    r"""Create your own archive here, or in FOLDER.

    Writes seeds/INDEX.md (what to watch), wirecopy.toml (your contact address) and an empty archive. Writes
    prefect.yaml, prefect.toml and flows/ too: only `prefect deploy`, to a Prefect server of your own, needs them.
    Existing files stay unchanged.

    \b
    wirecopy init
    wirecopy add https://news.example/feed.xml
    wirecopy refresh
    """
    from archive.resources import deployment_files
    from archive.seeds import EXAMPLE_INDEX
    from archive.settings import FILE_NAME, load_settings
    from db.maintenance import upgrade

    settings = load_settings({}, start=(folder or Path.cwd()).absolute())
    root = (folder or Path.cwd()).absolute()
    (root / "seeds").mkdir(parents=True, exist_ok=True)
    _write(root / "seeds" / "INDEX.md", EXAMPLE_INDEX)
    _write(root / FILE_NAME, _SETTINGS)
    for name, text in deployment_files().items():
        _write(root / name, text)
    db = root / "data" / "archive.db" if settings.root != root else settings.db
    upgrade(db)
    click.echo(f"archive {db}")
    say(f"Next: write your contact address into {FILE_NAME}, then wirecopy add URL, then wirecopy refresh.")


def _write(path: Path, text: str) -> None:
    if path.exists():
        say(f"{path} exists already and stays unchanged.")
        return
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {path}")


@verb
@as_json
def check(settings: Settings, *, json_: bool) -> int:
    """Look for mistakes in the seed index and list them line by line.

    Every mistake comes with what was expected and an example. Exit code 1 means that there are mistakes.
    """
    from archive.seeds import load_index

    index = load_index(settings.index)
    if json_:
        rows = [
            {
                "file": mistake.file,
                "line": mistake.line,
                "problem": mistake.problem,
                "expected": mistake.expected,
                "example": mistake.example,
            }
            for mistake in index.complaints
        ]
        print_json(
            {"seeds": len(index.seeds), "complaints": rows, "browser": rendering_problem(settings, index) or None}
        )
    else:
        for mistake in index.complaints:
            click.echo(wrap(str(mistake), then="  "))
        mistakes = count(len(index.complaints), "mistake") if index.complaints else "no mistakes"
        say(f"{settings.index}: {count(len(index.seeds), 'seed')}, {mistakes}.")
        if problem := rendering_problem(settings, index):
            warn(problem)
    return PROBLEMS if index.complaints else 0


@verb
@as_json
def plan(settings: Settings, *, json_: bool) -> None:
    """List what would be checked now, and when and why the rest comes later.

    For a group with a budget it also shows the effect: articles wait until more unseen edits (tau) are expected.
    """
    from archive.api import Archive, serialize_runs
    from db.records import Plan

    planned = Plan(visits=())
    keys = _seeds_by_key(settings)
    if settings.db.exists():
        with Archive(settings.db) as archive:
            planned = archive.plan(settings.now())
            watched = {visit.source_id for visit in planned.visits} | {wait.source_id for wait in planned.waiting}
            known = {key for key, source_id in archive.ids_of_keys(list(keys)).items() if source_id in watched}
            keys = {key: seed for key, seed in keys.items() if key not in known}
    new_seeds = list(keys.values())
    if json_:
        document = serialize_runs.plan(planned)
        new_rows = [{"url": seed.url, "kind": str(seed.kind), "because": _NEW} for seed in new_seeds]
        print_json_lists({**document, "due": chain(new_rows, document["due"])})
        return
    for budget in planned.budgets:
        click.echo(wrap(_describe_budget(budget), then="  "))
    groups = {f"now: {_NEW}": [seed.url for seed in new_seeds]} if new_seeds else {}
    is_plain = terminal_width(sys.stdout) is None and not uses_colour()
    print_blocks(
        "\n".join(
            [
                sanitize(reason) if is_plain else wrap(bold(sanitize(reason))),
                *(sanitize(f"  {url}") for url in urls),
            ]
        )
        for reason, urls in (groups | _group_by_reason(planned)).items()
    )
    if groups or planned.visits or planned.waiting:
        say(f"{count(len(planned.visits) + len(new_seeds), 'page')} due now, {len(planned.waiting):,} later.")
    else:
        say("Nothing is watched. Start with: wirecopy add URL, then wirecopy refresh.")


def _describe_budget(budget: Budget) -> str:
    """Return a group's budget and its effect in words."""
    from archive.seeds.frontier.change_rate import TAU

    used = f"{budget.spent:,} used in the last day, {budget.expected:,} expected in the next"
    is_stretched = budget.tau > TAU
    effect = f"articles wait until {budget.tau:.3g} unseen edits are expected (tau; {TAU:.3g} without a budget)"
    short = ". Lists, fixed intervals, first visits and failing pages alone need more than the budget"
    return (
        f"budget of {budget.group}: {count(budget.visits, 'visit')} a day ({used}); "
        + (effect if is_stretched else f"it is large enough, tau stays {TAU:.3g}")
        + short * (budget.expected > budget.visits)
    )


def _group_by_reason(planned: Plan) -> dict[str, list[str]]:
    """Return addresses by reason, in the plan's order: many share one reason."""
    groups: dict[str, list[str]] = {}
    for visit in planned.visits:
        groups.setdefault(f"now: {visit.because}", []).append(visit.url)
    for waiting in planned.waiting:
        when = f"{format_stamp(waiting.due_at)}" if waiting.due_at else "not scheduled"
        groups.setdefault(f"{when}: {waiting.because}", []).append(waiting.url)
    return groups


def _seeds_by_key(settings: Settings) -> dict[str, Seed]:
    """Return the seeds of the index by url_key. A file of addresses has its path."""
    from archive.seeds import load_index
    from archive.urls import url_key
    from db.errors import ArchiveError
    from db.records import SeedKind

    try:
        seeds = load_index(settings.index).seeds
    except ArchiveError:
        return {}
    return {seed.url if seed.kind is SeedKind.FILE else url_key(seed.url): seed for seed in seeds}
