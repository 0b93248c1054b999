"""Corrections and standfirsts outside of the article's body are text, and are marked as what they are."""

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
NOTE = "Correction: an earlier version of this report gave the cost as 300 crowns; it is 30."


def read(inside: str = "", behind: str = "", header: str = "<h1>Harbour board meets</h1>") -> Extraction:
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    body = f"<article>{header}{paragraphs}{inside}</article>{behind}<footer><p>The Daily Harbour</p></footer>"
    moment = datetime(2026, 1, 5, tzinfo=UTC)
    html = f"<html lang=en><title>Harbour board meets</title><body>{body}</body></html>"
    return clean(extract(Page(payload=html.encode(), url="https://daily.example/a", captured_at=moment)))


@pytest.mark.parametrize(
    "markup",
    [
        f"<aside class='correction'><p>{NOTE}</p></aside>",
        f"<footer><p>{NOTE}</p></footer>",
        f"<footer><small>{NOTE}</small></footer>",
        f"<aside><div>{NOTE}</div></aside>",
        "<aside><p>Berichtigung: Eine frühere Fassung nannte 300 Kronen, es sind aber nur 30.</p></aside>",
        "<footer><p>Rectificatif : une version antérieure donnait 300 couronnes au lieu de 30.</p></footer>",
        "<aside><p>Corrección: una versión anterior daba 300 coronas en lugar de las 30 reales.</p></aside>",
        "<footer><p>Исправление: прежняя версия этой статьи называла 300 крон, верно только 30.</p></footer>",
        "<aside><p>訂正:この記事の以前の版では費用を三百クローネとしていましたが、正しくは三十クローネです。</p></aside>",
        f"<aside>{NOTE}</aside>",
        "<aside><p>Đính chính: Phiên bản trước của bài viết này ghi chi phí 300 curon, đúng ra là 30.</p></aside>",
        "<footer><p>সংশোধনী: এই প্রতিবেদনের আগের সংস্করণে খরচ ৩০০ ক্রাউন লেখা হয়েছিল, সঠিক হবে ৩০।</p></footer>",
        "<aside><p>Pembetulan: versi terdahulu artikel ini menyatakan kos 300 krone; yang betul ialah 30.</p></aside>",
        "<footer><p>Исправка: у претходној верзији текста наведено је 300 круна, тачно је 30.</p></footer>",
        "<aside><p>Ispravak: u prethodnoj verziji članka pisalo je 300 kruna, točno je 30.</p></aside>",
        "<footer><p>Marekebisho: toleo la awali la habari hii lilisema gharama ni 300; sahihi ni 30 tu.</p></footer>",
        "<aside><p>Correcció: una versió anterior d'aquest article deia 300 corones; en són només 30.</p></aside>",
        f"<section class='editors-note'>{NOTE}</section>",
        f"<blockquote class='note'>{NOTE}</blockquote>",
        f"<div role='note'>{NOTE}</div>",
        f"<details class='correction'><summary>Read this</summary><p>{NOTE}</p></details>",
        "<div>A previous version of this article misstated the cost of the landing; it is 30 crowns, not 300.</div>",
        "<aside>We have corrected the cost of the landing, which is 30 crowns and not 300 as we wrote.</aside>",
        "<footer>In einer früheren Version dieses Artikels hieß es 300 Kronen. Das ist falsch, es sind 30.</footer>",
        "<div>Article modifié le 6 janvier : le coût est de 30 couronnes et non de 300.</div>",
        "<aside><p>تصحيح: ذكرت نسخة سابقة من هذا التقرير أن التكلفة بلغت 300 كرونة والصحيح أنها 30 فقط.</p></aside>",
    ],
)
def test_a_correction_beside_the_body_is_text(markup: str) -> None:
    for extraction in (read(inside=markup), read(behind=markup)):
        noted = [fact for fact in extraction.facts if fact.name == "note"]
        assert [fact.value for fact in noted] == ["correction note"]
        assert noted[0].raw[:12] in extraction.text.split("\n")[-1]


def test_a_block_of_corrections_behind_the_article_is_text() -> None:
    extraction = read(behind=f"<div class='corrections'><p>{NOTE}</p></div>")
    assert extraction.text.endswith(NOTE)


def test_a_standfirst_stands_before_the_body() -> None:
    standfirst = "The board puts the cost at 30 crowns, after months of talk and letters."
    header = f"<header><h1>Harbour board meets</h1><p class='standfirst'>{standfirst}</p></header>"
    extraction = read(header=header)
    assert extraction.text.startswith(f"{standfirst}\n{SENTENCES[0]}")
    assert ("note", "standfirst", "header") in [(fact.name, fact.value, fact.source) for fact in extraction.facts]


@pytest.mark.parametrize(
    "head",
    [
        "<header><h1>Harbour board meets</h1><p class='lead'>{}</p></header>",
        "<header><h1>Harbour board meets</h1><h2 class='standfirst'>{}</h2></header>",
        "<h1>Harbour board meets</h1><div class='intro'><strong>{}</strong></div>",
    ],
)
def test_a_standfirst_has_many_names_and_places(head: str) -> None:
    standfirst = "The board puts the cost at 30 crowns, after months of talk and letters."
    assert read(header=head.format(standfirst)).text.startswith(f"{standfirst}\n{SENTENCES[0]}")


def test_the_caption_of_a_lead_picture_is_no_standfirst() -> None:
    caption = "Members of the board on the old pier on Tuesday evening, in the rain."
    header = f"<header><h1>Harbour board meets</h1><div class='lead'><img src=/a.jpg><p>{caption}</p></div></header>"
    assert caption not in read(header=header).text


@pytest.mark.parametrize(
    "markup",
    [
        "<footer><p>Updated: 3 January 2026, 10.15 a.m.</p></footer>",
        "<aside><p>Updated 3 hours ago</p></aside>",
        "<aside><p><a href='/b'>Update: a third barge has arrived at the mill, says its captain today</a></p></aside>",
        "<aside><p>Read more: the board of the harbour meets again in the spring, says its clerk.</p></aside>",
    ],
)
def test_a_time_stamp_or_a_promotion_is_no_note(markup: str) -> None:
    extraction = read(inside=markup)
    assert extraction.text.split("\n") == list(SENTENCES)
    assert "note" not in [fact.name for fact in extraction.facts]
