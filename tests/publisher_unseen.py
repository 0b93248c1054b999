"""Cases of first publishers, the other half: kinds on which nothing was chosen. They are for measuring."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from archive.timestamps import iso
from publisher_cases import build, case_of, page_of
from publisher_pages import Case, later, stories

if TYPE_CHECKING:
    from publisher_cases import Maker
    from publisher_pages import Story

START = datetime(2025, 4, 7, 5, 48, tzinfo=UTC)


# --- credits ---------------------------------------------------------------------------------------------------------

AGENCIES = {
    "fr": ("galerne", "Agence Galerne", "Avec Galerne"),
    "pt": ("maresia", "Agência Maresia", "Com informações da Agência Maresia"),
    "it": ("scirocco", "Agenzia Scirocco", "Fonte: Scirocco"),
    "tr": ("lodos", "Lodos Ajans\u0131", "Kaynak: Lodos"),
    "pl": ("halny", "Agencja Halny", "Źródło: Halny"),
    "ar": ("samoum", "وكالة السموم للأنباء", "المصدر: وكالة السموم"),
    "ja": ("hokuto", "北斗通信", "\uff08\u51fa\u5178\uff1a\u5317\u6597\u901a\u4fe1\uff09"),
}


def credit_line(kind: str, story: Story, at: datetime) -> Case:
    """An agency, undated, and two portals with a credit line, dated by the day, one of them seen hours before it."""
    host, site, line = AGENCIES[story.language]
    agency = page_of(host, story, at, 5, site=site, published="")
    day = at.date().isoformat()
    portals = [page_of("morningmix", story.cut(4).between(below=[line]), at, 1, published=day)]
    portals.append(page_of("worldbits", story.between(below=[line]), at, 5.02, published=day))
    return case_of(kind, agency, *portals)


FIRST_APPEARED = {
    "en": "This article first appeared in the Harbour Times.",
    "de": "Dieser Artikel erschien zuerst in der Harbour Times.",
    "es": "Publicado originalmente en Harbour Times.",
    "fr": "Cet article a d'abord été publié par Harbour Times.",
}


def first_appeared(kind: str, story: Story, at: datetime) -> Case:
    """A reprint with a note of where the article first appeared, seen three hours before it; both say the same day."""
    first = page_of("harbourtimes", story, at, 4, site="Harbour Times", published=at.date().isoformat())
    note = story.between(below=[FIRST_APPEARED[story.language]])
    return case_of(kind, first, page_of("commonreader", note, at, 1, published=at.date().isoformat()))


def via_line(kind: str, story: Story, at: datetime) -> Case:
    """A blog that opens with a link to its source in a sentence, seen first in one run; neither is dated."""
    first = page_of("harbourtimes", story, at, 7, published="")
    blog = page_of("pebbleblog", story, at, 6.9, published="")
    line = f'<p>Via <a href="{first.url}?utm_source=pebble">the good people down the coast</a>.</p>'
    return case_of(kind, first, replace(blog, markup=(line,)))


def release_printed(kind: str, story: Story, at: datetime) -> Case:
    """A firm's release on its own site, and two papers that print it with a line that names the firm; days alone."""
    firm = page_of("brandwater", story, at, 30, site="Brandwater", published=at.date().isoformat(), path="press/1")
    line = {"en": "Press release by Brandwater", "de": "Pressemitteilung von Brandwater"}[story.language]
    text = story.between(below=[line])
    papers = (page_of(host, text, at, 29, published=at.date().isoformat()) for host in ("valepost", "hillpost"))
    return case_of(kind, firm, *papers)


def agency_byline(kind: str, story: Story, at: datetime) -> Case:
    """A subscriber that prints an agency's text under its name as the byline, dated an hour earlier by a wrong zone."""
    agency = page_of("fairlead", story, at, 0.5, site="Fairlead News Agency", byline="Jo Marsden")
    subscriber = page_of("coastcourier", story, at, 0.9, byline="Fairlead", published=iso(later(at, -0.6)))
    return case_of(kind, agency, subscriber)


# --- dates -----------------------------------------------------------------------------------------------------------


