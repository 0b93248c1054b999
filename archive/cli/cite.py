"""Verbs for what lasts, and what must not: cite, forget."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from archive.api import serialize
from archive.cli.common import as_json, put_json, verb
from archive.cli.output import bold, clean, count, facts, fold, say

if TYPE_CHECKING:
    from archive.api.curation import Forgotten
    from archive.settings import Settings
    from db.records import Citation


@verb
@click.argument("ref", metavar="URL[@N|@T]")
@click.option("--raw", is_flag=True, help="Write the cited page's bytes, to check their digest.")
@as_json
def cite(settings: Settings, ref: str, *, raw: bool, json_: bool) -> None:
    r"""Print what a footnote needs, and how to check it again.

    It speaks of an address, an instant and digests, which stay the same whatever is archived later; numbers of versions
    may shift.

    \b
    wirecopy cite https://daily.example/border-talks@2026-01-05T09:00Z
    wirecopy cite https://daily.example/border-talks@2026-01-05T09:00Z --raw | sha256sum
    """
    from archive.api import Archive
    from archive.api.version_ref import parse_ref

    with Archive(settings.db) as archive:
        found = archive.cite(parse_ref(ref, now=settings.now()))
        if raw:
            sys.stdout.buffer.write(archive.payload(found.capture))
            return
    if json_:
        put_json(serialize.citation(found))
    else:
        _print_citation(found)


def _print_citation(found: Citation) -> None:
    told = serialize.citation(found)
    pointer = f"{found.capture.url}@{told['captured_at']}"
    click.echo(fold(bold(clean(found.title))))
    facts(
        [
            ("address", found.url),
            ("archived", told["captured_at"]),
            ("page", f"sha256 {found.capture.payload_sha256}"),
            ("text", f"sha256 {found.text_sha256}"),
            ("chain", f"number {found.link.position}, sha256 {found.link.link}"),
            ("check", f"wirecopy cite '{pointer}' --raw | sha256sum\nwirecopy verify"),
        ]
    )


@verb
@click.argument("url")
@click.option("--yes", is_flag=True, help="Do it; without, only say what would go.")
@click.option("--lift", is_flag=True, help="Allow a forgotten address to be archived again.")
def forget(settings: Settings, url: str, *, yes: bool, lift: bool) -> None:
    r"""Delete an article for good, because somebody asked for it.

    Its pages, texts, versions and links go, under all addresses of its history, and their bytes are overwritten. A
    tombstone stays that says so, and the address is not archived again. What other articles show too is kept.

    \b
    wirecopy forget https://daily.example/border-talks          what would go
    wirecopy forget https://daily.example/border-talks --yes
    """
    from archive.api import Archive, curation

    if lift:
        done = curation.lift(settings, url)
        say(f"{url} may be archived again" if done else f"{url} was not forgotten; there is nothing to lift")
    elif yes:
        _tell(curation.forget(settings, url))
    else:
        with Archive(settings.db) as archive:
            checks, addresses = len(archive.captures(url)), archive.addresses(archive.source(url).id)
        click.echo(clean("\n".join(addresses)))
        say(f"{count(checks, 'capture')} would be deleted for good. To do it: wirecopy forget {url} --yes")


def _tell(done: Forgotten) -> None:
    for grave in done.graves:
        say(f"{grave.url}: forgotten, with {count(grave.captures, 'capture')}")
    if not done.emptied:
        say("others are reading the archive: the deleted bytes may stand in its log until they have ended")
    if done.spares:
        listed = "".join(f"\n{each}" for each in done.spares)
        say(f"backups made earlier still have it; delete them if they must not, and make a new one:{listed}")
