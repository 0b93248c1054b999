"""Extraction: golden pages, the headline and date rules, charsets, limits, and the text payload."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.extract import extract, extract_facts
from archive.extract.boilerplate import clean
from archive.extract.dates import declared_date, parse_date
from archive.extract.headline import choose_headline
from db.records import TEXT_MEDIA_TYPE, Extraction, Page, Verdict

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2024, 3, 10, 12, tzinfo=UTC)
SENTENCE = "The council met on Tuesday and agreed to mend bridge number {} before the winter comes, the mayor said."
PARAGRAPHS = "".join(f"<p>{SENTENCE.format(n)}</p>" for n in range(8))


def page(html: str | bytes, **facts: Any) -> Page:
    payload = html if isinstance(html, bytes) else html.encode()
    return Page(**{"payload": payload, "url": "https://daily.example/news/a-story", "captured_at": NOW} | facts)


def article(head: str = "", body: str = PARAGRAPHS) -> str:
    return f"<!DOCTYPE html><html><head><meta charset=utf-8>{head}</head><body><article>{body}</article></body></html>"


def ld(**facts: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle"} | facts)}</script>'


def as_golden(extraction: Extraction) -> dict[str, Any]:
    """An extraction as in the golden files: lines of text, times in ISO form, removals as reason and text."""
    instants = extraction.published_at, extraction.modified_at
    published, modified = (instant.isoformat() if instant else None for instant in instants)
    return {
        "verdict": str(extraction.verdict),
        "detail": extraction.detail,
        "title": extraction.title,
        "text": extraction.text.split("\n"),
        "byline": extraction.byline,
        "published_at": published,
        "modified_at": modified,
        "language": extraction.language,
        "site": extraction.site,
        "canonical_url": extraction.canonical_url,
        "removed": [[removed.because, removed.text.strip()] for removed in extraction.removed],
        "origin": list(extraction.origin),
    }


@pytest.mark.parametrize("case", sorted(folder.name for folder in GOLDEN.iterdir()))
def test_golden_page_gives_what_its_file_says(case: str) -> None:
    expected = json.loads((GOLDEN / case / "expected.json").read_text(encoding="utf-8"))
    facts = expected["page"]
    facts["captured_at"] = datetime.fromisoformat(facts["captured_at"])
    got = clean(extract(Page(payload=(GOLDEN / case / "page.html").read_bytes(), **facts)))
    assert as_golden(got) == expected["expect"]
    assert (GOLDEN / case / "why.md").read_text(encoding="utf-8").startswith("# ")


# --- headline ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("h1", "og", "ld_headline", "tag", "sites", "headline"),
    [
        (["A b c"], "A b c", "Other", "", [], "A b c"),
        (["Magazine line"], "Mayor resigns - Daily", "Mayor resigns", "", ["Daily"], "Mayor resigns"),
        (["Mayor resigns"], "Mayor resigns | The Daily Example", "", "", [], "Mayor resigns"),
        (["One"], "Two words", "Three words here", "Four", [], "One"),
        ([], "Two words", "Three words here", "Four", [], "Two words"),
        ([], "", "", "Mayor resigns over wall | Daily Example", [], "Mayor resigns over wall"),
        ([], "", "", "Mayor resigns over wall", [], "Mayor resigns over wall"),
        (["Daily Example"], "Mayor resigns - Daily Example", "", "", ["Daily Example"], "Mayor resigns"),
        (["Logo text", "Mayor resigns"], "Mayor Resigns", "", "", [], "Mayor resigns"),
        (["Mayor says “no”"], 'Mayor says "no"', "", "", [], "Mayor says “no”"),
        ([], "", "", "", ["Daily"], ""),
    ],
)
def test_headline_is_what_two_agree_on_else_h1_else_og_else_title(
    h1: list[str], og: str, ld_headline: str, tag: str, sites: list[str], headline: str
) -> None:
    assert choose_headline(h1, og, ld_headline, tag, sites) == headline


def test_page_without_any_headline_has_an_empty_title() -> None:
    assert extract(page(article())).title == ""


# --- dates and other declared data ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        ("2024-02-28T10:00:00Z", "2024-02-28T10:00:00+00:00"),
        ("2024-02-28T10:00:00.123+0200", "2024-02-28T08:00:00.123000+00:00"),
        ("2024-02-28 10:00:00 +02:00", "2024-02-28T08:00:00+00:00"),
        ("2024-02-28", "2024-02-28T00:00:00+00:00"),
        ("20240228", "2024-02-28T00:00:00+00:00"),
        ("2024/2/8", "2024-02-08T00:00:00+00:00"),
        ("Wed, 28 Feb 2024 10:00:00 GMT", "2024-02-28T10:00:00+00:00"),
        ("February 28, 2024", "2024-02-28T00:00:00+00:00"),
        ("28 Feb 2024", "2024-02-28T00:00:00+00:00"),
        ("1709114400", "2024-02-28T10:00:00+00:00"),
        ("1709114400000", "2024-02-28T10:00:00+00:00"),
    ],
)
def test_declared_date_is_read_as_an_instant(raw: str, iso: str) -> None:
    instant = parse_date(raw)
    assert instant is not None
    assert instant.isoformat() == iso


@pytest.mark.parametrize("raw", ["", "today", "03/04/2024", "Friday number 2004", "2024", "2024-13-01", "x" * 500])
def test_date_that_could_mean_two_days_or_none_is_refused(raw: str) -> None:
    assert parse_date(raw) is None


@given(st.text(max_size=90))
def test_reading_a_date_never_fails(raw: str) -> None:
    assert parse_date(raw) is None or parse_date(raw).tzinfo is UTC  # type: ignore[union-attr]


def test_date_more_than_a_day_after_the_capture_is_refused() -> None:
    soon, late, past = (NOW + timedelta(hours=23)).isoformat(), (NOW + timedelta(hours=25)).isoformat(), "2024-01-02"
    assert declared_date([(soon, "")], NOW) is not None
    assert declared_date([(late, "")], NOW) is None
    assert declared_date([(late, ""), (past, "")], NOW) == datetime(2024, 1, 2, tzinfo=UTC)


def test_epoch_and_year_one_are_no_dates() -> None:
    assert declared_date([("1970-01-01T00:00:00Z", ""), ("0001-01-01", "")], NOW) is None


def test_date_in_the_text_or_the_address_is_never_taken() -> None:
    html = article(body=f"<h1>A story</h1><p>January 3, 2024</p><time datetime='2024-01-04'>now</time>{PARAGRAPHS}")
    assert extract(page(html, url="https://daily.example/2024/01/05/a-story")).published_at is None


@pytest.mark.parametrize(
    "html",
    [
        article(ld(datePublished="2024-01-02T03:04:00Z")),
        article(
            '<script type="application/ld+json">{"@graph":[{"@type":"WebPage"},'
            '{"@type":["ReportageNewsArticle"],"datePublished":"2024-01-02T03:04:00Z",}]}</script>'
        ),
        article('<meta property="article:published_time" content="2024-01-02T03:04:00Z">'),
        article('<meta name="parsely-pub-date" content="2024-01-02T03:04:00Z">'),
        article(body=f'<header><h1>A</h1><time datetime="2024-01-02T03:04:00Z">2 Jan</time></header>{PARAGRAPHS}'),
        article(body=f'<time pubdate datetime="2024-01-02T03:04:00Z">2 Jan</time>{PARAGRAPHS}'),
        article(body=f'<span itemprop="datePublished" content="2024-01-02T03:04:00Z"></span>{PARAGRAPHS}'),
    ],
)
def test_published_date_is_found_wherever_it_is_declared(html: str) -> None:
    assert extract(page(html)).published_at == datetime(2024, 1, 2, 3, 4, tzinfo=UTC)


def test_time_of_a_teaser_does_not_date_the_article() -> None:
    teaser = '<article><header><h2>Other</h2><time datetime="2023-01-01">then</time></header></article>'
    assert extract(page(article(body=f"<h1>A story</h1>{PARAGRAPHS}") + teaser)).published_at is None


def test_json_ld_of_this_page_wins_over_that_of_another_story() -> None:
    other = ld(headline="Another", url="https://daily.example/news/other", author={"name": "Bo Arden"})
    own = ld(
        headline="Own", url="http://www.daily.example/news/a-story?x=1", author=["Ann Bell", {"name": "Carl Dorn"}]
    )
    got = extract(page(article(other + own)))
    assert (got.title, got.byline) == ("Own", "Ann Bell, Carl Dorn")


def test_language_site_and_canonical_are_what_the_page_declares() -> None:
    html = article(
        '<meta property="og:locale" content="pt_BR"><meta property="og:site_name" content="Diário">'
        '<link rel="canonical" href="/a?b=1">',
        "<p>O conselho do porto votou na terça-feira a favor de manter o velho ferry por mais três anos, disse a"
        " presidente.</p>",
    )
    got = extract(page(html))
    assert (got.language, got.site, got.canonical_url) == ("pt", "Diário", "https://daily.example/a?b=1")
    assert extract(page(article())).language is None
    assert extract(page(article('<link rel="canonical" href="javascript:void(0)">'))).canonical_url is None


# --- bytes to text ----------------------------------------------------------------------------------------------------

FRENCH = "".join(
    f"<p>L\u2019été dernier, la forêt n° {n} a brûlé près du col, a déclaré la mairie, où l\u2019eau manquait déjà.</p>"
    for n in range(6)
)


@pytest.mark.parametrize(
    ("encoding", "label", "meta"),
    [
        ("utf-8", None, ""),
        ("utf-8", "iso-8859-1", ""),
        ("utf-8", None, "<meta charset=iso-8859-1>"),
        ("cp1252", "utf-8", "<meta charset=windows-1252>"),
        ("cp1252", "iso-8859-1", ""),
        ("cp1252", None, "<meta charset=latin1>"),
        ("cp1252", "no-such-charset", "<meta charset=cp1252>"),
        ("utf-16", None, ""),
        ("utf-8-sig", "cp1252", ""),
    ],
)
def test_text_is_right_whatever_the_labels_say(encoding: str, label: str | None, meta: str) -> None:
    html = f"<html><head>{meta}<title>Feu</title></head><body><article>{FRENCH}</article></body></html>"
    declared = "text/html" + (f"; charset={label}" if label else "")
    got = extract(page(html.encode(encoding), content_type=declared))
    assert got.text.startswith(
        "L\u2019été dernier, la forêt n° 0 a brûlé près du col, a déclaré la mairie, où l\u2019eau"
    )


def test_page_without_any_label_is_guessed() -> None:
    russian = "".join(
        f"<p>Городской совет собрался во вторник и решил починить мост номер {n} до зимы.</p>" for n in range(9)
    )
    got = extract(page(f"<html><body><article>{russian}</article></body></html>".encode("cp1251")))
    assert got.text.startswith("Городской совет собрался")


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x7f", "\ufffe", "\uffff", "\ud83d"], ids=ascii)
def test_a_character_that_no_file_carries_costs_only_itself(character: str) -> None:
    paragraphs = PARAGRAPHS.replace("mayor", f"ma{character}yor")
    head = ld(headline=f"A{character}b", author={"name": f"Ann{character} Lee"})
    html = article(head=head, body=f"<h1>A{character}b</h1>{paragraphs}")
    plain = extract(page(article(head=ld(headline="Ab", author={"name": "Ann Lee"}), body=f"<h1>Ab</h1>{PARAGRAPHS}")))
    read = extract(page(html.encode("utf-16", "surrogatepass") if character == "\ud83d" else html))
    marked = "\ufffd" if character == "\ud83d" else ""
    assert read.text == plain.text.replace("mayor", f"ma{marked}yor").replace("Ab", f"A{marked}b")
    assert (read.verdict, read.byline) == (plain.verdict, "Ann Lee")
    fields = {"text": f"One{character} bridge", "title": f"A{character}b"}
    finished = extract(page(json.dumps(fields), content_type=TEXT_MEDIA_TYPE))
    assert (finished.title, finished.text) == ("Ab", "One bridge")


def test_control_references_do_not_cost_the_page() -> None:
    html = article(body=f"<h1>A&#2;b</h1>{PARAGRAPHS.replace('mayor', 'mayor&#1;&#146;s wife')}")
    got = extract(page(html))
    assert got.title == "Ab"
    assert "the mayor\u2019s wife said" in got.text


@pytest.mark.parametrize(
    ("payload", "content_type", "detail"),
    [
        (b"\x89PNG\r\n\x1a\n", "", "a PNG image"),
        (b'{"a": [1, 2]}', "text/html", "JSON"),
        (b'<?xml version="1.0"?><rss><channel/></rss>', "text/html", "XML"),
        (b'<?xml version="1.0"?>\n<urlset></urlset>', "application/xml", "XML"),
        (b"a,b\n1,2\n", "text/csv; charset=utf-8", "text/csv"),
        (bytes(range(256)) * 20, "text/html", "binary data"),
    ],
)
def test_what_is_no_html_is_said_to_be_so(payload: bytes, content_type: str, detail: str) -> None:
    got = extract(page(payload, content_type=content_type))
    assert (got.verdict, got.detail) == (Verdict.NOT_HTML, detail)


def test_xhtml_and_mislabelled_html_are_read() -> None:
    xhtml = '<?xml version="1.0"?>\n<!-- c -->\n' + article()
    assert extract(page(xhtml, content_type="application/xhtml+xml")).verdict is Verdict.OK
    assert extract(page(article(), content_type="application/octet-stream")).verdict is Verdict.OK


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_two_thousand_levels_of_nesting_lose_nothing() -> None:
    got = extract(page("<html><body>" + "<div>" * 2000 + PARAGRAPHS + "</div>" * 2000))
    assert got.verdict is Verdict.OK
    assert got.text.count("bridge number") == 8


def test_nesting_beyond_the_parser_is_too_deep() -> None:
    assert extract(page("<html><body>" + "<div>" * 5000 + PARAGRAPHS)).verdict is Verdict.TOO_DEEP


@pytest.mark.parametrize(
    "html",
    [
        "<html>" + " " * (20 * 1024 * 1024),
        "<html><body>" + "<p>x" * 310_000,
        "<html><body><a " + " ".join(f'a{n}="1"' for n in range(200_000)) + ">",
        "<html><body><a " + " ".join(f"a{n}='>'" for n in range(200_000)) + ">",
    ],
    ids=["bytes", "tags", "attributes", "attributes with brackets"],
)
def test_page_beyond_the_gates_is_too_big(html: str) -> None:
    assert extract(page(html)).verdict is Verdict.TOO_BIG


def test_large_inline_data_is_not_taken_for_attributes() -> None:
    blob = json.dumps({f"key {n}": "some words = and more" for n in range(20_000)})
    html = article(f"<script id=data>{blob}</script>", f"<div data-props='{blob}'>{PARAGRAPHS}</div>")
    assert extract(page(html)).verdict is Verdict.OK


def test_huge_json_ld_is_dropped_and_the_page_kept() -> None:
    got = extract(page(article(ld(headline="Never read", x="y" * 1_100_000))))
    assert (got.verdict, got.title) == (Verdict.OK, "")


@given(st.binary(max_size=400))
@settings(max_examples=60)
def test_no_bytes_make_extraction_fail(payload: bytes) -> None:
    assert extract(page(payload)).verdict is not Verdict.ERROR


@given(st.text(alphabet="<>/=\"'&#;x1 pahdivscript!-[]{}\n", max_size=300))
@settings(max_examples=60)
def test_no_tag_soup_makes_extraction_fail(soup: str) -> None:
    assert extract(page(f"<html><body>{soup}{PARAGRAPHS}")).verdict is not Verdict.ERROR


def test_extraction_is_the_same_in_any_order() -> None:
    pages = [page(article(body=f"<h1>Story {n}</h1>" + PARAGRAPHS.replace("council", f"guild {n}"))) for n in range(6)]
    forward = [extract(sample) for sample in pages]
    assert [extract(sample) for sample in reversed(pages)] == forward[::-1]


# --- text payloads and facts ------------------------------------------------------------------------------------------


def test_given_text_is_ok_at_any_length_and_kept_as_given() -> None:
    fields = {
        "text": "Two “words”",
        "title": "T",
        "byline": "B",
        "published_at": "2024-01-02T00:00:00Z",
        "language": "en",
    }
    got = extract(page(json.dumps(fields), content_type=TEXT_MEDIA_TYPE))
    assert got == Extraction(
        verdict=Verdict.OK,
        text="Two “words”",
        title="T",
        byline="B",
        language="en",
        published_at=datetime(2024, 1, 2, tzinfo=UTC),
    )
    assert extract(page('{"text": "Nein."}', content_type=TEXT_MEDIA_TYPE)).verdict is Verdict.OK


def test_text_payload_that_is_no_json_is_an_error_with_its_reason() -> None:
    got = extract(page("no json", content_type=TEXT_MEDIA_TYPE))
    assert got.verdict is Verdict.ERROR
    assert "JSONDecodeError" in got.detail


def test_facts_are_sorted_and_name_options_tables_and_libraries() -> None:
    facts = extract_facts()
    assert facts == tuple(sorted(facts))
    assert {"extract keep_precision", "extract signals", "extract lib trafilatura"} <= {name for name, _ in facts}
