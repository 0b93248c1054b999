"""Explain an address of which there is no text: how it is watched, what the last check met, and when the next is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from archive.cli.common import print_json
from archive.cli.output import bold, format_stamp, print_facts, sanitize, wrap
from archive.cli.wording import describe_state

if TYPE_CHECKING:
    from archive.api import Archive
    from archive.settings import Settings
    from db.records import Seed, Source


def explain_source(settings: Settings, text: str, *, json_: bool) -> bool:
    """Explain the address, or the key of a seed, in ``text``. False if neither the index nor the archive knows it."""
    from archive.api import Archive

    seed = _seed(settings, text)
    url = seed.url if seed else text
    if not settings.db.exists():
        facts = None
    else:
        with Archive(settings.db) as archive:
            facts = _facts(archive, settings, url, seed)
    if facts is None and seed is None:
        return False
    place = f"{settings.index.name}:{seed.line}" if seed else ""
    document: dict[str, Any] = {
        "url": url,
        "kind": str(seed.kind) if seed else None,
        "seed": seed.key if seed else None,
        "row": place or None,
        "state": "unvisited",
        "checked_at": None,
        "nothing": None,
        "next": "now: wirecopy refresh reads the new row and visits it",
        **(facts or {}),
    }
    if json_:
        print_json(document)
        return True
    rows = [
        ("watched as", ", ".join(filter(None, (document["kind"], document["seed"], place))) or "not watched"),
        ("last check", ", ".join(filter(None, (describe_state(document["state"]), document["checked_at"])))),
        ("result", document["nothing"] or ""),
        ("next check", document["next"]),
    ]
    click.echo(wrap(bold(sanitize(url))))
    print_facts(row for row in rows if row[1])
    return True


def _seed(settings: Settings, text: str) -> Seed | None:
    """Return the seed of the index that ``text`` names by address, key or name."""
    from archive.seeds import load_index
    from archive.urls import url_key
    from db.errors import ArchiveError, BadInput

    try:
        seeds = load_index(settings.index).seeds
    except ArchiveError:
        return None
    try:
        key = url_key(text)
    except BadInput:
        return next((seed for seed in seeds if text in {seed.key, seed.name, seed.url}), None)
    return next((seed for seed in seeds if "://" in seed.url and url_key(seed.url) == key), None)


def _facts(archive: Archive, settings: Settings, url: str, seed: Seed | None) -> dict[str, Any] | None:
    """Return what the archive knows of the address, None if it does not know it."""
    from archive.api.empty_advice import advice
    from archive.timestamps import iso
    from db.errors import NotArchived

    try:
        source = archive.source(url)
    except NotArchived:
        return None
    health = archive.source_health(source.id)
    last = health.checks[-1] if health.checks else None
    state = last.state if last else "unvisited"
    place = f"{settings.index.name}:{seed.line}" if seed else ""
    return {
        "url": source.url,
        "kind": str(source.kind),
        "seed": source.seed_key or (seed.key if seed else None),
        "state": "list" if state == "underived" and source.kind.is_list else state,
        "checked_at": iso(last.at) if last else None,
        "nothing": advice(health.empty, place=place) if health.empty else health.list_note or None,
        "next": _next_check(archive, settings, source),
    }


def _next_check(archive: Archive, settings: Settings, source: Source) -> str:
    """Return when the source is checked next, and why then."""
    plan = archive.plan(settings.now(), source_ids=[source.id])
    for visit in plan.visits:
        if visit.source_id == source.id:
            return f"now: {visit.because}"
    for waiting in plan.waiting:
        if waiting.source_id == source.id:
            when = f"{format_stamp(waiting.due_at)}: " if waiting.due_at else "never by itself: "
            return f"{when}{waiting.because}"
    return "never: it is in the archive, but no row of the seed index watches it"
