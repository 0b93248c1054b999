"""Names of people in what pages give as author. A site, a department, an agency, a role or a login is no person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.extract.fold import fold_words

if TYPE_CHECKING:
    from collections.abc import Iterable

BY = (
    r"(?:written|posted|published|reported|geschrieben|erstellt|verfasst|veröffentlicht|escrito|publicado|publié|écrit"
    r"|scritto|pubblicato|submitted|eingereicht|created|napisał|geplaatst)?\s?"
    r"(?:by|von|vom|par|por|di|da|door|av|af|przez|autore?:?|auteurs?|author(?:in|s|\(s\))?|autor(?:in|es|as|a|i|en)?"
    r"|text|texto|texte|testo|tekst|words|story|redaktør|автор|текст|автори|autorių|schrijver|yazar|penulis|oleh|kirjoittaja"
    r"|szerző|συντάκτης|του|της|بقلم|كتب|كتبت|מאת|लेखक|作者|撰文|文|記者|记者|기자|글)"
)
"""The words in front of a name: by, von, par, author ..."""
_BY = re.compile(rf"^[\s\-–—·•|(]*{BY}(?:\s*[:：/／|]\s*|\s+)", re.IGNORECASE)
_BY_GLUED = re.compile(r"^(?:作者|撰文|文|記者|记者)\s*[:：/／]?\s*|^(?:By|Von|Por|Par)(?=[A-ZÀ-Þ][a-zß-ÿ])")
_SEPARATOR = re.compile(
    r"\s*(?:[;/|、，•·]|,(?!\s*(?:Jr|Sr|PhD|Ph\.|MD|M\.D|II|III)\b)|\s[&+]\s"
    r"|\s(?:and|und|et|y|e|en|og|och|ve|и|i|oraz|ja|και|a)\s)\s*",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"\s*(?:\(.{0,80}|[|–—]\s.{0,80}|\s-\s.{0,80}|\bfor (?:the|mail)\b.{0,80}|@.{0,80})$", re.IGNORECASE
)
_CALLED = re.compile(r"\s?(?:기자|記者|记者|さん|氏)$")
_ADDRESS = re.compile(r"https?:|www\.|@|\w\.(?:com|org|net|info|[a-z]{2})(?:$|\s|/)", re.IGNORECASE)
_TOKEN = re.compile(r"[^\s]+")
_PARTICLE_WORDS = """
von van de der den del della di da dos das do du la le el al bin ibn ben zu zum zur ter ten y e af av und d' o'
"""
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
_FIRST_NAMES = frozenset({"ben", "van"})
"""Particles that are first names too."""
_NO_PERSON_WORDS = """
news newsroom newsdesk staff team webteam desk editor editors editorial press presse media medien admin
administrator administrador webmaster reporter reporters times herald tribune journal magazine magazin zeitung
tidning radio tv bund view more post posts all show follow subscribe about author authors autor autorin guest
gastbeitrag gastautor unknown anonymous anonymus null undefined default user root test ag se ltd inc llc corp
bureau board council committee community network none profile contact email e-mail share comment comments login
sign read click photo photos foto fotos video videos image images bild bilder getty copy copyright source
sources quelle fuente article articles artikel beitrag kommentar minute minutes min today update updated updates
datum date print online service services shop company group gruppe club blog agent contributor contributors
correspondent special permalink permalien archive archives archiv category kategorie tags inhalte sponsored
wortlaut office department ministry ministerium minister report reports wire posted published publisher admin1
sponsor
"""
_NO_PERSON_STEMS = """
redak redac rédac redaz redaç gmbh stiftung verlag verband verein universit institut agenc agentur nachricht
reuters xinhua bloomberg kathpress pexels unsplash pixabay shutterstock illustrier foundation associat zeitung
magazin wordpress admin editor televis lizenz license contribut correspond newsroom pressestelle e.v. 编辑 編輯 通讯员
본지 뉴스 新聞 新闻 редакц агентств новост تحرير وكالة מערכת संपादक डेस्क กองบรรณาธิการ
"""
_NO_PERSON = re.compile(
    r"(?<!\w)(?:"
    + "|".join(map(re.escape, _NO_PERSON_WORDS.split()))
    + r")(?!\w)|"
    + "|".join(map(re.escape, _NO_PERSON_STEMS.split()))
    + "|©",
    re.IGNORECASE,
)
_AGENCY = re.compile(
    r"^(?:reuters|thomson reuters|afp|a\.?f\.?p\.?|agence france-presse|ap|the associated press|associated press"
    r"|dpa(?:-\w+)?|ansa|efe|agencia efe|apa|pti|press trust of india|ani|ians|xinhua|bloomberg|tass|kathpress"
    r"|kyodo(?: news)?|yonhap|lusa|belga"
    r"|ritzau|ntb|stt|anp|epd|kna|sid|pa|pa media|press association|upi|ria novosti|interfax|anadolu agency|cna|rtr)$",
    re.IGNORECASE,
)
_CASELESS = re.compile(r"[\u0590-\u07ff\u0900-\u0eff\u1000-\u109f\u1780-\u17ff]")
_HAN_NAME = re.compile(r"[\u3400-\u9fff]{2,5}$|[\u3040-\u30ff\u3400-\u9fff]{2,8}$|[\uac00-\ud7a3]{2,4}$")
_HANDLE = re.compile(r"\s@\w{1,30}\b")
_MOST_WORDS = 5
_LONGEST_NAME = 60
_LEAST_OF_SITE = 5  # letters of a host that make an author's name that of the site
_MAX_PEOPLE = 12


def site_names(sites: Iterable[str], url: str) -> frozenset[str]:
    """Return names of a site and its host without blanks, in which authors are looked up."""
    try:
        host = (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        host = ""
    labels = host.split(".")[:-1] if host.count(".") else [host]
    joined = (fold_words(name).replace(" ", "") for name in (*sites, host, *labels))
    return frozenset(name for name in joined if name)


def read_people(raw: str, sites: frozenset[str], *, login: bool = False) -> tuple[str, ...]:
    """Return the people in what a page gives as author, as written. ``sites`` are from `site_names`.

    A single word is a person only with ``login``: it may be a first name or a name in a forum.
    """
    text = _HANDLE.sub("", _BY_GLUED.sub("", _BY.sub("", " ".join(raw.split())))).strip(' ,;:|-–—·•*".')
    text = text.rpartition(": ")[2]
    if not text or _ADDRESS.search(text):
        return ()
    parts = [_CALLED.sub("", _BEHIND.sub("", part)).strip(' ,;:-–—·•*"') for part in _SEPARATOR.split(text)][
        : _MAX_PEOPLE + 1
    ]
    words = [_TOKEN.findall(part) for part in parts]
    if len(parts) == 2 and all(len(part) == 1 for part in words) and "," in text:  # noqa: PLR2004  # Bell, Ann
        parts = [f"{parts[1]} {parts[0]}"]
    people = [_BY.sub("", part) for part in parts]
    people = [
        name for name in people if _is_person(name, sites) or (login and len(parts) == 1 and _is_login(name, sites))
    ]
    return tuple(dict.fromkeys(people))[:_MAX_PEOPLE]


def read_agencies(raw: str, sites: frozenset[str]) -> tuple[str, ...]:
    """Return the news agencies in what a page gives as author, if it names nothing else but the site."""
    parts = [part.strip() for part in _SEPARATOR.split(_BY.sub("", " ".join(raw.split())))][: _MAX_PEOPLE + 1]
    agencies = [part for part in parts if _AGENCY.match(part) and not _is_site(part, sites)]
    return tuple(dict.fromkeys(agencies))


def _is_person(name: str, sites: frozenset[str]) -> bool:
    if not 1 < len(name) <= _LONGEST_NAME or re.search(r"\d", name) or _NO_PERSON.search(name) or _is_site(name, sites):
        return False
    if _HAN_NAME.match(name):
        return True
    tokens = _TOKEN.findall(name)
    words = [word for word in tokens if word.casefold() not in _PARTICLES]
    if tokens[0].istitle() and tokens[0].casefold() in _FIRST_NAMES:
        words.insert(0, tokens[0])
    if not 2 <= len(words) <= _MOST_WORDS:  # noqa: PLR2004  # a first name and a surname
        return False
    return all(_starts_a_name(word) for word in words)


def _starts_a_name(word: str) -> bool:
    letter = next((character for character in word if character.isalpha()), "")
    return bool(letter) and (letter.isupper() or letter.istitle() or bool(_CASELESS.match(letter)))


def _is_login(name: str, sites: frozenset[str]) -> bool:
    is_word = 2 < len(name) <= 20 and not re.search(r"[\s@:/]", name) and name[0].isalpha()  # noqa: PLR2004
    return is_word and not _NO_PERSON.search(name) and not _is_site(name, sites)


def _is_site(name: str, sites: frozenset[str]) -> bool:
    joined = fold_words(name).replace(" ", "")
    return any(
        joined == site
        or (len(joined) >= _LEAST_OF_SITE and joined in site)
        or (len(site) > _LEAST_OF_SITE and site in joined)
        for site in sites
    )
