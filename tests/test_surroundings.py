"""The tests pass in whatever shell they are started in: their environment is their own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.conftest import own_environment

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = "http://127.0.0.1:9"
"""A proxy that does not answer."""

SENSITIVE = (
    "test_output.py::test_a_last_cell_without_room_goes_below_its_row",
    "test_first_use.py::test_an_incomplete_list_is_reported",
    "test_import_files.py::test_refused_lines_are_in_the_json_too",
)
"""Tests that read settings and print; in a hostile shell each of them failed."""


def hostile(folder: Path) -> dict[str, str]:
    proxies = dict.fromkeys(("http_proxy", "HTTPS_PROXY", "ALL_PROXY"), NOBODY) | {"no_proxy": "", "NO_PROXY": "*"}
    settings = {"WIRECOPY_DB": str(folder / "shell.db"), "WIRECOPY_LANES": "many", "PREFECT_API_URL": f"{NOBODY}/api"}
    locales = {"LC_ALL": "C", "LC_NUMERIC": "tr_TR", "LANG": "tr_TR.ISO-8859-9", "LANGUAGE": "tr", "TZ": "Pacific/Apia"}
    terminal = {"FORCE_COLOR": "1", "COLUMNS": "20", "LINES": "3"}
    python = {"PYTHONIOENCODING": "ascii", "PYTHONUNBUFFERED": "1", "PYTHONHASHSEED": "7"}
    return proxies | settings | locales | terminal | python


def test_nothing_of_the_shell_is_left_but_where_the_code_lies(tmp_path: Path) -> None:
    environ = hostile(tmp_path) | {"PATH": "/bin", "PYTHONPATH": "/code"}
    own_environment(environ)
    assert environ == {"PATH": "/bin", "PYTHONPATH": "/code", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "TZ": "UTC"}


def test_tests_pass_in_a_hostile_shell(root: Path, tmp_path: Path) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    named = [f"tests/{each}" for each in SENSITIVE]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'inner'}", *named]
    environ = own | hostile(tmp_path) | {"PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)
    assert "3 passed" in done.stdout, done.stdout + done.stderr
    assert not (tmp_path / "shell.db").exists()
