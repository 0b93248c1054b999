"""Reads captures that other tools made from files. Each becomes an `Outcome`, as if a visit had brought it.

::

    .jsonl  .jsonl.gz        one JSON object a line: url, fetched_at, html or text, and more     (jsonl)
    .html   .htm             one saved page, which names its own address                         (saved_page)
    .mht    .mhtml           one page saved by Chromium, Edge or Internet Explorer               (mhtml)
    .webarchive              one page saved by Safari                                            (webarchive)
    .pdf                     one document; its address is given, or found in the file            (saved_pdf)
    .txt                     one article as text, below a short header                           (saved_page)
    .har                     the pages of a session, from the developer tools of a browser       (har)
    .warc  .warc.gz  .wacz   records of crawlers and browsers; needs the extra wirecopy[warc]    (warc, wacz)
    .arc   .arc.gz           records of the Internet Archive before WARC; the same extra         (warc)

Outcomes carry the flag ``import``. A part that cannot be used becomes a `BadLine`, and the rest of the file is still
read.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from archive.formats.har import read_har
from archive.formats.jsonl import read_jsonl
from archive.formats.mhtml import read_mhtml
from archive.formats.saved_page import read_saved_page, read_text_file
from archive.formats.saved_pdf import read_saved_pdf
from archive.formats.wacz.reader import read_wacz
from archive.formats.warc.captures import read_warc
from archive.formats.warc.segments import SegmentStore
from archive.formats.webarchive import read_webarchive
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.formats.imported import ImportItem

_READERS: Final[dict[str, Callable[[Path, datetime], Iterator[ImportItem]]]] = {
    ".jsonl": read_jsonl,
    ".jsonl.gz": read_jsonl,
    ".txt": read_text_file,
    ".har": read_har,
}
_PAGE_READERS: Final[dict[str, Callable[[Path, datetime, str | None], Iterator[ImportItem]]]] = {
    ".html": read_saved_page,
    ".htm": read_saved_page,
    ".mht": read_mhtml,
    ".mhtml": read_mhtml,
    ".webarchive": read_webarchive,
    ".pdf": read_saved_pdf,
}
_WARC_READERS: Final[dict[str, Callable[[Path, datetime, SegmentStore], Iterator[ImportItem]]]] = {
    ".warc": read_warc,
    ".warc.gz": read_warc,
    ".arc": read_warc,
    ".arc.gz": read_warc,
    ".wacz": read_wacz,
}

SUFFIXES: Final = (*_READERS, *_PAGE_READERS, *_WARC_READERS)
"""The supported endings of file names, in any case."""


def read_import(
    path: Path, *, now: datetime, segments: SegmentStore | None = None, url: str | None = None
) -> Iterator[ImportItem]:
    """Yield the captures in the file ``path`` one by one, without reading all of it into memory.

    ``segments`` collects the parts of records that are split across files. Without it, a record of which the file has
    only a part is reported.
    ``url`` is the address of a page or document that does not name its own.
    A capture dated more than a day after ``now`` is rejected as a mistake. Raises `BadInput` at once for a file that
    does not exist or is of an unknown kind. Anything wrong inside it becomes a `BadLine`.
    """
    if not path.is_file():
        problem = "is a folder; name the files in it" if path.is_dir() else "does not exist"
        raise BadInput(f"{path} {problem}")
    suffix = next((suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)), None)
    if suffix is None:
        raise BadInput(f"{path}: cannot tell what this holds; expected a name that ends in {', '.join(SUFFIXES)}")
    try:
        path.open("rb").close()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error
    if suffix in _PAGE_READERS:
        return _PAGE_READERS[suffix](path, now, url)
    if url is not None:
        raise BadInput(
            f"{path}: only a page or a document can be given an address; expected {', '.join(_PAGE_READERS)}"
        )
    if suffix in _READERS:
        return _READERS[suffix](path, now)
    own_segments = SegmentStore() if segments is None else segments
    items = _WARC_READERS[suffix](path, now, own_segments)
    return items if segments is not None else chain(items, own_segments.unfinished())
