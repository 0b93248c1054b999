"""The probable original of a cluster: every sign is weighed, and none but a credit can decide alone against the others.

A date is easily false: reposts carry the day on which a template was filled in, or that of another article. So the
earliest date weighs less than two other signs, and says nothing at all where we had seen the page before it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from db.records import DeclaredProvenance, Lag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from db.records import Link, VersionRef

OWN_HOUSE, CREDITED, CREDITS = 4, 3, -4
"""Its byline or agency is its own; others name it; it names another. What a page says of itself weighs most."""

RESIDUE, MISSPELT = -3, -2
"""A scraper left its marks; names are spelt as nobody else spells them: they were translated there and back."""

DATED, SEEN, LONGEST = 2, 1, 1
"""Earliest by its own date, earliest seen by us, longest."""

LONGER = 1.1
"""A text is the longest if it has at least a tenth more than the next: a byline more or less says nothing."""

_NO_PEDIGREE = DeclaredProvenance()
_EVERY_HOUSE = frozenset(
    {"news", "daily", "agency", "press", "wire", "times", "post", "from", "staff", "editor", "example", "with"}
)
_NAMES_APART = re.compile(r"[,/|():;]|\s[-\u2013\u2014]\s|\b(?:by|for|and)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that speaks for a member being the original, or, with a weight below 0, against it."""

    weight: int
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What is known of the members of a cluster: the links between them, and what their pages say of themselves.

    ``marked`` are the addresses with scraper residue; ``misspelt`` the names that one alone spells its way, by address.
    """

    members: Sequence[VersionRef]
    links: Sequence[Link]
    pedigrees: Mapping[VersionRef, DeclaredProvenance]
    marked: frozenset[str]
    misspelt: Mapping[str, Sequence[str]]

    def others(self, ref: VersionRef) -> list[VersionRef]:
        """All members but this one."""
        return [other for other in self.members if other is not ref]

    def pedigree(self, ref: VersionRef) -> DeclaredProvenance:
        """What a member's page says, as far as known."""
        return self.pedigrees.get(ref, _NO_PEDIGREE)


def family_of(
    members: Sequence[VersionRef], links: Sequence[Link], pedigrees: Mapping[VersionRef, DeclaredProvenance]
) -> Family:
    """The members, with what the links between them tell of each."""
    return Family(members=members, links=links, pedigrees=pedigrees, marked=_marked(links), misspelt=_misspelt(links))


def probable_original(family: Family) -> tuple[VersionRef, tuple[str, ...]]:
    """The member the signs point to, and what speaks for it; where they say nothing, the earliest."""
    signs = {ref: list(_signs(ref, family)) for ref in family.members}
    original = min(family.members, key=lambda ref: (-sum(sign.weight for sign in signs[ref]), age(ref)))
    reasons = [sign.says for sign in signs[original] if sign.weight > 0]
    reasons += _told_by_residue(original, family)
    return original, tuple(reasons) or ("nothing tells the members apart; the first by address stands in",)


def _signs(ref: VersionRef, family: Family) -> Iterator[Sign]:
    yield from _by_name(ref, family)
    yield from _by_time(ref, family)
    if ref.url in family.marked:
        yield Sign(RESIDUE, "carries scraper residue")
    if misspelt := family.misspelt.get(ref.url):
        yield Sign(MISSPELT, f"spells names as no other does: {', '.join(misspelt)}")
    lengths = [family.pedigree(other).length for other in family.others(ref)]
    if lengths and all(lengths) and family.pedigree(ref).length >= LONGER * max(lengths):
        yield Sign(LONGEST, f"the longest: {family.pedigree(ref).length:,} characters")


# --- who names whom --------------------------------------------------------------------------------------------------


def _by_name(ref: VersionRef, family: Family) -> Iterator[Sign]:
    pedigree = family.pedigree(ref)
    own = [name for name in pedigree.agencies if names_house(name, ref.url)]
    if ref.byline and names_house(ref.byline, ref.url):
        yield Sign(OWN_HOUSE, f"its byline is its own: {ref.byline}")
    elif own:
        yield Sign(OWN_HOUSE, f"it is its own agency: {own[0]}")
    elif any(_credits(ref, other, pedigree) for other in family.others(ref)):
        yield Sign(CREDITS, "names another member as its source")
    others = family.others(ref)
    crediting = sum(_credits(other, ref, family.pedigree(other)) for other in others)
    if crediting:
        yield Sign(CREDITED, f"credited by {crediting} of the {len(others)} others")


def _credits(ref: VersionRef, other: VersionRef, pedigree: DeclaredProvenance) -> bool:
    """True when a page names the house of another, or gives the other's address as the page's own."""
    if pedigree.canonical is not None and _plain(pedigree.canonical) == _plain(other.url) != _plain(ref.url):
        return True
    said = chain([ref.byline or ""], pedigree.agencies, pedigree.credited)
    return any(names_house(name, other.url) and not names_house(name, ref.url) for name in said)


