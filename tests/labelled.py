"""The labelled corpus of invented news (tests/corpus): its documents, those derived from them by rule, and the labels.

An event is a family of texts: an agency's original, its rewrites, summaries and translations, and what others reported
of the same event on their own. Each document names the one it was made from, so that a label follows from two chains:
texts of one lineage are copies, other texts of one event are not. Events are dealt to three parts by the hash of their
name. Nothing may be chosen by looking at the test part.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from db.records import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CORPUS = Path(__file__).parent / "corpus"

Part = Literal["development", "calibration", "test"]
PARTS: tuple[Part, ...] = ("development", "calibration", "test")

_DEALT: tuple[Part, ...] = (*["development"] * 5, *["calibration"] * 2, *["test"] * 3)

SHORT_FORMS = frozenset({"summary-third", "summary-short", "own-lede", "lifted", "round-up", "short-copy"})
"""Copies that hold a part of the original only. Two of them may share nothing, so such a pair has no label."""

REPORTS = frozenset({"rival", "reporter", "live", "short", "agency", "release"})
"""Own reports of an event: two of one event are labelled ``same_event``."""

COPIED_LANGUAGES = frozenset({"zh", "ja", "th"})
"""Scripts that write no spaces: what counts words there counts characters, 1.7 to a word."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text: its event, its kind, and the document it was made from (None: its author's own)."""

    id: str
    event: str
    kind: str
    source: str | None
    language: str
    headline: str
    body: str
    published: str
    outlet: str = ""
    byline: str = ""

    @property
    def text(self) -> Text:
        """The document as the archive stores a text."""
        digest = sha256(f"{self.headline}\n\n{self.body}".encode()).hexdigest()
        return Text(sha256=digest, title=self.headline, body=self.body, language=self.language)


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two documents, what they are to each other, and the kind of case it is.

    ``label`` is ``copy``, ``same_event`` or ``unrelated``.
    """

    a: Document
    b: Document
    label: Literal["copy", "same_event", "unrelated"]
    kind: str


def part_of(event: str) -> Part:
    """The part an event belongs to."""
    return _DEALT[int(sha256(event.encode()).hexdigest(), 16) % len(_DEALT)]


@cache
def events(part: Part) -> dict[str, tuple[Document, ...]]:
    """The documents of a part by event, with those derived by rule."""
    gathered: dict[str, list[Document]] = {}
    for path in sorted(CORPUS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if part_of(row["event"]) == part:
                gathered.setdefault(row["event"], []).append(_document(row))
    families = {event: (*documents, *_derived(documents)) for event, documents in gathered.items()}
    hosts = [documents[0] for documents in gathered.values()]
    return {event: (*documents, *_inserted(event, documents, hosts)) for event, documents in families.items()}


def _document(row: dict[str, str]) -> Document:
    return Document(
        id=row["id"],
        event=row["event"],
        kind=row["kind"],
        source=row["from"],
        language=row["lang"],
        headline=row["headline"],
        body=row["text"],
        published=row["published"],
        outlet=row["outlet"],
        byline=row["byline"] or "",
    )


# --- derived by rule -------------------------------------------------------------------------------------------------

_LATIN, _CYRILLIC = (
    "aeopcxyABEHKMOPCT",
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0410\u0412\u0415\u041d\u041a\u041c\u041e\u0420\u0421\u0422",
)
_LOOKALIKES = str.maketrans(_LATIN, _CYRILLIC)
_MISREAD = (("rn", "m"), ("l", "1"), ("O", "0"), ("cl", "d"), ("e", "c"))


def _derived(documents: Sequence[Document]) -> Iterator[Document]:
    """Yield a trim, and the noise of a repost: homoglyphs, zero-width characters, misread letters or capitals."""
    original = documents[0] if documents[0].kind == "agency" else next(d for d in documents if d.kind == "agency")
    dice = random.Random(original.id)
    paragraphs = original.body.split("\n\n")
    if len(paragraphs) >= 4:
        yield _made(original, "trim", "\n\n".join(paragraphs[: max(2, len(paragraphs) * 2 // 3)]))
    noise = dice.choice(("homoglyphs", "zero-width", "misread", "capitals"))
    yield _made(original, f"noise-{noise}", _noisy(original.body, noise, dice))


def _made(original: Document, kind: str, body: str) -> Document:
    made = f"{original.event}/{kind}"
    return replace(original, id=made, kind=kind, source=original.id, body=body, outlet="", byline="")


def _noisy(body: str, noise: str, dice: random.Random) -> str:
    if noise == "capitals":
        return body.upper()
    if noise == "zero-width":
        return re.sub(r"\b(\w{4})(\w)", lambda m: f"{m[1]}\u200b{m[2]}" if dice.random() < 0.3 else m[0], body)
    if noise == "homoglyphs":
        return "".join(c.translate(_LOOKALIKES) if dice.random() < 0.15 else c for c in body)
    words = body.split(" ")
    for index in range(0, len(words), 9):
        for read, misread in _MISREAD:
            words[index] = words[index].replace(read, misread, 1)
    return " ".join(words)


def _inserted(event: str, documents: Sequence[Document], hosts: Sequence[Document]) -> Iterator[Document]:
    """One paragraph lifted into another story, and a round-up of three first paragraphs."""
    original = next(d for d in documents if d.kind == "agency")
    others = [host for host in hosts if host.event != event and host.language == original.language]
    if not others:
        return
    dice = random.Random(f"{event} lifted")
    units = 1.7 if original.language in COPIED_LANGUAGES else 1.0
    sized = [p for p in original.body.split("\n\n") if 40 <= _words(p) / units <= 120]
    if sized:
        host = dice.choice(others)
        into = host.body.split("\n\n")
        into.insert(dice.randint(1, len(into)), dice.choice(sized))
        yield _made(original, "lifted", "\n\n".join(into))
    if len(others) >= 2:
        first, second = dice.sample(others, 2)
        leads = [document.body.split("\n\n")[0] for document in (first, original, second)]
        yield _made(original, "round-up", "\n\n".join(leads))


def _words(text: str) -> int:
    return len(re.findall(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]|[^\W]+", text))


# --- labels ----------------------------------------------------------------------------------------------------------


def lineage(document: Document, by_id: dict[str, Document]) -> str:
    """The id of the document at the beginning of the chain this one was made along."""
    while document.source is not None:
        document = by_id[document.source]
    return document.id


def pairs_within(part: Part) -> Iterator[LabelledPair]:
    """Every labelled pair within an event. Two partial copies of one original have no label and are left out."""
    for documents in events(part).values():
        by_id = {document.id: document for document in documents}
        for a, b in combinations(documents, 2):
            pair = _label(a, b, by_id)
            if pair is not None:
                yield pair


def later_reports(part: Part) -> Iterator[LabelledPair]:
    """Pairs of a text of an event and a follow-up with a long background, made by rule: what the writers did not write.

    The background is a summary of the original, or the first two paragraphs of a rewrite. It is as long as the news
    above it, so a judge that goes by what is shared takes the two for copies. Both are in one language.
    """
    for documents in events(part).values():
        by_id = {document.id: document for document in documents}
        original = next(document for document in documents if document.kind == "agency")
        family = [
            document
            for document in documents
            if document.id == original.id
            or (document.source == original.id and not document.kind.startswith(("noise", "lifted", "round-up")))
        ]
        for news in (document for document in documents if document.kind == "follow-up"):
            for source in family:
                background = _background(source) if source.language == news.language else ""
                if background and lineage(news, by_id) == news.id:
                    body = f"{news.body}\n\n{background}"
                    later = replace(news, id=f"{news.id}+{source.kind}", kind="later", body=body)
                    others = (other for other in family if other != source and other.language == news.language)
                    yield from (LabelledPair(later, other, "same_event", "later") for other in others)


def _background(document: Document) -> str:
    if document.kind.startswith("summary"):
        return document.body
    return "\n\n".join(document.body.split("\n\n")[:2]) if document.kind.startswith("rewrite") else ""


def _label(a: Document, b: Document, by_id: dict[str, Document]) -> LabelledPair | None:
    if lineage(a, by_id) == lineage(b, by_id):
        direct = a.id in _ancestors(b, by_id) or b.id in _ancestors(a, by_id)
        if not direct and (a.kind in SHORT_FORMS or b.kind in SHORT_FORMS):
            return None
        made = b if a.source is None or a.id in _ancestors(b, by_id) else a
        return LabelledPair(a, b, "copy", made.kind if direct else "sibling")
    if {a.kind, b.kind} & {"form", "near-topic"}:
        return LabelledPair(a, b, "unrelated", "form" if a.kind == b.kind == "form" else "near-topic")
    if "round-up" in {a.kind, b.kind} or "lifted" in {a.kind, b.kind}:
        return None
    kinds = {_report_kind(document, by_id) for document in (a, b)}
    return LabelledPair(a, b, "same_event", "follow-up" if "follow-up" in kinds else "-".join(sorted(kinds)))


def _report_kind(document: Document, by_id: dict[str, Document]) -> str:
    kind = by_id[lineage(document, by_id)].kind
    return "release" if kind == "release" else "follow-up" if kind == "follow-up" else kind


def _ancestors(document: Document, by_id: dict[str, Document]) -> list[str]:
    names = []
    while document.source is not None:
        names.append(document.source)
        document = by_id[document.source]
    return names
