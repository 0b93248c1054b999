"""A later report that repeats what happened is no copy of the first one; a late rewrite of it is."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from archive.copies import TokenCache, judge
from archive.copies.features import measure
from archive.copies.later_report import LEAST_PASSAGE, first_day, is_later_report, own_passage
from archive.copies.tokenize import tokenize_text
from builders import T0
from db.records import Text
from labelled import later_reports
from publisher_pages import stories

LATER = [json.loads(line) for line in (Path(__file__).parent / "follow_ups.jsonl").read_text("utf-8").splitlines()]
"""Ten in six languages, in short paragraphs that repeat up to half of the first report in other words."""

UNSEEN = [json.loads(line) for line in (Path(__file__).parent / "later_reports.jsonl").read_text("utf-8").splitlines()]
"""Eight events in six languages that nothing was fitted on: an original, a rewrite, one with a lede of its own, a
summary, and a later report without a date that repeats the story below its news."""

FIRST = (
    "The ferry Halvard ran aground off Skarvik on Monday with 214 people on board, the coast guard said.",
    "Its hull was torn open over nine metres when it struck a reef that charts have shown since 1931.",
    "Captain Ingrid Moberg ordered everyone into the boats at 5:40, and nobody was hurt.",
    "The operator, Fjordlinjen, will pay for the recovery, which may cost 12 million crowns.",
    "Divers measured the leak and found no oil in the water around the wreck.",
    "The ministry of transport has opened an inquiry and seized the voyage recorder.",
)
LOCAL = (
    "Pupils at the school of Tunet baked 80 loaves on Thursday for the crew, and a teacher drove them to the pier.",
    "Nine metres of the hull were ripped open when the vessel hit a reef marked on charts since 1931.",
    "Ingrid Moberg, the captain, sent everybody to the boats at 5:40; no one was injured.",
    "Fjordlinjen, which operates it, is to pay for the salvage, at a cost of perhaps 12 million crowns.",
    "Divers gauged the leak and saw no oil in the water near the wreck.",
    "The bakery of Tunet gave the flour, and the choir will sing at the pier before Easter.",
)

REWRITTEN = sorted(name for name in stories() if name.endswith("-rewritten"))


def text_of(name: str, body: list[str] | tuple[str, ...], language: str, days: int) -> Text:
    published_at = T0 + timedelta(days=days)
    return Text(sha256=name, title="", body="\n\n".join(body), language=language, published_at=published_at)


@pytest.mark.parametrize("row", LATER, ids=[row["of"] for row in LATER])
@pytest.mark.parametrize("days", [5, 60])
def test_a_report_days_later_with_old_background_is_no_copy(row: dict[str, list[str]], days: int) -> None:
    story = stories()[str(row["of"])]
    first = text_of("first", story.paragraphs, story.language, 0)
    judgement = judge(first, text_of("later", row["text"], story.language, days))
    assert judgement.relation is None or not judgement.relation.is_copy, judgement.because


@pytest.mark.parametrize("name", REWRITTEN)
def test_a_rewrite_two_months_later_is_a_copy(name: str) -> None:
    story, rewritten = stories()[name.removesuffix("-rewritten")], stories()[name]
    first = text_of("first", story.paragraphs, story.language, 0)
    judgement = judge(first, text_of("later", rewritten.paragraphs, story.language, 60))
    assert judgement.relation is not None
    assert judgement.relation.is_copy, judgement.because


def undated(body: list[str] | tuple[str, ...], language: str) -> Text:
    return Text(sha256="", title="", body="\n\n".join(body), language=language)


def test_undated_later_reports_of_unseen_events_are_seldom_copies_and_their_rewrites_always():
    """Five were called copies of the original and three of its rewrite before days were compared.

    Of the summary five still are: a short one has no passage of its own.
    """
    called = dict.fromkeys(("original", "rewrite", "lede", "summary"), 0)
    for row in UNSEEN:
        texts = {kind: undated(row[kind], row["lang"]) for kind in (*called, "later")}
        for kind in called:
            relation = judge(texts[kind], texts["later"]).relation
            called[kind] += relation is not None and relation.is_copy
        for kind in ("rewrite", "lede", "summary"):
            relation = judge(texts["original"], texts[kind]).relation
            assert relation is not None, (row["event"], kind)
            assert relation.is_copy, (row["event"], kind)
    assert called == {"original": 1, "rewrite": 1, "lede": 0, "summary": 5}


def test_later_reports_made_by_rule_are_seldom_copies():
    """In the calibration part 22 were before days were compared."""
    pairs = list(later_reports("calibration"))
    tokenizer = TokenCache()
    relations = [judge(pair.a.text, pair.b.text, tokenizer).relation for pair in pairs]
    assert len(pairs) == 231
    assert sum(relation is not None and relation.is_copy for relation in relations) <= 8


def test_texts_that_begin_with_different_days_say_why_they_are_no_copies():
    row = next(row for row in UNSEEN if row["event"] == "ballot")
    judgement = judge(undated(row["original"], row["lang"]), undated(row["later"], row["lang"]))
    assert judgement.probability is not None
    assert judgement.probability > 0.9
    assert "a later report: the texts begin with different days" in judgement.because


def test_a_local_story_around_the_report_in_its_order_is_no_later_report():
    first, local = undated(FIRST, "en"), undated(LOCAL, "en")
    measures = measure(first, local, tokenize_text)
    a, b = measures.texts
    assert (first_day(a.sentences), first_day(b.sentences)) == (1, 4)
    assert min(own_passage(a, b, {}), own_passage(b, a, {})) >= LEAST_PASSAGE
    assert not is_later_report(measures)


def test_the_day_that_counts_stands_in_the_first_third_or_in_the_first_two_sentences():
    plain = tuple(f"{line} Nobody knows why." for line in FIRST[1:])
    assert first_day(tokenize_text(undated(FIRST, "en")).sentences) == 1
    assert first_day(tokenize_text(undated((*plain, "It sailed again on Friday."), "en")).sentences) is None
    assert first_day(tokenize_text(undated(("It sailed.", "It sank on Friday."), "en")).sentences) == 5


def test_the_own_passage_of_a_text_is_what_the_other_lacks():
    first, local = (tokenize_text(undated(body, "en")) for body in (FIRST, LOCAL))
    assert own_passage(first, first, {}) == 0
    assert 0 < own_passage(local, first, {}) < 1
    news = tokenize_text(undated((*FIRST, "Rescuers pulled a Corsican violinist out of the lighthouse chimney."), "en"))
    assert own_passage(first, news, {}) == 0
    assert own_passage(news, first, {}) > LEAST_PASSAGE
