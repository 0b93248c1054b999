"""A page's own list of its updates, and its lines about when it was published and changed.

They are no text of the article: each update of the page adds a line to them, which repeats in short what the text now
says. A line is a stamp if nothing but a date and words of publishing are in it. A list is an update log if each of its
entries begins with a date, and its block is named as one, or the words around the entries are stamps and titles such as
"Change history".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lxml import etree

from archive.extract.written_dates import find_dates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from lxml.html import HtmlElement

    from archive.extract.parse import XPathQuery
    from archive.extract.written_dates import WrittenDate

MAX_UPDATES = 50
"""Maximum number of dated notes kept as facts of a page, the first of its log."""

_PUBLISHING_WORDS = """
published updated modified changed reviewed posted issued amended revised current
veröffentlicht aktualisiert
geändert bearbeitet überarbeitet stand erstellt publié publiée mis mise jour modifié modifiée
publicado publicada
actualizado actualizada modificado modificada actualización pubblicato pubblicata aggiornato
aggiornata
aggiornamento modificato publicação atualizado atualizada atualização gepubliceerd bijgewerkt
gewijzigd
opublikowano zaktualizowano aktualizacja publicerad publicerat uppdaterad uppdaterat opdateret
offentliggjort
publiceret publisert oppdatert julkaistu päivitetty опубликовано обновлено изменено
опубліковано оновлено
yay\u0131nland\u0131 güncellendi güncelleme publikováno aktualizováno közzétéve frissítve
publicat actualizat
δημοσιεύθηκε ενημερώθηκε نشر نُشر تحديث פורסם עודכן प्रकाशित अपडेट 公開 公開日 更新 更新日 最終更新
最終更新日 更新日時 入力 配信 掲載 发布
更新于 发布于 更新时间 发布时间 更新日期 发布日期 最后更新 更新時間 發布時間 最後更新 發布 게시 수정
최종수정 업데이트 입력 기사입력 등록
nhật actualizare diperbarui dipublikasikan diterbitkan อัปเดต อัปเดตล่าสุด เผยแพร่ منتشر روزرسانی
ενημέρωση δημοσίευση актуализирано објављено ažurirano objavljeno
"""
_PUBLISHING = frozenset(_PUBLISHING_WORDS.split())
_HISTORY_WORDS = """
history changelog revision revisions amendments changes updates versions änderungshistorie änderungsverlauf
änderungsprotokoll versionsgeschichte änderungen aktualisierungen historique modifications révisions mises
historial actualizaciones cambios revisiones cronologia aggiornamenti modifiche revisioni histórico atualizações
alterações wijzigingen geschiedenis historia zmian ändringar ændringer historik endringer historikk muutokset
изменений история обновления історія змін geçmişi 履歴 更新履歴 改訂履歴 更新记录 修订记录
"""
_HISTORY = frozenset(_HISTORY_WORDS.split())
_FILLING_WORDS = """
the this page document article publication guidance content was last first still and on at in by of to for a all
full show hide see view read change update version log original date time from am um uhr zuletzt zuerst erstmals
vom der die das alle anzeigen seite dokument letzte le la les à au du de des el los las en il lo del alle al
dernière toutes voir afficher última ultimo ultima todas ver mostrar ultimi em às a o da do op laatst om voor het
alle toon deze pagina ostatnia ostatnio senast den kl sidst sist kello viimeksi последнее в на все son pm bst gmt
utc est edt cet cest pst pdt آخر في تاريخ آخرین به لאחרונה ב अंतिम को 최종 마지막 시간 cập lần cuối
lúc terakhir pada utolsó ultima pe τελευταία
στις востаннє о naposledy dne posledná ล่าสุด เมื่อ son klo ngày giờ phút tanggal pukul jam wib wita น เวลา วันที่
hod godz год ч мск msk jst kst ist aest aedt hkt sgt ساعت الساعة מתאריך בשעה बजे
"""
_FILLING = frozenset(_FILLING_WORDS.split())
_NAMED = re.compile(
    r"(?:change|update|revision|version|page|edit|document|publication)s?[-_]{1,2}(?:history|log|notes?)|changelog|"
    r"history[-_]of[-_]changes|published[-_]dates|versionsgeschichte|historique[-_]des",
    re.IGNORECASE,
)
_WORD = re.compile("(?:[^\\W\\d_]|[\u0900-\u0963\u0e31\u0e34-\u0e4e])+")
_LEFT_OVER = re.compile(r"\d")
_CLOCK = re.compile(r"\d{1,2}(?:[:.h]\d\d){1,2}|\d{1,2}\s?[ap]\.?m\b", re.IGNORECASE)
_OTHER_CALENDAR = re.compile(
    r"\d{1,2}\s(?:فروردین|اردیبهشت|خرداد|تیر|مرداد|شهریور|مهر|آبان|آذر|دی|بهمن|اسفند|محرم|صفر|ربيع الأول|ربيع الآخر"
    r"|جمادى الأولى|جمادى الآخرة|رجب|شعبان|رمضان|شوال|ذو القعدة|ذو الحجة)\s(?:ماه\s)?\d{4}"
)
"""A day of the Persian or the Islamic calendar."""
_BLOCKS_WORDS = """
p div li ul ol dl dt dd table tbody thead tr td th section article aside header footer details summary figure
form h1 h2 h3 h4 h5 h6 blockquote main nav
"""
_BLOCKS = frozenset(_BLOCKS_WORDS.split())
_LONGEST_STAMP = 240  # characters
_LONGEST_TITLE = 60
_LONGEST_NOTE = 3_000
_MEAN_NOTE = 500
_MOST_LINES = 1_000  # lines of a block that may be a log
_MOST_BLOCKS = 400  # blocks that are looked at for a log
_MOST_DATED = 1_000  # blocks at each end of a page that may be a stamp
_LONGEST_DATE = 60
_AT_THE_BEGINNING = 4  # characters before the date of an entry
_STRING: XPathQuery = etree.XPath("string()")
_TITLES: XPathQuery = etree.XPath(
    "//body//*[self::h2 or self::h3 or self::h4 or self::h5 or self::summary or self::dt]"
    f"[string-length() <= {_LONGEST_STAMP}]"
)
_MARKED: XPathQuery = etree.XPath(
    "//body//*[self::div or self::section or self::ol or self::ul or self::dl or self::details or self::table"
    " or self::p][@class or @id]"
)
_DATED: XPathQuery = etree.XPath(
    "//body//*[self::p or self::div or self::li or self::small or self::dd or self::td]"
    f"[not(p or div or ul or ol or table or section or article or form or h2)][string-length() <= {_LONGEST_STAMP}]"
)


@dataclass(frozen=True, slots=True)
class Update:
    """An entry of a page's update log: its day, and its note, which may be empty."""

    day: datetime
    note: str


