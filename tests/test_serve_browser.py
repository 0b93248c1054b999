"""Every page in a real browser: light and dark, three widths, with and without scripts; nobody is shut out."""

from __future__ import annotations

import shutil
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python
import pytest
import uvicorn

from archive.serve.server import Impatient, listen
from serving import HOSTILE, a_project, application, stocked
from test_serve_copies import a_group
from test_watch_pages import INDEX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.applications import Starlette

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; apt-get install chromium"),
]
PAGES = (
    "/",
    "/articles/1",
    "/articles/3",
    *(f"/articles/1/diff/1..2?mode={mode}" for mode in ("reading", "side", "changes", "raw", "machine")),
    "/copies",
    "/copies/1?with=2",
    "/articles/1/cite",
    "/articles/1/captures",
    "/search",
    "/search?q=harbour",
    "/search?q=harbour&kind=number",
    "/search?q=-harbour",
    "/search?q=nowhere+site:daily.example",
    "/sources?troubled=1",
    "/sources",
    "/runs",
    "/as-of/2026-02-01",
    "/about/api",
    "/compare",
    "/?kind=number",
    "/watched",
    "/watched/row?seed=energy/grid",
    "/audit",
)
WIDTHS = (1280, 390, 320)
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("browsed")
    index = folder / "INDEX.md"
    index.write_text(INDEX, encoding="utf-8")
    path = stocked(folder / "archive.db")
    with served(application(path, project=a_project(index)[0])) as base:
        yield base


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The address of an application, in this process."""
    with listen("127.0.0.1", 0) as at:
        config = uvicorn.Config(app, http=Impatient, ws="none", lifespan="off", log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [at]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{at.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        found = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=options)
        yield found
        found.close()


@pytest.fixture(scope="module", params=["light, scripts", "dark, scripts", "light", "dark"])
def reader(request: pytest.FixtureRequest, browser: Any) -> Iterator[tuple[Any, bool, list[str]]]:
    """A page of the browser in light or dark, with scripts or without; whether it has them; and its complaints."""
    scheme, _, scripts = request.param.partition(", ")
    # axe is a script, too: where the page's own may run it is let past the policy, and may run.
    context = browser.new_context(color_scheme=scheme, java_script_enabled=bool(scripts), bypass_csp=bool(scripts))
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: complaints.append(asked.url) if not _at_home(asked.url) else None)
    yield page, bool(scripts), complaints
    assert context.cookies() == []
    context.close()


def _at_home(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "data:"))


def misfits(page: Any, *, scripts: bool) -> Iterator[str]:
    """Yield where the page is too wide, and with scripts what axe objects to, at every width."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.locator("html").evaluate("page => page.scrollWidth - innerWidth")
        if wide > 0:
            yield f"{wide} px too wide at {width}"
        if scripts:
            page.evaluate(AXE.read_text())
            for violation in page.evaluate("axe.run()")["violations"]:
                yield f"at {width}: {violation['id']} {violation['nodes'][0]['target']}"


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_loads_nothing_from_elsewhere_and_shuts_nobody_out(
    reader: tuple[Any, bool, list[str]], base: str, path: str
) -> None:
    page, scripts, complaints = reader
    complaints.clear()
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.goto(base + path)
    assert page.locator("h1").count() == 1
    complaints += misfits(page, scripts=scripts)
    assert complaints == []


def test_two_texts_are_compared_without_scripts_and_the_answer_fits_and_shuts_nobody_out(
    reader: tuple[Any, bool, list[str]], base: str
) -> None:
    page, scripts, complaints = reader
    complaints.clear()
    page.goto(base + "/compare")
    page.locator("textarea").nth(0).fill("The harbour of Verrin opens on Monday, minister Ana Sorel said. " * 3)
    page.locator("textarea").nth(1).fill("The harbour of Verrin opens on Monday, Ana Sorel said. " * 3)
    page.get_by_role("button", name="Compare").click()
    page.wait_for_selector("#pair")
    complaints += misfits(page, scripts=scripts)
    assert complaints == []


