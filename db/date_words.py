"""Names of months and days of the week, with the forms that dates have, in 26 languages."""

from __future__ import annotations

from db.typography import JOINERS

_MONTHS = """
en january/jan february/feb march/mar april/apr may june/jun july/jul august/aug september/sep/sept october/oct
   november/nov december/dec
es enero/ene febrero/feb marzo/mar abril/abr mayo junio/jun julio/jul agosto/ago septiembre/setiembre/sept octubre/oct
   noviembre/nov diciembre/dic
de januar/jänner/jan februar/feber/feb märz/mär april/apr mai juni/jun juli/jul august/aug september/sep/sept
   oktober/okt november/nov dezember/dez
fr janvier/janv février/févr/fév mars avril/avr mai juin juillet/juil août septembre/sept octobre/oct novembre/nov
   décembre/déc
pt janeiro/jan fevereiro/fev março/mar abril/abr maio junho/jun julho/jul agosto/ago setembro/set outubro/out
   novembro/nov dezembro/dez
it gennaio/genn/gen febbraio/febbr/feb marzo/mar aprile/apr maggio/mag giugno/giu luglio/lug agosto/ago
   settembre/sett ottobre/ott novembre/nov dicembre/dic
nl januari/jan februari/feb maart/mrt april/apr mei juni/jun juli/jul augustus/aug september/sep/sept oktober/okt
   november/nov december/dec
pl stycznia/styczeń/styczniu lutego/luty/lutym marca/marzec/marcu kwietnia/kwiecień/kwietniu maja/maj/maju
   czerwca/czerwiec/czerwcu lipca/lipiec/lipcu sierpnia/sierpień/sierpniu września/wrzesień/wrześniu
   października/październik/październiku listopada/listopad/listopadzie grudnia/grudzień/grudniu
sv januari/jan februari/feb mars/mar april/apr maj juni/jun juli/jul augusti/aug september/sep/sept oktober/okt
   november/nov december/dec
da januar/jan februar/feb marts/mar april/apr maj juni/jun juli/jul august/aug september/sep oktober/okt november/nov
   december/desember/dec/des
tr ocak/ocakta/oca şubat/şubatta/şub mart/martta nisan/nisanda/nis mayıs/mayısta/may haziran/haziranda/haz
   temmuz/temmuzda/tem ağustos/ağustosta/ağu eylül/eylülde/eyl ekim/ekimde/eki kasım/kasımda/kas aralık/aralıkta/ara
ru января/январь/январе/янв февраля/февраль/феврале/фев марта/март/марте апреля/апрель/апреле/апр мая/май/мае
   июня/июнь/июне июля/июль/июле августа/август/августе/авг сентября/сентябрь/сентябре/сен октября/октябрь/октябре/окт
   ноября/ноябрь/ноябре/ноя декабря/декабрь/декабре/дек
uk січня/січень/січні лютого/лютий/лютому березня/березень/березні квітня/квітень/квітні травня/травень/травні
   червня/червень/червні липня/липень/липні серпня/серпень/серпні вересня/вересень/вересні жовтня/жовтень/жовтні
   листопада/листопад/листопаді грудня/грудень/грудні
cs ledna/leden/lednu února/únor/únoru března/březen/březnu dubna/duben/dubnu května/květen/květnu června/červen/červnu
   července/červenec/červenci srpna/srpen/srpnu září října/říjen/říjnu listopadu prosince/prosinec/prosinci
el ιανουαρίου/ιανουάριος/ιανουάριο φεβρουαρίου/φεβρουάριος/φεβρουάριο μαρτίου/μάρτιος/μάρτιο
   απριλίου/απρίλιος/απρίλιο μαΐου/μάιος/μάιο ιουνίου/ιούνιος/ιούνιο ιουλίου/ιούλιος/ιούλιο αυγούστου/αύγουστος/αύγουστο
   σεπτεμβρίου/σεπτέμβριος/σεπτέμβριο οκτωβρίου/οκτώβριος/οκτώβριο νοεμβρίου/νοέμβριος/νοέμβριο
   δεκεμβρίου/δεκέμβριος/δεκέμβριο
ar يناير/كانون_الثاني فبراير/شباط مارس/آذار أبريل/ابريل/إبريل/نيسان مايو/أيار يونيو/يونيه/حزيران يوليو/يوليه/تموز
   أغسطس/اغسطس/آب سبتمبر/أيلول أكتوبر/اكتوبر نوفمبر ديسمبر
hi जनवरी फरवरी/फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर/सितम्बर अक्टूबर/अक्तूबर नवंबर/नवम्बर दिसंबर/दिसम्बर
fa ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر
he ינואר/בינואר פברואר/בפברואר מרץ/במרץ אפריל/באפריל מאי/במאי יוני/ביוני יולי/ביולי אוגוסט/באוגוסט ספטמבר/בספטמבר
   אוקטובר/באוקטובר נובמבר/בנובמבר דצמבר/בדצמבר
id januari februari maret april mei juni juli agustus september oktober november desember
fi tammikuuta/tammikuussa/tammikuu helmikuuta/helmikuussa/helmikuu maaliskuuta/maaliskuussa/maaliskuu
   huhtikuuta/huhtikuussa/huhtikuu toukokuuta/toukokuussa/toukokuu kesäkuuta/kesäkuussa/kesäkuu
   heinäkuuta/heinäkuussa/heinäkuu elokuuta/elokuussa/elokuu syyskuuta/syyskuussa/syyskuu lokakuuta/lokakuussa/lokakuu
   marraskuuta/marraskuussa/marraskuu joulukuuta/joulukuussa/joulukuu
hu január/januárban február/februárban március/márciusban április/áprilisban május/májusban június/júniusban
   július/júliusban augusztus/augusztusban szeptember/szeptemberben október/októberben november/novemberben
   december/decemberben
ro ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie
bn জানুয়ারি/জানুয়ারী ফেব্রুয়ারি/ফেব্রুয়ারী মার্চ এপ্রিল মে জুন জুলাই আগস্ট/আগষ্ট সেপ্টেম্বর অক্টোবর নভেম্বর ডিসেম্বর
ta ஜனவரி பிப்ரவரி மார்ச் ஏப்ரல் மே ஜூன் ஜூலை ஆகஸ்ட் செப்டம்பர் அக்டோபர் நவம்பர் டிசம்பர்
ur جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر
"""
_DAYS = """
en monday tuesday wednesday thursday friday saturday sunday
es lunes martes miércoles jueves viernes sábado domingo
de montag dienstag mittwoch donnerstag freitag samstag/sonnabend sonntag
fr lundi mardi mercredi jeudi vendredi samedi dimanche
pt segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo
it lunedì martedì mercoledì giovedì venerdì sabato domenica
nl maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
pl poniedziałek/poniedziałku wtorek/wtorku środa/środę/środy czwartek/czwartku piątek/piątku sobota/sobotę/soboty
   niedziela/niedzielę/niedzieli
sv måndag/måndagen/måndags tisdag/tisdagen/tisdags onsdag/onsdagen/onsdags torsdag/torsdagen/torsdags
   fredag/fredagen/fredags lördag/lördagen/lördags söndag/söndagen/söndags
da mandag tirsdag onsdag torsdag fredag lørdag søndag
tr pazartesi salı çarşamba perşembe cuma cumartesi pazar
ru понедельник/понедельника вторник/вторника среда/среду/среды четверг/четверга пятница/пятницу/пятницы
   суббота/субботу/субботы воскресенье/воскресенья
uk понеділок/понеділка вівторок/вівторка середа/середу/середи четвер/четверга п'ятниця/п'ятницю/п'ятниці
   субота/суботу/суботи неділя/неділю/неділі
cs pondělí úterý středa/středu/středy čtvrtek/čtvrtka pátek/pátku sobota/sobotu neděle/neděli
el δευτέρα τρίτη τετάρτη πέμπτη παρασκευή σάββατο κυριακή
ar الاثنين/الإثنين الثلاثاء الأربعاء/الاربعاء الخميس الجمعة السبت الأحد
hi सोमवार मंगलवार बुधवार गुरुवार/बृहस्पतिवार शुक्रवार शनिवार रविवार
ko 월요일 화요일 수요일 목요일 금요일 토요일 일요일
fa دوشنبه سه‌شنبه چهارشنبه پنجشنبه جمعه شنبه یکشنبه
id senin selasa rabu kamis jumat sabtu minggu
fi maanantai/maanantaina tiistai/tiistaina keskiviikko/keskiviikkona torstai/torstaina perjantai/perjantaina
   lauantai/lauantaina sunnuntai/sunnuntaina
hu hétfő/hétfőn kedd/kedden szerda/szerdán csütörtök/csütörtökön péntek/pénteken szombat/szombaton vasárnap
ro luni/lunea marți/marţi/marțea miercuri/miercurea joi/joia vineri/vinerea sâmbătă/sâmbăta duminică/duminica
bn সোমবার মঙ্গলবার বুধবার বৃহস্পতিবার শুক্রবার শনিবার রবিবার/রোববার
ta திங்கட்கிழமை/திங்கள்கிழமை செவ்வாய்க்கிழமை புதன்கிழமை வியாழக்கிழமை வெள்ளிக்கிழமை சனிக்கிழமை ஞாயிற்றுக்கிழமை
ur پیر منگل بدھ جمعرات جمعہ ہفتہ اتوار
"""

