"""Nouns of comparing: edits between two texts, and links between versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.derive import Version
    from db.records.enums import Kind, Relation


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
    """What comparing two texts gave, with the evidence; ``relation`` None means not linked (``because`` says why).

    ``translated``: a copy in another language; ``languages`` are those of a and b as far as they could be told.
    ``broken``: names of a that b has in another spelling, as translating there and back leaves them.
    """

    relation: Relation | None
    score: float
    coverage: tuple[float, float]
    because: str
    longest_run: int = 0
    passages: tuple[Passage, ...] = ()
    residue: tuple[str, ...] = ()
    method: str = ""
    translated: bool = False
    languages: tuple[str | None, str | None] = (None, None)
    broken: tuple[tuple[str, str], ...] = ()


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

    @classmethod
    def of(cls, version: Version) -> Self:
        """The reference to a version."""
        return cls(
            url=version.url,
            version=version.number,
            text_sha256=version.text_sha256,
            title=version.title,
            first_seen_at=version.first_seen_at,
            published_at=version.published_at,
            byline=version.byline,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A relation between two versions. ``a`` is the earlier one as far as the archive knows, ``b`` the other.

    ``translated``, ``languages`` and ``broken`` as in ``Judgement``.
    """

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
    translated: bool = False
    languages: tuple[str | None, str | None] = (None, None)
    broken: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a person said of two texts: ``copy``, or that neither has it from the other.

    ``version`` is the one that shows that text, else the one that stands today at the instant it was seen (a newer
    recipe may read the page differently), 0 where there is none. ``machine`` is the relation that was found between the
    texts, None where none was.
    """

    a: VersionRef
    b: VersionRef
    copy: bool
    note: str
    labelled_at: datetime
    machine: Relation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredProvenance:
    """What the page of a version says of where its text comes from, and how long the text is, in characters.

    ``agencies`` and ``credited`` are names, of news agencies and of others; ``canonical`` the address it calls its own.
    """

    agencies: tuple[str, ...] = ()
    credited: tuple[str, ...] = ()
    canonical: str | None = None
    length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How many seconds a copy came after the probable original, by what both declare, or by when we saw them first.

    ``mixed``: one of them declares no date that can be believed.
    """

    seconds: int
    by: Literal["published", "first_seen", "mixed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Copies of one text: ``members`` by first sight, ``original`` the probable one, with the reasons.

    ``lags``: of each member, in the order of ``members``; None for the original, or where no times are known.
    ``credited``: the agency the members have it from, where the original is probably not archived. ``whole`` is False
    where more articles are connected with these than were looked at.
    """

    members: tuple[VersionRef, ...]
    original: VersionRef
    reasons: tuple[str, ...]
    links: tuple[Link, ...] = ()
    lags: tuple[Lag | None, ...] = ()
    credited: str | None = None
    labels: tuple[Label, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What one member of a cluster stands for where only one is shown: how many others there are, and of which kinds.

    ``kinds``: how many of each relation to the member shown, or ``label`` where a person joined them. ``hidden``: those
    that would have been shown, too.
    """

    original: VersionRef
    copies: int
    kinds: tuple[tuple[str, int], ...]
    hidden: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A passage that an article said in ``version``, has corrected since, and a copy still carries.

    ``now`` is what the article says in its place, None where it says nothing. ``span`` is that of ``passage`` in the
    body of the copy, whose words ``copied`` are. ``corrected_at``: when we first saw the article without the passage.
    ``confirmed``: the copy was seen with it after that.
    """

    version: int
    passage: str
    now: str | None
    kinds: tuple[Kind, ...]
    corrected_at: datetime
    copy: VersionRef
    copied: str
    span: tuple[int, int]
    copy_seen_at: datetime
    confirmed: bool
