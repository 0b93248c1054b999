"""CDXJ: a line for every reply in a WARC file, sorted by address and time, that says where in the file it stands.

A line is the sortable address, fourteen digits of time, and JSON with the field names that pywb reads.
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
_IN_MEMORY: Final = 50_000  # lines sorted at once: 20 MB


def cdx_key(url: str) -> str:
    """The key of an address in other archives' indexes: ``example,daily)/a?b=1&c=2`` for ``https://www.daily.example/A/?c=2&b=1``.

    Host labels from the right, without ``www.`` and a default port; all in lower case, no slash at the end, the query's
    pieces sorted: what the Internet Archive's SURT with its canonicalisation gives, session ids left aside.
    """
    parts = urlsplit(url.lower())
    host = ",".join(reversed(_WWW.sub("", parts.hostname or "", count=1).split(".")))
    port = "" if parts.port in {None, _PORTS.get(parts.scheme)} else f":{parts.port}"
    path = parts.path.rstrip("/") or "/"
    query = "&".join(sorted(parts.query.split("&")))
    return f"{host}{port}){path}" + (f"?{query}" if query else "")


@dataclass(slots=True)
class IndexFile:
    """The index of the file ``warc`` while that is written; sorted in pieces that wait in ``folder``."""

    folder: Path
    warc: str
    lines: list[str] = field(default_factory=list)
    pieces: list[Path] = field(default_factory=list)

    def add(self, record: Record, offset: int, length: int) -> None:
        """Note a record that stands at ``offset`` and takes ``length`` bytes; only replies are indexed."""
        kind = record.value("WARC-Type")
        if kind not in _INDEXED:
            return
        told = {"url": record.value("WARC-Target-URI"), "mime": _mime(record, kind)}
        status = _STATUS.match(record.block)
        told |= {"status": status[1].decode()} if status and kind != "resource" else {}
        told |= {"digest": digest} if (digest := record.value("WARC-Payload-Digest")) else {}
        told |= {"length": str(length), "offset": str(offset), "filename": self.warc}
        at = parse_stamp(record.value("WARC-Date"))
        self.lines.append(f"{cdx_key(told['url'])} {at:%Y%m%d%H%M%S} {json.dumps(told)}\n")
        if len(self.lines) >= _IN_MEMORY:
            self._put_aside()

    def write(self, path: Path) -> None:
        """Write the whole index, sorted by bytes."""
        self._put_aside()
        with ExitStack() as stack, path.open("wb") as out:
            out.writelines(heapq.merge(*(stack.enter_context(piece.open("rb")) for piece in self.pieces)))

    def _put_aside(self) -> None:
        piece = self.folder / f"index-{len(self.pieces)}"
        piece.write_bytes(b"".join(sorted(line.encode() for line in self.lines)))
        self.pieces.append(piece)
        self.lines.clear()


def _mime(record: Record, kind: str) -> str:
    if kind == "revisit":
        return "warc/revisit"
    if kind == "resource":
        return record.value("Content-Type").partition(";")[0].strip() or "unk"
    found = _CONTENT_TYPE.search(record.block.partition(b"\r\n\r\n")[0])
    return found[1].decode("latin-1").strip() or "unk" if found else "unk"
