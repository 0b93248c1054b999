"""Edits tile both texts and rebuild the newer one, and renderings show them so that a person can check them."""

from __future__ import annotations

import random
import time
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.versions.diff import compare, edits_json, render_terminal, render_unified
from db.records import Change, Edit, Kind, Text

STORY = (
    "The minister said 300 people were killed on Monday in Port Selwyn.",
    '"We had eleven boats and nobody was left behind," Brandvold told reporters on the quay.',
    "The ferry had left Marrowick with 38 trucks on board and a crew of nine.",
    "The government will publish a report within 30 days.",
    "Opposition leaders demanded a debate in the chamber.",
    "The sea was calm and the night was clear over the reef.",
    "Pilots have long asked for a lit beacon to replace the unlit marker.",
)


def text(*paragraphs: str, title: str = "Ferry runs aground") -> Text:
    body = "\n\n".join(paragraphs)
    return Text(sha256=sha256(f"{title}\n\n{body}".encode()).hexdigest(), title=title, body=body)


def apply_edits(edits: tuple[Edit, ...], a: str, b: str) -> str:
    return "".join(a[slice(*e.a)] if e.op in {"equal", "move"} else b[slice(*e.b)] for e in edits)


def assert_tiles(edits: tuple[Edit, ...], a: str, b: str) -> None:
    assert apply_edits(edits, a, b) == b
    assert "".join(b[slice(*e.b)] for e in edits) == b
    spans = sorted(e.a for e in edits if e.a[0] < e.a[1])
    assert [end for _, end in spans][:-1] == [start for start, _ in spans][1:]
    assert "".join(a[slice(*span)] for span in spans) == a


def ops(change: Change, a: Text, b: Text) -> list[tuple[str, str, str]]:
    changed = (e for e in change.edits if e.op != "equal")
    return [(e.op, a.body[slice(*e.a)].strip(), b.body[slice(*e.b)].strip()) for e in changed]


WORDS = 'The a in on ferry 300 30 4.2 million crowns Tomas Ekberg "we left" said not Monday , . ... (x) über \u00a0 x'
words = st.sampled_from(WORDS.split(" "))
bodies = st.lists(st.lists(words, max_size=9).map(" ".join), max_size=8).map("\n\n".join) | st.text(max_size=60)


@pytest.mark.slow
@settings(max_examples=300)
@given(bodies, bodies)
def test_edits_tile_both_texts_and_rebuild_the_newer(a, b):
    change = compare(text(a), text(b))
    assert_tiles(change.edits, a, b)
    assert bool(change.kinds) == (a != b)
    assert 0 <= change.score <= 1


@settings(max_examples=100)
@given(st.permutations(STORY), st.integers(0, 7), st.sampled_from(["300", "Port Selwyn", "nobody", "crew"]))
def test_shuffled_cut_and_edited_stories_are_rebuilt(order, length, swapped):
    a, b = text(*STORY), text(*(p.replace(swapped, "other words") for p in order[:length]))
    assert_tiles(compare(a, b).edits, a.body, b.body)


@given(st.text(max_size=40), st.text(max_size=40))
def test_headline_edits_tile_both_headlines(a, b):
    change = compare(text("x", title=a), text("x", title=b))
    assert_tiles(change.headline, a, b)


def test_the_same_text_has_no_kinds_and_no_score():
    change = compare(text(*STORY), text(*STORY))
    assert (change.kinds, change.score) == ((), 0)
    assert [e.op for e in change.edits] == ["equal"]


def test_only_the_changed_word_is_marked():
    a, b = text(*STORY), text(STORY[0].replace("300", "30"), *STORY[1:])
    assert ops(compare(a, b), a, b) == [("replace", "300", "30")]


def test_words_swapped_around_a_short_word_are_one_edit():
    a, b = text("The port was ready for the big ferry."), text("The port was close to the small ferry.")
    assert ops(compare(a, b), a, b) == [("replace", "ready for the big", "close to the small")]


@pytest.mark.parametrize(
    ("before", "after", "piece"),
    [
        ("It cost 4.2 million crowns.", "It cost 4.8 million crowns.", "4.2 million crowns"),
        ("He left on 5 January 2024 by sea.", "He left on 6 January 2024 by sea.", "5 January 2024"),
        ("Then Tomas Ekberg left.", "Then Tomas Akberg left.", "Tomas Ekberg"),
        ('He said "we saw nobody there" twice.', 'He said "we saw somebody there" twice.', '"we saw nobody there"'),
        ("Some 1,300 came.", "Some 1,500 came.", "1,300"),
    ],
)
def test_numbers_dates_names_and_quotations_are_never_split(before, after, piece):
    a, b = text(before), text(after)
    assert [cut for _, cut, _ in ops(compare(a, b), a, b)] == [piece]


def test_a_passage_that_moved_is_one_move():
    a, b = text(*STORY), text(STORY[3], *STORY[:3], *STORY[4:])
    change = compare(a, b)
    assert change.kinds == (Kind.MOVED,)
    assert [passage for op, passage, _ in ops(change, a, b) if op == "move"] == [STORY[3]]


