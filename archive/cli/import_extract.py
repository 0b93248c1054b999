"""Verbs for files and pipes: import, extract."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import PROBLEMS, as_json, put_json, verb
from archive.cli.output import count, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.settings import Settings
    from db.records import Page

_BAR = 30  # characters of a full progress bar


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
    from archive.pipeline.import_files import import_files

    def progress(line: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{line}\x1b[K", err=True, nl=False)

    done = import_files(settings, files, derive=not no_derive, progress=progress)
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    for bad in done.bad:
        say(f"{bad.file}{f':{bad.line}' if bad.line else ''}: {bad.problem}")  # 0: all of the file
    if json_:
        bad_rows = [{"file": bad.file, "line": bad.line, "problem": bad.problem} for bad in done.bad]
        counts = {"read": done.read, "new": done.new, "versions": done.versions, "links": done.links}
        counts["passed_over"] = done.passed_over
        put_json({"counts": counts, "bad": bad_rows})
    else:
        say(
            f"{count(done.read, 'capture')} read, {done.new} new, {count(done.versions, 'version')}, "
            + count(done.links, "link")
            + (f", {count(done.passed_over, 'record')} without a page passed over" if done.passed_over else "")
            + (f", {count(len(done.bad), 'line')} refused" if done.bad else "")
        )
    return PROBLEMS if done.bad else 0


@click.command()
@click.option("--fast", is_flag=True, help="One cheaper pass a page: half the time, a little less exact.")
@click.option("--workers", type=click.IntRange(0), help="Processes that extract; by default one a processor.")
def extract(*, fast: bool, workers: int | None) -> int:
    r"""Take the texts out of pages: a filter, without archive or network.

    Reads lines of JSON {id, url, html, fetched_at?} on standard input and writes {id, text, title, ...} to standard
    output, in the same order. A line that is no page is named on standard error, and the end is then 1.

    \b
    wirecopy extract < pages.jsonl > texts.jsonl
    wirecopy extract --fast --workers 8 < pages.jsonl > texts.jsonl
    """
    from archive.api import serialize
    from archive.extract.boilerplate import clean
    from archive.extract.worker_pool import Extractors

    given = _Given()
    with Extractors(workers=os.cpu_count() or 1 if workers is None else workers, fast=fast) as extractors:
        for done, raw in enumerate(extractors.map(given.pages()), 1):
            click.echo(json.dumps(serialize.extraction(given.identities.popleft(), clean(raw)), ensure_ascii=False))
            _show(f"{count(done, 'page')} {given.bar()}")
    _show("")
    return PROBLEMS if given.refused else 0


class _Given:
    """The lines of standard input on their way to the workers: what they identify, and how many were no pages."""

    def __init__(self) -> None:
        self.identities: deque[object] = deque()
        self.refused = self._read = 0
        known = os.fstat(sys.stdin.fileno())
        self._size = known.st_size if stat.S_ISREG(known.st_mode) else 0

    def pages(self) -> Iterator[Page]:
        """Each line that is a page; the others are complained of."""
        for number, line in enumerate(sys.stdin.buffer, 1):
            self._read += len(line)
            if not line.strip():
                continue
            try:
                identity, page = _page(line)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                _show("")
                say(f"standard input:{number}: {_why(error)}; expected an object with id, url and html")
                self.refused += 1
                continue
            self.identities.append(identity)
            yield page

    def bar(self) -> str:
        """How much of the input has been read, where its size is known."""
        if not self._size:
            return ""
        full = round(_BAR * self._read / self._size)
        return f"[{'#' * full}{'.' * (_BAR - full)}] {self._read / self._size:.0%}"


def _show(line: str) -> None:
    """Put a line over the one before, on a terminal alone."""
    if sys.stderr.isatty():
        click.echo(f"\r{line}\x1b[K", err=True, nl=False)


def _why(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def _page(line: bytes) -> tuple[object, Page]:
    from datetime import UTC, datetime

    from archive.timestamps import parse_stamp
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
