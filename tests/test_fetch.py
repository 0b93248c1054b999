"""One visit in, one outcome out: every way a server can behave ends in exactly the outcome it should."""

from __future__ import annotations

import gzip
import hashlib
import resource
from typing import TYPE_CHECKING

import pytest

from db.records import Reason
from tests.fetching import HOST, NOON, fetch, fetch_all, visit
from tests.misbehaviour import LONG, brotli_bomb, gzip_bomb, zstd_bomb
from tests.replies import HTML, Say, page, raw
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def site() -> Iterator[Site]:
    for bomb in (gzip_bomb, brotli_bomb, zstd_bomb):
        bomb()  # made before any deadline runs: the server would need a second for it, or more on a busy machine
    with Site() as running:
        yield running


# --- what must come of every page ------------------------------------------------------------------------------------

WHOLE: dict[str, tuple[bytes, str | None]] = {  # path: payload, flag
    "/page": (HTML, None),
    "/length-too-short": (HTML[:20], "excess"),
    "/length-twice": (HTML, None),
    "/length-and-chunked": (b"hello", "length-and-chunked"),
    "/length-none": (HTML, "length-unverified"),
    "/headers-many": (HTML, None),
    "/no-reason": (HTML, None),
    "/bare-lf": (HTML, None),
    "/folded-header": (HTML, None),
    "/latin-1-header": (HTML, None),
    "/no-content": (b"", "excess"),
    "/gzip": (LONG, None),
    "/x-gzip": (LONG, None),
    "/gzip-junk": (LONG, "trailing-junk"),
    "/gzip-members": (LONG, None),
    "/gzip-plain": (LONG, "not-as-coded"),
    "/gzip-empty": (b"", None),
    "/gzip-twice": (LONG, None),
    "/gzip-twice-undeclared": (LONG, "sniffed-gzip"),
    "/coding-unknown": (LONG, "unknown-coding"),
    "/deflate-zlib": (LONG, None),
    "/deflate-raw": (LONG, None),
    "/brotli": (LONG, None),
    "/zstd": (LONG, None),
    "/zstd-frames": (LONG, None),
    "/moved": (HTML, None),
    "/hop?10": (HTML, None),
    "/two-locations": (HTML, "many-locations"),
    "/to-utf-8": (HTML, None),
}

WEATHER: dict[str, Reason] = {
    "/length-too-long": Reason.TRUNCATED,
    "/length-two-minds": Reason.PROTOCOL,
    "/length-negative": Reason.PROTOCOL,
    "/chunk-missing-last": Reason.TRUNCATED,
    "/chunk-too-short": Reason.TRUNCATED,
    "/chunk-not-hex": Reason.PROTOCOL,
    "/chunk-enormous": Reason.TRUNCATED,
    "/transfer-gzip": Reason.PROTOCOL,
    "/body-endless": Reason.TOO_LARGE,
    "/headers-endless": Reason.PROTOCOL,
    "/reset-at-once": Reason.RESET,
    "/reset-in-body": Reason.RESET,
    "/empty-reply": Reason.RESET,
    "/header-cut": Reason.TRUNCATED,
    "/tls-bytes": Reason.PROTOCOL,
    "/http-0-9": Reason.PROTOCOL,
    "/icy": Reason.PROTOCOL,
    "/http-2-line": Reason.PROTOCOL,
    "/status-000": Reason.PROTOCOL,
    "/status-20": Reason.PROTOCOL,
    "/status-999": Reason.UNEXPECTED_STATUS,
    "/space-before-colon": Reason.PROTOCOL,
    "/no-colon": Reason.PROTOCOL,
    "/nul-in-header": Reason.PROTOCOL,
    "/partial": Reason.UNEXPECTED_STATUS,
    "/switching": Reason.PROTOCOL,
    "/not-modified-unasked": Reason.UNEXPECTED_STATUS,
    "/gzip-cut": Reason.TRUNCATED,
    "/gzip-cut-trailer": Reason.TRUNCATED,
    "/gzip-crc": Reason.DECODE,
    "/deflate-cut": Reason.TRUNCATED,
    "/brotli-cut": Reason.TRUNCATED,
    "/zstd-cut": Reason.TRUNCATED,
    "/bomb-gzip": Reason.TOO_LARGE,
    "/bomb-gzip-twice": Reason.TOO_LARGE,
    "/bomb-brotli": Reason.TOO_LARGE,
    "/bomb-zstd": Reason.TOO_LARGE,
    "/codings-many": Reason.PROTOCOL,
    "/hop?11": Reason.REDIRECT_LOOP,
    "/loop": Reason.REDIRECT_LOOP,
    "/ping": Reason.REDIRECT_LOOP,
    "/to-nowhere": Reason.REDIRECT_LOOP,
    "/no-location": Reason.UNEXPECTED_STATUS,
    "/to-file": Reason.REFUSED_SCHEME,
    "/to-ftp": Reason.REFUSED_SCHEME,
    "/to-data": Reason.REFUSED_SCHEME,
    "/to-javascript": Reason.REFUSED_SCHEME,
    "/to-user": Reason.REFUSED_URL,
    "/to-port": Reason.BAD_URL,
    "/to-empty-host": Reason.BAD_URL,
    "/to-dots": Reason.BAD_URL,
    "/to-punycode": Reason.BAD_URL,
    "/to-label": Reason.BAD_URL,
    "/to-long": Reason.BAD_URL,
    "/to-metadata": Reason.REFUSED_ADDRESS,
    "/to-private": Reason.REFUSED_ADDRESS,
    "/to-multicast": Reason.REFUSED_ADDRESS,
    "/to-nat64": Reason.REFUSED_ADDRESS,
    "/status-400": Reason.CLIENT_ERROR,
    "/status-401": Reason.UNAUTHORIZED,
    "/status-403": Reason.FORBIDDEN,
    "/status-404": Reason.MISSING_404,
    "/status-410": Reason.GONE_410,
    "/status-418": Reason.CLIENT_ERROR,
    "/status-451": Reason.LEGAL_451,
    "/status-500": Reason.SERVER_ERROR,
    "/busy": Reason.SERVER_ERROR,
    "/too-many": Reason.RATE_LIMITED,
}

