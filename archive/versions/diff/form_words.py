"""Words of figures in many languages, in lower case: percent, currencies, scales, units, signs, ranges and ordinals."""

from __future__ import annotations

from archive.versions.diff.values import SCALES

PERCENT_WORDS: dict[str, str] = dict.fromkeys(
    (
        *("percent", "per cent", "pct", "pct.", "p.c.", "prozent", "v.h.", "pour cent", "p. 100", "pour 100"),
        *("por ciento", "por 100", "por cento", "per cento", "procent", "procenta", "procentų", "proc.", "proc"),
        *("процент", "процента", "процентов", "процентами", "відсоток", "відсотка", "відсотки", "відсотків", "на сто"),
        *("prosent", "prosenttia", "prosentin", "százalék", "százaléka", "százalékot", "százalékkal", "százalékos"),
        *("la sută", "la suta", "τοις εκατό", "%-a", "%-os", "posto", "od sto", "protsenti"),
        *("אחוז", "אחוזים", "درصد", "بالمئة", "بالمائة", "في المئة", "في المائة", "فيصد", "فیصد"),
        *("प्रतिशत", "फीसदी", "फ़ीसदी", "परसेंट", "শতাংশ", "ভাগ", "சதவீதம்", "శాతం", "persen", "peratus"),
        *("phần trăm", "เปอร์เซ็นต์", "asilimia", "per\u00a0cent"),
    ),
    "%",
)
"""Words for percent behind a figure."""

_CURRENCIES = {
    "EUR": "€ eur euro euros eura евро євро ευρώ euroa يورو یورو 유로 ユーロ 欧元 歐元 אירו",
    "GBP": "£ gbp pound pounds sterling",
    "USD": "us$ usd us-dollar us-dollars",
    "DOL": "$ dollar dollars dólares dólar dollari доллар доллара долларов доларів دولار دولارا 달러 ドル 美元 डॉलर",
    "AUD": "a$ au$ aud",
    "CAD": "c$ ca$ cad",
    "NZD": "nz$ nzd",
    "HKD": "hk$ hkd 港元",
    "CHF": "chf sfr sfr. fr. franken",
    "INR": "₹ inr rs rs. re. rupee rupees रुपये रुपए रुपया रु रु.",
    "JPY": "¥ jpy yen 円",
    "CNY": "cny rmb yuan 元 人民币",
    "KRO": "kr kr. kronor kroner kronen crown crowns",
    "KRW": "₩ krw won 원",
    "RUB": "₽ rub rubles roubles рубль рубля рублей руб руб.",
    "UAH": "₴ uah гривня гривні гривень грн грн.",
    "TRY": "₺ try lira tl",
    "BRL": "r$ brl reais",
    "PLN": "pln zł zł. złoty złote złotych zloty",
    "CZK": "czk kč korun koruny",
    "HUF": "huf forint ft.",
    "RON": "ron lei",
    "IDR": "rp rp. idr rupiah",
    "VND": "vnd đồng ₫",
    "THB": "thb baht บาท ฿",
    "ILS": "₪ ils שקל שקלים nis ש״ח",
    "IRR": "تومان",
    "BDT": "৳ টাকা",
    "PHP": "₱ php",
    "NGN": "₦ ngn",
}
CURRENCY_WORDS: dict[str, str] = {
    word: code for code, words in _CURRENCIES.items() for word in words.casefold().split()
}
"""Signs, codes and names of currencies beside a figure, with a code for each. ``$`` alone has a code of its own."""

_SCALES = {
    10**2: "hundred",
    10**3: "тысячу тисячу thousand ribu rb nghìn ngàn พัน هزار हजार हज़ार হাজার אלף אלפים tuhat tuhatta ezer mii tisíc "
    "tisíce elfu хиляди hiljada tisuća",
    10**4: "หมื่น",
    10**5: "lakh lakhs lac lacs लाख লাখ লক্ষ แสน لاکھ",
    10**6: "miliona мільйони миллионы million millions mn juta jt triệu ล้าน میلیون מיליון מיליוני miljoona miljoonaa "
    "millió milioane mil. milionu miliony milionů милиона milijuna milijun milijona",
    10**7: "crore crores cr करोड़ करोड़ কোটি کروڑ",
    10**9: "мільярди миллиарды bn miliar tỷ tỉ میلیارد מיליארד miljardi miljardia milliárd miliarde miliardy miliard "
    "miliardů mld. md mds milijardi милиарда",
    10**12: "trillion tn tn. triliun biljoonaa",
}
SCALE_WORDS: dict[str, int] = {
    **{word.casefold(): factor for word, factor in SCALES.items()},
    **{word.casefold(): factor for factor, words in _SCALES.items() for word in words.split()},
}
"""Words that multiply the figure before them."""

