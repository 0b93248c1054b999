"""The table of boilerplate rules: text that scrapers, comment forms and page chrome leave behind, in several languages.

To add a phrase, add it to a row (or add a row), and a line to ``tests/test_boilerplate.py``. A pattern is matched
against a whole normalized line (without a list's "- "), ignoring case. A phrase that an article itself could contain
must be limited in its length and its position.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Where = Literal["head", "tail", "edge", "anywhere"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A line that matches ``pattern`` in full, has at most ``words`` words and is at ``where`` is boilerplate.

    ``where`` is a part of the text. A rule that ``sweeps`` matches the heading of a list: heading-like lines after it
    are removed too.
    """

    because: str
    where: Where
    pattern: re.Pattern[str]
    words: int
    sweeps: bool


def _rule(because: str, where: Where, *alternatives: str, words: int = 14, sweeps: bool = False) -> Rule:
    pattern = re.compile("|".join(f"(?:{alternative})" for alternative in alternatives), re.IGNORECASE)
    return Rule(because=because, where=where, pattern=pattern, words=words, sweeps=sweeps)


def _any(words: str) -> str:
    """Return a pattern for any of the ``|``-separated words or patterns."""
    return f"(?:{words})"


_NETWORK = _any(
    "facebook|twitter|x|whatsapp|linkedin|telegram|reddit|pinterest|tumblr|instagram|youtube|flipboard|messenger|bluesky|"
    "threads|email|e-mail|mail|print|drucken|imprimir|imprimer|copy link|link|tweet|pin it|pin|sms|skype|viber|xing"
)
_UNIT = _any(
    "seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|sekunden?|minuten?|stunden?|tagen?|segundos?|minutos?|horas?|días?|"
    "dias?|secondes?|heures?|jours?|second[io]|minut[io]|or[ea]|giorn[io]|seconden?|uur|uren|dag(?:en)?"
)
_MONTHS = _any(
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|ene|abr|ago|dic|fév|avr|juin|juil|aoû|déc|fev|set|out|"
    "gen|mag|giu|lug|ott|maa|mrt|mei"
)
_MONTH = rf"{_MONTHS}[a-zéûç]*\.?"
_CLOCK = r"\d{1,2}[:.h]\d\d(?::\d\d)?\s*(?:[ap]\.?m\.?)?\s*(?:\(?[A-Z]{2,5}\)?|Uhr)?"
_DAY = _any(
    rf"\d{{1,2}}\.?\s+(?:de\s+)?{_MONTH},?\s+(?:de\s+)?\d{{4}}|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|"
    r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4}"
)
_DATED = _any(
    r"(?:(?:last|first|zuletzt) )?(?:updated|published|posted|modified|aktualisiert|veröffentlicht|stand|actualizado|"
    r"publicado|publié|mis à jour|atualizado|aggiornato|pubblicato|gepubliceerd|bijgewerkt)"
    r"(?: on| at| am| el| le| em| il| op)?\W*"
)
_NAME = r"(?-i:[A-ZÀ-ÖØ-Þ][\w.'-]*)"

_BY = _any("by|von|por|par|di|a cura di|door")

BYLINE = re.compile(rf"^{_BY}\W+", re.IGNORECASE)
"""The part of a byline before the name."""

