"""Search in every script: parts of texts without spaces, marks, forms of letters, and what the box says about it."""

# ruff: noqa: RUF001  (the texts are in many scripts)

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive
from archive.api.query_parser import parse_query
from builders import T0, add_source, build_once, derive_all, record_text
from db import maintenance
from db.records import SNIPPET_MARKS
from db.script_folding import fold, index_entry, search_parts
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXTS = {
    "zh": "港口委员会周二晚上开会，讨论新渡轮码头的问题2026年。",
    "hant": "市議會決定關閉舊發電廠，並於後天發表聲明。",
    "ja": "港湾委員会は火曜日の夜に会合を開き、フェリー乗り場。ＦＥＲＲＹ",
    "ko": "위원회가 화요일에 열렸다",
    "th": "คณะกรรมการท่าเรือประชุมเย็นวันอังคาร",
    "km": "ភ្នំពេញជារាជធានី",
    "lo": "ຄະນະກໍາມະການທ່າເຮືອ",
    "my": "ရန်ကုန်မြို့တော်",
    "ar": "قَالَ مُحَمَّدٌ إن الميناء مغلق في مدرســة ٢٠٢٦",
    "arz": "والحكومة وقعت بالاتفاق للسلام مع الوزير",
    "he": "שָׁלוֹם עֲלֵיכֶם",
    "fa": "کشتی\u200cهای قدیمی می\u200cروند",
    "ur": "بندرگاہ کے مزدور",
    "hi": "ज़मीन पर सड़क का फ़ैसला, वर्ष १९८४",
    "news": "स्थानीय समाचार, செய்திகள் CO₂",
    "is": "Þórður Ægisson í Øresund",
    "shy": "Hafen\u00adrats\u00adbeschluss",
    "iw": "אמר צה״ל ושב״כ",
    "ru": "Её зелёный паром",
    "el": "Ο Οδυσσέας είπε την αλήθεια",
    "de": "In der alten Straße",
    "umlaut": "Herr Müller und Frau Schröder in Tübingen",
    "spelled": "Herr Mueller und der Poet Goethe",
    "da": "Jørgensen fra Århus",
    "uk": "Верховна обʼєднана рада",
    "fullwidth": "ＮＡＴＯ会議 and ｶﾌﾞﾄ",
    "tr": "İstanbul ve Diyarbakır",
    "en": "The Мinistry of naïve harbours",
}


@build_once
def fill(path: Path) -> None:
    with Store(path) as store:
        for language, text in TEXTS.items():
            record_text(store, add_source(store, f"https://{language}.example/a"), text, T0)
            derive_all(store, title=text[:8])


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    fill(tmp_path / "archive.db")
    with Archive(tmp_path / "archive.db") as opened:
        yield opened


