"""The gate on text quality: labelled news pages, their own scorer, floors that may rise and never fall.

The pages are other people's work and stay outside the repository; without them the gate is skipped. About 20 s of CPU.
"""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from archive.clean import clean
from archive.extract import extract
from db.records import Extraction, Page

if TYPE_CHECKING:
    from types import ModuleType

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "extraction"
CAPTURED_AT = datetime(2024, 3, 10, tzinfo=UTC)  # after the youngest page

FLOORS = {"aeb": (0.971, 0.485), "fundus": (0.9506, 0.174)}
"""Least F1 and share of exact texts; measured 0.9720 and 0.4862, 0.9516 and 0.1750 (trafilatura: 0.9598, 0.9407)."""

MOST_REMOVED_FROM_GOLD = 0.02
"""Most removed lines that are in the gold text, of all removed lines with a word; measured 2 of 149."""

MOST_REFUSED = 2
"""Most pages that may get another verdict than ok; measured 2, and these two are paywall stubs."""

pytestmark = [pytest.mark.gate, pytest.mark.skipif(not DATA.exists(), reason="skipped: no data")]


@cache
def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", DATA / "score.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def texts(name: str) -> dict[str, Extraction]:
    pages = scorer().pages(name)
    known: dict[str, Any] = {"content_type": "text/html", "charset": "utf-8", "captured_at": CAPTURED_AT}
    return {key: clean(extract(Page(payload=payload, url=url, **known))) for key, url, payload in pages}


def gold(name: str) -> dict[str, str]:
    return {key: one.get("text") or "\n".join(one["paragraphs"]) for key, one in scorer().gold(name).items()}


def words(line: str) -> str:
    return " ".join(re.findall(r"\w+", line.casefold()))


@pytest.mark.parametrize("name", FLOORS)
def test_text_is_at_least_as_good_as_measured(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    predicted = {key: one.text for key, one in texts(name).items()}
    found, _ = scorer().score_shingle(scorer().gold(name), predicted)
    with capsys.disabled():
        print(f"\n{name}: F1 {found['f1']:.4f}, exact {found['exact']:.4f} on {found['pages']} pages")  # noqa: T201
    least_f1, least_exact = FLOORS[name]
    assert found["f1"] >= least_f1
    assert found["exact"] >= least_exact


def test_cleaning_takes_next_to_nothing_of_the_article(capsys: pytest.CaptureFixture[str]) -> None:
    removed = wrong = 0
    for name in FLOORS:
        for key, true in gold(name).items():
            lines, flat = Counter(map(words, true.split("\n"))), f" {words(true)} "
            for span in texts(name)[key].removed:
                line = words(span.text)
                removed += bool(line)
                is_there = f" {line} " in flat if span.because != "said before" else lines[line] > 1
                wrong += bool(line) and is_there
    with capsys.disabled():
        print(f"\nremoved lines that are in the gold text: {wrong} of {removed}")  # noqa: T201
    assert wrong <= MOST_REMOVED_FROM_GOLD * removed


def test_whole_articles_are_not_taken_for_walls(capsys: pytest.CaptureFixture[str]) -> None:
    refused = [one for name in FLOORS for one in texts(name).values() if not one.verdict.opens_version]
    with capsys.disabled():
        print("\nnot ok:", *(f"{one.verdict} ({one.detail})" for one in refused))  # noqa: T201
    assert len(refused) <= MOST_REFUSED
