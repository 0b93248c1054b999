"""The verb that moves saved pages into an object store, and back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from archive.cli.common import verb
from archive.cli.output import count, format_size, say
from db.errors import BadInput

if TYPE_CHECKING:
    from archive.settings import Settings
    from db.records import PacksResult


@verb
@click.option("--all", "everything", is_flag=True, help="Move the pages of the last week too, and fill no pack.")
@click.option("--back", is_flag=True, help="Move all pages from the packs into the archive again.")
def offload(settings: Settings, *, everything: bool, back: bool) -> None:
    r"""Move saved pages out of the archive, into a bucket or a folder on another disk.

    The place is the setting objects: s3://bucket/folder, gs://, az:// or file:///folder. Pages are moved in packs of
    32 MB. A pack is written, read back and compared before its pages leave the archive. Everything else reads them
    where they are. The upkeep that wirecopy up runs every night does the same.

    The file does not shrink: new pages use the free space. wirecopy backup --compact writes a smaller file. A backup
    does not have the packs in it.

    \b
    wirecopy offload             pages older than a week
    wirecopy offload --back      undo it
    """
    from archive.api import packs

    if everything and back:
        raise BadInput("--all and --back contradict each other: move pages out of the archive, or back")
    if back:
        totals = packs.move_back(settings, progress=_show_progress)
        text = f"Moved {count(totals.payloads, 'page')} ({format_size(totals.bytes)}) back into the archive."
    else:
        totals = packs.move_to_packs(settings, everything=everything, progress=_show_progress)
        text = (
            f"Moved {count(totals.payloads, 'page')} ({format_size(totals.bytes)}) into "
            f"{count(totals.written, 'pack')} at {settings.objects}."
        )
        if not totals.written:
            text = "Moved nothing: pages older than a week do not fill a pack (16 MB). For all: wirecopy offload --all"
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    say(text + (f" Deleted {count(totals.deleted, 'pack')} of no use." if totals.deleted else ""))


def _show_progress(totals: PacksResult) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{count(totals.payloads, 'page')}, {format_size(totals.bytes)}\x1b[K", err=True, nl=False)
