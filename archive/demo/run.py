"""``wirecopy demo``: four rounds of the news world through the real flows, and a report of the archive's answers."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING

from archive.demo import show
from archive.demo.folder import prepare_folder, write_project
from archive.demo.grade import findings
from archive.demo.grade import grade as grade_findings
from archive.demo.script import ROUNDS
from archive.demo.site import Site
from archive.demo.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import TextIO

    from archive.demo.show import DemoAnswers


def run_demo(
    folder: Path,
    *,
    seed: int,
    grade: bool,
    as_json: bool,
    out: TextIO,
    err: TextIO,
    run_round: Callable[[Path, datetime], object],
    answers_for: Callable[[Path], DemoAnswers],
) -> int:
    """Play the four rounds in ``folder`` and report them. Return 0, or 1 if the requested grade is not exact.

    ``run_round(folder, instant)`` makes the archive in the folder visit the whole world at that instant, due or not.
    ``answers_for(folder)`` reads the archive's answers. With ``as_json`` stdout has only the grade. ``out`` is the same
    every time; durations go to ``err``. Raises ``BadInput`` for a folder that is not the demo's.
    """
    world = World(seed)
    prepare_folder(folder)
    say = _discard if as_json else partial(_print, out)
    say(show.opening(seed))
    answers = _play(folder, world, say=say, err=err, run_round=run_round, answers_for=answers_for)
    say([*show.change_lines(answers), *show.copy_lines(answers)])
    result = grade_findings(world, findings(answers, world)) if grade or as_json else None
    if result is not None:
        say(show.grade_lines(result))
    say(show.next_lines(answers, folder))
    if as_json and result is not None:
        _print(out, [json.dumps(result.as_json(), ensure_ascii=False, indent=2)])
    return 0 if result is None or result.exact else 1


def _play(
    folder: Path,
    world: World,
    *,
    say: Callable[[Sequence[str]], None],
    err: TextIO,
    run_round: Callable[[Path, datetime], object],
    answers_for: Callable[[Path], DemoAnswers],
) -> DemoAnswers:
    """Run the rounds against a site of our own, and report each as it ends. Return the answers after the last."""
    site = Site(world)
    write_project(folder, world, site.start())
    try:
        for number, instant in enumerate(ROUNDS):
            site.round = number
            started = time.monotonic()
            run_round(folder, instant)
            answers = answers_for(folder)
            say(show.round_lines(answers, number))
            _print(err, [f"round {number} took {time.monotonic() - started:.1f} s"])
    finally:
        site.stop()
    return answers


def _print(stream: TextIO, lines: Sequence[str]) -> None:
    stream.writelines(f"{line}\n" for line in lines)
    stream.flush()


def _discard(_: Sequence[str]) -> None:
    """Print nothing: stdout is for a program."""
