"""The same bytes give the same charset, verdict and text by whatever door they come in.

Doors are a visit, WARC, WACZ, ARC, HAR, and pages saved in one file: HTML, MHTML, and web archives of Safari.
"""

from __future__ import annotations

import gzip
import json
import os
import plistlib
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.extract import extract
from archive.formats.charset import detect_charset
from archive.formats.import_file import read_import
from archive.formats.imported import BadLine, SkippedRecords
from archive.formats.media_type import declared_type
from archive.pipeline.gather import page_of
from db.records import Outcome, Reason, Verdict
from tests.builders import T0
from tests.fetching import HOST, NOON, fetch
from tests.replies import Say
from tests.saved_files import arc_records, har, mhtml, webarchive
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = f"{HOST}/a"
TEXTS = {
    "ru": "Совет порта собрался во вторник вечером, чтобы решить вопрос о новом причале, о котором спорят с весны.",
    "uk": "Рада порту зібралася у вівторок увечері, щоб вирішити питання про новий причал, і їхній спір закінчився.",
    "pl": "Rada portu zebrała się we wtorek wieczorem, żeby rozstrzygnąć sprawę nowej przystani przed zimą i późną wiosną.",
    "de": "Der Hafenrat trat am Dienstagabend zusammen, um über den neuen Fähranleger für größere Schiffe zu entscheiden.",
    "el": "Το συμβούλιο του λιμανιού συνεδρίασε το βράδυ της Τρίτης για να αποφασίσει για τη νέα αποβάθρα.",
    "tr": "Liman kurulu salı akşamı toplanarak ilkbahardan beri tartışılan yeni iskele konusunda güçlü bir karar verdi.",
    "he": "מועצת הנמל התכנסה ביום שלישי בערב כדי להכריע בשאלת המעגן החדש, שעליו מתווכחים מאז האביב.",
    "ar": "اجتمع مجلس الميناء مساء الثلاثاء للبت في مسألة المرسى الجديد الذي يدور حوله الجدل منذ الربيع.",
    "th": "คณะกรรมการท่าเรือประชุมเมื่อค่ำวันอังคารเพื่อตัดสินเรื่องท่าเรือแห่งใหม่ซึ่งถกเถียงกันมาตั้งแต่ฤดูใบไม้ผลิ",
    "ja": "港湾委員会は火曜日の夜に会合を開き、春から議論が続いていた新しいフェリー乗り場の問題に決着をつけた。",
    "zh": "港口委员会星期二晚上开会，解决从春天起就争论不休的新渡轮码头问题。工程师们表示，旧码头承受不了冰雪。",
    "zh-TW": "港口委員會星期二晚上開會，解決從春天起就爭論不休的新渡輪碼頭問題。工程師們表示，舊碼頭承受不了冰雪。",
    "ko": "항만위원회는 화요일 저녁에 회의를 열어 봄부터 논란이 된 새 여객선 선착장 문제를 결정했다.",
}
LEGACY = [
    ("ru", "cp1251"), ("ru", "koi8-r"), ("ru", "iso8859-5"), ("ru", "cp866"), ("uk", "koi8-u"), ("pl", "cp1250"),
    ("pl", "iso8859-2"), ("de", "cp1252"), ("el", "cp1253"), ("el", "iso8859-7"), ("tr", "cp1254"), ("he", "cp1255"),
    ("ar", "cp1256"), ("th", "cp874"), ("ja", "cp932"), ("ja", "euc_jp"), ("ja", "iso2022_jp"), ("zh", "gb18030"),
    ("zh-TW", "big5hkscs"), ("ko", "euc_kr"),
]  # fmt: skip
UNICODE = [
    ("ru", "utf-8"),
    ("ja", "utf-8"),
    ("zh", "utf-8-sig"),
    ("ru", "utf-16-le"),
    ("ja", "utf-16-be"),
    ("ko", "utf-16"),
]
WRONG = ("", "utf-8", "iso-8859-1", "windows-1251", "koi8-r", "gb2312", "shift_jis", "utf-16", "no-such-charset")


