"""PDF: the text that a reader sees, in paragraphs, with what the file declares, and a verdict for every broken file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from archive.extract import Extractors, extract
from archive.extract.strip_scripts import strip_scripts
from archive.formats.media_type import pdf_start
from archive.pipeline.gather import page_of
from commands import call_main
from db.records import Extraction, Page, Verdict
from tests.fetching import HOST
from tests.pdfs import Line, PdfFile, lines, pdf, scanned, set_pages, wrap
from tests.replies import page as reply
from tests.site import Site
from tests.test_doors import TEXTS, by_doors, imported, reply_of
from tests.test_hostile_texts import archive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from db.store import Store

FIRST = (
    "The port council met on Tuesday evening and agreed to close the old ferry pier before the winter comes. Engineers "
    "had found that its posts no longer carry the weight of the ice, the chair of the council told reporters."
)
SECOND = (
    "A floating pier of 40 metres takes its place from November on. It costs 3.2 million euros, of which the province "
    "pays half, and the fishing boats move to the north harbour until the work is done."
)
THIRD = (
    "Shop owners at the harbour said that they fear for their trade in the dark months, when most of their guests come "
    "by ferry. The council will hear them in public on 12 November, before it signs any contract for the works."
)
BODY = [*lines(wrap(FIRST)), *lines(wrap(SECOND), top=660)]


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def read(payload: bytes, content_type: str = "application/pdf") -> Extraction:
    captured_at = datetime(2026, 1, 1, tzinfo=UTC)
    return extract(Page(payload=payload, url=f"{HOST}/ruling.pdf", content_type=content_type, captured_at=captured_at))


def paragraphs(*pages: list[Line]) -> list[str]:
    return read(pdf(*pages)).text.split("\n")


def test_lines_become_paragraphs_without_running_heads_and_page_numbers() -> None:
    def margins(number: int) -> list[Line]:
        return [Line("Port authority, press office", 72, 750, 9), Line(f"Page {number} of 3", 280, 40, 9)]

    third = [Line("12", 72, 720), *lines(wrap(SECOND), top=680)]
    whole = wrap(FIRST).split("\n")
    first = [*lines("\n".join(whole[:2]), top=100), *margins(1)]
    second = [*lines("\n".join(whole[2:])), *margins(2)]
    assert paragraphs(first, second, [*third, *margins(3)]) == [FIRST, "12", SECOND]


def test_title_dates_author_and_language_are_declared_facts_with_their_place() -> None:
    got = read(
        pdf(
            [*lines("Port council closes\nthe old ferry pier", size=18), *lines(wrap(FIRST), top=640)],
            language="en-GB",
            Title="Microsoft Word - release_final.docx",
            Author="Ann Bell",
            CreationDate="D:20240228093000+01'00'",
            ModDate="D:20240301",
        )
    )
    assert (got.verdict, got.title, got.text) == (Verdict.OK, "Port council closes the old ferry pier", FIRST)
    assert (got.byline, got.language) == ("Ann Bell", "en-GB")
    assert got.published_at == datetime(2024, 2, 28, 8, 30, tzinfo=UTC)
    facts = {fact.name: (fact.value, fact.source, fact.raw) for fact in got.facts}
    assert facts["published"] == ("2024-02-28T08:30:00+00:00", "pdf CreationDate", "D:20240228093000+01'00'")
    assert facts["modified"] == ("2024-03-01", "pdf ModDate", "D:20240301")
    assert facts["pages"] == ("1", "pdf", "")


def test_a_time_without_a_zone_counts_as_its_day() -> None:
    facts = read(pdf(BODY, CreationDate="D:20240228233000")).facts
    assert [fact.value for fact in facts if fact.name == "published"] == ["2024-02-28"]


def test_a_hyphen_at_a_line_end_goes_only_where_the_document_knows_the_word() -> None:
    text = (
        "The government said that the well-known pier must close, and the govern-\nment added for once that a well-\n"
        "known engineer had warned of it before, in a long-\nterm study of the coast of Schleswig-\nHolstein, made "
        "in the years 2020-\n2021 at a long term of known work."
    )
    (joined,) = paragraphs(lines(text))
    assert "the government added for once that a well-known engineer" in joined
    assert "a long-term study of the coast of Schleswig-Holstein, made in the years 2020-2021 at" in joined


def test_columns_are_read_one_after_the_other_in_whatever_order_the_file_has_them() -> None:
    heading = lines("Port council closes the old ferry pier", size=18)
    left, right = lines(wrap(FIRST, width=40), top=650), lines(wrap(SECOND, width=40), x=330, top=650)
    by_rows = sorted([*left, *right], key=lambda line: -line.y)
    assert paragraphs(heading + by_rows) == paragraphs(heading + right + left) == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("港湾委員会は火曜日の夜に会合を開き、春から議論が続\nいていた新しい船着場の問題に決着をつけた。", None),
        ("คณะกรรมการท่าเรือประชุมเมื่อค่ำวันอังคารเพื่อตัดสินเรื่อง\nท่าเรือแห่งใหม่ซึ่งถกเถียงกันมาตั้งแต่ฤดูใบไม้ผลิ", None),
        ("항만위원회는 화요일 저녁에 회의를 열어 봄부터 논란이\n된 새 여객선 선착장 문제를 결정했다.", " "),
        (wrap(TEXTS["ru"], width=60), " "),
    ],
)
def test_lines_are_joined_as_their_script_is_written(broken: str, whole: str | None) -> None:
    assert paragraphs(lines(broken)) == [broken.replace("\n", whole or "")]


def test_text_from_right_to_left_is_read_in_its_order() -> None:
    rows = enumerate(wrap(TEXTS["ar"], width=60).split("\n"))
    drawn = [Line(row[::-1], 540 - len(row) * 5.5, 720 - 13 * number) for number, row in rows]
    assert paragraphs(drawn) == [TEXTS["ar"]]


def test_bullets_rows_and_short_lines_stay_apart() -> None:
    items = [
        "\u2022 Pier closes on 1 November",
        "\u2022 Boats move north",
        "Pier        40 m",
        "Cost        3.2 million",
    ]
    assert paragraphs([*lines("\n".join(items), top=500), *BODY])[2:] == [
        *items[:2], "Pier 40 m", "Cost 3.2 million"]  # fmt: skip


def test_letters_count_by_what_they_mean_and_not_by_their_shape() -> None:
    assert paragraphs(lines("The o\ufb03ce \ufb01led its \ufb02ood report for the port on Tuesday evening.")) == [
        "The office filed its flood report for the port on Tuesday evening."
    ]


def _encrypted() -> bytes:
    file = PdfFile()
    set_pages(file, [file.add_stream(b"x")], "")
    file.trailer = f"/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <{'11' * 32}> /U <{'22' * 32}> >>"
    return file.write()


def _endless_tree() -> bytes:
    file = PdfFile()
    file.objects = {1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Count 9 /Kids [2 0 R 2 0 R] >>"}
    return file.write()


WHOLE = pdf(BODY, lines(wrap(THIRD)))
CUT, LOCKED, DAMAGED = "is cut off", "needs a password", "is damaged"


@pytest.mark.parametrize(
    ("payload", "verdict", "detail"),
    [
        (scanned(3), Verdict.NO_TEXT, "a PDF of 3 pages without a text layer"),
        (_encrypted(), Verdict.NO_TEXT, LOCKED),
        (pdf([]), Verdict.EMPTY, "nothing on it"),
        (pdf(lines("Figure one")), Verdict.THIN, "2 words"),
        (b"%PDF-1.7 x", Verdict.NOT_HTML, CUT),
        (WHOLE[: len(WHOLE) // 2], Verdict.NOT_HTML, CUT),
        (WHOLE[:-60], Verdict.NOT_HTML, CUT),
        (b"%PDF-1.7\n" + b"\0" * 999 + b"%%EOF", Verdict.NOT_HTML, DAMAGED),
        (_endless_tree(), Verdict.NOT_HTML, DAMAGED),
        (
            b"%PDF-1.7\n1 0 obj\n" + b"<</A " * 50_000 + b"\nendobj\ntrailer <</Root 1 0 R>>\n%%EOF",
            Verdict.NOT_HTML,
            "",
        ),
        (WHOLE.replace(b"startxref\n", b"startxref\n9"), Verdict.OK, ""),
        (WHOLE + b"\0" * 3000, Verdict.OK, ""),
    ],
)
def test_every_file_gets_its_verdict(payload: bytes, verdict: Verdict, detail: str) -> None:
    got = read(payload)
    assert got.verdict is verdict
    assert detail in got.detail


def test_a_page_without_letters_among_others_is_flagged() -> None:
    file = pdf(BODY, [], lines(wrap(THIRD)))
    assert not [fact for fact in read(file).facts if fact.name == "flag"]
    got = read(file.replace(b"<< /Length 0  >>\nstream\n\n", b"<< /Length 9  >>\nstream\n0 0 9 9 re f\n"))
    assert [(fact.value, fact.raw) for fact in got.facts if fact.name == "flag"] == [
        ("pages without a text layer", "1 of 3")
    ]


@pytest.mark.slow
def test_a_file_that_exhausts_its_reader_costs_only_its_worker() -> None:
    file = PdfFile()
    form = "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 3 0 R >> >>"
    itself = file.add_stream(b"/X Do /X Do", form)
    set_pages(file, [file.add_stream(b"/X Do")], f"/XObject << /X {itself} 0 R >>")
    pages = [
        Page(payload=payload, url=HOST, captured_at=datetime(2026, 1, 1, tzinfo=UTC))
        for payload in (file.write(), WHOLE)
    ]
    with Extractors(workers=1, wall=5) as extractors:
        endless, whole = (got.verdict for got in extractors.map(pages))
    assert endless in {Verdict.TIMEOUT, Verdict.TOO_BIG}  # whichever of time and memory ends first
    assert whole is Verdict.OK


@pytest.mark.parametrize("lead", [b"", b"\xef\xbb\xbf", b"\r\n\r\n", b"<br />\n<b>Notice</b>: undefined in x.php\n"])
@pytest.mark.parametrize(
    "content_type", ["application/pdf", "text/html; charset=utf-8", "application/octet-stream", ""]
)
def test_a_pdf_is_known_by_its_bytes(lead: bytes, content_type: str) -> None:
    assert read(lead + WHOLE, content_type).text.split("\n")[0] == FIRST


def test_a_page_about_pdf_is_no_pdf() -> None:
    payload = b"<!DOCTYPE html><p>A file begins with %PDF-1.7 and ends with %%EOF.</p>"
    assert pdf_start(payload, "text/html") is None


def test_nothing_is_cut_from_a_pdf_before_extraction() -> None:
    plain = pdf(lines("x")).replace(b"\xe2\xe3\xcf\xd3", b"<script>a</script>")
    page = Page(payload=plain, url=HOST, content_type="application/pdf", captured_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert strip_scripts(page) == page


def test_every_door_gives_the_same_text(site: Site, tmp_path: Path) -> None:
    (tmp_path / "ruling.pdf").write_bytes(WHOLE)
    (line,) = call_main("extract", tmp_path / "ruling.pdf").out.splitlines()
    for content_type in ("application/pdf", "text/html", "application/octet-stream"):
        outcomes = by_doors(site, tmp_path, reply_of(WHOLE, f"Content-Type: {content_type}"))
        read_back = [extract(page_of(outcome)) for outcome in outcomes]
        assert [(got.verdict, got.text) for got in read_back] == [(Verdict.OK, json.loads(line)["text"])] * 3


def test_a_saved_pdf_has_the_address_that_its_metadata_names(tmp_path: Path) -> None:
    metadata = f"\n<x:xmpmeta><rdf:RDF><prism:url>{HOST}/ruling</prism:url></rdf:RDF></x:xmpmeta>\n".encode()
    (outcome,) = imported(tmp_path / "a.pdf", WHOLE.replace(b"\n%%EOF", metadata + b"%%EOF"))
    assert (outcome.requested_url, outcome.content_type) == (f"{HOST}/ruling", "application/pdf")
    assert imported(tmp_path / "b.pdf", WHOLE) == []


def test_an_edit_of_a_pdf_is_a_version_and_a_scan_is_none(site: Site, store: Store) -> None:
    edited = pdf([*lines(wrap(FIRST.replace("Tuesday", "Monday"))), *lines(wrap(SECOND), top=660)])
    bodies = (pdf(BODY), pdf(BODY, Producer="another"), scanned(), edited)
    versions, states = archive(site, store, *(reply(body, Content_Type="application/pdf") for body in bodies))
    assert states == ["ok", "ok", "no_text", "ok"]
    assert [version.captures for version in versions] == [2, 1]


def test_a_document_without_text_is_named_when_it_comes(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(scanned(2))
    ran = call_main("import", "--url", f"{HOST}/scan", "scan.pdf", cwd=tmp_path, WIRECOPY_DB=str(tmp_path / "a.db"))
    assert "Pages without an article: PDF without text that can be read (1)." in ran.out + ran.err
