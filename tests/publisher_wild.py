"""More cases of first publishers, by another hand and in other languages: the half on which signs were added.

``publisher_wild_unseen`` has the other half. Both were written before either was looked at.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from archive.timestamps import iso
from publisher_cases import build, case_of, page_of
from publisher_pages import Case, later, stories

if TYPE_CHECKING:
    from publisher_cases import Maker
    from publisher_pages import Story

START = datetime(2026, 4, 14, 6, 11, tzinfo=UTC)


# --- credits ---------------------------------------------------------------------------------------------------------

DATELINES = {
    "nl": ("polderpers", "Polderpers", "WIERDAM (Polderpers) - "),
    "sv": ("nordanpost", "Nordanpost", "NORRHAMMAR (Nordanpost) \u2013 "),
    "ko": ("haesol", "해솔통신", "(해람=해솔통신) "),
    "uk": ("vistovyk", "Вістовик", "ЛОЗОВА ГРЕБЛЯ, 14 квітня \u2013 Вістовик. "),
}


def wire_dateline(kind: str, story: Story, at: datetime) -> Case:
    """A portal with an agency's dateline, seen before the agency's own page in one run; both are dated by the day."""
    host, site, dateline = DATELINES[story.language]
    text = replace(story, paragraphs=(dateline + story.paragraphs[0], *story.paragraphs[1:]))
    day = at.date().isoformat()
    agency = page_of(host, story, at, 6, site=site, published=day)
    return case_of(kind, agency, page_of("allenieuws", text, at, 5.9, published=day))


TRANSLATED = {
    "kelp": ("kelp-nl", "Vertaling: Anke Wiersma. Dit artikel verscheen eerder in de Harbour Times."),
    "signalbox": ("signalbox-sv", "Översättning: Moa Lundkvist. Artikeln publicerades först i Harbour Times."),
}


def translator_credit(kind: str, story: Story, at: datetime) -> Case:
    """A translation that names its translator and the paper it is from, seen first; both are dated by the day."""
    name, line = next(pair for key, pair in TRANSLATED.items() if stories()[key] == story)
    day = at.date().isoformat()
    first = page_of("harbourtimes", story, at, 8, site="Harbour Times", published=day)
    return case_of(kind, first, page_of("zuiderkrant", stories()[name].between(below=[line]), at, 4, published=day))


FOOTERS = {
    "en": ("Harbour Times", "© 2026 Harbour Times. Distributed by Contentbridge. All rights reserved."),
    "nl": ("Wierdams Dagblad", "© Wierdams Dagblad. Overname via Contentbridge."),
}


def syndication_footer(kind: str, story: Story, at: datetime) -> Case:
    """A subscriber with the copyright line of the paper whose text it is, seen first in one run; neither is dated."""
    site, line = FOOTERS[story.language]
    first = page_of(site.lower().replace(" ", ""), story, at, 5, site=site, published="")
    return case_of(kind, first, page_of("coastcourier", story.between(below=[line]), at, 4.9, published=""))


def syndication_source(kind: str, story: Story, at: datetime) -> Case:
    """A partner that names the original's address as its syndication source, seen two hours before; neither dated."""
    first = page_of("harbourtimes", story, at, 4, published="")
    head = f'<meta name="syndication-source" content="{first.url}">'
    return case_of(kind, first, page_of("partnerpost", story, at, 2, published="", head=head))


def teaser(kind: str, story: Story, at: datetime) -> Case:
    """An aggregator with the first paragraphs and a link to the rest, dated at its visit and seen five hours before."""
    first = page_of("harbourtimes", story, at, 8)
    line = f'<p><a href="{first.url}?ref=feed" rel="nofollow">Continue</a></p>'
    return case_of(kind, first, page_of("skimmer", story.cut(3), later(at, 2.9), 0.1, markup=(line,)))


# --- dates -----------------------------------------------------------------------------------------------------------

STAMPS = {
    "en": "First published at {first:%H:%M} UTC on {first:%d %B %Y}. Updated at {last:%H:%M} UTC on {last:%d %B %Y}.",
    "cs": "Publikováno {first.day}. {first.month}. {first.year} {first:%H:%M}. Aktualizováno {last.day}. {last.month}. "
    "{last.year} {last:%H:%M}.",
}


def update_stamp(kind: str, story: Story, at: datetime) -> Case:
    """A page that declares its last update, after the copy, and shows when it first appeared; it was seen later."""
    last = later(at, 2.3)
    shown = STAMPS[story.language].format(first=at, last=last)
    first = page_of("harbourtimes", story, at, 3, published=iso(last), shown=shown)
    return case_of(kind, first, page_of("dailyscoop", story, later(at, 1), 0.4))


def false_date_in_address(kind: str, story: Story, at: datetime) -> Case:
    """A copy dated three days too early, with the true day in its address; its source is dated by the minute."""
    first = page_of("harbourtimes", story, at, 40)
    path = f"{later(at, 6):%Y/%m/%d}/repost"
    return case_of(kind, first, page_of("dailyscoop", story, at, 41, published=iso(later(at, -70)), path=path))


