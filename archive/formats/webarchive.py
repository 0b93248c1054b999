"""Web archives of Safari: a property list, binary or XML, whose ``WebMainResource`` is the page as it was received.

It has the page's address, type and encoding, and no date: the time of capture is that of the file. Pictures and frames
are left out.
"""

from __future__ import annotations

import plistlib
import struct
from typing import TYPE_CHECKING, Any, Final

from archive.formats.imported import read_file, read_or_reject
from archive.formats.saved_page import SavedPage, saved_outcome
from db.errors import BadInput
from db.wall import is_own_fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.formats.imported import BadLine
    from db.records import Outcome

_BINARY: Final = b"bplist"
_TRAILER: Final = struct.Struct(">6xBBQQQ")  # sizes of offsets and references, number of objects, top object, offsets
_MOST_OBJECTS: Final = 1_000_000  # a resource has about ten
_DAMAGED: Final = "the web archive is damaged or cut off: its property list cannot be read; get a whole copy"
_NO_ARCHIVE: Final = "the file is no web archive of Safari; expected a property list with a WebMainResource"


def read_webarchive(path: Path, now: datetime, url: str | None = None) -> Iterator[Outcome | BadLine]:
    """Yield the one outcome of a ``.webarchive`` file. ``url`` is its address, before that in the file."""
    yield read_or_reject(lambda: _read(path, now, url), file=str(path), line=1)


def _read(path: Path, now: datetime, url: str | None) -> Outcome:
    content = read_file(path)
    if not content.startswith(_BINARY) and b"<plist" not in content[:4096]:
        raise BadInput(_NO_ARCHIVE)
    resource = _main_resource(content)
    payload = resource.get("WebResourceData")
    if isinstance(payload, str):
        payload = payload.encode("utf-8", "replace")
    if not isinstance(payload, bytes):
        raise BadInput("the web archive has no data of its page (WebResourceData)")
    media_type, encoding = _text(resource, "WebResourceMIMEType"), _text(resource, "WebResourceTextEncodingName")
    content_type = (media_type or "text/html") + (f"; charset={encoding}" if encoding else "")
    page = SavedPage(payload=payload, content_type=content_type, urls=(_text(resource, "WebResourceURL"),))
    return saved_outcome(path, page, now, url)


def _main_resource(content: bytes) -> dict[str, Any]:
    """Return the main resource of a property list. Raises `BadInput` if there is none."""
    if content.startswith(_BINARY):
        *_, objects, _, _ = _TRAILER.unpack(content[-_TRAILER.size :].rjust(_TRAILER.size))
        if objects > _MOST_OBJECTS:
            raise BadInput(_DAMAGED)
    try:
        archive = plistlib.loads(content)
    except Exception as error:
        if not is_own_fault(error):
            raise
        raise BadInput(_DAMAGED) from error
    resource = archive.get("WebMainResource") if isinstance(archive, dict) else None
    if not isinstance(resource, dict):
        raise BadInput(_NO_ARCHIVE)
    return resource


def _text(resource: dict[str, Any], name: str) -> str:
    value = resource.get(name)
    return value.strip() if isinstance(value, str) else ""
