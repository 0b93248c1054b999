"""What a page turned out to be, from outcome and signal together.

The outcome is how much text was found, the signal what the page says. A signal alone proves nothing (a whole
article may mention a captcha), and neither does a short body alone (agencies send news of two sentences). The rules
are tried in order; the first that has a reason decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from archive.extract import signals
from archive.extract.headline import fold
from archive.extract.recipe import BARE_WORDS, PAGE_WORDS, SHORT_WORDS, THIN_WORDS, TRUNCATED, WALL_WORDS
from db.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[^\W{_UNSPACED}]+")
_LETTER = re.compile(rf"[{_UNSPACED}]")
_MISSING = re.compile(rf"(?:{signals.MISSING_PRELUDE} )*(?:{'|'.join(signals.MISSING_TITLES)})")
_FRONT = re.compile(r"/?(?:index\.\w+|home|[a-z]{2}(?:-[a-z]{2})?)?/?", re.IGNORECASE)
_WALL_TERMS = 2  # distinct consent phrases in the little text there is
_PAGE_TERMS = 3  # the same in a whole page of which nothing was extracted
_BLOCKED = frozenset({403, 429, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What the rules look at. Texts are as found; ``visible`` is the page's whole text, empty where the body is long.

    ``words`` counts the body's, ``declared_words`` is the length the page itself gives for its article, 0 for none.
    """

    body: str
    words: int
    titles: tuple[str, ...] = ()
    visible: str = ""
    noscript: str = ""
    url: str = ""
    requested_url: str = ""
    status: int | None = 200
    is_article: bool = False
    free: bool | None = None
    live: bool = False
    declared_words: int = 0
    password: bool = False
    shell: bool = False


def count_words(text: str) -> int:
    """Words of a text; where a script has no spaces (Chinese, Japanese, Thai) two letters count as one."""
    return len(_WORD.findall(text)) + len(_LETTER.findall(text)) // 2


