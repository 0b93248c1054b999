"""Notes of correction, in some 40 languages: they say that an earlier text was wrong, not only that there is news."""

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
  | koreksi | ralat | pembetulan | đính\ chính | cải\ chính | marekebisho | masahihisho | pagwawasto
  | oikaisu | korjaus | helyesbítés | helyreigazítás | erată | corecție | rectificare | opravujeme | oprava | upřesnění
  | spresnenie | ispravak | ispravka | исправка | корекция | popravek | correcció | fe\ d'errades | rectificació
  | zuzenketa | parandus | labojums | patikslinimas | pataisymas | leiðrétting | korrigjim
  | תיקון(?:\ טעות)? | הבהרה | اصلاحیه | اصلاحیہ | تصحیح | پوزش | وضاحت
  | সংশোধনী | ভ্রম\ সংশোধন | திருத்தம் | సవరణ | दुरुस्ती
"""
_CHARACTER_HEADINGS = (
    "更正(?:启事|啟事|声明|聲明)?|刊误|刊誤|正误|编辑更正|แก้ไข(?:ข่าว|ข้อมูล|คำผิด)?|แก้ข่าว|แก้คำผิด|勘误|勘誤|编者按|編者按|澄清|订正|訂正|お詫びと訂正|おわびと訂正|"
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
  | versi\ (?:sebelumnya|terdahulu|awal)\ (?:dari|artikel|berita) | (?:artikel|berita)\ ini
    \ telah\ (?:dikoreksi|diralat|dibetulkan)
  | (?:phiên\ bản|bản)\ (?:trước|cũ)\ (?:của|bài) | bài\ viết\ (?:này\ )?đã\ được\ (?:đính\ chính|sửa)
  | (?:jutun|artikkelin|tekstin)\ (?:aiemmassa|aikaisemmassa)\ versiossa | (?:juttua|otsikkoa|artikkelia)\ on\ korjattu
  | (?:cikkünk|a\ cikk|írásunk|anyagunk)\ (?:korábbi|eredeti|előző)\ (?:változatá|verziójá)\w+
  | (?:într-o|o)\ (?:versiune|variantă)\ anterioară\ a
  | v\ (?:předchozí|původní|dřívější)\ verzi | (?:článek|text)\ jsme\ opravili
  | v\ (?:predchádzajúcej|pôvodnej)\ verzii | u\ (?:prethodnoj|ranijoj)\ verziji | у\ (?:претходној|ранијој)\ верзији
  | в\ (?:предишна|по-ранна|първоначалната)\ версия | v\ (?:prejšnji|prvotni)\ različici
  | (?:una\ )?versió\ anterior\ d'aquest | i\ en\ (?:tidligere|tidlegare)\ (?:version|versjon)
  | (?:saken|artiklen|artikkelen)\ er\ (?:rettet|korrigeret|korrigert)
  | בגרסה\ (?:קודמת|ראשונית)\ של | (?:הכתבה|הידיעה)\ תוקנה
  | در\ نسخ[هۀ]\ (?:پیشین|قبلی|اولیه) | (?:پہلے|سابقہ)\ (?:متن|ورژن|نسخے)
  | (?:প্রতিবেদনের|খবরের)\ (?:আগের|পূর্ববর্তী)\ সংস্করণে | toleo\ la\ awali
  | (?:this|the)\ [^.]{0,20}?story\ (?:has\ been|was)\ corrected | we\ regret\ the\ (?:error|mistake|confusion)
  | \(?corrects\ (?:name|spelling|day|date|figure|number|title|headline|byline|attribution|quote|location|typo|to\b)
"""
_CHARACTER_PHRASES = (
    "本(?:文|报道|報導|新闻)(?:较早|稍早|較早|此前|先前|早先|早前|之前)(?:的)?版本|(?:此前|早前|先前|稍早)版本(?:误|誤|错|錯)|(?:以前|当初|初版)の(?:記事|版|見出し)で"
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
