r"""ARC, the Internet Archive's format before WARC, versions 1 and 2: each record becomes the WARC record it would be.

A record is one line, the block, and an empty line. The block of a page is its HTTP response::

    URL IP-address Archive-date Content-type Archive-length
    URL IP-address Archive-date Content-type Result-code Checksum Location Offset Filename Archive-length

The first record, ``filedesc://``, describes the file. An address or a type may hold blanks, so a line is read from its
end. Source: the Internet Archive's description of the ARC file format, 1996.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from archive.formats.warc.record_stream import RecordStream

_LINE: Final = re.compile(
    rb"(?P<url>[A-Za-z][^\r\n]{0,4000}) (?P<ip>[\d.]{7,15}|[\da-fA-F:.]{2,45}|-) (?P<date>\d{12,17}) "
    rb"(?P<type>[^\r\n]{0,300}?)"
    rb"(?P<second> (?:\d{1,3}|-) \S{1,100} \S{1,4000} (?:\d{1,18}|-) \S{1,1000})? (?P<length>\d{1,15})[ \t]*\r?\n"
)
_NO_IP: Final = frozenset({b"-", b"0.0.0.0"})
_NO_TYPE: Final = frozenset({b"-", b"no-type", b"unk"})
_STAMP: Final = 14  # digits of a date to the second; some writers add milliseconds


class _Conversion:
    """The stream of a record whose head is replaced by lines of WARC, for warcio's loader."""

    def __init__(self, stream: RecordStream, head: list[bytes]) -> None:
        self._stream = stream
        self._head = iter(head)

    def readline(self, size: int = -1) -> bytes:
        """Return the next line of the head."""
        return next(self._head, b"") if size else b""

    def read(self, size: int) -> bytes:
        """Return bytes of the block, as the stream does."""
        return self._stream.read(size)


def read_arc_record(stream: RecordStream, loader: Any) -> Any:
    """Return the record at which a stream is, with the head of its conversion to WARC.

    A block that is no HTTP response, as servers before HTTP/1.0 sent it, becomes a ``resource``. Raises ValueError if
    the line is none of ARC.
    """
    match = _LINE.fullmatch(stream.readline())
    if match is None:
        raise ValueError("its line is not one of ARC")
    is_http = stream.peek(5) == b"HTTP/"
    content_type = b"" if match["type"].strip() in _NO_TYPE else match["type"].strip()
    if match["url"].startswith(b"filedesc:"):
        kind = b"warcinfo"
    else:
        kind, content_type = (b"response", b"application/http") if is_http else (b"resource", content_type)
    fields = {
        b"WARC-Type": kind,
        b"WARC-Target-URI": match["url"].replace(b" ", b"%20"),
        b"WARC-Date": match["date"][:_STAMP],
        b"WARC-IP-Address": b"" if match["ip"] in _NO_IP else match["ip"],
        b"Content-Type": content_type,
        b"Content-Length": match["length"],
    }
    head = [b"WARC/1.0\r\n", *(b"%s: %s\r\n" % field for field in fields.items() if field[1]), b"\r\n"]
    return loader.parse_record_stream(_Conversion(stream, head), known_format="warc", no_record_parse=True)
