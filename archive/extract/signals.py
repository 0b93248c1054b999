"""Phrases of walls, error pages and script shells, by language. Data only: ``verdict.py`` decides what they prove.

Phrases are compared with case-folded text that has single spaces and straight quotes. A phrase alone proves nothing:
captcha vendors appear on 6 to 10 % and consent vendors on 9 to 56 % of pages that carry a whole article.
"""

from __future__ import annotations

CHALLENGE_TITLES = (
    "just a moment",
    "attention required",
    "access denied",
    "pardon our interruption",
    "are you a robot",
    "security check",
    "ddos-guard",
    "human verification",
    "un momento",
    "nur einen moment",
    "un instant",
    "robot check",
    "vercel security checkpoint",
    "security checkpoint",
    "making sure you're not a bot",
    "sucuri website firewall",
    "you are being redirected",
    "client challenge",
    "request rejected",
    "web page blocked",
    "bot verification",
    "checking your browser",
    "access to this page has been denied",
    "you have been blocked",
    "sorry, you have been blocked",
    "you've been blocked",
    "request blocked",
    "error 1020",
    "error 1015",
)
"""Beginnings of the title of a bot check."""

CHALLENGE_PHRASES = (
    "verify you are human",
    "verifying you are human",
    "verify that you are not a robot",
    "you are not a robot",
    "you're not a robot",
    "checking your browser",
    "checking if the site connection is secure",
    "enable javascript and cookies to continue",
    "unusual traffic from your",
    "complete the captcha",
    "complete the security check",
    "request unsuccessful. incapsula",
    "performance & security by cloudflare",
    "performance and security by cloudflare",
    "please enable js and disable any ad blocker",
    "sorry, you have been blocked",
    "you have been blocked",
    "pardon our interruption",
    "press & hold",
    "press and hold",
    "using automation tools to browse",
    "the requested url was rejected",
    "incapsula incident id",
    "sucuri website firewall",
    "making sure you're not a bot",
    "making sure you are not a bot",
    "unblock challenges.cloudflare.com",
    "blocked by the security rules",
    "our systems have detected unusual traffic",
    "you don't have permission to access",
    "verifica que eres humano",
    "no eres un robot",
    "bestätigen sie, dass sie ein mensch sind",
    "kein roboter sind",
    "vérifiez que vous êtes humain",
    "vous n'êtes pas un robot",
)

CHALLENGE_MARKUP = (
    *("challenge-form", "challenge-stage", "challenge-running", "challenge-error", "cf-browser-verification", "cf-chl"),
    *("cf-error-details", "cf-challenge", "_cf_chl_opt", "px-captcha", "_pxblockedurl", "captcha-delivery.com"),
    *("_incapsula_resource", "gokuprops", "awswaf.com", "challenge-container", "kpsdk", "sucuri_cloudproxy"),
    *("check.ddos-guard", "ddg-l10n", "sec-if-cpt", "sec_cpt", "bm-verify", "acw_sc__v2", "geetest", "aliyun_waf"),
    *("reese84", "distil_r_captcha", "anubis_challenge", "human-challenge", "waf-captcha", "captcha-sdk.awswaf"),
)
"""Names, addresses and script variables of bot checks. Some are on whole articles too, so they need a page without
text."""

CAPTCHA_MARKUP = (
    "g-recaptcha",
    "h-captcha",
    "hcaptcha",
    "cf-turnstile",
    "smartcaptcha",
    "captcha",
    "yidun",
    "friendly-captcha",
)
"""Names of captcha fields. Comment forms and login forms have them too."""

CONSENT_MARKUP = (
    *(
        "sp_message",
        "sp_choice",
        "message-component",
        "didomi",
        "onetrust",
        "ot-sdk",
        "qc-cmp",
        "usercentrics",
        "cmpbox",
    ),
    *("cmpwrapper", "cybot", "cookiebot", "fc-consent", "truste", "trustarc", "iubenda", "klaro", "borlabs", "axeptio"),
    *(
        "tarteaucitron",
        "cmplz",
        "osano",
        "consentmanager",
        "evidon",
        "cmp",
        "consent",
        "cookie",
        "gdpr",
        "dsgvo",
        "rgpd",
    ),
    *("privacy", "purabo", "pur-abo", "cookiewall"),
)
"""Names of consent dialogues, by vendor and in general."""

OFFER_LINKS = (
    *(
        "/abo",
        "abo.",
        "/subscri",
        "subscri",
        "/plus",
        "/premium",
        "/membership",
        "/member",
        "/plans",
        "/shop",
        "/offer",
    ),
    *(
        "/register",
        "/signup",
        "/sign-up",
        "/join",
        "/suscri",
        "/abbon",
        "/assin",
        "/prenum",
        "/tilaa",
        "/kund",
        "/pricing",
    ),
    *(
        "/paywall",
        "/checkout",
        "/registr",
        "/konto",
        "/account",
        "/donate/plan",
        "/kauf",
        "/digitalpass",
        "/registrieren",
    ),
)
"""Parts of the addresses to which an offer leads."""

MISSING_NAMES = (
    "error404",
    "error-404",
    "page-404",
    "not-found",
    "notfound",
    "page-not-found",
    "error-page",
    "errorpage",
    "http404",
)
"""Class names and ids of the frame of an error page."""

CONSENT_HOSTS = ("consent.", "cookiewall.", "myprivacy.", "privacy-gate.", "choices.consent")
"""Beginnings of the host of a consent page in front of an article."""

