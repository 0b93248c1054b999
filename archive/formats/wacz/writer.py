"""Writes WACZ 1.1.1: a WARC, its index and a list of pages in one zip, with a list of the files and their digests."""

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
_MEMBERS: Final = {  # file name -> name in the package and compression; a compressed file is only stored
    "data.warc.gz": ("archive/data.warc.gz", zipfile.ZIP_STORED),
    "index.cdxj": ("indexes/index.cdxj", zipfile.ZIP_DEFLATED),
    "pages.jsonl": ("pages/pages.jsonl", zipfile.ZIP_DEFLATED),
}
_PIECE: Final = 1 << 20
_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the earliest possible; a fixed date makes packages reproducible

PAGES_HEAD: Final = b'{"format":"json-pages-1.0","id":"pages","title":"All pages","hasText":true}\n'
"""The first line of ``pages.jsonl``."""


def page_line(capture: Capture, text: Text) -> bytes:
    """Return the line of ``pages.jsonl`` for a page and its extracted ``text``."""
    fields = {
        "id": record_id(capture, "reply")[len("<urn:uuid:") : -1],
        "url": capture.final_url,
        "ts": iso(capture.captured_at),
        "title": text.title,
        "text": text.body,
    }
    return f"{json.dumps(fields, ensure_ascii=False)}\n".encode("utf-8", "replace")


def pack_wacz(path: Path, folder: Path, *, software: str, created: datetime) -> None:
    """Pack the files in ``folder`` (``data.warc.gz``, ``index.cdxj``, ``pages.jsonl``) into the file ``path``."""
    resources = [_resource(folder / name, member) for name, (member, _) in _MEMBERS.items()]
    package = {
        "profile": "data-package",
        "wacz_version": _VERSION,
        "software": software,
        "created": iso(created),
        "resources": resources,
    }
    package_list = json.dumps(package, indent=2).encode()
    list_digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(package_list).hexdigest()}"}
    with zipfile.ZipFile(path, "w") as packed:
        for name, (member, compression) in _MEMBERS.items():
            _add(packed, member, folder / name, compression)
        packed.writestr(_entry("datapackage.json", zipfile.ZIP_DEFLATED), package_list)
        packed.writestr(_entry("datapackage-digest.json", zipfile.ZIP_DEFLATED), json.dumps(list_digest, indent=2))


def _resource(path: Path, member: str) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    name = member.rpartition("/")[2]
    return {"name": name, "path": member, "hash": f"sha256:{digest.hexdigest()}", "bytes": path.stat().st_size}


def _add(packed: zipfile.ZipFile, member: str, path: Path, compression: int) -> None:
    entry = _entry(member, compression)
    entry.file_size = path.stat().st_size
    with path.open("rb") as stream, packed.open(entry, "w") as out:
        while piece := stream.read(_PIECE):
            out.write(piece)


def _entry(member: str, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(member, _ZIP_DATE)
    entry.compress_type = compression
    entry.external_attr = 0o644 << 16
    return entry
