"""The walls before an article: bot checks, consent dialogues, logins and offers of a subscription.

Structure counts first: the page's own text, a box with buttons, a form, the remaining words. The topics of the box
decide between the kinds, and a phrase alone never does.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from archive.extract import signals
from archive.extract.recipe import BARE_WORDS, MESSAGE_WORDS, PAGE_WORDS, SHORT_WORDS, THIN_WORDS, TRUNCATED, WALL_WORDS
from archive.extract.verdict_messages import may_be_message
from archive.extract.wall_words import fold_message, is_message, sentences_of, share_about, topics_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.extract.page_boxes import Box, PageLayout
    from archive.extract.page_signals import ComparableText, Signals

_BLOCKED = frozenset({403, 429, 503})
_WALL_TERMS = 2  # distinct consent phrases that prove a wall in a short text
_PAGE_TERMS = 3  # the same in a page from which nothing was extracted
_TOPICS_OF_A_DIALOGUE = 3  # of seven, beside a button
_TOPICS_OF_A_LONG_DIALOGUE = 5
_POINTS_OF_AN_OFFER = 3
_MAX_LABELS = 4
_SENTENCE_WORDS = 4
_BOX_PHRASE_WORDS = 15  # a longer block without a button is prose, which may quote an offer
_MOST = 0.6
_YES = frozenset({"ok", "okay", "yes"})
_DIGIT = re.compile(r"\d")
_MINOR_OFFER_TOPICS = frozenset({"terms"})


def challenge(page: Signals, text: ComparableText) -> str:
    """Return the reason to take the page for a check for robots, or an empty text."""
    if text.words >= WALL_WORDS:
        return ""
    layout = page.layout
    is_bare = layout.own_words < (THIN_WORDS if page.is_article else MESSAGE_WORDS)
    if is_bare and (name := _first(signals.CHALLENGE_MARKUP, layout.markup + page.scripts)):
        return f"a check for robots instead of a text: {name}"
    if page.is_article and page.status not in _BLOCKED and layout.own_words >= BARE_WORDS:
        return ""
    title = next((title for title in page.titles if _plain(title).startswith(signals.CHALLENGE_TITLES)), "")
    searched = text.article if text.visible_words > SHORT_WORDS else text.visible or text.article
    if phrase := title or _first(signals.CHALLENGE_PHRASES, searched):
        return f"asks to prove that a person reads: {phrase}"
    return _question_or_captcha(page) if is_bare and not layout.has_password and may_be_message(page) else ""


def _question_or_captcha(page: Signals) -> str:
    layout = page.layout
    topics = topics_in("robots", layout.content)
    if "robot" in topics and len(topics) > 1 and is_message("robots", "robot", layout.own):
        return "asks to prove that a person reads"
    is_captcha = _has_name(signals.CAPTCHA_MARKUP, layout.markup) and not page.is_article
    return "nothing but a captcha" if is_captcha else ""


def consent(page: Signals, text: ComparableText) -> str:
    """Return the reason to take the page for a consent wall, or an empty text."""
    if text.words < SHORT_WORDS:
        host, requested_host = page.host, page.requested_host
        if requested_host and host != requested_host and host.startswith(signals.CONSENT_HOSTS):
            return f"sent to {host}"
        is_asked = _count(signals.CONSENT_PHRASES, text.article) >= _WALL_TERMS
        if is_asked and _has_dialogue(page.layout) and may_be_message(page):
            return "the text asks for consent"
        is_bare = text.words < THIN_WORDS and not page.is_article and text.visible_words < PAGE_WORDS
        if is_bare and _count(signals.CONSENT_PHRASES, text.visible) >= _PAGE_TERMS:
            return "nothing but a consent notice"
    return "asks for consent in place of a text" if _is_consent_page(page) else ""


def _has_dialogue(layout: PageLayout) -> bool:
    return layout.own_words < WALL_WORDS and _is_asking(layout) and _is_about_consent(layout)


def _is_asking(layout: PageLayout) -> bool:
    """True if the page's own text has a button, or a link that says yes or offers a choice."""
    return layout.has_button or any(
        label in _YES or topics_in("consent", label, among=("choices", "consent")) for label in layout.labels
    )


def _is_consent_page(page: Signals) -> bool:
    """True if what remains beside the consent dialogues is too little for an article."""
    layout = page.layout
    if not may_be_message(page):
        return False
    dialogues = [box for box in layout.boxes if not box.is_side and _is_dialogue(box)]
    remaining = max(layout.own_words, page.words) - sum(box.words for box in dialogues)
    if dialogues and remaining < (BARE_WORDS if page.is_article else THIN_WORDS):
        return True
    if not layout.labels or layout.own_words >= PAGE_WORDS:
        return False
    topics = len(topics_in("consent", layout.content)) + _has_name(signals.CONSENT_MARKUP, layout.markup)
    is_long = layout.own_words >= WALL_WORDS
    return (
        topics >= (_TOPICS_OF_A_LONG_DIALOGUE if is_long else _TOPICS_OF_A_DIALOGUE)
        and _is_asking(layout)
        and not _is_prose(page)
        and _is_about_consent(layout)
    )


