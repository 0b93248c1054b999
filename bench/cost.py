"""What a child process costs."""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TIMES = 5
"""Runs a figure is the best of: the least disturbed one."""


def cpu_of(arguments: Sequence[str], cwd: Path | None = None) -> float:
    """CPU seconds, user and system, of ``python ARGUMENTS``: the best of five."""
    return min(once(arguments, cwd) for _ in range(TIMES))


def once(arguments: Sequence[str], cwd: Path | None = None) -> float:
    """The same of a single run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
