"""Cue words for the type of an edit: negation, attribution, dates, counts, corrections; in four languages."""

from __future__ import annotations

import re

from archive.versions.diff import values
from db.date_words import DAYS as DAYS_OF_THE_WEEK
from db.date_words import MONTH_NUMBERS
from db.number_words import NUMBER_WORDS

HEDGES: frozenset[str] = frozenset(
    """
    no not no-one never none nobody nothing neither nor cannot without may might could would should possibly perhaps
    maybe probably likely unlikely apparently allegedly reportedly seemingly purportedly presumably potentially
    supposedly suspected alleged reported purported supposed appears appear appeared seems seem seemed suggests suggest
    suggested believed thought expected nearly almost about around approximately roughly some certain certainly
    definitely clearly confirmed unconfirmed
    no nunca jamás nadie nada ningún ninguno ninguna tampoco sin quizá quizás posiblemente probablemente aparentemente
    presuntamente presunto presunta presuntos presuntas supuestamente supuesto supuesta supuestos supuestas podría
    podrían puede pueden parece parecen casi aproximadamente habría habrían
    nicht kein keine keinen keinem keiner keines nie niemals niemand nichts weder ohne vielleicht möglicherweise
    wahrscheinlich vermutlich angeblich angebliche angeblichen mutmaßlich mutmaßliche mutmaßlichen mutmaßlicher offenbar
    wohl könnte könnten dürfte dürften soll sollen scheint scheinen beinahe fast etwa rund ungefähr anscheinend
    ne pas jamais aucun aucune personne sans peut-être probablement apparemment présumé présumée présumés
    prétendument pourrait pourraient semble semblent presque environ
    """.casefold().split()
)
"""Negations and words that weaken or strengthen a claim: one more or one less changes what is said."""

ATTRIBUTIONS: frozenset[str] = frozenset(
    """
    said says say saying told tells tell telling according claimed claims claim claiming stated states stating announces
    announced announce asserted asserts insisted insists argued argues alleges accused accuses denied denies admitted
    admits acknowledged acknowledges declared explained added mentioned noted warned warns reported
    confirmed confirms testified tweeted wrote spokesman spokeswoman spokesperson spokespeople sources source
    dijo dijeron dicho dice dicen señaló afirmó afirma afirmaron aseguró asegura declaró declara anunció anuncia según
    informó informaron indicó explicó sostuvo sostiene negó niega admitió reconoció añadió agregó advirtió manifestó
    denunció portavoz fuentes
    sagte sagt sagten erklärte erklärt erklärten teilte mitgeteilt zufolge laut behauptete behauptet betonte betont
    meinte gab kündigte bestritt bestreitet räumte warnte warnt fügte berichtete berichtet schrieb sprecher sprecherin
    quellen
    affirmé affirme déclaré déclare annoncé annonce selon indiqué indique expliqué précisé ajouté assuré porte-parole
    """.casefold().split()
)
"""Verbs and nouns of speech: they name the source of a claim, and how it was made."""

OPENERS: frozenset[str] = frozenset(
    """
    the a an in on at but and or if it he she they we you this that these those as for from to by with after before when
    while there his her its their our my no not one some many most more all both each every also now then so yet several
    few what who where why how here until since during under over about according officials police former
    el la los las lo un una unos unas en y e o pero si no se su sus al del de por para con como cuando donde que este
    esta estos estas ese esa hay más muy tras desde hasta sobre entre según también ya
    der die das den dem des ein eine einen einem einer und aber oder im in am an auf er sie es wir ich ihr nach vor bei
    mit für von zu zum zur als wenn wie was wer wo da dass so auch noch nur schon seit bis durch gegen über unter viele
    mehr mehrere einige alle beide keine diese dieser dieses jede jeder jedes manche weitere andere neue neuer neues
    alte große kleine erste letzte deutsche weniger unser unsere mein meine sein seine ihre
    le les une des et ou mais du au aux il elle ils elles nous vous ce cette ces son sa ses leur par pour dans sur avec
    sans après avant depuis plus très
    """.casefold().split()
)
"""Words that may open a sentence with a capital without beginning a name."""

NOT_NAMES: frozenset[str] = frozenset(
    """
    angaben auskunft ansicht frage fragen hause ort haft folge form höhe kraft zeiten teilen gefahr bedarf ende
    anfang wirklichkeit zukunft vergangenheit wochen tagen monaten jahren stunden minuten beginn hilfe protest
    """.casefold().split()
)
"""German nouns that follow in, aus, nach, bei or von without an article and are no names."""

MONTHS_BESIDE_A_DAY: frozenset[str] = frozenset(MONTH_NUMBERS)
"""Names of months, and words that are one beside a day or a year: "may" alone is a doubt, "march" a walk."""

DAYS: frozenset[str] = DAYS_OF_THE_WEEK | frozenset(
    """
    yesterday today tomorrow tonight ayer hoy gestern heute vorgestern übermorgen aujourd'hui demain ontem hoje amanhã
    ieri oggi domani gisteren vandaag wczoraj dzisiaj jutro igår idag imorgon вчера сегодня завтра вчора сьогодні χθες
    σήμερα αύριο أمس اليوم غدا 어제 오늘 내일
    """.casefold().split()
)
"""Days of the week, and days relative to today."""

_OTHER_WORDS = frozenset("on due sei sex tio nio otto dez second ten once sept due diez onze".casefold().split()) - {
    "ten",
    "diez",
}
_SPELLED = [(word, value) for words in NUMBER_WORDS.values() for word, value in words.items() if len(word) > 1]
_AMBIGUOUS = _OTHER_WORDS | {
    word for word, value in _SPELLED for other, more in _SPELLED if word == other and value != more
}

