"""Environments of their own for programs that cannot stand beside our packages; made once, kept in pytest's cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
import venv
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def commands_of(request: pytest.FixtureRequest, name: str, requirements: Sequence[str]) -> Path:
    """The folder of the commands of an environment with these ``requirements``, each pinned.

    Where no package index can be reached the asking test is skipped, with the reason.
    """
    known = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:8]
    folder = request.config.cache.mkdir(f"{name}-{known}")
    ready = folder / "ready"
    if not ready.exists():
        venv.create(folder, with_pip=True, clear=True)
        install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*install, *requirements], capture_output=True, text=True, check=False, timeout=500)
        if done.returncode:
            pytest.skip(f"{name} cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
        ready.touch()
    return folder / "bin"


def bare_environment(**more: str) -> dict[str, str]:
    """The variables a program of such an environment is started with: none of ours, but those that name the machine."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "TMPDIR", "SYSTEMROOT"}}
    return kept | more
