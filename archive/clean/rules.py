"""The table of residue: what scrapers, comment forms and page furniture leave in a text, in several languages.

To teach the archive a new phrase, add it to a row (or add a row) and a line to ``tests/test_clean.py``. A pattern is
matched against a whole normalised line, whatever its case. Nothing that an article itself could say stands here
without a bound on its length and its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Where = Literal["head", "tail", "edge", "anywhere"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Lines that match ``pattern`` in full, have at most ``words`` words and stand ``where`` it says are residue.

    A rule that ``sweeps`` is the heading of a list: heading-like lines after it go too.
    """

    because: str
    where: Where
    pattern: re.Pattern[str]
    words: int
    sweeps: bool


def _rule(because: str, where: Where, *alternatives: str, words: int = 14, sweeps: bool = False) -> Rule:
    pattern = re.compile("|".join(f"(?:{alternative})" for alternative in alternatives), re.IGNORECASE)
    return Rule(because=because, where=where, pattern=pattern, words=words, sweeps=sweeps)


_NETWORK = (
    r"(?:facebook|twitter|x|whatsapp|linkedin|telegram|reddit|pinterest|tumblr|instagram|youtube|flipboard|messenger|bluesky|"
    r"threads|email|e-mail|mail|print|drucken|imprimir|imprimer|copy link|link|tweet|pin it|pin|sms|skype|viber|vkontakte|xing)"
)
_UNIT = (
    r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|sekunden?|minuten?|stunden?|tage[n]?|segundos?|minutos?|horas?|días?|"
    r"dias?|secondes?|heures?|jours?|minuti|minuto|ore|ora|giorni)"
)
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|ene|abr|ago|dic|fév|avr|juin|juil|aoû|déc|fev|set|out)"
    r"[a-zéûç]*\.?"
)
_CLOCK = r"\d{1,2}[:.h]\d\d(?::\d\d)?\s*(?:[ap]\.?m\.?)?\s*(?:\(?[A-Z]{2,5}\)?|Uhr)?"
_DAY = rf"(?:\d{{1,2}}\.?\s+(?:de\s+)?{_MONTH},?\s+(?:de\s+)?\d{{4}}|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{2,4}})"

