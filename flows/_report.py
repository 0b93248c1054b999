"""What a run leaves for people in Prefect's window: a table of its sources, its top changes, and how far it is.

Titles and addresses come from strangers. In Markdown every mark of theirs is written as a character reference, which by
the CommonMark rules can begin no structure: no link, image, heading or tag.
"""

import re
import unicodedata
from collections.abc import Iterable

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.context import FlowRunContext

from db.records import Report, Row, Version

ROWS = 50
"""Rows of the run table at most; the rest is in the archive."""

CHANGES = 20
"""Changes shown at most."""

_LONG = 200  # characters of one title or address: the window wraps, and a title can be a megabyte


async def publish(report: Report) -> None:
    """Leave the run's table and its top changes. Does nothing outside a run."""
    if FlowRunContext.get() is None:
        return
    said = ", ".join(f"{word} {number}" for word, number in report.counts.items())
    await acreate_table_artifact(run_table(report.rows), key="run-table", description=plain(said))
    await acreate_markdown_artifact(top_changes(report.changes), key="top-changes", description=plain(said))


async def say_progress(words: str) -> None:
    """Leave how far the run is. Does nothing outside a run."""
    if FlowRunContext.get() is not None:
        await acreate_markdown_artifact(plain(words), key="progress")


def run_table(rows: Iterable[Row]) -> list[dict[str, object]]:
    """At most `ROWS` sources, the worst first: failures, then what changed, then the rest."""
    return [
        {
            "source": shown(row.url),
            "outcome": row.outcome,
            "versions": row.versions,
            "reason": shown(row.reason),
        }
        for row in sorted(rows, key=_badness)[:ROWS]
    ]


def _badness(row: Row) -> tuple[bool, int, str]:
    return row.outcome in {"page", "not_modified"}, -row.versions, row.url


def top_changes(changes: Iterable[Version]) -> str:
    """The `CHANGES` heaviest changes as a Markdown list."""
    heaviest = sorted(changes, key=lambda version: (-version.score, version.url, version.number))[:CHANGES]
    return "\n".join(map(_change, heaviest)) or "Nothing changed."


def _change(version: Version) -> str:
    kinds = ", ".join(version.kinds) or version.cause
    return (
        f"1. **{plain(version.title) or '(no headline)'}** version {version.number}: {kinds}, "
        f"weight {version.score:.2f}, {plain(version.url)}"
    )


def plain(text: str) -> str:
    """Text as Markdown that shows exactly that text: every ASCII mark a character reference, all on one line."""
    return re.sub(r"[!-/:-@\[-`{-~]", lambda mark: f"&#{ord(mark[0])};", shown(text))


def shown(text: str) -> str:
    """Text on one line, at most `_LONG` characters, without controls (some turn the direction of what follows)."""
    seen = "".join(" " if unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else each for each in text)
    line = " ".join(seen[: 4 * _LONG].split())
    return line if len(line) <= _LONG else line[: _LONG - 1] + "\N{HORIZONTAL ELLIPSIS}"
