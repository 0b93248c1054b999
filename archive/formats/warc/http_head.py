"""The head of a recorded HTTP message: start line and header pairs, unchanged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from db.errors import BadInput

MAX_HEAD_BYTES: Final = 256 * 1024
"""Bytes searched for the end of a head. Real heads are under 64 KiB."""

_END: Final = re.compile(rb"\r?\n\r?\n")
_STATUS: Final = re.compile(r"HTTP/(\d(?:\.\d)?) +(\d{3})(?: (.*))?")
_STATUS_LINE: Final = re.compile(rb"HTTP/\d")
_INTERIM: Final = range(100, 200)
_MAX_INTERIM: Final = 20
_FOLD: Final = re.compile(rb"\r?\n[ \t]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpHead:
    """A start line and the raw header pairs below it, in order. Each byte is one character (latin-1)."""

    line: str
    pairs: tuple[tuple[str, str], ...]

    def values(self, name: str) -> tuple[str, ...]:
        """Return all values of the header ``name`` (lower case), stripped, in order."""
        return tuple(value.strip() for key, value in self.pairs if key.lower() == name)

    def value(self, name: str) -> str:
        """Return the first value of the header ``name`` (lower case), or an empty string."""
        return next(iter(self.values(name)), "")

    @property
    def status(self) -> tuple[str, int, str]:
        """Version (``HTTP/1.1``), status and reason phrase. Raises `BadInput` if the start line is no status line."""
        match = _STATUS.fullmatch(self.line)
        if match is None:
            raise BadInput(f"{self.line[:40]!r} is no status line; expected for example HTTP/1.1 200 OK")
        return f"HTTP/{match[1]}", int(match[2]), match[3] or ""

    @property
    def is_interim(self) -> bool:
        """True for a response before the final one (RFC 9110, section 15.2). Raises `BadInput` like ``status``."""
        return self.status[1] in _INTERIM


def split_head(block: bytes) -> tuple[HttpHead, bytes]:
    """Return the head of ``block`` and the rest. Without a blank line all of it is head."""
    end = _END.search(block, 0, MAX_HEAD_BYTES)
    head, body = (block, b"") if end is None else (block[: end.start()], block[end.end() :])
    first, *lines = _FOLD.sub(b" ", head).decode("latin-1").split("\n")
    fields = (line.rstrip("\r").partition(":") for line in lines if line.strip())
    pairs = tuple((name.strip(), value.strip(" \t")) for name, _, value in fields)
    return HttpHead(line=first.rstrip("\r"), pairs=pairs), body


def split_final_head(block: bytes) -> tuple[HttpHead, bytes]:
    """Return the head of the final response in ``block`` and the rest. Raises `BadInput` for an invalid status line.

    Interim responses such as ``103 Early Hints``, which some recorders keep in front of it, are passed over.
    """
    head, body = split_head(block)
    for _ in range(_MAX_INTERIM):
        if not (head.is_interim and _STATUS_LINE.match(body)):
            break
        head, body = split_head(body)
    return head, body