SLOW = ["/headers-drip", "/body-drip", "/hints-endless", "/silent"]


@pytest.mark.parametrize("path", WHOLE)
def test_a_whole_page_arrives_whole(site: Site, path: str) -> None:
    payload, flag = WHOLE[path]
    outcome = fetch(site, path)
    assert (outcome.reason, outcome.payload) == (None, payload)
    assert flag is None or flag in outcome.flags


@pytest.mark.parametrize("path", WEATHER)
def test_weather_has_its_reason_and_no_page(site: Site, path: str) -> None:
    outcome = fetch(site, path)
    assert outcome.reason is WEATHER[path]
    assert outcome.detail


@pytest.mark.parametrize("path", SLOW)
def test_a_slow_server_ends_at_the_deadline(site: Site, path: str) -> None:
    (outcome,) = fetch_all(site, visit(path), deadline=0.3)
    assert outcome.reason is Reason.TIMEOUT
    assert len(site.targets()) == 1


def test_one_fetcher_survives_everything_in_a_row(site: Site) -> None:
    paths = [path for path in (*WHOLE, *WEATHER) if path != "/too-many"]
    outcomes = fetch_all(site, *(visit(path) for path in [*paths, "/page"]))
    expected = [WEATHER.get(path) for path in paths]
    assert [outcome.reason for outcome in outcomes[:-1]] == expected
    assert outcomes[-1].payload == HTML


def test_endless_bodies_and_bombs_take_less_than_30_mib(site: Site) -> None:
    fetch(site, "/page")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in ("/body-endless", "/bomb-gzip", "/bomb-gzip-twice", "/bomb-brotli", "/bomb-zstd"):
        fetch(site, path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30 * 1024  # KiB


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


def test_header_bytes_beyond_ascii_are_kept(site: Site) -> None:
    outcome = fetch(site, "/latin-1-header")
    assert dict(outcome.headers)["X-Odd"].encode("latin-1") == b"caf\xe9"


def test_huge_header_blocks_are_cut_with_a_flag(site: Site) -> None:
    site.pages["/wide"] = page(**{f"X-{n}": "y" * 60 for n in range(1200)})
    outcome = fetch(site, "/wide")
    assert outcome.reason is None
    assert "headers-cut" in outcome.flags
    assert sum(len(name) + len(value) for name, value in outcome.headers) < 64 * 1024


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
        ("/charset-codec", "utf-8", "charset-unknown"),
        ("/untyped", "utf-8", None),
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
