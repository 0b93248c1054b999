"""Verbs for files and pipes: import, extract."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import PROBLEMS, as_json, print_json, verb
from archive.cli.output import count, say, warn
from archive.cli.wording import describe_state
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.pipeline.import_files import ImportResult
    from archive.settings import Settings
    from db.records import Page

_BAR = 30  # characters of a full progress bar
_ADDRESS = "https://extracted.example/"  # a page needs one; nothing is read from it
# Without a time of fetching no date may be rejected for lying in the future: the answer must not depend on today.
_ANY_DAY = datetime(9999, 1, 1, tzinfo=UTC)


@verb
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--store-only", "--no-derive", "store_only", is_flag=True, help="Only save the pages; wirecopy refresh reads them."
)
@click.option("--url", metavar="URL", help="The address of the file, which is one page or PDF that does not name it.")
@as_json
def import_(settings: Settings, files: tuple[Path, ...], *, store_only: bool, url: str | None, json_: bool) -> int:
    r"""Import pages from files: your own, or those of another archive.

    Reads .jsonl(.gz), .html, .mht, .webarchive, .pdf, .txt, .har, .warc(.gz), .arc(.gz) and .wacz. Importing a file
    twice changes nothing. Exit code 1 means that something could not be read; the rest was imported.

    \b
    wirecopy import articles.jsonl       lines {"url", "fetched_at", "html" or "text", "status"?}
    wirecopy import --url URL ruling.pdf
    wirecopy history URL
    """
    from archive.pipeline.import_files import import_files

    imported = import_files(settings, files, url=url, derive=not store_only, progress=_overwrite_line)
    _overwrite_line("")
    for bad in imported.bad:
        warn(f"{bad.file}{f':{bad.line}' if bad.line else ''}: {bad.problem}")  # line 0 means the whole file
    if json_:
        bad_rows = [{"file": bad.file, "line": bad.line, "problem": bad.problem} for bad in imported.bad]
        counts = {
            "read": imported.read,
            "new": imported.new,
            "versions": imported.versions,
            "links": imported.links,
            "passed_over": imported.passed_over,
            "no_article": sum(imported.no_article.values()),
        }
        print_json({"counts": counts, "bad": bad_rows})
    else:
        say(_describe_import(imported))
    return PROBLEMS if imported.bad else 0


def _describe_import(imported: ImportResult) -> str:
    """Return what an import did, in one sentence or two."""
    saved = f"{imported.new:,} new, {count(imported.versions, 'version')} saved"
    matches = f"{count(imported.links, 'match', 'matches')} found"
    skipped = f" Skipped {count(imported.passed_over, 'record')} without a page." if imported.passed_over else ""
    refused = f" {count(len(imported.bad), 'line')} could not be used." if imported.bad else ""
    states = ", ".join(f"{describe_state(verdict)} ({number:,})" for verdict, number in imported.no_article.items())
    no_article = f" Pages without an article: {states}." if states else ""
    return f"Read {count(imported.read, 'page')}: {saved}, {matches}.{no_article}{skipped}{refused}"


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option("--fast", is_flag=True, help="Use one cheaper pass per page: half the time, slightly less accurate.")
@click.option(
    "--workers", metavar="N", type=click.IntRange(0), help="Number of worker processes. Default: one per processor."
)
def extract(files: tuple[Path, ...], *, fast: bool, workers: int | None) -> int:
    r"""Extract the article text from pages: a filter that needs no archive and no network.

    Reads JSON Lines {id, url, html, fetched_at?} from standard input and writes {id, text, title, ...} to standard
    output, in the same order. Each FILE instead is one page or PDF, with its name as id. Bad lines and files are
    reported on standard error; the exit code is then 1.

    \b
    wirecopy extract < pages.jsonl > texts.jsonl
    wirecopy extract --fast --workers 8 < pages.jsonl > texts.jsonl
    wirecopy extract ruling.pdf page.html
    """
    from archive.api import serialize
    from archive.extract.boilerplate import clean
    from archive.extract.worker_pool import Extractors, processors

    source = _InputFiles(files) if files else _InputLines()
    pages = 0
    most = min(processors(), len(files) or processors())
    with Extractors(workers=most if workers is None else workers, fast=fast) as extractors:
        for pages, raw in enumerate(extractors.map(source.pages()), 1):
            click.echo(json.dumps(serialize.extraction(source.identities.popleft(), clean(raw)), ensure_ascii=False))
            _overwrite_line(f"{count(pages, 'page')} {source.bar()}")
    _overwrite_line("")
    if source.refused or sys.stderr.isatty():
        refused = f"; {count(source.refused, source.noun)} could not be used" if source.refused else ""
        say(f"Extracted {count(pages, 'page')}{refused}.")
    return PROBLEMS if source.refused else 0


class _InputFiles:
    """Files with one page or document each, on their way to the workers: their names, and how many were refused."""

    noun = "file"

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self.identities: deque[object] = deque()
        self._paths = paths
        self.refused = 0

    def pages(self) -> Iterator[Page]:
        """Yield each file that can be read and report the others."""
        from archive.formats.imported import read_file
        from archive.formats.media_type import pdf_start
        from db.records import Page as PageRecord

        for path in self._paths:
            try:
                payload = read_file(path)
            except BadInput as error:
                _overwrite_line("")
                warn(f"{path}: {error}")
                self.refused += 1
                continue
            self.identities.append(str(path))
            is_pdf = path.suffix.lower() == ".pdf" or pdf_start(payload, "") is not None
            content_type = "application/pdf" if is_pdf else "text/html"
            yield PageRecord(payload=payload, url=_ADDRESS, content_type=content_type, captured_at=_ANY_DAY)

    def bar(self) -> str:
        """Return an empty text: the number of files is known."""
        return ""


class _InputLines:
    """The lines of standard input on their way to the workers: their ids in order, and how many were no pages."""

    noun = "line"

    def __init__(self) -> None:
        self.identities: deque[object] = deque()
        self.refused = self._read = 0
        info = os.fstat(sys.stdin.fileno())
        self._size = info.st_size if stat.S_ISREG(info.st_mode) else 0

    def pages(self) -> Iterator[Page]:
        """Yield each line that is a page and report the others."""
        for number, line in enumerate(sys.stdin.buffer, 1):
            self._read += len(line)
            if not line.strip():
                continue
            try:
                identity, page = _parse_page(line)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                _overwrite_line("")
                warn(f"standard input:{number}: {_describe_error(error)}; expected an object with id, url and html")
                self.refused += 1
                continue
            self.identities.append(identity)
            yield page

    def bar(self) -> str:
        """Return a progress bar of the input read so far, or an empty text if its size is unknown."""
        if not self._size:
            return ""
        full = round(_BAR * self._read / self._size)
        return f"[{'#' * full}{'.' * (_BAR - full)}] {self._read / self._size:.0%}"


def _overwrite_line(line: str) -> None:
    """Replace the last line of standard error, if that is a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r{line}\x1b[K", err=True, nl=False)


def _describe_error(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"no {error}"
    return f"not JSON ({error})" if isinstance(error, json.JSONDecodeError) else str(error)


def _parse_page(line: bytes) -> tuple[object, Page]:
    from archive.timestamps import parse_stamp
    from db.records import Page as PageRecord

    row = json.loads(line)
    if not isinstance(row, dict):
        raise TypeError("not an object")
    if not isinstance(row["url"], str) or not isinstance(row["html"], str):
        raise TypeError("url and html must be text")
    stamp = row.get("fetched_at")
    captured_at = parse_stamp(stamp) if stamp else _ANY_DAY
    return row["id"], PageRecord(
        payload=row["html"].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode(),
        url=row["url"],
        content_type="text/html; charset=utf-8",
        charset="utf-8",
        captured_at=captured_at,
    )
