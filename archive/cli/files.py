"""Verbs for files and pipes: import, extract."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import PROBLEMS, as_json, put_json, verb
from archive.cli.screen import count, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.settings import Settings
    from db.records import Page


@verb
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--no-derive", is_flag=True, help="Only keep the captures; derive them with the next refresh.")
@as_json
def import_(settings: Settings, files: tuple[Path, ...], *, no_derive: bool, json_: bool) -> int:
    r"""Bring captures from files, of an archive or of your own.

    Reads .jsonl(.gz), .html, .txt, .warc(.gz) and .wacz. Importing twice changes nothing.

    \b
    wirecopy import articles.jsonl       lines {"url", "fetched_at", "html" or "text", "status"?}
    wirecopy history URL
    """
    from archive.files import import_files

    def progress(line: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{line}\x1b[K", err=True, nl=False)

    done = import_files(settings, files, derive=not no_derive, progress=progress)
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    for bad in done.bad:
        say(f"{bad.file}:{bad.line}: {bad.problem}")
    if json_:
        bad_rows = [{"file": bad.file, "line": bad.line, "problem": bad.problem} for bad in done.bad]
        counts = {"read": done.read, "new": done.new, "versions": done.versions, "links": done.links}
        put_json({"counts": counts, "bad": bad_rows})
    else:
        say(
            f"{count(done.read, 'capture')} read, {done.new} new, {count(done.versions, 'version')}, "
            + count(done.links, "link")
            + (f", {count(len(done.bad), 'line')} refused" if done.bad else "")
        )
    return PROBLEMS if done.bad else 0


@click.command()
def extract() -> int:
    r"""Take the texts out of pages: a filter, without archive or network.

    Reads lines of JSON {id, url, html, fetched_at?} on standard input and writes {id, text, title, ...} to standard
    output, in the same order.

    \b
    wirecopy extract < pages.jsonl > texts.jsonl
    """
    from collections import deque

    from archive import answers
    from archive.clean import clean
    from archive.extract.workers import Extractors

    refused: list[str] = []
    identities: deque[object] = deque()

    def pages() -> Iterator[Page]:
        for number, line in enumerate(sys.stdin.buffer, 1):
            if not line.strip():
                continue
            try:
                identity, page = _page(line)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                say(f"standard input:{number}: {_why(error)}; expected an object with id, url and html")
                refused.append(str(number))
                continue
            identities.append(identity)
            yield page

    with Extractors(workers=2) as extractors:
        for raw in extractors.map(pages()):
            click.echo(json.dumps(answers.extraction(identities.popleft(), clean(raw)), ensure_ascii=False))
    return PROBLEMS if refused else 0


def _why(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def _page(line: bytes) -> tuple[object, Page]:
    from datetime import UTC, datetime

    from archive.when import parse_stamp
    from db.records import Page as Given

    row = json.loads(line)
    if not isinstance(row, dict):
        raise TypeError("no object")
    if not isinstance(row["url"], str) or not isinstance(row["html"], str):
        raise TypeError("url or html is no text")
    fetched = row.get("fetched_at")
    # Without a time of fetching no date may be refused as lying in the future: nothing here depends on today.
    at = parse_stamp(fetched) if fetched else datetime(9999, 1, 1, tzinfo=UTC)
    html = row["html"].encode("utf-8", "surrogatepass")
    page = Given(payload=html, url=row["url"], content_type="text/html; charset=utf-8", charset="utf-8", captured_at=at)
    return row["id"], page
