"""Hidden parts of a page are no text, unless the article itself is hidden until a script shows it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from archive.extract import extract
from archive.extract.boilerplate import clean
from archive.extract.strip_scripts import strip_scripts
from db.records import Page, Verdict

if TYPE_CHECKING:
    from db.records import Extraction

SENTENCES = (
    "The harbour board met on Tuesday evening to settle the matter of the new ferry landing by the old pier.",
    "A second report, read aloud by the clerk, put the cost of repairs above that of a wholly new structure.",
    "The chairman promised an answer before the end of the month and thanked those who had written in to him.",
)
OFFER = "Offer 7 of the week is for all readers of this paper, who may ask for it at the counter of the harbour shop."


def read(middle: str, around: str = "{}") -> Extraction:
    first, *others = (f"<p>{sentence}</p>" for sentence in SENTENCES)
    article = f"<article><h1>Harbour board meets</h1>{first}{middle}{''.join(others)}</article>"
    html = f"<html lang=en><title>Harbour board meets</title><body>{around.format(article)}</body></html>"
    moment = datetime(2026, 1, 5, tzinfo=UTC)
    return clean(extract(Page(payload=html.encode(), url="https://daily.example/a", captured_at=moment)))


@pytest.mark.parametrize(
    "markup",
    [
        "<p hidden>{}</p>",
        "<p HIDDEN='until-found'>{}</p>",
        "<section hidden=''><h2>Offers</h2><p>{}</p></section>",
        "<ul hidden><li>{}</li></ul>",
        "<p style='display:none'>{}</p>",
        "<p style='DISPLAY : None !important'>{}</p>",
        "<p style='color: red;display:/**/none;'>{}</p>",
        "<p style='display:none!important;display:block'>{}</p>",
        "<div style='visibility: hidden'><p>{}</p></div>",
        "<div style='content-visibility:hidden'><p>{}</p></div>",
        "<p style='position:absolute;left:-9999px'>{}</p>",
        "<p style='font-size:0'>{}</p>",
        "<p>On Monday<span style='position:absolute;overflow:hidden;clip:rect(0 0 0 0)'>{}</span> it rained there.</p>",
        "<template><p>{}</p></template>",
        "<dialog><p>{}</p></dialog>",
        "<div popover><p>{}</p></div>",
        "<div style='max-height:0;overflow:hidden'><p>{}</p></div>",
        "<div style='height: 0px; overflow: hidden'><p>{}</p></div>",
        "<p style='text-indent:-9999px'>{}</p>",
        "<p style='transform: scale(0)'>{}</p>",
    ],
)
def test_hidden_parts_are_no_text(markup: str) -> None:
    extraction = read(markup.format(OFFER))
    assert "Offer" not in extraction.text
    assert all(sentence in extraction.text for sentence in SENTENCES)


@pytest.mark.parametrize(
    "markup",
    [
        "<p aria-hidden='true'>{}</p>",
        "<div aria-hidden='true'><p>{}</p></div>",
        "<details><summary>More</summary><p>{}</p></details>",
        "<p style='display:none;display:block'>{}</p>",
        "<p hidden style='display:block'>{}</p>",
        "<div style='overflow:hidden'><p>{}</p></div>",
        "<div style='visibility:hidden'><p style='visibility:visible'>{}</p></div>",
        "<div style='font-size:0'><p style='font-size:16px'>{}</p></div>",
        "<wire-box><template shadowrootmode='open'><p>{}</p></template></wire-box>",
        "<p style='font-family: hidden-sans'>{}</p>",
        "<div style='max-height:300px;overflow:hidden'><p>{}</p></div>",
        "<div style='opacity:0'><p>{}</p></div>",
        "<p style='transform:scale(0.9)'>{}</p>",
    ],
)
def test_shown_parts_are_text(markup: str) -> None:
    assert OFFER in read(markup.format(OFFER)).text


HIDDEN_BY_RULES = [
    (".tip {display: none}", "<p class=tip>{}</p>"),
    ("#promo { DISPLAY : NONE !important; }", "<div id=promo><p>{}</p></div>"),
    ("h1,.a , p.b{color:red;display:none}", "<p class='x b'>{}</p>"),
    (".box > .inner, .box .inner{visibility:hidden}", "<div class=box><p class=inner>{}</p></div>"),
    ("/* .x{ */ @import 'a.css'; @media screen{.z{display:none}}", "<p class=z>{}</p>"),
    (".t{display:block} p.t{display:none} .t{display:flex}", "<p class=t>{}</p>"),
]
SHOWN_BY_RULES = [
    (".t{display:none} .t{display:block}", "<p class=t>{}</p>"),
    ("@media print{.t{display:none}} @media (max-width:600px){.t{display:none}}", "<p class=t>{}</p>"),
    (".t{display:none} @media (min-width:600px){.t{display:block}}", "<p class=t>{}</p>"),
    (".t:hover, .t[hidden], .u + .t{display:none}", "<p class=t>{}</p>"),
    (".shut .t, .t > .t, #a.t{display:none}", "<p class=t>{}</p>"),
    (".no-js .t{display:none}", "<div class=no-js><p class=t>{}</p></div>"),
    (".t{display:none}", "<p class=t style='display:block'>{}</p>"),
    (".t{display:none", "<p class=t>{}</p>"),
]


@pytest.mark.parametrize(("rules", "markup"), HIDDEN_BY_RULES)
def test_what_a_rule_of_the_page_hides_is_no_text(rules: str, markup: str) -> None:
    assert OFFER not in read(f"<style>{rules}</style>{markup.format(OFFER)}").text


@pytest.mark.parametrize(("rules", "markup"), SHOWN_BY_RULES)
def test_what_another_rule_shows_or_none_hides_is_text(rules: str, markup: str) -> None:
    assert OFFER in read(f"<style>{rules}</style>{markup.format(OFFER)}").text


def test_an_article_that_a_rule_hides_until_a_script_shows_it_is_text() -> None:
    for rules in ("article{display:none}", ".all{display:none}", "body{visibility:hidden}"):
        text = read(f"<style>{rules}</style><p>{OFFER}</p>", "<div class=all>{}</div>").text
        assert all(sentence in text for sentence in (*SENTENCES, OFFER))


def test_slides_that_a_rule_hides_until_a_script_shows_them_are_text() -> None:
    slides = "".join(f"<div class=slide><p>Slide {n}: {SENTENCES[0]}</p></div>" for n in range(20))
    text = read(f"<style>.slide{{display:none}}</style>{slides}").text
    assert all(f"Slide {n}:" in text for n in range(20))


def test_a_table_that_is_most_of_the_article_is_text_though_a_rule_hides_it() -> None:
    rows = "".join(f"<tr><td>Berth {n}</td><td>{OFFER}</td></tr>" for n in range(20))
    assert "Berth 19" in read(f"<style>.t{{display:none}}</style><table class=t>{rows}</table>").text


def test_rules_that_hide_survive_the_stripping_of_scripts_and_cost_little() -> None:
    markup = "<style>.t{display:none}</style><style>.u{color:red}</style>"
    page = Page(payload=markup.encode(), url="https://daily.example/a", captured_at=datetime(2026, 1, 5, tzinfo=UTC))
    assert strip_scripts(page).payload == b"<style>.t{display:none}</style><style></style>"
    crowd = ",".join([".t"] * 100) + "{display:none}"
    assert read(f"<style>{crowd * 100}</style>{'<p class=t>x</p>' * 1_000}").verdict is Verdict.OK


@pytest.mark.parametrize("around", ["<div style='display:none'>{}</div>", "<main hidden>{}</main>"])
def test_an_article_that_a_script_reveals_is_text_and_is_marked(around: str) -> None:
    extraction = read("", around)
    assert all(sentence in extraction.text for sentence in SENTENCES)
    assert "hidden until a script shows it" in [fact.value for fact in extraction.facts]


def test_the_rest_of_a_story_that_a_script_reveals_is_text() -> None:
    rest = "".join(f"<p>{OFFER.replace('7', str(number))}</p>" for number in range(20))
    extraction = read(f"<div class='rest' style='display:none'>{rest}</div>")
    assert "Offer 19" in extraction.text
    assert "hidden until a script shows it" in [fact.value for fact in extraction.facts]


def test_words_repeated_for_screen_readers_count_once() -> None:
    doors = "<p>Doors open at <span aria-hidden='true'>3 p.m.</span><span class='sr-only'>3 p.m.</span> on Friday.</p>"
    assert "Doors open at 3 p.m. on Friday." in read(doors).text