def judge(signals_: Signals) -> tuple[Verdict, str]:
    """The verdict and its reason in a few words (empty for ``ok``)."""
    is_short = signals_.words < SHORT_WORDS
    seen = _Seen(
        words=signals_.words,
        shown=_plain(" ".join((*signals_.titles, signals_.body))) if is_short else "",
        visible=_plain(signals_.visible),
        visible_words=count_words(signals_.visible),
    )
    reasons = ((verdict, rule(signals_, seen)) for verdict, rule in _RULES)
    return next(((verdict, reason) for verdict, reason in reasons if reason), (Verdict.OK, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """Figures and comparable texts taken once: ``shown`` is title and body, ``visible`` the whole page.

    Both are empty where the body is too long for any rule to look at them.
    """

    words: int
    shown: str
    visible: str
    visible_words: int


def _challenge(page: Signals, seen: _Seen) -> str:
    if seen.words >= WALL_WORDS or (page.is_article and page.status not in _BLOCKED):
        return ""
    title = next((title for title in page.titles if _plain(title).startswith(signals.CHALLENGE_TITLES)), "")
    text = seen.shown if seen.visible_words > SHORT_WORDS else seen.visible or seen.shown
    phrase = title or _first(signals.CHALLENGE_PHRASES, text)
    return f"asks to prove that a person reads: {phrase}" if phrase else ""


def _consent(page: Signals, seen: _Seen) -> str:
    if seen.words >= SHORT_WORDS:
        return ""
    host, asked = _split(page.url).hostname or "", _split(page.requested_url).hostname or ""
    if asked and host != asked and host.startswith(signals.CONSENT_HOSTS):
        return f"sent to {host}"
    shown = _count(signals.CONSENT_PHRASES, seen.shown)
    if shown >= _WALL_TERMS and seen.words < WALL_WORDS:
        return "the text asks for consent"
    is_bare = seen.words < THIN_WORDS and not page.is_article and seen.visible_words < PAGE_WORDS
    return (
        "nothing but a consent notice"
        if is_bare and _count(signals.CONSENT_PHRASES, seen.visible) >= _PAGE_TERMS
        else ""
    )


def _login(page: Signals, seen: _Seen) -> str:
    if seen.words >= WALL_WORDS:
        return ""
    here, asked = _segments(page.url), _segments(page.requested_url or page.url)
    if here & set(signals.LOGIN_PATHS) and not asked & set(signals.LOGIN_PATHS):
        return "sent to a login page"
    titles = " ".join(_plain(title) for title in page.titles)
    return "a login form" if page.password and _first(signals.LOGIN_PHRASES, titles) else ""


def _soft_404(page: Signals, seen: _Seen) -> str:
    if _is_deep(_split(page.requested_url)) and _is_front(_split(page.url)):
        return "sent to the front page"
    missing = next((title for title in page.titles if _says_missing(title)), "") if seen.words < SHORT_WORDS else ""
    return f"the headline says it is missing: {missing}" if missing else ""


def _paywall(page: Signals, seen: _Seen) -> str:
    if page.free is False and seen.words * TRUNCATED < page.declared_words:
        return f"{seen.words} of {page.declared_words} words, and not free"
    if not 0 < seen.words < SHORT_WORDS or (page.declared_words and seen.words * TRUNCATED >= page.declared_words):
        return ""
    text = seen.visible if page.is_article or page.free is False else seen.shown
    if phrase := _first(signals.SUBSCRIBE_PHRASES, text):
        return f"{seen.words} words, then: {phrase}"
    # Reuters declares whole briefs of 60 to 90 words as not free: the declaration needs a sign of its own.
    is_cut = seen.words < WALL_WORDS or page.body.rstrip().endswith(("...", "\u2026"))
    return f"{seen.words} words, and declared as not free" if page.free is False and is_cut else ""


def _needs_js(page: Signals, seen: _Seen) -> str:
    if seen.words >= THIN_WORDS or seen.visible_words >= WALL_WORDS:
        return ""
    phrase = _first(signals.SCRIPT_PHRASES, seen.visible + " " + _plain(page.noscript))
    if phrase:
        return f"asks for a script: {phrase}"
    return "an empty shell that a script fills" if page.shell else ""


def _empty(_: Signals, seen: _Seen) -> str:
    return "" if seen.words else "no text was found"


def _thin(page: Signals, seen: _Seen) -> str:
    least = BARE_WORDS if page.is_article else THIN_WORDS
    return f"{seen.words} words" if seen.words < least else ""


def _live(page: Signals, _: _Seen) -> str:
    return "declared as a live blog" if page.live else ""


_RULES: tuple[tuple[Verdict, Callable[[Signals, _Seen], str]], ...] = (
    (Verdict.CHALLENGE, _challenge),
    (Verdict.CONSENT, _consent),
    (Verdict.LOGIN, _login),
    (Verdict.SOFT_404, _soft_404),
    (Verdict.PAYWALL, _paywall),
    (Verdict.NEEDS_JS, _needs_js),
    (Verdict.EMPTY, _empty),
    (Verdict.THIN, _thin),
    (Verdict.LIVE_BLOG, _live),
)


def _plain(text: str) -> str:
    return " ".join(text.replace("\u2019", "'").casefold().split())


def _first(phrases: Iterable[str], text: str) -> str:
    return next((phrase for phrase in phrases if phrase in text), "")


def _count(phrases: Iterable[str], text: str) -> int:
    return sum(phrase in text for phrase in phrases)


def _says_missing(title: str) -> bool:
    """True when the whole title, or the whole of a part of it, is an error page's."""
    parts = (title, *re.split(r"\s+[-|\u2013\u2014·:]+\s+|[!.:|]\s+", title))
    return any(_MISSING.fullmatch(fold(part)) for part in parts)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _segments(url: str) -> set[str]:
    return {part.lower() for part in _split(url).path.split("/") if part}


def _is_front(url: SplitResult) -> bool:
    return bool(url.hostname) and not url.query and _FRONT.fullmatch(url.path) is not None


def _is_deep(url: SplitResult) -> bool:
    """True for an address that names an article: a folder and a name, or a name of several words or digits."""
    parts = [part for part in url.path.split("/") if part]
    return bool(parts) and (len(parts) > 1 or re.search(r"[-_]|\d{3}", parts[-1]) is not None)