def _is_dialogue(box: Box) -> bool:
    if not box.labels:
        return False
    topics = len(topics_in("consent", box.text)) + _has_name(signals.CONSENT_MARKUP, box.names)
    return topics >= _TOPICS_OF_A_DIALOGUE


def _is_prose(page: Signals) -> bool:
    """True for a declared article whose own text has words enough for a brief."""
    return page.is_article and page.layout.own_words >= THIN_WORDS


def _is_about_consent(layout: PageLayout) -> bool:
    """True if most sentences of the page's own text are about consent. Those of an article about cookies are not."""
    return share_about("consent", layout.own) >= _MOST


def login(page: Signals, text: ComparableText) -> str:
    """Return the reason to take the page for a login, or an empty text."""
    if text.words >= WALL_WORDS:
        return ""
    if page.segments & set(signals.LOGIN_PATHS) and not page.requested_segments & set(signals.LOGIN_PATHS):
        return "sent to a login page"
    layout = page.layout
    titles = " ".join(_plain(title) for title in page.titles)
    is_titled = bool(_first(signals.LOGIN_PHRASES, titles) or topics_in("login", fold_message(titles)))
    if layout.has_password and is_titled:
        return "a login form"
    if layout.own_words >= (BARE_WORDS if page.is_article else THIN_WORDS):
        return ""
    if layout.has_password:
        return "nothing but a form with a password"
    return "a login form" if layout.has_field and is_titled else ""


def paywall(page: Signals, text: ComparableText) -> str:
    """Return the reason to take the text for the beginning of a paid article, or an empty text."""
    if page.free is False and text.words * TRUNCATED < page.declared_words:
        return f"{text.words} of {page.declared_words} words, and not free"
    if not 0 < text.words < SHORT_WORDS or (page.declared_words and text.words * TRUNCATED >= page.declared_words):
        return ""
    boxes = [box for box in page.layout.boxes if not box.is_side]
    if phrase := _first_phrase(boxes):
        return f"{text.words} words, then: {phrase}"
    for box in boxes:
        if _is_offer(box, page):
            return f"{text.words} words, then an offer: {box.text[:60]}"
    # Reuters declares whole briefs of 60 to 90 words as not free, so the declaration alone proves nothing.
    is_cut = text.words < WALL_WORDS or page.body.rstrip().endswith(("...", "\u2026"))
    return f"{text.words} words, and declared as not free" if page.free is False and is_cut else ""


def _first_phrase(boxes: Iterable[Box]) -> str:
    """Return the first phrase of an offer in a box that is no prose."""
    for box in boxes:
        is_prose = box.words > _BOX_PHRASE_WORDS and not (box.labels or box.is_named_wall)
        phrase = "" if is_prose else _first(_subscribe_phrases(), box.text)
        if phrase and not _is_meter(box):
            return phrase
    return ""


@cache
def _subscribe_phrases() -> tuple[str, ...]:
    return tuple(map(fold_message, signals.SUBSCRIBE_PHRASES))


def _is_offer(box: Box, page: Signals) -> bool:
    topics = topics_in("offer", box.text)
    sells = bool(_first(signals.OFFER_LINKS, box.links))
    is_wall = box.is_named_wall and bool(topics or box.labels)
    if not (topics - _MINOR_OFFER_TOPICS or is_wall) or _is_meter(box):
        return False
    if len(box.labels) > _MAX_LABELS and box.own_words * 3 < box.words:
        return False  # a menu
    acts = "reading_on" in topics and any(topics_in("offer", label) - _MINOR_OFFER_TOPICS for label in box.labels)
    points = len(topics) + 2 * is_wall + (sells or acts) + page.layout.fades + page.has_paid_part
    if page.free is False:
        return points > 1 or bool(box.labels and topics & {"subscription", "reading_on"})
    has_rest = bool({"reading_on", "exclusive"} & topics) or is_wall
    has_rest |= page.has_paid_part and box.own_words >= _SENTENCE_WORDS
    if sells and "reading_on" in topics and page.words < WALL_WORDS:
        return True  # a button that says "Read on" and leads to the plans
    return bool(box.labels or box.has_heading or is_wall) and has_rest and points >= _POINTS_OF_AN_OFFER


def _is_meter(box: Box) -> bool:
    """True for a counter of free articles: this reader still gets the article."""
    sentences = [sentence for sentence in sentences_of(box.text) if _DIGIT.search(sentence)]
    topics = [topics_in("meter", sentence) for sentence in sentences]
    return {"free", "stories"} in topics and not any("price" in names for names in topics)


def _has_name(names: Iterable[str], markup: str) -> bool:
    return any(name in markup for name in names)


def _plain(text: str) -> str:
    return " ".join(text.replace("\u2019", "'").casefold().split())


def _first(phrases: Iterable[str], text: str) -> str:
    return next((phrase for phrase in phrases if phrase in text), "")


def _count(phrases: Iterable[str], text: str) -> int:
    return sum(phrase in text for phrase in phrases)
