"""Records of comparisons: edits between two texts, and links, labels and clusters of versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.core import Link, Version
    from db.records.enums import Kind, Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One operation from an older text to a newer one. ``a`` and ``b`` are spans in the two texts.

    ``op`` is equal, insert, delete, replace or move. For a move both spans hold the passage. ``kinds``: the kinds of
    edit.
    """

    op: Literal["equal", "insert", "delete", "replace", "move"]
    a: tuple[int, int]
    b: tuple[int, int]
    kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The change from one text to another: its edits, their kinds, and a score from 0 (nothing) to 1 (rewritten).

    ``edits`` have offsets in the body, ``headline`` has offsets in the title. Each is in order of ``b`` and without
    gaps. ``coarse``: the texts were too large to compare word by word everywhere, so some edits are whole paragraphs.
    """

    edits: tuple[Edit, ...]
    headline: tuple[Edit, ...]
    kinds: tuple[Kind, ...]
    score: float
    coarse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Two aligned spans, with their similarity from 0 to 1 and the numbers and names they share."""

    a: tuple[int, int]
    b: tuple[int, int]
    similarity: float
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The result of comparing two texts, with the evidence. ``relation`` None: not linked, for the reason ``because``.

    ``translated``: a copy in another language. ``languages`` are those of a and b, None where unknown. ``broken``:
    names of a with their spelling in b, as translation there and back leaves them. ``probability`` is that of a copy,
    None where the words in common decide alone.
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
    probability: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRef:
    """A reference to a version as people write it: an address and a number."""

    url: str
    version: int
    text_sha256: str = ""
    title: str = ""
    first_seen_at: datetime | None = None
    published_at: datetime | None = None
    byline: str | None = None

    @classmethod
    def of(cls, version: Version) -> Self:
        """Return the reference to a version."""
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
class Label:
    """The label a person gave to two texts: ``copy`` True, or False if neither was copied from the other.

    The ``version`` of each side is the one with that text, else the one at the instant it was seen (a newer recipe may
    extract another text), 0 if there is none. ``machine`` is the relation that the comparison found, None if none.
    """

    a: VersionRef
    b: VersionRef
    copy: bool
    note: str
    labelled_at: datetime
    machine: Relation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredProvenance:
    """The provenance that the page of a version declares, and the length of its text in characters.

    ``agencies`` and ``credited`` are names, of news agencies and of others. ``canonical`` is the address it declares,
    ``site`` the name of its site. ``local_time``: its date has a time of day without a zone. ``sources`` are addresses
    of other hosts to which the article links. ``residue`` is what a scraper left on the page. ``named_houses`` are
    addresses of linked articles whose houses the text names as a source, ``named_days`` the latest day and year in the
    text. ``owners`` are the copyright lines below the text. ``corrected``: the page has a note of correction, and may
    have been dated anew with it. ``running``: the text is a live blog, and its date is that of its first entry.
    """

    agencies: tuple[str, ...] = ()
    credited: tuple[str, ...] = ()
    canonical: str | None = None
    length: int = 0
    site: str | None = None
    local_time: bool = False
    sources: tuple[str, ...] = ()
    residue: tuple[str, ...] = ()
    named_houses: frozenset[str] = frozenset()
    named_days: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    corrected: bool = False
    running: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalLabel:
    """The word of a person on one text: it is the original of its copies, or it is not."""

    version: VersionRef
    original: bool
    note: str
    labelled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """The delay of a copy after the probable original in seconds, by declared dates or by first sights.

    ``mixed``: one of the two declares no trustworthy date.
    """

    seconds: int
    by: Literal["published", "first_seen", "mixed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster of copies: ``members`` by first sight, the probable ``original``, and the reasons for it.

    ``lags`` are in the order of ``members``, None for the original or where no times are known. ``credited``: the
    agency that the members credit, where the original is probably not archived. ``whole`` is False if more articles
    are connected with these than were read.

    ``certainty`` is the probability, from 0 to 1, that this member is the first of those archived, and ``standing``
    says the same: ``labelled`` (by a person), ``sure``, ``probable``, ``unsure``, or ``first_seen`` if nothing but the
    time of our first sight speaks for it. ``doubtful`` has the members whose declared date the page contradicts, each
    with the reason. ``original_labels`` are the words of people on which member is the original.
    """

    members: tuple[VersionRef, ...]
    original: VersionRef
    reasons: tuple[str, ...]
    links: tuple[Link, ...] = ()
    lags: tuple[Lag | None, ...] = ()
    credited: str | None = None
    labels: tuple[Label, ...] = ()
    whole: bool = True
    certainty: float = 1.0
    standing: Literal["labelled", "sure", "probable", "unsure", "first_seen"] = "probable"
    doubtful: tuple[tuple[str, str], ...] = ()
    original_labels: tuple[OriginalLabel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedCluster:
    """A cluster folded to the one member shown in a list: the number of the others, and their relations.

    ``kinds``: the number of each relation to the member shown, ``label`` where a person joined them. ``hidden``: the
    addresses of the list that are folded away.
    """

    original: VersionRef
    copies: int
    kinds: tuple[tuple[str, int], ...]
    hidden: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UncorrectedCopy:
    """A passage of ``version`` that the article has corrected since, and a copy still has.

    ``now`` is the article's text in its place, None if there is none. ``span`` and ``copied`` are the offsets and the
    words of the passage in the body of the copy. ``corrected_at``: the first sight of the article without the passage.
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
