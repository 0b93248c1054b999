"""Names of news houses: whether words name the house of an address, and whether a text credits one in any language.

A text credits a house that it names as a source. A name of several words is enough. A single word, as "Mirror" or
"Nation", may be any word of the language: it counts in brackets or beside a word of reporting ("according to", "laut",
"según", "по данным", "報じた").
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

READ = 60_000
"""Characters of a text that are searched for credits: its beginning, where a text of usual size is whole."""

_EVERY_HOUSE = frozenset(
    {"news", "daily", "agency", "press", "wire", "times", "post", "from", "staff", "editor", "example", "with"}
)
_BETWEEN_NAMES = re.compile(r"[,/|():;]|\s[-\u2013\u2014]\s|\b(?:by|for|and)\b", re.IGNORECASE)
_NAMES, _ADDRESSES = 4_096, 4_096  # names and addresses whose words are remembered: a cluster compares all with all
_ARTICLE = re.compile(r"(?:the|der|die|das|el|la|los|las|le|les|l['\u2019]|il|lo|gli|o|os|as|de|het)\s+", re.IGNORECASE)
_KINDS_OF_HOUSE = re.compile(
    r"(?<!\w)(?:news|press|media|wire|daily|agency|service|bureau|online|digital|newspaper|"
    r"agencia|ag\u00eancia|agence|agenzia|agencja|agentur|agentura|agentie|presseagentur|nachrichtenagentur|"
    r"noticias|not\u00edcias|nachrichten|notizie|de prensa|de presse|di stampa|"
    r"\u0430\u0433\u0435\u043d\u0442\u0441\u0442\u0432\u043e|\u0430\u0433\u0435\u043d\u0446\u0438\u044f|"
    r"\u043d\u043e\u0432\u043e\u0441\u0442\u0438|\u0648\u0643\u0627\u0644\u0629|"
    r"(?:\u0644\u0644|\u0627\u0644)?\u0623\u0646\u0628\u0627\u0621|\u0644\u0644\u0623\u0646\u0628\u0627\u0621)(?!\w)",
    re.IGNORECASE,
)
"""Words for a house of news. Others leave them out: "Farol" for "Ag\u00eancia Farol"."""

_QUOTED = re.compile('[\u00ab\u201e\u201c"\u300c]([^\u00bb\u201c\u201d"\u300d]{3,40})[\u00bb\u201c\u201d"\u300d]')
_LEAST_NAME = 3  # letters of a name that is looked for
_LEAST_JOINED = 9  # letters of a host's name that is found in words run together, as levarobserver in "Levar Observer"
_NEAR = 48  # characters around a name that are searched for a word of reporting
_MOST_PLACES = 40  # occurrences of a name whose surroundings are read
_CUES = re.compile(
    # Germanic and Romance
    r"\b(?:according|report|first|publish|quot|cit(?:ed|ing)|source|courtesy|told|said|says|via|credit|obtained|"
    r"laut|bericht|meld|zuerst|quelle|zitier|nach angaben|schreibt|schrieb|sagte|volgens|schrijft|bron|"
    r"enligt|rapporter|skriver|k\u00e4lla|if\u00f8lge|kilde|"
    r"seg\u00fan|inform|public|fuente|citad|recog|relat|cont\u00f3|adelant|segundo|noticia|divulg|font[ei]|avan\u00e7|"
    r"selon|d['\u2019]apr\u00e8s|rapport|\u00e9crit|r\u00e9v\u00e9l|cit\u00e9|indiqu|pr\u00e9cis|secondo|riport|"
    r"riferi|scriv|anticip|racont|conta|apur|declar|"
    # Slavic, Baltic, Turkic, Finnic, Greek, Romanian, Hungarian, Indonesian, Vietnamese
    r"wed\u0142ug|podaj|poda\u0142|informuj|\u017ar\u00f3d|podle|uvedl|zdroj|potvrd|javlja|navodi|izvor|"
    r"g\u00f6re|bildir|haber|kaynak|mukaan|kertoo|raportoi|l\u00e4hde|potrivit|relateaz|surs|szerint|forr\u00e1s|"
    r"menurut|lapor|sumber|dikutip|theo|ngu\u1ed3n)|"
    r"\u0441\u043e\u043e\u0431\u0449|\u0434\u0430\u043d\u043d\u044b\u043c|\u043f\u0438\u0448\u0435\u0442|"
    r"\u0438\u0441\u0442\u043e\u0447\u043d\u0438\u043a|\u043f\u0435\u0440\u0435\u0434\u0430|\u0432\u044b\u044f\u0441\u043d|"
    r"\u0440\u0430\u0441\u0441\u043a\u0430\u0437|\u0441\u043e\u0441\u043b\u0430|\u0441\u0441\u044b\u043b\u043a|"
    r"\u043f\u043e\u0432\u0456\u0434\u043e\u043c|\u0434\u0430\u043d\u0438\u043c\u0438|\u0434\u0436\u0435\u0440\u0435\u043b|"
    r"\u0441\u044a\u043e\u0431\u0449|\u03c3\u03cd\u03bc\u03c6\u03c9\u03bd|\u03b1\u03bd\u03b1\u03c6\u03ad\u03c1|\u03c0\u03b7\u03b3\u03ae|"
    # Arabic, Persian, Hebrew, Hindi, Bengali, Thai
    r"\u0646\u0642\u0644|\u0648\u0641\u0642|\u0630\u0643\u0631|\u0623\u0641\u0627\u062f|\u0628\u062d\u0633\u0628|"
    r"\u0627\u0644\u0645\u0635\u062f\u0631|\u0642\u0627\u0644\u062a|\u06af\u0632\u0627\u0631\u0634|"
    r"\u05dc\u05e4\u05d9|\u05d3\u05d9\u05d5\u05d5\u05d7|\u05de\u05e7\u05d5\u05e8|"
    r"\u0905\u0928\u0941\u0938\u093e\u0930|\u0938\u094d\u0930\u094b\u0924|\u092c\u0924\u093e\u092f\u093e|"
    r"\u09b8\u09c2\u09a4\u09cd\u09b0|\u099c\u09be\u09a8\u09bf|\u0e23\u0e32\u0e22\u0e07\u0e32\u0e19|\u0e15\u0e32\u0e21|\u0e2d\u0e49\u0e32\u0e07|"
    # Chinese, Japanese, Korean
    r"\u636e|\u64da|\u62a5\u9053|\u5831\u5c0e|\u6765\u6e90|\u4f86\u6e90|\u7535|\u96fb|\u8baf|\u8a0a|\u8f6c\u8f7d|"
    r"\u5831\u3058|\u4f1d\u3048|\u306b\u3088\u308b\u3068|\u306b\u3088\u308c\u3070|\u914d\u4fe1|\u51fa\u5178|"
    r"\ub530\ub974\uba74|\ubcf4\ub3c4|\ucd9c\ucc98|\uc804\ud588|\uc804\ud588\ub2e4",
    re.IGNORECASE,
)
"""Words of reporting and sourcing, by their beginnings."""

_DATELINE = 80  # characters at the top of a text in which a dateline ends
_JOINED_TO, _ENDS_DATELINE = frozenset("=/-\u2013\u2014"), frozenset(").:/\uff09")
_OPENED, _CLOSED = frozenset("([\u00ab\u300a\u3010\uff08\u300c"), frozenset(")]\u00bb\u300b\u3011\uff09\u300d/,")


# --- names and addresses ---------------------------------------------------------------------------------------------


def names_house(text: str, url: str) -> bool:
    """True if words name the house an address belongs to: "(Meridian)" on www.meridian-news.example.

    A word of four letters or more occurs in the host name. Or the host is named by a short form, as "AP" or "Associated
    Press" name apnews.example, and "Los Angeles Times" latimes.example.
    """
    words, short_forms = _house_names(text)
    host, labels = _host_names(url)
    return any(word in host for word in words) or not labels.isdisjoint(short_forms)


def byline_names_house(byline: str, url: str) -> bool:
    """True if a byline, or a part of it, is the name of a house and not of a person.

    "Reuters" and "Jane Doe, Reuters" name reuters.example; "Rosa Milltown" does not name milltownnews.example.
    """
    host, labels = _host_names(url)
    for piece in _BETWEEN_NAMES.split(byline):
        words, short_forms = _house_names(piece)
        if not labels.isdisjoint(short_forms) or (words and all(word in host for word in words)):
            return True
    return False


@lru_cache(maxsize=_NAMES)
def _house_names(text: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the words of a name that may occur in a host name, and its short forms."""
    words = re.findall(r"[^\W\d_]{4,}", text.casefold())
    short_forms = (short for piece in _BETWEEN_NAMES.split(text) for short in _short_forms(piece))
    return tuple(word for word in words if word not in _EVERY_HOUSE), frozenset(short_forms)


