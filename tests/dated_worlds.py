"""The clusters of the labelled corpus with dates, addresses and first sights as the web has them, by chance and seed.

The corpus knows which text was made from which. How pages are dated and when an archive sees them is assumed here:

- An outlet has a host that spells its name, or one that does not; two thirds declare the name of their site, half have
  the day in their addresses.
- Of the dates 77 in 100 are right, 12 missing, 3 of a day only (259 real pages: 13 and 3), 3 off by some hours, 3 later
  than the page was seen, 2 of another story or an old template.
- Half of the events are watched, each outlet every 15 minutes to a day; a quarter is seen in one run of some minutes,
  in any order; a quarter long afterwards, over two days, in any order.
- One copy in ten has scraper residue, one in three a byline made of its own outlet's name; one original in 200
  names an outlet that copies it (0 of the corpus' 80 do).
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import combinations
from typing import TYPE_CHECKING

from archive.copies import LinkGraph, TokenCache, judge
from archive.copies.dating import named_days
from archive.copies.house_names import credited_houses
from archive.copies.provenance import gather_evidence, member_signs
from archive.extract.boilerplate import clean
from db.records import DeclaredProvenance, Extraction, Link, Text, Verdict, VersionRef
from labelled import events

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from db.records import Cluster, Judgement
    from labelled import Document, Part

AS_WRITTEN = -1
"""The play in which every date is right, as the writers of the corpus set it, and every event is watched."""

_INTERVALS = (900, 3_600, 21_600, 86_400)
_DAY = timedelta(days=1)
_ARTICLE = re.compile(r"^(?:The|Der|Die|Das|El|La|Le|Les|Il|O|A) ")
_RESIDUE = ("[ad_1]",)


@dataclass(frozen=True, slots=True)
class Question:
    """A cluster of an event: the signs of its members, and the place of the true original among them.

    ``regime``: how the archive saw the event (``watched``, ``one run`` or ``afterwards``).
    """

    event: str
    regime: str
    signs: tuple[Mapping[str, float], ...]
    truth: int


@dataclass(frozen=True, slots=True)
class _Page:
    ref: VersionRef
    declared: DeclaredProvenance


def clusters_of(part: Part, play: int) -> Iterator[tuple[str, Cluster, dict[VersionRef, DeclaredProvenance], int]]:
    """Yield the clusters of a part in one play: event, cluster, declarations, and the place of the true original.

    Clusters whose original is not a member are left out.
    """
    for event, (documents, links) in judged(part).items():
        dice = random.Random(f"{event} {play}")
        pages = _pages(event, documents, regime_of(event, play), dice)
        refs = {document_id: page.ref for document_id, page in pages.items()}
        joined = [_link(refs[a], refs[b], judgement) for a, b, judgement in links]
        declared = _with_credits(documents, pages, joined)
        for cluster in LinkGraph(joined).clusters(declared):
            truth = _truth(cluster, documents, {ref.url: document_id for document_id, ref in refs.items()})
            if truth is not None:
                yield event, cluster, declared, truth


def questions(part: Part, play: int) -> Iterator[Question]:
    """Yield the clusters of a part in one play as questions."""
    for event, cluster, declared, truth in clusters_of(part, play):
        signs = member_signs(gather_evidence(cluster.members, cluster.links, declared))
        yield Question(event, regime_of(event, play), tuple(signs[member.url] for member in cluster.members), truth)


@cache
def judged(part: Part) -> dict[str, tuple[dict[str, Document], list[tuple[str, str, Judgement]]]]:
    """Return the documents of each event by id, and the judgement on each pair that is linked."""
    tokenizer = TokenCache()
    families = {}
    for event, documents in events(part).items():
        texts = {document.id: _cleaned(document) for document in documents}
        pairs = ((a, b, judge(texts[a], texts[b], tokenizer)) for a, b in combinations(sorted(texts), 2))
        linked = [(a, b, judgement) for a, b, judgement in pairs if judgement.relation is not None]
        families[event] = ({document.id: document for document in documents}, linked)
    return families


def _cleaned(document: Document) -> Text:
    raw = Extraction(
        verdict=Verdict.OK, title=document.headline, text=document.body, language=document.language or None
    )
    cleaned = clean(raw)
    return replace(document.text, title=cleaned.title, body=cleaned.text)


def _truth(cluster: Cluster, documents: Mapping[str, Document], ids: Mapping[str, str]) -> int | None:
    """Return the place of the member that most of the others were made from; None if it is not there.

    None also where a press release is a member beside the reports of it: the corpus does not say which they are.
    """
    members = [ids[member.url] for member in cluster.members]
    roots = [_root(document_id, documents) for document_id in members]
    if len({documents[root].kind == "release" for root in roots}) > 1:
        return None
    original = max(sorted(set(roots)), key=roots.count)
    return members.index(original) if original in members else None


def _root(document_id: str, documents: Mapping[str, Document]) -> str:
    while (source := documents[document_id].source) is not None:
        document_id = source
    return document_id


# --- pages -----------------------------------------------------------------------------------------------------------


def regime_of(event: str, play: int) -> str:
    """Return how the archive saw an event in a play."""
    if play == AS_WRITTEN:
        return "as written"
    dice = random.Random(f"{event} {play} regime")
    return dice.choice(("watched", "watched", "one run", "afterwards"))


def _pages(event: str, documents: Mapping[str, Document], regime: str, dice: random.Random) -> dict[str, _Page]:
    moments = {key: datetime.fromisoformat(document.published) for key, document in documents.items()}
    for key, document in documents.items():
        if key.startswith(f"{event}/") and document.source is not None and moments[key] <= moments[document.source]:
            moments[key] = moments[document.source] + timedelta(minutes=dice.randint(20, 1_440))  # made by rule
    last = max(moments.values())
    run_at = last + timedelta(minutes=dice.randint(1, 600))
    return {
        key: _page(
            document, moments[key], _seen_at(moments[key], regime, run_at, dice), dice, is_right=regime == "as written"
        )
        for key, document in documents.items()
    }


def _seen_at(published: datetime, regime: str, run_at: datetime, dice: random.Random) -> datetime:
    if regime == "one run":
        return run_at + timedelta(seconds=dice.randint(0, 400))
    if regime == "afterwards":
        return run_at + timedelta(days=60, seconds=dice.randint(0, 172_800))
    interval = dice.choice(_INTERVALS)
    return published + timedelta(seconds=dice.randint(1, interval))


def _page(document: Document, published: datetime, seen_at: datetime, dice: random.Random, *, is_right: bool) -> _Page:
    outlet = document.outlet or f"Outlet {sha256(document.id.encode()).hexdigest()[:6]}"
    name = unicodedata.normalize("NFKD", _ARTICLE.sub("", outlet)).encode("ascii", "ignore").decode().lower()
    spelt = re.sub(r"[^a-z0-9]", "", name)
    host = spelt if len(spelt) >= 4 and dice.random() < 0.7 else f"h{sha256(outlet.encode()).hexdigest()[:8]}"
    day = f"{published:%Y/%m/%d}/" if dice.random() < 0.5 else ""
    byline = document.byline or None
    if document.source is not None and dice.random() < 1 / 3:
        byline = outlet
    ref = VersionRef(
        url=f"https://{host}.example/{day}{document.id.replace('/', '-')}",
        version=1,
        text_sha256=document.id,
        title=document.headline,
        first_seen_at=seen_at,
        published_at=published if is_right else _declared_date(published, seen_at, dice),
        byline=byline,
    )
    site = outlet if dice.random() < 2 / 3 else None
    declared = DeclaredProvenance(
        length=len(document.body),
        site=site,
        named_days=named_days(document.body),
        residue=_RESIDUE if document.source is not None and dice.random() < 0.1 else (),
    )
    return _Page(ref, declared)


def _declared_date(published: datetime, seen_at: datetime, dice: random.Random) -> datetime | None:
    chance = dice.random()
    if chance < 0.77:
        return published
    if chance < 0.89:
        return None
    if chance < 0.92:
        return published.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if chance < 0.95:
        return published + timedelta(hours=dice.choice((-9, -5, -3, -2, -1, 1, 2, 3, 5, 9)))
    if chance < 0.98:
        return seen_at + timedelta(hours=dice.randint(1, 400))
    return published - dice.randint(30, 2_200) * _DAY


def _with_credits(
    documents: Mapping[str, Document], pages: Mapping[str, _Page], links: Sequence[Link]
) -> dict[VersionRef, DeclaredProvenance]:
    linked: dict[str, set[str]] = {}
    for link in links:
        linked.setdefault(link.a.url, set()).add(link.b.url)
        linked.setdefault(link.b.url, set()).add(link.a.url)
    sites = {page.ref.url: page.declared.site for page in pages.values()}
    declared = {}
    for key, page in pages.items():
        others = sorted(linked.get(page.ref.url, ()))
        credited = credited_houses(documents[key].body, {url: sites[url] for url in others})
        dice = random.Random(f"{page.ref.url} names")
        if documents[key].source is None and others and dice.random() < 0.005:
            credited |= {dice.choice(others)}
        declared[page.ref] = replace(page.declared, named_houses=credited)
    return declared


def _link(a: VersionRef, b: VersionRef, judgement: Judgement) -> Link:
    assert judgement.relation is not None
    return Link(
        a=a,
        b=b,
        relation=judgement.relation,
        score=judgement.score,
        coverage=judgement.coverage,
        translated=judgement.translated,
        languages=judgement.languages,
        broken=judgement.broken,
    )
