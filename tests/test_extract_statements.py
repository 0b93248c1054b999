"""What a page states of itself in broken, foreign and visible forms: its dates, its authors, its headline."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from archive.extract import extract
from archive.extract.dates import read_date
from archive.extract.headings import words_of_address
from archive.extract.headline import choose_headline
from archive.extract.lenient_json import read_values
from archive.extract.month_names import MONTHS
from archive.extract.page_address import PageAddresses
from archive.extract.person_names import read_people, site_names
from archive.extract.written_dates import find_dates
from db.records import Extraction, Page

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
URL = "https://daily.example/news/bridge-mended-at-last"
PROSE = "".join(
    f"<p>The council met on Tuesday and agreed to mend bridge number {n} before the winter comes, said the mayor.</p>"
    for n in range(8)
)
OWN = (
    '{"@type":"NewsArticle","author":{"@type":"Person","name":"Ann Bell"},"datePublished":"2026-01-05T07:30:00+01:00"}'
)
OTHER = (
    '{"@type":"NewsArticle","url":"https://daily.example/news/harbour-row","headline":"Harbour row of long ago",'
    '"datePublished":"2020-01-01T00:00:00Z","author":{"name":"Carl Dorn"}}'
)


def read(
    head: str = "", top: str = "<h1>Bridge mended at last</h1>", *, lang: str = "en", url: str = URL
) -> Extraction:
    html = f"<html lang={lang}><head><meta charset=utf-8><title>Bridge mended at last</title>{head}</head>"
    html += f"<body><article>{top}{PROSE}</article></body></html>"
    return extract(Page(payload=html.encode(), url=url, captured_at=NOW))


def ld(*blocks: str) -> str:
    return "".join(f'<script type="application/ld+json">{block}</script>' for block in blocks)


@pytest.mark.parametrize(
    "block",
    [
        OWN,
        f"{OWN};",
        f'{{"@type":"Organization","name":"x"}}\n{OWN}',
        f"\ufeff{OWN}",
        f"<!--\n{OWN}\n-->",
        f"//<![CDATA[\n{OWN}\n//]]>",
        f"/* the article */ {OWN}",
        f"[{OWN},]",
        f"[[{OWN}]]",
        f"{OWN}}}",
        OWN[:-1],
        OWN.replace('"Ann Bell"}', '"Ann Bell"'),
        OWN.replace('"Ann Bell"}', '"Ann Bell"}}'),
        OWN.replace('},"', '}"'),
        OWN.replace('"@type":"N', '"headline":"The "mended" bridge, "at last"","@type":"N'),
        OWN.replace('"@type":"N', '"description":"two\nlines","@type":"N'),
        OWN.replace('"', "&quot;"),
        OWN.replace("datePublished", "schema:datePublished").replace('"NewsArticle', '"schema:NewsArticle'),
        OWN.replace("datePublished", "http://schema.org/datePublished").replace('"News', '"https://schema.org/News'),
        OWN.replace('"NewsArticle"', '["Thing", "NewsArticle"]').replace(
            '"2026-01-05T07:30:00+01:00"', '["2026-01-05T07:30:00+01:00"]'
        ),
        OWN.replace('{"@type":"Person","name":"Ann Bell"}', '{"@id":"#ann"}').join(
            ['{"@graph":[', ',{"@type":"Person","@id":"#ann","name":"Ann Bell"}]}']
        ),
        OWN.replace("NewsArticle", "WebPage"),
        OWN.replace("NewsArticle", "newsarticle"),
        OWN.replace('"', "'"),
        OWN.replace('"datePublished"', "datePublished"),
        OWN.replace(',"datePublished"', ' "datePublished"'),
        OWN.replace('"2026-01-05T07:30:00+01:00"', "1767594600000"),
        OWN.replace("NewsArticle", "SocialMediaPosting"),
        OWN.replace('"NewsArticle"', '"NewsArticle "'),
        OWN.replace('"NewsArticle"', '"CreativeWork","additionalType":"NewsArticle"'),
        OWN.replace("datePublished", "DatePublished"),
        OWN.replace('"datePublished"', '"datepublished "'),
        OWN.replace('"', "\u201d"),
        OWN.replace('"2026-01-05T07:30:00+01:00"', "`2026-01-05T07:30:00+01:00`"),
        OWN.replace("2026-01-05T07:30:00+01:00", "٢٠٢٦-٠١-٠٥T٠٧:٣٠:٠٠+٠١:٠٠"),
        json.dumps(OWN),
    ],
)
def test_json_ld_that_is_nearly_json_is_read(block: str) -> None:
    got = read(ld(block))
    assert (got.published_at, got.byline) == (datetime(2026, 1, 5, 6, 30, tzinfo=UTC), "Ann Bell")


@pytest.mark.parametrize("pump", ['"a', '"\\', "{[", "}]", '"a":', '"x"y"', '"a":{', "[}", "/*", "&quot;"])
def test_the_lenient_reader_takes_any_text(pump: str) -> None:
    assert isinstance(read_values("{" + pump * 20_000), list)


@pytest.mark.parametrize(
    "block",
    [
        OTHER,
        f'{{"@graph":[{{"@type":"WebPage"}},{OTHER}]}}',
        f'{{"@type":"ItemList","itemListElement":[{OTHER}]}}',
        OTHER.replace('"url":"https://daily.example/news/harbour-row"', '"@id":"/news/harbour-row#article"'),
        OTHER.replace('"url":', '"mainEntityOfPage":'),
        OTHER.replace('"headline":"Harbour row of long ago",', ""),
    ],
)
def test_a_node_that_names_another_address_is_not_this_page(block: str) -> None:
    got = read('<meta property="article:published_time" content="2026-02-06T10:00:00Z">' + ld(block))
    assert (got.published_at, got.byline) == (datetime(2026, 2, 6, 10, tzinfo=UTC), None)
    assert not read(ld(block)).published_at


def test_an_article_that_an_event_is_told_in_is_this_page_if_it_says_so() -> None:
    event = '{"@type":"Event","startDate":"2026-03-01","subjectOf":%s}'
    own = OWN.replace('"@type":"NewsArticle"', f'"@type":"NewsArticle","url":"{URL}"')
    assert read(ld(event % own)).published_at == datetime(2026, 1, 5, 6, 30, tzinfo=UTC)
    assert read(ld(event % OTHER)).published_at is None
    assert read(ld(event % OWN)).published_at is None


def test_a_node_of_another_matter_does_not_date_the_page() -> None:
    node = ld('{"@type":"NewsArticle","headline":"Airport row of long ago","datePublished":"2020-01-01"}')
    declared = read('<meta property="article:published_time" content="2026-02-06T10:00:00Z">' + node)
    assert declared.published_at == datetime(2026, 2, 6, 10, tzinfo=UTC)
    assert read(node).published_at is None


@pytest.mark.parametrize(
    ("address", "is_same"),
    [
        ("http://www.daily.example/news/bridge-mended-at-last/?utm_source=x", True),
        ("https://m.daily.example/amp/news/bridge-mended-at-last", True),
        ("https://copy.example/news/bridge-mended-at-last", True),
        ("https://daily.example/news/bridge-mended-at-last.html", False),
        ("https://daily.example/news/other", False),
        ("https://daily.example/", None),
        ("https://google.com/article", None),
        ("#article", None),
        ("True", None),
    ],
)
def test_an_address_is_the_page_in_another_spelling_or_another_page(address: str, is_same: bool | None) -> None:
    assert PageAddresses([URL]).match([address]) is is_same


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        ("Mon, 05 Jan 2026 07:30:00 EST", "2026-01-05T12:30"),
        ("Mon, 05 Jan 2026 07:30:00 CET", "2026-01-05T06:30"),
        ("Mon, 05 Jan 26 07:30:00 GMT+0100", "2026-01-05T06:30"),
        ("Mon, 05 Jan 2026 07:30:00 BST", "2026-01-05"),
        ("Mon, 05 Jan 2026 07:30:00 CST", "2026-01-05"),
        ("Sun, 05 Jul 2026 07:30:00 EST", "2026-07-05"),
        ("Mon Jan 05 07:30:00 JST 2026", "2026-01-04T22:30"),
        ("Mon Jan 05 2026 07:30:00 GMT+0100 (Central European Standard Time)", "2026-01-05T06:30"),
        ("2026-01-05T07:30:00 IST", "2026-01-05"),
        ("January 5, 2026 7:30 PM ET", "2026-01-06T00:30"),
        ("November 3, 2026 7:30 PM ET", "2026-11-03"),
        ("2026-01-05 07:30:00 +0100 CET", "2026-01-05T06:30"),
        ("2026-01-05T07:30:00+01:00[Europe/Berlin]", "2026-01-05T06:30"),
        ("2026-01-05T07:30:00 Europe/Berlin", "2026-01-05"),
        ("2026-01-05 07:30 PM EST", "2026-01-06T00:30"),
        ("January 5, 2026 at 12:15 a.m. GMT", "2026-01-05T00:15"),
        ("5. Januar 2026, 07:30 Uhr", "2026-01-05"),
        ("05.01.2026 07:30 Uhr MEZ", "2026-01-05T06:30"),
        ("le 1er mars 2026 à 7h30", "2026-03-01"),
        ("5 de enero de 2026", "2026-01-05"),
        ("5 января 2026 г.", "2026-01-05"),
        ("2026年1月5日", "2026-01-05"),
        ("2026. január 5.", "2026-01-05"),
        ("5 มกราคม 2569", "2026-01-05"),
        ("٥ يناير ٢٠٢٦", "2026-01-05"),
        ("13/01/2026", "2026-01-13"),
        ("05/01/2026", None),
    ],
)
def test_a_zone_is_resolved_or_only_the_day_is_kept(raw: str, iso: str | None) -> None:
    written = read_date(raw)
    shown = written and (written.instant.date().isoformat() if written.is_day else written.instant.isoformat()[:16])
    assert shown == iso


def test_the_language_orders_day_and_month() -> None:
    dates = {language: read_date("05/01/2026", language) for language in ("fr", "en", "de")}
    assert {language: written and written.instant.month for language, written in dates.items()} == {
        "fr": 1,
        "en": None,
        "de": None,
    }
    assert [found.instant.month for code in ("pl", "hr") for found in find_dates("5 listopada 2026", code)] == [11, 10]


@pytest.mark.parametrize("template", ["3 {} 2026", "3. {} 2026", "{} 3, 2026"])
def test_every_name_of_a_month_is_read_in_a_date(template):
    names = [name for name in MONTHS if name.isascii() and len(name) > 2]
    assert [
        name for name in names if [d.instant.month for d in find_dates(template.format(name))] != [MONTHS[name]]
    ] == []


@pytest.mark.parametrize(
    ("top", "lang", "day"),
    [
        ("<h1>Bridge mended at last</h1><p class=meta>January 5, 2026 | 3 comments</p>", "en", "2026-01-05"),
        ("<h1>Bridge mended at last</h1><div>Von Ann Bell, 5. Januar 2026, 07:30 Uhr</div>", "de", "2026-01-05"),
        (
            "<h1>Bridge mended at last</h1><div>Publié le 05/01/2026 à 7h30, mis à jour le 06/01/2026</div>",
            "fr",
            "2026-01-05",
        ),
        ("<h1>Bridge mended at last</h1><time datetime='2026-01-05T08:00Z'>two days ago</time>", "en", "2026-01-05"),
        (
            "<h2 class=date-header><span>Montag, 5. Januar 2026</span></h2><h1>Bridge mended at last</h1>",
            "de",
            "2026-01-05",
        ),
        (
            "<h1>Bridge mended at last</h1><abbr class=published title='2026-01-05T08:00:00Z'>5/1</abbr>",
            "en",
            "2026-01-05",
        ),
        ("<h1>Bridge mended at last</h1><p class=date>۱۵ دی ۱۴۰۴</p>", "fa", "2026-01-05"),
        ("<h1>Bridge mended at last</h1><p class=date>۱۴۰۴/۱۰/۱۵ - ۰۸:۳۰</p>", "fa", "2026-01-05"),
        ("<h1>Bridge mended at last</h1><p class=date>৫ জানুয়ারি ২০২৬</p>", "bn", "2026-01-05"),
        ("<h1>Bridge mended at last</h1><p class=date>5 ஜனவரி 2026</p>", "ta", "2026-01-05"),
        ("<h1>Bridge mended at last</h1><p>Updated: January 5, 2026</p>", "en", None),
        ("<h1>Bridge mended at last</h1><p>© 2026 Daily. Event: January 5, 2026</p>", "en", None),
        ("<h1>Bridge mended at last</h1><p>5 - 7 January 2026</p>", "en", None),
        ("<h1>Bridge mended at last</h1><div class=comments><p>January 5, 2026</p></div>", "en", None),
        ("<h1>Bridge mended at last</h1><p>January 5, 2027</p>", "en", None),
    ],
)
def test_the_date_next_to_the_headline_dates_the_page(top: str, lang: str, day: str | None) -> None:
    got = read(top=top, lang=lang)
    assert (got.published_at.date().isoformat() if got.published_at else None) == day


def test_a_build_date_yields_to_the_address_and_the_shown_date() -> None:
    build = '<meta property="article:published_time" content="2026-03-10T11:59:00Z">'
    top = "<h1>Bridge mended at last</h1><p>January 5, 2026</p>"
    got = read(build, top, url="https://daily.example/2026/01/05/bridge-mended-at-last")
    assert got.published_at == datetime(2026, 1, 5, tzinfo=UTC)
    assert read('<meta name="date" content="2026-03-10">', top).published_at == datetime(2026, 1, 5, tzinfo=UTC)


SITES = site_names(["The Daily Example"], URL)


@pytest.mark.parametrize(
    ("raw", "people"),
    [
        ("By Ann Bell and Carl Dorn", ("Ann Bell", "Carl Dorn")),
        ("Von Ann Bell, Carl Dorn & Eva de la Cruz", ("Ann Bell", "Carl Dorn", "Eva de la Cruz")),
        ("Bell, Ann", ("Ann Bell",)),
        ("ANN BELL (dpa)", ("ANN BELL",)),
        ("Ann Bell | Staff Writer", ("Ann Bell",)),
        ("ByAnn Bell", ("Ann Bell",)),
        ("作者：焦鹏", ("焦鹏",)),
        ("김민수 기자", ("김민수",)),
        ("Автор: Иван Петров", ("Иван Петров",)),
        ("The Daily Example", ()),
        ("Daily Example Newsroom", ()),
        ("View more posts", ()),
        ("Redaktion", ()),
        ("Admin", ()),
        ("ann@daily.example", ()),
        ("https://daily.example/authors/ann-bell", ()),
        ("Carl Bildt", ("Carl Bildt",)),
        ("Ben Ortiz and Van Hill", ("Ben Ortiz", "Van Hill")),
        ("Της Άννας Παππά", ("Άννας Παππά",)),
    ],
)
def test_an_author_is_a_person(raw: str, people: tuple[str, ...]) -> None:
    assert read_people(raw, SITES) == people


@pytest.mark.parametrize(
    ("head", "top", "byline"),
    [
        ('<meta name="author" content="The Daily"><meta property="og:site_name" content="The Daily">', "", None),
        ('<meta name="author" content="Admin">', "<p>By <b>Ann Bell</b></p>", "Ann Bell"),
        ("", "<p class=byline>Ann Bell and Carl Dorn</p>", "Ann Bell, Carl Dorn"),
        ("", "<p>5 January 2026 – Ann Bell</p>", "Ann Bell"),
        ("", "<span class='author vcard'><span class=fn>Ann Bell</span></span>", "Ann Bell"),
        ("", "<figcaption>Photo by Ann Bell</figcaption>", None),
        ("", "<section class=comments><p class=author>Ann Bell</p></section>", None),
        (
            '<meta name="citation_author" content="Bell, Ann"><meta name="citation_author" content="Dorn, Carl">',
            "",
            "Ann Bell, Carl Dorn",
        ),
        ('<meta name="author" content="Reuters">', "", "Reuters"),
    ],
)
def test_a_byline_names_people_wherever_it_stands(head: str, top: str, byline: str | None) -> None:
    assert read(head, f"<h1>Bridge mended at last</h1>{top}").byline == byline


@pytest.mark.parametrize(
    ("h1", "og", "tag", "slug", "headline"),
    [
        (["Harbours"], "Mayor resigns over wall", "Mayor resigns over wall - Post", "", "Mayor resigns over wall"),
        (["Log In"], "Mayor resigns over wall", "Mayor resigns over wall", "", "Mayor resigns over wall"),
        (["Post Blog"], "", "Mayor resigns over wall | Post Blog", "", "Mayor resigns over wall"),
        (["Post Blog"], "", "Post Blog: Mayor resigns over wall", "mayor resigns", "Mayor resigns over wall"),
        (["Mayor resigns over wall"], "", "The Review: Mayor resigns over wall", "", "Mayor resigns over wall"),
        (
            ["Wall costs the mayor her seat"],
            "Mayor resigns",
            "Mayor resigns | Post",
            "",
            "Wall costs the mayor her seat",
        ),
        (["It is done"], "Ten facts to know", "Ten facts to know", "it-is-done", "It is done"),
        (
            ["1 May 2026 Mayor resigns at last"],
            "Mayor resigns at last",
            "Mayor resigns at last",
            "",
            "Mayor resigns at last",
        ),
        ([], "The Post", "Mayor resigns over wall", "mayor resigns over wall", "Mayor resigns over wall"),
    ],
)
def test_the_title_tag_and_the_address_are_witnesses(
    h1: list[str], og: str, tag: str, slug: str, headline: str
) -> None:
    assert choose_headline(h1, og, "", tag, [], slug) == headline


@pytest.mark.parametrize(
    ("site", "title"),
    [
        ("Harbour Post", "Harbour board settles ferry landing"),
        ("Le Courrier du Port", "Le conseil du port garde le vieux bac"),
        ("港口日报", "港口委员会决定保留旧渡轮"),
        ("بريد الميناء", "مجلس الميناء يبقي على العبارة القديمة"),
        ("ข่าวท่าเรือ", "สภาท่าเรือให้เรือเฟอร์รี่เก่าวิ่งต่อ"),
    ],
)
def test_a_lower_heading_that_a_title_confirms_is_the_headline_under_the_name_of_the_site(
    site: str, title: str
) -> None:
    both = f"{title} | {site}"
    for og, ld_headline, tag in ((title, "", f"{site}: {title}"), (both, "", both), ("", title, site), ("", "", both)):
        assert choose_headline([site], og, ld_headline, tag, [], "", [title, "Most read"]) == title
    assert choose_headline([title], "", "", both, [], "", ["Most read"]) == title
    assert choose_headline([site], "", "", site, [site], "", [title]) == title


def test_a_headline_in_other_words_is_not_replaced_by_a_lower_heading() -> None:
    h1, og = "Wall costs the mayor her seat", "Mayor resigns over the wall"
    assert choose_headline([h1], og, "", f"{h1} | Post", [], "", [og]) == h1


def test_the_words_of_an_address_are_those_of_its_last_part() -> None:
    assert words_of_address("https://x.example/2026/01/05/mayor-resigns_again.html?x=1") == "mayor resigns again"
    assert words_of_address("https://x.example/story/12345") == "story"
