"""A page's own log of its updates and its stamps of publication are facts of the page and no part of its text."""

from __future__ import annotations

import pytest

from archive.extract.page import extract
from archive.extract.update_log import is_stamp, is_title_of_log
from db.records import Page, Verdict
from tests.builders import T0

PROSE = "".join(
    f"<p>The {word} office of the district publishes the dates of all its hearings in this list every week.</p>"
    for word in ("first", "second", "third", "fourth")
)
ENTRIES = (("2 March 2026", "Two hearings were added."), ("28 February 2026", "First published."))
ITEMS = "".join(f"<li><time>{day}</time><p>{note}</p></li>" for day, note in ENTRIES)

LOGS = {
    "stamp and list": f"<div class='dates'>Published 28 February 2026<br>Last updated 2 March 2026 "
    f"<a href='#h'>+ show all updates</a><div><ol class='change-history'>{ITEMS}</ol></div></div>",
    "title and list": f"<section><h2>Change history</h2><ul>{ITEMS}</ul></section>",
    "details": f"<details><summary>Page history</summary><ul>{ITEMS}</ul></details>",
    "rows": "<div class='update-log'><table>"
    + "".join(f"<tr><td>{day}</td><td>{note}</td></tr>" for day, note in ENTRIES)
    + "</table></div>",
    "definitions": "<div><h3>Revision history</h3><dl>"
    + "".join(f"<dt>{day}</dt><dd>{note}</dd>" for day, note in ENTRIES)
    + "</dl></div>",
    "blocks": "<div id='page-history'>"
    + "".join(f"<div><p>{day}: {note}</p></div>" for day, note in ENTRIES)
    + "</div>",
    "german": "<section><h2>Änderungshistorie</h2><ul><li>2. März 2026 - Zwei Termine ergänzt.</li>"
    "<li>28. Februar 2026 - Erste Fassung.</li></ul></section>",
    "french": "<section><h2>Historique des modifications</h2><ul><li>2 mars 2026 : deux audiences ajoutées.</li>"
    "<li>28 février 2026 : première version.</li></ul></section>",
}
ARTICLES = {
    "chronology": f"<section><h2>Updates</h2><ul>{ITEMS}</ul></section>",
    "a paragraph between": f"<section><h2>Change history</h2><p>The law changed.</p><ul>{ITEMS}</ul></section>",
}


def read(block: str, prose: str = PROSE):
    html = f"<html lang='en'><body><article><h1>Hearings of the district</h1>{prose}{block}</article></body></html>"
    return extract(Page(payload=html.encode(), url="https://paper.example/a", content_type="text/html", captured_at=T0))


def updates(block: str) -> list[str]:
    return [fact.value for fact in read(block).facts if fact.name == "update"]


@pytest.mark.parametrize("form", LOGS)
def test_a_log_of_updates_is_facts_and_no_text(form):
    assert updates(LOGS[form]) == ["2026-03-02", "2026-02-28"]
    assert read(LOGS[form]).text == read("").text


@pytest.mark.parametrize("form", ARTICLES)
def test_a_list_of_events_is_no_log(form):
    assert updates(ARTICLES[form]) == []


def test_the_note_of_an_update_is_kept_as_written():
    facts = [fact for fact in read(LOGS["rows"]).facts if fact.name == "update"]
    assert [fact.raw for fact in facts] == [note for _, note in ENTRIES]


def test_a_new_update_alone_changes_no_text():
    longer = LOGS["stamp and list"].replace(
        "<ol class='change-history'>", "<ol class='change-history'><li>3 March 2026 New.</li>"
    )
    assert read(longer).text == read(LOGS["stamp and list"]).text


def test_a_latest_update_in_a_list_of_terms_is_text_without_its_dates():
    def terms(note: str, day: str) -> str:
        return f"<dl><dt>Still current at:</dt><dd>{day}</dd><dt>Latest update:</dt><dd>{note}</dd></dl>"

    texts = [
        read("", terms(note, day) + PROSE).text
        for note, day in (
            ("Room change on Monday", "2 March 2026"),
            ("Room change on Monday", "3 March 2026"),
            ("Now by post only", "3 March 2026"),
        )
    ]
    assert texts[0] == texts[1] != texts[2]
    assert "Now by post only" in texts[2]


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        ("Published 20 September 2018, last updated 25 March 2019 at 10:30 am", True),
        ("Stand: 03.03.2026, 14:05 Uhr", True),
        ("Mis à jour le 3 mars 2026 à 14h05", True),
        ("公開日: 2026年3月3日", True),
        ("Cập nhật lúc 14:20 ngày 13/5/2026", True),
        ("Terakhir diperbarui 3 Mei 2026 14.20 WIB", True),
        ("อัปเดตล่าสุด 3 พ.ค. 2569 14:20 น.", True),
        ("آخرین به‌روزرسانی: ۳ خرداد ۱۴۰۵", True),
        ("Updated on 3 March 2026: the second hearing was moved", False),
        ("3 March 2026", False),
        ("Published by the district, 3 March 2026", False),
        ("The current number is 12", False),
    ],
)
def test_a_stamp_has_a_date_and_words_of_publishing_alone(line, stamp):
    assert is_stamp(line) is stamp


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("Change history", True),
        ("Show all updates", True),
        ("Update history", True),
        ("Updates", False),
        ("History of the town", False),
    ],
)
def test_a_title_of_a_log_names_a_history_of_the_page(line, title):
    assert is_title_of_log(line) is title


DOCUMENTS = "".join(
    f"<h3>Meeting {number}</h3><ul><li><a href='/{number}'>Minutes of meeting {number}, corrected</a></li></ul>"
    for number in (41, 42, 43)
)
LEAD = "<p>Minutes and papers of the meetings that the board of the harbour held this year.</p>"
STAMPS = "<dl><dt>Published</dt><dd>28 February 2026</dd><dt>Last updated</dt><dd>2 March 2026</dd></dl>"


def test_lists_of_documents_are_text_of_a_page_that_keeps_a_record():
    page, teasers = read(STAMPS + LEAD + DOCUMENTS, ""), read(DOCUMENTS)
    assert page.verdict == Verdict.OK
    assert "- Minutes of meeting 42, corrected" in page.text.split("\n")
    assert "Minutes of meeting 42" not in teasers.text


def test_a_page_with_a_record_is_no_message_about_the_site():
    prose = "<p>Our filing service will be closed for maintenance on Saturday between 8 and 10 am.</p>"
    assert read(STAMPS, prose).verdict == Verdict.OK
    assert read("", "<p>We are closed for maintenance.</p>").verdict != Verdict.OK
