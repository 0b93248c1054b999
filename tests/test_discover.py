"""What lists list: feeds, sitemaps and section pages, well-formed, broken and hostile."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.discover import MOST_FOUND, discover
from db.records import Found, Page, SeedKind

if TYPE_CHECKING:
    from pathlib import Path

SITE = "https://www.news.example"


def listed(
    payload: bytes | str, kind: SeedKind, *, url: str = f"{SITE}/list", content_type: str = ""
) -> tuple[Found, ...]:
    data = payload.encode() if isinstance(payload, str) else payload
    page = Page(payload=data, url=url, content_type=content_type, captured_at=datetime(2026, 11, 22, tzinfo=UTC))
    return discover(page, kind)


def urls(found: tuple[Found, ...]) -> list[str]:
    return [each.url for each in found]


# --- feeds -----------------------------------------------------------------------------------------------------------

RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<item><title>Harbour &amp;amp; &lt;b&gt;quay&lt;/b&gt; open</title><link>/harbour?utm_source=rss</link>
<pubDate>Mon, 02 Nov 2026 10:00:00 +0100</pubDate></item>
<item><title>Again</title><link>https://www.news.example/harbour</link></item>
<item><title>Elsewhere</title><link>https://other.example/b</link></item>
<item><title>No link</title></item>
<item><title>Bad</title><link>javascript:alert(1)</link></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>
<entry><title>One</title><link rel="alternate" href="https://news.example/1"/><updated>2026-11-02T10:00:00Z</updated>
<published>2026-11-01T10:00:00Z</published></entry></feed>"""


def test_a_feed_lists_each_article_once_in_its_order() -> None:
    first, second = listed(RSS, SeedKind.FEED)
    assert first == Found(
        url=f"{SITE}/harbour", title="Harbour & quay open", updated_at=datetime(2026, 11, 2, 9, tzinfo=UTC)
    )
    assert second.url == "https://other.example/b"


def test_atom_gives_the_time_of_the_last_edit() -> None:
    assert listed(ATOM, SeedKind.FEED)[0].updated_at == datetime(2026, 11, 2, 10, tzinfo=UTC)


def test_a_feed_that_was_cut_gives_what_it_held() -> None:
    assert urls(listed(RSS[: RSS.index("/b</link>")], SeedKind.FEED)) == [f"{SITE}/harbour"]


def test_a_feed_in_another_encoding_is_read() -> None:
    feed = RSS.replace('version="1.0"?', 'version="1.0" encoding="koi8-r"?').replace("Elsewhere", "Москва")
    assert listed(feed.encode("koi8-r"), SeedKind.FEED)[1].title == "Москва"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_not_expanded(encoding: str) -> None:
    lols = '<!DOCTYPE x [<!ENTITY a "lol"><!entity b "&a;&a;">]>' + RSS.partition("?>")[2]
    assert listed(lols.encode(encoding), SeedKind.FEED) == ()


def test_a_feed_over_five_mebibytes_is_not_read() -> None:
    assert listed(RSS + " " * (5 << 20), SeedKind.FEED) == ()


def test_a_feed_never_names_a_file_to_read(tmp_path: Path) -> None:
    assert listed(str(tmp_path), SeedKind.FEED) == ()


# --- sitemaps --------------------------------------------------------------------------------------------------------

SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc> https://news.example/a?x=1&amp;y=2 </loc><lastmod>2026-11-02T10:00:00+01:00</lastmod></url>
<url><loc>https://news.example/b</loc><lastmod>2026-11</lastmod><news:news><news:publication><news:name>N</news:name>
</news:publication><news:title>Bridge closed</news:title><news:publication_date>2026-11-03</news:publication_date>
</news:news></url>
<url><loc>https://user:secret@news.example/c</loc></url>
<url><loc/></url>
</urlset>"""

INDEX = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>https://news.example/2026.xml</loc><lastmod>2026-11-03</lastmod></sitemap>
<sitemap><loc>https://www.news.example/list</loc></sitemap></sitemapindex>"""


def test_a_sitemap_lists_its_articles() -> None:
    first, second = listed(SITEMAP, SeedKind.SITEMAP)
    assert first == Found(url="https://news.example/a?x=1&y=2", updated_at=datetime(2026, 11, 2, 9, tzinfo=UTC))
    assert (second.url, second.title) == ("https://news.example/b", "Bridge closed")


def test_an_index_lists_its_sitemaps_but_never_itself() -> None:
    expected = Found(
        url="https://news.example/2026.xml", kind=SeedKind.SITEMAP, updated_at=datetime(2026, 11, 3, tzinfo=UTC)
    )
    assert listed(INDEX, SeedKind.SITEMAP) == (expected,)


def test_a_packed_sitemap_is_unpacked_by_its_magic() -> None:
    assert len(listed(gzip.compress(SITEMAP.encode()), SeedKind.SITEMAP)) == 2


