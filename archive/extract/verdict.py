"""The verdict on a page, from how much text was found and what the page says.

A phrase on a page alone proves nothing (a whole article may mention a captcha), and neither does a short body alone
(agencies send news of two sentences). The rules are tried in order. The first one with a reason decides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.extract import signals
from archive.extract.page_signals import ComparableText, Signals
from archive.extract.recipe import BARE_WORDS, MESSAGE_WORDS, SHORT_WORDS, THIN_WORDS, WALL_WORDS
from archive.extract.verdict_messages import soft_404, unavailable
from archive.extract.verdict_walls import challenge, consent, login, paywall
from db.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
# Marks within words: of Latin, Cyrillic, Hebrew and Arabic letters, vowel signs of Indic scripts, joiners.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06ed\u0730-\u074a"
    "\u07a6-\u07b0\u0900-\u0963\u0970-\u0df3\u0f18-\u0f39\u0f71-\u0fbc\u200c\u200d\u00ad"
)
_WORD = re.compile(rf"[^\W{_UNSPACED}](?:[^\W{_UNSPACED}]|[{_MARKS}])*")
_LETTER = re.compile(rf"[{_UNSPACED}]")
_MANY_LINKS = 3
_SHELL_WORDS = 5  # "Loading ..."


def count_words(text: str) -> int:
    """Return the number of words. In scripts without spaces (Chinese, Japanese, Thai) two letters count as one word.

    A mark or a vowel sign divides no word.
    """
    return len(_WORD.findall(text)) + len(_LETTER.findall(text)) // 2


def decide_verdict(page: Signals) -> tuple[Verdict, str]:
    """Return the verdict and a short reason (empty for ``ok``)."""
    is_short = page.words < SHORT_WORDS
    text = ComparableText(
        words=page.words,
        article=_plain(" ".join((*page.titles, page.body))) if is_short else "",
        visible=_plain(page.visible),
        visible_words=count_words(page.visible),
    )
    reasons = ((verdict, rule(page, text)) for verdict, rule in _RULES)
    return next(((verdict, reason) for verdict, reason in reasons if reason), (Verdict.OK, ""))


def _needs_js(page: Signals, text: ComparableText) -> str:
    if text.words >= MESSAGE_WORDS or text.visible_words >= WALL_WORDS or page.layout.own_words >= MESSAGE_WORDS:
        return ""
    asking = text.visible + " " + _plain(page.noscript)
    if phrase := _first(signals.SCRIPT_PHRASES, asking):
        return f"asks for a script: {phrase}"
    if "javascript" in asking and not (page.is_article and text.words >= BARE_WORDS):
        return "asks for a script"
    if page.shell and text.visible_words <= _SHELL_WORDS:
        return "an empty shell that a script fills"
    return ""


def _empty(_: Signals, text: ComparableText) -> str:
    return "" if text.words else "no text was found"


def _thin(page: Signals, text: ComparableText) -> str:
    least = BARE_WORDS if page.is_article and not page.video else THIN_WORDS
    kind = "a video with " if page.video else ""
    return f"{kind}{text.words} words" if text.words < least else ""


def _listing(page: Signals, text: ComparableText) -> str:
    """Return a reason if the text is nothing but links to other pages."""
    layout = page.layout
    is_linked = layout.own_words < THIN_WORDS <= text.words < SHORT_WORDS and len(layout.labels) > _MANY_LINKS
    is_from_links = is_linked and count_words(layout.content) >= text.words
    return "a list of links" if is_from_links and not page.is_article else ""


def _live(page: Signals, _: ComparableText) -> str:
    return page.live


_RULES: tuple[tuple[Verdict, Callable[[Signals, ComparableText], str]], ...] = (
    (Verdict.CHALLENGE, challenge),
    (Verdict.CONSENT, consent),
    (Verdict.LOGIN, login),
    (Verdict.UNAVAILABLE, unavailable),
    (Verdict.SOFT_404, soft_404),
    (Verdict.PAYWALL, paywall),
    (Verdict.NEEDS_JS, _needs_js),
    (Verdict.EMPTY, _empty),
    (Verdict.THIN, _thin),
    (Verdict.THIN, _listing),
    (Verdict.LIVE_BLOG, _live),
)


def _plain(text: str) -> str:
    return " ".join(text.replace("\u2019", "'").casefold().split())


def _first(phrases: Iterable[str], text: str) -> str:
    return next((phrase for phrase in phrases if phrase in text), "")
