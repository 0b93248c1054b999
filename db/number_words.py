"""Numbers in words, in 18 languages and in Han characters, and the words that multiply a number."""

from __future__ import annotations

_SMALL = {
    "en": "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty",
    "es": "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte",
    "de": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn zwanzig",
    "fr": "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit "
    "dix-neuf vingt",
    "pt": "dois/duas três quatro cinco seis sete oito nove dez onze doze treze catorze/quatorze quinze "
    "dezesseis/dezasseis dezessete/dezassete dezoito dezenove/dezanove vinte",
    "it": "due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove venti",
    "nl": "twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien "
    "achttien negentien twintig",
    "pl": "dwa/dwie/dwóch/dwoje trzy/trzech/troje cztery/czterech/czworo pięć/pięciu/pięcioro sześć/sześciu "
    "siedem/siedmiu osiem/ośmiu dziewięć/dziewięciu dziesięć/dziesięciu jedenaście/jedenastu dwanaście/dwunastu "
    "trzynaście czternaście piętnaście/piętnastu szesnaście siedemnaście osiemnaście dziewiętnaście "
    "dwadzieścia/dwudziestu",
    "sv": "två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton nitton tjugo",
    "tr": "iki üç dört beş altı yedi sekiz dokuz on - - - - - - - - - yirmi",
    "ru": "два/две/двух/двое три/трёх/трех/трое четыре/четырёх/четырех/четверо пять/пяти/пятеро шесть/шести "
    "семь/семи восемь/восьми девять/девяти десять/десяти одиннадцать/одиннадцати двенадцать/двенадцати тринадцать "
    "четырнадцать/четырнадцати пятнадцать/пятнадцати шестнадцать семнадцать восемнадцать девятнадцать "
    "двадцать/двадцати",
    "uk": "два/дві/двох/двоє три/трьох/троє чотири/чотирьох пʼять/пʼяти шість/шести сім/семи вісім/восьми "
    "девʼять/девять десять/десяти одинадцять дванадцять/дванадцяти тринадцять чотирнадцять пʼятнадцять шістнадцять "
    "сімнадцять вісімнадцять девʼятнадцять двадцять",
    "el": "δύο/δυο τρεις/τρία τέσσερις/τέσσερα πέντε έξι επτά/εφτά οκτώ/οχτώ εννέα/εννιά δέκα έντεκα δώδεκα δεκατρείς "
    "δεκατέσσερα δεκαπέντε δεκαέξι δεκαεπτά δεκαοκτώ δεκαεννέα είκοσι",
    "ar": "اثنان/اثنين/اثنتين ثلاثة/ثلاث أربعة/أربع خمسة/خمس ستة/ست سبعة/سبع ثمانية/ثماني تسعة/تسع عشرة/عشر - - - - - "
    "- - - - عشرون/عشرين",
    "hi": "दो तीन चार पाँच/पांच छह/छः/छे सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह/पन्द्रह सोलह सत्रह अठारह उन्नीस बीस",
    "ko": "두 세/셋 네/넷 다섯 여섯 일곱 여덟 아홉 열 - - - - - - - - - 스무",
}  # fmt: skip
_TENS = {
    "en": "thirty forty fifty sixty seventy eighty ninety",
    "es": "treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "de": "dreissig/dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "trente quarante cinquante soixante - quatre-vingts -",
    "pt": "trinta quarenta cinquenta sessenta setenta oitenta noventa",
    "it": "trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "nl": "dertig veertig vijftig zestig zeventig tachtig negentig",
    "pl": "trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt osiemdziesiąt dziewięćdziesiąt",
    "sv": "trettio fyrtio femtio sextio sjuttio åttio nittio",
    "tr": "otuz kırk elli altmış yetmiş seksen doksan",
    "ru": "тридцать/тридцати сорок/сорока пятьдесят/пятидесяти шестьдесят/шестидесяти семьдесят восемьдесят девяносто",
    "uk": "тридцять сорок пʼятдесят шістдесят сімдесят вісімдесят девʼяносто",
    "el": "τριάντα σαράντα πενήντα εξήντα εβδομήντα ογδόντα ενενήντα",
    "ar": "ثلاثون/ثلاثين أربعون/أربعين خمسون/خمسين ستون/ستين سبعون/سبعين ثمانون/ثمانين تسعون/تسعين",
    "hi": "तीस चालीस पचास साठ सत्तर अस्सी नब्बे",
}
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth"
_MAGNITUDES = {
    1e3: "thousand tausend mil mille mila duizend tysiąc tysiące tysięcy tys tusen bin тысяча тысячи тысяч тыс тисяча "
    "тисячі тисяч тис χιλιάδες χιλιάδων ألف آلاف الف ألفا हजार हज़ार हज़ार",
    1e6: "million millió juta triệu milioane "
    "millions mn millionen mio millón millones milhão milhões milhao milhoes milione milioni mln miljoen "
    "milion miliony milionów miljon miljoner milyon миллион миллиона миллионов млн мільйон мільйона мільйонів "
    "εκατομμύριο εκατομμύρια εκατομμυρίων εκατ مليون ملايين مليونا",
    1e9: "billion milliárd miliar tỷ miliarde "
    "billions bn milliarde milliarden mrd milliard milliards bilhão bilhões miliardo miliardi mld "
    "miljard miliard miliardy miliardów miljarder milyar миллиард миллиарда миллиардов млрд мільярд мільярда "
    "мільярдів δισεκατομμύρια δισεκατομμυρίων δισ مليار مليارات",
    1e5: "lakh lakhs लाख",
    1e7: "crore crores करोड़ करोड़",
}

