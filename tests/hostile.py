"""Pages that break extractors, made by generators: each with the verdict it must get, and words its text must hold.

They are the kinds of page that made an extractor hang, swell or lose a whole article when it was tried out: depth,
width, one huge thing of each kind, broken encodings, and bytes that are no page.
"""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

SENTENCE = "The council met on Tuesday and agreed to mend bridge number {} before the winter comes, the mayor said."
ARTICLE = "".join(f"<p>{SENTENCE.format(n)}</p>" for n in range(12))
LAST = "bridge number 11 before"


@dataclass(frozen=True, slots=True)
class Hostile:
    """One hostile page: ``make`` gives its bytes, ``holds`` is in its text, which is marked where ``degraded``."""

    make: Callable[[], bytes]
    verdict: Verdict
    holds: str = ""
    degraded: bool = False
    charset: str | None = None


def page(body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


def nested(opening: str, closing: str, levels: int) -> Callable[[], bytes]:
    return lambda: page(opening * levels + ARTICLE + closing * levels)


def beside(thing: Callable[[], str]) -> Callable[[], bytes]:
    """An article after some monstrous thing."""
    return lambda: page(f"{thing()}<article><h1>Bridges</h1>{ARTICLE}</article>")


def attributes() -> bytes:
    return page("<a " + " ".join(f'a{n}="1"' for n in range(200_000)) + ">x</a>" + ARTICLE)


def paragraphs() -> bytes:
    return page("".join(f"<p>{SENTENCE.format(n)}</p>" for n in range(75_000)))


def links() -> bytes:
    return page("".join(f'<a href="/news/{n}">Story number {n} of today</a> ' for n in range(200_000)))


def json_ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


def huge_json_ld() -> str:
    return json_ld(json.dumps({"@type": "NewsArticle", "articleBody": "word " * 1_600_000}))


def table() -> bytes:
    rows = "".join(f"<tr><td>Town {n}</td><td>{n * 7} bridges</td><td>{n} mended</td></tr>" for n in range(20_000))
    return page(f"<table>{rows}</table>")


def entities() -> str:
    return f"<p>{'&eacute;&amp;&#8217; ' * 333_000}</p>"


def noise() -> bytes:
    return random.Random(5).randbytes(5_000_000)


HOSTILE = {
    "300 levels": Hostile(nested("<div>", "</div>", 300), Verdict.OK, LAST, degraded=True),
    "2,000 levels": Hostile(nested("<div>", "</div>", 2000), Verdict.OK, LAST, degraded=True),
    "10,000 levels": Hostile(nested("<div>", "</div>", 10_000), Verdict.TOO_DEEP),
    "300 nested tables": Hostile(nested("<table><tr><td>", "</td></tr></table>", 300), Verdict.OK, LAST, degraded=True),
    "2,000 nested lists": Hostile(nested("<ul><li>x", "</li></ul>", 2000), Verdict.TOO_DEEP),
    "200,000 attributes": Hostile(attributes, Verdict.TOO_BIG),
    "75,000 paragraphs": Hostile(paragraphs, Verdict.OK, "bridge number 74999 before", degraded=True),
    "25 MB": Hostile(lambda: page("<p>word</p>" * 2_300_000), Verdict.TOO_BIG),
    "1,000,000 tags": Hostile(lambda: page("<b>x</b>" * 500_000), Verdict.TOO_BIG),
    "200,000 links": Hostile(links, Verdict.TOO_BIG),
    "JSON-LD of 8 MB": Hostile(beside(huge_json_ld), Verdict.OK, LAST),
    "JSON-LD nested 20,000 deep": Hostile(beside(lambda: json_ld("[" * 20_000 + "]" * 20_000)), Verdict.OK, LAST),
    "a table of 20,000 rows": Hostile(table, Verdict.OK, "Town 19999", degraded=True),
    "1,000,000 entities": Hostile(beside(entities), Verdict.OK, LAST),
    "10 MB in one node": Hostile(beside(lambda: f"<p>{'word ' * 2_000_000}</p>"), Verdict.OK, LAST, degraded=True),
    "a lone line of 10 MB": Hostile(lambda: page(f"<p>{'word ' * 2_000_000}</p>"), Verdict.OK, "word", degraded=True),
    "a comment of 5 MB": Hostile(beside(lambda: f"<!--{'x ' * 2_490_000}-->"), Verdict.OK, LAST),
    "1 MB of dates": Hostile(beside(lambda: f"<p>{'2024-01-02 ' * 95_000}</p>"), Verdict.OK, LAST),
    "null bytes": Hostile(lambda: page(ARTICLE).replace(b" ", b" \0"), Verdict.OK, LAST),
    "UTF-16": Hostile(lambda: page(ARTICLE).decode().encode("utf-16"), Verdict.OK, LAST),
    "noise of 5 MB": Hostile(noise, Verdict.NOT_HTML),
    "the head of a photo": Hostile(lambda: b"\xff\xd8\xff\xe0\0\x10JFIF" + noise(), Verdict.NOT_HTML),
    "a gzip bomb": Hostile(lambda: gzip.compress(b"0" * 50_000_000, mtime=0), Verdict.NOT_HTML),
    "plain text, three words": Hostile(lambda: b"Three short words", Verdict.THIN),
    "nothing": Hostile(lambda: b"", Verdict.EMPTY),
    "half of a page": Hostile(lambda: page(ARTICLE)[:-400], Verdict.OK, "bridge number 7 before"),
    "no end tags, one script open": Hostile(lambda: page(ARTICLE + "<script>var a = '"), Verdict.OK, LAST),
}
"""Every hostile page by name."""
