"""A later report that repeats what happened is no copy of the first one; a late rewrite of it is."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from archive.copies import judge
from builders import T0
from db.records import Text
from publisher_pages import stories

LATER = [json.loads(line) for line in (Path(__file__).parent / "follow_ups.jsonl").read_text("utf-8").splitlines()]
"""Ten in six languages, in short paragraphs that repeat up to half of the first report in other words."""

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
