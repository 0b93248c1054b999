"""WACZ 1.1.1: a WARC, its index and a list of pages in one zip, with a list of the files and their digests."""

from __future__ import annotations

import hashlib
import json
import zipfile
from typing import TYPE_CHECKING, Any, Final

from archive.formats.warc.records import record_id
from archive.timestamps import iso

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from db.records import Capture, Text

_VERSION: Final = "1.1.1"
_PLACES: Final = {  # the name in the room, and in the package; what is packed already is not packed again
    "data.warc.gz": ("archive/data.warc.gz", zipfile.ZIP_STORED),
    "index.cdxj": ("indexes/index.cdxj", zipfile.ZIP_DEFLATED),
    "pages.jsonl": ("pages/pages.jsonl", zipfile.ZIP_DEFLATED),
}
_PIECE: Final = 1 << 20
_NEVER: Final = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip can hold: the same files give the same package

PAGES_HEAD: Final = b'{"format":"json-pages-1.0","id":"pages","title":"All pages","hasText":true}\n'
"""The first line of ``pages.jsonl``."""


def page_line(capture: Capture, text: Text) -> bytes:
    """The line of ``pages.jsonl`` about a page on which ``text`` was read."""
    told = {
        "id": record_id(capture, "reply")[len("<urn:uuid:") : -1],
        "url": capture.final_url,
        "ts": iso(capture.captured_at),
        "title": text.title,
        "text": text.body,
    }
    return f"{json.dumps(told, ensure_ascii=False)}\n".encode("utf-8", "replace")


def pack_wacz(path: Path, room: Path, *, software: str, created: datetime) -> None:
    """Pack what stands in ``room`` (``data.warc.gz``, ``index.cdxj``, ``pages.jsonl``) into the file ``path``."""
    resources = [_resource(room / name, place) for name, (place, _) in _PLACES.items()]
    about = {
        "profile": "data-package",
        "wacz_version": _VERSION,
        "software": software,
        "created": iso(created),
        "resources": resources,
    }
    listed = json.dumps(about, indent=2).encode()
    seal = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(listed).hexdigest()}"}
    with zipfile.ZipFile(path, "w") as packed:
        for name, (place, how) in _PLACES.items():
            _add(packed, place, room / name, how)
        packed.writestr(_entry("datapackage.json", zipfile.ZIP_DEFLATED), listed)
        packed.writestr(_entry("datapackage-digest.json", zipfile.ZIP_DEFLATED), json.dumps(seal, indent=2))


def _resource(path: Path, place: str) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    name = place.rpartition("/")[2]
    return {"name": name, "path": place, "hash": f"sha256:{digest.hexdigest()}", "bytes": path.stat().st_size}


def _add(packed: zipfile.ZipFile, place: str, path: Path, how: int) -> None:
    entry = _entry(place, how)
    entry.file_size = path.stat().st_size
    with path.open("rb") as stream, packed.open(entry, "w") as out:
        while piece := stream.read(_PIECE):
            out.write(piece)


def _entry(place: str, how: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(place, _NEVER)
    entry.compress_type = how
    entry.external_attr = 0o644 << 16
    return entry
