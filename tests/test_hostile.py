"""The acceptance list of the fetcher: 71 ways servers misbehave, and the outcome of each.

``ROWS`` is the list. Most rows are pages of ``tests/misbehaviour.py`` with a case in ``CASES`` below. A row that needs
more than one page (a name server, a certificate, the store) has its test in ``ELSEWHERE``.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from db.records import Reason
from tests.fetching import fetch_all, visit
from tests.misbehaviour import BEHAVIOURS, CODINGS, GZIPPED, LONG, UMLAUT, brotli_bomb, gzip_bomb, zstd_bomb
from tests.replies import HTML, Say
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import EllipsisType

ROWS: dict[int, str] = {
    1: "Content-Length larger than body",
    2: "Content-Length smaller than body",
    3: "two equal Content-Length",
    4: "two different Content-Length",
    5: "negative Content-Length",
    6: "Content-Length and chunked",
    7: "close-delimited, no length",
    8: "chunked without last chunk",
    9: "chunk shorter than announced",
    10: "chunk size that is not hexadecimal",
    11: "chunk size ffffffffffffffff",
    12: "Transfer-Encoding: gzip, chunked",
    13: "gzip cut before its trailer",
    14: "gzip with a wrong check sum",
    15: "gzip and trailing junk",
    16: "gzip of two members",
    17: "says gzip, is plain",
    18: "gzip, empty body",
    19: "double gzip declared",
    20: "double gzip undeclared",
    21: "Content-Encoding: UTF-8",
    22: "x-gzip",
    23: "raw deflate",
    24: "brotli cut",
    25: "zstd cut",
    26: "bomb in gzip",
    27: "bomb in brotli",
    28: "bomb in zstd",
    29: "bomb in gzip in gzip",
    30: "1,000 content codings",
    31: "endless body",
    32: "endless headers, or one of a megabyte",
    33: "5,000 headers, 2,000 cookies",
    34: "endless 103 Early Hints",
    35: "one header every moment, for ever",
    36: "one byte every moment, for ever",
    37: "accepts, says nothing",
    38: "reset at once, or in the body",
    39: "empty reply",
    40: "TLS bytes on http, HTTP/0.9, ICY, an HTTP/2 status line",
    41: "status 000, 20, without a reason phrase, 999",
    42: "bare line feeds, folded header",
    43: "space before the colon, no colon, NUL in a header",
    44: "UTF-8 or latin-1 bytes in a header",
    45: "204 with a body, 205, 304 with a Content-Length",
    46: "304 to an unconditional GET",
    47: "206 nobody asked for, 101",
    48: "redirect to itself, 11 hops, an empty Location",
    49: "302 without a Location",
    50: "redirect to file:, ftp:, gopher:",
    51: "redirect to data:, javascript:, or written with backslashes",
    52: "redirect to port 99999",
    53: "redirect to no host",
    54: "redirect with user and password",
    55: "redirect to loopback in every spelling",
    56: "redirect or name in private, link-local, tunnelled and multicast space",
    57: "name that is public first and private then",
    58: "Location in raw UTF-8",
    59: "Location of 100 kB, two Locations",
    60: "host names that IDNA or the resolver's codec refuse",
    61: "name that does not exist, resolver that hangs",
    62: "certificate expired, of another name, self-signed; TLS 1.0 only",
    63: "charset that is a codec, a wrong meta, a mark against the header",
    64: "HTML that is a PDF, a picture, JSON; bytes that are HTML",
    65: "Retry-After in seconds, as a date, negative, of ten years",
    66: "soft 404, consent wall, bot check, login page, front page",
    67: "robots.txt that fails, hangs, is huge, marked, HTML, a loop, or asks for years of delay",
    68: "feeds and sitemaps that expand, inflate, loop, or never end",
    69: "one page in two texts by turns",
    70: "cookies that want to come back",
    71: "page edited under an unchanged ETag",
}

ELSEWHERE: dict[int, str] = {
    56: "test_hostile_places.py::test_one_forbidden_answer_refuses_the_name",
    57: "test_hostile_places.py::test_a_name_that_changes_its_answer_gets_no_second_lookup",
    61: "test_hostile_places.py::test_a_failed_lookup_is_dns_within_its_own_deadline",
    62: "test_hostile_places.py::test_a_bad_certificate_or_an_old_protocol_is_tls",
    64: "test_hostile_texts.py::test_html_of_a_generic_type_becomes_a_version",
    65: "test_hostile_places.py::test_a_pause_is_between_a_second_and_a_day",
    66: "test_hostile_texts.py::test_a_page_in_place_of_the_article_gets_its_verdict_and_no_version",
    67: "test_fetch_politeness.py::test_robots_txt_is_read_by_the_standard",
    68: "test_hostile_texts.py::test_a_hostile_list_yields_no_more_urls_than_the_limit",
    69: "test_hostile_texts.py::test_two_texts_that_alternate_are_two_texts",
}


class Case(NamedTuple):
    """A page and the outcome of a visit to it. A ``payload`` of ``...`` is a part of it, which depends on timing."""

    row: int
    path: str
    reason: Reason | None = None
    payload: bytes | EllipsisType | None = None
    flags: str = ""
    facts: dict[str, Any] = {}  # noqa: RUF012 (never changed)


def wire(path: str) -> bytes:
    """Return the body of a page as sent on the wire."""
    response = CODINGS[path]
    assert isinstance(response, Say)
    return response.raw.partition(b"\r\n\r\n")[2]


TEXT = UMLAUT.encode()
CONDITIONAL = {"etag": '"v1"'}

CASES = [
    Case(1, "/length-too-long", Reason.TRUNCATED, HTML, "retried"),
    Case(2, "/length-too-short", None, HTML[:20], "excess"),
    Case(3, "/length-twice", None, HTML),
    Case(4, "/length-two-minds", Reason.PROTOCOL),
    Case(5, "/length-negative", Reason.PROTOCOL),
    Case(6, "/length-and-chunked", None, b"hello", "length-and-chunked"),
    Case(7, "/length-none", None, HTML, "length-unverified"),
    Case(8, "/chunk-missing-last", Reason.TRUNCATED, b"hello", "retried"),
    Case(9, "/chunk-too-short", Reason.TRUNCATED, b"hello\r\n0\r\n\r\n", "retried"),
    Case(10, "/chunk-not-hex", Reason.PROTOCOL, b""),
    Case(11, "/chunk-enormous", Reason.TRUNCATED, b"hello", "retried"),
    Case(12, "/transfer-gzip", None, HTML, "headers-repaired"),
    Case(13, "/gzip-cut-trailer", Reason.TRUNCATED, wire("/gzip-cut-trailer"), "retried"),
    Case(13, "/gzip-cut", Reason.TRUNCATED, wire("/gzip-cut"), "retried"),
    Case(13, "/deflate-cut", Reason.TRUNCATED, wire("/deflate-cut"), "retried"),
    Case(14, "/gzip-crc", Reason.DECODE, wire("/gzip-crc")),
    Case(15, "/gzip-junk", None, LONG, "trailing-junk"),
    Case(15, "/brotli-junk", None, LONG, "trailing-junk"),
    Case(16, "/gzip-members", None, LONG),
    Case(16, "/zstd-frames", None, LONG),
    Case(17, "/gzip-plain", None, LONG, "not-as-coded"),
    Case(17, "/brotli-plain", None, LONG, "not-as-coded"),
    Case(17, "/deflate-plain", None, LONG, "not-as-coded"),
    Case(18, "/gzip-empty", None, b""),
    Case(19, "/gzip-twice", None, LONG),
    Case(20, "/gzip-twice-undeclared", None, LONG, "sniffed-gzip"),
    Case(20, "/gzip-thrice-undeclared", None, GZIPPED, "sniffed-gzip"),
    Case(20, "/gzip-undeclared-cut", None, GZIPPED[:-4]),
    Case(21, "/coding-unknown", None, LONG, "unknown-coding"),
    Case(22, "/x-gzip", None, LONG),
    Case(23, "/deflate-raw", None, LONG),
    Case(23, "/deflate-zlib", None, LONG),
    Case(24, "/brotli-cut", Reason.TRUNCATED, wire("/brotli-cut"), "retried"),
    Case(25, "/zstd-cut", Reason.TRUNCATED, wire("/zstd-cut"), "retried"),
    Case(26, "/bomb-gzip", Reason.TOO_LARGE, ...),
    Case(27, "/bomb-brotli", Reason.TOO_LARGE, ...),
    Case(28, "/bomb-zstd", Reason.TOO_LARGE, ...),
    Case(29, "/bomb-gzip-twice", Reason.TOO_LARGE, ...),
    Case(30, "/codings-many", Reason.PROTOCOL, LONG),
    Case(31, "/body-endless", Reason.TOO_LARGE, None, "length-unverified"),
    Case(32, "/headers-endless", Reason.PROTOCOL),
    Case(32, "/header-huge", Reason.PROTOCOL),
    Case(33, "/headers-many", None, HTML),
    Case(33, "/cookies-many", None, HTML, "length-unverified"),
    Case(34, "/hints-flood", Reason.PROTOCOL),
    Case(34, "/hints-endless", Reason.TIMEOUT),
    Case(35, "/headers-drip", Reason.TIMEOUT),
    Case(36, "/body-drip", Reason.TIMEOUT),
    Case(37, "/silent", Reason.TIMEOUT),
    Case(38, "/reset-at-once", Reason.RESET, None, "retried"),
    Case(38, "/reset-in-body", Reason.RESET, ..., "retried"),
    Case(39, "/empty-reply", Reason.RESET, None, "retried"),
    Case(39, "/header-cut", Reason.TRUNCATED, None, "retried"),
    Case(40, "/tls-bytes", Reason.PROTOCOL),
    Case(40, "/http-0-9", Reason.PROTOCOL),
    Case(40, "/icy", Reason.PROTOCOL),
    Case(40, "/http-2-line", Reason.PROTOCOL),
    Case(41, "/status-000", Reason.PROTOCOL),
    Case(41, "/status-20", Reason.PROTOCOL),
    Case(41, "/no-reason", None, HTML),
    Case(41, "/status-999", Reason.FORBIDDEN, HTML),
    Case(42, "/bare-lf", None, HTML, "length-unverified"),
    Case(42, "/folded-header", None, HTML, "length-unverified"),
    Case(43, "/space-before-colon", None, HTML, "length-unverified headers-repaired"),
    Case(43, "/no-colon", None, HTML, "length-unverified headers-repaired"),
    Case(43, "/nul-in-header", Reason.PROTOCOL),
    Case(44, "/latin-1-header", None, HTML),
    Case(44, "/utf-8-header", None, HTML),
    Case(45, "/no-content", None, b"", "excess"),
    Case(45, "/reset-content", None, b""),
    Case(45, "/not-modified-with-length", Reason.NOT_MODIFIED, None, "", CONDITIONAL),
    Case(46, "/not-modified-unasked", Reason.PROTOCOL, b"", "unasked-304"),
    Case(46, "/not-modified-once", None, HTML, "unasked-304"),
    Case(47, "/partial", Reason.UNEXPECTED_STATUS, HTML),
    Case(47, "/switching", Reason.UNEXPECTED_STATUS),
    Case(48, "/loop", Reason.REDIRECT_LOOP),
    Case(48, "/ping", Reason.REDIRECT_LOOP),
    Case(48, "/hop?10", None, HTML),
    Case(48, "/hop?11", Reason.REDIRECT_LOOP),
    Case(48, "/to-nowhere", Reason.REDIRECT_LOOP),
    Case(49, "/no-location", Reason.UNEXPECTED_STATUS, HTML),
    *(Case(50, f"/to-{scheme}", Reason.REFUSED_SCHEME) for scheme in ("file", "ftp", "gopher")),
    *(Case(51, f"/to-{scheme}", Reason.REFUSED_SCHEME) for scheme in ("data", "javascript")),
    Case(51, "/to-backslashes", None, HTML),
    Case(52, "/to-port", Reason.BAD_URL),
    Case(53, "/to-empty-host", Reason.BAD_URL),
    Case(54, "/to-user", Reason.REFUSED_URL),
    *(Case(55, f"/to-{way}", Reason.REFUSED_ADDRESS) for way in ("hexadecimal", "decimal", "short", "mapped")),
    *(
        Case(56, f"/to-{where}", Reason.REFUSED_ADDRESS)
        for where in ("metadata", "private", "unique-local", "nat64", "6to4", "multicast")
    ),
    Case(58, "/to-utf-8", None, HTML),
    Case(59, "/to-long", Reason.BAD_URL),
    Case(59, "/two-locations", None, HTML, "many-locations"),
    *(Case(60, f"/to-{name}", Reason.BAD_URL) for name in ("punycode", "label", "dots")),
    Case(60, "/to-snowman", None, HTML),
    *(
        Case(63, f"/charset-{codec}", None, TEXT, "charset-unknown")
        for codec in ("zlib", "rot13", "hex", "idna", "undefined", "unicode_escape")
    ),
    Case(63, "/charset-lie", None, TEXT, "charset-lie"),
    Case(63, "/charset-bom", None, b"\xef\xbb\xbf" + TEXT),
    Case(65, "/busy", Reason.SERVER_ERROR, b"<h1>Later</h1>"),
    Case(65, "/too-many", Reason.RATE_LIMITED, b"<h1>Slow down</h1>"),
    Case(70, "/cookies-many", None, HTML, "length-unverified"),
    Case(71, "/edited-under-one-etag", Reason.NOT_MODIFIED, None, "", {"etag": '"same"'}),
    Case(71, "/edited-under-one-etag", None, HTML.replace(b"Monday", b"Friday")),
]

MIB = 1 << 20
DEADLINE = 3.0
SHORT_DEADLINE = 0.25
UNBOUNDED = [
    "/bomb-gzip",
    "/bomb-brotli",
    "/bomb-zstd",
    "/bomb-gzip-twice",
    "/body-endless",
    "/headers-endless",
    "/header-huge",
    "/headers-many",
    "/cookies-many",
    "/hints-flood",
    "/chunk-enormous",
]


def case_id(case: Case) -> str:
    return f"{case.row}-{case.path.strip('/')}{'-conditional' if case.facts else ''}"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    for bomb in (gzip_bomb, brotli_bomb, zstd_bomb):
        bomb()  # made before a deadline starts
    with Site() as running:
        yield running


def test_every_row_has_a_case_or_a_test() -> None:
    case_rows = {case.row for case in CASES}
    assert set(ROWS) == set(range(1, 72)) == case_rows | set(ELSEWHERE)
    for row, test in ELSEWHERE.items():
        file, _, name = test.partition("::")
        tree = ast.parse(Path(__file__).with_name(file).read_text())
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, row


def test_every_hostile_page_is_a_case() -> None:
    helper_pages = {"/page", "/validated", "/moved", "/caf%C3%A9", "/pong", "/hop", "/gzip", "/brotli", "/zstd"}
    texts = {path for path in BEHAVIOURS if path.startswith(("/charset-", "/status-4", "/status-500"))}
    other_types = {"/image", "/untyped", "/octets", "/pdf-as-html", "/image-as-html", "/json-as-html"}
    case_paths = {case.path.partition("?")[0] for case in CASES}
    assert set(BEHAVIOURS) - helper_pages - texts - other_types <= case_paths


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_each_case_has_exactly_its_outcome_within_the_deadline(site: Site, case: Case) -> None:
    deadline = SHORT_DEADLINE if case.reason is Reason.TIMEOUT else DEADLINE
    start = monotonic()
    (outcome,) = fetch_all(site, visit(case.path, **case.facts), deadline=deadline)
    assert monotonic() - start < deadline + 1
    assert (outcome.reason, outcome.flags) == (case.reason, tuple(case.flags.split()))
    assert case.payload is ... or outcome.payload == case.payload
    assert outcome.detail or outcome.reason is None


def test_one_fetcher_survives_all_cases_in_a_row(site: Site) -> None:
    cases = [case for case in CASES if case.reason is not Reason.TIMEOUT and case.row != 65]  # pauses
    outcomes = fetch_all(site, *(visit(case.path, **case.facts) for case in cases), visit("/page"), deadline=DEADLINE)
    assert [(case.path, outcome.reason) for case, outcome in zip(cases, outcomes, strict=False)] == [
        (case.path, case.reason) for case in cases
    ]
    assert outcomes[-1].payload == HTML


CHILD = """
import json, sys
from tests.fetching import fetch_all, visit
from tests.memory import peak
class SiteOfParent:
    port = int(sys.argv[1])
fetch_all(SiteOfParent, visit("/page"), visit("/gzip"), visit("/brotli"), visit("/zstd"))
baseline = peak()
results = {}
for path in sys.argv[2:]:
    (outcome,) = fetch_all(SiteOfParent, visit(path), deadline=10)
    results[path] = [str(outcome.reason), peak() - baseline]
print(json.dumps(results))
"""


@pytest.mark.slow
def test_an_endless_response_takes_less_than_30_mb(site: Site) -> None:
    command = [sys.executable, "-c", CHILD, str(site.port), *UNBOUNDED]
    root = Path(__file__).parents[1]
    process = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=120)
    results = json.loads(process.stdout)
    expected = {case.path: str(case.reason) for case in CASES}
    assert {path: reason for path, (reason, _) in results.items()} == {path: expected[path] for path in UNBOUNDED}
    assert {path: peak for path, (_, peak) in results.items() if peak > 30_000_000} == {}
