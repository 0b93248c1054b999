"""Thirty attack pages in a real Chromium: nothing leaves a memento, except when somebody follows a link.

The same pages are also shown without our policy, to prove that the attacks work.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import sync_playwright
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from db.store import Store
from tests.archived import app_of
from tests.attacks import ATTACKS, CLICKED, OUTBOUND, WORKER, page
from tests.builders import T0, a_capture, add_source
from tests.sockets import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

pytestmark = pytest.mark.slow

STAMP = "20260105080000"
ORIGIN = "https://evil.example"
OURS = "what only we may read"
AT_LEAST = 20
"""Attacks that succeed without the policy. Fewer would mean that the tests prove nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """The servers: pages with and without our policy, the beacon they try to reach, and the requests that arrived."""

    guarded: str
    bare: str
    beacon: str
    reached: list[str]
    at_ours: list[str]


class Bare:
    """An application without any of the headers that restrict a page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the application's body and media type only."""

        async def send_bare(message: Message) -> None:
            if message["type"] == "http.response.start":
                plain = [pair for pair in message["headers"] if pair[0] in {b"content-type", b"content-length"}]
                message["headers"] = [*plain, (b"service-worker-allowed", b"/")]
            await send(message)

        await self._app(scope, receive, send_bare)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    reached: list[str] = []
    at_ours: list[str] = []

    def record(request: Request) -> Response:
        if request.url.path != "/favicon.ico":  # the browser requests it for any page
            reached.append(unquote(f"{request.url.path[1:]}?{request.url.query}"))
        return Response("", headers={"access-control-allow-origin": "*"})

    def secret(request: Request) -> Response:
        at_ours.append(f"{request.method} {request.headers.get('sec-fetch-mode', '')}")
        return Response(OURS, media_type="text/plain")

    db = tmp_path_factory.mktemp("attacks") / "archive.db"

    def app_on(port: int) -> Starlette:
        app = app_of(db, f"http://127.0.0.1:{port}")
        app.router.routes.append(Route("/secret", secret, methods=["GET", "POST"]))
        return app

    with ExitStack() as stack:
        beacon_app = Starlette(routes=[Route("/{name:path}", record, methods=["GET", "POST"])])
        beacon = f"http://127.0.0.1:{stack.enter_context(served(lambda _: beacon_app))}"
        _fill(db, beacon)
        guarded = stack.enter_context(served(app_on))
        bare = stack.enter_context(served(lambda port: Bare(app_on(port))))
        yield Place(f"http://127.0.0.1:{guarded}", f"http://127.0.0.1:{bare}", beacon, reached, at_ours)


def _fill(db: Path, beacon: str) -> None:
    pages = {name: page(name, beacon=beacon, stamp=STAMP, origin=ORIGIN) for name in ATTACKS}
    pages["link-out"] = OUTBOUND.format(beacon=beacon).encode()
    with Store(db) as store:
        for name, body in pages.items():
            url = f"{ORIGIN}/{name}"
            store.record([(a_capture(add_source(store, url), url=url, at=T0), body)])
        url = f"{ORIGIN}/worker.js"
        script = a_capture(add_source(store, url), url=url, at=T0, content_type="text/javascript")
        store.record([(script, WORKER)])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, headless=True, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


def attack(browser: Browser, place: Place, base: str, name: str, mode: str = "") -> list[str]:
    """Show one page, and return what it reached: the beacon, our own page by POST, a cookie, a service worker."""
    place.reached.clear()
    place.at_ours.clear()
    context = browser.new_context()
    try:
        tab = context.new_page()
        with suppress(BrowserError):
            tab.goto(f"{base}/web/{STAMP}{mode}/{ORIGIN}/{name}", wait_until="load", timeout=100_000)
        if name in CLICKED:
            _click(tab)
        tab.wait_for_timeout(400)
        workers = [f"worker {worker.url}" for worker in context.service_workers]
        cookies = [f"cookie {cookie['name']}" for cookie in context.cookies()]
    finally:
        context.close()
    posts = [f"ours {request}" for request in place.at_ours if request.startswith("POST")]
    return [*place.reached, *posts, *cookies, *workers]


def _click(tab: object) -> None:
    for frame in tab.frames:
        with suppress(BrowserError):
            frame.click("#go", timeout=700)
            return


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_leaves_a_memento(browser: Browser, place: Place, name: str) -> None:
    through = attack(browser, place, place.guarded, name)
    assert through == []
    assert place.at_ours == []


def test_raw_mementos_are_served_as_files(browser: Browser, place: Place) -> None:
    for name in ("script-inline", "meta-refresh", "worker", "cookie"):
        assert attack(browser, place, place.guarded, name, "id_") == []


def test_a_link_that_is_followed_leads_out(browser: Browser, place: Place) -> None:
    assert attack(browser, place, place.guarded, "link-out") == ["link-out?"]


def test_without_the_policy_the_attacks_succeed(browser: Browser, place: Place) -> None:
    through = {name for name in ATTACKS if attack(browser, place, place.bare, name)}
    assert len(through) >= AT_LEAST, sorted(set(ATTACKS) - through)
    attack(browser, place, place.bare, "read-ours")
    assert f"read-ours?{OURS}" in place.reached
