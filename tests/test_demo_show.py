"""The output of the demo: rounds, changes, copies, grade, and commands to try next."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from archive.demo.run import run_demo
from archive.demo.script import ROUNDS
from archive.demo.show import copy_lines
from archive.demo.snapshot import Snapshot
from archive.demo.words import excerpt
from archive.demo.world import World
from tests.perfect import perfect

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

Json = dict[str, Any]
PERFECT = perfect(World(0))


def play(
    folder: Path, answers: Snapshot, *, grade: bool = True, as_json: bool = False
) -> tuple[int, str, list[datetime]]:
    out, err, instants = io.StringIO(), io.StringIO(), []

    def run_round(_: Path, instant: datetime) -> None:
        instants.append(instant)

    code = run_demo(
        folder,
        seed=0,
        grade=grade,
        as_json=as_json,
        out=out,
        err=err,
        run_round=run_round,
        answers_for=lambda _: answers,
    )
    assert err.getvalue().count("\n") == len(ROUNDS)
    return code, out.getvalue(), instants


def test_the_demo_plays_the_four_rounds_and_prints_the_same_every_time(tmp_path: Path) -> None:
    first = play(tmp_path / "demo", PERFECT)
    again = play(tmp_path / "demo", PERFECT)
    assert first == again
    assert first[0] == 0
    assert first[2] == list(ROUNDS)


def test_the_demo_prints_rounds_changes_copies_and_commands(tmp_path: Path) -> None:
    _, output, _ = play(tmp_path / "demo", PERFECT)
    assert "  1      Mon 5 Jan 12:00       45     2       7" in output
    assert "[300 -> 30]" in output
    assert "(of version 1)" in output
    assert "Grade: 112 of 112 scripted events found, nothing missed, nothing false." in output
    assert f"  cd {tmp_path / 'demo'}\n" in output
    assert max(len(line) for line in output.splitlines() if "http://" not in line and "cd " not in line) <= 100


def test_the_later_text_contains_the_passages_whichever_version_was_compared() -> None:
    """A newer version of a story is seen after the round-up that quotes it. The story is still the older text."""
    link = next(link for link in PERFECT.links if link["relation"] == "partial")
    story, roundup = (
        link[side] | {"title": title, "published_at": f"2026-01-0{day}T10:00:00Z"}
        for side, title, day in (("a", "The story", 4), ("b", "The round-up", 5))
    )
    newer = story | {"version": 2, "first_seen_at": "2026-01-07T18:00:00Z"}
    links = [link | {"a": story, "b": roundup, "score": 0.7}, link | {"a": roundup, "b": newer, "score": 0.9}]
    lines = [" ".join(line.split()) for line in copy_lines(Snapshot(links=links))]
    assert lines[3:] == [
        "The round-up",
        "daily.example, 5 Jan 10:00, has passages of",
        "partial 90% wire.example -24 h 00 The story",
        "",
    ]


def test_the_demo_fails_when_the_grade_is_not_exact_and_only_then(tmp_path: Path) -> None:
    assert play(tmp_path / "demo", Snapshot())[0] == 1
    assert play(tmp_path / "demo", Snapshot(), grade=False)[0] == 0


def test_the_demo_prints_only_the_grade_as_json(tmp_path: Path) -> None:
    code, output, _ = play(tmp_path / "demo", PERFECT, as_json=True)
    assert code == 0
    assert list(json.loads(output)) == ["grade"]


@pytest.mark.parametrize(
    ("op", "old", "new", "line"),
    [
        ("replace", "300 ", "30 ", "sent [300 -> 30] flights"),
        ("insert", "", "Correction: it was 30.", "[new: Correction: it was 30.]"),
        ("delete", '"No," she said.', "", '[cut: "No," she said.]'),
        ("move", "The contract.", "The contract.", "[moved: The contract.]"),
    ],
)
def test_a_change_is_shown_in_a_line(op: str, old: str, new: str, line: str) -> None:
    edits = [edit("equal", "sent ", "sent "), edit(op, old, new), edit("equal", "flights", "flights")]
    assert excerpt({"headline": [], "edits": edits}) == [line]


def edit(op: str, a: str, b: str) -> Json:
    return {"op": op, "a_text": a, "b_text": b}


def test_a_long_passage_is_shown_in_two_lines_and_closes_its_bracket() -> None:
    edits = [edit("delete", "word " * 80, "")]
    lines = excerpt({"headline": [], "edits": edits})
    assert len(lines) == 2
    assert lines[1].endswith(" ...]")
