"""The probable original of a cluster: every sign is weighed, and none but a credit can decide alone against the others.

A date is easily false: reposts carry the day on which a template was filled in, or that of another article. So the
earliest date weighs less than two other signs, and says nothing at all where we had seen the page before it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from db.records import DeclaredProvenance, Lag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from db.records import Link, VersionRef

OWN_HOUSE, CREDITED, CREDITS = 4, 3, -4
"""Its byline or agency is its own. Others name it. It names another. What a page says of itself weighs most."""

RESIDUE, MISSPELT = -3, -2
"""A scraper left its marks. Names are spelt as nobody else spells them: they were translated there and back."""

DATED, SEEN, LONGEST = 2, 1, 1
"""Earliest by its own date, earliest seen by us, longest."""

LONGER = 1.1
"""A text is the longest if it has at least a tenth more than the next: a byline more or less says nothing."""

_NOTHING_DECLARED = DeclaredProvenance()
_EVERY_HOUSE = frozenset(
    {"news", "daily", "agency", "press", "wire", "times", "post", "from", "staff", "editor", "example", "with"}
)
_BETWEEN_NAMES = re.compile(r"[,/|():;]|\s[-\u2013\u2014]\s|\b(?:by|for|and)\b", re.IGNORECASE)
_NAMES, _ADDRESSES = 4_096, 4_096  # names and addresses whose words are remembered: a cluster compares all with all


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that speaks for a member being the original, or, with a weight below 0, against it."""

    weight: int
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of the members of a cluster: the links between them, and what their pages declare.

    ``credits`` has by address the other members that a page names as its source. ``marked`` are the addresses with
    scraper residue. ``misspelt`` has by address the names that one member alone spells its way. ``first_dated``,
    ``first_seen`` and ``longest`` are the members that precede or exceed all others, None where there is no such one.
    """

    members: Sequence[VersionRef]
    links: Sequence[Link]
    declared: Mapping[VersionRef, DeclaredProvenance]
    credits: Mapping[str, frozenset[str]]
    marked: frozenset[str]
    misspelt: Mapping[str, Sequence[str]]
    first_dated: VersionRef | None
    first_seen: VersionRef | None
    longest: VersionRef | None

    def declared_by(self, member: VersionRef) -> DeclaredProvenance:
        """Return what a member's page declares, as far as known."""
        return self.declared.get(member, _NOTHING_DECLARED)


def gather_evidence(
    members: Sequence[VersionRef], links: Sequence[Link], declared: Mapping[VersionRef, DeclaredProvenance]
) -> Evidence:
    """Return the members, with what the links between them and their pages show of each."""
    pages = [declared.get(member, _NOTHING_DECLARED) for member in members]
    return Evidence(
        members=members,
        links=links,
        declared=declared,
        credits=_credits(members, pages),
        marked=_marked(links),
        misspelt=_misspelt(links),
        first_dated=_earliest(members, [_dated(member) for member in members]),
        first_seen=_earliest(members, [member.first_seen_at for member in members]),
        longest=_longest(members, [page.length for page in pages]),
    )


def probable_original(evidence: Evidence) -> tuple[VersionRef, tuple[str, ...]]:
    """Return the member the signs point to, and what speaks for it. Without any sign it is the earliest."""
    crediting = Counter(url for credited in evidence.credits.values() for url in credited)
    signs = {member.url: list(_signs(member, crediting[member.url], evidence)) for member in evidence.members}
    original = min(evidence.members, key=lambda member: (-sum(sign.weight for sign in signs[member.url]), age(member)))
    reasons = [sign.says for sign in signs[original.url] if sign.weight > 0]
    reasons += _absence_of_residue(original, evidence)
    return original, tuple(reasons) or ("nothing tells the members apart; the first by address stands in",)


