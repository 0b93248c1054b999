"""A saved PDF. Most do not name their own address, so it is given, or found where programs leave it.

Places: the extended attribute in which browsers, ``wget --xattr`` and ``curl --xattr`` write the address of a file they
save; and in the metadata of the file (XMP) ``prism:url``, ``dc:identifier``, ``dc:source`` and ``xmp:BaseURL``.
The time of capture is the modification time of the file, to the second.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from archive.formats.imported import modified_at, page_outcome, parse_capture_time, read_file, read_or_reject
from archive.formats.media_type import pdf_start
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.formats.imported import BadLine
    from db.records import Outcome

_TYPE: Final = "application/pdf"
_ATTRIBUTE: Final = "user.xdg.origin.url"
_OWN_URL: Final = re.compile(
    rb"<(?:prism:url|dc:identifier|dc:source|xmp:BaseURL)>\s{0,20}(https?://[^\s<>\"]{4,2000})\s{0,20}</"
)
_EARLIEST_METADATA: Final = re.compile(rb"<x:xmpmeta|<rdf:RDF")
_METADATA_BYTES: Final = 2**18


def read_saved_pdf(path: Path, now: datetime, url: str | None = None) -> Iterator[Outcome | BadLine]:
    """Yield the one outcome of a PDF file. The payload is the file's bytes, unchanged. ``url`` is its address."""
    yield read_or_reject(lambda: pdf_outcome(path, _read_pdf(path), now, url), file=str(path), line=1)


def pdf_outcome(path: Path, payload: bytes, now: datetime, url: str | None, *, saved_at: str | None = None) -> Outcome:
    """Return the outcome of the bytes of a PDF. Raises `BadInput` if nothing names its address.

    ``saved_at`` is the date of its capture, if that is not the date of the file.
    """
    captured_at = parse_capture_time(saved_at or modified_at(path), now=now, name="the file's date")
    return page_outcome(
        url=url or _own_url(path, payload),
        captured_at=captured_at,
        payload=payload,
        content_type=_TYPE,
        charset=None,
        status=None,
    )


def _read_pdf(path: Path) -> bytes:
    payload = read_file(path)
    if pdf_start(payload, _TYPE) is None:
        raise BadInput("the file is no PDF; expected one that begins with %PDF")
    return payload


def _own_url(path: Path, payload: bytes) -> str:
    """Return the address that the file or its metadata names. Raises `BadInput` if there is none."""
    if saved_from := _saved_from(path):
        return saved_from
    if metadata := _EARLIEST_METADATA.search(payload):
        address = _OWN_URL.search(payload, metadata.start(), metadata.start() + _METADATA_BYTES)
        if address:
            return address[1].decode("utf-8", "replace")
    raise BadInput("the PDF does not say where it comes from; give its address: wirecopy import --url https://... FILE")


def _saved_from(path: Path) -> str:
    """Return the address in the file's extended attribute, or an empty text if there is none."""
    try:
        address = os.getxattr(path, _ATTRIBUTE).decode("utf-8", "replace").strip()
    except (OSError, AttributeError):  # AttributeError: only Linux has this function
        return ""
    return address if address.startswith(("http://", "https://")) else ""