@lru_cache(maxsize=_ADDRESSES)
def _host_names(url: str) -> tuple[str, frozenset[str]]:
    """Return the host of an address, and its labels without hyphens, the last left out."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return host, frozenset(label.replace("-", "") for label in host.split(".")[:-1])


def _short_forms(name: str) -> Iterator[str]:
    """Yield how host names shorten a house's name: run together, by initials, by initials and the last word."""
    words = re.findall(r"[^\W\d_]+", name)
    words = words[1:] if words[:1] == ["The"] else words
    if len(words) == 1 and words[0].isupper():
        yield from (words[0].casefold(), f"{words[0]}news".casefold())
    if len(words) > 1:
        initials = "".join(word[0] for word in words)
        forms = ("".join(words), initials, f"{initials}news", initials[:-1] + words[-1])
        yield from (form.casefold() for form in forms)


# --- credits in a text -----------------------------------------------------------------------------------------------


def credited_houses(text: str, houses: Mapping[str, str | None]) -> frozenset[str]:
    """Return the addresses whose houses a text names as a source. ``houses`` has the name of the site by address.

    Linear in the text's length for each house.
    """
    text = text[:READ]
    joined = _join_letters(text)
    return frozenset(url for url, site in houses.items() if _is_credited(text, joined, url, site))


