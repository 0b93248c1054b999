"""The verb status: size and contents of the archive, the last runs, and what is running."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.api import serialize_runs
from archive.api.empty_advice import describe_empty
from archive.cli.common import as_json, print_json, verb
from archive.cli.output import count, format_minute, format_size, print_facts
from archive.cli.wording import describe_state, future_problems
from archive.serve.wording import describe_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archive.settings import Settings
    from db.records import WorkError

_FEW = 5


@verb
@as_json
def status(settings: Settings, *, json_: bool) -> None:
    """Show the size and contents of the archive, the last runs, and what is running."""
    from archive.api import Archive, checkpoint_places

    with Archive(settings.db) as archive:
        overview = archive.status(settings.wall())
        unvisited = archive.unvisited()
        future = [problem.what for problem in future_problems(archive.future_runs(settings.now()), "")]
    empty = describe_empty(settings)
    unvisited += _count_unread_seeds(settings)
    if json_:
        print_json({**serialize_runs.status(overview), "unvisited": unvisited, "nothing": empty, "future": future})
        return
    growth = overview["growth"]
    rows = [
        ("archive", f"{settings.db}"),
        ("size", _describe_sizes(overview["bytes"])),
        ("growth", f"about {format_size(growth['bytes_per_day'])} a day" if growth["days"] else ""),
        ("contents", _describe_contents(overview["counts"])),
        (
            "last check",
            "\n".join(f"{describe_state(state)}: {number:,}" for state, number in overview["states"].items()),
        ),
        ("not visited", f"{count(unvisited, 'address', 'addresses')}. Next: wirecopy refresh" if unvisited else ""),
        ("nothing yet", _describe_empty(empty)),
        ("warnings", "\n".join([*future, *(alarm.because for alarm in overview["drift"])])),
        ("waiting", _describe_queues(overview["queues"], overview["locks"])),
        ("proofs", "\n".join(checkpoint_places.gaps(settings))),
        ("lists", "\n".join(f"{row['url']}: {row['note']}" for row in overview["lists"])),
        ("errors", _describe_errors(overview["errors"], overview["error_count"])),
        ("last runs", "\n".join(map(_describe_past_run, overview["runs"]))),
        ("running now", ", ".join(lease["owner"] for lease in overview["leases"]) or "nothing"),
    ]
    print_facts(row for row in rows if row[1])


def _count_unread_seeds(settings: Settings) -> int:
    """Return the number of seeds in the index that no run has read yet."""
    from archive.api import Archive
    from archive.seeds import load_index
    from archive.urls import url_key
    from db.errors import ArchiveError
    from db.records import SeedKind

    try:
        seeds = load_index(settings.index).seeds
    except ArchiveError:
        return 0
    keys = [url_key(seed.url) for seed in seeds if seed.kind is not SeedKind.FILE]
    with Archive(settings.db) as archive:
        known = archive.ids_of_keys(keys)
    return sum(key not in known for key in keys)


def _describe_empty(empty: Mapping[str, str]) -> str:
    lines = list(empty.values())[:_FEW]
    return "\n".join([*lines, *[f"and {len(empty) - _FEW} more: wirecopy status --json"] * (len(empty) > _FEW)])


def _describe_queues(queues: Mapping[str, Any], locks: Mapping[str, float] | None) -> str:
    """Return what waits to be read or compared, and since when. Empty if nothing does."""
    nouns = {"derive": ("page to read", "pages to read"), "link": ("text to compare", "texts to compare")}
    lines = [
        f"{count(queue['waiting'], *nouns[name])}, the first of {format_minute(queue['oldest_at'])}"
        for name, queue in queues.items()
        if queue["oldest_at"] is not None
    ]
    if locks is not None and locks["waiting"]:
        sessions = count(int(locks["waiting"]), "session")
        lines.append(f"{sessions} of the server for a lock, for up to {locks['longest_seconds']:.0f} s")
    return "\n".join(lines)


def _describe_sizes(sizes: Mapping[str, int]) -> str:
    names = {"payloads": "pages", "text": "text", "index": "index"}
    parts = [f"{word} {format_size(sizes[name])}" for name, word in names.items()]
    outside = f"; {format_size(sizes['outside'])} in packs outside" if sizes["outside"] else ""
    return f"{format_size(sizes['total'])}, of which {', '.join(parts)}{outside}"


def _describe_contents(counts: Mapping[str, int]) -> str:
    nouns = {
        "sources": ("address", "addresses"),
        "captures": ("check", "checks"),
        "payloads": ("different page", "different pages"),
        "versions": ("version", "versions"),
        "links": ("match between texts", "matches between texts"),
        "underived": ("page still to be read", "pages still to be read"),
    }
    parts = [count(counts[name], *pair) for name, pair in nouns.items() if counts.get(name)]
    return ", ".join(parts) or "nothing yet. Start with: wirecopy add URL, then wirecopy refresh"


def _describe_errors(errors: Sequence[WorkError], number: int) -> str:
    """Return the pages that could not be processed, with the cause of each."""
    lines = [f"{error.url}\n  {error.step}: {error.cause}" for error in errors[:_FEW]]
    rest = [f"and {number - _FEW} more: wirecopy status --json"] * (number > _FEW)
    retried = ["They are tried again after the next upgrade, or by: wirecopy reextract"] * bool(errors)
    return "\n".join((*lines, *rest, *retried))


def _describe_past_run(run: Mapping[str, Any]) -> str:
    unfinished = run["finished_at"] is None
    did = "" if unfinished and not run["counts"] else f": {describe_run(run['kind'], run['counts'])}"
    return f"{format_minute(run['started_at'])}  {run['kind']}{' (unfinished)' * unfinished}{did}"
