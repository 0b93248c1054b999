"""CDXJ: an index of a WARC file, one line per response, sorted by address and time, with its position in the file.

A line is the sortable address, a 14-digit timestamp, and JSON with the field names that pywb reads.
"""

from __future__ import annotations

import heapq
import json
import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from archive.timestamps import parse_stamp

if TYPE_CHECKING:
    from pathlib import Path

    from archive.formats.warc.records import Record

_INDEXED: Final = frozenset({"response", "revisit", "resource"})
_STATUS: Final = re.compile(rb"HTTP/\S+ (\d{3})")
_CONTENT_TYPE: Final = re.compile(rb"^content-type:[ \t]*([^;\r\n]*)", re.IGNORECASE | re.MULTILINE)
_WWW: Final = re.compile(r"www\d*\.")
_PORTS: Final = {"http": 80, "https": 443}
_MAX_LINES: Final = 50_000  # lines sorted in memory at once: 20 MB


def cdx_key(url: str) -> str:
    """Return the sortable key of an address as in other archives' indexes.

    ``https://www.daily.example/A/?c=2&b=1`` gives ``example,daily)/a?b=1&c=2``. Host labels are reversed, without
    ``www.`` and a default port. All is lower case, without a final slash, and the query's parts are sorted. This is the
    Internet Archive's SURT with its canonicalisation, except that session ids are kept.
    """
    parts = urlsplit(url.lower())
    host = ",".join(reversed(_WWW.sub("", parts.hostname or "", count=1).split(".")))
    port = "" if parts.port in {None, _PORTS.get(parts.scheme)} else f":{parts.port}"
    path = parts.path.rstrip("/") or "/"
    query = "&".join(sorted(parts.query.split("&")))
    return f"{host}{port}){path}" + (f"?{query}" if query else "")


@dataclass(slots=True)
class CdxjIndex:
    """The index of the WARC file named ``warc`` while that is written. Sorted parts are stored in ``folder``."""

    folder: Path
    warc: str
    lines: list[str] = field(default_factory=list)
    pieces: list[Path] = field(default_factory=list)

    def add(self, record: Record, offset: int, length: int) -> None:
        """Add a record at ``offset`` with ``length`` bytes. Only responses, revisits and resources are indexed."""
        kind = record.value("WARC-Type")
        if kind not in _INDEXED:
            return
        entry = {"url": record.value("WARC-Target-URI"), "mime": _mime(record, kind)}
        status = _STATUS.match(record.block)
        entry |= {"status": status[1].decode()} if status and kind != "resource" else {}
        entry |= {"digest": digest} if (digest := record.value("WARC-Payload-Digest")) else {}
        entry |= {"length": str(length), "offset": str(offset), "filename": self.warc}
        captured_at = parse_stamp(record.value("WARC-Date"))
        self.lines.append(f"{cdx_key(entry['url'])} {captured_at:%Y%m%d%H%M%S} {json.dumps(entry)}\n")
        if len(self.lines) >= _MAX_LINES:
            self._store_sorted()

    def write(self, path: Path) -> None:
        """Write the complete index, sorted by bytes."""
        self._store_sorted()
        with ExitStack() as stack, path.open("wb") as out:
            out.writelines(heapq.merge(*(stack.enter_context(piece.open("rb")) for piece in self.pieces)))

    def _store_sorted(self) -> None:
        piece = self.folder / f"index-{len(self.pieces)}"
        piece.write_bytes(b"".join(sorted(line.encode() for line in self.lines)))
        self.pieces.append(piece)
        self.lines.clear()


def _mime(record: Record, kind: str) -> str:
    if kind == "revisit":
        return "warc/revisit"
    if kind == "resource":
        return record.value("Content-Type").partition(";")[0].strip() or "unk"
    match = _CONTENT_TYPE.search(record.block.partition(b"\r\n\r\n")[0])
    return match[1].decode("latin-1").strip() or "unk" if match else "unk"
