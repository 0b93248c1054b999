"""Bounded time: comparing texts of any size ends soon, and the result says where it was less precise."""

from __future__ import annotations

import random
import time

import pytest

from archive.versions.diff import compare, edits_json, render_html, render_terminal, render_unified
from db.records import Kind, Text

SECONDS = 60
"""Processor time for one comparison. At most 2 measured, 5 on a busy machine; what is not bounded takes minutes."""


def text(body: str) -> Text:
    return Text(sha256="0" * 64, title="", body=body, language="en")


def paragraphs(words: int, seed: int) -> list[str]:
    dice = random.Random(seed)
    vocabulary = ["".join(dice.choices("abcdefghij", k=dice.randint(2, 9))) for _ in range(3000)]
    texts = []
    while words > 0:
        length = dice.randint(5, 60)
        texts.append(" ".join(dice.choices(vocabulary, k=length)).capitalize() + ".")
        words -= length
    return texts


def join(parts: list[str]) -> str:
    return "\n\n".join(parts)


def assert_compares(a: str, b: str) -> None:
    started = time.process_time()
    change = compare(text(a), text(b))
    assert time.process_time() - started < SECONDS
    assert "".join(a[slice(*e.a)] if e.op in {"equal", "move"} else b[slice(*e.b)] for e in change.edits) == b
    assert "".join(a[slice(*span)] for span in sorted(e.a for e in change.edits)) == a


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        lambda story: [*story[:5], "Something else.", *story[6:9000], *story[9001:], story[9000]],
        lambda story: [paragraph.replace("a", "b", 1) for paragraph in story],
        lambda story: [text.replace("ab", "zz") if n % 3 == 0 else text for n, text in enumerate(story)],
        lambda _: paragraphs(800_000, 2),
        lambda story: story[::-1],
    ],
    ids=["a few edits", "every paragraph", "a third of them", "nothing in common", "backwards"],
)
def test_two_texts_of_five_megabytes(change):
    story = paragraphs(800_000, 1)
    assert_compares(join(story), join(change(story)))


@pytest.mark.slow
@pytest.mark.parametrize("shuffled", [False, True])
def test_ten_thousand_paragraphs_all_edited(shuffled):
    story = [
        f"Paragraph {n} says {n * 7} things of {part[:80]}" for n, part in enumerate(paragraphs(400_000, 1)[:10_000])
    ]
    edited = [paragraph.replace("says", "said") for paragraph in story]
    if shuffled:
        random.Random(3).shuffle(edited)
    assert_compares(join(story), join(edited))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("x" * 5_000_000, "x" * 4_999_999 + "y"),
        ("word " * 1_000_000, "word " * 900_000 + "other " * 100_000),
        ("x\n" * 1_000_000, "y\n" + "x\n" * 1_000_000),
        ("a\n\nb\n\n" * 50_000, "b\n\na\n\n" * 50_000),
        ("\n" * 5_000_000, "\n" * 4_999_999),
        (" " * 5_000_000, "\u00a0" * 5_000_000),
        ('"' * 2_000_000, "'" * 2_000_000),
        ('"a ' * 1_000_000, '"b ' * 1_000_000),
        ("1" * 5_000_000, "1," * 2_500_000),
        ("A" * 5_000_000, "A " * 2_500_000),
        ("Aa of " * 800_000, "Aa of " * 799_000),
        ("A-" * 2_000_000, "A-" * 1_999_999 + "b"),
    ],
    ids=["one word", "one line", "many lines", "two lines", "breaks", "blanks", "quotes", "open", "1", "A", "of", "-"],
)
def test_texts_made_to_be_slow(a, b):
    assert_compares(a, b)


@pytest.mark.slow
def test_a_change_compared_less_closely_says_so_everywhere():
    story = paragraphs(60_000, 1)
    a, b = text(join(story)), text(join([paragraph.replace("a", "b", 1) for paragraph in story]))
    change = compare(a, b)
    assert change.coarse
    assert edits_json(change, a, b)["coarse"] is True
    for output in (render_terminal(change, a, b, colour=False), render_html(change, a, b)):
        assert "too much changed to compare word by word" in output
    assert render_unified(change, a, b)


@pytest.mark.slow
def test_a_number_changed_where_words_are_not_compared_is_still_a_number():
    story = paragraphs(60_000, 1)
    edited = [paragraph.replace("a", "b", 1) for paragraph in story]
    a, b = join([*story, f"{story[0]} 300"]), join([*edited, f"{edited[0]} 30"])
    change = compare(text(a), text(b))
    assert change.coarse
    assert Kind.NUMBER in change.kinds


def test_an_article_is_never_compared_coarsely():
    story = paragraphs(10_000, 1)
    assert not compare(text(join(story)), text(join([paragraph.replace("a", "b") for paragraph in story]))).coarse
