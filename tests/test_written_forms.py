"""A figure in another notation (words, signs, units, eras, halves of the day) is cosmetic; another value never is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.versions.diff import compare
from db.records import Kind, Text

FIGURES = {Kind.NUMBER, Kind.MONEY, Kind.DATE, Kind.NAME}


def kinds(language: str, before: str, after: str) -> set[str]:
    sentences = (
        f"The council spoke of {figure} in the long report, as members had asked." for figure in (before, after)
    )
    a, b = (Text(sha256=body, title="", body=body, language=language) for body in sentences)
    return set(compare(a, b).kinds)


SAME = """
en|5 to 10 people|5–10 people
en|$5 to $10|$5–$10
en|10% to 20%|10–20%
en|1½ years|1 1/2 years
en|1½ years|1.5 years
en|2¾ miles|2 3/4 miles
en|0.5 percent|½ percent
en|.5 percent|0.5 percent
en|two-thirds of voters|2/3 of voters
en|a third of voters|one third of voters
en|thirty-five people|35 people
en|two hundred and fifty|250
en|10,000|ten thousand
en|1.5m people|1.5 million people
en|12k followers|12,000 followers
en|Rs 500 crore|₹500 crore
en|INR 500|₹500
en|CAD 20|C$20
en|¥500|500 yen
en|5 lakh people|500,000 people
en|50 pct|50%
en|minus 3 degrees|-3 degrees
en|7:30 p.m.|19:30
en|12 noon|noon
en|the 1st of them|the first of them
en|3rd place|third place
en|twenty-first century|21st century
en|30 mph|30 miles per hour
en|20 sq km|20 square kilometres
en|3.0 million|3 million
en|Nos. 5 and 6|No. 5 and 6
de|5 bis 10 Personen|5–10 Personen
de|5. Januar 2026|05.01.2026
de|am 1. Mai|am 1.Mai
de|10.000 €|10 000 Euro
de|anderthalb Jahre|1,5 Jahre
de|zwei Drittel|2/3
de|minus 5 Grad|−5 Grad
fr|5 à 10 personnes|5-10 personnes
fr|vingt et un jours|21 jours
fr|deux mille|2 000
es|5 a 10 personas|5-10 personas
es|10%|10 por 100
it|1,5 milioni di euro|1,5 milioni €
pl|1,5 mln zł|1,5 miliona złotych
pl|10 proc.|10%
sv|5 kr|5 kronor
fi|10 prosenttia|10 %
hu|10 százalék|10%
ro|10 la sută|10%
el|10 τοις εκατό|10%
ru|5 млн руб.|5 миллионов рублей
tr|%10|yüzde 10
he|10 אחוז|10%
fa|۱۰٪|۱۰ درصد
fa|۱٬۰۰۰ نفر|۱۰۰۰ نفر
hi|₹500 करोड़|500 करोड़ रुपये
hi|दो लाख|2 लाख
hi|10 फीसदी|10%
id|5 ribu orang|5.000 orang
id|dua ribu|2.000
vi|5 triệu đồng|5.000.000 đồng
th|ร้อยละ 10|10%
th|5 ม.ค. 2569|5 มกราคม 2569
ja|2026年1月5日|二〇二六年一月五日
ja|令和8年1月5日|2026年1月5日
ja|午後7時30分|19時30分
ja|1億2000万円|1億2,000万円
ja|10%|10パーセント
zh|百分之十|10%
zh|三分之二|2/3
zh|下午3点|15点
zh|1月5日|1月5号
ko|오후 3시|15시
ko|3만5천 명|3만5000명
""".strip().splitlines()

CHANGED = """
en|minus 3 degrees|3 degrees|number
en|12k followers|12 followers|number
en|first place|second place|number
en|1 1/2 years|11/2 years|number
en|1/2 of all|1.2 of all|number
en|10.000 homes|10 homes|number
en|$10.00|$1000|money
en|$3.50|$3.05|money
en|5 to 10|5 to 100|number
en|thirty people|thirteen people|number
en|5 lakh people|5 crore people|number
en|two hundred and five|two hundred and fifty|number
en|5th of them|5 of them|number
en|7 p.m.|7 hours|date
en|5 boats in May on the river|5 ships in June on the river|date
en|5 boats “at sea” now|5 boats at sea now|quotation
en|5 lb|£5|money
de|anderthalb Jahre|zweieinhalb Jahre|number
de|10.000 €|10 €|money
id|5 juta|5 miliar|number
id|lima orang|enam orang|number
vi|5 triệu|5 tỷ|number
fi|viisi ihmistä|kuusi ihmistä|number
ro|cinci oameni|șase oameni|number
cs|pět lidí|šest lidí|number
th|10 ล้าน|10 แสน|number
th|5 มกราคม|5 กุมภาพันธ์|date
ko|세 명|네 명|number
zh|百分之十|百分之二十|number
ja|令和8年|平成8年|date
ja|午後12時|午前12時|date
""".strip().splitlines()


@pytest.mark.parametrize("row", SAME)
def test_another_notation_of_a_figure_is_no_other_figure(row: str) -> None:
    language, before, after = row.split("|")
    assert not FIGURES & kinds(language, before, after)
    assert not FIGURES & kinds(language, after, before)


@pytest.mark.parametrize("row", CHANGED)
def test_another_figure_in_words_or_units_is_a_changed_figure(row: str) -> None:
    language, before, after, kind = row.split("|")
    named = kinds(language, before, after)
    assert Kind.COSMETIC not in named
    assert kind in named


TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@given(st.integers(21, 99), st.integers(21, 99), st.sampled_from(["{} people", "{} per cent", "minus {} degrees"]))
def test_numbers_in_words_have_the_value_of_their_digits(spelled: int, digits: int, form: str) -> None:
    tens, units = divmod(spelled, 10)
    words = f"{TENS[tens - 2]}-{UNITS[units - 1]}" if units else TENS[tens - 2]
    named = kinds("en", form.format(words), form.format(digits))
    assert bool(FIGURES & named) == (spelled != digits)
