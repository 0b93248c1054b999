"""Facts about an article besides its text: every one with its raw form and its source, guesses separate."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from archive.extract import extract
from db.records import Extraction, Fact, Page

NOW = datetime(2024, 3, 10, 12, tzinfo=UTC)
LINES = "".join(f"<p>The council agreed to mend bridge {n} before the winter, the mayor said.</p>" for n in range(14))


URL = "https://daily.example/news/a"


def read(head: str = "", body: str = LINES, url: str = URL, *, fast: bool = False) -> Extraction:
    html = f"<html lang=en><head>{head}</head><body><article>{body}</article></body></html>"
    return extract(Page(payload=html.encode(), url=url, captured_at=NOW), fast=fast)


def ld(**facts: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle"} | facts)}</script>'


def facts_named(got: Extraction, name: str) -> list[Fact]:
    return [fact for fact in got.facts if fact.name == name]


def test_every_fact_says_its_raw_form_and_where_it_stands() -> None:
    got = read(
        ld(datePublished="2024-02-28T10:00:00+02:00", author={"name": "Ann Bell"}, keywords=["Bridges", "Town"])
        + '<meta property="article:modified_time" content="Feb 29, 2024"><meta name="section" content="x">'
        '<meta property="og:site_name" content="The Daily"><meta property="article:section" content="Local">'
        '<link rel=canonical href="/news/a">'
    )
    assert {(fact.name, fact.value, fact.raw, fact.source) for fact in got.facts} == {
        ("published", "2024-02-28T08:00:00+00:00", "2024-02-28T10:00:00+02:00", "json-ld datePublished"),
        ("modified", "2024-02-29", "Feb 29, 2024", "meta article:modified_time"),
        ("byline", "Ann Bell", "", "json-ld author"),
        ("language", "en", "", "html lang"),
        ("site", "The Daily", "", "meta og:site_name"),
        ("section", "Local", "", "meta article:section"),
        ("tag", "Bridges", "", "json-ld keywords"),
        ("tag", "Town", "", "json-ld keywords"),
        ("canonical", "https://daily.example/news/a", "", "link canonical"),
    }


@pytest.mark.parametrize(
    ("head", "body", "url", "source"),
    [
        ("", f'<time datetime="2024-01-04">4 Jan</time>{LINES}', "https://daily.example/a", "unmarked time"),
        ("", LINES, "https://daily.example/2024/01/04/a", "address"),
    ],
)
def test_inferred_date_is_a_guess_and_dates_nothing(head: str, body: str, url: str, source: str) -> None:
    got = read(head, body, url)
    assert got.published_at is None
    guesses = facts_named(got, "published")
    assert (guesses[0].value, guesses[0].source) == ("2024-01-04", source)
    assert all(fact.guess for fact in guesses)
    assert not facts_named(read(head, body, url, fast=True), "published")


@pytest.mark.parametrize(
    "body",
    [
        f"{LINES}<footer>Copyright 2019 The Daily. All rights reserved.</footer>",
        f"<p>Friday number 2004 was the best of all, they say, and the last.</p>{LINES}",
        f'{LINES}<ul><li><time datetime="2023-01-01">1 Jan</time><li><time datetime="2023-02-01">1 Feb</time></ul>',
        f'{LINES}<section class="comments"><time datetime="2024-02-03">3 Feb</time><p>I disagree.</p></section>',
    ],
)
def test_page_without_a_declared_date_has_none(body: str) -> None:
    assert read(body=body).published_at is None


def test_guess_is_never_later_than_the_capture() -> None:
    assert not facts_named(read(url="https://daily.example/2025/01/04/a"), "published")


@pytest.mark.parametrize(
    ("h1", "og", "headline", "agree"),
    [
        ("Bridge mended", "Bridge mended | Daily", "Bridge mended", ("h1", "og:title", "json-ld")),
        ("Bridge mended", "Another line", "Bridge mended", ("h1", "json-ld")),
        ("Bridge mended", "Another line", "A third one", ("h1",)),
        ("Live", "Bridge mended", "Bridge mended", ("og:title", "json-ld")),
        ("", "", "Bridge mended", ("json-ld",)),
    ],
)
def test_headline_says_which_of_three_agree_on_it(h1: str, og: str, headline: str, agree: tuple[str, ...]) -> None:
    site = '<meta property="og:site_name" content="Daily">'
    head = f'<meta property="og:title" content="{og}">{site}{ld(headline=headline)}'
    got = read(head, f"<h1>{h1}</h1>{LINES}")
    assert got.headline_from == agree
    assert facts_named(got, "title")[0].source == " + ".join(agree)


def test_sections_behind_the_headline_in_the_title_tag_are_no_part_of_it() -> None:
    headline = "港务委员会决定在东侧重建渡轮码头"
    for separator in ("_", "--", "-"):
        title = f"<title>{headline}{separator}时政{separator}港口网</title>"
        assert read(title, f"<h1>港口网</h1><h2>{headline}</h2>{LINES}").title == headline


@pytest.mark.parametrize("separator", [" \u22c6 ", " \u2605 ", "\uff5c", "\uff0d", " -- ", " * ", " \u2192 "])
def test_a_site_behind_any_separator_is_no_part_of_the_headline(separator: str) -> None:
    title = f"Bridge mended at last{separator}Daily"
    site = '<meta property="og:site_name" content="Daily">'
    head = f'<title>{title}</title><meta property="og:title" content="{title}">{site}'
    assert read(head, f"<h1>Daily</h1>{LINES}").title == "Bridge mended at last"


@pytest.mark.parametrize(
    ("declared", "body", "access"),
    [
        ({"isAccessibleForFree": True}, LINES, "free"),
        ({"isAccessibleForFree": "False"}, LINES, "not free"),
        ({"isAccessibleForFree": False}, LINES[: LINES.index("</p>") * 8], "partial"),
        ({"isAccessibleForFree": False, "wordCount": 900}, LINES, "partial"),
    ],
)
def test_access_is_what_the_page_declares_beside_what_was_found(
    declared: dict[str, Any], body: str, access: str
) -> None:
    assert [fact.value for fact in facts_named(read(ld(**declared), body), "access")] == [access]


def test_text_far_shorter_than_declared_is_flagged() -> None:
    (flag,) = facts_named(read(ld(articleBody="word " * 700)), "flag")
    assert (flag.value, flag.raw) == ("possibly truncated", "700 words, 182 found")
    assert not facts_named(read(ld(articleBody="word " * 200)), "flag")


GERMAN = (
    "Der Rat hat am Dienstag beschlossen, die alte Brücke noch vor dem Winter zu erneuern, und die Kosten werden auf"
    " zwei Millionen geschätzt. Das ist mehr als im Frühjahr, aber die Stadt hat das Geld, sagte die Bürgermeisterin"
    " nach der Sitzung. Auch die Fähre fährt weiter, bis die Arbeiten zu Ende sind, und von der Brücke aus wird man"
    " den Fluss sehen, wie er einmal war, bevor das Wehr gebaut wurde."
)
JAPANESE = "評議会は火曜日、冬が来る前に古い橋を直すことを決めた。費用は春の見積もりより高いが市には資金があるという。"


@pytest.mark.parametrize(
    ("declared", "text", "language"),
    [
        ("en", GERMAN, "de"),
        ("de", GERMAN, "de"),
        ("en", JAPANESE * 2, "ja"),
        ("en", "The bridge is closed. " * 30, "en"),
    ],
)
def test_a_wrong_declared_language_yields_to_the_text(declared: str, text: str, language: str) -> None:
    body = f"<article><h1>A story</h1><p>{text}</p></article>"
    html = f"<html lang={declared}><title>A story</title><body>{body}</body></html>"
    moment = datetime(2024, 3, 10, tzinfo=UTC)
    got = extract(Page(payload=html.encode(), url="https://daily.example/a", captured_at=moment))
    assert got.language == language
    assert {fact.source for fact in got.facts if fact.name == "language"} <= {
        "text" if declared != language else "html lang"
    }
