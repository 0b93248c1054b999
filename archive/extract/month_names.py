"""The names of the months in the languages of the press, in the forms that dates use, and how a date is written there.

Names and forms are those of the Unicode CLDR. Case and accents are as written after case folding.
"""

from __future__ import annotations

_NAMES = """
1 january jan januar jänner jän januari janvier janv enero ene gennaio gen janeiro stycznia styczeń sty leden ledna
1 januára január ianuarie ian января январь янв січня січень студзеня януари јануар јануара siječnja siječanj januara
1 januarja ocak oca tammikuuta tammikuu ιανουαρίου ιανουάριος ιαν يناير كانون\u00a0الثاني جانفي ינואר जनवरी มกราคม ม.ค.
1 jaanuar sausio janvāris janvārī gener januára urtarrila january
2 february feb februar feber februari février févr fév febrero febbraio fevereiro fev lutego luty lut února únor
2 február februára februarie февраля февраль фев лютого лютий лютага февруари фебруар veljače veljača februara
2 februarja şubat şub helmikuuta helmikuu φεβρουαρίου φεβρουάριος φεβ فبراير شباط فيفري פברואר फ़रवरी फरवरी
2 กุมภาพันธ์ ก.พ. veebruar vasario februāris februārī febrer
3 march mar mär märz maart mars marzo março marca marzec březen března március márc marec martie марта март
3 березня березень сакавіка марта ožujka ožujak marta mart maaliskuuta maaliskuu μαρτίου μάρτιος μαρ مارس آذار
3 מרץ मार्च มีนาคม มี.ค. märts kovo marts martā març
4 april apr avril avr abril abr aprile kwietnia kwiecień kwi duben dubna április ápr apríl apríla aprilie апреля
4 апрель апр квітня квітень красавіка април travnja travanj aprila nisan nis huhtikuuta huhtikuu απριλίου απρίλιος
4 απρ أبريل ابريل نيسان أفريل אפריל अप्रैल เมษายน เม.ย. aprill balandžio aprīlis aprīlī
5 may mai mei mayo maggio mag maio maja maj květen května május máj mája мая май травня травень мај svibnja svibanj
5 mayıs toukokuuta toukokuu μαΐου μάιος مايو أيار ماي מאי मई พฤษภาคม พ.ค. gegužės maijs maijā maig
6 june jun juni juin junio giugno giu junho czerwca czerwiec cze června červen június jún júna iunie июня июнь июн
6 червня червень чэрвеня јун јуна юни juna haziran haz kesäkuuta kesäkuu ιουνίου ιούνιος ιουν يونيو حزيران جوان יוני
6 जून มิถุนายน มิ.ย. juuni birželio jūnijs jūnijā juny
7 july jul juli juillet juil julio luglio lug julho lipca lipiec července červenec července július júl júla iulie
7 июля июль июл липня липень ліпеня јул јула юли jula temmuz tem heinäkuuta heinäkuu ιουλίου ιούλιος ιουλ يوليو تموز
7 جويلية יולי जुलाई กรกฎาคม ก.ค. juuli liepos jūlijs jūlijā juliol
8 august aug augustus août aout agosto ago sierpnia sierpień sie srpen srpna augusztus aug. augusta august augustus
8 августа август авг серпня серпень жніўня kolovoza kolovoz avgusta avgust avg ağustos ağu elokuuta elokuu αυγούστου
8 αύγουστος αυγ أغسطس اغسطس آب أوت אוגוסט अगस्त สิงหาคม ส.ค. rugpjūčio augusts augustā agost agustus
9 september sep sept septembre septiembre setiembre settembre set setembro września wrzesień wrz září zář
9 szeptember szept septembra septembrie сентября сентябрь сен сент вересня вересень верасня септември септембар
9 септембра rujna rujan eylül eyl syyskuuta syyskuu σεπτεμβρίου σεπτέμβριος σεπ سبتمبر أيلول ספטמבר सितंबर सितम्बर
9 กันยายน ก.ย. rugsėjo septembris septembrī setembre
10 october oct oktober okt octobre octubre ottobre ott outubro out października październik paź říjen října
10 október októbra octombrie октября октябрь окт жовтня жовтень кастрычніка октомври октобар октобра oktobra ekim eki
10 lokakuuta lokakuu οκτωβρίου οκτώβριος οκτ أكتوبر اكتوبر تشرين\u00a0الأول אוקטובר अक्टूबर अक्तूबर ตุลาคม ต.ค. oktoober
10 spalio oktobris oktobrī
11 november nov novembre noviembre novembro listopadu november novembra noiembrie ноября ноябрь ноя листопада листопад
11 лістапада ноември новембар новембра studenoga studenog studeni kasım kas marraskuuta marraskuu νοεμβρίου νοέμβριος
11 νοε نوفمبر تشرين\u00a0الثاني נובמבר नवंबर नवम्बर พฤศจิกายน พ.ย. lapkričio novembris novembrī
12 december dec dezember dez décembre déc diciembre dic dicembre dezembro grudnia grudzień gru prosinec prosince
12 decembra decembrie декабря декабрь дек грудня грудень снежня декември децембар децембра prosinca prosinac aralık
12 ara joulukuuta joulukuu δεκεμβρίου δεκέμβριος δεκ ديسمبر كانون\u00a0الأول דצמבר दिसंबर दिसम्बर ธันวาคม ธ.ค. detsember
12 gruodžio decembris decembrī desembre desember des
"""

MONTHS: dict[str, int] = {
    name.replace("\u00a0", " ").rstrip(".").casefold(): int(number)
    for number, *names in (line.split(" ") for line in _NAMES.strip().split("\n"))
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