def date_of_crawl(kind: str, story: Story, at: datetime) -> Case:
    """A copy that declares the moment at which it is fetched; its source has no date. Both found in one run."""
    first = page_of("harbourtimes", story, at, 50, published="", path=f"{at:%Y/%m/%d}/walk")
    copy = page_of("dailyscoop", story.cut(4), at, 50.01)
    return case_of(kind, first, replace(copy, published=iso(copy.seen_at)))


def day_and_time(kind: str, story: Story, at: datetime) -> Case:
    """A first publisher dated by the day, seen at noon, and a copy dated in the afternoon."""
    first = page_of("harbourtimes", story, at, 3, published=at.date().isoformat())
    return case_of(kind, first, page_of("dailyscoop", story, later(at, 7), 0.5))


def behind_without_zone(kind: str, story: Story, at: datetime) -> Case:
    """A copy five hours west of Greenwich that writes its local time without a zone, so that it seems to be first."""
    first = page_of("harbourtimes", story, at, 0.1)
    local = f"{later(at, -4.4):%Y-%m-%dT%H:%M:%S}"
    return case_of(kind, first, page_of("prairiedaily", story, later(at, 0.6), 0.3, published=local))


def named_zones(kind: str, story: Story, at: datetime) -> Case:
    """A first publisher with its local time and zone beside the headline, and a copy 40 minutes later in UTC."""
    shown = f"{later(at, 2):%d.%m.%Y, %H:%M} MESZ"
    first = page_of("harbourtimes", story, at, 9, published="", shown=shown)
    return case_of(kind, first, page_of("dailyscoop", story, later(at, 0.7), 8))


def dated_anew(kind: str, story: Story, at: datetime) -> Case:
    """A first publisher that dates its page anew with each change, half an hour later, and so after the copy."""
    first = page_of("harbourtimes", story, at, 0.5, path=f"{at:%Y/%m/%d}/walk")
    first = replace(first, published=iso(later(at, 0.45)))
    return case_of(kind, first, page_of("dailyscoop", story, later(at, 0.3), 4))


def date_to_come(kind: str, story: Story, at: datetime) -> Case:
    """A copy with a date in a year to come, seen first of the two in one run."""
    first = page_of("harbourtimes", story, at, 20)
    return case_of(kind, first, page_of("dailyscoop", story, at, 19.9, published="2062-01-05T08:00:00Z"))


def backdated_credit(kind: str, story: Story, at: datetime) -> Case:
    """A copy dated a day before its source, which its text names."""
    line = {"en": "as the Harbour Times reported", "es": "según informó Harbour Times"}[story.language]
    text = replace(story, paragraphs=(f"{story.paragraphs[0][:-1]}, {line}.", *story.paragraphs[1:]))
    first = page_of("harbourtimes", story, at, 1, site="Harbour Times")
    return case_of(kind, first, page_of("dailyscoop", text, at, 30, published=iso(later(at, -24))))


def dates_of_an_import(kind: str, story: Story, at: datetime) -> Case:
    """Four reposts dated by the minute of one import, years before, on a network; the original is dated right."""
    first = page_of("harbourtimes", story, at, 600, site="Harbour Times")
    imported = "2013-05-05T00:01:00Z"
    reposts = (page_of(f"net{number}", story.cut(5 - number % 2), at, 601, published=imported) for number in range(4))
    return case_of(kind, first, *reposts)


# --- sights and addresses --------------------------------------------------------------------------------------------


def small_first(kind: str, story: Story, at: datetime) -> Case:
    """A village blog, and a large paper that takes its text two hours later without a word; both are watched."""
    first = page_of("parishpump", story, at, 0.3, byline="Wilf Tranter")
    return case_of(kind, first, page_of("nationalherald", story, later(at, 2), 0.1, site="National Herald"))


def print_twin(kind: str, story: Story, at: datetime) -> Case:
    """A page, its print form on the same host, undated, and a copy."""
    first = page_of("eastmoorgazette", story, at, 2, path="story/hill")
    twin = page_of("eastmoorgazette", story, at, 1, path="story/hill/print", published="")
    copy = page_of("dailyscoop", story, later(at, 1), 0.2)
    return Case(kind=kind, pages=(first, twin, copy), first=frozenset({first.url, twin.url}))


def nothing_known(kind: str, story: Story, at: datetime) -> Case:
    """Three pages with one text, undated, found in one run weeks later."""
    return case_of(
        kind, None, *(page_of(host, story, at, 700, published="", path="x") for host in ("red", "green", "blue"))
    )


