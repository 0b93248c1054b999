"""Discovery: feeds, sitemaps and section pages, well-formed, broken and hostile."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.crawl.discover import MAX_ARTICLES, MAX_ENTRIES, MAX_LISTS, ListedUrls, discover
from db.records import DiscoveredUrl, Page, SeedKind

if TYPE_CHECKING:
    from pathlib import Path

SITE = "https://www.news.example"


def entries_of(
    payload: bytes | str, kind: SeedKind, *, url: str = f"{SITE}/list", content_type: str = ""
) -> tuple[DiscoveredUrl, ...]:
    return read_list(payload, kind, url=url, content_type=content_type).entries


def read_list(payload: bytes | str, kind: SeedKind, *, url: str = f"{SITE}/list", content_type: str = "") -> ListedUrls:
    data = payload.encode() if isinstance(payload, str) else payload
    page = Page(payload=data, url=url, content_type=content_type, captured_at=datetime(2026, 11, 22, tzinfo=UTC))
    return discover(page, kind)


def urls(entries: tuple[DiscoveredUrl, ...]) -> list[str]:
    return [entry.url for entry in entries]


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
    first, second = entries_of(RSS, SeedKind.FEED)
    assert first == DiscoveredUrl(
        url=f"{SITE}/harbour", title="Harbour & quay open", updated_at=datetime(2026, 11, 2, 9, tzinfo=UTC)
    )
    assert second.url == "https://other.example/b"


def test_atom_gives_the_time_of_the_last_edit() -> None:
    assert entries_of(ATOM, SeedKind.FEED)[0].updated_at == datetime(2026, 11, 2, 10, tzinfo=UTC)


def test_a_truncated_feed_lists_the_entries_before_the_cut() -> None:
    assert urls(entries_of(RSS[: RSS.index("/b</link>")], SeedKind.FEED)) == [f"{SITE}/harbour"]


def test_a_feed_in_another_encoding_is_read() -> None:
    feed = RSS.replace('version="1.0"?', 'version="1.0" encoding="koi8-r"?').replace("Elsewhere", "Москва")
    assert entries_of(feed.encode("koi8-r"), SeedKind.FEED)[1].title == "Москва"


LOLS = '<!DOCTYPE x [<!ENTITY a "lol"><!entity b "&a;&a;">]>' + RSS.partition("?>")[2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32", "koi8-r"])
@pytest.mark.parametrize("kind", [SeedKind.FEED, SeedKind.SITEMAP])
def test_a_list_that_declares_entities_is_refused(encoding: str, kind: SeedKind) -> None:
    lols = LOLS if kind is SeedKind.FEED else LOLS.replace("rss", "urlset")
    listing = read_list(f'<?xml version="1.0" encoding="{encoding}"?>{lols}'.encode(encoding), kind)
    assert (listing.entries, listing.flags) == ((), ("list-refused",))
    assert "declares entities" in listing.detail


@pytest.mark.parametrize("encoding", ["utf-7", "cp037", "iso2022_jp", "hz", "unicode_escape"])
@pytest.mark.parametrize("declared_by", ["the document", "http"])
def test_a_feed_in_an_encoding_that_can_hide_entities_is_refused(encoding: str, declared_by: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>' if declared_by == "the document" else ""
    content_type = "" if declared else f"text/xml; charset={encoding}"
    hidden = LOLS.replace("<!ENTITY", "+ADwAIQ-ENTITY") if encoding == "utf-7" else LOLS
    data = (declared + hidden).encode("cp037" if encoding == "cp037" else "ascii")
    listing = read_list(data, SeedKind.FEED, content_type=content_type)
    assert (listing.entries, listing.flags) == ((), ("list-refused",))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_feed_in_wide_characters_is_read(encoding: str) -> None:
    feed = RSS.replace('version="1.0"?', f'version="1.0" encoding="{encoding}"?')
    assert len(entries_of(feed.encode(encoding), SeedKind.FEED)) == 2


@pytest.mark.parametrize("noise", ["<", "<!", "<item>", "<a b='", "</", "<![CDATA[", "<?", "<!--"])
def test_a_feed_of_noise_is_read_quickly(noise: str) -> None:
    read_list(RSS.replace("</channel></rss>", "") + noise * 60_000, SeedKind.FEED)


def test_only_the_first_five_mebibytes_of_a_feed_are_read_with_a_flag() -> None:
    listing = read_list(
        RSS + "<!-- filler, as a list of old entries in a comment would be -->" * (6 << 14), SeedKind.FEED
    )
    assert (len(listing.entries), listing.flags[0]) == (2, "list-cut")
    assert listing.detail.startswith("only the first 5 MiB were read; ")


@pytest.mark.slow
def test_only_the_first_entries_of_a_long_feed_are_read() -> None:
    items = "".join(f"<item><link>https://news.example/{n}</link></item>" for n in range(6_000))
    listing = read_list(f"<rss version='2.0'><channel>{items}</channel></rss>", SeedKind.FEED)
    assert (len(listing.entries), listing.detail) == (
        MAX_ARTICLES,
        "only the first 5000 entries were read, 1000 of 5000 articles kept",
    )


def test_a_json_feed_lists_its_items() -> None:
    items = [
        {"id": "1", "url": "/a", "title": "One", "date_published": "2026-11-02T10:00:00+01:00"},
        {"id": "2", "external_url": "https://other.example/b"},
        {"id": "3", "url": 7},
        "no item",
    ]
    first, second = entries_of(
        json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}), SeedKind.FEED
    )
    assert first == DiscoveredUrl(url=f"{SITE}/a", title="One", updated_at=datetime(2026, 11, 2, 9, tzinfo=UTC))
    assert second.url == "https://other.example/b"


def test_a_feed_cannot_make_the_parser_read_a_file(tmp_path: Path) -> None:
    assert entries_of(str(tmp_path), SeedKind.FEED) == ()


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
    first, second = entries_of(SITEMAP, SeedKind.SITEMAP)
    assert first == DiscoveredUrl(url="https://news.example/a?x=1&y=2", updated_at=datetime(2026, 11, 2, 9, tzinfo=UTC))
    assert (second.url, second.title) == ("https://news.example/b", "Bridge closed")


def test_an_index_lists_its_sitemaps_but_never_itself() -> None:
    expected = DiscoveredUrl(
        url="https://news.example/2026.xml", kind=SeedKind.SITEMAP, updated_at=datetime(2026, 11, 3, tzinfo=UTC)
    )
    assert entries_of(INDEX, SeedKind.SITEMAP) == (expected,)


def test_a_gzip_sitemap_is_recognized_by_its_magic() -> None:
    assert len(entries_of(gzip.compress(SITEMAP.encode()), SeedKind.SITEMAP)) == 2


@pytest.mark.parametrize(
    ("filler", "flag"),
    [(" ", "list-damaged"), pytest.param("<!-- filler -->", "list-cut", marks=pytest.mark.slow)],
)
def test_a_gzip_bomb_sitemap_is_read_up_to_the_limit_in_little_memory(filler: str, flag: str) -> None:
    bomb = gzip.compress(SITEMAP.encode() + filler.encode() * ((60 << 20) // len(filler)))
    tracemalloc.start()
    listing = read_list(bomb, SeedKind.SITEMAP)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(listing.entries), listing.flags) == (2, (flag, "list-skipped"))
    assert peak < 8 << 20


def test_a_truncated_gzip_sitemap_lists_the_entries_before_the_cut() -> None:
    entries = "".join(f"<url><loc>https://news.example/{n * 7919}</loc></url>" for n in range(500))
    listing = read_list(gzip.compress(f"<urlset>{entries}</urlset>".encode())[:-200], SeedKind.SITEMAP)
    assert 0 < len(listing.entries) < 500
    assert (listing.flags, listing.detail) == (("list-damaged",), "the compressed list ends too early")


@pytest.mark.slow
def test_only_the_first_entries_of_a_long_sitemap_are_read() -> None:
    entries = "".join(f"<url><loc>https://news.example/{n}</loc></url>" for n in range(60_000))
    listing = read_list(f"<urlset>{entries * 17}", SeedKind.SITEMAP)
    assert len(listing.entries) == MAX_ARTICLES
    assert listing.detail == f"only the first {MAX_ENTRIES} entries were read, 1000 of 50000 articles kept"


def test_pictures_of_a_sitemap_are_not_its_articles() -> None:
    picture = (
        "<image:image><image:loc>https://news.example/a.jpg</image:loc><image:title>A boat</image:title></image:image>"
    )
    entries = entries_of(
        SITEMAP.replace("<loc>https://news.example/b</loc>", f"{picture}<loc>/b</loc>"), SeedKind.SITEMAP
    )
    assert [(entry.url, entry.title) for entry in entries[1:]] == [(f"{SITE}/b", "Bridge closed")]


def test_the_newest_sitemaps_of_an_index_are_taken() -> None:
    days = "".join(f"<sitemap><loc>/{n}.xml</loc><lastmod>{2000 + n}-01-01</lastmod></sitemap>" for n in range(80))
    listing = read_list(f"<sitemapindex>{days}</sitemapindex>", SeedKind.SITEMAP)
    assert urls(listing.entries) == [f"{SITE}/{n}.xml" for n in range(30, 80)]
    assert (listing.flags, listing.detail) == (("list-cut",), f"{MAX_LISTS} of 80 lists kept")


def test_without_lists_no_further_lists_are_returned() -> None:
    page = Page(payload=INDEX.encode(), url=f"{SITE}/list", captured_at=datetime(2026, 11, 22, tzinfo=UTC))
    listing = discover(page, SeedKind.SITEMAP, lists=False)
    assert (listing.entries, listing.detail) == ((), "0 of 2 lists kept")


def test_half_an_address_is_no_article() -> None:
    cut = SITEMAP[: SITEMAP.index("/b</loc>")]
    assert urls(entries_of(cut, SeedKind.SITEMAP)) == ["https://news.example/a?x=1&y=2"]


def test_a_list_of_addresses_is_a_sitemap_too() -> None:
    text = "\ufeffhttps://news.example/a\r\n\r\nhttps://news.example/b\nnonsense\n"
    assert urls(entries_of(text, SeedKind.SITEMAP)) == ["https://news.example/a", "https://news.example/b"]


def test_a_feed_in_place_of_a_sitemap_is_read() -> None:
    assert urls(entries_of(ATOM, SeedKind.SITEMAP)) == ["https://news.example/1"]


def test_the_newest_entries_of_a_huge_sitemap_are_taken_in_document_order() -> None:
    entry = "<url><loc>https://news.example/{}</loc><lastmod>{}</lastmod></url>"
    old = "".join(entry.format(f"old-{n}", "2020-01-01") for n in range(1500))
    new = "".join(entry.format(f"new-{n}", "2026-11-01") for n in range(500))
    found_urls = urls(entries_of(f"<urlset>{old}{new}</urlset>", SeedKind.SITEMAP))
    assert len(found_urls) == MAX_ARTICLES
    assert found_urls[:2] == ["https://news.example/old-0", "https://news.example/old-1"]
    assert found_urls[-500:] == [f"https://news.example/new-{n}" for n in range(500)]


def test_entities_of_a_sitemap_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("https://news.example/secret")
    hostile = f'<!DOCTYPE urlset [<!ENTITY x SYSTEM "file://{secret}">]><urlset><url><loc>&x;</loc></url></urlset>'
    assert entries_of(hostile, SeedKind.SITEMAP) == ()


# --- lists with faults ------------------------------------------------------------------------------------------------


def a_sitemap(*entries: str) -> str:
    """A sitemap of these entries. A name stands for an entry with its address."""
    rows = (entry if "<" in entry else f"<url><loc>{SITE}/{entry}</loc></url>" for entry in entries)
    return (
        '<?xml version="1.0"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:p="http://www.google.com/schemas/sitemap-image/1.1">{"".join(rows)}</urlset>'
    )


def paths(listing: ListedUrls) -> list[str]:
    return [entry.url.removeprefix(SITE) for entry in listing.entries]


MISTAKES = {
    "an unescaped ampersand": (f"<url><loc>{SITE}/b?id=2&p=2&copy=1</loc></url>", ["/b?id=2&p=2&copy=1"]),
    "an address escaped twice": (f"<url><loc>{SITE}/b?id=2&amp;amp;p=2</loc></url>", ["/b?id=2&p=2"]),
    "an undefined entity": (f"<url><loc>&nbsp;{SITE}/b</loc><lastmod>&foo;</lastmod></url>", ["/b"]),
    "a comment": (f"<!-- <url><loc>{SITE}/old</loc></url> --><url><loc>{SITE}/<!-- x -->b</loc></url>", ["/b"]),
    "a CDATA section": (f"<url><loc><![CDATA[ {SITE}/b?x=1&y=2 ]]></loc></url>", ["/b?x=1&y=2"]),
    "several addresses": (f"<url><loc>{SITE}/b</loc><loc>{SITE}/c</loc></url>", ["/b", "/c"]),
    "several addresses in one": (f"<url><loc>{SITE}/b\n{SITE}/c</loc></url>", ["/b", "/c"]),
    "an entry without an end": (f"<url><loc>{SITE}/b</loc>", ["/b"]),
    "an address without an end": (f"<url><loc>{SITE}/b<lastmod>2026-01-02</lastmod></url>", ["/b"]),
    "an address outside of entries": (f"<loc>{SITE}/b</loc><loc>{SITE}/c</loc>", ["/b", "/c"]),
    "another prefix": (f"<sm:url><sm:loc>{SITE}/b</sm:loc></sm:url>", ["/b"]),
    "upper case": (f"<URL><LOC>{SITE}/b</LOC></URL>", ["/b"]),
    "a control character": (f"<url><loc>{SITE}/b\x0b</loc></url>", ["/b"]),
    "an address without its element": (f"<url>{SITE}/b</url>", ["/b"]),
    "an address without its scheme": ("<url><loc>www.news.example/b</loc></url>", ["/b"]),
    "invisible characters": (f"<url><loc>\u200b{SITE}/b\ufeff</loc></url>", ["/b"]),
    "a CDATA section without an end": (
        f"<url><loc><![CDATA[{SITE}/b</loc></url><url><loc>{SITE}/c</loc></url>",
        ["/b", "/c"],
    ),
    "an address of an extension": (f"<url><p:loc>{SITE}/b.jpg</p:loc><loc>{SITE}/b</loc></url>", ["/b"]),
    "a larger-than sign in an attribute": (f"<url title='a > b'><loc>{SITE}/b</loc></url>", ["/b"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_one_entry_changes_no_other(mistake: str) -> None:
    markup, expected = MISTAKES[mistake]
    assert paths(read_list(a_sitemap("a", markup, "z"), SeedKind.SITEMAP)) == ["/a", *expected, "/z"]


@pytest.mark.parametrize("declaration", ['<?xml version="1.0">', '<?xml version="1.0" encoding="UTF-8" >\n', "<?xml?>"])
def test_a_declaration_without_its_question_mark_hides_no_list(declaration: str) -> None:
    sitemap = a_sitemap("a", "b", "z").partition("?>")[2]
    assert paths(read_list(declaration + sitemap, SeedKind.SITEMAP)) == ["/a", "/b", "/z"]


WHOLE = a_sitemap("a", "b", "c")
WARNING = "<br />\n<b>Warning</b>: something in <b>x.php</b> on line 3<br />\n"
DAMAGES: dict[str, tuple[str | bytes, list[str], str]] = {
    "cut": (WHOLE[:-30], ["/a", "/b"], "list-damaged"),
    "empty": ("", [], "list-damaged"),
    "blank": (" \n", [], "list-damaged"),
    "a page": ("<!DOCTYPE html><html><body><a href='/a-b'>x</a></body></html>", [], "list-damaged"),
    "JSON": ('{"error": "not now"}', [], "list-damaged"),
    "escaped": (WHOLE.replace("<", "&lt;"), [], "list-damaged"),
    "behind a warning": (WARNING + WHOLE, ["/a", "/b", "/c"], "list-repaired"),
    "behind a plain warning": ("Warning: x.php on line 3\n" + WHOLE, ["/a", "/b", "/c"], "list-repaired"),
    "behind white space": ("\n " + WHOLE, ["/a", "/b", "/c"], "list-repaired"),
    "without entries": (a_sitemap(), [], "list-empty"),
    "of words": (
        a_sitemap("a", "<url><loc>soon</loc></url>", "<url><loc>www.x.example/b</loc></url>"),
        ["/a"],
        "list-skipped",
    ),
    "gzip and cut": (gzip.compress(WHOLE.encode(), 0)[:-30], ["/a", "/b"], "list-damaged"),
    "gzip with a wrong check": (gzip.compress(WHOLE.encode())[:-8] + bytes(8), ["/a", "/b", "/c"], "list-damaged"),
    "gzip and dirt": (gzip.compress(WHOLE.encode()) + b"dirt", ["/a", "/b", "/c"], "list-damaged"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_sitemap_is_flagged_and_counts_as_partly_read(damage: str) -> None:
    payload, expected, flag = DAMAGES[damage]
    listing = read_list(payload, SeedKind.SITEMAP)
    assert (paths(listing), listing.flags) == (expected, (flag,))
    assert listing.detail
    assert listing.is_whole is (flag == "list-empty")


PACKINGS = {
    "two members": gzip.compress(WHOLE[:90].encode()) + gzip.compress(WHOLE[90:].encode()) + b"\0" * 9,
    "gzip in gzip": gzip.compress(gzip.compress(WHOLE.encode())),
    "a byte order mark": WHOLE.encode("utf-8-sig"),
    "UTF-16": WHOLE.encode("utf-16"),
    "UTF-16 without a mark": WHOLE.encode("utf-16-be"),
    "lines in UTF-16": f"{SITE}/a\r\n{SITE}/b\r\n{SITE}/c".encode("utf-16"),
    "lines of an old Macintosh": f"{SITE}/a\r{SITE}/b\r{SITE}/c".encode(),
    "a DOCTYPE with rules": WHOLE.replace("?>", "?><!DOCTYPE urlset [<!ELEMENT urlset (url*)>]>").encode(),
    "a wrong declaration": WHOLE.replace("?>", ' encoding="utf-16"?>').encode(),
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_whole_sitemap_has_no_flag_however_it_is_packed(packing: str) -> None:
    listing = read_list(PACKINGS[packing], SeedKind.SITEMAP)
    assert (paths(listing), listing.flags, listing.is_whole) == (["/a", "/b", "/c"], (), True)


def an_item(markup: str) -> str:
    """An RSS feed of one item in front of one that is always read."""
    head = '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><link>/</link>'
    return f"{head}<item>{markup}</item><item><link>/z</link></item></channel></rss>"


def an_entry(markup: str) -> str:
    """An Atom feed of one entry in front of one that is always read."""
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/base/"><link rel="self" href="/list"/>'
        f'<entry>{markup}</entry><entry><link href="/z"/></entry></feed>'
    )


NOT_AN_ADDRESS, NO_PERMALINK = "whose identifier is no address", "whose guid is declared to be no permalink"
IDENTIFIERS = [
    (an_item(f"<link></link><guid>{SITE}/a</guid>"), "/a"),
    (an_item(f'<guid isPermaLink="true">{SITE}/a</guid>'), "/a"),
    (an_item('<guid isPermaLink="true">/a</guid>'), "/a"),
    (an_item(f'<guid isPermaLink="false">{SITE}/a</guid>'), NO_PERMALINK),
    (an_item("<guid>12345</guid>"), NOT_AN_ADDRESS),
    (an_item('<guid isPermaLink="true">ID123</guid>'), NOT_AN_ADDRESS),
    (an_item("<guid>tag:news.example,2026:a</guid>"), NOT_AN_ADDRESS),
    (an_item("<guid>Harbour board, 5 January</guid>"), NOT_AN_ADDRESS),
    (an_item("<link>ID123</link>"), "with an invalid address"),
    (an_item("<link>mailto:a@news.example</link>"), "with an invalid address"),
    (an_item(f"<link>javascript:x</link><guid>{SITE}/a</guid>"), "/a"),
    (an_item('<link>/a</link><atom:link href="/a.json"/>'), "/a"),
    (an_item('<atom:link rel="self" href="/api/a"/><link>/a</link>'), "/a"),
    (an_item('<atom:link href="/a"/>'), "/a"),
    (an_item('<atom:link rel="replies" href="/a#c"/><comments>/a#c</comments>'), "with links of other relations only"),
    (an_item('<source url="/feed">x</source><enclosure url="/a.mp3"/>'), "without an address"),
    (an_item("<link/>https://www.news.example/a<title>A</title>"), "/a"),
    (an_item(f"<link>{SITE}/</link><guid>{SITE}/a</guid>"), "/a"),
    (an_item("<title>A & B</title><link>/a?x=1&y=2</link>"), "/a?x=1&y=2"),
    (an_item("<description><p>x<br></description><link><![CDATA[ /a ]]></link>"), "/a"),
    (an_entry('<link rel="enclosure" href="/a.mp3"/><link rel="alternate" href="a"/>'), "/base/a"),
    (an_entry('<link rel="self" href="/s"/><link rel="edit" href="/e"/><link href="/a"/>'), "/a"),
    (an_entry('<link type="application/json" href="/a.json"/><link type="text/html" href="/a"/>'), "/a"),
    (an_entry('<link rel="http://www.iana.org/assignments/relation/alternate" href="/a"/>'), "/a"),
    (an_entry('<link rel="alternate canonical" href="/a"/>'), "/a"),
    (an_entry('<id>post-17</id><link rel="related" href="http://other.example/b"/>'), NOT_AN_ADDRESS),
    (an_entry(f"<id>{SITE}/a</id>"), "/a"),
    (an_entry("<id>urn:uuid:1225c695</id>"), NOT_AN_ADDRESS),
    (an_entry('<source><link href="/other"/></source><link href="a" xml:base="deep/"/>'), "/base/deep/a"),
    (f'<RDF><item rdf:about="{SITE}/a"/><item rdf:about="{SITE}/z"></item></RDF>', "/a"),
    ('<RDF><item rdf:about="urn:a"></item><item><link>/z</link></item></RDF>', NOT_AN_ADDRESS),
    (json.dumps({"items": [{"id": f"{SITE}/a"}, {"url": "/z"}]}), "/a"),
    (json.dumps({"items": [{"id": "1", "url": "/a", "external_url": "http://other.example/b"}, {"url": "/z"}]}), "/a"),
    (json.dumps({"items": [{"id": 7}, {"url": "/z"}]}), NOT_AN_ADDRESS),
]


@pytest.mark.parametrize(("feed", "expected"), IDENTIFIERS)
def test_an_entry_has_the_address_that_it_states_or_is_counted(feed: str, expected: str) -> None:
    listing = read_list(feed, SeedKind.FEED)
    if expected.startswith("/"):
        assert (paths(listing), listing.flags) == ([expected, "/z"], ())
    else:
        assert (paths(listing), listing.flags) == (["/z"], ("list-skipped",))
        assert listing.detail == f"1 of 2 entries passed over: 1 {expected}"


CHARSETS = [
    ("iso-8859-1", "utf-8", "\u043f\u043e\u0440\u0442 \u0440\u0435\u0448\u0438\u043b"),
    (
        "utf-8",
        "windows-1251",
        "\u043f\u043e\u0440\u0442 \u0440\u0435\u0448\u0438\u043b \u0432\u043e\u043f\u0440\u043e\u0441",
    ),
    ("shift_jis", "shift_jis", "\u6e2f\u306e\u59d4\u54e1\u4f1a"),
    ("cp437", "cp437", "na\xefve caf\xe9"),
]


@pytest.mark.parametrize(("declared", "actual", "title"), CHARSETS)
def test_the_charset_of_a_list_is_found_as_that_of_a_page(declared: str, actual: str, title: str) -> None:
    feed = f'<?xml version="1.0" encoding="{declared}"?>' + an_item(f"<title>{title}</title><link>/a</link>")
    assert entries_of(feed.encode(actual), SeedKind.FEED)[0].title == title


DATES = [
    "Mon, 05 Jan 2026 09:00:00 +01:00",
    "Mon, 05 Jan 2026 09:00:00 CET",
    "Mon, 05 Jan 2026 00:00:00 PST",
    "Mon Jan 05 2026 09:00:00 GMT+0100 (CET)",
    "2026-01-05 09:00:00 +0100",
    "05 Jan 26 08:00 GMT",
]


@pytest.mark.parametrize("date", DATES)
def test_a_feed_writes_its_times_in_many_ways(date: str) -> None:
    entries = entries_of(an_item(f"<link>/a</link><pubDate>{date}</pubDate>"), SeedKind.FEED)
    assert entries[0].updated_at == datetime(2026, 1, 5, 8, tzinfo=UTC)


def test_a_cut_json_feed_lists_the_items_before_the_cut() -> None:
    feed = json.dumps({"items": [{"url": "/a"}, {"url": "/b"}, {"url": "/c"}]})[:-12]
    listing = read_list(feed, SeedKind.FEED)
    assert (paths(listing), listing.flags) == (["/a", "/b"], ("list-damaged",))


@pytest.mark.parametrize("noise", ["<b>", "</x>", "<loc>", "<url>", "<a b='", "&#", "<!--", "<x a=1 "])
def test_the_time_for_noise_grows_with_its_length_alone(noise: str) -> None:
    read_list(WHOLE.replace("</urlset>", "<url>") + noise * 10_000 + "</c>" * 10_000, SeedKind.SITEMAP)


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
    entries = entries_of(f'<a href="{href}#comments"> Harbour\n <b>opens</b></a>', SeedKind.SECTION)
    assert entries == (DiscoveredUrl(url=f"{SITE}{href}", title="Harbour opens"),)


@pytest.mark.parametrize("href", OTHERS)
def test_a_section_lists_nothing_else(href: str) -> None:
    assert entries_of(f'<a href="{href}">x</a>', SeedKind.SECTION) == ()


@pytest.mark.parametrize("charset", ["utf-8", "utf-16-le", "euc_kr", "cp949", "euc_jp", "iso2022_jp", "mac-cyrillic"])
def test_a_section_is_read_in_its_charset(charset: str) -> None:
    title = "\u043f\u043e\u0440\u0442" if charset == "mac-cyrillic" else "\u6e2f"
    payload = f"<html><body><a href='/a-b'>{title}</a></body></html>".encode(charset)
    page = Page(
        payload=payload,
        url=f"{SITE}/list",
        content_type="",
        charset=charset,
        captured_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert [(entry.url, entry.title) for entry in discover(page, SeedKind.SECTION).entries] == [(f"{SITE}/a-b", title)]


def test_the_query_of_a_link_is_in_the_charset_of_its_page() -> None:
    link = "/\u043f-1?q=\u043f&c=\u6e2f"
    page = Page(
        payload=f"<html><body><a href='{link}'>x</a></body></html>".encode("cp1251", "xmlcharrefreplace"),
        url=f"{SITE}/list",
        content_type="",
        charset="cp1251",
        captured_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert urls(discover(page, SeedKind.SECTION).entries) == [f"{SITE}/%D0%BF-1?q=%EF&c=%26%2328207%3B"]


def test_a_teaser_picture_and_its_headline_are_one_article() -> None:
    markup = '<base href="/x/"><a href="a-b"><img></a><p><a href="a-b?fbclid=1">Headline</a></p>'
    assert entries_of(markup, SeedKind.SECTION) == (DiscoveredUrl(url=f"{SITE}/x/a-b", title="Headline"),)


def test_the_bare_host_is_the_same_site() -> None:
    assert urls(entries_of('<a href="https://news.example/a-b">x</a>', SeedKind.SECTION)) == [
        "https://news.example/a-b"
    ]


def feed_link(href: str, *, kind: str = "application/rss+xml", title: str = "", rel: str = "alternate") -> str:
    return f'<link rel="{rel}" type="{kind}" title="{title}" href="{href}">'


@pytest.mark.parametrize(
    "kind", ["application/rss+xml", "application/atom+xml; charset=utf-8", "application/feed+json"]
)
@pytest.mark.parametrize("href", ["/feed", "https://feeds.news.example/all"])
def test_a_section_names_its_feeds(href: str, kind: str) -> None:
    (entry,) = entries_of(feed_link(href, kind=kind, title=" All  news "), SeedKind.SECTION)
    assert (entry.kind, entry.title, entry.url.endswith(href)) == (SeedKind.FEED, "All news", True)


@pytest.mark.parametrize(
    "link",
    [
        feed_link("https://other.example/feed"),
        feed_link("/comments/feed"),
        feed_link("/feed2", title="News: Comments"),
        feed_link("/fr", kind="text/html"),
        feed_link("/feed", rel="stylesheet"),
        feed_link(f"{SITE}/list"),
    ],
)
def test_other_links_are_not_feeds_of_the_site(link: str) -> None:
    assert entries_of(link, SeedKind.SECTION) == ()


def test_the_first_feeds_of_a_section_are_taken() -> None:
    listing = read_list("".join(feed_link(f"/feed-{n}") for n in range(9)), SeedKind.SECTION)
    assert (urls(listing.entries), listing.flags) == ([f"{SITE}/feed-{n}" for n in range(3)], ("list-cut",))


@pytest.mark.parametrize("payload", ["<a " + " ".join(f"a{n}=1" for n in range(20_000)) + ">", "<p>" * 90_000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_section_that_is_slow_to_parse_is_refused(payload: str, encoding: str) -> None:
    assert read_list(payload.encode(encoding), SeedKind.SECTION).flags == ("list-refused",)


# --- arbitrary bytes -------------------------------------------------------------------------------------------------

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
    assert entries_of(payload, kind) == ()


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
    for entry in entries_of(payload, kind):
        assert entry.url.startswith("http")
