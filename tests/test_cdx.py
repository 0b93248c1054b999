"""CDX servers: answers in every form, queries page by page, and the captures made from rows."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.crawl.mementos.listing import listing_of
from archive.formats.cdx import Page, Row, first_query, next_query, parse_cdx, replay_root
from archive.formats.timemap import raw_url
from db.errors import ConfigError
from db.records import Reason, SeedKind
from tests.builders import DAY, URL, a_seed, an_outcome
from tests.test_mementos import JANUARY, Bench, replayed, stamped

if TYPE_CHECKING:
    from pathlib import Path

    from db.records import Outcome
    from db.store import Store

SHA1 = "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"
FIELDS = ("example,daily)/harbour", "20210101120000", URL, "text/html", "200", SHA1)
MORE = ("-", "-", "1043", "333", "x.warc.gz")
ROW = Row(captured_at=JANUARY, original=URL, status=200, digest=SHA1)
NAMED = {"url": URL, "mime": "text/html", "status": "200", "digest": f"sha1:{SHA1}", "length": "9"}
OBJECT = {"urlkey": FIELDS[0], "timestamp": FIELDS[1], **NAMED}
HEADER = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]

# --- reading ---------------------------------------------------------------------------------------------------------

FORMS = {
    **{f"{count} fields": " ".join([*FIELDS, *MORE[: count - 6]]) for count in range(7, 12)},
    "eleven fields below their letters": " CDX N b a m s k r M S V g\n" + " ".join([*FIELDS, *MORE]),
    "nine fields in another order": f" CDX b a s k m N r V g\n20210101120000 {URL} 200 {SHA1} text/html key - 3 x.gz",
    "cdxj": f"{FIELDS[0]} {FIELDS[1]} {json.dumps(NAMED)}",
    "objects, one a line": f"{json.dumps(OBJECT)}\n{json.dumps(OBJECT)}",
    "an array of objects": json.dumps([OBJECT]),
    "a table": json.dumps([HEADER, [*FIELDS, "9"]]),
    "a table without names": json.dumps([[*FIELDS, "9"]]),
    "with a byte-order mark": "\ufeff" + " ".join([*FIELDS, "9"]),
    "a time in fractions": " ".join([*FIELDS, "9"]).replace("120000", "120000123"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(form: str) -> None:
    page = parse_cdx(FORMS[form])
    assert page is not None
    assert page.resume is None
    assert {(row.captured_at, row.original, row.status, row.digest.removeprefix("sha1:")) for row in page.rows} == {
        (ROW.captured_at, ROW.original, ROW.status, ROW.digest)
    }


@pytest.mark.parametrize("empty", ["", "\n", "[]", json.dumps([HEADER]), " CDX N b a m s k r M S V g\n"])
def test_an_index_may_hold_nothing(empty: str) -> None:
    assert parse_cdx(empty) == Page()


@pytest.mark.parametrize(
    "other", ["<!doctype html><h1>Sorry</h1>", "Too many requests, try later", '{"error": 1', "[1"]
)
def test_what_is_no_index_is_none(other: str) -> None:
    assert parse_cdx(other) is None


@pytest.mark.parametrize(
    "broken",
    [
        " ".join([FIELDS[0], "20211301000000", *FIELDS[2:], "9"]),
        " ".join([*FIELDS[:2], "ftp://daily.example/x", *FIELDS[3:], "9"]),
        f"{FIELDS[0]} {FIELDS[1]} {{broken",
        "prose",
    ],
)
def test_a_row_that_cannot_be_read_is_passed_over(broken: str) -> None:
    page = parse_cdx("\n".join([broken, " ".join([*FIELDS, "9"])]))
    assert page is not None
    assert page.rows == (ROW,)


def test_a_revisit_names_no_status_and_a_dash_is_no_digest() -> None:
    page = parse_cdx(" ".join([*FIELDS[:3], "warc/revisit", "-", "-", "9"]))
    assert page is not None
    assert [(row.status, row.digest) for row in page.rows] == [(None, "")]


@pytest.mark.parametrize(
    "text",
    [
        " ".join([*FIELDS, "9"]) + "\n\nexample%2Cdaily%29%2Fharbour+2021\n",
        json.dumps([HEADER, [*FIELDS, "9"], [], ["example%2Cdaily%29%2Fharbour+2021"]]),
    ],
)
def test_the_key_under_which_a_server_goes_on_is_read(text: str) -> None:
    assert parse_cdx(text) == Page(rows=(ROW,), resume="example%2Cdaily%29%2Fharbour+2021")


@given(st.text(alphabet='[]{}",: \nCDX0123456789htp/abku', max_size=120))
def test_no_text_breaks_the_reader(text: str) -> None:
    parse_cdx(text)


# --- asking ----------------------------------------------------------------------------------------------------------

CDX = "https://archive.example/cdx?url="


def parameters(question: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(question).query))


def test_a_question_names_the_page_whole_and_the_window() -> None:
    listing = listing_of(CDX, "https://daily.example/a?x=1&y=é#!z")
    window = datetime(2021, 1, 1, tzinfo=UTC), datetime(2021, 2, 1, tzinfo=UTC)
    query = parameters(first_query(listing.url, window))
    assert query.pop("url") == "https://daily.example/a?x=1&y=é#!z"
    assert (query["from"], query["to"]) == ("20210101000000", "20210131235959")
    assert (query["output"], query["showResumeKey"]) == ("json", "true")
    assert "collapse" not in query


def test_a_question_keeps_what_its_address_says() -> None:
    query = parameters(first_query("https://archive.example/cdx?output=text&limit=5&url=x", (None, None)))
    assert (query["output"], query["limit"]) == ("text", "5")
    assert "from" not in query


def test_a_key_goes_back_as_it_came() -> None:
    question = f"{CDX}x&limit=3000"
    first = next_query(question, Page(rows=(ROW,), resume="a%29%2F+2021"), [ROW])
    assert first == f"{question}&resumeKey=a%29%2F+2021"
    assert next_query(first, Page(rows=(ROW,), resume="b c"), [ROW]) == f"{question}&resumeKey=b%20c"


def test_a_full_page_without_a_key_goes_on_from_its_last_row() -> None:
    question = f"{CDX}x&limit=2"
    later = Row(captured_at=JANUARY + DAY, original=URL, status=200, digest="")
    assert next_query(question, Page(rows=(ROW, later)), [ROW, later]) == f"{question}&from=20210102120000"
    assert next_query(question, Page(rows=(ROW, later)), []) is None
    assert next_query(question, Page(rows=(ROW,)), [ROW]) is None


def test_pages_are_counted_until_one_is_empty() -> None:
    question = "https://archive.example/cdx?page=0&url=x"
    assert "limit" not in parameters(first_query(question, (None, None)))
    second = next_query(question, Page(rows=(ROW,)), [ROW])
    assert second == "https://archive.example/cdx?page=1&url=x"
    assert next_query(second, Page(), []) is None


@pytest.mark.parametrize(
    ("address", "root"),
    [
        ("https://a.example/cdx/search/cdx?url=", "https://a.example/web/"),
        ("https://a.example/cdx?url=", "https://a.example/web/"),
        ("http://127.0.0.1:8080/coll/cdx?url=", "http://127.0.0.1:8080/coll/"),
        ("https://a.example/coll-cdx?url=", "https://a.example/coll/"),
        ("https://a.example/wayback/cdx/search/cdx?url=", "https://a.example/wayback/web/"),
        ("https://a.example/web/timemap/json/https://daily.example/", "https://a.example/web/"),
        ("https://a.example/index?url=", None),
    ],
)
def test_where_an_index_replays_is_told_by_its_address(address: str, root: str | None) -> None:
    assert replay_root(address) == root


def test_the_settings_say_of_what_kind_an_archive_is() -> None:
    assert listing_of("https://a.example/timemap/link/", URL).url == f"https://a.example/timemap/link/{URL}"
    assert listing_of("https://a.example/coll/cdx", URL).url == f"https://a.example/coll/cdx?url={quote(URL, safe='')}"
    assert listing_of("https://a.example/index?url=->https://b.example/r/", URL).replay_root == "https://b.example/r/"
    with pytest.raises(ConfigError, match="behind an arrow"):
        listing_of("https://a.example/index?url=", URL)


# --- gathering -------------------------------------------------------------------------------------------------------

SERVER = "http://127.0.0.1:9/web/cdx"  # replays where the bench's archive does
BODY = b"archived"
RIGHT = "sha1:" + base64.b32encode(hashlib.sha1(BODY, usedforsecurity=False).digest()).decode()


def line(captured_at: datetime, status: str = "200", digest: str = "-", mime: str = "text/html", url: str = URL) -> str:
    return f"key {captured_at:%Y%m%d%H%M%S} {url} {mime} {status} {digest} 9"


@pytest.fixture
def bench(store: Store, tmp_path: Path) -> Bench:
    return Bench(store, tmp_path, a_seed(), archives=(SERVER,))


def question(window: tuple[datetime | None, datetime | None] = (None, None)) -> str:
    return first_query(listing_of(SERVER, URL).url, window)


def lists(bench: Bench, *lines: str, address: str | None = None) -> None:
    bench.script[address or question()] = [an_outcome(payload="\n".join(lines).encode(), content_type="text/plain")]


def test_the_rows_of_an_index_become_captures(bench: Bench) -> None:
    lists(
        bench,
        line(JANUARY, digest=RIGHT),
        line(JANUARY + DAY, "404"),
        line(JANUARY + 2 * DAY, "-", mime="warc/revisit"),
    )
    bench.serves(JANUARY, replayed(JANUARY))
    bench.serves(JANUARY + DAY, replayed(JANUARY + DAY, "gone", status=404, reason=Reason.MISSING_404))
    bench.serves(JANUARY + 2 * DAY, replayed(JANUARY + 2 * DAY))
    assert bench.gather()[0] == {"mementos": 3, "archive_failures": 0}
    first, missing, again = bench.captures()
    assert (first.captured_at, first.provenance, first.flags) == (JANUARY, "archive:127.0.0.1", ())
    assert (missing.reason, missing.status) == (Reason.MISSING_404, 404)
    assert again.payload_sha256 == first.payload_sha256
    assert bench.gather()[1] == [question()], "nothing is fetched twice"


@pytest.mark.parametrize(
    ("digest", "flags"),
    [
        (RIGHT, ()),
        (RIGHT.removeprefix("sha1:"), ()),
        (hashlib.sha256(BODY).hexdigest(), ()),
        (SHA1, ("digest-mismatch",)),
        ("nonsense", ()),
    ],
)
def test_what_came_is_held_against_the_digest_of_the_index(bench: Bench, digest: str, flags: tuple[str, ...]) -> None:
    lists(bench, line(JANUARY, digest=digest))
    bench.serves(JANUARY, replayed(JANUARY))
    bench.gather()
    assert [one.flags for one in bench.captures()] == [flags]


def test_the_window_is_part_of_the_question_and_of_the_answer(bench: Bench) -> None:
    window = JANUARY + DAY, JANUARY + 2 * DAY
    lists(bench, *(line(JANUARY + days * DAY) for days in range(3)), address=question(window))
    bench.serves(JANUARY + DAY, replayed(JANUARY + DAY))
    _, urls = bench.gather(window)
    assert urls == [question(window), raw_url(stamped(JANUARY + DAY))]


def test_the_page_is_taken_and_not_the_redirect_from_its_other_spelling(bench: Bench) -> None:
    lists(bench, line(JANUARY, "301", url="http://daily.example/harbour"), line(JANUARY, "200"))
    bench.serves(JANUARY, replayed(JANUARY))
    assert bench.gather()[1] == [question(), raw_url(stamped(JANUARY))]


def test_a_long_index_is_read_to_its_end(bench: Bench) -> None:
    lists(bench, line(JANUARY), "", "next+key")
    lists(bench, line(JANUARY + DAY), address=f"{question()}&resumeKey=next+key")
    for instant in (JANUARY, JANUARY + DAY):
        bench.serves(instant, replayed(instant, str(instant)))
    assert bench.gather()[0]["mementos"] == 2


def test_past_the_last_page_some_servers_complain(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, a_seed(), archives=("http://127.0.0.1:9/web/cdx?page=0&url=",))
    first = f"http://127.0.0.1:9/web/cdx?page=0&url={quote(URL, safe='')}&output=json"
    lists(bench, line(JANUARY), address=first)
    complaint = an_outcome(status=400, reason=Reason.CLIENT_ERROR)
    bench.script[first.replace("page=0", "page=1")] = [complaint]
    bench.serves(JANUARY, replayed(JANUARY))
    assert bench.gather()[0] == {"mementos": 1, "archive_failures": 0}


@pytest.mark.parametrize(
    "answer",
    [
        an_outcome(reason=Reason.TIMEOUT),
        an_outcome(status=429, reason=Reason.RATE_LIMITED),
        an_outcome(payload=b"<!doctype html><h1>Be patient</h1>"),
    ],
    ids=["timeout", "busy", "a page for people"],
)
def test_an_index_that_cannot_be_had_or_read_is_a_failure_of_the_archive(bench: Bench, answer: Outcome) -> None:
    bench.script[question()] = [answer]
    assert bench.gather()[0] == {"mementos": 0, "archive_failures": 1}


def test_a_seed_may_name_an_index(store: Store, tmp_path: Path) -> None:
    address = f"{SERVER}?url={URL}"
    bench = Bench(store, tmp_path, a_seed("old", url=address, kind=SeedKind.TIMEMAP), archives=())
    lists(bench, line(JANUARY), address=first_query(address, (None, None)))
    bench.serves(JANUARY, replayed(JANUARY))
    bench.gather()
    assert [one.captured_at for one in bench.captures()] == [JANUARY]


def test_a_list_that_only_names_its_timemap_is_followed_there(store: Store, tmp_path: Path) -> None:
    address = "http://127.0.0.1:9/web/harbour"
    bench = Bench(store, tmp_path, a_seed("old", url=address, kind=SeedKind.TIMEMAP), archives=())
    link = ("Link", f'<http://127.0.0.1:9/timemap/link/{URL}>; rel="timemap"; type="application/link-format"')
    bench.script[address] = [an_outcome(address, headers=(link,))]
    bench.lists(JANUARY, list_url=f"http://127.0.0.1:9/timemap/link/{URL}")
    bench.serves(JANUARY, replayed(JANUARY))
    bench.gather()
    assert len(bench.captures()) == 1


def test_an_instant_that_was_captured_here_is_not_asked_for(bench: Bench) -> None:
    lists(bench, line(JANUARY))
    bench.serves(JANUARY, replayed(JANUARY))
    bench.gather()
    lists(bench, line(JANUARY), line(JANUARY + timedelta(seconds=1)))
    assert bench.gather()[1] == [question(), raw_url(stamped(JANUARY + timedelta(seconds=1)))]
