"""The verdict on a page, from how much text was found and what the page says.

A phrase on a page alone proves nothing (a whole article may mention a captcha), and neither does a short body alone
(agencies send news of two sentences). The rules are tried in order. The first one with a reason decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from archive.extract import signals
from archive.extract.fold import fold_words
from archive.extract.recipe import BARE_WORDS, PAGE_WORDS, SHORT_WORDS, THIN_WORDS, TRUNCATED, WALL_WORDS
from db.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[^\W{_UNSPACED}]+")
_LETTER = re.compile(rf"[{_UNSPACED}]")
_MISSING = re.compile(rf"(?:{signals.MISSING_PRELUDE} )*(?:{'|'.join(signals.MISSING_TITLES)})")
_FRONT = re.compile(r"/?(?:index\.\w+|home|[a-z]{2}(?:-[a-z]{2})?)?/?", re.IGNORECASE)
_WALL_TERMS = 2  # distinct consent phrases that prove a wall in a short text
_PAGE_TERMS = 3  # the same in a page from which nothing was extracted
_BLOCKED = frozenset({403, 429, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Input of the rules. Texts are as extracted. ``visible`` is all text of the page, empty if the body is long.

    ``words`` is the body's number of words. ``declared_words`` is the length the page declares for its article, or 0.
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
    """Return the number of words. In scripts without spaces (Chinese, Japanese, Thai) two letters count as one word."""
    return len(_WORD.findall(text)) + len(_LETTER.findall(text)) // 2


def decide_verdict(page: Signals) -> tuple[Verdict, str]:
    """Return the verdict and a short reason (empty for ``ok``)."""
    is_short = page.words < SHORT_WORDS
    text = _ComparableText(
        words=page.words,
        article=_plain(" ".join((*page.titles, page.body))) if is_short else "",
        visible=_plain(page.visible),
        visible_words=count_words(page.visible),
    )
    reasons = ((verdict, rule(page, text)) for verdict, rule in _RULES)
    return next(((verdict, reason) for verdict, reason in reasons if reason), (Verdict.OK, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class _ComparableText:
    """Word counts and normalized texts, computed once. ``article`` is title and body, ``visible`` all text of the page.

    Both texts are empty if the body is too long for any rule to read them.
    """

    words: int
    article: str
    visible: str
    visible_words: int


def _challenge(page: Signals, text: _ComparableText) -> str:
    if text.words >= WALL_WORDS or (page.is_article and page.status not in _BLOCKED):
        return ""
    title = next((title for title in page.titles if _plain(title).startswith(signals.CHALLENGE_TITLES)), "")
    searched = text.article if text.visible_words > SHORT_WORDS else text.visible or text.article
    phrase = title or _first(signals.CHALLENGE_PHRASES, searched)
    return f"asks to prove that a person reads: {phrase}" if phrase else ""


def _consent(page: Signals, text: _ComparableText) -> str:
    if text.words >= SHORT_WORDS:
        return ""
    host, requested_host = _split(page.url).hostname or "", _split(page.requested_url).hostname or ""
    if requested_host and host != requested_host and host.startswith(signals.CONSENT_HOSTS):
        return f"sent to {host}"
    if _count(signals.CONSENT_PHRASES, text.article) >= _WALL_TERMS and text.words < WALL_WORDS:
        return "the text asks for consent"
    is_bare = text.words < THIN_WORDS and not page.is_article and text.visible_words < PAGE_WORDS
    is_notice = is_bare and _count(signals.CONSENT_PHRASES, text.visible) >= _PAGE_TERMS
    return "nothing but a consent notice" if is_notice else ""


def _login(page: Signals, text: _ComparableText) -> str:
    if text.words >= WALL_WORDS:
        return ""
    segments, requested_segments = _segments(page.url), _segments(page.requested_url or page.url)
    if segments & set(signals.LOGIN_PATHS) and not requested_segments & set(signals.LOGIN_PATHS):
        return "sent to a login page"
    titles = " ".join(_plain(title) for title in page.titles)
    return "a login form" if page.password and _first(signals.LOGIN_PHRASES, titles) else ""


def _soft_404(page: Signals, text: _ComparableText) -> str:
    if _is_deep(_split(page.requested_url)) and _is_front(_split(page.url)):
        return "sent to the front page"
    missing = next((title for title in page.titles if _says_missing(title)), "") if text.words < SHORT_WORDS else ""
    return f"the headline says it is missing: {missing}" if missing else ""


def _paywall(page: Signals, text: _ComparableText) -> str:
    if page.free is False and text.words * TRUNCATED < page.declared_words:
        return f"{text.words} of {page.declared_words} words, and not free"
    if not 0 < text.words < SHORT_WORDS or (page.declared_words and text.words * TRUNCATED >= page.declared_words):
        return ""
    searched = text.visible if page.is_article or page.free is False else text.article
    if phrase := _first(signals.SUBSCRIBE_PHRASES, searched):
        return f"{text.words} words, then: {phrase}"
    # Reuters declares whole briefs of 60 to 90 words as not free, so the declaration alone proves nothing.
    is_cut = text.words < WALL_WORDS or page.body.rstrip().endswith(("...", "\u2026"))
    return f"{text.words} words, and declared as not free" if page.free is False and is_cut else ""


def _needs_js(page: Signals, text: _ComparableText) -> str:
    if text.words >= THIN_WORDS or text.visible_words >= WALL_WORDS:
        return ""
    phrase = _first(signals.SCRIPT_PHRASES, text.visible + " " + _plain(page.noscript))
    if phrase:
        return f"asks for a script: {phrase}"
    return "an empty shell that a script fills" if page.shell else ""


def _empty(_: Signals, text: _ComparableText) -> str:
    return "" if text.words else "no text was found"


def _thin(page: Signals, text: _ComparableText) -> str:
    least = BARE_WORDS if page.is_article else THIN_WORDS
    return f"{text.words} words" if text.words < least else ""


def _live(page: Signals, _: _ComparableText) -> str:
    return "declared as a live blog" if page.live else ""


_RULES: tuple[tuple[Verdict, Callable[[Signals, _ComparableText], str]], ...] = (
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
    """True if the whole title, or a whole part of it, is the headline of an error page."""
    parts = (title, *re.split(r"\s+[-|\u2013\u2014·:]+\s+|[!.:|]\s+", title))
    return any(_MISSING.fullmatch(fold_words(part)) for part in parts)


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
    """True for a URL that names an article: a folder and a name, or a name of several words or digits."""
    parts = [part for part in url.path.split("/") if part]
    return bool(parts) and (len(parts) > 1 or re.search(r"[-_]|\d{3}", parts[-1]) is not None)
