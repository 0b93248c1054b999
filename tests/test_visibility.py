"""Hidden parts of a page are no text, unless the article itself is hidden until a script shows it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from archive.extract import extract
from archive.extract.boilerplate import clean
from db.records import Page

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


def test_a_hidden_table_that_is_most_of_the_article_is_text() -> None:
    rows = "".join(f"<tr><td>Berth {n}</td><td>{OFFER}</td></tr>" for n in range(20))
    assert "Berth 19" in read(f"<table hidden>{rows}</table>").text


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