def names_house(said: str, url: str) -> bool:
    """True when words name the house an address belongs to: "(Meridian)" on www.meridian-news.example.

    A word of four letters or more stands in the host name; or the host is named by a short form, as "AP" or "Associated
    Press" name apnews.example, and "Los Angeles Times" latimes.example.
    """
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    words = re.findall(r"[^\W\d_]{4,}", said.casefold())
    if any(word in host for word in words if word not in _EVERY_HOUSE):
        return True
    labels = {label.replace("-", "") for label in host.split(".")[:-1]}
    return any(short in labels for piece in _NAMES_APART.split(said) for short in _short_forms(piece))


def _short_forms(name: str) -> Iterator[str]:
    """How a house's name is written in host names: run together, by initials, by initials and the last word."""
    words = re.findall(r"[^\W\d_]+", name)
    words = words[1:] if words[:1] == ["The"] else words
    if len(words) == 1 and words[0].isupper():
        yield from (words[0].casefold(), f"{words[0]}news".casefold())
    if len(words) > 1:
        initials = "".join(word[0] for word in words)
        forms = ("".join(words), initials, f"{initials}news", initials[:-1] + words[-1])
        yield from (form.casefold() for form in forms)


def _plain(url: str) -> str:
    parts = urlsplit(url)
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}"


def credited_agency(original: VersionRef, family: Family) -> str | None:
    """The agency that at least half of the members name, if none of them is its house: the original is not archived."""
    named = Counter(name for ref in family.members for name in dict.fromkeys(family.pedigree(ref).agencies))
    houses = (ref.url for ref in family.members)
    away = {name for name in named if not any(names_house(name, url) for url in houses)}
    own = original.byline is not None and names_house(original.byline, original.url)
    most = min(away, key=lambda name: (-named[name], name), default=None)
    return most if most is not None and not own and 2 * named[most] >= len(family.members) else None


# --- time ------------------------------------------------------------------------------------------------------------


def _by_time(ref: VersionRef, family: Family) -> Iterator[Sign]:
    others = family.others(ref)
    published = trusted(ref)
    if published is not None and all((other := _dated(each)) is None or published < other for each in others):
        yield Sign(DATED, f"published earliest, by its own date: {published:%Y-%m-%d %H:%M} UTC")
    seen = ref.first_seen_at
    if seen is not None and all(other.first_seen_at is None or seen < other.first_seen_at for other in others):
        yield Sign(SEEN, f"earliest seen by us: {seen:%Y-%m-%d %H:%M} UTC")


def trusted(ref: VersionRef) -> datetime | None:
    """The date the page declares, unless we had seen the page before it."""
    if ref.published_at is None or (ref.first_seen_at is not None and ref.published_at > ref.first_seen_at):
        return None
    return ref.published_at


def _dated(ref: VersionRef) -> datetime | None:
    return trusted(ref) or ref.first_seen_at


def age(ref: VersionRef) -> tuple[float, float, int, str]:
    """What orders versions by when they were published or, failing that, seen; no two are alike."""
    return _stamp(_dated(ref)), *seen(ref)


def seen(ref: VersionRef) -> tuple[float, int, str]:
    """What orders versions by when we first saw them; no two are alike."""
    return _stamp(ref.first_seen_at), ref.version, ref.url


def _stamp(at: datetime | None) -> float:
    return float("inf") if at is None else at.timestamp()


def lag(original: VersionRef, member: VersionRef) -> Lag | None:
    """How long after the original a member came: by the dates both declare, else by when we first saw them.

    A copy without a date of its own may have stood there long before we saw it: that is ``mixed``, and the most it can
    have been. Below 0: we saw the copy first.
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


# --- what copying leaves behind --------------------------------------------------------------------------------------


def _marked(links: Sequence[Link]) -> frozenset[str]:
    """Addresses with scraper residue. A link's lines say which side they were on: ``a: ...`` or ``b: ...``."""
    lines = ((link, line[:1]) for link in links for line in link.residue)
    return frozenset(link.a.url if side == "a" else link.b.url for link, side in lines)


def _misspelt(links: Sequence[Link]) -> dict[str, list[str]]:
    """Of each address the names that it spells otherwise than two others do, which agree."""
    spelt: dict[tuple[str, str], Counter[str]] = {}
    for link in links:
        for ours, theirs in link.broken:
            spelt.setdefault((link.a.url, ours), Counter())[theirs] += 1
            spelt.setdefault((link.b.url, theirs), Counter())[ours] += 1
    found: dict[str, list[str]] = {}
    for (url, name), others in sorted(spelt.items()):
        if max(others.values()) > 1:
            found.setdefault(url, []).append(name)
    return found


def _told_by_residue(original: VersionRef, family: Family) -> Iterator[str]:
    others = family.others(original)
    marked = sum(other.url in family.marked for other in others)
    if marked and original.url not in family.marked:
        rest = f"{marked} of the {len(others)} others do" if len(others) > 1 else "the other does"
        yield f"carries no scraper residue, {rest}"
