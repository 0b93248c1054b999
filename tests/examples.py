"""The examples of the documents: found, run on the demo's archive, and compared or written anew.

``python tests/examples.py`` writes the output blocks of README.md and docs/query.md, docs/cli.md, and the outputs of
docs/notebook.ipynb as they are now.
"""

from __future__ import annotations

import asyncio
import fcntl
import io
import json
import os
import re
import sqlite3
import struct
import subprocess
import sys
import termios
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click
from markdown_it import MarkdownIt

from archive.cli import GROUPS, wirecopy
from archive.demo.run import run_demo
from archive.demo.snapshot import read_snapshot
from archive.pipeline.refresh import refresh
from archive.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "query.md")
CLI_PAGE = ROOT / "docs" / "cli.md"
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
SERVED = "127.0.0.1:8020"
"""Where the pages say that ``wirecopy serve`` answers; the tests let it answer at a port that is free."""

COLUMNS = 100
MARK = "=== example"

NOT_RUN = {
    "make demo ARGS=--open": "makes an environment and plays the demo through Prefect: test_flows.py and .ci/run do",
    "make test": "would run this test",
    ". .venv/bin/activate": "the tests run in it",
    "wirecopy refresh": "needs the open web; tests/test_runs.py refreshes on loopback",
    "wirecopy backfill --since 2021-10-01 --until 2021-11-30 --from archives": "needs the open web",
    "export WIRECOPY_ARCHIVES=https://web.archive.org/web/timemap/link/": "the next line needs it",
    "wirecopy up": "serves until Ctrl-C; tests/test_launch.py starts and stops it",
}
"""Lines of examples that cannot run here, and why."""