def html(language: str, lead: str = "") -> str:
    """Return an article without any declaration of its charset. Its text differs from one language to the next."""
    paragraphs = "".join(f"<p>{number} {TEXTS[language]}</p>" for number in range(9))
    head = f'<title>{TEXTS[language][:40]}</title><link rel="canonical" href="{URL}">'
    return f'{lead}<!DOCTYPE html><html lang="{language[:2]}"><head>{head}</head><body><article>{paragraphs}</article>'


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def warc(reply: bytes) -> bytes:
    head = f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Target-URI: {URL}\r\n"
    head += (
        f"WARC-Date: {NOON:%Y-%m-%dT%H:%M:%SZ}\r\nContent-Type: application/http\r\nContent-Length: {len(reply)}\r\n"
    )
    return head.encode() + b"\r\n" + reply + b"\r\n\r\n"


def imported(path: Path, content: bytes) -> list[Outcome]:
    if path.suffix == ".wacz":
        with zipfile.ZipFile(path, "w") as package:
            package.writestr("archive/data.warc.gz", content)
    else:
        path.write_bytes(content)
        os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    return [item for item in read_import(path, now=NOON) if isinstance(item, Outcome)]


def by_doors(site: Site, folder: Path, reply: bytes) -> list[Outcome]:
    """The outcome of a visit that gets this reply, then those of a WARC and a WACZ that hold it."""
    site.pages["/a"] = Say(reply)
    record = warc(reply)
    files = imported(folder / "a.warc", record), imported(folder / "a.wacz", gzip.compress(record))
    return [fetch(site, "/a"), *files[0], *files[1]]


def reply_of(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


def text_of(outcome: Outcome) -> tuple[Verdict, str]:
    extraction = extract(page_of(outcome))
    return extraction.verdict, extraction.text


def read_alike(outcomes: list[Outcome]) -> Outcome:
    """Check that three doors gave the same page, and return it."""
    assert len(outcomes) == 3
    pages = {(page.payload, page.charset, page.content_type, page.reason) for page in outcomes}
    assert len(pages) == 1
    return outcomes[0]


@pytest.mark.parametrize(("language", "encoding"), [*LEGACY, *UNICODE])
@pytest.mark.parametrize("label", WRONG)
def test_the_charset_is_that_of_the_bytes_whatever_is_declared(language: str, encoding: str, label: str) -> None:
    body = html(language).encode(encoding)
    charset, flags = detect_charset("text/html" + (f"; charset={label}" if label else ""), body)
    assert body.decode(charset).removeprefix("\ufeff") == html(language)
    assert "charset-broken" not in flags


@pytest.mark.parametrize(("language", "encoding"), LEGACY)
def test_the_header_of_a_server_yields_to_the_declaration_of_the_page(language: str, encoding: str) -> None:
    body = html(language).replace("<head>", f"<head><meta charset={encoding}>").encode(encoding)
    charset, _ = detect_charset("text/html; charset=iso-8859-1", body)
    assert body.decode(charset) == body.decode(encoding)


@pytest.mark.parametrize(("language", "encoding"), [("ru", "cp1251"), ("ja", "euc_jp"), ("ja", "utf-16-le")])
def test_an_undeclared_charset_is_found_at_every_door(site: Site, tmp_path: Path, language: str, encoding: str) -> None:
    body = html(language).encode(encoding)
    visit = read_alike(by_doors(site, tmp_path, reply_of(body, "Content-Type: text/html")))
    (saved,) = imported(tmp_path / "a.html", body)
    assert saved.charset == visit.charset
    assert text_of(saved) == text_of(visit) == text_of(fetch_utf8(site, language))


def fetch_utf8(site: Site, language: str) -> Outcome:
    site.pages["/a"] = Say(reply_of(html(language).encode(), "Content-Type: text/html; charset=utf-8"))
    return fetch(site, "/a")


BARE = [
    ("cp1250", "A kikötői tanács kedden este ülésezett, hogy döntsön az új kompkikötőről, és nem várt egy évet sem."),
    ("cp1257", "Sadama nõukogu kogunes teisipäeva õhtul, kui žürii oli otsustanud, mis kai see on ja ka selle hind."),
    ("mac-cyrillic", "Комиссия порта сообщила, что стройка новая, большая, дорогая и спорная, а старая отменяется."),
    ("mac-roman", "Der Hafenrat erklärte, für größere Fähren fehlten über die nächsten Jahre hinaus genügend Plätze."),
    (
        "cp1252",
        "The board will pay £5 million for the pier, £2 million more than the £3 million of last year\u2019s plan.",
    ),
    ("cp1252", "“The pier” – about ½ a mile long – cost ¥4 million in 1990 and would cost £9 million today, he said…"),
]


@pytest.mark.parametrize(("encoding", "text"), BARE)
def test_an_undeclared_charset_is_found_without_a_declared_language(encoding: str, text: str) -> None:
    body = f"<!DOCTYPE html><html><head><title>x</title></head><body><p>{text}</p></body></html>".encode(encoding)
    charset, _ = detect_charset("text/html", body)
    assert text in body.decode(charset)


TYPES = [
    ((), True),
    (("",), True),
    (("application/octet-stream",), True),
    (("text/plain",), True),
    (("text/plain; charset=utf-8", "text/html"), True),
    (("text/html; charset=utf-8", "text/html"), True),
    (("text/plain, text/html",), True),
    (("html",), True),
    (("application/xhtml+xml",), True),
    (("application/xml",), True),
    (("image/png",), False),
    (("application/json",), False),
    (("text/css",), False),
]


@pytest.mark.parametrize(("types", "is_page"), TYPES, ids=str)
def test_a_page_is_a_page_by_its_bytes_unless_its_type_is_never_html(
    site: Site, tmp_path: Path, types: tuple[str, ...], is_page: bool
) -> None:
    reply = reply_of(html("de").encode(), *(f"Content-Type: {value}" for value in types))
    outcomes = by_doors(site, tmp_path, reply)
    if is_page:
        assert text_of(read_alike(outcomes))[0] is Verdict.OK
    else:
        (visit,) = outcomes
        assert text_of(visit)[0] is Verdict.NOT_HTML


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("text/html; charset=koi8-r", "text/html"), "text/html; charset=koi8-r"),
        (("text/html; charset=koi8-r", "text/html; charset=utf-8"), "text/html; charset=utf-8"),
        (("text/html", "*/*"), "text/html"),
        (("text/html", "nonsense"), "text/html"),
        (('text/html; a="x,y"', "text/plain"), "text/plain"),
        (("text/HTML ;x",), "text/HTML ;x"),
        ((), ""),
    ],
)
def test_several_content_types_declare_one(values: tuple[str, ...], expected: str) -> None:
    assert declared_type(values) == expected


