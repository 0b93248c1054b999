"""The names of the months in the languages of the press, in the forms that dates use, and how a date is written there.

Names and forms are those of the Unicode CLDR. Case and accents are as written after case folding.
"""

from __future__ import annotations

from db.date_words import MONTH_NUMBERS

_MORE_NAMES = """
1 jän sty januára január ianuarie ian студзеня януари јануар јануара siječnja siječanj januara januarja tammikuuta
1 tammikuu ιανουάριοσ ιαν جانفي มกราคม ม.ค jaanuar sausio janvāris janvārī gener urtarrila
2 lut február februára februarie лютага февруари фебруар veljače veljača februara februarja helmikuuta helmikuu
2 φεβρουάριοσ φεβ فيفري กุมภาพันธ์ ก.พ veebruar vasario februāris februārī febrer
3 március márc marec martie сакавіка ožujka ožujak marta maaliskuuta maaliskuu μάρτιοσ μαρ มีนาคม มี.ค märts kovo
3 martā març
4 kwi április ápr apríl apríla aprilie красавіка април travnja travanj aprila huhtikuuta huhtikuu απρίλιοσ απρ أفريل
4 เมษายน เม.ย aprill balandžio aprīlis aprīlī
5 május máj mája мај svibnja svibanj toukokuuta toukokuu μαΐου μάιοσ ماي พฤษภาคม พ.ค gegužės maijs maijā maig
6 cze június jún júna iunie июн чэрвеня јун јуна юни juna kesäkuuta kesäkuu ιούνιοσ ιουν جوان มิถุนายน มิ.ย juuni
6 birželio jūnijs jūnijā juny
7 július júl júla iulie июл ліпеня јул јула юли jula heinäkuuta heinäkuu ιούλιοσ ιουλ جويلية กรกฎาคม ก.ค juuli
7 liepos jūlijs jūlijā juliol
8 aout sie augusztus augusta жніўня kolovoza kolovoz avgusta avgust avg elokuuta elokuu αύγουστοσ αυγ أوت สิงหาคม
8 ส.ค rugpjūčio augusts augustā agost
9 wrz zář szeptember szept septembra septembrie сент верасня септември септембар септембра rujna rujan syyskuuta
9 syyskuu σεπτέμβριοσ σεπ กันยายน ก.ย rugsėjo septembris septembrī setembre
10 paź október októbra octombrie кастрычніка октомври октобар октобра oktobra lokakuuta lokakuu οκτώβριοσ οκτ
10 تشرين\u00a0الأول ตุลาคม ต.ค oktoober spalio oktobris oktobrī
11 novembra noiembrie лістапада ноември новембар новембра studenoga studenog studeni marraskuuta marraskuu νοέμβριοσ
11 νοε تشرين\u00a0الثاني พฤศจิกายน พ.ย lapkričio novembris novembrī
12 gru decembra decembrie снежня декември децембар децембра prosinca prosinac joulukuuta joulukuu δεκέμβριοσ δεκ
12 كانون\u00a0الأول ธันวาคม ธ.ค detsember gruodžio decembris decembrī desembre
"""
"""Names in languages and forms that the table of `db.date_words` lacks."""

_TWO_MEANINGS = frozenset({"listopada", "listopad"})
MONTHS: dict[str, int] = {name: month for name, month in MONTH_NUMBERS.items() if name not in _TWO_MEANINGS} | {
    name.replace("\u00a0", " ").rstrip(".").casefold(): int(number)
    for number, *names in (line.split(" ") for line in _MORE_NAMES.strip().split("\n"))
    for name in names
}
"""Month by case-folded name. A name that means two months (Polish and Croatian ``listopada``) is in `MONTHS_OF`."""

MONTHS_OF: dict[str, dict[str, int]] = {
    "pl": {"listopada": 11, "listopad": 11, "lis": 11},
    "cs": {"listopad": 11},
    "hr": {"listopada": 10, "listopad": 10, "lipnja": 6, "lipanj": 6, "srpnja": 7, "srpanj": 7},
    "id": {"januari": 1, "februari": 2, "maret": 3, "mei": 5, "juni": 6, "juli": 7, "agustus": 8, "oktober": 10},
}
"""Month by language and name, for names that mean another month elsewhere."""

_DAY_FIRST = """
ar be bg bn ca cs da de el es et fi fr gl he hi hr id is it lv mk ms nb nl nn no pl pt ro ru sk sl sq sr sv th
tr uk ur vi
"""
DAY_FIRST = frozenset(_DAY_FIRST.split())
"""Languages that write 3.4.2024 for the third of April. English is not among them: both orders are in use."""

_SLASH_DAY_FIRST = "ar bn ca el es fr gl he hi id it ms nl pt ro th tr ur vi"
SLASH_DAY_FIRST = frozenset(_SLASH_DAY_FIRST.split())
"""Languages that write 3/4/2024 for the third of April. Elsewhere it is mostly the American form of a template."""

_IRANIAN = """
1 فروردین حمل
2 اردیبهشت ثور
3 خرداد جوزا
4 تیر سرطان
5 مرداد امرداد اسد
6 شهریور سنبله
7 مهر میزان
8 آبان عقرب
9 آذر قوس
10 دی جدی
11 بهمن دلو
12 اسفند حوت
"""
IRANIAN_MONTHS: dict[str, int] = {
    name: int(number) for number, *names in (line.split(" ") for line in _IRANIAN.strip().split("\n")) for name in names
}
"""Month of the solar Hijri calendar by name, as written in Iran and in Afghanistan."""
