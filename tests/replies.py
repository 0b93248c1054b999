"""The words a test server speaks: what it was asked, and what it says back, byte for byte."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

HTML = b"<!doctype html><title>Harbour</title><h1>Harbour opens</h1><p>The harbour of Velmora opens on Monday.</p>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came in. ``headers`` are lower-cased; ``connection`` counts connections from 1."""

    method: str
    target: str
    headers: dict[str, str]
    connection: int


@dataclass(frozen=True, slots=True)
class Say:
    """Raw bytes to send, and what to do then: keep the connection, close it, reset it, or say nothing for ever."""

    raw: bytes
    then: Literal["keep", "close", "reset", "hang"] = "close"


Behaviour: TypeAlias = Say | Callable[[Asked], Say] | Callable[[Asked], AsyncIterator[bytes]]
"""Fixed bytes, bytes that depend on the request, or a stream of pieces in their own time."""


def page(body: bytes = HTML, *, status: str = "200 OK", **headers: str) -> Say:
    """Give a well-formed reply; underscores in header names become hyphens."""
    named = {"Content-Type": "text/html; charset=utf-8"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in named.items() if value)]
    return Say("\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("utf-8") + body, then="keep")


def raw(head: str, body: bytes = b"", *, then: Literal["keep", "close", "reset", "hang"] = "close") -> Say:
    """Give a reply of ``head`` lines as they stand (latin-1) and a body, whatever they claim about each other."""
    return Say("\r\n".join([*head.strip().split("\n"), "", ""]).encode("latin-1") + body, then=then)


def redirect(location: str, status: str = "302 Found") -> Say:
    """Give a redirect whose Location is sent as UTF-8, unescaped."""
    return page(b"", status=status, Location=location)
