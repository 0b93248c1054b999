"""A second run over pages that did not change: its requests, their cost, and the archive afterwards.

Everything is real: the index, the fetcher, the archive, and a site that answers with the headers of nginx. Only
requests for articles are counted, not those for robots.txt and the like.
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
    """One request for an article and its answer, as the site saw them. Sizes are in bytes."""

    url: str
    request: int
    status: str
    head: int


@dataclass(frozen=True, slots=True)
class SecondRun:
    """Two runs over the same pages, a day apart, and the counts of the archive after each.

    ``with_validators`` are the addresses whose server sends validators and honours them, ``without`` the others.
    """

    with_validators: list[str]
    without: list[str]
    first: Report
    second: Report
    counts: tuple[dict[str, int], dict[str, int]]
    exchanges: list[Exchange]

    @property
    def pages(self) -> int:
        return len(self.with_validators) + len(self.without)


def paragraph(dice: random.Random) -> str:
    """Return three sentences of random words, so that no page is a candidate copy of another."""

    def word() -> str:
        return "".join(dice.choices("abcdefghiklmnoprstuvwy", k=dice.randint(3, 9)))

    return " ".join(" ".join(word() for _ in range(14)).capitalize() + "." for _ in range(3))


def stable(body: bytes, validators: dict[str, str], log: list[Exchange]) -> Behaviour:
    """Return an article that never changes. With ``validators`` its server answers conditional requests with 304."""
    whole = page(body, **validators, **NGINX)
    same = page(b"", status="304 Not Modified", Content_Type="", **validators, **NGINX)

    def answer(request: Asked) -> Say:
        known = bool(validators) and request.headers.get("if-none-match") == validators["ETag"]
        response = same if known else whole
        head = response.raw.partition(b"\r\n\r\n")[0]
        url = f"http://{request.headers['host']}{request.target}"
        log.append(Exchange(url, size_of(request), head.split(b" ", 2)[1].decode(), len(head) + len("\r\n\r\n")))
        return response

    return answer


def size_of(request: Asked) -> int:
    """Return the bytes of a request, rebuilt from its parsed parts."""
    lines = [
        f"{request.method} {request.target} HTTP/1.1",
        *(": ".join(pair) for pair in request.headers.items()),
        "",
        "",
    ]
    return len("\r\n".join(lines))


def run_twice(folder: Path, *, with_validators: int, without: int) -> SecondRun:
    """Archive so many pages with validators and so many without, and visit them again a day later."""
    dice = random.Random(0)
    log: list[Exchange] = []
    with Site() as site:
        for number in range(with_validators + without):
            body = article(*(paragraph(dice) for _ in range(3)), title=f"The {number}th report")
            validators = {"ETag": f'"{number:x}-65a2b3c4d5e6f"', "Last-Modified": "Mon, 05 Jan 2026 07:00:00 GMT"}
            site.pages[f"/2026/{number}.html"] = stable(body, validators if number < with_validators else {}, log)
        urls = [
            f"http://paper{number % HOSTS}.example/2026/{number}.html" for number in range(with_validators + without)
        ]
        write_index(folder, urls)
        first, before = refresh(settings(folder, site, T0))
        log.clear()
        second, after = refresh(settings(folder, site, T0 + DAY))
    return SecondRun(urls[:with_validators], urls[with_validators:], first, second, (before, after), log)


def write_index(folder: Path, urls: list[str]) -> None:
    (folder / "seeds").mkdir()
    rows = "".join(f"| {url} |\n" for url in urls)
    text = f"## press\n\nevery: 1h\n\n| url |\n| --- |\n{rows}"
    (folder / "seeds" / "INDEX.md").write_text(text, encoding="utf-8")


def settings(folder: Path, site: Site, instant: datetime) -> Settings:
    own = {"RESOLVE": f"*.example=127.0.0.1:{site.port}", "MIN_GAP": "0", "CLOCK": instant.isoformat()}
    own["CONTACT"] = "mailto:desk@wire.example"
    return load_settings({f"WIRECOPY_{name}": value for name, value in own.items()}, start=folder)


def refresh(project: Settings) -> tuple[Report, dict[str, int]]:
    """Make one run, and return its report and the counts of the archive. Only articles are counted."""
    report = asyncio.run(run_refresh(project))
    with Reader(project.db) as reader:
        articles = [source for source in source_queries.all_sources(reader.ask) if "/2026/" in source.url]
        captures = [capture for source in articles for capture in capture_queries.of_source(reader.ask, source.id)]
        payloads = {capture.payload_sha256 for capture in captures} - {None}
        totals = statistics.counts(reader.ask)
    counts = {name: totals[name] for name in ("versions", "links", "underived")}
    return report, counts | {"sources": len(articles), "captures": len(captures), "payloads": len(payloads)}


def check(runs: SecondRun) -> None:
    """Check that each page had one request and one capture, and that nothing else was added."""
    assert runs.first.counts["extracted"] == runs.first.counts["versions"] == runs.pages
    assert runs.second.failed == 0
    expected = dict.fromkeys(runs.with_validators, "304") | dict.fromkeys(runs.without, "200")
    assert sorted((exchange.url, exchange.status) for exchange in runs.exchanges) == sorted(expected.items())
    assert (runs.second.counts["extracted"], runs.second.counts["versions"]) == (0, 0)
    before, after = runs.counts
    assert after == before | {"captures": before["captures"] + runs.pages}
    small = [exchange for exchange in runs.exchanges if exchange.status == "304"]
    assert max((exchange.request for exchange in small), default=0) <= MOST_BYTES
    assert max((exchange.head for exchange in small), default=0) <= MOST_BYTES


@pytest.mark.slow
def test_unchanged_pages_cost_one_small_request_each_and_no_extraction(tmp_path: Path) -> None:
    check(run_twice(tmp_path, with_validators=25, without=25))


@pytest.mark.slow
def test_a_thousand_unchanged_pages_cost_one_small_request_each(tmp_path: Path) -> None:
    check(run_twice(tmp_path, with_validators=1_000, without=0))


@pytest.mark.slow
def test_a_thousand_pages_without_validators_are_fetched_once_and_not_extracted(tmp_path: Path) -> None:
    check(run_twice(tmp_path, with_validators=0, without=1_000))