def test_a_packed_sitemap_bomb_is_read_only_so_far() -> None:
    bomb = gzip.compress(SITEMAP.encode() + b" " * (60 << 20))
    assert len(listed(bomb, SeedKind.SITEMAP)) == 2


def test_half_an_address_is_no_article() -> None:
    cut = SITEMAP[: SITEMAP.index("/b</loc>")]
    assert urls(listed(cut, SeedKind.SITEMAP)) == ["https://news.example/a?x=1&y=2"]


def test_a_list_of_addresses_is_a_sitemap_too() -> None:
    text = "\ufeffhttps://news.example/a\r\n\r\nhttps://news.example/b\nnonsense\n"
    assert urls(listed(text, SeedKind.SITEMAP)) == ["https://news.example/a", "https://news.example/b"]


def test_a_feed_may_stand_in_a_sitemaps_place() -> None:
    assert urls(listed(ATOM, SeedKind.SITEMAP)) == ["https://news.example/1"]


def test_of_a_huge_sitemap_the_newest_are_kept_in_its_order() -> None:
    entry = "<url><loc>https://news.example/{}</loc><lastmod>{}</lastmod></url>"
    old = "".join(entry.format(f"old-{n}", "2020-01-01") for n in range(1500))
    new = "".join(entry.format(f"new-{n}", "2026-11-01") for n in range(500))
    found = urls(listed(f"<urlset>{old}{new}</urlset>", SeedKind.SITEMAP))
    assert len(found) == MOST_FOUND
    assert found[:2] == ["https://news.example/old-0", "https://news.example/old-1"]
    assert found[-500:] == [f"https://news.example/new-{n}" for n in range(500)]


def test_entities_of_a_sitemap_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("https://news.example/secret")
    hostile = f'<!DOCTYPE urlset [<!ENTITY x SYSTEM "file://{secret}">]><urlset><url><loc>&x;</loc></url></urlset>'
    assert listed(hostile, SeedKind.SITEMAP) == ()


# --- section pages ---------------------------------------------------------------------------------------------------

ARTICLES = ["/news/harbour-opens", "/2026/11/02/harbour/", "/n/123456", "/story_of_a_bridge", "/a/bridge.html"]
OTHERS = [
    "/",
    "/list",
    "/sport",
    "/sport/",
    "/about-us",
    "/privacy-policy",
    "/tag/harbour-opens/",
    "/author/jane-doe",
    "/feed.xml",
    "/photos/harbour-1.jpg",
    "/page/2/",
    "/login?next=a-b",
    "mailto:a@b.example",
    "javascript:void(0)",
    "https://other.example/a-b-c",
    "http://[",
    "#top-of-page",
]


@pytest.mark.parametrize("href", ARTICLES)
def test_a_section_lists_articles(href: str) -> None:
    found = listed(f'<a href="{href}#comments"> Harbour\n <b>opens</b></a>', SeedKind.SECTION)
    assert found == (Found(url=f"{SITE}{href}", title="Harbour opens"),)


@pytest.mark.parametrize("href", OTHERS)
def test_a_section_lists_nothing_else(href: str) -> None:
    assert listed(f'<a href="{href}">x</a>', SeedKind.SECTION) == ()


def test_a_teaser_picture_and_its_headline_are_one_article() -> None:
    markup = '<base href="/x/"><a href="a-b"><img></a><p><a href="a-b?fbclid=1">Headline</a></p>'
    assert listed(markup, SeedKind.SECTION) == (Found(url=f"{SITE}/x/a-b", title="Headline"),)


def test_the_bare_host_is_the_same_site() -> None:
    assert urls(listed('<a href="https://news.example/a-b">x</a>', SeedKind.SECTION)) == ["https://news.example/a-b"]


# --- anything at all -------------------------------------------------------------------------------------------------

ODD = [
    b"",
    b"\0",
    b"<",
    b"\x1f\x8b",
    b"\x1f\x8b\x08",
    b"<rss",
    b"<urlset>",
    b"\xff\xfe",
    b"<html><base href='http://['>",
]


@pytest.mark.parametrize("kind", SeedKind)
@pytest.mark.parametrize("payload", ODD)
def test_odd_bytes_list_nothing(payload: bytes, kind: SeedKind) -> None:
    assert listed(payload, kind) == ()


_PIECES = """
<a_href=' /a-b '> </a> <url> <loc> https://x.example/a </loc> </url> <rss> <item> <link> </link> &amp; &x; <!-- --> é \0
<![CDATA[ ]]> <title> <!DOCTYPE_x_[ ]>
"""
_MARKUP = st.lists(st.sampled_from(_PIECES.split()), max_size=25).map("".join)


@given(
    st.one_of(_MARKUP.map(lambda text: text.replace("_", " ").encode()), st.binary(max_size=200)),
    st.sampled_from(SeedKind),
)
def test_no_list_raises(payload: bytes, kind: SeedKind) -> None:
    for found in listed(payload, kind):
        assert found.url.startswith("http")