def _signs(member: VersionRef, crediting: int, evidence: Evidence) -> Iterator[Sign]:
    """Yield the signs of one member, which so many others credit."""
    yield from _signs_by_name(member, crediting, evidence)
    published = trusted(member)
    if member is evidence.first_dated and published is not None:
        yield Sign(DATED, f"published earliest, by its own date: {published:%Y-%m-%d %H:%M} UTC")
    if member is evidence.first_seen:
        yield Sign(SEEN, f"earliest seen by us: {member.first_seen_at:%Y-%m-%d %H:%M} UTC")
    if member.url in evidence.marked:
        yield Sign(RESIDUE, "carries scraper residue")
    if misspelt := evidence.misspelt.get(member.url):
        yield Sign(MISSPELT, f"spells names as no other does: {', '.join(misspelt)}")
    if member is evidence.longest:
        yield Sign(LONGEST, f"the longest: {evidence.declared_by(member).length:,} characters")


# --- names -----------------------------------------------------------------------------------------------------------


def _signs_by_name(member: VersionRef, crediting: int, evidence: Evidence) -> Iterator[Sign]:
    own = [name for name in evidence.declared_by(member).agencies if names_house(name, member.url)]
    if member.byline and names_house(member.byline, member.url):
        yield Sign(OWN_HOUSE, f"its byline is its own: {member.byline}")
    elif own:
        yield Sign(OWN_HOUSE, f"it is its own agency: {own[0]}")
    elif evidence.credits[member.url]:
        yield Sign(CREDITS, "names another member as its source")
    if crediting:
        yield Sign(CREDITED, f"credited by {crediting} of the {len(evidence.members) - 1} others")


def _credits(members: Sequence[VersionRef], pages: Sequence[DeclaredProvenance]) -> dict[str, frozenset[str]]:
    """Return by address the members whose house a page names, or whose address it gives as the page's own.

    Names of the page's own house credit nobody. Each name is compared with each address once, whoever bears it.
    """
    urls = [member.url for member in members]
    places: defaultdict[str, set[str]] = defaultdict(set)
    for url in urls:
        places[_without_scheme(url)].add(url)
    named: dict[str, frozenset[str]] = {}  # by name the addresses whose house it names
    credited: dict[str, frozenset[str]] = {}
    for member, page in zip(members, pages, strict=True):
        others: set[str] = set()
        for name in filter(None, (member.byline, *page.agencies, *page.credited)):
            if name not in named:
                named[name] = frozenset(url for url in urls if names_house(name, url))
            others |= named[name] if member.url not in named[name] else frozenset()
        canonical = "" if page.canonical is None else _without_scheme(page.canonical)
        if canonical != _without_scheme(member.url):
            others |= places.get(canonical, set())
        credited[member.url] = frozenset(others)
    return credited


def names_house(text: str, url: str) -> bool:
    """True if words name the house an address belongs to: "(Meridian)" on www.meridian-news.example.

    A word of four letters or more occurs in the host name. Or the host is named by a short form, as "AP" or "Associated
    Press" name apnews.example, and "Los Angeles Times" latimes.example.
    """
    words, short_forms = _house_names(text)
    host, labels = _host_names(url)
    return any(word in host for word in words) or not labels.isdisjoint(short_forms)


@lru_cache(maxsize=_NAMES)
def _house_names(text: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the words of a name that may occur in a host name, and its short forms."""
    words = re.findall(r"[^\W\d_]{4,}", text.casefold())
    short_forms = (short for piece in _BETWEEN_NAMES.split(text) for short in _short_forms(piece))
    return tuple(word for word in words if word not in _EVERY_HOUSE), frozenset(short_forms)


@lru_cache(maxsize=_ADDRESSES)
def _host_names(url: str) -> tuple[str, frozenset[str]]:
    """Return the host of an address, and its labels without hyphens, the last left out."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return host, frozenset(label.replace("-", "") for label in host.split(".")[:-1])


def _short_forms(name: str) -> Iterator[str]:
    """Yield how host names shorten a house's name: run together, by initials, by initials and the last word."""
    words = re.findall(r"[^\W\d_]+", name)
    words = words[1:] if words[:1] == ["The"] else words
    if len(words) == 1 and words[0].isupper():
        yield from (words[0].casefold(), f"{words[0]}news".casefold())
    if len(words) > 1:
        initials = "".join(word[0] for word in words)
        forms = ("".join(words), initials, f"{initials}news", initials[:-1] + words[-1])
        yield from (form.casefold() for form in forms)


def _without_scheme(url: str) -> str:
    parts = urlsplit(url)
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}"


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


