"""Pages of every verdict in sixteen languages: hand-written texts (verdict_texts.jsonl) in mark-up of several makers.

A page is one template in one language. Half of the pages, by the hash of both names, are held out: rules and phrases
are never chosen by looking at them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.records import Page, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Words = Mapping[str, Any]
    Template = Callable[[Words], str]

TEXTS = Path(__file__).with_name("verdict_texts.jsonl")
_NAMES = ("Courier", "Tagblatt", "Diario", "Le Relais", "朝報", "Vestnik")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictPage:
    """A page with the verdict it must get."""

    template: str
    language: str
    html: str
    expected: Verdict

    @property
    def is_held_out(self) -> bool:
        """True for the half that no rule may be fitted to."""
        return sha256(f"{self.template} {self.language}".encode()).digest()[0] % 2 == 1

    @property
    def page(self) -> Page:
        """The page as a capture."""
        return Page(
            payload=self.html.encode(),
            url=f"https://daily.example/{self.language}/2026/a-story-of-today",
            captured_at=datetime(2026, 5, 12, tzinfo=UTC),
        )


def verdict_pages() -> Iterator[VerdictPage]:
    """Yield every template in every language."""
    with TEXTS.open(encoding="utf-8") as lines:
        languages = [json.loads(line) for line in lines]
    for words in languages:
        for expected, templates in TEMPLATES.items():
            for template in templates:
                name = template.__name__.strip("_")
                yield VerdictPage(template=name, language=words["language"], html=template(words), expected=expected)


# --- site frames ------------------------------------------------------------------------------------------------------


def _site(words: Words) -> str:
    return _NAMES[sum(map(ord, words["language"])) % len(_NAMES)]


def _semantic(words: Words, title: str, main: str, head: str = "") -> str:
    """A page of a modern newspaper: header, main, aside, footer."""
    stories = "".join(f'<li><a href="/s/{n}">{text[:46]}</a></li>' for n, text in enumerate(words["body"]))
    return (
        f'<!doctype html><html lang="{words["language"]}"><head><meta charset="utf-8"><title>{title} | {_site(words)}'
        f'</title>{head}</head><body><header><nav><ul><li><a href="/">{_site(words)}</a></li><li><a '
        f'href="/a">A</a></li>'
        f'<li><a class="sub" href="/subscribe">{words["pay"][2]}</a></li></ul></nav></header><main>{main}</main>'
        f"<aside><h3>{_site(words)} +</h3><ul>{stories}</ul></aside><footer><p>\u00a9 2026 {_site(words)}</p>"
        '<a href="/privacy">Privacy</a></footer></body></html>'
    )


def _soup(words: Words, title: str, main: str, head: str = "") -> str:
    """A page of an old system: nested blocks with class names, upper-case tags, no landmarks."""
    return (
        f'<HTML><HEAD><META http-equiv="Content-Type" content="text/html; charset=utf-8"><TITLE>{_site(words)}: {title}'
        f'</TITLE>{head}</HEAD><BODY><DIV id="top"><A href="/">{_site(words)}</A> <A href="/login">{words["login"][4]}'
        f'</A></DIV><DIV id="menu"><A href="/1">I</A> | <A href="/2">II</A> | <A href="/3">III</A></DIV>'
        f'<DIV id="content"><DIV class="inner">{main}</DIV></DIV><DIV id="bottom">\u00a9 '
        f"{_site(words)}</DIV></BODY></HTML>"
    )


def _hashed(words: Words, title: str, main: str, head: str = "") -> str:
    """A page of a component framework: class names say nothing."""
    return (
        f'<!DOCTYPE html><html lang="{words["language"]}"><head><title>{title}</title><meta charset="utf-8">{head}'
        f'</head><body><div id="__next"><div class="css-1x9f"><div class="css-8ab2"><a '
        f'href="/">{_site(words)}</a></div>'
        f'<div class="css-77qz">{main}</div><div class="css-0k1m"><a href="/imprint">{_site(words)} '
        f"2026</a></div></div>"
        "</div></body></html>"
    )


def _blog(words: Words, title: str, main: str, head: str = "", body_class: str = "single single-post") -> str:
    """A page of a blog system: sidebar with a search box, a newsletter box and recent posts."""
    recent = "".join(f'<li><a href="/?p={n}">{text[:40]}</a></li>' for n, text in enumerate(words["body"]))
    return (
        f'<!DOCTYPE html><html lang="{words["language"]}"><head><title>{title} \u2013 {_site(words)}</title>'
        f'<meta charset="utf-8">{head}</head><body class="{body_class}"><div id="page" class="site"><header class='
        f'"site-header"><p class="site-title"><a href="/">{_site(words)}</a></p></header><div id="primary"><main>{main}'
        f'</main></div><div id="secondary" class="widget-area"><form role="search"><input '
        f'type="search"></form><h2>+</h2>'
        f'<ul>{recent}</ul><form class="newsletter"><input type="email"><button>{words["pay"][2]}</button></form></div>'
        '<footer class="site-footer"><a href="/privacy-policy">Privacy</a></footer></div></body></html>'
    )


def _bare(words: Words, title: str, main: str, head: str = "") -> str:
    """A page with nothing but its message."""
    return f'<html lang="{words["language"]}"><head><title>{title}</title>{head}</head><body>{main}</body></html>'


def _prose(words: Words, count: int = 4) -> str:
    return "".join(f"<p>{text}</p>" for text in words["body"][:count])


def _broken(words: Words, count: int = 4) -> str:
    """Paragraphs as an old system writes them: one block with line breaks."""
    return "<br><br>".join(words["body"][:count])


def _node(words: Words, more: str = "", kind: str = "NewsArticle") -> str:
    return (
        f'<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "{kind}", '
        f'"headline": "{words["head"]}", "datePublished": "2026-05-12T08:00:00Z"{more}}}</script>'
    )


# --- articles ---------------------------------------------------------------------------------------------------------


def _whole(words: Words) -> str:
    return _semantic(words, words["head"], f"<article><h1>{words['head']}</h1>{_prose(words)}</article>")


def _whole_in_soup(words: Words) -> str:
    return _soup(words, words["head"], f"<H2>{words['head']}</H2><DIV class=text>{_broken(words)}</DIV>")


def _brief_with_newsletter(words: Words) -> str:
    box = f'<div class="newsletter-signup"><p>{words["reg"][0]}</p><input type="email"><button>OK</button></div>'
    main = f"<article><h1>{words['head']}</h1>{_prose(words, 3)}</article>{box}"
    return _semantic(words, words["head"], main, '<meta property="og:type" content="article">')


def _metered(words: Words) -> str:
    meter = f'<div class="meter-toast"><span>{words["meter"]}</span> <a href="/subscribe">{words["pay"][2]}</a></div>'
    main = f"<article><h1>{words['head']}</h1>{_prose(words)}</article>{meter}"
    more = ', "isAccessibleForFree": false, "hasPart": {"@type": "WebPageElement", "cssSelector": ".x"}'
    return _hashed(words, words["head"], main, _node(words, more))


def _closed_but_whole(words: Words) -> str:
    main = f'<article class="paywall"><h1>{words["head"]}</h1>{_prose(words)}</article>'
    return _blog(words, words["head"], main, _node(words, ', "isAccessibleForFree": "False"'))


def _consent_banner(words: Words) -> str:
    first, text, accept, choose = words["consent"]
    banner = (
        f'<div id="onetrust-banner-sdk" role="dialog"><h2>{first}</h2><p>{text}</p><button>{accept}</button>'
        f"<button>{choose}</button></div>"
    )
    main = f"<article><h1>{words['head']}</h1>{_prose(words, 3)}</article>{banner}"
    return _semantic(words, words["head"], main, _node(words))


def _login_in_header(words: Words) -> str:
    _, _, user, password, button = words["login"]
    form = (
        f'<div class="account"><form action="/login"><label>{user}<input name=u></label><label>{password}'
        f'<input type="password"></label><button>{button}</button></form></div>'
    )
    return _soup(words, words["head"], f"{form}<H1>{words['head']}</H1>{_prose(words, 3)}")


def _captcha_in_comments(words: Words) -> str:
    form = (
        f'<div id="comments"><form><textarea></textarea><div class="g-recaptcha" '
        f'data-sitekey="x"></div><p>{words["bot"][1]}'
        f"</p><noscript>{words['script']}</noscript><button>OK</button></form></div>"
    )
    main = f"<article><h1>{words['head']}</h1>{_prose(words)}</article>{form}"
    return _blog(
        words, words["head"], main, '<script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script>'
    )


def _about_walls(words: Words) -> str:
    title, *texts = words["trap"]
    main = f"<article><h1>{title}</h1>{''.join(f'<p>{text}</p>' for text in texts)}{_prose(words, 1)}</article>"
    return _semantic(words, title, main)


def _about_walls_in_soup(words: Words) -> str:
    title, *texts = words["trap"]
    return _soup(words, title, f"<H1>{title}</H1><DIV>{'<BR><BR>'.join(texts)}</DIV>")


# --- walls ------------------------------------------------------------------------------------------------------------


def _offer_in_article(words: Words) -> str:
    first, text, button = words["pay"]
    offer = f'<div class="box-9"><h2>{first}</h2><p>{text}</p><a class="btn" href="/abo">{button}</a></div>'
    return _semantic(words, words["head"], f"<article><h1>{words['head']}</h1>{_prose(words, 2)}{offer}</article>")


def _offer_with_fade(words: Words) -> str:
    first, text, button = words["pay"]
    cut = words["body"][1][: len(words["body"][1]) * 2 // 3]
    main = (
        f"<H1>{words['head']}</H1><P>{words['body'][0]}</P><DIV class='text fade-out'>{cut}\u2026</DIV>"
        f"<DIV class='paywall-layer'><B>{first}</B><BR>{text}<BR><A href='/shop/plus'>{button}</A></DIV>"
    )
    return _soup(words, words["head"], main)


def _declared_with_offer(words: Words) -> str:
    first, text, button = words["pay"]
    offer = f'<section class="css-p4y"><h3>{first}</h3><p>{text}</p><button>{button}</button></section>'
    main = f"<h1>{words['head']}</h1><div>{_prose(words, 2)}</div>{offer}"
    return _hashed(words, words["head"], main, _node(words, ', "isAccessibleForFree": "http://schema.org/False"'))


def _declared_part_with_button(words: Words) -> str:
    more = ', "hasPart": [{"@type": "WebPageElement", "isAccessibleForFree": "false", "cssSelector": ".wall"}]'
    main = (
        f'<article><h1>{words["head"]}</h1>{_prose(words, 1)}<div class="wall"><p>{words["pay"][0]}</p>'
        f'<a href="/plans">{words["pay"][2]}</a></div></article>'
    )
    return _blog(words, words["head"], main, _node(words, more))


def _register(words: Words) -> str:
    first, text, button = words["reg"]
    wall = (
        f'<div class="regwall" role="dialog"><h2>{first}</h2><p>{text}</p><form action="/register"><input type="email">'
        f"<button>{button}</button></form></div>"
    )
    return _hashed(words, words["head"], f"<article><h1>{words['head']}</h1>{_prose(words, 2)}</article>{wall}")


def _consent_page(words: Words) -> str:
    first, text, accept, choose = words["consent"]
    return _bare(
        words, _site(words), f"<div><h1>{first}</h1><p>{text}</p><button>{accept}</button><a href=#>{choose}</a></div>"
    )


def _consent_at_the_address(words: Words) -> str:
    first, text, accept, choose = words["consent"]
    main = (
        f'<div class="message type-modal"><p class="message-component"><b>{first}</b></p><p>{text}</p><div class="row">'
        f'<button class="sp_choice_type_11">{accept}</button><button '
        f'class="sp_choice_type_12">{choose}</button></div></div>'
    )
    return _hashed(words, words["head"], main, _node(words) + '<meta property="og:type" content="article">')


def _consent_form(words: Words) -> str:
    first, text, accept, choose = words["consent"]
    main = (
        f"<FORM action='/consent' method=post><H3>{first}</H3><P>{text}</P><INPUT type=submit value='{accept}'>"
        f"<INPUT type=submit value='{choose}'></FORM>"
    )
    return _soup(words, _site(words), main)


def _bot_cloudflare(words: Words) -> str:
    main = (
        f'<div class="main-wrapper"><h1>daily.example</h1><h2 id="challenge-running">{words["bot"][0]}</h2><p>'
        f'{words["bot"][1]}</p><div id="challenge-stage"></div></div><div class="footer">Ray ID: '
        f"<code>8a1f</code></div>"
    )
    return _bare(words, words["bot"][0], main, "<script>window._cf_chl_opt={cvId:'3'}</script>")


def _bot_own(words: Words) -> str:
    main = f"<div class='box'><h1>{words['bot'][0]}</h1><p>{words['bot'][1]}</p><div class='spinner'></div></div>"
    return _bare(words, "daily.example", main)


def _bot_captcha(words: Words) -> str:
    captcha = '<div class="h-captcha" data-sitekey="k"></div><button>OK</button>'
    main = f'<form method="post"><p>{words["bot"][1]}</p>{captcha}</form>'
    return _bare(words, "daily.example", main)


# --- other pages ------------------------------------------------------------------------------------------------------


def _region(words: Words) -> str:
    return _semantic(words, words["region"][0], f"<h1>{words['region'][0]}</h1><p>{words['region'][1]}</p>")


def _region_bare(words: Words) -> str:
    return _bare(words, "451", f"<h1>451</h1><p>{words['region'][1]}</p>")


def _maintenance(words: Words) -> str:
    return _bare(words, words["repair"][0], f"<img src=l.png><h1>{words['repair'][0]}</h1><p>{words['repair'][1]}</p>")


def _server_error(words: Words) -> str:
    return _soup(words, words["error"][0], f"<H2>{words['error'][0]}</H2><P>{words['error'][1]}</P>")


def _expired(words: Words) -> str:
    main = f'<article><h1>{words["expired"][0]}</h1><div class="entry"><p>{words["expired"][1]}</p></div></article>'
    return _semantic(words, words["expired"][0], main, '<meta property="og:type" content="article">')


def _missing(words: Words) -> str:
    main = f"<h1>{words['missing'][0]}</h1><p>{words['missing'][1]}</p><form role=search><input type=search></form>"
    return _blog(words, words["missing"][0], main, body_class="error404 hfeed")


def _missing_in_words(words: Words) -> str:
    main = f"<h1>{words['missing'][0]}</h1><p>{words['missing'][1]}</p><p><a href='/'>{_site(words)}</a></p>"
    return _semantic(words, _site(words), main)


def _missing_number(words: Words) -> str:
    return _hashed(words, "404", f"<div><p>404</p><p>{words['missing'][0]}</p><p>{words['missing'][1]}</p></div>")


def _login_page(words: Words) -> str:
    title, text, user, password, button = words["login"]
    form = (
        f'<form action="/auth" method="post"><label>{user}<input type="email"></label><label>{password}'
        f'<input type="password"></label><button>{button}</button></form>'
    )
    return _semantic(words, title, f"<h1>{title}</h1><p>{text}</p>{form}")


def _login_in_steps(words: Words) -> str:
    title, text, user, _, button = words["login"]
    field = f'<label>{user}</label><input type="email" name="user">'
    form = f'<form action="/session/new">{field}<button>{button}</button></form>'
    return _bare(words, f"{title} - {_site(words)}", f"<div><h2>{title}</h2><p>{text}</p>{form}</div>")


def _script_shell(words: Words) -> str:
    return _bare(words, words["head"], f'<noscript>{words["script"]}</noscript><div id="app-root"><i></i></div>')


def _script_notice(words: Words) -> str:
    return _soup(words, _site(words), f"<DIV class=notice><P>{words['script']}</P></DIV>")


def _video(words: Words) -> str:
    main = f'<h1>{words["head"]}</h1><video src="/v.mp4" controls></video><p>{words["video"]}</p>'
    return _semantic(words, words["head"], main, '<meta property="og:type" content="video.other">')


def _live(words: Words) -> str:
    posts = "".join(
        f'<div class="live-post" id="p{n}"><time datetime="2026-05-12T1{n}:20">1{n}:20</time><p>{text}</p></div>'
        for n, text in enumerate(words["body"])
    )
    return _semantic(words, words["live"], f'<h1>{words["live"]}</h1><div class="liveblog">{posts}</div>')


def _live_by_title(words: Words) -> str:
    posts = "".join(
        f"<section><time>1{n}:05</time><h3>{words['head'][n:24]}</h3><p>{text}</p></section>"
        for n, text in enumerate([*words["body"], *words["trap"][1:]])
    )
    return _hashed(words, words["live"], f"<h1>{words['live']}</h1>{posts}")


def _listing(words: Words) -> str:
    return _semantic(words, words["listing"][0], f"<h1>{words['listing'][0]}</h1><p>{words['listing'][1]}</p>")


TEMPLATES: Mapping[Verdict, tuple[Template, ...]] = {
    Verdict.OK: (
        *(_whole, _whole_in_soup, _brief_with_newsletter, _metered, _closed_but_whole, _consent_banner),
        *(_login_in_header, _captcha_in_comments, _about_walls, _about_walls_in_soup),
    ),
    Verdict.PAYWALL: (
        *(_offer_in_article, _offer_with_fade, _declared_with_offer, _declared_part_with_button, _register),
    ),
    Verdict.CONSENT: (_consent_page, _consent_at_the_address, _consent_form),
    Verdict.CHALLENGE: (_bot_cloudflare, _bot_own, _bot_captcha),
    Verdict.UNAVAILABLE: (_region, _region_bare, _maintenance, _server_error),
    Verdict.SOFT_404: (_expired, _missing, _missing_in_words, _missing_number),
    Verdict.LOGIN: (_login_page, _login_in_steps),
    Verdict.NEEDS_JS: (_script_shell, _script_notice),
    Verdict.THIN: (_video, _listing),
    Verdict.LIVE_BLOG: (_live, _live_by_title),
}
"""Every template by the verdict on its pages."""
