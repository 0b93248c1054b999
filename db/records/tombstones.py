"""Nouns of proof and care: what was forgotten on request, and what packing anew gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.gather import Capture


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """What stands in the place of a source that was forgotten on request: nothing of what it said.

    ``captures`` counts what was kept of it, ``links`` are the links of the chain (hex) that stood for them. Until
    ``lifted_at`` the address is not kept again.
    """

    url: str
    forgotten_at: datetime
    captures: int
    links: tuple[str, ...] = ()
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepackResult:
    """What packing anew did: payloads looked at, changed and dropped, and the bytes of all of them before and after."""

    seen: int = 0
    changed: int = 0
    dropped: int = 0
    before: int = 0
    after: int = 0

    def __add__(self, other: RepackResult) -> RepackResult:
        """Both steps together."""
        return RepackResult(
            seen=self.seen + other.seen,
            changed=self.changed + other.changed,
            dropped=self.dropped + other.dropped,
            before=self.before + other.before,
            after=self.after + other.after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """Where a capture stands in the chain: ``link`` is sha256(``before``, sha256(``facts``)), all but facts in hex."""

    position: int
    link: str
    before: str
    facts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What a footnote needs: what was seen where and when, and how anybody can tell later that it is the same.

    It speaks of one capture and the text read from it, never of a version's number, which may shift.
    """

    title: str
    url: str
    capture: Capture
    text_sha256: str
    recipe_id: str
    link: ChainLink
