"""One visit in, one outcome out: what is recorded of it. What servers do instead stands in test_hostile.py."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import random
import ssl
from datetime import timedelta
from itertools import count, pairwise
from typing import TYPE_CHECKING

import brotli
import pytest

from archive.crawl.fetch import Fetcher
from db.records import Outcome, Reason
from tests.fetching import HOST, NOON, SteppedLoop, fetch, fetch_all, policy_for, run_stepped, visit
from tests.misbehaviour import LONG
from tests.replies import HTML, Asked, Say, page, raw, redirect
from tests.site import CERTIFICATE, Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


# --- what is recorded ------------------------------------------------------------------------------------------------


def test_the_wire_is_measured_before_decoding(site: Site) -> None:
    wire = gzip.compress(LONG, mtime=0)
    site.pages["/coded"] = page(wire, Content_Encoding="gzip", X_Case="As Sent")
    outcome = fetch(site, "/coded")
    assert outcome.wire_sha256 == hashlib.sha256(wire).hexdigest()
    assert outcome.wire_length == len(wire)
    assert outcome.payload == LONG
    assert outcome.headers[:3] == (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Encoding", "gzip"),
        ("X-Case", "As Sent"),
    )
    assert (outcome.status, outcome.reason_phrase, outcome.ip) == (200, "OK", "127.0.0.1")
    assert (outcome.started_at, outcome.finished_at) == (NOON, NOON)


def test_the_request_is_recorded_as_it_was_sent(site: Site) -> None:
    outcome = fetch(site, "/page", etag='"v0"', language="de")
    assert outcome.exchange is not None
    sent = outcome.exchange.request
    assert [name for name, _ in sent] == [
        "Host",
        "User-Agent",
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "If-None-Match",
    ]
    assert {name.lower(): value for name, value in sent} == site.asked[-1].headers
    assert (outcome.exchange.http_version, outcome.exchange.port) == ("HTTP/1.1", site.port)


def test_an_old_server_is_recorded_as_one(site: Site) -> None:
    site.pages["/old"] = raw("HTTP/1.0 200 Fine by me\nContent-Type: text/html", HTML)
    outcome = fetch(site, "/old")
    assert outcome.exchange is not None
    assert (outcome.exchange.http_version, outcome.reason_phrase) == ("HTTP/1.0", "Fine by me")


def test_only_the_first_request_over_a_connection_waited_for_its_opening(site: Site) -> None:
    async def run(loop: SteppedLoop) -> list[Outcome]:
        async def slow(_asked: Asked) -> AsyncIterator[bytes]:
            loop.pass_time(0.25)
            yield page().raw[:50]
            await loop.has_read()
            loop.pass_time(0.5)
            yield page().raw[50:]

        site.pages["/slow"] = slow
        async with Fetcher(policy_for(site), now=lambda: NOON) as fetcher:
            return [await fetcher.fetch(visit(path)) for path in ("/again", "/slow")]

    site.pages["/robots.txt"] = raw("HTTP/1.1 404 None\nContent-Length: 0")  # and the connection is closed
    site.pages["/again"] = page()
    first, second = (dict(one.exchange.seconds) for one in run_stepped(run) if one.exchange)
    assert list(first) == ["dns", "connect", "first_byte", "total"]
    assert second == {"first_byte": 0.25, "total": 0.75}
    assert all(value >= 0 for value in first.values())


def fetch_over_tls(site: Site, *paths: str) -> list[Outcome]:
    client = ssl.create_default_context(cafile=CERTIFICATE)

    async def run() -> list[Outcome]:
        async with Fetcher(policy_for(site, deadline=20), now=lambda: NOON, ssl_context=client) as fetcher:
            return [await fetcher.fetch(visit(f"https://site.example{path}")) for path in paths]

    return asyncio.run(run())


@pytest.fixture
def tls_site() -> Iterator[Site]:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(CERTIFICATE)
    server.set_alpn_protocols(["http/1.1"])
    with Site(server) as running:
        yield running


def test_what_a_handshake_agreed_on_is_recorded(tls_site: Site) -> None:
    certificate = ssl.PEM_cert_to_DER_cert("-----BEGIN C" + CERTIFICATE.read_text().partition("-----BEGIN C")[2])
    for outcome in fetch_over_tls(tls_site, "/page", "/page"):
        assert outcome.reason is None
        assert outcome.exchange is not None
        tls = dict(outcome.exchange.tls)
        assert (tls["version"], tls["alpn"]) == ("TLSv1.3", "http/1.1")
        assert tls["cipher"].startswith("TLS_")
        assert tls["certificate_sha256"] == hashlib.sha256(certificate).hexdigest()


def test_a_page_larger_than_any_buffer_arrives_whole(site: Site, tls_site: Site) -> None:
    large = random.Random(9).randbytes(3 << 20)
    site.pages["/large"] = tls_site.pages["/large"] = page(large)
    assert fetch_all(site, visit("/large"), deadline=20)[0].payload == large
    assert [outcome.payload for outcome in fetch_over_tls(tls_site, "/large", "/page")] == [large, HTML]


def test_a_page_over_tls_that_breaks_off_is_not_whole(tls_site: Site) -> None:
    cut, reset, unsure = fetch_over_tls(tls_site, "/length-too-long", "/reset-at-once", "/length-none")
    assert (cut.reason, cut.payload) == (Reason.TRUNCATED, HTML)
    assert reset.reason is Reason.RESET
    assert (unsure.payload, unsure.flags) == (HTML, ("length-unverified",))


def test_a_visit_that_waited_for_its_turn_is_dated_by_its_request(site: Site) -> None:
    ticks = count()

    async def run() -> list[Outcome]:
        clock = lambda: NOON + timedelta(minutes=next(ticks))  # noqa: E731
        async with Fetcher(policy_for(site), now=clock) as fetcher:
            return await asyncio.gather(*(fetcher.fetch(visit("/page")) for _ in range(3)))

    times = [(outcome.started_at, outcome.finished_at) for outcome in asyncio.run(run())]
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(times))


def test_header_bytes_beyond_ascii_are_kept(site: Site) -> None:
    outcome = fetch(site, "/latin-1-header")
    assert dict(outcome.headers)["X-Odd"].encode("latin-1") == b"caf\xe9"


def test_huge_header_blocks_are_cut_with_a_flag(site: Site) -> None:
    site.pages["/wide"] = page(**{f"X-{n}": "y" * 60 for n in range(1200)})
    outcome = fetch(site, "/wide")
    assert outcome.reason is None
    assert "headers-cut" in outcome.flags
    assert sum(len(name) + len(value) for name, value in outcome.headers) < 64 * 1024


def test_headers_too_many_to_keep_still_count(site: Site) -> None:
    filler = "\n".join(f"X-{n}: {'y' * 60}" for n in range(1200))
    coded = brotli.compress(LONG)
    site.pages["/wide"] = raw(f"HTTP/1.1 200 OK\n{filler}\nContent-Encoding: br\nContent-Length: {len(coded)}", coded)
    assert fetch(site, "/wide").payload == LONG


def test_error_pages_keep_their_payload(site: Site) -> None:
    outcome = fetch(site, "/status-404")
    assert outcome.payload == b"<h1>No</h1>"
    assert outcome.charset == "utf-8"


def test_a_body_that_broke_off_is_kept_as_it_came(site: Site) -> None:
    assert fetch(site, "/length-too-long").payload == HTML
    cut = fetch(site, "/gzip-cut")
    assert cut.payload is not None
    assert cut.payload.startswith(b"\x1f\x8b")
    assert cut.charset is None


def test_a_broken_error_page_is_still_that_error(site: Site) -> None:
    site.pages["/gone"] = raw("HTTP/1.1 410 Gone\nContent-Length: 9999", HTML)
    outcome = fetch(site, "/gone")
    assert outcome.reason is Reason.GONE_410
    assert "body-truncated" in outcome.flags


@pytest.mark.parametrize(
    ("path", "charset", "flag"),
    [
        ("/charset-utf-8", "utf-8", None),
        ("/charset-lie", "utf-8", "charset-lie"),
        ("/charset-lie-western", "cp1252", "charset-lie"),
        ("/charset-meta", "koi8-r", None),
        ("/charset-none", "cp1252", None),
        ("/charset-bom", "utf-8", None),
        ("/charset-zlib", "utf-8", "charset-unknown"),
        ("/untyped", "utf-8", None),
        ("/octets", "utf-8", None),
        ("/image", None, None),
    ],
)
def test_the_charset_is_the_one_that_reads_it(site: Site, path: str, charset: str | None, flag: str | None) -> None:
    outcome = fetch(site, path)
    assert outcome.charset == charset
    assert [name for name in outcome.flags if name.startswith("charset")] == ([flag] if flag else [])


def test_no_byte_of_one_reply_becomes_the_next(site: Site) -> None:
    ghost = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nghost"
    site.pages["/split"] = raw("HTTP/1.1 200 OK\nContent-Length: 4", b"real" + ghost, then="keep")
    site.pages["/split-chunked"] = raw(
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"4\r\nreal\r\n0\r\n\r\n" + ghost, then="keep"
    )
    first, second, third, fourth = fetch_all(site, *map(visit, ("/split", "/page", "/split-chunked", "/page")))
    assert (first.payload, third.payload) == (b"real", b"real")
    assert (second.payload, fourth.payload) == (HTML, HTML)


def test_a_connection_is_used_again(site: Site) -> None:
    fetch_all(site, *(visit("/page") for _ in range(5)))
    assert site.connections == 1


def test_a_connection_that_died_idle_costs_one_more_try(site: Site) -> None:
    site.pages["/fickle"] = lambda _asked: Say(b"") if len(site.targets()) == 2 else page()
    outcomes = fetch_all(site, visit("/page"), visit("/fickle"))
    assert outcomes[1].reason is None
    assert outcomes[1].flags == ("retried",)


# --- redirects -------------------------------------------------------------------------------------------------------


def test_every_hop_is_recorded(site: Site) -> None:
    outcome = fetch(site, "/hop?3")
    assert [hop.location for hop in outcome.hops] == ["/hop?2", "/hop?1", "/hop?0"]
    assert [hop.url for hop in outcome.hops] == [f"{HOST}/hop?{n}" for n in (3, 2, 1)]
    assert (outcome.requested_url, outcome.final_url) == (f"{HOST}/hop?3", f"{HOST}/hop?0")
    assert not outcome.hops[0].permanent


def test_a_hop_is_a_reply_of_its_own(site: Site) -> None:
    site.pages["/old"] = redirect("/page", "308 Gone Elsewhere")
    (hop,) = fetch(site, "/old").hops
    assert (hop.status, hop.reason_phrase, hop.at, hop.ip) == (308, "Gone Elsewhere", NOON, "127.0.0.1")
    assert ("Location", "/page") in hop.headers


def test_a_redirect_that_is_refused_names_where_it_stood(site: Site) -> None:
    outcome = fetch(site, "/to-user")
    assert outcome.final_url == f"{HOST}/to-user"
    assert outcome.hops[0].location == "http://user:secret@127.0.0.1/"


def test_targets_are_sent_byte_for_byte(site: Site) -> None:
    target = "/a|b;c=%2f%C3%A9//x?q=1&utm_source=x&r=%27"
    fetch(site, target)
    assert site.targets() == [target]


# --- what we hold already --------------------------------------------------------------------------------------------


def test_a_page_we_hold_is_not_sent_again(site: Site) -> None:
    first = fetch(site, "/validated")
    assert (first.etag, first.last_modified) == ('"v1"', "Mon, 02 Nov 2026 10:00:00 GMT")
    again = fetch(site, "/validated", etag=first.etag, last_modified=first.last_modified)
    assert again.reason is Reason.NOT_MODIFIED
    assert again.payload is None
    assert (again.etag, again.last_modified) == (first.etag, first.last_modified)
    assert site.asked[-1].headers["if-modified-since"] == first.last_modified


def test_an_unusable_validator_is_not_sent(site: Site) -> None:
    assert fetch(site, "/validated", etag='"v1"\r\nX-Evil: yes').reason is None
    assert "x-evil" not in site.asked[-1].headers


def test_error_pages_leave_no_validators(site: Site) -> None:
    site.pages["/gone"] = page(status="410 Gone", ETag='"e"')
    assert fetch(site, "/gone").etag is None


def test_no_cookie_is_ever_sent_back(site: Site) -> None:
    site.pages["/cookie"] = page(Set_Cookie="id=7")
    fetch_all(site, visit("/cookie"), visit("/cookie"))
    assert "cookie" not in site.asked[-1].headers


def test_the_language_of_a_seed_is_asked_for(site: Site) -> None:
    fetch(site, "/page", language="de-AT")
    assert site.asked[-1].headers["accept-language"] == "de-AT, *;q=0.5"