_UNITS = {
    "km": "km kms kilometre kilometres kilometer kilometers kilómetros kilometern kilomètres километров км kilometrów",
    "kg": "kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes кг килограммов",
    "km/h": "km/h kph kmh kmph kilometres_per_hour kilometers_per_hour км/ч",
    "mph": "mph miles_per_hour",
    "mi": "mi mile miles",
    "foot": "ft ft. foot feet",
    "inch": "in. inch inches",
    "lb": "lb lbs lb.",
    "m2": "m2 m² sq_m sqm square_metres square_meters square_metre square_meter qm quadratmeter кв._м",
    "km2": "km2 km² sq_km square_kilometres square_kilometers quadratkilometer",
    "°c": "°c degrees_celsius degrees_c deg_c grad_celsius degrés_celsius",
    "°f": "°f degrees_fahrenheit degrees_f deg_f",
    "°": "° degree degrees grad градусов degrés grados",
    "metre": "metre metres meter meters metros metern mètres метров",
    "cm": "cm centimetre centimetres centimeters zentimeter см",
    "ha": "ha hectare hectares hektar гектаров",
    "litre": "l litre litres liter liters",
    "tonne": "t tonne tonnes tonnen тонн",
    "-year-old": "-year-old year-old year_old years_old",
}
UNIT_WORDS: dict[str, str] = {
    word.replace("_", " "): unit for unit, words in _UNITS.items() for word in words.casefold().split()
}
"""Names and signs of units behind a figure."""

MINUS_WORDS: dict[str, str] = dict.fromkeys(
    (
        *("minus", "negative", "moins", "menos", "meno", "минус", "мінус", "eksi", "マイナス", "miinus", "mínusz"),
        *("منفی", "سالب", "ناقص", "ลบ", "माइनस", "âm"),
    ),
    "-",
)
"""Words for a negative sign before a figure."""

RANGE_WORDS: dict[str, str] = dict.fromkeys(
    "to bis à a do до tot til till až až_do ate até đến tới до έως ως ila hingga sampai تا إلى से থেকে ถึง עד la".replace(
        "až_do", ""
    ).split(),
    "-",
)
"""Words between the ends of a range."""

_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    "twentieth",
)
ORDINAL_WORDS: dict[str, str] = {word: f"{number}th" for number, word in enumerate(_ORDINALS, start=1)}
"""Ordinals in words."""

_COUNTS = {
    "fi": "kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen yksitoista kaksitoista",
    "hu": "két/kettő három négy öt - hét nyolc kilenc tíz tizenegy tizenkettő",
    "ro": "doi/două trei patru cinci șase/şase șapte/şapte opt nouă zece unsprezece doisprezece/douăsprezece",
    "cs": "dva/dvě tři/tří čtyři/čtyř pět/pěti šest/šesti sedm/sedmi osm/osmi devět/devíti deset/deseti "
    "jedenáct dvanáct",
    "da": "- tre fire fem seks syv otte ni ti elleve tolv",
    "id": "dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas -",
    "vi": "hai ba bốn - sáu bảy tám chín mười - -",
    "fa": "دو سه چهار پنج شش هفت هشت نه ده یازده دوازده",
    "he": "שניים/שתיים/שני שלושה/שלוש ארבעה/ארבע חמישה/חמש שישה/שש שבעה/שבע שמונה תשעה/תשע עשרה/עשר - -",
    "bn": "দুই/দুজন তিন/তিনজন চার/চারজন পাঁচ/পাঁচজন ছয়/ছয়জন সাত/সাতজন আট/আটজন নয়/নয়জন দশ/দশজন এগারো বারো",
    "uk": "- - - п'ять/п'яти шість - - дев'ять/дев'яти - - -",
}
_ALSO_OTHER = frozenset(["to", "ni", "ti", "ba", "hai", "fire", "tre", "nouă", "opt", "deset", "nove", "hét", "הפ"])
MORE_COUNTS: dict[str, str] = {
    word: str(number)
    for language, words in _COUNTS.items()
    for number, forms in enumerate(words.split(), start=2)
    for word in forms.split("/")
    if word != "-" and word not in _ALSO_OTHER
}
"""Numbers in words of further languages, unless the word has another meaning in one."""

_PARTS = {
    "3": "3th third thirds drittel tiers tercio tercios terço terços terzo terzi третьих",
    "4": "quarter quarters viertel quarts cuartos quartos quarti",
    "5": "fifths fünftel cinquièmes quintos quinti",
    "10": "tenths zehntel dixièmes décimos decimi",
}
FRACTION_PARTS: dict[str, str] = {word: number for number, words in _PARTS.items() for word in words.split()}
"""Names of the parts of a fraction, with their number in the whole."""

ERAS: dict[str, int] = {
    "令和": 2018,
    "平成": 1988,
    "昭和": 1925,
    "大正": 1911,
    "民國": 1911,
    "民国": 1911,
}
"""Names of eras, with the year before their first one."""

THAI_MONTHS: dict[str, str] = {
    form: month
    for month, forms in (
        ("january", "มกราคม/ม.ค."),
        ("february", "กุมภาพันธ์/ก.พ."),
        ("march", "มีนาคม/มี.ค."),
        ("april", "เมษายน/เม.ย."),
        ("may", "พฤษภาคม/พ.ค."),
        ("june", "มิถุนายน/มิ.ย."),
        ("july", "กรกฎาคม/ก.ค."),
        ("august", "สิงหาคม/ส.ค."),
        ("september", "กันยายน/ก.ย."),
        ("october", "ตุลาคม/ต.ค."),
        ("november", "พฤศจิกายน/พ.ย."),
        ("december", "ธันวาคม/ธ.ค."),
    )
    for form in forms.split("/")
}
"""Thai names of months, with English ones."""

THAI_COUNTS: dict[str, str] = {
    word: str(number) for number, word in enumerate(["สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า", "สิบ"], start=2)
}
"""Thai numbers in words, which stand before a counter."""
