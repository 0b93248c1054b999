"""Pages that say why there is no article: missing, expired, not shown in this region, maintenance, server errors.

A message is short. A longer page counts only if its headline is a message too, because articles report on such pages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.extract import signals
from archive.extract.fold import fold_words
from archive.extract.page_signals import split_url
from archive.extract.recipe import BARE_WORDS, MESSAGE_WORDS, SHORT_WORDS, THIN_WORDS, TITLED_MESSAGE_WORDS
from archive.extract.wall_words import first_words, fold_message, is_message

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from archive.extract.page_boxes import PageLayout
    from archive.extract.page_signals import ComparableText, Signals

_MISSING = re.compile(rf"(?:{signals.MISSING_PRELUDE} )*(?:{'|'.join(signals.MISSING_TITLES)})")
_FRONT = re.compile(r"/?(?:index\.\w+|home|[a-z]{2}(?:-[a-z]{2})?)?/?", re.IGNORECASE)
_ERROR_NUMBER = re.compile(r"^(?:http |error |status )*(404|410|451|50[0-4]|52\d)\b(?! [a-z]* ?people)")
_SERVER_TRACE = re.compile(
    r"error establishing a database connection|fatal error: |uncaught (?:exception|error)|traceback \(most recent call|"
    r"whitelabel error page|server error in '/|a client-side exception has occurred|503 service |502 bad gateway|"
    r"504 gateway|500 internal server error|upstream connect error|no healthy upstream|backend fetch failed|"
    r"guru meditation|web server is down|origin is unreachable|varnish cache server"
)
_BEGINNING = 90  # characters
_SERVER_PAGE = re.compile(
    r"(?:been a|einen|une?|um|een) (?:critical error|kritischen fehler|erreur critique|error critico|"
    r"erro critico|errore critico|kritieke fout) (?:on|auf|sur|en|em|sul?|op)\b|welcome to nginx|"
    r"apache2? \w* ?default page|test page for the|iis windows server|this account has been suspended|"
    r"default web ?site page|site is (?:now )?parked|this domain (?:name )?(?:is|may be) for sale"
)


def soft_404(page: Signals, text: ComparableText) -> str:
    """Return the reason to take the page for the message that there is no such article, or an empty text."""
    if _is_deep(split_url(page.requested_url)) and _is_front(split_url(page.url)):
        return "sent to the front page"
    if text.words >= SHORT_WORDS:
        return ""
    missing = next((title for title in page.titles if _says_missing(title)), "")
    if missing and may_be_message(page):
        return f"the headline says it is missing: {missing}"
    if _is_marked_missing(page.layout):
        return "marked as an error page"
    if _error_number(page) in {"404", "410"}:
        return f"an error page: {page.layout.own[:60]}"
    expired = _message(page, "expired")
    words = expired or _message(page, "missing") or _message(page, "absent", needs_title=True)
    return words and f"says {'it has expired' if expired else 'there is no such page'}: {words}"


def _is_marked_missing(layout: PageLayout) -> bool:
    names = layout.names.split()
    return layout.own_words < TITLED_MESSAGE_WORDS and any(name in names for name in signals.MISSING_NAMES)


def unavailable(page: Signals, text: ComparableText) -> str:
    """Return the reason to take the page for a message that it cannot be shown here or now, or an empty text."""
    if text.words >= SHORT_WORDS:
        return ""
    layout = page.layout
    if layout.own_words < TITLED_MESSAGE_WORDS and not page.is_article and (trace := _server_trace(layout.own)):
        return f"a server error: {trace[0]}"
    number = _error_number(page)
    if number == "451" or first_words("message", "refused", layout.own):
        words = _message(page, "region")
        if words or number == "451":
            return f"not shown in this region: {words or number}"
    if words := _message(page, "maintenance"):
        return f"closed for maintenance: {words}"
    words = _message(page, "failure") or (number or "" if number not in {"404", "410"} else "")
    return f"a server error: {words}" if words else ""


def _server_trace(own: str) -> re.Match[str] | None:
    """Return the words of a server's own page in a folded text. Those of its headline count only at the beginning."""
    return _SERVER_TRACE.search(own) or _SERVER_PAGE.search(own[:_BEGINNING])


def _message(page: Signals, topic: str, *, needs_title: bool = False) -> str:
    """Return the words by which a page is a message on the topic, or an empty text.

    A page that declares an article is one only if its headline says so, because a brief may report that something was
    not found.
    """
    layout = page.layout
    if layout.own_words >= TITLED_MESSAGE_WORDS or not may_be_message(page):
        return ""
    headline = fold_message(". ".join((layout.heading, *page.titles))).replace(",", "")
    if titled := first_words("message", topic, headline):
        return titled
    if needs_title or page.is_article or layout.own_words >= MESSAGE_WORDS:
        return ""
    own = layout.own.replace(",", "")
    return first_words("message", topic, own) if is_message("message", topic, own) else ""


def may_be_message(page: Signals) -> bool:
    """True unless the page's own text is long enough for a brief and speaks neither to its reader nor of itself.

    "The bridge is closed for maintenance" is news. "We are closed for maintenance" is a message. No message keeps a
    record of when it was published and updated.
    """
    if page.is_record:
        return False
    layout = page.layout
    is_brief = layout.own_words >= (BARE_WORDS if page.is_article else THIN_WORDS)
    return not is_brief or bool(first_words("message", "address", layout.own))


def _error_number(page: Signals) -> str:
    """Return the status code that a short page has as headline, title or first words, or an empty text."""
    layout = page.layout
    if layout.own_words >= TITLED_MESSAGE_WORDS or page.is_article:
        return ""
    texts = (layout.own, layout.heading, *(fold_message(title) for title in page.titles))
    return next((match[1] for text in texts if (match := _ERROR_NUMBER.search(text))), "")


def _says_missing(title: str) -> bool:
    """True if the whole title, or a whole part of it, is the headline of an error page."""
    parts = (title, *re.split(r"\s+[-|\u2013\u2014·:]+\s+|[!.:|]\s+", title))
    return any(_MISSING.fullmatch(fold_words(part)) for part in parts)


def _is_front(url: SplitResult) -> bool:
    return bool(url.hostname) and not url.query and _FRONT.fullmatch(url.path) is not None


def _is_deep(url: SplitResult) -> bool:
    """True for a URL that names an article: a folder and a name, or a name of several words or digits."""
    parts = [part for part in url.path.split("/") if part]
    return bool(parts) and (len(parts) > 1 or re.search(r"[-_]|\d{3}", parts[-1]) is not None)