COUNT_VALUES: dict[str, str] = {word.casefold(): value for word, value in _SPELLED if word not in _AMBIGUOUS} | {
    f"{ten}-{unit}": str(20 + 10 * tens + units)
    for tens, ten in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"))
    for units, unit in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), start=1)
}
"""Numbers in words that mean one number in every language, with that number. Ordinals are none."""

_COUNTS = frozenset(
    """
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions
    billion billions dozen dozens half twice third fourth fifth
    dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince veinte treinta cuarenta cincuenta
    cien docena docenas decena decenas cientos mil miles millón millones
    zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn
    neunzehn zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert tausend dutzend dutzende hunderte
    tausende millionen milliarde milliarden
    deux trois quatre cinq sept huit neuf dix onze douze quinze vingt trente quarante cinquante cent dizaine dizaines
    centaine centaines milliers
    """.casefold().split()
)
COUNTS: frozenset[str] = _COUNTS | COUNT_VALUES.keys() | {word for word in values.SCALES if not word.isascii()}
"""Numbers in words."""

CODES: frozenset[str] = frozenset(["usd", "eur", "gbp", "chf", "us$"])
"""Currency codes that are written before the figure."""

CURRENCIES = (
    r"dollars?|euros?|pounds?|pence|cents?|pesos?|crowns?|kron(?:er|en|or)|yen|yuan|francs?|franken|rupees?|rubles?|rubel|"
    r"forint(?:ot)?|đồng|rupiah|baht|lira|liras|zł|złotych|korun|kč|гривень|гривні|грн|рублей|рубля|руб|"
    r"reais|dólares|libras|livres|us-dollar|usd|eur|gbp|mxn|chf|cad|aud|jpy|cny|inr|sek|nok|dkk|pln|brl"
)
"""Names and codes of currencies, for a case-insensitive pattern."""

SCALES = "|".join(sorted(map(re.escape, values.SCALES), key=lambda word: (-len(word), word)))
"""Words and abbreviations of scale, for a case-insensitive pattern."""

_NUMBER = r"\d[\d.,'\u2019\u00a0\u202f ]*"
_AGO = (
    r"\d+ (?:\w+ ){1,2}(?:ago|назад|тому(?: назад)?|önce|sedan|siden|síðan|geleden|temu|sitten|(?:yang )?lalu|trước|"
    r"atrás|fa|पहले|আগে|قبل|پیش|πριν|ezelőtt)|(?:há|hace|il y a|vor|for|för|před|acum|منذ|قبل|לפני|πριν(?: από)?|pred|"
    r"prije|пре|преди) \d+ \w+|\d+ ?(?:秒|分|分钟|分鐘|小时|小時|時間|日|天|か月|ヶ月|个月|週間|周|年)(?:钟|間)?之?前|"
    r"\d+ ?(?:초|분|시간|일|주|개월|년) ?전|\d+ ?(?:วินาที|นาที|ชั่วโมง|วัน|เดือน|ปี)(?:ที่แล้ว|ที่ผ่านมา)"
)
_COUNTED = (
    r"閲覧数?|再生数?|コメント|いいね|阅读量?|閱讀|浏览量?|瀏覽|点击|點擊|评论|評論|播放|조회수?|댓글|추천|просмотр\w*|прочтен\w*|"
    r"перегляд\w*|комментари\w*|коментар\w*|visualizzazioni|commenti|vues|vistas|visualizaciones|visitas|leituras|"
    r"visualizações|wyświetle\w+|odsłon|görüntülenme|okunma|yorum|reacties|weergaven|visningar|visninger|zobrazení|"
    r"megtekintés|مشاهد\w+|قراءة|تعليق\w*|بازدید|نظر|צפיות|תגובות|बार देखा गया|टिप्पणियाँ|lượt xem|bình luận|"
    r"kali dibaca|kali dilihat|dibaca|views?|reads?|likes?"
)
_READING_TIME = (
    r"(?:temps de lecture|lesezeit|tempo di lettura|tiempo de lectura|tempo de leitura|leestijd|lästid|læsetid|"
    r"czas czytania|время чтения|час читання|okuma süresi|waktu baca|reading time)\W{0,3}\d+ ?\w+\.?|"
    r"(?:读完|読了|阅读)(?:時間|时间)?\W{0,2}(?:约|約)?\d+ ?(?:分钟|分)|\d+ ?(?:分钟阅读|分で読めます)|"
    r"\d+ ?min(?:ut\w{0,3})?\.? (?:de lectura|de lecture|di lettura|de leitura|leestijd|czytania|läsning|чтения|okuma)"
)
RESIDUE: re.Pattern[str] = re.compile(
    rf"{_AGO}|(?:{_COUNTED})\W{{0,3}}{_NUMBER}(?:万|次|回|条|件|개)?|"
    rf"{_NUMBER}(?:万|次|回|条|件|명)?\s?(?:{_COUNTED})|"
    rf"{_READING_TIME}|"
    r"\d[\d.,]* (?:people|readers|users|others) (?:are |have )?"
    r"(?:reading|watching|viewing|viewed|read) (?:this|now|it).{0,9}|"
    r"\[ad_\d+\]|source link|related articles?|leave a reply|read more.{0,30}|share this.{0,30}|"
    r"your email address will not be published.*|advertisements?|anzeige|werbung|publicidad|publicité|"
    r"\d+ min(?:ute[ns]?)?(?: read| lesezeit)?|"
    r"[\d.,]+ (?:comments?|kommentare?|comentarios?|commentaires?|views?|shares?)|"
    r"weiterlesen|mehr zum thema|lesen sie auch.{0,30}|leer más|lire aussi.{0,30}",
    re.IGNORECASE,
)
"""Lines that scrapers and site templates leave behind, counters too, if the cleaning missed them."""
