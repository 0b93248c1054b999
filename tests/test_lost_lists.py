"""Lists that stand between two blocks of an article are part of its text, however the extractor judges them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archive.extract import extract
from archive.extract.boilerplate import clean
from archive.extract.lost_lists import restore_lists, text_units
from archive.extract.parse import parse
from db.records import Page

SENTENCES = (
    "The board meets again in nine days and wants to hear from the lock keepers, who have been silent so far.",
    "Its captain said the channel is forty metres narrower than last spring, which the river board denies today.",
    "A second barge with seed potatoes is expected on Thursday if the wind turns to the west before the evening.",
)
DAYS = (("Upper lock", 4), ("Mill", 10), ("Third pier", 16))


def read(markup: str, language: str = "en") -> str:
    html = f"<html lang={language}><title>Open days</title><body>{markup}</body></html>".encode()
    url, moment = "https://river.example/2026/05/01/open-days", datetime(2026, 5, 2, tzinfo=UTC)
    return clean(extract(Page(payload=html, url=url, captured_at=moment))).text


def around(middle: str) -> str:
    before, between, after = (f"<p>{sentence}</p>" for sentence in SENTENCES)
    return f"<main><h1>Open days</h1>{before}{between}{middle}{after}</main>"


LINKED = "".join(
    f"<li>{name}: {day} July - <a href='/{day}'>register for this open day here</a></li>" for name, day in DAYS
)
ROWS = "".join(f"<tr><td>{name}</td><td>{day} July</td></tr>" for name, day in DAYS)
TERMS = "".join(f"<dt>{name}</dt><dd>{day} July</dd>" for name, day in DAYS)
PLAIN = "".join(f"<li>{name}: {day} July</li>" for name, day in DAYS)
NEWS = "".join(f"<li><a href='/{day}'>{name} opens its gates on {day} July</a></li>" for name, day in DAYS)


@pytest.mark.parametrize(
    "markup",
    [
        f"<h3>Dates</h3><ul>{LINKED}</ul>",
        f"<h3>Dates</h3><ol>{PLAIN}</ol>",
        f"<p>These are the dates:</p><ul>{PLAIN}</ul>",
        f"<div><ul>{PLAIN}</ul></div>",
        f"<table>{ROWS}</table>",
        f"<h3>Dates</h3><dl>{TERMS}</dl>",
        "<div role='list'>" + PLAIN.replace("<li", "<div role='listitem'").replace("</li", "</div") + "</div>",
        "<aside class='infobox'><h3>Days</h3><p>Upper lock: 4 July. Mill: 10 July. Third pier: 16 July.</p></aside>",
        "<div class='callout-card'><div>Upper lock is open on 4 July, Mill 10 July, Third pier 16 July.</div></div>",
        "".join(
            f"<div itemscope itemtype='https://schema.org/Question'><h3 itemprop='name'>When is the {name} open?</h3>"
            f"<div itemprop='acceptedAnswer'><div itemprop='text'>{name}: {day} July, all day long</div></div></div>"
            for name, day in DAYS
        ),
        f"<details><summary>On which days is it open?</summary><ul>{PLAIN}</ul></details>",
    ],
)
def test_a_list_between_two_paragraphs_is_text(markup: str) -> None:
    text = read(around(markup))
    assert all(name in text and f"{day} July" in text for name, day in DAYS)
    assert (
        text.index("Its captain") < text.index("Upper lock") < text.index("Third pier") < text.index("A second barge")
    )


def test_a_dropped_list_goes_back_to_its_place() -> None:
    page = parse(around(f"<h3>Dates</h3><ul>{LINKED}</ul><ul class='related'>{NEWS}</ul><ul>{NEWS}</ul>"))
    assert page is not None
    text = "\n".join((*SENTENCES[:2], "Dates", SENTENCES[2]))
    restored = restore_lists(text, text_units(page.root)).split("\n")
    assert restored[:3] == [*SENTENCES[:2], "Dates"]
    assert [line.partition(":")[0] for line in restored[3:-1]] == ["- Upper lock", "- Mill", "- Third pier"]
    assert restored[-1] == SENTENCES[2]
    assert restore_lists("\n".join(restored), text_units(page.root)) == "\n".join(restored)


def test_a_list_at_the_end_needs_a_heading_or_a_colon() -> None:
    for opening, is_text in (("<h3>Dates</h3>", True), ("<p>These are all the dates:</p>", True), ("", False)):
        page = parse(f"<main><p>{SENTENCES[0]}</p>{opening}<ul>{PLAIN}</ul></main>")
        assert page is not None
        units = text_units(page.root)
        text = "\n".join(unit.text for unit in units if not unit.is_item)
        assert ("- Mill: 10 July" in restore_lists(text, units).split("\n")) is is_text


@pytest.mark.parametrize("language", ["de", "ja"])
def test_lists_are_text_in_every_language(language: str) -> None:
    paragraph, item = {
        "de": (
            "Der Rat tagt in neun Tagen wieder und will die Schleusenwärter hören, die bisher schweigen.",
            "Schleuse",
        ),
        "ja": (
            "委員会は九日後に再び会合を開き、これまで沈黙を守ってきた水門の管理人から話を聞きたいとしている。",
            "水門",
        ),
    }[language]
    items = "".join(f"<li>{item} {day}</li>" for _, day in DAYS)
    paragraphs = f"<p>{paragraph}</p><p>{paragraph[::-1]}</p>"
    text = read(f"<article><h1>{item}</h1>{paragraphs}<ul>{items}</ul><p>{paragraph} 2</p></article>", language)
    assert all(f"{item} {day}" in text for _, day in DAYS)


def test_words_without_a_paragraph_between_two_paragraphs_are_text() -> None:
    loose = "Nineteen crates were put ashore at the <b>third pier</b> because the crane had been taken apart."
    assert "third pier because the crane" in read(around(f"{loose}"))


def test_an_answer_under_its_question_is_text() -> None:
    markup = "<div><h3>Who pays for the crane?</h3><div>The river board pays, from its fund.</div></div>"
    assert "The river board pays, from its fund." in read(around(markup))


def test_a_fact_box_is_text_with_its_heading() -> None:
    facts = "<li>Built in 1884</li><li>Grinds 40 tonnes</li>"
    box = f"<aside class=infobox><h3>The mill in figures</h3><ul>{facts}</ul></aside>"
    assert "The mill in figures\n- Built in 1884\n- Grinds 40 tonnes" in read(around(box))


def test_the_captions_of_a_gallery_are_text_and_those_of_single_pictures_are_not() -> None:
    figures = [f"<figure><img src=/{n}.jpg><figcaption>Crate {n} on the pier.</figcaption></figure>" for n in range(3)]
    assert "Crate 1 on the pier." in read(around("".join(figures)))
    assert "Crate 1 on the pier." not in read(around("<p>It rained all day at the mill, too.</p>".join(figures)))
