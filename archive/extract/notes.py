"""Corrections, updates and standfirsts beside the article's body: the extractor drops asides, headers and footers.

A note is known by its first words, or by the name that the publisher gives its block. It is part of the text, in its
place on the page, and a fact marks it as what it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lxml import etree

from archive.extract.update_log import is_stamp
from db.correction_notes import CORRECTION
from db.typography import fold_typography

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml.html import HtmlElement

    from archive.extract.parse import XPathQuery

NOTE_WORDS = (
    # English, German, French, Spanish, Italian, Portuguese
    "corrections?|corrected|clarifications?|editor['\u2019]?s['\u2019]? note|erratum|errata|retraction|updated?|"
    "amendment|"
    "korrektur|berichtigung|richtigstellung|klarstellung|anmerkung der redaktion|anm\\. ?d\\. ?red|"
    "aktualisierung|nachtrag|"
    "rectificatif|précision|mise à jour|note de la rédaction|ndlr|"
    "corrección|rectificación|fe de (?:errores|erratas)|aclaración|actualización|nota de la redacción|"
    "correzione|rettifica|precisazione|aggiornamento|errata corrige|"
    "correção|retificação|esclarecimento|atualização|"
    # Dutch, Polish, Swedish, Danish, Norwegian, Finnish, Czech, Hungarian, Romanian, Turkish, Greek
    "correctie|rectificatie|verduidelijking|aanvulling|sprostowanie|korekta|aktualizacja|od redakcji|"
    "rättelse|förtydligande|uppdatering|rettelse|berigtigelse|præcisering|opdatering|presisering|oppdatering|"
    "oikaisu|korjaus|päivitys|oprava|upřesnění|aktualizace|helyesbítés|frissítés|"
    "corecție|rectificare|actualizare|erată|düzeltme|güncelleme|"
    "διόρθωση|ενημέρωση|"
    # Russian, Ukrainian, Arabic, Hebrew, Persian, Hindi
    "исправление|поправка|уточнение|обновлено|обновление|опровержение|"
    "от редакции|виправлення|уточнення|оновлено|спростування|"
    "تصحيح|توضيح|تحديث|تنويه|"
    "תיקון|הבהרה|עדכון|"
    "اصلاحیه|تصحیح|सुधार|"
    "संशोधन|स्पष्टीकरण|"
    # Vietnamese, Indonesian, Malay, Swahili, Bulgarian, Serbian, Croatian, Slovak, Slovene, Catalan, Galician, Basque
    "đính chính|cải chính|cập nhật|koreksi|ralat|pembaruan|klarifikasi|pembetulan|penjelasan|kemas kini|"
    "marekebisho|masahihisho|"
    "корекция|уточнение|исправка|исправак|демант|ispravak|ispravka|ispravci|demanti|opravujeme|spresnenie|popravek|"
    "popravak|pojasnilo|correcció|fe d'errades|rectificació|aclariment|corrección|zuzenketa|"
    # Estonian, Latvian, Lithuanian, Icelandic, Albanian, Bengali, Urdu, Tamil, Telugu, Marathi, Nepali, Filipino
    "parandus|täpsustus|labojums|precizējums|patikslinimas|pataisymas|leiðrétting|korrigjim|saktësim|"
    "সংশোধনী|সংশোধন|ভ্রম সংশোধন|স্পষ্টীকরণ|تصحیح|وضاحت|درستگی|درستی|திருத்தம்|సవరణ|దిద్దుబాటు|दुरुस्ती|शुद्धिपत्र|भूल सुधार|"
    "pagwawasto|paglilinaw"
)
"""First words of a note, in scripts with spaces."""

UNSPACED_WORDS = (
    "訂正|お詫び|おことわり|追記|更新|修正|更正|勘误|勘誤|刊误|刊誤|编者按|編者按|编辑更正|编注|編註|澄清|致歉|正误|"
    "정정|수정|바로잡습니다|바로잡음|알려드립니다|แก้ไข|แก้ข่าว|แก้คำผิด|ขออภัย|ชี้แจง|อัปเดต|កែតម្រូវ|ແກ້ໄຂ"
)
"""First words of a note in Chinese, Japanese, Korean and Thai."""

_NOTE = re.compile(rf"\W{{0,5}}(?:(?:{NOTE_WORDS})(?!\w)|(?:{UNSPACED_WORDS}))", re.IGNORECASE)
_NAMED = re.compile(
    r"(?:^|[\s_-])(?:corrections?|corrigendum|clarifications?|errat(?:um|a)|editors?-?note|korrektur|berichtigung"
    r"|richtigstellung|rectificati(?:f|on|e)|correctif|rectificaci[oó]n|fe-de-err(?:ores|atas)|rettifica|correzione"
    r"|corre[cç][aã]o|correctie|sprostowanie|korekta|r[aä]ttelse|rettelse|oikaisu|oprava|duzeltme|teisei)(?:$|[\s_-])"
)
_STANDFIRST = re.compile(
    r"(?:^|[\s_-])(?:standfirst|lede|lead|leadtext|intro|introduction|chapo|chapeau|vorspann|entradilla|bajada|sommario"
    r"|occhiello|ingress|manchet|zajawka|anons|spot)(?:$|[\s_-])"
)
"""A "dek" or a sub-title is not among them: 10 of 181 labelled pages have one, and none counts it as text."""
_STRING: XPathQuery = etree.XPath("string()")
_PICTURES: XPathQuery = etree.XPath("boolean(.//img or .//picture or .//figure or .//video or .//iframe)")
_BLOCKS: XPathQuery = etree.XPath(
    "//body//*[self::p or self::div or self::li or self::small or self::aside or self::footer or self::section"
    " or self::blockquote or self::details or (ancestor::header and (self::h2 or self::h3))]"
    "[not(p or div or ul or ol or h1 or h2 or table or article or section or form or ancestor::a)]"
    "[not(ancestor::nav or ancestor::form or ancestor::button or ancestor::noscript or ancestor::template)]"
)
"""Blocks without blocks inside. A summary inside is the label of the note."""
_TERMS: XPathQuery = etree.XPath("//body//dt[following-sibling::*[1][self::dd]][not(ancestor::nav or ancestor::form)]")
_LATEST = re.compile(
    r"\W{0,5}(?:latest|newest|most recent|neueste|letzte|dernière|última|ultim[oa]|laatste|senaste|seneste|siste|"
    r"ostatnia|poslední|последнее|останнє|son|最新)\s?",
    re.IGNORECASE,
)
_HEADS_BEFORE: XPathQuery = etree.XPath("preceding::*[self::h1 or self::h2 or self::p]")
_BEFORE: XPathQuery = etree.XPath("preceding::p | preceding::li")
_NOT_WORDS = re.compile(r"[\W_]+")
_WORDS = re.compile(r"[^\W\d_]+")
_LEAST_WORDS = 8  # a shorter one is a time stamp ("Updated: 3 January, 10 a.m.") or a label
_LEAST_LETTERS = 16  # the same in a script without spaces
_LEAST_DEFINED = 3
_MOST = 1_500  # characters
_BEGINNING = 120  # characters in which a note says that it is one
_MAX_NOTES = 20  # each costs a look at all before it
_MAX_BEFORE = 400  # paragraphs before it that are searched for the last one in the text


@dataclass(frozen=True, slots=True)
class Note:
    """A note on a page: its text, its kind (``correction note`` or ``standfirst``), and the block that has it."""

    element: HtmlElement
    text: str
    kind: str

    @property
    def source(self) -> str:
        """The block's tag and class, as in ``aside.correction``."""
        block = next(self.element.iterancestors("aside", "footer", "header"), self.element)
        name = (block.get("class") or "").split()
        return ".".join((block.tag, *name[:1]))


