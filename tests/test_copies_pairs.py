"""Recall and precision on the labelled pairs of this folder: 26 stories with copies and rival reports.

The floors hold for all pairs and for each half of the stories. Missed copies and mistakes are listed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archive.copies import fingerprint, judge
from archive.copies.classify import TokenCache
from archive.extract.boilerplate import clean
from db.records import Extraction, Judgement, Relation, Text, Verdict

PAIRS = Path(__file__).parent / "pairs"

MISSED = {
    ("fire.v2", "fire.tr-es"): "new figures in most sentences, and another language",
    ("fire.v2", "fire.roundup"): "two paragraphs of the version before, their figures changed since",
    ("fire.spun", "fire.roundup"): "two paragraphs of it, in other words",
    ("verdict.trim", "verdict.tr-de"): "three sentences with a name, in another language",
    ("bahn.spun", "bahn.partial"): "three sentences of eleven, reworded",
    ("bahn.bt", "bahn.partial"): "three sentences of eleven, translated there and back",
}
"""Copies that the method does not recognize, and why they are hard."""

MISTAKEN = {
    ("bahn.ind", "bahn.ind-en"): "two own reports of one strike, in two languages",
    ("klinik.tr-en", "klinik.rival"): "a translation, and a rival's report of the same notice",
    (
        "bruecke.rewrite",
        "bruecke.rival",
    ): "a rewrite without the agency's credit, and a rival's report of the same facts",
    ("storm.turned", "storm.rival"): "the same: all facts of the other and one quotation",
    ("coral.bt", "coral.rival"): "the same: all facts of the other and one quotation",
    ("coral.rewrite", "coral.rival"): "the same: all facts of the other and one quotation",
    ("court.bt", "court.rival"): "two reports of one verdict, with the same facts and one quotation",
    ("klinik.bt", "klinik.rival"): "the same: all facts of the other and one quotation",
}
"""Independent reports that are called copies, 8 of 467 honest pairs, and why they are hard. The rules before the copy
model mistook two: they had been set on these stories, and found 0.63 of real rewrites."""


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (PAIRS / name).read_text(encoding="utf-8").splitlines()]


def text_of(row: dict[str, Any]) -> Text:
    instant = datetime.fromisoformat(row["published_at"]) if row.get("published_at") else None
    digest = sha256(f"{row['title']}\n\n{row['body']}".encode()).hexdigest()
    return Text(sha256=digest, title=row["title"], body=row["body"], language=row["language"], published_at=instant)


TEXTS = {row["id"]: text_of(row) for row in rows("texts.jsonl")}
LABELLED = rows("pairs.jsonl")


@pytest.fixture(scope="module")
def judged() -> list[tuple[dict[str, Any], Judgement]]:
    tokenizer = TokenCache()
    return [(pair, judge(TEXTS[pair["a"]], TEXTS[pair["b"]], tokenizer)) for pair in LABELLED]


def is_copy(judgement: Judgement) -> bool:
    return judgement.relation is not None and judgement.relation.is_copy


def is_labelled_copy(pair: dict[str, Any]) -> bool:
    return pair["relation"] in {"exact", "near", "partial", "reworded"}


def story(pair: dict[str, Any]) -> str:
    return pair["a"].partition(".")[0]


def test_no_independent_report_no_form_and_no_follow_up_is_called_a_copy(judged):
    mistaken = {(pair["a"], pair["b"]) for pair, result in judged if is_copy(result) and not is_labelled_copy(pair)}
    assert mistaken == set(MISTAKEN)


def test_every_copy_is_found_but_those_that_are_known_to_be_missed(judged):
    missed = {(pair["a"], pair["b"]) for pair, result in judged if is_labelled_copy(pair) and not is_copy(result)}
    assert missed == set(MISSED)


@pytest.mark.parametrize("half", [0, 1])
def test_most_copies_are_found_in_each_half_of_the_stories(judged, half):
    stories = sorted({story(pair) for pair, _ in judged})
    in_half = [result for pair, result in judged if stories.index(story(pair)) % 2 == half and is_labelled_copy(pair)]
    assert len(in_half) >= 20
    assert sum(map(is_copy, in_half)) >= 0.85 * len(in_half)


def test_copies_have_the_relation_of_their_label(judged):
    right = [
        result.relation in {pair["relation"], *pair.get("also", ())}
        for pair, result in judged
        if is_labelled_copy(pair)
    ]
    assert sum(right) >= 0.9 * len(right)


def test_reports_of_the_same_event_are_linked(judged):
    """As reports of one event, with doubt as possible copies, or as copies where ``MISTAKEN`` says so."""
    same = [(pair, result) for pair, result in judged if pair["relation"] == "same_event"]
    assert len(same) > 100
    assert sum(result.relation is not None or "none" in pair.get("also", ()) for pair, result in same) >= 0.93 * len(
        same
    )
    assert sum(result.relation is Relation.SAME_EVENT for _, result in same) >= 0.79 * len(same)


def test_translations_say_that_they_are(judged):
    for pair, result in judged:
        languages = TEXTS[pair["a"]].language, TEXTS[pair["b"]].language
        if is_copy(result) and languages[0] != languages[1]:
            assert (result.relation, result.translated, result.languages) == (Relation.REWORDED, True, languages)
        else:
            assert not result.translated


def test_scores_of_copies_are_above_those_of_all_others(judged):
    least = min(result.score for _, result in judged if is_copy(result))
    most = max(result.score for _, result in judged if not is_copy(result))
    assert most < 0.5 < least


def test_copies_in_any_language_share_four_keys():
    """All but one, which would not be recognized if it were looked up."""
    keys = {name: set(fingerprint(text)) for name, text in TEXTS.items()}
    few = {
        (pair["a"], pair["b"])
        for pair in LABELLED
        if is_labelled_copy(pair) and len(keys[pair["a"]] & keys[pair["b"]]) < 4
    }
    assert few == {("bahn.bt", "bahn.partial")}
    assert few <= set(MISSED)


@pytest.mark.parametrize(("words", "floor"), [(60, 0.85), (80, 0.96), (100, 1.0)])
def test_the_beginning_of_a_copy_shares_four_keys_with_the_original(words, floor):
    shared = [
        len(set(fingerprint(text)) & set(fingerprint(replace(copy, body=" ".join(copy.body.split()[:words])))))
        for name, text, _ in originals()
        for kind in ("spun", "bt", "rewrite")
        if (copy := TEXTS.get(f"{name[:-2]}.{kind}")) is not None
    ]
    assert len(shared) > 25
    assert sum(count >= 4 for count in shared) >= floor * len(shared)


def originals() -> list[tuple[str, Text, list[str]]]:
    """Return the stories of six paragraphs and more, with their paragraphs."""
    stories = [(name, text, text.body.split("\n\n")) for name, text in TEXTS.items() if name.endswith(".a")]
    return [(name, text, parts) for name, text, parts in stories if len(parts) >= 6]


def reused_article(form: str, title: str, parts: list[str], others: list[str]) -> str:
    """Return an article as others reuse it: scraped, cut, with a new lede, with teasers, in a round-up."""
    lede = "It is the talk of the day. Here is what is known so far, for those who come to it late."
    teasers = [f"Also read: {lead[:60]}" for lead in others]
    pages = {
        "litter": ["[ad_1]", title, *parts, "[ad_2]", "Source link", "Related posts", "Leave a Reply"],
        "a cut": parts[:3],
        "a lede": [lede, *parts[1:]],
        "teasers": [*parts[:2], *teasers[:1], *parts[2:4], *teasers[1:], *parts[4:]],
        "a round-up": [*others[:1], *parts[:2], *others[1:]],
    }
    return "\n\n".join(pages[form])


@pytest.mark.parametrize("form", ["litter", "a cut", "a lede", "teasers", "a round-up"])
def test_a_reused_article_is_still_a_copy(form):
    stories, tokenizer = originals(), TokenCache()
    assert len(stories) > 20
    for name, text, parts in stories:
        others = [rest[0] for other, story, rest in stories if other != name and story.language == text.language]
        page = text_of_page(text, reused_article(form, text.title, parts, others[:3]))
        judgement = judge(text, page, tokenizer)
        assert is_copy(judgement), (name, judgement.because)


def text_of_page(text: Text, body: str) -> Text:
    body = clean(Extraction(verdict=Verdict.OK, text=body, language=text.language)).text
    return Text(sha256=sha256(body.encode()).hexdigest(), title="", body=body, language=text.language)


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_follow_up_that_repeats_a_paragraph_is_no_rewrite(place):
    """It is a partial copy if 35 words of the paragraph in a row are outside quotation marks."""
    with_follow_up = [(name, text, parts, TEXTS.get(f"{name[:-2]}.fol")) for name, text, parts in originals()]
    pairs = [
        (name, judge(text, replace(later, body=f"{later.body}\n\n{parts[place]}")))
        for name, text, parts, later in with_follow_up
        if later is not None
    ]
    assert len(pairs) > 10
    called = [judgement for _, judgement in pairs if is_copy(judgement)]
    assert len(called) <= 2
    assert all(judgement.relation is Relation.PARTIAL and judgement.longest_run >= 35 for judgement in called)


def test_passages_are_text_of_both_sides(judged):
    for pair, result in judged:
        for passage in result.passages:
            a, b = TEXTS[pair["a"]].body[slice(*passage.a)], TEXTS[pair["b"]].body[slice(*passage.b)]
            assert a
            assert b
            assert a == a.strip()
            assert b == b.strip()
            if passage.similarity == 1.0 and not result.translated:
                assert set(a.split()) & set(b.split())
