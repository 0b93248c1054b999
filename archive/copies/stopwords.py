"""Small word lists for English, Spanish and German: function words, numbers, calendar words, titles, abbreviations.

The shipped background has the frequency of all other words.
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
"""Function words by language. Their shares also identify the language."""

COMMON: frozenset[str] = frozenset().union(*STOPWORDS.values())
"""Function words of all three languages. They have next to no weight in a sentence."""

_COUNTED = (
    "two dos zwei|three tres drei|four cuatro vier|five cinco fünf|six seis sechs|seven siete sieben|eight ocho acht|"
    "nine nueve neun|ten diez zehn|eleven once elf|twelve doce zwölf|thirteen trece dreizehn|fourteen catorce vierzehn|"
    "fifteen quince fünfzehn|sixteen dieciséis sechzehn|seventeen diecisiete siebzehn|eighteen dieciocho achtzehn|"
    "nineteen diecinueve neunzehn|twenty veinte zwanzig"
)
_TENS = (("thirty treinta dreissig", 30), ("forty cuarenta vierzig", 40), ("fifty cincuenta fünfzig", 50),
         ("sixty sesenta sechzig", 60), ("seventy setenta siebzig", 70), ("eighty ochenta achtzig", 80),
         ("ninety noventa neunzig", 90))  # fmt: skip
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth"

NUMBER_WORDS: dict[str, str] = {
    **{word: str(n) for n, words in enumerate(_COUNTED.split("|"), start=2) for word in words.split()},
    **{word: str(n) for words, n in _TENS for word in words.split()},
    **{word: str(n) for n, word in enumerate(_ORDINALS.split(), start=2)},
}
"""Spelled numbers as digits: a spinner writes "5 years" for "five years", a translator "zwölf" for "twelve"."""

_CALENDAR = """
monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
october november december lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo junio
julio agosto septiembre octubre noviembre diciembre montag dienstag mittwoch donnerstag freitag samstag sonntag januar
februar märz mai juni juli oktober dezember jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat
sun
"""
CALENDAR: frozenset[str] = frozenset(_CALENDAR.split())
"""Days and months. They are capitalised, but every story has them, and reposts change them ("on Tuesday")."""

_TITLES = """
mr mrs ms dr prof sir president minister senator mayor chancellor premier governor judge king queen prince bishop
general captain señor señora presidente presidenta ministro ministra alcalde alcaldesa herr frau präsident ministerin
bundeskanzler update breaking exclusive analysis
"""
TITLES: frozenset[str] = frozenset(_TITLES.split())
"""Words capitalised beside a name that are no names."""

_ABBREVIATIONS = """
mr mrs ms dr prof st sr jr no vs etc inc ltd co corp dept gen gov sen rep col lt sgt capt rev hon fig approx u.s u.k
u.n a.m p.m e.g i.e d.c ee.uu sra dra núm art av ud bzw ca usw ggf nr str abs z.b d.h u.a jan feb mar apr jun jul aug
sep sept oct nov dec
"""
ABBREVIATIONS: frozenset[str] = frozenset(_ABBREVIATIONS.split())
"""A full stop after one of these does not end a sentence."""

LOOKING_BACK: re.Pattern[str] = re.compile(
    r"\b(?:(?:a|one|two|three|five|ten|\d+) years? (?:after|on|later|since|ago)\b|anniversary|"
    r"(?:un|dos|tres|cinco|diez|\d+) años? (?:después|más tarde|desde)|hace (?:un|dos|tres|\d+) años?|aniversario|"
    r"(?:ein|zwei|drei|fünf|zehn|\d+) jahre? (?:nach|später|danach|seit)|vor (?:einem|zwei|drei|\d+) jahr|jahrestag)",
    re.IGNORECASE,
)
"""The beginning of a follow-up: it reports on another day and repeats what was said on the first."""
