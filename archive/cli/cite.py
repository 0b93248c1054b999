"""Verbs for a lasting reference, and for its opposite: cite, forget, hold."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from archive.api import serialize
from archive.cli.common import as_json, person, print_json, verb
from archive.cli.output import bold, count, print_facts, sanitize, say, warn, wrap
from db.dialect.server_address import is_server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from archive.api.curation import Forgotten
    from archive.settings import Settings
    from db.records import Citation


@verb
@click.argument("ref", metavar="URL[@N|@T]")
@click.option("--raw", is_flag=True, help="Write the bytes of the cited page, to check their digest.")
@as_json
def cite(settings: Settings, ref: str, *, raw: bool, json_: bool) -> None:
    r"""Print a citation for a footnote, with digests and the commands that check it.

    It names an address, a time and digests. These never change, while version numbers may shift when older captures
    are added.

    \b
    wirecopy cite https://daily.example/border-talks@2026-01-05T09:00Z
    wirecopy cite https://daily.example/border-talks@2026-01-05T09:00Z --raw | sha256sum
    """
    from archive.api import Archive
    from archive.api.version_ref import parse_ref

    with Archive(settings.db) as archive:
        citation = archive.cite(parse_ref(ref, now=settings.local_now()))
        if raw:
            sys.stdout.buffer.write(archive.payload(citation.capture))
            return
    if json_:
        print_json(serialize.citation(citation))
    else:
        _print_citation(citation)


def _print_citation(citation: Citation) -> None:
    captured_at = serialize.citation(citation)["captured_at"]
    pointer = f"{citation.capture.url}@{captured_at}"
    click.echo(wrap(bold(sanitize(citation.title))))
    print_facts(
        [
            ("address", citation.url),
            ("archived", captured_at),
            ("page", f"sha256 {citation.capture.payload_sha256}"),
            ("text", f"sha256 {citation.text_sha256}"),
            ("hash chain", f"number {citation.link.position}, sha256 {citation.link.link}"),
            ("check with", f"wirecopy cite '{pointer}' --raw | sha256sum\nwirecopy verify"),
        ]
    )


@verb
@click.argument("url")
@click.option("--yes", is_flag=True, help="Delete now. Without it, only show what would be deleted.")
@click.option("--allow-again", "--lift", "allow_again", is_flag=True, help="Let a forgotten address be archived again.")
def forget(settings: Settings, url: str, *, yes: bool, allow_again: bool) -> None:
    r"""Delete an article permanently, for example because somebody asked for it.

    Deletes its pages, texts, versions and matches under every address it had, and overwrites their bytes. A record
    that it was deleted stays, and the address is not archived again. Content that other articles share is kept.

    \b
    wirecopy forget https://daily.example/border-talks          show what would be deleted
    wirecopy forget https://daily.example/border-talks --yes
    """
    from archive.api import Archive, curation

    if allow_again:
        was_forgotten = curation.lift(settings, url, actor=person())
        say(f"{url} may be archived again." if was_forgotten else f"{url} was never deleted; nothing to do.")
    elif yes:
        _print_forgotten(curation.forget(settings, url, actor=person()), settings.db)
        _purge_packs(settings)
    else:
        with Archive(settings.db) as archive:
            checks, addresses = len(archive.captures(url)), archive.addresses(archive.source(url).id)
        click.echo(sanitize("\n".join(addresses)))
        _print_spares(curation.files_with(settings.db, addresses))
        say(f"Nothing deleted yet. To delete {count(checks, 'capture')} permanently: wirecopy forget {url} --yes")


def _print_forgotten(forgotten: Forgotten, db: Path) -> None:
    for tombstone in forgotten.graves:
        say(f"Deleted {tombstone.url} with {count(tombstone.captures, 'capture')}.")
    if forgotten.unsalted:
        say(
            f"{count(forgotten.unsalted, 'capture')} of an older wirecopy had no salt: whoever has the page and its "
            "time can confirm that it was here."
        )
    if is_server(db):
        say("The server's write-ahead log, replicas and backups contain the deleted bytes until they expire there.")
    if not forgotten.emptied:
        say("Other programs are reading the archive. Its log file may contain the deleted bytes until they end.")
    _print_spares(forgotten.spares)


def _purge_packs(settings: Settings) -> None:
    """Delete from packs what is no longer in the archive, or name what prevents it."""
    from archive.api.packs import purge_packs

    if problem := purge_packs(settings):
        warn(f"packs outside the archive still have the deleted bytes: {problem}. Then run: wirecopy offload")


def _print_spares(spares: Sequence[Path]) -> None:
    """Name the files that forgetting does not touch. Those elsewhere are not known."""
    if spares:
        paths = "".join(f"\n{path}" for path in spares)
        say(f"These files still contain it, or may. Delete them if they must not, and make a new backup:{paths}")
    say("Exports, evidence files and copies in other places are not known here.")


@verb
@click.argument("url", required=False)
@click.option("--note", default="", help="Why it must be kept: a case, a date.")
@click.option("--release", is_flag=True, help="End the hold. The article may be deleted again.")
@as_json
def hold(settings: Settings, url: str | None, *, note: str, release: bool, json_: bool) -> None:
    r"""Keep an article: nothing of it can be deleted before the hold is released.

    For a court case or a complaint. Without URL, list all holds.

    \b
    wirecopy hold https://daily.example/border-talks --note "case 17/26"
    wirecopy hold https://daily.example/border-talks --release
    wirecopy hold
    """
    from archive.api import curation
    from archive.timestamps import iso

    if url is not None:
        if release:
            number = curation.release(settings, url, actor=person())
            say(f"Released {url}. It may be deleted again." if number else f"{url} was not on hold; nothing to do.")
        else:
            is_new = curation.hold(settings, url, note=note, actor=person())
            say(f"{url} is on hold. It cannot be deleted until you release it." if is_new else f"{url} was on hold.")
        return
    if release:
        raise click.UsageError("name the article whose hold ends: wirecopy hold URL --release")
    rows = [{"url": row.url, "since": iso(row.held_at), "note": row.note} for row in curation.holds(settings.db)]
    if json_:
        print_json({"holds": rows})
        return
    for row in rows:
        click.echo(sanitize(f"{row['since']}  {row['url']}" + (f"  {row['note']}" if row["note"] else "")))
    if not rows:
        say("Nothing is on hold.")
