"""Texts of every script: words, sentences, numbers and names, and characters that are no letters."""

from __future__ import annotations

import pytest

from archive.copies.characters import clean
from archive.copies.numbers import han_value
from archive.copies.segment import read_words
from archive.copies.tokenize import stream, tokenize
from archive.copies.word_columns import fold_word, stem


@pytest.mark.parametrize(
    ("written", "language", "value"),
    [
        ("1.2 million people", "en", "1200000"),
        ("£3.7m", "en", "3700000"),
        ("five thousand", "en", "5000"),
        ("1,2 Millionen Menschen", "de", "1200000"),
        ("zwei Billionen", "de", "2000000000000"),
        ("1,2 millones de personas", "es", "1200000"),
        ("217 400 personnes", "fr", "217400"),
        ("1,2 milhões", "pt", "1200000"),
        ("1,2 milioni", "it", "1200000"),
        ("1,2 млн", "ru", "1200000"),
        ("217 400 рублей", "ru", "217400"),
        ("пять тысяч", "ru", "5000"),
        ("خمسة آلاف", "ar", "5000"),
        ("1.2 مليون", "ar", "1200000"),
        ("12 लाख", "hi", "1200000"),
        ("2,17,400", "hi", "217400"),
        ("120万人", "zh", "1200000"),
        ("1億2000万", "ja", "120000000"),
        ("二十五名", "zh", "25"),
        ("三人", "ja", "3"),
        ("3억5000만", "ko", "350000000"),
        ("217'400", "de", "217400"),
        ("16h20", "fr", "16.20"),
        ("4:10", "en", "4.10"),
        ("4:20 p.m.", "en", "16.20"),
        ("9 a.m.", "en", "9"),
    ],
)
def test_a_number_has_one_value_in_every_language(written, language, value):
    assert read_words(written, language).folded[0] == value


def test_letters_after_a_number_are_no_millions_without_a_currency():
    assert read_words("5 m long, 3 k", "en").folded[:2] == ("5", "m")


def test_han_numerals_have_values():
    assert [han_value(written) for written in ("二〇二四", "百五十", "三万五千", "两百")] == [
        "2024",
        "150",
        "35000",
        "200",
    ]


def test_digits_of_every_script_are_digits():
    for body in ("١٬٢٣٤", "१२३४", "１２３４", "๑๒๓๔"):
        assert tokenize(f"{body} Brandvold").words.folded[0] == "1234"


def test_invisible_characters_and_lookalikes_do_not_change_the_words():
    plain = "The harbour master said on Friday that the ferry would be towed to Port Alder."
    noisy = plain.replace("harbour", "har\u200bbo\u00adur").replace("ferry", "fе\u200drrу").replace("Port", "Роrt")
    a, b = tokenize(plain), tokenize(noisy)
    assert a.words.folded == b.words.folded
    assert a.names == b.names
    assert stream(plain) == stream(noisy)
    start, end = b.words.starts[1], b.words.ends[1]
    assert noisy[start:end] == "har\u200bbo\u00adur"
    assert noisy[b.sentences[0].start : b.sentences[0].end] == noisy


def test_lookalikes_in_cyrillic_words_become_cyrillic():
    assert clean("Mосква и pека")[0] == "Москва и река"


def test_composed_and_decomposed_letters_are_one():
    assert tokenize("Cafe\u0301 Ren\u00e9").words.folded == tokenize("Caf\u00e9 Rene\u0301").words.folded


def test_the_apostrophe_of_ukrainian_is_a_letter():
    assert tokenize("У мера п'ять днів і дев’ять ночей.", "uk").words.folded[2] == "5"


def test_vowel_signs_do_not_break_words():
    assert read_words("सोनगढ़ी के बुनकर", "hi").folded == ("सोनगढ़ी", "के", "बुनकर")


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("他说了。“好的！”她问：真的吗？", 3),
        ("वह आया। वह गया।", 2),
        ("جاء الرجل؟ نعم جاء. ثم ذهب.", 3),
        ("وہ آیا۔ وہ گیا۔", 2),
        ("Цена 5 тыс. руб. за кв. метр выросла. Власти молчат.", 2),
    ],
)
def test_sentences_end_in_every_script(body, count):
    assert len(tokenize(body).sentences) == count


def test_words_lose_what_is_joined_to_them():
    assert fold_word("والميناء") == fold_word("الميناء") == fold_word("بالميناء")
    assert fold_word("밥로켓을") == fold_word("밥로켓은") == "밥로켓"
    assert stem("여객선이") == "여객"
    assert stem("переговоры") == "перего"


def test_characters_are_compared_in_pairs_and_a_word_counts_so_many():
    text = tokenize("载有32人的渡轮触礁搁浅，所有人均被送往港口。")
    assert "渡轮" in text.terms
    assert "渡" not in text.terms
    assert text.characters_a_word == 1.7
    assert tokenize("The ferry ran aground.").characters_a_word == 1.0


def test_rare_words_are_names_in_scripts_without_capitals():
    assert "सोनगढ़ी" in tokenize("सोनगढ़ी के बुनकर मोहल्ले ने मकर संक्रांति की रात जागकर काटी और सभी लोग घर गए।").names
    assert "شيراوي" in tokenize("قال القبطان عدنان الشيراوي إن السفينة مستقرة على قاع رملي في القناة الشرقية.").names
    assert "ブランドヴォルト" in tokenize("船長のブランドヴォルト氏は会見で、原因を調べていると述べた。").names
    assert "砚青" in tokenize("记者周砚青因锅盖在锅内有压力时仍可能被打开。").names


def test_a_text_in_capitals_has_few_names():
    body = "THE HARBOUR MASTER SAID ON FRIDAY THAT THE FERRY WOULD BE TOWED TO PORT BRANDVOLD BY TWO TUGS AND A BOAT."
    assert tokenize(body).names == {"brandvold"}


def test_the_forms_of_an_inflected_name_are_one_name():
    text = tokenize(
        "Вчера мэр Брандвольд уехал. Об этом, по словам Брандвольда, никто не знал. Но с Брандвольдом говорили все."
    )
    assert text.names == {"брандвольд"}
    assert sum("брандвольд" in sentence.names for sentence in text.sentences) == 3


def test_function_words_of_all_languages_have_no_weight():
    for body, word in (
        ("Le maire a dit que la ville est belle et que tout va bien.", "que"),
        ("Мэр сказал, что это не так и что он не уйдёт.", "что"),
    ):
        assert word not in tokenize(body).terms
