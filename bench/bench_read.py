"""What an answer costs: CPU of each read verb, from typing it to the prompt, on a small archive.

The aim is under 0.4 s. A large archive adds to this only what its own bench says; this one is about everything else.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cost import cpu_of, once

if TYPE_CHECKING:
    from collections.abc import Iterator

UNIT = "s CPU"

CALL = "import sys; from archive.cli import main; main(sys.argv[1:])"
URL = "https://daily.example/harbour"
COPY = "https://post.example/harbour"

PARAGRAPHS = [
    "The government of Calder will double the pace of dredging in the main harbour before summer, it said on Sunday.",
    "A second suction barge is to arrive in February, and work will go on until the channel is 14.5 metres deep again.",
    "In December some {count} vessels were waiting outside the breakwater, according to figures of the authority.",
    "The contract, worth 48 million crowns, went to a family firm that has worked on the river since 1961.",
]

VERBS = {
    "status": ["status"],
    "history": ["history", URL],
    "show --at": ["show", URL, "--at", "2026-01-05"],
    "diff": ["diff", URL],
    "copies": ["copies", URL],
    "explain": ["explain", URL, COPY],
    "search": ["search", "breakwater vessels"],
}


def captures() -> Iterator[dict[str, str]]:
    """Two versions of one article, and a copy of the first at another address."""
    for url, day, count in ((URL, 5, 300), (COPY, 5, 300), (URL, 6, 30)):
        text = "\n\n".join(PARAGRAPHS).format(count=count)
        yield {"url": url, "fetched_at": f"2026-01-0{day}T08:00:00Z", "title": "Calder to dredge", "text": text}


def figures() -> Iterator[tuple[str, float]]:
    yield "python, nothing imported", cpu_of(["-c", "pass"])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "captures.jsonl").write_text("\n".join(map(json.dumps, captures())))
        once(["-c", CALL, "import", "captures.jsonl"], cwd=folder)
        for verb, arguments in VERBS.items():
            yield f"wirecopy {verb}", cpu_of(["-c", CALL, *arguments], cwd=folder)