def undated_original(kind: str, story: Story, at: datetime) -> Case:
    """An undated page, found after three shorter copies, all dated by the minute."""
    first = page_of("harbourtimes", story, at, 9, published="", path="walk")
    copies = [page_of(f"echo{cut}", story.cut(cut), later(at, 6 - cut), 0.5) for cut in (4, 3)]
    return case_of(kind, first, *copies, page_of("valepost", story.cut(4), later(at, 3), 0.2))


CORRECTED = {
    "en": ({"47 years": "57 years"}, "Correction: an earlier version of this article gave the years as 57."),
    "cs": ({"2 160": "2 610"}, "Oprava: původní verze článku uváděla 2 610 lahví."),
}


def corrected_original(kind: str, story: Story, at: datetime) -> Case:
    """A page that was corrected and dated anew after a copy, which still has the wrong figure."""
    wrong, note = CORRECTED[story.language]
    first = page_of("harbourtimes", story.between(below=[note]), at, 6, published=iso(later(at, 5)))
    return case_of(kind, first, page_of("dailyscoop", story.with_words(**wrong), later(at, 1), 0.3))


# --- texts -----------------------------------------------------------------------------------------------------------

ENTRIES = (
    "06:10 Good morning from the news desk. It will be dry in the west, with a light breeze and some fog at first.",
    "06:45 The ring road is closed at Tanner's Bridge, where a lorry has shed a load of garden gnomes.",
    "07:20 Our correspondent is at the town hall, where the doors open in an hour for the hearing on parking permits.",
    "07:55 Buses on routes 4 and 9 are diverted by way of Gallows Lane until further notice, the operator says.",
    "08:30 The hearing has begun. Some sixty residents have come, several of them with folding chairs of their own.",
    "11:15 We are told that the gnomes have been counted, and that three of two hundred and twelve are missing.",
    "12:40 That is all from us this morning. Thank you for reading, and do send us your pictures of the fog.",
)


def live_blog(kind: str, story: Story, at: datetime) -> Case:
    """A live blog, opened and seen hours before a story that it then takes in, and another copy of the story."""
    first = page_of("harbourtimes", story, at, 0.3)
    blog = replace(
        story,
        headline="Live: the morning as it happens",
        paragraphs=(*ENTRIES[:5], *story.paragraphs[:4], *ENTRIES[5:]),
    )
    live = page_of("cityday", blog, later(at, -3), 4.5)
    return case_of(kind, first, live, page_of("valepost", story.cut(4), later(at, 2), 0.4))


def without_diacritics(kind: str, story: Story, at: datetime) -> Case:
    """A copy whose letters have lost their marks, undated and seen first in one run with its undated source."""
    texts = (unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode() for text in story.paragraphs)
    first = page_of("harbourtimes", story, at, 5, published="")
    return case_of(kind, first, page_of("dailyscoop", replace(story, paragraphs=tuple(texts)), at, 4.9, published=""))


def names_respelt(kind: str, story: Story, at: datetime) -> Case:
    """Two true copies and one with names of its own spelling, which is dated first; nothing else is dated."""
    names = {"Calder": "Kalder", "Ndele": "Ndela"} if story.language == "en" else {"Oostinga": "Ostinga"}
    first = page_of("harbourtimes", story, at, 9, published="")
    copy = page_of("valepost", story.cut(4), at, 9.1, published="")
    return case_of(kind, first, copy, page_of("dailyscoop", story.with_words(**names), later(at, 2), 3))


def chain_in_one_minute(kind: str, story: Story, at: datetime) -> Case:
    """Three papers of one chain that print a text in one minute: nothing tells which was first."""
    papers = (page_of(host, story, later(at, delay), 0.3) for host, delay in (("a1", 0), ("b2", 0.003), ("c3", 0.006)))
    return case_of(kind, None, *papers)


MAKERS: dict[str, tuple[Maker, tuple[str, ...]]] = {
    "wire dateline": (wire_dateline, ("molen", "alg", "gondola", "bibliobus")),
    "translator named": (translator_credit, ("kelp", "signalbox")),
    "syndication footer": (syndication_footer, ("swans", "molen")),
    "syndication source": (syndication_source, ("chess", "karavi")),
    "teaser": (teaser, ("orchard", "jembatan")),
    "stamp of an update": (update_stamp, ("kelp", "pivovar")),
    "false date, true address": (false_date_in_address, ("swans", "tren")),
    "undated original": (undated_original, ("furdo", "jaanmurtaja")),
    "corrected original": (corrected_original, ("kelp", "pivovar")),
    "live blog": (live_blog, ("signalbox", "chess")),
    "without diacritics": (without_diacritics, ("tren", "pivovar")),
    "names respelt": (names_respelt, ("kelp", "molen")),
    "chain in one minute": (chain_in_one_minute, ("orchard", "furdo")),
}


def developed() -> list[Case]:
    """The cases of this half."""
    return list(build(MAKERS, START))
