"""What it costs to start: CPU seconds of a new process, best of five.

A read verb may take 0.4 s of CPU in all, so the first lines say what is left for it, and the last ones why it must
import none of those three.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

UNIT = "s CPU"
TIMES = 5

PROCESSES = {
    "python, nothing imported": ["-c", "pass"],
    "the nouns (db.records)": ["-c", "import db.records"],
    "the questions (db.questions, db.connect)": ["-c", "import db.questions, db.connect"],
    "wirecopy --help": ["-c", "from archive.cli import main; main(['--help'])"],
    "import sqlalchemy": ["-c", "import sqlalchemy"],
    "import trafilatura": ["-c", "import trafilatura"],
    "import prefect": ["-c", "import prefect"],
}


def cpu_of(arguments: list[str]) -> float:
    """CPU seconds, user and system, of one child process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def figures() -> Iterator[tuple[str, float]]:
    for name, arguments in PROCESSES.items():
        yield name, min(cpu_of(arguments) for _ in range(TIMES))
