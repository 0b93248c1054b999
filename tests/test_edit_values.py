"""Figures are compared by value: another way to write one is cosmetic, another value never is, in any script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.versions.diff import compare
from db.records import Kind, Text

FIGURES = {Kind.NUMBER, Kind.MONEY, Kind.DATE, Kind.NAME}


def kinds(before: str, after: str, language: str = "en") -> set[str]:
    a, b = (Text(sha256=body, title="", body=body, language=language) for body in (before, after))
    return set(compare(a, b).kinds)


def in_a_sentence(figure: str) -> str:
    return f"The council spoke of {figure} in the long report, as the members had asked for in spring."


WRITTEN_OTHERWISE = [
    ("en", "5-10 people", "5\u201310 people"),
    ("en", "-5 degrees", "\u22125 degrees"),
    ("en", "\u22125 degrees", "\u20135 degrees"),
    ("en", "won 3-1 at home", "won 3\u20131 at home"),
    ("en", "the 2025-26 season", "the 2025\u201326 season"),
    ("en", "pages 10\u201112", "pages 10\u201312"),
    ("en", "12,000 homes", "12\u202f000 homes"),
    ("en", "12,000 homes", "12\u2009000 homes"),
    ("en", "12,000 homes", "12000 homes"),
    ("en", "1,234,567 homes", "1234567 homes"),
    ("de", "12.000 Häuser", "12\u00a0000 Häuser"),
    ("de", "12.000,50 Euro", "12000,50 Euro"),
    ("de", "1,5 Prozent", "1,5 %"),
    ("fr", "12 000 maisons", "12\u202f000 maisons"),
    ("fr", "« 10 % » de moins", "\u00ab\u00a010\u00a0%\u00a0\u00bb de moins"),
    ("hi", "1,20,000 लोग", "१,२०,००० लोग"),
    ("ar", "300 شخص", "٣٠٠ شخص"),
    ("ar", "1.5 مليون", "١٫٥ مليون"),
    ("fa", "300 نفر", "۳۰۰ نفر"),
    ("zh", "30万人", "30萬人"),
    ("ja", "112番", "１１２番"),
    ("ja", "3億円", "３億円"),
    ("en", "10%", "10\u00a0%"),
    ("en", "10%", "10 per cent"),
    ("en", "$1.20", "$\u00a01.20"),
    ("en", "\u20ac5m in all", "\u20ac5 million in all"),
    ("en", "50 \u00b0C", "50\u00b0C"),
    ("en", "5km away", "5\u00a0km away"),
    ("en", "COVID-19", "COVID\u201119"),
    ("en", "Boeing 737-800", "Boeing 737\u2011800"),
    ("en", "a ten-year plan", "a ten\u2011year plan"),
    ("en", "the 9/11 attacks", "the 9\u204411 attacks"),
    ("en", "1/2 of all", "\u00bd of all"),
    ("en", "call 112", "call \uff11\uff11\uff12"),
    ("en", "at 7.30pm", "at 7:30pm"),
    ("en", "at 9 a.m.", "at 9\u00a0am"),
    ("de", "um 14.30 Uhr", "um 14:30 Uhr"),
    ("en", "CO2 levels", "CO\u2082 levels"),
    ("en", "5 m2 of land", "5 m\u00b2 of land"),
    ("en", "it\u2019s \u201cover\u201d\u2026", 'it\'s "over"...'),
    ("en", "Brian O\u2019Neill there", "Brian O'Neill there"),
    ("en", "the London-Paris train", "the London\u2013Paris train"),
    ("en", "Mr\u00a0Quist there", "Mr Quist there"),
    ("en", "\u00a31.2bn in all", "\u00a31.2 billion in all"),
    ("en", "at 10.30 AM", "at 10:30 a.m."),
    ("en", "20\u02daC", "20\u00b0C"),
    ("en", "20 \u00baC", "20 \u00b0C"),
    ("en", "Covid\u201319 cases", "Covid-19 cases"),
    ("en", "odds of 3:1", "odds of 3\u22361"),
    ("en", "a 4x4 car", "a 4\u00d74 car"),
    ("en", "6'2 tall", "6\u20322 tall"),
    ("en", "\u2265 10 homes", "\u2a7e 10 homes"),
    ("fr", "à 18h30", "à 18\u00a0h\u00a030"),
    ("fr", "à 18h", "à 18 heures"),
    ("fr", "le 1er mai", "le 1\u1d49\u02b3 mai"),
    ("fr", "1,5 million d'euros", "1,5\u00a0million d\u2019euros"),
    ("ja", "1万2000人", "12,000人"),
    ("zh", "2026年5月3日", "2026 年 5 月 3 日"),
    ("fa", "سه\u200cشنبه می\u200cرود", "سهشنبه میرود"),
    ("pl", "5 000 domów", "5\u00a0000 domów"),
    ("ru", "5 000 домов", "5\u00a0000 домов"),
]


@pytest.mark.parametrize(("language", "before", "after"), WRITTEN_OTHERWISE)
def test_a_figure_written_otherwise_is_cosmetic(language, before, after):
    assert kinds(in_a_sentence(before), in_a_sentence(after), language) == {Kind.COSMETIC}
    assert kinds(in_a_sentence(after), in_a_sentence(before), language) == {Kind.COSMETIC}


CHANGED = [
    ("en", "-5 degrees", "5 degrees", "number"),
    ("en", "\u22125 degrees", "5 degrees", "number"),
    ("en", "1.5 of them", "15 of them", "number"),
    ("en", "1.500 of them", "1500 of them", "number"),
    ("de", "1,500 davon", "1500 davon", "number"),
    ("en", "1/2 of all", "1/3 of all", "number"),
    ("en", "\u00bd of all", "\u00bc of all", "number"),
    ("en", "10% of all", "10 of all", "number"),
    ("en", "<5 of all", ">5 of all", "number"),
    ("en", "\u00b15 of all", "5 of all", "number"),
    ("en", "5-10 of all", "5-11 of all", "number"),
    ("en", "\u00a35 each", "\u20ac5 each", "money"),
    ("en", "$5 each", "-$5 each", "money"),
    ("en", "$4m each", "$4bn each", "money"),
    ("en", "at 9 am", "at 9 pm", "date"),
    ("en", "at 9:30", "at 9:31", "date"),
    ("en", "5 km away", "5 miles away", "number"),
    ("en", "5 kg of it", "5 km of it", "number"),
    ("en", "5 May 2024", "5 May 2025", "date"),
    ("en", "3.4 of them", "34 of them", "number"),
    ("en", "CO2 levels", "CO3 levels", "name"),
    ("es", "sesenta barcos", "setenta barcos", "number"),
    ("es", "el 5 de abril", "el 6 de abril", "date"),
    ("fr", "en mars dernier", "en mai dernier", "date"),
    ("fr", "cinq bateaux", "sept bateaux", "number"),
    ("pt", "na segunda-feira", "na terça-feira", "date"),
    ("pt", "em fevereiro", "em janeiro", "date"),
    ("it", "venerdì scorso", "giovedì scorso", "date"),
    ("it", "sessanta barche", "settanta barche", "number"),
    ("nl", "op woensdag", "op donderdag", "date"),
    ("nl", "5 miljoen huizen", "6 miljoen huizen", "number"),
    ("pl", "w środę", "w piątek", "date"),
    ("pl", "5 lipca", "5 sierpnia", "date"),
    ("sv", "på torsdagen", "på fredagen", "date"),
    ("tr", "5 Mayıs 2024", "6 Mayıs 2024", "date"),
    ("ru", "в среду", "в пятницу", "date"),
    ("ru", "шестьдесят домов", "семьдесят домов", "number"),
    ("ru", "5 мая", "5 марта", "date"),
    ("ru", "5 млн рублей", "5 млрд рублей", "money"),
    ("hi", "पांच लाख", "पांच करोड़", "number"),
    ("uk", "у травні", "у червні", "date"),
    ("el", "τον Ιανουάριο", "τον Φεβρουάριο", "date"),
    ("ar", "٣٠٠ شخص", "٤٠٠ شخص", "number"),
    ("ar", "يوم الثلاثاء", "يوم الخميس", "date"),
    ("ar", "ثلاثة أشخاص", "أربعة أشخاص", "number"),
    ("fa", "۳۰۰ نفر", "۳۰۱ نفر", "number"),
    ("he", "300 איש", "30 איש", "number"),
    ("hi", "३०० लोग", "४०० लोग", "number"),
    ("hi", "सोमवार को", "मंगलवार को", "date"),
    ("bn", "৩০০ জন", "৪০০ জন", "number"),
    ("th", "๓๐๐ คน", "๔๐๐ คน", "number"),
    ("ko", "300명", "400명", "number"),
    ("ko", "월요일에", "화요일에", "date"),
    ("ko", "3만 명", "3억 명", "number"),
    ("zh", "警方统计有三百人受伤并且送往医院", "警方统计有四百人受伤并且送往医院", "number"),
    ("zh", "30万人", "30亿人", "number"),
    ("zh", "5月3日", "5月4日", "date"),
    ("zh", "12月3日", "1月23日", "date"),
    ("zh", "星期一", "星期三", "date"),
    ("ja", "月曜日に", "火曜日に", "date"),
    ("ja", "午前9時", "午後9時", "date"),
    ("ja", "３億円", "３万円", "money"),
    ("zh", "5万元的费用", "5亿元的费用", "money"),
    ("hu", "5 millió forint", "5 milliárd forint", "money"),
    ("vi", "5 triệu đồng", "5 tỷ đồng", "money"),
    ("id", "Rp5 juta", "Rp5 miliar", "money"),
    ("vi", "vào thứ Hai", "vào thứ Ba", "date"),
    ("vi", "ngày 5 tháng 1", "ngày 6 tháng 1", "date"),
    ("he", "ביום שני", "ביום שלישי", "date"),
    ("th", "ในวันจันทร์", "ในวันอังคาร", "date"),
    ("fi", "tiistaina", "torstaina", "date"),
    ("fi", "5. tammikuuta", "5. helmikuuta", "date"),
    ("hu", "csütörtökön", "pénteken", "date"),
    ("ro", "5 ianuarie", "6 ianuarie", "date"),
    ("bn", "৫ জানুয়ারি", "৬ জানুয়ারি", "date"),
    ("ta", "5 ஜனவரி", "5 பிப்ரவரி", "date"),
    ("ur", "بدھ کو", "جمعرات کو", "date"),
]


@pytest.mark.parametrize(("language", "before", "after", "kind"), CHANGED)
def test_another_value_has_its_kind_and_is_not_cosmetic(language, before, after, kind):
    for a, b in ((before, after), (after, before)):
        named = kinds(in_a_sentence(a), in_a_sentence(b), language)
        assert kind in named
        assert Kind.COSMETIC not in named


ZEROS = {
    "latin": 0x30,
    "arabic": 0x660,
    "persian": 0x6F0,
    "hindi": 0x966,
    "bengali": 0x9E6,
    "thai": 0xE50,
    "wide": 0xFF10,
}
FORMS = ("{}", "-{}", "${}", "{} %", "{} km", "\u20ac{} million", "{}\u4e07", "{}\u5e74", "{} May 2024", "1.{}", "5-{}")


@given(
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.sampled_from([*ZEROS]),
    st.sampled_from([*ZEROS]),
    st.sampled_from(FORMS),
)
def test_only_another_value_is_more_than_cosmetic_in_every_system_of_digits(old, new, one, other, form):
    def written(number: int, system: str) -> str:
        digits = "".join(chr(ZEROS[system] + int(digit)) for digit in str(number))
        return in_a_sentence(form.format(digits))

    named = kinds(written(old, one), written(new, other))
    assert bool(FIGURES & named) == (old != new)
    assert (Kind.COSMETIC in named) == (old == new and one != other)


CORRECTIONS = [
    "Correction: an earlier version said 300.",
    "Correction \u2013 5 May: the toll was 30.",
    "Editor\u2019s note: the name was wrong.",
    "This story has been updated to correct the toll.",
    "Corrección: una versión anterior decía 300.",
    "Korrektur: In einer früheren Fassung stand 300.",
    "Rectificatif : une version précédente de cet article indiquait 300.",
    "Correção: uma versão anterior deste texto dizia 300.",
    "Rettifica: una versione precedente dell'articolo parlava di 300.",
    "Rectificatie: in een eerdere versie stond 300.",
    "Sprostowanie: we wcześniejszej wersji artykułu podano 300.",
    "Rättelse: i en tidigare version stod det 300.",
    "Düzeltme: Bu haberin önceki halinde 300 yazıyordu.",
    "Исправление: в предыдущей версии говорилось о 300.",
    "Виправлення: у попередній версії йшлося про 300.",
    "Διόρθωση: σε προηγούμενη έκδοση αναφέρονταν 300.",
    "تصحيح: ذكرت نسخة سابقة من هذا المقال 300.",
    "सुधार: पिछले संस्करण में 300 लिखा था।",
    "정정: 이전 버전에서는 300명이라고 했습니다.",
    "更正：本文较早版本误写为300人。",
    "【訂正】当初の記事で300人としていました。",
    "Đính chính: Phiên bản trước của bài viết này ghi 300 người.",
    "Oikaisu: Jutun aiemmassa versiossa luku oli 300.",
    "Helyesbítés: cikkünk korábbi változatában 300 szerepelt.",
    "תיקון: בגרסה קודמת של הכתבה נכתב 300.",
    "تصحیح: اس خبر کے پہلے متن میں 300 لکھا تھا۔",
    "Pembetulan: versi terdahulu artikel ini menyatakan 300.",
    "Исправка: у претходној верзији текста наведено је 300.",
    "Correcció: una versió anterior d'aquest article deia 300.",
    "(Corrects name of captain in second paragraph)",
    "The name was misspelled in an earlier version. We regret the error.",
]


@pytest.mark.parametrize("note", CORRECTIONS)
def test_a_note_of_correction_is_one_in_every_language(note):
    assert kinds(in_a_sentence("it"), f"{in_a_sentence('it')}\n{note}") >= {"correction", "added"}


@pytest.mark.parametrize(
    "news",
    [
        "Update: a third barge with barley has reached the mill on Friday.",
        "UPDATE (May 5): The ministry has answered since.",
        "Aktualisierung: Ein drittes Boot hat die Mühle erreicht.",
        "Actualización: un tercer barco llegó al molino.",
        "Mise à jour : une troisième péniche est arrivée.",
        "Обновление: третья баржа прибыла на мельницу.",
        "更新：第三艘驳船已抵达磨坊。",
        "This story has been updated with a third barge.",
    ],
)
def test_an_update_is_an_addition_and_no_correction(news):
    assert kinds(in_a_sentence("it"), f"{in_a_sentence('it')}\n{news}") == {"added"}


def test_the_handed_pairs_are_cosmetic():
    handed = Path(__file__).parents[2] / "shared" / "cases" / "06-number-typography" / "pairs.json"
    if not handed.exists():
        pytest.skip("skipped: no handed cases")
    for before, after in json.loads(handed.read_text(encoding="utf-8")):
        assert kinds(in_a_sentence(before), in_a_sentence(after)) == {Kind.COSMETIC}
