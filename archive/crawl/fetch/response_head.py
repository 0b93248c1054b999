"""The header block of a response, in a form that the parser accepts and that means the same as in browsers.

h11 refuses a whole response for one odd header line, or for a transfer coding other than ``chunked``. Browsers, curl
and requests pass over such a line and remove such a coding. So the block is repaired before it is parsed. What was
received is recorded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_END = re.compile(rb"\r?\n\r?\n")
_NAME = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_INTERIM = re.compile(rb"HTTP/1\.[0-9] +1(?!01)[0-9]{2}\b", re.IGNORECASE)
_LENGTHS = re.compile(rb"[ \t]*-?[0-9]+(?:[ \t]*,[ \t]*[0-9]+)*[ \t]*")
_STATUS_LINE = re.compile(rb"(HTTP/1\.[0-9])[ \t]+([0-9]{3})(?![0-9])(.*)", re.IGNORECASE | re.DOTALL)
_START = b"HTTP/"
_MOST = 256 * 1024  # bytes; a longer block is passed on as it is, and refused


@dataclass(frozen=True, slots=True)
class RepairedHead:
    """The header pairs as received, and the transfer codings besides ``chunked`` in the order they were applied.

    A line without a colon is a name without a value.
    """

    headers: tuple[tuple[bytes, bytes], ...]
    transfer_codings: tuple[str, ...]


class HeadReader:
    """Collects the header blocks at the start of a response and repairs them. The body passes through unchanged."""

    def __init__(self) -> None:
        self.repaired: RepairedHead | None = None
        self._unread: bytes | None = b""
        self._searched = 0

    def feed(self, data: bytes) -> bytes:
        """Return the bytes to parse. They are empty until a block is complete. No ``data`` means the end."""
        if self._unread is None:
            return data
        self._unread += data
        passed = b""
        while self._unread is not None:
            self._unread = self._unread.lstrip(b"\r\n") if not self._searched else self._unread
            is_http = self._unread[: len(_START)].upper() == _START[: len(self._unread)]
            end = _END.search(self._unread, max(self._searched - 3, 0)) if is_http else None
            if end is None:
                if is_http and data and len(self._unread) <= _MOST:
                    self._searched = len(self._unread)
                    return passed
                passed, self._unread = passed + self._unread, None
                return passed
            block, self._unread, self._searched = self._unread[: end.start()], self._unread[end.end() :], 0
            head, self.repaired = repair_head(block)
            passed += head + b"\r\n\r\n" if self.repaired else block + end[0]
            if not _INTERIM.match(block):
                passed, self._unread = passed + self._unread, None
        return passed


def _is_bad_length(name: bytes, value: bytes) -> bool:
    """True for a length that is no number: browsers read such a body to its end. A negative one is refused."""
    return name.lower() == b"content-length" and not _LENGTHS.fullmatch(value)


def repair_head(block: bytes) -> tuple[bytes, RepairedHead | None]:
    """Return a header block, without its final blank line, as the parser accepts it. None beside it: it is unchanged.

    A line without a colon, one whose name has other characters than a name may have, one that continues nothing, and a
    length that is no number are dropped with the lines that continue them. Blanks before the colon are dropped. Of the
    transfer codings only ``chunked`` is left. A status line has its protocol in capitals, and one blank before the
    status.
    """
    received_line, *lines = re.split(rb"\r?\n", block)
    status = _STATUS_LINE.fullmatch(received_line)
    status_line = b"%s %s%s" % (status[1].upper(), status[2], status[3]) if status else received_line
    received: list[tuple[bytes, bytes]] = []
    parsed: list[bytes] = []
    codings: list[bytes] = []
    is_kept, is_changed = True, status_line != received_line
    for line in lines:
        if line[:1] in {b" ", b"\t"}:
            if not received:  # it continues nothing
                received.append((line.strip(), b""))
                is_kept, is_changed = False, True
                continue
            if is_kept:
                parsed.append(line)
            received[-1] = received[-1][0], received[-1][1] + b" " + line.strip()
            continue
        name, colon, value = line.partition(b":")
        stripped = name.rstrip(b" \t")
        received.append((stripped, value.strip(b" \t")))
        is_kept = bool(colon) and _NAME.fullmatch(stripped) is not None and not _is_bad_length(stripped, value)
        is_changed |= not is_kept or stripped != name
        if is_kept and stripped.lower() == b"transfer-encoding":
            codings += [coding.strip().lower() for coding in value.split(b",")]
        elif is_kept:
            parsed.append(stripped + b":" + value)
    others = [coding for coding in codings if coding not in {b"chunked", b"identity", b""}]
    if codings:
        is_changed |= codings != [b"chunked"]
        is_chunked = b"chunked" in codings
        if is_chunked:
            parsed = [line for line in parsed if not others or not line.lower().startswith(b"content-length:")]
            parsed.append(b"Transfer-Encoding: chunked")
    if not is_changed:
        return block, None
    names = tuple(coding.decode("latin-1") for coding in others)
    return b"\r\n".join([status_line, *parsed]), RepairedHead(tuple(received), names)
