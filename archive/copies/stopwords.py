"""Small word lists: function words, calendar words, titles, abbreviations, and phrases of a look back.

Function words are those of English, Spanish and German. In other languages the commonest words of the shipped
background act as such. The other lists have all languages with a background table.
"""

from __future__ import annotations

import re

_ENGLISH = """
a about above after again against all also although always am among an and another any are around as at away back be
became because been before being below between both but by came can could did do does doing down during each either
else even ever every few for from further get gets got had has have having he her here hers him himself his how
however i if in inside into is it its itself just last later least less like made make makes many may me might more
most much must my near neither never new next no nor not now of off often on once one only onto or other others our
out outside over own per quite rather said same says say see seen she should since so some still such take than that
the their them then there these they this those though through thus to too toward towards under until up upon us very
was we well went were what when where whether which while who whole whom whose why will with within without would yet
you your
"""

_SPANISH = """
a al algo alguna alguno algunos ante antes aquel aunque aún cada casi como con contra cual cuando cuya cuyo de del
desde después dice dijo donde dos durante e el ella ellas ellos en entre era eran es esa esas ese eso esos esta estaba
estas este esto estos está están fue fueron ha haber había han hasta hay la las le les lo los luego me mi mientras
mucho muy más mí ni no nos nosotros o otra otras otro otros para pero poco por porque pues que quien quienes qué se
sea según ser si sido sin sino sobre son su sus sí también tan tanto te tiene tienen toda todas todavía todo todos
tras tu un una unas uno unos y ya él
"""

_GERMAN = """
aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bereits bin bis da dabei dadurch
daher damit dann das dass dazu dem den denen denn der deren des dessen die dies diese diesem diesen dieser dieses doch
dort du durch ein eine einem einen einer eines er erst es etwa etwas für gab ganz gegen gegenüber gibt hat hatte
hatten habe haben hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in indem ins ist ja je jede
jedem jeden jeder jedes jedoch jetzt kann kein keine keinen können könnte mal man mehr mein mit muss nach nachdem
nicht nichts noch nun nur ob oder ohne sagte sehr sei sein seine seinem seinen seiner seit sich sie sind so sogar
sollen sollte sondern sowie um und uns unter vom von vor während war waren was wegen weil weiter welche wenn wer werde
werden wie wieder will wir wird wo worden wurde wurden zu zum zur zwar zwischen über
"""

STOPWORDS: dict[str, frozenset[str]] = {
    "en": frozenset(_ENGLISH.casefold().split()),
    "es": frozenset(_SPANISH.casefold().split()),
    "de": frozenset(_GERMAN.casefold().split()),
}
"""Function words by language."""

COMMON: frozenset[str] = frozenset().union(*STOPWORDS.values())
"""Function words of all three languages. They have next to no weight in a sentence."""

_CALENDAR = """
monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
october november december lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo junio
julio agosto septiembre octubre noviembre diciembre montag dienstag mittwoch donnerstag freitag samstag sonntag januar
februar märz mai juni juli oktober dezember jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat
sun lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril juin juillet août septembre octobre
novembre décembre segunda-feira terça-feira quarta-feira quinta-feira sexta-feira feira segunda terça quarta quinta
sexta janeiro fevereiro março maio junho julho setembro outubro novembro dezembro lunedì martedì mercoledì giovedì
venerdì sabato domenica gennaio febbraio marzo aprile maggio giugno luglio settembre ottobre dicembre maandag dinsdag
woensdag donderdag vrijdag zaterdag zondag januari februari maart mei juni augustus oktober poniedziałek wtorek środa
środę czwartek piątek sobota sobotę niedziela niedzielę stycznia lutego marca kwietnia maja czerwca lipca sierpnia
września października listopada grudnia måndag måndagen tisdag tisdagen onsdag onsdagen torsdag torsdagen fredag
fredagen lördag lördagen söndag söndagen maj augusti pazartesi salı çarşamba perşembe cuma cumartesi pazar ocak şubat
mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
понедельник вторник среда среду четверг пятница пятницу суббота субботу воскресенье января февраля марта апреля мая
июня июля августа сентября октября ноября декабря январе феврале марте апреле мае июне июле августе сентябре октябре
ноябре декабре понеділок вівторок середа середу четвер п'ятницю субота суботу неділя неділю січня лютого березня
квітня травня червня липня серпня вересня жовтня листопада грудня
δευτέρα τρίτη τετάρτη πέμπτη παρασκευή σάββατο κυριακή ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου
αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου
الاثنين الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد اثنين ثلاثاء اربعاء خميس جمعه سبت احد يناير فبراير مارس
أبريل ابريل مايو يونيو يوليو أغسطس اغسطس سبتمبر أكتوبر اكتوبر نوفمبر ديسمبر شباط آذار نيسان أيار حزيران تموز آب
أيلول تشرين كانون
सोमवार मंगलवार बुधवार गुरुवार बृहस्पतिवार शुक्रवार शनिवार रविवार जनवरी फ़रवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त
सितंबर सितम्बर अक्टूबर अक्तूबर नवंबर नवम्बर दिसंबर दिसम्बर
월요일 화요일 수요일 목요일 금요일 토요일 일요일
"""
CALENDAR: frozenset[str] = frozenset(_CALENDAR.split())
"""Days and months, in the forms that dates have.

Some languages capitalise them, but every story has them, and reposts change them ("on Tuesday").
"""