BODY = html("de").encode()
TYPED = "Content-Type: text/html"
FORMS = {
    "early hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + reply_of(BODY, TYPED),
    "two interim heads": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\n" + reply_of(BODY, TYPED),
    "gzip": reply_of(gzip.compress(BODY), TYPED, "Content-Encoding: GZip"),
    "gzip twice": reply_of(gzip.compress(gzip.compress(BODY)), TYPED, "Content-Encoding: gzip, x-gzip"),
    "gzip not declared": reply_of(gzip.compress(BODY), TYPED),
    "gzip without a type": reply_of(gzip.compress(BODY), "Content-Encoding: gzip"),
    "declared and not gzip": reply_of(BODY, TYPED, "Content-Encoding: gzip"),
    "unknown coding": reply_of(BODY, TYPED, "Content-Encoding: utf-8"),
    "chunks": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
    % (len(BODY), BODY),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_reply_in_any_form_is_the_same_page_at_every_door(site: Site, tmp_path: Path, form: str) -> None:
    page = read_alike(by_doors(site, tmp_path, FORMS[form]))
    assert (page.payload, page.reason) == (BODY, None)


def test_a_body_shorter_than_its_length_is_no_page_at_any_door(site: Site, tmp_path: Path) -> None:
    outcomes = by_doors(site, tmp_path, reply_of(BODY, TYPED)[:-100])
    assert {(outcome.payload, outcome.reason) for outcome in outcomes} == {(BODY[:-100], Reason.TRUNCATED)}


@given(
    language=st.sampled_from(sorted(TEXTS)),
    encoding=st.sampled_from(sorted({encoding for _, encoding in [*LEGACY, *UNICODE]})),
    label=st.sampled_from(WRONG),
    declared=st.sampled_from(["", "text/html", "text/plain", "application/octet-stream", "x/y"]),
    stray=st.binary(max_size=12),
    packed=st.booleans(),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_reply_is_read_alike_at_every_door(
    site: Site, tmp_path: Path, language: str, encoding: str, label: str, declared: str, stray: bytes, packed: bool
) -> None:
    body = html(language).encode(encoding, "xmlcharrefreplace").replace(b"<article>", b"<article>" + stray)
    types = [f"Content-Type: {declared}; charset={label}"] if declared else []
    coding = ["Content-Encoding: gzip"] if packed else []
    reply = reply_of(gzip.compress(body) if packed else body, *types, *coding)
    visit, *others = by_doors(site, tmp_path, reply)
    if text_of(visit)[0] is not Verdict.NOT_HTML:
        read_alike([visit, *others])
    assert {text_of(outcome) for outcome in others} <= {text_of(visit)}


# --- ARC, and pages saved in one file --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "encoding"), [("ru", "cp1251"), ("ja", "euc_jp"), ("ar", "utf-8"), ("de", "utf-8")]
)
def test_a_page_is_the_same_in_every_kind_of_file(site: Site, tmp_path: Path, language: str, encoding: str) -> None:
    body = html(language).encode(encoding)
    visit = read_alike(by_doors(site, tmp_path, reply_of(body, "Content-Type: text/html")))
    records = arc_records(reply_of(body, "Content-Type: text/html"))
    files = {
        "a.arc": b"".join(records),
        "b.arc.gz": b"".join(map(gzip.compress, records)),
        "c.arc.gz": gzip.compress(b"".join(records)),
        "d.arc": b"".join(arc_records(reply_of(body, "Content-Type: text/html"), version=2)),
        "e.arc": b"".join(arc_records(body)),  # from a server before HTTP/1.0
        "f.mhtml": mhtml(body),
        "g.mht": mhtml(body, coding="quoted-printable"),
        "h.mht": mhtml(body, coding="base64"),
        "i.mht": body,
        "j.webarchive": webarchive(body),
        "k.webarchive": webarchive(body, form=plistlib.FMT_XML),
        "l.har": har(body),
    }
    for name, content in files.items():
        (page,) = imported(tmp_path / name, content)
        assert (page.requested_url, page.payload, page.charset) == (URL, body, visit.charset), name
        assert page.started_at == (NOON if name in {"i.mht", "j.webarchive", "k.webarchive"} else T0), name
        assert text_of(page) == text_of(visit), name


def test_a_body_that_a_browser_decoded_is_utf8_whatever_its_page_declares(tmp_path: Path) -> None:
    body = html("ru").replace("<head>", "<head><meta charset=koi8-r>")
    session = json.loads(har(b"", kind="text/html; charset=koi8-r"))
    session["log"]["entries"][1]["response"]["content"] = {"mimeType": "text/html", "text": body}
    (page,) = imported(tmp_path / "a.har", json.dumps(session).encode())
    assert (page.payload, page.charset) == (body.encode(), "utf-8")
    assert TEXTS["ru"] in text_of(page)[1]


def items(path: Path, content: bytes) -> list[object]:
    path.write_bytes(content)
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    return list(read_import(path, now=NOON))


LONG = b"<h1>Pier</h1>" + b"<p>The harbour board met on Tuesday. " * 50
WITHOUT_PAGE = {
    "no mail.mht": (b"just words", "no MHTML"),
    "no type.mht": (b"Subject: x\r\n\r\nwords", "no MHTML"),
    "no boundary.mht": (b"Content-Type: multipart/related\r\n\r\nwords", "does not say what divides its parts"),
    "cut in its head.mht": (mhtml(LONG)[:80], "cut off in a head"),
    "cut before its page.mht": (mhtml(LONG)[:330], "cut off before its page"),
    "a picture.mht": (
        mhtml(b"GIF89a", kind="image/gif").replace(b"text/html\r\nC", b"image/png\r\nC"),
        "holds image/gif",
    ),
    "words.webarchive": (b"just words", "no web archive"),
    "cut.webarchive": (webarchive(LONG)[:-40], "damaged or cut off"),
    "cut in XML.webarchive": (webarchive(LONG, form=plistlib.FMT_XML)[:-40], "damaged or cut off"),
    "a list.webarchive": (plistlib.dumps([1]), "no web archive"),
    "no data.webarchive": (plistlib.dumps({"WebMainResource": {}}), "no data of its page"),
    "many objects.webarchive": (
        b"bplist00" + bytes(14) + b"\1\1" + b"\0\0\xff\xff\xff\xff\xff\xff" * 3,
        "damaged or cut off",
    ),
    "words.har": (b"just words", "no HAR"),
    "an object.har": (b'{"log": {}}', "no HAR"),
    "without contents.har": (har(LONG, response={"status": 200, "content": {"size": 9}}), "has no body"),
}


@pytest.mark.parametrize("name", WITHOUT_PAGE)
def test_a_file_without_a_page_says_why(tmp_path: Path, name: str) -> None:
    content, problem = WITHOUT_PAGE[name]
    problems = [item for item in items(tmp_path / name, content) if not isinstance(item, SkippedRecords)]
    assert [isinstance(item, BadLine) for item in problems] == [True]
    assert problem in str(problems[0])


@pytest.mark.parametrize("packed", [False, True])
def test_a_cut_or_damaged_arc_costs_what_is_cut_or_damaged(tmp_path: Path, packed: bool) -> None:
    pages = [reply_of(LONG + b"<p>%d" % number, "Content-Type: text/html") for number in range(3)]
    records = [gzip.compress(record) if packed else record for record in arc_records(*pages)]
    content = b"".join(records)
    first_page = sum(map(len, records[:4]))
    for length in range(17, len(content), 97):
        problems = [item for item in items(tmp_path / "x.arc", content[:length]) if isinstance(item, BadLine)]
        ends = {sum(map(len, records[:number])) for number in range(1, 7)}
        assert len(problems) == (not {length, length + 1} & ends), length
        assert all("the file is cut off" in problem.problem for problem in problems), problems
        whole = [item for item in items(tmp_path / "x.arc", content[:length]) if getattr(item, "reason", "") is None]
        assert len(whole) >= (length >= first_page)
    records[4] = records[4][:60] + b"\0\0\0" + records[4][90:]
    read = items(tmp_path / "x.arc", b"".join(records))
    whole = [item.payload for item in read if isinstance(item, Outcome) and item.reason is None]
    assert [payload[-1:] for payload in whole if payload] == [b"0", b"2"]
    assert any(isinstance(item, BadLine) or getattr(item, "reason", None) for item in read)


def test_what_is_cut_of_a_saved_page_is_known(tmp_path: Path) -> None:
    whole = mhtml(LONG, coding="quoted-printable")
    page, problem = items(tmp_path / "a.mht", whole[: whole.index(b"A frame")])
    assert isinstance(page, Outcome)
    assert (page.payload, page.reason) == (LONG, None)
    assert "cut off behind its page" in str(problem)
    page, problem = items(tmp_path / "a.mht", whole[: whole.index(b"</h1>")])
    assert isinstance(page, Outcome)
    assert (page.payload, page.reason) == (b"<h1>Pier", Reason.TRUNCATED)
    assert "cut off inside its page" in str(problem)


def test_entries_of_a_session_before_its_cut_are_read(tmp_path: Path) -> None:
    page, skipped_or_problem, *_ = items(tmp_path / "a.har", har(LONG)[:-2])
    assert isinstance(page, Outcome)
    assert page.payload == LONG
    assert "cut off or damaged" in str(skipped_or_problem)


@pytest.mark.parametrize(
    "entry",
    [
        {"request": {"url": "data:text/html,x"}},
        {"request": {"url": "chrome-extension://a/b.html"}},
        {"method": "POST"},
        {"_resourceType": "xhr"},
        {"response": {"status": 302}},
        {"response": {"status": 0}},
    ],
)
def test_what_no_reader_asked_for_is_no_page_of_a_session(tmp_path: Path, entry: dict[str, Any]) -> None:
    assert items(tmp_path / "a.har", har(LONG, **entry)) == [SkippedRecords(2)]
