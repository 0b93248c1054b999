"""The head of an HTTP message as it went over the wire: start line and header pairs, nothing added or decoded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from typing import Final

from db.errors import BadInput

LONGEST: Final = 256 * 1024
"""Bytes of a head that are looked through for its end; real ones stay under 64 KiB."""

_END: Final = re.compile(rb"\r?\n\r?\n")
_STATUS: Final = re.compile(r"HTTP/(\d(?:\.\d)?) +(\d{3})(?: (.*))?")
_FOLD: Final = re.compile(rb"\r?\n[ \t]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A start line and the raw header pairs below it, in order, each byte one character (latin-1)."""

    line: str
    pairs: tuple[tuple[str, str], ...]

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of the header ``name`` (lower case), stripped, in order."""
        return tuple(value.strip() for key, value in self.pairs if key.lower() == name)

    def value(self, name: str) -> str:
        """The first value of the header ``name`` (lower case); empty if there is none."""
        return next(iter(self.values(name)), "")

    @property
    def status(self) -> tuple[str, int, str]:
        """Version (``HTTP/1.1``), status and reason phrase of a reply. Raises `BadInput` if this is none."""
        match = _STATUS.fullmatch(self.line)
        if match is None:
            raise BadInput(f"{self.line[:40]!r} is no status line; expected for example HTTP/1.1 200 OK")
        return f"HTTP/{match[1]}", int(match[2]), match[3] or ""


def split_head(block: bytes) -> tuple[Head, bytes]:
    """The head of ``block`` and what follows it. Without a blank line all of it is head."""
    end = _END.search(block, 0, LONGEST)
    head, body = (block, b"") if end is None else (block[: end.start()], block[end.end() :])
    first, *lines = _FOLD.sub(b" ", head).decode("latin-1").split("\n")
    named = (line.rstrip("\r").partition(":") for line in lines if line.strip())
    pairs = tuple((name.strip(), value.strip(" \t")) for name, _, value in named)
    return Head(line=first.rstrip("\r"), pairs=pairs), body


def charset_of(content_type: str) -> str | None:
    """The charset a content type declares, lower case; None if it does not."""
    parsed = Message()
    parsed["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    return parsed.get_content_charset()