def alert_and_story(kind: str, story: Story, at: datetime) -> Case:
    """An agency's first two paragraphs, its whole story at another address, and two copies of the whole."""
    alert = page_of("fairlead", story.cut(3), at, 0.2, site="Fairlead News Agency", path="alert/1")
    whole = page_of("fairlead", story, later(at, 1), 0.2, site="Fairlead News Agency", path="story/1")
    copies = [page_of(host, story, later(at, 2), 0.5) for host in ("valepost", "hillpost")]
    return Case(kind=kind, pages=(alert, whole, *copies), first=frozenset({alert.url, whole.url}))


# --- texts -----------------------------------------------------------------------------------------------------------


def misspelt_names(kind: str, story: Story, at: datetime) -> Case:
    """A true copy, and one whose names came back wrong from a translation; only the latter has a date, and is early."""
    first = page_of("harbourtimes", story, at, 40, published="")
    broken = {"en": {"Ekberg": "Eckbergh", "Stavely": "Staveli"}, "fr": {"Trémintin": "Tremitin", "Soazig": "Soazich"}}
    copy = page_of("commonreader", story.cut(4), at, 41, published="")
    spun = page_of("dailyscoop", story.with_words(**broken[story.language]), at, 40.5)
    return case_of(kind, first, copy, spun)


def translation_with_marks(kind: str, story: Story, at: datetime) -> Case:
    """A translation with what the machine left in it, and a true copy, all undated, the translation seen first."""
    name = next(name for name, text in stories().items() if text == story)
    translated = stories()[{"bees": "bees-es", "schulhof": "schulhof-en"}[name]]
    first = page_of("harbourtimes", story, at, 10, published="")
    copy = page_of("commonreader", story.cut(4), at, 11, published="")
    marked = translated.between(["[ad_1]"], ["Source link"])
    return case_of(kind, first, copy, page_of("dailyscoop", marked, at, 9, published=""))


def longer_copy(kind: str, story: Story, at: datetime) -> Case:
    """A copy with a paragraph of comment above and below, undated, seen three hours after its dated source."""
    comment = {
        "en": ("Well, here is something to read with your porridge.", "What do you make of it? Tell us below."),
        "pl": ("Tego jeszcze nie było, drodzy czytelnicy.", "A co wy o tym sądzicie? Piszcie w komentarzach."),
    }[story.language]
    first = page_of("harbourtimes", story, at, 0.5)
    return case_of(kind, first, page_of("pebbleblog", story.between(comment[:1], comment[1:]), at, 3.5, published=""))


MAKERS: dict[str, tuple[Maker, tuple[str, ...]]] = {
    "credit line, more languages": (
        credit_line,
        ("phare", "eletrico", "campana", "fener", "kopalnia", "nakhl", "onsen"),
    ),
    "first appeared in": (first_appeared, ("ferry", "winzer", "huelga", "pain")),
    "via a link": (via_line, ("glacier", "muzei")),
    "release printed": (release_printed, ("dam", "bruecke")),
    "byline of the agency": (agency_byline, ("tram", "library")),
    "date of the crawl": (date_of_crawl, ("opera", "datie")),
    "day and time": (day_and_time, ("bank", "mercado")),
    "behind, without zone": (behind_without_zone, ("library", "pozo")),
    "named zones": (named_zones, ("schulhof", "winzer")),
    "dated anew": (dated_anew, ("ferry", "most")),
    "date to come": (date_to_come, ("bees", "chashan")),
    "false date and a credit": (backdated_credit, ("tram", "mercado")),
    "dates of an import": (dates_of_an_import, ("dam", "pozo")),
    "small outlet first": (small_first, ("opera", "phare")),
    "print twin": (print_twin, ("glacier", "campana")),
    "nothing known": (nothing_known, ("opera", "onsen")),
    "alert and story": (alert_and_story, ("tram", "eletrico")),
    "misspelt names": (misspelt_names, ("bank", "phare")),
    "translation with marks": (translation_with_marks, ("bees", "schulhof")),
    "longer copy": (longer_copy, ("ferry", "kopalnia")),
}


def unseen() -> list[Case]:
    """The cases of this half."""
    return list(build(MAKERS, START))
