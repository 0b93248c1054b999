"""Captures that others made, read from files: each becomes an `Outcome`, as if a visit had brought it.

::

    .jsonl  .jsonl.gz        one JSON object a line: url, fetched_at, html or text, and more     (lines)
    .html   .htm             one saved page, which names its own address                         (pages)
    .txt                     one article as text, below a short header                           (pages)
    .warc  .warc.gz  .wacz   what crawlers and browsers record; needs the extra wirecopy[warc]   (warc)

Outcomes carry the flag ``import``. What cannot be used is a `BadLine`, and the rest of the file is read all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from archive.formats.jsonl import read_lines
from archive.formats.saved_page import read_saved_page, read_text_file
from archive.formats.wacz.reader import read_wacz
from archive.formats.warc.captures import read_warc
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.formats.imported import ImportItem

_READERS: Final[dict[str, Callable[[Path, datetime], Iterator[ImportItem]]]] = {
    ".jsonl": read_lines,
    ".jsonl.gz": read_lines,
    ".html": read_saved_page,
    ".htm": read_saved_page,
    ".txt": read_text_file,
    ".warc": read_warc,
    ".warc.gz": read_warc,
    ".wacz": read_wacz,
}

SUFFIXES: Final = tuple(_READERS)
"""The endings of file names that can be read; capitals do not matter."""


def read_import(path: Path, *, now: datetime) -> Iterator[ImportItem]:
    """What the file ``path`` holds, one after the other and never all at once.

    A capture dated later than a day from ``now`` is refused as a mistake. Raises `BadInput` at once for a file that is
    not there or of no known kind; for anything wrong inside it yields a `BadLine`.
    """
    if not path.is_file():
        what = "is a folder; name the files in it" if path.is_dir() else "does not exist"
        raise BadInput(f"{path} {what}")
    reader = next((_READERS[suffix] for suffix in SUFFIXES if path.name.lower().endswith(suffix)), None)
    if reader is None:
        raise BadInput(f"{path}: cannot tell what this holds; expected a name that ends in {', '.join(SUFFIXES)}")
    try:
        path.open("rb").close()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error
    return reader(path, now)