# --- time ------------------------------------------------------------------------------------------------------------


def _earliest(members: Sequence[VersionRef], moments: Sequence[datetime | None]) -> VersionRef | None:
    """Return the member whose moment precedes those of all others, as far as these are known."""
    known = [(moment, place) for place, moment in enumerate(moments) if moment is not None]
    first = min(known, default=None)
    if first is None or sum(moment == first[0] for moment, _ in known) > 1:
        return None
    return members[first[1]]


def trusted(version: VersionRef) -> datetime | None:
    """Return the date the page declares, unless we had seen the page before it."""
    published, first_seen = version.published_at, version.first_seen_at
    return None if published is None or (first_seen is not None and published > first_seen) else published


def _dated(version: VersionRef) -> datetime | None:
    return trusted(version) or version.first_seen_at


def age(version: VersionRef) -> tuple[float, float, int, str]:
    """Return the sort key by when a version was published or, failing that, first seen. No two keys are alike."""
    return _timestamp(_dated(version)), *seen(version)


def seen(version: VersionRef) -> tuple[float, int, str]:
    """Return the sort key by when we first saw a version. No two keys are alike."""
    return _timestamp(version.first_seen_at), version.version, version.url


def _timestamp(moment: datetime | None) -> float:
    return float("inf") if moment is None else moment.timestamp()


def lag(original: VersionRef, member: VersionRef) -> Lag | None:
    """Return how long after the original a member came: by the dates both declare, else by when we first saw them.

    A copy without a date of its own may have been there long before we saw it: that is ``mixed``, and the most it can
    have been. Below 0: we saw the copy first. None for the original itself, and where no times are known.
    """
    if original is member:
        return None
    born, copied = trusted(original), trusted(member)
    if born is not None and copied is not None:
        return Lag(seconds=int((copied - born).total_seconds()), by="published")
    if original.first_seen_at is None or member.first_seen_at is None:
        return None
    if born is not None:
        return Lag(seconds=int((member.first_seen_at - born).total_seconds()), by="mixed")
    return Lag(seconds=int((member.first_seen_at - original.first_seen_at).total_seconds()), by="first_seen")


# --- length and traces of copying ------------------------------------------------------------------------------------


def _longest(members: Sequence[VersionRef], lengths: Sequence[int]) -> VersionRef | None:
    """Return the member with the longest text; None where a length is unknown or another is nearly as long."""
    second, first = sorted(lengths)[-2:] if len(lengths) > 1 else (0, 0)
    return members[lengths.index(first)] if all(lengths) and first >= LONGER * second > 0 else None


def _marked(links: Sequence[Link]) -> frozenset[str]:
    """Return the addresses with scraper residue. A link's lines name the side they were on: ``a: ...``, ``b: ...``."""
    lines = ((link, line[:1]) for link in links for line in link.residue)
    return frozenset(link.a.url if side == "a" else link.b.url for link, side in lines)


def _misspelt(links: Sequence[Link]) -> dict[str, list[str]]:
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


def _absence_of_residue(original: VersionRef, evidence: Evidence) -> Iterator[str]:
    others = len(evidence.members) - 1
    marked = sum(member.url in evidence.marked for member in evidence.members)
    if marked and original.url not in evidence.marked:
        rest = f"{marked} of the {others} others do" if others > 1 else "the other does"
        yield f"carries no scraper residue, {rest}"
