"""Nouns of comparing: edits between two texts, and links between versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.words import Kind, Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One operation from an older text to a newer one. ``a`` and ``b`` are spans in the two texts.

    ``op`` is equal, insert, delete, replace or move; for a move both spans hold the passage. ``kinds``: what it did.
    """

    op: Literal["equal", "insert", "delete", "replace", "move"]
    a: tuple[int, int]
    b: tuple[int, int]
    kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How one text became another: its kinds and a weight from 0 (nothing) to 1 (rewritten).

    ``edits`` are in body coordinates, ``headline`` in title coordinates; each in order of ``b`` and without gaps.
    ``coarse`` when the texts were too large to compare word by word everywhere: some edits are whole paragraphs then.
    """

    edits: tuple[Edit, ...]
    headline: tuple[Edit, ...]
    kinds: tuple[Kind, ...]
    score: float
    coarse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Two spans that say the same, with their likeness from 0 to 1 and the numbers and names they share."""

    a: tuple[int, int]
    b: tuple[int, int]
    similarity: float
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What comparing two texts gave, with the evidence; ``relation`` None means not linked (``because`` says why)."""

    relation: Relation | None
    score: float
    coverage: tuple[float, float]
    because: str
    longest_run: int = 0
    passages: tuple[Passage, ...] = ()
    residue: tuple[str, ...] = ()
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRef:
    """A version as people say it: an address and a number."""

    url: str
    version: int
    text_sha256: str = ""
    title: str = ""
    first_seen_at: datetime | None = None
    published_at: datetime | None = None
    byline: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A relation between two versions. ``a`` is the earlier one as far as the archive knows, ``b`` the other."""

    a: VersionRef
    b: VersionRef
    relation: Relation
    score: float
    coverage: tuple[float, float]
    passages: tuple[Passage, ...] = ()
    because: str = ""
    longest_run: int = 0
    residue: tuple[str, ...] = ()
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Copies of one text: ``members`` by first sight, ``original`` the probable one, with the reasons."""

    members: tuple[VersionRef, ...]
    original: VersionRef
    reasons: tuple[str, ...]
    links: tuple[Link, ...] = ()
