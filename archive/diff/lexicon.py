"""Words that carry a claim's force or its source, and how corrections begin: English, Spanish and German."""

from __future__ import annotations

import re

_HEDGES = """
not no never none nobody nothing neither nor cannot without may might could would should possibly perhaps maybe
probably likely unlikely apparently allegedly reportedly seemingly purportedly presumably potentially suspected
alleged reported appears appear appeared seems seem seemed suggests suggest suggested believed thought expected nearly
almost about around approximately roughly some certain certainly definitely clearly confirmed unconfirmed no nunca
jamás nadie nada ningún ninguno ninguna tampoco sin quizá quizás posiblemente probablemente aparentemente
presuntamente presunto presunta supuestamente supuesto supuesta podría podrían puede pueden parece parecen casi nicht
kein keine keinen keiner nie niemals niemand nichts ohne vielleicht möglicherweise wahrscheinlich vermutlich angeblich
mutmaßlich mutmaßliche mutmaßlichen offenbar wohl könnte könnten dürfte dürften soll sollen scheint beinahe fast etwa
"""

_ATTRIBUTIONS = """
said says say told tells tell according claimed claims claim stated states stating announced announces announce
asserted insisted insists argued argues alleges accused accuses denied denies admitted admits acknowledged declared
explained added mentioned noted warned warns reported confirmed spokesman spokeswoman spokesperson sources source dijo
dicho dice dicen señaló afirmó afirma aseguró asegura declaró declara anunció anuncia según informó informaron indicó
explicó sostuvo sostiene negó niega admitió reconoció añadió agregó advirtió portavoz fuentes sagte sagt sagten
erklärte erklärt teilte mitgeteilt zufolge laut behauptete behauptet betonte meinte gab kündigte bestritt bestreitet
räumte warnte fügte sprecher sprecherin quellen
"""

HEDGES: frozenset[str] = frozenset(_HEDGES.casefold().split())
"""Negations and words that weaken or strengthen a claim: one more or one less changes what is said."""

ATTRIBUTIONS: frozenset[str] = frozenset(_ATTRIBUTIONS.casefold().split())
"""Verbs and nouns of saying: who vouches for a claim, and how."""

CORRECTION: re.Pattern[str] = re.compile(
    r"""
    ^\W*(?: corrections? | corrected | clarifications? | editor['\u2019]?s?['\u2019]?\ note | updated? | retraction
          | correcci[oó]n | fe\ de\ err(?:ores|atas) | rectificaci[oó]n | aclaraci[oó]n | actualizaci[oó]n
          | nota\ de(?:\ la\ redacci[oó]n|l\ editor)
          | korrektur | berichtigung | richtigstellung | aktualisierung | (?:anmerkung|hinweis)\ der\ redaktion )\b
       \s*(?: [:(\[\u2013\u2014-] | \d | an\ earlier | this | $ )
    | \b(?: an\ earlier\ version\ of\ this\ (?:article|story|report)
          | this\ (?:article|story)\ (?:has\ been|was)\ (?:amended|corrected|updated)
          | una\ versi[oó]n\ anterior\ de\ est[ea]
          | este\ art[ií]culo\ (?:ha\ sido|fue)\ (?:corregido|actualizado)
          | in\ einer\ (?:früheren|vorherigen)\ (?:version|fassung)
          | dieser\ (?:artikel|text)\ wurde\ (?:korrigiert|aktualisiert) )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""How a correction, an editor's note or a notice of an update begins, or what it always says."""

RESIDUE: re.Pattern[str] = re.compile(
    r"\[ad_\d+\]|source link|related articles?|leave a reply|read more.{0,30}|share this.{0,30}|"
    r"your email address will not be published.*",
    re.IGNORECASE,
)
"""Lines scrapers and page furniture leave behind, should the cleaning have missed them."""
