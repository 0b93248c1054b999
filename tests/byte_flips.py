"""Flip single bytes of an archive file, and compare what each read command then says with what it said before.

A command may refuse with a sentence of ours. It may also say something else than before, if verify knows that the file
is damaged. An error of a library, or another answer on a file that verify finds whole, is a fault.
"""

from __future__ import annotations

import io
import os
import random
import re
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.api import Archive
from archive.cli import main
from archive.pipeline.recheck import open_recheck
from db.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

USED = 2
"""Of so many flips every second is in a byte that is not zero: most of a small file is empty."""


@dataclass(frozen=True)
class Fault:
    """One flip, the command that took it badly, and what it did."""

    offset: int
    bit: int
    command: str
    event: str


@dataclass(frozen=True)
class Answer:
    """The exit code and the output of a command, and an error that no exit code stands for."""

    code: int
    output: str
    error: str = ""


def commands(urls: Sequence[str], word: str) -> list[list[str]]:
    """The read commands about some articles and a word of theirs."""
    first, second = urls[0], urls[1]
    each = [[verb, url, "--json"] for url in (first, second) for verb in ("history", "show", "copies", "cite")]
    plain = [[verb, first] for verb in ("history", "show", "diff", "copies", "explain")]
    whole = [["status", "--json"], ["list", "--json"], ["events", "--json"], ["copies", "--json"], ["plan", "--json"]]
    return [
        *each,
        *plain,
        *whole,
        ["explain", first, second],
        ["search", word, "--json"],
        ["history", first, "--captures"],
    ]


def ask(db: Path, command: Sequence[str]) -> Answer:
    """Run a command in this process, as a shell would."""
    out, err = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main(["--db", str(db), *command])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
        return Answer(code, out.getvalue() if code == 0 else err.getvalue())
    except BaseException as error:  # noqa: BLE001  whatever reaches the user
        return Answer(1, "", f"{type(error).__name__}: {error}")
    return Answer(0, out.getvalue())


def flips(content: bytes, number: int, seed: int) -> Iterator[tuple[int, int]]:
    """Yield offset and bit of ``number`` flips."""
    chance = random.Random(seed)
    used = [at for at, byte in enumerate(content) if byte]
    for turn in range(number):
        offset = chance.choice(used) if turn % USED else chance.randrange(len(content))
        yield offset, chance.randrange(8)


def faults(db: Path, folder: Path, asked: Sequence[Sequence[str]], number: int, seed: int) -> Iterator[Fault]:
    """Flip ``number`` bytes of copies of an archive, one in each, and yield every fault."""
    content = db.read_bytes()
    expected = [ask(db, command) for command in asked]
    for offset, bit in flips(content, number, seed):
        spoilt = folder / "spoilt.db"
        for path in folder.glob("spoilt.db*"):
            path.unlink()
        spoilt.write_bytes(content[:offset] + bytes([content[offset] ^ 1 << bit]) + content[offset + 1 :])
        differing = []
        for command, before in zip(asked, expected, strict=True):
            answer = ask(spoilt, command)
            if answer.error:
                yield Fault(offset, bit, " ".join(command), answer.error)
            elif answer.code in {0, before.code} and comparable(command, answer, spoilt) != comparable(
                command, before, db
            ):
                differing.append(" ".join(command))
        if differing and not is_known(spoilt):
            yield Fault(offset, bit, ", ".join(differing), "another answer, and verify finds nothing")


UNPROVEN = re.compile(r'"(recorded_at|superseded_at|group)": "[^"]*"')
"""When the archive learned of a version, and the group that the index names: docs/proof.md has them among what nothing
finds yet."""


def comparable(command: Sequence[str], answer: Answer, db: Path) -> str:
    """What must be the same. A plan has its visits in the order in which addresses were found, which nothing proves."""
    output = UNPROVEN.sub("", answer.output.replace(str(db), "DB").replace(db.name, "DB"))
    return "".join(sorted(output)) if command[0] == "plan" else output


def is_known(db: Path) -> bool:
    """True if verify finds something in a file: by reading it, by unpacking its pages, or by reading them again."""
    try:
        with Archive(db) as archive:
            if next(archive.verify(), None) or next(archive.verify(deep=True), None):
                return True
        with open_recheck(db, fast=False) as recheck:
            return next(iter(recheck.everything()), None) is not None
    except ArchiveError:
        return True


@contextmanager
def fixed_environment(clock: str) -> Iterator[None]:
    """Have a fixed clock and a wide terminal, so that two answers about one file are the same."""
    wanted = {"WIRECOPY_CLOCK": clock, "COLUMNS": "200", "NO_COLOR": "1"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            os.environ.update({} if value is None else {name: value})