_ALSO_OTHER = frozenset(
    "may march mar mars mai maj maja maju mei mag mayo may set out ago ott dic gen lug giu fev abr "
    "ene marca marcu mart "
    "martta marts maret "
    "ocak oca nis haz tem eyl eki kas ara ekim kasım "
    "aralık июле мая май мае марта март марте сен авг "
    "дек окт ноя фев янв апр "
    "listopad листопад листопада лютий मई जून مه آب اوت jan feb apr jun jul aug sep sept oct "
    "okt nov dec dez des mär mrt juin juil janv fév févr avr déc genn febbr sett август jun "
    "মে மே جون مارچ".casefold().split()
)
_NO_DAYS = frozenset(
    "salı pazar cuma minggu rabu senin sabtu δευτέρα τρίτη τετάρτη πέμπτη جمعه شنبه luni پیر "
    "منگل ہفتہ".casefold().split()
)


_WITHOUT_JOINERS = dict.fromkeys(map(ord, JOINERS))


def _numbered(table: str) -> dict[str, int]:
    """Return the number of each name in a table of languages: its place in the row, from 1."""
    numbers: dict[str, int] = {}
    place = 0
    for word in table.split():
        if word.isascii() and len(word) == 2:  # noqa: PLR2004 - the code of a language opens its row
            place = 0
            continue
        place += 1
        for name in word.split("/"):
            if name != "-":
                folded = name.replace("_", " ").casefold()
                numbers.setdefault(folded, place)
                numbers.setdefault(folded.translate(_WITHOUT_JOINERS), place)
    return numbers


MONTH_NUMBERS: dict[str, int] = _numbered(_MONTHS)
"""The number of a month by its name. Some names have another meaning unless a day or a year is beside them."""

MONTHS: frozenset[str] = frozenset(MONTH_NUMBERS) - _ALSO_OTHER
"""Names of months that have no other meaning."""

DAY_NUMBERS: dict[str, int] = _numbered(_DAYS)
"""The number of a day of the week by its name: Monday is 1."""

DAYS: frozenset[str] = frozenset(DAY_NUMBERS) - _NO_DAYS
"""Names of days that have no other meaning."""