CONSENT_PHRASES = (
    "accept all",
    "reject all",
    "manage preferences",
    "manage options",
    "we use cookies",
    "use cookies",
    "our partners",
    "legitimate interest",
    "your privacy choices",
    "we value your privacy",
    "consent to",
    "personalised advertising",
    "personalized ads",
    "alle akzeptieren",
    "alle ablehnen",
    "wir verwenden cookies",
    "unsere partner",
    "mit werbung",
    "einwilligung",
    "zustimmung",
    "aceptar todo",
    "aceptar y continuar",
    "rechazar todo",
    "utilizamos cookies",
    "nuestros socios",
    "consentimiento",
    "tout accepter",
    "tout refuser",
    "nous utilisons des cookies",
    "nos partenaires",
    "consentement",
    "accetta tutto",
    "utilizziamo i cookie",
    "aceitar todos",
    "usamos cookies",
)

LOGIN_PHRASES = (
    "log in",
    "login",
    "sign in",
    "anmelden",
    "einloggen",
    "iniciar sesión",
    "inicia sesión",
    "se connecter",
    "connexion",
    "accedi",
    "entrar",
    "inloggen",
)

LOGIN_PATHS = (
    "login",
    "log-in",
    "signin",
    "sign-in",
    "anmelden",
    "anmeldung",
    "iniciar-sesion",
    "connexion",
    "sso",
    "auth",
)
"""Path segments of a login page."""

MISSING_TITLES = (
    r"(http )?(error )?404( error)?",
    r"((error )?404 )?(the )?(page|article|story|content|file)( you requested)?( was| is)? not found( error)?( 404)?",
    r"((error )?404 )?not found",
    r"nothing (was )?found( here)?",
    r"(the |this )?page (does not|doesn t|no longer) exists?",
    r"(the |this )?(page|article|story|content) (is )?(no longer available|not available|unavailable)",
    r"(we )?(can t|cannot|couldn t|could not) find (the|that|this|your) page",
    r"(the |this |that )?page (can t|cannot|could not|couldn t) be found",
    r"(die |der )?(seite|artikel)( wurde| konnte)? (leider )?nicht gefunden( werden)?",
    r"(diese |die )?seite (existiert nicht|ist nicht|nicht)( mehr)?( verfügbar)?",
    r"(la )?página (no encontrada|no existe|no disponible|no se ha encontrado|no se encuentra)",
    r"(contenido|artículo) no (encontrado|disponible)",
    r"(la )?page (introuvable|non trouvée|n existe pas|n existe plus|inexistante)",
    r"(la )?pagina (non trovata|non esiste|niet gevonden|bestaat niet)",
    r"(a )?página (não encontrada|não existe)",
    r"(nie znaleziono strony|strona nie istnieje|strona nie została znaleziona)",
    r"sidan (hittades inte|finns inte)",
    r"страница не найдена",
    r"ページが見つかりません",
)
"""Whole headlines of error pages, as words with single spaces. An "oops" or "sorry" before them is ignored."""

MISSING_PRELUDE = r"(oops|sorry|uh oh|whoops|error|hoppla|ups|lo sentimos|désolé|ops|entschuldigung)"

SUBSCRIBE_PHRASES = (
    "subscribe to continue",
    "subscribe to read",
    "subscribe to unlock",
    "to continue reading",
    "continue reading with",
    "to read the full",
    "keep reading with",
    "for subscribers only",
    "subscribers only",
    "subscriber-only",
    "exclusive to subscribers",
    "this article is for subscribers",
    "already a subscriber",
    "already a member?",
    "you have reached your limit",
    "start your free trial",
    "unlock this article",
    "register to read",
    "weiterlesen mit",
    "jetzt weiterlesen",
    "sie möchten weiterlesen",
    "exklusiv für abonnenten",
    "nur für abonnenten",
    "bereits abonnent",
    "jetzt abonnieren",
    "para seguir leyendo",
    "para continuar leyendo",
    "suscríbete para",
    "contenido exclusivo para suscriptores",
    "solo para suscriptores",
    "¿ya eres suscriptor",
    "réservé aux abonnés",
    "réservé à nos abonnés",
    "pour lire la suite",
    "abonnez-vous pour",
    "déjà abonné",
    "contenuto riservato agli abbonati",
    "abbonati per continuare",
    "exclusivo para assinantes",
    "alleen voor abonnees",
)

SCRIPT_PHRASES = (
    "enable javascript",
    "javascript is disabled",
    "javascript is required",
    "requires javascript",
    "javascript to run this app",
    "turn on javascript",
    "javascript aktivieren",
    "aktivieren sie javascript",
    "habilitar javascript",
    "habilita javascript",
    "activer javascript",
    "activez javascript",
    "abilitare javascript",
    "ative o javascript",
)

SHELL_IDS = ("root", "app", "__next", "__nuxt", "react-root", "main-app", "svelte", "ember-app", "gatsby")
"""Ids of the empty element that a script fills."""

TABLES = (
    CHALLENGE_TITLES,
    CHALLENGE_PHRASES,
    CHALLENGE_MARKUP,
    CAPTCHA_MARKUP,
    CONSENT_MARKUP,
    OFFER_LINKS,
    MISSING_NAMES,
    CONSENT_HOSTS,
    CONSENT_PHRASES,
    LOGIN_PHRASES,
    LOGIN_PATHS,
    MISSING_TITLES,
    MISSING_PRELUDE,
    SUBSCRIBE_PHRASES,
    SCRIPT_PHRASES,
    SHELL_IDS,
)
"""All tables above, for the recipe's digest."""
