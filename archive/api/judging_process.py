"""Judge two texts, in this process or in a child with limits of time and memory.

The child is ``python -m archive.api.judging_process``: one pair of texts in, one judgement out. A thread could not be
ended when the time is over.
"""

from __future__ import annotations

import pickle  # safe: parent and child are one program, and nobody else can write to the pipes
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import archive
from db.errors import BadInput, RunFailed

if TYPE_CHECKING:
    from db.records import Judgement, Text

SECONDS = 20.0
"""Most seconds for judging one pair in a child, its start of half a second included."""

MEMORY = 2 * 1024 * 1024 * 1024
"""Bytes of address space of a child. Judging two texts of 100,000 characters takes 0.2 GiB."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The look of an explanation for a terminal: its width in columns, and whether it has colours."""

    columns: int
    colour: bool


def judge_texts(a: Text, b: Text) -> Judgement:
    """Judge two texts by the method of the archive, with the embedding model if it is installed."""
    from archive.copies import judge
    from archive.copies.embeddings import load_model

    return judge(a, b, model=load_model())


def judge_in_child(
    a: Text, b: Text, layout: Layout | None = None, *, seconds: float = SECONDS
) -> tuple[Judgement, str | None]:
    """Judge two texts in a child process, and lay the judgement out for a terminal if there is a layout.

    Raises BadInput if it takes more than ``seconds``, RunFailed if the child fails.
    """
    try:
        child = subprocess.run(
            [sys.executable, "-m", "archive.api.judging_process"],
            input=pickle.dumps((a, b, layout)),
            capture_output=True,
            cwd=Path(archive.__file__).parent.parent,  # so that it imports the same code as we do
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BadInput(f"comparing these texts takes more than {seconds:g} seconds; compare a part of them") from None
    if child.returncode:
        last_line = child.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise RunFailed(f"the comparison failed: {last_line or 'no answer'}; compare a part of the texts")
    judgement, explanation = pickle.loads(child.stdout)  # noqa: S301 - from our own child
    return judgement, explanation


def main() -> None:
    """Answer one request from standard input on standard output."""
    _limit_memory()
    a, b, layout = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    judgement = judge_texts(a, b)
    explanation = None if layout is None else _explain(judgement, a, b, layout)
    sys.stdout.buffer.write(pickle.dumps((judgement, explanation)))


def _explain(judgement: Judgement, a: Text, b: Text, layout: Layout) -> str:
    from archive.copies import explain_judgement
    from archive.copies.embeddings import load_model

    return explain_judgement(judgement, a, b, colour=layout.colour, width=layout.columns, model=load_model())


def _limit_memory() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard), hard))
    except (OSError, ValueError):  # macOS does not support it; the limit of time still applies
        return


if __name__ == "__main__":
    main()
