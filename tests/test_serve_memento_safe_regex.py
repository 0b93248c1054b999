"""Regular expressions from strangers: the same matches as ``re``, in time that no pattern can stretch."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.serve.memento.safe_regex import Pattern
from db.errors import BadInput

PATTERNS = [
    "200",
    "2..",
    "[45]..",
    "text/.*",
    ".*daily.*",
    "(?:a|bc)+d?",
    "a{2,3}b{2}c{1,}",
    r"\d+-\w*\.x",
    "[^a-c]+",
    "^abc$",
    "a|",
    "",
    "[]a-]+",
    r"[\d\-x]+",
    r"\D+\S",
    ".*?x",
    "(a*)*b",
]
ALPHABET = st.text(alphabet="abcdx20-./] \n", max_size=12)


@settings(max_examples=150)
@given(pattern=st.sampled_from(PATTERNS), text=ALPHABET)
def test_a_pattern_matches_the_same_texts_as_re(pattern: str, text: str) -> None:
    assert Pattern(pattern).matches(text) == bool(re.fullmatch(pattern, text, re.DOTALL))
    assert Pattern(pattern, open_end=True).matches(text) == bool(re.fullmatch(f"(?:{pattern}).*", text, re.DOTALL))


def test_case_may_be_ignored() -> None:
    assert Pattern("(?i)[A-C]+X").matches("abCx")
    assert not Pattern("[A-C]+X").matches("abCx")


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(.*)*(.*)*(.*)*b", "(a?){40}a{40}b", ".*.*.*.*.*.*=x"])
def test_no_pattern_takes_longer_than_its_text(pattern: str) -> None:
    assert not Pattern(pattern).matches("a" * 5000)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(a", "not closed"),
        ("a)", "not understood"),
        ("*a", "nothing before"),
        ("a**", "repeated"),
        (r"(a)\1", "not understood"),
        ("(?=a)", "plain groups"),
        (r"\bword", "not understood"),
        ("[a", "too early"),
        ("[z-a]", "backwards"),
        ("a{3,2}", "backwards"),
        ("(a{500}){500}", "repeats too much"),
        ("(" * 30 + ")" * 30, "within each other"),
        ("x" * 201, "201 characters"),
        ("a$b", "nothing before"),
        ("\\", "too early"),
    ],
)
def test_unsupported_syntax_is_refused_with_a_message(pattern: str, message: str) -> None:
    with pytest.raises(BadInput, match=re.escape(message)):
        Pattern(pattern)


@pytest.mark.slow
def test_a_pattern_that_needs_ever_new_sets_is_stopped() -> None:
    pattern, rng = Pattern("[ab]*a[ab]{200}"), random.Random(1)
    texts = ["".join(rng.choices("ab", k=60)) for _ in range(400)]
    with pytest.raises(BadInput, match="plainer"):
        sum(pattern.matches(text) for text in texts)
    assert len(pattern._transitions) <= 500
