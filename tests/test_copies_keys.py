"""Look-up keys: a lifted passage and a translation share enough of them to be compared."""

from __future__ import annotations

import json
import random
from hashlib import sha256
from itertools import combinations
from pathlib import Path

import pytest

from archive.copies import Tier, fingerprint, tier_of
from db.queries.links import LEAST_SHARED, key_value
from db.records import Text

LINES = (Path(__file__).parent / "pairs" / "texts.jsonl").read_text(encoding="utf-8").splitlines()
STORIES = {
    row["id"]: row["body"] for row in map(json.loads, LINES) if row["id"].endswith(".a") and row["language"] == "en"
}

ENGLISH = """The ferry Maribel ran aground near Port Brandvold on Friday with 217 passengers and 34 crew on board.

Captain Tamsin Halvern, 51, told reporters that the 4,800-tonne ship had lost power at 16:20.

The operator, Okafor Lines, will pay 1.2 million crowns, said its director Eduard Zhikhar."""

TRANSLATIONS = {
    "ru": """Паром «Марибель» сел на мель у Порт-Брандвольда в пятницу, на борту были 217 пассажиров и 34 члена экипажа.

Капитан Тэмсин Халверн, 51 год, сообщила журналистам, что судно водоизмещением 4 800 тонн потеряло ход в 16:20.

Компания «Окафор Лайнс» выплатит 1,2 млн крон, сказал её директор Эдуард Жихарь.""",
    "ja": """フェリー「マリベル」が金曜日、ポート・ブランドヴォルト付近で座礁した。乗客217人と乗員34人が乗っていた。

船長のタムジン・ハルヴァーンさん(51)は記者団に、4800トンの船が16:20に動力を失ったと語った。

運航会社オカフォー・ラインズは120万クローネを支払うと、エドゥアルド・ジハル社長は述べた。""",
    "ar": """جنحت العبارة ماريبل قرب ميناء براندفولد يوم الجمعة وعلى متنها 217 راكبا و34 من أفراد الطاقم.

وقالت القبطان تامسين هالفرن (51 عاما) للصحفيين إن السفينة التي تزن 4800 طن فقدت الطاقة عند الساعة 16:20.

وستدفع شركة أوكافور لاينز 1.2 مليون كرونة، حسبما قال مديرها إدوارد جيخار.""",
    "zh": """“马里贝尔”号渡轮周五在布兰德沃尔德港附近搁浅，船上有217名乘客和34名船员。

51岁的船长塔姆辛·哈尔文对记者表示，这艘4800吨的船于16:20失去动力。

运营商奥卡福公司总裁爱德华·日哈尔说，将支付120万克朗。""",
    "hi": """फ़ेरी मारिबेल शुक्रवार को ब्रांडवोल्ड बंदरगाह के पास फँस गई, जिसमें 217 यात्री और चालक दल के 34 सदस्य सवार थे।

कप्तान टैमसिन हैलवर्न, 51, ने पत्रकारों को बताया कि 4,800 टन के जहाज़ की बिजली 16:20 पर चली गई।

संचालक ओकाफ़ोर लाइन्स 12 लाख क्राउन देगी, निदेशक एडुआर्ड ज़िखार ने कहा।""",
}


def keys_of(body: str) -> set[int]:
    return set(fingerprint(Text(sha256=sha256(body.encode()).hexdigest(), title="", body=body)))


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_shares_four_keys_with_its_original_in_any_script(language):
    shared = keys_of(ENGLISH) & keys_of(TRANSLATIONS[language])
    assert len(shared) >= LEAST_SHARED
    assert {tier_of(key) for key in shared} == {Tier.TERM}


def test_translations_into_two_languages_share_four_keys():
    keys = {language: keys_of(body) for language, body in TRANSLATIONS.items()}
    few = [(a, b) for a, b in combinations(keys, 2) if len(keys[a] & keys[b]) < LEAST_SHARED]
    assert few == []


def test_a_paragraph_of_forty_words_is_found_in_another_story():
    dice = random.Random(4)
    bodies, found = list(STORIES.values()), []
    for body in bodies:
        host = dice.choice([other for other in bodies if other != body]).split("\n\n")
        words = body.split()
        start = dice.randrange(max(1, len(words) - 40))
        host.insert(1, " ".join(words[start : start + 40]))
        shared = keys_of(body) & keys_of("\n\n".join(host))
        found.append(sum(key_value(key, rare=True) for key in shared) >= LEAST_SHARED)
    assert len(found) > 15
    assert sum(found) >= 0.95 * len(found)


def test_keys_of_a_story_take_at_most_1200_bytes_and_of_a_long_text_a_share_of_it():
    bytes_of_a_key = 17
    assert max(map(len, map(keys_of, STORIES.values()))) <= 1200 / bytes_of_a_key
    long = "\n\n".join(STORIES.values())
    assert len(keys_of(long)) * bytes_of_a_key <= len(long) / 4


def test_a_passage_of_a_very_long_text_is_found():
    long = "\n\n".join(STORIES.values())
    words, keys = long.split(), keys_of(long)
    for start in range(0, len(words) - 48, 831):
        host = f"{ENGLISH}\n\n{' '.join(words[start : start + 48])}"
        shared = keys & keys_of(host)
        assert sum(key_value(key, rare=True) for key in shared) >= LEAST_SHARED
