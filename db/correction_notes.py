"""Notes of correction, in 18 languages: they say that an earlier text was wrong, not only that there is news."""

from __future__ import annotations

import re

_HEADINGS = r"""
    corrections? | corrected | clarifications? | editor[']?s?[']?\ notes? | retraction | erratum | errata
  | correcci[oó]n(?:es)? | fe\ de\ err(?:ores|atas) | rectificaci[oó]n | aclaraci[oó]n
  | nota\ de(?:\ la\ redacci[oó]n|l?\ (?:editor|redactor))
  | korrektur | berichtigung | richtigstellung | korrekturhinweis | transparenzhinweis
  | (?:anmerkung|hinweis)\ der\ redaktion | anm\.\ d\.\ red
  | rectificatif | correctif | note\ de\ la\ r[ée]daction | ndlr
  | corre[cç][cç]?[aã]o | corre[cç][oõ]es | errat[ao] | nota\ d[ao]\ (?:reda[cç][aã]o|editor)
  | correzione | rettifica | errata\ corrige | nota\ (?:della\ redazione|dell'editore)
  | correctie | rectificatie | noot\ van\ de\ redactie
  | sprostowanie | korekta | erraty? | od\ redakcji
  | rättelse | rättat | tillrättaläggande | korrigering | rettelse | berigtigelse
  | düzeltme | tekzip | editörün\ notu
  | исправление | поправка | уточнение | опровержение | от\ редакции
  | виправлення | уточнення | спростування | від\ редакції
  | διόρθωση | διευκρίνιση | επανόρθωση
  | تصحيح | تصويب | توضيح | اعتذار
  | सुधार | भूल\ सुधार | शुद्धिपत्र | स्पष्टीकरण | खंडन
  | koreksi | ralat
"""
_CHARACTER_HEADINGS = (
    "更正|勘误|勘誤|编者按|編者按|澄清|订正|訂正|お詫びと訂正|おわびと訂正|"
    "修正|정정|바로잡습니다|바로잡음|정정보도|알립니다"
)
_PHRASES = r"""
    (?:an\ earlier|a\ previous|the\ original|an\ original)\ version\ of\ (?:this|the)
    \ (?:article|story|report|piece|headline|page|post)
  | this\ (?:article|story|report|piece|headline|page|post)\ (?:has\ (?:since\ )?been|was)\ (?:amended|corrected)
  | (?:article|story|report|piece|headline|page|post)\ (?:has\ (?:since\ )?been|was)\ (?:updated|changed)
    \ to\ (?:correct|fix|amend|clarify|remove|give\ the\ (?:right|correct))
  | (?:this\ article|the\ story|this\ story)\ (?:originally|incorrectly|wrongly|mistakenly|previously)
    \ (?:said|stated|misstated|reported|named)
  | (?:this|the|our)\ (?:article|story|report|piece|headline|post)\ (?:misstated|misspelled|misidentified|misquoted)
  | we\ have\ (?:since\ )?(?:corrected|amended)\ (?:the|this|our)
  | (?:article|story|report|piece|headline|page|post)\ (?:amended|corrected)\ (?:on|at|to)
  | (?:we|the\ article|this\ article)\ (?:regrets?|apologi[sz]es?\ for)\ the\ (?:error|mistake)
  | (?:una|la)\ versi[oó]n\ (?:anterior|previa)\ de\ (?:est[ea]|la)
  | (?:este|el)\ (?:art[ií]culo|texto)\ (?:ha\ sido|fue)\ (?:corregido|modificado)
  | (?:esta|la)\ (?:noticia|nota|informaci[oó]n)\ (?:ha\ sido|fue)\ (?:corregida|modificada)
  | in\ (?:einer|der)\ (?:früheren|vorherigen|ersten|ursprünglichen)\ (?:version|fassung)\ (?:dieses|des|hieß|stand)
  | in\ einer\ (?:früheren|vorherigen)\ (?:version|fassung)
  | (?:dieser|der)\ (?:artikel|text|beitrag)\ wurde\ (?:korrigiert|berichtigt)
  | wir\ haben\ (?:das|dies|die\ stelle|den\ fehler)\ (?:korrigiert|berichtigt)
  | une\ version\ (?:pr[ée]c[ée]dente|ant[ée]rieure)\ de\ (?:cet|ce|l')
  | (?:cet\ article|ce\ texte|article)\ (?:a\ [ée]t[ée]\ )?(?:corrig[ée]|rectifi[ée]|modifi[ée])(?:\ le)?
  | uma\ vers[aã]o\ anterior\ dest[ea] | est[ea]\ (?:texto|reportagem|mat[ée]ria|artigo)\ foi\ corrigid[oa]
  | (?:in\ )?una\ (?:precedente\ versione|versione\ precedente)\ d(?:i|ell[o'])
  | (?:questo\ articolo|il\ testo)\ [èe]\ stato\ corretto
  | in\ een\ eerdere\ versie | (?:dit\ artikel|dit\ bericht)\ is\ (?:aangepast|gecorrigeerd|verbeterd)
  | (?:w\ )?(?:poprzedni|wcześniejsz)\w+\ wersj\w+\ (?:tego\ )?(?:artykułu|tekstu)
  | i\ en\ tidigare\ version | (?:artikeln|texten)\ har\ (?:rättats|korrigerats)
  | (?:haberin|yazının|bu\ haberin)\ önceki\ (?:versiyon|hal)\w* | bu\ haber\ düzeltil\w+
  | в\ (?:предыдущей|более\ ранней|ранней|первоначальной)\ версии | (?:текст|статья|материал)\ исправлен\w*
  | у\ попередній\ версії | (?:текст|статтю|матеріал)\ виправлено
  | (?:σε\ )?προηγούμενη\ (?:έκδοση|εκδοχή)
  | (?:في\ )?نسخة\ سابقة\ من | (?:جرى|تم)\ تصحيح\ هذا
  | (?:इस\ (?:लेख|खबर|रिपोर्ट)\ के\ )?(?:पिछले|पहले\ के)\ संस्करण
  | versi\ sebelumnya\ dari
"""
_CHARACTER_PHRASES = (
    "本文(?:较早|此前|先前|早先|之前)(?:的)?版本|(?:此前|早前|先前)版本(?:误|誤|错|錯)|(?:以前|当初|初版)の(?:記事|版|見出し)で"
    "|記事を(?:訂正|修正)しました|(?:이전|초기) ?(?:버전|기사)(?:에서|에는)|기사를 (?:정정|수정|바로잡)"
)

CORRECTION: re.Pattern[str] = re.compile(
    rf"""
    ^\W*(?: {_HEADINGS} )(?!\w)
       (?: \s*(?: [:\uff1a(\[.\u2013\u2014-] | \d | an\ earlier | this | appended | $ )
         | \s+(?:on|am|del|vom|du|de|dd|z|dnia|den|di)\s+\w+ )
    | ^\W*(?: {_CHARACTER_HEADINGS} )\W*(?: [:\uff1a\uff08(\u3011\]] | $ )
    | (?<!\w)(?: {_PHRASES} )(?!\w)
    | {_CHARACTER_PHRASES}
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""The beginning of a correction or an editor's note, or a phrase that it always has. Apostrophes are straight."""