QUERIES = {
    "渡轮码头": "zh",
    "港": "ja zh",
    "年": "zh",
    "title:港口": "zh",
    "title:渡轮": "",
    '"周二晚上"': "zh",
    "港 -渡轮": "ja",
    "渡轮 OR フェリー": "ja zh",
    "渡轮 site:ja.example": "",
    'near:"渡轮 讨论"~5': "zh",
    "渡码": "",
    "渡輪碼頭": "zh",
    "港口委員會": "zh",
    "发电厂": "hant",
    "發電廠": "hant",
    '"後天发表声明"': "hant",
    "title:市议会": "hant",
    "关闭 -港口": "hant",
    "حكومه": "arz",
    "الحكومة": "arz",
    "والحكومة": "arz",
    "اتفاق": "arz",
    "سلام": "arz",
    '"السلام مع وزير"': "arz",
    "الميناء": "ar",
    "بالميناء": "ar",
    "mueller": "spelled umlaut",
    "Müller": "spelled umlaut",
    "Muller": "umlaut",
    "Muell*": "spelled umlaut",
    "schroeder": "umlaut",
    "tuebingen -mueller": "",
    "pöt": "spelled",
    "pot": "",
    "göthe": "spelled",
    "aarhus": "da",
    "Århus": "da",
    "joergensen": "da",
    "jorgensen": "da",
    "об'єднана": "uk",
    "обʼєднана": "uk",
    "nato": "fullwidth",
    "カブト": "fullwidth",
    "的问题2026年": "zh",
    "フェリー": "ja",
    "ﾌｪﾘｰ": "ja",
    "ferry": "ja",
    "위원회": "ko",
    "ท่าเรือ": "th",
    "ท้าเรือ": "",
    "រាជធានី": "km",
    "ທ່າເຮືອ": "lo",
    "မြို့": "my",
    "محمد": "ar",
    "مُحَمَّد": "ar",
    "ان": "ar",
    "مدرسه": "ar",
    "2026": "ar zh",
    '"שלום עליכם"': "he",
    "зеленый": "ru",
    "зелёный": "ru",
    "οδυσσεασ": "el",
    "αληθεια": "el",
    "strasse": "de",
    '"alten strasse"': "de",
    "diyarbakir": "tr",
    "istanbul": "tr",
    "ministry": "en",
    "naive harb*": "en",
    "ふぇりー": "ja",
    "كشتي": "fa",
    "كشتيهاي": "fa",
    "می روند": "fa",
    "می\u200cروند": "fa",
    "بندرگاه": "ur",
    "زمین": "",
    "जमीन": "hi",
    "सडक": "hi",
    "फ़ैसला": "hi",
    "1984": "hi",
    "समा": "",
    "समाचार": "news",
    "समा*": "news",
    '"स्थानीय समाचार"': "news",
    "செய்தி": "",
    "செய்திகள்": "news",
    "co2": "news",
    "צהל": "iw",
    'ושב"כ': "iw",
    "thordur": "is",
    "aegisson": "is",
    "hafenratsbeschluss": "shy",
    "Hafen\u00adratsbeschluss": "shy",
}


@pytest.mark.parametrize("typed", QUERIES)
def test_a_query_in_any_script_finds_its_texts(archive: Archive, typed: str) -> None:
    matches = archive.search(typed)[1]
    hosts = sorted(match.version.url.split("/")[2].removesuffix(".example") for match in matches)
    assert hosts == QUERIES[typed].split()


@pytest.mark.parametrize(
    ("typed", "marked"),
    [
        ("码头", "码头"),
        ("發電廠", "發電廠"),
        ("发电厂", "發電廠"),
        ("schroeder", "Schröder"),
        ("حكومة", "حكومة"),
        ("محمد", "مُحَمَّدٌ"),
        ("strasse", "Straße"),
    ],
)
def test_the_snippet_marks_the_words_as_they_are_in_the_text(archive: Archive, typed: str, marked: str) -> None:
    (match,) = archive.search(typed)[1]
    assert f"{SNIPPET_MARKS[0]}{marked}{SNIPPET_MARKS[1]}" in match.snippet


@pytest.mark.parametrize(
    ("typed", "description"),
    [
        ("ferry", '"ferry"'),
        ("フェリー", '"フェリー" (also as a part of words)'),
        ("title:渡轮", 'title : "渡轮" (also as a part of words, in simplified and traditional letters)'),
        ("Müller", '"Müller" (also as mueller)'),
        ("الميناء", '"الميناء" (also as ميناء)'),
        ("Straße", '"Straße" (also as strasse)'),
    ],
)
def test_the_box_says_which_forms_it_searched(typed: str, description: str) -> None:
    assert parse_query(typed).description == description


def test_an_older_archive_is_indexed_again(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    fill(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO text_fts (text_fts) VALUES ('delete-all')")
        connection.execute("INSERT INTO text_fts (rowid, title, body) SELECT id, title, body FROM text")
        connection.execute("UPDATE alembic_version SET version_num = '0020'")
        connection.commit()
    maintenance.upgrade(path)
    with Archive(path) as archive:
        assert [len(archive.search(typed)[1]) for typed in ("发电厂", "schroeder", "اتفاق", "ferry")] == [1, 1, 1, 1]
    maintenance.check_file(path, deep=True)


def test_english_needs_no_more_tokens_than_before() -> None:
    assert search_parts("A café owner’s naïve “quote” – £5 …") == ""
    assert index_entry(1, "Title", "Body")["body_parts"] == ""


def test_folding_keeps_letters_that_are_different() -> None:
    assert fold("мой") != fold("мои")
    assert fold("か") != fold("が")
    assert fold("가") == "가"
