"""Cases of first publishers, one half: the kinds that the choice of the original was developed on.

Every function makes one case of a story that was first published at a moment. ``publisher_unseen`` has the other half.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from archive.timestamps import iso
from publisher_pages import Case, Page, Story, later, stories

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Maker = Callable[[str, Story, datetime], Case]

START = datetime(2026, 3, 2, 7, 24, tzinfo=UTC)


def page_of(host: str, story: Story, at: datetime, seen_hours: float, **more: Any) -> Page:
    """A page with its own exact date, seen some hours after it was published at ``at``. ``more`` overrides fields."""
    path = more.pop("path", f"news/{at:%j%H%M}")
    known = {"url": f"https://{host}.example/{path}", "story": story, "seen_at": later(at, seen_hours)}
    return Page(**{**known, "published": iso(at), **more})


def case_of(kind: str, first: Page | None, *others: Page) -> Case:
    """A case; ``first`` is the page of the first publisher, None if nobody can tell."""
    pages = (*([first] if first else []), *others)
    return Case(kind=kind, pages=pages, first=frozenset([first.url] if first else []))


def build(
    makers: Mapping[str, tuple[Maker, Sequence[str]]], start: datetime, gap: timedelta = timedelta(days=4)
) -> Iterator[Case]:
    """Yield a case of each kind and each of its stories, the kinds some days apart."""
    moment = start
    for kind, (make, names) in makers.items():
        for name in names:
            yield make(kind, stories()[name], moment)
            moment += gap + timedelta(minutes=37)


# --- credits ---------------------------------------------------------------------------------------------------------

AGENCIES = {
    "en": ("fairlead", "Fairlead News Agency"),
    "de": ("norddienst", "Norddienst"),
    "es": ("tramontana", "Agencia Tramontana"),
    "ru": (
        "polus-news",
        "\u0410\u0433\u0435\u043d\u0442\u0441\u0442\u0432\u043e \u00ab\u041f\u043e\u043b\u044e\u0441\u00bb",
    ),
    "zh": ("yuanfan", "\u8fdc\u5e06\u793e"),
}
CREDIT_LINES = {
    "en": "Reporting by Jo Marsden for Fairlead; editing by Al Dunne",
    "de": "Quelle: Norddienst",
    "es": "Con informaci\u00f3n de Agencia Tramontana",
    "ru": "\u0418\u0441\u0442\u043e\u0447\u043d\u0438\u043a: \u00ab\u041f\u043e\u043b\u044e\u0441\u00bb",
    "zh": "\uff08\u6765\u6e90\uff1a\u8fdc\u5e06\u793e\uff09",
}


def credit_line(kind: str, story: Story, at: datetime) -> Case:
    """An agency, and an aggregator with a credit line, dated by the day alone and seen first, in one run."""
    host, site = AGENCIES[story.language]
    run = later(at, 30)
    agency = page_of(host, story, at, 0, site=site, seen_at=later(run, 0.05))
    copy = story.between(below=[CREDIT_LINES[story.language]])
    day = at.date().isoformat()
    return case_of(kind, agency, page_of("newsbasket", copy, at, 0, published=day, seen_at=run))


def hyperlink(kind: str, story: Story, at: datetime) -> Case:
    """A page whose last line links to the page it was taken from, by an address alone; neither is dated."""
    first = page_of("levantobserver", story, at, 6, published="")
    line = f'<p><a href="{first.url}">Read more</a></p>'
    return case_of(kind, first, page_of("h4f1", story.cut(4), at, 5.99, published="", markup=(line,)))


# --- dates -----------------------------------------------------------------------------------------------------------


def blog_byline(kind: str, story: Story, at: datetime) -> Case:
    """A paper, dated and seen half a day before a blog whose byline spells its own host."""
    paper = page_of("eastmoorgazette", story, at, 0.4, site="Eastmoor Gazette", byline="Hal Prewitt")
    return case_of(kind, paper, page_of("kettlecorner", story, later(at, 13), 0.4, byline="Kettle Corner"))


def related_date(kind: str, story: Story, at: datetime) -> Case:
    """A copy without a date of its own whose JSON-LD dates a related story, six years ago."""
    first = page_of("eastmoorgazette", story, at, 2, site="Eastmoor Gazette")
    related = {"@type": "NewsArticle", "headline": "Six walks for wet Sundays", "datePublished": "2020-02-11T08:00:00Z"}
    head = f'<script type="application/ld+json">{str(related).replace(chr(39), chr(34))}</script>'
    return case_of(kind, first, page_of("dailyscoop", story.cut(4), at, 9, published="", head=head))


def epoch_date(kind: str, story: Story, at: datetime) -> Case:
    """A copy that declares the beginning of the epoch."""
    first = page_of("eastmoorgazette", story, at, 2)
    return case_of(kind, first, page_of("dailyscoop", story, at, 5, published="1970-01-01T00:00:00+00:00"))


def default_date(kind: str, story: Story, at: datetime) -> Case:
    """A copy on a site whose template dates every page alike, years ago."""
    first = page_of("eastmoorgazette", story, at, 2)
    return case_of(kind, first, page_of("dailyscoop", story, at, 5, published="2016-01-01T00:00:00Z"))


def local_time(kind: str, story: Story, at: datetime) -> Case:
    """A first publisher eight hours east of Greenwich that writes its local time without a zone."""
    first = page_of("harbourtimes", story, at, 0.2, published=f"{later(at, 8):%Y-%m-%dT%H:%M:%S}")
    return case_of(kind, first, page_of("dailyscoop", story, later(at, 2), 0.3))


def modified_only(kind: str, story: Story, at: datetime) -> Case:
    """A first publisher that declares its last change alone, after the copy; it was seen an hour before the copy."""
    first = page_of("harbourtimes", story, at, 0.3, published="", modified=iso(later(at, 0.2)))
    return case_of(kind, first, page_of("dailyscoop", story, later(at, 1.2), 0.3))


def false_earlier(kind: str, story: Story, at: datetime) -> Case:
    """A copy dated two days before its source by its owner, both found long afterwards."""
    first = page_of("eastmoorgazette", story, at, 900)
    false = iso(later(at, -49))
    return case_of(kind, first, page_of("dailyscoop", story, at, 901, published=false))


# --- sights ----------------------------------------------------------------------------------------------------------


def polled_often(kind: str, story: Story, at: datetime) -> Case:
    """A copy seen seven hours before its source, whose feed is read twice a day; both are dated."""
    first = page_of("eastmoorgazette", story, at, 8.5)
    return case_of(kind, first, page_of("dailyscoop", story, later(at, 0.7), 0.2))


def old_warc(kind: str, story: Story, at: datetime) -> Case:
    """A copy in a WARC of long ago; its source was crawled five years later, and declares a day before the copy."""
    then = at.replace(year=2021)
    first = page_of("eastmoorgazette", story, then, 24 * 365 * 5)
    return case_of(kind, first, page_of("dailyscoop", story, later(then, 26), 2))


def one_run(kind: str, story: Story, at: datetime) -> Case:
    """Two pages with one text, undated, seen in one run: nothing tells them apart."""
    pages = (page_of(host, story, at, 3, published="", path="a/1") for host in ("northpage", "southpage"))
    return case_of(kind, None, *pages)


# --- addresses -------------------------------------------------------------------------------------------------------


def amp_twin(kind: str, story: Story, at: datetime) -> Case:
    """A page, its AMP form on the same host, seen before it, and a copy elsewhere."""
    first = page_of("eastmoorgazette", story, at, 1.5, path="story/walk")
    twin = page_of("eastmoorgazette", story, at, 0.5, path="amp/story/walk", canonical=first.url)
    copy = page_of("dailyscoop", story, later(at, 3), 0.5)
    return Case(kind=kind, pages=(first, twin, copy), first=frozenset({first.url, twin.url}))


def partner_canonical(kind: str, story: Story, at: datetime) -> Case:
    """A partner that prints the text in the same minute, is seen first, and names the original as canonical."""
    first = page_of("eastmoorgazette", story, at, 3)
    return case_of(kind, first, page_of("partnerpost", story, at, 0.5, canonical=first.url))


# --- texts -----------------------------------------------------------------------------------------------------------


def spinner_marks(kind: str, story: Story, at: datetime) -> Case:
    """Two reposts with what a spinner leaves behind, undated, one of them seen first."""
    first = page_of("eastmoorgazette", story, at, 12)
    spun = story.between(["[ad_1]"], ["[ad_2]", "Source link"])
    reposts = (page_of(host, spun, at, hours, published="") for host, hours in (("h7a", 3), ("h8b", 12.1)))
    return case_of(kind, first, *reposts)


def copies_of_a_copy(kind: str, story: Story, at: datetime) -> Case:
    """An agency, a portal that drops its first paragraph, and three sites that copy the portal."""
    first = page_of("fairlead", story, at, 0.3, site="Fairlead News Agency")
    portal = replace(story, paragraphs=("Here is what we know so far.", *story.paragraphs[1:]))
    sites = [page_of("bigportal", portal, later(at, 1), 0.3)]
    sites += [page_of(f"echo{number}", portal.cut(4), later(at, 2 + number), 0.4) for number in range(3)]
    return case_of(kind, first, *sites)


def agency_absent(kind: str, story: Story, at: datetime) -> Case:
    """Three papers of one chain with the same agency's text; the agency's page is not in the archive."""
    line = {"en": "(Reuters)", "de": "dpa"}[story.language]
    text = story.between(below=[line])
    papers = (
        page_of(host, text, at, 4, published=at.date().isoformat()) for host in ("valepost", "hillpost", "baypost")
    )
    return case_of(kind, None, *papers)


def style_alone(kind: str, story: Story, at: datetime) -> Case:
    """A rewritten copy and its source, undated and seen in one run: the style is the only sign."""
    names = {told.paragraphs: name for name, told in stories().items()}
    rewritten = stories()[f"{names[story.paragraphs]}-rewritten"]
    first = page_of("eastmoorgazette", story, at, 5.01, published="")
    return case_of(kind, first, page_of("dailyscoop", rewritten, at, 5, published=""))


MAKERS: dict[str, tuple[Maker, tuple[str, ...]]] = {
    "credit line": (credit_line, ("ferry", "schulhof", "pozo", "most", "chashan")),
    "hyperlink": (hyperlink, ("library", "phare")),
    "blog byline": (blog_byline, ("glacier", "pain")),
    "date of a related story": (related_date, ("tram", "huelga")),
    "epoch": (epoch_date, ("bees",)),
    "default date": (default_date, ("bank", "eletrico")),
    "local time without zone": (local_time, ("opera", "datie")),
    "modified only": (modified_only, ("dam", "campana")),
    "false earlier date": (false_earlier, ("ferry", "winzer")),
    "polled often": (polled_often, ("library", "mercado")),
    "old WARC": (old_warc, ("glacier", "bruecke")),
    "one run": (one_run, ("tram", "muzei")),
    "AMP twin": (amp_twin, ("bees", "kopalnia")),
    "partner with canonical": (partner_canonical, ("bank", "fener")),
    "spinner marks": (spinner_marks, ("opera", "schulhof")),
    "copies of a copy": (copies_of_a_copy, ("dam", "pozo")),
    "agency absent": (agency_absent, ("ferry", "bruecke")),
    "style alone": (style_alone, ("library", "winzer")),
}


def developed() -> list[Case]:
    """The cases of this half."""
    return list(build(MAKERS, START))


def first_of_each_kind() -> list[Case]:
    """A case of each kind of this half, for a test of some seconds."""
    return list(build({kind: (make, names[:1]) for kind, (make, names) in MAKERS.items()}, START))