def find_notes(root: HtmlElement) -> list[Note]:
    """Return the notes beside the body, in document order."""
    notes: list[Note] = []
    for element in _BLOCKS(root):
        text = _text(element) if len(notes) < _MAX_NOTES else ""
        if not 0 < len(text) <= _MOST or not (kind := _kind_of(element, text)):
            continue
        if not _is_sentence(text) or _is_linked(element, text):
            continue
        if kind == "standfirst" and (not _is_below_headline(element) or _is_caption(element)):
            continue
        if not notes or notes[-1].text != text:  # else the small print in a footer
            notes.append(Note(element, text, kind))
    return [*notes, *_defined_notes(root)]


def _kind_of(element: HtmlElement, text: str) -> str:
    """Return the kind of note that the words and names of a block make it, or an empty text."""
    names = " ".join(_names(element))
    if _NOTE.match(text) or _is_named_note(names) or (_is_apart(element) and _says_corrected(text)):
        return "correction note"
    return "standfirst" if _is_named_standfirst(names) else ""


@lru_cache(maxsize=4_096)  # a page has few names, each many times
def _is_named_note(names: str) -> bool:
    return _NAMED.search(names) is not None


@lru_cache(maxsize=4_096)
def _is_named_standfirst(names: str) -> bool:
    return _STANDFIRST.search(names) is not None


