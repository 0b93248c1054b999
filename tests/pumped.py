"""Texts in which one short piece repeats for ever, and a child process that reads them within a minute of CPU.

``python -m tests.pumped GROUP`` prints each case before it runs. The limit of the process, not a clock, ends a reader
whose cost grows with the square: on these lengths it would take hours.
"""

from __future__ import annotations

import resource
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from archive.api.query_parser import parse_query
from archive.copies.tokenize import tokenize
from archive.crawl.discover import discover
from archive.crawl.fetch.robots_groups import rules_for
from archive.crawl.multipage import next_part_url
from archive.extract.boilerplate import clean
from archive.formats.charset import detect_charset
from archive.formats.html_limits import has_crowded_tag
from archive.formats.timemap import further_timemaps
from archive.versions.diff import compare
from db.records import Extraction, Outcome, Page, SeedKind, Text, Verdict
from db.script_folding import search_parts

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 60
"""Seconds of CPU for all cases of a group. They take one or two."""

LENGTH = 60_000
NOW = datetime(2026, 1, 5, tzinfo=UTC)
PIECES = (
    *(
        ".",
        "..x",
        "?!",
        ".'",
        "a. a. ",
        "\u3002",
        "\u0964 ",
        "1,",
        "1 000 ",
        "1",
        "Ab ",
        "AB ",
        "A.",
        "a-",
        '"a ',
        "\u00ab",
    ),
    *(
        "(",
        "((a",
        "\u4e8c\u767e",
        "\u4e00",
        "1\u4e07",
        "a\u0301",
        "\u0430a ",
        " ",
        "\u00a0",
        "-",
        "\u2013 5",
        "$",
        "1/",
        "https://a/",
    ),
    *("Reporting by ", "this article originally ", "[ad_1]", "by ", "\n- ", "5 May ", "5 million ", "\u0661\u066b"),
)
"""Pieces that a regular expression may try again from each of their places."""


def pump(piece: str, length: int = LENGTH) -> str:
    """Return sentences around so many characters of one piece."""
    return f"The board met on Tuesday.\n{piece * (length // len(piece))}x he said.\nIt meets again on 5 May."


def _text(body: str) -> Text:
    return Text(sha256="0" * 64, title="", body=body, language="en")


def _page(payload: bytes, content_type: str = "text/html") -> Page:
    return Page(payload=payload, url="http://a.test/", content_type=content_type, captured_at=NOW)


def _read_texts() -> None:
    for piece in PIECES:
        print(repr(piece), flush=True)  # noqa: T201 - the parent shows where the limit came
        tokenize(pump(piece), "zh" if piece.strip() > "\u3000" else "fr")
        clean(Extraction(verdict=Verdict.OK, title="", text=pump(piece)))
    for number in ("1" * 400 + " million", "1" * 400 + "\u4e07", "\u4e8c" * 9000 + "\u5e74", "1'2 million"):
        tokenize(f"It cost {number} in all.", "zh")
        tokenize(f"It cost {number} in all.", "en")


def _compare_texts() -> None:
    for piece in PIECES:
        print(repr(piece), flush=True)  # noqa: T201 - the parent shows where the limit came
        compare(_text(pump(piece, 10_000)), _text(pump(piece, 10_000).replace("x he", "y she")))


def _read_markup() -> None:
    length = 1_000_000
    has_crowded_tag("<a" + " " * length)
    has_crowded_tag("<a " + "b" * length + " " * length)
    further_timemaps("<http://a.test/>; " + "a" * length, base="http://a.test/")
    rules_for("wirecopy", "User-agent:" + " " * length + "*\nDisallow:" + "/*" * length)
    tags = b"".join(b"<link rel=next " + b"a-" * 900 + b">" for _ in range(length // 2000))
    url = "http://a.test/1"
    page = Outcome(requested_url=url, final_url=url, started_at=NOW, finished_at=NOW, payload=tags)
    next_part_url([page])
    for piece in ("<a", "&lt;a", "<![CDATA[<a"):
        item = f"<item><link>http://a.test/</link><title>{piece * 60_000}</title></item>"
        feed = f"<rss version='2.0'><channel>{item}</channel></rss>"
        discover(_page(feed.encode(), "application/rss+xml"), SeedKind.FEED)
    for piece in ("\t", "(", "GMT+1"):
        item = f"<item><link>http://a.test/</link><pubDate>5 Jan {piece * 60_000}</pubDate></item>"
        discover(_page(f"<rss version='2.0'><channel>{item}</channel></rss>".encode(), "text/xml"), SeedKind.FEED)
    for piece in ("<![CDATA[http://a.test/", "\u200b", "<url>a"):
        sitemap = f"<urlset><url><loc>{piece * 60_000}</loc></url></urlset>"
        discover(_page(sitemap.encode(), "text/xml"), SeedKind.SITEMAP)
    for piece in ("\u0645\u200c", '\u05e9"', "\u093c", "\u00ad"):
        search_parts(f"{piece * 60_000}x")
    for piece in (b"\x8a", b"a\x8aa", b"\xe0\xdf", b"\xf5 ", b"az "):
        detect_charset("text/html", piece * 60_000 + b"\xe9")
    for piece in ("ab ", "ab-", '"', "near:", "-", "title:", "\u0301"):
        parse_query("ferry " + piece * 100_000)


GROUPS: dict[str, Callable[[], None]] = {"texts": _read_texts, "edits": _compare_texts, "markup": _read_markup}
"""What a child process reads, by the name that it is given."""

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
    GROUPS[sys.argv[1]]()