NUMBER_WORDS: dict[str, dict[str, str]] = {
    language: {
        **{word: str(n) for n, words in enumerate(spelled.split(), start=2) for word in words.split("/")},
        **{
            word: str(10 * n)
            for n, words in enumerate(_TENS.get(language, "").split(), start=3)
            for word in words.split("/")
        },
    }
    for language, spelled in _SMALL.items()
}
"""Spelled numbers as digits, by language: a spinner writes "5 years" for "five years", a translator "zwölf"."""
NUMBER_WORDS["en"] |= {word: str(n) for n, word in enumerate(_ORDINALS.split(), start=2)}

ANY_NUMBER_WORDS: dict[str, str] = {**NUMBER_WORDS["es"], **NUMBER_WORDS["de"], **NUMBER_WORDS["en"]}
"""Spelled numbers for a text whose language is not known."""

MAGNITUDES: dict[str, float] = {word: factor for factor, words in _MAGNITUDES.items() for word in words.split()}
"""Words that multiply the number before them. A language of the long scale has its own value for some."""

CHARACTER_MAGNITUDES = {"百": 1e2, "千": 1e3, "万": 1e4, "萬": 1e4, "億": 1e8, "亿": 1e8, "兆": 1e12, "천": 1e3, "만": 1e4, "억": 1e8, "조": 1e12}  # fmt: skip  # noqa: E501
CHARACTER_DIGITS = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {
    "零": 0,
    "两": 2,
    "兩": 2,
    "十": 10,
}
HAN_NUMBER = (
    r"(?:[二三四五六七八九两]?[百千]|[二三四五六七八九两]?十|[二三四五六七八九两])(?:[〇零一二三四五六七八九十百千万億亿]{0,24})"
    r"(?=[年月日人名个個歳岁回次枚台件度倍天周週割位时時分只隻本社機区區カヶか层階辆輛所座家条項项]|[万億亿])[万億亿]?"
)
"""A number in Han characters before a counter. It has an end, since a run of digits is tried from each of them."""


def han_value(written: str) -> str:
    """Return the value of a number in Han characters: ``二十五`` is 25, ``三千`` is 3000, ``二〇二四`` is 2024."""
    if not any(character in "十百千万億亿" for character in written):
        return str(int("".join(str(CHARACTER_DIGITS[character]) for character in written)))
    total = section = digit = 0.0
    for character in written:
        factor = 10.0 if character == "十" else CHARACTER_MAGNITUDES.get(character)
        if factor is None:
            digit = CHARACTER_DIGITS[character]
        elif factor >= 1e4:  # noqa: PLR2004 - a new section begins after ten thousand
            total += (section + digit or 1) * factor
            section = digit = 0.0
        else:
            section += (digit or 1) * factor
            digit = 0.0
    return write_number(total + section + digit)


def write_number(value: float) -> str:
    """Return a number in digits, whole if it is."""
    return str(round(value)) if abs(value - round(value)) < 1e-6 * max(1.0, value) else f"{value:.6g}"
