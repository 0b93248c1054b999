"""Verdicts follow from the amount of text and the page's phrases together, never from one of them alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from archive.extract import extract, signals
from archive.extract.verdict import count_words
from db.records import Page, Verdict

LONG = "".join(
    f"<p>The council met on Tuesday and agreed to mend bridge number {n} before the winter comes, the mayor said.</p>"
    for n in range(12)
)
BRIEF = (
    "<p>A tanker ran aground off Silvermouth early on Sunday, the coast guard said.</p>"
    "<p>No oil was spilled and the crew of 19 is safe.</p>"
)
NODE = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "H"%s}</script>'
ARTICLE = NODE % ""
NOT_FREE = NODE % ', "isAccessibleForFree": "False"'


PAID_PART = NODE % ', "hasPart": {"@type": "WebPageElement", "isAccessibleForFree": false, "cssSelector": ".rest"}'


def verdict(body: str, head: str = "", title: str = "A story", **facts: Any) -> Verdict:
    html = f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"
    known = {"url": "https://daily.example/news/a-story", "captured_at": datetime(2024, 3, 10, tzinfo=UTC)}
    return extract(Page(**{"payload": html.encode()} | known | facts)).verdict


def story(text: str) -> str:
    return f"<article><h1>A story</h1>{text}</article>"


@pytest.mark.parametrize(
    ("text", "words"), [("नगर परिषद ने मंज़ूरी दी", 5), ("পৌর পরিষদের অনুমোদন", 3), ("நகர சபை ஒப்புதல்", 3)]
)
def test_vowel_signs_part_no_words(text: str, words: int) -> None:
    assert count_words(text) == words


def test_whole_article_is_ok() -> None:
    assert verdict(story(LONG)) is Verdict.OK


def test_two_sentence_news_is_ok_where_the_page_declares_an_article() -> None:
    assert verdict(story(BRIEF), ARTICLE) is Verdict.OK
    assert verdict(story(BRIEF), '<meta property="og:type" content="article">') is Verdict.OK


def test_few_words_are_thin_without_and_fewer_with_a_declared_article() -> None:
    assert verdict("<p>A tanker ran aground off Silvermouth.</p>") is Verdict.THIN
    assert verdict("<article><p>Watch the video.</p></article>", ARTICLE) is Verdict.THIN


def test_page_without_text_is_empty() -> None:
    assert verdict("<img src=x>") is Verdict.EMPTY
    assert verdict("", payload=b"  \n ") is Verdict.EMPTY


def test_letters_of_a_script_without_spaces_are_counted_as_words() -> None:
    assert count_words("市議会は火曜日に橋を修理することで合意した。") == 10
    assert count_words("The mayor's 3 bridges") == 5
    assert count_words("नगर परिषद ने मंगलवार को पुल की मरम्मत का फ़ैसला किया।") == 11
    assert count_words("நகராட்சி மன்றம் பாலத்தை சீரமைக்க முடிவு செய்தது") == 6
    assert count_words("নগর পরিষদ সেতু মেরামতের সিদ্ধান্ত নিয়েছে॥") == 6
    assert count_words("قَالَ مُحَمَّدٌ إِنَّ المِينَاءَ مُغْلَقٌ") == 5
    assert count_words("אָמַר הַשַּׂר") == 2
    assert count_words("می\u200cروند و Ha\u00adfen") == 3


# --- walls ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["Subscribe to continue reading.", "Jetzt weiterlesen mit Plus.", "Para seguir leyendo, paga."]
)
def test_short_text_before_a_subscription_wall_is_a_paywall(text: str) -> None:
    assert verdict(story(BRIEF * 2) + f"<div class=wall><p>{text}</p></div>", ARTICLE) is Verdict.PAYWALL


def test_whole_article_with_subscription_words_is_ok() -> None:
    assert verdict(story(LONG + "<p>Subscribe to continue reading our newsletter.</p>"), NOT_FREE) is Verdict.OK


def test_short_text_declared_as_not_free_is_a_paywall_when_it_is_cut() -> None:
    cut = BRIEF * 2 + "<p>What the captain said when the first boat reached him was that he had been...</p>"
    assert verdict(story(BRIEF), NOT_FREE) is Verdict.PAYWALL
    assert verdict(story(cut), NOT_FREE) is Verdict.PAYWALL


def test_whole_brief_declared_as_not_free_is_ok() -> None:
    brief = LONG.split("</p>")[:4]
    assert verdict(story("</p>".join(brief) + "</p>"), NOT_FREE) is Verdict.OK


def test_text_far_shorter_than_the_page_says_is_a_paywall_only_when_it_is_not_free() -> None:
    declared_length = ', "wordCount": 2000'
    assert verdict(story(LONG), NODE % (declared_length + ', "isAccessibleForFree": false')) is Verdict.PAYWALL
    assert verdict(story(LONG), NODE % declared_length) is Verdict.OK


@pytest.mark.parametrize("status", [200, 403, 503])
def test_bot_check_is_a_challenge_at_any_status(status: int) -> None:
    body = "<h1>daily.example</h1><p>Verify you are human by completing the action below.</p>"
    assert verdict(body, title="Just a moment...", status=status) is Verdict.CHALLENGE


def test_captcha_script_beside_an_article_proves_nothing() -> None:
    head = '<script src="https://captcha.example/api.js"></script>' + ARTICLE
    assert verdict(story(BRIEF), head) is Verdict.OK
    assert verdict(story(LONG + "<p>Are you a robot? Verify you are human.</p>"), head) is Verdict.OK


def test_article_sent_to_a_consent_host_is_consent() -> None:
    facts = {"url": "https://consent.daily.example/?to=x", "requested_url": "https://daily.example/news/a-story"}
    assert (
        verdict("<p>Before you continue, a word about your privacy and what we do with it.</p>", **facts)
        is Verdict.CONSENT
    )


def test_cookie_banner_beside_an_article_proves_nothing() -> None:
    banner = "<div>We use cookies. <button>Accept all</button><button>Reject all</button> Our partners</div>"
    assert verdict(banner + story(LONG)) is Verdict.OK
    assert verdict(banner + story(BRIEF), ARTICLE) is Verdict.OK
    assert verdict(banner) is Verdict.CONSENT


def test_login_form_in_place_of_the_article_is_login() -> None:
    form = "<h1>Sign in</h1><form><input type=text><input type=password></form><p>Please use your account.</p>"
    assert verdict(form, title="Sign in - Daily") is Verdict.LOGIN
    facts = {"url": "https://daily.example/login?next=/a", "requested_url": "https://daily.example/news/a-story"}
    assert verdict("<p>Welcome back.</p>", **facts) is Verdict.LOGIN


# --- missing pages and shells -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        "404",
        "404 Not Found",
        "Error 404 - Daily Example",
        "Page not found | Daily",
        "Oops! That page can't be found.",
        "Sorry, this page is unavailable",
        "Seite nicht gefunden \u2013 Tagblatt",
        "Página no encontrada",
        "Page introuvable",
        "Pagina non trovata",
        "Página não encontrada",
    ],
)
def test_error_headline_over_little_text_is_a_soft_404(title: str) -> None:
    body = f"<h1>{title}</h1><p>Try the search or the front page instead.</p><ul><li>Bridge mended</li></ul>"
    assert verdict(body, title=title) is Verdict.SOFT_404


@pytest.mark.parametrize(
    "title", ["404 people rescued from ferry", "Page not found: a history of the dead link", "Not found in court"]
)
def test_headline_that_only_contains_an_error_is_ok(title: str) -> None:
    assert verdict(f"<article><h1>{title}</h1>{LONG}</article>", title=title) is Verdict.OK


def test_article_sent_to_the_front_page_is_a_soft_404() -> None:
    facts = {"requested_url": "https://daily.example/news/a-story", "url": "https://www.daily.example/"}
    assert verdict(story(LONG), **facts) is Verdict.SOFT_404
    assert verdict(story(LONG), **facts | {"requested_url": "http://daily.example/"}) is Verdict.OK
    assert verdict(story(LONG), **facts | {"url": "https://daily.example/?p=7"}) is Verdict.OK


def test_shell_that_a_script_fills_needs_a_script() -> None:
    assert verdict('<div id="root"></div><script src=a.js></script>') is Verdict.NEEDS_JS
    assert verdict("<noscript>Please enable JavaScript.</noscript><script src=a.js></script>") is Verdict.NEEDS_JS
    assert verdict('<div id="root"></div>' + story(LONG)) is Verdict.OK


def test_live_blog_is_told_from_an_article_and_needs_text() -> None:
    node = f'<script type="application/ld+json">{json.dumps({"@type": "LiveBlogPosting", "headline": "Live"})}</script>'
    assert verdict(story(LONG), node) is Verdict.LIVE_BLOG
    assert verdict("<article></article>", node) is Verdict.EMPTY


# --- the same signs on whole articles ---------------------------------------------------------------------------------

SIGNS = {
    "challenge": signals.CHALLENGE_TITLES + signals.CHALLENGE_PHRASES,
    "consent": signals.CONSENT_PHRASES,
    "login": signals.LOGIN_PHRASES,
    "paywall": signals.SUBSCRIBE_PHRASES,
    "script": signals.SCRIPT_PHRASES,
}


@pytest.mark.parametrize("kind", SIGNS)
@pytest.mark.parametrize(
    "place", ["<p>{}.</p>{}", "{1}<p>{0}.</p>", "<aside>{}</aside>{}", "<noscript>{}</noscript>{}"]
)
def test_every_sign_of_a_wall_together_on_a_whole_article_proves_nothing(kind: str, place: str) -> None:
    signs = place.format(". ".join(SIGNS[kind]), story(LONG))
    assert verdict(signs, status=403) is Verdict.OK
    assert verdict(signs + "<input type=password><div id=root></div>", NOT_FREE) is Verdict.OK


@pytest.mark.parametrize("phrase", signals.SUBSCRIBE_PHRASES)
def test_each_sign_of_a_paywall_after_a_stub_is_one(phrase: str) -> None:
    assert verdict(story(BRIEF) + f"<div><p>{phrase}</p></div>", ARTICLE) is Verdict.PAYWALL


@pytest.mark.parametrize("phrase", signals.CHALLENGE_PHRASES)
def test_each_sign_of_a_bot_check_in_place_of_a_text_is_one(phrase: str) -> None:
    assert verdict(f"<h1>daily.example</h1><p>{phrase}</p>", title="daily.example") is Verdict.CHALLENGE


def test_only_ok_and_live_blog_open_a_version() -> None:
    assert {verdict for verdict in Verdict if verdict.opens_version} == {Verdict.OK, Verdict.LIVE_BLOG}


def test_a_paid_part_confirms_an_offer_and_is_none_alone() -> None:
    offer = "<div><p>Plans from 1 crown a week, cancel when you like.</p><a href=/k>Become a member</a></div>"
    assert verdict(story(BRIEF + offer), PAID_PART) is Verdict.PAYWALL
    assert verdict(story(BRIEF), PAID_PART) is Verdict.OK
    assert verdict(
        story(BRIEF) + "<div><a href=/donate>Donate</a> <a href=/join>Become a member</a></div>", PAID_PART
    ) is (Verdict.OK)


@pytest.mark.parametrize(
    ("heading", "sentence", "button"),
    [
        ("Want to see how it ends?", "Take out a subscription to read the other 1,100 words.", "See plans"),
        ("Vuoi leggere il resto?", "Sottoscrivi un abbonamento digitale. Puoi disdire quando vuoi.", "Le offerte"),
        ("Dalsza część artykułu jest płatna", "Zostało ci 80% tekstu. Masz już konto?", "Zaloguj się"),
        ("Для передплатників", "Матеріал доступний лише передплатникам, читайте далі за 1 гривню.", "Передплатити"),
    ],
)
def test_an_offer_in_other_words_is_a_paywall(heading: str, sentence: str, button: str) -> None:
    box = f"<div class=q7><h2>{heading}</h2><p>{sentence}</p><a href=/x1>{button}</a></div>"
    assert verdict(story(BRIEF + box)) is Verdict.PAYWALL