_TITLES = """
mr mrs ms dr prof sir president minister senator mayor chancellor premier governor judge king queen prince bishop
general captain señor señora presidente presidenta ministro ministra alcalde alcaldesa herr frau präsident ministerin
bundeskanzler update breaking exclusive analysis monsieur madame mme président présidente ministre maire
premier-ministre senhor senhora ministra prefeito prefeita governador signor signora presidente ministro sindaco
sindaca meneer mevrouw burgemeester premier pan pani prezydent minister burmistrz bay bayan başkan başkanı bakan bakanı
господин госпожа президент министр губернатор мэр пан пані міністр мер
السيد السيدة الرئيس الوزير سيد سيده رئيس وزير دكتور
श्री श्रीमती डॉ राष्ट्रपति प्रधानमंत्री मंत्री 씨 대통령 장관 시장 대표 さん 氏
"""
TITLES: frozenset[str] = frozenset(_TITLES.split())
"""Words capitalised beside a name that are no names."""

_ABBREVIATIONS = """
mr mrs ms dr prof st sr jr no vs etc inc ltd co corp dept gen gov sen rep col lt sgt capt rev hon fig approx u.s u.k
u.n a.m p.m e.g i.e d.c ee.uu sra dra núm art av ud bzw ca usw ggf nr str abs z.b d.h u.a jan feb mar apr jun jul aug
sep sept oct nov dec mme mlle mm av env cf p.ex n.b sig sig.ra dott avv ing ecc pag sr.a dr.a exmo nº ltda bijv dhr mevr
enz ca nl tzw np tj tzn prof inż ul zł bl.a t.ex s.k kr ung vb sn dk bkz г гг ул им тыс млн млрд руб т.е т.д т.п и.о кв
стр др обл м.н р вул грн див κ κα δρ βλ π.χ δηλ डॉ श्री रु
"""
ABBREVIATIONS: frozenset[str] = frozenset(_ABBREVIATIONS.split())
"""A full stop after one of these does not end a sentence."""

LOOKING_BACK: re.Pattern[str] = re.compile(
    r"(?<!\w)(?:(?:a|one|two|three|five|ten|\d+) years? (?:after|on|later|since|ago)\b|anniversary|"
    r"(?:un|dos|tres|cinco|diez|\d+) años? (?:después|más tarde|desde)|hace (?:un|dos|tres|\d+) años?|aniversario|"
    r"(?:ein|zwei|drei|fünf|zehn|\d+) jahre? (?:nach|später|danach|seit)|vor (?:einem|zwei|drei|\d+) jahr|jahrestag|"
    r"(?:un|deux|trois|cinq|dix|\d+) ans? (?:après|plus tard|depuis)|il y a (?:un|deux|trois|\d+) ans?\b|anniversaire|"
    r"(?:um|dois|três|cinco|\d+) anos? (?:depois|após|mais tarde)|há (?:um|dois|três|\d+) anos?\b|aniversário|"
    r"(?:un|due|tre|cinque|\d+) ann[oi] (?:dopo|fa|più tardi)|anniversario|"
    r"(?:een|twee|drie|vijf|\d+) jaar (?:na|later|geleden)|"
    r"(?:rok|dwa lata|trzy lata|\d+ lat) (?:po|później|temu)|rocznic|"
    r"(?:ett|två|tre|fem|\d+) år (?:efter|senare|sedan)|årsdag|(?:bir|iki|üç|\d+) yıl (?:sonra|önce)|yıldönümü|"
    r"(?:год|два года|три года|\d+ лет) (?:спустя|назад)|(?:через|спустя) (?:год|два года|\d+ лет)|"
    r"годовщин|"
    r"(?:рік|два роки|три роки|\d+ років) (?:тому|потому)|річниц|"
    r"(?:ένα χρόνο|δύο χρόνια|\d+ χρόνια) (?:μετά|πριν)|επέτει|"
    r"بعد (?:عام|عامين|سنة|سنوات)|قبل (?:عام|عامين|سنة)|الذكرى (?:السنوية|الأولى)|"
    r"(?:एक|दो|तीन|\d+) साल (?:बाद|पहले)|बरसी|"
    r"(?:[1-9일이삼]|\d+) ?년 (?:후|뒤|전|만에)|[1-9] ?주년|"
    r"اليوبيل)|[一两二三五十\d]年(?:前|後|后|ぶり)|周年",
    re.IGNORECASE,
)
"""The beginning of a follow-up: it reports on another day and repeats what was said on the first."""
