"""A text of one piece for ever costs what its length costs: no reader of a stranger's text takes the square of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archive.resources import code_environ
from archive.versions.diff import compare
from db.records import Text
from tests.pumped import GROUPS

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("group", GROUPS)
def test_pumped_texts_are_read_within_the_limit_of_the_process(group):
    command = [sys.executable, "-m", "tests.pumped", group]
    child = subprocess.run(command, cwd=ROOT, env=code_environ(os.environ), capture_output=True, text=True, check=False)
    assert child.returncode == 0, f"ended by {child.returncode} at {child.stdout[-60:]}: {child.stderr[-600:]}"


@pytest.mark.slow
def test_millions_of_sentences_on_one_line_are_compared_as_few_blocks():
    a, b = (Text(sha256=end * 64, title="", body="a. a. " * 700_000 + end, language="en") for end in "bc")
    assert len(compare(a, b).edits) <= 30_000