def _defined_notes(root: HtmlElement) -> Iterator[Note]:
    """Yield the notes of definition lists: a term such as "Latest update", and a definition that is more than a date.

    A note that has a term of its own may be short.
    """
    for term in _TERMS(root)[:_MAX_NOTES]:
        label = " ".join("".join(term.itertext()).split()).rstrip(" :")
        begins = _LATEST.match(label)
        match = _NOTE.match(label, begins.end() if begins else 0)
        if match is None or len(label) > match.end():
            continue
        definition = term.getnext()
        text = " ".join("".join(definition.itertext()).split())
        if len(_WORDS.findall(text)) >= _LEAST_DEFINED and len(text) <= _MOST and not is_stamp(f"{label} {text}"):
            yield Note(definition, f"{label}: {text}", "correction note")


def insert_notes(text: str, notes: Sequence[Note]) -> tuple[str, tuple[Note, ...]]:
    """Return ``text`` with the notes it lacks, each behind the last block before it, and all notes that it then has."""
    lines = text.split("\n")
    keys = [_key(line) for line in lines]
    line_of = {key: number for number, key in reversed(list(enumerate(keys)))}
    flat = "".join(keys)
    added: dict[int, list[str]] = {}
    for note in notes:
        if _key(note.text) not in flat:
            preceding = reversed(_BEFORE(note.element)[-_MAX_BEFORE:])
            places = (line_of.get(_key("".join(block.itertext()))) for block in preceding)
            place = next((place for place in places if place is not None), -1)
            added.setdefault(place, []).append(note.text)
    if not added:
        return text, tuple(notes)
    pieces = [added.get(-1, []), *([line, *added.get(number, ())] for number, line in enumerate(lines))]
    return "\n".join(line for piece in pieces for line in piece), tuple(notes)


def _text(element: HtmlElement) -> str:
    """Return the text of a block without the label in front of it."""
    summary = element.find("summary")
    label = len(_STRING(summary)) if summary is not None else 0
    return " ".join(_STRING(element).strip()[label:].split())


def _is_apart(element: HtmlElement) -> bool:
    """False for a plain paragraph behind another one: the extractor reads these, and they are most blocks of a page."""
    before = element.getprevious()
    return element.tag != "p" or len(element.attrib) > 0 or before is None or before.tag != "p"


def _says_corrected(text: str) -> bool:
    return CORRECTION.search(fold_typography(text[:_BEGINNING])) is not None


def _is_linked(element: HtmlElement, text: str) -> bool:
    """True for a teaser or a row of links."""
    return 2 * sum(len(" ".join("".join(link.itertext()).split())) for link in element.iter("a")) > len(text)


def _is_sentence(text: str) -> bool:
    words = _WORDS.findall(text)
    return len(words) >= _LEAST_WORDS or (not text.isascii() and sum(map(len, words)) >= _LEAST_LETTERS)


def _names(element: HtmlElement) -> Iterator[str]:
    """Yield the classes and ids of a block and of the two around it, in lower case."""
    parts = [element, *(ancestor for ancestor, _ in zip(element.iterancestors(), range(2), strict=False))]
    for part in parts:
        yield (part.get("class") or "")[:200].lower()
        yield (part.get("id") or "")[:200].lower()


def _is_below_headline(element: HtmlElement) -> bool:
    """True in a header with the headline, and for a bold block right behind the headline.

    A plain one there is a summary that labels do not count as text.
    """
    header = next(element.iterancestors("header"), None)
    if header is not None and header.find(".//h1") is not None:
        return True
    bold = next(element.iterchildren("strong", "b"), None)
    if bold is None or _key("".join(bold.itertext())) != _key("".join(element.itertext())):
        return False
    return next((block.tag == "h1" for block in reversed(_HEADS_BEFORE(element)[-1:])), False)


def _is_caption(element: HtmlElement) -> bool:
    """True if the block that is named as a standfirst has a picture: the lead picture and its caption."""
    parts = [element, *(ancestor for ancestor, _ in zip(element.iterancestors(), range(2), strict=False))]
    standfirsts = [part for part in parts if _STANDFIRST.search(f"{part.get('class')} {part.get('id')}"[:400].lower())]
    return any(_PICTURES(part) for part in standfirsts)


def _key(text: str) -> str:
    return _NOT_WORDS.sub("", text)