RULES: tuple[Rule, ...] = (
    _rule(
        "advertisement",
        "anywhere",
        r"(?:- )?(?:advertisements?|advertising|sponsored(?: content| links?)?|promoted(?: content)?|ad)(?: -)?:?",
        r"(?:story|article) continues (?:below|after)(?: (?:this|the))?(?: (?:ad|advertisement))?\.?",
        r"(?:scroll|continue reading) (?:below|down)? ?(?:to continue|for more|the main story)?",
        r"anzeige|werbung|nach der anzeige geht es weiter|publicidad|publicité|pubblicità|publicidade|advertentie",
        r"reklama",
        r"(?:la publicité|el anuncio|der artikel) .{0,30}(?:continúa|suite|weiter).{0,30}",
    ),
    _rule(
        "source link",
        "tail",
        r"source(?: links?| article)?:?",
        r"sources?\s*[:|]\s*\S.*",
        r"(?:quelle|fuente|fonte|bron|źródło)n?(?:\s*:\s*\S.*)?",
        r"via:? [\w.]+",
        r"(?:read|view|see) (?:the )?(?:original|full) (?:article|post|story|source)(?: (?:here|on|at|from) .*)?\.?",
        r"the post .* (?:first appeared|appeared first) (?:on|in|at) .*",
        r"la entrada .* (?:aparece|se publicó) primero en .*",
        r"der beitrag .* erschien zuerst auf .*",
        r"(?:article|post) source:? .*",
        words=40,
    ),
    _rule(
        "comment form",
        "tail",
        r"(?:leave|post|write|add|submit) (?:a|your) (?:reply|comment|response)s?(?: cancel reply)?:?",
        r"(?:cancel reply|post comment|submit comment|add comment|join the (?:conversation|discussion)|join our commenting forum)",
        r"(?:deja|dejar|escribe) (?:un comentario|una respuesta|tu comentario)(?: cancelar (?:la )?respuesta)?",
        r"(?:schreibe? (?:einen|ihren) kommentar|kommentar (?:hinterlassen|schreiben|verfassen)|antwort (?:hinterlassen|abbrechen))",
        r"(?:laisser|laissez|poster|écrire) un (?:commentaire|réponse)(?: annuler la réponse)?",
        r"(?:deixe|deixar) (?:um comentário|uma resposta|o seu comentário)(?: cancelar resposta)?",
        r"lascia (?:un commento|una risposta)(?: annulla risposta)?",
        r"\d*\s*(?:comments?|comentarios?|kommentare?|commentaires?|comentários?|commenti|responses?|replies)(?:\s*\(?\d*\)?)?:?",
        r"(?:no|be the first to) comments?(?: yet)?\.?|comments (?:are closed|off|disabled)\.?|sin comentarios",
        r"keine kommentare",
        r"tell us what you think.*|what do you think\?.{0,60}|have your say.{0,60}",
        sweeps=True,
    ),
    _rule(
        "comment form",
        "tail",
        r"your e-?mail address will not be (?:published|shared).*",
        r"required fields are marked.*",
        r"save my name,? e-?mail,? (?:and|&) website in this browser.*",
        r"notify me of (?:new|follow-?up) .*",
        r"this site uses akismet.*",
        r"(?:name|e-?mail|website|comment|url) ?\*?",
        r"you must be (?:logged in|a member) to .*",
        r"(?:log in|sign in|login) to (?:leave|post) a (?:comment|reply).*",
        r"(?:tu|su) dirección de correo electrónico no será publicada.*",
        r"(?:deine|ihre) e-mail-adresse wird nicht veröffentlicht.*",
        r"votre adresse (?:e-mail|de messagerie) ne sera pas publiée.*",
        r"o seu endereço de e-?mail não será publicado.*",
        r"il tuo indirizzo e-?mail non sarà pubblicato.*",
        r"guarda mi nombre.* en este navegador.*|meinen namen, .* in diesem browser .*speichern.*",
        r"join thought-provoking conversations.*",
        words=40,
    ),
    _rule(
        "related stories",
        "tail",
        r"(?:related|similar|recommended|more|latest|popular|trending|top)"
        r"(?: (?:articles?|stories|posts?|news|topics?|content|reading|links?|coverage|videos?))+:?",
        r"(?:related|recommended|read more|read next|more|see also|also read|don'?t miss|trending(?: now)?|editors?'? picks?):?",
        r"more (?:from|on|in|about) .{2,40}",
        r"(?:you (?:may|might|will) (?:also )?(?:like|enjoy|be interested in)|recommended for you|you may have missed).{0,12}",
        r"most (?:read|popular|viewed|shared)(?: (?:stories|articles|news))?",
        r"(?:mehr zum thema|auch interessant|lesen sie (?:auch|mehr)|das könnte (?:sie|dich) (?:auch )?interessieren|meistgelesen):?",
        r"(?:te puede interesar|también te puede interesar|lee también|le puede interesar|más noticias|noticias relacionadas|"
        r"artículos relacionados|lo más leído|más información):?",
        r"(?:lire aussi|à lire aussi|sur le même sujet|articles (?:liés|similaires)|les plus lus|vous aimerez aussi):?",
        r"(?:leia também|leia mais|veja também|notícias relacionadas|artigos relacionados|mais lidas):?",
        r"(?:leggi anche|articoli correlati|potrebbe interessarti|i più letti):?",
        sweeps=True,
    ),
    _rule(
        "related stories",
        "anywhere",
        r"(?:related(?: (?:article|story|post|video|news|content|coverage))?|read more|read also|also read|see also|read next|"
        r"see more|more on this|watch|watch now|also on \S+)\s*[:|>»]\s*\S.*",
        r"(?:lesen sie (?:auch|hier|dazu|mehr)|mehr dazu|lee también|lea también|te puede interesar|leer más|lire aussi|"
        r"à lire aussi|lire la suite|leia também|leia mais|veja também|leggi anche)\s*[:|>»]\s*\S.*",
        words=30,
    ),
    _rule(
        "read more",
        "edge",
        r"\W*(?:read more|continue reading|keep reading|show more|load more|see more|view more|learn more|click here)\W*",
        r"(?:weiterlesen|mehr lesen|leer más|seguir leyendo|lire la suite|leia mais|leggi tutto|ver más|mehr anzeigen)\W*",
    ),
    _rule(
        "back to top",
        "tail",
        r"(?:back|return|go|scroll) to top(?: button)?",
        r"nach oben|zum seitenanfang|volver arriba|ir arriba|(?:retour en )?haut(?: de (?:la )?page)?",
        r"voltar ao topo|torna su",
    ),
    _rule(
        "share line",
        "edge",
        rf"(?:share|teilen|compartir|compartilhar|partager|condividi|follow us|síguenos)?\W*(?:{_NETWORK}\W*)+",
        r"(?:share|save|teilen|compartir|compártelo|compartilhar|partager|condividi|print|listen|bookmark)"
        r"(?: (?:this|the|on|in|with|via|auf|en|sur|su))*(?: (?:article|story|post|page|news|friends|artikel|artículo|noticia))?"
        rf"(?: (?:on|via|with|auf|en|sur))?(?: {_NETWORK}\W*)*\W*",
        r"(?:click to share|click to print|click to email).*",
        r"(?:share|like) this(?: story| article| post)?[:?.!].{0,40}|like this story\?.*",
        r"(?:print|email|e-mail) (?:this )?(?:article|story|page)|order reprints|copy link|link copied!?",
        r"listen to (?:this )?article",
        r"\d+ shares?",
    ),
    _rule(
        "follow line",
        "tail",
        r"(?:please )?(?:follow|like|find|join) (?:us|me|him|her|them|our|@).{0,80}(?:on|via) (?:our )?"
        rf"{_NETWORK}(?:[\s,&/]+(?:and|or|und|y|et)?\s*(?:on )?{_NETWORK})*(?: pages?| channel)?(?: .{{0,40}})?",
        r"(?:folgen sie|síguenos|suivez-nous|siga-nos|seguici) .{0,60}",
        r"(?:write to|e-?mail|contact|reach|send tips to) .{2,60}(?: at| on)? \S*@\S+\.?",
        r"(?:https?://)?(?:www\.)?(?:twitter|x|facebook|instagram)\.com/\S+",
        words=26,
    ),
    _rule(
        "newsletter",
        "edge",
        r"(?:sign up|subscribe|register)(?: now| today| here)?(?: for| to)? .*newsletters?.*",
        r"(?:get|have) .*(?:in|to|into) your inbox.*",
        r".{0,80}delivered (?:straight |right |directly )?(?:in)?to your (?:inbox|letterbox).*",
        r"(?:the |our |pick six )?newsletters?(?: (?:sign-?up|abonnieren))?|subscribe(?: now| to .{2,40})?",
        r"(?:newsletter abonnieren|abonnieren sie .*newsletter.*|melden sie sich .*newsletter.*)",
        r"(?:suscríbete|suscríbase|apúntate) .*(?:newsletter|boletín|boletines).*",
        r"(?:inscrivez-vous|abonnez-vous) .*newsletter.*|(?:assine|inscreva-se) .*newsletter.*",
        r"iscriviti .*newsletter.*",
        r"(?:subscribe|sign up|register) to .{2,40} to (?:bookmark|save|read) .*",
        r"want to bookmark your favourite articles.*",
        words=45,
    ),
    _rule(
        "copyright",
        "tail",
        r"\W*(?:©|\(c\)|copyright)\W.*\b(?:19|20)\d\d\b.*",
        r".{0,120}\b(?:all rights reserved|alle rechte vorbehalten|todos los derechos reservados|tous droits réservés|"
        r"todos os direitos reservados|tutti i diritti riservati)\.?",
        r"this material may not be (?:published|reproduced|broadcast).*",
        words=45,
    ),
    _rule(
        "photo credit",
        "edge",
        r"\(?(?:photo|photograph|image|picture|photo credit|image credit|credit|pic|foto|bild|bildquelle|crédit(?: photo)?|imagen|"
        r"imagem|immagine)s?(?: (?:credit|source|courtesy|by|von|de|di))?\s*[:/©]\s*\S.*",
        r"\((?:photo|image|picture|foto) (?:by|courtesy|von|de) .*\)",
        r"(?:photo|image) (?:courtesy|credit).{0,80}",
        r".{2,60}/(?:getty images|reuters|afp|ap|epa|shutterstock|picture alliance)",
        r"\.\.\.",
    ),
    _rule(
        "counter",
        "edge",
        rf"(?:(?:last |first )?(?:updated|published|posted|modified|aktualisiert|veröffentlicht|actualizado|publicado|mis à jour|"
        rf"publié|atualizado|aggiornato)\W*)?\d+ {_UNIT} ago",
        rf"(?:(?:zuletzt )?aktualisiert\W*|veröffentlicht\W*)?vor \d+ {_UNIT}(?: aktualisiert)?",
        rf"(?:actualizado |publicado |atualizado )?(?:hace|há|il y a) \d+ {_UNIT}",
        rf"(?:mis à jour |publié )il y a \d+ {_UNIT}",
        rf"\d+[- ]{_UNIT}(?: to)? read|(?:est(?:imated)?\.? )?read(?:ing)? time:? .{{0,20}}|lesezeit:? .{{0,20}}",
        rf"(?:tiempo de lectura|tempo de leitura|temps de lecture|tempo di lettura):? .{{0,20}}",
        rf"lectura de \d+ {_UNIT}",
        r"[\d.,]+[km]? (?:views?|reads?|likes?|shares?|vistas|visitas|aufrufe|vues|visualizações)",
    ),
    _rule(
        "date line",
        "head",
        rf"(?:(?:last )?(?:updated|published|posted|modified)(?: on| at)?\W*|stand\W*|veröffentlicht(?: am)?\W*|publicado(?: el)?\W*|"
        rf"actualizado(?: el)?\W*|publié le\W*)?(?:[\w-]+,\s*)?{_DAY}(?:\W+(?:at |à |às |a las |um |- )?\W*{_CLOCK})?"
        rf"(?:\W+by [\w .'-]{{3,40}})?",
        rf"(?:{_CLOCK}\W+{_DAY})(?:\W+by [\w .'-]{{3,40}})?",
        rf"(?:updated|published|posted)\W*(?:at )?{_CLOCK}",
    ),
    _rule(
        "tags",
        "tail",
        r"(?:tags?|filed under|categor(?:y|ies)|topics?|posted in|tagged(?: with)?|keywords|schlagwörter|schlagworte|etiquetas|"
        r"temas|mots-clés|assuntos)(?:\s*:\s*.*)?",
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
"""Tried in order; the first that matches names the reason."""

SHORTCODE = re.compile(
    r"\[/?(?:ad_\d+|ads?|adrotate|adinserter|caption|gallery|embed|button|playlist|toc|tweet|youtube|contact-form(?:-7)?|"
    r"(?:vc|et_pb|su|fusion|wp|sc|av|elementor|mc4wp)_[\w-]+)(?:\s[^\[\]\n]{0,300})?\]"
    r"|\{\{[^{}\n]{0,200}\}\}|\{%[^{}%\n]{0,200}%\}"
)
"""What a template or a plug-in left unfilled, wherever it stands: the only residue taken from within a line."""
