"""Marks and blanks are kept as published, and folded only where texts are compared."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.copies.tokenize import stream, tokenize
from archive.extract import extract
from archive.extract.boilerplate import clean
from db.records import Extraction, Page
from db.typography import BLANKS, collapse_blanks, fold_typography

STORY = "The council met on Tuesday and agreed to mend the bridge, the mayor said, before the winter comes."
PUBLISHED = (
    "He said \u201cit\u2019s over\u201d \u2013 12\u202f000 people in 10\u00a0% of \u00ab\u00a0homes\u00a0\u00bb waited",
    "\u201eEs reicht\u201c, sagte er \u2014 bei \u22125\u00a0\u00b0C und in 5\u201310 Jahren, mit COVID\u201119.",
    "\u5c71\u7530\u3000\u592a\u90ce\u3055\u3093\u306f\u300c\u7d42\u308f\u3063\u305f\u300d\u3068\u8a71\u3057\u305f\u2026",
)


def read(article: str) -> Extraction:
    page = f"<html><body><article>{article}</article></body></html>".encode()
    moment = datetime(2026, 1, 5, tzinfo=UTC)
    return clean(extract(Page(payload=page, url="http://a.test/", captured_at=moment, charset="utf-8")))


@pytest.mark.parametrize("sentence", PUBLISHED)
def test_a_page_keeps_its_marks_and_blanks(sentence):
    got = read(f"<h1>It\u2019s over</h1><p>{STORY}</p><p>{sentence}</p><p>{STORY[:-1]}!</p>")
    assert got.title == "It\u2019s over"
    assert got.text.split("\n")[1] == sentence


def test_a_blank_beside_mark_up_is_kept():
    got = read(f"<p>{STORY}</p><p>Of the homes <b>10</b>&nbsp;% are empty, he said &nbsp; twice.</p>")
    assert got.text.split("\n")[1] == "Of the homes 10\u00a0% are empty, he said twice."


@given(st.text(alphabet=f"ab1'\"\u2018\u2019\u201c\u201d\u201e\u02bc. {BLANKS}"))
def test_folding_keeps_every_place_and_collapsing_can_be_repeated(text):
    folded = fold_typography(text)
    assert len(folded) == len(text)
    assert fold_typography(folded) == folded
    assert collapse_blanks(collapse_blanks(text)) == collapse_blanks(text)
    assert fold_typography(collapse_blanks(text)) == " ".join(folded.split())


@pytest.mark.parametrize("language", ["en", "fr", "ja"])
def test_copies_are_judged_by_folded_text(language):
    published = " ".join((STORY, *PUBLISHED))
    assert tokenize(published, language) == tokenize(fold_typography(published), language)
    assert stream(published) == stream(fold_typography(published))
