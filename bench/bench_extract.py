"""CPU of a text, from the payload to the cleaned text, against one bare pass of trafilatura over the same pages.

The 261 labelled pages where they are (``../shared/data/extraction``), else pages made up here. Everything is measured
page by page in turn, so that a disturbance of the machine falls on all of it.
"""

from __future__ import annotations

import base64
import json
import lzma
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trafilatura import bare_extraction

from archive.extract import extract
from archive.extract.blocks import fill_gaps, prose_length, sibling_groups
from archive.extract.boilerplate import clean
from archive.extract.parse import parse, strip_unread
from archive.extract.recipe import PASSES
from db.records import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNIT = "ms CPU"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "extraction"
ROUNDS = 2
NOW = datetime(2024, 3, 10, tzinfo=UTC)

BARE = "trafilatura, one default pass, text alone"
WHOLE = "text, metadata, verdict, residue"
FAST = "the same, --fast"
OWN = "of the first, what is not trafilatura"
ALONE = "one pass favouring recall, on a ready tree"
PARSE = "parsing"
BLOCKS = "prose and gaps"


def pages() -> Iterator[Page]:
    """The labelled pages, or made-up ones."""
    for name in ("aeb", "fundus") if DATA.exists() else ():
        with lzma.open(DATA / f"pages-{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                html = base64.b64decode(row["html_b64"]) if "html_b64" in row else row["html"].encode()
                yield Page(payload=html, url=row["url"], content_type="text/html", charset="utf-8", captured_at=NOW)
    for number in range(0 if DATA.exists() else 100):
        yield made_up(number)


def made_up(number: int) -> Page:
    """A page of some 40 kB with an article of 20 paragraphs among lists of links."""
    lines = (
        f"<p>The council of town {number} agreed to mend bridge {n}, said the mayor, before it rains.</p>"
        for n in range(20)
    )
    links = "".join(f'<li><a href="/news/{n}">Story {n} of town {number}</a></li>' for n in range(400))
    article = f"<article><h1>Town {number}</h1>{''.join(lines)}</article>"
    html = f"<html><body><ul>{links}</ul>{article}<ul>{links}</ul></body></html>"
    return Page(payload=html.encode(), url=f"https://town.example/{number}", charset="utf-8", captured_at=NOW)


def figures() -> Iterator[tuple[str, float]]:
    given = list(pages())
    spent: dict[str, float] = {}

    def timed(name: str, function: Callable[[], Any]) -> Any:
        started = time.process_time()
        result = function()
        spent[name] = spent.get(name, 0.0) + time.process_time() - started
        return result

    for turn in range(ROUNDS + 1):
        if turn == 1:
            spent.clear()  # the first round warms up
        for page in given[: 20 if turn == 0 else None]:
            one_page(page, timed)
    each = {name: 1000 * seconds / ROUNDS / len(given) for name, seconds in spent.items()}
    own = each[FAST] - each[ALONE] + each[BLOCKS]
    for name in (BARE, WHOLE, FAST):
        yield name, each[name]
    yield OWN, own
    yield PARSE, each[PARSE]


def one_page(page: Page, timed: Callable[[str, Callable[[], Any]], Any]) -> None:
    html = page.payload.decode(errors="replace")
    timed(BARE, lambda: bare_extraction(html, include_comments=False))
    whole = timed(WHOLE, lambda: clean(extract(page)))
    timed(FAST, lambda: clean(extract(page, fast=True)))
    parsed = timed(PARSE, lambda: parse(html))
    if parsed is not None:
        strip_unread(parsed.root)
        timed(ALONE, lambda: bare_extraction(parsed.root, favor_recall=True, **dict(PASSES)))
        timed(BLOCKS, lambda: (prose_length(parsed.root), fill_gaps(whole.text, sibling_groups(parsed.root))))


def findings(found: dict[str, float]) -> Iterator[str]:
    yield f"whole: {found[WHOLE] / found[BARE]:.2f} times a bare pass (at most 1.8 wanted)"
    yield f"fast: {found[FAST] / found[BARE]:.2f} times a bare pass (at most 1.0 wanted)"
    yield f"own overhead: {found[OWN]:.1f} ms a page, of which parsing {found[PARSE]:.1f} (at most 4 wanted)"
