"""A second run over pages that did not change: what it asks, what that costs, and what it leaves as it was.

The whole way is real: the index, the fetcher, the archive, and a site that answers with the headers of nginx.
Only requests for articles are counted, not those for robots.txt and the like.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from archive.pipeline.refresh import refresh as run_refresh
from archive.settings import load_settings
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.queries import statistics
from db.reader import Reader
from tests.builders import DAY, T0
from tests.newsroom import page as article
from tests.replies import Say, page
from tests.site import Site

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from archive.settings import Settings
    from db.records import Report
    from tests.replies import Asked, Behaviour

HOSTS = 20
MOST_BYTES = 400  # of a request, and of the head of its answer, when there is nothing new
NGINX = {"Server": "nginx/1.22.1", "Date": "Tue, 06 Jan 2026 08:00:00 GMT", "Connection": "keep-alive"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request for an article and its answer, as the site saw them; sizes in bytes."""

    url: str
    request: int
    status: str
    head: int


@dataclass(frozen=True, slots=True)
class SecondRun:
    """What two runs over the same pages did, a day apart, and what the archive held after each.

    ``telling`` are the addresses whose server sends validators and honours them, ``silent`` those whose does not.
    """

    telling: list[str]
    silent: list[str]
    first: Report
    second: Report
    held: tuple[dict[str, int], dict[str, int]]
    exchanges: list[Exchange]

    @property
    def pages(self) -> int:
        return len(self.telling) + len(self.silent)


def paragraph(dice: random.Random) -> str:
    """Three sentences in words nobody else uses, so that no page is a candidate for being a copy of another."""

    def word() -> str:
        return "".join(dice.choices("abcdefghiklmnoprstuvwy", k=dice.randint(3, 9)))

    return " ".join(" ".join(word() for _ in range(14)).capitalize() + "." for _ in range(3))


def stable(body: bytes, validators: dict[str, str], log: list[Exchange]) -> Behaviour:
    """An article that never changes. With ``validators`` its server says so when it is asked with them."""
    whole = page(body, **validators, **NGINX)
    same = page(b"", status="304 Not Modified", Content_Type="", **validators, **NGINX)

    def answer(asked: Asked) -> Say:
        known = bool(validators) and asked.headers.get("if-none-match") == validators["ETag"]
        said = same if known else whole
        head = said.raw.partition(b"\r\n\r\n")[0]
        url = f"http://{asked.headers['host']}{asked.target}"
        log.append(Exchange(url, size_of(asked), head.split(b" ", 2)[1].decode(), len(head) + len("\r\n\r\n")))
        return said

    return answer


def size_of(asked: Asked) -> int:
    """The bytes of a request, put together again from what was read of it."""
    lines = [f"{asked.method} {asked.target} HTTP/1.1", *(": ".join(pair) for pair in asked.headers.items()), "", ""]
    return len("\r\n".join(lines))


def run_twice(folder: Path, *, telling: int, silent: int) -> SecondRun:
    """Archive so many pages with validators and so many without, and come back a day later."""
    dice = random.Random(0)
    log: list[Exchange] = []
    with Site() as site:
        for number in range(telling + silent):
            body = article(*(paragraph(dice) for _ in range(3)), title=f"The {number}th report")
            named = {"ETag": f'"{number:x}-65a2b3c4d5e6f"', "Last-Modified": "Mon, 05 Jan 2026 07:00:00 GMT"}
            site.pages[f"/2026/{number}.html"] = stable(body, named if number < telling else {}, log)
        urls = [f"http://paper{number % HOSTS}.example/2026/{number}.html" for number in range(telling + silent)]
        write_index(folder, urls)
        first, before = refresh(settings(folder, site, T0))
        log.clear()
        second, after = refresh(settings(folder, site, T0 + DAY))
    return SecondRun(urls[:telling], urls[telling:], first, second, (before, after), log)


def write_index(folder: Path, urls: list[str]) -> None:
    (folder / "seeds").mkdir()
    rows = "".join(f"| {url} |\n" for url in urls)
    text = f"## press\n\nevery: 1h\n\n| url |\n| --- |\n{rows}"
    (folder / "seeds" / "INDEX.md").write_text(text, encoding="utf-8")


def settings(folder: Path, site: Site, at: datetime) -> Settings:
    mine = {"RESOLVE": f"*.example=127.0.0.1:{site.port}", "MIN_GAP": "0", "CLOCK": at.isoformat()}
    mine["CONTACT"] = "mailto:desk@wire.example"
    return load_settings({f"WIRECOPY_{name}": value for name, value in mine.items()}, start=folder)


def refresh(how: Settings) -> tuple[Report, dict[str, int]]:
    """One run, and what the archive then holds of the articles; robots.txt and the like have captures of their own."""
    report = asyncio.run(run_refresh(how))
    with Reader(how.db) as reader:
        articles = [source for source in source_queries.all_sources(reader.ask) if "/2026/" in source.url]
        captures = [each for source in articles for each in capture_queries.of_source(reader.ask, source.id)]
        payloads = {each.payload_sha256 for each in captures}
        counted = statistics.counts(reader.ask)
    held = {name: counted[name] for name in ("versions", "links", "underived")}
    return report, held | {"sources": len(articles), "captures": len(captures), "payloads": len(payloads - {None})}


def check(done: SecondRun) -> None:
    """One request and one capture a page, and nothing else: no extraction, no payload, no version, no link."""
    assert done.first.counts["extracted"] == done.first.counts["versions"] == done.pages
    assert done.second.failed == 0
    expected = dict.fromkeys(done.telling, "304") | dict.fromkeys(done.silent, "200")
    assert sorted((each.url, each.status) for each in done.exchanges) == sorted(expected.items())
    assert (done.second.counts["extracted"], done.second.counts["versions"]) == (0, 0)
    before, after = done.held
    assert after == before | {"captures": before["captures"] + done.pages}
    small = [each for each in done.exchanges if each.status == "304"]
    assert max((each.request for each in small), default=0) <= MOST_BYTES
    assert max((each.head for each in small), default=0) <= MOST_BYTES


@pytest.mark.slow
def test_unchanged_pages_cost_one_small_request_each_and_no_extraction(tmp_path: Path) -> None:
    check(run_twice(tmp_path, telling=25, silent=25))


@pytest.mark.slow
def test_a_thousand_unchanged_pages_cost_one_small_request_each(tmp_path: Path) -> None:
    check(run_twice(tmp_path, telling=1_000, silent=0))


@pytest.mark.slow
def test_a_thousand_pages_without_validators_are_fetched_once_and_not_extracted(tmp_path: Path) -> None:
    check(run_twice(tmp_path, telling=0, silent=1_000))
