"""Repair of paragraphs that an extractor lost in the middle of an article, and pages too large for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archive.extract import extract
from archive.extract.blocks import fill_gaps, linear_text, prose_length, sibling_groups
from archive.extract.parse import parse
from db.records import Page, Verdict
from tests.hostile import ARTICLE, SENTENCE
from tests.hostile import page as html

KEPT = [SENTENCE.format(n) for n in range(4)]
LOST = "Nobody had asked the ferryman, who has rowed the children across for years, the council admitted."


def gap(middle: str, text: str = "\n".join(KEPT)) -> str:
    """The repaired text of a page with ``middle`` between its second and third paragraph."""
    before, after = ("".join(f"<p>{line}</p>" for line in lines) for lines in (KEPT[:2], KEPT[2:]))
    parsed = parse(f"<html><body><div>{before}{middle}{after}</div></body></html>")
    assert parsed
    return fill_gaps(text, sibling_groups(parsed.root))


@pytest.mark.parametrize(
    ("middle", "line"),
    [
        (f"<p>{LOST}</p>", LOST),
        (f"<p>{LOST[:23]}<a href=/f>{LOST[23:-1]}</a>.</p>", LOST),
        ("<h3>The ferry</h3>", "The ferry"),
        ("<h2><a href=/f>The ferry</a></h2>", "The ferry"),
    ],
)
def test_paragraph_or_heading_lost_between_kept_ones_is_put_back_in_its_place(middle: str, line: str) -> None:
    assert gap(middle).split("\n") == [*KEPT[:2], line, *KEPT[2:]]


@pytest.mark.parametrize(
    "middle",
    [
        f'<p><a href="/x">{LOST}</a></p>',
        f'<p class="promo">{LOST}</p>',
        f'<p>Read also about this: <a href="/x">{LOST[:-1]}</a>.</p>',
        "<p>Read more</p>",
        f"<p>{LOST[:-1]}</p>",
        f"<p>{LOST} [button {{x}}]</p>",
        f"<div><p>{LOST}</p></div>",
        "<h3>Related: <a href=/f>The ferry of the children</a></h3>",
    ],
    ids=[
        "link",
        "other class",
        "label and sentence",
        "short",
        "no sentence",
        "template",
        "other parent",
        "label and link",
    ],
)
def test_what_is_not_shaped_like_the_article_stays_out(middle: str) -> None:
    assert gap(middle) == "\n".join(KEPT)


def test_paragraph_that_lost_its_link_is_made_whole() -> None:
    whole = f"{SENTENCE.format(9)} It was said to the Post before the vote was taken."
    damaged = whole.replace("to the Post ", "")
    text = "\n".join([*KEPT[:2], damaged, *KEPT[2:]])
    middle = f"<p>{whole.replace('to the Post', '<a href=/p>to the Post</a>')}</p>"
    assert gap(middle, text).split("\n") == [*KEPT[:2], whole, *KEPT[2:]]


def test_nothing_is_put_back_before_the_first_or_after_the_last_kept_paragraph() -> None:
    assert gap("", "\n".join(KEPT[1:3])) == "\n".join(KEPT[1:3])


def test_prose_counts_no_links_forms_or_furniture() -> None:
    parsed = parse(f"<html><body><p>{LOST}</p><nav>{LOST}</nav><a href=/x>{LOST}</a><form>{LOST}</form><p>Short</p>")
    assert parsed
    assert prose_length(parsed.root) == len(LOST)


def test_one_walk_reads_blocks_in_order_without_lists_of_links() -> None:
    body = f"<ul><li><a href=/a>A story</a></ul><div>One <b>bold</b> line<p>{LOST}</p>and a tail</div><script>x"
    parsed = parse(f"<html><head><title>T</title></head><body>{body}")
    assert parsed
    assert linear_text(parsed.root).split("\n") == ["One bold line", LOST, "and a tail"]


def test_page_too_large_for_an_extractor_is_read_in_one_walk_and_says_so() -> None:
    many = html(ARTICLE + "".join(f"<p>{SENTENCE.format(n)}</p>" for n in range(13_000)))
    got = extract(Page(payload=many, url="https://daily.example/a", captured_at=datetime(2024, 3, 10, tzinfo=UTC)))
    assert got.verdict is Verdict.OK
    assert got.text.count("\n") == 13_011
    assert [fact.source for fact in got.facts if fact.name == "degraded"] == [
        f"{many.count(b'<')} tags, {len(many)} characters"
    ]
