"""The verb compare: how two texts from outside the archive relate."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import as_json, print_json, verb
from archive.cli.output import bold, dim, sanitize, terminal_width, uses_colour, warn, wrap
from db.errors import BadInput

if TYPE_CHECKING:
    from archive.settings import Settings
    from db.records import Extraction

_STDIN = "-"
_MOST_BYTES = 10 * 2**20  # of a file: the largest page that is extracted
_PAGES = frozenset({".html", ".htm", ".xhtml"})
_ADDRESS = "https://compared.example/"  # pages and texts need one; nothing is read from it
_ANY_DAY = datetime(9999, 1, 1, tzinfo=UTC)  # no date is rejected for lying in the future


@verb
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@as_json
def compare(settings: Settings, a: str, b: str, *, json_: bool) -> None:
    r"""Compare two texts in files: is one a copy of the other, and why.

    Needs no archive and stores nothing. A and B are files; - is standard input. Pages (.html) and PDF are extracted as
    archived ones are. A .txt file may begin with header lines (title:, language:, published_at:) and an empty line.

    Limits: 120,000 characters a text, 10 MiB a file, 20 seconds.

    \b
    wirecopy compare ours.txt theirs.txt
    wirecopy compare ours.html - < theirs.txt
    wirecopy compare ours.txt theirs.txt --json
    """
    from archive.api.judging_process import Layout
    from archive.api.pasted_texts import compare_pasted, text_of, to_json

    del settings
    if a == b == _STDIN:
        raise BadInput("only one of the two texts can come from standard input: wirecopy compare FILE -")
    names = tuple("standard input" if path == _STDIN else path for path in (a, b))
    first, second = (text_of(_read(path, name)) for path, name in zip((a, b), names, strict=True))
    layout = None if json_ else Layout(columns=terminal_width(sys.stdout) or 120, colour=uses_colour())
    compared = compare_pasted(first, second, names=(names[0], names[1]), layout=layout)
    if json_:
        print_json(to_json(compared, (names[0], names[1])))
        return
    for side, name, text in (("a", names[0], first), ("b", names[1], second)):
        click.echo(wrap(bold(sanitize(text.title or name)), first=f"{side}  ", then="   "))
        click.echo(dim(sanitize(f"   {name}")))
    click.echo(f"\n{compared.explanation}")
    for remark in compared.remarks:
        click.echo(wrap(sanitize(remark)))


def _read(path: str, name: str) -> Extraction:
    """Return the cleaned text of a file or of standard input. Raises BadInput, OSError."""
    from archive.api.pasted_texts import check_pasted
    from archive.extract.boilerplate import clean
    from archive.formats.charset import decode_text
    from archive.formats.media_type import file_type, pdf_start

    payload = _read_bytes(path)
    if len(payload) > _MOST_BYTES:
        raise BadInput(f"{name} is too large: more than {_MOST_BYTES // 2**20} MiB; compare a part of it")
    if not payload.strip():
        raise BadInput(f"{name} is empty; give at least a paragraph")
    if pdf_start(payload, "") is not None:
        return clean(_extract_page(payload, name, "application/pdf"))
    if kind := file_type(payload):
        raise BadInput(f"{name} is not text: {kind}; give the text alone")
    if Path(path).suffix.lower() in _PAGES:
        return clean(_extract_page(payload, name))
    body = decode_text(payload, "text/plain")
    check_pasted(name, body)
    return clean(_read_plain(body))


def _read_bytes(path: str) -> bytes:
    if path == _STDIN:
        return sys.stdin.buffer.read(_MOST_BYTES + 1)
    with Path(path).open("rb") as file:
        return file.read(_MOST_BYTES + 1)


def _extract_page(payload: bytes, name: str, content_type: str = "text/html") -> Extraction:
    """Return the text of a page or PDF, as one of an archive is read. Raises BadInput if it has none."""
    from archive.extract import Extractors
    from db.records import Page

    page = Page(payload=payload, url=_ADDRESS, content_type=content_type, captured_at=_ANY_DAY)
    with Extractors(workers=1) as extractors:
        extraction: Extraction = next(extractors.map([page]))
    if not extraction.text.strip():
        detail = f" ({extraction.detail})" if extraction.detail else ""
        raise BadInput(f"{name} is a page without an article that could be read: {extraction.verdict}{detail}")
    if not extraction.verdict.opens_version:
        warn(f"{name} may not be an article: {extraction.verdict} ({extraction.detail})")
    return extraction


def _read_plain(body: str) -> Extraction:
    """Return a text with the fields of its header, if it has one."""
    from archive.formats.saved_page import split_header
    from archive.timestamps import parse_stamp
    from db.records import Extraction, Verdict

    fields, text = split_header(body.replace("\r\n", "\n").replace("\r", "\n"))
    published = fields.get("published_at")
    return Extraction(
        verdict=Verdict.OK,
        title=fields.get("title", ""),
        text=text,
        byline=fields.get("byline"),
        published_at=parse_stamp(published) if published else None,
        language=fields.get("language") or None,
    )
