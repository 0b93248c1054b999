"""A researcher's first hour: from an empty folder to a cited change and a copy, in a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from first_hour import COPY, TALKS, Terminal, correct, settings_for, small_web

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_a_researcher_finds_the_change_the_copy_and_the_citation(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    with small_web() as site, Terminal(folder) as terminal:
        assert "Next: write your contact address" in terminal.run("wirecopy init")
        (folder / "wirecopy.toml").write_text(settings_for(site), encoding="utf-8")
        added = terminal.run(f"wirecopy add {TALKS} {COPY} http://daily.example/nothing", code=1)
        assert f"added as article {TALKS}" in added
        assert "not added http://daily.example/nothing: page not found (404)" in added
        assert "new" in terminal.run("wirecopy plan")
        terminal.run("wirecopy refresh")
        correct(site)
        refreshed = terminal.run("wirecopy refresh --force")
        assert f"number: Ministers promise to reopen the strait {TALKS}@2" in refreshed
        assert "2 versions" in terminal.run(f"wirecopy history {TALKS}")
        change = terminal.run(f"wirecopy diff {TALKS}")
        assert "300" in change
        assert "30" in change
        assert COPY in terminal.run(f"wirecopy copies {TALKS}").replace(" ", "")
        assert "300 inspection posts" in terminal.run(f"wirecopy copies {TALKS} --uncorrected")
        found = terminal.run("wirecopy search skippers strait")
        assert "daily.example" in found
        cited = terminal.run(f"wirecopy cite {TALKS}@1")
        assert "sha256" in cited
        terminal.run("wirecopy export jsonl study.jsonl")
        rows = [json.loads(line) for line in (folder / "study.jsonl").read_text(encoding="utf-8").splitlines()]
        assert len(rows) == 3
        assert "no problem" in terminal.run("wirecopy verify").lower()
