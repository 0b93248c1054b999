"""A journalist's first hour: from an empty folder to a change that was read, in a browser without scripts."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python
import pytest
from first_hour import COPY, PATIENCE, TALKS, Terminal, correct, settings_for, small_web

if TYPE_CHECKING:
    from collections.abc import Iterator

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; apt-get install chromium"),
]
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
NEW_PAGES = (
    "/watched",
    "/watched/row?seed=watched/mirror-example-strait-pact",
    "/watched/add?url=x",
    "/audit",
    "/sources",
    "/jobs/1",
    "/jobs/2",
)


def faults(page: Any, width: int) -> Iterator[str]:
    """Yield what shuts somebody out of a page at a width: what axe finds, and a page that is too wide."""
    page.set_viewport_size({"width": width, "height": 800})
    if page.locator("html").evaluate("page => page.scrollWidth - innerWidth") > 0:
        yield f"{page.url} is too wide at {width}"
    page.evaluate(AXE.read_text())
    for violation in page.evaluate("axe.run()")["violations"]:
        yield f"{page.url} at {width}: {violation['id']} {violation['nodes'][0]['target']}"


def wait_for_job(page: Any) -> None:
    """Wait until the page of a job, which the browser reloads by itself, has the outcome."""
    page.locator("text=Running for").wait_for(state="detached", timeout=PATIENCE * 1000)


def watch_two_articles(page: Any, base: str, index: Path) -> None:
    """From the page of an empty archive to two articles that were checked."""
    written = index.read_text(encoding="utf-8")
    page.goto(base)
    assert page.locator("h1").inner_text() == "Watch your first address"
    page.locator("#urls").fill(f"{TALKS}\n{COPY}")
    page.get_by_role("button", name="Look at it").click()
    wait_for_job(page)
    assert page.locator(".findings li").count() == 2
    assert index.read_text(encoding="utf-8") == written
    page.get_by_role("button", name="Watch them").click()
    wait_for_job(page)
    assert page.locator("text=article seen").count() == 2
    assert index.read_text(encoding="utf-8").startswith(written)


def read_the_change(page: Any, base: str) -> None:
    """From the outcome of the first check to an inbox in which the change was read."""
    page.locator("h2 a").first.click()
    page.get_by_role("button", name="Check now").click()
    wait_for_job(page)
    page.get_by_role("link", name="Changes", exact=True).first.click()
    assert page.locator(".change del").first.inner_text().endswith("300")
    assert page.locator(".change ins").first.inner_text().endswith("30")
    page.get_by_role("link", name=re.compile("Ministers promise")).first.click()
    assert "/diff/1..2" in page.url
    page.goto(base)
    page.get_by_role("button", name="Mark all as seen").click()
    assert page.locator("h1").inner_text() == "What changed since you last looked"
    assert page.locator(".change del").count() == 0


def tidy_the_list(page: Any, base: str, index: Path) -> None:
    """Pause a row, end the pause, move it, and retire it."""
    page.goto(f"{base}/watched")
    page.get_by_role("link", name="daily-example-border-talks").click()
    page.get_by_role("button", name="Pause").click()
    assert "| paused |" in index.read_text(encoding="utf-8")
    page.get_by_role("button", name="End the pause").click()
    page.locator("#group").fill("strait")
    page.get_by_role("button", name="Move").click()
    assert "## strait" in index.read_text(encoding="utf-8")
    page.get_by_role("button", name="Retire").click()
    assert TALKS not in index.read_text(encoding="utf-8")
    page.goto(f"{base}/audit")
    assert page.locator("tbody tr").count() == 6


def test_a_journalist_watches_an_article_and_reads_its_change(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    index = folder / "seeds" / "INDEX.md"
    with small_web() as site, Terminal(folder) as terminal, sync_api.sync_playwright() as playwright:
        terminal.run("wirecopy init")
        (folder / "wirecopy.toml").write_text(settings_for(site), encoding="utf-8")
        terminal.type("wirecopy serve --port 0")
        address = re.search(r"at (http://\S+);", terminal.until("Ctrl-C to stop"))
        assert address is not None
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        page = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800}).new_page()
        watch_two_articles(page, address[1], index)
        correct(site)
        read_the_change(page, address[1])
        tidy_the_list(page, address[1], index)
        page = browser.new_context(bypass_csp=True, color_scheme="dark").new_page()
        shut_out: list[str] = []
        for path in NEW_PAGES:
            page.goto(address[1] + path)
            shut_out += faults(page, 320)
        assert shut_out == []
        browser.close()
        terminal.press_ctrl_c()
        terminal.until("Stopped")
