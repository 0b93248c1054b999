"""Pages that everyone else can fetch: refresh redirects, cookies of one visit, odd headers, odd robots.txt files."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from archive.crawl.fetch.cookies import VisitCookies
from archive.crawl.fetch.meta_refresh import refresh_target
from archive.crawl.fetch.response_head import HeadReader, repair_head
from archive.crawl.fetch.robots import read_robots
from db.records import Outcome, Reason
from tests.fetching import HOST, NOON, fetch, fetch_all, visit
from tests.replies import HTML, Asked, Say, page, raw
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE_URL = "http://daily.example/a/old"
TO_NEW = '<meta http-equiv="refresh" content="0; url=/new">'


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        running.pages["/robots.txt"] = page(b"")
        running.pages["/new"] = page()
        yield running


def outcome_of(markup: str, **facts: object) -> Outcome:
    known = {"requested_url": PAGE_URL, "final_url": PAGE_URL, "started_at": NOON, "finished_at": NOON, "status": 200}
    known |= {"payload": markup.encode(), "content_type": "text/html", "charset": "utf-8"}
    return Outcome(**(known | facts))  # type: ignore[arg-type]


# --- refresh ---------------------------------------------------------------------------------------------------------

FOLLOWED = [
    (TO_NEW, "/new"),
    ("<META HTTP-EQUIV=Refresh CONTENT='5;URL=new?a=1&amp;b=2'>", "/a/new?a=1&b=2"),
    ("""<meta content="0,url = '/new page'" http-equiv=" REFRESH ">""", "/new%20page"),
    ("<meta http-equiv=refresh content='3 /new'>", "/new"),
    ("<meta http-equiv=refresh content='.5;/new'>", "/new"),
    (f"<svg>{TO_NEW}</svg>", "/new"),
    ("<base href='/b/'><meta http-equiv=refresh content='0;url=c'>", "/b/c"),
    (f"<meta http-equiv=refresh content='soon'>{TO_NEW}", "/new"),
]
NOT_FOLLOWED = [
    f"<!-- {TO_NEW} -->",
    f"<script>document.write('{TO_NEW}')</script>",
    f"<style>{TO_NEW}</style>",
    f"<noscript>{TO_NEW}</noscript>",
    f"<template>{TO_NEW}</template>",
    f"<textarea>{TO_NEW}</textarea>",
    f"<title>{TO_NEW}</title>",
    f"<meta http-equiv=refresh content=30>{TO_NEW}",
    "<meta http-equiv=refresh content='6;url=/new'>",
    "<meta http-equiv=refresh content='30;url=/new'>",
    "<meta http-equiv=refresh content='0;url=old'>",
    "<meta http-equiv=refresh content='0;url=#top'>",
    "<meta http-equiv=refresh content='0;url='>",
    "<meta http-equiv=refresh content='url=/new'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<meta http-equiv=refresh content='0;url=http://./n'>",
    "<meta name=refresh content='0;url=/new'><p http-equiv>",
]


@pytest.mark.parametrize(("markup", "target"), FOLLOWED)
def test_a_refresh_within_five_seconds_names_a_target(markup: str, target: str) -> None:
    assert refresh_target(outcome_of(markup)) == f"{HOST}{target}"


@pytest.mark.parametrize("markup", NOT_FOLLOWED)
def test_what_no_browser_follows_at_once_is_no_redirect(markup: str) -> None:
    assert refresh_target(outcome_of(markup)) is None


def test_a_refresh_header_counts_and_a_text_file_does_not() -> None:
    assert refresh_target(outcome_of("<p>", headers=(("Refresh", "0;url=/new"),))) == f"{HOST}/new"
    assert refresh_target(outcome_of(TO_NEW, content_type="text/plain")) is None
    assert refresh_target(outcome_of(TO_NEW, reason=Reason.MISSING_404)) is None


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "euc_kr", "iso2022_jp"])
def test_a_refresh_is_read_in_the_charset_of_its_page(charset: str) -> None:
    outcome = outcome_of("", payload=f"<!DOCTYPE html>{TO_NEW}".encode(charset), charset=charset)
    assert refresh_target(outcome) == f"{HOST}/new"


def test_a_refresh_is_followed_as_a_hop(site: Site) -> None:
    site.pages["/old"] = page(TO_NEW.encode())
    outcome = fetch(site, "/old")
    assert (outcome.final_url, outcome.payload) == (f"{HOST}/new", HTML)
    (hop,) = outcome.hops
    assert (hop.url, hop.status, hop.location) == (f"{HOST}/old", 200, f"{HOST}/new")


def test_refreshes_in_a_circle_and_without_end_are_loops(site: Site) -> None:
    site.pages["/ping"] = page(b"<meta http-equiv=refresh content='0;url=/pong'>")
    site.pages["/pong"] = page(b"<meta http-equiv=refresh content='0;url=/ping'>")
    for number in range(12):
        site.pages[f"/far/{number}"] = page(b"<meta http-equiv=refresh content='0;url=/far/%d'>" % (number + 1))
    assert [outcome.reason for outcome in fetch_all(site, visit("/ping"), visit("/far/0"))] == [
        Reason.REDIRECT_LOOP
    ] * 2


def test_a_refresh_passes_the_guard_of_addresses(site: Site) -> None:
    site.pages["/inside"] = page(b"<meta http-equiv=refresh content='0;url=http://169.254.169.254/latest/'>")
    outcome = fetch(site, "/inside")
    assert outcome.reason is Reason.REFUSED_ADDRESS
    assert len(outcome.hops) == 1


# --- cookies ---------------------------------------------------------------------------------------------------------


def cookie_wall(asked: Asked) -> Say:
    if "seen=yes" in asked.headers.get("cookie", ""):
        return page()
    return page(b"", status="302 Found", Location="/wall", Set_Cookie="seen=yes; Path=/; HttpOnly")


def test_a_cookie_lives_for_the_redirects_of_one_visit_only(site: Site) -> None:
    site.pages["/wall"] = cookie_wall
    site.pages["/plain"] = lambda asked: page(asked.headers.get("cookie", "none").encode())
    first, second, plain = fetch_all(site, visit("/wall"), visit("/wall"), visit("/plain"))
    assert first.payload == second.payload == HTML
    assert len(first.hops) == len(second.hops) == 1
    assert plain.payload == b"none"


def test_a_wall_that_ignores_its_own_cookie_is_a_loop(site: Site) -> None:
    site.pages["/wall"] = page(b"", status="302 Found", Location="/wall", Set_Cookie="seen=no")
    assert fetch(site, "/wall").reason is Reason.REDIRECT_LOOP


SENT = [
    ("a=1", "http://news.example/x/y", "http://news.example/x/z", "a=1"),
    ("a=1", "http://news.example/x/y", "http://news.example/z", None),
    ("a=1; Path=/x", "http://news.example/", "http://news.example/xy", None),
    ("a=1; Path=/x", "http://news.example/", "http://news.example/x", "a=1"),
    ("a=1", "http://news.example/", "http://www.news.example/", None),
    ("a=1; Domain=.news.example", "http://www.news.example/", "http://m.news.example/", "a=1"),
    ("a=1; Domain=news.example", "http://news.example/", "http://news.example.evil.example/", None),
    ("a=1; Domain=other.example", "http://news.example/", "http://other.example/", None),
    ("a=1; Domain=co.uk", "http://daily.co.uk/", "http://news.co.uk/", None),
    ("a=1; Secure", "http://news.example/", "http://news.example/", None),
    ("a=1; Secure", "http://news.example/", "https://news.example/", "a=1"),
    ("a=1; Max-Age=0", "http://news.example/", "http://news.example/", None),
    ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://news.example/", "http://news.example/", None),
    ("a=\x01", "http://news.example/", "http://news.example/", None),
    ("no pair", "http://news.example/", "http://news.example/", None),
]


@pytest.mark.parametrize(("line", "setter", "asked", "sent"), SENT)
def test_a_cookie_goes_only_where_it_belongs(line: str, setter: str, asked: str, sent: str | None) -> None:
    cookies = VisitCookies()
    cookies.store(setter, [line], NOON)
    assert cookies.header(asked) == sent


# --- headers ---------------------------------------------------------------------------------------------------------


def test_header_lines_that_browsers_pass_over_cost_nothing(site: Site) -> None:
    head = "HTTP/1.1 200 OK\nnonsense\nContent-Type : text/html\nX-Näme: ä\nContent-Length : {}\nX-Städt: Köln"
    site.pages["/odd"] = raw(head.format(len(HTML)), HTML, then="keep")
    outcome = fetch(site, "/odd")
    assert (outcome.reason, outcome.payload, outcome.content_type) == (None, HTML, "text/html")
    assert ("nonsense", "") in outcome.headers
    assert ("Content-Length", str(len(HTML))) in outcome.headers
    assert "headers-repaired" in outcome.flags


@pytest.mark.parametrize(
    "head",
    [
        "http/1.1 200 OK\nContent-Type: text/html",
        "HTTP/1.1   200 OK\nContent-Type: text/html",
        "HTTP/1.1\t200 OK\nContent-Type: text/html",
        "\n\nHTTP/1.1 200 OK\nContent-Type: text/html",
        "HTTP/1.1 200 OK\n Content: x\nContent-Type: text/html",
        "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: +{}",
        "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: unknown",
    ],
)
def test_a_head_that_browsers_understand_is_read(site: Site, head: str) -> None:
    site.pages["/odd"] = raw(head.format(len(HTML)), HTML)
    outcome = fetch(site, "/odd")
    assert (outcome.reason, outcome.status, outcome.payload, outcome.content_type) == (None, 200, HTML, "text/html")


@pytest.mark.parametrize("name", ["gzip, chunked", "GZIP,chunked", "x-gzip, chunked", "gzip", "identity"])
def test_a_transfer_coding_is_removed(site: Site, name: str) -> None:
    body = gzip.compress(HTML) if "gzip" in name.lower() else HTML
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if "chunked" in name else body
    site.pages["/coded"] = raw(f"HTTP/1.1 200 OK\nContent-Type: text/html\nTransfer-Encoding: {name}", body)
    outcome = fetch(site, "/coded")
    assert (outcome.reason, outcome.payload) == (None, HTML)
    assert ("Transfer-Encoding", name) in outcome.headers


def test_a_plain_head_passes_unchanged_and_in_any_pieces() -> None:
    head = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\n b\r\n\r\n"
    for size in (1, 7, 1000):
        reader = HeadReader()
        stream = head + b"body\r\n\r\nX : y"
        pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
        assert b"".join(map(reader.feed, [*pieces, b""])) == stream
        assert reader.repaired is None
    assert HeadReader().feed(b"<html>no head") == b"<html>no head"


def test_a_dropped_line_takes_its_continuation_along() -> None:
    parsed, head = repair_head(b"HTTP/1.1 200 OK\r\nodd\r\n more\r\nB: 2")
    assert parsed == b"HTTP/1.1 200 OK\r\nB: 2"
    assert head is not None
    assert head.headers == ((b"odd", b" more"), (b"B", b"2"))


# --- robots.txt ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("10s", 10),
        ("2,5", 2.5),
        ("2.5 seconds", 2.5),
        ("7 # a comment", 7),
        ("500ms", 0.5),
        ("soon", 0),
        ("9" * 9, 120),
    ],
)
def test_a_crawl_delay_is_read_as_people_write_it(written: str, seconds: float) -> None:
    body = f"User-agent: *\nCrawl-delay: {written}\nDisallow: /x\n".encode()
    assert read_robots(outcome_of("", payload=body), b"").delay == seconds


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_robots_txt_in_utf_16_is_obeyed(site: Site, encoding: str) -> None:
    site.pages["/robots.txt"] = page("User-agent: *\r\nDisallow: /x\r\n".encode(encoding), Content_Type="text/plain")
    site.pages["/x"] = page()
    assert [o.reason for o in fetch_all(site, visit("/x"), visit("/new"))] == [Reason.ROBOTS_DENIED, None]
    big_endian = b"\xfe\xff" + "User-agent: *\nDisallow: /x\n".encode("utf-16-be")
    assert read_robots(outcome_of("", payload=big_endian), b"").refusal(f"{HOST}/x") is not None
