"""Records of proof and maintenance: tombstones, holds, chain links, citations, results of repacking and offloading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.core import Capture


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """The record of a source that was forgotten on request, without any of its content.

    ``captures`` is the number of its captures, ``links`` are their links in the chain (hex). The address is not
    archived again before ``lifted_at``.
    """

    url: str
    forgotten_at: datetime
    captures: int
    links: tuple[str, ...] = ()
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """An address whose article must be kept, since when, and why. Nothing of it is deleted before it is released."""

    url: str
    note: str
    held_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RepackResult:
    """The result of repacking: payloads examined, changed and dropped, and their bytes before and after."""

    examined: int = 0
    changed: int = 0
    dropped: int = 0
    before: int = 0
    after: int = 0

    def __add__(self, other: RepackResult) -> RepackResult:
        """Return the sum of two steps."""
        return RepackResult(
            examined=self.examined + other.examined,
            changed=self.changed + other.changed,
            dropped=self.dropped + other.dropped,
            before=self.before + other.before,
            after=self.after + other.after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PacksResult:
    """The result of moving payloads into packs or back: payloads, their packed bytes, packs written and deleted."""

    payloads: int = 0
    bytes: int = 0
    written: int = 0
    deleted: int = 0

    def __add__(self, other: PacksResult) -> PacksResult:
        """Return the sum of two steps."""
        return PacksResult(
            payloads=self.payloads + other.payloads,
            bytes=self.bytes + other.bytes,
            written=self.written + other.written,
            deleted=self.deleted + other.deleted,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """The chain link of a capture: ``link`` is sha256(``before``, sha256(``facts``)), all but ``facts`` in hex."""

    position: int
    link: str
    before: str
    facts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """The content of a footnote: what was captured where and when, and the digests that prove it.

    It refers to one capture and its text, never to the number of a version, which may shift.
    """

    title: str
    url: str
    capture: Capture
    text_sha256: str
    recipe_id: str
    link: ChainLink