@dataclass(frozen=True, slots=True)
class UpdateLog:
    """The blocks of a page that hold its stamps and update log, and the updates, in the order of the page."""

    blocks: tuple[HtmlElement, ...] = ()
    updates: tuple[Update, ...] = ()

    @property
    def is_record(self) -> bool:
        """True if the page keeps a record of itself: a log, the place of one, or stamps in a list of terms."""
        return bool(self.updates) or any(block.tag == "dt" or _is_named(_names(block)) for block in self.blocks)


def find_update_log(root: HtmlElement, language: str | None = None) -> UpdateLog:
    """Return the stamps and the update log of a page. The tree is not changed. Linear in the page."""
    blocks: list[HtmlElement] = []
    updates: list[Update] = []
    for block in _candidates(root):
        if not _is_in(block, blocks) and (entries := _read_log(block, language)) is not None:
            blocks.append(block)
            updates += entries
    dated = _DATED(root)
    if len(dated) > 2 * _MOST_DATED:
        dated = [*dated[:_MOST_DATED], *dated[-_MOST_DATED:]]
    for block in dated:
        stamped = _stamped(block, language)
        blocks += [part for part in stamped if not _is_in(part, blocks)]
    return UpdateLog(tuple(blocks), tuple(updates[:MAX_UPDATES]))


def is_stamp(text: str, language: str | None = None) -> bool:
    """Return True if ``text`` has a date, a word of publishing, and nothing that is neither."""
    if not 0 < len(text) <= _LONGEST_STAMP or not _LEFT_OVER.search(text):
        return False
    if all(word not in _PUBLISHING for word in _words(text)):
        return False
    without_others = _OTHER_CALENDAR.sub(" ", text)
    dates = find_dates(without_others, language)
    rest = _without(without_others, dates)
    return (bool(dates) or without_others != text) and _are_filling(_words(rest)) and not _LEFT_OVER.search(rest)


