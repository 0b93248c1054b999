"""The probable original of a cluster: the signs of each member, the probability they give, and the reasons in words.

A byline or an agency of a page's own house is no sign: it costs nothing to write. A credit in another text is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from archive.copies import original_model as model
from archive.copies.dating import age, contradiction, far_ahead, far_apart, lags_behind, seconds, span, uncertainty
from archive.copies.house_names import names_house
from archive.copies.source_credits import credits_by_page
from db.records import DeclaredProvenance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from db.records import Link, OriginalLabel, VersionRef

_NOTHING_DECLARED = DeclaredProvenance()
_PEERS_COMPARED = 3  # members from which on being like the others tells an original from a copy
_LEAST_AHEAD = 60  # seconds by which the earliest date precedes the others, to be named as a reason

Standing = Literal["labelled", "sure", "probable", "unsure", "first_seen"]


LIKELIER_THAN_NOT = 0.5
"""Below this probability the likeliest member of a large group is likelier by details of its text alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Evidence about the members of a cluster: the links between them, and what their pages declare.

    ``credits`` has by address the other members that a page names as its source or links to. ``marked`` are the
    addresses with scraper residue. ``misspelt`` has by address the names that one member alone spells its way.
    ``doubtful`` has by address what contradicts a declared date. ``undecided`` are the addresses whose dates cannot be
    compared. ``labels`` are those of people, by address.
    """

    members: Sequence[VersionRef]
    links: Sequence[Link]
    declared: Mapping[VersionRef, DeclaredProvenance]
    credits: Mapping[str, frozenset[str]]
    marked: frozenset[str]
    misspelt: Mapping[str, Sequence[str]]
    doubtful: Mapping[str, str]
    undecided: frozenset[str] = frozenset()
    labels: Mapping[str, OriginalLabel] = field(default_factory=dict)

    @property
    def uncompared(self) -> frozenset[str]:
        """The addresses whose declared dates do not count."""
        return self.undecided.union(self.doubtful)

    def declared_by(self, member: VersionRef) -> DeclaredProvenance:
        """Return what a member's page declares, as far as known."""
        return self.declared.get(member, _NOTHING_DECLARED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbableOriginal:
    """A member, what speaks for it, the probability that it is the first of those archived, and its standing."""

    member: VersionRef
    reasons: tuple[str, ...]
    certainty: float
    standing: Standing


def gather_evidence(
    members: Sequence[VersionRef],
    links: Sequence[Link],
    declared: Mapping[VersionRef, DeclaredProvenance],
    labels: Mapping[str, OriginalLabel] | None = None,
) -> Evidence:
    """Return the members, with what the links between them and their pages show of each."""
    pages = [declared.get(member, _NOTHING_DECLARED) for member in members]
    doubtful = _doubtful(members, pages)
    dated = [member for member in members if member.published_at is not None and member.url not in doubtful]
    return Evidence(
        members=members,
        links=links,
        declared=declared,
        credits=credits_by_page(members, pages),
        marked=frozenset(member.url for member, page in zip(members, pages, strict=True) if page.residue),
        misspelt=_misspelt(links),
        doubtful=doubtful,
        undecided=frozenset(member.url for member in far_apart(dated)),
        labels=labels or {},
    )


def _doubtful(members: Sequence[VersionRef], pages: Sequence[DeclaredProvenance]) -> dict[str, str]:
    """Return by address what contradicts a declared date."""
    reasons = ((member.url, contradiction(member, page)) for member, page in zip(members, pages, strict=True))
    doubtful = {url: reason for url, reason in reasons if reason is not None}
    dated = [member for member in members if member.published_at is not None and member.url not in doubtful]
    if (alone := far_ahead(dated)) is not None:
        doubtful[alone.url] = "it is weeks before those of all others, which are close together"
    return doubtful


def probable_original(evidence: Evidence) -> ProbableOriginal:
    """Return the member that a person named, else the likeliest by its signs. Equally likely ones go by age.

    If none is likelier than all others together, it is the one first seen here.
    """
    named = [member for member in evidence.members if _is_named(member, evidence)]
    if named:
        newest = max(named, key=lambda member: (evidence.labels[member.url].labelled_at, member.url))
        return _labelled(newest, evidence)
    allowed = [member for member in evidence.members if member.url not in evidence.labels] or list(evidence.members)
    signs = member_signs(evidence)
    chances = model.probabilities([signs[member.url] for member in allowed], model.table().weights)
    best = min(range(len(allowed)), key=lambda place: (-round(chances[place], 9), age(allowed[place])))
    if chances[best] < LIKELIER_THAN_NOT:
        best = _first_seen(allowed, signs, but=best)
    original = allowed[best]
    rivals = [member for member in allowed if member is not original]
    reasons = tuple(_reasons(original, rivals, signs, evidence))
    reasons = reasons or (_why_without_reasons(signs[original.url], [signs[rival.url] for rival in rivals]),)
    return ProbableOriginal(
        member=original,
        reasons=(*reasons, *_uncertain_dates([original, *rivals], evidence)),
        certainty=round(chances[best], 4),
        standing=_standing(original, rivals, signs, chances[best]),
    )


def _first_seen(members: Sequence[VersionRef], signs: Mapping[str, model.Signs], *, but: int) -> int:
    """Return the place of the member first seen here, of those without a mark of a copy; ``but`` if all have one."""
    unmarked = [place for place, member in enumerate(members) if not model.MARKS & signs[member.url].keys()]
    return min(unmarked, key=lambda place: age(members[place]), default=but)


def _is_named(member: VersionRef, evidence: Evidence) -> bool:
    return member.url in evidence.labels and evidence.labels[member.url].original


def _labelled(original: VersionRef, evidence: Evidence) -> ProbableOriginal:
    label = evidence.labels[original.url]
    note = f" ({label.note})" if label.note else ""
    reason = f"a person labelled it the original on {label.labelled_at:%Y-%m-%d}{note}"
    return ProbableOriginal(member=original, reasons=(reason,), certainty=1.0, standing="labelled")


def _standing(
    original: VersionRef, rivals: Sequence[VersionRef], signs: Mapping[str, model.Signs], chance: float
) -> Standing:
    if chance < model.table().probable:
        return "unsure"
    against = [signs[rival.url] for rival in rivals]
    own = {name: value for name, value in signs[original.url].items() if name not in model.SEEN_ONLY}
    if all({name: v for name, v in rival.items() if name not in model.SEEN_ONLY} == own for rival in against):
        return "first_seen"
    is_sure = chance >= model.table().sure or model.is_vouched_for([signs[original.url], *against], 0)
    return "sure" if is_sure else "probable"


# --- signs -----------------------------------------------------------------------------------------------------------


def member_signs(evidence: Evidence) -> dict[str, dict[str, float]]:
    """Return the signs of each member by its address."""
    crediting = Counter(url for credited in evidence.credits.values() for url in credited)
    moments = zip(*_delays(evidence), strict=True)
    centrality, longest = (
        _centrality(evidence),
        max((_length(member, evidence) for member in evidence.members), default=0),
    )
    languages = _lone_languages(evidence)
    signs: dict[str, dict[str, float]] = {}
    for member, (dated, seen_later) in zip(evidence.members, moments, strict=True):
        own = model.delay_signs(dated, model.DATED_STEPS) | model.delay_signs(seen_later, model.SEEN_STEPS)
        own |= _signs_by_name(member, crediting[member.url], evidence)
        flags = {
            "residue": member.url in evidence.marked,
            "misspelt": member.url in evidence.misspelt,
            "undated": member.published_at is None or member.url in evidence.doubtful,
            "alone in its language": member.url in languages,
            "shorter": 0 < _length(member, evidence) < model.SHORTER * longest,
            "far shorter": 0 < _length(member, evidence) < model.FAR_SHORTER * longest,
        }
        own |= {name: 1.0 for name, holds in flags.items() if holds}
        if centrality:
            own["less central"] = round(max(centrality.values()) - centrality[member.url], 3)
        signs[member.url] = own
    return signs


def _delays(evidence: Evidence) -> tuple[list[float], list[float]]:
    """Return how long after the first each member was dated, and seen, in seconds."""
    dated = list(lags_behind([_span(member, evidence) for member in evidence.members]))
    sights = [seconds(member.first_seen_at) for member in evidence.members]
    first = min(sights)
    seen_later = [sight - first if sight < float("inf") else 0.0 for sight in sights]
    for place, sources in _sources(evidence):  # a copy that came before its source came early by chance only
        dated[place] = max(dated[place], min(dated[source] for source in sources))
        seen_later[place] = max(seen_later[place], min(seen_later[source] for source in sources))
    return dated, seen_later


def _sources(evidence: Evidence) -> list[tuple[int, list[int]]]:
    """Return for each member that shows itself a copy its place, and the places of its possible sources.

    These are the members it credits, unless they credit it too. Of one with residue or misspelt names they are those
    without.
    """
    places = {member.url: place for place, member in enumerate(evidence.members)}
    marks = (evidence.marked, evidence.misspelt.keys())
    pairs = []
    for url, place in places.items():
        sources = [places[other] for other in evidence.credits[url] if url not in evidence.credits[other]]
        for marked in marks:
            sources += [places[other] for other in places if other not in marked] if url in marked else []
        if sources:
            pairs.append((place, sorted(set(sources))))
    return pairs


def _span(member: VersionRef, evidence: Evidence) -> tuple[float, float]:
    is_dated = member.published_at is not None and member.url not in evidence.uncompared
    return span(member, evidence.declared_by(member), is_dated=is_dated)


def _signs_by_name(member: VersionRef, crediting: int, evidence: Evidence) -> dict[str, float]:
    flags = {"credited": crediting > 0, "credits another": bool(evidence.credits[member.url])}
    return {name: 1.0 for name, holds in flags.items() if holds}


def _length(member: VersionRef, evidence: Evidence) -> int:
    """Return the length of a member's text, 0 if it is not known or is that of many entries."""
    page = evidence.declared_by(member)
    return 0 if page.running else page.length


def _centrality(evidence: Evidence) -> dict[str, float]:
    """Return how close each member is to all others, empty for a pair: the original is closest to all its copies."""
    others = len(evidence.members) - 1
    if others + 1 < _PEERS_COMPARED:
        return {}
    total = dict.fromkeys((member.url for member in evidence.members), 0.0)
    for link in evidence.links:
        for side in (link.a.url, link.b.url):
            total[side] = total.get(side, 0.0) + link.score
    return {url: score / others for url, score in total.items()}


def _lone_languages(evidence: Evidence) -> set[str]:
    """Return the addresses of which every link crosses two languages, in a cluster where not all links do."""
    crossing: defaultdict[str, list[bool]] = defaultdict(list)
    for link in evidence.links:
        for side in (link.a.url, link.b.url):
            crossing[side].append(link.translated)
    if all(link.translated for link in evidence.links):
        return set()
    return {url for url, flags in crossing.items() if all(flags)}


# --- reasons ---------------------------------------------------------------------------------------------------------


def _reasons(
    original: VersionRef,
    rivals: Sequence[VersionRef],
    signs: Mapping[str, model.Signs],
    evidence: Evidence,
) -> Iterator[str]:
    """Yield what speaks for a member: what it has and no rival has, and what rivals have against them."""
    own, against = signs[original.url], [signs[rival.url] for rival in rivals]
    crediting = sum(original.url in credited for credited in evidence.credits.values())
    if crediting:
        yield f"credited by {crediting} of the {len(evidence.members) - 1} others"
    if original.published_at is not None and "undated" not in own and _is_first_dated(original, evidence):
        yield f"published earliest, by its own date: {original.published_at:%Y-%m-%d %H:%M} UTC"
    if original.first_seen_at is not None and _have_alone(model.SEEN_STEPS[0][0], own, against):
        yield f"first seen here: {original.first_seen_at:%Y-%m-%d %H:%M} UTC"
    if _have_alone("shorter", own, against):
        yield f"the longest: {_length(original, evidence):,} characters"
    yield from _marks_of_rivals(own, against)
    for rival in rivals:
        if rival.url in evidence.doubtful and _claims_first(rival, original):
            host = urlsplit(rival.url).hostname or rival.url
            yield f"the earlier date of {host} does not count: {evidence.doubtful[rival.url]}"


def _uncertain_dates(members: Iterable[VersionRef], evidence: Evidence) -> Iterator[str]:
    for member in members:
        reason = uncertainty(member, evidence.declared_by(member))
        if reason is not None and member.url not in evidence.uncompared:
            yield f"the date of {urlsplit(member.url).hostname or member.url} is not certain: {reason}"


def _why_without_reasons(own: model.Signs, against: Sequence[model.Signs]) -> str:
    """Return what is said of a member for which no reason speaks by itself."""
    if _have_alone("undated", own, against):
        return "it alone declares a date that nothing contradicts"
    return "nothing tells the members apart; the first seen here stands in"


def _have_alone(name: str, own: model.Signs, against: Sequence[model.Signs]) -> bool:
    """True if all rivals have a sign against them, and the member has not."""
    return bool(against) and all(name in rival for rival in against) and name not in own


def _marks_of_rivals(own: model.Signs, against: Sequence[model.Signs]) -> Iterator[str]:
    """Yield the marks of a copy that rivals have and the member has not."""
    for name, says in _MARKS.items():
        marked = sum(name in rival for rival in against)
        if marked and name not in own:
            does = "does" if marked == 1 else "do"
            rest = f"{marked} of the {len(against)} others {does}" if len(against) > 1 else "the other does"
            yield f"{says}, {rest}"


_MARKS = {
    "residue": "carries no scraper residue",
    "credits another": "credits no other member",
    "misspelt": "carries no misspelt name",
    "alone in its language": "is not alone in its language",
}
"""Marks of a copy, and the words for a member without them."""


def _is_first_dated(original: VersionRef, evidence: Evidence) -> bool:
    """True if a member's date certainly precedes the date or first sight of every other."""
    end = _span(original, evidence)[1]
    others = (member for member in evidence.members if member is not original)
    starts = []
    for other in others:
        start, other_end = _span(other, evidence)
        starts.append(other_end if start == float("-inf") else start)
    return bool(starts) and end + _LEAST_AHEAD <= min(starts) < float("inf")


def _claims_first(rival: VersionRef, original: VersionRef) -> bool:
    first = original.published_at or original.first_seen_at
    return rival.published_at is not None and first is not None and rival.published_at < first


# --- the missing agency ----------------------------------------------------------------------------------------------


def credited_agency(original: VersionRef, evidence: Evidence) -> str | None:
    """Return the agency that at least half of the members name, if none of them is its house.

    The original is not archived then.
    """
    named = Counter(
        name for member in evidence.members for name in dict.fromkeys(evidence.declared_by(member).agencies)
    )
    away = {name for name in named if not any(names_house(name, member.url) for member in evidence.members)}
    own = original.byline is not None and names_house(original.byline, original.url)
    most = min(away, key=lambda name: (-named[name], name), default=None)
    return most if most is not None and not own and 2 * named[most] >= len(evidence.members) else None


# --- traces of copying -----------------------------------------------------------------------------------------------


def _misspelt(links: Iterable[Link]) -> dict[str, list[str]]:
    """Return by address the names that it spells otherwise than two others do, which agree."""
    spellings: dict[tuple[str, str], Counter[str]] = {}
    for link in links:
        for ours, theirs in link.broken:
            spellings.setdefault((link.a.url, ours), Counter())[theirs] += 1
            spellings.setdefault((link.b.url, theirs), Counter())[ours] += 1
    misspelt: dict[str, list[str]] = {}
    for (url, name), others in sorted(spellings.items()):
        if max(others.values()) > 1:
            misspelt.setdefault(url, []).append(name)
    return misspelt
