"""An operator's first hour: a running service, a colleague with a token, a backup that restores, in a terminal."""

from __future__ import annotations

import re
import sqlite3
import time
import urllib.error
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from first_hour import PATIENCE, TALKS, Terminal, settings_for, small_web

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def status_of(url: str, token: str = "") -> int:
    """Return the status that the pages answer with."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def versions(db: Path) -> int:
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM v_versions").fetchone()[0])


def test_an_operator_runs_the_service_shares_it_and_saves_it(tmp_path: Path) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    db = folder / "data" / "archive.db"
    with small_web() as site, Terminal(folder) as terminal:
        terminal.run("wirecopy init")
        (folder / "wirecopy.toml").write_text(settings_for(site), encoding="utf-8")
        (folder / "list.txt").write_text(f"{TALKS}\nhttp://daily.example/feed.xml\n", encoding="utf-8")
        assert "Added 2 addresses" in terminal.run("wirecopy add --file list.txt")
        assert "no mistakes" in terminal.run("wirecopy check")

        terminal.type("wirecopy up")
        started = terminal.until(r"wirecopy status")
        assert "refresh/scheduled starts once, without waiting for its schedule" in started
        pages = re.search(r"web pages +(http://\S+)", started)
        assert pages is not None
        assert status_of(pages[1]) == 200
        deadline = time.monotonic() + PATIENCE
        while not versions(db):  # the refresh of the start, long before the quarter hour
            assert time.monotonic() < deadline
            time.sleep(0.2)
        terminal.press_ctrl_c()
        terminal.until("The schedules are kept")
        assert "refresh" in terminal.run("wirecopy status")

        token = re.search(r"wc_\S+", terminal.run("wirecopy token add ben --role label"))
        assert token is not None
        terminal.type("wirecopy serve --token --port 0")
        address = re.search(r"at (http://\S+);", terminal.until(r"Ctrl-C to stop"))
        assert address is not None
        assert [status_of(address[1]), status_of(address[1], "guess"), status_of(address[1], token[0])] == [
            401,
            401,
            200,
        ]
        assert status_of(f"{address[1]}/audit", token[0]) == 403
        terminal.press_ctrl_c()
        terminal.until("Stopped")
        assert "gave a token ben" in terminal.run("wirecopy audit")
        terminal.run("wirecopy token revoke ben")

        terminal.run("wirecopy backup saved.db")
        assert f"Deleted {TALKS}" in terminal.run(f"wirecopy forget {TALKS} --yes")
        assert versions(db) == 0
        assert "Restored" in terminal.run("wirecopy restore saved.db")
        assert versions(db) == 1
        terminal.run("wirecopy verify")