def _is_credited(text: str, joined: str, url: str, site: str | None) -> bool:
    label = max(_host_names(url)[1], key=len, default="")
    if len(label) >= _LEAST_JOINED and _join_letters(label) in joined:
        return True
    names = _names_of_site(site or "")
    if any(" " in name and name in text for name in names):
        return True
    if len(label) >= _LEAST_NAME and label not in _EVERY_HOUSE:
        names = (*names, label)
    return any(_is_credited_word(text, name) for name in dict.fromkeys(names))


@lru_cache(maxsize=_NAMES)
def _names_of_site(site: str) -> tuple[str, ...]:
    """Return how others name a site: without its article, without the words for a house of news, by its initials."""
    whole = _ARTICLE.sub("", site.strip(), count=1) if _ARTICLE.match(site.strip()) else site.strip()
    quoted = _QUOTED.search(whole)
    core = quoted[1] if quoted else " ".join(_KINDS_OF_HOUSE.sub(" ", whole).split()).strip(" -\u2013|,.&")
    initials = "".join(word[0] for word in whole.split())
    names = (whole, core, initials if len(initials) >= _LEAST_NAME and initials.isupper() else "")
    return tuple(dict.fromkeys(name for name in names if len(name) >= _LEAST_NAME))


def _is_credited_word(text: str, word: str) -> bool:
    """True if a word is in brackets or beside a word of reporting. A word of a cased script begins with a capital."""
    for start, end in _places(text, word):
        if not _is_name(text, start, end):
            continue
        if text[start - 1 : start] in _OPENED and text[end : end + 1] in _CLOSED:
            return True
        if _closes_dateline(text, start, end):
            return True
        if _CUES.search(text, max(0, start - _NEAR), start) or _CUES.search(text, end, end + _NEAR):
            return True
    return False


def _closes_dateline(text: str, start: int, end: int) -> bool:
    """True if a word stands where a text has its agency: "(Seoul=Yonhap)", "KYIV, 3 March - Ukrinform." at the top."""
    before, after = text[max(0, start - 2) : start].rstrip()[-1:], text[end : end + 2].lstrip()[:1]
    return start <= _DATELINE and "\n" not in text[:start] and before in _JOINED_TO and after in _ENDS_DATELINE


def _places(text: str, word: str) -> Iterable[tuple[int, int]]:
    """Return where a word begins and ends in a text, whatever its case, at the first places only."""
    matches = re.finditer(re.escape(word), text, re.IGNORECASE)
    return [match.span() for match, _ in zip(matches, range(_MOST_PLACES), strict=False)]


def _is_name(text: str, start: int, end: int) -> bool:
    """True if a place is a whole word that does not begin in lower case. Scripts without spaces have no whole words."""
    if text[start].islower():
        return False
    if not unicodedata.category(text[start]).startswith("L") or text[start].lower() == text[start].upper():
        return True
    return not (_continues_word(text[start - 1 : start]) or _continues_word(text[end : end + 1]))


def _continues_word(letter: str) -> bool:
    """True for a letter with a capital form, and for a figure. Others stand beside a Latin name without a space."""
    return letter.isdigit() or letter.lower() != letter.upper()


def _join_letters(text: str) -> str:
    """Return the letters of a text alone, in lower case and without accents, as host names are made of names."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(filter(str.isalpha, decomposed))