def test_the_shorter_of_two_swapped_passages_is_the_one_that_moved():
    a, b = text(STORY[1], STORY[4]), text(STORY[4], STORY[1])
    change = compare(a, b)
    assert [passage for op, passage, _ in ops(change, a, b) if op == "move"] == [STORY[4]]


def test_a_passage_may_be_edited_while_it_moves():
    a, b = text(*STORY), text(*STORY[1:], STORY[0].replace("300", "30"))
    change = compare(a, b)
    assert change.kinds == (Kind.NUMBER, Kind.MOVED)


def test_a_split_paragraph_is_not_cut_and_added():
    a, b = text(STORY[0] + " " + STORY[5]), text(STORY[0], STORY[5])
    assert compare(a, b).kinds == (Kind.COSMETIC,)
    assert compare(b, a).kinds == (Kind.COSMETIC,)


def test_a_new_paragraph_is_an_insert_of_its_own():
    a, b = text(*STORY), text(*STORY[:2], "Nobody had ever seen such a swell before.", *STORY[2:])
    assert ops(compare(a, b), a, b) == [("insert", "", "Nobody had ever seen such a swell before.")]


def test_terminal_shows_marks_without_colour_and_folds_the_rest():
    a, b = text(*STORY), text(STORY[0].replace("300", "30"), *STORY[1:])
    output = render_terminal(compare(a, b), a, b, colour=False)
    assert "said [-300-]{+30+} people" in output
    assert "... 5 unchanged paragraphs" in output
    assert "\x1b" not in output
    assert STORY[4] not in output


def test_terminal_keeps_the_marks_when_it_colours():
    a, b = text(*STORY), text(STORY[0].replace("300", "30"), *STORY[1:])
    output = render_terminal(compare(a, b), a, b, colour=True)
    assert "\x1b[31m[-300-]\x1b[0m\x1b[32m{+30+}\x1b[0m" in output


def test_terminal_shows_a_move_at_both_ends():
    a, b = text(*STORY), text(STORY[3], *STORY[:3], *STORY[4:])
    output = render_terminal(compare(a, b), a, b, colour=False)
    assert f"(moved here from \u00b64) {STORY[3]}" in output
    assert '(moved to \u00b61: "The government will publish a report' in output


def test_content_cannot_control_the_terminal():
    a, b = text("Plain words here."), text("Plain \x1b]0;owned\x07words\u202e here\x9b31m.", title="Up\x1b[2Jdate")
    change = compare(a, b)
    for output in (render_terminal(change, a, b, colour=False), render_unified(change, a, b)):
        assert not any(ord(c) < 32 and c != "\n" for c in output)
        assert "\x9b" not in output
        assert "\u202e" not in output


def test_unified_text_reads_like_a_diff():
    a, b = text(*STORY), text(STORY[0].replace("300", "30"), *STORY[1:], title="Ferry hits reef")
    lines = render_unified(compare(a, b), a, b).splitlines()
    assert "-Ferry runs aground" in lines
    assert f"+{STORY[0].replace('300', '30')}" in lines
    assert render_unified(compare(a, a), a, a) == ""


def test_json_edits_have_offsets_and_both_texts():
    a, b = text(*STORY), text(STORY[0].replace("300", "30"), *STORY[1:])
    payload = edits_json(compare(a, b), a, b)
    assert payload["kinds"] == ["number"]
    assert [e for e in payload["edits"] if e["op"] == "replace"] == [
        {"op": "replace", "a": [18, 21], "b": [18, 20], "a_text": "300", "b_text": "30", "kinds": ["number"]}
    ]


def _generated(words_: int, seed: int) -> str:
    dice = random.Random(seed)
    vocabulary = ["".join(dice.choices("abcdefghij", k=dice.randint(2, 9))) for _ in range(3000)]
    paragraphs = []
    while words_ > 0:
        length = dice.randint(5, 60)
        paragraphs.append(" ".join(dice.choices(vocabulary, k=length)) + ".")
        words_ -= length
    return "\n\n".join(paragraphs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("a", "b"),
    [
        (_generated(32_000, 1), _generated(32_000, 2)),
        (_generated(32_000, 1), _generated(32_000, 1).replace("a", "b")),
        ("word " * 100_000, "word " * 90_000 + "other"),
        ("x\n" * 100_000, "x\n" * 99_000 + "y\n" * 1_000),
        ('"' * 100_000, "'" * 100_000),
        ("A" * 500_000, "A " * 250_000),
    ],
    ids=["unlike", "every word changed", "one endless line", "one line repeated", "only quotes", "no blanks"],
)
def test_large_and_hostile_texts_are_compared_in_bounded_time(a, b):
    started = time.process_time()
    assert_tiles(compare(text(a), text(b)).edits, a, b)
    assert time.process_time() - started < 20  # 200 kB take about a second
