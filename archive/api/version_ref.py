"""References to a version: ``URL``, ``URL@N`` (its number) or ``URL@T`` (the version current at an instant)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.timestamps import parse_past
from db.errors import BadInput

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """An address, with a version number or an instant, or neither (the newest version)."""

    url: str
    number: int | None = None
    at: datetime | None = None


def parse_ref(text: str, *, now: datetime) -> Ref:
    """Parse ``URL[@N|@T]``. An @ that belongs to the address itself (``/@author/``) stays in it."""
    url, separator, tail = text.rpartition("@")
    if not separator or "/" in tail:
        return Ref(url=text)
    if tail.isdecimal() and len(tail) < len("2026"):
        return Ref(url=url, number=int(tail))
    try:
        return Ref(url=url, at=parse_past(tail, now=now))
    except BadInput:
        if tail[:1].isdecimal():
            raise
        return Ref(url=text)
