"""The language of a text: by its script, its commonest words, and what the page declares."""

from __future__ import annotations

import pytest

from archive.copies.background import LANGUAGES, table
from db.languages import commonest_words, contradicting_language, identify, script_of

SENTENCES = {
    "en": "The ferry with 32 people on board ran aground on a reef, and all of them were taken to the harbour by boat.",
    "es": "El transbordador con 32 personas a bordo encalló en un arrecife y todas fueron llevadas al puerto por la tarde.",
    "de": "Die Fähre mit 32 Menschen an Bord ist auf ein Riff gelaufen, und alle wurden mit Booten in den Hafen gebracht.",
    "fr": "Le ferry avec 32 personnes à bord s'est échoué sur un récif et toutes ont été conduites au port par la vedette.",
    "pt": "A balsa com 32 pessoas a bordo encalhou em um recife e todas foram levadas para o porto pela manhã, não há feridos.",
    "it": "Il traghetto con 32 persone a bordo si è arenato su una scogliera e tutte sono state portate in porto dalla nave.",
    "nl": "De veerboot met 32 mensen aan boord is op een rif gelopen en ze zijn allemaal met een boot naar de haven gebracht.",
    "pl": "Prom z 32 osobami na pokładzie wpłynął na rafę, a wszystkie zostały przewiezione do portu, jak się okazało, po nocy.",
    "sv": "Färjan med 32 personer ombord gick på ett rev och alla har förts till hamnen med båt, men det är inte klart varför.",
    "tr": "İçinde 32 kişi bulunan feribot bir resife oturdu ve bu kişiler daha sonra bir tekne ile limana götürüldü, olay için.",
    "ru": "Паром с 32 пассажирами на борту сел на мель у рифа, и все они были доставлены в порт на катере, как сообщили власти.",
    "uk": "Пором із 32 пасажирами на борту сів на мілину біля рифу, і всіх їх доставили в порт на катері, повідомила влада.",
    "el": "Το πλοίο με 32 επιβάτες προσάραξε σε ύφαλο και όλοι μεταφέρθηκαν στο λιμάνι.",
    "ar": "جنحت العبارة وعلى متنها 32 شخصا على شعاب مرجانية، ونقل الجميع إلى الميناء في وقت لاحق من اليوم.",
    "fa": "کشتی با ۳۲ مسافر به گل نشست و همه آنها به بندر منتقل شدند و چند نفر نیز پس از این حادثه گفتند که",
    "hi": "32 लोगों को ले जा रही नौका चट्टान से टकरा गई और सभी को बंदरगाह ले जाया गया।",
    "ko": "승객 32명을 태운 여객선이 암초에 걸렸고 모두 항구로 옮겨졌다.",
    "zh": "载有32人的渡轮触礁搁浅，所有人均被送往港口。",
    "ja": "32人を乗せたフェリーが岩礁に乗り上げ、全員が港に運ばれた。",
    "he": "המעבורת עם 32 נוסעים עלתה על שרטון וכולם הובאו לנמל.",
    "th": "เรือเฟอร์รี่ที่มีผู้โดยสาร 32 คนเกยตื้นบนแนวปะการัง",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_shows_its_language(language):
    assert identify(SENTENCES[language]) == language
    assert identify(SENTENCES[language].upper()) == language


@pytest.mark.parametrize(
    ("language", "declared"), [("en", "es"), ("pt", "es"), ("fr", "en-GB"), ("zh", "en"), ("ru", "de")]
)
def test_a_clearly_wrong_declaration_is_not_believed(language, declared):
    assert identify(SENTENCES[language], declared) == language


def test_a_declaration_is_believed_where_the_text_shows_nothing():
    assert identify("Brandvold 14, Quist 51, Marek 9", "de-AT") == "de"
    assert identify("Brandvold 14, Quist 51, Marek 9") is None
    assert identify("", "pt_BR") == "pt"
    assert identify("1, 2, 3") is None


def test_close_languages_are_decided_by_the_declaration():
    norwegian = "Fergen med 32 personer om bord gikk på et skjær, og alle ble brakt til havnen med båt."
    assert identify(norwegian, "da") == "da"
    assert identify(norwegian, "no") == "no"
    assert identify("ब्रांडवोल्ड नौका", "mr") == "mr"


def test_words_serve_as_well_as_a_text():
    assert identify(SENTENCES["fr"].split()) == "fr"


def test_a_text_has_the_script_of_most_of_its_letters():
    assert script_of("Москва и LP-50A") == "Cyrillic"
    assert script_of("ソニーのPlayStation 5は") == "kana"
    assert script_of("42 %") is None


def test_every_table_is_read_alone():
    for language in LANGUAGES:
        assert len(table(language)) > 10_000
    assert table("xx") == {}
    assert all(0.0 > share > -9.2 for shares in commonest_words().values() for share in shares.values())


LONGER = {
    "de": "Der Rat hat beschlossen, die Brücke noch vor dem Winter zu erneuern, und die Kosten werden auf zwei Millionen"
    " geschätzt. Das ist mehr als im Frühjahr, aber die Stadt hat das Geld, sagte die Bürgermeisterin nach der Sitzung."
    " Auch die Fähre fährt weiter, bis die Arbeiten zu Ende sind, und von der Brücke aus wird man den Fluss sehen,"
    " wie er einmal war, bevor das Wehr gebaut wurde.",
    "es": "El consejo decidió renovar el puente antes del invierno y los costos se estiman en dos millones. Es más que"
    " en primavera, pero la ciudad tiene el dinero, dijo la alcaldesa después de la sesión. El transbordador también"
    " sigue hasta que terminen las obras, y desde el puente se podrá ver el río como era antes de que lo cerraran.",
    "bn": "পরিষদ মঙ্গলবার সিদ্ধান্ত নিয়েছে যে শীতের আগে পুরনো সেতুটি সংস্কার করা হবে এবং খরচ বিশ লাখ টাকা ধরা হয়েছে।",
    "ja": "評議会は火曜日、冬が来る前に古い橋を直すことを決めた。費用は春の見積もりより高いが市には資金があるという。",
    "ko": "시의회는 화요일 겨울이 오기 전에 낡은 다리를 고치기로 결정했으며 비용은 이백만으로 추산된다고 시장이 말했다.",
    "no": "Rådet har vedtatt å fornye broen før vinteren, og kostnadene er anslått til to millioner. Det er mer enn i vår,"
    " men byen har pengene, sa ordføreren etter møtet. Fergen går også videre til arbeidet er ferdig, og fra broen vil"
    " man kunne se elven slik den en gang var, før demningen ble bygget og alt ble annerledes for dem som bor der.",
}


@pytest.mark.parametrize("language", [language for language in LONGER if language != "no"])
def test_a_long_text_contradicts_a_page_that_declares_another_language(language):
    assert contradicting_language(LONGER[language], "en-US") == language
    assert contradicting_language(LONGER[language], language) is None


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        (LONGER["de"][:200], "en"),  # too short
        (f"{LONGER['de']} " + "This is what the mayor said, and it was not the first time that she had. " * 5, "en"),
        (LONGER["no"], "nb"),
        (LONGER["no"], "nn"),
        (LONGER["no"], "da"),  # too close
        (SENTENCES["zh"] * 3 + "「ソニー」", "zh"),  # a name in kana
        ("Brandvold 14, Quist 51, Marek 9. " * 20, "es"),
    ],
)
def test_a_page_is_believed_where_its_text_leaves_a_doubt(text, declared):
    assert contradicting_language(text, declared) is None