RULES: tuple[Rule, ...] = (
    _rule(
        "advertisement",
        "anywhere",
        r"(?:advertisements?|advertising|sponsored(?: content| links?)?|promoted(?: content)?|ad)\W*",
        r"(?:story|article) continues (?:below|after)(?: (?:this|the))?(?: (?:ad|advertisement))?\W*",
        r"(?:scroll|continue reading) (?:below )?(?:to continue|for more|the main story)\W*",
        r"anzeige|werbung|nach der anzeige geht es weiter|advertentie|reklama",
        r"publicidad|publicité|pubblicità|publicidade",
        r"(?:continúa|continua|la suite|lees verder|weiter(?:lesen)?)(?: a leggere| leyendo| lendo)? "
        r"(?:después de|dopo|após|depois d[ae]|après|onder|na|nach|unter)(?: la| a| cette| de| deze| der)? "
        r"(?:publicidad|pubblicità|publicidade|publicité|advertentie|anzeige|werbung)\W*",
    ),
    _rule(
        "source link",
        "tail",
        r"source(?: links?| article)?:?",
        r"(?:sources?|quellen?|fuentes?|fonte|bron|źródło)\s*[:|]\s*\S.*",
        r"via:? [\w.]+",
        r"(?:read|view|see) (?:the )?(?:original|full) (?:article|post|story|source)(?: (?:here|on|at|from) .*)?\W*",
        r"the post .* (?:first appeared|appeared first) (?:on|in|at) .*",
        r"la entrada .* (?:aparece|se publicó) primero en .*",
        r"der beitrag .* erschien zuerst auf .*",
        r"l'article .* est apparu en premier sur .*",
        r"l'articolo .* (?:proviene da|sembra essere il primo su) .*|o post .* apareceu primeiro em .*",
        r"het bericht .* verscheen eerst op .*",
        r"(?:article|post) source:? .*",
        words=40,
    ),
    _rule(
        "comments",
        "tail",
        r"(?:leave|post|write|add|submit) (?:a|your) (?:reply|comment|response)s?(?: cancel reply)?:?",
        r"cancel reply|post comment|submit comment|add comment|join our commenting forum",
        r"join the (?:conversation|discussion)",
        r"(?:deja|dejar|escribe) (?:un comentario|una respuesta|tu comentario)(?: cancelar (?:la )?respuesta)?",
        r"schreibe? (?:einen|ihren) kommentar|kommentar (?:hinterlassen|schreiben|verfassen)",
        r"antwort (?:hinterlassen|abbrechen)|antworten abbrechen",
        r"(?:laisser|laissez|poster|écrire) un (?:commentaire|réponse)(?: annuler la réponse)?",
        r"(?:deixe|deixar) (?:um comentário|uma resposta|o seu comentário)(?: cancelar resposta)?",
        r"lascia (?:un commento|una risposta)(?: annulla risposta)?",
        r"(?:laat een (?:reactie|antwoord) achter|(?:geef|plaats) een reactie)(?: (?:reactie|antwoord) annuleren)?",
        r"\d*\s*(?:comments?|comentarios?|kommentare?|commentaires?|comentários?|commenti|reacties?|responses?|replies)\W*\d*\W*",
        r"(?:no|be the first to) comments?(?: yet)?\.?|comments (?:are closed|off|disabled)\.?",
        r"sin comentarios|keine kommentare|aucun commentaire|nessun commento|sem comentários|geen reacties",
        r"tell us what you think.*|what do you think\?.{0,60}|have your say.{0,60}",
        sweeps=True,
    ),
    _rule(
        "comment form",
        "tail",
        r"your e-?mail address will not be (?:published|shared).*|required fields are marked.*",
        r"save my name,? e-?mail,? (?:and|&) website in this browser.*",
        r"notify me of (?:new|follow-?up) .*|this site uses akismet.*",
        r"(?:name|e-?mail|website|comment|url) ?\*?",
        r"you must be (?:logged in|a member) to .*|(?:log in|sign in|login) to (?:leave|post) a (?:comment|reply).*",
        r"(?:tu|su) dirección de correo electrónico no será publicada.*|guarda mi nombre.* en este navegador.*",
        r"(?:deine|ihre) e-mail-adresse wird nicht veröffentlicht.*|meinen namen, .* in diesem browser .*speichern.*",
        r"votre adresse (?:e-mail|de messagerie) ne sera pas publiée.*",
        r"o seu endereço de e-?mail não será publicado.*|il tuo indirizzo e-?mail non sarà pubblicato.*",
        r"(?:het|je|uw) e-?mailadres (?:wordt|zal) niet (?:worden )?gepubliceerd.*",
        r"(?:enregistrer mon nom|salva il mio nome|salvar meus dados|mijn naam, e-?mail).{0,60}(?:nav[ei]ga|browser).*",
        r"join thought-provoking conversations.*",
        words=40,
    ),
    _rule(
        "related stories",
        "tail",
        r"(?:related|similar|recommended|more|latest|popular|trending|top)"
        r"(?: (?:articles?|stories|posts?|news|topics?|content|reading|links?|coverage|videos?))+:?",
        r"(?:related|recommended|read next|more|see also|also read|don'?t miss|trending(?: now)?):?",
        r"more (?:from|on|in|about) .{2,40}|editors?'? picks?",
        r"you (?:may|might|will) (?:also )?(?:like|enjoy|be interested in).{0,12}",
        r"recommended for you|you may have missed",
        r"most (?:read|popular|viewed|shared)(?: (?:stories|articles|news))?",
        r"(?:mehr zum thema|auch interessant|lesen sie (?:auch|mehr)|meistgelesen):?",
        r"das könnte (?:sie|dich) (?:auch )?interessieren:?",
        r"(?:(?:también )?(?:te|le) puede interesar|lee también|más noticias|noticias relacionadas|más información):?",
        r"(?:artículos relacionados|lo más leído):?",
        r"(?:à lire aussi|lire aussi|sur le même sujet|articles (?:liés|similaires)|les plus lus|vous aimerez aussi):?",
        r"(?:leia também|leia mais|veja também|notícias relacionadas|artigos relacionados|mais lidas):?",
        r"(?:leggi anche|articoli correlati|potrebbe(?:ro)? interessarti(?: anche)?|i più letti):?",
        r"(?:lees ook|meer over dit onderwerp|gerelateerde? (?:artikelen|berichten|nieuws)|(?:meest|best) gelezen):?",
        sweeps=True,
    ),
    _rule(
        "related stories",
        "anywhere",
        r"related(?: (?:article|story|post|video|news|content|coverage))?\s*[:|>»]\s*\S.*",
        r"(?:read (?:more|also|next)|also read)\s*[:|>»]\s*\S.*",
        r"(?:see (?:also|more)|more on this|watch(?: now)?|also on \S+)\s*[:|>»]\s*\S.*",
        r"(?:lesen sie (?:auch|hier|dazu|mehr)|mehr dazu)\s*[:|>»]\s*\S.*",
        r"(?:le[ea] también|te puede interesar|leer más)\s*[:|>»]\s*\S.*",
        r"(?:à lire aussi|lire aussi|lire la suite|leia também|leia mais|veja também|leggi anche)\s*[:|>»]\s*\S.*",
        r"(?:à voir aussi|voir aussi|ver también|mira también|lees (?:ook|meer|verder)|bekijk ook)\s*[:|>»]\s*\S.*",
        words=30,
    ),
    _rule(
        "read more",
        "edge",
        r"\W*(?:read|show|load|see|view|learn) more\W*|\W*(?:continue|keep) reading\W*|\W*click here\W*",
        r"\W*(?:weiterlesen|mehr lesen|mehr anzeigen|leer más|ver más|seguir leyendo)\W*",
        r"\W*(?:lire la suite|voir plus|leia mais|continue lendo|ver mais|leggi tutto|continua a leggere)\W*",
        r"\W*(?:lees (?:meer|verder)|toon meer|mostrar más|mostra altro)\W*",
    ),
    _rule(
        "back to top",
        "tail",
        r"(?:back|return|go|scroll) to top(?: button)?",
        r"nach oben|zum seitenanfang|volver arriba|ir arriba|voltar ao topo|torna su|(?:terug )?naar boven",
        r"(?:retour en )?haut(?: de (?:la )?page)?",
    ),
    _rule(
        "share line",
        "edge",
        rf"(?:share|teilen|compartir|compartilhar|partager|condividi|delen|follow us|síguenos)?\W*(?:{_NETWORK}\W*)+",
        r"(?:share|save|teilen|compartir|compártelo|compartilhar|partager|condividi|delen|print|listen|bookmark)"
        r"(?: (?:this|the|on|in|with|via|auf|en|sur|su))*"
        r"(?: (?:article|story|post|page|news|friends|artikel|artículo|noticia))?"
        rf"(?: (?:on|via|with|auf|en|sur))?(?: {_NETWORK}\W*)*\W*",
        r"click to (?:share|print|email).*",
        r"(?:share|like) this(?: story| article| post)?[:?.!].{0,40}",
        r"(?:print|e-?mail) (?:this )?(?:article|story|page)|order reprints|link copied!?|listen to (?:this )?article",
        r"\d+ shares?",
    ),
    _rule(
        "follow line",
        "tail",
        r"(?:please )?(?:follow|like|find|join) (?:us|me|him|her|them|our|@).{0,80} (?:on|via) (?:our )?"
        rf"{_NETWORK}(?:[\s,&/]+(?:and|or)?\s*(?:on )?{_NETWORK})*(?: pages?| channel)?(?: .{{0,40}})?",
        r"(?:folgen sie uns|síguenos|suivez-nous|siga-nos|seguici|volg ons) .{0,60}",
        r"(?:write to|e-?mail|contact|reach|send tips to) .{2,60}(?: at| on)? \S*@\S+\.?",
        r"(?:https?://)?(?:www\.)?(?:twitter|x|facebook|instagram)\.com/\S+",
        words=26,
    ),
    _rule(
        "newsletter",
        "edge",
        r"(?:sign up|subscribe|register)(?: now| today| here)?(?: for| to)? .*newsletters?.*",
        r"(?:get|have) .*(?:in|to|into) your inbox.*",
        r".{0,80}delivered (?:straight |right |directly )?to your inbox.*",
        r"(?:the |our |\w+ \w+ )?newsletters?(?: sign-?up)?|subscribe(?: now| to .{2,40})?",
        r"newsletter abonnieren|(?:abonnieren sie|melden sie sich) .*newsletter.*",
        r"(?:suscríbete|suscríbase|apúntate) .*(?:newsletter|boletín|boletines).*",
        r"(?:inscrivez-vous|abonnez-vous|assine|inscreva-se|iscriviti) .*newsletter.*",
        r"(?:meld je aan|schrijf je in|abonneer(?: je)?) .*nieuwsbrief.*",
        r"(?:subscribe|sign up|register) to .{2,40} to (?:bookmark|save|read) .*",
        r"want to bookmark your favourite articles.*",
        words=45,
    ),
    _rule(
        "copyright",
        "tail",
        r"\W*(?:©|\(c\)|copyright)\W.*\b(?:19|20)\d\d\b.*",
        r".{0,120}\b(?:all rights reserved|alle rechte vorbehalten|todos los derechos reservados|"
        r"alle rechten voorbehouden|tous droits réservés|todos os direitos reservados|tutti i diritti riservati)\.?",
        r"this material may not be (?:published|reproduced|broadcast).*",
        words=45,
    ),
    _rule(
        "photo credit",
        "edge",
        r"\(?(?:photo|photograph|image|picture|credit|pic|foto|bild|bildquelle|crédit|imagen|imagem|immagine)s?"
        r"(?: (?:credit|source|courtesy|photo|by|von|de|di))?\s*[:/©]\s*\S.*",
        r"\((?:photo|image|picture|foto) (?:by|courtesy|von|de) .*\)",
        r"(?:photo|image) (?:courtesy|credit).{0,80}",
        r".{2,60}/(?:getty images|reuters|afp|ap|epa|shutterstock|picture alliance)",
    ),
    _rule(
        "counter",
        "edge",
        rf"{_DATED}?(?:\d+|an?|one) {_UNIT} ago",
        rf"{_DATED}?(?:vor|hace|há|il y a) \d+ {_UNIT}(?: aktualisiert)?|{_DATED}?\d+ {_UNIT} (?:fa|geleden)",
        rf"\d+[- ]{_UNIT}(?: to)? read|(?:est(?:imated)?\.? )?read(?:ing)? time:? .{{0,20}}",
        r"(?:lesezeit|leestijd):? .{0,20}",
        rf"(?:tiempo de lectura|tempo de leitura|temps de lecture|tempo di lettura):? .{{0,20}}|lectura de \d+ {_UNIT}",
        r"[\d.,]+[km]? (?:views?|reads?|likes?|shares?|vistas|visitas|aufrufe|vues|visualizações)",
    ),
    _rule(
        "date line",
        "head",
        rf"{_DATED}?(?:[\w-]+,\s*)?{_DAY}(?:\W+(?:at |à |às |a las |um )?\W*{_CLOCK})?(?:\W+by [\w .'-]{{3,40}})?",
        rf"{_CLOCK}\W+{_DAY}(?:\W+by [\w .'-]{{3,40}})?",
        rf"{_DATED}{_CLOCK}",
    ),
    _rule(
        "byline",
        "head",
        rf"{_BY}\W+{_NAME}(?: {_NAME}){{1,3}}"
        rf"(?:,? (?:and|und|y|et|e|en) {_NAME}(?: {_NAME}){{1,3}})?",
    ),
    _rule(
        "tags",
        "tail",
        r"(?:tags?|filed under|categor(?:y|ies)|topics?|posted in|tagged(?: with)?|keywords)(?:\s*:\s*.*)?",
        r"(?:schlagw[öo]rter?|schlagworte|etiquetas|temas|mots-clés|assuntos|argomenti|onderwerpen)(?:\s*:\s*.*)?",
        words=30,
    ),
    _rule(
        "house notice",
        "anywhere",
        r"our standards:? the thomson reuters trust principles\.?.{0,30}",
        r"(?:an error (?:has )?occurred|something went wrong)[.,] please try again(?: later)?\.?",
        r"(?:javascript|your browser) .{0,40}(?:disabled|not supported|required).{0,60}",
        r"we use cookies.*|by (?:using|continuing) .{0,40}(?:site|website|browse).{0,60}cookies.*",
        words=30,
    ),
)
"""Tried in order. The first match gives the reason."""

SHORTCODE = re.compile(
    r"\[/?(?:ad_\d+|ads?|adrotate|adinserter|caption|gallery|embed|button|playlist|toc|tweet|youtube|contact-form(?:-7)?|"
    r"(?:vc|et_pb|su|fusion|wp|sc|av|elementor|mc4wp)_[\w-]+)(?:\s[^\[\]\n]{0,300})?\]"
    r"|\{\{[^{}\n]{0,200}\}\}|\{%[^{}%\n]{0,200}%\}"
)
"""Placeholders that a template or a plug-in left unfilled. The only boilerplate removed from within a line."""