def is_title_of_log(text: str) -> bool:
    """Return True for a title such as "Change history" or "Show all updates"."""
    words = _words(text) if len(text) <= _LONGEST_TITLE else []
    return (
        any(word in _HISTORY for word in words) and _are_filling(words) and (len(words) > 1 or words[0] not in _VAGUE)
    )


_VAGUE = frozenset({"updates", "changes", "history", "versions", "geschiedenis", "historia", "cambios", "änderungen"})
"""Alone they are titles of ordinary sections too."""


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _are_filling(words: Sequence[str]) -> bool:
    return all(word in _PUBLISHING or word in _HISTORY or word in _FILLING for word in words)


def _without(text: str, dates: Sequence[WrittenDate]) -> str:
    pieces, position = [], 0
    for date in dates:
        pieces.append(text[position : date.start])
        position = date.end
    return _CLOCK.sub(" ", " ".join([*pieces, text[position:]]))


def _candidates(root: HtmlElement) -> Iterator[HtmlElement]:
    """Yield blocks that are named as a log, and blocks around or behind a title of one, outermost first."""
    number = 0
    for block in _MARKED(root):
        if _is_named(_names(block)) and (number := number + 1) <= _MOST_BLOCKS:
            yield block
    for title in _TITLES(root):
        if (number := number + 1) > _MOST_BLOCKS:
            return
        if is_title_of_log(_text(title)):
            parent = title.getparent()
            if parent is not None and parent.tag != "body":
                yield parent


def _names(block: HtmlElement) -> str:
    return f"{block.get('class') or ''} {block.get('id') or ''}"[:200]


@lru_cache(maxsize=4_096)  # a page has few names, each many times
def _is_named(names: str) -> bool:
    return _NAMED.search(names) is not None


def _read_log(block: HtmlElement, language: str | None) -> list[Update] | None:
    """Return the entries of a block of dated notes, stamps and titles of a log. None if it holds anything else.

    Notes are short: on the average they are no longer than a paragraph.
    """
    updates: list[Update] = []
    note: list[str] = []
    lines = _lines(block)
    for line in lines:
        dates = find_dates(line[:_LONGEST_DATE].replace(": ", "  "), language)
        if is_stamp(line, language) or is_title_of_log(line):
            continue
        if dates and dates[0].start <= _AT_THE_BEGINNING:
            _close(updates, note)
            updates.append(Update(dates[0].instant, ""))
            note.append(line[dates[0].end :].strip(" \t:|,\u2013\u2014-"))
        elif not updates or sum(map(len, note)) + len(line) > _LONGEST_NOTE:
            return None
        else:
            note.append(line)
    if not lines:
        return None
    _close(updates, note)
    letters = sum(len(update.note) for update in updates)
    return updates if letters <= _MEAN_NOTE * max(len(updates), 1) else None


def _close(updates: list[Update], note: list[str]) -> None:
    """Give the last update its note."""
    if updates:
        updates[-1] = Update(updates[-1].day, " ".join(part for part in note if part))
    note.clear()


def _lines(block: HtmlElement) -> list[str]:
    """Return the lines of a block: a block element or a line break ends one. One line too many makes none."""
    lines: list[list[str]] = [[]]
    for event, element in etree.iterwalk(block, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        if element.tag in _BLOCKS or element.tag in {"br", "time"}:
            lines.append([])
        piece = element.text if event == "start" else element.tail if element is not block else None
        if piece and piece.strip():
            lines[-1].append(piece)
        if len(lines) > _MOST_LINES:
            return [" "]
    return [line for pieces in lines if (line := " ".join(" ".join(pieces).split()))]


def _stamped(block: HtmlElement, language: str | None) -> tuple[HtmlElement, ...]:
    """Return the blocks of a stamp: a block of it alone, or the term and the definition of a list of them."""
    if not _LEFT_OVER.search(_STRING(block)):
        return ()
    text = _text(block)
    if block.tag in {"dd", "td"}:
        term = block.getprevious()
        label = _text(term) if term is not None and term.tag in {"dt", "th"} else ""
        return (term, block) if label and is_stamp(f"{label} {text}", language) else ()
    return (block,) if is_stamp(text, language) else ()


def _text(block: HtmlElement) -> str:
    return " ".join(" ".join(block.itertext()).split())


def _is_in(element: HtmlElement, blocks: Sequence[HtmlElement]) -> bool:
    known = set(blocks)
    return element in known or any(ancestor in known for ancestor in element.iterancestors())
