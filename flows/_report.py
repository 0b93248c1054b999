"""The artifacts of a run in Prefect's web interface: a table of its sources, its top events, and its progress.

The events are those of the inbox, the feeds and the notices, in the same words.

Titles and addresses come from strangers. In Markdown every punctuation mark in them becomes a character reference,
which by the CommonMark rules cannot begin a structure: no link, image, heading or tag.
"""

import re
import unicodedata
from collections.abc import Iterable

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.context import FlowRunContext

from archive.api import Archive
from archive.api.event_wording import describe
from archive.settings import Settings
from db.records import Event, Report, Row

ROWS = 50
"""Most rows of the run table. The rest is in the archive."""

EVENTS = 20
"""Most events in the list."""

_MOST_CHARACTERS = 200  # of a title or address: lines wrap, and a title can have a megabyte


async def publish(report: Report, settings: Settings) -> None:
    """Publish the run's table and its top events. Does nothing outside a run."""
    if FlowRunContext.get() is None:
        return
    with Archive(settings.db) as archive:
        events = archive.events_of_run(report, most=EVENTS)
    counts = escape_markdown(", ".join(f"{word} {number}" for word, number in report.counts.items()))
    await acreate_table_artifact(run_table(report.rows), key="run-table", description=counts)
    await acreate_markdown_artifact(event_list(events), key="top-changes", description=counts)


async def publish_progress(words: str) -> None:
    """Publish the progress of the run. Does nothing outside a run."""
    if FlowRunContext.get() is not None:
        await acreate_markdown_artifact(escape_markdown(words), key="progress")


def run_table(rows: Iterable[Row]) -> list[dict[str, object]]:
    """Return at most `ROWS` sources, worst first: failures, then changed ones, then the rest."""
    return [
        {
            "source": one_line(row.url),
            "outcome": row.outcome,
            "versions": row.versions,
            "reason": one_line(row.reason),
        }
        for row in sorted(rows, key=_badness)[:ROWS]
    ]


def _badness(row: Row) -> tuple[bool, int, str]:
    return row.outcome in {"page", "not_modified"}, -row.versions, row.url


def event_list(events: Iterable[Event]) -> str:
    """Return events as a Markdown list, in their order."""
    return "\n".join(map(_item, events)) or "Nothing happened that is worth telling."


def _item(event: Event) -> str:
    words = escape_markdown(describe(event))
    return f"1. **{escape_markdown(event.title) or '(no headline)'}** {words}. {escape_markdown(event.url)}".rstrip()


def escape_markdown(text: str) -> str:
    """Return Markdown that renders as exactly this text on one line: ASCII punctuation as character references."""
    return re.sub(r"[!-/:-@\[-`{-~]", lambda mark: f"&#{ord(mark[0])};", one_line(text))


def one_line(text: str) -> str:
    """Return text on one line of at most `_MOST_CHARACTERS` characters, without controls (some reverse direction)."""
    printable = "".join(" " if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else char for char in text)
    line = " ".join(printable[: 4 * _MOST_CHARACTERS].split())
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 1] + "\N{HORIZONTAL ELLIPSIS}"