def test_the_inbox_is_walked_by_keys(browser: Any, base: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(base + "/")
    page.keyboard.press("j")
    with page.expect_response(lambda answer: answer.url.endswith("/articles/1/seen")) as answered:
        page.keyboard.press("e")
    assert answered.value.status == 204
    page.wait_for_selector("li[data-done]")
    with page.expect_response(lambda answer: answer.url.endswith("/articles/1/seen")):
        page.keyboard.press("u")
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/articles/1/diff/1..2")
    context.close()


@pytest.mark.parametrize(
    ("scripts", "text", "title"),
    [(True, "5 Jan 2026 13:30", "5 Jan 2026 08:00 UTC"), (False, "5 Jan 2026 08:00", None)],
)
def test_times_are_those_of_the_browser_and_utc_is_beside_them(
    browser: Any, base: str, *, scripts: bool, text: str, title: str | None
) -> None:
    context = browser.new_context(timezone_id="Asia/Kolkata", java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{base}/articles/1/captures")
    shown = page.locator("time[datetime='2026-01-05T08:00:00Z']").first
    assert (shown.text_content(), shown.get_attribute("title")) == (text, title)
    foot = page.locator("footer").text_content()
    assert ("Times are UTC." in foot) is not scripts
    assert ("of your browser" in foot) is scripts
    context.close()


def test_times_are_those_of_the_setting_in_every_browser(browser: Any, tmp_path: Path) -> None:
    with served(application(stocked(tmp_path / "archive.db"), zone="America/New_York")) as base:
        context = browser.new_context(timezone_id="Asia/Kolkata")
        page = context.new_page()
        page.goto(f"{base}/articles/1/captures")
        shown = page.locator("time[datetime='2026-01-05T08:00:00Z']").first
        assert (shown.text_content(), shown.get_attribute("title")) == ("5 Jan 2026 03:00", "5 Jan 2026 08:00 UTC")
        assert "Times are those of America/New_York;" in page.locator("footer").text_content()
        context.close()


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/events", "li[data-row] h2 a"),
        ("/copies", "tr[data-row] th a"),
        ("/outlets", "tr[data-row] th a"),
        ("/search?q=harbour", "li[data-row] h2 a"),
        ("/sources", "tr[data-row] th a"),
        ("/as-of/2026-02-01", "tr[data-row] th a"),
        ("/watched", "tr[data-row] th a"),
        ("/articles/1", "tr[data-row] th a"),
    ],
)
def test_every_list_is_walked_by_keys(browser: Any, base: str, path: str, link: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(base + path)
    links = page.locator(link)
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.href") == links.first.evaluate("link => link.href")
    assert page.evaluate("document.activeElement.matches(':focus-visible')")
    if links.count() > 1:
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.href") == links.nth(1).evaluate("link => link.href")
        page.keyboard.press("k")
    address = links.first.evaluate("link => link.href")
    page.keyboard.press("Enter")
    page.wait_for_url(address)
    context.close()


def test_a_question_mark_lists_the_keys_and_they_can_be_switched_off(browser: Any, base: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/sources")
    page.keyboard.press("?")
    box = page.locator("dialog[open]")
    assert "next and previous row" in box.inner_text()
    assert "mark as seen" not in box.inner_text(), "this page has nothing to mark"
    page.evaluate(AXE.read_text())
    assert page.evaluate("axe.run().then(found => found.violations.map(each => each.id))") == []
    page.keyboard.press("j")
    assert page.locator("tr.here").count() == 0, "keys belong to the dialog while it is open"
    page.keyboard.press("Escape")
    box.wait_for(state="detached")
    page.locator("[data-help]").click()
    page.get_by_label("Keys are on").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("?")
    assert (page.locator("tr.here").count(), page.locator("dialog").count()) == (0, 0)
    context.close()


@pytest.mark.parametrize("path", ["/", "/sources", "/articles/1", "/compare"])
def test_the_tab_key_passes_through_every_page(browser: Any, base: str, path: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(base + path)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.reload()
    passed = []
    for _ in range(400):
        page.keyboard.press("Tab")
        place = page.evaluate("document.activeElement.closest('footer') ? 'foot' : document.activeElement.localName")
        passed.append(place)
        if passed[-2:] == ["foot", "body"]:
            break
    assert passed[-2:] == ["foot", "body"], "the last stops are those of the foot, then the browser's own"
    context.close()


def test_a_slash_goes_to_the_search_box_and_is_a_letter_in_it(browser: Any, base: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/sources")
    page.keyboard.press("/")
    page.keyboard.type("a/b")
    assert page.locator("#find").input_value() == "a/b"
    context.close()


def test_a_form_works_without_scripts_and_a_hostile_headline_is_read_as_text(browser: Any, base: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(base + "/articles/1")
    assert HOSTILE.partition("\u202e")[0] in page.locator("h1").inner_text()
    page.get_by_role("button", name="Mark as seen").click()
    assert page.url.endswith("/articles/1")
    assert page.get_by_role("button", name="Mark as seen").count() == 0
    page.goto(base + "/")
    edits = page.locator("main > .changes, main > form .changes").all_inner_texts()  # events are listed below them
    assert not any("alert(1)" in text for text in edits)
    assert page.locator("main script").count() == 0
    context.close()


def test_the_pairs_of_a_group_are_stepped_through_by_keys_and_without_scripts(browser: Any, tmp_path: Path) -> None:
    with served(application(a_group(tmp_path / "archive.db"))) as base:
        context = browser.new_context()
        page = context.new_page()
        page.goto(base + "/copies/1")
        page.keyboard.press("n")
        page.wait_for_url("**/copies/1?with=3#pair")
        page.keyboard.press("p")
        page.wait_for_url("**/copies/1?with=2#pair")
        context.close()
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(base + "/copies/1")
        page.get_by_role("link", name="Next", exact=True).focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/copies/1?with=3#pair")
        assert page.get_by_role("link", name="2: mirror.example").get_attribute("aria-current") == "true"
        context.close()


def test_the_picture_of_a_change_is_drawn_under_our_policy(browser: Any, base: str) -> None:
    context = browser.new_context(viewport={"width": 1200, "height": 630})
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if "favicon" not in said.location["url"] else None)
    page.goto(base + "/articles/1/diff/1..2.svg")
    ends = page.evaluate("[...document.querySelectorAll('text')].map(each => each.getBoundingClientRect().right)")
    assert 600 < max(ends) <= 1200 - 60
    assert complaints == []
    context.close()


def test_the_counts_lead_to_what_they_count_and_stay_in_sight(browser: Any, base: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 400}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(base + "/articles/1/diff/1..2")
    page.get_by_role("link", name="added").click()
    assert page.locator("#first-new").is_visible()
    page.mouse.wheel(0, 200)
    assert page.locator(".legend").bounding_box()["y"] >= 0
    context.close()
