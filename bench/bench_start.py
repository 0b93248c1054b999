"""What it costs to start: CPU of a new process.

A read verb may take 0.4 s of CPU in all. The first lines say what is left of that when it begins, and the last ones why
it must import none of those three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost import cpu_of

if TYPE_CHECKING:
    from collections.abc import Iterator

UNIT = "s CPU"

IMPORTS = {
    "python, nothing imported": "pass",
    "the nouns (db.records)": "import db.records",
    "the questions (archive.api)": "import archive.api",
    "the command line (archive.cli)": "import archive.cli",
    "sqlalchemy": "import sqlalchemy",
    "trafilatura": "import trafilatura",
    "prefect": "import prefect",
}


def figures() -> Iterator[tuple[str, float]]:
    for name, statement in IMPORTS.items():
        yield name, cpu_of(["-c", statement])
