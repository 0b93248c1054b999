"""The verb evidence: a file that proves what the archive has to somebody who does not trust it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import as_json, print_json, verb
from archive.cli.output import count, say, warn
from db.errors import BadInput

if TYPE_CHECKING:
    from archive.api.version_ref import Ref
    from archive.settings import Settings


@verb
@click.argument("refs", metavar="URL[@N|@T|@A..B] [OTHER] FILE.wacz", nargs=-1, required=True)
@click.option("--most", metavar="N", type=click.IntRange(1, 20_000), default=500, show_default=True, help="Captures.")
@as_json
def evidence(settings: Settings, *, refs: tuple[str, ...], most: int, json_: bool) -> None:
    r"""Write evidence about an article, a change or a copy, for somebody who does not trust the archive.

    The file is a WACZ that viewers open. It has the captures, the texts, the proofs of the signed log, and a README.
    Anybody can check it without the archive: wirecopy-verify FILE.wacz --key KEY. Needs the extra wirecopy[warc], and a
    log (wirecopy log key) if it shall be signed.

    \b
    wirecopy evidence https://daily.example/border-talks talks.wacz
    wirecopy evidence https://daily.example/border-talks@1..2 change.wacz
    wirecopy evidence https://daily.example/border-talks https://copy.example/a copy.wacz
    """
    from archive.export import export_evidence

    if not 2 <= len(refs) <= 3:  # noqa: PLR2004  one or two articles, and the file
        raise BadInput("name an article (or two) and a file: wirecopy evidence URL [OTHER] FILE.wacz")
    subjects = [ref for text in refs[:-1] for ref in _parse(text, settings)]
    if len(subjects) > 2:  # noqa: PLR2004  A and B
        raise BadInput("evidence is about two texts at most: either URL@A..B, or two articles")
    report = export_evidence(settings.db, Path(refs[-1]), subjects, most=most)
    if json_:
        print_json({"file": refs[-1], **asdict(report)})
        return
    say(f"Wrote {count(report.captures, 'capture')} to {refs[-1]}; {report.left_out:,} left out.")
    if report.signed_by is None:
        warn("nothing in it is signed, because this archive has no log key. Make one: wirecopy log key --create NAME")
    else:
        say(f"Signed by the log {report.signed_by}. To check it: wirecopy-verify {refs[-1]} --key KEY")


def _parse(text: str, settings: Settings) -> list[Ref]:
    """Return the references in ``URL``, ``URL@N``, ``URL@T`` or ``URL@A..B``."""
    from archive.api.version_ref import parse_ref

    url, _, tail = text.rpartition("@")
    before, dots, after = tail.partition("..")
    ends = [f"{url}@{before}", f"{url}@{after}"] if url and dots and before and after and "/" not in tail else [text]
    return [parse_ref(end, now=settings.local_now()) for end in ends]