@dataclass(frozen=True, slots=True)
class Example:
    """A fenced block that can be run, and the lines of the ``text`` block right below it, if there is one."""

    page: Path
    language: str
    code: str
    line: int
    shown: str | None = None
    shown_at: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def examples(page: Path) -> list[Example]:
    """Every sh, python and sql block of a page."""
    blocks = [token for token in MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8")) if token.map]
    following: Sequence[Token | None] = [*blocks[1:], None]
    return [_example(page, *pair) for pair in zip(blocks, following, strict=True) if _runs(pair[0])]


def _runs(token: Token) -> bool:
    return token.type == "fence" and token.info in {"sh", "python", "sql"}


def _example(page: Path, token: Token, below: Token | None) -> Example:
    line = token.map[0] + 1
    if below is None or below.type != "fence" or below.info != "text":
        return Example(page, token.info, token.content, line)
    return Example(page, token.info, token.content, line, below.content, (below.map[0] + 1, below.map[1] - 1))


# --- the archive they ask --------------------------------------------------------------------------------------------


def play(folder: Path) -> None:
    """The demo's four rounds, without Prefect: the same function that its flow calls, with the same arguments."""

    def run_round(where: Path, instant: datetime) -> object:
        settings = load_settings({"WIRECOPY_CLOCK": instant.isoformat()}, start=where)
        return asyncio.run(refresh(settings, force=True))

    quiet = io.StringIO()
    run_demo(
        folder,
        seed=0,
        grade=False,
        as_json=False,
        out=quiet,
        err=quiet,
        run_round=run_round,
        answers_for=lambda where: read_snapshot(where / "data" / "archive.db"),
    )


# --- running them ----------------------------------------------------------------------------------------------------


def outputs(page: Path, desk: Path) -> dict[Example, str]:
    """What each example of a page prints when a reader types them in turn, beginning in ``desk``.

    Shell lines share one shell, Python blocks one interpreter; SQL is asked of the demo's archive, and its rows come
    out as the sqlite3 shell writes them. Fails with the output of the first example that fails.
    """
    found = examples(page)
    if SERVED not in page.read_text("utf-8"):
        return _outputs(found, desk, SERVED)
    with serving(desk / "wirecopy-demo" / "data" / "archive.db") as address:
        return _outputs(found, desk, address)


@contextmanager
def serving(db: Path) -> Iterator[str]:
    """The address at which ``wirecopy serve`` answers for an archive meanwhile."""
    command = [sys.executable, "-c", "from archive.cli import main; main()", "--db", str(db), "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            said = ""
            while (found := re.search(r"http://([\d.]+:\d+);", said)) is None:
                line = server.stderr.readline()
                assert line, said
                said += line
            yield found[1]
        finally:
            server.terminate()
            server.communicate(timeout=300)


def _outputs(found: list[Example], desk: Path, address: str) -> dict[Example, str]:
    by_language = {name: [one for one in found if one.language == name] for name in ("sh", "python", "sql")}
    demo = desk / "wirecopy-demo"
    script = "set -e\n" + "".join(f"echo '{MARK}'\n{_runnable(one)}\n" for one in by_language["sh"])
    program = "".join(f"print({MARK!r})\n{one.code}\n" for one in by_language["python"])
    script = script.replace(SERVED, address)
    shown = (text.replace(address, SERVED) for text in _session(["sh", "-c", script], desk, desk))
    said = dict(zip(by_language["sh"], shown, strict=True))
    said |= zip(by_language["python"], _session([sys.executable, "-c", program], demo, desk), strict=True)
    return said | {one: _rows(one.code, demo / "data" / "archive.db") for one in by_language["sql"]}


def _runnable(example: Example) -> str:
    return "\n".join(line for line in example.code.splitlines() if command(line) not in NOT_RUN)


def command(line: str) -> str:
    """A shell line without its comment."""
    return line.partition("  #")[0].strip()


def _session(call: list[str], where: Path, home: Path) -> list[str]:
    """Run something on a terminal of 100 columns; what it printed after each mark."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("WIRECOPY_", "LC_", "COLUMNS"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', os.defpath)}"
    environ = own | {"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TERM": "xterm"}
    screen, inside = os.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    with subprocess.Popen(call, cwd=where, env=environ, stdin=inside, stdout=inside, stderr=inside) as running:
        os.close(inside)
        said = b"".join(iter(lambda: _read(screen), b"")).decode().replace("\r\n", "\n")
    os.close(screen)
    assert running.returncode == 0, said[-4000:]
    return said.split(f"{MARK}\n")[1:]


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 1 << 16)
    except OSError:  # the last program on this terminal has ended
        return b""


def _rows(question: str, db: Path) -> str:
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as asked:
        rows = asked.execute(question).fetchall()
    return "\n".join("|".join("" if cell is None else str(cell) for cell in row) for row in rows)


def tidy(output: str) -> str:
    """Output as a page shows it: no blanks and carriage returns at line ends, no empty lines around it."""
    return re.sub(r"[ \t\r]+$", "", output, flags=re.MULTILINE).strip("\n") + "\n"


# --- the notebook ----------------------------------------------------------------------------------------------------


def notebook_outputs(desk: Path) -> list[str]:
    """What each code cell of the notebook prints, run in order in one interpreter, beginning in the demo's folder."""
    cells = [cell for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    program = "".join(f"print({MARK!r})\n{''.join(cell['source'])}\n" for cell in cells)
    return _session([sys.executable, "-c", program], desk / "wirecopy-demo", desk)


def notebook_shown() -> list[str]:
    """The outputs the notebook holds, a code cell each."""
    cells = [cell for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    return ["".join(line for output in cell["outputs"] for line in output["text"]) for cell in cells]


def renew_notebook(desk: Path) -> None:
    """Write the notebook's outputs as they are now."""
    book = json.loads(NOTEBOOK.read_text("utf-8"))
    said = iter(notebook_outputs(desk))
    for cell in book["cells"]:
        if cell["cell_type"] == "code" and (text := next(said)):
            lines = tidy(text).splitlines(keepends=True)
            cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": lines}]
    NOTEBOOK.write_text(f"{json.dumps(book, ensure_ascii=False, indent=1)}\n", "utf-8")


# --- the page of the command line ------------------------------------------------------------------------------------

CLI_HEAD = """\
# The command line

The help of every command. `python tests/examples.py` writes this page, and a test compares it with the program.

Standard output is the answer. Standard error has progress, warnings, and a closing sentence. Every command that reads
takes `--json`; the shapes are [published](json/README.md). Colour appears only on a terminal; `NO_COLOR` turns it off,
`FORCE_COLOR` turns it on. Text is wrapped to the width of the terminal and not wrapped in a pipe; `COLUMNS` overrides
both. Where an option has two long names, the second is an older one that keeps working.

| exit code | meaning |
| --- | --- |
| 0 | success |
| 1 | problems were found that need you, or lines of a file could not be used |
| 2 | the command, a setting or the seed index is wrong |
| 3 | some pages could not be fetched; the others are saved |
| 4 | that address, version or time is not in the archive |
| 5 | the archive is missing, locked, damaged, or of another version |
| 130 | interrupted; the same command continues where it stopped |

To name a version, write `URL` (the newest), `URL@2` (by its number) or `URL@2026-01-05T09:00Z` (by time; a day means
its end). A time without a zone is UTC, or in the zone of the [setting `time_zone`](operate.md#time-zone), in which
times are printed, too.
"""


def cli_page() -> str:
    """docs/cli.md as it ought to be: the help of every verb under the headings of ``wirecopy --help``."""
    # As main() makes it; a command remembers the names of its help option from the first context it meets.
    settings = wirecopy.context_settings | {"terminal_width": COLUMNS}
    root = click.Context(wirecopy, info_name="wirecopy", **settings)
    parts = [CLI_HEAD, _help(wirecopy, root)]
    for heading, verbs in GROUPS.items():
        parts.append(f"## {heading}\n")
        for verb in verbs:
            found = wirecopy.get_command(root, verb)
            assert found is not None
            parts += [f"### {verb}\n", *_helps(found, root)]
    return "\n".join(parts)


def _helps(verb: click.Command, above: click.Context) -> Iterator[str]:
    within = click.Context(verb, info_name=verb.name, parent=above, terminal_width=COLUMNS)
    yield _help(verb, within)
    for below in verb.commands.values() if isinstance(verb, click.Group) else ():
        yield from _helps(below, within)


def _help(verb: click.Command, context: click.Context) -> str:
    return f"```text\n{tidy(verb.get_help(context))}```\n"


# --- writing them anew -----------------------------------------------------------------------------------------------


def renew(page: Path, desk: Path) -> None:
    """Write every output block of a page as its example prints it now."""
    said = outputs(page, desk)
    lines = page.read_text("utf-8").splitlines(keepends=True)
    for one in sorted((one for one in said if one.shown is not None), key=lambda one: -one.line):
        lines[slice(*one.shown_at)] = [tidy(said[one])]
    page.write_text("".join(lines), "utf-8")


def main() -> None:
    CLI_PAGE.write_text(cli_page(), "utf-8")
    with TemporaryDirectory() as desk:
        play(Path(desk) / "wirecopy-demo")
        for page in PAGES:
            renew(page, Path(desk))
        renew_notebook(Path(desk))


if __name__ == "__main__":
    main()
