"""The other half of the cases of ``publisher_wild``: kinds on which nothing was chosen. They are for measuring."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from publisher_cases import build, case_of, page_of
from publisher_pages import Case, later, stories

if TYPE_CHECKING:
    from publisher_cases import Maker
    from publisher_pages import Story

START = datetime(2025, 9, 22, 8, 36, tzinfo=UTC)


# --- credits ---------------------------------------------------------------------------------------------------------

SOURCES = {
    "nl": ("polderpers", "Polderpers", "Bron: Polderpers"),
    "sv": ("nordanpost", "Nordanpost", "Källa: Nordanpost"),
    "ko": ("haesol", "해솔통신", "출처: 해솔통신"),
    "uk": ("vistovyk", "Інформагентство «Вістовик»", "Джерело: «Вістовик»"),
    "el": ("maistrali", "Μαϊστράλι", "Πηγή: Μαϊστράλι"),
    "hi": ("deepshikha", "दीपशिखा", "स्रोत: दीपशिखा"),
    "cs": ("vltavan", "Agentura Vltavan", "Zdroj: Vltavan"),
    "fi": ("pohjatar", "Uutistoimisto Pohjatar", "Lähde: Pohjatar"),
    "hu": ("tiszavirag", "Tiszavirág Hírügynökség", "Forrás: Tiszavirág"),
}


def source_line(kind: str, story: Story, at: datetime) -> Case:
    """Two portals with a line that names the agency; all are dated by the day, and the agency is seen last."""
    host, site, line = SOURCES[story.language]
    day = at.date().isoformat()
    portals = (
        page_of(name, story.cut(cut).between(below=[line]), at, seen, published=day)
        for name, cut, seen in (("portal24", 5, 2), ("mixture", 4, 3))
    )
    return case_of(kind, page_of(host, story, at, 6, site=site, published=day), *portals)


def canonical_of_translation(kind: str, story: Story, at: datetime) -> Case:
    """A translation that gives the address of its source as its canonical one, seen first; neither is dated."""
    name = {"kelp": "kelp-nl", "signalbox": "signalbox-sv"}[_name_of(story)]
    first = page_of("harbourtimes", story, at, 6, published="")
    return case_of(kind, first, page_of("zuiderkrant", stories()[name], at, 5, published="", canonical=first.url))


def based_on(kind: str, story: Story, at: datetime) -> Case:
    """A page that names its source in a meta element, original-source, seen first in one run; neither is dated."""
    first = page_of("harbourtimes", story, at, 5, published="")
    head = f'<meta name="original-source" content="{first.url}">'
    return case_of(kind, first, page_of("partnerpost", story.cut(4), at, 4.9, published="", head=head))


LICENCES = {
    "en": "This article is republished from the Harbour Times under a Creative Commons licence.",
    "hu": "Ez a cikk eredetileg a Harbour Times oldalán jelent meg, Creative Commons licenccel.",
}


def free_licence(kind: str, story: Story, at: datetime) -> Case:
    """A reprint under a free licence with its note, seen three hours before its source; both dated by the day."""
    day = at.date().isoformat()
    first = page_of("harbourtimes", story, at, 6, site="Harbour Times", published=day)
    note = story.between(below=[LICENCES[story.language]])
    return case_of(kind, first, page_of("commonreader", note, at, 3, published=day))


FULL_STORY = {
    "el": "Διαβάστε ολόκληρο το ρεπορτάζ στη Harbour Times",
    "ko": "기사 전문은 Harbour Times에서 보도",
}


def full_story_elsewhere(kind: str, story: Story, at: datetime) -> Case:
    """An aggregator that sends readers to the paper by its name alone, dated at its visit, which was before ours."""
    first = page_of("harbourtimes", story, at, 9, site="Harbour Times", published="")
    text = story.cut(3).between(below=[FULL_STORY[story.language]])
    return case_of(kind, first, page_of("skimmer", text, later(at, 3), 0.2))


def forum_post(kind: str, story: Story, at: datetime) -> Case:
    """A post in a forum with the bare address of its source below it, dated right; the source is undated."""
    first = page_of("harbourtimes", story, at, 14, published="")
    post = story.between(["Found this today, thought you would like it."], [first.url])
    return case_of(kind, first, page_of("oldboards", post, later(at, 2), 1))


def rewritten_with_credit(kind: str, story: Story, at: datetime) -> Case:
    """A rewritten copy that names the paper in a sentence, seen first; both are dated by the day."""
    rewritten = stories()["orchard-rewritten"]
    line = "The raid was first reported by the Harbour Times."
    day = at.date().isoformat()
    first = page_of("harbourtimes", story, at, 7, site="Harbour Times", published=day)
    return case_of(kind, first, page_of("dailyscoop", rewritten.between(below=[line]), at, 2, published=day))


# --- dates and sights ------------------------------------------------------------------------------------------------


def offset_of_zone(kind: str, story: Story, at: datetime) -> Case:
    """A first publisher with its zone, five and a half hours ahead, and a copy dated in UTC half an hour later."""
    local = f"{later(at, 5.5):%Y-%m-%dT%H:%M:%S}+05:30"
    first = page_of("harbourtimes", story, at, 3, published=local)
    return case_of(kind, first, page_of("dailyscoop", story.cut(4), later(at, 0.6), 2))


def day_of_print(kind: str, story: Story, at: datetime) -> Case:
    """A paper's page dated by tomorrow's edition, seen today, and a copy dated two hours after it appeared."""
    tomorrow = at + timedelta(days=1)
    first = page_of("harbourtimes", story, at, 0.5, published=tomorrow.date().isoformat(), path=f"{tomorrow:%Y%m%d}/p3")
    return case_of(kind, first, page_of("dailyscoop", story, later(at, 2), 0.3))


ITEMS = (
    "A cat called Postmaster has been returned to Lower Quay by train, in the guard's van, with a label on its collar.",
    "The pie contest at Great Humber ended in a draw after the judges fell ill; none of the pies is suspected.",
    "Two brothers in Sallow Bridge have finished a wall that their grandfather began, and have found his sandwich.",
    "Readers write: why does the ferry timetable for February have thirty days? The ferry company is looking into it.",
)


def digest(kind: str, story: Story, at: datetime) -> Case:
    """A weekly digest that has the whole story among others, dated days later, but found first."""
    whole = replace(story, headline="The week", paragraphs=(*ITEMS[:2], *story.paragraphs, *ITEMS[2:]))
    first = page_of("harbourtimes", story, at, 300, site="Harbour Times")
    return case_of(kind, first, page_of("sundayletter", whole, later(at, 90), 1))


def corrected_and_dated_by_day(kind: str, story: Story, at: datetime) -> Case:
    """A copy with a figure that its source has since corrected, both dated by the day, the copy seen first."""
    wrong, note = {
        "uk": ({"9 320": "9 230"}, "Виправлення: перша версія статті мала 9 230 книжок."),
        "en": ({"2,300": "3,200"}, "Correction: an earlier version of this article gave the distance as 3,200 miles."),
    }[story.language]
    day = at.date().isoformat()
    first = page_of("harbourtimes", story.between(below=[note]), at, 7, published=day)
    return case_of(kind, first, page_of("dailyscoop", story.with_words(**wrong), at, 3, published=day))


def watched(kind: str, story: Story, at: datetime) -> Case:
    """A first publisher, dated and seen at once, and three hours later a copy without its last paragraph."""
    first = page_of("harbourtimes", story, at, 0.2, site="Harbour Times")
    return case_of(kind, first, page_of("dailyscoop", story.cut(4), later(at, 3), 0.5))


def wire_and_papers(kind: str, story: Story, at: datetime) -> Case:
    """An agency and four papers that print it whole or cut, all dated, all watched every half hour."""
    first = page_of("fairlead", story, at, 0.4, site="Fairlead News Agency")
    papers = (
        page_of(host, story.cut(cut), later(at, delay), 0.3)
        for host, cut, delay in (("valepost", 5, 1), ("hillpost", 4, 2), ("baypost", 5, 1.5), ("moorpost", 3, 5))
    )
    return case_of(kind, first, *papers)


def nothing_known(kind: str, story: Story, at: datetime) -> Case:
    """Four pages with one text, dated by the day, found in one run: nothing tells which was first."""
    day = at.date().isoformat()
    pages = (page_of(f"site{number}", story, at, 99 + number / 100, published=day, path="x") for number in range(4))
    return case_of(kind, None, *pages)


def _name_of(story: Story) -> str:
    return next(name for name, text in stories().items() if text == story)


MAKERS: dict[str, tuple[Maker, tuple[str, ...]]] = {
    "source line": (source_line, ("molen", "alg", "gondola", "bibliobus", "karavi", "baoli", "jaanmurtaja", "furdo")),
    "canonical of a translation": (canonical_of_translation, ("kelp", "signalbox")),
    "original-source": (based_on, ("orchard", "tren")),
    "free licence": (free_licence, ("swans", "furdo")),
    "full story elsewhere": (full_story_elsewhere, ("karavi", "gondola")),
    "forum post": (forum_post, ("jaanmurtaja", "tren")),
    "rewritten with a credit": (rewritten_with_credit, ("orchard",)),
    "offset of a zone": (offset_of_zone, ("baoli", "jembatan")),
    "day of print": (day_of_print, ("molen", "signalbox")),
    "digest": (digest, ("alg", "chess")),
    "corrected, dated by the day": (corrected_and_dated_by_day, ("bibliobus", "kelp")),
    "watched": (watched, ("swans", "alg", "pivovar")),
    "wire and papers": (wire_and_papers, ("furdo", "orchard")),
    "nothing known": (nothing_known, ("baoli", "jembatan")),
}


def unseen() -> list[Case]:
    """The cases of this half."""
    return list(build(MAKERS, START))
