"""Tests of reading from a replica: a standby server that replays the log of the first and takes no writes at all."""

from __future__ import annotations

import re
from collections import deque
from html import unescape
from typing import TYPE_CHECKING

import psycopg
import pytest

from db.dialect.server_address import ServerAddress
from db.errors import StoreError
from db.move import move
from db.store import Store
from tests import servers
from tests.builders import T0
from tests.commands import call_main
from tests.serving import OURS, TOKEN, application, client, stocked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers import Server

pytestmark = pytest.mark.slow

ARTICLE = "https://daily.example/harbour"
VERBS = (
    ("list",),
    ("list", "--json"),
    ("list", "--as-of", "2026-01-05T09:00:00Z"),
    ("history", ARTICLE),
    ("show", ARTICLE),
    ("diff", ARTICLE),
    ("copies", "--json"),
    ("events", "--json"),
    ("search", "harbour", "--json"),
    ("outlets", "--json"),
    ("verify", "--deep"),
)
PAGES = 40
"""Most pages that are compared: the first ones that links from the start page lead to."""


Two = tuple[ServerAddress, ServerAddress]


@pytest.fixture(scope="module")
def addresses(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """An archive on a server, and the same on its replica."""
    if servers.binary("pg_basebackup") is None:
        pytest.skip("PostgreSQL is missing: pg_basebackup")
    folder = tmp_path_factory.mktemp("replica")
    first = server.address(folder)
    stocked(folder / "archive.db")
    move(folder / "archive.db", first)
    with servers.replica_of(server) as replica:
        yield first, ServerAddress(first.url.replace(str(server.folder), str(replica.folder)), folder)


def test_a_replica_takes_no_writes(addresses: Two) -> None:
    _, replica = addresses
    with psycopg.connect(replica.url) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("DELETE FROM capture")
    with pytest.raises(StoreError, match="the server or the user may only read"), Store(replica) as store:
        store.add_source("https://daily.example/new", "example,daily,)/new", T0)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_verb_that_reads_prints_the_same(addresses: Two, verb: tuple[str, ...], tmp_path: Path) -> None:
    first, replica = (call_main("--db", address.url, *verb, cwd=tmp_path) for address in addresses)
    assert first.out
    assert (replica.code, replica.out) == (first.code, first.out)


def test_the_web_pages_are_the_same(addresses: Two) -> None:
    first, replica = (client(application(address)) for address in addresses)
    waiting, compared = deque(["/"]), {}
    while waiting and len(compared) < PAGES:
        path = waiting.popleft()
        answer = first.get(path)
        compared[path] = answer.status_code
        assert (replica.get(path).status_code, replica.get(path).text) == (answer.status_code, answer.text), path
        links = re.findall(r'href="(/[^"#]*)', answer.text) if answer.status_code == 200 else []
        waiting.extend(path for path in map(unescape, dict.fromkeys(links)) if path not in {*compared, *waiting})
    assert len(compared) == PAGES
    assert list(compared.values()).count(200) > PAGES / 2


def test_a_form_says_that_nothing_can_be_written(addresses: Two) -> None:
    form = {"token": TOKEN, "id": "1", "until": T0.isoformat()}
    answer = client(application(addresses[1])).post("/seen", data=form, headers={"origin": OURS})
    assert answer.status_code == 503
    assert "the server or the user may only read" in answer.text
