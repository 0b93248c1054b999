"""The tests of the second engine on the newest PostgreSQL that a package carries, besides Debian's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import servers

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_every_query_and_every_move_holds_on_the_newest_server():
    programs = servers.newest()
    if programs is None:
        pytest.skip("the newest PostgreSQL is missing, or its user may not read this folder")
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_two_engines.py")
    run = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-4000:]
